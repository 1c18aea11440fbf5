"""The acquisition surface: how much we want to look at each point of the cube.

A surrogate, a marginal acquisition and weights seen as one function. The chain rule is here:
da/du = ∂a/∂mean · dmean/du + ∂a/∂std · dstd/du, and under a log-weight w the weighted acquisition
b has db/du = ∂b/∂a · da/du + ∂b/∂w · dw/du.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..acquisition import MarginalAcquisition
from ._weights import LogWeight, total, total_and_gradient

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
    weights : tuple of LogWeight, default=()
        What the acquisition is multiplied by, in the way that it says itself (`weigh`).
    """

    model: Any
    acquisition: MarginalAcquisition
    incumbent: float
    weights: tuple[LogWeight, ...] = ()

    @property
    def has_gradient(self) -> bool:
        """Whether `value_and_gradient` works."""
        return bool(self.model.has_gradient)

    def value(self, U: Floats) -> Floats:
        """Acquisition at encoded points (m, n_dims), shape (m,); −inf where it is undefined."""
        posterior = self.model.posterior(U)
        w = total(self.weights, U) if self.weights else None
        return self.value_of(posterior.mean, posterior.std, w)

    def value_of(self, mean: Floats, std: Floats, w: Floats | None) -> Floats:
        """Acquisition (m,) at points of these moments and log-weights; −inf where it is undefined."""
        value = self.acquisition.value(mean, std, self.incumbent)
        if w is not None:
            value = self.acquisition.weigh(value, self.incumbent, w)[0]
        return np.where(np.isnan(value), -np.inf, value)

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        """Acquisition (m,) and its gradient (m, n_dims), 0 where it is undefined."""
        mean, std, d_mean, d_std = self.model.value_and_gradient(U)
        value, by_mean, by_std = self.acquisition.value_and_partials(mean, std, self.incumbent)
        gradient = by_mean[:, None] * d_mean + by_std[:, None] * d_std
        if self.weights:
            w, d_w = total_and_gradient(self.weights, U)
            value, by_value, by_w = self.acquisition.weigh(value, self.incumbent, w)
            gradient = by_value[:, None] * gradient + by_w[:, None] * d_w
        is_defined = np.isfinite(gradient)
        return np.where(np.isnan(value), -np.inf, value), np.where(is_defined, gradient, 0.0)
