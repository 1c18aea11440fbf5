"""Of all coefficients that predict the same, those of least norm: where maximum likelihood alone does not say which.

Notation: Z = X − 1 μᵀ if there is an intercept, else X; (n, p). Under a flat prior the likelihood does not change
along the null space of Z (the intercept follows); the limit of a vanishing normal prior is the w without a part in
it.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ..solvers import SolverResult
from ._design import Design, weighted_mean

__all__ = ["minimum_norm", "of_least_norm"]

Array = NDArray[Any]

# Above, the decomposition of a matrix of that side takes longer than the fit.
_LARGEST_SIDE = 3000
# Rows per column of the sample that says whether the columns are independent: if in some rows they are, in all they
# are.
_ROWS_PER_COLUMN = 5
# A pivot of the scaled Gram below this is a dependence or near it; one of dependent columns is rounding, about 1e-15
# p.
_LEAST_PIVOT = 1e-9
# What a value may differ by from rounding alone, in units of its last place.
_ROUNDING = 100.0


def of_least_norm(objective: Any, result: SolverResult) -> SolverResult:
    """Return the result of a fit under a flat prior with the coefficients of least norm among its equals.

    Parameters
    ----------
    objective : LinearObjective
        What was minimised.
    result : SolverResult
        Its minimum; left as it is where the solver did not reach it.
    """
    if not result.converged:
        return result
    layout, data = objective.layout, objective.data
    rows = result.w.reshape(-1, layout.width).copy()
    p = layout.n_features
    for row in rows:
        intercept = row[p] if layout.fit_intercept else None
        row[:p], intercept = minimum_norm(data.design, data.weight, row[:p], intercept)
        row[p:] = intercept
    w = rows.ravel()
    value = objective.value(w)
    # Columns so nearly dependent that it makes a difference are taken for independent.
    allowed = _ROUNDING * np.finfo(objective.dtype).eps * abs(result.value)
    return replace(result, w=w, value=value) if value <= result.value + allowed else result


def minimum_norm(
    design: Design, weight: Array | None, coef: Array, intercept: float | None
) -> tuple[Array, float | None]:
    """Return the coefficients of least norm with the same linear predictor on the rows that count.

    Parameters
    ----------
    design : Design
        X, not centred.
    weight : ndarray of shape (n,) or None
        Rows with weight zero do not count.
    coef : ndarray of shape (p,)
        What predicts as well as anything.
    intercept : float or None
        Its intercept, whose size is not part of the norm; None: no intercept.
    """
    if weight is not None and not np.all(weight):
        design = design.rows(np.flatnonzero(weight))
    n, p = design.shape
    if min(n, p) > _LARGEST_SIDE or (n > p and _is_independent(design, intercept is not None)):
        return coef, intercept
    mean = None if intercept is None else weighted_mean(design.X)
    centred = Design(design.X, mean)
    w = coef.astype(np.float64)
    least = _in_row_space(centred, w) if n <= p else w - _in_null_space(centred, w)
    if intercept is not None and mean is not None:
        intercept = intercept + float(mean @ (w - least))
    return least.astype(coef.dtype), intercept


def _is_independent(design: Design, is_centred: bool) -> bool:
    """Return whether a sample of the rows shows that the columns are linearly independent."""
    n, p = design.shape
    size = min(n, _ROWS_PER_COLUMN * (p + 1))
    rows = np.random.default_rng(0).choice(n, size=size, replace=False, shuffle=False)
    sample = design.rows(np.sort(rows))
    gram, _ = _scaled_gram(Design(sample.X, weighted_mean(sample.X) if is_centred else None))
    _, _, rank, _ = linalg.lapack.dpstrf(gram, tol=_LEAST_PIVOT, lower=1)
    return bool(rank == p)


def _scaled_gram(design: Design) -> tuple[Array, Array]:
    """Return the Gram of the columns scaled to unit length, and their lengths; constant ones have zeros."""
    gram = design.gram(dtype=np.float64)
    square = np.diag(gram).copy()
    rounding = design.shape[0] * np.finfo(design.dtype).eps
    level = 0.0 if design.mean is None else design.shape[0] * np.square(design.mean)
    is_constant = square <= rounding * level
    length = np.sqrt(np.where(is_constant, 1.0, square))
    gram[is_constant] = 0.0
    gram[:, is_constant] = 0.0
    return gram / length / length[:, None], length


def _in_row_space(design: Design, w: Array) -> Array:
    """Return the part of w in the row space of Z, through Z Zᵀ."""
    values, vectors = linalg.eigh(design.row_gram(dtype=np.float64))
    is_there = values > values[-1] * values.size * np.finfo(design.dtype).eps
    if not is_there.any():
        return np.zeros_like(w)
    eta = design.matvec(w.astype(design.dtype, copy=False)).astype(np.float64)
    part = vectors[:, is_there] @ ((vectors[:, is_there].T @ eta) / values[is_there])
    return design.rmatvec(part.astype(design.dtype, copy=False)).astype(np.float64)


def _in_null_space(design: Design, w: Array) -> Array:
    """Return the part of w in the null space of Z, through Zᵀ Z."""
    gram, length = _scaled_gram(design)
    values, vectors = linalg.eigh(gram)
    # The eigenvalues of dependent columns are rounding; others as small would be of columns equal to seven digits.
    is_null = values <= max(values[-1], 1.0) * values.size * 10.0 * np.finfo(design.dtype).eps
    basis = linalg.orth(vectors[:, is_null] / length[:, None])
    return basis @ (basis.T @ w)
