"""A posterior that is known by draws alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._forms import CovarianceForm, chunks_of

__all__ = ["DrawsForm"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class DrawsForm(CovarianceForm):
    """The empirical distribution of draws, such as those of a bootstrap.

    Parameters
    ----------
    draws : ndarray of shape (n_draws, m)
        Draws less the mean that the posterior states; at least two.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import DrawsForm
    >>> DrawsForm(np.array([[-1.0], [0.0], [1.0]])).variance()
    array([1.])
    """

    draws: Array

    @property
    def size(self) -> int:
        return self.draws.shape[1]

    @property
    def _root(self) -> Array:  # (n_draws, m), Σ its Gram
        centred = self.draws - self.draws.mean(axis=0)
        return centred / np.sqrt(max(len(centred) - 1, 1))

    @property
    def log_det(self) -> float:
        values = np.square(np.linalg.svd(self._root, compute_uv=False))
        level = values.size * np.finfo(float).eps * values.max(initial=0.0)
        return float(np.log(values[values > level]).sum())

    def variance(self) -> Array:
        return np.asarray(np.square(self._root).sum(axis=0))

    def along(self, A: Any) -> Array:
        root = self._root.T
        parts = chunks_of(A.shape[0], len(self.draws))
        squares = [np.square(A[part] @ root).sum(axis=1) for part in parts]
        return np.concatenate([np.zeros(0), *squares])

    def times(self, A: Any) -> Array:
        root = self._root
        return np.asarray((A @ root.T) @ root)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw from the draws, with replacement.

        Parameters
        ----------
        n : int
            Number of draws.
        rng : numpy.random.Generator
            Source of the choice.

        Returns
        -------
        draws : ndarray of shape (n, m)
            One of the given draws per row.
        """
        return self.draws[rng.integers(len(self.draws), size=n)]

    def squared_distance(self, D: Array) -> Array:
        raise ValueError(
            "Draws have no density; got posterior='bootstrap'. Use a posterior that is normal: 'laplace', 'support' "
            "or 'smoothed'."
        )

    def quantile(self, level: Array, dof: float | None = None) -> Array:
        """Quantiles of the draws of each parameter.

        Parameters
        ----------
        level : ndarray of shape (k,)
            Probabilities.
        dof : float or None, default=None
            Draws need none: it is ignored.

        Returns
        -------
        quantile : ndarray of shape (k, m)
            Distances from the mean.
        """
        return np.asarray(np.quantile(self.draws, level, axis=0))

    def probability_above(self, x: Array, dof: float | None = None) -> Array:
        """Part of the draws that are above.

        Parameters
        ----------
        x : ndarray of shape (m,)
            A distance from the mean for each parameter.
        dof : float or None, default=None
            Draws need none: it is ignored.

        Returns
        -------
        probability : ndarray of shape (m,)
            Draws at x_j count half.
        """
        return np.asarray((self.draws > x).mean(axis=0) + 0.5 * (self.draws == x).mean(axis=0))
