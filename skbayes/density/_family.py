"""A family of distributions as scipy.stats has it: its parameters, what values these may have, log densities.

Notation: θ the parameters in scipy's order, shapes, then loc and, of a continuous family, scale. Functions take many θ
at once, as the rows of an array (k, n_parameters), and return a row for each.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["Domain", "Family", "family_of"]

Array = NDArray[np.float64]

# An array of this many doubles, 16 MB, is evaluated at once: more would only leave the cache.
_AT_ONCE = 2_000_000
# Shapes of discrete families: probabilities, exponents, and numbers of trials of which some exceed others.
_PROBES = (0.5, 1.0, 2.0, 5.0, 20.0)


@dataclass(frozen=True)
class Domain:
    """What values a parameter may have: lower to upper, with the ends if they are inside, whole numbers or all."""

    lower: float
    upper: float
    has_lower: bool
    has_upper: bool
    is_integer: bool

    def __contains__(self, value: float) -> bool:
        below = value > self.lower or (self.has_lower and value == self.lower)
        above = value < self.upper or (self.has_upper and value == self.upper)
        whole = not self.is_integer or value == math.floor(value)
        return below and above and whole and math.isfinite(value)

    def __str__(self) -> str:
        left, right = "[" if self.has_lower else "(", "]" if self.has_upper else ")"
        kind = "a whole number" if self.is_integer else "a number"
        return f"{kind} in {left}{self.lower:g}, {self.upper:g}{right}"


@dataclass(frozen=True)
class Family:
    """A distribution of scipy.stats and its parameters.

    Parameters
    ----------
    dist : rv_continuous or rv_discrete
        The distribution of scipy.
    name : str
        For messages.
    domains : dict of str to Domain
        In the order of the parameters.
    """

    dist: Any
    name: str
    domains: dict[str, Domain]
    _road: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_discrete(self) -> bool:
        """Whether it is a distribution of whole numbers."""
        return isinstance(self.dist, stats.rv_discrete)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, shapes first."""
        return tuple(self.domains)

    @property
    def n_shapes(self) -> int:
        """How many parameters come before loc."""
        return len(self.domains) - (1 if self.is_discrete else 2)

    def shapes_of(self, theta: Array) -> list[Array]:
        """Return the columns of shapes, each (k,)."""
        return list(theta.T[: self.n_shapes])

    def ends(self, theta: Array) -> tuple[Array, Array]:
        """Return the ends of the support at loc 0 and scale 1 for each row, NaN where the shapes are impossible."""
        shapes = self.shapes_of(theta)
        with np.errstate(all="ignore"):
            lower, upper = self.dist.support(*shapes)
        size = theta.shape[:1]
        return (
            np.broadcast_to(np.asarray(lower, dtype=float), size),
            np.broadcast_to(np.asarray(upper, dtype=float), size),
        )

    def quantiles(self, q: Array, theta: Array) -> Array:
        """Return the quantiles at loc 0 and scale 1, (k, n_quantiles), NaN where there are none."""
        shapes = [column[:, None] for column in self.shapes_of(theta)]
        with np.errstate(all="ignore"):
            found = np.asarray(self.dist.ppf(q, *shapes), dtype=float)
        return np.broadcast_to(found, (theta.shape[0], q.size))

    @property
    def has_quantiles(self) -> bool:
        """Whether quantiles are a formula, and not a root sought for each, of an integral perhaps."""
        # Private in scipy: what a distribution overrides is the only sign of it.
        general = stats.rv_discrete if self.is_discrete else stats.rv_continuous
        return type(self.dist)._ppf is not general._ppf

    def log_density(self, x: Array, theta: Array) -> Array:
        """Return log p(x) for each row of parameters, (k, n); minus infinity outside the support."""
        logarithm = self.dist.logpmf if self.is_discrete else self.dist.logpdf
        return self._rowwise(lambda columns: logarithm(x, *columns), x.size, theta)

    def quick_log_density(self, x: Array, theta: Array) -> Array:
        """Return the same, mostly in a fraction of the time; x are whole numbers if the family is of these.

        scipy writes out each shape for each x before it evaluates a density, and takes as many gamma functions as there
        are points where one will do. What its distributions define, `_logpdf`, needs that only in a few of them: it is
        called as it is, if the first answer agrees with the long way.
        """
        step = max(1, _AT_ONCE // max(x.size, 1))
        blocks = [self._quick_block(x, theta[i : i + step]) for i in range(0, theta.shape[0], step)]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _quick_block(self, x: Array, theta: Array) -> Array:
        if self._road.get("is_quick", True):
            try:
                found = self._defined_log_density(x, theta)
            except Exception:  # whatever a function does that was not made for such arrays
                self._road["is_quick"] = False
            else:
                if found is not None and self._is_trusted(found, x, theta):
                    return found
        return self.log_density(x, theta)

    def _is_trusted(self, found: Array, x: Array, theta: Array) -> bool:
        if "is_quick" not in self._road:
            # Rounding of shapes taken apart differs in the last digits.
            close = np.allclose(found, self.log_density(x, theta), rtol=1e-9, atol=1e-9)
            self._road["is_quick"] = bool(close)
        return self._road["is_quick"]

    def _defined_log_density(self, x: Array, theta: Array) -> Array | None:
        """Return what the distribution defines, where all x and parameters are possible; None elsewhere."""
        k, n = theta.shape[0], x.size
        if n == 0:
            return None
        loc = theta[:, self.n_shapes, None]
        scale = 1.0 if self.is_discrete else theta[:, -1, None]
        a, b = (end[:, None] for end in self.ends(theta))
        with np.errstate(all="ignore"):
            y = (x - loc) / scale
            if not (np.all((y >= a) & (y <= b)) and np.all(np.greater(scale, 0.0))):
                return None
            shapes = [column[:, None] for column in self.shapes_of(theta)]
            defined = self.dist._logpmf if self.is_discrete else self.dist._logpdf
            found = defined(y, *shapes) - np.log(scale)
        return None if np.isnan(found).any() or found.shape != (k, n) else found

    def log_mass(self, lower: Array, upper: Array, theta: Array) -> Array:
        """Return log P(lower ≤ x ≤ upper) for each row of parameters, (k, n)."""
        # Of a discrete distribution the lower end counts.
        below = np.ceil(lower) - 1.0 if self.is_discrete else lower

        def logarithm(columns: list[Array]) -> Array:
            return _log_between(self.dist, below, upper, columns)

        return self._rowwise(logarithm, lower.size, theta)

    def _rowwise(self, function: Any, n: int, theta: Array) -> Array:
        k = theta.shape[0]
        if n == 0:
            return np.zeros((k, 0))
        step = max(1, _AT_ONCE // n)
        # scipy warns of logarithms of zero and of overflow: both are a density of zero, and are used as one.
        with np.errstate(all="ignore"):
            blocks = [
                np.broadcast_to(_evaluated(function, theta[i : i + step]), (min(step, k - i), n))
                for i in range(0, k, step)
            ]
        found = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        return np.where(np.isnan(found), -np.inf, found)

    def frozen(self, params: Mapping[str, float]) -> Any:
        """Return scipy's distribution with these parameters."""
        return self.dist(**params)


def _evaluated(function: Any, theta: Array) -> Array:
    """Return the function of the columns of theta; NaN for rows at which it overflows with an error."""
    try:
        found: Array = function([column[:, None] for column in theta.T])
    except OverflowError:  # of Boost, in the noncentral t distribution: one row fails all
        if theta.shape[0] == 1:
            return np.full((1, 1), np.nan)
        rows = [_evaluated(function, row) for row in theta[:, None, :]]
        return np.concatenate(np.broadcast_arrays(*rows) if len(rows) > 1 else rows)
    return found


def _log_between(dist: Any, lower: Array, upper: Array, columns: list[Array]) -> Array:
    """Return log(F(upper) − F(lower)), from whichever tail keeps the digits."""
    is_right = np.isposinf(upper)
    log_upper = np.where(is_right, 0.0, dist.logcdf(upper, *columns))
    log_lower = np.where(np.isneginf(lower), -np.inf, dist.logcdf(lower, *columns))
    left = _log_difference(log_upper, log_lower)
    survives = np.where(np.isneginf(lower), 0.0, dist.logsf(lower, *columns))
    right = _log_difference(survives, np.where(is_right, -np.inf, dist.logsf(upper, *columns)))
    # Above the median 1 − F is the small number that differences keep.
    return np.where(log_lower > math.log(0.5), right, left)


def _log_difference(a: Array, b: Array) -> Array:
    """Return log(exp a − exp b), a ≥ b."""
    smaller = np.where(np.isneginf(b), -np.inf, b - a)
    return np.where(np.isneginf(a), -np.inf, a + np.log(-np.expm1(np.minimum(smaller, 0.0))))


def family_of(distribution: Any) -> Family:
    """Return the family that the user means.

    Raises
    ------
    ValueError
        If no distribution of scipy.stats has this name.
    TypeError
        If it is neither a name nor a distribution.
    """
    dist: Any = distribution
    if isinstance(distribution, str):
        dist = getattr(stats, distribution, None)
    if hasattr(dist, "dist") and hasattr(dist, "kwds"):
        raise TypeError(
            f"distribution is frozen, all its parameters are given; got {dist.dist.name} with"
            f" {dist.args or dist.kwds}. Give the family, distribution={dist.dist.name!r}, and what is known as"
            f" fixed={{...}}."
        )
    if not isinstance(dist, stats.rv_continuous | stats.rv_discrete):
        if isinstance(distribution, str):
            raise ValueError(
                f"distribution={distribution!r} is no univariate distribution of scipy.stats. Choose one of its"
                f" names, such as 'norm', 'gamma' or 'poisson', or give an object."
            )
        raise TypeError(
            f"distribution must be a name or a distribution of scipy.stats; got {type(distribution).__name__}. Use"
            f" for example 'gamma' or scipy.stats.gamma."
        )
    whole = isinstance(dist, stats.rv_discrete)
    domains = _shape_domains(dist)
    domains["loc"] = Domain(-math.inf, math.inf, False, False, is_integer=whole)
    if not whole:
        domains["scale"] = Domain(0.0, math.inf, False, False, is_integer=False)
    return Family(dist, dist.name or type(dist).__name__, domains)


def _shape_domains(dist: Any) -> dict[str, Domain]:
    shapes = [name.strip() for name in (dist.shapes or "").split(",") if name.strip()]
    # Private in scipy, and the one place that says which values a shape may have; `stats.fit` reads it too. A
    # distribution of the user's own need not have it.
    try:
        known = {info.name: info for info in dist._shape_info()}
    except (AttributeError, NotImplementedError):
        known = {}
    domains = {}
    for name in shapes:
        if name in known:
            domain = _domain_of(known[name].domain, bool(known[name].integrality))
            if domain.is_integer and _takes_halves(dist, shapes.index(name), len(shapes)):
                domain = replace(domain, is_integer=False)
            domains[name] = domain
        else:
            domains[name] = _guessed_domain(dist, shapes.index(name), len(shapes))
    return domains


def _domain_of(domain: Sequence[float], is_integer: bool) -> Domain:
    """Return the domain; scipy writes an end that is outside as the next number inside."""
    lower, upper = map(float, domain)
    # Twelve digits leave a bound such as 0 or 1 and drop what makes it exclusive.
    low, high = float(f"{lower:.12g}"), float(f"{upper:.12g}")
    low = 0.0 if abs(low) < np.finfo(float).tiny else low
    return Domain(
        low,
        high,
        has_lower=bool(low == lower and math.isfinite(low)),
        has_upper=bool(high == upper and math.isfinite(high)),
        is_integer=is_integer,
    )


def _takes_halves(dist: Any, index: int, n_shapes: int) -> bool:
    """Return whether a discrete family takes other numbers where scipy's list of its shapes says whole ones.

    The n of the negative binomial is the usual measure of its overdispersion.
    """
    if not isinstance(dist, stats.rv_discrete):
        return False  # Erlang takes them with a warning, and is the gamma distribution then
    rows = np.array(list(itertools.product(_PROBES, repeat=n_shapes)))
    possible = ~np.isnan(dist.support(*rows.T)[0])
    rows[:, index] += 0.5
    still = ~np.isnan(dist.support(*rows.T)[0])
    return bool((possible & still).any())


def _guessed_domain(dist: Any, index: int, n_shapes: int) -> Domain:
    """Return all numbers, or the positive ones if -1 is impossible where 1 is not."""
    ones = [1.0] * n_shapes
    minus = [-1.0 if i == index else 1.0 for i in range(n_shapes)]
    try:
        takes = [not np.any(np.isnan(dist.support(*shapes))) for shapes in (minus, ones)]
    except Exception as error:
        raise TypeError(
            f"{dist.name} has parameters that are not single numbers; got distribution={dist.name!r}. Use another"
            f" family."
        ) from error
    lower = 0.0 if takes == [False, True] else -math.inf
    return Domain(lower, math.inf, has_lower=False, has_upper=False, is_integer=False)
