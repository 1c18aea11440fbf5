"""Exact leave-one-out residuals of ridge for many strengths at once.

Notation: λ, B the spectrum of the data; α (A,) strengths; s (n,) weights, 1/ω = 1 / Σ s (0 without an intercept); e_i
the residual of row i in the fit of all rows, h_i its leverage s_i z_iᵀ (ZᵀSZ + α)⁻¹ z_i + s_i / ω. Without row i the
prediction of it would miss by e_i / (1 − h_i) [1]_.

In coordinates T = Z B of a block of rows all fitted values are T · (shrunk targets) and all leverages
(T ∘ T) · 1 / (λ + α): two matrix products for all strengths and targets. For n ≤ p the same numbers come as sums of
positive terms, 1 − h_i = Σ_j B_ij² α / (λ_j + α), which keeps all digits where the fit almost interpolates.

References
----------
.. [1] Allen (1974). The relationship between variable selection and data augmentation and a method for prediction.
   Technometrics 16, 125-127. doi:10.1080/00401706.1974.10489157
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._design import blocks, fill_block, row_major
from ._ridge_data import RidgeData
from ._spectrum import Spectrum

__all__ = ["loo_errors", "loo_residuals"]

Array = NDArray[Any]


def loo_errors(data: RidgeData, spectrum: Spectrum, alphas: Array) -> Array:
    """Return Σ_i s_i (leave-one-out residual)², (k, A)."""
    total = np.zeros((data.n_targets, alphas.size))
    for rows, residuals in loo_residuals(data, spectrum, alphas):
        squares = np.square(residuals, out=residuals)
        total += (
            squares.sum(axis=0)
            if data.weight is None
            else np.tensordot(data.weight[rows], squares, 1)
        )
    return total


def loo_residuals(
    data: RidgeData, spectrum: Spectrum, alphas: Array
) -> Iterator[tuple[slice, Array]]:
    """Yield rows, and y minus what the fit without each of them predicts, (rows, k, A), for strengths above 0."""
    return (_wide if spectrum.is_wide else _tall)(data, spectrum, alphas)


def _tall(data: RidgeData, spectrum: Spectrum, alphas: Array) -> Iterator[tuple[slice, Array]]:
    n, p = data.X.shape
    k, A = data.n_targets, alphas.size
    kept = ~spectrum.is_null
    basis = spectrum.basis[:, kept]
    inverse = 1.0 / (spectrum.values[kept, None] + alphas)
    targets = (spectrum.targets[kept, :, None] * inverse[:, None, :]).reshape(-1, k * A)
    X = row_major(data.X)
    mean = spectrum.mean if data.fit_intercept else None
    of_intercept = 1.0 / spectrum.total if data.fit_intercept else 0.0
    for rows in blocks(n, p + (k + 1) * A):
        block = np.empty((rows.stop - rows.start, p))
        fill_block(block, X, rows, mean, None)
        T = block @ basis
        residuals = (T @ targets).reshape(-1, k, A)
        V = data.Y[rows] - spectrum.target_mean
        np.subtract(V[:, :, None], residuals, out=residuals)
        leverage = np.square(T, out=T) @ inverse
        leverage += of_intercept
        if data.weight is not None:
            leverage *= data.weight[rows, None]
        rest = np.subtract(1.0, leverage, out=leverage)
        # A row that alone knows a direction has a leverage of 1 up to rounding.
        residuals /= np.maximum(rest, np.finfo(np.float64).eps, out=rest)[:, None, :]
        yield rows, residuals


def _wide(data: RidgeData, spectrum: Spectrum, alphas: Array) -> Iterator[tuple[slice, Array]]:
    n = data.X.shape[0]
    k, A = data.n_targets, alphas.size
    # Infinite λ, of directions that cannot have data, become 0.
    part = alphas / (spectrum.values[:, None] + alphas)
    targets = (spectrum.targets[:, :, None] * part[:, None, :]).reshape(-1, k * A)
    for rows in blocks(n, n + (k + 1) * A):
        basis = spectrum.basis[rows]
        residuals = (basis @ targets).reshape(-1, k, A)
        rest = np.square(basis) @ part
        if data.root is None:
            residuals /= rest[:, None, :]
            yield rows, residuals
            continue
        rest *= data.root[rows, None]
        zero = np.flatnonzero(data.root[rows] == 0)
        rest[zero] = 1.0
        residuals /= rest[:, None, :]
        if zero.size:
            residuals[zero] = _of_zero_weight(data.part(zero + rows.start), data, spectrum, alphas)
        yield rows, residuals


def _of_zero_weight(part: RidgeData, data: RidgeData, spectrum: Spectrum, alphas: Array) -> Array:
    """Return the residuals of rows that do not count: the fit without them is the fit."""
    V = part.Y - spectrum.target_mean
    design = part.design(spectrum.mean)
    residuals = np.empty((*V.shape, alphas.size))
    for a, alpha in enumerate(alphas):
        coef = spectrum.coef(data, np.full(V.shape[1], alpha))
        residuals[:, :, a] = V - design.matvec(coef.astype(design.dtype, copy=False))
    return residuals
