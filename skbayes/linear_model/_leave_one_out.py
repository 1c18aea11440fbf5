"""Exact leave-one-out residuals of ridge for many strengths at once.

Notation: λ, B the spectrum of the data; α (A,) strengths; s (n,) weights, σ = Σ s (0 of it without an intercept);
e_i the residual of row i in the fit of all rows, h_i its leverage s_i z_iᵀ (ZᵀSZ + α)⁻¹ z_i + s_i / σ. Without row i the
prediction of it would miss by e_i / (1 − h_i) [1]_.

In coordinates T = Z B of a block of rows all fitted values are T · shrunk targets, and all leverages (T ∘ T) · 1 / (λ + α):
two matrix products for all strengths and targets. For n < p the same numbers come as sums of positive terms,
1 − h_i = Σ_j B_ij² α / (λ_j + α), which keeps all digits where the fit almost interpolates.

References
----------
.. [1] Allen (1974). The relationship between variable selection and data augmentation and a method for prediction.
   Technometrics 16, 125-127. doi:10.1080/00401706.1974.10489157
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._design import Design, blocks, fill_block, row_major
from ._spectrum import Spectrum

__all__ = ["loo_errors", "loo_residuals"]

Array = NDArray[Any]


def loo_errors(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool, spectrum: Spectrum, alphas: Array
) -> Array:
    """Return Σ_i s_i (leave-one-out residual)², (k, A)."""
    total = np.zeros((Y.shape[1], alphas.size))
    for rows, residuals in loo_residuals(X, Y, weight, fit_intercept, spectrum, alphas):
        squares = np.square(residuals, out=residuals)
        if weight is None:
            total += squares.sum(axis=0)
        else:
            total += np.tensordot(weight[rows], squares, 1)
    return total


def loo_residuals(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool, spectrum: Spectrum, alphas: Array
) -> Iterator[tuple[slice, Array]]:
    """Yield rows and y minus what the fit without each of them predicts, (rows, k, A), for strengths above 0."""
    if spectrum.is_wide:
        return _wide(X, Y, weight, fit_intercept, spectrum, alphas)
    return _tall(X, Y, weight, fit_intercept, spectrum, alphas)


def _tall(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool, spectrum: Spectrum, alphas: Array
) -> Iterator[tuple[slice, Array]]:
    n, p = X.shape
    k, A = Y.shape[1], alphas.size
    kept = ~spectrum.is_null
    basis = spectrum.basis[:, kept]
    inverse = 1.0 / (spectrum.values[kept, None] + alphas)
    targets = (spectrum.targets[kept, :, None] * inverse[:, None, :]).reshape(-1, k * A)
    X = row_major(X)
    mean = spectrum.mean if fit_intercept else None
    level = 1.0 / spectrum.total if fit_intercept else 0.0
    for rows in blocks(n, p + (k + 1) * A):
        block = np.empty((rows.stop - rows.start, p))
        fill_block(block, X, rows, mean, None)
        T = block @ basis
        residuals = (T @ targets).reshape(-1, k, A)
        np.subtract((Y[rows] - spectrum.target_mean)[:, :, None], residuals, out=residuals)
        np.square(T, out=T)
        rest = T @ inverse
        rest += level
        if weight is not None:
            rest *= weight[rows, None]
        np.subtract(1.0, rest, out=rest)
        residuals /= rest[:, None, :]
        yield rows, residuals


def _wide(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool, spectrum: Spectrum, alphas: Array
) -> Iterator[tuple[slice, Array]]:
    n = X.shape[0]
    k, A = Y.shape[1], alphas.size
    # Infinite λ, of directions that cannot have data, become 0.
    part = alphas / (spectrum.values[:, None] + alphas)
    targets = (spectrum.targets[:, :, None] * part[:, None, :]).reshape(-1, k * A)
    for rows in blocks(n, n + (k + 1) * A):
        basis = spectrum.basis[rows]
        residuals = (basis @ targets).reshape(-1, k, A)
        rest = np.square(basis) @ part
        if weight is not None:
            rest *= np.sqrt(weight[rows], dtype=np.float64)[:, None]
            zero = np.flatnonzero(weight[rows] == 0)
            rest[zero] = 1.0
        residuals /= rest[:, None, :]
        if weight is not None and zero.size:
            index = zero + rows.start
            residuals[zero] = _of_zero_weight(X, Y, weight, fit_intercept, spectrum, alphas, index)
        yield rows, residuals


def _of_zero_weight(
    X: Any,
    Y: Array,
    weight: Array,
    fit_intercept: bool,
    spectrum: Spectrum,
    alphas: Array,
    index: Array,
) -> Array:
    """Return the residuals of rows that do not count: the fit without them is the fit."""
    design = Design(X, spectrum.mean if fit_intercept else None)
    V = Y[index] - spectrum.target_mean
    residuals = np.empty((*V.shape, alphas.size))
    for a, alpha in enumerate(alphas):
        coef = spectrum.coef(design, weight, np.full(V.shape[1], alpha))
        residuals[:, :, a] = V - design.rows(index).matvec(coef.astype(X.dtype))
    return residuals
