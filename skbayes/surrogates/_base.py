"""What a surrogate is: arrays of the unit cube and their scores in, a posterior over the score out.

Notation: U (n, n_columns) points of the unit cube, NaN where a column is inactive; z the latent
scores, that is the scores after the output transform, in which the model is Gaussian.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from .._sklearn import Documented
from ..posteriors import GaussianPosterior
from ._function_samples import Functions
from ._output import FittedOutput

__all__ = ["Surrogate"]

FloatArray = NDArray[np.float64]


class Surrogate(Documented, BaseEstimator, ABC):
    """Base class of all surrogates.

    A surrogate knows no design space: it sees columns in [0, 1], of which some hold unordered
    categories (`categories`), and scores, of which higher is better.
    """

    categories: Sequence[int] | None
    output_: FittedOutput
    n_features_in_: int

    @property
    @abstractmethod
    def has_gradient(self) -> bool:
        """Whether `posterior_gradient` and `value_and_gradient` exist."""

    @abstractmethod
    def fit(
        self, U: ArrayLike, scores: ArrayLike, *, noise_variance: ArrayLike | None = None
    ) -> Self:
        """Learn from the observations.

        Parameters
        ----------
        U : array-like of shape (n, n_columns)
            Points of the unit cube; NaN where a column is inactive.
        scores : array-like of shape (n,)
            Finite scores, higher is better.
        noise_variance : float or array-like of shape (n,), default=None
            Known variance of each score, in the squared unit of the score; non-negative.

        Returns
        -------
        self : Surrogate
            The same object, fitted.
        """

    @abstractmethod
    def posterior(self, U: ArrayLike) -> GaussianPosterior:
        """Posterior of the noise-free score, in the latent unit.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube.

        Returns
        -------
        posterior : GaussianPosterior
            Of m quantities.
        """

    @abstractmethod
    def condition(self, U: ArrayLike, scores_latent: ArrayLike) -> "Surrogate":
        """Return a copy that has seen further observations (fantasies); this one stays as it is.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube.
        scores_latent : array-like of shape (m,)
            Their noise-free scores in the latent unit, those of `posterior`.

        Returns
        -------
        surrogate : Surrogate
            A fitted copy with the same hyper-parameters.
        """

    def score_posterior(self, U: ArrayLike) -> GaussianPosterior:
        """Posterior mean and standard deviation in the unit of the score.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube.

        Returns
        -------
        posterior : GaussianPosterior
            Moments of the inverse output transform of the latent posterior, by quadrature. Its
            covariance carries the latent correlations over, exact for a linear transform.
        """
        latent = self.posterior(U)
        mean, std = self.output_.score_moments(latent.mean, latent.std)

        def covariance() -> FloatArray:
            ratio = np.divide(std, latent.std, out=np.zeros_like(std), where=latent.std > 0.0)
            return np.asarray(latent.covariance * np.outer(ratio, ratio))

        return GaussianPosterior(mean, std, covariance)

    def sample_functions(
        self, n: int, U: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> Functions:
        """Draw whole functions from the posterior, to be evaluated wherever one likes.

        Parameters
        ----------
        n : int
            Number of functions wanted; positive.
        U : array-like of shape (m, n_columns)
            Points that fill the region of interest, for surrogates that must be told where to draw.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        functions : callable
            Takes points (k, n_columns) and returns values (n_functions, k) in the latent unit. Here
            there is one function, the posterior mean: a surrogate that can draw says so by
            a method of its own.
        """
        return lambda points: self.posterior(points).mean[None]


def check_points(surrogate: Any, U: ArrayLike, n_columns: int | None = None) -> FloatArray:
    """Return U as floats (m, n_columns); inf is refused, NaN means inactive."""
    U = np.asarray(U, dtype=float)
    name = type(surrogate).__name__
    if U.ndim != 2:
        raise ValueError(f"{name} needs points of shape (n, n_columns); got shape {U.shape}.")
    if n_columns is not None and U.shape[1] != n_columns:
        raise ValueError(f"{name} was fitted on {n_columns} columns; got points with {U.shape[1]}.")
    if np.isinf(U).any():
        raise ValueError(f"{name} needs points of the unit cube; got an infinite coordinate.")
    return U


def check_observations(
    surrogate: Any, U: ArrayLike, scores: ArrayLike, noise_variance: ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Check shapes and values once, at the door of `fit`."""
    name = type(surrogate).__name__
    U, scores = check_points(surrogate, U), np.asarray(scores, dtype=float)
    if not len(U) or scores.shape != (len(U),):
        raise ValueError(
            f"{name} needs one score per point and at least one point; "
            f"got {len(U)} points and scores of shape {scores.shape}."
        )
    if not np.isfinite(scores).all():
        raise ValueError(
            f"{name} needs finite scores; got {scores[~np.isfinite(scores)][0]}. "
            "Leave failed trials out or give them a pessimistic score."
        )
    categories = surrogate.categories
    if categories is not None and len(categories) != U.shape[1]:
        raise ValueError(
            f"{name} needs one entry of categories per column; "
            f"got {len(categories)} entries and {U.shape[1]} columns."
        )
    if noise_variance is None:
        return U, scores, None
    noise = np.asarray(noise_variance, dtype=float)
    if noise.shape not in ((), scores.shape) or not (np.isfinite(noise) & (noise >= 0.0)).all():
        raise ValueError(
            f"{name} needs noise_variance >= 0 and finite, one number or one per score; "
            f"got {noise_variance!r}."
        )
    return U, scores, np.broadcast_to(noise, scores.shape)
