"""Solving with a symmetric positive semi-definite matrix, also one that is singular or nearly so.

Notation: A (m, m); D its diagonal; the matrix that is factorised is D^(−1/2) A D^(−1/2), whose condition number does
not depend on the units of the parameters.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg import lapack

__all__ = ["CholeskyFactor", "SpectralFactor", "cholesky", "factorise", "null_level"]

Array = NDArray[Any]

# Below this reciprocal condition number a Cholesky factor has no digits left, and the spectrum decides what is null.
_SINGULAR = 1e-14


@dataclass(frozen=True)
class CholeskyFactor:
    """D^(−1/2) A D^(−1/2) = L Lᵀ.

    Attributes
    ----------
    lower : ndarray of shape (m, m)
        L, zero above the diagonal.
    scale : ndarray of shape (m,)
        D^(−1/2).
    rcond : float
        Reciprocal condition number of the scaled matrix, estimated.
    """

    lower: Array
    scale: Array
    rcond: float

    def solve(self, b: Array) -> Array:
        """Return A⁻¹ b for b of shape (m,) or (m, k)."""
        scale = self.scale if b.ndim == 1 else self.scale[:, None]
        solved: Array = scale * linalg.cho_solve((self.lower, True), scale * b, check_finite=False)
        return solved

    def trace_inverse(self) -> float:
        """Return tr A⁻¹."""
        inverse, _ = lapack.dtrtri(self.lower, lower=1)
        # A⁻¹ is the product of D^(−1/2) L⁻ᵀ and its transpose.
        return float(np.einsum("ij,ij->j", inverse, inverse) @ self.scale**2)


@dataclass(frozen=True)
class SpectralFactor:
    """A = V diag(λ) Vᵀ with the null directions left out: `solve` gives the solution of least norm.

    Attributes
    ----------
    vectors : ndarray of shape (m, r)
        V.
    values : ndarray of shape (r,)
        λ, above rounding.
    """

    vectors: Array
    values: Array

    def solve(self, b: Array) -> Array:
        """Return A⁺ b for b of shape (m,) or (m, k)."""
        coordinates = self.vectors.T @ b
        values = self.values if b.ndim == 1 else self.values[:, None]
        solved: Array = self.vectors @ (coordinates / values)
        return solved

    def trace_inverse(self) -> float:
        """Return tr A⁺."""
        return float(np.sum(1.0 / self.values))


def cholesky(A: Array, *, overwrite: bool = False) -> CholeskyFactor | None:
    """Return the factor of A, or None if A is not positive definite within rounding.

    With `overwrite`, the memory of A may become that of the factor.
    """
    diagonal = np.diag(A)
    # A parameter about which nothing is known (a constant feature without a prior) stays where it is.
    unknown = diagonal <= 0.0
    scale = 1.0 / np.sqrt(np.where(unknown, 1.0, diagonal))
    scaled = np.multiply(A, scale, out=A if overwrite else None)
    scaled *= scale[:, None]
    scaled[unknown, unknown] = 1.0
    norm = float(np.abs(scaled).sum(axis=0).max(initial=0.0))
    # Symmetric: either is the same matrix, and one of them is stored as LAPACK wants it.
    columns = scaled if scaled.flags.f_contiguous else scaled.T
    lower, failed = lapack.dpotrf(columns, lower=1, overwrite_a=1, clean=1)
    if failed:
        return None
    rcond, _ = lapack.dpocon(lower, norm, uplo="L")
    return CholeskyFactor(lower, scale, float(rcond))


def factorise(A: Array) -> CholeskyFactor | SpectralFactor:
    """Return a factor of A: of Cholesky, or of the spectrum if A is singular."""
    factor = cholesky(A)
    if factor is not None and factor.rcond > _SINGULAR:
        return factor
    values, vectors = np.linalg.eigh(A)
    kept = values > null_level(values)
    return SpectralFactor(vectors[:, kept], values[kept])


def null_level(values: Array) -> float:
    """Return up to which size an eigenvalue of a Gram matrix is rounding."""
    return float(4 * np.finfo(np.float64).eps * values.size * np.abs(values).max(initial=0.0))
