"""What the likelihoods with a logarithmic link share: the mean μ = exp η is log-normal when η is normal."""

import numpy as np
from numpy.typing import ArrayLike

from ._base import Floats, like, total_weight, weighted_mean

__all__ = ["log_mean", "log_normal_moments"]


def log_normal_moments(
    eta: Floats, variance: ArrayLike, noise: float = 0.0, count: float = 1.0
) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of y, where log μ is N(η, v) and the variance of y given μ is c²μ + φμ².

    E μ = exp(η + v/2), and the variance is c² E μ + (E μ)² (r + φ (1 + r)) with r = exp v − 1. `noise` is φ, `count` c.
    """
    spread = like(variance, eta)
    # By expm1 a small v keeps its digits, and no square of the mean can overflow; inf times a v of 0 is no number,
    # which the hypotenuse with inf takes for inf.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.exp(eta + 0.5 * spread)
        share = np.expm1(spread)
        share = share + float(noise) * (1.0 + share)
        return mean, np.hypot(count * np.sqrt(mean), mean * np.sqrt(share))


def log_mean(y: ArrayLike, weight: ArrayLike | None) -> float:
    """Return the logarithm of the weighted mean."""
    y = np.asarray(y, dtype=float)
    mean = weighted_mean(y, weight)
    # Of zeros alone the logarithm is minus infinity; half a count among all of them keeps it finite.
    return float(np.log(mean if mean > 0.0 else 0.5 / (total_weight(y, weight) + 1.0)))
