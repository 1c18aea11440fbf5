"""Ridge with coefficients of at least zero: L-BFGS within the box, then an active-set method for the exact minimum.

Notation: F(w) = ½ ‖S^(1/2) (v − Z w)‖² + ½ α ‖w‖² for one target; g its gradient; the minimum has w ≥ 0, g ≥ 0 and
w g = 0 for each feature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ._design import Design
from ._moments import Moments
from ._symmetric import cholesky

__all__ = ["Nonnegative", "nonnegative"]

Array = NDArray[Any]

# scikit-learn's limit for its positive ridge.
_MAX_ITER = 15000
# Up to here the features that stay are solved for by one Cholesky at the end.
_LARGEST_SUPPORT = 3000
# A factor with fewer digits than this is no better than what the iterations have found.
_WELL_CONDITIONED = 1e-10
# The descent ends near the minimum, so that few features still join or leave.
_MAX_EXCHANGES = 50
# A gradient of this size relative to that at zero is rounding.
_EXACT = 1e-14


@dataclass(frozen=True)
class Nonnegative:
    """Where the descent of one target ended.

    Attributes
    ----------
    coef : ndarray of shape (p,)
        w ≥ 0.
    n_iter : int
        Iterations.
    converged : bool
        Whether `reached` is at most the tolerance.
    reached : float
        Largest entry of the projected gradient, relative to the largest entry of ZᵀSv.
    """

    coef: Array
    n_iter: int
    converged: bool
    reached: float


def nonnegative(
    design: Design,
    v: Array,
    weight: Array | None,
    alpha: float,
    tol: float,
    max_iter: int | None,
    moments: Moments | None,
    target: int,
) -> Nonnegative:
    """Return the minimum of F for w ≥ 0; v is the target of that number in the moments, if they are at hand."""
    gram = None if moments is None else moments.gram
    if moments is None:
        cross, gradient, diagonal = _from_data(design, v, weight, alpha)
    else:
        cross = moments.cross[:, target]
        diagonal = np.diag(moments.gram) + alpha
        gradient = _from_gram(moments.gram, cross, alpha)
    # In units in which each feature has curvature 1; positive units keep the box.
    unit = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scale = float(np.abs(unit * cross).max(initial=0.0)) or 1.0

    def scaled(u: Array) -> tuple[float, Array]:
        value, g = gradient(unit * u)
        return value / scale**2, unit * g / scale**2

    end = optimize.minimize(
        scaled,
        np.zeros(cross.size),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * cross.size,
        options={
            "maxiter": _MAX_ITER if max_iter is None else max_iter,
            "maxfun": 10 * _MAX_ITER,
            "gtol": tol / scale,
            "ftol": 0.0,
        },
    )
    w = np.asarray(unit * end.x)
    polished = (
        w if end.status == 1 else _polished(w, design, weight, alpha, gram, cross, gradient, unit)
    )
    reached = _violation(polished, gradient(polished)[1], unit) / scale
    # Out of iterations is the one ending at which L-BFGS would have gone on.
    return Nonnegative(polished, int(end.nit), end.status != 1, reached)


def _from_gram(gram: Array, cross: Array, alpha: float) -> Callable[[Array], tuple[float, Array]]:
    def gradient(w: Array) -> tuple[float, Array]:
        g = gram @ w + alpha * w - cross
        return 0.5 * float(w @ (g - cross)), g

    return gradient


def _from_data(
    design: Design, v: Array, weight: Array | None, alpha: float
) -> tuple[Array, Callable[[Array], tuple[float, Array]], Array]:
    s = np.ones(v.size) if weight is None else weight
    dtype = design.dtype

    def gradient(w: Array) -> tuple[float, Array]:
        r = v - design.matvec(w.astype(dtype, copy=False))
        g = alpha * w - design.rmatvec((s * r).astype(dtype, copy=False))
        return 0.5 * float(s @ (r * r) + alpha * (w @ w)), np.asarray(g, dtype=np.float64)

    cross = -gradient(np.zeros(design.shape[1]))[1]
    X = design.X
    squares = X.power(2).T @ s if design.is_sparse else np.einsum("ij,ij,i->j", X, X, s)
    if design.mean is not None:
        squares = squares - s.sum() * design.mean**2
    return cross, gradient, np.maximum(squares, 0.0) + alpha


def _violation(w: Array, g: Array, unit: Array) -> float:
    outward = np.where(w > 0, np.abs(g), np.maximum(-g, 0.0))
    return float((unit * outward).max(initial=0.0))


def _polished(
    w: Array,
    design: Design,
    weight: Array | None,
    alpha: float,
    gram: Array | None,
    cross: Array,
    gradient: Callable[[Array], tuple[float, Array]],
    unit: Array,
) -> Array:
    """Return the exact minimum by the active-set method of Lawson and Hanson, begun at w; w itself if it fails."""
    best, start = w, w
    level = _EXACT * float(np.abs(unit * cross).max(initial=0.0))
    for _ in range(_MAX_EXCHANGES):
        S = np.flatnonzero(w > 0)
        if not 0 < S.size <= _LARGEST_SUPPORT:
            break
        factor = cholesky(_block(S, design, weight, alpha, gram))
        if factor is None or factor.rcond < _WELL_CONDITIONED:
            break
        z = factor.solve(cross[S])
        if np.any(z <= 0):
            # As far towards z as the box allows; the features that reach zero leave.
            blocked = z <= 0
            part = float(np.min(w[S][blocked] / (w[S][blocked] - z[blocked])))
            moved = w[S] + part * (z - w[S])
            moved[blocked & (moved <= level * unit[S] ** 2)] = 0.0
            w = _filled(w.size, S, np.maximum(moved, 0.0))
            continue
        w = best = _filled(w.size, S, z)
        g = unit * gradient(w)[1]
        g[S] = 0.0
        entering = int(np.argmin(g))
        if g[entering] >= -level:
            return w
        w = w.copy()
        w[entering] = np.finfo(np.float64).tiny
    return best if gradient(best)[0] < gradient(start)[0] else start


def _block(
    S: Array, design: Design, weight: Array | None, alpha: float, gram: Array | None
) -> Array:
    if gram is None:
        Z = design.columns(S).astype(np.float64, copy=False)
        A = Z.T @ (Z if weight is None else weight[:, None] * Z)
    else:
        A = gram[np.ix_(S, S)]
    return np.asarray(A + alpha * np.eye(S.size))


def _filled(size: int, S: Array, values: Array) -> Array:
    w = np.zeros(size)
    w[S] = values
    return w
