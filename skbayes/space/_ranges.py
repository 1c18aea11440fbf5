"""Dimensions: one hyper-parameter each, with its own map to the unit interval and back.

A coordinate u in [0, 1] is the prior's cumulative probability, so uniform coordinates are samples of the prior.
Discrete values own a cell of the interval and are encoded at its centre. Nobody else takes a logarithm of a bound.
"""

import math
from abc import abstractmethod
from collections.abc import Hashable, Mapping
from numbers import Integral
from numbers import Real as RealNumber
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ..exceptions import SpaceTypeError, SpaceValueError

__all__ = ["Dimension", "Integer", "Real"]

Floats = NDArray[np.float64]
# Beyond this a double no longer tells neighbouring integers apart.
LARGEST_INTEGER = 2**53
PRIORS = ("uniform", "log-uniform")


class Dimension(BaseEstimator):
    """What every dimension can do; not for direct use."""

    name: str | None
    active_if: Mapping[str, Any] | None

    @property
    def n_values(self) -> float:
        """Number of distinct values: an int, or inf."""
        return math.inf

    @property
    def n_categories(self) -> int:
        """Number of unordered categories; 0 for a dimension with an order."""
        return 0

    @abstractmethod
    def check(self, label: str) -> None:
        """Raise a SpaceValueError or SpaceTypeError that begins with `label` if the arguments are impossible."""

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Return whether a value lies in the dimension."""

    @abstractmethod
    def encode(self, value: Any) -> float:
        """Return the coordinate of a value that lies in the dimension."""

    @abstractmethod
    def decode(self, u: float) -> Any:
        """Return the native Python value at a coordinate."""

    @abstractmethod
    def snap(self, u: Floats) -> Floats:
        """Return the coordinates of the values nearest to given ones, shape (n,)."""

    @abstractmethod
    def describe(self) -> str:
        """Return the dimension as understood, in words."""

    def from_uniform(self, u: Floats) -> Floats:
        """Return coordinates of the prior's samples from uniform numbers, shape (n,)."""
        return self.snap(u)

    def key(self, u: float) -> Hashable:
        """Return what is equal for equal values."""
        key: Hashable = self.decode(u)
        return key

    def index(self, u: Floats) -> NDArray[np.int64]:
        """Return the number of the value at each coordinate, 0 for the first; discrete dimensions only."""
        raise SpaceTypeError(f"{type(self).__name__} is continuous: its values have no number.")

    def centres(self) -> Floats:
        """Return the coordinates of all values of a finite dimension, in order."""
        raise SpaceTypeError(f"{type(self).__name__} has no list of values.")

    def steps(self, u: float) -> Floats:
        """Return the coordinates of values one move away; none for a continuous dimension."""
        return np.empty(0)


class _Range(Dimension):
    """Numbers between two bounds, uniform or log-uniform."""

    low: Any
    high: Any
    prior: str

    @property
    def _is_log(self) -> bool:
        return self.prior == "log-uniform"

    def _check_bounds(self, label: str, kind: type[Any], of: str) -> None:
        title = f"{label}: {type(self).__name__}"
        for side in ("low", "high"):
            bound: Any = getattr(self, side)
            if isinstance(bound, bool | np.bool_) or not isinstance(bound, kind):
                raise SpaceTypeError(
                    f"{title} needs {of} as {side}; got {side}={bound!r}. "
                    "Give a number, or use Categorical for other values."
                )
            if not math.isfinite(float(bound)):
                raise SpaceValueError(
                    f"{title} needs finite bounds; got {side}={bound!r}. Give the largest value "
                    "that makes sense."
                )
        if self.low >= self.high:
            raise SpaceValueError(
                f"{title} needs low < high; got low={self.low!r}, high={self.high!r}. "
                "Swap them, or give a list of one choice for a fixed value."
            )
        if self.prior not in PRIORS:
            raise SpaceValueError(
                f"{title} needs prior='uniform' or 'log-uniform'; got prior={self.prior!r}."
            )
        if self._is_log and self.low <= 0:
            raise SpaceValueError(
                f"{title} needs low > 0 for prior='log-uniform'; got low={self.low!r}. Raise low "
                "(for example 1e-6) or use prior='uniform'."
            )

    def describe(self) -> str:
        return f"{type(self).__name__} from {self.low!r} to {self.high!r}, {self.prior}"


