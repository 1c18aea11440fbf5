"""Ranges of integers, uniform or log-uniform.

Notation: t(v) = v or log v, the scale on which the prior is uniform. Each integer v owns the cell
from t(v − ½) to t(v + ½), so both end values own full cells.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exceptions import SpaceValueError
from ._base import Dimension, DiscreteMap, EqualCells, Floats, Ints
from ._bounds import check_range, given_number, outside, whole
from ._values import shown

__all__ = ["Integer", "IntegerMap", "LogIntegerMap"]

# (k + ½) / n must fall into cell k after rounding: n 2^-53 well below ½.
_MAX_INTEGERS = 2**50
# A log cell is about 1 / v wide where log v carries 28 * 2^-53: a factor 100 between them.
_MAX_LOG_INTEGER = 2**40


class Integer(Dimension):
    """A range of integers.

    Parameters
    ----------
    low : int
        Smallest value, included; at least 1 for a log-uniform prior.
    high : int
        Largest value, included; above `low`.
    prior : {'uniform', 'log-uniform'}, default='uniform'
        All values alike, or their logarithms evenly: each value v weighs log((v + ½) / (v − ½)).
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
    Real : A range of real numbers.

    Notes
    -----
    At most 2^50 values under a uniform prior, and values up to 2^40 under a log-uniform one: beyond,
    float64 cannot tell the cells apart.

    Examples
    --------
    >>> from skbayes.space import Integer, as_space
    >>> space = as_space({"max_depth": Integer(1, 4)})
    >>> [space.decode([u])["max_depth"] for u in (0.0, 0.24, 0.26, 1.0)]
    [1, 1, 2, 4]
    """

    def __init__(
        self,
        low: int,
        high: int,
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

    def unit_map(self, name: str) -> DiscreteMap:
        label = self.label(name)
        low, high = whole(self.low, "low", label), whole(self.high, "high", label)
        check_range(low, high, self.prior, label)
        if self.prior == "uniform":
            if high - low >= _MAX_INTEGERS:
                raise SpaceValueError(
                    f"{label} has more values than float64 can tell apart (2**50); got low={low}, "
                    f"high={high}. Narrow the range, or search the logarithm as a Real."
                )
            return IntegerMap(label, low, high)
        if low < 1:
            raise SpaceValueError(
                f"{label} needs low >= 1 for prior='log-uniform'; got low={low}. "
                "Raise low to 1, use prior='uniform', or write floats, such as "
                f"(0.001, {float(high)}, 'log-uniform') if real numbers are meant."
            )
        if high > _MAX_LOG_INTEGER:
            raise SpaceValueError(
                f"{label} cannot tell integers above 2**40 apart on a log scale; got high={high}. "
                "Lower high, use prior='uniform', or search the logarithm as a Real."
            )
        return LogIntegerMap(label, low, high)


class _IntegerRange(DiscreteMap):
    """What uniform and log-uniform integers share."""

    def __init__(self, label: str, low: int, high: int) -> None:
        self.label, self.low, self.high = label, low, high
        self.n_values = high - low + 1

    def value(self, index: int) -> int:
        return self.low + int(index)

    def position(self, value: Any) -> int:
        x = given_number(value, self.label, f"integers from {self.low} to {self.high}")
        if not self.low <= x <= self.high:
            raise outside(self.label, value, self.low, self.high)
        if x != int(x):
            raise SpaceValueError(
                f"{self.label} takes integers; got {shown(value)}. "
                "Round it, or make the dimension a Real."
            )
        return int(x) - self.low


class IntegerMap(_IntegerRange, EqualCells):
    """Map of a range of integers with equal mass."""

    def describe(self) -> str:
        return f"integer from {self.low} to {self.high}, uniform"


class LogIntegerMap(_IntegerRange):
    """Map of a range of positive integers, uniform in the logarithm."""

    def __init__(self, label: str, low: int, high: int) -> None:
        super().__init__(label, low, high)
        self._start = math.log(low - 0.5)
        self._width = math.log(high + 0.5) - self._start

    def index(self, u: Floats) -> Ints:
        v = np.floor(np.exp(self._start + u * self._width) + 0.5)
        return np.clip(v, self.low, self.high).astype(np.int64) - self.low

    def index_at(self, u: float) -> int:
        v = int(math.exp(self._start + u * self._width) + 0.5)
        return min(max(v, self.low), self.high) - self.low

    def centre(self, index: Any) -> Any:
        v = self.low + index
        middle = 0.5 * (np.log(v - 0.5) + np.log(v + 0.5))
        return (middle - self._start) / self._width

    def describe(self) -> str:
        return f"integer from {self.low} to {self.high}, log-uniform"
