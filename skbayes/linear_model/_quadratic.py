"""½ Σ s_i (y_i − x_iᵀw − b)² as a quadratic form in w: centred, so that the best b is no parameter of its own.

Notation: X (n, p) dense or CSC, s (n,) weights; x̄, ȳ weighted means (0 without intercept); Z = √s (X − 1 x̄ᵀ),
t = √s (y − ȳ). The form is ½ ‖t − Zw‖². X is neither centred nor copied; columns of a working set are.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["CentredQuadratic"]

Array = NDArray[Any]

# Rows or columns at a time where a copy of X would be needed: 4 MB of float64 stay in cache and cost no memory.
BLOCK = 1 << 19


class CentredQuadratic:
    """The quadratic form of a Gaussian likelihood with a flat intercept.

    Parameters
    ----------
    X : ndarray or CSC matrix of shape (n, p)
        Features, float32 or float64.
    y : ndarray of shape (n,)
        Target.
    weight : ndarray of shape (n,) or None
        Weights; None: ones.
    fit_intercept : bool
        Whether the data are centred.
    x_mean : ndarray of shape (p,) or None
        Means of the columns if they are known.
    """

    def __init__(
        self,
        X: Any,
        y: Array,
        weight: Array | None,
        fit_intercept: bool,
        x_mean: Array | None = None,
    ) -> None:
        self.X = X
        self.n_parameters = X.shape[1]
        self.eps = float(np.finfo(X.dtype).eps)
        self.is_sparse = sparse.issparse(X)
        self.total = float(len(y) if weight is None else weight.sum())
        self.weight = weight
        self.root = None if weight is None else np.sqrt(weight)
        self.y_mean = float(np.average(y, weights=weight)) if fit_intercept else 0.0
        self.x_mean = None
        if fit_intercept:
            self.x_mean = column_means(X, weight) if x_mean is None else x_mean
        t = y - self.y_mean
        self.target = t if self.root is None else self.root * t
        self._diagonal: Array | None = None
        # Columns of Z that a working set asked for, one a row, in the order in which they came.
        self._kept = np.empty((0, X.shape[0]), dtype=X.dtype)
        self._kept_indices = np.empty(0, dtype=np.intp)
        self._is_kept = np.zeros(self.n_parameters, dtype=bool)

    @property
    def diagonal(self) -> Array:
        """Return ‖z_j‖² for each column."""
        if self._diagonal is None:
            self._diagonal = squared_norms(self.X, self.weight, self.x_mean)
        return self._diagonal

    def residual(self, w: Array) -> Array:
        """Return t − Zw."""
        support = np.flatnonzero(w)
        if not len(support):
            return self.target
        if np.all(self._is_kept[support]):
            kept = self._kept_indices
            return self.target - w[kept].astype(self.X.dtype) @ self._kept[: len(kept)]
        w = w.astype(self.X.dtype)
        # Taking a few columns out costs less than a product with all of them.
        few = len(support) < self.n_parameters // 4
        eta = self.X[:, support] @ w[support] if few else self.X @ w
        if self.x_mean is not None:
            eta = eta - self.x_mean @ w
        return self.target - (eta if self.root is None else self.root * eta)

    def intercept(self, w: Array) -> float:
        """Return the best b for these coefficients; 0 without an intercept."""
        return 0.0 if self.x_mean is None else float(self.y_mean - self.x_mean @ w)

    def evaluate(self, w: Array) -> tuple[float, Array]:
        """Return ‖t − Zw‖² and Zᵀ(t − Zw)."""
        return self.products(self.residual(w))

    def products(self, r: Array) -> tuple[float, Array]:
        """Return ‖r‖² and Zᵀr."""
        scaled = r if self.root is None else self.root * r
        c = self.X.T @ scaled
        if self.x_mean is not None:
            c = c - self.x_mean * scaled.sum()
        rss = float(r.astype(np.float64) @ r) if r.dtype != np.float64 else float(r @ r)
        return rss, c.astype(np.float64, copy=False)

    def gram(self, S: Array, T: Array) -> Array:
        """Return the block (|S|, |T|) of ZᵀZ; of a dense X, S must be the end of T, and T grow from call to call."""
        if self.is_sparse:
            return self._sparse_gram(S, T)
        if len(S) == self.n_parameters and np.array_equal(S, T):
            return full_gram(self.X, self.root, self.x_mean)[np.ix_(S, S)]
        self._keep(S)
        rows = self._kept[: len(T)]
        return (rows[len(T) - len(S) :] @ rows.T).astype(np.float64, copy=False)

    def support_gram(self, S: Array) -> Array:
        """Return the block (|S|, |S|) of ZᵀZ for any S."""
        if self.is_sparse:
            return self._sparse_gram(S, S)
        if np.all(self._is_kept[S]):
            at = np.empty(self.n_parameters, dtype=np.intp)
            at[self._kept_indices] = np.arange(len(self._kept_indices))
            block = self._kept[at[S]]
            return (block @ block.T).astype(np.float64, copy=False)
        return full_gram(self.X[:, S], self.root, None if self.x_mean is None else self.x_mean[S])

    def _sparse_gram(self, S: Array, T: Array) -> Array:
        left, right = self.X[:, S], self.X[:, T]
        if self.weight is not None:
            left = sparse.diags(self.weight) @ left
        block = (left.T @ right).toarray().astype(np.float64, copy=False)
        if self.x_mean is not None:
            block -= self.total * np.outer(self.x_mean[S], self.x_mean[T])
        return block

    def _keep(self, new: Array) -> None:
        k, total = len(self._kept_indices), len(self._kept_indices) + len(new)
        if total > len(self._kept):
            grown = np.empty((max(total, 2 * k), self.X.shape[0]), dtype=self.X.dtype)
            grown[:k] = self._kept[:k]
            self._kept = grown
        block = self._kept[k:total]
        if self.X.flags.f_contiguous:
            np.take(
                self.X.T, new, axis=0, out=block, mode="clip"
            )  # "raise" would buffer the result
        else:
            block[:] = self.X[:, new].T
        if self.x_mean is not None:
            block -= self.x_mean[new, None]
        if self.root is not None:
            block *= self.root
        self._kept_indices = np.concatenate([self._kept_indices, new])
        self._is_kept[new] = True


def column_means(X: Any, weight: Array | None) -> Array:
    """Return the weighted means of the columns in the dtype of X."""
    n = X.shape[0]
    weight = np.full(n, 1.0 / n) if weight is None else weight / weight.sum()
    return np.asarray(X.T @ weight.astype(X.dtype)).ravel()


def squared_norms(X: Any, weight: Array | None, mean: Array | None) -> Array:
    """Return Σ s (x − x̄)² of each column, in float64."""
    total = np.empty(X.shape[1])
    if sparse.issparse(X):
        squares = X.multiply(X)
        raw = squares.sum(axis=0) if weight is None else squares.T @ weight
        n = X.shape[0] if weight is None else weight.sum()
        centre = 0.0 if mean is None else n * mean.astype(np.float64) ** 2
        return np.maximum(np.asarray(raw, dtype=np.float64).ravel() - centre, 0.0)
    step = max(1, BLOCK // X.shape[0])
    for start in range(0, X.shape[1], step):
        block = X[:, start : start + step]
        if mean is not None:
            block = block - mean[start : start + step]
        squares = block * block
        total[start : start + step] = squares.sum(axis=0) if weight is None else weight @ squares
    return total


def full_gram(X: Array, root: Array | None, mean: Array | None) -> Array:
    """Return ZᵀZ (p, p) in float64 from blocks of rows, so that no second X is in memory."""
    n, p = X.shape
    gram = np.zeros((p, p))
    step = max(p, BLOCK // max(p, 1))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        block = X[rows] if mean is None else X[rows] - mean
        if root is not None:
            block = root[rows, None] * block
        gram += block.T @ block
    return gram
