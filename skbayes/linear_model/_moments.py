"""Second moments of centred, weighted data, summed in one pass over the rows.

Notation: X (n, p), Y (n, k), s (n,) weights; μ, ν the weighted means (zero without an intercept); Z = X − 1 μᵀ,
V = Y − 1 νᵀ; the moments are ZᵀSZ, ZᵀSV and the diagonal of VᵀSV.

The pass subtracts a provisional mean, that of a sample of the rows, and the difference δ to the mean of all rows is
taken off afterwards. That is exact as long as δ is no larger than the spread of its column; where it is much larger,
the pass is repeated with the mean of all rows. Where the columns are near zero already nothing is subtracted, and no
row is copied.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ._design import (
    add_gram,
    block_buffer,
    blocks,
    fill_block,
    is_thin,
    mirrored,
    product,
    row_major,
    weighted_mean,
)

__all__ = ["Moments", "centred", "joint_products", "moments_of", "provisional_mean"]

Array = NDArray[Any]

# Rows for the provisional mean: it then lies within about a thirtieth of the spread of a column.
_SAMPLE = 1000
# Largest δ² in units of the variance of its column: a correction of that size costs two of sixteen digits.
_LARGEST_SHIFT = 100.0
# A column that differs from its mean by less than this part of it is constant: a few units in the last place.
_ROUNDING = 8 * np.finfo(np.float64).eps
# Sparse columns are centred before the product if their mean square is this much above their variance: less costs no
# more than six of sixteen digits.
_FAR = 1e6


@dataclass(frozen=True)
class Moments:
    """What least squares needs to know of X, Y and s when n is larger than p.

    Attributes
    ----------
    gram : ndarray of shape (p, p)
        ZᵀSZ, float64.
    cross : ndarray of shape (p, k)
        ZᵀSV.
    power : ndarray of shape (k,)
        Σ s V² of each target.
    mean : ndarray of shape (p,)
        μ.
    target_mean : ndarray of shape (k,)
        ν.
    total : float
        Σ s.
    """

    gram: Array
    cross: Array
    power: Array
    mean: Array
    target_mean: Array
    total: float


def moments_of(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool, dtype: Any = None
) -> Moments:
    """Return the moments of X (n, p) and Y (n, k).

    Parameters
    ----------
    X : ndarray or CSR or CSC matrix of shape (n, p)
        Features.
    Y : ndarray of shape (n, k)
        Targets.
    weight : ndarray of shape (n,) or None
        s; None: ones.
    fit_intercept : bool
        Whether means are subtracted.
    dtype : dtype or None
        Of the products within a block of rows; None: that of X. The sums over blocks are in float64.
    """
    n, p = X.shape
    total = float(n if weight is None else weight.sum())
    nu = weighted_mean(Y, weight) if fit_intercept else np.zeros(Y.shape[1])
    if is_thin(X):
        return _of_sparse(X, Y, weight, fit_intercept, nu, total)
    X = row_major(X)
    dtype = np.promote_types(X.dtype, X.dtype if dtype is None else dtype)
    if not fit_intercept:
        return centred(joint_products(X, Y, weight, np.zeros(p), nu, dtype), np.zeros(p), nu, False)
    shift = _shift(X, weight, dtype)
    joint = joint_products(X, Y, weight, shift, nu, dtype)
    delta = joint[:p, -1] / total
    variance = np.diag(joint)[:p] / total - delta**2
    if np.any(delta**2 > _LARGEST_SHIFT * variance + (_ROUNDING * shift) ** 2):
        shift = (shift + delta).astype(dtype)
        joint = joint_products(X, Y, weight, shift, nu, dtype)
    return centred(joint, shift, nu, True)


def joint_products(
    X: Any, Y: Array, weight: Array | None, shift: Array, nu: Array, dtype: Any
) -> Array:
    """Return the Gram matrix of [X − shift, Y − ν, 1] under the weights, float64, (p + k + 1, p + k + 1)."""
    n, p = X.shape
    width = p + Y.shape[1] + 1
    root = None if weight is None else np.sqrt(weight, dtype=np.float64)
    is_shifted = bool(np.any(shift))
    is_packed = not sparse.issparse(X) and X.flags.c_contiguous and X.dtype == dtype
    if is_packed and root is None and not is_shifted:
        return _products_of_rows(X, Y - nu)
    joint = np.zeros((width, width), order="F")
    buffer = block_buffer(X, width, dtype)
    for rows in blocks(n, width):
        block = buffer[: rows.stop - rows.start]
        fill_block(block[:, :p], X, rows, shift if is_shifted else None, None)
        np.subtract(Y[rows], nu, out=block[:, p:-1], casting="same_kind")
        block[:, -1] = 1.0
        if root is not None:
            block *= root[rows, None].astype(dtype, copy=False)
        joint = add_gram(joint, block)
    return mirrored(joint)


def _products_of_rows(X: Array, V: Array) -> Array:
    """Return the Gram matrix of [X, V, 1] for rows that need no change: without copying them."""
    p = X.shape[1]
    sides = np.column_stack([V, np.ones(V.shape[0])])
    gram, cross = np.zeros((p, p), order="F"), np.zeros((p, sides.shape[1]))
    for rows in blocks(*X.shape):
        gram = add_gram(gram, X[rows])
        cross += X[rows].T @ sides[rows]
    return np.block([[mirrored(gram), cross], [cross.T, sides.T @ sides]])


def centred(joint: Array, shift: Array, nu: Array, fit_intercept: bool) -> Moments:
    """Return the moments of which `joint_products` is made, about the means of its own rows; `joint` is overwritten."""
    p = shift.size
    total = float(joint[-1, -1])
    target_mean = nu
    if fit_intercept:
        delta = joint[:-1, -1] / total
        if np.any(total * delta**2 > _ROUNDING**2 * np.diag(joint)[:-1]):
            joint[:-1, :-1] -= np.outer(total * delta, delta)
        shift, target_mean = shift + delta[:p], nu + delta[p:]
        is_constant = np.diag(joint)[:p] <= total * (_ROUNDING * shift) ** 2
        joint[:p][is_constant] = 0.0
        joint[:, :p][:, is_constant] = 0.0
    power = np.diag(joint)[p:-1].copy()
    return Moments(joint[:p, :p], joint[:p, p:-1], power, shift, target_mean, total)


def _shift(X: Any, weight: Array | None, dtype: Any) -> Array:
    """Return what is subtracted in the pass: nothing where the columns are near zero already."""
    mean = provisional_mean(X, weight).astype(dtype)
    if weight is None and dtype == np.float64 and not sparse.issparse(X):
        sample = X[:: max(1, X.shape[0] // _SAMPLE)]
        # Means below half a spread cost less than a bit of the products; centring the rows costs a tenth of their time
        # and more (benchmarks/constants.py gram).
        if np.all(4.0 * np.square(mean) <= np.var(sample, axis=0)):
            return np.zeros_like(mean)
    return mean


def provisional_mean(X: Any, weight: Array | None) -> Array:
    """Return the mean of a sample of the rows, evenly spaced."""
    step = max(1, X.shape[0] // _SAMPLE)
    sample = slice(None, None, step)
    part = None if weight is None else weight[sample]
    if part is not None and not part.any():
        part = None
    return weighted_mean(X[sample], part)


def _of_sparse(
    X: Any, Y: Array, weight: Array | None, fit_intercept: bool, nu: Array, total: float
) -> Moments:
    """Return the moments by products of sparse matrices."""
    V = np.asarray(Y - nu, dtype=np.float64)
    SV = V if weight is None else weight[:, None] * V
    gram = product(X, weight)
    cross = np.asarray(X.T @ SV, dtype=np.float64)
    power = np.einsum("ij,ij->j", SV, V)
    mean = np.zeros(X.shape[1])
    if fit_intercept:
        mean = weighted_mean(X, weight)
        raw = np.diag(gram).copy()
        gram -= np.outer(total * mean, mean)
        cross -= np.outer(mean, SV.sum(axis=0))
        far = np.flatnonzero(raw > _FAR * np.diag(gram))
        if far.size:
            _centre_far_columns(X, weight, mean, far, gram, cross)
    return Moments(gram, cross, power, mean, nu, total)


def _centre_far_columns(
    X: Any, weight: Array | None, mean: Array, far: Array, gram: Array, cross: Array
) -> None:
    """Replace what belongs to columns whose mean is far above their spread: centred first, a few at a time."""
    X = X.tocsc()
    s = np.ones(X.shape[0]) if weight is None else weight
    for part in blocks(far.size, X.shape[0]):
        S = far[part]
        columns = X[:, S].toarray().astype(np.float64, copy=False)
        # A long sum is known to fewer digits than that of the small differences.
        mean[S] += s @ (columns - mean[S]) / s.sum()
        is_constant = np.ptp(columns, axis=0) == 0.0
        Z = np.where(is_constant, 0.0, columns - mean[S])
        cross[S[is_constant]] = 0.0
        SZ = s[:, None] * Z
        # Σ s Z = 0, so the other columns need no centring here.
        gram[S] = (X.T @ SZ).T
        gram[:, S] = gram[S].T
        gram[np.ix_(S, S)] = Z.T @ SZ
