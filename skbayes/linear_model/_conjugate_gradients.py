"""Ridge by conjugate gradients: two products with X an iteration, nothing p x p or n x n.

Notation: F(W) = ‖S^(1/2) (V − Z W)‖² + Σ_k α_k ‖w_k‖², targets k apart. For n > p the linear system is
(ZᵀSZ + α) w = ZᵀSv; for n ≤ p it is (S^(1/2) Z Zᵀ S^(1/2) + α) c = S^(1/2) v with w = ZᵀS^(1/2) c. All targets go
through X together. The recurrence drifts away from what it stands for by rounding, so the solution is refined: rounds
of conjugate gradients [1]_, each from the residuals of the data.

References
----------
.. [1] Hestenes, Stiefel (1952). Methods of conjugate gradients for solving linear systems. J. Res. Natl. Bur. Stand.
   49, 409-436. doi:10.6028/jres.049.044
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
# Each round gains the digits that products in the type of X have; two or three are the rule.
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
        Largest residual of any target's system over its value at zero.
    converged : bool
        Whether that is at most the tolerance, or as small as rounding lets it be.
    """

    coef: Array
    n_iter: Array
    reached: float
    converged: bool


def descend(
    design: Design, V: Array, root: Array | None, alpha: Array, tol: float, max_iter: int
) -> Descent:
    """Minimise F from W = 0.

    Parameters
    ----------
    design : Design
        Z, (n, p).
    V : ndarray of shape (n, k)
        Targets.
    root : ndarray of shape (n,) or None
        Diagonal of S^(1/2); None: ones.
    alpha : ndarray of shape (k,)
        Strengths, non-negative.
    tol : float
        A target is finished when the residual of its system is at most `tol` times its value at zero.
    max_iter : int
        Largest number of iterations.
    """
    system = (_Wide if design.shape[0] <= design.shape[1] else _Tall)(design, V, root, alpha)
    solution = np.zeros((min(design.shape), V.shape[1]))
    n_iter = np.zeros(V.shape[1], dtype=np.int32)
    residual = system.residual(None)
    start = np.linalg.norm(residual, axis=0)
    best = (np.inf, solution)
    for rounds_left in reversed(range(_MAX_ROUNDS)):
        reached = _relative(np.linalg.norm(residual, axis=0), start)
        gained = reached <= 0.5 * best[0]
        best = min(best, (reached, solution), key=lambda end: end[0])
        iterations_left = max_iter - int(n_iter.max(initial=0))
        if reached <= tol or not gained or iterations_left <= 0 or rounds_left == 0:
            break
        step, made = _round(system, residual, tol * start, iterations_left)
        solution, n_iter = solution + step, n_iter + made
        residual = system.residual(solution)
    # Short of the limit it ended where rounding stops it.
    is_through = best[0] <= tol or int(n_iter.max(initial=0)) < max_iter
    return Descent(system.coef(best[1]), n_iter, best[0], is_through)


class _System:
    """A linear system for each target, (m, k)."""

    inverse: Array | None = None  # of a diagonal near the matrix

    def __init__(self, design: Design, V: Array, root: Array | None, alpha: Array) -> None:
        self.design, self.V, self.alpha = design, V, alpha
        self.root = None if root is None else root[:, None]

    def scaled(self, rows: Array) -> Array:
        """Return S^(1/2) R."""
        return rows if self.root is None else self.root * rows

    def forth(self, W: Array) -> Array:
        """Return S^(1/2) Z W, by products in the type of X."""
        return self.scaled(self.design.matvec(W.astype(self.design.dtype, copy=False)))

    def back(self, R: Array) -> Array:
        """Return ZᵀS^(1/2) R, likewise."""
        return self.design.rmatvec(self.scaled(R).astype(self.design.dtype, copy=False))


class _Tall(_System):
    """(ZᵀSZ + α) w = ZᵀSv."""

    def __init__(self, design: Design, V: Array, root: Array | None, alpha: Array) -> None:
        super().__init__(design, V, root, alpha)
        squares = _squares(design, root)[:, None]
        # With α = 0 there may be many minima. From zero, and in the metric of the coefficients, the one of least norm
        # is found; and so, nearly, for an α that is nearly 0. Otherwise a unit diagonal saves iterations.
        if np.all(alpha > np.sqrt(np.finfo(np.float64).eps) * squares.max(initial=0.0)):
            self.inverse = 1.0 / (squares + alpha)

    def multiply(self, P: Array) -> Array:
        return np.asarray(self.back(self.forth(P)) + self.alpha * P)

    def residual(self, W: Array | None) -> Array:
        if W is None:
            return np.asarray(self.back(self.scaled(self.V)), dtype=np.float64)
        R = self.scaled(_residuals(self.design, self.V, W))
        return np.asarray(self.back(R) - self.alpha * W, dtype=np.float64)

    def coef(self, W: Array) -> Array:
        return W


class _Wide(_System):
    """(S^(1/2) Z Zᵀ S^(1/2) + α) c = S^(1/2) v; w = ZᵀS^(1/2) c."""

    def multiply(self, P: Array) -> Array:
        return np.asarray(self.forth(self.back(P)) + self.alpha * P)

    def residual(self, C: Array | None) -> Array:
        if C is None:
            return np.asarray(self.scaled(self.V), dtype=np.float64)
        R = self.scaled(_residuals(self.design, self.V, self.coef(C)))
        return np.asarray(R - self.alpha * C, dtype=np.float64)

    def coef(self, C: Array) -> Array:
        return np.asarray(self.back(C), dtype=np.float64)


def _round(
    system: _Tall | _Wide, residual: Array, goal: Array, max_iter: int
) -> tuple[Array, Array]:
    """Return a step that brings each residual to its goal, by its recurrence, and the iterations of each target."""
    inverse = system.inverse
    R = residual
    size = np.linalg.norm(R, axis=0)
    solution = np.zeros_like(R)
    # At the level of rounding the recurrence may lead away again, so the best of each target is kept.
    best, least, stalled = solution, size, np.zeros(size.size, dtype=np.intp)
    n_iter = np.zeros(size.size, dtype=np.int32)
    H = R if inverse is None else inverse * R
    P, gamma = H, np.einsum("jk,jk->k", R, H)
    for _ in range(max_iter):
        active = (size > goal) & (gamma > 0) & (stalled <= _PATIENCE)
        if not active.any():
            break
        Q = system.multiply(P)
        bend = np.einsum("jk,jk->k", P, Q)
        step = np.where(active, gamma / np.where(bend > 0, bend, np.inf), 0.0)
        solution = solution + step * P
        R = R - step * Q
        n_iter += active
        H = R if inverse is None else inverse * R
        last, gamma = gamma, np.einsum("jk,jk->k", R, H)
        P = H + gamma / np.where(last > 0, last, np.inf) * P
        size = np.linalg.norm(R, axis=0)
        improved = size < least
        best = solution if improved.all() else np.where(improved, solution, best)
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


def _squares(design: Design, root: Array | None) -> Array:
    """Return the diagonal of ZᵀSZ up to rounding, positive."""
    X, mean = design.X, design.mean
    n, p = design.shape
    s = np.ones(n) if root is None else root**2
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
