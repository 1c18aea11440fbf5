"""
What would other values of a parameter have given?
==================================================

The best candidate is one point. What of the others: is the learning rate right to a tenth, or would half of
it do as well? The search has a model of the score over the whole space, and can answer for each parameter,
averaged over all others, with how sure it is. Gradient boosting on the diabetes data, six parameters, forty
candidates.
"""

# %%
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

from skbayes import BayesSearchCV
from skbayes.plots import PartialDependenceDisplay

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
print(f"best R² {search.best_score_:.3f}, with")
for name, value in search.best_params_.items():
    print(f"  {name:18}{value:.3g}")

# %%
# Each parameter by itself
# ------------------------
PartialDependenceDisplay.from_estimator(search)

# %%
# Two together
# ------------
PartialDependenceDisplay.from_estimator(search, [("learning_rate", "n_estimators")])

# %%
# Answer
# ------
# A learning rate near 0.1 is best whatever the others are, and ten times less or more costs about 0.2 of R². The
# number of trees seems hardly to matter, and that is the average speaking: the second picture shows a ridge
# from few trees with a large rate to many trees with a small one, and on average over all rates it cancels.
# The best of the ridge is at some fifty trees.
#
# The curves of the other four are flat within their bands. The bands are about averages, over good and bad
# values of all others: near the best candidate a parameter may still count, as
# :ref:`sphx_glr_auto_examples_results_plot_importance.py` finds.
