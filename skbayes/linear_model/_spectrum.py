"""One factorisation of the centred, weighted data for ridge with any number of strengths.

Notation: Z (n, p) centred features, V (n, k) centred targets, s (n,) weights with S = diag(s); λ the eigenvalues of
ZᵀSZ (p ≤ n, then with eigenvectors B (p, p)) or of S^(1/2) Z Zᵀ S^(1/2) (n < p, with eigenvectors B (n, n)). In the
coordinates of B every strength is one division by λ + α.

Two ways lead there: `eigh` of the smaller Gram, which knows λ to ε max λ, and a QR decomposition in blocks followed by an
SVD of its triangle, which knows the square roots of λ that well. The first is the faster one and serves unless some
λ + α is so small that it would not be known.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg import lapack

from ._design import Design, blocks, fill_block, row_major, weighted_mean
from ._moments import Moments, moments_of
from ._symmetric import null_level

__all__ = ["Spectrum", "from_rows", "row_gram_apart", "spectrum_of", "spectrum_of_moments"]

Array = NDArray[Any]

# Where λ + α is below this part of the largest λ, its error from the Gram is above 2e-6 of it: then by QR.
_ILL_CONDITIONED = 1e-10


@dataclass(frozen=True)
class Spectrum:
    """The data in the coordinates of the eigenvectors; null directions have λ = 0.

    Directions of rows that cannot have data, S^(1/2) 1 after centring and rows of weight zero, have λ = ∞.

    Attributes
    ----------
    is_wide : bool
        Whether n < p: then `basis` has rows per sample, and else per feature.
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

    def coef(self, design: Design, weight: Array | None, alpha: Array) -> Array:
        """Return the coefficients (p, k) at one strength for each target, (k,)."""
        coordinates = self.basis @ self.shrunk(alpha)
        if not self.is_wide:
            return coordinates
        # The coordinates are orthogonal to the root of the weights, so X need not be centred.
        return from_rows(design, weight, coordinates)

    def least_squares(
        self, X: Any, weight: Array | None, cutoff: float
    ) -> tuple[Array, Array, Array]:
        """Return coefficients (p, k) of least norm, intercepts (k,) and singular values, the largest first.

        Singular values of at most `cutoff` times the largest count as zero.
        """
        singular = np.sqrt(np.where(np.isfinite(self.values), self.values, 0.0))
        is_null = self.is_null | (singular <= cutoff * singular.max(initial=0.0))
        known = replace(self, is_null=is_null)
        design = Design(X, self.mean if np.any(self.mean) else None)
        coef = known.coef(design, weight, np.zeros(self.targets.shape[1]))
        return coef, self.target_mean - self.mean @ coef, np.sort(singular)[::-1]

    def residual_power(self, alpha: Array) -> Array:
        """Return Σ s (V − Z w)² at one strength for each target, (k,), by differences of powers unless `is_wide`."""
        if self.is_wide:
            part = alpha / np.where(self.is_null[:, None], alpha, self.values[:, None] + alpha)
            return np.asarray(np.square(part * self.targets).sum(axis=0))
        shrunk = self.shrunk(alpha)
        explained = shrunk * (2.0 * self.targets - self.values[:, None] * shrunk)
        return np.asarray(self.power - explained.sum(axis=0))

    def effective_dof(self, alpha: Array) -> Array:
        """Return Σ λ / (λ + α) for each strength."""
        values = self.values[~self.is_null & np.isfinite(self.values), None]
        return np.asarray((values / (values + alpha)).sum(axis=0))


def from_rows(design: Design, weight: Array | None, coordinates: Array) -> Array:
    """Return Zᵀ S^(1/2) C for coordinates C (n, k), in float64 also for X of float32."""
    rows = coordinates if weight is None else np.sqrt(weight)[:, None] * coordinates
    if design.is_sparse or design.dtype == np.float64:
        return np.asarray(design.rmatvec(rows))
    product = np.empty((design.shape[1], rows.shape[1]))
    for part in blocks(design.shape[1], design.shape[0]):
        product[part] = design.columns(part).astype(np.float64).T @ rows
    return product


