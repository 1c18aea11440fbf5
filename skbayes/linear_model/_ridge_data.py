"""The data of one ridge problem: features, targets, weights, and whether there is an intercept.

Notation: X (n, p), Y (n, k), s (n,) weights, S = diag(s); μ, ν the weighted means of X and Y, zeros without an
intercept; Z = X − 1 μᵀ, V = Y − 1 νᵀ.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._design import Design, weighted_mean
from ._moments import Moments, moments_of

__all__ = ["RidgeData"]

Array = NDArray[Any]


@dataclass(frozen=True)
class RidgeData:
    """What a ridge fit is of.

    Attributes
    ----------
    X : ndarray or CSR or CSC matrix of shape (n, p)
        Features, float32 or float64.
    Y : ndarray of shape (n, k)
        Targets.
    weight : ndarray of shape (n,) or None
        s; None: ones.
    fit_intercept : bool
        Whether there is an intercept.
    """

    X: Any
    Y: Array
    weight: Array | None
    fit_intercept: bool

    @property
    def parts(self) -> tuple[Any, ...]:
        """Return X, Y, weights and no offset."""
        return self.X, self.Y, self.weight, None

    @property
    def n_targets(self) -> int:
        """Return k."""
        return self.Y.shape[1]

    @cached_property
    def total(self) -> float:
        """Σ s."""
        return float(self.X.shape[0] if self.weight is None else self.weight.sum(dtype=np.float64))

    @cached_property
    def root(self) -> Array | None:
        """Roots of the weights, float64."""
        return None if self.weight is None else np.sqrt(self.weight, dtype=np.float64)

    @cached_property
    def mean(self) -> Array:
        """μ, float64."""
        return (
            weighted_mean(self.X, self.weight) if self.fit_intercept else np.zeros(self.X.shape[1])
        )

    @cached_property
    def target_mean(self) -> Array:
        """ν, float64."""
        return (
            weighted_mean(self.Y, self.weight) if self.fit_intercept else np.zeros(self.n_targets)
        )

    def centred_targets(self) -> Array:
        """Return V, float64."""
        return np.asarray(self.Y - self.target_mean, dtype=np.float64)

    def scaled_targets(self) -> Array:
        """Return S^(1/2) V, float64."""
        V = self.centred_targets()
        return V if self.root is None else self.root[:, None] * V

    def design(self, mean: Array | None = None) -> Design:
        """Return Z, about `mean` if that is known already."""
        if not self.fit_intercept:
            return Design(self.X)
        return Design(self.X, self.mean if mean is None else mean)

    def moments(self, dtype: Any = None) -> Moments:
        """Return ZᵀSZ and ZᵀSV, whose products are of `dtype` within a block (None: that of X)."""
        return moments_of(self.X, self.Y, self.weight, self.fit_intercept, dtype)

    def part(self, rows: Any) -> "RidgeData":
        """Return the data of some rows."""
        weight = None if self.weight is None else self.weight[rows]
        return RidgeData(self.X[rows], self.Y[rows], weight, self.fit_intercept)

    def residual_power(self, coef: Array, intercept: Array) -> Array:
        """Return Σ s (y − x·w − b)² of each target, for w (p, k) and b (k,)."""
        R = self.Y - self.X @ coef.astype(self.X.dtype, copy=False) - intercept
        R = np.asarray(R, dtype=np.float64)
        return np.einsum("ij,ij->j", R, R if self.weight is None else self.weight[:, None] * R)
