"""Coordinate descent on a small Gram matrix: the inner problem of a working set.

Minimises ½ wᵀHw − qᵀw + yy/2 + h(w), with H (m, m) positive semi-definite and h a `SeparablePenalty`. Parameters
without a kink and without a box are eliminated exactly (Schur complement); for the rest the kernel of scikit-learn
is used where it can be, else a descent of our own.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from . import _fast
from ._base import SeparablePenalty
from ._compiled_descent import enet_gram_descent

__all__ = ["gram_descent", "gram_gap", "parts_of", "step_on_face", "uniform_descent", "young_terms"]

Array = NDArray[Any]

# Passes before a direct solve is tried: m³/3 operations for m parameters off their kinks, against m² of a pass.
_EPOCHS_OF_A_RUN = 100
# Faces gone through at a time: a step that ends at the edge of a face is followed by one on the smaller face.
_FACES = 10
# A slope that a direct solve leaves is of the null space, and no rounding, above this part of the kinks, and above so
# many units in the last place of the terms that it is the difference of.
_FLAT = 1e-8
_ROUNDING = 1e3


def gram_descent(
    H: Array,
    q: Array,
    yy: float,
    penalty: SeparablePenalty,
    w0: Array,
    tol_abs: float,
    max_epochs: int,
    rng: np.random.RandomState | None = None,
) -> tuple[Array, float, int]:
    """Minimise ½ wᵀHw − qᵀw + yy/2 + h(w) by coordinate descent.

    Parameters
    ----------
    H : ndarray of shape (m, m)
        Positive semi-definite.
    q : ndarray of shape (m,)
        The negative gradient of the quadratic at 0.
    yy : float
        Twice the value of the quadratic at 0.
    penalty : SeparablePenalty
        h; its `loc` must be 0.
    w0 : ndarray of shape (m,)
        Where to begin.
    tol_abs : float
        Stop when the duality gap is at most this.
    max_epochs : int
        Largest number of passes over the parameters.
    rng : RandomState, default=None
        Draws the parameters at random; None: in turn.

    Returns
    -------
    w : ndarray of shape (m,)
        The minimum found.
    gap : float
        Its duality gap, by the kernel's own count.
    n_epochs : int
        Passes made.
    """
    flat = (penalty.l1 == 0) & ~np.isfinite(penalty.lower) & ~np.isfinite(penalty.upper)
    if not flat.any():
        return _descend(H, q, yy, penalty, w0, tol_abs, max_epochs, rng)
    kinked = ~flat
    solve = symmetric_solver(H[np.ix_(flat, flat)] + np.diag(penalty.l2[flat]))
    w = np.array(w0, dtype=np.float64)
    if not kinked.any():
        w = solve(q)
        return w, gram_gap(H, q, yy, penalty, w), 1
    across = H[np.ix_(flat, kinked)]
    shift = solve(q[flat])
    inner = H[np.ix_(kinked, kinked)] - across.T @ solve(across)
    rest = SeparablePenalty(*(part[kinked] for part in parts_of(penalty)))
    w[kinked], gap, n_epochs = _descend(
        np.ascontiguousarray(0.5 * (inner + inner.T)),
        q[kinked] - across.T @ shift,
        yy - q[flat] @ shift,
        rest,
        w[kinked],
        tol_abs,
        max_epochs,
        rng,
    )
    w[flat] = solve(q[flat] - across @ w[kinked])
    return w, gap, n_epochs


def parts_of(penalty: SeparablePenalty) -> tuple[Array, Array, Array, Array, Array]:
    """Return the five arrays of a penalty in the order of its constructor."""
    return penalty.loc, penalty.l1, penalty.l2, penalty.lower, penalty.upper


def symmetric_solver(A: Array) -> Any:
    """Return b -> A⁻¹ b for a positive semi-definite A; the shortest solution where A is singular."""
    try:
        factor = linalg.cho_factor(A, lower=True)
        pivots = np.diag(factor[0])
        # A pivot below √eps of its column is rounding: exact copies of a column leave one.
        if np.all(pivots**2 > np.finfo(np.float64).eps * len(A) * np.diag(A)):
            return lambda b: linalg.cho_solve(factor, b)
    except linalg.LinAlgError:
        pass
    values, vectors = linalg.eigh(A)
    kept = values > np.finfo(np.float64).eps * len(A) * max(values[-1], 0.0)
    root = vectors[:, kept] / np.sqrt(values[kept])
    return lambda b: root @ (root.T @ b)


def _descend(
    H: Array,
    q: Array,
    yy: float,
    penalty: SeparablePenalty,
    w0: Array,
    tol_abs: float,
    max_epochs: int,
    rng: np.random.RandomState | None,
) -> tuple[Array, float, int]:
    """Run the kernel; where it is slow, as along nearly collinear columns, solve on the face between its runs."""
    # Under a box without a kink the compiled road's dual is the tighter one, and cannot be made the same as here.
    if rng is None and np.all(penalty.l1 > 0.0) and _fast.available():
        return _fast_descent(H, q, yy, penalty, w0, tol_abs, max_epochs)
    w, gap, n_epochs = w0, np.inf, 0
    while True:
        left = min(_EPOCHS_OF_A_RUN, max_epochs - n_epochs)
        w, gap, made = _run_kernel(H, q, yy, penalty, w, tol_abs, left, rng)
        n_epochs += max(made, 1)
        if gap <= tol_abs or n_epochs >= max_epochs:
            return w, gap, n_epochs
        for _ in range(_FACES):
            before, w = w, step_on_face(H, q, penalty, w)
            if np.array_equal(w != 0, before != 0):
                break


def _run_kernel(
    H: Array,
    q: Array,
    yy: float,
    penalty: SeparablePenalty,
    w0: Array,
    tol_abs: float,
    max_epochs: int,
    rng: np.random.RandomState | None,
) -> tuple[Array, float, int]:
    l1, lower, upper = penalty.l1, penalty.lower, penalty.upper
    is_free = np.all(lower == -np.inf)
    is_positive = np.all(lower == 0.0)
    if not (np.all(upper == np.inf) and (is_free or is_positive) and np.all(l1 > 0)):
        return descend_in_a_box(H, q, yy, penalty, w0, tol_abs, max_epochs)
    # The kernel has one strength: parameters are counted in units of `unit`, which makes every kink equally steep.
    # A second strength per parameter goes into the diagonal, as rows added to the data would.
    strength = float(l1[0])
    if np.all(l1 == strength) and not penalty.l2.any():
        unit, scaled, target, start = None, H, q, w0
    else:
        unit = strength / l1
        scaled = H * unit[:, None] * unit
        scaled.flat[:: len(H) + 1] += penalty.l2 * unit**2
        target, start = q * unit, w0 / unit
    w, gap, n_epochs = enet_gram_descent(
        scaled, target, yy, strength, start, tol_abs, max_epochs, bool(is_positive), rng
    )
    return (w if unit is None else w * unit), gap, n_epochs


def uniform_descent(
    H: Array,
    q: Array,
    yy: float,
    l1: float,
    l2: float,
    is_positive: bool,
    w0: Array,
    tol_abs: float,
    max_epochs: int,
    rng: np.random.RandomState | None,
) -> tuple[Array, float, int]:
    """Minimise with h = l1 |w|₁ + l2 ‖w‖² / 2, l1 > 0, within w ≥ 0 if positive; else as `gram_descent`."""
    if rng is None and _fast.available():
        penalty = _uniform(len(q), l1, l2, is_positive)
        return _fast_descent(H, q, yy, penalty, w0, tol_abs, max_epochs)
    budget = min(_EPOCHS_OF_A_RUN, max_epochs)
    w, gap, n_epochs = enet_gram_descent(H, q, yy, l1, w0, tol_abs, budget, is_positive, rng, l2)
    if gap <= tol_abs or n_epochs >= max_epochs:
        return w, gap, n_epochs
    penalty = _uniform(len(q), l1, l2, is_positive)
    w = step_on_face(H, q, penalty, w)
    w, gap, more = _descend(H, q, yy, penalty, w, tol_abs, max_epochs - n_epochs, rng)
    return w, gap, n_epochs + more


def _fast_descent(
    H: Array,
    q: Array,
    yy: float,
    penalty: SeparablePenalty,
    w0: Array,
    tol_abs: float,
    max_epochs: int,
) -> tuple[Array, float, int]:
    # The second term goes into the diagonal, beside a kink: then its gap is the same as here, that of the residual
    # extended by rows. The other formula for the dual is tighter, and would end at a point less near to the minimum.
    moved = np.where(penalty.l1 > 0, penalty.l2, 0.0)
    if moved.any():
        H = H + np.diag(moved)
        loc, l1, l2, lower, upper = parts_of(penalty)
        penalty = SeparablePenalty(loc, l1, l2 - moved, lower, upper)
    return _fast.gram_descent(H, q, yy, penalty, w0, tol_abs, max_epochs)


def _uniform(m: int, l1: float, l2: float, is_positive: bool) -> SeparablePenalty:
    lower = np.full(m, 0.0 if is_positive else -np.inf)
    return SeparablePenalty(np.zeros(m), np.full(m, l1), np.full(m, l2), lower, np.full(m, np.inf))


def young_terms(
    penalty: SeparablePenalty, w: Array, c: Array, diagonal: Array
) -> tuple[float, Array]:
    """Return the scale κ of a feasible dual point and, per parameter, its part of the duality gap.

    Parameters
    ----------
    penalty : SeparablePenalty
        h, its `loc` 0.
    w : ndarray of shape (m,)
        The parameters.
    c : ndarray of shape (m,)
        Minus the gradient of the smooth part, the term of l2 included, at w.
    diagonal : ndarray of shape (m,)
        Of the Hessian of the smooth part, l2 included.

    Returns
    -------
    kappa : float
        In [0, 1]: κ times the residual is feasible.
    terms : ndarray of shape (m,)
        l1|w| + h*(κ c) − κ w c, each at least 0.

    Notes
    -----
    The residual r of the data, extended by rows √l2 for the second term, scaled by κ, is a point of the dual
    problem [1]_; the gap there is (1 − κ)² ‖r‖² / 2 plus these terms: a sum without cancellation. A parameter with
    neither kink nor box has the equation c = 0 in place of an inequality, which a scaled residual does not
    keep: its term is the exact decrease of one step along it.

    References
    ----------
    .. [1] Fercoq, Gramfort, Salmon (2015). Mind the duality gap: safer rules for the Lasso. ICML.
       arXiv:1505.03410
    """
    l1, lower, upper = penalty.l1, penalty.lower, penalty.upper
    rises, falls = upper == np.inf, lower == -np.inf
    open_side = np.where(c > 0, rises, falls)
    equation = open_side & (l1 == 0)
    size = np.abs(c)
    limited = open_side & ~equation & (size > l1)
    kappa = float(np.min(l1[limited] / size[limited])) if limited.any() else 1.0
    s = kappa * c
    reach = np.where(s > 0, upper, lower)
    # h*(s): at the far end of the box, at the near end if 0 is not inside, or 0.
    with np.errstate(invalid="ignore"):
        far = np.where(np.isfinite(reach), s * reach - l1 * np.abs(reach), 0.0)
    conjugate = np.maximum(far, 0.0)
    if np.any((lower > 0) | (upper < 0)):
        near = np.where(lower > 0, lower, np.where(upper < 0, upper, 0.0))
        at_near = s * near - l1 * np.abs(near)
        conjugate = np.where(
            near == 0, conjugate, np.maximum(np.where(np.isfinite(reach), far, -np.inf), at_near)
        )
    terms = l1 * np.abs(w) + conjugate - s * w
    if equation.any():
        safe = np.where(diagonal > 0, diagonal, 1.0)
        terms = np.where(equation, 0.5 * c * c / safe, terms)
    return kappa, np.maximum(terms, 0.0)


def gram_gap(H: Array, q: Array, yy: float, penalty: SeparablePenalty, w: Array) -> float:
    """Return the duality gap of ½ wᵀHw − qᵀw + yy/2 + h(w); arguments as of `gram_descent`."""
    Hw = H @ w
    ridge = penalty.l2 * w
    residual = max(yy - 2.0 * (q @ w) + w @ Hw + ridge @ w, 0.0)
    diagonal = np.diag(H) + penalty.l2
    kappa, terms = young_terms(penalty, w, q - Hw - ridge, diagonal)
    return float(0.5 * (1.0 - kappa) ** 2 * residual + terms.sum())


def descend_in_a_box(
    H: Array,
    q: Array,
    yy: float,
    penalty: SeparablePenalty,
    w0: Array,
    tol_abs: float,
    max_epochs: int,
) -> tuple[Array, float, int]:
    """Minimise for any box: passes of coordinate descent, each pair followed by one Newton step on the face."""
    l1, l2, lower, upper = penalty.l1, penalty.l2, penalty.lower, penalty.upper
    curvature = np.diag(H) + l2
    moving = np.flatnonzero(curvature > 0)
    # A column of zeros: its best value does not depend on the others.
    w = penalty.prox(np.where(curvature > 0, w0, 0.0), 0.0)
    residual = q - H @ w
    gap = gram_gap(H, q, yy, penalty, w)
    n_epochs = 0
    while gap > tol_abs and n_epochs < max_epochs:
        for j in moving:
            a = residual[j] + H[j, j] * w[j]
            new = np.sign(a) * max(abs(a) - l1[j], 0.0) / curvature[j]
            new = min(max(new, lower[j]), upper[j])
            if new != w[j]:
                residual -= (new - w[j]) * H[j]
                w[j] = new
        n_epochs += 1
        if n_epochs % 2 == 0:  # the passes find the face, the step its minimum
            w = step_on_face(H, q, penalty, w)
            residual = q - H @ w
        gap = gram_gap(H, q, yy, penalty, w)
    return w, gap, n_epochs


def step_on_face(H: Array, q: Array, penalty: SeparablePenalty, w: Array) -> Array:
    """Go towards the minimum over the parameters off their kinks and bounds, no further than the face reaches."""
    lower, upper = penalty.lower, penalty.upper
    free = (w > lower) & (w < upper) & ((w != 0) | (penalty.l1 == 0))
    if not free.any():
        return w
    sign = np.sign(w[free])
    gradient = (q - H @ w - penalty.l2 * w)[free] - penalty.l1[free] * sign
    A = H[np.ix_(free, free)] + np.diag(penalty.l2[free])
    step = symmetric_solver(A)(gradient)
    # Along the null space of collinear columns only the kinks say where to go: to the end of the face.
    left = gradient - A @ step
    rounding = _ROUNDING * np.finfo(np.float64).eps * np.abs(q).max()
    is_flat = np.linalg.norm(left) > max(_FLAT * np.linalg.norm(penalty.l1[free]), rounding)
    step = left if is_flat else step
    at = w[free]
    kinked = penalty.l1[free] > 0
    low = np.where(kinked & (sign > 0), np.maximum(lower[free], 0.0), lower[free])
    high = np.where(kinked & (sign < 0), np.minimum(upper[free], 0.0), upper[free])
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step > 0, (high - at) / step, np.where(step < 0, (low - at) / step, np.inf))
    length = float(np.min(room)) if is_flat else min(1.0, float(np.min(room)))
    if not np.isfinite(length):
        return w
    moved = w.copy()
    moved[free] = np.clip(at + length * step, low, high)
    return moved
