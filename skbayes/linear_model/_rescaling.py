"""The objective in coordinates that suit steps along the gradient: each direction with about the same curvature.

Notation: N the number of rows, H the Hessian of f at some w, for each output W = (coefficients, intercept), (width,).
Without kinks and bounds z = R W with Rᵀ R = H / N, R triangular. With them only what leaves a kink or a bound of one
coefficient where it is: z_j = r_j w_j with r_j² the centred H_jj / N, and the intercept is that at the means of the
features. Newton's step in f is then near −∇f(z) / N, and a move of 1/√N near one posterior standard deviation. X is not
touched: values and gradients are of the objective as given.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ._preconditioner import gram_diagonal, sample_rows

__all__ = ["Coordinates", "RescaledObjective", "coordinates_at"]

Array = NDArray[Any]

# The widest triangular map: a step on 256 rows then costs at most about twice what it costs without.
_WIDEST = 300
# Added to the unit diagonal of the scaled curvature: a sample of rows knows its smallest eigenvalues to no better part.
_RIDGE = 1e-3


class Coordinates(Protocol):
    """A linear map of the parameters of each output; rows are outputs."""

    def into(self, W: Array) -> Array:
        """Return z for rows W, (K, width)."""

    def out_of(self, Z: Array) -> Array:
        """Return W for rows z, (K, width)."""

    def gradient(self, G: Array) -> Array:
        """Return the gradient by z for one by W, (K, width)."""


class Triangular:
    """z = R W.

    Parameters
    ----------
    factor : ndarray of shape (width, width)
        R, upper triangular with a positive diagonal.
    """

    def __init__(self, factor: Array) -> None:
        self.factor = factor
        self.inverse = linalg.solve_triangular(factor, np.eye(len(factor)))

    def into(self, W: Array) -> Array:
        return W @ self.factor.T.astype(W.dtype, copy=False)

    def out_of(self, Z: Array) -> Array:
        return Z @ self.inverse.T.astype(Z.dtype, copy=False)

    def gradient(self, G: Array) -> Array:
        return G @ self.inverse.astype(G.dtype, copy=False)


class Scaled:
    """z_j = r_j w_j, and z of the intercept is r times the linear predictor at the means of the features.

    Parameters
    ----------
    scale : ndarray of shape (width,)
        r, positive.
    mean : ndarray of shape (n_features,) or None
        Means of the features; None: the intercept, if any, is as it is.
    """

    def __init__(self, scale: Array, mean: Array | None) -> None:
        self.scale = scale
        self.mean = mean

    def into(self, W: Array) -> Array:
        Z = W * self.scale.astype(W.dtype, copy=False)
        if self.mean is not None:
            Z[:, -1] += (W[:, :-1] @ self.mean.astype(W.dtype)) * self.scale[-1]
        return Z

    def out_of(self, Z: Array) -> Array:
        W = Z / self.scale.astype(Z.dtype, copy=False)
        if self.mean is not None:
            W[:, -1] -= W[:, :-1] @ self.mean.astype(Z.dtype)
        return W

    def gradient(self, G: Array) -> Array:
        if self.mean is not None:
            G = G.copy()
            G[:, :-1] -= np.outer(G[:, -1], self.mean.astype(G.dtype))
        return G / self.scale.astype(G.dtype, copy=False)


class RescaledObjective:
    """An objective in other coordinates.

    Parameters
    ----------
    objective : LinearObjective
        In w.
    coordinates : Coordinates
        Between w and z.
    total : float
        N: how many rows the objective stands for.
    """

    def __init__(self, objective: Any, coordinates: Coordinates, total: float) -> None:
        self.objective = objective
        self.coordinates = coordinates
        self.total = total

    @property
    def n_samples(self) -> int:
        """Rows that batches are taken from."""
        return self.objective.n_samples

    def _rows(self, w: Array) -> Array:
        return w.reshape(-1, self.objective.layout.width)

    def into(self, w: Array) -> Array:
        """Return z."""
        return self.coordinates.into(self._rows(w)).ravel()

    def out_of(self, z: Array) -> Array:
        """Return w."""
        return self.coordinates.out_of(self._rows(z)).ravel()

    def value_and_gradient(self, z: Array) -> tuple[float, Array]:
        """Return f and its gradient by z."""
        value, gradient = self.objective.value_and_gradient(self.out_of(z))
        return value, self.coordinates.gradient(self._rows(gradient)).ravel()

    def prox(self, z: Array, step: float | Array) -> Array:
        """Return argmin_x ½ Σ (x_j − z_j)² / step_j + h(x), in these coordinates."""
        if not isinstance(self.coordinates, Scaled):
            return z  # without kinks and bounds h is constant
        # One at a time the coefficients are a multiple of their coordinates, and h leaves the intercept alone.
        scale = np.tile(self.coordinates.scale, self._rows(z).shape[0]).astype(z.dtype)
        w = self.objective.prox(z / scale, step / scale**2)
        return (w * scale).astype(z.dtype, copy=False)

    def batch(self, rows: Any) -> "RescaledObjective":
        """Return the objective of some rows, scaled to all of them, in the same coordinates."""
        return RescaledObjective(self.objective.batch(rows), self.coordinates, self.total)

    def loss(self, rows: Any, z: Array) -> float:
        """Return −log p(y given z) of some rows, on average, without terms free of z."""
        data = self.objective.data.part(rows, 1.0)
        return data.value(self.out_of(z)) / data.n_samples


def coordinates_at(objective: Any, w: Array, total: float) -> Coordinates:
    """Return coordinates in which the Hessian of f at w is near N times the identity.

    Parameters
    ----------
    objective : LinearObjective
        Of N rows, or of some that stand for them.
    w : ndarray of shape (m,)
        Where.
    total : float
        N.
    """
    data, layout = _sample(objective.data), objective.layout
    precision = np.mean([_diagonal(block) for block in objective.prior.precisions(w)], axis=0)
    precision = np.maximum(
        precision, 0.0
    )  # priors that are not log-concave have less than none in their tails
    d = _curvature(data, w)
    if "smooth" in objective.offers and layout.width <= _WIDEST:
        return Triangular(_root(_gram(data, d) + np.diag(precision)) / np.sqrt(total))
    squares, means = _moments(data, d, layout.fit_intercept and objective.prior.leaves_intercept)
    curvature = squares + precision
    return Scaled(np.sqrt(np.where(curvature > 0.0, curvature, 1.0) / total), means)


def _sample(data: Any) -> Any:
    """Return the data term of as many rows as say enough, scaled to all."""
    rows = sample_rows(data.n_samples, data.layout.width, data.design.is_sparse)
    return data if rows is None else data.part(rows, data.n_samples / rows.size)


def _diagonal(precision: Array) -> Array:
    return precision if precision.ndim == 1 else np.diag(precision)


def _curvature(data: Any, w: Array) -> Array:
    d = data.curvature(w, expected=True)
    return d if d.ndim == 1 else np.einsum("nkk->n", d) / d.shape[1]  # of classes: their mean


def _gram(data: Any, d: Array) -> Array:
    width = data.layout.width
    gram = np.zeros((width, width))
    for rows in data.chunks():
        gram += data.bordered_gram(data.design.rows(rows), d[rows])
    return gram


def _root(gram: Array) -> Array:
    """Return the upper triangular R with Rᵀ R = gram, a little ridge added."""
    diagonal = np.diag(gram).copy()
    diagonal[diagonal <= 0.0] = 1.0
    size = np.sqrt(diagonal)
    scaled = gram / size / size[:, None]
    np.fill_diagonal(scaled, 1.0 + _RIDGE)
    root: Array = linalg.cholesky(scaled) * size
    return root


def _moments(data: Any, d: Array, centre: bool) -> tuple[Array, Array | None]:
    """Return the sums of squares of the columns weighted by d, and their means; about the means if `centre`."""
    squares = gram_diagonal(data, d)
    if not centre:
        return squares, None
    n_features = data.layout.n_features
    means = data.design.rmatvec(d).astype(np.float64) / squares[-1]
    about = squares[:n_features] - squares[-1] * means**2
    # A column that is constant but for rounding keeps the size of that rounding.
    squares[:n_features] = np.maximum(about, np.finfo(np.float32).eps ** 2 * squares[:n_features])
    return squares, means
