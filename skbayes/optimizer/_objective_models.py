"""Several objectives over the cube: a surrogate for each, and the acquisition surface over all of them.

Given the data the objectives are taken as independent. The chain rule is here:
da/du = Σ_j ∂a/∂mean_j · dmean_j/du + ∂a/∂std_j · dstd_j/du.

Notation: U points (m, n_dims); means and stds (m, n_objectives), in the latent unit of each surrogate.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..acquisition import MultiObjectiveAcquisition, NonDominatedRegion
from ._weights import LogWeight, total, total_and_gradient

__all__ = ["FrontSurface", "Moments", "ObjectiveModels"]

Floats = NDArray[np.float64]

# Rounding can take a variance below zero; relative to the largest.
_LEAST_VARIANCE = 1e-12


class Moments(NamedTuple):
    """Posterior means and standard deviations, each (m, n_objectives)."""

    mean: Floats
    std: Floats


@dataclass(frozen=True)
class ObjectiveModels:
    """Fitted surrogates, one for each objective.

    Parameters
    ----------
    models : tuple of Surrogate
        In the order of the objectives.
    """

    models: tuple[Any, ...]

    @property
    def has_gradient(self) -> bool:
        """Whether `value_and_gradient` works."""
        return all(model.has_gradient for model in self.models)

    def posterior(self, U: Floats) -> Moments:
        """Posterior moments at points."""
        found = [model.posterior(U) for model in self.models]
        return Moments(
            np.stack([each.mean for each in found], axis=1),
            np.stack([each.std for each in found], axis=1),
        )

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """The same with their gradients (m, n_objectives, n_dims)."""
        found = [model.value_and_gradient(U) for model in self.models]
        mean, std, d_mean, d_std = (np.stack(part, axis=1) for part in zip(*found, strict=True))
        return mean, std, d_mean, d_std

    def forward(self, scores: Floats) -> Floats:
        """A score of each objective (n_objectives,) in the latent unit; nan stays."""
        return np.array(
            [
                np.nan if np.isnan(y) else model.output_.forward(np.array([y]))[0]
                for y, model in zip(scores, self.models, strict=True)
            ]
        )

    def condition(self, U: Floats, scores_latent: Floats) -> "ObjectiveModels":
        """Return copies that have seen further observations (m, n_objectives)."""
        columns = scores_latent.T
        return ObjectiveModels(
            tuple(
                model.condition(U, column)
                for model, column in zip(self.models, columns, strict=True)
            )
        )


@dataclass(frozen=True)
class FrontSurface:
    """An acquisition over the posteriors of several objectives.

    Parameters
    ----------
    models : ObjectiveModels
        Fitted.
    acquisition : MultiObjectiveAcquisition
        What is wanted of the posteriors.
    front : ndarray of shape (n_points, n_objectives) or None
        What is to be extended, in latent units; None while no trial keeps to the metric constraints: then
        the weights alone count.
    reference : ndarray of shape (n_objectives,)
        The worst scores that count, in latent units.
    weights : tuple of LogWeight, default=()
        What the acquisition is multiplied by.
    """

    models: ObjectiveModels
    acquisition: MultiObjectiveAcquisition
    front: Floats | None
    reference: Floats
    weights: tuple[LogWeight, ...] = ()

    @cached_property
    def region(self) -> NonDominatedRegion | None:
        """What would extend the front; None where it does not count."""
        return None if self.front is None else NonDominatedRegion.of(self.front, self.reference)

    @property
    def has_gradient(self) -> bool:
        """Whether `value_and_gradient` works."""
        return self.models.has_gradient

    def value(self, U: Floats) -> Floats:
        """Acquisition at encoded points (m, n_dims), shape (m,); −inf where it is undefined."""
        moments = None if self.region is None else self.models.posterior(U)
        return self.value_of(moments, total(self.weights, U) if self.weights else np.zeros(len(U)))

    def value_of(self, moments: Moments | None, w: Floats) -> Floats:
        """Acquisition (m,) at points of these moments and log-weights; −inf where it is undefined."""
        if moments is None or self.region is None:
            value = np.zeros(len(w))
        else:
            value = self.acquisition.value(*moments, self.region)
        value = self.acquisition.weigh(value, w)[0]
        return np.where(np.isnan(value), -np.inf, value)

    def choose_together(self, U: Floats, n: int) -> list[Floats]:
        """Return up to n of distinct points (m, n_dims), each the best after those before it.

        As if those had turned out as expected, which is a change of rank one: see `_shared_surface`. The
        first alone if a surrogate gives no joint posterior.
        """
        found = [model.posterior(U) for model in self.models.models]
        mean = np.stack([each.mean for each in found], axis=1)
        covs = [np.array(each.covariance) for each in found]
        if any(np.count_nonzero(cov) <= len(U) for cov in covs):  # marginals alone
            return [U[0]]
        w = total(self.weights, U) if self.weights else np.zeros(len(U))
        least = [_LEAST_VARIANCE * cov.diagonal().max() for cov in covs]
        left = np.ones(len(U), dtype=bool)
        chosen: list[Floats] = []
        surface = self
        for _ in range(min(n, len(U))):
            variances = [
                np.maximum(cov.diagonal(), floor) for cov, floor in zip(covs, least, strict=True)
            ]
            values = surface.value_of(Moments(mean, np.sqrt(np.stack(variances, axis=1))), w)
            k = int(np.flatnonzero(left)[values[left].argmax()])
            left[k] = False
            chosen.append(U[k])
            if surface.front is not None:
                surface = replace(surface, front=np.vstack([surface.front, mean[k]]))
            for cov, variance in zip(covs, variances, strict=True):
                cov -= np.outer(cov[k], cov[k]) / variance[k]
        return chosen

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        """Acquisition (m,) and its gradient (m, n_dims), 0 where it is undefined."""
        if self.region is None:
            value, gradient = np.zeros(len(U)), np.zeros_like(U)
        else:
            mean, std, d_mean, d_std = self.models.value_and_gradient(U)
            value, by_mean, by_std = self.acquisition.value_and_partials(mean, std, self.region)
            gradient = np.einsum("ij,ijk->ik", by_mean, d_mean)
            gradient += np.einsum("ij,ijk->ik", by_std, d_std)
        if self.weights:
            w, d_w = total_and_gradient(self.weights, U)
            value, by_value, by_w = self.acquisition.weigh(value, w)
            gradient = by_value[:, None] * gradient + by_w[:, None] * d_w
        is_defined = np.isfinite(gradient)
        return np.where(np.isnan(value), -np.inf, value), np.where(is_defined, gradient, 0.0)
