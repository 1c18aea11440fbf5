"""
What does a better model cost?
==============================

A forest of a hundred deep trees is accurate, and large. With ``objectives=`` a search has two aims, here the
accuracy and the number of nodes, and looks for the front: the candidates for which no other is both smaller
and more accurate. Half of the digits data.
"""

# %%
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

from skbayes import BayesSearchCV
from skbayes.plots import ParetoDisplay

X, y = load_digits(return_X_y=True)
X, y = X[::2], y[::2]


def log_nodes(forest, X, y):
    """Size of a fitted forest, as a power of ten."""
    return np.log10(sum(tree.tree_.node_count for tree in forest.estimators_))


search = BayesSearchCV(
    RandomForestClassifier(random_state=0),
    {
        "n_estimators": (1, 100, "log-uniform"),
        "max_depth": (2, 12),
        "max_features": (0.02, 0.5, "log-uniform"),
    },
    n_iter=40,
    cv=3,
    scoring={"accuracy": "accuracy", "log_nodes": log_nodes},
    objectives=["accuracy", "-log_nodes"],
    refit="accuracy",
    random_state=0,
).fit(X, y)

# %%
front = search.pareto_front_
front["nodes"] = (10 ** front["log_nodes"]).round().astype(int)
print(front[["accuracy", "std_accuracy", "nodes"]].round(3).to_string(index=False))

ParetoDisplay.from_estimator(search)

# %%
# Answer
# ------
# The better it is, the more each further point costs. The first 1,000 nodes buy an accuracy of 0.888. The
# next five points, to 0.942, take nineteen times as many. The very last half point more than doubles the
# forest, and is smaller than the standard deviation over the folds: as far as three folds can tell, 8,000
# nodes are as good as 20,000.
#
# One search with two aims has shown that, in forty candidates. Time is an aim as well,
# ``objectives=["accuracy", "-fit_time"]``, and if you know what you can afford,
# ``metric_constraints={"log_nodes": "<= 3.5"}`` is cheaper than a whole front: :doc:`/several_metrics`.
