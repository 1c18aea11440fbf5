"""Eight more live tasks: spaces with conditions, pipelines, and other models and data."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import AdaBoostClassifier, ExtraTreesClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectPercentile
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from .dimensions import Cat, Float, Int, Params
from .problem import LiveTask

__all__ = ["OWN_TASKS"]

SCALERS = {
    "none": "passthrough",
    "standard": StandardScaler(),
    "min_max": MinMaxScaler(),
    "robust": RobustScaler(),
    "power": PowerTransformer(),
}


def _family(params: Params) -> Any:
    if params["model"] == "svc":
        model = SVC(C=params["svc_C"], gamma=params["svc_gamma"], max_iter=5000)
    elif params["model"] == "forest":
        return RandomForestClassifier(
            n_estimators=10,
            max_depth=params["forest_max_depth"],
            max_features=params["forest_max_features"],
            min_samples_leaf=params["forest_min_samples_leaf"],
            random_state=0,
        )
    else:
        model = LogisticRegression(C=params["logistic_C"], class_weight=params["logistic_weight"])
    return make_pipeline(StandardScaler(), model)


def _kernel_svc(params: Params) -> Any:
    return make_pipeline(StandardScaler(), SVC(max_iter=5000, **params))


def _svr(params: Params) -> Any:
    return make_pipeline(StandardScaler(), SVR(max_iter=5000, **params))


def _extra_trees(params: Params) -> Any:
    return ExtraTreesClassifier(n_estimators=10, random_state=0, **params)


def _ada_boost(params: Params) -> Any:
    tree = DecisionTreeClassifier(
        max_depth=params.pop("max_depth"), min_samples_leaf=params.pop("min_samples_leaf")
    )
    return AdaBoostClassifier(tree, random_state=0, **params)


def _elastic_net(params: Params) -> Any:
    interactions = PolynomialFeatures(params.pop("degree"), include_bias=False)
    return make_pipeline(
        interactions, StandardScaler(), ElasticNet(max_iter=200, random_state=0, **params)
    )


def _pca_neighbours(params: Params) -> Any:
    pca = PCA(params.pop("n_components"), whiten=params.pop("whiten"), svd_solver="full")
    return make_pipeline(pca, KNeighborsClassifier(**params))


def _scaled_logistic(params: Params) -> Any:
    return make_pipeline(
        clone(SCALERS[params["scaler"]], safe=False),  # "passthrough" is a string
        SelectPercentile(percentile=params["percentile"]),
        LogisticRegression(C=params["C"], class_weight=params["class_weight"], max_iter=50),
    )


_SVC, _FOREST, _LOGISTIC = ("model", ("svc",)), ("model", ("forest",)), ("model", ("logistic",))
_NOT_LINEAR, _POLYNOMIAL = ("kernel", ("rbf", "poly", "sigmoid")), ("kernel", ("poly",))

OWN_TASKS = (
    LiveTask(
        "families_digits",
        (
            Cat("model", ("svc", "forest", "logistic")),
            Float("svc_C", 1e-3, 1e3, log=True, active_if=_SVC),
            Float("svc_gamma", 1e-5, 1e1, log=True, active_if=_SVC),
            Int("forest_max_depth", 1, 20, active_if=_FOREST),
            Float("forest_max_features", 0.05, 1.0, active_if=_FOREST),
            Int("forest_min_samples_leaf", 1, 30, log=True, active_if=_FOREST),
            Float("logistic_C", 1e-4, 1e2, log=True, active_if=_LOGISTIC),
            Cat("logistic_weight", (None, "balanced"), active_if=_LOGISTIC),
        ),
        _family,
        "odd_digits",
        "auc",
        n_splits=3,
    ),
    LiveTask(
        "kernels_circles",
        (
            Float("C", 1e-3, 1e3, log=True),
            Cat("kernel", ("linear", "rbf", "poly", "sigmoid")),
            Float("gamma", 1e-4, 1e1, log=True, active_if=_NOT_LINEAR),
            Int("degree", 2, 5, active_if=_POLYNOMIAL),
            Float("coef0", 0, 2, active_if=_POLYNOMIAL),
        ),
        _kernel_svc,
        "circles",
        "auc",
    ),
    LiveTask(
        "svr_friedman2",
        (
            Float("C", 1e-2, 1e3, log=True),
            Float("gamma", 1e-4, 1e1, log=True),
            Float("epsilon", 1e-3, 1.0, log=True),
            Cat("kernel", ("rbf", "poly", "sigmoid")),
        ),
        _svr,
        "friedman2",
        "r2",
    ),
    LiveTask(
        "extra_trees_clf3",
        (
            Int("max_depth", 1, 20),
            Float("max_features", 0.05, 1.0),
            Int("min_samples_leaf", 1, 50, log=True),
            Int("min_samples_split", 2, 50, log=True),
            Cat("criterion", ("gini", "entropy")),
            Cat("bootstrap", (True, False)),
        ),
        _extra_trees,
        "three_classes",
        "log_likelihood",
        n_splits=3,
    ),
    LiveTask(
        "ada_moons",
        (
            Int("n_estimators", 1, 25, log=True),
            Float("learning_rate", 1e-2, 2.0, log=True),
            Int("max_depth", 1, 8),
            Int("min_samples_leaf", 1, 50, log=True),
        ),
        _ada_boost,
        "moons",
        "log_likelihood",
        n_splits=3,
    ),
    LiveTask(
        "elastic_net_diabetes",
        (
            Float("alpha", 1e-4, 1e1, log=True),
            Float("l1_ratio", 0, 1),
            Int("degree", 1, 2),
            Cat("selection", ("cyclic", "random")),
            Cat("fit_intercept", (True, False)),
        ),
        _elastic_net,
        "diabetes",
        "r2",
        n_splits=3,
    ),
    LiveTask(
        "pca_knn_digits",
        (
            Int("n_components", 1, 60, log=True),
            Cat("whiten", (False, True)),
            Int("n_neighbors", 1, 50, log=True),
            Cat("weights", ("uniform", "distance")),
            Cat("metric", ("euclidean", "manhattan", "chebyshev", "cosine")),
        ),
        _pca_neighbours,
        "digits",
        "log_likelihood",
    ),
    LiveTask(
        "scaled_logistic_cancer",
        (
            Cat("scaler", tuple(SCALERS)),
            Int("percentile", 5, 100),
            Float("C", 1e-5, 1e4, log=True),
            Cat("class_weight", (None, "balanced")),
        ),
        _scaled_logistic,
        "cancer",
        "log_likelihood",
        n_splits=3,
    ),
)
