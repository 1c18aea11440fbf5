"""A covariance by a root of it, made of the precision of a few parameters.

Notation: H (m, m) the precision; Σ = R Rᵀ its inverse; D the diagonal of H, whose root takes the units out of it. Of a
singular H, N are its null directions: there neither data nor prior say anything. Σ is then the pseudo-inverse, the
covariance given that those directions stay where they are, and a combination that has a part in them has an infinite
variance. Directions that are null by convention (the same vector added to all classes) are left out of that: C, with
orthonormal columns.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from ._forms import CovarianceForm, chunks_of, squared

__all__ = ["DenseForm"]

Array = NDArray[Any]

# Below this reciprocal condition number a Cholesky factor has no digits left, and the spectrum decides what is null.
_SINGULAR = 1e-14
# A row is outside of what is determined if more than this part of its length is: well above the rounding of a null
# direction, and well below what a row has there that was not meant to be inside.
_OUTSIDE = 1e-5


@dataclass(frozen=True, eq=False)
class DenseForm(CovarianceForm):
    """Covariance Σ = R Rᵀ.

    Parameters
    ----------
    root : ndarray of shape (m, r)
        R.
    information : ndarray of shape (m, m) or None, default=None
        The precision H, of a singular one; None: it goes by the (pseudo-)inverse of R.
    undetermined : ndarray of shape (m, k) or None, default=None
        Null directions of H, orthonormal after division by `scale`; None: there are none.
    scale : ndarray of shape (m,) or None, default=None
        A unit for each parameter, in which a row is compared with the null directions.

    See Also
    --------
    DenseForm.of_precision : The form of the inverse of a matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.posteriors import DenseForm
    >>> form = DenseForm.of_precision(np.array([[2.0, 0.0], [0.0, 0.5]]))
    >>> print(form.variance())
    [0.5 2. ]
    """

    root: Array
    information: Array | None = None
    undetermined: Array | None = None
    scale: Array | None = None

    @classmethod
    def of_precision(
        cls, precision: Array, convention: Array | None = None, stiffness: Array | None = None
    ) -> "DenseForm":
        """Invert a precision.

        Parameters
        ----------
        precision : ndarray of shape (m, m)
            H, positive semi-definite.
        convention : ndarray of shape (m, q) or None, default=None
            Null directions C of H, orthonormal, in which the parameters are fixed by convention.
        stiffness : ndarray of shape (q,) or None, default=None
            Where C are not null directions but eigenvectors: their eigenvalues, which the rounding of H may have
            swallowed; 0 for a null direction after all. None: all are null.

        Returns
        -------
        form : DenseForm
            Of the pseudo-inverse of H.

        Raises
        ------
        numpy.linalg.LinAlgError
            If H has a direction of negative curvature.
        """
        H = np.asarray(precision, dtype=np.float64)
        diagonal = np.diag(H)
        filled = H
        if convention is not None:
            # With some precision along the convention, in the units of each, the matrix is regular; it is projected
            # out again below.
            levels = np.square(convention).T @ diagonal
            levels[levels <= 0.0] = float(diagonal.max(initial=0.0)) or 1.0
            filled = H + (convention * levels) @ convention.T
        root, undetermined, scale = _inverse_root(filled)
        if undetermined is not None:
            root = _without(root, np.linalg.qr(undetermined)[0])
        if convention is not None:
            root = _without(root, convention)
        is_null = convention is not None
        if convention is not None and stiffness is not None:
            stiff = stiffness > 0.0
            root = np.hstack([root, convention[:, stiff] / np.sqrt(stiffness[stiff])])
            is_null = not stiff.all()
        # A regular H is the inverse of what the root says: no need to keep it.
        is_regular = undetermined is None and not is_null
        return cls(root, None if is_regular else H, undetermined, scale)

    @property
    def size(self) -> int:
        return self.root.shape[0]

    @property
    def log_det(self) -> float:
        if self.root.size == 0:
            return 0.0
        values = np.linalg.svd(self.root, compute_uv=False)
        return float(2.0 * np.log(values[values > _null_level(values)]).sum())

    def variance(self) -> Array:
        variance = np.einsum("ij,ij->i", self.root, self.root)
        if self.undetermined is not None:
            # A unit row over its own unit: is it outside?
            inside = np.square(self.undetermined / self._units[:, None]).sum(axis=1) <= _OUTSIDE**2
            variance = np.where(inside, variance, np.inf)
        return np.asarray(variance)

    @property
    def undetermined_directions(self) -> Array | None:
        return self.undetermined

    @property
    def _units(self) -> Array:
        return np.ones(self.size) if self.scale is None else self.scale

    def along(self, A: Any) -> Array:
        along = np.empty(A.shape[0])
        for part in chunks_of(A.shape[0], self.size):
            along[part] = np.square(A[part] @ self.root).sum(axis=1)
        if self.undetermined is not None:
            length = np.asarray(squared(A) @ np.square(self._units))
            outside = np.square(A @ self.undetermined).sum(axis=1) > _OUTSIDE**2 * length
            along[outside] = np.inf
        return along

    def between_outputs(self, A: Any, K: int) -> Array:
        return self._between(A, self.root.reshape(K, self.size // K, -1))

    def between_contrasts(self, A: Any, K: int) -> Array:
        # The mean is taken off the root: what classes share may be so large that their differences drown in it.
        blocks = self.root.reshape(K, self.size // K, -1)
        return self._between(A, blocks - blocks.mean(axis=0))

    def _between(self, A: Any, blocks: Array) -> Array:
        K = len(blocks)
        covariance = np.empty((A.shape[0], K, K))
        for part in chunks_of(A.shape[0], K * self.root.shape[1]):
            halves = np.stack([A[part] @ block for block in blocks], axis=1)  # (n, K, r)
            covariance[part] = halves @ halves.transpose(0, 2, 1)
        return covariance

    def times(self, A: Any) -> Array:
        return np.asarray((A @ self.root) @ self.root.T)

    def dense(self) -> Array:
        covariance = self.root @ self.root.T
        np.fill_diagonal(covariance, self.variance())
        return np.asarray(covariance)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        return np.asarray(rng.standard_normal((n, self.root.shape[1])) @ self.root.T)

    def squared_distance(self, D: Array) -> Array:
        if self.information is not None:
            return np.einsum("ij,ij->i", D @ self.information, D)
        return np.asarray(np.square(D @ np.linalg.pinv(self.root).T).sum(axis=1))

    def precision(self) -> Array:
        if self.information is not None:
            return self.information
        inverse = np.linalg.pinv(self.root)
        return np.asarray(inverse.T @ inverse)


def _inverse_root(H: Array) -> tuple[Array, Array | None, Array]:
    """Return R with R Rᵀ an inverse of H, its null directions if it has any, and the units of the parameters."""
    diagonal = np.diag(H).copy()
    known = diagonal > 0.0
    scale = 1.0 / np.sqrt(np.where(known, diagonal, 1.0))
    scaled = H * scale * scale[:, None]
    norm = float(np.abs(scaled).sum(axis=0).max(initial=0.0))
    lower, failed = lapack.dpotrf(scaled.T, lower=1, clean=1) if H.size else (scaled, 0)
    if not failed and H.size and lapack.dpocon(lower, norm, uplo="L")[0] > _SINGULAR:
        inverse, _ = lapack.dtrtri(lower, lower=1)
        return scale[:, None] * inverse.T, None, scale
    if not H.size:
        return scaled, None, scale
    values, vectors = np.linalg.eigh(scaled)
    level = _null_level(values)
    if values[0] < -np.sqrt(np.finfo(float).eps) * max(float(values[-1]), level):
        raise np.linalg.LinAlgError(
            f"The precision has a direction of negative curvature; got a smallest eigenvalue of {values[0]:.3g} beside "
            f"a largest one of {values[-1]:.3g}, in units in which the diagonal is 1."
        )
    kept = values > level
    root = scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])
    return root, scale[:, None] * vectors[:, ~kept], scale


def _null_level(values: Array) -> float:
    """Return up to which size an eigenvalue of a Gram matrix is rounding."""
    return float(4 * np.finfo(np.float64).eps * values.size * np.abs(values).max(initial=0.0))


def _without(root: Array, directions: Array) -> Array:
    return np.asarray(root - directions @ (directions.T @ root))