def spectrum_of(
    X: Any,
    Y: Array,
    weight: Array | None,
    fit_intercept: bool,
    *,
    least_alpha: float = 0.0,
    by_qr: bool = False,
) -> Spectrum:
    """Return the spectrum of X (n, p) and Y (n, k).

    Parameters
    ----------
    X : ndarray or CSR or CSC matrix of shape (n, p)
        Features.
    Y : ndarray of shape (n, k)
        Targets.
    weight : ndarray of shape (n,) or None
        s.
    fit_intercept : bool
        Whether X and Y are centred.
    least_alpha : float, default=0.0
        The smallest strength that will be asked for; it decides how well small eigenvalues must be known.
    by_qr : bool, default=False
        Whether to take the slower and more accurate way in any case.
    """
    is_wide = X.shape[0] <= X.shape[1]
    if not by_qr:
        spectrum = (_wide_by_gram if is_wide else _tall_by_gram)(X, Y, weight, fit_intercept)
        # Without null directions the least λ is known as well as the QR would know it.
        finite = spectrum.values[np.isfinite(spectrum.values)]
        if finite.min(initial=np.inf) + least_alpha >= _ILL_CONDITIONED * finite.max(initial=0.0):
            return spectrum
    return (_wide_by_qr if is_wide else _tall_by_qr)(X, Y, weight, fit_intercept)


def _tall_by_gram(X: Any, Y: Array, weight: Array | None, fit_intercept: bool) -> Spectrum:
    return spectrum_of_moments(moments_of(X, Y, weight, fit_intercept, np.float64))


def spectrum_of_moments(m: Moments) -> Spectrum:
    """Return the spectrum of data of which the moments are known."""
    values, basis = linalg.eigh(m.gram, driver="evd", check_finite=False)
    is_null = values <= null_level(values)
    targets = basis.T @ m.cross
    return _spectrum(False, basis, values, targets, is_null, m.mean, m.target_mean, m.power, m.total)


def _tall_by_qr(X: Any, Y: Array, weight: Array | None, fit_intercept: bool) -> Spectrum:
    mean, target_mean, total = _means(X, Y, weight, fit_intercept)
    p, k = X.shape[1], Y.shape[1]
    root = None if weight is None else np.sqrt(weight, dtype=np.float64)
    X = row_major(X)
    triangle = np.zeros((0, p + k))
    power = np.zeros(k)
    for rows in blocks(X.shape[0], p + k):
        block = np.empty((rows.stop - rows.start, p + k), order="F")
        fill_block(block[:, :p], X, rows, mean if fit_intercept else None, None)
        block[:, p:] = Y[rows] - target_mean
        if root is not None:
            block *= root[rows, None]
        power += np.einsum("ij,ij->j", block[:, p:], block[:, p:])
        triangle = _triangle(np.vstack([triangle, block]))
    left, singular, right = linalg.svd(triangle[:p, :p], full_matrices=False, check_finite=False)
    # Rows of the triangle are orthogonal: its last columns are the targets in the basis Q of the features.
    targets = singular[:, None] * (left.T @ triangle[:p, p:])
    is_null = singular <= 0.5 * null_level(singular)
    return _spectrum(
        False, right.T, singular**2, targets, is_null, mean, target_mean, power, total
    )


def _triangle(A: Array) -> Array:
    packed, _, _, _ = lapack.dgeqrf(A, overwrite_a=1)
    upper: Array = np.triu(packed[: min(A.shape)])
    return upper


def _wide_by_gram(X: Any, Y: Array, weight: Array | None, fit_intercept: bool) -> Spectrum:
    mean, target_mean, total = _means(X, Y, weight, fit_intercept)
    gram, level = row_gram_apart(X, mean, weight, fit_intercept)
    values, basis = linalg.eigh(gram, driver="evd", check_finite=False, overwrite_a=True)
    # What stands apart is the direction of the intercept, and rows that do not count.
    values[values > 0.5 * level] = np.inf
    is_null = values <= null_level(values[np.isfinite(values)])
    return _wide_spectrum(basis, values, is_null, Y, weight, mean, target_mean, total)


