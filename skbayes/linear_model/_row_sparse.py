"""Least squares of several targets with whole rows of coefficients zero: the solver of the multi-task models.

Notation: F(W) = ½ ‖D^½ (V − Z W)‖² + a Σ_j ‖w_j‖ + ½ b ‖W‖², W (p, k) with rows w_j, D the row weights, Z and V with
their weighted means taken off; Q = ZᵀDV, R = V − Z W. A row is zero where ‖(ZᵀDR)_j‖ < a. The duality gap is that of
the group lasso on the data extended by √b I (Massias et al. 2018, arXiv:1802.07481).

The problem is solved on a working set of rows, which grows by the worst violators. On it one iteration sets each
row to its minimum in turn, and makes a Newton step of the rows that are not zero, on which F is smooth: the first
finds the rows, the second the values.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.linear_model import enet_path

from ._design import Design

__all__ = ["RowSparseFit", "row_sparse"]

Array = NDArray[Any]

# The first working set: smaller ones cost more rounds than they save.
_FIRST_SET = 100
# Inner problems are solved to this part of the gap that there is: the next working set needs no more.
_INNER = 0.1
# Iterations without a smaller gap after which rounding is all that is left.
_PATIENCE = 100
# Beyond this many unknowns a Newton step costs more than the gradient steps that it saves: 1000³/3 operations.
_LARGEST_NEWTON = 1000


@dataclass(frozen=True)
class RowSparseFit:
    """Where the solver ended.

    Attributes
    ----------
    coef : ndarray of shape (p, k)
        W, float64.
    gap : float
        Duality gap of F.
    n_iter : int
        Iterations.
    """

    coef: Array
    gap: float
    n_iter: int


def row_sparse(
    design: Design, V: Array, d: Array, a: float, b: float, W: Array, *, gap: float, max_iter: int
) -> RowSparseFit:
    """Return the minimum of F, looked for from W on, to a duality gap of at most `gap`; a > 0."""
    W, n_iter = np.array(W, dtype=np.float64), 0
    p = design.shape[1]
    working = np.array([], dtype=np.intp)
    while True:
        R = V - design.matvec(W.astype(design.dtype, copy=False))
        pull = design.rmatvec((d[:, None] * R).astype(design.dtype, copy=False)) - b * W
        reached = _gap(W, R, V, d, pull, a, b)
        if reached <= gap or n_iter >= max_iter:
            return RowSparseFit(W, reached, n_iter)
        support = np.flatnonzero(np.any(W, axis=1))
        size = min(p, max(_FIRST_SET, 2 * support.size, working.size))
        strength = np.linalg.norm(pull, axis=1)
        strength[support] = np.inf
        chosen = np.argpartition(-strength, size - 1)[:size]
        # All that was in stays in: a set that forgets may go round in circles.
        working = np.union1d(chosen, working)
        Z = np.asarray(design.columns(working), dtype=np.float64)
        target = gap if working.size == p else max(gap, _INNER * reached)
        many = max(support.size, working.size // 2) * V.shape[1] > _LARGEST_NEWTON
        solve = _by_coordinates if many else _by_newton
        W[working], steps = solve(Z, V, d, a, b, W[working], 0.5 * target, max_iter - n_iter)
        n_iter += steps


def _gap(W: Array, R: Array, V: Array, d: Array, pull: Array, a: float, b: float) -> float:
    """Return F(W) − D(θ) for θ the residuals scaled to be feasible; `pull` is ZᵀDR − b W."""
    largest = float(np.linalg.norm(pull, axis=1).max(initial=0.0))
    scale = 1.0 if largest <= a else a / largest
    power = float(np.sum(d[:, None] * R * R)) + b * float(np.sum(W * W))
    rows = float(np.linalg.norm(W, axis=1).sum())
    return 0.5 * (1.0 + scale**2) * power + a * rows - scale * float(np.sum(d[:, None] * R * V))


def _by_coordinates(
    Z: Array, V: Array, d: Array, a: float, b: float, W: Array, gap: float, max_iter: int
) -> tuple[Array, int]:
    """Return the minimum by scikit-learn's compiled descent over rows of W, and its number of epochs."""
    root = np.sqrt(d)[:, None]
    Y, n = np.asfortranarray(root * V), len(V)
    _, coefs, _, n_iter = enet_path(
        np.asfortranarray(root * Z),
        Y,
        l1_ratio=a / (a + b),
        alphas=[(a + b) / n],
        coef_init=np.asfortranarray(W.T),
        tol=gap / float(np.sum(Y * Y)),
        max_iter=max_iter,
        return_n_iter=True,
    )
    return coefs[:, :, 0].T, int(n_iter[0])


