"""What the likelihoods with a logarithmic link share: the mean μ = exp η is log-normal when η is normal."""

import numpy as np
from numpy.typing import ArrayLike

from ._base import Floats, like, total_weight, weighted_mean

__all__ = ["log_mean", "log_normal_moments"]


def log_normal_moments(eta: Floats, variance: ArrayLike) -> tuple[Floats, Floats]:
    """Return E μ = exp(η + v/2) and E μ² = (E μ)² exp v."""
    spread = like(variance, eta)
    with np.errstate(over="ignore"):
        mean = np.exp(eta + 0.5 * spread)
        return mean, np.square(mean) * np.exp(spread)


def log_mean(y: ArrayLike, weight: ArrayLike | None) -> float:
    """Return the logarithm of the weighted mean."""
    y = np.asarray(y, dtype=float)
    mean = weighted_mean(y, weight)
    # Of zeros alone the logarithm is minus infinity; half a count among all of them keeps it finite.
    return float(np.log(mean if mean > 0.0 else 0.5 / (total_weight(y, weight) + 1.0)))
