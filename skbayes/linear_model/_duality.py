"""The duality gap of a quadratic objective with a separable penalty: how far from the minimum, at most.

Notation: F(w) = ½ Σ_i d_i (z_i − x_iᵀ w)² + Σ_j h_j(w_j). For any θ with finite h*(Xᵀ θ) the minimum is at least
D(θ) = Σ_i (θ_i z_i − θ_i² / 2 d_i) − Σ_j h_j*(x_jᵀ θ) (Fenchel); at the minimum θ = d (z − X w) makes them equal.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..solvers import SeparablePenalty
from ._data_term import DataTerm

__all__ = ["conjugate", "duality_gap"]

Array = NDArray[Any]


def duality_gap(data: DataTerm, penalty: SeparablePenalty, w: Array) -> float:
    """Return F(w) − D(θ), θ the residuals at w made feasible; infinite if flat directions are not yet at rest."""
    w64 = w.astype(np.float64)
    d = data.curvature(w).astype(np.float64)
    eta = data.linear_predictor(w)
    slope = data.likelihood.value_and_gradient(data.y, eta)[1].astype(np.float64)
    theta = slope if data.weight is None else slope * data.weight
    used = d > 0.0
    # z − eta, the residual; the offset and all that is fixed is in eta.
    residual = np.divide(theta, d, out=np.zeros_like(theta), where=used)
    if data.layout.fit_intercept and penalty.l1[-1] == penalty.l2[-1] == 0.0:
        theta = theta - d * (theta.sum() / d.sum())
    coef, _ = data.layout.split(w64)
    fixed = eta - data.design.matvec(coef.astype(eta.dtype))
    z = residual + eta
    if data.layout.fit_intercept:
        fixed = fixed - w64[-1]
    correlation = data.layout.join(data.design.rmatvec(theta), theta.sum())
    if data.layout.fit_intercept and penalty.l1[-1] == penalty.l2[-1] == 0.0:
        correlation[-1] = 0.0
    scale = _largest_scale(penalty, correlation)
    primal = 0.5 * float(d @ residual**2) + penalty.value(w64)
    quadratic = np.divide(theta**2, d, out=np.zeros_like(theta), where=used)
    dual = scale * float(theta @ (z - fixed)) - 0.5 * scale**2 * float(quadratic.sum())
    return primal - dual + conjugate(penalty, scale * correlation)


def _largest_scale(penalty: SeparablePenalty, v: Array) -> float:
    """Return the largest c ≤ 1 for which h*(c v) is finite."""
    limited = (penalty.l2 == 0.0) & np.where(
        v > 0.0, np.isinf(penalty.upper), np.isinf(penalty.lower)
    )
    excess = np.abs(v[limited])
    with np.errstate(divide="ignore"):
        ratio = np.where(
            excess > 0.0, penalty.l1[limited] / np.where(excess > 0.0, excess, 1.0), np.inf
        )
    return float(min(1.0, ratio.min(initial=np.inf)))


def conjugate(penalty: SeparablePenalty, v: Array) -> float:
    """Return h*(v) = Σ_j sup_u v_j u − h_j(u), where it is finite."""
    shrunk = np.sign(v) * np.maximum(np.abs(v) - penalty.l1, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(penalty.l2 > 0.0, shrunk / penalty.l2, np.sign(shrunk) * np.inf)
    # Rounding may leave a shrunk v a hair from 0 where the limit is met exactly.
    unbounded = (penalty.l2 == 0.0) & np.where(
        v > 0.0, np.isinf(penalty.upper), np.isinf(penalty.lower)
    )
    step = np.where((shrunk == 0.0) | unbounded, 0.0, step)
    u = np.clip(penalty.loc + step, penalty.lower, penalty.upper)
    return float(v @ u) - penalty.value(u)
