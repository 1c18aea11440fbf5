"""An approximate inverse of the Hessian, cheap beside the gradients that it saves.

Notation: H = Xᵀ D X + Q, D = diag(d) the expected curvature of the samples at w, Q the precision of the prior (a diagonal,
unless the prior has a covariance); M is what stands for H.

Three forms, by shape. Few parameters: M is the Gram of a sample of rows, with the diagonal of all rows, factorised once.
Few rows: M = H through an n x n matrix (Woodbury). Neither: M is the diagonal of H. For K classes M is Böhning's bound.

References
----------
.. [1] Böhning (1992). Multinomial logistic regression algorithm. Ann. Inst. Statist. Math. 44, 197-200.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ._data_term import DataTerm
from ._prior_term import PriorTerm

__all__ = ["gram_diagonal", "preconditioner", "sample_rows"]

Array = NDArray[Any]
Solve = Callable[[Array], Array]

# The largest matrix that is factorised: at 2000 its Cholesky takes 2.7 GFlop, a fraction of a second.
_LARGEST_FACTOR = 2000
# A Gram by GEMM does about this many times the operations per second of a product with a vector, which waits for memory.
_GEMM_GAIN = 20
# The Gram may cost as much as this many gradients: about what it saves at least.
_GRADIENTS = 4
# Rows per parameter that make the Gram of a sample a good stand-in: eigenvalues of M⁻¹ H within (1 ± 1/√20)².
_ROWS_PER_PARAMETER = 20
# Relative to the unit diagonal of the scaled matrix: above rounding of a Gram of many rows, and small enough to leave all
# directions alone in which the data say anything.
_JITTER = 1e-10
_ROWS_AT_ONCE = 4096


def preconditioner(data: DataTerm, prior: PriorTerm, w: Array) -> Solve:
    """Return r -> M⁻¹ r for the objective of these data and prior at w."""
    precisions = [_positive(precision) for precision in prior.precisions(w)]
    if data.layout.n_classes is not None:
        return _of_classes(data, precisions, w)
    precision = precisions[0]
    width = data.layout.width
    if width > _LARGEST_FACTOR and data.n_samples > _LARGEST_FACTOR:
        return _diagonal(data, precision, w)
    if data.n_samples < width and precision.ndim == 1:
        return _of_few_rows(data, precision, w)
    rows = sample_rows(data.n_samples, width, data.design.is_sparse)
    return cholesky_solve(_sampled_gram(data, w, rows) + _matrix(precision))


def sample_rows(n_samples: int, width: int, is_sparse: bool) -> Array | None:
    """Return the rows of the Gram, ascending; None: all of them."""
    affordable = _GRADIENTS * _GEMM_GAIN * n_samples // max(width, 1)
    size = min(max(_ROWS_PER_PARAMETER * width, 1000), affordable)
    # Sparse rows are short: their Gram costs little more than a gradient.
    if is_sparse or 2 * size >= n_samples:
        return None
    # A fixed seed: the same data give the same iterations.
    rows = np.random.default_rng(0).choice(n_samples, size=size, replace=False, shuffle=False)
    rows.sort()
    return rows


def _positive(precision: Array) -> Array:
    # A prior that is not log-concave (Student-t) has negative curvature in its tails: none instead.
    if precision.ndim == 1:
        return np.maximum(precision, 0.0)
    return precision


def _matrix(precision: Array) -> Array:
    return np.diag(precision) if precision.ndim == 1 else precision


def _sampled_gram(data: DataTerm, w: Array, rows: Array | None) -> Array:
    """Return the Gram of the rows scaled to all rows, with the curvature of all rows where the sample saw too little."""
    if rows is None:
        return data.bordered_gram(data.design, data.curvature(w, expected=True))
    scale = data.n_samples / rows.size
    width = data.layout.width
    gram = np.zeros((width, width))
    for start in range(0, rows.size, _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        d = data.curvature(w, some, expected=True)
        gram += data.bordered_gram(data.design.rows(some), d)
    return gram * scale


def cholesky_solve(matrix: Array) -> Solve:
    """Return r -> matrix⁻¹ r by one Cholesky of the matrix scaled to a unit diagonal, with as little jitter as it takes."""
    diagonal = np.diag(matrix).copy()
    # A parameter without any curvature is left where it is.
    diagonal[diagonal <= 0.0] = np.inf
    scale = 1.0 / np.sqrt(diagonal)
    scaled = matrix * scale * scale[:, None]
    jitter = _JITTER
    while True:
        np.fill_diagonal(scaled, 1.0 + jitter)
        try:
            factor = linalg.cho_factor(scaled, lower=True, check_finite=False)
        except linalg.LinAlgError:
            jitter *= 100.0
            continue
        # Transposed twice, so that r may be (m,) or (m, k).
        return lambda r: (linalg.cho_solve(factor, (scale * r.T).T, check_finite=False).T * scale).T


def gram_diagonal(data: DataTerm, d: Array) -> Array:
    """Return the diagonal of Xᵀ diag(d) X, with that of the intercept: (width,)."""
    design = data.design
    X, mean = design.X, design.mean
    if design.is_sparse:
        squares = np.asarray(X.power(2).T @ d)
    else:
        squares = sum(
            (np.einsum("ij,ij,i->j", X[rows], X[rows], d[rows]) for rows in data.chunks()),
            start=np.zeros(X.shape[1]),
        )
    total = d.sum(dtype=np.float64)
    if mean is not None:
        squares = squares - 2.0 * mean * (X.T @ d) + mean**2 * total
    return np.append(squares, total) if data.layout.fit_intercept else squares


def _diagonal(data: DataTerm, precision: Array, w: Array) -> Solve:
    diagonal = gram_diagonal(data, data.curvature(w, expected=True))
    diagonal = diagonal + (precision if precision.ndim == 1 else np.diag(precision))
    inverse = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0.0)
    return lambda r: inverse * r


def _of_few_rows(data: DataTerm, precision: Array, w: Array) -> Solve:
    """Return the solve with Q + Xᵀ D X by the Cholesky of 1 + D^½ X Q⁻¹ Xᵀ D^½, (n, n)."""
    layout, design = data.layout, data.design
    root = np.sqrt(np.maximum(data.curvature(w, expected=True), 0.0)).astype(np.float64)
    # A flat direction gets a precision far below what the data say about it.
    diagonal = gram_diagonal(data, root**2)
    precision = np.maximum(precision, _FLAT * np.maximum(diagonal, np.finfo(np.float64).tiny))
    inverse = 1.0 / precision
    coef_inverse, intercept_inverse = layout.split(inverse)
    kernel = design.row_gram(coef_inverse, dtype=np.float64) + intercept_inverse
    kernel = root[:, None] * kernel * root
    kernel[np.diag_indices_from(kernel)] += 1.0
    factor = linalg.cho_factor(kernel, lower=True, check_finite=False)

    def solve(r: Array) -> Array:
        q = inverse * r
        coef, intercept = layout.split(q)
        inner = root * linalg.cho_solve(factor, root * (design.matvec(coef) + intercept))
        back = layout.join(design.rmatvec(inner), inner.sum())
        return q - inverse * back

    return solve


# Beside the curvature of the data in that direction: H is then known to this relative error.
_FLAT = 1e-6


def _of_classes(data: DataTerm, precisions: list[Array], w: Array) -> Solve:
    """Return the solve with Böhning's bound ½ (I − 1 1ᵀ / K) ⊗ Xᵀ S X + Q: two solves for all classes together."""
    layout = data.layout
    K, width = layout.shape
    precision = np.mean(precisions, axis=0)
    if width > _LARGEST_FACTOR:
        s = np.ones(data.n_samples) if data.weight is None else data.weight
        diagonal = 0.5 * gram_diagonal(data, s)
        diagonal = diagonal + (precision if precision.ndim == 1 else np.diag(precision))
        inverse = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0.0)
        return lambda r: (r.reshape(K, width) * inverse).ravel()
    rows = sample_rows(data.n_samples, width, data.design.is_sparse)
    design = data.design if rows is None else data.design.rows(rows)
    s = np.ones(data.n_samples, dtype=data.design.dtype) if data.weight is None else data.weight
    gram = data.bordered_gram(design, s if rows is None else s[rows] * (data.n_samples / rows.size))
    of_deviations = cholesky_solve(0.5 * gram + _matrix(precision))
    of_mean = cholesky_solve(_matrix(precision))

    def solve(r: Array) -> Array:
        rows_of_r = r.reshape(K, width).T
        mean = rows_of_r.mean(axis=1, keepdims=True)
        solved = of_deviations(rows_of_r - mean) + of_mean(mean)
        return solved.T.ravel()

    return solve
