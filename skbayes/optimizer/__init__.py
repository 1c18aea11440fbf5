"""The loop: history, initial design, suggestion, batches, ask and tell, `minimize`."""

from ._minimize import minimize
from ._optimizer import Optimizer
from ._skopt import as_callbacks, optimizer_options, search_state
from ._suggest import suggest
from ._trial import History, Trial

__all__ = [
    "History",
    "Optimizer",
    "Trial",
    "as_callbacks",
    "minimize",
    "optimizer_options",
    "search_state",
    "suggest",
]
