"""The pool that evaluates candidates: (candidate, fold) tasks through joblib's active back-end.

``with joblib.parallel_config("dask")`` around `fit` is all it takes to leave the machine. Three trades meet here: a
plan says what comes next, an executor runs it, and a journal, if there is one, knows what was run before.
"""

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from .._sklearn import configured
from ..exceptions import WorkerDiedError
from ._child import LimitedRunner
from ._events import NoEvents
from ._executor import BatchExecutor, Executor, InlineExecutor
from ._interrupt import first_interrupt
from ._joblib import OpenBackend
from ._limits import check_limits
from ._plans import Ask, Plan, RacingWaves, Referee, Stream, Waves
from ._predictions import PredictionFiles
from ._racing import RacingRule
from ._result import CandidateResult
from ._shared import can_call_back, share
from ._stream import StreamExecutor
from ._task import Task
from ._threads import limited_threads, threads_per_worker, warn_nested_jobs
from ._time_budget import TimeBudget
from ._unit import EvaluationSetup, FoldResult, failed_result, fit_and_score
from ._worker import Failure, TaskCall

__all__ = ["EvaluationPool", "PoolOptions"]

_log = logging.getLogger("skbayes")

# Asking that takes less than this share of a task leaves no worker idle worth speaking of.
_NEGLIGIBLE = 0.005


class KnownResults(Protocol):
    """What was evaluated before, and where to write what is evaluated now: a journal."""

    def known(self, candidate: int, params: dict[str, Any], fold: int) -> FoldResult | None:
        """Return the result of a task that an earlier run finished."""

    def record(self, task: Task, result: FoldResult) -> None:
        """Keep the result of a task."""


@dataclass(frozen=True)
class PoolOptions:
    """How tasks are run.

    Parameters
    ----------
    n_jobs : int or None
        As in joblib.
    pre_dispatch : int or str
        As in joblib: how many tasks are prepared ahead.
    n_splits : int
        Folds of a candidate that does not name its own.
    n_candidates : int
        How many there will be at most.
    asynchronous : bool
        Ask for the next candidate whenever a worker is free.
    racing : RacingRule or None
        Who gives candidates up.
    metric : str
        The metric that a race is about.
    time_budget : float or None
        Seconds from the start.
    predict : callable or None
        ``predict(params)`` returns the seconds that a fit will take, None if unknown.
    journal : KnownResults or None
        What was evaluated before.
    limits : LimitedRunner or None
        Limits of time and memory of a single fit.
    files : PredictionFiles or None
        Where the predictions for the test parts go; None to keep them in memory, if there are any.
    """

    n_jobs: int | None
    pre_dispatch: int | str
    n_splits: int
    n_candidates: int = 0
    asynchronous: bool = False
    racing: RacingRule | None = None
    metric: str = "score"
    time_budget: float | None = None
    predict: Callable[[dict[str, Any]], float | None] | None = None
    journal: KnownResults | None = None
    limits: LimitedRunner | None = None
    files: PredictionFiles | None = None


