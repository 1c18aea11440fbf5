"""Covariances of very many parameters: a prior with independent ones, seen through few rows.

Notation: v (m,) the prior variances, V their diagonal matrix; Z (r, m) the rows, each an observation of Zw with unit
noise; M = I + Z V Zᵀ = L Lᵀ (r, r). The posterior is N(·, Σ) with (Woodbury)

    Σ = (V⁻¹ + Zᵀ Z)⁻¹ = V − V Zᵀ M⁻¹ Z V.

Z may be given as G − Q J with a sparse G (r, m) and few directions Q (r, u), so that centring does not make it dense.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from ._forms import CovarianceForm, as_dense, chunks_of, squared

__all__ = ["LowRankForm"]

Array = NDArray[Any]

# Up to so many parameters the precision is stated as a matrix: 32 MB.
_LARGEST_MATRIX = 2000


@dataclass(frozen=True, eq=False)
class LowRankForm(CovarianceForm):
    """Covariance (V⁻¹ + ZᵀZ)⁻¹ by matrices of the number of rows of Z.

    Parameters
    ----------
    prior_variance : ndarray of shape (m,)
        Diagonal of V; positive and finite.
    rows : ndarray or CSR matrix of shape (r, m)
        Z, or G if there is a `removed`.
    removed : tuple of ndarray of shapes (r, u) and (u, m), or None, default=None
        Q and J, of which Z = G − Q J; None: Z = G.

    Notes
    -----
    Draws follow Bhattacharya, Chakraborty, Mallick [1]_: with w ~ N(0, V) and δ ~ N(0, I), w − V Zᵀ M⁻¹ (Z w + δ).

    References
    ----------
    .. [1] Bhattacharya, Chakraborty, Mallick (2016). Fast sampling with Gaussian scale mixture priors in
       high-dimensional regression. Biometrika 103, 985-991. doi:10.1093/biomet/asw042

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import LowRankForm
    >>> form = LowRankForm(np.ones(3), np.array([[1.0, 0.0, 0.0]]))
    >>> print(form.variance())
    [0.5 1.  1. ]
    """

    prior_variance: Array
    rows: Any
    removed: tuple[Array, Array] | None = None

    @property
    def size(self) -> int:
        return self.prior_variance.size

    @cached_property
    def _lower(self) -> Array:
        """L."""
        r = self.rows.shape[0]
        M = np.zeros((r, r))
        if sparse.issparse(self.rows):
            M = as_dense(self.rows.multiply(self.prior_variance[None, :]).tocsr() @ self.rows.T)
            if self.removed is not None:
                Q, J = self.removed
                scaled = self.rows @ (self.prior_variance[:, None] * J.T)  # (r, u)
                inner = (J * self.prior_variance) @ J.T
                M -= scaled @ Q.T + Q @ scaled.T - Q @ inner @ Q.T
        else:
            root = np.sqrt(self.prior_variance)
            for part in chunks_of(self.size, max(r, 1)):
                block = self._block(part) * root[part]
                M += block @ block.T
        M[np.diag_indices_from(M)] += 1.0
        return np.asarray(linalg.cholesky(M, lower=True, overwrite_a=True, check_finite=False))

    def _block(self, part: slice) -> Array:
        """Return some columns of Z, (r, |part|)."""
        block = self.rows[:, part]
        block = block.toarray() if sparse.issparse(block) else block
        if self.removed is None:
            return np.asarray(block)
        return np.asarray(block - self.removed[0] @ self.removed[1][:, part])

    def _seen(self, A: Any) -> Array:
        """Return Z Aᵀ, (r, n)."""
        product = as_dense(self.rows @ A.T)
        if self.removed is not None:
            product -= self.removed[0] @ as_dense(A @ self.removed[1].T).T
        return product

    def _back(self, B: Array) -> Array:
        """Return (Zᵀ B)ᵀ, (n, m), for B (r, n)."""
        product = as_dense(self.rows.T @ B).T
        if self.removed is not None:
            product = product - (self.removed[0].T @ B).T @ self.removed[1]
        return product

    @property
    def log_det(self) -> float:
        halves = np.log(np.diag(self._lower)).sum()
        return float(np.log(self.prior_variance).sum() - 2.0 * halves)

    def variance(self) -> Array:
        taken = self._taken_sparse() if sparse.issparse(self.rows) else self._takenas_dense()
        v = self.prior_variance
        return np.maximum(v - v * v * taken, 0.0)

    def _takenas_dense(self) -> Array:
        """Return the diagonal of Zᵀ M⁻¹ Z, (m,)."""
        taken = np.empty(self.size)
        for part in chunks_of(self.size, self.rows.shape[0]):
            half = linalg.solve_triangular(
                self._lower, self._block(part), lower=True, check_finite=False
            )
            taken[part] = np.einsum("ij,ij->j", half, half)
        return taken

    def _taken_sparse(self) -> Array:
        # With M⁻¹ at hand a column costs the square of its entries, not of the rows.
        inverse = _inverse(self._lower)
        taken = _quadratic_forms(self.rows.tocsc(), inverse)
        if self.removed is None:
            return taken
        Q, J = self.removed
        solved = inverse @ Q
        cross = self.rows.T @ solved  # (m, u)
        return np.asarray(
            taken
            - 2.0 * np.einsum("ju,uj->j", cross, J)
            + np.einsum("uj,uv,vj->j", J, Q.T @ solved, J, optimize=True)
        )

    def along(self, A: Any) -> Array:
        v = self.prior_variance
        along = np.empty(A.shape[0])
        for part in chunks_of(A.shape[0], self.size):
            rows = A[part]
            scaled = rows.multiply(v[None, :]).tocsr() if sparse.issparse(rows) else rows * v
            half = linalg.solve_triangular(
                self._lower, self._seen(scaled), lower=True, check_finite=False
            )
            before = scaled.multiply(rows) if sparse.issparse(rows) else scaled * rows
            along[part] = np.ravel(before.sum(axis=1)) - np.einsum("ij,ij->j", half, half)
        return np.maximum(along, 0.0)

    def between_outputs(self, A: Any, K: int) -> Array:
        width = self.size // K
        before = squared(A) @ self.prior_variance.reshape(K, width).T  # (n, K)
        covariance = before[:, :, None] * np.eye(K)
        for part in chunks_of(A.shape[0], K * self.rows.shape[0]):
            halves = [
                linalg.solve_triangular(self._lower, seen, lower=True, check_finite=False)
                for seen in self._seen_by_outputs(A[part], K)
            ]
            covariance[part] -= np.einsum("krn,lrn->nkl", halves, halves, optimize=True)
        return covariance

    def _seen_by_outputs(self, A: Any, K: int) -> list[Array]:
        """Return Z times the rows in the place of each output, K times (r, n)."""
        v = self.prior_variance.reshape(K, -1)
        blocks = [slice(k * v.shape[1], (k + 1) * v.shape[1]) for k in range(K)]
        scaled = [
            A.multiply(of_k[None, :]).tocsr() if sparse.issparse(A) else A * of_k for of_k in v
        ]
        seen = [
            as_dense(self.rows[:, block] @ rows.T)
            for block, rows in zip(blocks, scaled, strict=True)
        ]
        if self.removed is not None:
            Q, J = self.removed
            for of_k, block, rows in zip(seen, blocks, scaled, strict=True):
                of_k -= Q @ as_dense(rows @ J[:, block].T).T
        return seen

    def times(self, A: Any) -> Array:
        v = self.prior_variance
        scaled = as_dense(A) * v
        seen = linalg.cho_solve((self._lower, True), self._seen(scaled), check_finite=False)
        return np.asarray(scaled - self._back(seen) * v)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        before = rng.standard_normal((n, self.size)) * np.sqrt(self.prior_variance)
        noise = rng.standard_normal((n, self.rows.shape[0])).T
        seen = linalg.cho_solve((self._lower, True), self._seen(before) + noise, check_finite=False)
        return np.asarray(before - self._back(seen) * self.prior_variance)

    def squared_distance(self, D: Array) -> Array:
        return np.square(D) @ (1.0 / self.prior_variance) + np.square(self._seen(D)).sum(axis=0)

    def precision(self) -> Array:
        """State V⁻¹ + ZᵀZ.

        Returns
        -------
        precision : ndarray of shape (m, m) or (m,)
            Its diagonal alone above 2000 parameters.
        """
        if self.size <= _LARGEST_MATRIX:
            Z = self._block(slice(0, self.size))
            return np.asarray(Z.T @ Z + np.diag(1.0 / self.prior_variance))
        squares = [
            np.square(self._block(part)).sum(axis=0)
            for part in chunks_of(self.size, self.rows.shape[0])
        ]
        return np.asarray(np.concatenate(squares) + 1.0 / self.prior_variance)

    def __getstate__(self) -> dict[str, Any]:
        # L is made of the rest, and of many rows larger than that.
        return {name: value for name, value in self.__dict__.items() if name != "_lower"}


def _inverse(lower: Array) -> Array:
    """Return (L Lᵀ)⁻¹."""
    inverse, _ = linalg.lapack.dpotri(lower, lower=1)
    # Above the diagonal are the zeros of L.
    diagonal = np.diag(inverse).copy()
    inverse += inverse.T
    np.fill_diagonal(inverse, diagonal)
    return np.asarray(inverse)


def _quadratic_forms(columns: Any, matrix: Array) -> Array:
    """Return z' matrix z of each column z of a CSC matrix, those with as many entries together."""
    counts = np.diff(columns.indptr)
    forms = np.zeros(counts.size)
    for count in np.unique(counts[counts > 0]):
        alike = np.flatnonzero(counts == count)
        for part in chunks_of(alike.size, int(count) ** 2):
            some = alike[part]
            entries = columns.indptr[some][:, None] + np.arange(count)
            rows, values = columns.indices[entries], columns.data[entries]
            blocks = matrix[rows[:, :, None], rows[:, None, :]]
            forms[some] = np.einsum("ki,kij,kj->k", values, blocks, values, optimize=True)
    return forms
