"""Output transforms: from scores to latent scores in which a Gaussian process is at home, and back.

A transform is a rule (`OUTPUT_TRANSFORMS[name](y) -> map`) that looks at the scores and returns an
increasing map; the map has `forward`, `derivative` and `inverse`, and is linear beyond the scores
that it has seen. The latent scores have mean 0 and variance 1, except under None.

Notation: y scores, z latent scores, m the median of y.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

__all__ = ["OUTPUT_TRANSFORMS", "FittedOutput", "OutputMap", "fit_output"]

FloatArray = NDArray[np.float64]

# Below this many scores their values say less than their order (issue 3's table of measurements:
# ranks are best with 15 observations, the logarithm with 50).
_FEW = 25

# The trapezoidal rule: spectrally exact for smooth maps, and good at the kinks of these, where the
# nodes of Gauss and Hermite, few and far out, miss the mean by a fifth of a standard deviation.
_NODES = np.linspace(-6.0, 6.0, 121)
_WEIGHTS = np.exp(-0.5 * _NODES**2)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


class OutputMap(Protocol):
    """An increasing map of scores to latent scores."""

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores."""

    def derivative(self, y: FloatArray) -> FloatArray:
        """Return dz/dy."""

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores."""


@dataclass(frozen=True)
class Affine:
    """z = (y − center) / scale."""

    center: float
    scale: float

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores."""
        return (y - self.center) / self.scale

    def derivative(self, y: FloatArray) -> FloatArray:
        """Return dz/dy."""
        return np.full_like(y, 1.0 / self.scale)

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores."""
        return self.center + self.scale * z


@dataclass(frozen=True)
class Level:
    """All scores the same but for rounding: those within `width` of `center` are 0."""

    center: float
    width: float

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores."""
        distance = y - self.center
        return np.where(np.abs(distance) <= self.width, 0.0, distance)

    def derivative(self, y: FloatArray) -> FloatArray:
        """Return dz/dy."""
        return np.ones_like(y)

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores."""
        return self.center + z


@dataclass(frozen=True)
class LogLosers:
    """With t = (y − knee) / scale: linear for t ≥ 0, −log(1 − t) below, linear again below `last`.

    Value and slope are continuous. The last piece keeps the inverse from growing exponentially
    where no score has been seen; it begins at the worst score.
    """

    knee: float
    scale: float
    last: float

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores."""
        t = (y - self.knee) / self.scale
        squashed = -np.log1p(-np.clip(t, self.last, 0.0))
        return np.maximum(t, 0.0) + squashed + np.minimum(t - self.last, 0.0) / (1.0 - self.last)

    def derivative(self, y: FloatArray) -> FloatArray:
        """Return dz/dy."""
        t = (y - self.knee) / self.scale
        return 1.0 / (self.scale * (1.0 - np.clip(t, self.last, 0.0)))

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores."""
        last = -math.log1p(-self.last)
        lost = -np.expm1(-np.clip(z, last, 0.0))
        t = np.maximum(z, 0.0) + lost + np.minimum(z - last, 0.0) * (1.0 - self.last)
        return self.knee + self.scale * t


@dataclass(frozen=True)
class Interpolated:
    """Straight lines between nodes, and beyond them the mean slope of the half on that side."""

    y_nodes: FloatArray
    z_nodes: FloatArray

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores."""
        return _interpolate(y, self.y_nodes, self.z_nodes)

    def derivative(self, y: FloatArray) -> FloatArray:
        """Return dz/dy, at a node the slope between its neighbours."""
        middle = np.diff(self.z_nodes) / np.diff(self.y_nodes)
        ends = _end_slopes(self.y_nodes, self.z_nodes)
        slopes = np.concatenate([[ends[0]], middle, [ends[1]]])
        left = np.searchsorted(self.y_nodes, y, side="left")
        right = np.searchsorted(self.y_nodes, y, side="right")
        # Harmonic mean: of two very unequal slopes the gentler one, lest a tie that is almost
        # one blow a known noise variance up.
        return 2.0 / (1.0 / slopes[left] + 1.0 / slopes[right])

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores."""
        return _interpolate(z, self.z_nodes, self.y_nodes)


def _end_slopes(x: FloatArray, f: FloatArray) -> tuple[float, float]:
    """Mean slopes of the lower and of the upper half of the nodes."""
    middle = len(x) // 2
    lower = (f[middle] - f[0]) / (x[middle] - x[0])
    middle = (len(x) - 1) // 2
    upper = (f[-1] - f[middle]) / (x[-1] - x[middle])
    return float(lower), float(upper)


def _interpolate(x: FloatArray, nodes: FloatArray, values: FloatArray) -> FloatArray:
    lower, upper = _end_slopes(nodes, values)
    beyond = lower * np.minimum(x - nodes[0], 0.0) + upper * np.maximum(x - nodes[-1], 0.0)
    return np.asarray(np.interp(x, nodes, values) + beyond)


@dataclass(frozen=True)
class Chain:
    """One map after another."""

    first: OutputMap
    second: OutputMap

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores."""
        return self.second.forward(self.first.forward(y))

    def derivative(self, y: FloatArray) -> FloatArray:
        """Return dz/dy."""
        return self.first.derivative(y) * self.second.derivative(self.first.forward(y))

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores."""
        return self.first.inverse(self.second.inverse(z))


def standardize(y: FloatArray) -> OutputMap:
    """Mean 0 and variance 1; scores that differ by rounding alone are one score."""
    center, width = float(y.mean()), _rounding(y)
    return Level(center, width) if _is_level(y) else Affine(center, float(y.std()))


def _rounding(y: FloatArray) -> float:
    """Differences up to here are the rounding of a sum of a few scores."""
    return 16.0 * float(np.finfo(float).eps) * float(np.abs(y).max())


def _is_level(y: FloatArray) -> bool:
    return bool(np.ptp(y) <= _rounding(y))


def log_losers(y: FloatArray) -> OutputMap:
    """Losers below the median squashed by a logarithm, winners left linear; then standardised.

    The unit of the logarithm is the winners' mean distance from the median, so what is far below
    by their measure counts by its order of magnitude alone.
    """
    if _is_level(y):
        return standardize(y)
    m = float(np.median(y))
    winners = y > m + _rounding(y)
    distances = y[winners] - m if winners.any() else m - y[y < m - _rounding(y)]
    scale = float(distances.mean())
    first = LogLosers(m, scale, (float(y.min()) - m) / scale)
    return Chain(first, standardize(first.forward(y)))


def normal_scores(y: FloatArray) -> OutputMap:
    """Ranks to quantiles of the normal distribution, ties sharing their mean rank."""
    if _is_level(y):
        return standardize(y)
    # Blom's positions, nearly the expected order statistics of normal draws.
    z = ndtri((rankdata(y) - 0.375) / (len(y) + 0.25))
    y_nodes, first = np.unique(y, return_index=True)
    ranked = Interpolated(y_nodes, z[first])
    return Chain(ranked, standardize(z))


def auto(y: FloatArray) -> OutputMap:
    """`normal_scores` for few scores, `log_losers` from 25 on."""
    return normal_scores(y) if len(y) < _FEW else log_losers(y)


def raw(y: FloatArray) -> OutputMap:
    """Nothing at all."""
    return Affine(0.0, 1.0)


OUTPUT_TRANSFORMS: dict[str, Callable[[FloatArray], OutputMap]] = {
    "standardize": standardize,
    "log_losers": log_losers,
    "normal_scores": normal_scores,
    "auto": auto,
}


@dataclass(frozen=True)
class FittedOutput:
    """A map fitted to scores that were first brought into [−1, 1] by a power of two.

    That step is exact, and it lets scores of any magnitude that a float holds be squared.

    Parameters
    ----------
    exponent : int
        The scores are multiplied by 2**−exponent.
    map : OutputMap
        The map of the scores so scaled.
    """

    exponent: int
    map: OutputMap

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores."""
        return self.map.forward(np.ldexp(y, -self.exponent))

    def latent_variance(self, y: FloatArray, variance: FloatArray) -> FloatArray:
        """Return the variance in the latent unit of a noise with `variance` at scores y."""
        std = np.ldexp(np.sqrt(variance), -self.exponent)
        return (std * self.map.derivative(np.ldexp(y, -self.exponent))) ** 2

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores."""
        return np.ldexp(self.map.inverse(z), self.exponent)

    def score_moments(self, mean: FloatArray, std: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and std of the inverse of N(mean, std²), by quadrature."""
        y = self.map.inverse(mean[:, None] + std[:, None] * _NODES)
        center = y @ _WEIGHTS
        spread = np.sqrt((y - center[:, None]) ** 2 @ _WEIGHTS)
        return np.ldexp(center, self.exponent), np.ldexp(spread, self.exponent)


def fit_output(name: str | None, scores: FloatArray) -> FittedOutput:
    """Return the named transform, fitted; None leaves the scores as they are."""
    if name is None:
        return FittedOutput(0, raw(scores))
    if name not in OUTPUT_TRANSFORMS:
        known = ", ".join(repr(key) for key in OUTPUT_TRANSFORMS)
        raise ValueError(f"output_transform={name!r} is not known. Choose one of {known}, or None.")
    exponent = int(np.frexp(np.abs(scores).max())[1])
    return FittedOutput(exponent, OUTPUT_TRANSFORMS[name](np.ldexp(scores, -exponent)))
