"""What the data add to the objective: −Σ_i s_i log p(y_i given eta_i) and its derivatives in w.

Notation: n samples, p features, K classes; eta = X w + intercept + offset, (n,) or (n, K); s_i sample weights;
d_i = −s_i ∂² log p / ∂eta² the curvature of sample i.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..likelihoods import Likelihood
from ._design import Design
from ._layout import Layout

__all__ = ["DataTerm"]

Array = NDArray[Any]

# Rows are taken in chunks of this many bytes of X: the second product with a chunk finds it in the cache of the core
# still, and what is held beside X stays small. At 100000 x 100 all of X at once takes half as long again, and chunks of
# half or twice the size are alike (benchmarks/constants.py chunks). With classes half of it: the other half is for the
# copies that a product of two matrices packs.
_CHUNK_BYTES = 2**20


class DataTerm:
    """Negative log likelihood of all rows as a function of w.

    Parameters
    ----------
    design : Design
        X.
    y : ndarray of shape (n,)
        Targets; classes as 0 .. K − 1.
    likelihood : Likelihood
        Without unknowns of its own.
    weight : ndarray of shape (n,) or None
        s; None: ones.
    offset : ndarray of shape (n,) or (n, K) or None
        Added to eta; None: zeros.
    layout : Layout
        Where in w the coefficients are.
    """

    def __init__(
        self,
        design: Design,
        y: Array,
        likelihood: Likelihood,
        weight: Array | None,
        offset: Array | None,
        layout: Layout,
    ) -> None:
        self.design = design
        self.y = y
        self.likelihood = likelihood
        # In the type of X: products of mixed types would copy X.
        self.weight = None if weight is None else weight.astype(design.dtype, copy=False)
        self.offset = None if offset is None else offset.astype(design.dtype, copy=False)
        self.layout = layout
        self.n_samples = design.shape[0]

    def chunks(self) -> Iterator[slice]:
        """Yield slices of rows that cost no copy of X: all rows at once if X is sparse."""
        if self.design.is_sparse:
            yield slice(0, self.n_samples)
            return
        row_bytes = max(1, self.layout.n_features * self.design.dtype.itemsize)
        chunk_bytes = _CHUNK_BYTES if self.layout.n_classes is None else _CHUNK_BYTES // 2
        size = max(256, chunk_bytes // row_bytes)
        for start in range(0, self.n_samples, size):
            yield slice(start, min(start + size, self.n_samples))

    def _rows(self, rows: Any) -> Design:
        # All rows of a sparse X as a slice would be a copy.
        is_all = isinstance(rows, slice) and (rows.start or 0) == 0 and rows.stop == self.n_samples
        return self.design if is_all else self.design.rows(rows)

    def _eta(self, w: Array, design: Design, rows: slice) -> Array:
        coef, intercept = self.layout.split(w)
        # Classes apart in memory: sums over the few classes of a row are faster so.
        eta = design.matvec(coef) if coef.ndim == 1 else np.asfortranarray(design.matvec(coef.T))
        eta += intercept
        if self.offset is not None:
            eta += self.offset[rows]
        return eta

    def linear_predictor(self, w: Array) -> Array:
        """Return eta of all rows."""
        w = w.astype(self.design.dtype, copy=False)
        return self._eta(w, self.design, slice(None))

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        """Return the value, without terms free of w, and the gradient; both summed in double precision."""
        cast = w.astype(self.design.dtype, copy=False)
        value = 0.0
        coef_gradient = np.zeros(self.layout.split(w)[0].shape)
        intercept_gradient = np.zeros(coef_gradient.shape[:-1])
        for rows in self.chunks():
            design = self._rows(rows)
            eta = self._eta(cast, design, rows)
            log_density, slope = self.likelihood.value_and_gradient(self.y[rows], eta)
            if self.weight is not None:
                s = self.weight[rows]
                log_density = log_density * s
                slope = slope * (s if slope.ndim == 1 else s[:, None])
            value -= float(np.sum(log_density, dtype=np.float64))
            coef_gradient -= design.rmatvec(slope).T
            intercept_gradient -= slope.sum(axis=0, dtype=np.float64)
        return value, self.layout.join(coef_gradient, intercept_gradient)

    def value(self, w: Array) -> float:
        """Return the value, without terms free of w."""
        cast = w.astype(self.design.dtype, copy=False)
        value = 0.0
        for rows in self.chunks():
            eta = self._eta(cast, self._rows(rows), rows)
            log_density, _ = self.likelihood.value_and_gradient(self.y[rows], eta)
            if self.weight is not None:
                log_density = log_density * self.weight[rows]
            value -= float(np.sum(log_density, dtype=np.float64))
        return value

    def constant(self) -> float:
        """Return what `value` leaves out: the terms of −Σ s log p that are free of w."""
        constant = self.likelihood.log_constant(self.y)
        if self.weight is not None:
            constant = constant * self.weight
        return -float(np.sum(constant, dtype=np.float64))

    def curvature(self, w: Array, rows: Any = None, expected: bool = False) -> Array:
        """Return d of the rows, (n,), or of classes (n, K, K)."""
        take = slice(None) if rows is None else rows
        design = self.design if rows is None else self._rows(rows)
        eta = self._eta(w.astype(self.design.dtype, copy=False), design, take)
        second = self.likelihood.expected_hessian if expected else self.likelihood.hessian
        d = -second(self.y[take], eta)
        if self.weight is not None:
            d *= self.weight[take].reshape((-1,) + (1,) * (d.ndim - 1))
        return d

    def diagonal_curvature(self, w: Array, rows: Array | None = None) -> Array:
        """Return the expected d of the rows, not negative, or for classes only its diagonals: (n,) or (n, K)."""
        K = self.layout.n_classes
        n_rows = self.n_samples if rows is None else rows.size
        d = np.empty(n_rows if K is None else (n_rows, K), dtype=self.design.dtype)
        # For K classes K² numbers per row stand in memory for a moment.
        row_bytes = d.itemsize * (self.layout.n_features + (K or 1) ** 2)
        size = max(1, _CHUNK_BYTES // row_bytes) if K or not self.design.is_sparse else n_rows
        for start in range(0, n_rows, size):
            some = slice(start, min(start + size, n_rows))
            of_rows = self.curvature(w, some if rows is None else rows[some], expected=True)
            d[some] = of_rows if K is None else np.diagonal(of_rows, axis1=1, axis2=2)
        return np.maximum(d, 0.0, out=d)

    def hessian(self, w: Array) -> Array:
        """Return the Hessian, (m, m)."""
        return self.blocks(self.design, self.curvature(w))

    def blocks(self, design: Design, d: Array) -> Array:
        """Return the matrix of the quadratic form Σ_i d_i eta_i² in w: (m, m)."""
        if d.ndim == 1:
            return self.bordered_gram(design, d)
        K, width = d.shape[1], self.layout.width
        matrix = np.empty((K, width, K, width))
        for k in range(K):
            for other in range(k, K):
                block = self.bordered_gram(design, np.ascontiguousarray(d[:, k, other]))
                matrix[k, :, other] = block
                matrix[other, :, k] = block
        return matrix.reshape(K * width, K * width)

    def bordered_gram(self, design: Design, d: Array) -> Array:
        """Return Xᵀ diag(d) X with the row and the column of the intercept: (width, width)."""
        gram = design.gram(d, dtype=np.float64)
        if not self.layout.fit_intercept:
            return gram
        cross = design.rmatvec(d)
        return np.block(
            [[gram, cross[:, None]], [cross[None, :], d.sum(dtype=np.float64)[None, None]]]
        )

    def curvature_operator(self, w: Array, expected: bool = False) -> Callable[[Array], Array]:
        """Return v -> (Hessian of the data term) v, at the price of two products with X."""
        d = self.curvature(w, expected=expected)
        dtype = self.design.dtype

        def multiply(v: Array) -> Array:
            coef, intercept = self.layout.split(v.astype(dtype, copy=False))
            change = self.design.matvec(coef if coef.ndim == 1 else coef.T) + intercept
            slope = d * change if d.ndim == 1 else np.einsum("nkl,nl->nk", d, change)
            product = self.design.rmatvec(slope).T
            return self.layout.join(product.astype(np.float64), slope.sum(axis=0, dtype=np.float64))

        return multiply

    def part(self, rows: Any, scale: float) -> "DataTerm":
        """Return the term of some rows, times `scale`."""
        weight = None if self.weight is None else self.weight[rows]
        if scale != 1.0:
            n_rows = self.y[rows].shape[0]
            ones = np.ones(n_rows, dtype=self.design.dtype) if weight is None else weight
            weight = ones * self.design.dtype.type(scale)
        offset = None if self.offset is None else self.offset[rows]
        return DataTerm(
            self.design.rows(rows), self.y[rows], self.likelihood, weight, offset, self.layout
        )
