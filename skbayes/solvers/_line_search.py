"""Step lengths along a descent direction, by values and slopes.

Notation: φ(t) = F(w + t d); accepted is a t with φ(t) ≤ φ(0) + c₁ t φ'(0) and φ'(t) ≥ c₂ φ'(0) (Wolfe).

References
----------
.. [1] Nocedal, Wright (2006). Numerical optimization, 2nd ed., chapter 3. Springer.
.. [2] Hager, Zhang (2005). A new conjugate gradient method with guaranteed descent and an efficient line search.
   SIAM J. Optim. 16, 170-192.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Point", "Progress", "goal_of", "rounding_error", "search"]

Array = NDArray[Any]

# The usual constants for (quasi-)Newton directions [1]_.
_C1, _C2 = 1e-4, 0.9
_MAX_TRIALS = 30
# A trial closer than this part of the bracket to one of its ends learns too little.
_MARGIN = 0.1
# The error of a value, in units of its last place: of a sum in which most terms have one sign.
_ROUNDING = 10.0
# After so many steps that did not halve the decrement, at values that differ by rounding alone, there is an end.
_IDLE = 5
# The pace of a descent is that of so many steps.
_PACE = 3


@dataclass(frozen=True)
class Point:
    """A point, with value and gradient there."""

    w: Array
    value: float
    gradient: Array


def goal_of(tol: float, objective: Any) -> float | None:
    """Return the decrement to reach; None: relative to that at the start, for an objective without observations."""
    if not hasattr(objective, "total_weight"):
        return None
    return tol * float(np.sqrt(objective.total_weight))


def rounding_error(objective: Any, value: float) -> float:
    """Return by how much a value of the objective may be wrong, for the floating type it works in."""
    dtype = getattr(objective, "dtype", np.float64)
    return _ROUNDING * float(np.finfo(dtype).eps) * abs(value)


class Progress:
    """How far a descent is: its decrements √(gᵀ H⁻¹ g), the goal, and whether rounding allows more.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    tol : float
        The goal is tol · √n, n the number of observations; of an objective without any, tol times the first decrement
        or 1.
    goal : float or None, default=None
        Another goal.
    """

    def __init__(self, objective: Any, tol: float, goal: float | None = None) -> None:
        self._objective = objective
        self._tol = tol
        self.goal = goal_of(tol, objective) if goal is None else goal
        self._past: deque[float] = deque(maxlen=_PACE + 1)
        self._least = np.inf
        self._n_idle = 0
        self.decrement = np.inf
        self.error = 0.0

    def note(self, value: float, gradient: Array, direction: Array) -> None:
        """Take in the value and the gradient at a point, and the Newton direction from there."""
        self.decrement = float(np.sqrt(max(-float(gradient @ direction), 0.0)))
        self.error = rounding_error(self._objective, value)
        if self.goal is None:
            self.goal = self._tol * max(self.decrement, 1.0)
        self._n_idle = 0 if self.decrement < 0.5 * self._least else self._n_idle + 1
        self._least = min(self._least, self.decrement)
        self._past.append(self.decrement)

    @property
    def steps_left(self) -> float:
        """Steps to the goal, if the decrement goes on falling as it did in the last few."""
        first = self._past[0]
        if self.goal is None or self.is_done or not self.decrement < first:
            return 0.0 if self.is_done else np.inf
        pace = np.log(first / self.decrement) / (len(self._past) - 1)
        return float(np.log(self.decrement / self.goal) / pace) if self.goal > 0.0 else np.inf

    @property
    def is_below_rounding(self) -> bool:
        """Whether what is still to gain is less than the error of a value."""
        return self.decrement**2 <= 2.0 * self.error

    @property
    def is_idle(self) -> bool:
        """Whether values differ by rounding alone and the gradients have not fallen for a while either."""
        return self.is_below_rounding and self._n_idle >= _IDLE

    @property
    def is_done(self) -> bool:
        """Whether the goal is reached."""
        return self.goal is not None and self.decrement <= self.goal

    def has_converged(self, has_steps_left: bool) -> bool:
        """Return whether the descent ended at the goal, or early where rounding allows no more."""
        return self.is_done or (has_steps_left and self.is_below_rounding)

    def message(self, steps: str) -> str:
        """Return what was reached, and what was to be reached."""
        rounding = " or rounding" if self.is_below_rounding and not self.is_done else ""
        return (
            f"the decrement √(gᵀ H⁻¹ g) is {self.decrement:.3g}, the tolerance {self.goal:.3g} (tol={self._tol:g})"
            f"{rounding}, after {steps}"
        )


def search(
    evaluate: Callable[[Array], tuple[float, Array]],
    start: Point,
    direction: Array,
    rounding: float,
) -> Point | None:
    """Return a point further down along the direction, or None if there is none.

    `rounding` is the error of a value: where values differ by less, slopes decide (approximate Wolfe conditions [2]_).
    """
    slope = float(start.gradient @ direction)
    if not slope < 0.0:
        return None
    low, high = 0.0, np.inf
    low_value, low_slope = start.value, slope
    t, best = 1.0, None
    for _ in range(_MAX_TRIALS):
        w = start.w + t * direction
        value, gradient = evaluate(w)
        here = float(gradient @ direction) if np.isfinite(value) else np.inf
        enough = value <= start.value + _C1 * t * slope
        nearly = value <= start.value + rounding and here <= (2.0 * _C1 - 1.0) * slope
        if np.isfinite(value) and (enough or nearly):
            if best is None or value < best.value:
                best = Point(w, value, gradient)
            if here >= _C2 * slope:
                return Point(w, value, gradient)
            # Still falling steeply: further.
            low, low_value, low_slope = t, value, here
            t = 2.0 * t if np.isinf(high) else _between(low, high, low_value, low_slope, None)
        else:
            high = t
            t = _between(low, high, low_value, low_slope, value if np.isfinite(value) else None)
        if high - low <= 1e-12 * max(high, 1.0):
            break
    return best


def _between(low: float, high: float, value: float, slope: float, end: float | None) -> float:
    """Return the minimum of the parabola through both values with the slope at `low`, inside the bracket."""
    width = high - low
    middle = 0.5
    if end is not None:
        bend = end - value - slope * width
        if bend > 0.0:
            middle = -0.5 * slope * width / bend
    return low + width * min(max(middle, _MARGIN), 1.0 - _MARGIN)