def row_gram_apart(X: Any, mean: Array, weight: Array | None, fit_intercept: bool) -> tuple[Array, float]:
    """Return S^(1/2) Z Zᵀ S^(1/2), (n, n), where directions that cannot have data get an eigenvalue of their own.

    These are S^(1/2) 1 after centring, and rows of weight zero. Their eigenvalue is zero; left there it would mix with
    others that are zero, or make the matrix singular. It is moved to a level above all others, which is returned too.
    """
    gram = Design(X, mean if fit_intercept else None).row_gram(dtype=np.float64)
    n = gram.shape[0]
    if weight is not None:
        root = np.sqrt(weight, dtype=np.float64)
        gram *= root
        gram *= root[:, None]
    # Any number above twice the largest eigenvalue, which the trace bounds.
    level = 4.0 * max(float(np.trace(gram)), np.finfo(np.float64).tiny)
    if weight is not None:
        zero = np.flatnonzero(weight == 0)
        gram[zero, zero] = level
    if fit_intercept:
        u = _direction_of_ones(n, weight)
        # Centring a second time removes what rounding of the mean has left in a column far from zero.
        projected = gram @ u
        gram -= np.outer(projected, u)
        gram -= np.outer(u, projected - (u @ projected) * u)
        gram += level * np.outer(u, u)
    return gram, level


def _wide_by_qr(X: Any, Y: Array, weight: Array | None, fit_intercept: bool) -> Spectrum:
    mean, target_mean, total = _means(X, Y, weight, fit_intercept)
    n, p = X.shape
    design = Design(X, mean if fit_intercept else None)
    root = None if weight is None else np.sqrt(weight, dtype=np.float64)
    level = 2.0 * _length(X, mean, weight)
    apart = [] if weight is None else [row for row in level * np.eye(n)[weight == 0]]
    if fit_intercept:
        apart.append(level * _direction_of_ones(n, weight))
    triangle = np.reshape(apart, (-1, n))
    for part in blocks(p, n):
        block = design.columns(part).astype(np.float64, copy=False).T
        block = block if root is None else block * root
        triangle = _triangle(np.asfortranarray(np.vstack([triangle, block])))
    _, singular, right = linalg.svd(triangle, full_matrices=True, check_finite=False)
    singular = np.append(singular, np.zeros(n - singular.size))
    is_apart = singular > 0.75 * level
    is_null = singular <= 0.5 * null_level(singular[~is_apart])
    values = np.where(is_apart, np.inf, singular**2)
    return _wide_spectrum(right.T, values, is_null, Y, weight, mean, target_mean, total)


def _direction_of_ones(n: int, weight: Array | None) -> Array:
    """Return S^(1/2) 1 of length 1."""
    root = np.ones(n) if weight is None else np.sqrt(weight, dtype=np.float64)
    return np.asarray(root / np.linalg.norm(root))


def _length(X: Any, mean: Array, weight: Array | None) -> float:
    """Return the Frobenius norm of S^(1/2) Z, up to rounding and positive."""
    squares = 0.0
    for part in blocks(X.shape[1], X.shape[0]):
        block = Design(X, mean).columns(part)
        each = np.einsum("ij,ij->i", block, block, dtype=np.float64)
        squares += float(each.sum() if weight is None else each @ weight)
    return max(float(np.sqrt(squares)), float(np.finfo(np.float32).tiny))


def _wide_spectrum(
    basis: Array,
    values: Array,
    is_null: Array,
    Y: Array,
    weight: Array | None,
    mean: Array,
    target_mean: Array,
    total: float,
) -> Spectrum:
    V = np.asarray(Y - target_mean, dtype=np.float64)
    if weight is not None:
        V = np.sqrt(weight, dtype=np.float64)[:, None] * V
    power = np.einsum("ij,ij->j", V, V)
    return _spectrum(True, basis, values, basis.T @ V, is_null, mean, target_mean, power, total)


def _spectrum(
    is_wide: bool,
    basis: Array,
    values: Array,
    targets: Array,
    is_null: Array,
    mean: Array,
    target_mean: Array,
    power: Array,
    total: float,
) -> Spectrum:
    values = np.where(is_null, 0.0, values)
    return Spectrum(is_wide, basis, values, targets, is_null, mean, target_mean, power, total)


def _means(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool
) -> tuple[Array, Array, float]:
    total = float(X.shape[0] if weight is None else weight.sum())
    if not fit_intercept:
        return np.zeros(X.shape[1]), np.zeros(Y.shape[1]), total
    return weighted_mean(X, weight), weighted_mean(Y, weight), total
