"""All that least squares needs to know of any number of rows, kept in a matrix of the size of the parameters.

Notation: B = (X, Y) (n, q) rows of p features and k targets, q = p + k, s their weights, N = Σ s; μ (q,) their means
and R (r, q) a root of the squares about these: RᵀR = Σ s_i (b_i − μ)(b_i − μ)ᵀ, r ≤ q and not above the number of rows.
A Gaussian likelihood depends on the data through N, μ and R alone, and so does everything that is fitted with it,
whatever the prior.

R is updated by Householder reflections of R and new rows: it keeps the digits that the root of a Gram would lose, and
it exists for constant and collinear columns. Of many rows at once it is the Cholesky factor of their Gram, which is
faster, where that loses next to nothing. Means are counted from an origin near the rows, so that a column far
from zero keeps the digits of its spread.

References
----------
.. [1] Chan, Golub, LeVeque (1983). Algorithms for computing the sample variance. The American Statistician 37, 242-247.
   doi:10.1080/00031305.1983.10483115
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from ._design import blocks
from ._moments import moments_of
from ._symmetric import cholesky

__all__ = ["SufficientRows"]

Array = NDArray[Any]

# Rows reflected at once, at least; and at least as many times q: the old R then costs a fraction of the new rows.
_ROWS_AT_ONCE, _TIMES = 1024, 4
# A Cholesky factor of the squares has as many digits as this leaves; below, reflections keep twice as many.
_WELL_CONDITIONED = 1e-5
# A column this many spreads from zero has lost half of its digits before anything is done to it.
_LONGEST = 2.0**26


@dataclass(frozen=True)
class SufficientRows:
    """N, μ and R of the rows so far.

    Attributes
    ----------
    total : float
        N.
    origin : ndarray of shape (q,)
        A point among the rows, the targets last.
    shift : ndarray of shape (q,)
        μ minus the origin.
    root : ndarray of shape (r, q)
        R, upper trapezoidal.
    n_targets : int
        k.
    n_rows : int
        How many rows they are, whatever their weights.
    """

    total: float
    origin: Array
    shift: Array
    root: Array
    n_targets: int
    n_rows: int = 0

    @classmethod
    def none(cls, n_features: int, n_targets: int = 1) -> "SufficientRows":
        """Return what is known of no rows at all."""
        q = n_features + n_targets
        return cls(0.0, np.zeros(q), np.zeros(q), np.zeros((0, q)), n_targets)

    @property
    def mean(self) -> Array:
        """μ."""
        return self.origin + self.shift

    @property
    def n_features(self) -> int:
        """p."""
        return self.origin.size - self.n_targets

    def with_rows(self, X: Any, y: Array, weight: Array | None) -> "SufficientRows":
        """Return N, μ and R with the rows of X (n, p) and y (n,) or (n, k) added; X may be sparse."""
        if y.shape[0] >= _TIMES * self.origin.size:
            found = _by_gram(X, y.reshape(len(y), -1), weight)
            if found is not None:
                return self.merged(found)
        known = self
        size = max(_ROWS_AT_ONCE, _TIMES * self.origin.size)
        for start in range(0, y.shape[0], size):
            rows = slice(start, start + size)
            block = X[rows].toarray() if sparse.issparse(X) else X[rows]
            joint = np.column_stack([block, y[rows]]).astype(np.float64, copy=False)
            some = None if weight is None else weight[rows]
            known = known.merged(_of_block(joint, some, self.n_targets))
        return known

    def merged(self, other: "SufficientRows") -> "SufficientRows":
        """Return what is known of the rows of both."""
        n_rows = self.n_rows + other.n_rows
        if other.total == 0.0:
            return replace(self, n_rows=n_rows)
        if self.total == 0.0:
            return replace(other, n_rows=n_rows)
        total = self.total + other.total
        # Origins are near each other if rows are: their difference loses nothing of the spread.
        shift = (other.origin - self.origin) + other.shift - self.shift
        between = np.sqrt(self.total * (other.total / total)) * shift
        root = _reflected(np.vstack([self.root, other.root, between]))
        mean = self.shift + (other.total / total) * shift
        return SufficientRows(total, self.origin, mean, root, self.n_targets, n_rows)

    def as_rows(self) -> tuple[Array, Array, Array]:
        """Return X (m, p), Y (m, k) and weights of m ≤ 2 q + 1 rows with the same N, μ and R.

        Whatever has a Gaussian likelihood is fitted to these as it would be to the rows that they stand for.
        """
        # μ plus and minus c times the rows of R, at weight 1 / 2c² each, and the rest of the weight at μ. Where a mean
        # is far above its spread, c makes the steps as long as the way from zero, so that adding them rounds nothing.
        mean, r, p = self.mean, len(self.root), self.n_features
        if r == 0:  # a single row
            return mean[None, :p], mean[None, p:], np.array([self.total])
        spread = np.linalg.norm(self.root, axis=0)
        far = np.divide(
            np.abs(mean) * np.sqrt(self.total), spread, out=np.zeros_like(mean), where=spread > 0.0
        )
        stretch = float(np.clip(far.max(initial=0.0), 1.0, _LONGEST))
        c = np.sqrt(r / self.total) * stretch
        joint = mean + np.vstack([c * self.root, -c * self.root])
        weight = np.full(2 * r, 0.5 / c**2)
        if stretch > 1.0:
            joint = np.vstack([joint, mean])
            weight = np.append(weight, self.total * (1.0 - stretch**-2.0))
        return joint[:, :p], np.ascontiguousarray(joint[:, p:]), weight


def _by_gram(X: Any, Y: Array, weight: Array | None) -> SufficientRows | None:
    """Return what is known of many rows by a Cholesky factor; None where that would lose too many digits."""
    if weight is not None and not np.any(weight):
        return None
    moments = moments_of(X, Y, weight, True, np.float64)
    p = X.shape[1]
    # The moments hold the sum of the squares of rounded roots: whole weights have a whole sum here.
    total = float(len(Y) if weight is None else weight.sum(dtype=np.float64))
    mean = np.append(moments.mean, moments.target_mean)
    V = np.asarray(Y - moments.target_mean, dtype=np.float64)
    power = V.T @ (V if weight is None else weight[:, None] * V)
    gram = np.block([[moments.gram, moments.cross], [moments.cross.T, power]])
    factor = cholesky(gram)
    if factor is None or factor.rcond < _WELL_CONDITIONED or np.any(np.diag(gram) <= 0.0):
        return None
    root = np.asarray(factor.lower.T) / factor.scale
    # The mean of a column far from zero is rounded: what it lacks is added to the shift.
    shift = np.zeros(mean.size)
    if not sparse.issparse(X):
        for rows in blocks(len(Y), p):
            s = None if weight is None else weight[rows]
            shift[:p] += _sums(X[rows] - moments.mean, s) / total
        shift[p:] = _sums(V, weight) / total
    return SufficientRows(total, mean, shift, root, Y.shape[1], len(Y))


def _sums(rows: Array, weight: Array | None) -> Array:
    summed: Array = rows.sum(axis=0, dtype=np.float64) if weight is None else weight @ rows
    return summed


def _of_block(joint: Array, weight: Array | None, n_targets: int) -> SufficientRows:
    """Return what is known of a few rows, (m, q)."""
    total = float(joint.shape[0] if weight is None else weight.sum(dtype=np.float64))
    if total == 0.0:
        none = SufficientRows.none(joint.shape[1] - n_targets, n_targets)
        return replace(none, n_rows=len(joint))
    origin = joint[0].copy()
    joint -= origin
    shift = np.average(joint, axis=0, weights=weight)
    joint -= shift
    root = np.ones(len(joint)) if weight is None else np.sqrt(weight)
    joint *= root[:, None]
    if len(joint) <= joint.shape[1]:
        joint = _without_mean(joint, root)
    n_rows = len(joint)
    return SufficientRows(total, origin, shift, _reflected(joint), n_targets, n_rows)


def _without_mean(rows: Array, root: Array) -> Array:
    """Return one row less with the same squares: the direction of the root weights, along which centred rows are zero.

    A Householder reflection takes it to the first row, which is then zero.
    """
    axis = root / np.linalg.norm(root)
    axis[0] += np.copysign(1.0, axis[0])
    reflected: Array = rows - np.outer(axis / abs(axis[0]), axis @ rows)
    return reflected[1:]


def _reflected(rows: Array) -> Array:
    """Return R with RᵀR that of the rows, of no more rows than columns."""
    if not len(rows):  # a single row, whose squares about the mean are none
        return rows
    (root,) = linalg.qr(rows, mode="r", overwrite_a=True, check_finite=False)
    return np.asarray(root[: rows.shape[1]])
