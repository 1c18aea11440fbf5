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
from ._design import Design, is_thin, weighted_mean
from ._moments import Moments, moments_of
from ._nonnegative import nonnegative
from ._spectrum import from_rows, row_gram_apart, spectrum_of
from ._symmetric import CholeskyFactor, cholesky

__all__ = ["RidgeFit", "choose_road", "solve_ridge"]

Array = NDArray[Any]

# A Cholesky of the moments leaves errors of about ε / rcond in the coefficients: up to here below 1e-8 of them.
_WELL_CONDITIONED = 1e-8
# Below it the factor is no guide any more, and the data are factorised without forming their Gram.
_HOPELESS = 1e-14
# Corrections from the residuals of the data; each multiplies the error by about ε / rcond.
_MAX_CORRECTIONS = 10
# Up to this many different strengths a Cholesky each costs less than one eigendecomposition: m³/3 against 9 m³.
_MOST_CHOLESKYS = 20
# A product of two sparse entries within a sparse Gram takes about this many times the time of one within X w.
_SPARSE_GRAM = 8
# What conjugate gradients may be expected to take, for comparing with a factorisation: two products an iteration.
_EXPECTED_PRODUCTS = 60
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
    X: Any,
    Y: Array,
    weight: Array | None,
    alpha: Array,
    fit_intercept: bool,
    road: str,
    *,
    tol: float,
    max_iter: int | None = None,
) -> RidgeFit:
    """Return the minimum of F.

    Parameters
    ----------
    X : ndarray or CSR or CSC matrix of shape (n, p)
        Features.
    Y : ndarray of shape (n, k)
        Targets.
    weight : ndarray of shape (n,) or None
        s.
    alpha : ndarray of shape (k,)
        Strengths, non-negative.
    fit_intercept : bool
        Whether b is free; else it is 0.
    road : str
        'cholesky', 'svd', 'conjugate_gradients', or 'nonnegative' for coefficients of at least 0.
    tol : float
        Of the roads that iterate.
    max_iter : int or None, default=None
        Likewise.
    """
    alpha = np.broadcast_to(np.asarray(alpha, dtype=np.float64), (Y.shape[1],))
    if road == "conjugate_gradients":
        return _by_conjugate_gradients(X, Y, weight, alpha, fit_intercept, tol, max_iter)
    if road == "nonnegative":
        return _nonnegative(X, Y, weight, alpha, fit_intercept, tol, max_iter)
    if road == "cholesky" and len(np.unique(alpha)) <= _MOST_CHOLESKYS:
        by_cholesky = _by_dual if X.shape[0] < X.shape[1] else _by_moments
        fit = by_cholesky(X, Y, weight, alpha, fit_intercept)
        if fit is not None:
            return fit
    return _by_spectrum(X, Y, weight, alpha, fit_intercept, road == "svd")


def _by_moments(
    X: Any, Y: Array, weight: Array | None, alpha: Array, fit_intercept: bool
) -> RidgeFit | None:
    """Return the fit by p x p matrices, or None if they are singular within rounding."""
    m = moments_of(X, Y, weight, fit_intercept)
    design = Design(X, m.mean if fit_intercept else None)
    coef, dof = np.empty_like(m.cross), np.empty(alpha.size)
    residual_power = np.empty(alpha.size)
    for strength, columns in _groups(alpha):
        A = m.gram.copy(order="K")
        A[np.diag_indices_from(A)] += strength
        factor = cholesky(A)
        if factor is None or factor.rcond < _HOPELESS:
            return None
        w = factor.solve(m.cross[:, columns])
        if factor.rcond < _WELL_CONDITIONED:
            V = Y[:, columns] - m.target_mean[columns]
            corrected = _corrected(w, factor, design, V, weight, strength)
            if corrected is None:
                return None
            w = corrected
        coef[:, columns] = w
        dof[columns] = m.gram.shape[0] - strength * factor.trace_inverse() + fit_intercept
        residual_power[columns] = _residual_power(m, w, columns, strength)
    intercept = m.target_mean - m.mean @ coef
    residual_power = _exact_if_small(residual_power, m.power, X, Y, weight, coef, intercept)
    return RidgeFit(
        coef, intercept, residual_power, m.total, dof, None, True, 0.0, "cholesky"
    )


def _groups(alpha: Array) -> list[tuple[float, Array]]:
    """Return each strength and the targets that have it."""
    return [(float(strength), np.flatnonzero(alpha == strength)) for strength in np.unique(alpha)]


def _residual_power(m: Moments, w: Array, columns: Array, strength: float) -> Array:
    # ‖V − Zw‖² = ‖V‖² − wᵀZᵀSV − wᵀ(ZᵀSV − ZᵀSZ w), where the last bracket is α w.
    explained = np.einsum("jk,jk->k", w, m.cross[:, columns] + strength * w)
    return m.power[columns] - explained


def _exact_if_small(
    residual_power: Array,
    power: Array,
    X: Any,
    Y: Array,
    weight: Array | None,
    coef: Array,
    intercept: Array,
) -> Array:
    """Return the residual power, from the residuals themselves where the difference of powers has lost digits."""
    if np.all(residual_power > 1e-8 * power):
        return residual_power
    return residual_power_of(X, Y, weight, coef, intercept)


