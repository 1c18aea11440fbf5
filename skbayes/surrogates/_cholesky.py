"""Cholesky factors R'R = K (R upper), with a jitter that says what it did, and grown by rows.

Upper factors in column-major memory: a factor then is a row-major lower one, L = R', and LAPACK
reads it without a copy.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

__all__ = ["extend_factor", "factorize", "solve", "solve_half"]

FloatArray = NDArray[np.float64]

# Relative to the mean diagonal. The first is ten times what rounding of a 1000 x 1000 matrix with
# a unit diagonal can cost; above the second the jitter is noise that a user would want to know of.
_FIRST_JITTER = 1e-12
_UNUSUAL_JITTER = 1e-6


def factorize(K: FloatArray) -> tuple[FloatArray, float]:
    """Return the upper factor of K (its upper triangle is read) and the jitter that it took.

    The jitter grows tenfold until the matrix is numerically positive definite, which is certain
    once it exceeds the trace; a warning names it if it is unusually large.
    """
    R, failed = lapack.dpotrf(K, lower=0, clean=0)
    if not failed:
        return R, 0.0
    scale = float(np.mean(np.diagonal(K))) or 1.0
    jitter = _FIRST_JITTER * scale
    while failed:
        jitter *= 10.0
        shifted = K.copy(order="F")
        np.einsum("ii->i", shifted)[:] += jitter
        R, failed = lapack.dpotrf(shifted, lower=0, clean=0, overwrite_a=1)
    if jitter > _UNUSUAL_JITTER * scale:
        warnings.warn(
            f"The kernel matrix of {len(K)} points was not numerically positive definite; "
            f"a jitter of {jitter:.1e} was added to its diagonal (mean {scale:.1e}). "
            "A larger noise_variance or shorter length scales avoid this.",
            UserWarning,
            stacklevel=3,
        )
    return R, jitter


def extend_factor(R: FloatArray, cross: FloatArray, corner: FloatArray) -> FloatArray | None:
    """Return the factor of [[K, cross], [cross', corner]] from that of K in O(n² m).

    Parameters
    ----------
    R : ndarray of shape (n, n)
        Upper factor of K.
    cross : ndarray of shape (n, m)
        Covariances of old and new points.
    corner : ndarray of shape (m, m)
        Covariances of the new points, with their noise.

    Returns
    -------
    factor : ndarray of shape (n + m, n + m) or None
        None if the Schur complement is not positive definite: factorise anew, with a jitter.
    """
    n, m = cross.shape
    S = solve_half(R, cross)
    corner_factor, failed = lapack.dpotrf(corner - S.T @ S, lower=0, clean=1)
    # A pivot lost to cancellation would poison every later row.
    if failed or np.diagonal(corner_factor).min() ** 2 < 1e-10 * np.diagonal(corner).max():
        return None
    grown = np.empty((n + m, n + m), order="F")
    grown[:n, :n] = R
    grown[:n, n:] = S
    grown[n:, n:] = corner_factor
    return grown


def solve(R: FloatArray, b: FloatArray) -> FloatArray:
    """Return K⁻¹ b for b of shape (n,) or (n, m)."""
    return np.asarray(lapack.dpotrs(R, b, lower=0)[0])


def solve_half(R: FloatArray, B: FloatArray, *, transposed: bool = False) -> FloatArray:
    """Return R'⁻¹ B, or R⁻¹ B if transposed, for B of shape (n, m)."""
    trans = 0 if transposed else 1
    return np.asarray(blas.dtrsm(1.0, R, B, side=0, lower=0, trans_a=trans))
