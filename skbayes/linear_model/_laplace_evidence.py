"""The evidence of a fitted model: the density of y with all coefficients integrated out, by Laplace's method.

Notation: F = −log p(y, w) with normalised densities, ŵ its minimum, H its Hessian there, (m, m); D_i the curvature of
row i in its linear predictor, a number or (K, K); P the precision of the prior. A parameter without a prior is flat.

    log p(y) ≈ −F(ŵ) + m/2 log 2π − ½ log |H|,

exact where F is quadratic (Gaussian likelihood, normal prior). Flat parameters are integrated over like all others,
against dw: for a Gaussian likelihood that is the restricted likelihood of Harville (1974, doi:10.1093/biomet/61.2.383),
less ½ log |Xᵀ X| of the flat columns. What the same number added to all classes does not change (a flat parameter of a
softmax) has no finite integral: w is then integrated over the vectors that sum to zero over the classes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..posteriors import BorderedForm, LowRankForm
from ._symmetric import CholeskyFactor, cholesky

__all__ = ["curvature_factor", "log_det_of", "log_evidence_of", "null_directions"]

Array = NDArray[Any]

# Below this reciprocal condition number, in units of the diagonal, a direction is unknown and not only poorly known.
_SINGULAR = 1e-14
# What rows seen earlier say of two classes cancels to this part of its size, where it cancels.
_ROUNDING = 1e-13


def log_evidence_of(objective: Any, w: Array, form: Any = None) -> float:
    """Return log p(y) of a model with nothing unknown but its coefficients, at its mode.

    Parameters
    ----------
    objective : LinearObjective
        With a smooth prior kept in its smooth part (`split=False`).
    w : ndarray of shape (m,)
        The mode.
    form : CovarianceForm or None, default=None
        The covariance at the mode, if there is one already; used where it is that of the whole curvature.

    Raises
    ------
    AttributeError
        If the evidence is undefined: no prior at all, a prior with a kink, bounds, or a curvature at `w` that is not
        positive definite. For the property `log_evidence_`.
    """
    _refuse_undefined(objective, w)
    w = np.asarray(w, dtype=np.float64)
    n_null = null_directions(objective, w).shape[1]
    log_det, missing = _log_det_and_decrement(objective, w, form)
    return float(
        -objective.value(w) + missing + 0.5 * ((w.size - n_null) * np.log(2.0 * np.pi) - log_det)
    )


def _refuse_undefined(objective: Any, w: Array) -> None:
    prior = objective.prior
    stated = prior.coefficient_prior
    if prior.is_bounded:
        raise AttributeError(
            "log_evidence_ is undefined for coefficients within bounds: their posterior is not normal. "
            "Leave the bounds out, or compare models by leave-one-out or cross-validation."
        )
    if not prior.is_smooth or not prior.has_hessian:
        raise AttributeError(
            f"log_evidence_ is undefined at the mode of a prior without a second derivative there; got {stated!r}. "
            "Use a smooth prior such as Normal or StudentT, posterior='smoothed' where it is offered, or compare "
            "models by leave-one-out or cross-validation."
        )
    of_coef = np.ravel(stated.hessian(w[: objective.layout.n_features]))
    if not np.any(of_coef) and prior.joint is None and prior.intercept_prior is None:
        raise AttributeError(
            f"log_evidence_ is undefined without a prior: the integral over flat coefficients has no finite mass to "
            f"begin with; got {stated!r}. Use a prior such as Normal(scale=1.0)."
        )


def _log_det_and_decrement(objective: Any, w: Array, form: Any) -> tuple[float, float]:
    """Return log |H|, and by how much F at the mode is below F(w) to second order."""
    n_rows = objective.n_samples * (objective.layout.n_classes or 1)
    precision, *others = objective.prior.precisions(w)
    is_plain = precision.ndim == 1 and np.all(precision >= 0.0)
    if w.size > n_rows and is_plain and all(np.array_equal(precision, other) for other in others):
        if _is_whole(form, objective, w):
            return -float(form.log_det), 0.0
        return _log_det_by_rows(objective, w, precision), 0.0
    factor = curvature_factor(objective, w)
    if factor is None:
        raise AttributeError(_UNDEFINED)
    _, gradient = objective.value_and_gradient(w)
    gradient = gradient.astype(np.float64)
    return log_det_of(factor), 0.5 * float(gradient @ factor.solve(gradient))


def _is_whole(form: Any, objective: Any, w: Array) -> bool:
    """Return whether a form is H⁻¹ exactly: by all rows, of one output, whose curvature is the expected one."""
    inner = form.inner if isinstance(form, BorderedForm) else form
    return (
        isinstance(inner, LowRankForm)
        and objective.layout.n_classes is None
        and inner.rows.shape[0] == objective.n_samples
        and np.allclose(
            objective.curvature(w), objective.data.curvature(w, expected=True), 1e-12, 0.0
        )
    )


_UNDEFINED = (
    "log_evidence_ is undefined: the curvature of the log posterior at the coefficients is not positive definite. Give "
    "collinear features a prior, or fit to a smaller tol."
)


def curvature_factor(
    objective: Any, w: Array, of_data: Array | None = None
) -> CholeskyFactor | None:
    """Return the factor of H, its null directions filled by ones; None where it is not positive definite.

    `of_data` is the part of the data, if it is known already; it is left as it is.
    """
    hessian = objective.data.hessian(w) if of_data is None else of_data.copy()
    width = objective.layout.width
    for k, precision in enumerate(objective.prior.precisions(w)):
        block = slice(k * width, (k + 1) * width)
        hessian[block, block] += np.diag(precision) if precision.ndim == 1 else precision
    objective.prior.add_coupling(hessian)
    null = null_directions(objective, w)
    if null.shape[1]:
        hessian += null @ null.T  # ones in place of the zeros: they add nothing to log |H|
    factor = cholesky(hessian, overwrite=True)
    return None if factor is None or factor.rcond < _SINGULAR else factor


def log_det_of(factor: CholeskyFactor) -> float:
    """Return the log determinant of the matrix that was factorised."""
    return 2.0 * float(np.sum(np.log(np.diag(factor.lower)) - np.log(factor.scale)))


def null_directions(objective: Any, w: Array) -> Array:
    """Return an orthonormal basis of the directions in which nothing changes, (m, r): flat ones under a softmax."""
    layout = objective.layout
    if layout.n_classes is None:
        return np.zeros((layout.n_parameters, 0))
    precisions = objective.prior.precisions(w)
    if objective.prior.is_coupled:
        return _coupled_null_directions(objective, precisions)
    flat = np.ones(layout.width, dtype=bool)
    for precision in precisions:
        flat &= ~np.any(precision, axis=0) if precision.ndim == 2 else precision == 0.0
    places = np.flatnonzero(flat)
    basis = np.zeros((layout.n_classes, layout.width, places.size))
    basis[:, places, np.arange(places.size)] = layout.n_classes**-0.5
    return basis.reshape(layout.n_parameters, places.size)


def _coupled_null_directions(objective: Any, precisions: list[Array]) -> Array:
    """Return the same where rows seen earlier, or a prior of all classes, tie the classes: up to rounding."""
    K, width = objective.layout.n_classes, objective.layout.width
    basis = np.zeros((K, width, width))
    basis[:, np.arange(width), np.arange(width)] = K**-0.5
    pull, largest = np.empty_like(basis), 0.0
    for k, precision in enumerate(precisions):
        pull[k] = basis[k] * precision[:, None] if precision.ndim == 1 else precision @ basis[k]
        largest = max(largest, float(np.abs(precision).max(initial=0.0)))
    pull, basis = pull.reshape(K * width, width), basis.reshape(K * width, width)
    pull += np.column_stack([objective.prior.coupling(column) for column in basis.T])
    return basis[:, np.abs(pull).max(axis=0) <= _ROUNDING * largest]


def _log_det_by_rows(objective: Any, w: Array, precision: Array) -> float:
    """Return log |H| by matrices of the side of n K rows, for one diagonal precision (width,) of every class.

    With A the block of H of the parameters with a prior, Q the products of rows weighed by their variances, U the
    columns of the flat ones: |A| = |P| |I + D Q|, and what H adds is |Uᵀ (I + D Q)⁻¹ D U|.
    """
    layout, design = objective.layout, objective.design
    n, K = objective.n_samples, layout.n_classes or 1
    is_flat = precision == 0.0
    with np.errstate(divide="ignore"):
        variance = np.where(is_flat, 0.0, 1.0 / precision)
    Q = design.row_gram(variance[: layout.n_features], dtype=np.float64)
    Q = Q + variance[-1] if layout.fit_intercept else Q
    D = np.asarray(objective.curvature(w), dtype=np.float64).reshape(n, K, K)
    M = np.einsum("ikl,ij->ikjl", D, Q).reshape(n * K, n * K)
    M.flat[:: n * K + 1] += 1.0
    sign, log_det = np.linalg.slogdet(M)
    if sign <= 0.0:
        raise AttributeError(_UNDEFINED)
    log_det += K * float(np.sum(np.log(precision[~is_flat])))
    if not is_flat.any():
        return float(log_det)
    columns = objective._columns(np.flatnonzero(is_flat)).astype(np.float64)
    U = np.einsum("if,kl->iklf", columns, np.eye(K)).reshape(n * K, -1)
    DU = np.einsum("ikl,if->iklf", D, columns).reshape(n * K, -1)
    inner = U.T @ np.linalg.solve(M, DU)
    if layout.n_classes:
        sums = np.kron(np.full((K, 1), K**-0.5), np.eye(columns.shape[1]))
        inner += sums @ sums.T
    factor = cholesky(0.5 * (inner + inner.T))
    if factor is None or factor.rcond < _SINGULAR:
        raise AttributeError(_UNDEFINED)
    return float(log_det + log_det_of(factor))
