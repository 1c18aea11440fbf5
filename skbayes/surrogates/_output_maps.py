"""Increasing maps of scores to latent scores, with derivative and inverse; the parts of `_output`.

A map is linear beyond the scores that it was fitted to, so that its inverse does not run away where
nothing has been seen.

Notation: y scores, z latent scores.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Affine", "Chain", "Interpolated", "Level", "LogLosers", "OutputMap"]

FloatArray = NDArray[np.float64]

# Where the logarithm of losses ends: at e³, twenty times the winners' mean distance from the median,
# a loss is hopeless, and how hopeless is no longer interesting.
_LEVEL = 3.0
_E_LEVEL = math.exp(_LEVEL)


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
    """Winners linear, losers by a logarithm, the hopeless by a hyperbola that levels off.

    With t = (y − knee) / scale and c = 3: z = t for t ≥ 0, −log(1 − t) down to z = −c, and below
    −(c + 1) + e^c / (1 − t); value and slope are continuous. Beyond the worst score, t = `last`,
    a line through 0 and the last z, lest the inverse run away where nothing has been seen.
    """

    knee: float
    scale: float
    last: float

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the latent scores."""
        t = (y - self.knee) / self.scale
        beyond = np.minimum(t - self.last, 0.0) * self._last_slope
        return np.maximum(t, 0.0) + self._squash(np.clip(t, self.last, 0.0)) + beyond

    def _squash(self, t: FloatArray) -> FloatArray:
        z = -np.log1p(-t)
        return np.where(z >= -_LEVEL, z, _E_LEVEL / (1.0 - t) - (_LEVEL + 1.0))

    @property
    def _last_z(self) -> float:
        return float(self._squash(np.array(self.last)))

    @property
    def _last_slope(self) -> float:
        return self._last_z / self.last if self.last < 0.0 else 1.0

    def derivative(self, y: FloatArray) -> FloatArray:
        """Return dz/dy."""
        t = (y - self.knee) / self.scale
        loss = 1.0 - np.clip(t, self.last, 0.0)
        slope = np.minimum(1.0, _E_LEVEL / loss) / loss
        return np.where(t < self.last, self._last_slope, slope) / self.scale

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the scores."""
        last_z = self._last_z
        squashed = np.clip(z, last_z, 0.0)
        # Where the hyperbola has levelled off in the last digit, the worst score is the answer.
        above_level = np.maximum(squashed + _LEVEL + 1.0, _E_LEVEL / (1.0 - self.last))
        t = np.where(squashed >= -_LEVEL, -np.expm1(-squashed), 1.0 - _E_LEVEL / above_level)
        beyond = np.minimum(z - last_z, 0.0) / self._last_slope
        return self.knee + self.scale * (np.maximum(z, 0.0) + t + beyond)


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
