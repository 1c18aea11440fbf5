"""All that least squares needs to know of any number of rows, kept in a matrix of the size of the parameters.

Notation: B = (X, y) (n, q) rows of features and target, q = p + 1, s their weights, N = Σ s; μ (q,) their means and R
(q, q) the triangular root of the squares about these: RᵀR = Σ s_i (b_i − μ)(b_i − μ)ᵀ. A Gaussian likelihood depends
on the data through N, μ and R alone, and so does everything that is fitted with it, whatever the prior.

R is updated by Householder reflections of R and new rows: it keeps the digits that the root of a Gram would lose, and
it exists for constant and collinear columns.

References
----------
.. [1] Chan, Golub, LeVeque (1983). Algorithms for computing the sample variance. The American Statistician 37, 242-247.
   doi:10.1080/00031305.1983.10483115
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

__all__ = ["SufficientRows"]

Array = NDArray[Any]

# Rows reflected at once, at least; and at least as many times q: the old R then costs a fraction of the new rows.
_ROWS_AT_ONCE, _TIMES = 1024, 4


@dataclass(frozen=True)
class SufficientRows:
    """N, μ and R of the rows so far.

    Attributes
    ----------
    total : float
        N.
    mean : ndarray of shape (q,)
        μ, the target last.
    root : ndarray of shape (q, q)
        R, upper triangular.
    """

    total: float
    mean: Array
    root: Array

    @classmethod
    def none(cls, n_features: int) -> "SufficientRows":
        """Return what is known of no rows at all."""
        q = n_features + 1
        return cls(0.0, np.zeros(q), np.zeros((q, q)))

    def with_rows(self, X: Any, y: Array, weight: Array | None) -> "SufficientRows":
        """Return N, μ and R with the rows of X (n, p) and y (n,) added; X may be sparse."""
        known = self
        size = max(_ROWS_AT_ONCE, _TIMES * self.mean.size)
        for start in range(0, y.shape[0], size):
            rows = slice(start, start + size)
            block = X[rows].toarray() if sparse.issparse(X) else X[rows]
            joint = np.column_stack([block, y[rows]]).astype(np.float64, copy=False)
            known = known._merged(joint, None if weight is None else weight[rows])
        return known

    def _merged(self, joint: Array, weight: Array | None) -> "SufficientRows":
        added = float(joint.shape[0] if weight is None else weight.sum(dtype=np.float64))
        if added == 0.0:
            return self
        mean = np.average(joint, axis=0, weights=weight)
        joint -= mean
        if weight is not None:
            joint *= np.sqrt(weight)[:, None]
        total = self.total + added
        shift = mean - self.mean
        between = np.sqrt(self.total * added / total) * shift
        stacked = np.vstack([self.root, joint, between])
        (root,) = linalg.qr(stacked, mode="r", overwrite_a=True, check_finite=False)
        return SufficientRows(total, self.mean + (added / total) * shift, root[: mean.size])

    def as_rows(self) -> tuple[Array, Array, Array]:
        """Return X, y and weights of 2 q rows with the same N, μ and R: μ plus and minus multiples of the rows of R.

        Whatever has a Gaussian likelihood is fitted to these as it would be to the rows that they stand for.
        """
        q = self.mean.size
        weight = np.full(2 * q, self.total / (2 * q))
        spread = np.sqrt(q / self.total) * self.root
        joint = self.mean + np.vstack([spread, -spread])
        return joint[:, :-1], np.ascontiguousarray(joint[:, -1]), weight
