"""The covariance of parameters of which a few have no prior, and follow the others."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._dense import DenseForm
from ._forms import CovarianceForm, as_dense, chunks_of

__all__ = ["BorderedForm"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class BorderedForm(CovarianceForm):
    """Parameters with a covariance, and a few that follow them: θ_U = −C θ_B + ξ, ξ independent of θ_B.

    That is what integrating out a flat parameter leaves: the intercept follows the coefficients by the means of the
    features, and is uncertain by the noise beside.

    Parameters
    ----------
    border : ndarray of int of shape (u,)
        Places of U among all m parameters, ascending.
    slope : ndarray of shape (u, m − u)
        C.
    inner : CovarianceForm
        Of θ_B.
    outer : DenseForm
        Of ξ.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import BorderedForm, DenseForm, DiagonalForm
    >>> noise = DenseForm.of_precision(np.array([[1.0]]))
    >>> form = BorderedForm(np.array([1]), np.array([[2.0]]), DiagonalForm(np.array([0.5])), noise)
    >>> print(form.dense())
    [[ 0.5 -1. ]
     [-1.   3. ]]
    """

    border: Array
    slope: Array
    inner: CovarianceForm
    outer: DenseForm

    @property
    def size(self) -> int:
        return self.inner.size + self.border.size

    @property
    def log_det(self) -> float:
        return self.inner.log_det + self.outer.log_det

    @cached_property
    def _rest(self) -> Array:
        inside = np.ones(self.size, dtype=bool)
        inside[self.border] = False
        return np.flatnonzero(inside)

    def _parted(self, A: Any) -> tuple[Array, Array]:
        """Return the rows as they are in (θ_B, ξ)."""
        of_border = as_dense(A[:, self.border])
        if not np.any(of_border):
            return A[:, self._rest], of_border
        return as_dense(A[:, self._rest]) - of_border @ self.slope, of_border

    def along(self, A: Any) -> Array:
        along = np.empty(A.shape[0])
        for part in chunks_of(A.shape[0], self.size):
            inner, outer = self._parted(A[part])
            along[part] = self.inner.along(inner) + self.outer.along(outer)
        return along

    def variance(self) -> Array:
        variance = np.empty(self.size)
        variance[self._rest] = self.inner.variance()
        variance[self.border] = self.inner.along(self.slope) + self.outer.variance()
        return variance

    def between_outputs(self, A: Any, K: int) -> Array:
        width = self.size // K
        if not np.array_equal(self.border, np.arange(1, K + 1) * width - 1):
            return super().between_outputs(A, K)
        # The border are the last parameters of the outputs: a row in the place of output k, less its part in C.
        rows, last = A[:, :-1], as_dense(A[:, [-1]])
        product = self.inner.times(self.slope)  # (K, m − K)
        cross = np.stack([as_dense(rows @ of_l.reshape(K, -1).T) for of_l in product], axis=2)
        cross *= last[:, :, None]
        constant = self.slope @ product.T + self.outer.times(np.eye(K))
        between = self.inner.between_outputs(rows, K)
        between += constant * np.square(last)[:, :, None] - cross - cross.transpose(0, 2, 1)
        return between

    @property
    def undetermined_directions(self) -> Array | None:
        inner, outer = self.inner.undetermined_directions, self.outer.undetermined_directions
        moved = []
        if inner is not None:
            moved.append((inner, -self.slope @ inner))
        if outer is not None:
            moved.append((np.zeros((self._rest.size, outer.shape[1])), outer))
        if not moved:
            return None
        directions = np.empty((self.size, sum(part.shape[1] for part, _ in moved)))
        directions[self._rest] = np.hstack([of_rest for of_rest, _ in moved])
        directions[self.border] = np.hstack([of_border for _, of_border in moved])
        return directions

    def times(self, A: Any) -> Array:
        inner, outer = self._parted(A)
        product = np.empty((A.shape[0], self.size))
        of_rest = self.inner.times(inner)
        product[:, self._rest] = of_rest
        product[:, self.border] = self.outer.times(outer) - of_rest @ self.slope.T
        return product

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        draws = np.empty((n, self.size))
        draws[:, self._rest] = self.inner.draw(n, rng)
        draws[:, self.border] = self.outer.draw(n, rng) - draws[:, self._rest] @ self.slope.T
        return draws

    def squared_distance(self, D: Array) -> Array:
        inner = D[:, self._rest]
        noise = D[:, self.border] + inner @ self.slope.T
        return self.inner.squared_distance(inner) + self.outer.squared_distance(noise)

    def precision(self) -> Array:
        """State the precision of all parameters.

        Returns
        -------
        precision : ndarray of shape (m, m) or (m,)
            As the inner form states it: a vector is the diagonal.
        """
        inner, outer = self.inner.precision(), self.outer.precision()
        cross = outer @ self.slope
        if inner.ndim == 1:
            precision = np.empty(self.size)
            precision[self._rest] = inner + np.einsum("ij,ij->j", self.slope, cross)
            precision[self.border] = np.diag(outer)
            return precision
        matrix = np.empty((self.size, self.size))
        matrix[np.ix_(self._rest, self._rest)] = inner + self.slope.T @ cross
        matrix[np.ix_(self.border, self._rest)] = cross
        matrix[np.ix_(self._rest, self.border)] = cross.T
        matrix[np.ix_(self.border, self.border)] = outer
        return matrix
