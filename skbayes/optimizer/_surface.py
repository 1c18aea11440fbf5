"""The acquisition surface: how much we want to look at each point of the cube.

A surrogate and a marginal acquisition seen as one function. The chain rule is here:
da/du = ∂a/∂mean · dmean/du + ∂a/∂std · dstd/du.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..acquisition import MarginalAcquisition

__all__ = ["Surface"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Surface:
    """A marginal acquisition over the posterior of a fitted surrogate.

    Parameters
    ----------
    model : Surrogate
        A fitted surrogate.
    acquisition : MarginalAcquisition
        What is wanted of a posterior.
    incumbent : float
        The score to beat, in the latent unit of `model`.
    """

    model: Any
    acquisition: MarginalAcquisition
    incumbent: float

    @property
    def has_gradient(self) -> bool:
        """Whether `value_and_gradient` works."""
        return bool(self.model.has_gradient)

    def value(self, U: Floats) -> Floats:
        """Acquisition at encoded points (m, n_dims), shape (m,); −inf where it is undefined."""
        posterior = self.model.posterior(U)
        value = self.acquisition.value(posterior.mean, posterior.std, self.incumbent)
        return np.where(np.isnan(value), -np.inf, value)

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        """Acquisition (m,) and its gradient (m, n_dims), 0 where it is undefined."""
        mean, std, d_mean, d_std = self.model.value_and_gradient(U)
        value, by_mean, by_std = self.acquisition.value_and_partials(mean, std, self.incumbent)
        gradient = by_mean[:, None] * d_mean + by_std[:, None] * d_std
        is_defined = np.isfinite(gradient)
        return np.where(np.isnan(value), -np.inf, value), np.where(is_defined, gradient, 0.0)
