"""A frozen scipy.stats distribution as a dimension: its cumulative probability is the map to the unit interval."""

import math
from collections.abc import Mapping
from numbers import Integral
from numbers import Real as RealNumber
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import SpaceTypeError, SpaceValueError
from ._ranges import LARGEST_INTEGER, Dimension, Floats

__all__ = ["Distribution"]

# Where a distribution has no end, values beyond this probability are not proposed.
TAIL = 1e-6


class Distribution(Dimension):
    """A hyper-parameter that follows a frozen scipy.stats distribution.

    Parameters
    ----------
    distribution : frozen scipy.stats distribution
        Continuous or discrete, with `ppf` and `cdf`. Tails without an end are cut at probability 1e-6.
    name : str, default=None
        The parameter's name, where the space is a list of dimensions.
    active_if : dict, default=None
        The dimension exists only where the named parameters have one of the given values.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from skbayes.space import Distribution
    >>> Distribution(norm(3.0, 1.0)).decode(0.5)
    3.0
    """

    def __init__(
        self,
        distribution: Any,
        name: str | None = None,
        *,
        active_if: Mapping[str, Any] | None = None,
    ) -> None:
        self.distribution = distribution
        self.name = name
        self.active_if = active_if

    @property
    def _is_discrete(self) -> bool:
        return hasattr(self.distribution, "pmf")

    @property
    def n_values(self) -> float:
        """Number of values of a discrete distribution between its cut tails; inf for a continuous one."""
        if not self._is_discrete:
            return math.inf
        low, high = self._bounds()
        return int(high) - int(low) + 1

    def _bounds(self) -> tuple[float, float]:
        low, high = (float(b) for b in self.distribution.support())
        low = low if math.isfinite(low) else float(self.distribution.ppf(TAIL))
        high = high if math.isfinite(high) else float(self.distribution.ppf(1 - TAIL))
        return low, high

    def check(self, label: str) -> None:
        """Raise if the distribution cannot be mapped to the unit interval."""
        missing = [m for m in ("ppf", "cdf", "support") if not hasattr(self.distribution, m)]
        if missing:
            raise SpaceTypeError(
                f"{label}: the distribution {self.distribution!r} has no {' and no '.join(missing)}. "
                "Give a frozen scipy.stats distribution; RandomizedSearchCV takes one with rvs alone."
            )
        low, high = self._bounds()
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise SpaceValueError(
                f"{label}: the distribution has the impossible range {low} to {high}. "
                "Mend its parameters."
            )
        if self._is_discrete and max(abs(low), abs(high)) > LARGEST_INTEGER:
            raise SpaceValueError(
                f"{label}: the discrete distribution reaches {high}, beyond ±2**53. Use a continuous one."
            )

    def contains(self, value: Any) -> bool:
        """Return whether a value lies in the support, between cut tails."""
        kind = Integral if self._is_discrete else RealNumber
        if isinstance(value, bool | np.bool_) or not isinstance(value, kind):
            return False
        low, high = self._bounds()
        return low <= float(value) <= high

    def encode(self, value: Any) -> float:
        """Return the cumulative probability of a value; the middle of its jump if it is discrete."""
        if self._is_discrete:
            return float(self._centre(np.array([float(value)]))[0])
        return float(self.distribution.cdf(float(value)))

    def decode(self, u: float) -> Any:
        """Return the value at a cumulative probability."""
        value = self._value(np.array([u], dtype=float))[0]
        return int(value) if self._is_discrete else float(value)

    def snap(self, u: Floats) -> Floats:
        """Return coordinates inside [0, 1], of a discrete distribution in the middle of their jumps."""
        if self._is_discrete:
            return self._centre(self._value(u))
        return np.clip(u, 0.0, 1.0)

    def index(self, u: Floats) -> NDArray[np.int64]:
        """Return the value minus the smallest one."""
        if not self._is_discrete:
            return super().index(u)
        return (self._value(u) - self._bounds()[0]).astype(np.int64)

    def centres(self) -> Floats:
        """Return the coordinates of all values of a discrete distribution."""
        if not self._is_discrete:
            return super().centres()
        low, high = self._bounds()
        return self._centre(np.arange(low, high + 1))

    def steps(self, u: float) -> Floats:
        """Return one up, one down, and leaps of a tenth and a third of the probability."""
        if not self._is_discrete:
            return super().steps(u)
        value = self._value(np.array([u]))
        low, high = self._bounds()
        near = self._centre(np.clip(value + np.array([-1.0, 1.0]), low, high))
        others = np.unique(np.r_[near, self.snap(u + np.array([-0.3, -0.1, 0.1, 0.3]))])
        return others[others != self._centre(value)[0]]

    def describe(self) -> str:
        """Return the distribution's name and arguments."""
        frozen = self.distribution
        family = getattr(getattr(frozen, "dist", frozen), "name", type(frozen).__name__)
        args = [repr(a) for a in getattr(frozen, "args", ())]
        args += [f"{k}={v!r}" for k, v in getattr(frozen, "kwds", {}).items()]
        return f"{family}({', '.join(args)})"

    def _value(self, u: Floats) -> Floats:
        low, high = self._bounds()
        value = self.distribution.ppf(np.clip(u, 0.0, 1.0))
        # ppf(0) of a discrete distribution is one below its support.
        return np.clip(value, low, high)

    def _centre(self, value: Floats) -> Floats:
        return 0.5 * (self.distribution.cdf(value - 1) + self.distribution.cdf(value))
