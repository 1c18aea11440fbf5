"""Negative binomial likelihood: a count that varies more than a Poisson's.

Notation: μ = exp η, a the dispersion, r = 1/a, t = η + log a; Var y = μ + a μ²;
log p(y | η) = y t − (y + r) log(1 + exp t) + log Γ(y + r) − log Γ(r) − log Γ(y + 1).
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln, expit, gammainc

from ._base import Floats, as_eta, like, refuse
from ._log_link import log_mean, log_normal_moments
from ._ordered import CountLikelihood
from ._scale import best_parameter, fixed_parameter, is_given

__all__ = ["NegativeBinomial"]

# The range in which the dispersion is looked for: at the one end the distribution is a Poisson's to the rounding of
# its log density, at the other nearly all of it lies at zero.
_SMALLEST, _LARGEST = 1e-8, 1e6
# Beyond so many times 1 + 1/dispersion a count is as good as continuous: Wise's approximation by a gamma distribution
# errs by the square of the ratio (Wise 1950, doi:10.1093/biomet/37.3-4.208); older incomplete beta functions lose all
# digits there.
_FAR = 1e8


class NegativeBinomial(CountLikelihood):
    """Counts whose variance is μ + dispersion · μ², with a logarithmic link.

    Parameters
    ----------
    dispersion : float, Prior or None, default=None
        Excess of the variance over a Poisson's, in units of the squared mean; positive. None: estimated. A prior
        (any object with ``log_density``): estimated under it.

    See Also
    --------
    Poisson : The limit of dispersion 0.

    Notes
    -----
    With r = 1/dispersion and t = η − log r:
    log p(y | η) = y t − (y + r) log(1 + e^t) + log Γ(y + r) − log Γ(r) − log Γ(y + 1), concave in η.

    Examples
    --------
    >>> from skbayes.likelihoods import NegativeBinomial
    >>> print(NegativeBinomial(dispersion=1.0).gradient(y=[3], eta=[0.0]))
    [1.]
    """

    def __init__(self, dispersion: Any = None) -> None:
        self.dispersion = dispersion

    @property
    def is_fixed(self) -> bool:
        return is_given(self.dispersion)

    def _dispersion(self) -> float:
        return fixed_parameter(self.dispersion, "dispersion", "NegativeBinomial")

    def value_and_gradient(self, y: ArrayLike, eta: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        y, a = like(y, eta), self._dispersion()
        t = eta + eta.dtype.type(np.log(a))
        number = y + eta.dtype.type(1.0 / a)
        # log(1 + exp t) = max(t, 0) + log1p(exp(−|t|)): neither term overflows.
        softplus = np.log1p(np.exp(-np.abs(t))) + np.maximum(t, 0.0)
        value = y * t - number * softplus
        return value, y - number * expit(t)

    def log_constant(self, y: ArrayLike) -> Floats:
        y, r = np.asarray(y, dtype=float), 1.0 / self._dispersion()
        # Γ(y + r) / (Γ(r) Γ(y + 1)) = 1 / ((y + r) B(r, y + 1)), without the cancellation of the three.
        return -betaln(r, y + 1.0) - np.log(y + r)

    def hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        a = self._dispersion()
        t = eta + eta.dtype.type(np.log(a))
        return -(like(y, eta) + eta.dtype.type(1.0 / a)) * expit(t) * expit(-t)

    def expected_hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        a = self._dispersion()
        return -expit(eta + eta.dtype.type(np.log(a))) / eta.dtype.type(a)  # −μ / (1 + a μ)

    def hessian_slope(self, y: ArrayLike, eta: ArrayLike, variance: ArrayLike) -> Floats:
        eta = as_eta(eta)
        bend = np.tanh(0.5 * (eta + eta.dtype.type(np.log(self._dispersion()))))  # 2 expit t − 1
        return -self.hessian(y, eta) * bend * like(variance, eta)

    def inverse_link(self, eta: ArrayLike) -> Floats:
        with np.errstate(over="ignore"):
            return np.exp(as_eta(eta))

    def predictive(self, eta: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
        return log_normal_moments(as_eta(eta), variance, self._dispersion())

    def sample(
        self, eta: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> NDArray[Any]:
        mean, r = self.inverse_link(eta), 1.0 / self._dispersion()
        rng = np.random.default_rng(random_state)
        return rng.poisson(mean * (rng.standard_gamma(r, size=mean.shape) / r))

    def _at_most(self, count: Floats, mean: Floats) -> Floats:
        a = self._dispersion()
        r = 1.0 / a
        with np.errstate(divide="ignore", over="ignore"):
            odds = a * mean
            last, next_one = 1.0 / (1.0 + odds), 1.0 / (1.0 + 1.0 / odds)
        # One function of either of two chances that sum to 1: of the smaller, which keeps its digits.
        by_last = betainc(r, count + 1.0, last)
        probability = np.where(odds > 1.0, by_last, 1.0 - betainc(count + 1.0, r, next_one))
        is_far = count > _FAR * max(1.0, r)
        if is_far.any():
            with np.errstate(divide="ignore", invalid="ignore"):  # of an infinite mean
                rate = np.log1p(1.0 / odds[is_far])  # of a gamma distribution
                probability[is_far] = gammainc(r, (count[is_far] + 0.5 + 0.5 * r) * rate)
        return probability

    def check_target(self, y: ArrayLike) -> None:
        y = np.asarray(y)
        wrong = ~(np.isfinite(y) & (y >= 0))
        refuse(wrong, y, "negative binomial", "y >= 0", "Use 'gaussian' for values of either sign.")

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
        y, eta = np.asarray(y, dtype=float), np.asarray(eta, dtype=float)

        def log_likelihood(dispersion: float) -> float:
            density = type(self)(dispersion).log_density(y, eta)
            return float(density.sum() if weight is None else np.dot(density, weight))

        best = best_parameter(log_likelihood, self.dispersion, _SMALLEST, _LARGEST)
        return type(self)(dispersion=best)
