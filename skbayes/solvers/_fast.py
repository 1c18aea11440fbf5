"""The faster road of coordinate descent: compiled kernels, where numba can be imported, and Newton steps on the face.

Notation: as in `_kernels.py`; the face is the set of parameters that keep the signs of w − loc and stay inside the box.

Coordinate descent finds the face within a few passes and may then creep along it for thousands. So when the support
has settled, and the passes have cost as much as a Cholesky factor of its part of H, a step to the minimum of the face
is tried: the whole is then at most twice as dear as the cheaper of the two would have been alone.
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

# Operations of a Cholesky factor for each multiplication of a pass that may come before it: as much work in passes as
# the factor will cost is at most twice the better of the two.
_OF_FACTOR = 1.0
# No factorisation before this many multiplications in passes: below it the calls themselves cost more.
_LEAST_BUDGET = 5e4
# A step that ends at kinks is followed by one on the smaller face, without passes between that would undo it: so often.
_FACES = 10
# The parameters that move or press are copied into a matrix of their own when they are less than this part of all: a
# copy costs about one pass, and each pass over the others saves nothing.
_WORTH_A_COPY = 0.8
# Added to the diagonal, in its own units, of a matrix without a Cholesky factor: exact or nearly exact copies of
# columns. The step that it gives is judged by the matrix as it is.
_JITTERS = (0.0, 1e-12, 1e-8)


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
    from ._kernels import gram_gap

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
        left = max_epochs - n_epochs
        if A.size > _WORTH_A_COPY * w.size:
            made = _descend(H, q, yy, w, g, penalty, tol_abs, left)
        else:
            made = _descend_in(A, H, value - penalty.value(w), w, g, penalty, 0.5 * tol_abs, left)
        n_epochs += made
        if made == 0:
            return w, gap, n_epochs


def _near(A: Array, g: Array, w: Array, penalty: SeparablePenalty) -> Array:
    """Return A and all parameters that are off their kinks or would leave them."""
    d = w - penalty.loc
    near = (d != 0.0) | (np.abs(g + penalty.l2 * d) >= penalty.l1)
    near[A] = True
    return np.flatnonzero(near)


def _descend_in(
    A: Array,
    H: Array,
    value: float,
    w: Array,
    g: Array,
    penalty: SeparablePenalty,
    tol: float,
    max_epochs: int,
) -> int:
    """Change w in the parameters A; `value` is that of the quadratic part at w. Return the passes made."""
    from ._kernels import gather

    sub = gather(H, A)
    v, slope = w[A], g[A]
    Hv = sub @ v
    q = Hv - slope
    c = 2.0 * value + 2.0 * float(q @ v) - float(v @ Hv)
    part = SeparablePenalty(*(x[A] for x in _doubles(penalty)))
    made = _descend(sub, q, c, v, slope, part, tol, max_epochs)
    w[A] = v
    return made


def _descend(
    H: Array,
    q: Array,
    c: float,
    w: Array,
    g: Array,
    penalty: SeparablePenalty,
    tol: float,
    max_epochs: int,
) -> int:
    """Change w, and g = H w − q with it, until the gap is at most `tol`; return the passes made."""
    from ._kernels import gram_epochs

    parts = _doubles(penalty)
    everything = np.arange(w.size)
    n_epochs = 0
    while True:
        moving = np.count_nonzero(w != penalty.loc)
        budget = max(moving**3 / 3.0 / _OF_FACTOR, _LEAST_BUDGET)
        gap, made, spent = gram_epochs(
            H, q, c, w, g, everything, *parts, tol, budget, max_epochs - n_epochs
        )
        n_epochs += made
        if gap <= tol or n_epochs >= max_epochs or spent < budget:
            return n_epochs
        for _ in range(_FACES):
            before = w != penalty.loc
            w[:] = _step_on_face(H, g, w, penalty)
            g[:] = H @ w - q
            if np.array_equal(w != penalty.loc, before):
                break


def _doubles(penalty: SeparablePenalty) -> tuple[Array, Array, Array, Array, Array]:
    """Return the parts of a penalty as the kernels want them."""
    loc, l1, l2, lower, upper = (
        np.ascontiguousarray(part, dtype=np.float64)
        for part in (penalty.loc, penalty.l1, penalty.l2, penalty.lower, penalty.upper)
    )
    return loc, l1, l2, lower, upper


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
    step = _solution(A, -slope)
    if step is None:
        return w
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


def _solution(A: Array, b: Array) -> Array | None:
    """Return A⁻¹ b for a positive semi-definite A, nearly so where A is singular."""
    diagonal = np.diag(A).copy()
    for jitter in _JITTERS:
        shifted = A.copy() if jitter else A
        shifted.flat[:: b.size + 1] = diagonal * (1.0 + jitter)
        factor, failed = lapack.dpotrf(shifted.T, lower=0)
        if not failed:
            step: Array = lapack.dpotrs(factor, b, lower=0)[0]
            return step
    return None


def _room(w: Array, step: Array, low: Array, high: Array) -> float:
    """Return the largest part, up to 1, of the step that stays between low and high."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step > 0, (high - w) / step, np.where(step < 0, (low - w) / step, np.inf))
    return min(1.0, float(np.min(room)))
