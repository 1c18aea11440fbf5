"""scikit-learn's callbacks of a search (1.9): which events its tree gets, and from where."""

from typing import Any

from .._sklearn import BaseSearchCV, no_callback_context
from ..evaluation import NoEvents, Task

__all__ = ["SearchEvents"]


class SearchEvents(NoEvents):
    """The pool's events for scikit-learn's callbacks.

    Parameters
    ----------
    search : BaseSearchCV
        Whose callbacks they are.
    node : CallbackContext
        The node of the evaluations in the callback tree.
    """

    def __init__(self, search: BaseSearchCV, node: Any) -> None:
        self._search = search
        self._node = node
        self._n_units = 0

    def task_started(self, task: Task) -> tuple[Any, Any]:
        """Return the search, and the leaf of the task."""
        number, self._n_units = self._n_units, self._n_units + 1
        caller = None if self._node is no_callback_context else self._search
        leaf = self._node.subcontext(task_name="candidate-split-evaluation", task_id=number)
        return caller, leaf
