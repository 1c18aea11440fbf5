"""Bayesian hyper-parameter search, and linear models as prior x likelihood x solver, for scikit-learn."""

from ._version import __version__
from .density import DistributionEstimator
from .linear_model import (
    LinearRegressionMLE,
    MAPClassifier,
    MAPElasticNet,
    MAPElasticNetCV,
    MAPGammaRegressor,
    MAPLasso,
    MAPLassoCV,
    MAPLogisticRegression,
    MAPLogisticRegressionCV,
    MAPMultiTaskElasticNet,
    MAPMultiTaskLasso,
    MAPPoissonRegressor,
    MAPRegressor,
    MAPRidge,
    MAPRidgeClassifier,
    MAPRidgeCV,
    MAPStudentTRegressor,
    prior_from,
)
from .model_selection import (
    BayesSearchCV,
    GridSearchCV,
    HalvingBayesSearchCV,
    ManualSearchCV,
    RandomizedSearchCV,
)
from .optimizer import Optimizer, minimize
from .space import Categorical, Integer, Real

__all__ = [
    "BayesSearchCV",
    "Categorical",
    "DistributionEstimator",
    "GridSearchCV",
    "HalvingBayesSearchCV",
    "Integer",
    "LinearRegressionMLE",
    "MAPClassifier",
    "MAPElasticNet",
    "MAPElasticNetCV",
    "MAPGammaRegressor",
    "MAPLasso",
    "MAPLassoCV",
    "MAPLogisticRegression",
    "MAPLogisticRegressionCV",
    "MAPMultiTaskElasticNet",
    "MAPMultiTaskLasso",
    "MAPPoissonRegressor",
    "MAPRegressor",
    "MAPRidge",
    "MAPRidgeCV",
    "MAPRidgeClassifier",
    "MAPStudentTRegressor",
    "ManualSearchCV",
    "Optimizer",
    "RandomizedSearchCV",
    "Real",
    "__version__",
    "minimize",
    "prior_from",
]
