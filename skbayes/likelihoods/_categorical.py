"""Categorical likelihood: an observation is one of K classes, softmax of K linear predictors.

Notation: η (n, K), π_k = exp η_k / Σ_j exp η_j; log p(y | η) = η_y − log Σ_j exp η_j.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._base import Floats, Likelihood, as_eta, refuse

__all__ = ["Categorical"]

# Up to this size exp(η) loses no digit that matters, in float32 either, and the maximum of each row, which takes longer
# than all else, is not needed.
_SAFE = 30.0


class Categorical(Likelihood):
    """Several classes, 0 to n_classes − 1, by softmax.

    See Also
    --------
    Bernoulli : Two classes, one linear predictor.

    Notes
    -----
    log p(y | η) = η_y − log Σ_k exp η_k with one linear predictor for each class; adding a constant to all of
    them changes nothing. The Hessian −(diag π − π πᵀ) has no eigenvalue below −1/2 [1]_. For an uncertain η the
    probabilities are softmax(η_k / √(1 + π v_k / 8)), the approximation of MacKay for each class by itself [2]_,
    which errs by some hundredths where the variances are above 1.

    References
    ----------
    .. [1] Böhning (1992). Multinomial logistic regression algorithm. Ann. Inst. Stat. Math. 44, 197-200.
       DOI 10.1007/BF00048682
    .. [2] MacKay (1992). The evidence framework applied to classification networks. Neural Comput. 4, 720-736.
       DOI 10.1162/neco.1992.4.5.720

    Examples
    --------
    >>> from skbayes.likelihoods import Categorical
    >>> print(Categorical().gradient(y=[1], eta=[[0.0, 0.0]]))
    [[-0.5  0.5]]
    """

    @property
    def curvature_bound(self) -> float:
        return 0.5

    def value_and_gradient(self, y: ArrayLike, eta: ArrayLike) -> tuple[Floats, Floats]:
        eta = np.ascontiguousarray(as_eta(eta))
        gradient, total, shift = _exponentials(eta)
        # Places of η_y in the flat array: many times faster than a pair of index arrays.
        at = np.arange(0, eta.size, eta.shape[1]) + np.asarray(y).astype(np.intp, copy=False)
        value = eta.reshape(-1).take(at)
        value -= shift
        value -= np.log(total)
        gradient *= np.divide(-1.0, total, out=total)[:, np.newaxis]
        gradient.reshape(-1)[at] += 1.0
        return value, gradient

    def log_constant(self, y: ArrayLike) -> Floats:
        return np.zeros(np.shape(y))

    def hessian(self, y: ArrayLike, eta: ArrayLike) -> Floats:
        mean = self.inverse_link(eta)
        hessian = mean[:, :, np.newaxis] * mean[:, np.newaxis, :]
        diagonal = np.arange(mean.shape[1])
        hessian[:, diagonal, diagonal] -= mean
        return hessian

    def hessian_slope(self, y: ArrayLike, eta: ArrayLike, variance: ArrayLike) -> Floats:
        mean = self.inverse_link(eta)
        covariance = np.asarray(variance, dtype=mean.dtype)
        # Σ hessian · C = (πᵀ C π) − π · diag C, and ∂π_l/∂η_k = π_l (δ_lk − π_k).
        along = (covariance @ mean[:, :, np.newaxis])[:, :, 0]
        slope = 2.0 * along - np.diagonal(covariance, axis1=1, axis2=2)
        return mean * (slope - np.sum(mean * slope, axis=1, keepdims=True))

    def inverse_link(self, eta: ArrayLike) -> Floats:
        mean, total, _ = _exponentials(np.ascontiguousarray(as_eta(eta)))
        mean *= np.reciprocal(total, out=total)[:, np.newaxis]
        return mean

    def predictive(self, eta: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
        """Probabilities of the classes when the linear predictors are uncertain.

        Parameters
        ----------
        eta : array-like of shape (n_samples, n_classes)
            Means of the linear predictors.
        variance : array-like of shape (n_samples, n_classes)
            Their variances; non-negative.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_classes)
            Probability of each class.
        std : ndarray of shape (n_samples, n_classes)
            Standard deviation of the indicator of each class.
        """
        eta = as_eta(eta)
        shrunk = eta / np.sqrt(1.0 + (np.pi / 8.0) * np.asarray(variance, dtype=eta.dtype))
        mean = self.inverse_link(shrunk)
        return mean, np.sqrt(mean * (1.0 - mean))

    def sample(
        self, eta: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> NDArray[Any]:
        edges = np.cumsum(self.inverse_link(eta), axis=1)[:, :-1]
        rng = np.random.default_rng(random_state)
        return (rng.random((edges.shape[0], 1)) > edges).sum(axis=1)

    def check_target(self, y: ArrayLike) -> None:
        y = np.asarray(y)
        numbers = np.asarray(y, dtype=float)
        wrong = ~np.isfinite(numbers) | (numbers < 0) | (numbers != np.floor(numbers))
        refuse(wrong, y, "categorical", "class numbers 0, 1, 2, ...", "Encode the classes so.")

    def start_intercept(self, y: ArrayLike, weight: ArrayLike | None = None) -> NDArray[np.float64]:
        count = np.bincount(np.asarray(y).astype(np.intp), weights=weight).astype(float)
        # A class that weighs nothing would start at minus infinity; half an observation keeps it finite.
        level: NDArray[np.float64] = np.log(np.maximum(count, 0.5))
        return level - level.mean()


def _exponentials(eta: Floats) -> tuple[Floats, Floats, Floats | float]:
    """Return exp(η − shift), its sum over the classes, and the shift of each row."""
    shift: Floats | float = 0.0
    if eta.size and max(float(eta.max()), -float(eta.min())) > _SAFE:
        highest = eta.max(axis=1)
        shift, exponentials = highest, eta - highest[:, np.newaxis]
        np.exp(exponentials, out=exponentials)
    else:
        exponentials = np.exp(eta)
    # A product with ones is a BLAS call; a sum along a short axis goes row by row.
    return exponentials, exponentials @ np.ones(eta.shape[1], dtype=eta.dtype), shift
