"""
Which model, and with which parameters?
=======================================

Three models, each with parameters of its own, and one budget for all. A list of dicts is a space with
branches: the search finds out while it goes which model deserves the next candidate. A quarter of the digits
data, so that the models are not all equally good.
"""

# %%
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV
from skbayes.plots import ParallelCoordinatesDisplay

X, y = load_digits(return_X_y=True)
X, y = X[::4], y[::4]
pipeline = Pipeline([("scale", MinMaxScaler()), ("model", SVC())])
forest = RandomForestClassifier(30, random_state=0)
branches = [
    {
        "model": [SVC()],
        "model__C": (1e-2, 1e3, "log-uniform"),
        "model__gamma": (1e-5, 1e1, "log-uniform"),
    },
    {"model": [LogisticRegression()], "model__C": (1e-2, 1e3, "log-uniform")},
    {
        "model": [forest],
        "model__max_features": (0.02, 1.0, "log-uniform"),
        "model__min_samples_leaf": (1, 20),
    },
]
search = BayesSearchCV(pipeline, branches, n_iter=40, cv=3, random_state=0).fit(X, y)

# %%
# ``C`` has the same range in two branches and so is one dimension: what is learnt of it in one counts in the
# other.
scores = search.cv_results_["mean_test_score"]
names = np.array([type(params["model"]).__name__ for params in search.cv_results_["params"]])
for name in np.unique(names):
    tried = np.flatnonzero(names == name)
    print(
        f"{name:24}{len(tried):3} candidates, best accuracy {scores[tried].max():.3f},"
        f" last tried as number {tried.max() + 1}"
    )

# %%
ParallelCoordinatesDisplay.from_estimator(search)

# %%
# Answer
# ------
# The support vector machine, with a ``gamma`` near 0.2 (the darkest lines) and any ``C`` above 10. Nobody had
# to say how much each model should get: the first candidates are shared out equally, then the forest (best
# 0.88) and the logistic regression (0.95) are dropped after candidate 14, and 30 of the 40 candidates are for
# the model that wins. Split by hand, each would have had 13.
#
# Each line is a candidate. It passes below the axis of a parameter that its model does not have.
