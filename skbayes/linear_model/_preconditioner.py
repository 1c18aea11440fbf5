"""An approximate inverse of the Hessian, cheap beside the gradients that it saves.

Notation: H = Xᵀ D X + Q, D = diag(d) the expected curvature of the samples at w, Q the precision of the prior (a
diagonal, unless the prior has a covariance); M is what stands for H. K classes: B_k = Xᵀ D_k X + Q the block of class
k.

Three forms, by shape. Few parameters: M is the Gram of a sample of rows, factorised once. Few rows: M = H through an
n x n matrix (Woodbury). Neither: M is the diagonal of H for centred features.

The data of K classes say nothing about what is common to all classes (softmax), so there H is exactly Q, and M⁻¹ is Π
blockdiag(B_k⁻¹) Π + (1 1ᵀ / K) ⊗ Q⁻¹ with Π the projection on deviations from the mean of the classes. Böhning's bound
½ Π ⊗ XᵀX [1]_ would ignore how sure the model is, and take more iterations.

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
from ._design import Design
from ._prior_term import PriorTerm

__all__ = ["cholesky_solve", "gram_diagonal", "is_sharp", "preconditioner", "sample_rows"]

Array = NDArray[Any]
Solve = Callable[[Array], Array]

# The largest matrix that is factorised: at 2000 its Cholesky takes 2.7 GFlop, less than 0.1 s (benchmarks/constants.py
# factors).
_LARGEST_FACTOR = 2000
# A Gram by GEMM does about this many times the operations per second of a product with a vector, which waits for
# memory (12 beside other work, benchmarks/constants.py gram).
_GEMM_GAIN = 20
# The Gram may cost as much as this many gradients: about what it saves at least.
_GRADIENTS = 4
# Between sparse matrices and vectors the ratio is the other way round.
_SPARSE_GAIN = 0.7
# Below so many operations (2 ms, and 5 ms) all rows are taken.
_CHEAP_GRAM, _CHEAP_SPARSE_GRAM = 3e7, 1e6
# Rows per parameter that make the Gram of a sample a good stand-in: eigenvalues of M⁻¹ H within (1 ± 1/√20)^∓2. With
# fewer than 10 its small eigenvalues are far too small, and it is shrunk towards its diagonal; 3 are taken at any cost.
_ROWS_PER_PARAMETER, _ENOUGH_ROWS, _FEWEST_ROWS = 20, 10, 3
# Relative to the unit diagonal of the scaled matrix: above rounding of a Gram of many rows, and small enough to leave
# all directions alone in which the data say anything.
_JITTER = 1e-10
# A flat direction of few rows gets this part of the curvature of the data as its precision: M is then H to this error.
_FLAT = 1e-6
# The variance of a feature, at least this part of its mean square.
_LEAST_VARIANCE = 1e-8
# Copied at a time.
_ROWS_AT_ONCE = 2048


def preconditioner(data: DataTerm, prior: PriorTerm, w: Array) -> Solve:
    """Return r -> M⁻¹ r for the objective of these data and prior at w."""
    layout = data.layout
    precisions = [_positive(precision) for precision in prior.precisions(w)]
    rows = None
    if layout.width <= _LARGEST_FACTOR and data.n_samples >= layout.width:
        rows = sample_rows(data.design)
    # Of a sparse X the curvature of all rows is cheap, and its diagonal corrects the sample's.
    d = data.diagonal_curvature(w, None if data.design.is_sparse else rows)
    d = d[:, None] if d.ndim == 1 else d
    solves = _solves(data, precisions, d, rows)
    return solves[0] if layout.n_classes is None else _of_classes(solves, precisions)


def is_sharp(design: Design) -> bool:
    """Return whether M is so near H where it was made that it is worth making anew elsewhere."""
    n_samples, width = design.shape
    if width > _LARGEST_FACTOR or n_samples < width:
        return n_samples < min(width, _LARGEST_FACTOR + 1)
    rows = sample_rows(design)
    return rows is None or rows.size >= _ENOUGH_ROWS * width


def _solves(data: DataTerm, precisions: list[Array], d: Array, rows: Array | None) -> list[Solve]:
    width = data.layout.width
    is_diagonal = precisions[0].ndim == 1
    if data.n_samples < min(width, _LARGEST_FACTOR + 1) and is_diagonal:
        return [_of_few_rows(data, q, d[:, k]) for k, q in enumerate(precisions)]
    if width > _LARGEST_FACTOR:
        return [_of_diagonal(data, q, d[:, k]) for k, q in enumerate(precisions)]
    grams = _grams(data, d, rows)
    return [cholesky_solve(gram + _matrix(q)) for gram, q in zip(grams, precisions, strict=True)]


def sample_rows(design: Design) -> Array | None:
    """Return the rows of the Gram, ascending; None: all of them."""
    n_samples, width = design.shape
    if design.is_sparse:
        row_length = design.X.nnz / max(n_samples, 1)
        operations, gain = n_samples * row_length**2, _SPARSE_GAIN
    else:
        row_length = width
        operations, gain = n_samples * width**2, _GEMM_GAIN
    affordable = int(_GRADIENTS * gain * n_samples / max(row_length, 1.0))
    size = min(max(_ROWS_PER_PARAMETER * width, 1000), max(affordable, _FEWEST_ROWS * width))
    if (
        operations <= (_CHEAP_SPARSE_GRAM if design.is_sparse else _CHEAP_GRAM)
        or 2 * size >= n_samples
    ):
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


def _grams(data: DataTerm, d: Array, rows: Array | None) -> list[Array]:
    """Return Xᵀ D_k X for each column of d, scaled from the sample of rows to all rows."""
    if rows is None:
        return [data.bordered_gram(data.design, d_k) for d_k in np.ascontiguousarray(d.T)]
    if data.design.is_sparse:
        return _sparse_grams(data, d, rows)
    width = data.layout.width
    grams = np.zeros((d.shape[1], width, width))
    for start in range(0, rows.size, _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        design = data.design.rows(rows[some])
        for gram, d_k in zip(grams, np.ascontiguousarray(d[some].T), strict=True):
            gram += data.bordered_gram(design, d_k)
    grams *= data.n_samples / rows.size
    unseen = np.flatnonzero(np.diagonal(grams[0]) == 0.0)
    if unseen.size:
        # A feature that is zero in all rows of the sample: what it has in the others, at the mean curvature.
        squares = gram_diagonal(data, np.ones(data.n_samples, dtype=data.design.dtype))[unseen]
        grams[:, unseen, unseen] = np.outer(d.mean(axis=0), squares)
    return [_shrunk(gram, width / rows.size, data.layout.fit_intercept) for gram in grams]


def _sparse_grams(data: DataTerm, d: Array, rows: Array) -> list[Array]:
    """Return the correlations in the sample of rows with the diagonals of all rows."""
    design = data.design.rows(rows)
    grams = []
    for d_k in np.ascontiguousarray(d.T):
        gram = data.bordered_gram(design, d_k[rows])
        diagonal = np.diag(gram)
        whole = gram_diagonal(data, d_k)
        ratio = np.sqrt(np.divide(whole, diagonal, out=np.zeros_like(whole), where=diagonal > 0.0))
        gram = _shrunk(
            gram * ratio * ratio[:, None], len(gram) / rows.size, data.layout.fit_intercept
        )
        np.fill_diagonal(gram, whole)
        grams.append(gram)
    return grams


def _shrunk(gram: Array, ratio: float, has_intercept: bool) -> Array:
    """Return the Gram of a sample moved towards its diagonal, the more the more parameters there are per row.

    With an intercept that is done to centred features: what features far from zero share is no accident of the sample.
    """
    share = max(0.0, ratio - 1.0 / _ENOUGH_ROWS) / (1.0 + ratio)
    if share == 0.0:
        return gram
    cross, total = gram[:-1, -1], gram[-1, -1]
    common = np.outer(cross, cross) / total if has_intercept and total > 0.0 else 0.0
    block = gram[:-1, :-1] if has_intercept else gram
    centred = block - common
    diagonal = np.diag(centred).copy()
    centred *= 1.0 - share
    np.fill_diagonal(centred, diagonal)
    shrunk = gram.copy()
    (shrunk[:-1, :-1] if has_intercept else shrunk)[...] = centred + common
    return shrunk


def cholesky_solve(matrix: Array) -> Solve:
    """Return r -> matrix⁻¹ r by a Cholesky of the matrix scaled to a unit diagonal, with the least jitter."""
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


def _of_diagonal(data: DataTerm, precision: Array, d: Array) -> Solve:
    """Return the solve with the diagonal of H in the coordinates of centred features, where the intercept stands apart.

    In those, v = (coef, intercept + μᵀ coef), μ the means of the features under d; so M = Tᵀ diag T with v = T w.
    """
    layout = data.layout.of_one_output
    precision = precision if precision.ndim == 1 else np.diag(precision)
    diagonal = gram_diagonal(data, d)
    total = d.sum(dtype=np.float64)
    if not layout.fit_intercept or not total > 0.0:
        inverse = _inverse(diagonal + precision)
        return lambda r: inverse * r
    mean = np.asarray(data.design.rmatvec(d), dtype=np.float64) / total
    # Of a feature far from zero the difference is rounding.
    variance = np.maximum(diagonal[:-1] - total * mean**2, _LEAST_VARIANCE * diagonal[:-1])
    coef_inverse, intercept_inverse = layout.split(_inverse(np.append(variance, total) + precision))

    def solve(r: Array) -> Array:
        coef, intercept = layout.split(r)
        centred = coef_inverse * (coef - mean * intercept)
        return layout.join(centred, intercept_inverse * intercept - mean @ centred)

    return solve


def _inverse(precision: Array) -> Array:
    # What nothing is known about stays where it is.
    return np.divide(1.0, precision, out=np.zeros_like(precision), where=precision > 0.0)


def _of_few_rows(data: DataTerm, precision: Array, d: Array) -> Solve:
    """Return the solve with Q + Xᵀ D X by the Cholesky of 1 + D^½ X Q⁻¹ Xᵀ D^½, (n, n)."""
    layout, design = data.layout.of_one_output, data.design
    root = np.sqrt(d.astype(np.float64))
    precision = np.maximum(precision, _FLAT * gram_diagonal(data, d))
    inverse = _inverse(precision)
    coef_inverse, intercept_inverse = layout.split(inverse)
    kernel = design.row_gram(coef_inverse, dtype=np.float64) + intercept_inverse
    kernel = root[:, None] * kernel * root
    kernel[np.diag_indices_from(kernel)] += 1.0
    factor = linalg.cho_factor(kernel, lower=True, check_finite=False)
    dtype = design.dtype

    def solve(r: Array) -> Array:
        q = inverse * r
        coef, intercept = layout.split(q.astype(dtype, copy=False))
        inner = root * linalg.cho_solve(factor, root * (design.matvec(coef) + intercept))
        inner = inner.astype(dtype, copy=False)
        return q - inverse * layout.join(design.rmatvec(inner), inner.sum())

    return solve


def _of_classes(solves: list[Solve], precisions: list[Array]) -> Solve:
    """Return the solve of all classes from those of each, with the mean of the classes left to the prior."""
    precision = np.mean(precisions, axis=0)
    of_mean = cholesky_solve(precision) if precision.ndim == 2 else None
    inverse = _inverse(precision) if precision.ndim == 1 else None

    def solve(r: Array) -> Array:
        rows = r.reshape(len(solves), -1)
        mean = rows.mean(axis=0)
        solved = np.stack(
            [of_class(row - mean) for of_class, row in zip(solves, rows, strict=True)]
        )
        solved -= solved.mean(axis=0)
        solved += inverse * mean if of_mean is None else of_mean(mean)
        return solved.ravel()

    return solve
