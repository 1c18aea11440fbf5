"""scikit-learn's face of the search: Bayesian, grid, random and manual search with cross-validation."""

from ._as_optimizer import optimizer_from, search_space, search_surrogate
from ._bayes import BayesSearchCV
from ._export import save_history
from ._finalists import Finalists
from ._grid import GridSearchCV
from ._halving import HalvingBayesSearchCV
from ._load_history import load_history
from ._manual import ManualSearchCV
from ._nested import NestedScore, nested_score
from ._optimism import Optimism, estimate_optimism
from ._pareto_front import pareto_front
from ._randomized import RandomizedSearchCV
from ._search_history import search_history, search_metric
from ._selection import best_posterior_mean, one_standard_error

__all__ = [
    "BayesSearchCV",
    "Finalists",
    "GridSearchCV",
    "HalvingBayesSearchCV",
    "ManualSearchCV",
    "NestedScore",
    "Optimism",
    "RandomizedSearchCV",
    "best_posterior_mean",
    "estimate_optimism",
    "load_history",
    "nested_score",
    "one_standard_error",
    "optimizer_from",
    "pareto_front",
    "save_history",
    "search_history",
    "search_metric",
    "search_space",
    "search_surrogate",
]
