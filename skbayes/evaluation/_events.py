"""Who wants to know what a pool does; by default nobody."""

from typing import Any

from .._sklearn import no_callback_context
from ._task import Task
from ._unit import FoldResult

__all__ = ["NoEvents"]


class NoEvents:
    """Is told, in the main process, what a pool does, and does nothing; a listener overrides what it wants."""

    def opened(self, can_call_back: bool) -> None:
        """Be told that there are workers.

        Parameters
        ----------
        can_call_back : bool
            Whether what runs on them can send messages to this process.
        """

    def task_started(self, task: Task) -> Any:
        """Be told that a task is given to the workers.

        Parameters
        ----------
        task : Task
            The task.

        Returns
        -------
        context : CallbackContext
            What the task takes along for scikit-learn's callbacks.
        """
        return no_callback_context

    def task_ended(self, task: Task, result: FoldResult) -> None:
        """Be told what came of a task.

        Parameters
        ----------
        task : Task
            The task.
        result : FoldResult
            What it gave.
        """

    def task_replayed(self, task: Task, result: FoldResult) -> None:
        """Be told of a task that an earlier run finished; it is not started, and does not end.

        Parameters
        ----------
        task : Task
            The task.
        result : FoldResult
            What it gave then.
        """
