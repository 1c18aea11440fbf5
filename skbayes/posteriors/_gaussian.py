"""Gaussian posterior: what is believed of n quantities after the data, N(mean, covariance).

Only the marginals (mean, std) are always there; the covariance is formed when somebody asks for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import lapack

__all__ = ["GaussianPosterior"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, init=False, eq=False)
class GaussianPosterior:
    """Joint Gaussian distribution of n quantities, given the data.

    Parameters
    ----------
    mean : array-like of shape (n,)
        Expected values.
    std : array-like of shape (n,)
        Marginal standard deviations; non-negative, in the unit of `mean`.
    covariance : callable or array-like of shape (n, n), default=None
        The joint covariance, or a function without arguments that computes it (called at most once,
        and only if somebody asks). None: the quantities are independent, ``diag(std**2)``.

    Attributes
    ----------
    mean : ndarray of shape (n,)
        Expected values.
    std : ndarray of shape (n,)
        Marginal standard deviations.

    Raises
    ------
    ValueError
        If `mean` and `std` are not one-dimensional and of one length, or a `std` is negative.

    Examples
    --------
    >>> from skbayes.posteriors import GaussianPosterior
    >>> posterior = GaussianPosterior([0.0, 1.0], [1.0, 2.0], [[1.0, 0.5], [0.5, 4.0]])
    >>> posterior.covariance[0, 1]
    np.float64(0.5)
    >>> posterior.sample(3, random_state=0).shape
    (3, 2)
    """

    mean: FloatArray
    std: FloatArray

    def __init__(
        self,
        mean: ArrayLike,
        std: ArrayLike,
        covariance: Callable[[], ArrayLike] | ArrayLike | None = None,
    ) -> None:
        mean = np.asarray(mean, dtype=float)
        std = np.asarray(std, dtype=float)
        if mean.ndim != 1 or std.shape != mean.shape:
            raise ValueError(
                "GaussianPosterior needs mean and std of one shape (n,); "
                f"got {mean.shape} and {std.shape}."
            )
        if std.size and not std.min() >= 0.0:
            raise ValueError(
                f"GaussianPosterior needs std >= 0; got a smallest value of {std.min()}."
            )
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "std", std)
        object.__setattr__(self, "_covariance", covariance)

    @cached_property
    def covariance(self) -> FloatArray:
        """Joint covariance, an array of shape (n, n) in the squared unit of `mean`."""
        source = self.__dict__["_covariance"]
        if source is None:
            return np.diag(self.std**2)
        n = self.mean.size
        matrix = np.asarray(source() if callable(source) else source, dtype=float)
        if matrix.shape != (n, n):
            raise ValueError(
                f"GaussianPosterior of {n} quantities needs a covariance of shape {(n, n)}; "
                f"got {matrix.shape}."
            )
        return matrix

    def sample(
        self, n: int = 1, random_state: int | np.random.Generator | None = None
    ) -> FloatArray:
        """Draw from the joint distribution.

        Parameters
        ----------
        n : int, default=1
            Number of draws.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        draws : ndarray of shape (n, n_points)
            One joint draw per row.
        """
        rng = np.random.default_rng(random_state)
        noise = rng.standard_normal((n, self.mean.size))
        if self.__dict__["_covariance"] is None:
            return self.mean + noise * self.std
        return self.mean + noise @ _square_root(self.covariance)


def _square_root(covariance: FloatArray) -> FloatArray:
    """Upper R with R'R = covariance; eigenvectors take over where it is only semi-definite."""
    R, failed = lapack.dpotrf(covariance, lower=0, clean=1)
    if not failed:
        return np.asarray(R)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)
