"""The highest point of an evidence surface: a scan over one factor of all prior scales, then a climb in all unknowns.

Notation: as in `_evidence_surface`. A group's signal is the trace of S_g Xᵀ D X S_g at the model without features, S
the prior scales at factor 1: τ² times it says how many variances of an estimate by the data alone the prior holds.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ._evidence_surface import EvidenceSurface, Point
from ._preconditioner import gram_diagonal

__all__ = ["Summit", "highest_evidence"]

Array = NDArray[Any]

# Factors are looked for where τ² times the signal is between these: below, the prior leaves a coefficient a millionth
# of its standard error and the evidence is that of the model without it; above (per observation), its linear
# predictors reach 1e8 times their natural unit, and nothing but a likelihood without a maximum asks for more.
_SMALLEST, _LARGEST = 1e-12, 1e16
# A group that ends below this does nothing, and is put to the lower end.
_IDLE = 1e-4
# The scan begins where a factor begins to matter, by tenfold variances: each maximum is wider than that.
_FIRST, _STRIDE = 1e-2, 0.5 * np.log(10.0)
# It ends after so many falls in a row, by this many nats in all.
_FALLS, _DEPTH = 3, 10.0
# One of many groups may have this many e-folds more than the best common factor: one relevant feature among p has √p
# times as much, and where a group separates the classes there is no end.
_FARTHEST = np.log(1e3)
# A likelihood's parameter is looked for within this factor of where a fit without features leaves it, either way.
_WIDEST = 1e6
# The climb ends at a slope below this, in nats for an e-fold, far below what an observation says; it has settled
# below the second.
_FLAT, _SETTLED = 1e-6, 1e-2
_MAX_CLIMB = 500
# This near an end of its range a scale is at it, but for rounding.
_AT_END = 1e-9
# What a point without an evidence is put below the best one, in nats.
_TOO_FAR = 1e3


@dataclass(frozen=True)
class Summit:
    """Where the climb ended.

    Attributes
    ----------
    point : Point
        ϑ, the evidence and the mode.
    converged : bool
        Whether it is a maximum.
    message : str
        If not: what it is.
    n_iter : int
        Points at which the evidence was computed.
    """

    point: Point
    converged: bool
    message: str
    n_iter: int


def highest_evidence(surface: EvidenceSurface) -> Summit:
    """Return the highest evidence found by climbs from the best common factor and from equal shares."""
    limits = _range(surface)
    G = surface.setting.n_groups
    scanned = _scan(surface, limits.first, float(np.max(limits.high[:G])))
    n_points = len(scanned)
    points = [point for point in scanned if np.isfinite(point.value)]
    if not points:
        return Summit(scanned[0], False, "the curvature is singular for every scale", n_points)
    best = max(points, key=lambda point: point.value)
    if best is points[-1] and _slope(best, G) > _SETTLED:
        best = _last_credible(points, G)
        limits = limits.below(best.theta[:G])
    elif G > 1:
        limits = limits.below(np.maximum(best.theta, limits.shared)[:G] + _FARTHEST)
    tops = [_climb(surface, best, limits)]
    if G > 1 and best.n_determined < 1.0 + _n_flat(surface, best):
        # Of groups most of which are noise no common factor may be worth having, and no climb leaves that place.
        other = surface.at(limits.shared)
        tops.append(_climb(surface, other, limits))
    n_points += sum(n for _, n in tops)
    top = max((point for point, _ in tops), key=lambda point: point.value)
    return _summit(surface, top, limits, n_points)


def _slope(point: Point, G: int) -> float:
    """Return dL/dlog τ of a factor that all groups share."""
    return float(point.gradient[:G].sum())


def _last_credible(points: list[Point], G: int) -> Point:
    """Return where an evidence that rises without end rises least.

    Where a plane separates the classes, what p(y) can still gain by wider priors falls to nothing. The slope of
    Laplace's approximation falls as well at first, and rises again where the posterior has lost the shape of a normal
    one: from there on it rises by its own error.
    """
    slopes = np.array([_slope(point, G) for point in points])
    steepest = int(np.argmax(slopes))
    return points[steepest + int(np.argmin(slopes[steepest:]))]


def _n_flat(surface: EvidenceSurface, point: Point) -> float:
    has_prior = np.isfinite(surface.setting.scale)
    n_classes = surface.objective(point.theta).layout.n_classes or 1
    return float(point.w.size - n_classes * np.count_nonzero(has_prior))


def _climb(surface: EvidenceSurface, start: Point, limits: "_Limits") -> tuple[Point, int]:
    """Return the highest point of a climb in all unknowns, and how many it visited."""
    low, high, width = limits.low, limits.high, limits.width
    visited = [start]
    # The first step of the climb goes as far as the gradient is long: in this unit, one e-fold.
    unit = max(float(np.linalg.norm(start.gradient * width)), 1.0)

    def cost(x: Array) -> tuple[float, Array]:
        point = surface.at(x * width)
        if not np.isfinite(point.value):  # a step too far
            return (_TOO_FAR - start.value) / unit, np.zeros(x.size)
        visited.append(point)
        return -point.value / unit, -point.gradient * width / unit

    minimize(
        cost,
        np.clip(start.theta, low, high) / width,
        jac=True,
        method="L-BFGS-B",
        bounds=np.column_stack([low / width, high / width]),
        options={
            "maxiter": _MAX_CLIMB,
            "maxfun": 2 * _MAX_CLIMB,
            "gtol": _FLAT / unit,
            "ftol": 1e-14,
        },
    )
    return max(visited, key=lambda point: point.value), len(visited)


def _summit(surface: EvidenceSurface, top: Point, limits: "_Limits", n_iter: int) -> Summit:
    low, high = limits.low, limits.high
    is_at_top = (top.theta > high - _AT_END) & (top.gradient > 0.0)
    inside = (top.theta > low + _AT_END) & (top.theta < high - _AT_END)
    slope = float(np.abs(top.gradient[inside]).max(initial=0.0))
    if is_at_top[: surface.setting.n_groups].any():
        message = (
            "the evidence rises with the prior scale without end, as it does where a plane separates the classes; "
            "taken is the scale from which on it rises by the error of Laplace's approximation, or the largest that "
            "was tried. With a prior scale of your own and tune=None there is nothing to find"
        )
        return Summit(top, False, message, n_iter)
    message = f"the slope of the evidence is {slope:.1e} nats for an e-fold of a scale, the tolerance {_SETTLED:g}"
    return Summit(_without(surface, top, low), slope <= _SETTLED, message, n_iter)


def _without(surface: EvidenceSurface, top: Point, low: Array) -> Point:
    """Return the point with the factors that do nothing at their lower ends."""
    G = surface.setting.n_groups
    theta = top.theta.copy()
    idle = theta[:G] < low[:G] + 0.5 * np.log(_IDLE / _SMALLEST)
    if not idle.any():
        return top
    theta[:G][idle] = low[:G][idle]
    point = surface.at(theta)
    return point if point.value > top.value - _SETTLED else top


@dataclass(frozen=True)
class _Limits:
    """Bounds `low` and `high` of ϑ, where the scan begins (`first`), equal shares of all groups (`shared`), and the
    unit of each coordinate in which the evidence bends as much as along the others (`width`).
    """

    low: Array
    high: Array
    first: Array
    shared: Array
    width: Array

    def below(self, factors: Array) -> "_Limits":
        """Return the same with the factors no higher than these."""
        high = self.high.copy()
        high[: factors.size] = np.minimum(high[: factors.size], factors)
        return replace(self, high=high)


def _range(surface: EvidenceSurface) -> _Limits:
    known = surface.setting
    G = known.n_groups
    theta = np.full(G, np.log(1e-8))
    if surface.unknown is not None:
        start = known.likelihood.start(known.y, known.weight)
        theta = np.append(theta, np.log(getattr(start, surface.unknown)))
    signal = _signals(surface, theta)
    n = surface.objective(theta).total_weight
    informed = np.where(signal > 0.0, signal, 1.0)
    low, high = 0.5 * np.log(_SMALLEST / informed), 0.5 * np.log(_LARGEST * n / informed)
    first = np.full(G, 0.5 * np.log(_FIRST / (signal.sum() or 1.0)))
    sizes = np.bincount(known.codes[np.isfinite(known.scale)], minlength=G)
    # Linear predictors that vary by one unit, all together.
    shared = 0.5 * np.log(np.maximum(n * sizes / max(sizes.sum(), 1), 1.0) / informed)
    if surface.unknown is None:
        return _Limits(low, high, first, shared, np.ones(G))
    phi, widest = theta[-1], np.log(_WIDEST)
    return _Limits(
        np.append(low, phi - widest),
        np.append(high, phi + widest),
        np.append(first, phi),
        np.append(shared, phi),
        np.append(np.ones(G), n**-0.5),
    )


def _signals(surface: EvidenceSurface, theta: Array) -> Array:
    """Return the signal of each group, (G,)."""
    known = surface.setting
    objective = surface.objective(theta)
    data = objective.data
    d = data.diagonal_curvature(objective.start())
    d = d if d.ndim == 1 else d.mean(axis=1)
    squares = gram_diagonal(data, d)[: known.scale.size]
    if known.fit_intercept:
        squares = squares - np.square(known.design.rmatvec(d)) / d.sum()
    has_prior = np.isfinite(known.scale)
    each = np.maximum(squares[has_prior], 0.0) * np.square(known.scale[has_prior])
    return np.bincount(known.codes[has_prior], each, minlength=known.n_groups)


def _scan(surface: EvidenceSurface, theta: Array, high: float) -> list[Point]:
    """Return points of common factors, each with the parameter of the likelihood that the fit before suggests."""
    known = surface.setting
    G = known.n_groups
    points: list[Point] = []
    best, n_falls = -np.inf, 0
    while True:
        point = surface.at(theta)
        points.append(point)
        n_falls = 0 if point.value > best else n_falls + 1
        best = max(best, point.value)
        is_deep = n_falls >= _FALLS and point.value < best - _DEPTH
        theta = theta.copy()
        theta[:G] += _STRIDE
        if is_deep or theta[0] > high:
            return points
        if surface.unknown is not None:
            eta = surface.objective(point.theta).linear_predictor(point.w)
            updated = known.likelihood.update(known.y, eta, known.weight, point.n_determined)
            theta[-1] = np.log(getattr(updated, surface.unknown))
