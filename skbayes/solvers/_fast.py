"""The faster road of coordinate descent: compiled kernels, where numba can be imported, and Newton steps on the face.

Notation: as in `_kernels.py`; the face is the set of parameters that keep the signs of w − loc and stay inside the box.

Coordinate descent finds the face within a few passes and may then creep along it for thousands. So a step to the minimum
of the face, by a Cholesky factor of its part of H, is tried as soon as the passes have cost as much as that factor: the
whole is then at most twice as dear as the cheaper of the two would have been alone.
"""

import importlib.util
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from ._base import SeparablePenalty

__all__ = ["available", "gram_descent"]

Array = NDArray[Any]

# Multiplications of a Cholesky factor that take as long as one of a pass: the one is a blocked product, the other is
# bound by memory. Measured at 200 and at 1000 parameters: 6 to 12.
_BLOCKED = 8.0
# No factorisation before this many multiplications in passes: below it the calls themselves cost more.
_LEAST_BUDGET = 2e5
_NEAR = 0.9
_WORTH_A_COPY = 0.8


@cache
def available() -> bool:
    """Return whether numba can be imported; nothing is imported to find out."""
    return importlib.util.find_spec("numba") is not None


def gram_descent(
    H: Array,
    q: Array,
    yy: float,
    penalty: SeparablePenalty,
    w0: Array,
    tol_abs: float,
    max_epochs: int,
) -> tuple[Array, float, int]:
    """Minimise ½ wᵀHw − qᵀw + yy/2 + h(w) until the duality gap is at most `tol_abs`; return w, gap and passes."""
    from ._kernels import gather, gram_gap

    H = np.ascontiguousarray(H, dtype=np.float64)
    q = np.ascontiguousarray(q, dtype=np.float64)
    w = np.clip(np.asarray(w0, dtype=np.float64), penalty.lower, penalty.upper)
    everything = np.arange(w.size)
    parts = _doubles(penalty)
    n_epochs = 0
    A = np.empty(0, dtype=np.intp)
    while True:
        g = H @ w - q
        value, gap = gram_gap(g, q, yy, w, everything, *parts)
        if gap <= tol_abs or n_epochs >= max_epochs:
            return w, gap, n_epochs
        A = _near(A, g, w, penalty)
        if A.size > _WORTH_A_COPY * w.size:
            made = _descend(H, q, yy, w, g, parts, penalty, tol_abs, max_epochs - n_epochs)
        else:
            sub = gather(H, A)
            v = w[A]
            Hv = sub @ v
            q_sub = Hv - g[A]
            fixed = value - penalty.value(w)
            c = 2.0 * fixed + 2.0 * float(q_sub @ v) - float(v @ Hv)
            part = SeparablePenalty(*(x[A] for x in parts))
            made = _descend(sub, q_sub, c, v, g[A], _doubles(part), part, 0.5 * tol_abs, max_epochs - n_epochs)
            w[A] = v
        n_epochs += made
        if made == 0:
            return w, gap, n_epochs


def _near(A: Array, g: Array, w: Array, penalty: SeparablePenalty) -> Array:
    d = w - penalty.loc
    slope = np.abs(g + penalty.l2 * d)
    near = (d != 0.0) | (slope >= _NEAR * penalty.l1)
    near[A] = True
    return np.flatnonzero(near)


def _descend(
    H: Array, q: Array, c: float, w: Array, g: Array, parts: list[Array], penalty: SeparablePenalty, tol: float, max_epochs: int
) -> int:
    """Descend in place."""
    from ._kernels import gram_epochs

    W = np.arange(w.size)
    n_epochs = 0
    while True:
        budget = max(np.count_nonzero(w != penalty.loc) ** 3 / 3.0 / _BLOCKED, _LEAST_BUDGET)
        gap, made, spent = gram_epochs(H, q, c, w, g, W, *parts, tol, budget, max_epochs - n_epochs)
        n_epochs += made
        if gap <= tol or n_epochs >= max_epochs or spent < budget:
            return n_epochs
        w[:] = _step_on_face(H, g, w, penalty)
        g[:] = H @ w - q


def _doubles(penalty: SeparablePenalty) -> list[Array]:
    parts = (penalty.loc, penalty.l1, penalty.l2, penalty.lower, penalty.upper)
    return [np.ascontiguousarray(part, dtype=np.float64) for part in parts]


def _step_on_face(H: Array, g: Array, w: Array, penalty: SeparablePenalty) -> Array:
    """Return the minimum of the face of w, cut where it leaves the face; w itself if that is no lower."""
    from ._kernels import gather

    d = w - penalty.loc
    S = np.flatnonzero((d != 0.0) & (w > penalty.lower) & (w < penalty.upper))
    if S.size == 0:
        return w
    at, sign = w[S], np.sign(d[S])
    A = gather(H, S)
    slope = g[S] + penalty.l1[S] * sign + penalty.l2[S] * d[S]
    A.flat[:: S.size + 1] += penalty.l2[S]
    factor, failed = lapack.dpotrf(A.T, lower=0)
    if failed:  # exact copies of a column: the passes share the weight out
        return w
    step = lapack.dpotrs(factor, -slope, lower=0)[0]
    low = np.where(sign > 0, np.maximum(penalty.lower[S], penalty.loc[S]), penalty.lower[S])
    high = np.where(sign < 0, np.minimum(penalty.upper[S], penalty.loc[S]), penalty.upper[S])
    # Beyond a kink: first all that cross it stop there, else all together stop at the first crossing.
    for target in (at + step, at + _room(at, step, low, high) * step):
        change = np.clip(target, low, high) - at
        # On its face, kinks included, F is a quadratic.
        if slope @ change + 0.5 * (change @ (A @ change)) < 0.0:
            moved = w.copy()
            moved[S] = at + change
            return moved
    return w


def _room(w: Array, step: Array, low: Array, high: Array) -> float:
    """Return the largest part, up to 1, of the step that stays between low and high."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step > 0, (high - w) / step, np.where(step < 0, (low - w) / step, np.inf))
    return min(1.0, float(np.min(room)))