def residual_power_of(
    X: Any, Y: Array, weight: Array | None, coef: Array, intercept: Array
) -> Array:
    """Return Σ s (y − x w − b)² for each target."""
    R = np.asarray(Y - X @ coef.astype(X.dtype, copy=False) - intercept, dtype=np.float64)
    return np.einsum("ij,ij->j", R, R if weight is None else weight[:, None] * R)


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


def _by_dual(
    X: Any, Y: Array, weight: Array | None, alpha: Array, fit_intercept: bool
) -> RidgeFit | None:
    """Return the fit by n x n matrices, or None if they are singular within rounding."""
    n = X.shape[0]
    mean = weighted_mean(X, weight) if fit_intercept else np.zeros(X.shape[1])
    target_mean = weighted_mean(Y, weight) if fit_intercept else np.zeros(Y.shape[1])
    root = None if weight is None else np.sqrt(weight, dtype=np.float64)
    gram, level = row_gram_apart(X, mean, weight, fit_intercept)
    n_apart = int(fit_intercept) + (0 if weight is None else int(np.sum(weight == 0)))
    V = np.asarray(Y - target_mean, dtype=np.float64)
    T = V if root is None else root[:, None] * V
    C, dof = np.empty_like(T), np.empty(alpha.size)
    for strength, columns in _groups(alpha):
        A = gram.copy(order="K")
        A[np.diag_indices_from(A)] += strength
        factor = cholesky(A)
        if factor is None or factor.rcond < _WELL_CONDITIONED:
            return None
        C[:, columns] = factor.solve(T[:, columns])
        inner = factor.trace_inverse() - n_apart / (level + strength)
        dof[columns] = n - n_apart - strength * inner + fit_intercept
    design = Design(X, mean if fit_intercept else None)
    coef = from_rows(design, weight, C)
    # S^(1/2) (V − Zw) = α c.
    residual_power = alpha**2 * np.einsum("ij,ij->j", C, C)
    total = float(n if weight is None else weight.sum())
    intercept = target_mean - mean @ coef
    return RidgeFit(coef, intercept, residual_power, total, dof, None, True, 0.0, "cholesky")


def _by_spectrum(
    X: Any, Y: Array, weight: Array | None, alpha: Array, fit_intercept: bool, by_qr: bool
) -> RidgeFit:
    spectrum = spectrum_of(
        X, Y, weight, fit_intercept, least_alpha=float(alpha.min(initial=np.inf)), by_qr=by_qr
    )
    design = Design(X, spectrum.mean if fit_intercept else None)
    coef = spectrum.coef(design, weight, alpha)
    intercept = spectrum.target_mean - spectrum.mean @ coef
    power = residual_power_of(X, Y, weight, coef, intercept)
    dof = spectrum.effective_dof(alpha) + fit_intercept
    return RidgeFit(coef, intercept, power, spectrum.total, dof, None, True, 0.0, "svd")


def _centred_targets(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool
) -> tuple[Design, Array, Array, Array, float]:
    """Return Z, V, μ, ν and Σ s."""
    total = float(X.shape[0] if weight is None else weight.sum())
    if not fit_intercept:
        return Design(X), Y, np.zeros(X.shape[1]), np.zeros(Y.shape[1]), total
    mean, target_mean = weighted_mean(X, weight), weighted_mean(Y, weight)
    return Design(X, mean.astype(X.dtype)), Y - target_mean, mean, target_mean, total


def _by_conjugate_gradients(
    X: Any,
    Y: Array,
    weight: Array | None,
    alpha: Array,
    fit_intercept: bool,
    tol: float,
    max_iter: int | None,
) -> RidgeFit:
    design, V, mean, target_mean, total = _centred_targets(X, Y, weight, fit_intercept)
    # In exact arithmetic min(n, p) iterations are enough; rounding may cost a few times as many.
    limit = 10 * min(X.shape) if max_iter is None else max_iter
    end = descend(design, V, weight, alpha, tol, limit)
    intercept = target_mean - mean @ end.coef
    power = residual_power_of(X, Y, weight, end.coef, intercept)
    return RidgeFit(
        end.coef,
        intercept,
        power,
        total,
        None,
        end.n_iter,
        end.converged,
        end.reached,
        "conjugate_gradients",
    )


def _nonnegative(
    X: Any,
    Y: Array,
    weight: Array | None,
    alpha: Array,
    fit_intercept: bool,
    tol: float,
    max_iter: int | None,
) -> RidgeFit:
    design, V, mean, target_mean, total = _centred_targets(X, Y, weight, fit_intercept)
    gram = cross = None
    if X.shape[0] >= X.shape[1]:
        m = moments_of(X, Y, weight, fit_intercept)
        gram, cross = m.gram, m.cross
    ends = [
        nonnegative(
            design,
            V[:, k],
            weight,
            float(alpha[k]),
            tol,
            max_iter,
            None if gram is None else gram,
            None if cross is None else cross[:, k],
        )
        for k in range(V.shape[1])
    ]
    coef = np.column_stack([end.coef for end in ends])
    intercept = target_mean - mean @ coef
    power = residual_power_of(X, Y, weight, coef, intercept)
    return RidgeFit(
        coef,
        intercept,
        power,
        total,
        None,
        np.array([end.n_iter for end in ends]),
        all(end.converged for end in ends),
        max(end.reached for end in ends),
        "nonnegative",
    )
