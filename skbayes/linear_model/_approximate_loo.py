"""Leave-one-out from one fit: what each row's linear predictor would be, had the row not been there.

Notation: η_i = a_iᵀ w, a_i row i with the 1 of the intercept; ℓ_i(η_i) its log density, s_i its weight; g_i = s_i ℓ_i',
d_i = −s_i ℓ_i''; H = Aᵀ D A + P the Hessian of the negative log posterior at the mode w, in the free parameters (not at
a kink of the prior, not at a bound); h_i = a_iᵀ H⁻¹ a_i. The whole row is left out, with all its weight.

One Newton step from w on the objective without row i, whose Hessian is H − d_i a_i a_iᵀ and whose gradient at w is
g_i a_i, ends at [1]_

    η_i − g_i h_i / (1 − d_i h_i),    of K classes  η_i − (I − V_i D_i)⁻¹ V_i g_i  with V_i = A_i H⁻¹ A_iᵀ, (K, K).

Of a quadratic objective this is no approximation. With more free features than rows the same numbers come from the
n x n kernel A P⁻¹ Aᵀ.

References
----------
.. [1] Rad, Maleki (2020). A scalable estimate of the out-of-sample prediction error via approximate leave-one-out
   cross-validation. J. R. Stat. Soc. B 82, 965-996. doi:10.1111/rssb.12374
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg import lapack

from ._design import Design, block_buffer, blocks, fill_block, row_major
from ._free import free_parameters, prior_curvatures
from ._symmetric import CholeskyFactor, SpectralFactor, factorise

__all__ = ["LeaveOneOut", "leave_one_out_of"]

Array = NDArray[Any]

# A row that alone knows a direction has d h = 1 up to rounding: without it there is no unique fit.
_LEAST_REST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, repr=False)
class LeaveOneOut:
    """Each row as the fit without it sees it.

    Parameters
    ----------
    linear_predictor : ndarray of shape (n_samples,), (n_samples, n_targets) or (n_samples, n_classes)
        Linear predictor of row i, offset included, at the mode of the posterior without row i.
    log_density : ndarray of shape (n_samples,) or (n_samples, n_targets)
        log p(y_i) at that linear predictor, of one observation whatever its weight.
    leverage : ndarray of shape (n_samples,) or (n_samples, n_targets)
        By how much of itself row i determines its own linear predictor, d_i h_i; the sum is the effective number of
        parameters.
    score : float or ndarray of shape (n_targets,)
        Sum of the log densities, each as often as its row counts.
    is_exact : bool
        Whether a fit without the row would give the same numbers, and not only nearly so.

    See Also
    --------
    MAPRegressor.leave_one_out : Returns one.

    References
    ----------
    .. [1] Rad, Maleki (2020). A scalable estimate of the out-of-sample prediction error via approximate leave-one-out
       cross-validation. J. R. Stat. Soc. B 82, 965-996. doi:10.1111/rssb.12374

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skbayes.linear_model import MAPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> left_out = MAPRegressor(prior="flat").fit(X, y).leave_one_out(X, y)
    >>> left_out
    LeaveOneOut(n_samples=442, score=-2396.77, is_exact=True)
    >>> round(float(left_out.leverage.sum()), 3)
    11.0
    """

    linear_predictor: Array
    log_density: Array
    leverage: Array
    score: Any
    is_exact: bool

    def __repr__(self) -> str:
        score = np.array2string(np.asarray(self.score), formatter={"float_kind": "{:.6g}".format})
        return f"LeaveOneOut(n_samples={len(self.log_density)}, score={score}, is_exact={self.is_exact})"


def leave_one_out_of(objective: Any, w: Array) -> LeaveOneOut:
    """Return leave-one-out of the rows of an objective at its mode.

    Parameters
    ----------
    objective : LinearObjective
        One target; the likelihood without unknowns.
    w : ndarray of shape (m,)
        The mode.
    """
    w = np.asarray(w, dtype=np.float64)
    data = objective.data
    eta = np.asarray(data.linear_predictor(w), dtype=np.float64)
    slope = data.likelihood.value_and_gradient(data.y, eta)[1]
    weight = None if data.weight is None else data.weight.astype(np.float64)
    if weight is not None:
        slope = slope * weight.reshape((-1,) + (1,) * (slope.ndim - 1))
    if eta.ndim == 1:
        variance, rest = _one_output(objective, w)
        shift = slope * variance / rest
        leverage = 1.0 - rest
    else:
        D = np.asarray(objective.curvature(w), dtype=np.float64)
        V = _of_classes(objective, w, D)
        product = V @ D
        leverage = np.einsum("nkk->n", product)
        inner = (1.0 + 4.0 * _LEAST_REST) * np.eye(eta.shape[1]) - product
        shift = np.linalg.solve(inner, (V @ slope[:, :, None]))[:, :, 0]
    without = eta - shift
    log_density = np.asarray(data.likelihood.log_density(data.y, without), dtype=np.float64)
    total = float(np.sum(log_density if weight is None else weight * log_density))
    is_exact = objective.is_quadratic and "smooth" in objective.offers
    return LeaveOneOut(without, log_density, leverage, total, is_exact)


@dataclass(frozen=True)
class _Columns:
    """The free columns A of one output, and the precision P of their prior.

    Attributes
    ----------
    design : Design
        The free features; about their means if the intercept is flat.
    precision : ndarray of shape (q,) or (q, q)
        P, with the intercept last if `has_ones`.
    has_ones : bool
        Whether the intercept is a column like others.
    of_level : float
        What a flat intercept adds to each h_i: 1 / Σ d; else 0.
    """

    design: Design
    precision: Array
    has_ones: bool
    of_level: float

    @property
    def width(self) -> int:
        return self.design.shape[1] + self.has_ones

    @property
    def is_wide(self) -> bool:
        n = self.design.shape[0]
        return self.width > n and self.precision.ndim == 1 and bool(np.all(self.precision > 0.0))

    def kernel(self) -> Array:
        """Return A P⁻¹ Aᵀ, (n, n)."""
        variance = 1.0 / self.precision
        kernel = self.design.row_gram(variance[: self.design.shape[1]], dtype=np.float64)
        return kernel + variance[-1] if self.has_ones else kernel

    def gram(self, d: Array) -> Array:
        """Return Aᵀ diag(d) A, (q, q)."""
        n_features = self.design.shape[1]
        gram = self.design.gram(d, np.float64) if n_features else np.zeros((0, 0))
        if not self.has_ones:
            return gram
        cross = np.asarray(self.design.rmatvec(d), dtype=np.float64)[:, None]
        return np.block([[gram, cross], [cross.T, np.array([[d.sum()]])]])

    def by_rows(self) -> Any:
        """Yield slices of rows and the dense block of A in them."""
        n, p = self.design.shape
        X = row_major(self.design.X)
        buffer = block_buffer(X, self.width, np.float64)
        for rows in blocks(n, self.width):
            block = buffer[: rows.stop - rows.start]
            fill_block(block[:, :p], X, rows, self.design.mean, None)
            block[:, p:] = 1.0
            yield rows, block


def _columns(
    objective: Any, design: Design, free: Array, precision: Array, d: Array | None
) -> _Columns:
    """Return the free columns of one output; those of a flat intercept are centred by d, if there is one."""
    layout = objective.layout
    n_features = layout.n_features
    features = np.flatnonzero(free[:n_features])
    if features.size < n_features:
        mean = None if design.mean is None else design.mean[features]
        design = Design(design.X[:, features], mean)
    has_ones = layout.fit_intercept and bool(free[-1])
    index = np.flatnonzero(free)
    P = precision[np.ix_(index, index)] if precision.ndim == 2 else precision[index]
    total = 0.0 if d is None else float(d.sum())
    if has_ones and not np.any(P[-1]) and d is not None and total > 0.0:
        own = 0.0 if design.mean is None else design.mean
        mean = np.asarray(design.rmatvec(d.astype(design.dtype)), dtype=np.float64) / total + own
        P = P[:-1] if P.ndim == 1 else P[:-1, :-1]
        return _Columns(Design(design.X, mean), P, False, 1.0 / total)
    return _Columns(design, P, has_ones, 0.0)


def _one_output(objective: Any, w: Array) -> tuple[Array, Array]:
    """Return h_i and 1 − d_i h_i, the latter positive."""
    d = np.asarray(objective.curvature(w), dtype=np.float64)
    (precision,) = prior_curvatures(objective, w)
    free = free_parameters(objective, w)
    columns = _columns(objective, objective.design, free, precision, d)
    h, rest = _by_kernel(columns, d) if columns.is_wide else _by_gram(columns, d)
    return h, np.maximum(rest, _LEAST_REST)


def _by_gram(columns: _Columns, d: Array) -> tuple[Array, Array]:
    h = np.full(d.size, columns.of_level)
    if columns.width:
        factor = factorise(_plus_prior(columns.gram(d), columns.precision))
        for rows, block in columns.by_rows():
            h[rows] += _quadratic_form(factor, block)
    return h, 1.0 - d * h


def _plus_prior(gram: Array, precision: Array) -> Array:
    return gram + (np.diag(precision) if precision.ndim == 1 else precision)


def _quadratic_form(factor: CholeskyFactor | SpectralFactor, block: Array) -> Array:
    """Return aᵀ H⁻¹ a for the rows a of a block."""
    if isinstance(factor, CholeskyFactor):
        scaled = (block * factor.scale).T
        solved = linalg.solve_triangular(factor.lower, scaled, lower=True, check_finite=False)
        return np.einsum("ij,ij->j", solved, solved)
    values: Array = np.square(block @ factor.vectors) @ (1.0 / factor.values)
    return values


def _by_kernel(columns: _Columns, d: Array) -> tuple[Array, Array]:
    """By K = A P⁻¹ Aᵀ: 1 − d h is the diagonal of (I + B)⁻¹, B = D^½ K D^½, less what a flat intercept takes.

    A flat intercept takes q qᵀ, q = √d / √Σd, of which B knows nothing: B q = 0. Where the fit almost interpolates,
    1 of that direction would hide what is left of the others: t q qᵀ is added to B, and 1 / (1 + t) of it is left.
    """
    K = columns.kernel()
    level = columns.of_level
    if d.min() < 0.0:  # a likelihood whose logarithm is not concave: no root of D
        h = np.diag(np.linalg.solve(np.eye(d.size) + K * d, K)) + level
        return h, 1.0 - d * h
    root = np.sqrt(d)
    B = root[:, None] * K * root
    q, t = root * np.sqrt(level), float(np.trace(B)) * (level > 0.0)
    B[np.diag_indices_from(B)] += 1.0
    lower = linalg.cholesky(B + t * np.outer(q, q), lower=True, check_finite=False)
    inverse, _ = lapack.dtrtri(lower, lower=1)
    rest = np.einsum("ij,ij->j", inverse, inverse) - (level > 0.0) * np.square(q) / (1.0 + t)
    known = inverse @ (root[:, None] * K)
    h = np.diag(K) - np.einsum("ij,ij->j", known, known) + level
    # Of a large leverage the other road keeps the digits.
    h = np.divide(1.0 - rest, d, out=h, where=rest < 0.5)
    return h, rest


def _of_classes(objective: Any, w: Array, D: Array) -> Array:
    """Return V_i of all rows, (n, K, K)."""
    K = D.shape[1]
    free = free_parameters(objective, w).reshape(K, -1)
    precisions = prior_curvatures(objective, w)
    by_rows = replace(objective.design, X=row_major(objective.design.X))
    parts = [_columns(objective, by_rows, free[k], precisions[k], None) for k in range(K)]
    n = objective.n_samples
    # The intercepts, flat as they may be, are columns of their own.
    is_wide = all(part.design.shape[1] > n and _features_bound(part) for part in parts)
    if is_wide:
        parts = [_in_row_space(part) for part in parts]
        H = _gram_of_classes(parts, D)
    else:
        index = np.flatnonzero(free)
        H = _hessian(objective, w, precisions)[np.ix_(index, index)]
    return _variances(parts, _inverse(H))


def _features_bound(part: _Columns) -> bool:
    n_features = part.design.shape[1]
    return part.precision.ndim == 1 and bool(np.all(part.precision[:n_features] > 0.0))


def _in_row_space(part: _Columns) -> _Columns:
    """Return n or fewer columns Z with Z Zᵀ = X P⁻¹ Xᵀ and a prior of precision 1, and the intercept as it was."""
    n_features = part.design.shape[1]
    kernel = part.design.row_gram(1.0 / part.precision[:n_features], dtype=np.float64)
    values, vectors = np.linalg.eigh(kernel)
    kept = values > np.finfo(np.float64).eps * values.size * values[-1]
    Z = vectors[:, kept] * np.sqrt(values[kept])
    precision = np.append(np.ones(Z.shape[1]), part.precision[n_features:])
    return _Columns(Design(Z), precision, part.has_ones, 0.0)


def _hessian(objective: Any, w: Array, curvatures: list[Array]) -> Array:
    """Return the Hessian of the negative log posterior off kinks, (m, m)."""
    H: Array = objective.hessian(w)
    width = objective.layout.width
    for k, (known, full) in enumerate(zip(objective.prior.precisions(w), curvatures, strict=True)):
        block = slice(k * width, (k + 1) * width)
        H[block, block] += _matrix(full) - _matrix(known)
    return H


def _matrix(precision: Array) -> Array:
    return np.diag(precision) if precision.ndim == 1 else precision


def _gram_of_classes(parts: list[_Columns], D: Array) -> Array:
    """Return the Hessian of all classes from dense columns."""
    A = [np.column_stack([part.design.X, np.ones((len(D), int(part.has_ones)))]) for part in parts]
    H = np.block([[a.T @ (D[:, k, j, None] * b) for j, b in enumerate(A)] for k, a in enumerate(A)])
    H[np.diag_indices_from(H)] += np.concatenate([part.precision for part in parts])
    return H


def _inverse(H: Array) -> Array:
    """Return H⁻¹; of directions that nothing is known of, such as a shift of all classes, zero."""
    factor = factorise(H)
    return factor.solve(np.eye(len(H)))


def _variances(parts: list[_Columns], inverse: Array) -> Array:
    """Return A_i H⁻¹ A_iᵀ, (n, K, K)."""
    K, n = len(parts), parts[0].design.shape[0]
    ends = np.cumsum([part.width for part in parts])
    places = [slice(end - part.width, end) for end, part in zip(ends, parts, strict=True)]
    V = np.empty((n, K, K))
    for k, part in enumerate(parts):
        for rows, block in part.by_rows():
            row = block @ inverse[places[k]]
            for j in range(k + 1):
                other = block if j == k else _block(parts[j], rows)
                V[rows, k, j] = np.einsum("ij,ij->i", row[:, places[j]], other)
                V[rows, j, k] = V[rows, k, j]
    return V


def _block(part: _Columns, rows: slice) -> Array:
    X = part.design.X[rows]
    dense = X.toarray() if part.design.is_sparse else X
    centred = dense if part.design.mean is None else dense - part.design.mean
    return np.column_stack([centred, np.ones((len(centred), int(part.has_ones)))])
