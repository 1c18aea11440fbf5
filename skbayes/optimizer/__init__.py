"""The loop: history, initial design, suggestion, batches, ask and tell, `minimize`."""

from ._cost import expected_seconds
from ._earlier import EarlierSearch
from ._importances import Importances, importances
from ._metric_constraints import MetricConstraint, as_metric_constraints, violations
from ._minimize import minimize
from ._multi_fidelity import MultiFidelityOptimizer
from ._multi_objective import MultiObjectiveOptimizer
from ._objectives import TIMES, Objective, as_objectives, reference_values
from ._optimizer import Optimizer
from ._pareto import hypervolume, non_dominated
from ._partial_dependence import PartialDependence, partial_dependence
from ._regret_rule import RegretBound
from ._run import Run
from ._skopt import as_callbacks, optimizer_options, search_state
from ._stopping import NoImprovement, Progress, StoppingRule, TargetScore
from ._stopping_rules import STOPPING_RULES, as_stopping_rules, first_reason
from ._suggest import suggest
from ._trial import STATUSES, History, Trial

__all__ = [
    "STATUSES",
    "STOPPING_RULES",
    "TIMES",
    "EarlierSearch",
    "History",
    "Importances",
    "MetricConstraint",
    "MultiFidelityOptimizer",
    "MultiObjectiveOptimizer",
    "NoImprovement",
    "Objective",
    "Optimizer",
    "PartialDependence",
    "Progress",
    "RegretBound",
    "Run",
    "StoppingRule",
    "TargetScore",
    "Trial",
    "as_callbacks",
    "as_metric_constraints",
    "as_objectives",
    "as_stopping_rules",
    "expected_seconds",
    "first_reason",
    "hypervolume",
    "importances",
    "minimize",
    "non_dominated",
    "optimizer_options",
    "partial_dependence",
    "reference_values",
    "search_state",
    "suggest",
    "violations",
]
