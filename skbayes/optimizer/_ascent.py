"""Gradient ascent from many starts at once, inside the unit cube.

Projected BFGS: each start has its own inverse Hessian and step length, and all starts share every
evaluation of the objective, because evaluating eight points costs hardly more than one. (A call of
`scipy.optimize.minimize` per start would evaluate them one after the other.)

Notation: x points (k, d), f values (k,), g gradients (k, d), H inverse Hessians of −f (k, d, d),
t step lengths (k,). Rows are starts; a row leaves as soon as it has converged.

References: Bertsekas (1982). Projected Newton methods for optimization problems with simple
constraints. SIAM J. Control Optim. 20, 221-246. Nocedal, Wright (2006). Numerical Optimization,
section 6.1.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["ascend"]

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[Floats, Floats]]

# The first step of a start, before its curvature is known; and the longest step ever, in one
# coordinate: a fifth of the cube, so that a start stays on the hill it was chosen for.
_FIRST_STEP, _LONGEST_STEP = 0.03, 0.2
# Armijo's constant (Nocedal and Wright, section 3.1) and how much a refused step shrinks.
_SUFFICIENT, _SHRINK = 1e-4, 0.3
# How much the model of a start stretches where the surface curves upwards.
_STRETCH = 3.0
# A start has converged when a step moves no coordinate by more than this, or gains less than
# this relative to its value: the surrogate is not known to any such precision.
_SHORT_STEP, _SMALL_GAIN = 1e-5, 1e-5


def ascend(
    objective: Objective, x: Floats, is_free: NDArray[np.bool_], max_iter: int
) -> tuple[Floats, Floats]:
    """Climb from every start; no start ends lower than it began.

    Parameters
    ----------
    objective : callable
        ``objective(x) -> (values (k,), gradients (k, d))``; a value of −inf marks a point where
        no start may go.
    x : ndarray of shape (k, d)
        Starts in the unit cube; nan in columns that are not free is passed on.
    is_free : ndarray of bool of shape (k, d)
        Which coordinates may move.
    max_iter : int
        Evaluations of the objective after the first.

    Returns
    -------
    x : ndarray of shape (k, d)
        Where each start arrived.
    f : ndarray of shape (k,)
        Its value there.
    """
    top, f_top = x.copy(), np.empty(len(x))
    f_top[:], g = objective(x)
    g = np.where(is_free, g, 0.0)
    steepest = np.abs(g).max(axis=1, initial=0.0)
    rows = np.flatnonzero(np.isfinite(f_top) & (steepest > 0.0))
    # From here on all arrays hold the rows that still climb.
    x, f, g, is_free = x[rows], f_top[rows], g[rows], is_free[rows]
    H = (_FIRST_STEP / steepest[rows])[:, None, None] * np.eye(x.shape[1])
    t, is_scaled = np.ones(len(rows)), np.zeros(len(rows), dtype=bool)
    for _ in range(max_iter):
        if not rows.size:
            break
        goal = x + t[:, None] * _direction(x, g, H)
        step = np.minimum(np.maximum(goal, 0.0), 1.0) - x
        step[~is_free] = 0.0  # among them the missing coordinates, nan until here
        f_new, g_new = objective(x + step)
        g_new = np.where(is_free, g_new, 0.0)
        gain = f_new - f
        accepted = gain >= _SUFFICIENT * np.einsum("kj,kj->k", step, g)
        # The curvature among the coordinates that moved: with those at a bound in it, steps along
        # the face would be of the wrong length for ever.
        H_new, is_hill = _updated(H, step, (g - g_new) * (step != 0.0), is_scaled)
        # A shortened step may gain little anywhere; a full one only near the top.
        is_small = accepted & (t == 1.0) & (gain <= _SMALL_GAIN * np.abs(f))
        climbs = (np.abs(step).max(axis=1) > _SHORT_STEP) & ~is_small
        by_row = accepted[:, None]
        x, f, g = x + by_row * step, np.where(accepted, f_new, f), np.where(by_row, g_new, g)
        H, is_scaled = np.where(by_row[:, None], H_new, H), is_scaled | (accepted & is_hill)
        t = np.where(accepted, 1.0, _SHRINK * t)
        if not climbs.all():
            top[rows], f_top[rows] = x, f
            rows, t, is_scaled = rows[climbs], t[climbs], is_scaled[climbs]
            x, f, g, H, is_free = x[climbs], f[climbs], g[climbs], H[climbs], is_free[climbs]
    top[rows], f_top[rows] = x, f
    return top, f_top


def _direction(x: Floats, g: Floats, H: Floats) -> Floats:
    """Quasi-Newton direction, bounded, along the faces that the gradient pushes against."""
    goes = ((x > 0.0) | (g >= 0.0)) & ((x < 1.0) | (g <= 0.0))
    direction = np.einsum("kij,kj->ki", H, g * goes) * goes
    longest = np.abs(direction).max(axis=1, keepdims=True)
    return np.asarray(direction * (_LONGEST_STEP / np.maximum(longest, _LONGEST_STEP)))


def _updated(
    H: Floats, s: Floats, y: Floats, is_scaled: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """BFGS update of each H by its step s and the fall y of its gradient; where that was possible.

    With rho = 1 / s'y: H − rho (s y'H + H y s') + (rho + rho² y'H y) s s'.
    """
    sy, yy, ss = (np.einsum("kj,kj->k", a, b) for a, b in ((s, y), (y, y), (s, s)))
    # Only on a hill does the curvature say how far to go; in a hollow go further each time.
    is_hill = sy > 1e-10 * np.sqrt(yy * ss)
    safe = np.where(is_hill, sy, 1.0)
    if not is_scaled.all():  # the first curvature seen sets the scale (Nocedal and Wright, 6.20)
        scale = np.where(is_hill, sy / np.where(is_hill, yy, 1.0), 0.0)
        fresh = (is_hill & ~is_scaled)[:, None, None]
        H = np.where(fresh, scale[:, None, None] * np.eye(s.shape[1]), H)
    Hy = np.einsum("kij,kj->ki", H, y)
    inner = (1.0 + np.einsum("kj,kj->k", y, Hy) / safe) / safe
    v = Hy / safe[:, None] - (0.5 * inner)[:, None] * s
    B = s[:, :, None] * v[:, None, :]
    return np.where(is_hill[:, None, None], H - B - B.swapaxes(1, 2), _STRETCH * H), is_hill