class Real(_Range):
    """A real number between two bounds.

    Parameters
    ----------
    low : float
        Smallest value, finite.
    high : float
        Largest value, finite, above `low`.
    prior : {'uniform', 'log-uniform'}, default='uniform'
        How values are spread; log-uniform needs ``low > 0`` and suits scales such as penalties.
    base : int, default=10
        Taken as scikit-optimize has it; the base of the logarithm changes no result.
    transform : object, default=None
        Taken as scikit-optimize has it, and ignored.
    name : str, default=None
        The parameter's name, where the space is a list of dimensions.
    active_if : dict, default=None
        The dimension exists only where the named parameters have one of the given values, as in
        ``active_if={"kernel": "poly"}`` or ``{"kernel": ["poly", "rbf"]}``.

    Examples
    --------
    >>> from skbayes import Real
    >>> round(Real(1e-3, 1e3, prior="log-uniform").decode(0.5), 12)
    1.0
    """

    def __init__(
        self,
        low: float,
        high: float,
        prior: str = "uniform",
        base: int = 10,
        transform: Any = None,
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

    def check(self, label: str) -> None:
        """Raise if a bound or the prior is impossible."""
        self._check_bounds(label, RealNumber, "a number")

    def contains(self, value: Any) -> bool:
        """Return whether a number lies between the bounds, both included."""
        if isinstance(value, bool | np.bool_) or not isinstance(value, RealNumber):
            return False
        return bool(self.low <= value <= self.high)

    def encode(self, value: Any) -> float:
        """Return the coordinate of a value."""
        low, high, x = float(self.low), float(self.high), float(value)
        if self._is_log:
            low, high, x = math.log(low), math.log(high), math.log(x)
        # Halved, so that a range as long as all doubles does not overflow.
        u = (x / 2 - low / 2) / (high / 2 - low / 2)
        return min(max(u, 0.0), 1.0)

    def decode(self, u: float) -> float:
        """Return the float at a coordinate."""
        low, high = float(self.low), float(self.high)
        if u <= 0 or u >= 1:  # the ends themselves, without the rounding of a logarithm
            return low if u <= 0 else high
        if self._is_log:
            low, high = math.log(low), math.log(high)
        x = (1 - u) * low + u * high
        x = math.exp(x) if self._is_log else x
        return min(max(x, float(self.low)), float(self.high))

    def snap(self, u: Floats) -> Floats:
        """Return the coordinates inside [0, 1]."""
        return np.clip(u, 0.0, 1.0)


class Integer(_Range):
    """An integer between two bounds, both included and as probable as the others.

    Parameters
    ----------
    low : int
        Smallest value.
    high : int
        Largest value, above `low`; both within ±2**53.
    prior : {'uniform', 'log-uniform'}, default='uniform'
        How values are spread; log-uniform needs ``low >= 1`` and suits sizes.
    base : int, default=10
        Taken as scikit-optimize has it; the base of the logarithm changes no result.
    transform : object, default=None
        Taken as scikit-optimize has it, and ignored.
    name : str, default=None
        The parameter's name, where the space is a list of dimensions.
    active_if : dict, default=None
        The dimension exists only where the named parameters have one of the given values.

    Notes
    -----
    The value v owns the cell [v − 1/2, v + 1/2] of the range [low − 1/2, high + 1/2], on the log scale for
    log-uniform, so that the ends are not half as probable as the rest.

    Examples
    --------
    >>> from skbayes import Integer
    >>> [Integer(1, 4).decode(u) for u in (0.0, 0.3, 0.99, 1.0)]
    [1, 2, 4, 4]
    """

    def __init__(
        self,
        low: int,
        high: int,
        prior: str = "uniform",
        base: int = 10,
        transform: Any = None,
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

    @property
    def n_values(self) -> float:
        """Number of integers, an int."""
        return int(self.high) - int(self.low) + 1

    def check(self, label: str) -> None:
        """Raise if a bound or the prior is impossible."""
        self._check_bounds(label, Integral, "an integer")
        if max(abs(int(self.low)), abs(int(self.high))) > LARGEST_INTEGER:
            raise SpaceValueError(
                f"{label}: Integer needs bounds within ±2**53; got low={self.low!r}, "
                f"high={self.high!r}. Use Real and round, or a coarser unit."
            )

    def contains(self, value: Any) -> bool:
        """Return whether an integer lies between the bounds; 3.0 is no integer."""
        if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
            return False
        return bool(self.low <= value <= self.high)

    def encode(self, value: Any) -> float:
        """Return the centre of the value's cell."""
        return float(self._centre(np.array([float(value)]))[0])

    def decode(self, u: float) -> int:
        """Return the int in whose cell a coordinate lies."""
        return int(self._value(np.array([u], dtype=float))[0])

    def snap(self, u: Floats) -> Floats:
        """Return the centres of the cells in which coordinates lie."""
        return self._centre(self._value(u))

    def index(self, u: Floats) -> NDArray[np.int64]:
        """Return the value minus `low`."""
        return (self._value(u) - int(self.low)).astype(np.int64)

    def centres(self) -> Floats:
        """Return the centres of all cells."""
        return self._centre(np.arange(int(self.low), int(self.high) + 1, dtype=float))

    def steps(self, u: float) -> Floats:
        """Return one up, one down, and leaps of a tenth and a third of the interval."""
        value = self._value(np.array([u]))
        near = self._centre(np.clip(value + np.array([-1.0, 1.0]), self.low, self.high))
        far = self.snap(u + np.array([-0.3, -0.1, 0.1, 0.3]))
        others = np.unique(np.concatenate([near, far]))
        return others[others != self._centre(value)[0]]

    def _value(self, u: Floats) -> Floats:
        low, high = int(self.low), int(self.high)
        u = np.clip(u, 0.0, 1.0)
        if self._is_log:
            a, b = math.log(low - 0.5), math.log(high + 0.5)
            value = np.floor(np.exp((1 - u) * a + u * b) + 0.5)
        else:
            value = low + np.floor(u * (high - low + 1))
        return np.clip(value, low, high)

    def _centre(self, value: Floats) -> Floats:
        low, high = int(self.low), int(self.high)
        if self._is_log:
            a, b = math.log(low - 0.5), math.log(high + 0.5)
            return (0.5 * (np.log(value - 0.5) + np.log(value + 0.5)) - a) / (b - a)
        return (value - low + 0.5) / (high - low + 1)
