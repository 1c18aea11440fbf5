"""A Gaussian objective as coordinate descent wants it: a quadratic form and a separable penalty.

Where the intercept is flat it is profiled out: for given coefficients it is the weighted mean of what they leave.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..solvers import SeparablePenalty
from ._quadratic import CentredQuadratic

__all__ = ["Profile", "profiled"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Profile:
    """The problem of coordinate descent.

    Attributes
    ----------
    form : QuadraticForm
        ½ ‖t − Zv‖² in the unit of the objective.
    penalty : SeparablePenalty
        Of v.
    reduce : callable
        From the parameters w of the objective to v.
    expand : callable
        From v to the w at which the objective is lowest.
    """

    form: Any
    penalty: SeparablePenalty
    reduce: Callable[[Array], Array]
    expand: Callable[[Array], Array]


def profiled(objective: Any) -> Profile:
    """Return the problem without a flat intercept; any other intercept stays a parameter."""
    penalty = objective.penalty
    (precision,) = objective.prior.precisions(np.zeros(objective.n_parameters))
    fit_intercept = objective.layout.fit_intercept
    last = -1 if fit_intercept else objective.n_parameters
    is_flat = not fit_intercept or (
        penalty.l1[-1] == 0
        and penalty.l2[-1] == 0
        and not np.isfinite([penalty.lower[-1], penalty.upper[-1]]).any()
    )
    if np.any(precision) or not is_flat:
        return Profile(_WholeForm(objective), penalty, np.asarray, np.asarray)
    data = objective.data
    d = data.curvature(np.zeros(objective.n_parameters, dtype=objective.dtype))
    X = (
        data.design.X
        if data.design.mean is None
        else data.design.columns(np.arange(data.design.shape[1]))
    )
    X = sparse.csc_array(X) if sparse.issparse(X) else X
    y = data.y if data.offset is None else data.y - data.offset
    form = CentredQuadratic(
        X, y.astype(X.dtype, copy=False), d.astype(X.dtype, copy=False), fit_intercept
    )
    parts = (penalty.loc, penalty.l1, penalty.l2, penalty.lower, penalty.upper)

    def expand(v: Array) -> Array:
        return np.append(v, form.intercept(v)) if fit_intercept else v

    return Profile(
        form, SeparablePenalty(*(part[:last] for part in parts)), lambda w: w[:last], expand
    )


class _WholeForm:
    """The smooth part of a quadratic objective as it is: its gradient and its Hessian."""

    def __init__(self, objective: Any) -> None:
        self.objective = objective
        self.n_parameters = objective.n_parameters
        self.eps = float(np.finfo(objective.dtype).eps)
        self.diagonal = np.asarray(
            objective.hessian_diagonal(np.zeros(self.n_parameters, dtype=objective.dtype)),
            dtype=np.float64,
        )
        # Without the constant of a density the smooth part is a sum of squares: the gap and its tolerance are of these.
        self.constant = objective.prior.least_smooth_value

    def evaluate(self, w: Array) -> tuple[float, Array]:
        """Return twice the smooth part without its constant, and minus its gradient."""
        value, gradient = self.objective.value_and_gradient(
            w.astype(self.objective.dtype, copy=False)
        )
        return max(2.0 * (value - self.constant), 0.0), -gradient.astype(np.float64, copy=False)

    def gram(self, S: Array, T: Array) -> Array:
        """Return a block of the Hessian."""
        return np.asarray(self.objective.gram(S, T), dtype=np.float64)
