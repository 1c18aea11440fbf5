"""Ridge at given strengths: which road, and the robust form of each.

Notation: F(W, b) = Σ_k [ Σ_i s_i (Y_ik − x_iᵀw_k − b_k)² + α_k ‖w_k‖² ], one strength for each target k. With means
taken off, Z = X − 1 μᵀ and V = Y − 1 νᵀ, it is (ZᵀSZ + α) w = ZᵀSV, or for n < p the same with n x n matrices:
w = ZᵀS^(1/2) c, (S^(1/2) Z Zᵀ S^(1/2) + α) c = S^(1/2) V.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conjugate_gradients import descend
from ._design import Design, is_thin
from ._nonnegative import nonnegative
from ._ridge_data import RidgeData
from ._spectrum import from_rows, row_gram_apart, spectrum_of
from ._symmetric import CholeskyFactor, cholesky

__all__ = ["LOST_DIGITS", "RidgeFit", "choose_road", "solve_ridge"]

Array = NDArray[Any]

# A Cholesky of the moments leaves errors of about ε / rcond in the coefficients: up to here below 1e-8 of them.
_WELL_CONDITIONED = 1e-8
# Below it the factor is no guide any more, and the data are factorised without forming their Gram.
_HOPELESS = 1e-14
# Of the power of the targets: a residual power below it is a difference that has lost half of its digits.
LOST_DIGITS = 1e-8
# Corrections from the residuals of the data; each multiplies the error by about ε / rcond.
_MAX_CORRECTIONS = 10
# Up to this many different strengths a Cholesky each costs less than one eigendecomposition: m³/3 against 9 m³.
_MOST_CHOLESKYS = 20
# A product of two sparse entries within a sparse Gram takes about this many times the time of one within X w.
_SPARSE_GRAM = 8
# What conjugate gradients may be expected to take, for comparing with a factorisation: two products an iteration.
_EXPECTED_PRODUCTS = 30
# Products per second of dense factorisations over those of sparse X w.
_DENSE_GAIN = 30


@dataclass(frozen=True)
class RidgeFit:
    """Coefficients at given strengths, and what was learnt on the way.

    Attributes
    ----------
    coef : ndarray of shape (p, k)
        W, float64.
    intercept : ndarray of shape (k,)
        b.
    residual_power : ndarray of shape (k,)
        Σ s (y − x w − b)².
    total : float
        Σ s.
    effective_dof : ndarray of shape (k,) or None
        Trace of the map from targets to fitted values, with the intercept; None after conjugate gradients.
    n_iter : ndarray of shape (k,) or None
        Iterations, of roads that iterate.
    converged : bool
        Whether the tolerance was reached.
    reached : float
        What was reached, in the unit of the tolerance.
    road : str
        'cholesky', 'svd', 'conjugate_gradients' or 'nonnegative'.
    """

    coef: Array
    intercept: Array
    residual_power: Array
    total: float
    effective_dof: Array | None
    n_iter: Array | None
    converged: bool
    reached: float
    road: str


def choose_road(X: Any) -> str:
    """Return 'cholesky' unless X is sparse and conjugate gradients should be faster."""
    if not is_thin(X):
        return "cholesky"
    n, p = X.shape
    m = min(n, p)
    products = X.nnz * (X.nnz / max(n, p)) * _SPARSE_GRAM
    direct = products + m**3 / 3 / _DENSE_GAIN
    return "cholesky" if direct <= _EXPECTED_PRODUCTS * X.nnz else "conjugate_gradients"


def solve_ridge(
    data: RidgeData, alpha: Array, road: str, *, tol: float, max_iter: int | None = None
) -> RidgeFit:
    """Return the minimum of F.

    Parameters
    ----------
    data : RidgeData
        Features, targets, weights.
    alpha : ndarray of shape (k,)
        Strengths, non-negative.
    road : str
        'cholesky', 'svd', 'conjugate_gradients', or 'nonnegative' for coefficients of at least 0.
    tol : float
        Of the roads that iterate.
    max_iter : int or None, default=None
        Likewise.
    """
    if road == "conjugate_gradients":
        return _by_conjugate_gradients(data, alpha, tol, max_iter)
    if road == "nonnegative":
        return _nonnegative(data, alpha, tol, max_iter)
    if road == "cholesky" and len(np.unique(alpha)) <= _MOST_CHOLESKYS:
        is_wide = data.X.shape[0] < data.X.shape[1]
        fit = _by_dual(data, alpha) if is_wide else _by_moments(data, alpha)
        if fit is not None:
            return fit
    return _by_spectrum(data, alpha, road == "svd")


def _by_moments(data: RidgeData, alpha: Array) -> RidgeFit | None:
    """Return the fit by p x p matrices, or None if they are singular within rounding."""
    m = data.moments()
    coef, dof = np.empty_like(m.cross), np.empty(alpha.size)
    power = np.empty(alpha.size)
    for strength, columns in _groups(alpha):
        factor = cholesky(_plus(m.gram, strength, alpha), overwrite=True)
        if factor is None or factor.rcond < _HOPELESS:
            return None
        w = factor.solve(m.cross[:, columns])
        if factor.rcond < _WELL_CONDITIONED:
            V = data.Y[:, columns] - m.target_mean[columns]
            corrected = _corrected(w, factor, data.design(m.mean), V, data.weight, strength)
            if corrected is None:
                return None
            w = corrected
        coef[:, columns] = w
        dof[columns] = m.mean.size - strength * factor.trace_inverse() + data.fit_intercept
        # ‖V − Zw‖² = ‖V‖² − wᵀZᵀSV − wᵀ(ZᵀSV − ZᵀSZ w), where the last bracket is α w.
        explained = np.einsum("jk,jk->k", w, m.cross[:, columns] + strength * w)
        power[columns] = m.power[columns] - explained
    intercept = m.target_mean - m.mean @ coef
    if np.any(power <= LOST_DIGITS * m.power):
        power = data.residual_power(coef, intercept)
    return RidgeFit(coef, intercept, power, m.total, dof, None, True, 0.0, "cholesky")


def _groups(alpha: Array) -> list[tuple[float, Array]]:
    """Return each strength and the targets that have it."""
    return [(float(strength), np.flatnonzero(alpha == strength)) for strength in np.unique(alpha)]


def _plus(gram: Array, strength: float, alpha: Array) -> Array:
    """Return gram + strength on the diagonal, in a copy unless this is the only strength."""
    A = gram if np.all(alpha == strength) else gram.copy(order="K")
    A[np.diag_indices_from(A)] += strength
    return A


def _corrected(
    w: Array,
    factor: CholeskyFactor,
    design: Design,
    V: Array,
    weight: Array | None,
    strength: float,
) -> Array | None:
    """Return w after corrections from the residuals of the data, or None if these do not settle.

    The residuals are known to the condition number of Z, the Gram to its square.
    """
    size = np.inf
    for _ in range(_MAX_CORRECTIONS):
        R = V - design.matvec(w.astype(design.dtype, copy=False))
        if weight is not None:
            R = weight[:, None] * R
        gradient = design.rmatvec(R.astype(design.dtype, copy=False)) - strength * w
        step = factor.solve(np.asarray(gradient, dtype=np.float64))
        last, size = size, float(np.abs(step).max(initial=0.0))
        level = np.finfo(design.dtype).eps * float(np.abs(w).max(initial=0.0))
        if size > 0.5 * last:
            # As small as rounding lets it be, or not a contraction at all.
            return w if last <= 1e4 * level else None
        w = w + step
        if size <= level:
            break
    return w


def _by_dual(data: RidgeData, alpha: Array) -> RidgeFit | None:
    """Return the fit by n x n matrices, or None if they are singular within rounding."""
    n = data.X.shape[0]
    gram, level = row_gram_apart(data, data.X.dtype)
    n_apart = int(data.fit_intercept)
    n_apart += 0 if data.weight is None else int(np.sum(data.weight == 0))
    T = data.scaled_targets()
    C, dof = np.empty_like(T), np.empty(alpha.size)
    for strength, columns in _groups(alpha):
        factor = cholesky(_plus(gram, strength, alpha), overwrite=True)
        if factor is None or factor.rcond < _WELL_CONDITIONED:
            return None
        C[:, columns] = factor.solve(T[:, columns])
        trace = factor.trace_inverse() - n_apart / (level + strength)
        dof[columns] = n - n_apart - strength * trace + data.fit_intercept
    coef = from_rows(data, data.mean, C)
    # S^(1/2) (V − Zw) = α c.
    power = alpha**2 * np.einsum("ij,ij->j", C, C)
    intercept = data.target_mean - data.mean @ coef
    return RidgeFit(coef, intercept, power, data.total, dof, None, True, 0.0, "cholesky")


def _by_spectrum(data: RidgeData, alpha: Array, by_qr: bool) -> RidgeFit:
    spectrum = spectrum_of(data, least_alpha=float(alpha.min(initial=np.inf)), by_qr=by_qr)
    coef = spectrum.coef(data, alpha)
    intercept = spectrum.intercept(coef)
    power = data.residual_power(coef, intercept)
    dof = spectrum.effective_dof(alpha) + data.fit_intercept
    return RidgeFit(coef, intercept, power, spectrum.total, dof, None, True, 0.0, "svd")


def _by_conjugate_gradients(
    data: RidgeData, alpha: Array, tol: float, max_iter: int | None
) -> RidgeFit:
    # In exact arithmetic min(n, p) iterations are enough; rounding may cost a few times as many.
    limit = 10 * min(data.X.shape) if max_iter is None else max_iter
    end = descend(data.design(), data.centred_targets(), data.root, alpha, tol, limit)
    intercept = data.target_mean - data.mean @ end.coef
    power = data.residual_power(end.coef, intercept)
    road = "conjugate_gradients"
    return RidgeFit(
        end.coef, intercept, power, data.total, None, end.n_iter, end.converged, end.reached, road
    )


def _nonnegative(data: RidgeData, alpha: Array, tol: float, max_iter: int | None) -> RidgeFit:
    V = data.centred_targets()
    moments = data.moments() if data.X.shape[0] >= data.X.shape[1] else None
    ends = [
        nonnegative(data.design(), V[:, k], data.weight, float(alpha[k]), tol, max_iter, moments, k)
        for k in range(data.n_targets)
    ]
    coef = np.column_stack([end.coef for end in ends])
    intercept = data.target_mean - data.mean @ coef
    power = data.residual_power(coef, intercept)
    n_iter = np.array([end.n_iter for end in ends])
    converged, reached = all(end.converged for end in ends), max(end.reached for end in ends)
    return RidgeFit(
        coef, intercept, power, data.total, None, n_iter, converged, reached, "nonnegative"
    )
