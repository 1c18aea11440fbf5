"""What ``verbose=1`` prints while a search runs: how far it is, the best so far, how long it takes.

Plain lines from the main process, so that they read well in a terminal, a log file and a notebook alike.
"""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..evaluation import EvaluationPool
from ._loop import SearchLog

__all__ = ["ProgressReport", "Standing", "progress_line", "seconds_left"]

# One line a second can be read; a search of thousands of quick fits does not fill a log.
_SECONDS_BETWEEN = 1.0

# How candidates may end that are not complete, in the order of the line.
_ENDS = {
    "pruned": "pruned",
    "failed": "failed",
    "timeout": "timed out",
    "memory": "out of memory",
}


@dataclass(frozen=True)
class Standing:
    """How far a search is.

    Parameters
    ----------
    n_done, n_candidates : int
        Candidates evaluated, and to be evaluated at most.
    elapsed : float
        Seconds since the first evaluation began.
    left : float or None, default=None
        Seconds to come; None if unknown or over.
    best : (float, int) or None, default=None
        Score and number of the incumbent.
    statuses : Counter
        How many candidates ended in which way.
    ended_by : str or None, default=None
        What ended the search before all candidates were evaluated.
    """

    n_done: int
    n_candidates: int
    elapsed: float
    left: float | None = None
    best: tuple[float, int] | None = None
    statuses: Counter[str] = field(default_factory=Counter)
    ended_by: str | None = None


def progress_line(standing: Standing) -> str:
    """Return the line for a standing.

    ``12/50 candidates (1 failed), best 0.9712 (candidate 9), 0:35 elapsed, about 1:50 left``
    """
    text = f"{standing.n_done}/{standing.n_candidates} candidates"
    ends = [f"{n} {name}" for status, name in _ENDS.items() if (n := standing.statuses[status])]
    if ends:
        text += f" ({', '.join(ends)})"
    if standing.best is not None:
        score, number = standing.best
        text += f", best {score:.4g} (candidate {number})"
    text += f", {_clock_text(standing.elapsed)} elapsed"
    if standing.left is not None:
        text += f", about {_clock_text(standing.left)} left"
    if standing.ended_by is not None:
        text += f", ended by {standing.ended_by}"
    return text


def _clock_text(seconds: float) -> str:
    """Return ``m:ss`` or ``h:mm:ss``."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def seconds_left(
    elapsed: float,
    n_evaluated: int,
    n_to_come: float,
    n_running: int = 0,
    spread: float = 0.0,
    time_budget: float | None = None,
) -> float | None:
    """Return how long the evaluations to come will take at the pace so far, and the last of them by themselves.

    The pace is that of all workers together, with the time for proposing. At the end the workers wait for the last
    one: for exponential durations ``spread * log(n_running)`` longer than if they ended together.

    Long durations are not trimmed, since they come again; and what runs does not count as half done, since it is what
    takes longer that is found running. Both had the smallest errors over a simulation (equal, log-normal with sigma
    0.3, 1 and 1.5, exponential, and two sorts of durations, one 20 times the other; 1 to 32 workers; 5, 25 and 80 of
    100 done), if not in each case: while fewer have ended than there are workers, too much is foretold for
    durations that are nearly equal. The heavier the tail, the more is foretold too little.

    Parameters
    ----------
    elapsed : float
        Seconds in which `n_evaluated` evaluations ended.
    n_evaluated : int
        Evaluations that ended in this time.
    n_to_come : float
        Evaluations to come, those that run among them.
    n_running : int, default=0
        Evaluations that run now.
    spread : float, default=0.0
        Standard deviation of their durations, in seconds.
    time_budget : float or None, default=None
        Seconds that the search may take from its beginning.

    Returns
    -------
    seconds : float or None
        Non-negative; None as long as none has ended.
    """
    if n_evaluated == 0:
        return None
    left = elapsed / n_evaluated * max(0.0, n_to_come) + spread * math.log(max(1, n_running))
    return left if time_budget is None else min(left, max(0.0, time_budget - elapsed))


class ProgressReport:
    """Prints a line now and then, and always a last one.

    Parameters
    ----------
    log : SearchLog
        What is known of the search.
    time_budget : float or None
        Seconds that it may take.
    is_silent : bool
        Whether to print nothing.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        log: SearchLog,
        time_budget: float | None,
        is_silent: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._time_budget = time_budget
        self._is_silent = is_silent
        self._clock = clock
        self._start = self._printed = clock()
        self._n_printed = 0

    def update(self, pool: EvaluationPool) -> None:
        """Print a line if the last one is old enough."""
        if not self._is_silent and self._clock() - self._printed >= _SECONDS_BETWEEN:
            self._print(self._standing(pool))

    def end(self, ended_by: str) -> None:
        """Print the last line, unless it was printed and nothing is to be added."""
        is_early = ended_by != "budget"
        if not self._is_silent and (is_early or self._n_printed < self._log.n_new):
            self._print(self._standing(None, ended_by if is_early else None))

    def _print(self, standing: Standing) -> None:
        self._printed, self._n_printed = self._clock(), standing.n_done
        print(progress_line(standing), flush=True)

    def _standing(self, pool: EvaluationPool | None, ended_by: str | None = None) -> Standing:
        log = self._log
        n_done, n_candidates = log.n_new, log.proposals.n_candidates
        elapsed = self._clock() - self._start
        left = None
        if pool is not None and n_done < n_candidates:
            left = self._left(pool, elapsed, n_candidates)
        incumbent = log.incumbent
        return Standing(
            n_done,
            n_candidates,
            elapsed,
            left,
            None if incumbent is None else (incumbent.score, incumbent.number),
            Counter(trial.status for trial in log.history),
            ended_by,
        )

    def _left(self, pool: EvaluationPool, elapsed: float, n_candidates: int) -> float | None:
        done = self._log.evaluated[-self._log.n_new :]
        folds = [fold for result in done for fold in result.folds_run]
        # With racing a candidate has fewer evaluations than folds: as few as those so far had.
        n_to_come = n_candidates * len(folds) / len(done) - pool.n_evaluated - pool.n_replayed
        return seconds_left(
            elapsed,
            pool.n_evaluated,
            n_to_come,
            pool.n_running,
            float(np.std([fold.fit_time + fold.score_time for fold in folds])),
            self._time_budget,
        )
