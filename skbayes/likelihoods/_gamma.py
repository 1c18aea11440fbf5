"""Gamma likelihood: a positive observation whose spread is in proportion to its mean.

Notation: μ = exp η, k the shape; log p(y | η) = −k (η + y/μ) + k log k + (k − 1) log y − log Γ(k).
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainc, gammaincinv, gammaln, polygamma, psi

from ._base import Floats, as_eta, like, refuse, total_weight, weighted_mean
from ._log_link import log_mean, log_normal_moments
from ._ordered import OrderedLikelihood, as_probability
from ._scale import best_parameter, fixed_parameter, is_given

__all__ = ["Gamma"]

# log k − ψ(k), from which k is found, keeps five digits up to here; a coefficient of variation of 1e-5 is none.
_LARGEST_SHAPE = 1e10


class Gamma(OrderedLikelihood):
    """Positive values with a constant coefficient of variation, 1/√shape, and a logarithmic link.

    Parameters
    ----------
    shape : float, Prior or None, default=None
        Shape k of the distribution; positive. None: estimated. A prior (any object with ``log_density``):
        estimated under it.

    Notes
    -----
    log p(y | η) = −k (η + y e^{−η}) + k log k + (k − 1) log y − log Γ(k). The coefficients of maximum likelihood
    do not depend on the shape; those under a prior do. The estimate of k solves
    log k − ψ(k) = Σ s (y/μ − log(y/μ) − 1) / (Σ s − dof), with at least one degree of freedom left.

    Examples
    --------
    >>> from skbayes.likelihoods import Gamma
    >>> print(Gamma(shape=2.0).gradient(y=[3.0], eta=[0.0]))
    [4.]
    """

    def __init__(self, shape: Any = None) -> None:
        self.shape = shape

    @property
    def is_fixed(self) -> bool:
        return is_given(self.shape)

    def value_and_gradient(self, y: ArrayLike, eta: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        shape = fixed_parameter(self.shape, "shape", "Gamma")
        gradient = self._ratio(y, eta)
        value = eta + gradient
        value *= -shape
        gradient -= 1.0
        gradient *= shape
        return value, gradient

    @staticmethod
    def _ratio(y: ArrayLike, eta: Floats) -> Floats:
        """Return y/μ."""
        with np.errstate(over="ignore"):  # a line search that goes too far is told −inf
            ratio: Floats = np.exp(-eta)
            ratio *= like(y, eta)
        return ratio

    def log_constant(self, y: ArrayLike) -> Floats:
        k = fixed_parameter(self.shape, "shape", "Gamma")
        # k log k − log Γ(k) loses every digit where k is large; by Stirling's formula the terms in k cancel.
        return _log_gamma_constant(k) + (k - 1.0) * np.log(np.asarray(y, dtype=float))

    def hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        return -fixed_parameter(self.shape, "shape", "Gamma") * self._ratio(y, as_eta(eta))

    def expected_hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        return np.full_like(as_eta(eta), -fixed_parameter(self.shape, "shape", "Gamma"))

    def hessian_slope(self, y: ArrayLike, eta: ArrayLike, variance: ArrayLike) -> Floats:
        hessian = self.hessian(y, eta)
        return -hessian * like(variance, hessian)

    def inverse_link(self, eta: ArrayLike) -> Floats:
        with np.errstate(over="ignore"):
            return np.exp(as_eta(eta))

    def predictive(self, eta: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
        k = fixed_parameter(self.shape, "shape", "Gamma")
        return log_normal_moments(as_eta(eta), variance, 1.0 / k, count=0.0)

    def sample(
        self, eta: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> Floats:
        k = fixed_parameter(self.shape, "shape", "Gamma")
        mean = self.inverse_link(eta)
        rng = np.random.default_rng(random_state)
        return mean * like(rng.standard_gamma(k, size=mean.shape) / k, mean)

    def cdf(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        k = fixed_parameter(self.shape, "shape", "Gamma")
        eta, y = as_eta(eta), np.asarray(y)
        with np.errstate(over="ignore", invalid="ignore"):  # ∞ · 0 where y is 0
            inside = gammainc(k, k * np.exp(-eta) * y)
        return like(np.where(y > 0, inside, 0.0), eta)

    def quantile(self, q: ArrayLike, eta: ArrayLike) -> Floats:
        k = fixed_parameter(self.shape, "shape", "Gamma")
        mean = self.inverse_link(eta)
        return mean * like(gammaincinv(k, as_probability(q)) / k, mean)

    def check_target(self, y: ArrayLike) -> None:
        y = np.asarray(y)
        wrong = ~(np.isfinite(y) & (y > 0))
        refuse(
            wrong,
            y,
            "gamma",
            "y > 0",
            "Use 'gaussian' for values of either sign, 'poisson' for counts.",
        )

    def start_intercept(self, y: ArrayLike, weight: ArrayLike | None = None) -> float:
        return log_mean(y, weight)

    def start(self, y: ArrayLike, weight: ArrayLike | None = None) -> Self:
        eta = np.full(np.shape(y), self.start_intercept(y, weight))
        return self.update(y, eta, weight)

    def update(
        self, y: ArrayLike, eta: ArrayLike, weight: ArrayLike | None = None, dof: float = 0.0
    ) -> Self:
        if self.is_fixed:
            return self
        eta = np.asarray(eta, dtype=float)
        ratio, log_ratio = self._ratio(y, eta), np.log(np.asarray(y, dtype=float)) - eta
        # Of all terms only these depend on k: n (k log k − log Γ(k) − k (1 + d)), d the mean deviance / 2.
        # The parameters that eta was fitted with have lowered d, as they lower the residuals of the Gaussian.
        n = total_weight(np.asarray(y), weight)
        n_free = max(n - dof, 1.0)
        d = weighted_mean(ratio - 1.0 - log_ratio, weight) * n / n_free
        d = max(d, 0.5 / _LARGEST_SHAPE)
        shape = _shape_of(d)
        if self.shape is not None:
            shape = best_parameter(
                lambda k: n_free * (_log_gamma_constant(k) - k * (1.0 + d)),
                self.shape,
                1e-6,
                _LARGEST_SHAPE,
            )
        return type(self)(shape=shape)


def _log_gamma_constant(k: float) -> float:
    """Return k log k − log Γ(k)."""
    return float(k * np.log(k) - gammaln(k))


def _shape_of(d: float) -> float:
    """Return the k at which log k − ψ(k) = d > 0."""
    # 1/2k < log k − ψ(k) < 1/k (Alzer 1997), so the left side exceeds d at 1/2d and falls as k grows. It is convex,
    # and Newton's steps from there approach the solution from below.
    k = 0.5 / d
    for _ in range(50):  # quadratic convergence: five or six suffice
        step = (np.log(k) - psi(k) - d) / (1.0 / k - polygamma(1, k))
        k -= step
        if abs(step) <= 1e-12 * k:
            break
    return float(k)
