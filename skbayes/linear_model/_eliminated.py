"""The full and the diagonal form of the inverse curvature, with the intercept eliminated first.

Notation: x features, t = Σ d_i, c = Σ d_i x_i, μ = c/t; q the precision of the prior of the intercept, usually 0. With
the intercept integrated out the coefficients have the precision

    A = Σ d_i (x_i − μ)(x_i − μ)' + Q + μ μ' t q/(t + q),

and given them the intercept is normal about −(c/(t + q))'w, with precision t + q. Nothing is ever the difference of two
large numbers, however far from zero a feature is. K classes: all features are centred by one mean, and the intercepts
shifted by it.
"""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import block_diag

from ..posteriors import BorderedForm, CovarianceForm, DenseForm, DiagonalForm
from ._curvature import Curvature, blocks_of
from ._design import Design

__all__ = ["diagonal_form", "full_form"]

Array = NDArray[Any]


def full_form(part: Curvature) -> CovarianceForm:
    """Return the inverse of H, formed."""
    try:
        return _full(part)
    except np.linalg.LinAlgError:
        warnings.warn(
            "The log posterior curves upwards where the fit ended, so that is no maximum; the posterior is that of the "
            "expected curvature instead. Fit again with a smaller tol, or another solver.",
            UserWarning,
            stacklevel=2,
        )
        return _full(part.convex())


def _full(part: Curvature) -> CovarianceForm:
    if part.n_classes is not None:
        return _of_classes(part)
    (Q,) = part.precisions
    # A prior that ties the intercept to the coefficients leaves no simple elimination.
    is_joint = part.has_intercept and Q.ndim == 2 and bool(np.any(Q[-1, :-1]))
    total = float(part.d.sum())
    if not part.has_intercept or is_joint or not total > 0.0:
        return DenseForm.of_precision(blocks_of(part, part.d) + _matrix(Q))
    p = part.design.shape[1]
    q = float(Q[-1] if Q.ndim == 1 else Q[-1, -1])
    mean = _mean(part, part.d)
    A = _centred(part.design, mean).gram(part.d, dtype=np.float64)
    _clear_constant(A, total * mean**2, len(part.d))
    A += _matrix(Q[:p] if Q.ndim == 1 else Q[:p, :p])
    if q > 0.0:
        A += np.outer(mean, mean) * (total * q / (total + q))
    slope = mean * (total / (total + q))
    return BorderedForm(
        np.array([p]),
        slope[None, :],
        DenseForm.of_precision(A),
        DenseForm.of_precision(np.array([[total + q]])),
    )


def _matrix(Q: Array) -> Array:
    return np.diag(Q) if Q.ndim == 1 else Q


def _centred(design: Design, mean: Array) -> Design:
    before = 0.0 if design.mean is None else design.mean
    return Design(design.X, mean + before)


def _mean(part: Curvature, d: Array) -> Array:
    """Return Σ d_i x_i / Σ d_i, (p,)."""
    return np.asarray(part.design.rmatvec(d), dtype=np.float64) / float(d.sum())


def _clear_constant(gram: Array, square: Array, n: int) -> None:
    """Set to zero what centring left of constant features: the rounding of their means, of this mean square."""
    constant = np.diag(gram) <= n * (4.0 * np.finfo(np.float64).eps) ** 2 * square
    gram[constant] = 0.0
    gram[:, constant] = 0.0


def _of_classes(part: Curvature) -> CovarianceForm:
    Q = np.asarray(block_diag(*map(_matrix, part.precisions)))
    trace = np.einsum("nkk->n", part.d)
    flat = part.has_intercept and not any(_matrix(q)[-1].any() for q in part.precisions)
    if not flat or part.picked is not None or part.coupling is not None or not trace.sum() > 0.0:
        H = blocks_of(part, part.d) + Q
        H = H if part.picked is None else H[np.ix_(part.picked, part.picked)]
        H = H if part.coupling is None else H + part.coupling
        return DenseForm.of_precision(H, *part.shared())
    mean = _mean(part, trace)
    H = blocks_of(part, part.d, _centred(part.design, mean))
    totals = np.einsum("nkk->k", part.d)
    levels = np.hstack([np.outer(totals, mean**2), np.zeros((totals.size, 1))])
    _clear_constant(H, levels.ravel(), len(part.d))
    H += Q
    return _shifted(DenseForm.of_precision(H, *part.shared()), H, mean, part)


