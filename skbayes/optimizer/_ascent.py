"""Gradient ascent from many starts at once, inside the unit cube.

Projected BFGS: each start has its own inverse Hessian and step length, and all starts share every
evaluation of the objective, because evaluating eight points costs hardly more than one. (A call of
`scipy.optimize.minimize` per start would evaluate them one after the other.)

Notation: x points (k, d), f values (k,), g gradients (k, d), H inverse Hessians of −f (k, d, d),
t step lengths (k,). Rows are starts; a row leaves as soon as it has converged.

References: Bertsekas (1982). Projected Newton methods for optimization problems with simple
constraints. SIAM J. Control Optim. 20, 221-246. Nocedal, Wright (2006). Numerical Optimization, 6.1.
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
    x = x.copy()
    f, g = objective(x)
    g = np.where(is_free, g, 0.0)
    steepest = np.abs(g).max(axis=1, initial=0.0)
    live = np.isfinite(f) & (steepest > 0)
    scale = np.divide(_FIRST_STEP, steepest, out=np.zeros_like(f), where=live)
    H = scale[:, None, None] * np.eye(x.shape[1])
    t = np.ones(len(x))
    is_scaled = np.zeros(len(x), dtype=bool)
    for _ in range(max_iter):
        i = np.flatnonzero(live)
        if not i.size:
            break
        direction = _direction(x[i], g[i], H[i])
        x_new = np.clip(x[i] + t[i, None] * direction, 0.0, 1.0)
        f_new, g_new = objective(x_new)
        g_new = np.where(is_free[i], g_new, 0.0)
        step = np.where(is_free[i], x_new - x[i], 0.0)
        accepted = f_new >= f[i] + _SUFFICIENT * np.einsum("kj,kj->k", step, g[i])
        a = i[accepted]
        y = g[a] - g_new[accepted]
        H[a], is_scaled[a] = _updated(H[a], step[accepted], y, is_scaled[a])
        length = np.abs(step).max(axis=1)
        is_small = accepted & (f_new - f[i] <= _SMALL_GAIN * np.abs(f[i]))
        live[i] = (length > _SHORT_STEP) & ~is_small
        x[a], f[a], g[a] = x_new[accepted], f_new[accepted], g_new[accepted]
        t[i] = np.where(accepted, 1.0, _SHRINK * t[i])
    return x, f


def _direction(x: Floats, g: Floats, H: Floats) -> Floats:
    """Quasi-Newton direction along the faces that the gradient pushes against, of bounded length."""
    blocked = ((x <= 0.0) & (g < 0.0)) | ((x >= 1.0) & (g > 0.0))
    direction = np.einsum("kij,kj->ki", H, np.where(blocked, 0.0, g))
    direction[blocked] = 0.0
    longest = np.abs(direction).max(axis=1, keepdims=True)
    return direction * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))


def _updated(
    H: Floats, s: Floats, y: Floats, is_scaled: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """BFGS update of each H by its step s and the fall y of its gradient."""
    sy = np.einsum("kj,kj->k", s, y)
    yy = np.einsum("kj,kj->k", y, y)
    # Only on a hill does the curvature say how far to go; in a hollow go further each time.
    is_hill = sy > 1e-10 * np.sqrt(yy * np.einsum("kj,kj->k", s, s))
    rho = np.divide(1.0, sy, out=np.zeros_like(sy), where=is_hill)
    gamma = np.divide(sy, yy, out=np.ones_like(sy), where=is_hill)
    first = is_hill & ~is_scaled
    H = np.where(first[:, None, None], gamma[:, None, None] * np.eye(s.shape[1]), H)
    Hy = np.einsum("kij,kj->ki", H, y)
    inner = rho + rho**2 * np.einsum("kj,kj->k", y, Hy)
    outer = rho[:, None, None] * (s[:, :, None] * Hy[:, None, :])
    H_hill = (
        H + inner[:, None, None] * (s[:, :, None] * s[:, None, :]) - outer - outer.swapaxes(1, 2)
    )
    return np.where(is_hill[:, None, None], H_hill, _STRETCH * H), is_scaled | is_hill
