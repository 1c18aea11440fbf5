"""The seconds a search may take: what cannot end in time is not started."""

import time
from collections.abc import Callable
from typing import Any

from ._task import Task
from ._unit import FoldResult

__all__ = ["TimeBudget"]

Predict = Callable[[dict[str, Any]], float | None] | None

# While the time left is this many times the longest fit so far, no fit is refused, and none predicted.
_AMPLE = 10.0


class TimeBudget:
    """A deadline, and what is known of how long fits take.

    Parameters
    ----------
    seconds : float or None
        From now on; None for no limit.
    predict : callable or None
        ``predict(params)`` returns the seconds that a fit will take, None if unknown.
    """

    def __init__(self, seconds: float | None, predict: Predict) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._predict = predict
        self._longest = 0.0
        self._total = 0.0
        self._n = 0
        self._by_candidate: dict[int, float] = {}

    def record(self, task: Task, result: FoldResult) -> None:
        """Note how long a task took."""
        seconds = result.fit_time + result.score_time
        self._by_candidate[task.candidate] = seconds
        self._longest = max(self._longest, seconds)
        self._total += seconds
        self._n += 1

    @property
    def mean_seconds(self) -> float:
        """Mean seconds of a task so far, 0 without any."""
        return self._total / max(self._n, 1)

    def left(self) -> float | None:
        """Seconds until the deadline, not negative; None without one."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def forbids(self, task: Task) -> bool:
        """Whether the time is over, or the task cannot be expected to end in time."""
        left = self.left()
        if left is None or (left > 0.0 and left >= _AMPLE * self._longest):
            return False
        if left == 0.0:
            return True
        expected = self._by_candidate.get(task.candidate)
        if expected is None and self._predict is not None:
            expected = self._predict(task.params)
        return (self.mean_seconds if expected is None else expected) > left
