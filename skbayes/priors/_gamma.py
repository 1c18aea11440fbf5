"""Gamma prior: a positive parameter, as a precision or a rate.

Notation: w > 0, k the shape, β the rate; p(w) = Π_j β^k w_j^(k−1) exp(−β w_j) / Γ(k).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from ._base import Prior
from ._features import as_floats

__all__ = ["Gamma"]


class Gamma(Prior):
    """Gamma distribution of a positive parameter.

    Parameters
    ----------
    shape : float, array-like of shape (n_parameters,) or dict of str to float, default=2.0
        Shape k; positive. From 1 on the density has a maximum; below it is infinite at 0.
    rate : float, array-like of shape (n_parameters,) or dict of str to float, default=1.0
        Rate β, the inverse of the scale; positive.

    See Also
    --------
    LogNormal : An order of magnitude known within a factor.
    HalfCauchy : A scale of which only the largest plausible size is known.

    Notes
    -----
    log p(w) = k log β − log Γ(k) + (k − 1) log w − β w, the density of w and not of its logarithm.

    Examples
    --------
    >>> from skbayes.priors import Gamma
    >>> Gamma(shape=2.0, rate=1.0).log_density([1.0])
    -1.0
    """

    _per_feature = {"shape": "positive", "rate": "positive"}  # noqa: RUF012

    def __init__(
        self,
        shape: ArrayLike | dict[str, float] = 2.0,
        rate: ArrayLike | dict[str, float] = 1.0,
    ) -> None:
        self.shape = shape
        self.rate = rate

    @property
    def is_positive(self) -> bool:
        return True

    def log_density(self, w: ArrayLike) -> float:
        w, k, rate = as_floats(w), self._numbers("shape"), self._numbers("rate")
        if not np.all(w > 0.0):
            return -math.inf
        return float(np.sum(k * np.log(rate) - gammaln(k) + (k - 1.0) * np.log(w) - rate * w))

    def gradient(self, w: ArrayLike) -> NDArray[Any]:
        """Derivative of `log_density` by each parameter.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate; positive.

        Returns
        -------
        gradient : ndarray of shape (n_parameters,)
            (k − 1)/w − β.
        """
        w = as_floats(w)
        gradient = (self._numbers("shape") - 1.0) / w - self._numbers("rate")
        return gradient.astype(w.dtype, copy=False)

    def hessian(self, w: ArrayLike) -> NDArray[Any]:
        """Diagonal of the second derivative of `log_density`.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate; positive.

        Returns
        -------
        hessian : ndarray of shape (n_parameters,)
            (1 − k)/w².
        """
        w = as_floats(w)
        return ((1.0 - self._numbers("shape")) / np.square(w)).astype(w.dtype, copy=False)

    def sample(
        self, n: int = 1, random_state: int | np.random.Generator | None = None
    ) -> NDArray[np.float64]:
        """Draw from the prior.

        Parameters
        ----------
        n : int, default=1
            Number of draws.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        draws : ndarray of shape (n, n_parameters)
            One draw per row; one column if all parameters are scalars.
        """
        shape, rate = np.broadcast_arrays(
            np.atleast_1d(self._numbers("shape")), np.atleast_1d(self._numbers("rate"))
        )
        rng = np.random.default_rng(random_state)
        return rng.standard_gamma(shape, size=(n, shape.size)) / rate
