"""Ranges of real numbers, uniform or log-uniform.

Notation: t(x) = x or log x, the scale on which the prior is uniform; u = (t(x) − a) / (b − a).
"""

import math
from collections.abc import Mapping
from typing import Any

from ..exceptions import SpaceValueError
from ._base import Dimension, Floats, UnitMap, rounded
from ._bounds import PRIORS, bound, check_range, given_number, outside

__all__ = ["Real", "RealMap"]

# Coordinates are off by a few 2^-53 in the unit of t; sixty-four times that separates values safely.
_RESOLUTION = 2.0**-46


class Real(Dimension):
    """A range of real numbers.

    Parameters
    ----------
    low : float
        Lower end, included; finite, positive for a log-uniform prior.
    high : float
        Upper end, included; finite, above `low`.
    prior : {'uniform', 'log-uniform'}, default='uniform'
        How values are spread: evenly, or their logarithms evenly.
    base : int, default=10
        Accepted for scikit-optimize's sake and ignored: the base of the logarithm changes nothing.
    transform : str, default=None
        Accepted for scikit-optimize's sake and ignored.
    name : str, default=None
        Name of the parameter; needed in a list of dimensions, replaced by the key in a dict.
    active_if : mapping of str to value or list of values, default=None
        Parameters of the same space and the values at which this dimension plays a part.

    See Also
    --------
    Integer : A range of integers.
    Distribution : Any scipy.stats distribution as prior.

    Notes
    -----
    Decoded values are rounded to the ten to thirteen digits that a coordinate in the unit cube
    carries, so that a value is always encoded and decoded to itself.

    Examples
    --------
    >>> from skbayes.space import Real, as_space
    >>> space = as_space({"C": Real(1e-3, 1e3, prior="log-uniform")})
    >>> space.decode([0.5])
    {'C': 1.0}
    """

    def __init__(
        self,
        low: float,
        high: float,
        prior: str = "uniform",
        base: int = 10,
        transform: str | None = None,
        name: str | None = None,
        *,
        active_if: Mapping[str, Any] | None = None,
    ) -> None:
        self.low = low
        self.high = high
        self.prior = prior
        self.base = base
        self.transform = transform
        self.name = name
        self.active_if = active_if

    def unit_map(self, name: str) -> "RealMap":
        label = self.label(name)
        low, high = float(bound(self.low, "low", label)), float(bound(self.high, "high", label))
        check_range(low, high, self.prior, label)
        if self.prior == "log-uniform" and low <= 0.0:
            raise SpaceValueError(
                f"{label} needs low > 0 for prior='log-uniform'; got low={self.low!r}. "
                "Raise low (for example 1e-6) or use prior='uniform'."
            )
        return RealMap(label, low, high, is_log=self.prior == "log-uniform")


class RealMap(UnitMap):
    """Map of a range of reals; `low` and `high` are kept to the last bit."""

    def __init__(self, label: str, low: float, high: float, *, is_log: bool) -> None:
        self.label, self.low, self.high, self.is_log = label, low, high, is_log
        self._start, end = (math.log(low), math.log(high)) if is_log else (low, high)
        self._width = end - self._start
        if not (math.isfinite(self._width) and self._width > 0.0):
            raise SpaceValueError(
                f"{label} has a range that float64 cannot hold; got low={low!r}, high={high!r}. "
                "Bring the ends further apart if they almost touch, closer if they are huge."
            )
        self._resolution = _RESOLUTION * max(abs(self._start), abs(end), self._width)

    def encode(self, value: Any) -> float:
        x = given_number(value, self.label, f"from {self.low!r} to {self.high!r}")
        if not self.low <= x <= self.high:
            raise outside(self.label, value, self.low, self.high)
        return self._place(float(x))

    def decode(self, u: float) -> float:
        if u <= 0.0:
            return self.low
        if u >= 1.0:
            return self.high
        x, resolution = self._start + u * self._width, self._resolution
        if self.is_log:
            x = math.exp(x)
            resolution *= x
        value = min(max(rounded(x, resolution), self.low), self.high)
        # A value next to an end may have the coordinate of the end, which decodes to the end alone.
        place = self._place(value)
        return value if 0.0 < place < 1.0 else (self.low if place == 0.0 else self.high)

    def _place(self, x: float) -> float:
        t = math.log(x) if self.is_log else x
        return min(max((t - self._start) / self._width, 0.0), 1.0)

    def snap(self, u: Floats) -> Floats:
        return u

    def describe(self) -> str:
        return f"float from {self.low!r} to {self.high!r}, {PRIORS[self.is_log]}"
