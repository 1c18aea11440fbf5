"""scikit-learn's face of the search: Bayesian, grid, random and manual search with cross-validation."""

from ._bayes import BayesSearchCV
from ._grid import GridSearchCV
from ._halving import HalvingBayesSearchCV
from ._load_history import load_history
from ._manual import ManualSearchCV
from ._randomized import RandomizedSearchCV

__all__ = [
    "BayesSearchCV",
    "GridSearchCV",
    "HalvingBayesSearchCV",
    "ManualSearchCV",
    "RandomizedSearchCV",
    "load_history",
]
