"""The design matrix as a linear map: dense or sparse, centred without touching it.

Notation: X (n, p) as given, never copied, never densified as a whole; μ (p,) what is subtracted from each column, or
none; Z = X − 1 μᵀ is what the map is of; d (n,) weights of rows. Products of Z with itself are summed over blocks of
rows (or columns) that fit into the cache, where the block is centred before it is multiplied: subtracting μ μᵀ from
XᵀX afterwards would lose all digits to a column whose mean is far above its spread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.blas import dsyrk, ssyrk

__all__ = [
    "Design",
    "add_gram",
    "block_buffer",
    "blocks",
    "fill_block",
    "is_thin",
    "mirrored",
    "product",
    "row_major",
    "weighted_mean",
]

Array = NDArray[Any]

# Numbers in a block of rows: 4 MB of float64 lie in the cache of one core, and are so many rows that adding the block's
# product to the sum costs little beside the product itself.
_BLOCK = 2**19
# Fewest rows of a block: the product of a short block is bound by writing its (p, p) result.
_FEWEST_ROWS = 256
# Above this part of non-zeros the product of dense blocks is faster than that of sparse matrices: some 40 against 0.1
# to 0.2 multiplications per nanosecond, of which the sparse one needs only the density squared (benchmarks/constants.py
# gram).
_THIN = 0.05


@dataclass(frozen=True)
class Design:
    """The matrix Z = X − 1 μᵀ.

    Attributes
    ----------
    X : ndarray or CSR or CSC matrix of shape (n, p)
        As the user gave it, in either memory order; float32 or float64.
    mean : ndarray of shape (p,) or None
        μ; None: not centred.
    """

    X: Any
    mean: Array | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.X.shape

    @property
    def dtype(self) -> Any:
        return self.X.dtype

    @property
    def is_sparse(self) -> bool:
        return bool(sparse.issparse(self.X))

    def matvec(self, w: Array) -> Array:
        """Return Z w for w of shape (p,) or (p, k)."""
        eta: Array = self.X @ w
        return eta if self.mean is None else eta - self.mean @ w

    def rmatvec(self, r: Array) -> Array:
        """Return Zᵀ r for r of shape (n,) or (n, k)."""
        cross: Array = self.X.T @ r
        if self.mean is None:
            return cross
        total = r.sum(axis=0)
        return cross - (self.mean * total if r.ndim == 1 else np.outer(self.mean, total))

    def gram(self, d: Array | None = None, dtype: Any = None) -> Array:
        """Return Zᵀ diag(d) Z, (p, p), in `dtype` (None: that of X), d None: ones.

        Sums over blocks are in float64 also for a float32 X.
        """
        dtype = self.dtype if dtype is None else dtype
        if d is not None and d.size and d.min() < 0:  # no root: as a difference of two
            return self.gram(np.maximum(d, 0), dtype) - self.gram(np.maximum(-d, 0), dtype)
        if is_thin(self.X):
            return self._sparse_gram(d).astype(dtype, copy=False)
        n, p = self.shape
        if p == 0:  # BLAS refuses
            return np.zeros((0, 0), dtype)
        if self.mean is None and d is None and _is_packed(self.X) and self.dtype == dtype:
            full: Array = self.X.T @ self.X  # numpy computes one triangle of it
            return full
        work = np.promote_types(self.dtype, dtype)
        root = None if d is None else np.sqrt(d)
        # Centred in float32 a column far from zero would keep the rounding of its mean: float64 then.
        if self.mean is not None:
            work = np.dtype(np.float64)
        gram = np.zeros((p, p), order="F")
        X = row_major(self.X)
        buffer = block_buffer(X, p, work)
        for rows in blocks(n, p):
            block = buffer[: rows.stop - rows.start]
            fill_block(block, X, rows, self.mean, None if root is None else root[rows])
            gram = add_gram(gram, block)
        return mirrored(gram).astype(dtype, copy=False)

    def _sparse_gram(self, d: Array | None) -> Array:
        X = self.X
        gram = product(X, d)
        if self.mean is None:
            return gram
        cross = X.T @ (np.ones(X.shape[0]) if d is None else d.astype(np.float64))
        total = float(X.shape[0] if d is None else d.sum())
        gram -= np.outer(cross, self.mean)
        gram -= np.outer(self.mean, cross - total * self.mean)
        return gram

    def row_gram(self, scale: Array | None = None, dtype: Any = None) -> Array:
        """Return Z diag(scale) Zᵀ, (n, n), scale (p,) non-negative, None: ones."""
        n, p = self.shape
        root = None if scale is None else np.sqrt(scale)
        if is_thin(self.X):
            gram = product(self.X.T, scale)
            if self.mean is not None:
                shift = self.X @ (self.mean if scale is None else scale * self.mean)
                level = self.mean @ (self.mean if scale is None else scale * self.mean)
                gram += (level - shift)[:, None] - shift
            return gram.astype(self.dtype if dtype is None else dtype, copy=False)
        dtype = self.dtype if dtype is None else dtype
        if self.mean is None and scale is None and _is_packed(self.X) and self.dtype == dtype:
            full: Array = self.X @ self.X.T  # numpy computes one triangle of it
            return full
        X = self.X.tocsc() if self.is_sparse else self.X
        work = np.promote_types(self.dtype, dtype)
        gram = np.zeros((n, n), order="F")
        for part in blocks(p, n):
            block = X[:, part]
            block = block.toarray() if self.is_sparse else block
            block = block.astype(work, copy=False)
            if self.mean is not None:
                block = block - self.mean[part].astype(work, copy=False)
            if root is not None:
                block = block * root[part].astype(work, copy=False)
            gram = add_gram(gram, block.T)
        return mirrored(gram).astype(dtype, copy=False)

    def columns(self, S: Array | slice) -> Array:
        """Return the columns S of Z as a dense array (n, |S|)."""
        block = self.X[:, S]
        block = block.toarray() if self.is_sparse else block
        return block if self.mean is None else block - self.mean[S]

    def rows(self, index: Any) -> "Design":
        """Return the map of some rows."""
        return Design(self.X[index], self.mean)


def weighted_mean(X: Any, weight: Array | None = None) -> Array:
    """Return the mean of each column in float64, rows counted by their weights; X (n, p) or (n,)."""
    n = X.shape[0]
    counts = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    if not sparse.issparse(X) and X.ndim == 2 and X.dtype != np.float64:
        total = sum(counts[rows] @ X[rows].astype(np.float64) for rows in blocks(n, X.shape[1]))
    else:
        total = X.T @ counts
    return np.asarray(total / counts.sum(), dtype=np.float64)


def is_thin(X: Any) -> bool:
    """Return whether X is sparse, and so empty that products of sparse matrices are the faster ones."""
    return bool(sparse.issparse(X)) and X.nnz <= _THIN * X.shape[0] * X.shape[1]


def product(X: Any, d: Array | None = None) -> Array:
    """Return Xᵀ diag(d) X of a CSR or CSC matrix as a dense array in float64."""
    X = X.astype(np.float64, copy=False)
    scaled = X
    if d is not None:
        scaled = X.copy()
        scaled.data *= np.repeat(d, np.diff(X.indptr)) if X.format == "csr" else d[X.indices]
    return np.asarray((X.T @ scaled).toarray())


def blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Yield slices of rows, one after the other, each with about as many numbers as the cache holds."""
    size = _rows_of_block(n_columns)
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))


