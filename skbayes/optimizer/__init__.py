"""The loop: history, initial design, suggestion, batches, ask and tell, `minimize`."""

from ._cost import expected_seconds
from ._earlier import EarlierSearch
from ._minimize import minimize
from ._multi_fidelity import MultiFidelityOptimizer
from ._optimizer import Optimizer
from ._regret_rule import RegretBound
from ._skopt import as_callbacks, optimizer_options, search_state
from ._stopping import NoImprovement, Progress, StoppingRule, TargetScore
from ._stopping_rules import STOPPING_RULES, as_stopping_rules, first_reason
from ._suggest import suggest
from ._trial import History, Trial

__all__ = [
    "STOPPING_RULES",
    "EarlierSearch",
    "History",
    "MultiFidelityOptimizer",
    "NoImprovement",
    "Optimizer",
    "Progress",
    "RegretBound",
    "StoppingRule",
    "TargetScore",
    "Trial",
    "as_callbacks",
    "as_stopping_rules",
    "expected_seconds",
    "first_reason",
    "minimize",
    "optimizer_options",
    "search_state",
    "suggest",
]
