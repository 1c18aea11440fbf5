"""scikit-learn's estimator checks over all ensembles, with no expected failure."""

import pytest
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes import BayesSearchCV, GridSearchCV, ManualSearchCV, RandomizedSearchCV
from skbayes.ensemble import (
    SearchEnsembleClassifier,
    SearchEnsembleRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)

# error_score="raise", so that a check sees the estimator's own error.
COMMON = {"cv": 2, "error_score": "raise"}
SAMPLED = {**COMMON, "random_state": 0}
RANGE = (1e-2, 1e2, "log-uniform")
LOGISTIC, CS = LogisticRegression(max_iter=200), {"C": [0.1, 1.0]}
PIPE = make_pipeline(StandardScaler(), Ridge())
TREE = DecisionTreeRegressor(random_state=0)
ENSEMBLES = [
    SearchEnsembleClassifier(GridSearchCV(LOGISTIC, CS, **COMMON), size=3),
    SearchEnsembleRegressor(ManualSearchCV(TREE, [{"max_depth": 3}, {}], **COMMON), size=3),
    SnapshotEnsembleClassifier(SGDClassifier(), n_epochs=10, step_size=0.02),
    SnapshotEnsembleRegressor(SGDRegressor(), n_epochs=10, step_size=0.01),
]
OTHERS = [
    SearchEnsembleClassifier(GridSearchCV(LinearSVC(), CS, **COMMON), size=2, selection="top_k"),
    SearchEnsembleClassifier(BayesSearchCV(LOGISTIC, {"C": RANGE}, n_iter=3, **SAMPLED), size=2),
    SearchEnsembleRegressor(
        RandomizedSearchCV(PIPE, {"ridge__alpha": [0.1, 1.0]}, n_iter=2, **SAMPLED),
        size=2,
        n_bags=2,
        random_state=0,
    ),
    SnapshotEnsembleClassifier(
        SGDClassifier(loss="log_loss"), n_epochs=10, step_size=0.02, batch_size=8
    ),
    SnapshotEnsembleClassifier(MLPClassifier((8,)), n_snapshots=2, n_epochs=40, step_size=0.05),
    SnapshotEnsembleRegressor(
        MLPRegressor(hidden_layer_sizes=(8,)), n_snapshots=2, n_epochs=40, step_size=0.05
    ),
]


@parametrize_with_checks(ENSEMBLES)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(OTHERS)
def test_scikit_learns_checks_of_other_members(estimator, check):
    check(estimator)
