"""Which search finds the best support vector machine, at the same number of fits?

A pipeline of a scaler and an SVC on scikit-learn's breast cancer data, scored by the area under the ROC curve in
5-fold cross-validation. Grid, random and Bayesian search each get 25 candidates; the two that depend on a seed
run with three.
"""

import time

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, RandomizedSearchCV

N_CANDIDATES, SEEDS = 25, (0, 1, 2)

X, y = load_breast_cancer(return_X_y=True)
model = make_pipeline(StandardScaler(), SVC())
ranges = {"svc__C": (1e-3, 1e4), "svc__gamma": (1e-6, 1e1)}
grid = {name: np.geomspace(low, high, 5) for name, (low, high) in ranges.items()}
distributions = {name: loguniform(low, high) for name, (low, high) in ranges.items()}


def searches(seed):
    """Yield the name of each search and the search itself."""
    common = {"scoring": "roc_auc", "cv": 5}
    if seed == SEEDS[0]:
        yield "GridSearchCV", GridSearchCV(model, grid, **common)
    sampled = {"n_iter": N_CANDIDATES, "random_state": seed, **common}
    yield "RandomizedSearchCV", RandomizedSearchCV(model, distributions, **sampled)
    yield "BayesSearchCV", BayesSearchCV(model, distributions, **sampled)


results = {}
for seed in SEEDS:
    for name, search in searches(seed):
        start = time.perf_counter()
        search.fit(X, y)
        fits = len(search.cv_results_["params"]) * search.n_splits_
        seconds = time.perf_counter() - start
        results.setdefault(name, []).append((search.best_score_, fits, seconds, search))

print(f"{'search':20}{'fits':>6}{'mean best ROC AUC':>20}{'seconds':>10}")
for name, runs in results.items():
    score, fits, seconds = np.mean([run[:3] for run in runs], axis=0)
    print(f"{name:20}{fits:6.0f}{score:20.5f}{seconds:10.1f}")
best = max(results["BayesSearchCV"], key=lambda run: run[0])[-1]
print("\nbest of BayesSearchCV:", {k: round(v, 6) for k, v in best.best_params_.items()})
