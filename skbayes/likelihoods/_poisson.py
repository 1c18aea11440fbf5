"""Poisson likelihood: an observation is a count, whose mean is the exponential of the linear predictor.

Notation: μ = exp η; log p(y | η) = y η − μ − log y!.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc, gammaln

from ._base import Floats, as_eta, like, refuse
from ._log_link import log_mean, log_normal_moments
from ._ordered import CountLikelihood

__all__ = ["Poisson"]


class Poisson(CountLikelihood):
    """Counts (or rates, with the exposure as weight) with a logarithmic link.

    See Also
    --------
    NegativeBinomial : Counts that vary more than a Poisson's.

    Notes
    -----
    log p(y | η) = y η − exp η − log Γ(y + 1), concave in η with unbounded curvature exp η. Observations need not
    be integers: y counted over an exposure, divided by it and weighted with it, gives the same coefficients.

    Examples
    --------
    >>> from skbayes.likelihoods import Poisson
    >>> print(Poisson().gradient(y=[3], eta=[0.0]))
    [2.]
    """

    def value_and_gradient(self, y: ArrayLike, eta: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        y = like(y, eta)
        with np.errstate(over="ignore"):  # a line search that goes too far is told −inf
            gradient = np.exp(eta)
        value = y * eta
        value -= gradient
        np.subtract(y, gradient, out=gradient)
        return value, gradient

    def log_constant(self, y: ArrayLike) -> Floats:
        return -gammaln(np.asarray(y, dtype=float) + 1.0)

    def hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        return -self.inverse_link(eta)

    def hessian_slope(self, y: ArrayLike, eta: ArrayLike, variance: ArrayLike) -> Floats:
        hessian = self.hessian(y, eta)
        return hessian * like(variance, hessian)

    def inverse_link(self, eta: ArrayLike) -> Floats:
        with np.errstate(over="ignore"):
            return np.exp(as_eta(eta))

    def predictive(self, eta: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
        return log_normal_moments(as_eta(eta), variance)

    def sample(
        self, eta: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> NDArray[Any]:
        return np.random.default_rng(random_state).poisson(self.inverse_link(eta))

    def _at_most(self, count: Floats, mean: Floats) -> Floats:
        probability: Floats = gammaincc(count + 1.0, mean)
        return probability

    def check_target(self, y: ArrayLike) -> None:
        y = np.asarray(y)
        wrong = ~(np.isfinite(y) & (y >= 0))
        refuse(wrong, y, "poisson", "y >= 0", "Use 'gaussian' for values of either sign.")

    def start_intercept(self, y: ArrayLike, weight: ArrayLike | None = None) -> float:
        return log_mean(y, weight)
