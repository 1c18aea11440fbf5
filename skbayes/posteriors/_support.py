"""The covariance of parameters most of which are known exactly: zero, or at a bound."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._forms import CovarianceForm

__all__ = ["SupportForm"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class SupportForm(CovarianceForm):
    """Some of the parameters are uncertain, all others known.

    Parameters
    ----------
    n_parameters : int
        m.
    index : ndarray of int of shape (k,)
        Which are uncertain, ascending.
    inner : CovarianceForm
        Their covariance.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import DiagonalForm, SupportForm
    >>> SupportForm(3, np.array([1]), DiagonalForm(np.array([4.0]))).variance()
    array([0., 4., 0.])
    """

    n_parameters: int
    index: Array
    inner: CovarianceForm

    @property
    def size(self) -> int:
        return self.n_parameters

    @property
    def log_det(self) -> float:
        return self.inner.log_det

    def _spread(self, columns: Array) -> Array:
        spread = np.zeros((*columns.shape[:-1], self.n_parameters))
        spread[..., self.index] = columns
        return spread

    def variance(self) -> Array:
        return self._spread(self.inner.variance())

    def along(self, A: Any) -> Array:
        return self.inner.along(A[:, self.index])

    def times(self, A: Any) -> Array:
        return self._spread(self.inner.times(A[:, self.index]))

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        return self._spread(self.inner.draw(n, rng))

    def squared_distance(self, D: Array) -> Array:
        return self.inner.squared_distance(D[:, self.index])

    @property
    def undetermined_directions(self) -> Array | None:
        directions = self.inner.undetermined_directions
        return None if directions is None else self._spread(directions.T).T

    def dense(self) -> Array:
        covariance = np.zeros((self.n_parameters, self.n_parameters))
        covariance[np.ix_(self.index, self.index)] = self.inner.dense()
        return covariance

    def precision(self) -> Array:
        """Precision of the uncertain parameters, zero of the others.

        Returns
        -------
        precision : ndarray of shape (m, m) or (m,)
            As the inner form states it.
        """
        inner = self.inner.precision()
        if inner.ndim == 1:
            return self._spread(inner)
        precision = np.zeros((self.n_parameters, self.n_parameters))
        precision[np.ix_(self.index, self.index)] = inner
        return precision
