"""Gaussian likelihood: the observation is the linear predictor plus normal noise.

Notation: r = y − η the residual, σ the noise scale, s the weights; log p(y | η) = −r²/2σ² − log σ − log √2π.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from ._base import Floats, as_eta, like, refuse, total_weight, weighted_mean
from ._ordered import OrderedLikelihood, as_probability
from ._scale import best_parameter, fixed_parameter, is_given

__all__ = ["Gaussian", "smallest_scale"]

_LOG_ROOT_2PI = 0.5 * np.log(2.0 * np.pi)


class Gaussian(OrderedLikelihood):
    """Normal noise around the linear predictor.

    Parameters
    ----------
    scale : float, Prior or None, default=None
        Standard deviation of the noise, in the unit of y; positive. None: estimated. A prior (any object with
        ``log_density``): estimated under it.

    See Also
    --------
    StudentT : The same with heavy tails, for data with outliers.

    Notes
    -----
    log p(y | η) = −(y − η)²/2σ² − log σ − log √2π. The estimate of σ is √(Σ s r² / (Σ s − dof)), with at least
    one degree of freedom left, and not below the share of the size of y that squares of doubles can resolve.
    Under a prior it is the maximum of −(Σ s − dof) log σ − Σ s r²/2σ² + log p(σ), the prior being a density of
    σ itself.

    Examples
    --------
    >>> from skbayes.likelihoods import Gaussian
    >>> print(Gaussian(scale=2.0).gradient(y=[3.0], eta=[1.0]))
    [0.5]
    """

    def __init__(self, scale: Any = None) -> None:
        self.scale = scale

    @property
    def is_quadratic(self) -> bool:
        return True

    @property
    def is_fixed(self) -> bool:
        return is_given(self.scale)

    @property
    def curvature_bound(self) -> float | None:
        return self._precision() if self.is_fixed else None

    def _precision(self) -> float:
        return fixed_parameter(self.scale, "scale", "Gaussian") ** -2

    def value_and_gradient(self, y: ArrayLike, eta: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        precision = self._precision()
        gradient = like(y, eta) - eta
        value = np.square(gradient)
        value *= -0.5 * precision
        gradient *= precision
        return value, gradient

    def log_constant(self, y: ArrayLike) -> Floats:
        constant = -np.log(fixed_parameter(self.scale, "scale", "Gaussian")) - _LOG_ROOT_2PI
        return np.full(np.shape(y), constant)

    def hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        return np.full_like(eta, -self._precision())

    def hessian_slope(self, y: ArrayLike, eta: ArrayLike, variance: ArrayLike) -> Floats:
        return np.zeros_like(as_eta(eta))

    def inverse_link(self, eta: ArrayLike) -> Floats:
        return as_eta(eta)

    def predictive(self, eta: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        noise = fixed_parameter(self.scale, "scale", "Gaussian")
        return eta, np.sqrt(like(variance, eta) + noise**2)

    def sample(
        self, eta: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> Floats:
        eta = as_eta(eta)
        noise = fixed_parameter(self.scale, "scale", "Gaussian")
        rng = np.random.default_rng(random_state)
        return eta + like(noise * rng.standard_normal(eta.shape), eta)

    def cdf(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        noise = fixed_parameter(self.scale, "scale", "Gaussian")
        return like(ndtr((like(y, eta) - eta) / noise), eta)

    def quantile(self, q: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        noise = fixed_parameter(self.scale, "scale", "Gaussian")
        return eta + like(noise * ndtri(as_probability(q)), eta)

    def check_target(self, y: ArrayLike) -> None:
        y = np.asarray(y)
        refuse(~np.isfinite(y), y, "gaussian", "finite numbers", "Remove or replace these rows.")

    def start_intercept(self, y: ArrayLike, weight: ArrayLike | None = None) -> float:
        return weighted_mean(as_eta(y), weight)

    def start(self, y: ArrayLike, weight: ArrayLike | None = None) -> Self:
        y = as_eta(y)
        return self.update(y, np.full_like(y, self.start_intercept(y, weight)), weight, dof=1.0)

    def update(
        self, y: ArrayLike, eta: ArrayLike, weight: ArrayLike | None = None, dof: float = 0.0
    ) -> Self:
        if self.is_fixed:
            return self
        y = np.asarray(y, dtype=float)
        square = np.square(y - eta)
        total = float(square.sum() if weight is None else np.dot(square, weight))
        # With no freedom left the residuals say nothing of the noise; one is the least that a divisor can be.
        n_free = max(total_weight(y, weight) - dof, 1.0)
        lowest = smallest_scale(y, weight)
        scale = max(float(np.sqrt(total / n_free)), lowest)
        if self.scale is not None:
            # Beyond these factors the likelihood alone is 1e12 times flatter than at its maximum; a prior that
            # wins against it there is taken at its word up to the bound.
            scale = best_parameter(
                lambda s: -n_free * np.log(s) - 0.5 * total / s**2,
                self.scale,
                max(scale * 1e-6, lowest),
                scale * 1e6,
            )
        return type(self)(scale=scale)


def smallest_scale(y: Floats, weight: ArrayLike | None) -> float:
    """Return the noise scale below which squared residuals are rounding: √eps of the size of y."""
    size = float(np.sqrt(weighted_mean(np.square(y), weight)))
    return float(np.sqrt(np.finfo(np.float64).eps)) * (size or 1.0)
