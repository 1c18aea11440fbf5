"""Who wants to know what a pool does; by default nobody."""

from typing import Any, Protocol

from .._sklearn import no_callback_context
from ._result import CandidateResult
from ._task import Task
from ._unit import FoldResult

__all__ = ["Events", "NoEvents"]


class Events(Protocol):
    """Is told, in the main process, what a pool does."""

    def task_started(self, task: Task) -> tuple[Any, Any]:
        """Return (caller, callback context) that the task takes along to its worker."""

    def task_ended(self, task: Task, result: FoldResult) -> None:
        """Be told the result of a task."""

    def candidate_ended(self, result: CandidateResult) -> bool:
        """Be told the result of a candidate; return whether the search is to stop."""


class NoEvents:
    """Nobody listens."""

    def task_started(self, task: Task) -> tuple[Any, Any]:
        """Return that nothing is taken along."""
        return None, no_callback_context

    def task_ended(self, task: Task, result: FoldResult) -> None:
        """Do nothing."""

    def candidate_ended(self, result: CandidateResult) -> bool:
        """Return False: go on."""
        return False
