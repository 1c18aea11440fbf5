"""The effective number of parameters of a MAP fit: how many of them the data determine, not the prior.

Notation: S the parameters that are free (not at a kink, not at a bound), D the curvature of the data in the linear
predictor, P the Hessian of the negative log prior on S, H = Xᵀ D X + P. γ = |S| − tr(H⁻¹ P) (MacKay 1992); for the
lasso P = 0 and γ = |S| (Zou, Hastie, Tibshirani 2007, doi:10.1214/009053607000000127), without a prior it is the rank
of X. Of a group prior the zero groups are not in S, and the curvature within the others is left out of P: its γ is a
little too large.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ._design import Design, weighted_mean
from ._free import free_parameters
from ._rank import column_rank
from ._symmetric import factorise

__all__ = ["effective_parameters"]

Array = NDArray[Any]


def effective_parameters(objective: Any, w: Array) -> float:
    """Return γ at the mode w of an objective with one output."""
    free, precision = free_parameters(objective, w), _prior_curvature(objective, w)
    if not np.any(precision):
        n_seen = int(np.count_nonzero(objective.curvature(w)))
        n_free = int(free.sum())
        if free.all() and objective.prior.is_smooth and n_seen == objective.n_samples >= n_free:
            # Without a prior: collinear features are fewer than they look.
            n_free = column_rank(objective.design, objective.layout.fit_intercept)
        return float(min(n_free, n_seen))
    if (
        precision.ndim == 1
        and free.sum() > objective.n_samples
        and np.all(precision[:-1][free[:-1]] > 0.0)
    ):
        return _from_kernel(objective, w, free, precision)
    model = objective.quadratic_at(w)
    layout = objective.layout
    flat_intercept = layout.fit_intercept and free[-1] and not np.any(precision[-1])
    if flat_intercept:
        # Integrated out by centring, which keeps the digits of columns far from zero.
        free = free[:-1]
        d = model.data.weight
        curvature = Design(model.design.X, weighted_mean(model.design.X, d)).gram(d, np.float64)
    else:
        curvature = model.data.hessian(w)
    index = np.flatnonzero(free)
    P = precision[np.ix_(index, index)] if precision.ndim == 2 else np.diag(precision[index])
    H = curvature[np.ix_(index, index)] + P
    return float(index.size + flat_intercept - np.trace(factorise(H).solve(P)))


def _prior_curvature(objective: Any, w: Array) -> Array:
    """Return the Hessian of the negative log prior away from its kinks, (m,) or (m, m)."""
    (precision,) = objective.prior.precisions(w)
    if "separable" not in objective.offers:
        return precision
    l2 = objective.penalty.l2
    return precision + (l2 if precision.ndim == 1 else np.diag(l2))


def _from_kernel(objective: Any, w: Array, free: Array, precision: Array) -> float:
    """Return γ = tr K (K + I)⁻¹ with K = D^½ X P⁻¹ Xᵀ D^½, (n, n): for more parameters than rows."""
    d = objective.quadratic_at(w).data.weight
    design, n_features = objective.design, objective.layout.n_features
    with np.errstate(divide="ignore"):
        variance = np.where(free, 1.0 / precision, 0.0)
    flat_intercept = objective.layout.fit_intercept and precision[-1] == 0.0
    if flat_intercept:  # integrated out by centring
        design = Design(design.X, design.rmatvec(d) / d.sum())
    kernel = design.row_gram(variance[:n_features])
    if objective.layout.fit_intercept and not flat_intercept:
        kernel = kernel + variance[-1]
    root = np.sqrt(d)
    values = np.maximum(linalg.eigvalsh(root[:, None] * kernel * root), 0.0)
    return float(np.sum(values / (values + 1.0)) + flat_intercept)
