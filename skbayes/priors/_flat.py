"""Flat prior: nothing is believed of the coefficients, and the MAP estimate is that of maximum likelihood."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._base import Prior
from ._features import as_floats

__all__ = ["Flat"]


class Flat(Prior):
    """No preference among the values of a coefficient.

    See Also
    --------
    Normal : With ``scale=inf`` flat for single features.

    Notes
    -----
    log p(w) = 0. The density is improper: it does not integrate, and the evidence under it is undefined.

    Examples
    --------
    >>> from skbayes.priors import Flat
    >>> Flat().log_density([3.0, -1.0])
    0.0
    """

    _shape: tuple[int, ...] = ()

    def for_features(self, names: Sequence[str] | None, n_features: int) -> Self:
        """Return the same prior, which then knows how many features there are.

        Parameters
        ----------
        names : sequence of str or None
            Names of the features; they do not matter.
        n_features : int
            How many features there are.

        Returns
        -------
        prior : Flat
            Its `separable` and `quadratic` give arrays of shape (n_features,).
        """
        resolved = type(self)()
        resolved._shape = (n_features,)
        return resolved

    def log_density(self, w: ArrayLike) -> float:
        return 0.0

    def gradient(self, w: ArrayLike) -> NDArray[Any]:
        """Derivative of `log_density` by each parameter.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        gradient : ndarray of shape (n_parameters,)
            Zeros.
        """
        return np.zeros_like(as_floats(w))

    def hessian(self, w: ArrayLike) -> NDArray[Any]:
        """Diagonal of the second derivative of `log_density`.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        hessian : ndarray of shape (n_parameters,)
            Zeros.
        """
        return np.zeros_like(as_floats(w))

    def prox(self, w: ArrayLike, step: float | NDArray[Any]) -> NDArray[Any]:
        """Return the argument of min_z ½‖z − w‖² − step · log p(z).

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to start.
        step : float or array-like of shape (n_parameters,)
            Step size; positive.

        Returns
        -------
        z : ndarray of shape (n_parameters,)
            A copy of w.
        """
        return as_floats(w).copy()

    def separable(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Location and weights of −log p(w) = Σ l1 |w − loc| + l2/2 (w − loc)².

        Returns
        -------
        loc, l1, l2 : ndarray of shape (n_features,)
            Zeros.
        """
        return np.zeros(self._shape), np.zeros(self._shape), np.zeros(self._shape)

    def quadratic(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Location and precision.

        Returns
        -------
        loc, precision : ndarray of shape (n_features,)
            Zeros.
        """
        return np.zeros(self._shape), np.zeros(self._shape)
