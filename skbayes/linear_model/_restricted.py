"""The objective in a few of the features, all others held where they are: what a working set is solved on.

Notation: S the chosen features, w_S their parameters (of all outputs) and the intercepts, in the order of a `Layout` of
|S| features; eta = X_S w_S + intercept + offset, where the offset holds the features outside S.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..solvers import SeparablePenalty
from ._data_term import DataTerm
from ._design import Design
from ._layout import Layout

__all__ = ["RestrictedObjective"]

Array = NDArray[Any]


class RestrictedObjective:
    """F as a function of the parameters of some features and of the intercepts, up to a constant.

    Parameters
    ----------
    objective : LinearObjective
        The whole; the smooth part of its prior is quadratic with a diagonal precision.
    parameters : ndarray of int
        Places in w that have to be among those of the restriction.
    w : ndarray of shape (m,)
        Where all others are held.

    Attributes
    ----------
    indices : ndarray of int
        Places in w of the parameters of the restriction, in their order.
    penalty : SeparablePenalty
        Their part of h.
    """

    def __init__(self, objective: Any, parameters: Array, w: Array) -> None:
        whole: DataTerm = objective.data
        layout = whole.layout
        self.objective = objective
        column = parameters % layout.width
        features = np.unique(column[column < layout.n_features])
        is_whole = features.size == layout.n_features
        self.layout = Layout(features.size, layout.n_classes, layout.fit_intercept)
        self.indices = _places(layout, features)
        design = whole.design
        if not is_whole:
            mean = None if design.mean is None else design.mean[features]
            design = Design(_taken(design.X, features), mean)
        self.data = DataTerm(
            design, whole.y, whole.likelihood, whole.weight, whole.offset, self.layout
        )
        outside = np.array(w, dtype=np.float64)
        outside[self.indices] = 0.0
        self._outside = outside
        if np.any(outside):
            self.data.offset = whole.linear_predictor(outside)
        self.penalty = _part_of(objective.penalty, self.indices)
        self._set_quadratic(w)

    def _set_quadratic(self, w: Array) -> None:
        # The smooth part of the prior as Σ ½ precision (w − centre)².
        precision = np.concatenate(self.objective.prior.precisions(w))
        slope = np.zeros(w.size)
        self.objective.prior.add_gradient(w.astype(np.float64), slope)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = np.where(precision > 0.0, w - slope / precision, 0.0)
        self.precision, self.centre = precision[self.indices], centre[self.indices]

    def value(self, w: Array) -> float:
        """Return F, up to a constant."""
        return self.data.value(w) + self._smooth_prior(w) + self.penalty.value(w)

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        """Return f and its gradient."""
        value, gradient = self.data.value_and_gradient(w)
        return value + self._smooth_prior(w), gradient + self.precision * (w - self.centre)

    def _smooth_prior(self, w: Array) -> float:
        d = w - self.centre
        return 0.5 * float(self.precision @ (d * d))

    def hessian_and_square(self, w: Array) -> tuple[Array, float]:
        """Return the expected Hessian of f, and Σ slope² / curvature: twice what f could fall if each eta were free."""
        d = self.data.curvature(w, expected=True)
        hessian = self.data.blocks(self.data.design, d).astype(np.float64, copy=False)
        hessian.flat[:: len(hessian) + 1] += self.precision
        value = self.data.value(w)
        if d.ndim > 1:  # of labels: f is at least 0, and the curvature has no inverse
            return hessian, 2.0 * value + 2.0 * self._smooth_prior(w)
        slope = self._slope(w).astype(np.float64)
        square = np.divide(slope * slope, d, out=np.zeros_like(slope), where=d > 0.0)
        return hessian, float(square.sum()) + 2.0 * self._smooth_prior(w)

    def full_gradient(self, w: Array) -> Array:
        """Return the gradient of f by all parameters of the whole objective, (m,)."""
        slope = self._slope(w)
        whole = self.objective
        coef = -whole.design.rmatvec(slope).T.astype(np.float64)
        gradient = whole.layout.join(coef, -slope.sum(axis=0, dtype=np.float64))
        whole.prior.add_gradient(self.embed(w), gradient)
        return gradient

    def _slope(self, w: Array) -> Array:
        data = self.data
        slope = data.likelihood.value_and_gradient(data.y, data.linear_predictor(w))[1]
        if data.weight is None:
            return slope
        return slope * data.weight.reshape((-1,) + (1,) * (slope.ndim - 1))

    def embed(self, w: Array) -> Array:
        """Return all parameters of the whole objective, (m,)."""
        full = self._outside.copy()
        full[self.indices] = w
        return full


def _places(layout: Layout, features: Array) -> Array:
    """Return the places in w of these features and of the intercepts, for all outputs."""
    columns = np.append(features, layout.n_features) if layout.fit_intercept else features
    outputs = np.arange(layout.n_classes or 1)
    return np.ravel(outputs[:, None] * layout.width + columns)


def _taken(X: Any, features: Array) -> Any:
    """Return some columns; of a dense X in memory order by column, which its products like best."""
    if isinstance(X, np.ndarray):
        return np.asfortranarray(X[:, features])
    return X[:, features]


def _part_of(penalty: SeparablePenalty, S: Array) -> SeparablePenalty:
    return SeparablePenalty(
        penalty.loc[S], penalty.l1[S], penalty.l2[S], penalty.lower[S], penalty.upper[S]
    )