def _rows_of_block(n_columns: int) -> int:
    return max(_FEWEST_ROWS, _BLOCK // max(1, n_columns))


def block_buffer(X: Any, width: int, dtype: Any) -> Array:
    """Return an empty block for the rows of X, of `width` columns.

    It has the memory order of X, so that copying a block walks through both in one direction.
    """
    is_fortran = not sparse.issparse(X) and X.flags.f_contiguous and not X.flags.c_contiguous
    n_rows = min(X.shape[0], _rows_of_block(width))
    return np.empty((n_rows, width), dtype, order="F" if is_fortran else "C")


def row_major(X: Any) -> Any:
    """Return X so that blocks of rows are cheap to take: CSC becomes CSR."""
    return X.tocsr() if sparse.issparse(X) else X


def fill_block(block: Array, X: Any, rows: slice, mean: Array | None, root: Array | None) -> None:
    """Write diag(root) (X[rows] − mean) into a dense block (|rows|, p)."""
    part = X[rows]
    if sparse.issparse(part):
        part = part.toarray()
    if mean is None:
        block[...] = part
    else:
        np.subtract(part, mean, out=block)
    if root is not None:
        block *= root[:, None]


def add_gram(gram: Array, block: Array) -> Array:
    """Return gram + blockᵀ block in float64, lower triangle only; `gram`, in Fortran order, is overwritten."""
    if block.dtype == np.float32:
        transposed, trans = _as_fortran(block)
        gram += ssyrk(1.0, transposed, trans=trans, lower=1)
        return gram
    transposed, trans = _as_fortran(block)
    # Either triangle takes the same time (benchmarks/constants.py gram); all that reads it expects the lower one.
    added: Array = dsyrk(1.0, transposed, beta=1.0, c=gram, trans=trans, lower=1, overwrite_c=1)
    return added


def _as_fortran(block: Array) -> tuple[Array, int]:
    # BLAS reads columns: a C-ordered block is the transpose of what it sees, at no copy.
    return (block, 1) if block.flags.f_contiguous else (block.T, 0)


def mirrored(gram: Array) -> Array:
    """Return the symmetric matrix of a triangle (the other one zeros), in place."""
    diagonal = np.diag(gram).copy()
    gram += gram.T
    np.fill_diagonal(gram, diagonal)
    return gram


def _is_packed(X: Any) -> bool:
    return not sparse.issparse(X) and bool(X.flags.c_contiguous or X.flags.f_contiguous)
