"""Which (candidate, fold) comes next: plans are pure logic, they run nothing and know no clock.

`Waves` evaluates waves of candidates in their order and is the same for any number of workers. `RacingWaves` runs one
fold of each candidate of a wave, judges them in their order, and goes on with the next fold. `Stream` keeps any number
of workers busy: it asks for a candidate whenever nothing else is left to start.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ._racing import RacingRule
from ._result import CandidateResult, metric_score
from ._task import Candidate, Task
from ._unit import FoldResult

__all__ = ["Ask", "Plan", "RacingWaves", "Referee", "Stream", "Waves"]

Ask = Callable[[int | None], Sequence[Candidate]]

# In the second look at those given up one may make the others hopeless: few at a time.
_MOST_AT_ONCE = 4


class Running:
    """A candidate between its first and its last fold.

    Parameters
    ----------
    number : int
        In the order of asking.
    candidate : Candidate
        What is evaluated.
    n_folds : int
        Of the search; a candidate that names no folds is scored on all of them.
    """

    def __init__(self, number: int, candidate: Candidate, n_folds: int) -> None:
        self.number = number
        self.candidate = candidate
        self.positions = tuple(range(n_folds)) if candidate.folds is None else candidate.folds
        self.results: dict[int, FoldResult] = {}
        self.n_started = 0
        self.n_judged = 0
        self.is_given_up = False
        self.is_second_look = False

    def next_task(self) -> Task | None:
        """Return the task of the next fold; None if all are started or the candidate is given up."""
        if self.is_given_up or self.is_all_started:
            return None
        position = self.positions[self.n_started]
        self.n_started += 1
        return Task(self.number, position, self.candidate.params)

    def record(self, fold: int, result: FoldResult) -> None:
        """Note the result of a fold; what broke a limit once would do so again."""
        self.results[fold] = result
        self.is_given_up |= result.status in ("timeout", "memory")

    @property
    def is_all_started(self) -> bool:
        """Whether all folds are started."""
        return self.n_started == len(self.positions)

    @property
    def n_running(self) -> int:
        """How many folds are started and have not ended."""
        return self.n_started - len(self.results)

    @property
    def is_finished(self) -> bool:
        """Whether no fold runs and none will be started."""
        return not self.n_running and (self.is_given_up or self.is_all_started)

    def result(self) -> CandidateResult:
        """Return what is known now."""
        folds = tuple(self.results.get(position) for position in self.positions)
        return CandidateResult(self.candidate.params, folds, self.candidate, self.number)


class Referee:
    """Keeps the fold scores of all candidates, and gives up those that can no longer win.

    Parameters
    ----------
    rule : RacingRule
        The judge.
    metric : str
        The metric that decides.
    n_folds : int
        Of the search.
    """

    def __init__(self, rule: RacingRule, metric: str, n_folds: int) -> None:
        self._rule = rule
        self._last_rule = rule.second_look()
        self._given_up: list[Running] = []
        self._metric = metric
        # Grows by doubling: a row is added for each candidate of a search of thousands.
        self._scores: NDArray[np.float64] = np.full((16, n_folds), np.nan)
        self._n = 0
        self._rows: dict[int, int] = {}

    def note(self, candidate: Running) -> None:
        """Enter the scores of a candidate, and give it up if it failed."""
        row = self._row(candidate.number)
        for fold, result in candidate.results.items():
            score = metric_score(result, self._metric)
            if result.status != "complete" or not np.isfinite(score):
                candidate.is_given_up = True
                self._scores[row] = np.nan  # what a failure counts as is no score
                return
            self._scores[row, fold] = score

    def judge(self, candidate: Running) -> None:
        """Give a candidate up that cannot win by the folds noted, unless it was judged by them before."""
        n_judged, candidate.n_judged = candidate.n_judged, len(candidate.results)
        is_over = candidate.is_given_up or candidate.is_all_started
        if n_judged < candidate.n_judged and not is_over:
            # In the second look each fold is a new decision among all those given up.
            candidate.is_given_up = candidate.is_second_look or self._is_hopeless(candidate)
            if candidate.is_given_up and self._last_rule is not None:
                self._given_up.append(candidate)

    def _is_hopeless(self, candidate: Running, rule: RacingRule | None = None) -> bool:
        row = self._row(candidate.number)
        return (rule or self._rule).is_hopeless(self._scores[: self._n], row)

    def second_look(self, most: int) -> list[Running]:
        """Return some that were given up and may still win, to go on with one fold each; the most promising first."""
        means = self._scores[: self._n].mean(axis=1)
        if not self._given_up or np.isnan(means).all():
            return []
        ahead = self._scores[: self._n] - self._scores[np.nanargmax(means)]
        self._given_up.sort(key=lambda each: -np.nanmean(ahead[self._row(each.number)]))
        chosen: list[Running] = []
        for each in self._given_up:
            if len(chosen) < most and not self._is_hopeless(each, self._last_rule):
                chosen.append(each)
        for each in chosen:
            self._given_up.remove(each)
            each.is_given_up, each.is_second_look = False, True
        return chosen

    def _row(self, number: int) -> int:
        if number not in self._rows:
            if self._n == len(self._scores):
                self._scores = np.concatenate([self._scores, np.full_like(self._scores, np.nan)])
            self._rows[number] = self._n
            self._n += 1
        return self._rows[number]


class Plan(Protocol):
    """Decides what runs next."""

    def next_task(self, n_free: int) -> Task | None:
        """Return what to start when there is room for `n_free` tasks; None if nothing can be started now."""

    def record(self, task: Task, result: FoldResult) -> None:
        """Note what came of a task."""

    def finished(self) -> list[CandidateResult]:
        """Return the candidates that are done since the last time, in the plan's order."""

    def unfinished(self) -> list[CandidateResult]:
        """Return the candidates with some folds evaluated that are not done, when all is to end."""


