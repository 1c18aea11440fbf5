"""scikit-learn's callbacks of a search (`sklearn.callback`, 1.9): which tasks its tree has, and who is told of them.

    fit -> search -> trial 0 .. n - 1 -> candidate-split-evaluation 0 .. K - 1
        -> refit-with-best-params

All of these are told from the main process, where a result is recorded: a worker on another machine needs no way
back. Only what happens inside a candidate's own estimator is told by the worker, if it can reach the local socket
of scikit-learn's callbacks. A search that differs from scikit-learn's in nothing has
scikit-learn's tree: the evaluations are children of "search", numbered through.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from sklearn.base import clone

from .._sklearn import (
    BaseSearchCV,
    context_for_worker,
    fold_indices,
    metadata_rows,
    no_callback_context,
    safe_split,
)
from ..evaluation import CandidateResult, FoldResult, NoEvents, Task
from ._run import SearchRun

__all__ = ["SearchEvents"]


class SearchEvents(NoEvents):
    """The pool's events for scikit-learn's callbacks, and those of the candidates.

    Parameters
    ----------
    search : BaseSearchCV
        Whose callbacks they are.
    run : SearchRun
        Its data and folds.
    context : CallbackContext
        The root of the callback tree, or one that does nothing.
    n_candidates : int
        How many there will be at most.
    has_trials : bool
        Whether the evaluations of a candidate have a node of their own.
    """

    def __init__(
        self,
        search: BaseSearchCV,
        run: SearchRun,
        context: Any,
        n_candidates: int,
        has_trials: bool,
    ) -> None:
        self._search = search
        self._run = run
        self._has_trials = has_trials
        self._is_silent = context is no_callback_context
        self._hands_on = False
        self._node = context.subcontext(
            task_name="search",
            max_subtasks=n_candidates * (1 if has_trials else run.n_splits),
            sequential_subtasks=False,
        )
        # Fitted never: stands for what the workers fit.
        self._estimator = None if self._is_silent else clone(run.setup.estimator)
        self._trials: dict[int, Any] = {}
        self._leaves: dict[tuple[int, int], Any] = {}
        self._stopping: set[int] = set()
        self._over: set[int] = set()
        self._node.call_on_fit_task_begin(estimator=search)

    def opened(self, can_call_back: bool) -> None:
        """Note whether callbacks can be handed on to the workers."""
        self._hands_on = can_call_back

    def task_started(self, task: Task) -> Any:
        """Begin a leaf, and the trial with the first; return what the worker needs to hand callbacks on."""
        if self._is_silent or task.candidate in self._over:
            return no_callback_context
        return self._begin(task, self._hands_on)

    def task_ended(self, task: Task, result: FoldResult) -> None:
        """End a leaf; without trials a true value of a callback stops the search after its candidate."""
        if self._is_silent or task.candidate in self._over:
            return
        if self._end(task.candidate, task.fold) and not self._has_trials:
            self._stopping.add(task.candidate)

    def task_replayed(self, task: Task, result: FoldResult) -> None:
        """Begin and end a leaf that no worker has anything to do with."""
        if not self._is_silent and task.candidate not in self._over:
            self._begin(task, hands_on=False)
            self.task_ended(task, result)

    def candidate_ended(self, result: CandidateResult) -> bool:
        """End a trial, whether or not all of its folds were run; return whether a callback wants to stop."""
        if result.number in self._trials:
            # A trial ends once: the folds of a race's second look are not told.
            self._over.add(result.number)
            trial = self._trials.pop(result.number)
            if trial.call_on_fit_task_end(estimator=self._search):
                self._stopping.add(result.number)
        return result.number in self._stopping

    def close(self) -> None:
        """End what was given up, and the search: each task that began has an end."""
        for candidate, fold in list(self._leaves):
            self._end(candidate, fold)
        for trial in self._trials.values():
            trial.call_on_fit_task_end(estimator=self._search)
        self._trials.clear()
        self._node.call_on_fit_task_end(estimator=self._search)

    def _begin(self, task: Task, hands_on: bool) -> Any:
        n_splits = self._run.n_splits
        number = task.fold if self._has_trials else task.candidate * n_splits + task.fold
        leaf = self._parent(task).subcontext(task_name="candidate-split-evaluation", task_id=number)
        context = no_callback_context
        if hands_on:
            context = context_for_worker(leaf, self._estimator)
        self._leaves[task.candidate, task.fold] = leaf
        leaf.call_on_fit_task_begin(estimator=self._search, **self._seen(task.fold))
        return context

    def _parent(self, task: Task) -> Any:
        if not self._has_trials:
            return self._node
        if task.candidate not in self._trials:
            self._trials[task.candidate] = self._node.subcontext(
                task_name="trial",
                task_id=task.candidate,
                max_subtasks=self._run.n_splits,
                sequential_subtasks=False,
            ).call_on_fit_task_begin(estimator=self._search)
        return self._trials[task.candidate]

    def _end(self, candidate: int, fold: int) -> bool:
        leaf = self._leaves.pop((candidate, fold))
        return bool(leaf.call_on_fit_task_end(estimator=self._search, **self._seen(fold)))

    def _seen(self, fold: int) -> dict[str, Callable[[], Any]]:
        """What a callback may ask for: the training part of the fold, cut only if it asks."""
        setup = self._run.setup

        @cache
        def rows() -> Any:
            return fold_indices(*self._run.folds[fold], setup.X)[0]

        @cache
        def part() -> Any:
            return safe_split(self._estimator, setup.X, setup.y, rows())

        def metadata() -> dict[str, Any] | None:
            weight = self._run.metadata
            return weight and metadata_rows(setup.X, params=weight, indices=rows())

        return {"X": lambda: part()[0], "y": lambda: part()[1], "metadata": metadata}
