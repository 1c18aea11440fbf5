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
_PATIENCE = 50


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
    R = V.astype(dtype)
    # With α = 0 there may be many minima. From zero, and in the metric of the coefficients, the one of least norm is
    # found; otherwise scaling to a unit diagonal saves iterations.
    inverse = None if np.any(alpha == 0) else 1.0 / (_squares(design, weight)[:, None] + alpha)
    n_iter = np.zeros(V.shape[1], dtype=np.int32)
    G = _gradient(design, R, s, alpha, W)
    start = np.linalg.norm(G, axis=0)
    size, least, stalled = start, start.copy(), 0
    H = G if inverse is None else inverse * G
    P, gamma = H, np.einsum("jk,jk->k", G, H)
    for _ in range(max_iter):
        active = (size > tol * start) & (gamma > 0)
        if not active.any() or stalled > _PATIENCE:
            break
        Q = design.matvec(P.astype(dtype, copy=False))
        squares = Q * Q if s is None else s * Q * Q
        delta = squares.sum(axis=0, dtype=np.float64) + alpha * np.einsum("jk,jk->k", P, P)
        step = np.where(active, gamma / np.where(delta > 0, delta, 1.0), 0.0)
        W = W + step * P
        R = R - (step * Q).astype(dtype, copy=False)
        n_iter += active
        G = _gradient(design, R, s, alpha, W)
        H = G if inverse is None else inverse * G
        new = np.einsum("jk,jk->k", G, H)
        P = H + np.where(gamma > 0, new / np.where(gamma > 0, gamma, 1.0), 0.0) * P
        gamma, size = new, np.linalg.norm(G, axis=0)
        stalled = 0 if np.any(size < least) else stalled + 1
        least = np.minimum(least, size)
    scale = np.where(start > 0, start, 1.0)
    reached = float((size / scale).max(initial=0.0))
    return Descent(W, n_iter, reached, reached <= tol or stalled > _PATIENCE)


def _gradient(design: Design, R: Array, s: Array | None, alpha: Array, W: Array) -> Array:
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
