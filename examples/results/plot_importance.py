"""
Which parameters matter?
========================

Gradient boosting has many parameters, and it is tedious to tune all of them. A finished search can tell how
much of what it saw in the scores is due to each. The diabetes data, six parameters, forty candidates.
"""

# %%
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

from skbayes import BayesSearchCV
from skbayes.plots import ImportanceDisplay

X, y = load_diabetes(return_X_y=True)
space = {
    "learning_rate": (0.01, 1.0, "log-uniform"),
    "n_estimators": (5, 100, "log-uniform"),
    "max_depth": (1, 6),
    "subsample": (0.3, 1.0),
    "max_features": (0.1, 1.0),
    "min_samples_leaf": (1, 40, "log-uniform"),
}
search = BayesSearchCV(
    GradientBoostingRegressor(random_state=0), space, n_iter=40, cv=3, random_state=0
).fit(X, y)
print(f"best R² {search.best_score_:.3f}")
print(search.importances_)

# %%
# Over the whole space
# --------------------
ImportanceDisplay.from_estimator(search)

# %%
# Among the better ones
# ---------------------
# The scores of bad candidates are far apart, and what makes a candidate bad has most of the variance.
# ``unit="latent"`` counts what is far below the median less.
ImportanceDisplay.from_estimator(search, unit="latent")

# %%
# A check: a search over the two that matter most, with the others as scikit-learn sets them.
two = {name: space[name] for name in ("learning_rate", "n_estimators")}
short = BayesSearchCV(
    GradientBoostingRegressor(random_state=0), two, n_iter=20, cv=3, random_state=0
).fit(X, y)
print(f"best R² of a search over these two: {short.best_score_:.3f}")

# %%
# Answer
# ------
# Over the whole space the learning rate and the number of trees, and mostly both together: few trees need
# large steps, many trees small ones. The other four have next to no share of the variance.
#
# It does not follow that these four can be left alone. The search over the two that matter ends at 0.43, the
# one over all six at 0.49. Most of the variance of the scores is between bad candidates and all others, and
# it is those two that make a candidate bad. Among the better ones, in the second picture, the others count as
# well, and the error bars are so wide that forty candidates cannot tell which of them counts most. So: a
# parameter with a large share must be tuned, and one with a small share is where to save when you can afford
# to lose a little.
