"""Bayesian hyper-parameter search for scikit-learn: replace GridSearchCV by one line."""

from ._version import __version__
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
    "GridSearchCV",
    "HalvingBayesSearchCV",
    "Integer",
    "ManualSearchCV",
    "Optimizer",
    "RandomizedSearchCV",
    "Real",
    "__version__",
    "minimize",
]