class EvaluationPool:
    """Evaluates candidates over the folds; a context manager that holds the workers.

    Parameters
    ----------
    setup : EvaluationSetup
        What all tasks share.
    folds : sequence of (train, test)
        The folds, drawn once.
    options : PoolOptions
        How tasks are run.
    events : NoEvents, default=None
        Who wants to know what is run, and what a task takes along for scikit-learn's callbacks.
    """

    def __init__(
        self,
        setup: EvaluationSetup,
        folds: Sequence[tuple[Any, Any]],
        options: PoolOptions,
        events: NoEvents | None = None,
    ) -> None:
        self.setup = setup
        self.folds = folds
        self.stopped_by: str | None = None
        # Evaluations that ended here, and that an earlier run had finished.
        self.n_evaluated = 0
        self.n_replayed = 0
        self._options = options
        self._events = NoEvents() if events is None else events
        self._stack = ExitStack()
        self._running: dict[int, Task] = {}
        self._replayed: list[tuple[Task, FoldResult]] = []
        self._n_submitted = 0
        self._has_result = False
        self._ask_seconds = 0.0

    def __enter__(self) -> "EvaluationPool":
        options = self._options
        with ExitStack() as stack:
            opened = stack.enter_context(OpenBackend(options.n_jobs))
            shared = share((self.setup, self.folds), opened.backend)
            stack.callback(shared.close)
            self._executor: Executor = self._open(opened, shared)
            self._events.opened(can_call_back(opened.backend))
            self._evaluate = configured(fit_and_score)
            self._n_threads = threads_per_worker(opened.backend, opened.n_workers)
            if opened.shares_memory:
                # BLAS has one number of threads for the process, which one thread must hold.
                stack.enter_context(limited_threads(self._n_threads))
            warn_nested_jobs(self.setup.estimator, opened.n_workers, opened.backend)
            if options.limits is not None:
                check_limits(options.limits, shared)
            self._budget = TimeBudget(options.time_budget, options.predict)
            stack.enter_context(first_interrupt(self._interrupt))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _open(self, opened: OpenBackend, shared: Any) -> Executor:
        options = self._options
        if opened.gives_back_each:
            return StreamExecutor(opened, options.pre_dispatch, shared)
        if opened.n_workers == 1:
            return InlineExecutor(shared)
        if options.asynchronous:
            name = type(opened.backend).__name__
            _log.warning(
                "%s returns results in batches only: asynchronous=True runs batches of %d "
                "evaluations.",
                name,
                opened.n_workers,
            )
        return BatchExecutor(opened, shared)

    @property
    def n_running(self) -> int:
        """How many evaluations run now; others may wait for a worker."""
        return min(len(self._running), self._executor.n_workers)

    def run(self, ask: Ask) -> Iterator[CandidateResult]:
        """Evaluate candidates and yield each when it is done.

        Parameters
        ----------
        ask : callable
            ``ask(None)`` returns the next wave, ``ask(n)`` up to n candidates for free workers; none if there
            are none now. It is called between two results, so what was yielded can be told before.

        Yields
        ------
        result : CandidateResult
            In the order of asking, or with ``asynchronous=True`` as they end. When the search is stopped early,
            the last ones lack some folds.
        """
        plan = self._plan(ask)
        try:
            while self._fill(plan):
                for task, result in self._collect():
                    plan.record(task, result)
                for candidate in plan.finished():
                    self._has_result |= candidate.status != "pruned"
                    yield candidate
                if self._is_over():
                    break
            if self.stopped_by is not None:
                self._salvage(plan)
                yield from [*plan.finished(), *plan.unfinished()]
        finally:
            self._executor.abandon()
            self._running.clear()

    def _is_over(self) -> bool:
        """Whether to give up even what runs; when the time is short that may still end."""
        return self.stopped_by is not None and not (
            self.stopped_by == "time_budget" and self._running and self._budget.left()
        )

    def _salvage(self, plan: Plan) -> None:
        """Forget what runs, and keep what ended nevertheless."""
        for key, outcome in self._executor.abandon():
            task = self._running.pop(key)
            if not isinstance(outcome, Failure):
                plan.record(task, self._kept(task, outcome))

    def _plan(self, ask: Ask) -> Plan:
        options = self._options
        referee = None
        if options.racing is not None:
            referee = Referee(options.racing, options.metric, len(self.folds))
        if options.asynchronous:
            return Stream(self._timed(ask), options.n_splits, referee)
        observed = self._observed(ask)
        if referee is not None:
            return RacingWaves(observed, options.n_splits, referee)
        return Waves(observed, options.n_splits)

    def _timed(self, ask: Ask) -> Ask:
        def timed(n: int | None) -> Sequence[Any]:
            start = time.perf_counter()
            asked = ask(n)
            self._ask_seconds = time.perf_counter() - start
            return asked

        return timed

    def _observed(self, ask: Ask) -> Ask:
        is_first = True

        def observed(n: int | None) -> Sequence[Any]:
            nonlocal is_first
            wave = ask(n)
            if is_first and wave:
                self._warn_of_idle(len(wave))
            is_first = False
            return wave

        return observed

    def _warn_of_idle(self, n_candidates: int) -> None:
        n_tasks = n_candidates * (1 if self._options.racing is not None else self._options.n_splits)
        is_more = n_candidates < self._options.n_candidates
        if is_more and n_tasks < self._executor.n_workers:
            warnings.warn(
                f"{n_tasks} evaluations run side by side and there are {self._executor.n_workers} workers: "
                "the others are idle. Set n_points= higher, or asynchronous=True.",
                UserWarning,
                stacklevel=2,
            )

    def _room(self) -> int:
        """How many tasks may be submitted."""
        if not self._options.asynchronous:
            return self._executor.most_submitted
        n, seconds = self._executor.n_workers, self._budget.mean_seconds
        if not isinstance(self._executor, StreamExecutor):
            return n  # nothing runs while a candidate is asked for
        # Meanwhile as many tasks end as Little's law says: these wait ready.
        share = self._ask_seconds / seconds if seconds > 0 else 0.0
        return n if share < _NEGLIGIBLE else n + min(n, int(n * share) + 1)

    def _fill(self, plan: Plan) -> bool:
        """Start what there is room for, and return whether there is something to wait for."""
        while (n_free := self._room() - len(self._running)) > 0 and self.stopped_by is None:
            task = plan.next_task(n_free)
            if task is None:
                break
            known = self._known(task)
            if known is not None:
                self._replayed.append((task, known))
                break
            if self._has_result and self._budget.forbids(task):
                self.stopped_by = "time_budget"
                break
            if self.stopped_by is None:  # Ctrl-C while asking
                self._submit(task)
        return bool(self._running or self._replayed)

    def _known(self, task: Task) -> FoldResult | None:
        journal = self._options.journal
        return None if journal is None else journal.known(task.candidate, task.params, task.fold)

    def _submit(self, task: Task) -> None:
        key, self._n_submitted = self._n_submitted, self._n_submitted + 1
        self._running[key] = task
        # Contexts are made here: joblib's threads must not change objects that another thread is pickling.
        context = self._events.task_started(task)
        label, limits = self._label(task), self._options.limits
        call = TaskCall(task, self._evaluate, limits, self._n_threads, label, context)
        self._executor.submit(key, call)

    def _collect(self) -> list[tuple[Task, FoldResult]]:
        """Wait for results; none when the time is over or the search is interrupted."""
        if self._replayed:
            replayed, self._replayed = self._replayed, []
            self.n_replayed += len(replayed)
            for task, result in replayed:
                self._budget.record(task, result)
                self._events.task_replayed(task, result)
            return replayed
        timeout = self._budget.left() if self._has_result else None
        try:
            ended = self._executor.wait(timeout)
        except KeyboardInterrupt:
            self.stopped_by = "interrupt"
            return []
        if not ended and self.stopped_by is None:
            self.stopped_by = "time_budget"
        # What failed comes last: it may raise, and the others are to be kept before.
        ended = sorted(ended, key=lambda each: isinstance(each[1], Failure))
        results = [(self._running.pop(key), outcome) for key, outcome in ended]
        return [(task, found) for task, outcome in results if (found := self._taken(task, outcome))]

    def _taken(self, task: Task, outcome: FoldResult | Failure) -> FoldResult | None:
        """Keep the result of a task; None of one that was interrupted."""
        if isinstance(outcome, Failure):
            if isinstance(outcome.error, KeyboardInterrupt):
                self.stopped_by = "interrupt"
                return None
            is_lost = isinstance(outcome.error, WorkerDiedError)
            if not is_lost or self.setup.error_score == "raise":
                raise outcome.error
            n_test = len(self.folds[task.fold][1])
            outcome = failed_result(self.setup, str(outcome.error), 0.0, n_test)
        return self._kept(task, outcome)

    def _kept(self, task: Task, outcome: FoldResult) -> FoldResult:
        self.n_evaluated += 1
        self._budget.record(task, outcome)
        if self._options.files is not None:
            outcome = self._options.files.put(task, outcome)
        if self._options.journal is not None:
            self._options.journal.record(task, outcome)
        self._events.task_ended(task, outcome)
        return outcome

    def _interrupt(self) -> None:
        self.stopped_by = "interrupt"
        self._executor.wake()

    def _label(self, task: Task) -> str:
        verbose, n_splits = self.setup.verbose, self._options.n_splits
        text = f" {task.fold % n_splits + 1}/{n_splits}" if verbose > 2 else ""
        total = self._options.n_candidates
        return text + (f"; {task.candidate + 1}/{total}" if verbose > 9 else "")