def _shifted(form: DenseForm, H: Array, mean: Array, part: Curvature) -> DenseForm:
    """Return the form of the parameters of the features as they are, from that of centred ones and its precision."""
    shape = (part.n_outputs, part.width)
    places = np.arange(form.size).reshape(shape)

    def of_plain(columns: Array) -> Array:
        rows = columns.reshape(*shape, -1).copy()
        rows[:, -1] -= np.einsum("j,kjr->kr", mean, rows[:, :-1])
        return rows.reshape(columns.shape)

    convention = part.convention()
    root = of_plain(form.root)
    if convention is not None:
        root -= convention @ (convention.T @ root)
    H = H.copy()
    # H in the plain parameters: the intercept of the centred ones is b + μ'w.
    for axis in (0, 1):
        H = H if axis == 0 else H.T
        H[places[:, :-1].ravel()] += np.einsum("j,kr->kjr", mean, H[places[:, -1]]).reshape(
            -1, form.size
        )
    undetermined = None if form.undetermined is None else of_plain(form.undetermined)
    return replace(form, root=root, information=H.T, undetermined=undetermined)


def diagonal_form(part: Curvature) -> CovarianceForm:
    """Return independent coefficients, each with the variance that it has if all others are known."""
    part = part.convex()
    K = part.n_outputs
    d = part.d[:, None] if part.d.ndim == 1 else np.einsum("nkk->nk", part.d)
    means = np.zeros((K, part.design.shape[1]))
    rows, totals = [], np.zeros(K)
    for k in range(K):
        totals[k] = d[:, k].sum()
        Q = part.precisions[k] if part.precisions[k].ndim == 1 else np.diag(part.precisions[k])
        q = Q[-1] if part.has_intercept else 0.0
        if part.has_intercept and totals[k] > 0.0:
            means[k] = _mean(part, d[:, k])
        squares = _squares(part.design, d[:, k], means[k])
        pulled = np.square(means[k]) * (totals[k] * q / (totals[k] + q)) if q > 0.0 else 0.0
        rows.append(squares + pulled + Q[: part.design.shape[1]])
        means[k] *= totals[k] / (totals[k] + q) if q > 0.0 else 1.0
        totals[k] += q
    if part.picked is not None or not part.has_intercept:
        # Of classes with different supports: without elimination.
        plain = [
            np.append(row, total) if part.has_intercept else row
            for row, total in zip(rows, totals, strict=True)
        ]
        return DiagonalForm(_inverse(part.pick(np.concatenate(plain))))
    border = np.arange(1, K + 1) * part.width - 1
    slope = np.zeros((K, K, part.design.shape[1]))
    slope[np.arange(K), np.arange(K)] = means
    return BorderedForm(
        border,
        slope.reshape(K, -1),
        DiagonalForm(_inverse(np.concatenate(rows))),
        DenseForm.of_precision(np.diag(totals)),
    )


def _inverse(precision: Array) -> Array:
    return np.divide(1.0, precision, out=np.full(precision.shape, np.inf), where=precision > 0.0)


def _squares(design: Design, d: Array, mean: Array) -> Array:
    """Return Σ d_i (x_ij − μ_j)² of each feature, (p,)."""
    X = design.X
    shift = mean if design.mean is None else mean + design.mean
    if sparse.issparse(X):
        X = X.astype(np.float64, copy=False)
        total = float(d.sum())
        squares = np.asarray(X.multiply(X).T @ d) - 2.0 * shift * (X.T @ d) + shift**2 * total
        return np.maximum(squares, 0.0)
    squares = np.zeros(X.shape[1])
    size = max(1, 2**20 // max(1, X.shape[1]))  # rows of a block that lies in the cache
    for start in range(0, X.shape[0], size):
        block = X[start : start + size] - shift
        squares += np.einsum("ij,ij,i->j", block, block, d[start : start + size])
    return squares
