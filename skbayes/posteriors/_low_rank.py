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

from ._dense import DenseForm
from ._forms import CovarianceForm, chunks_of

__all__ = ["BorderedForm", "LowRankForm"]

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
            M = _dense(self.rows.multiply(self.prior_variance[None, :]).tocsr() @ self.rows.T)
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
        product = _dense(self.rows @ A.T)
        if self.removed is not None:
            product -= self.removed[0] @ _dense(A @ self.removed[1].T).T
        return product

    def _back(self, B: Array) -> Array:
        """Return (Zᵀ B)ᵀ, (n, m), for B (r, n)."""
        product = _dense(self.rows.T @ B).T
        if self.removed is not None:
            product = product - (self.removed[0].T @ B).T @ self.removed[1]
        return product

    @property
    def log_det(self) -> float:
        halves = np.log(np.diag(self._lower)).sum()
        return float(np.log(self.prior_variance).sum() - 2.0 * halves)

    def variance(self) -> Array:
        taken = self._taken_sparse() if sparse.issparse(self.rows) else self._taken_dense()
        v = self.prior_variance
        return np.maximum(v - v * v * taken, 0.0)

    def _taken_dense(self) -> Array:
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

    def times(self, A: Any) -> Array:
        v = self.prior_variance
        scaled = _dense(A) * v
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
        # The factor takes as long as the rest, so it is kept.
        return {**self.__dict__, "_lower": self._lower}


@dataclass(frozen=True, eq=False)
class BorderedForm(CovarianceForm):
    """Parameters with a covariance, and a few that follow them: θ_U = −C θ_B + ξ, ξ independent of θ_B.

    That is what integrating out a flat parameter leaves: the intercept follows the coefficients by the means of the
    features, and is uncertain by the noise beside.

    Parameters
    ----------
    border : ndarray of int of shape (u,)
        Places of U among all m parameters, ascending.
    slope : ndarray of shape (u, m − u)
        C.
    inner : CovarianceForm
        Of θ_B.
    outer : DenseForm
        Of ξ.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import BorderedForm, DenseForm, DiagonalForm
    >>> noise = DenseForm.of_precision(np.array([[1.0]]))
    >>> form = BorderedForm(np.array([1]), np.array([[2.0]]), DiagonalForm(np.array([0.5])), noise)
    >>> print(form.dense())
    [[ 0.5 -1. ]
     [-1.   3. ]]
    """

    border: Array
    slope: Array
    inner: CovarianceForm
    outer: DenseForm

    @property
    def size(self) -> int:
        return self.inner.size + self.border.size

    @property
    def log_det(self) -> float:
        return self.inner.log_det + self.outer.log_det

    @cached_property
    def _rest(self) -> Array:
        inside = np.ones(self.size, dtype=bool)
        inside[self.border] = False
        return np.flatnonzero(inside)

    def _parted(self, A: Any) -> tuple[Array, Array]:
        """Return the rows as they are in (θ_B, ξ)."""
        of_border = _dense(A[:, self.border])
        if not np.any(of_border):
            return A[:, self._rest], of_border
        return _dense(A[:, self._rest]) - of_border @ self.slope, of_border

    def along(self, A: Any) -> Array:
        along = np.empty(A.shape[0])
        for part in chunks_of(A.shape[0], self.size):
            inner, outer = self._parted(A[part])
            along[part] = self.inner.along(inner) + self.outer.along(outer)
        return along

    def variance(self) -> Array:
        variance = np.empty(self.size)
        variance[self._rest] = self.inner.variance()
        variance[self.border] = self.inner.along(self.slope) + self.outer.variance()
        return variance

    @property
    def undetermined_directions(self) -> Array | None:
        inner, outer = self.inner.undetermined_directions, self.outer.undetermined_directions
        moved = []
        if inner is not None:
            moved.append((inner, -self.slope @ inner))
        if outer is not None:
            moved.append((np.zeros((self._rest.size, outer.shape[1])), outer))
        if not moved:
            return None
        directions = np.empty((self.size, sum(part.shape[1] for part, _ in moved)))
        directions[self._rest] = np.hstack([of_rest for of_rest, _ in moved])
        directions[self.border] = np.hstack([of_border for _, of_border in moved])
        return directions

    def times(self, A: Any) -> Array:
        inner, outer = self._parted(A)
        product = np.empty((A.shape[0], self.size))
        of_rest = self.inner.times(inner)
        product[:, self._rest] = of_rest
        product[:, self.border] = self.outer.times(outer) - of_rest @ self.slope.T
        return product

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        draws = np.empty((n, self.size))
        draws[:, self._rest] = self.inner.draw(n, rng)
        draws[:, self.border] = self.outer.draw(n, rng) - draws[:, self._rest] @ self.slope.T
        return draws

    def squared_distance(self, D: Array) -> Array:
        inner = D[:, self._rest]
        noise = D[:, self.border] + inner @ self.slope.T
        return self.inner.squared_distance(inner) + self.outer.squared_distance(noise)

    def precision(self) -> Array:
        """State the precision of all parameters.

        Returns
        -------
        precision : ndarray of shape (m, m) or (m,)
            As the inner form states it: a vector is the diagonal.
        """
        inner, outer = self.inner.precision(), self.outer.precision()
        cross = outer @ self.slope
        if inner.ndim == 1:
            precision = np.empty(self.size)
            precision[self._rest] = inner + np.einsum("ij,ij->j", self.slope, cross)
            precision[self.border] = np.diag(outer)
            return precision
        matrix = np.empty((self.size, self.size))
        matrix[np.ix_(self._rest, self._rest)] = inner + self.slope.T @ cross
        matrix[np.ix_(self.border, self._rest)] = cross
        matrix[np.ix_(self._rest, self.border)] = cross.T
        matrix[np.ix_(self.border, self.border)] = outer
        return matrix


def _dense(A: Any) -> Array:
    return np.asarray(A.toarray() if sparse.issparse(A) else A, dtype=np.float64)


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
