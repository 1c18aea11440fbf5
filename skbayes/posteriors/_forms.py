"""How the covariance of many coefficients is held: what each form can say of it without forming a matrix of their size.

Notation: m parameters w, Σ (m, m) their covariance; a row a (m,) asks for the linear combination a'w, of variance a'Σa.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

__all__ = ["CovarianceForm", "DiagonalForm", "as_dense", "chunks_of", "squared"]

Array = NDArray[Any]

# Numbers of a temporary (rows asked for x parameters): 32 MB.
_CHUNK = 2**22


class CovarianceForm(ABC):
    """Base of the forms of a covariance Σ of m parameters.

    A subclass defines `size`, `along`, `times`, `draw`, `squared_distance` and `log_det`; the other methods follow
    from these, if slowly.

    See Also
    --------
    CoefficientPosterior : What holds one.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import DiagonalForm
    >>> form = DiagonalForm(np.array([1.0, 4.0]))
    >>> form.along(np.array([[1.0, 1.0]]))
    array([5.])
    """

    @property
    @abstractmethod
    def size(self) -> int:
        """Number m of parameters."""

    @property
    @abstractmethod
    def log_det(self) -> float:
        """Logarithm of the determinant of Σ, of its part that is neither zero nor infinite."""

    @abstractmethod
    def along(self, A: Any) -> Array:
        """Variances of linear combinations.

        Parameters
        ----------
        A : ndarray or CSR matrix of shape (n, m)
            A combination per row.

        Returns
        -------
        variance : ndarray of shape (n,)
            a'Σa of each row; infinite where the combination is not determined.
        """

    @abstractmethod
    def times(self, A: Any) -> Array:
        """Covariances of linear combinations with all parameters.

        Parameters
        ----------
        A : ndarray or CSR matrix of shape (n, m)
            A combination per row.

        Returns
        -------
        product : ndarray of shape (n, m)
            A Σ, of the determined part.
        """

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw from N(0, Σ).

        Parameters
        ----------
        n : int
            Number of draws.
        rng : numpy.random.Generator
            Source of the noise.

        Returns
        -------
        draws : ndarray of shape (n, m)
            One draw per row.
        """

    @abstractmethod
    def squared_distance(self, D: Array) -> Array:
        """Mahalanobis distances, which make the density of N(0, Σ).

        Parameters
        ----------
        D : ndarray of shape (n, m)
            Differences from the mean.

        Returns
        -------
        distance : ndarray of shape (n,)
            d'Σ⁻¹d of each row.

        Raises
        ------
        ValueError
            If the form has no density.
        """

    def variance(self) -> Array:
        """Diagonal of Σ.

        Returns
        -------
        variance : ndarray of shape (m,)
            Variance of each parameter.
        """
        rows = chunks_of(self.size, self.size)
        identity = sparse.identity(self.size, format="csr")
        units = (identity[part] for part in rows)
        return np.concatenate([np.zeros(0), *(self.along(unit) for unit in units)])

    def between_outputs(self, A: Any, K: int) -> Array:
        """Covariances of the linear predictors of a row, of which each has its own m / K parameters.

        Parameters
        ----------
        A : ndarray or CSR matrix of shape (n, m / K)
            Rows.
        K : int
            Number of linear predictors.

        Returns
        -------
        covariance : ndarray of shape (n, K, K)
            Of each row.
        """
        width = self.size // K
        covariance = np.empty((A.shape[0], K, K))
        for part in chunks_of(A.shape[0], self.size):
            rows = A[part]
            for k in range(K):
                product = self.times(_placed(rows, k * width, self.size))
                for other in range(K):
                    block = product[:, other * width : (other + 1) * width]
                    covariance[part, k, other] = _row_sums(rows, block)
        return 0.5 * (covariance + covariance.transpose(0, 2, 1))

    def between_contrasts(self, A: Any, K: int) -> Array:
        """Covariances of the linear predictors of a row less their mean: all that a softmax knows of them.

        Parameters
        ----------
        A : ndarray or CSR matrix of shape (n, m / K)
            Rows.
        K : int
            Number of linear predictors.

        Returns
        -------
        covariance : ndarray of shape (n, K, K)
            Of each row.
        """
        covariance = self.between_outputs(A, K)
        covariance = covariance - covariance.mean(axis=1, keepdims=True)
        return np.asarray(covariance - covariance.mean(axis=2, keepdims=True))

    def dense(self) -> Array:
        """Form Σ.

        Returns
        -------
        covariance : ndarray of shape (m, m)
            Infinite on the diagonal where a parameter is not determined.
        """
        covariance = self.times(np.eye(self.size))
        covariance = 0.5 * (covariance + covariance.T)
        np.fill_diagonal(covariance, self.variance())
        return covariance

    def precision(self) -> Array:
        """Inverse of Σ, as a prior would state it.

        Returns
        -------
        precision : ndarray of shape (m, m) or (m,)
            The matrix, or of a form that is too large for one, its diagonal: the precision of each parameter if all
            others were known.
        """
        return np.asarray(np.linalg.pinv(self.dense(), hermitian=True))

    @property
    def undetermined_directions(self) -> Array | None:
        """Directions about which nothing is known, (m, k), of any length; None: there are none."""
        return None

    def quantile(self, level: Array, dof: float | None = None) -> Array:
        """Marginal quantiles of each parameter about the mean.

        Parameters
        ----------
        level : ndarray of shape (k,)
            Probabilities.
        dof : float or None, default=None
            Degrees of freedom of Student's t; None: normal.

        Returns
        -------
        quantile : ndarray of shape (k, m)
            Distances from the mean.
        """
        standard = stats.norm if dof is None else stats.t(dof)
        std = np.sqrt(self.variance())
        standard_quantile = standard.ppf(level)
        with np.errstate(invalid="ignore"):
            quantile = np.multiply.outer(standard_quantile, std)
        # The median is at the mean also of what is not determined.
        return np.where(standard_quantile[:, None] == 0.0, 0.0, quantile)

    def probability_above(self, x: Array, dof: float | None = None) -> Array:
        """Marginal survival functions about the mean.

        Parameters
        ----------
        x : ndarray of shape (m,)
            A distance from the mean for each parameter.
        dof : float or None, default=None
            Degrees of freedom of Student's t; None: normal.

        Returns
        -------
        probability : ndarray of shape (m,)
            P(w_j − mean_j > x_j); of a parameter that is known exactly a half at x_j = 0.
        """
        standard = stats.norm if dof is None else stats.t(dof)
        std = np.sqrt(self.variance())
        certain = np.where(x == 0.0, 0.0, np.copysign(np.inf, x))
        return np.asarray(standard.sf(np.divide(x, std, out=certain, where=std > 0.0)))


