"""Expected improvement above the incumbent, and its logarithm, accurate far into the tail.

Notation: u = (mean − incumbent − margin) / std; φ and Φ the standard normal density and
distribution function; h(u) = φ(u) + u Φ(u), so that EI = std · h(u); the scaled form
g(u) = h(u) / φ(u), which neither under- nor overflows for u < 0; Mills' ratio
m(z) = Φ(−z) / φ(z) = √(π/2) · erfcx(z/√2).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfcx, ndtr

from ._base import Floats, MarginalAcquisition, standardize
from ._weighing import add_log_weight, multiply_by_weight

__all__ = ["ExpectedImprovement", "LogExpectedImprovement"]

_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)
_SQRT_HALF_PI, _SQRT_HALF = np.sqrt(np.pi / 2), np.sqrt(0.5)
# Above, φ(u) + u Φ(u) loses at most a digit by cancellation (Ament et al., section 4.1).
_DIRECT_ABOVE = -1.0
# Below, the series is exact to rounding (its first term left out is 10395 / u^10), while
# 1 − z m(z) has lost z² in relative precision.
_SERIES_BELOW = -50.0


class ExpectedImprovement(MarginalAcquisition):
    """Expected improvement above the incumbent.

    Parameters
    ----------
    margin : float, default=0.0
        Improvement smaller than this counts as none. In units of the score the posterior is
        over; non-negative.

    See Also
    --------
    LogExpectedImprovement : Its logarithm, which has useful gradients everywhere.

    Notes
    -----
    With u = (mean − incumbent − margin) / std: EI = std · (φ(u) + u Φ(u)),
    ∂EI/∂mean = Φ(u), ∂EI/∂std = φ(u). A certain score (std = 0) has EI = max(mean − incumbent −
    margin, 0).

    References
    ----------
    .. [1] Jones, Schonlau, Welch (1998). Efficient global optimization of expensive black-box
       functions. J. Global Optim. 13, 455-492. DOI 10.1023/A:1008306431147

    Examples
    --------
    >>> from skbayes.acquisition import ExpectedImprovement
    >>> print(f"{ExpectedImprovement().value(mean=-0.5, std=1.0, incumbent=0.0):.6f}")
    0.197797
    """

    def __init__(self, margin: float = 0.0) -> None:
        self.margin = margin

    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        improvement, std, u = standardize(mean, std, np.add(incumbent, self.margin))
        density, probability = np.exp(log_normal_density(u)), ndtr(u)
        tail = std * density * scaled_improvement(u)[1]
        value = np.where(u > _DIRECT_ABOVE, std * density + improvement * probability, tail)
        return value[()], probability[()], density[()]

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        return multiply_by_weight(value, log_weight)


class LogExpectedImprovement(MarginalAcquisition):
    """Logarithm of the expected improvement: the same ranking, with gradients that do not vanish.

    The default acquisition. Far from the good region EI underflows to a flat zero, and a
    maximiser started there cannot move; its logarithm falls only like −u²/2.

    Parameters
    ----------
    margin : float, default=0.0
        Improvement smaller than this counts as none. In units of the score the posterior is
        over; non-negative.

    See Also
    --------
    ExpectedImprovement : The expected improvement itself.

    Notes
    -----
    With u = (mean − incumbent − margin) / std and h(u) = φ(u) + u Φ(u): log EI = log std +
    log h(u). As in [1]_, h is taken directly above u = −1, through the scaled complementary
    error function erfcx below, and from the asymptotic series of log(h/φ) in 1/u² further
    out (from u = −50, where with five terms the series is the more accurate of the two).
    A certain score (std = 0) that does not improve has the value −inf and zero partials.

    References
    ----------
    .. [1] Ament, Daulton, Eriksson, Balandat, Bakshy (2023). Unexpected improvements to expected
       improvement for Bayesian optimization. NeurIPS 36. arXiv 2310.20708

    Examples
    --------
    >>> from skbayes.acquisition import LogExpectedImprovement
    >>> print(f"{LogExpectedImprovement().value(mean=-100.0, std=1.0, incumbent=0.0):.4f}")
    -5010.1296
    """

    def __init__(self, margin: float = 0.0) -> None:
        self.margin = margin

    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        improvement, std, u = standardize(mean, std, np.add(incumbent, self.margin))
        log_density, probability = log_normal_density(u), ndtr(u)
        density = np.exp(log_density)
        mills, scaled = scaled_improvement(u)
        is_direct = u > _DIRECT_ABOVE
        # In the tail everything is taken relative to φ, which itself has underflowed there.
        expected = np.where(is_direct, std * density + improvement * probability, std * scaled)
        is_positive = expected > 0
        expected = np.where(is_positive, expected, 1.0)
        value = np.log(expected) + np.where(is_direct, 0.0, log_density)
        d_mean = np.where(is_direct, probability, mills) / expected
        d_std = np.where(is_direct, density, 1.0) / expected
        if not is_positive.all():
            value = np.where(is_positive, value, -np.inf)
            d_mean, d_std = d_mean * is_positive, d_std * is_positive
        return value[()], d_mean[()], d_std[()]

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        return add_log_weight(value, log_weight)


def log_normal_density(u: Floats) -> Floats:
    return np.asarray(-0.5 * u**2 - _LOG_SQRT_2PI)


def scaled_improvement(u: Floats) -> tuple[Floats, Floats]:
    """Mills' ratio m(−u) = Φ(u) / φ(u) and g(u) for u <= −1; elsewhere their values at −1."""
    z = np.maximum(-u, -_DIRECT_ABOVE)
    mills = _SQRT_HALF_PI * erfcx(z * _SQRT_HALF)
    scaled = 1.0 - z * mills
    is_far = u < _SERIES_BELOW
    if is_far.any():
        # g(−z) = z⁻² (1 − 3 z⁻² + 15 z⁻⁴ − 105 z⁻⁶ + 945 z⁻⁸ − ...)
        q = np.maximum(z, -_SERIES_BELOW) ** -2.0
        series = q * (1 - q * (3 - q * (15 - q * (105 - q * 945))))
        scaled = np.where(is_far, series, scaled)
    return mills, scaled
