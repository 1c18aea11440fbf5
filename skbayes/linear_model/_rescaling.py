"""The objective in coordinates that suit steps along the gradient: each direction with about the same curvature.

Notation: N the number of rows, H the Hessian of f at some w, for each output W = (coefficients, intercept), (width,).
Without kinks and bounds z = R W with Rᵀ R = H / N, R triangular. With them only what leaves a kink or a bound of one
coefficient where it is: z_j = r_j w_j with r_j² the centred H_jj / N, and the intercept is that at the means of the
features. Newton's step in f is then near −∇f(z) / N, and a move of 1/√N near one posterior standard deviation. X is not
touched: values and gradients are of the objective as given.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ._design import Design
from ._preconditioner import gram_diagonal

__all__ = ["Coordinates", "RescaledObjective", "coordinates_at"]

Array = NDArray[Any]

# The widest triangular map: a step on 256 rows then costs at most about twice what it costs without.
_WIDEST = 300
# Added to the unit diagonal of the scaled curvature: a sample of rows knows its smallest eigenvalues to no better part.
_RIDGE = 1e-3
# Rows that tell the curvature: its eigenvalues within (1 ± 1/√20)², and the scale of a feature to a few percent.
_PER_PARAMETER, _FEWEST = 20, 1000


class Coordinates:
    """z = R w of the coefficients, and z of the intercept is r times the linear predictor at the means of the features.

    Parameters
    ----------
    root : ndarray of shape (p, p) or (p,)
        R, upper triangular, or its diagonal; positive on the diagonal.
    level : float or None
        r, positive; None: there is no intercept.
    means : ndarray of shape (p,)
        Means of the features; zeros leave the intercept as it is.
    """

    def __init__(self, root: Array, level: float | None, means: Array) -> None:
        self.root = root
        self.level = level
        self.means = means
        self.is_diagonal = root.ndim == 1
        if self.is_diagonal:
            self.inverse = 1.0 / root
        else:
            self.inverse = linalg.solve_triangular(root, np.eye(len(root)))

    def into(self, W: Array) -> Array:
        """Return z for rows W, (K, width)."""
        root = self.root.astype(W.dtype, copy=False)
        coef = W[:, : self.means.size]
        Z = np.empty_like(W)
        Z[:, : self.means.size] = coef * root if self.is_diagonal else coef @ root.T
        if self.level is not None:
            Z[:, -1] = (W[:, -1] + coef @ self.means.astype(W.dtype, copy=False)) * self.level
        return Z

    def out_of(self, Z: Array) -> Array:
        """Return W for rows z, (K, width)."""
        inverse = self.inverse.astype(Z.dtype, copy=False)
        scaled = Z[:, : self.means.size]
        coef = scaled * inverse if self.is_diagonal else scaled @ inverse.T
        W = np.empty_like(Z)
        W[:, : self.means.size] = coef
        if self.level is not None:
            W[:, -1] = Z[:, -1] / self.level - coef @ self.means.astype(Z.dtype, copy=False)
        return W

    def gradient(self, G: Array) -> Array:
        """Return the gradient by z for one by W, (K, width)."""
        inverse = self.inverse.astype(G.dtype, copy=False)
        by_coef = G[:, : self.means.size]
        by_z = np.empty_like(G)
        if self.level is not None:
            by_coef = by_coef - np.outer(G[:, -1], self.means.astype(G.dtype, copy=False))
            by_z[:, -1] = G[:, -1] / self.level
        by_z[:, : self.means.size] = by_coef * inverse if self.is_diagonal else by_coef @ inverse
        return by_z

    def scale(self, n_outputs: int) -> Array:
        """Return what each parameter is multiplied by, (m,), where R is diagonal."""
        row = self.root if self.level is None else np.append(self.root, self.level)
        return np.tile(row, n_outputs)


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
        # The last point of `prox` and its coefficients: on kinks and bounds, which rounding would move them off.
        self._at_rest: tuple[Array, Array] | None = None

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
        W = self.coordinates.out_of(self._rows(z))
        if self._at_rest is not None and z is self._at_rest[0]:
            n_features = self.objective.layout.n_features
            W[:, :n_features] = self._rows(self._at_rest[1])[:, :n_features]
        return W.ravel()

    def value_and_gradient(self, z: Array) -> tuple[float, Array]:
        """Return f and its gradient by z."""
        value, gradient = self.objective.value_and_gradient(self.out_of(z))
        return value, self.coordinates.gradient(self._rows(gradient)).ravel()

    def prox(self, z: Array, step: float | Array) -> Array:
        """Return argmin_x ½ Σ (x_j − z_j)² / step_j + h(x), in these coordinates."""
        if not self.coordinates.is_diagonal:
            return z  # without kinks and bounds h is constant
        # The coefficients are a multiple of their coordinates; where the intercept is not, h leaves it alone.
        scale = self.coordinates.scale(self._rows(z).shape[0]).astype(z.dtype, copy=False)
        w = self.objective.prox(z / scale, step / scale**2)
        moved = (w * scale).astype(z.dtype, copy=False)
        self._at_rest = moved, w
        return moved

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
    data, layout, prior = _sample(objective.data), objective.layout, objective.prior
    precision = np.mean([_diagonal(block) for block in prior.precisions(w)], axis=0)
    precision = np.maximum(
        precision, 0.0
    )  # priors that are not log-concave have less than none in their tails
    d = _curvature(data, w)
    sum_d = float(d.sum(dtype=np.float64))
    p = layout.n_features
    if objective.noise_variance > 0.0:
        # To second order noise on the batches is a ridge of this curvature. Without it the directions in which X has
        # next to none would be stretched until the noise in them is all that a step sees.
        precision[:p] += objective.noise_variance * gram_diagonal(data, d)[:p]
    means = np.zeros(p)
    level = None
    if layout.fit_intercept:
        level = _root_or_one(np.array(sum_d + precision[p])) / np.sqrt(total)
        if prior.leaves_intercept and sum_d > 0.0:
            means = data.design.rmatvec(d).astype(np.float64) / sum_d
    if "smooth" in objective.offers and layout.width <= _WIDEST:
        root = _root(_gram(data.design, means, d) + np.diag(precision[:p]))
    else:
        squares = gram_diagonal(data, d)[:p]
        # A column that is constant but for rounding keeps the size of that rounding.
        about = np.maximum(squares - sum_d * means**2, np.finfo(np.float32).eps ** 2 * squares)
        root = _root_or_one(about + precision[:p])
    return Coordinates(root / np.sqrt(total), level, means)


def _sample(data: Any) -> Any:
    """Return the data term of as many rows as say enough, scaled to all."""
    n_rows = max(_FEWEST, _PER_PARAMETER * data.layout.width)
    if data.n_samples < 2 * n_rows:
        return data
    # A seed of its own: the coordinates are no part of the fit's randomness.
    rows = np.random.default_rng(0).choice(data.n_samples, n_rows, replace=False, shuffle=False)
    return data.part(np.sort(rows), data.n_samples / n_rows)


def _diagonal(precision: Array) -> Array:
    return precision if precision.ndim == 1 else np.diag(precision)


def _curvature(data: Any, w: Array) -> Array:
    d = data.curvature(w, expected=True)
    return d if d.ndim == 1 else np.einsum("nkk->n", d) / d.shape[1]  # of classes: their mean


def _gram(design: Design, means: Array, d: Array) -> Array:
    """Return the Gram of the columns about their means."""
    own = 0.0 if design.mean is None else design.mean
    return Design(design.X, means + own).gram(d, np.float64)


def _root_or_one(curvature: Array) -> Array:
    return np.sqrt(np.where(curvature > 0.0, curvature, 1.0))


def _root(gram: Array) -> Array:
    """Return the upper triangular R with Rᵀ R = gram, a little ridge added."""
    size = _root_or_one(np.diag(gram))
    scaled = gram / size / size[:, None]
    np.fill_diagonal(scaled, 1.0 + _RIDGE)
    root: Array = linalg.cholesky(scaled) * size
    return root
