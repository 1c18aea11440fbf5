"""The prior covariance of the noise-free score: kernel, columns and hyper-parameters in one.

Notation: cov(x, x') = s k(r²), r² the squared distance scaled by the length scales.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._columns import Columns, Points
from ._hyperparameters import Hyperparameters
from ._kernels import Kernel

__all__ = ["Covariance"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Covariance:
    """Covariance function over encoded points.

    Parameters
    ----------
    kernel : Kernel
        The correlation.
    columns : Columns
        How two entries of a column differ.
    hyperparameters : Hyperparameters
        Length scales and signal variance; the noise variance is not used here.
    """

    kernel: Kernel
    columns: Columns
    hyperparameters: Hyperparameters

    @property
    def variance(self) -> float:
        """Covariance of a point with itself."""
        return self.hyperparameters.signal_variance

    def is_same_as(self, other: "Covariance") -> bool:
        """Whether both are the same function."""
        mine, theirs = self.hyperparameters, other.hyperparameters
        return (
            mine.signal_variance == theirs.signal_variance
            and np.array_equal(mine.length_scale, theirs.length_scale)
            and self.columns == other.columns
            and self.kernel.is_same_as(other.kernel)
        )

    def between(self, A: Points, B: Points) -> FloatArray:
        """Covariances of two sets of points, (len(A), len(B))."""
        K = self.kernel.value(self._r2(A, B))
        K *= self.variance
        return K

    def among(self, A: Points) -> FloatArray:
        """Covariances of points among each other, the diagonal exact."""
        K = self.between(A, A)
        np.einsum("ii->i", K)[:] = self.variance
        return K

    def value_and_slope(self, A: Points, B: Points) -> tuple[FloatArray, FloatArray]:
        """Covariances and their derivatives by r², each (len(A), len(B))."""
        value, slope = self.kernel.value_and_slope(self._r2(A, B))
        value *= self.variance
        slope *= self.variance
        return value, slope

    def sum_by_column(self, A: Points, B: Points, weighted_slope: FloatArray) -> FloatArray:
        """Σ_i of weighted slopes (a, i) times ∂r²/∂x_aj, of shape (len(A), n_columns).

        ∂r²/∂x_aj = 2 (x_aj − X_ij) / ℓ_j²: two matrix products and no array of three dimensions.
        Zero where a column is categorical.
        """
        scale = 2.0 * self.columns.numeric / self.hyperparameters.length_scale**2
        x, X = A.coordinates, B.coordinates
        total: FloatArray = x * weighted_slope.sum(axis=1)[:, None] - weighted_slope @ X
        total *= scale
        return total

    def _r2(self, A: Points, B: Points) -> FloatArray:
        return self.columns.cross_distances(A, B, self.hyperparameters.length_scale)