def chunks_of(n: int, width: int) -> Iterator[slice]:
    """Yield slices of n rows such that a temporary of `width` numbers per row stays small."""
    size = max(1, _CHUNK // max(width, 1))
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


@dataclass(frozen=True, eq=False)
class DiagonalForm(CovarianceForm):
    """Independent parameters.

    Parameters
    ----------
    variances : ndarray of shape (m,)
        Diagonal of Σ; non-negative.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import DiagonalForm
    >>> DiagonalForm(np.array([1.0, 4.0])).dense()
    array([[1., 0.],
           [0., 4.]])
    """

    variances: Array

    @property
    def size(self) -> int:
        return self.variances.size

    @property
    def log_det(self) -> float:
        proper = (self.variances > 0.0) & np.isfinite(self.variances)
        return float(np.log(self.variances[proper]).sum())

    @property
    def _finite(self) -> Array:
        return np.where(np.isfinite(self.variances), self.variances, 0.0)

    def variance(self) -> Array:
        return self.variances

    def along(self, A: Any) -> Array:
        along = np.asarray(squared(A) @ self._finite, dtype=np.float64)
        infinite = np.isinf(self.variances)
        if infinite.any():
            along[np.asarray(squared(A) @ infinite.astype(float)) > 0.0] = np.inf
        return along

    def between_outputs(self, A: Any, K: int) -> Array:
        variance = np.asarray(squared(A) @ self._finite.reshape(K, -1).T)
        return variance[:, :, None] * np.eye(K)

    def times(self, A: Any) -> Array:
        return as_dense(A) * self._finite

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        return rng.standard_normal((n, self.size)) * np.sqrt(self._finite)

    def squared_distance(self, D: Array) -> Array:
        proper = self._finite > 0.0
        return np.asarray(np.square(D[:, proper]) @ (1.0 / self.variances[proper]))

    def precision(self) -> Array:
        with np.errstate(divide="ignore"):
            return np.where(self.variances > 0.0, 1.0 / self.variances, 0.0)


def squared(A: Any) -> Any:
    """Return the squares of the entries, sparse of a sparse matrix."""
    return A.multiply(A).tocsr() if sparse.issparse(A) else np.square(A, dtype=np.float64)


def as_dense(A: Any) -> Array:
    """Return rows as a dense array in float64."""
    return np.asarray(A.toarray() if sparse.issparse(A) else A, dtype=np.float64)


def _placed(rows: Any, start: int, size: int) -> Any:
    """Return the rows in their place among `size` columns, all others zero."""
    n, width = rows.shape
    if sparse.issparse(rows):
        moved = (rows.data, rows.indices + start, rows.indptr)
        return sparse.csr_matrix(moved, shape=(n, size))
    placed = np.zeros((n, size))
    placed[:, start : start + width] = rows
    return placed


def _row_sums(rows: Any, block: Array) -> Array:
    if sparse.issparse(rows):
        return np.ravel(rows.multiply(block).sum(axis=1))
    return np.einsum("ij,ij->i", rows, block)
