"""Bernoulli likelihood: an observation is 1 or 0, and the linear predictor says how likely 1 is.

Notation: z = η for y = 1, −η for y = 0 (the margin); logit: p(y) = 1/(1 + exp(−z)); probit: p(y) = Φ(z);
m(z) = φ(z)/Φ(z), the inverse of Mills' ratio, = √(2/π) / erfcx(−z/√2).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, expit, log_ndtr, logit, ndtr, ndtri

from ._base import Floats, as_eta, like, refuse, total_weight, weighted_mean
from ._logistic_normal import logistic_normal_mean
from ._ordered import OrderedLikelihood, as_probability

__all__ = ["Bernoulli"]

_ROOT_2_OVER_PI = np.sqrt(2.0 / np.pi)
# Below, m(z) + z has lost z² in relative precision (2e-12) and its series is better.
_SERIES_BELOW = -100.0


class Bernoulli(OrderedLikelihood):
    """Two classes, 0 and 1.

    Parameters
    ----------
    link : {"logit", "probit"}, default="logit"
        How the linear predictor becomes the probability of class 1: logistic function, or normal distribution
        function.

    See Also
    --------
    Categorical : More than two classes.

    Notes
    -----
    logit: log p(y | η) = y η − log(1 + exp η), of curvature at most 1/4. probit: log p(y | η) = log Φ(±η), of
    curvature at most 1. Both are concave in η, and computed so that neither tail under- nor overflows.

    Examples
    --------
    >>> from skbayes.likelihoods import Bernoulli
    >>> print(Bernoulli().gradient(y=[1, 0], eta=[0.0, 0.0]))
    [ 0.5 -0.5]
    """

    def __init__(self, link: str = "logit") -> None:
        self.link = link

    @property
    def curvature_bound(self) -> float:
        return 0.25 if self._is_logit() else 1.0

    @property
    def is_discrete(self) -> bool:
        return True

    def _is_logit(self) -> bool:
        if self.link not in ("logit", "probit"):
            raise ValueError(
                f"Bernoulli(link={self.link!r}) is not known. Use 'logit' or 'probit'."
            )
        return self.link == "logit"

    def value_and_gradient(self, y: ArrayLike, eta: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        y = like(y, eta)
        if not self._is_logit():
            sign = 2.0 * y - 1.0
            margin = sign * eta
            return log_ndtr(margin), sign * _inverse_mills(margin)
        # (y η − max(η, 0)) − log(1 + exp(−|η|)): nothing overflows, and of the two terms one is zero or both are
        # negative, so that nothing cancels.
        tail = np.abs(eta)
        np.negative(tail, out=tail)
        np.exp(tail, out=tail)
        np.log1p(tail, out=tail)
        value = y * eta
        value -= np.maximum(eta, 0.0)
        value -= tail
        gradient = expit(eta)
        np.subtract(y, gradient, out=gradient)
        return value, gradient

    def log_constant(self, y: ArrayLike) -> Floats:
        return np.zeros(np.shape(y))

    def hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        if self._is_logit():
            tail = np.exp(-np.abs(eta))
            return -tail / np.square(1.0 + tail)
        z = np.where(like(y, eta) > 0.5, eta, -eta)
        m = _inverse_mills(z)
        far = np.minimum(z, _SERIES_BELOW) ** -2.0
        # m(z)(z + m(z)) = 1 − z⁻² + 6 z⁻⁴ − 50 z⁻⁶ + … as z → −∞ (Abramowitz and Stegun 26.2.12).
        series = 1.0 - far * (1.0 - far * (6.0 - 50.0 * far))
        return -np.where(z < _SERIES_BELOW, series, np.clip(m * (z + m), 0.0, 1.0))

    def expected_hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        if self._is_logit():
            return self.hessian(y, eta)
        return -_inverse_mills(eta) * _inverse_mills(-eta)  # φ² / (Φ (1 − Φ))

    def hessian_slope(self, y: ArrayLike, eta: ArrayLike, variance: ArrayLike) -> Floats:
        eta = as_eta(eta)
        if self._is_logit():
            bend = np.tanh(0.5 * eta)  # 2p − 1
            return -self.hessian(y, eta) * bend * like(variance, eta)
        sign = 2.0 * like(y, eta) - 1.0
        z = sign * eta
        m = _inverse_mills(z)
        # ((m + z)(2m + z) − 1) m; beyond −100 it is −2 z⁻³ to 1e-3 of itself, and no sum of Hessians notices it.
        third = np.where(
            z < _SERIES_BELOW, -2.0 / np.minimum(z, -1.0) ** 3, m * ((m + z) * (2.0 * m + z) - 1.0)
        )
        return sign * third * like(variance, eta)

    def inverse_link(self, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        return expit(eta) if self._is_logit() else ndtr(eta)

    def predictive(self, eta: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        variance = like(variance, eta)
        if self._is_logit():
            mean = like(logistic_normal_mean(eta, variance), eta)
        else:
            mean = ndtr(eta / np.sqrt(1.0 + variance))
        return mean, np.sqrt(mean * (1.0 - mean))

    def sample(
        self, eta: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> NDArray[Any]:
        mean = self.inverse_link(eta)
        rng = np.random.default_rng(random_state)
        return (rng.random(mean.shape) < mean).astype(np.int64)

    def cdf(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        # P(0) by the symmetry of the links: 1 − P(1) would lose the digits of a P(1) near 1.
        y, of_zero = np.asarray(y), self.inverse_link(-as_eta(eta))
        return like(np.where(y < 0, 0.0, np.where(y < 1, of_zero, 1.0)), of_zero)

    def quantile(self, q: ArrayLike, eta: ArrayLike) -> Floats:
        of_zero = self.inverse_link(-as_eta(eta))
        return like(as_probability(q) > of_zero, of_zero)

    def check_target(self, y: ArrayLike) -> None:
        y = np.asarray(y)
        refuse((y != 0) & (y != 1), y, "bernoulli", "labels 0 and 1", "Encode the classes so.")

    def start_intercept(self, y: ArrayLike, weight: ArrayLike | None = None) -> float:
        y = np.asarray(y, dtype=float)
        # Of one class alone the odds are infinite; half an observation of the other keeps them finite.
        edge = 0.5 / (total_weight(y, weight) + 1.0)
        mean = float(np.clip(weighted_mean(y, weight), edge, 1.0 - edge))
        return float(logit(mean) if self._is_logit() else ndtri(mean))


def _inverse_mills(z: Floats) -> Floats:
    """Return φ(z)/Φ(z), to rounding in both tails; it is 0 where erfcx overflows."""
    with np.errstate(over="ignore"):
        return (_ROOT_2_OVER_PI / erfcx(z * -np.sqrt(0.5))).astype(z.dtype, copy=False)