def _by_newton(
    Z: Array, V: Array, d: Array, a: float, b: float, W: Array, gap: float, max_iter: int
) -> tuple[Array, int]:
    return _Inner(Z, V, d, a, b).solve(W, gap, max_iter)


class _Inner:
    """F on the rows of a working set, by its Gram matrix."""

    def __init__(self, Z: Array, V: Array, d: Array, a: float, b: float) -> None:
        weighted = d[:, None] * Z
        self.G, self.Q = Z.T @ weighted, weighted.T @ V
        self.power = float(np.sum(d[:, None] * V * V))
        self.a, self.b = a, b
        self.rounding = 4.0 * np.finfo(float).eps * self.power

    def value(self, W: Array) -> float:
        fit = 0.5 * float(np.sum(W * (self.G @ W + self.b * W))) - float(np.sum(W * self.Q))
        return fit + self.a * float(np.linalg.norm(W, axis=1).sum())

    def gap(self, W: Array) -> float:
        product = self.G @ W
        pull = self.Q - product - self.b * W
        largest = float(np.linalg.norm(pull, axis=1).max(initial=0.0))
        scale = 1.0 if largest <= self.a else self.a / largest
        cross = float(np.sum(W * self.Q))
        squares = self.power - 2.0 * cross + float(np.sum(W * (product + self.b * W)))
        rows = float(np.linalg.norm(W, axis=1).sum())
        return 0.5 * (1.0 + scale**2) * squares + self.a * rows - scale * (self.power - cross)

    def solve(self, W: Array, gap: float, max_iter: int) -> tuple[Array, int]:
        """Return the minimum and the number of iterations; the least of them is one."""
        best, least, since, n_iter = W, np.inf, 0, 0
        while n_iter < max_iter and least > gap and since <= _PATIENCE:
            n_iter += 1
            W = self._newton_step(self._sweep(W))
            reached, since = self.gap(W), since + 1
            if reached < least:
                best, least, since = W, reached, 0
        return best, n_iter

    def _sweep(self, W: Array) -> Array:
        """Return W after each row was set to its minimum given the others."""
        W = W.copy()
        curvature = np.diag(self.G) + self.b
        for j in np.flatnonzero(curvature > 0.0):
            u = self.Q[j] - self.G[j] @ W + self.G[j, j] * W[j]
            size = float(np.sqrt(u @ u))
            W[j] = (1.0 - self.a / size) / curvature[j] * u if size > self.a else 0.0
        return W

    def _newton_step(self, W: Array) -> Array:
        """Return W after a Newton step of its nonzero rows, if that lowers F; else W as it is."""
        value = self.value(W)
        rows = np.flatnonzero(np.any(W, axis=1))
        k = W.shape[1]
        if not 0 < rows.size * k <= _LARGEST_NEWTON:
            return W
        active = W[rows]
        size = np.linalg.norm(active, axis=1)
        unit = active / size[:, None]
        gradient = self.G[np.ix_(rows, rows)] @ active + self.b * active - self.Q[rows]
        gradient += self.a * unit
        H = np.kron(self.G[np.ix_(rows, rows)], np.eye(k)) + self.b * np.eye(rows.size * k)
        for j in range(rows.size):
            block = slice(j * k, (j + 1) * k)
            H[block, block] += self.a / size[j] * (np.eye(k) - np.outer(unit[j], unit[j]))
        try:
            delta = linalg.cho_solve(linalg.cho_factor(H), gradient.ravel()).reshape(-1, k)
        except linalg.LinAlgError:  # collinear columns and no ridge: F has no single minimum there
            return W
        for share in (1.0, 0.25):
            trial = W.copy()
            trial[rows] = active - share * delta
            # F is flat at the minimum: where it changes by rounding only, the step still mends the gradient.
            if self.value(trial) <= value + self.rounding:
                return trial
        return W
