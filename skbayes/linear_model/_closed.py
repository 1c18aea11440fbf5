"""The minimum of a quadratic objective in closed form, on the smaller side of the design matrix.

Notation: f(w) = ½ Σ_i d_i (z_i − x_iᵀ w − b)² + ½ wᵀ P w − …, with P the precision of the prior; Z = X − 1 μᵀ,
centred by the weighted means; g the gradient in w, g_b that in b. With the intercept profiled out a Newton step
solves A δ = g − μ g_b, A = Zᵀ D Z + P. For fewer rows than features and P > 0, with K = D^½ Z P⁻¹ Zᵀ D^½ (n, n), A⁻¹
= P⁻¹ − P⁻¹ Zᵀ D^½ (I + K)⁻¹ D^½ Z P⁻¹ (Woodbury).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._design import Design, weighted_mean
from ._moments import moments_of
from ._symmetric import factorise

__all__ = ["inverse_curvature"]

Array = NDArray[Any]
Step = Callable[[Array], Array]


def inverse_curvature(data: Any, precision: Array) -> Step:
    """Return g -> H⁻¹ g, where H is the Hessian of the objective; of a singular H the inverse of least norm.

    Parameters
    ----------
    data : DataTerm
        Of a quadratic likelihood and one output.
    precision : ndarray of shape (m,) or (m, m)
        Hessian of the negative log prior.
    """
    p, has_intercept = data.layout.n_features, data.layout.fit_intercept
    d = data.curvature(np.zeros(data.layout.n_parameters, dtype=data.design.dtype))
    flat_intercept = has_intercept and not np.any(precision[p])
    if has_intercept and not flat_intercept:
        factor = factorise(data.bordered_gram(data.design, d) + _full(precision))
        return factor.solve
    X = data.design.X
    mean = weighted_mean(X, d) if has_intercept else None
    P = precision[:p] if precision.ndim == 1 else precision[:p, :p]
    if P.ndim == 1 and p > X.shape[0] and (np.all(P > 0.0) or not np.any(P)):
        step = _by_rows(Design(X, mean), d, P)
    else:
        moments = moments_of(X, np.empty((X.shape[0], 0)), d, has_intercept, np.float64)
        step = factorise(moments.gram + _full(P)).solve
    if not has_intercept:
        return step
    total = float(d.sum(dtype=np.float64))

    def with_intercept(g: Array) -> Array:
        delta = step(g[:p] - mean * g[p])
        return np.append(delta, g[p] / total - mean @ delta)

    return with_intercept


def _full(precision: Array) -> Array:
    return np.diag(precision) if precision.ndim == 1 else precision


def _by_rows(design: Design, d: Array, P: Array) -> Step:
    root = np.sqrt(d.astype(np.float64))
    is_flat = not np.any(P)
    variance = np.ones_like(P) if is_flat else 1.0 / P
    kernel = np.asarray(design.row_gram(variance, np.float64)) * np.outer(root, root)
    if not is_flat:
        kernel[np.diag_indices_from(kernel)] += 1.0
    factor = factorise(kernel)

    def step(g: Array) -> Array:
        scaled = variance * g
        rows = root * design.matvec(scaled)
        if is_flat:  # (Zᵀ D Z)⁺ = Zᵀ D^½ (K⁺)² D^½ Z
            return design.rmatvec(root * factor.solve(factor.solve(rows)))
        return scaled - variance * design.rmatvec(root * factor.solve(rows))

    return step
