"""Ridge by conjugate gradients: two products with X an iteration, nothing p x p or n x n.

Notation: F(W) = ‖S^(1/2) (V − Z W)‖² + Σ_k α_k ‖w_k‖², targets k apart; R = V − Z W the residuals, G = ZᵀSR − α W half
the negative gradient. The recurrences are those of CGLS [1]_: R is updated, and G computed from it, which keeps about
half of the digits that the normal equations would lose. All targets go through X together.

References
----------
.. [1] Björck, Elfving, Strakoš (1998). Stability of conjugate gradient and Lanczos methods for linear least squares
   problems. SIAM J. Matrix Anal. Appl. 19, 720-736. doi:10.1137/S089547989631202X
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ._design import Design, blocks

__all__ = ["Descent", "descend"]

Array = NDArray[Any]

# Iterations without any progress of the gradient after which rounding is all that is left.
_PATIENCE = 20
# Rounds, each from residuals computed anew: the recurrence drifts away from them by rounding.
_MAX_ROUNDS = 10


@dataclass(frozen=True)
class Descent:
    """Where conjugate gradients ended.

    Attributes
    ----------
    coef : ndarray of shape (p, k)
        W.
    n_iter : ndarray of shape (k,)
        Iterations of each target.
    reached : float
        Largest ‖G‖ of any target over its value at W = 0.
    converged : bool
        Whether that is at most the tolerance, or as small as rounding lets it be.
    """

    coef: Array
    n_iter: Array
    reached: float
    converged: bool


def descend(
    design: Design, V: Array, weight: Array | None, alpha: Array, tol: float, max_iter: int
) -> Descent:
    """Minimise F from W = 0.

    Parameters
    ----------
    design : Design
        Z, (n, p).
    V : ndarray of shape (n, k)
        Targets.
    weight : ndarray of shape (n,) or None
        Diagonal of S; None: ones.
    alpha : ndarray of shape (k,)
        Strengths, non-negative.
    tol : float
        A target is finished when ‖G‖ is at most `tol` times its value at W = 0.
    max_iter : int
        Largest number of iterations.
    """
    dtype = design.dtype
    s = None if weight is None else weight.astype(dtype, copy=False)[:, None]
    W = np.zeros((design.shape[1], V.shape[1]))
    n_iter = np.zeros(V.shape[1], dtype=np.int32)
    inverse = _preconditioner(design, weight, alpha)
    R = np.asarray(V, dtype=np.float64)
    start = size = np.linalg.norm(_gradient(design, R, s, alpha, W), axis=0)
    best = (np.inf, W)
    for _ in range(_MAX_ROUNDS):
        worst = _relative(size, start)
        gained = worst <= 0.5 * best[0]
        best = min(best, (worst, W), key=lambda end: end[0])
        if worst <= tol or not gained or n_iter.max(initial=0) >= max_iter:
            break
        goal = np.maximum(tol * start, 0.0)
        step, made = _round(design, R, s, alpha, W, goal, inverse, max_iter - int(n_iter.max()))
        W, n_iter = W + step, n_iter + made
        R = _residuals(design, V, W)
        size = np.linalg.norm(_gradient(design, R, s, alpha, W), axis=0)
    reached, W = min(best, (_relative(size, start), W), key=lambda end: end[0])
    # Short of the limit it ended where rounding stops it.
    return Descent(W, n_iter, reached, reached <= tol or int(n_iter.max(initial=0)) < max_iter)


def _round(
    design: Design,
    R: Array,
    s: Array | None,
    alpha: Array,
    W: Array,
    goal: Array,
    inverse: Array | None,
    max_iter: int,
) -> tuple[Array, Array]:
    """Return a step from W, whose residuals are R, to where ‖G‖ is at the goal by its recurrence; and iterations."""
    dtype = design.dtype
    R = R.astype(dtype)
    D = np.zeros_like(W)
    G = _gradient(design, R, s, alpha, W)
    size = np.linalg.norm(G, axis=0)
    # At the level of rounding the recurrence may lead away again, so the best of each target is kept.
    best, least, stalled = np.zeros_like(W), size, np.zeros(alpha.size, dtype=np.intp)
    n_iter = np.zeros(alpha.size, dtype=np.int32)
    H = G if inverse is None else inverse * G
    P, gamma = H, np.einsum("jk,jk->k", G, H)
    for _ in range(max_iter):
        active = (size > goal) & (gamma > 0) & (stalled <= _PATIENCE)
        if not active.any():
            break
        Q = design.matvec(P.astype(dtype, copy=False))
        squares = Q * Q if s is None else s * Q * Q
        delta = squares.sum(axis=0, dtype=np.float64) + alpha * np.einsum("jk,jk->k", P, P)
        step = np.where(active, gamma / np.where(delta > 0, delta, 1.0), 0.0)
        D = D + step * P
        R = R - (step * Q).astype(dtype, copy=False)
        n_iter += active
        G = _gradient(design, R, s, alpha, W + D)
        H = G if inverse is None else inverse * G
        new = np.einsum("jk,jk->k", G, H)
        P = H + new / np.where(gamma > 0, gamma, np.inf) * P
        gamma, size = new, np.linalg.norm(G, axis=0)
        improved = size < least
        best = np.where(improved, D, best)
        least, stalled = np.minimum(least, size), np.where(improved, 0, stalled + 1)
    return best, n_iter


def _relative(size: Array, start: Array) -> float:
    return float((size / np.where(start > 0, start, 1.0)).max(initial=0.0))


def _residuals(design: Design, V: Array, W: Array) -> Array:
    """Return V − Z W in float64, whatever the type of X."""
    if design.is_sparse or design.dtype == np.float64:
        return np.asarray(V - design.matvec(W), dtype=np.float64)
    R = np.array(V, dtype=np.float64)
    for rows in blocks(*design.shape):
        part = design.X[rows].astype(np.float64)
        R[rows] -= part @ W if design.mean is None else (part - design.mean) @ W
    return R


def _preconditioner(design: Design, weight: Array | None, alpha: Array) -> Array | None:
    """Return the inverse of the diagonal of the Hessian, (p, k), or None.

    With α = 0 there may be many minima. From zero, and in the metric of the coefficients, the one of least norm is
    found; and so, nearly, for an α that is nearly 0. Otherwise a unit diagonal saves iterations.
    """
    squares = _squares(design, weight)[:, None]
    if np.any(alpha <= np.sqrt(np.finfo(np.float64).eps) * squares.max(initial=0.0)):
        return None
    inverse: Array = 1.0 / (squares + alpha)
    return inverse


def _gradient(design: Design, R: Array, s: Array | None, alpha: Array, W: Array) -> Array:
    R = R.astype(design.dtype, copy=False)
    G: Array = design.rmatvec(R if s is None else s * R).astype(np.float64) - alpha * W
    return G


def _squares(design: Design, weight: Array | None) -> Array:
    """Return the diagonal of ZᵀSZ up to rounding, positive."""
    X, mean = design.X, design.mean
    n, p = design.shape
    s = np.ones(n) if weight is None else weight
    if sparse.issparse(X):
        squares = X.power(2).T @ s
    else:
        squares = np.zeros(p)
        for rows in blocks(n, p):
            squares += np.einsum("ij,ij,i->j", X[rows], X[rows], s[rows], dtype=np.float64)
    if mean is not None:
        squares = squares - s.sum() * mean**2
    # Only a scale: a column that centring leaves at rounding gets some positive number.
    return np.maximum(squares, np.finfo(np.float32).eps * squares.max(initial=1.0))
