"""A scipy.stats distribution as dimension: its cumulative probability is the map to the unit interval.

Notation: F the cumulative distribution function. A continuous value x is encoded to F(x), a
discrete one to the middle of its mass, (F(v⁻) + F(v)) / 2.
"""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Dimension, DiscreteMap, Floats, Ints, UnitMap, rounded
from ._integer import IntegerMap
from ._log_density import LogDensityTable, has_density, of_continuous
from ._real import RealMap
from ._values import is_number, native, shown

__all__ = ["Distribution"]

# What lies beyond one in a million on either side is cut: a random search would not meet it, a
# maximiser in the corner of the cube would always (and the end itself, 0 of a gamma distribution,
# often is no legal value).
_TAIL = 2.0**-20
# ppf and cdf of scipy invert one another to about 1e-13 in the unit of probability.
_RESOLUTION = 2.0**-36
# A table of so many values has 8 MB for each column.
_MAX_VALUES = 2**20
# Values of less mass (in gaps of a distribution, or at its far ends) have no coordinate of their own.
_MIN_MASS = 1e-12
_FLAT = {"uniform": False, "loguniform": True, "reciprocal": True}  # family: is it the logarithm


class Distribution(Dimension):
    """A frozen scipy.stats distribution, continuous or discrete.

    Parameters
    ----------
    distribution : frozen scipy.stats distribution
        One-dimensional, with ``ppf`` and ``cdf``, for example ``scipy.stats.gamma(2.0)``. It is the
        prior: it shapes sampling and the initial design, and its density weighs the first proposals
        (`prior_weight` of the optimizer).
    name : str, default=None
        Name of the parameter; needed in a list of dimensions, replaced by the key in a dict.
    active_if : mapping of str to value or list of values, default=None
        Parameters of the same space and the values at which this dimension plays a part.

    See Also
    --------
    Real : A range of real numbers; what ``uniform`` and ``loguniform`` distributions are.

    Notes
    -----
    The outermost 2^-20 (one in a million) of the probability on either side is left out, except
    of ``uniform``, ``loguniform`` and ``randint``, which keep both ends. Discrete values are native
    integers; continuous ones are rounded to the digits that a probability can carry, about ten in the
    middle of the distribution and six in its tails. The density that weighs is that of x, of log x if
    no value is negative, relative to its maximum; of a discrete distribution the probability.

    Examples
    --------
    >>> from scipy.stats import norm, poisson
    >>> from skbayes.space import as_space
    >>> space = as_space({"shift": norm(1.0, 2.0), "depth": poisson(4.0)})
    >>> space.decode([0.5, 0.5])
    {'shift': 1.0, 'depth': 4}
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

    def unit_map(self, name: str) -> UnitMap:
        label, distribution = self.label(name), self.distribution
        if not (hasattr(distribution, "ppf") and hasattr(distribution, "cdf")):
            raise SpaceTypeError(
                f"{label} needs a distribution with ppf and cdf; got {shown(distribution)}. "
                "Use a frozen scipy.stats distribution, a range or a list of choices; "
                "RandomizedSearchCV takes anything that has rvs."
            )
        try:
            quantiles = np.array(distribution.ppf([_TAIL, 0.5, 1.0 - _TAIL]), dtype=float)
        except TypeError:  # a family that waits for its shape parameters
            raise SpaceTypeError(
                f"{label} needs a frozen distribution; got {shown(distribution)}. "
                "Give its parameters first, for example scipy.stats.gamma(2.0)."
            ) from None
        is_discrete = hasattr(distribution, "pmf")
        if not np.isfinite(quantiles).all() or (quantiles[0] == quantiles[2] and not is_discrete):
            raise SpaceValueError(
                f"{label} needs a proper distribution; got {describe_frozen(distribution)}, whose "
                f"quantiles are {quantiles.tolist()}. Correct its parameters."
            )
        if is_discrete:
            return _integers(label, distribution) or _table(label, distribution)
        return _flat(label, distribution) or ContinuousMap(label, distribution)


class ContinuousMap(UnitMap):
    """Map of a continuous distribution without its outermost tails."""

    def __init__(self, label: str, distribution: Any) -> None:
        self.label = label
        self._distribution = distribution
        self.low, self.high = (float(x) for x in distribution.ppf([_TAIL, 1.0 - _TAIL]))

    def encode(self, value: Any) -> float:
        x = native(value)
        if not is_number(x):
            raise SpaceTypeError(f"{self.label} takes numbers; got {shown(value)}. Give one.")
        u = float(self._distribution.cdf(float(x)))
        # cdf and ppf of an end need not be inverse to the last bit.
        if not _TAIL - _RESOLUTION <= u <= 1.0 - _TAIL + _RESOLUTION:
            raise SpaceValueError(
                f"{self.label} takes values between the quantiles {self.low:.6g} and "
                f"{self.high:.6g}; got {shown(value)}. Give a value inside, or a wider distribution."
            )
        return min(max(u, _TAIL), 1.0 - _TAIL)

    def decode(self, u: float) -> float:
        u = min(max(u, _TAIL), 1.0 - _TAIL)
        below, x, above = self._distribution.ppf([u - _RESOLUTION, u, u + _RESOLUTION]).tolist()
        return min(max(rounded(x, above - below), self.low), self.high)

    def snap(self, u: Floats) -> Floats:
        return np.clip(u, _TAIL, 1.0 - _TAIL)

    @property
    def is_flat(self) -> bool:
        return not has_density(self._distribution)

    def log_weight(self, u: Floats) -> tuple[Floats, Floats]:
        return super().log_weight(u) if self._table is None else self._table(u)

    @cached_property
    def _table(self) -> LogDensityTable | None:
        # When first asked for: the quantiles of a family defined by its density alone take seconds.
        return of_continuous(self._distribution, _TAIL)

    def describe(self) -> str:
        return f"float from {describe_frozen(self._distribution)}"


class TableMap(DiscreteMap):
    """Map of a discrete distribution by a table of its values."""

    def __init__(self, label: str, distribution: Any, values: Floats) -> None:
        mass = np.asarray(distribution.pmf(values), dtype=float)
        self.label = label
        self._values = values[mass > _MIN_MASS]
        self.n_values = len(self._values)
        self._cumulative = np.asarray(distribution.cdf(self._values), dtype=float)
        self._centres = self._cumulative - 0.5 * mass[mass > _MIN_MASS]
        self._table = LogDensityTable(self._centres, np.log(mass[mass > _MIN_MASS]))
        self._name = describe_frozen(distribution)

    def index(self, u: Floats) -> Ints:
        found = np.searchsorted(self._cumulative, u, side="left")
        return np.minimum(found, self.n_values - 1)

    def index_at(self, u: float) -> int:
        return min(int(self._cumulative.searchsorted(u, side="left")), self.n_values - 1)

    def centre(self, index: Any) -> Any:
        return self._centres[index]

    def value(self, index: int) -> Any:
        value = float(self._values[index])
        return int(value) if value.is_integer() else value

    def position(self, value: Any) -> int:
        x = native(value)
        if not is_number(x):
            raise SpaceTypeError(f"{self.label} takes numbers; got {shown(value)}. Give one.")
        i = min(int(np.searchsorted(self._values, x)), self.n_values - 1)
        if self._values[i] != x:
            raise SpaceValueError(
                f"{self.label} takes the values of {self._name} between {self.value(0)} and "
                f"{self.value(self.n_values - 1)}; got {shown(value)}. Give one of them, or a "
                "wider distribution."
            )
        return i

    @property
    def is_flat(self) -> bool:
        return False

    def log_weight(self, u: Floats) -> tuple[Floats, Floats]:
        return self._table(u)

    def describe(self) -> str:
        return f"discrete value from {self._name}"


def describe_frozen(distribution: Any) -> str:
    """Return a distribution as its user wrote it, as far as it says."""
    family = getattr(getattr(distribution, "dist", distribution), "name", None)
    if family is None:
        return shown(distribution)
    arguments = [f"{shown(native(a))}" for a in getattr(distribution, "args", ())]
    arguments += [f"{k}={shown(native(a))}" for k, a in getattr(distribution, "kwds", {}).items()]
    return f"{family}({', '.join(arguments)})" if arguments else f"{family}"


def _flat(label: str, distribution: Any) -> RealMap | None:
    """The map of a uniform or log-uniform distribution: exact at its ends, and faster."""
    # Twenty times as fast as scipy's quantiles (benchmarks/constants.py small).
    is_log = _FLAT.get(getattr(getattr(distribution, "dist", None), "name", ""))
    if is_log is None:
        return None
    low, high = (float(end) for end in distribution.support())
    if not low < high or (is_log and low <= 0.0):
        return None
    flat = RealMap(label, low, high, is_log=is_log)
    levels = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
    # A loguniform with a loc is shifted, and no longer uniform in the logarithm.
    same = np.allclose(distribution.ppf(levels), [flat.decode(u) for u in levels], rtol=1e-8)
    return flat if same else None


def _integers(label: str, distribution: Any) -> IntegerMap | None:
    """The map of a randint distribution of two values or more."""
    if getattr(getattr(distribution, "dist", None), "name", "") != "randint":
        return None
    low, high = (int(end) for end in distribution.support())
    return IntegerMap(label, low, high) if low < high else None


def _table(label: str, distribution: Any) -> TableMap:
    # A distribution given by its values (rv_discrete) names them; they need not be whole numbers.
    named = getattr(getattr(distribution, "dist", distribution), "xk", None)
    if named is not None and not getattr(distribution, "args", ()):
        loc = getattr(distribution, "kwds", {}).get("loc", 0)
        return TableMap(label, distribution, np.sort(np.asarray(named, dtype=float)) + loc)
    low, high = (math.floor(x) for x in distribution.ppf([_TAIL, 1.0 - _TAIL]))
    if high - low >= _MAX_VALUES:
        raise SpaceValueError(
            f"{label} has too many values to list; got {describe_frozen(distribution)} with values "
            f"from {low} to {high}. Use Integer({low}, {high}, prior='log-uniform') or a list."
        )
    return TableMap(label, distribution, np.arange(low, high + 1, dtype=float))
