"""One factorisation of the centred, weighted data for ridge with any number of strengths.

Notation: Z (n, p) centred features, V (n, k) centred targets, S the diagonal of the weights; λ the eigenvalues of ZᵀSZ
(p < n, then with eigenvectors B (p, p)) or of S^(1/2) Z Zᵀ S^(1/2) (n ≤ p, with eigenvectors B (n, n)). In the
coordinates of B every strength α is one division by λ + α.

Two ways lead there: `eigh` of the smaller Gram, which knows λ to ε max λ, and a QR decomposition in blocks followed by
an SVD of its triangle, which knows the square roots of λ that well. The first is the faster one and serves unless some
λ + α is so small that it would not be known.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg import lapack

from ._design import Design, blocks, fill_block, row_major
from ._moments import Moments
from ._ridge_data import RidgeData
from ._symmetric import null_level

__all__ = ["Spectrum", "from_rows", "row_gram_apart", "spectrum_of", "spectrum_of_moments"]

Array = NDArray[Any]

# Where λ + α is below this part of the largest λ, its error from the Gram is above 2e-6 of it: then by QR.
_ILL_CONDITIONED = 1e-10
# Centring the products and not the data costs the digits by which they shrink: up to two of sixteen are no matter.
_LARGEST_SHIFT = 100.0


@dataclass(frozen=True)
class Spectrum:
    """The data in the coordinates of the eigenvectors; null directions have λ = 0.

    Directions of rows that cannot have data, S^(1/2) 1 after centring and rows of weight zero, have λ = ∞.

    Attributes
    ----------
    is_wide : bool
        Whether n ≤ p: then `basis` has rows per sample, and else per feature.
    basis : ndarray of shape (m, m)
        B, m = min(n, p).
    values : ndarray of shape (m,)
        λ, in any order.
    targets : ndarray of shape (m, k)
        BᵀZᵀSV, or BᵀS^(1/2)V if `is_wide`.
    is_null : ndarray of shape (m,)
        Which directions the data do not know.
    mean : ndarray of shape (p,)
        Weighted mean of X, zeros without an intercept.
    target_mean : ndarray of shape (k,)
        Weighted mean of Y.
    power : ndarray of shape (k,)
        Σ s V².
    total : float
        Σ s.
    """

    is_wide: bool
    basis: Array
    values: Array
    targets: Array
    is_null: Array
    mean: Array
    target_mean: Array
    power: Array
    total: float

    def shrunk(self, alpha: Array) -> Array:
        """Return targets / (λ + α), (m, k), for α of shape (k,); zero where null."""
        divisor = np.where(self.is_null[:, None], np.inf, self.values[:, None] + alpha)
        divided: Array = self.targets / divisor
        return divided

    def coef(self, data: RidgeData, alpha: Array) -> Array:
        """Return the coefficients (p, k) at one strength for each target, (k,)."""
        coordinates: Array = self.basis @ self.shrunk(alpha)
        return from_rows(data, self.mean, coordinates) if self.is_wide else coordinates

    def intercept(self, coef: Array) -> Array:
        """Return the intercepts (k,) of coefficients (p, k)."""
        return np.asarray(self.target_mean - self.mean @ coef)

    def least_squares(self, data: RidgeData, cutoff: float) -> tuple[Array, Array, Array]:
        """Return coefficients (p, k) of least norm, intercepts (k,) and singular values, the largest first.

        Singular values of at most `cutoff` times the largest count as zero.
        """
        singular = np.sqrt(np.where(np.isfinite(self.values), self.values, 0.0))
        is_null = self.is_null | (singular <= cutoff * singular.max(initial=0.0))
        coef = replace(self, is_null=is_null).coef(data, np.zeros(data.n_targets))
        return coef, self.intercept(coef), np.sort(singular)[::-1]

    def residual_power(self, alpha: Array) -> Array:
        """Return Σ s (V − Z w)² at one strength for each target, (k,), by differences of powers unless `is_wide`."""
        shrunk = self.shrunk(alpha)
        if self.is_wide:
            # S^(1/2) (V − Zw) = α (…)⁻¹ S^(1/2) V, and all of S^(1/2) V in null directions.
            rest = np.where(self.is_null[:, None], self.targets, alpha * shrunk)
            return np.asarray(np.square(rest).sum(axis=0))
        explained = shrunk * (2.0 * self.targets - self.values[:, None] * shrunk)
        return np.asarray(self.power - explained.sum(axis=0))

    def effective_dof(self, alpha: Array) -> Array:
        """Return Σ λ / (λ + α) for each strength."""
        values = self.values[~self.is_null & np.isfinite(self.values), None]
        return np.asarray((values / (values + alpha)).sum(axis=0))


def from_rows(data: RidgeData, mean: Array, coordinates: Array) -> Array:
    """Return Zᵀ S^(1/2) C for coordinates C (n, k), in float64 also for X of float32."""
    design = data.design(mean)
    rows = coordinates if data.root is None else data.root[:, None] * coordinates
    if design.is_sparse or design.dtype == np.float64:
        return np.asarray(design.rmatvec(rows))
    product = np.empty((design.shape[1], rows.shape[1]))
    for part in blocks(design.shape[1], design.shape[0]):
        product[part] = design.columns(part).astype(np.float64).T @ rows
    return product


def spectrum_of(data: RidgeData, *, least_alpha: float = 0.0, by_qr: bool = False) -> Spectrum:
    """Return the spectrum of the data.

    Parameters
    ----------
    data : RidgeData
        Features, targets, weights.
    least_alpha : float, default=0.0
        The smallest strength that will be asked for; it decides how well small eigenvalues must be known.
    by_qr : bool, default=False
        Whether to take the slower and more accurate way in any case.
    """
    is_wide = data.X.shape[0] <= data.X.shape[1]
    if not by_qr:
        spectrum = _wide_by_gram(data) if is_wide else spectrum_of_moments(data.moments(np.float64))
        finite = spectrum.values[np.isfinite(spectrum.values)]
        if finite.min(initial=np.inf) + least_alpha >= _ILL_CONDITIONED * finite.max(initial=0.0):
            return spectrum
    return _wide_by_qr(data) if is_wide else _tall_by_qr(data)


def spectrum_of_moments(m: Moments) -> Spectrum:
    """Return the spectrum of data of which the moments are known."""
    values, basis = np.linalg.eigh(m.gram)
    is_null = values <= null_level(values)
    values = np.where(is_null, 0.0, values)
    targets = basis.T @ m.cross
    return Spectrum(False, basis, values, targets, is_null, m.mean, m.target_mean, m.power, m.total)


def _tall_by_qr(data: RidgeData) -> Spectrum:
    p, k = data.X.shape[1], data.n_targets
    X = row_major(data.X)
    mean = data.mean if data.fit_intercept else None
    triangle = np.zeros((0, p + k))
    power = np.zeros(k)
    for rows in blocks(X.shape[0], p + k):
        block = np.empty((rows.stop - rows.start, p + k), order="F")
        fill_block(block[:, :p], X, rows, mean, None)
        block[:, p:] = data.Y[rows] - data.target_mean
        if data.root is not None:
            block *= data.root[rows, None]
        power += np.einsum("ij,ij->j", block[:, p:], block[:, p:])
        triangle = _triangle(np.vstack([triangle, block]))
    left, singular, right = linalg.svd(triangle[:p, :p], full_matrices=False, check_finite=False)
    # The last columns of the triangle are the targets in the orthogonal basis of the features.
    targets = singular[:, None] * (left.T @ triangle[:p, p:])
    is_null = singular <= 0.5 * null_level(singular)
    values = np.where(is_null, 0.0, singular**2)
    return Spectrum(
        False, right.T, values, targets, is_null, data.mean, data.target_mean, power, data.total
    )


def _triangle(A: Array) -> Array:
    """Return R of A = QR; rows of zeros below it are left out."""
    packed, _, _, _ = lapack.dgeqrf(np.asfortranarray(A), overwrite_a=1)
    upper: Array = np.triu(packed[: min(A.shape)])
    return upper


def _wide_by_gram(data: RidgeData) -> Spectrum:
    gram, level = row_gram_apart(data)
    values, basis = np.linalg.eigh(gram)
    is_apart = values > 0.5 * level
    is_null = values <= null_level(values[~is_apart])
    return _wide_spectrum(data, basis, np.where(is_apart, np.inf, values), is_null)


def row_gram_apart(data: RidgeData, dtype: Any = np.float64) -> tuple[Array, float]:
    """Return S^(1/2) Z Zᵀ S^(1/2), (n, n), where directions that cannot have data get an eigenvalue of their own.

    These are S^(1/2) 1 after centring, and rows of weight zero. Their eigenvalue is zero; left there it would mix with
    others that are zero, or make the matrix singular. It is moved to a level above all others, which is returned too.
    `dtype` is that of the products.
    """
    gram = _row_gram(data, Design(data.X), dtype)
    if data.fit_intercept:
        u = _direction_of_ones(data)
        raw = float(np.trace(gram))
        _project(gram, u)
        if raw > _LARGEST_SHIFT * float(
            np.trace(gram)
        ):  # columns far from zero: centred before the product
            gram = _row_gram(data, data.design(), dtype)
            _project(gram, u)
    # Twice the largest eigenvalue would do, and the trace is no less than that one.
    level = 4.0 * max(float(np.trace(gram)), float(np.finfo(np.float32).tiny))
    zero = _rows_of_zero_weight(data)
    gram[zero, zero] = level
    if data.fit_intercept:
        gram += level * np.outer(u, u)
    return gram, level


def _row_gram(data: RidgeData, design: Design, dtype: Any) -> Array:
    gram = design.row_gram(dtype=dtype).astype(np.float64, copy=False)
    if data.root is not None:
        gram *= data.root
        gram *= data.root[:, None]
    return gram


def _project(gram: Array, u: Array) -> None:
    """Replace the symmetric matrix by (I − u uᵀ) gram (I − u uᵀ): with u = S^(1/2) 1 it is centred."""
    projected = gram @ u
    gram -= np.outer(projected, u)
    gram -= np.outer(u, projected - (u @ projected) * u)


def _wide_by_qr(data: RidgeData) -> Spectrum:
    n, p = data.X.shape
    design = data.design()
    design = Design(design.X.tocsc(), design.mean) if design.is_sparse else design
    level = 2.0 * _length(data, design)
    apart = level * np.eye(n)[_rows_of_zero_weight(data)]
    if data.fit_intercept:
        apart = np.vstack([apart, level * _direction_of_ones(data)])
    triangle = apart
    for part in blocks(p, n):
        block = design.columns(part).astype(np.float64, copy=False).T
        triangle = _triangle(
            np.vstack([triangle, block if data.root is None else block * data.root])
        )
    _, singular, right = linalg.svd(triangle, full_matrices=True, check_finite=False)
    singular = np.append(singular, np.zeros(n - singular.size))
    is_apart = singular > 0.75 * level
    is_null = singular <= 0.5 * null_level(singular[~is_apart])
    return _wide_spectrum(data, right.T, np.where(is_apart, np.inf, singular**2), is_null)


def _rows_of_zero_weight(data: RidgeData) -> Array:
    return np.empty(0, np.intp) if data.weight is None else np.flatnonzero(data.weight == 0)


def _direction_of_ones(data: RidgeData) -> Array:
    """Return S^(1/2) 1 of length 1."""
    root = np.ones(data.X.shape[0]) if data.root is None else data.root
    return np.asarray(root / np.linalg.norm(root))


def _length(data: RidgeData, design: Design) -> float:
    """Return the Frobenius norm of S^(1/2) Z, up to rounding and positive."""
    squares = 0.0
    for part in blocks(design.shape[1], design.shape[0]):
        block = design.columns(part)
        each = np.einsum("ij,ij->i", block, block, dtype=np.float64)
        squares += float(each.sum() if data.weight is None else each @ data.weight)
    return max(float(np.sqrt(squares)), float(np.finfo(np.float32).tiny))


def _wide_spectrum(data: RidgeData, basis: Array, values: Array, is_null: Array) -> Spectrum:
    T = data.scaled_targets()
    power = np.einsum("ij,ij->j", T, T)
    values = np.where(is_null, 0.0, values)
    return Spectrum(
        True, basis, values, basis.T @ T, is_null, data.mean, data.target_mean, power, data.total
    )
