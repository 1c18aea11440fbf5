"""The objective in a few of the features, all others held where they are: what a working set is solved on.

Notation: S the chosen features, w_S their parameters (of all outputs) and the intercepts, in the order of a `Layout` of
|S| features; eta = X_S w_S + intercept + offset, where the offset holds the features outside S.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

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
        self._is_copy = not is_whole
        if not is_whole:
            mean = None if design.mean is None else design.mean[features]
            design = Design(_taken(design.X, features), mean)
        self.data = DataTerm(
            design, whole.y, whole.likelihood, whole.weight, whole.offset, self.layout
        )
        outside = np.array(w, dtype=np.float64)
        outside[self.indices] = 0.0
        self._outside = outside
        self._point: _Point | None = None
        self._d: Array = np.empty(0)  # of the last Hessian
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
        return self._at(w).value + self._smooth_prior(w) + self.penalty.value(w)

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        """Return f and its gradient."""
        at = self._at(w)
        gradient = _gradient(self.data.design, self.layout, at.slope)
        return at.value + self._smooth_prior(w), gradient + self.precision * (w - self.centre)

    def hessian(self, w: Array) -> Array:
        """Return the expected Hessian of f, (m, m), row by row in memory."""
        data = self.data
        d = -data.likelihood.expected_hessian(data.y, self._at(w).eta)
        self._d = d if data.weight is None else d * _like(data.weight, d)
        hessian = self._curved(self._d)
        hessian.flat[:: len(hessian) + 1] += self.precision
        return hessian

    def square(self, w: Array) -> float:
        """Return twice what f could fall if each eta were free, by its slopes at w and its last Hessian's curvature."""
        slope = self._at(w).slope.astype(np.float64, copy=False)
        return _free_decrease(slope, self._d) + 2.0 * self._smooth_prior(w)

    def full_gradient(self, w: Array) -> Array:
        """Return the gradient of f by all parameters of the whole objective, (m,)."""
        whole = self.objective
        gradient = _gradient(whole.design, whole.layout, self._at(w).slope)
        whole.prior.add_gradient(self.embed(w), gradient)
        return gradient

    def embed(self, w: Array) -> Array:
        """Return all parameters of the whole objective, (m,)."""
        full = self._outside.copy()
        full[self.indices] = w
        return full

    def _at(self, w: Array) -> "_Point":
        # A step asks for value, gradient and curvature at one point after the other: eta is made once.
        if self._point is None or not np.array_equal(self._point.w, w):
            data = self.data
            eta = data.linear_predictor(w)
            log_density, slope = data.likelihood.value_and_gradient(data.y, eta)
            if data.weight is not None:
                log_density, slope = log_density * data.weight, slope * _like(data.weight, slope)
            value = -float(np.sum(log_density, dtype=np.float64))
            self._point = _Point(np.array(w), eta, value, slope)
        return self._point

    def _smooth_prior(self, w: Array) -> float:
        d = w - self.centre
        return 0.5 * float(self.precision @ (d * d))

    def _curved(self, d: Array) -> Array:
        """Return the matrix of Σ_i d_i eta_i² in the parameters, (m, m), row by row in memory."""
        X = self.data.design.X
        if (
            d.ndim > 1
            or not self._is_copy
            or sparse.issparse(X)
            or self.data.design.mean is not None
        ):
            return np.ascontiguousarray(self.data.blocks(self.data.design, d), dtype=np.float64)
        # The copy of a few columns is small: a second one, scaled, costs less than blocks of it.
        width = self.layout.width
        rows = np.empty((width, len(d)), dtype=X.dtype)
        root = np.sqrt(d)
        np.multiply(X.T, root, out=rows[: X.shape[1]])
        if self.layout.fit_intercept:
            rows[-1] = root
        return np.asarray(rows @ rows.T, dtype=np.float64)


@dataclass(frozen=True)
class _Point:
    """What is known at parameters w: minus the log likelihood, and the weighted slopes of the log likelihood."""

    w: Array
    eta: Array
    value: float
    slope: Array


def _free_decrease(slope: Array, d: Array) -> float:
    """Return Σ_i slope_iᵀ d_i⁻¹ slope_i, over the rows with curvature."""
    if d.ndim == 1:
        return float(np.divide(slope * slope, d, out=np.zeros_like(slope), where=d > 0.0).sum())
    # All classes moved alike change nothing: that direction gets the mean curvature, and slopes have no part in it.
    K = d.shape[1]
    level = np.trace(d, axis1=1, axis2=2)[:, None, None] / K
    least = np.finfo(np.float64).eps
    filled = d + level / K + (least * level + np.finfo(np.float64).tiny) * np.eye(K)
    return float(np.sum(slope * np.linalg.solve(filled, slope[:, :, None])[:, :, 0]))


def _like(weight: Array, a: Array) -> Array:
    return weight.reshape((-1,) + (1,) * (a.ndim - 1))


def _gradient(design: Design, layout: Layout, slope: Array) -> Array:
    """Return the gradient of minus the log likelihood by all parameters of a layout."""
    coef = -design.rmatvec(slope).T.astype(np.float64, copy=False)
    return layout.join(coef, -slope.sum(axis=0, dtype=np.float64))


def _places(layout: Layout, features: Array) -> Array:
    """Return the places in w of these features and of the intercepts, for all outputs."""
    columns = np.append(features, layout.n_features) if layout.fit_intercept else features
    outputs = np.arange(layout.n_classes or 1)
    return np.ravel(outputs[:, None] * layout.width + columns)


def _taken(X: Any, features: Array) -> Any:
    """Return some columns; of a dense X in memory order by column, which its products like best."""
    if isinstance(X, np.ndarray):
        return np.take(X.T, features, axis=0).T
    return X[:, features]


def _part_of(penalty: SeparablePenalty, S: Array) -> SeparablePenalty:
    return SeparablePenalty(
        penalty.loc[S], penalty.l1[S], penalty.l2[S], penalty.lower[S], penalty.upper[S]
    )
