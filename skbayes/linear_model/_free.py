"""Which parameters of a mode are free, and how the prior curves there.

At a mode some parameters lie where they cannot move by a little: at a kink of the prior or at a bound. The others are
free, and only of these is there a second derivative. K classes have one row of parameters each.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["free_parameters", "prior_curvatures"]

Array = NDArray[Any]


def free_parameters(objective: Any, w: Array) -> Array:
    """Return which parameters are neither at a kink of the prior nor at a bound, (m,)."""
    free = ~_is_at(w, objective.lower) & ~_is_at(w, objective.upper)
    if "separable" in objective.offers:
        return free & (~_is_at(w, objective.penalty.loc) | (objective.penalty.l1 == 0.0))
    prior = objective.prior.coefficient_prior
    if hasattr(prior, "at_kink"):
        n_features = objective.layout.n_features
        rows = w.reshape(-1, objective.layout.width)
        for row, of_row in zip(rows, free.reshape(rows.shape), strict=True):
            of_row[:n_features] &= ~prior.at_kink(row[:n_features])
    return free


def _is_at(w: Array, place: Array) -> Array:
    """Return where w is at a place, but for the rounding of a solver that works in other units."""
    slack = 4.0 * np.finfo(w.dtype).eps * np.abs(w)
    return (w == place) | (np.abs(w - place) <= slack)


def prior_curvatures(objective: Any, w: Array) -> list[Array]:
    """Return the Hessian of −log p(w) in the free parameters of each output, (width,) or (width, width).

    Entries of parameters that are not free mean nothing.
    """
    width, n_features = objective.layout.width, objective.layout.n_features
    rows = w.reshape(-1, width)
    curvatures = objective.prior.precisions(w)
    if "separable" in objective.offers:
        l2 = objective.penalty.l2.reshape(rows.shape)
        return [_plus(curvature, of_row) for curvature, of_row in zip(curvatures, l2, strict=True)]
    prior = objective.prior.coefficient_prior
    if hasattr(prior, "hessian_off_kinks") and not prior.is_smooth:
        added = []
        for row, curvature in zip(rows, curvatures, strict=True):
            of_row = -np.asarray(prior.hessian_off_kinks(row[:n_features]), dtype=np.float64)
            rest = width - n_features
            padded = np.pad(of_row, [(0, rest)] * of_row.ndim)
            added.append(_plus(curvature, padded))
        return added
    return curvatures


def _plus(A: Array, B: Array) -> Array:
    """Return the sum of two matrices, of which each may be given by its diagonal."""
    if A.ndim == B.ndim:
        return A + B
    matrix, diagonal = (A, B) if A.ndim == 2 else (B, A)
    total = matrix.copy()
    total[np.diag_indices_from(total)] += diagonal
    return total
