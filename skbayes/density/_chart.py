"""Unconstrained coordinates of the free parameters.

Notation: θ parameters, z coordinates. A shape of the domain (l, ∞) is θ = l + exp z, one of (l, u) is a logistic
function of z, one of the whole line is z itself. loc and scale of a family whose support ends depend on the data: where
the support is [loc + scale·a, loc + scale·b], the coordinates are the logarithms of the gaps between its finite ends
and the least and the largest value, in units of the spread of the data. So every z gives parameters under which all
data are possible, an estimate at which the support ends exactly at a value is z = −∞, and walking there never leaves
the support. Coordinates are only the way to walk: a density is that of θ, without a Jacobian.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._family import Family
from ._observations import Observations

__all__ = ["FAR", "Chart", "chart_of"]

Array = NDArray[np.float64]

# A logarithm this far out: e^14 is a million spreads, or a millionth. Whoever goes there does not come back.
FAR = 14.0
# A coordinate that is no logarithm is far after so many spreads.
_FAR_LINE = 1e4
# A gap is a difference of two numbers near a value: below ten million units in the last place of this, six digits of
# it are missing, which derivatives need. A gap to zero has them all, down to e^-60.
_LAST_PLACES, _LEAST_GAP = 1e7, -60.0
# Data so far from zero that the gap has no digits anywhere: a few per cent of the spread must do.
_LARGEST_MARK = -4.0
# Subtraction and division err by half a unit each.
_LAST_MOVES = 8


@dataclass(frozen=True)
class Chart:
    """Coordinates of the free parameters of a family, for one column of data.

    Parameters
    ----------
    family : Family
        The family.
    fixed : dict of str to float
        Values of the parameters that are not free.
    free : tuple of str
        Names of those that are, in order; coordinate j is that of ``free[j]``.
    least, largest : float
        Smallest and largest value seen; infinity and minus infinity without any.
    centre, unit : float
        Middle and spread of the data.
    lower_end, upper_end : bool
        Whether the support ends below, above, whatever the shapes.
    scale_end : str
        "lower" or "upper": which end of the support moves with scale when loc is fixed; empty if none does.
    positive : frozenset of str
        Free parameters of which only positive values have a prior density.
    """

    family: Family
    fixed: Mapping[str, float]
    free: tuple[str, ...]
    least: float
    largest: float
    centre: float
    unit: float
    lower_end: bool
    upper_end: bool
    scale_end: str
    positive: frozenset[str]

    @property
    def size(self) -> int:
        """How many coordinates there are."""
        return len(self.free)

    @property
    def edges(self) -> dict[str, str]:
        """Coordinates that are gaps between an end of the support and the data: name to "lower" or "upper"."""
        edges = {}
        if {"loc", "scale"} <= set(self.free) and self.lower_end and self.upper_end:
            edges = {"loc": "lower", "scale": "upper"}
        elif "loc" in self.free and self.lower_end != self.upper_end:
            edges = {"loc": "lower" if self.lower_end else "upper"}
        elif "loc" in self.fixed and "scale" in self.free and self.scale_end:
            edges = {"scale": self.scale_end}
        if self.family.is_discrete:
            return {}
        return {name: end for name, end in edges.items() if name not in self.positive}

    def theta(self, z: Array, at_edge: frozenset[str] = frozenset()) -> Array:
        """Return the parameters for each row of coordinates, (k, n_parameters); at an edge the gap is zero."""
        z = np.atleast_2d(z)
        theta = np.empty((z.shape[0], len(self.family.names)))
        edges = self.edges
        with np.errstate(over="ignore"):
            for column, name in enumerate(self.family.names):
                if name in self.fixed:
                    theta[:, column] = self.fixed[name]
                elif name not in edges:
                    theta[:, column] = self._forward(name, z[:, self.free.index(name)])
            if edges:
                self._set_edges(theta, z, at_edge)
        return theta

    def _set_edges(self, theta: Array, z: Array, at_edge: frozenset[str]) -> None:
        a, b = self.family.ends(theta)
        loc, scale = len(self.family.names) - 2, len(self.family.names) - 1
        gaps = {
            end: 0.0 if name in at_edge else self.unit * np.exp(z[:, self.free.index(name)])
            for name, end in self.edges.items()
        }
        if "loc" in self.fixed and "lower" in gaps:
            theta[:, scale] = self._most_scale(a) * np.exp(-gaps["lower"] / self.unit)
        elif "loc" in self.fixed:
            theta[:, scale] = (self.largest + gaps["upper"] - self.fixed["loc"]) / b
        elif len(gaps) == 2:
            low, high = self.least - gaps["lower"], self.largest + gaps["upper"]
            theta[:, scale] = (high - low) / (b - a)
            theta[:, loc] = _times(theta[:, scale], a, low)
        elif "lower" in gaps:
            theta[:, loc] = _times(theta[:, scale], a, self.least - gaps["lower"])
        else:
            theta[:, loc] = _times(theta[:, scale], b, self.largest + gaps["upper"])
        if at_edge:
            self._round_outwards(theta, a, b)

    def _most_scale(self, a: Array) -> Array:
        """Return the scale at which a support that begins at loc + scale·a, a > 0, begins at the least value."""
        most: Array = (self.least - self.fixed["loc"]) / a
        return most

    def _round_outwards(self, theta: Array, a: Array, b: Array) -> None:
        """Move an end that rounding put between two values by units in the last place, until all are inside."""
        edges = {end: self.family.names.index(name) for name, end in self.edges.items()}
        for _ in range(_LAST_MOVES):
            loc, scale = theta[:, -2], theta[:, -1]
            if "lower" in edges:
                column, outside = edges["lower"], (self.least - loc) / scale < a
                theta[outside, column] = np.nextafter(theta[outside, column], -np.inf)
            if "upper" in edges:
                column, outside = edges["upper"], (self.largest - loc) / scale > b
                theta[outside, column] = np.nextafter(theta[outside, column], np.inf)

    def coordinates(self, theta: Array, least_gap: float = 0.0) -> Array:
        """Return the coordinates of rows of parameters, (k, size); gaps smaller than `least_gap` units become so."""
        z = np.empty((theta.shape[0], self.size))
        edges = self.edges
        a, b = self.family.ends(theta) if edges else (np.zeros(0), np.zeros(0))
        loc = theta[:, self.family.names.index("loc")]
        scale = np.ones(theta.shape[0]) if self.family.is_discrete else theta[:, -1]
        with np.errstate(all="ignore"):
            for j, name in enumerate(self.free):
                if name in edges:
                    gap = self._gap(name, a, b, loc, scale)
                    z[:, j] = np.log(np.maximum(gap / self.unit, least_gap))
                else:
                    z[:, j] = self._backward(name, theta[:, self.family.names.index(name)])
        return z

    def _gap(self, name: str, a: Array, b: Array, loc: Array, scale: Array) -> Array:
        """Return the gap that a coordinate is the logarithm of."""
        if self.edges[name] == "upper":
            return loc + scale * b - self.largest
        if name == "scale":
            return self.unit * np.log(self._most_scale(a) / scale)
        return self.least - loc - scale * a

    def _interval(self, name: str) -> tuple[float, float]:
        domain = self.family.domains[name]
        lower = max(domain.lower, 0.0) if name in self.positive else domain.lower
        return lower, domain.upper

    def _forward(self, name: str, z: Array) -> Array:
        lower, upper = self._interval(name)
        unit = self.unit if name in ("loc", "scale") else 1.0
        if np.isfinite(lower) and np.isfinite(upper):
            # Each end to its own digits.
            return np.where(
                z < 0.0,
                lower + (upper - lower) / (1.0 + np.exp(-z)),
                upper - (upper - lower) / (1.0 + np.exp(z)),
            )
        if np.isfinite(lower):
            return lower + unit * np.exp(z)
        if np.isfinite(upper):
            return upper - unit * np.exp(-z)
        return self.centre + unit * z if name == "loc" else z

    def _backward(self, name: str, value: Array) -> Array:
        lower, upper = self._interval(name)
        unit = self.unit if name in ("loc", "scale") else 1.0
        if np.isfinite(lower) and np.isfinite(upper):
            return np.log((value - lower) / (upper - value))
        if np.isfinite(lower):
            return np.log((value - lower) / unit)
        if np.isfinite(upper):
            return -np.log((upper - value) / unit)
        return (value - self.centre) / unit if name == "loc" else value

    def marks(self, name: str) -> tuple[float, float]:
        """Return the coordinates beyond which there is no maximum."""
        if self.is_line(name):
            return -_FAR_LINE, _FAR_LINE
        if name not in self.edges:
            return -FAR, FAR
        value = abs(self.least if self.edges[name] == "lower" else self.largest)
        smallest = _LAST_PLACES * float(np.finfo(float).eps) * value / self.unit
        return min(_LARGEST_MARK, float(np.log(smallest + np.exp(_LEAST_GAP)))), FAR

    def is_line(self, name: str) -> bool:
        """Whether the coordinate is the parameter itself, moved and scaled, and not a logarithm."""
        lower, upper = self._interval(name)
        return name not in self.edges and not (np.isfinite(lower) or np.isfinite(upper))


def _times(scale: Array, end: Array, wanted: Array | float) -> Array:
    """Return the loc at which the end of the support is where it is wanted."""
    return np.where(end == 0.0, wanted, wanted - scale * end)


def chart_of(
    family: Family, fixed: Mapping[str, float], observed: Observations, some: Array, positive: Any
) -> Chart:
    """Return coordinates for these data; `some` are parameters that tell where supports of the family end."""
    x, weight = observed.stand_in()
    centre, unit = _middle_and_spread(x, weight)
    a, b = family.ends(some)
    possible = ~np.isnan(a)
    seen = bool(observed.x.size > 0 and possible.any())
    a, b = a[possible], b[possible]
    lower_end = seen and bool(np.isfinite(a).all())
    upper_end = seen and bool(np.isfinite(b).all())
    scale_end = "upper" if upper_end and (b > 0.0).all() else ""
    if not scale_end and lower_end and (a > 0.0).all():
        scale_end = "lower"
    return Chart(
        family=family,
        fixed=dict(fixed),
        free=tuple(name for name in family.names if name not in fixed),
        least=float(observed.x.min()) if seen else np.inf,
        largest=float(observed.x.max()) if seen else -np.inf,
        centre=centre,
        unit=unit,
        lower_end=lower_end,
        upper_end=upper_end,
        scale_end=scale_end,
        positive=frozenset(positive),
    )


def _middle_and_spread(x: Array, weight: Array) -> tuple[float, float]:
    """Return the median and half of the distance between the quartiles, or what else tells of the size of the data."""
    if x.size == 0:
        return 0.0, 1.0
    order = np.argsort(x, kind="stable")
    below = np.cumsum(weight[order])
    at = np.searchsorted(below, below[-1] * np.array([0.25, 0.5, 0.75]))
    first, middle, third = x[order][np.minimum(at, x.size - 1)]
    for spread in (0.5 * (third - first), float(np.ptp(x)), abs(middle)):
        if spread > 0.0:
            return float(middle), float(spread)
    return float(middle), 1.0