class _Book:
    """What all plans share: the candidates that are not done, numbered as they come."""

    def __init__(self, ask: Ask, n_folds: int) -> None:
        self._ask = ask
        self._n_folds = n_folds
        self._n_asked = 0
        self._open: dict[int, Running] = {}

    def _add(self, candidates: Sequence[Candidate]) -> list[Running]:
        added = []
        for candidate in candidates:
            number, self._n_asked = self._n_asked, self._n_asked + 1
            self._open[number] = Running(number, candidate, self._n_folds)
            added.append(self._open[number])
        return added

    def _reopen(self, given_up: list[Running]) -> list[Running]:
        self._open.update({running.number: running for running in given_up})
        return given_up

    def record(self, task: Task, result: FoldResult) -> None:
        self._open[task.candidate].record(task.fold, result)

    def unfinished(self) -> list[CandidateResult]:
        left, self._open = list(self._open.values()), {}
        return [running.result() for running in left if running.results]


class Waves(_Book):
    """Wave by wave, each candidate on all of its folds; results in the order of asking.

    Parameters
    ----------
    ask : callable
        ``ask(None)`` returns the next wave, none at the end.
    n_folds : int
        Of the search.
    """

    def __init__(self, ask: Ask, n_folds: int) -> None:
        super().__init__(ask, n_folds)
        self._to_start: deque[Running] = deque()
        self._to_yield: deque[Running] = deque()

    def next_task(self, n_free: int) -> Task | None:
        if not self._to_yield:
            wave = self._add(self._ask(None))
            self._to_start.extend(wave)
            self._to_yield.extend(wave)
        while self._to_start:
            if task := self._to_start[0].next_task():
                return task
            self._to_start.popleft()
        return None

    def finished(self) -> list[CandidateResult]:
        done = []
        while self._to_yield and self._to_yield[0].is_finished:
            running = self._to_yield.popleft()
            del self._open[running.number]
            done.append(running.result())
        return done


class RacingWaves(_Book):
    """Wave by wave and fold by fold: what a fold decided does not depend on the number of workers.

    Parameters
    ----------
    ask : callable
        ``ask(None)`` returns the next wave, none at the end.
    n_folds : int
        Of the search.
    referee : Referee
        Who gives candidates up.
    """

    def __init__(self, ask: Ask, n_folds: int, referee: Referee) -> None:
        super().__init__(ask, n_folds)
        self._referee = referee
        self._wave: list[Running] = []
        self._width = 0
        self._round: deque[Running] = deque()

    def next_task(self, n_free: int) -> Task | None:
        if not self._wave:
            self._wave = self._add(self._ask(None))
            self._width = min(max(self._width, len(self._wave)), _MOST_AT_ONCE)
            self._wave = self._wave or self._reopen(self._referee.second_look(self._width))
            self._round.extend(self._wave)
        while self._round:
            if task := self._round.popleft().next_task():
                return task
        return None

    def finished(self) -> list[CandidateResult]:
        if self._round or any(running.n_running for running in self._wave):
            return []
        for running in self._wave:
            self._referee.note(running)
        for running in self._wave:
            self._referee.judge(running)
        if not all(running.is_finished for running in self._wave):
            self._round.extend(running for running in self._wave if not running.is_finished)
            return []
        done, self._wave, self._open = self._wave, [], {}
        return [running.result() for running in done]


class Stream(_Book):
    """No waves: whatever can be started next is; results in the order in which they end.

    Parameters
    ----------
    ask : callable
        ``ask(n)`` returns up to n candidates, none if there are none now.
    n_folds : int
        Of the search.
    referee : Referee or None
        Who gives candidates up. With one, the folds of a candidate run one after the other, beside
        those of other candidates; and side by side when there are no more candidates.
    """

    def __init__(self, ask: Ask, n_folds: int, referee: Referee | None = None) -> None:
        super().__init__(ask, n_folds)
        self._referee = referee

    def record(self, task: Task, result: FoldResult) -> None:
        super().record(task, result)
        if self._referee is not None:
            self._referee.note(self._open[task.candidate])

    def next_task(self, n_free: int) -> Task | None:
        for running in self._open.values():
            is_waiting = self._referee is not None and running.n_running > 0
            if not is_waiting and (task := running.next_task()):
                return task
        per_candidate = self._n_folds if self._referee is None else 1
        added = self._add(self._ask(-(-n_free // per_candidate)))
        if self._referee is not None and not self._open:
            added = self._reopen(self._referee.second_look(min(n_free, _MOST_AT_ONCE)))
        for running in added or list(self._open.values()):
            if task := running.next_task():
                return task
        return None

    def finished(self) -> list[CandidateResult]:
        done = []
        for number, running in list(self._open.items()):
            if self._referee is not None:
                self._referee.judge(running)
            if running.is_finished:
                del self._open[number]
                done.append(running.result())
        return done
