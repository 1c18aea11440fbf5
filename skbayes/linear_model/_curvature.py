"""The curvature of the negative log posterior at a mode, in the parameters that are free there.

Notation: m free parameters; x̃_i the free features of row i and, with an intercept, a one; D_i the curvature of row i in
its linear predictor, a number or (K, K); Q the curvature of the prior; H = Σ_i D_i ⊗ x̃_i x̃_i' + Q.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._design import Design
from ._free import prior_curvatures

__all__ = ["Curvature", "blocks_of", "curvature_at"]

Array = NDArray[Any]

# What rows seen earlier say of two classes cancels to this part of its size, where it cancels.
_ROUNDING = 1e-13


@dataclass(frozen=True)
class Curvature:
    """What H is made of.

    Attributes
    ----------
    design : Design
        The features of which a parameter is free, (n, p).
    d : ndarray of shape (n,) or (n, K, K)
        D of each row, weighted.
    scores : callable
        Without arguments; the gradients of the log likelihood of single rows by the linear predictor, times the roots
        of the weights: (n,) or (n, K).
    expected : callable
        Without arguments; the expectation of `d` over y, which is never negative.
    precisions : list of ndarray
        Q of each output, (width,) or (width, width).
    has_intercept : bool
        Whether there is a free intercept, the last of the `width` parameters of an output.
    picked : ndarray of int of shape (m,) or None
        Of K x width parameters those that are free; None: all of them.
    coupling : ndarray of shape (m, m) or None
        What rows seen earlier add to H between the classes, and within them beyond `precisions`.
    """

    design: Design
    d: Array
    scores: Callable[[], Array]
    expected: Callable[[], Array]
    precisions: list[Array]
    has_intercept: bool
    picked: Array | None = None
    coupling: Array | None = None

    @property
    def n_classes(self) -> int | None:
        """K, or None with one linear predictor."""
        return None if self.d.ndim == 1 else self.d.shape[1]

    @property
    def width(self) -> int:
        """Parameters of one output."""
        return self.design.shape[1] + self.has_intercept

    @property
    def size(self) -> int:
        """Number m of free parameters."""
        return self.n_outputs * self.width if self.picked is None else self.picked.size

    @property
    def n_outputs(self) -> int:
        """Linear predictors of a row."""
        return self.n_classes or 1

    @property
    def has_dense_prior(self) -> bool:
        """Whether the prior ties parameters to each other."""
        return self.coupling is not None or any(q.ndim == 2 for q in self.precisions)

    def pick(self, values: Array) -> Array:
        """Return the entries (..., m) of the free parameters among those of all outputs."""
        return values if self.picked is None else values[..., self.picked]

    @property
    def prior_diagonal(self) -> Array:
        """Diagonal of Q, (m,)."""
        rows = [q if q.ndim == 1 else np.diag(q) for q in self.precisions]
        return self.pick(np.concatenate(rows))

    def convention(self) -> Array | None:
        """Return directions in which all classes move alike and nothing minds, orthonormal, (m, q); None: none."""
        K = self.n_classes
        if K is None:
            return None
        present = np.ones(K * self.width, dtype=bool)
        if self.picked is not None:
            present[:] = False
            present[self.picked] = True
        candidates = present.reshape(K, self.width).all(axis=0)
        if self.coupling is None:
            for q in self.precisions:
                candidates &= ~np.any(np.atleast_2d(q), axis=0)
        places = np.flatnonzero(candidates)
        directions = np.zeros((places.size, K, self.width))
        directions[np.arange(places.size), :, places] = 1.0 / np.sqrt(K)
        rows = self.pick(directions.reshape(places.size, K * self.width))
        if self.coupling is not None and len(rows):
            rows = rows[self._is_null(directions, rows)]
        return rows.T if len(rows) else None

    def shared(self) -> tuple[Array | None, Array | None]:
        """Return directions in which all classes move alike, and the curvature there if it is that of the prior alone.

        The data have none there, and what is left of theirs by rounding may be more than the prior has.
        """
        first = self.precisions[0]
        is_alike = first.ndim == 1 and all(np.array_equal(q, first) for q in self.precisions)
        if self.n_classes is None or not is_alike or not (self.picked is self.coupling is None):
            return self.convention(), None
        K = self.n_classes
        return np.tile(np.eye(self.width), (K, 1)) / np.sqrt(K), first

    def _is_null(self, directions: Array, rows: Array) -> Array:
        """Return in which directions (k, K, width), of rows (k, m), neither prior nor rows seen earlier curve."""
        product = np.stack(
            [
                directions[:, k] * q if q.ndim == 1 else directions[:, k] @ q
                for k, q in enumerate(self.precisions)
            ],
            axis=1,
        )
        pull = self.pick(product.reshape(len(rows), product[0].size)) + rows @ self.coupling
        largest = max(float(np.abs(q).max(initial=0.0)) for q in self.precisions)
        is_null: Array = np.abs(pull).max(axis=1, initial=0.0) <= _ROUNDING * largest
        return is_null

    def convex(self) -> "Curvature":
        """Return the same with curvatures that are nowhere negative: expected over y, and of the prior clipped."""
        d = self.expected()
        d = np.maximum(d, 0.0) if d.ndim == 1 else d
        clipped = [np.maximum(q, 0.0) if q.ndim == 1 else q for q in self.precisions]
        return replace(self, d=d, precisions=clipped)


def curvature_at(objective: Any, w: Array, free: Array) -> Curvature:
    """Return the curvature of an objective at w in its free parameters.

    Parameters
    ----------
    objective : LinearObjective
        Any.
    w : ndarray of shape (m,)
        Where.
    free : ndarray of bool of shape (m,)
        Which parameters are free, one at least.
    """
    data, layout = objective.data, objective.layout
    p = layout.n_features
    grid = free.reshape(-1, layout.width)
    columns = np.flatnonzero(grid[:, :p].any(axis=0))
    has_intercept = bool(layout.fit_intercept and grid[:, -1].any())
    kept = np.append(columns, p) if has_intercept else columns
    precisions = [
        q[kept] if q.ndim == 1 else q[np.ix_(kept, kept)] for q in prior_curvatures(objective, w)
    ]
    picked = np.flatnonzero(grid[:, kept])
    return Curvature(
        design=_some_columns(data.design, columns),
        d=np.asarray(data.curvature(w), dtype=np.float64),
        scores=lambda: _scores(data, w),
        expected=lambda: np.asarray(data.curvature(w, expected=True), dtype=np.float64),
        precisions=precisions,
        has_intercept=has_intercept,
        picked=None if picked.size == grid.shape[0] * kept.size else picked,
        coupling=_coupling(objective, free),
    )


def _some_columns(design: Design, columns: Array) -> Design:
    if columns.size == design.shape[1]:
        return design
    mean = None if design.mean is None else design.mean[columns]
    return Design(design.X[:, columns], mean)


def _scores(data: Any, w: Array) -> Array:
    eta = data.linear_predictor(w)
    slope = np.asarray(data.likelihood.value_and_gradient(data.y, eta)[1], dtype=np.float64)
    if data.weight is None:
        return slope
    root = np.sqrt(data.weight.astype(np.float64))
    return slope * (root if slope.ndim == 1 else root[:, None])


def _coupling(objective: Any, free: Array) -> Array | None:
    """Return what the rows seen earlier say between the classes, (m, m), None if there is no such thing."""
    if not objective.prior.is_coupled:
        return None
    matrix = np.zeros((free.size, free.size))
    objective.prior.add_coupling(matrix)
    index = np.flatnonzero(free)
    return matrix[np.ix_(index, index)]


def blocks_of(part: Curvature, d: Array, design: Design | None = None) -> Array:
    """Return Σ_i d_i ⊗ x̃_i x̃_i' in all parameters of the outputs, (K width, K width)."""
    design = part.design if design is None else design
    if d.ndim == 1:
        return _bordered(design, d, part.has_intercept)
    K, width = d.shape[1], part.width
    matrix = np.empty((K, width, K, width))
    for k in range(K):
        for other in range(k, K):
            block = _bordered(design, np.ascontiguousarray(d[:, k, other]), part.has_intercept)
            matrix[k, :, other] = block
            matrix[other, :, k] = block.T
    return matrix.reshape(K * width, K * width)


def _bordered(design: Design, d: Array, has_intercept: bool) -> Array:
    """Return Z' diag(d) Z with the row and the column of the intercept."""
    p = design.shape[1]
    gram = np.empty((p + has_intercept, p + has_intercept))
    # Off the diagonal of a softmax all are negative; the Gram takes roots.
    negative = d.size and d.max() <= 0.0
    block = design.gram(-d if negative else d, dtype=np.float64)
    gram[:p, :p] = -block if negative else block
    if has_intercept:
        gram[p, :p] = gram[:p, p] = design.rmatvec(d)
        gram[p, p] = d.sum()
    return gram
