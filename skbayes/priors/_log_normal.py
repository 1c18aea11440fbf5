"""Log-normal prior: a positive parameter whose order of magnitude is known within a factor.

Notation: w > 0 the parameters, m and s the mean and standard deviation of log w;
p(w) = exp(−(log w − m)² / 2s²) / (w s √2π). The density is on the natural scale, that of w.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._base import Prior
from ._features import as_floats

__all__ = ["LogNormal"]

_LOG_ROOT_2PI = 0.5 * math.log(2.0 * math.pi)


class LogNormal(Prior):
    """Log-normal distribution of a positive parameter.

    Parameters
    ----------
    loc : float or array-like of shape (n_parameters,), default=0.0
        Mean of the logarithm; any finite value.
    scale : float or array-like of shape (n_parameters,), default=1.0
        Standard deviation of the logarithm; positive.

    Notes
    -----
    The density is that of w, not of log w:
    log p(w) = −log w − log s − log √2π − (log w − m)² / 2s². Its mode is exp(m − s²).

    Examples
    --------
    >>> from skbayes.priors import LogNormal
    >>> round(LogNormal(loc=0.0, scale=1.0).log_density([1.0]), 6)
    -0.918939
    """

    _per_feature = {"loc": "finite", "scale": "positive"}  # noqa: RUF012

    def __init__(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0) -> None:
        self.loc = loc
        self.scale = scale

    def _standardized(self, w: ArrayLike) -> tuple[NDArray[np.float64], ...]:
        """Return w, log w, the scale and (log w − m) / s."""
        w, scale = np.asarray(w, dtype=float), np.asarray(self.scale, dtype=float)
        if not np.all(scale > 0.0):
            raise ValueError(f"LogNormal needs scale > 0; got scale={self.scale!r}.")
        with np.errstate(divide="ignore", invalid="ignore"):
            log_w = np.log(w)
        return w, log_w, scale, (log_w - self.loc) / scale

    @property
    def is_positive(self) -> bool:
        return True

    def log_density(self, w: ArrayLike) -> float:
        """Logarithm of the density at w, summed over the parameters.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate.

        Returns
        -------
        log_density : float
            Minus infinity if any parameter is not positive.

        Raises
        ------
        ValueError
            If `scale` is not positive.
        """
        w, log_w, scale, t = self._standardized(w)
        if not np.all(w > 0.0):
            return -math.inf
        return float(-np.sum(log_w + np.log(scale) + 0.5 * t * t) - w.size * _LOG_ROOT_2PI)

    def gradient(self, w: ArrayLike) -> NDArray[Any]:
        """Derivative of `log_density` by each parameter.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate; positive.

        Returns
        -------
        gradient : ndarray of shape (n_parameters,)
            −(1 + (log w − m) / s²) / w.
        """
        kind = as_floats(w).dtype
        w, _, scale, t = self._standardized(w)
        return (-(1.0 + t / scale) / w).astype(kind, copy=False)

    def hessian(self, w: ArrayLike) -> NDArray[Any]:
        """Diagonal of the second derivative of `log_density`.

        Parameters
        ----------
        w : array-like of shape (n_parameters,)
            Where to evaluate; positive.

        Returns
        -------
        hessian : ndarray of shape (n_parameters,)
            (1 + (log w − m − 1) / s²) / w².
        """
        kind = as_floats(w).dtype
        w, _, scale, t = self._standardized(w)
        hessian = (1.0 + t / scale - scale**-2.0) / np.square(w)
        return hessian.astype(kind, copy=False)

    def mode(self) -> NDArray[np.float64]:
        """Most probable value, exp(m − s²).

        Returns
        -------
        mode : ndarray of the shape of `loc` and `scale`
            Where the density is highest.
        """
        mode: NDArray[np.float64] = np.exp(
            np.asarray(self.loc, dtype=float) - np.square(self.scale)
        )
        return mode

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
            One draw per row; one column if `loc` and `scale` are scalars.
        """
        rng = np.random.default_rng(random_state)
        loc, scale = np.broadcast_arrays(np.atleast_1d(self.loc), np.atleast_1d(self.scale))
        return np.exp(loc + scale * rng.standard_normal((n, loc.size)))
