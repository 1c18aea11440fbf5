"""Student-t likelihood: noise with heavy tails, so that outliers pull little.

Notation: r = y − η, ν the degrees of freedom, σ the scale, s the weights;
log p(y | η) = log Γ((ν+1)/2) − log Γ(ν/2) − ½ log(νπ) − log σ − (ν+1)/2 · log(1 + r²/νσ²).
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import betaln, stdtr, stdtrit

from ._base import Floats, as_eta, like, refuse, total_weight
from ._gaussian import smallest_scale
from ._ordered import OrderedLikelihood, as_probability
from ._scale import best_parameter, fixed_parameter, is_given

__all__ = ["StudentT"]


class StudentT(OrderedLikelihood):
    """Noise of Student's t distribution around the linear predictor: robust regression.

    Parameters
    ----------
    df : float, default=4.0
        Degrees of freedom ν; positive. The smaller, the less an outlier pulls; 1 is the Cauchy distribution.
    scale : float, Prior or None, default=None
        Scale of the noise, in the unit of y; positive. None: estimated. A prior (any object with
        ``log_density``): estimated under it.

    See Also
    --------
    Gaussian : The limit of many degrees of freedom.

    Notes
    -----
    −log p(y | η) = (ν+1)/2 · log(1 + r²/νσ²) + log σ + constant, with r = y − η. It is not convex in η: a fit may
    have several maxima, and `hessian` is positive beyond |r| = σ√ν; `expected_hessian` is
    −(ν+1) / ((ν+3) σ²) everywhere. The curvature is at most (ν+1)/νσ², at r = 0. The estimate of σ solves
    Σ s (ν+1) r² / (νσ² + r²) = Σ s − dof, which has one solution.

    References
    ----------
    .. [1] Lange, Little, Taylor (1989). Robust statistical modeling using the t distribution. J. Am. Stat. Assoc.
       84, 881-896. DOI 10.1080/01621459.1989.10478852

    Examples
    --------
    >>> from skbayes.likelihoods import StudentT
    >>> print(StudentT(df=4.0, scale=1.0).gradient(y=[1.0, 100.0], eta=[0.0, 0.0]).round(2))
    [1.   0.05]
    """

    def __init__(self, df: float = 4.0, scale: Any = None) -> None:
        self.df = df
        self.scale = scale

    @property
    def is_fixed(self) -> bool:
        return is_given(self.scale)

    @property
    def curvature_bound(self) -> float | None:
        if not self.is_fixed:
            return None
        df, scale = self._parameters()
        return (df + 1.0) / (df * scale**2)

    def _parameters(self) -> tuple[float, float]:
        df = fixed_parameter(self.df, "df", "StudentT")
        return df, fixed_parameter(self.scale, "scale", "StudentT")

    def value_and_gradient(self, y: ArrayLike, eta: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        df, scale = self._parameters()
        residual = like(y, eta) - eta
        value = np.square(residual)
        value *= 1.0 / (df * scale**2)
        gradient = residual
        gradient *= (df + 1.0) / (df * scale**2)
        gradient /= value + 1.0
        np.log1p(value, out=value)
        value *= -0.5 * (df + 1.0)
        return value, gradient

    def log_constant(self, y: ArrayLike) -> Floats:
        df, scale = self._parameters()
        # Γ((ν+1)/2) / (Γ(ν/2) √π) = 1 / B(ν/2, 1/2)
        return np.full(np.shape(y), -betaln(0.5 * df, 0.5) - 0.5 * np.log(df) - np.log(scale))

    def hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        df, scale = self._parameters()
        ratio = np.square(like(y, eta) - eta)
        ratio *= 1.0 / (df * scale**2)
        bound = (df + 1.0) / (df * scale**2)
        # (r² − νσ²) / (νσ² + r²)² in units of νσ², each factor finite for any r.
        return bound * ((ratio - 1.0) / (ratio + 1.0)) / (ratio + 1.0)

    def expected_hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        df, scale = self._parameters()
        return np.full_like(as_eta(eta), -(df + 1.0) / ((df + 3.0) * scale**2))

    def hessian_slope(self, y: ArrayLike, eta: ArrayLike, variance: ArrayLike) -> Floats:
        eta = as_eta(eta)
        df, scale = self._parameters()
        width = np.sqrt(df) * scale
        u = (like(y, eta) - eta) / width
        square = np.square(u)
        # −2 (ν+1) r (3νσ² − r²) / (νσ² + r²)³ in units of √ν σ, each factor finite for any r.
        third = -2.0 * (df + 1.0) / width**3 * (u / (1.0 + square))
        third *= ((3.0 - square) / (1.0 + square)) / (1.0 + square)
        return third * like(variance, eta)

    def inverse_link(self, eta: ArrayLike) -> Floats:
        return as_eta(eta)

    def predictive(self, eta: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
        eta = as_eta(eta)
        df, scale = self._parameters()
        noise = scale**2 * df / (df - 2.0) if df > 2.0 else np.inf
        return eta, np.sqrt(like(variance, eta) + noise)

    def sample(
        self, eta: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> Floats:
        eta = as_eta(eta)
        df, scale = self._parameters()
        draws = np.random.default_rng(random_state).standard_t(df, size=eta.shape)
        return eta + like(scale * draws, eta)

    def cdf(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        df, scale = self._parameters()
        return like(stdtr(df, (like(y, eta) - eta) / scale), eta)

    def quantile(self, q: ArrayLike, eta: ArrayLike) -> Floats:
        eta = as_eta(eta)
        df, scale = self._parameters()
        q = as_probability(q)
        # At the ends releases of scipy differ, and none is right at 0.
        units = np.where(q == 0.0, -np.inf, np.where(q == 1.0, np.inf, stdtrit(df, q)))
        return eta + like(scale * units, eta)

    def check_target(self, y: ArrayLike) -> None:
        y = np.asarray(y)
        refuse(~np.isfinite(y), y, "Student-t", "finite numbers", "Remove or replace these rows.")

    def start_intercept(self, y: ArrayLike, weight: ArrayLike | None = None) -> float:
        y = np.asarray(y, dtype=float)
        center = _weighted_median(y, weight)
        # Reweighted means (EM of Lange et al.) climb from the median; each gains a digit or so, 100 are plenty.
        for _ in range(100):
            _, scale = self.update(y, np.full(y.shape, center), weight)._parameters()
            closeness = 1.0 / (self.df * scale**2 + np.square(y - center))
            before = center
            center = float(
                np.average(
                    y, weights=closeness if weight is None else closeness * np.asarray(weight)
                )
            )
            if abs(center - before) <= 1e-10 * scale:
                break
        return center

    def start(self, y: ArrayLike, weight: ArrayLike | None = None) -> Self:
        eta = np.full(np.shape(y), self.start_intercept(y, weight))
        return self.update(y, eta, weight, dof=1.0)

    def update(
        self, y: ArrayLike, eta: ArrayLike, weight: ArrayLike | None = None, dof: float = 0.0
    ) -> Self:
        if self.is_fixed:
            return self
        y = np.asarray(y, dtype=float)
        df, square = fixed_parameter(self.df, "df", "StudentT"), np.square(y - eta)
        s = np.ones(y.shape) if weight is None else np.asarray(weight, dtype=float)
        n_free = max(total_weight(y, weight) - dof, 1.0)  # as for the Gaussian
        lowest = smallest_scale(y, weight)
        highest = max(float(np.sqrt((df + 1.0) / df * np.dot(s, square) / n_free)), lowest)

        def log_likelihood(scale: float) -> float:
            tails = np.dot(s, np.log1p(square / (df * scale**2)))
            return float(-n_free * np.log(scale) - 0.5 * (df + 1.0) * tails)

        def excess(log_scale: float) -> float:
            share = square / (df * np.exp(2.0 * log_scale) + square)
            return float((df + 1.0) * np.dot(s, share) - n_free)

        if self.scale is not None:
            scale = best_parameter(log_likelihood, self.scale, lowest, highest * 1e6)
        elif excess(np.log(lowest)) <= 0.0:  # most residuals are zero
            scale = lowest
        else:
            # At `highest` each share is below r² / νσ², so that the excess is negative.
            scale = float(np.exp(brentq(excess, np.log(lowest), np.log(highest))))
        return type(self)(df=self.df, scale=scale)


def _weighted_median(y: Floats, weight: ArrayLike | None) -> float:
    order = np.argsort(y)
    share = np.ones(y.size) if weight is None else np.asarray(weight, dtype=float)[order]
    half = np.searchsorted(np.cumsum(share), 0.5 * share.sum())
    return float(y[order][min(half, y.size - 1)])
