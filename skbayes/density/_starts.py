"""Where searches begin: many shapes are tried, each with loc and scale at which the quartiles are those of the data."""

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ._chart import Chart
from ._family import Domain, Family
from ._observations import Observations

__all__ = ["shape_grid", "starts"]

Array = NDArray[np.float64]

# Values tried of a shape that is positive, of one on the whole line, and parts of a bounded interval. Shapes of
# scipy's families are of order one; the search goes on in their logarithms from there.
_POSITIVE = (1.0, 3.0, 0.4, 10.0, 0.1, 30.0, 0.03)
_LINE = (0.0, 1.0, -1.0, 0.3, -0.3, 3.0, -3.0)
_PARTS = (0.5, 0.25, 0.75, 0.1, 0.9, 0.02, 0.98)
# At most about so many combinations: two shapes with seven values each, three with four, four with three.
_COMBINATIONS = 81
# Scales tried where quantiles would be slow, in spreads of the data.
_SCALES = (1.0, 3.0, 0.3)
_QUARTILES = np.array([0.25, 0.5, 0.75])


def shape_grid(family: Family, fixed: Mapping[str, float]) -> Array:
    """Return rows of parameters with shapes over their domains, fixed ones as given, loc 0 and scale 1."""
    names = family.names[: family.n_shapes]
    n_free = sum(name not in fixed for name in names)
    most = 7 if n_free <= 1 else max(2, int(_COMBINATIONS ** (1.0 / n_free)))
    values = [
        (fixed[name],) if name in fixed else _values(family.domains[name])[: min(most, 7)]
        for name in names
    ]
    combinations = list(itertools.product(*values))
    rows = np.array(combinations, dtype=float).reshape(len(combinations), len(names))
    rest = np.zeros((rows.shape[0], len(family.names) - len(names)))
    if not family.is_discrete:
        rest[:, 1] = 1.0
    return np.hstack([rows, rest])


def _values(domain: Domain) -> tuple[float, ...]:
    lower, upper = domain.lower, domain.upper
    if np.isfinite(lower) and np.isfinite(upper):
        return tuple(lower + part * (upper - lower) for part in _PARTS)
    if np.isfinite(lower):
        return tuple(lower + value for value in _POSITIVE)
    if np.isfinite(upper):
        return tuple(upper - value for value in _POSITIVE)
    return _LINE


def starts(chart: Chart, observed: Observations, grid: Array, given: Mapping[str, float]) -> Array:
    """Return coordinates to begin at, (k, size), for each row of the grid that is possible.

    Parameters that are `given` are what the user would begin with.
    """
    x, weight = observed.stand_in()
    grid = grid[~np.isnan(chart.family.ends(grid)[0])]
    if chart.family.is_discrete:
        theta = grid.copy()
        theta[:, -1] = chart.fixed["loc"]
        theta = np.vstack([theta, _scaled_means(chart, theta, x, weight)])
    elif chart.family.has_quantiles:
        theta = _matched(chart, grid, _quartiles(x, weight))
    else:
        theta = _spread(chart, grid)
    for name in chart.positive & set(chart.free):
        column = theta[:, chart.family.names.index(name)]
        column[column <= 0.0] = 0.1 * chart.unit
    for name, value in given.items():
        theta[:, chart.family.names.index(name)] = value
    return _inside(chart, theta)


def _inside(chart: Chart, theta: Array) -> Array:
    # A start must leave room: a hundredth of the spread between the data and an end of the support.
    z = chart.coordinates(theta, least_gap=0.01)
    return np.unique(z[np.isfinite(z).all(axis=1)], axis=0)


def _quartiles(x: Array, weight: Array) -> Array:
    order = np.argsort(x, kind="stable")
    below = np.cumsum(weight[order])
    at = np.searchsorted(below, below[-1] * _QUARTILES)
    return x[order][np.minimum(at, x.size - 1)]


def _matched(chart: Chart, grid: Array, data: Array) -> Array:
    """Return the rows with loc and scale at which the quartiles, or those that can, are those of the data."""
    theta = grid.copy()
    own = chart.family.quantiles(_QUARTILES, grid)
    width = max(data[2] - data[0], 0.1 * chart.unit)
    with np.errstate(all="ignore"):
        scale = width / (own[:, 2] - own[:, 0])
        if "loc" in chart.fixed:
            # Of a family that begins at loc the median says more than the distance of the quartiles.
            by_median = (data[1] - chart.fixed["loc"]) / own[:, 1]
            scale = np.where(by_median > 0.0, by_median, scale)
        scale = np.where(np.isfinite(scale) & (scale > 0.0), scale, chart.unit)
        theta[:, -1] = chart.fixed.get("scale", scale)
        middle = np.where(np.isfinite(own[:, 1]), own[:, 1], 0.0)
        theta[:, -2] = chart.fixed.get("loc", data[1] - theta[:, -1] * middle)
    return theta


def _spread(chart: Chart, grid: Array) -> Array:
    """Return the rows with scales of the order of the spread of the data, and loc in its middle or near its ends."""
    rows = []
    for factor in _SCALES:
        theta = grid.copy()
        theta[:, -1] = chart.fixed.get("scale", factor * chart.unit)
        a, b = chart.family.ends(grid)
        # A support between two ends is about the data; one with an end begins, or ends, a spread away.
        ends = np.isfinite(a) & np.isfinite(b)
        middle = 0.5 * (np.where(ends, a, 0.0) + np.where(ends, b, 0.0)) * theta[:, -1]
        theta[:, -2] = chart.fixed.get("loc", chart.centre - middle)
        rows.append(theta)
    return np.vstack(rows)


def _scaled_means(chart: Chart, theta: Array, x: Array, weight: Array) -> Array:
    """Return the rows with each positive shape set to the mean of the data: counts can be of any size."""
    mean = float(np.dot(weight, x) / weight.sum()) - chart.fixed["loc"]
    family, rows = chart.family, [theta[:0]]
    for column, name in enumerate(family.names[: family.n_shapes]):
        domain = family.domains[name]
        if name in chart.fixed or not (
            np.isinf(domain.upper) and domain.lower >= 0.0 and mean > 0.0
        ):
            continue
        for factor in (1.0, 1.0 / mean):
            moved = theta.copy()
            moved[:, column] = domain.lower + mean * factor**2
            rows.append(moved)
    return np.vstack(rows)
