"""Thirteen live tasks: models of scikit-learn on its bundled or generated data."""

from __future__ import annotations

from typing import Any

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge, SGDRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

from .dimensions import Cat, Float, Int, Params
from .problem import LiveTask

__all__ = ["PUBLIC_TASKS"]


def _svc(params: Params) -> Any:
    return make_pipeline(StandardScaler(), SVC(max_iter=5000, **params))


def _logistic(params: Params) -> Any:
    model = LogisticRegression(solver="saga", random_state=0, **params)
    return make_pipeline(StandardScaler(), model)


def _boosting(params: Params) -> Any:
    return GradientBoostingClassifier(n_estimators=10, random_state=0, **params)


def _forest(params: Params) -> Any:
    return RandomForestRegressor(n_estimators=10, random_state=0, **params)


def _neighbours(params: Params) -> Any:
    return KNeighborsRegressor(**params)


def _nystroem(params: Params) -> Any:
    alpha = params.pop("alpha")
    return make_pipeline(Nystroem(degree=2, coef0=1, random_state=0, **params), Ridge(alpha))


def _network(params: Params) -> Any:
    layers = params.pop("depth") * (params.pop("width"),)
    return MLPRegressor(hidden_layer_sizes=layers, max_iter=15, random_state=0, **params)


def _tree(params: Params) -> Any:
    return DecisionTreeRegressor(random_state=0, **params)


def _selected_svc(params: Params) -> Any:
    selector = SelectKBest(k=params.pop("k"))
    return make_pipeline(
        StandardScaler(), selector, LinearSVC(max_iter=300, random_state=0, **params)
    )


def _histograms(params: Params) -> Any:
    return HistGradientBoostingClassifier(
        max_iter=8, early_stopping=False, random_state=0, **params
    )


def _gradient_descent(params: Params) -> Any:
    return SGDRegressor(penalty="elasticnet", max_iter=20, tol=None, random_state=0, **params)


def _gaussian_classes(params: Params) -> Any:
    if params["model"] == "nb":
        return GaussianNB(var_smoothing=params["var_smoothing"])
    if params["model"] == "qda":
        return QuadraticDiscriminantAnalysis(reg_param=params["reg_param"])
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=params["shrinkage"])


_SVC_SPACE = (Float("C", 1e-3, 1e4, log=True), Float("gamma", 1e-5, 1e2, log=True))

PUBLIC_TASKS = (
    LiveTask(
        "svc_moons",
        (*_SVC_SPACE, Cat("kernel", ("rbf", "poly", "sigmoid")), Int("degree", 1, 6)),
        _svc,
        "moons",
        "accuracy",
    ),
    LiveTask(
        "logreg_wide",
        (
            Float("C", 1e-4, 1e3, log=True),
            Float("l1_ratio", 0, 1),
            Int("max_iter", 3, 60, log=True),
        ),
        _logistic,
        "wide_classes",
        "log_likelihood",
    ),
    LiveTask(
        "gb_digits",
        (
            Float("learning_rate", 1e-2, 1.0, log=True),
            Int("max_depth", 1, 8),
            Float("subsample", 0.3, 1.0),
            Int("min_samples_leaf", 1, 50, log=True),
            Float("max_features", 0.05, 1.0),
        ),
        _boosting,
        "odd_digits",
        "log_likelihood",
        n_splits=3,
    ),
    LiveTask(
        "rf_diabetes",
        (
            Int("max_depth", 1, 20),
            Float("max_features", 0.1, 1.0),
            Int("min_samples_leaf", 1, 60, log=True),
            Cat("criterion", ("squared_error", "friedman_mse")),
            Cat("bootstrap", (True, False)),
        ),
        _forest,
        "diabetes",
        "r2",
        n_splits=3,
    ),
    LiveTask(
        "knn_friedman",
        (
            Int("n_neighbors", 1, 80, log=True),
            Float("p", 1.0, 6.0),
            Cat("weights", ("uniform", "distance")),
        ),
        _neighbours,
        "friedman1",
        "r2",
    ),
    LiveTask(
        "nystroem_ridge",
        (
            Float("gamma", 1e-4, 1e1, log=True),
            Float("alpha", 1e-6, 1e3, log=True),
            Int("n_components", 5, 150, log=True),
            Cat("kernel", ("rbf", "laplacian", "polynomial", "sigmoid")),
        ),
        _nystroem,
        "friedman1",
        "r2",
    ),
    LiveTask(
        "mlp_diabetes",
        (
            Float("learning_rate_init", 1e-4, 1.0, log=True),
            Float("alpha", 1e-6, 1e2, log=True),
            Int("width", 2, 64, log=True),
            Int("depth", 1, 3),
            Int("batch_size", 8, 200, log=True),
            Cat("activation", ("relu", "tanh", "logistic")),
            Cat("solver", ("adam", "sgd")),
        ),
        _network,
        "diabetes",
        "r2",
        n_splits=3,
    ),
    LiveTask(
        "tree_sparse",
        (
            Int("max_depth", 1, 20),
            Int("min_samples_leaf", 1, 60, log=True),
            Float("max_features", 0.05, 1.0),
            Float("ccp_alpha", 1e-5, 1.0, log=True),
            Cat("splitter", ("best", "random")),
        ),
        _tree,
        "sparse",
        "r2",
    ),
    LiveTask(
        "kbest_svc",
        (
            Int("k", 1, 100, log=True),
            Float("C", 1e-5, 1e2, log=True),
            Cat("loss", ("hinge", "squared_hinge")),
            Cat("class_weight", (None, "balanced")),
        ),
        _selected_svc,
        "wide_classes",
        "auc",
    ),
    LiveTask(
        "hgb_clf3",
        (
            Float("learning_rate", 1e-2, 1.0, log=True),
            Int("max_leaf_nodes", 2, 64, log=True),
            Int("min_samples_leaf", 1, 100, log=True),
            Float("l2_regularization", 1e-6, 1e3, log=True),
            Float("max_features", 0.1, 1.0),
        ),
        _histograms,
        "three_classes",
        "log_likelihood",
        n_splits=3,
    ),
    LiveTask(  # heavy-tailed: large steps diverge to the floor
        "sgd_huber",
        (
            Float("alpha", 1e-7, 1e1, log=True),
            Float("l1_ratio", 0, 1),
            Float("eta0", 1e-5, 1e1, log=True),
            Float("epsilon", 1e-3, 1e1, log=True),
            Cat("loss", ("squared_error", "huber")),
            Cat("learning_rate", ("constant", "invscaling", "adaptive")),
        ),
        _gradient_descent,
        "sparse",
        "r2",
    ),
    LiveTask(  # each model uses one of the three numbers; no peer is told
        "three_models_wine",
        (
            Cat("model", ("nb", "qda", "lda")),
            Float("var_smoothing", 1e-12, 1.0, log=True),
            Float("reg_param", 0, 1),
            Float("shrinkage", 0, 1),
        ),
        _gaussian_classes,
        "wine",
        "log_likelihood",
    ),
    LiveTask("svc_iris_noisy", _SVC_SPACE, _svc, "iris", "accuracy"),
)
