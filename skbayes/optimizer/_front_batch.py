"""Several points at once for several objectives: each as if those before it had turned out as expected.

As in `_batch`, with a front of posterior means in the place of the incumbent. Scores are noisy, and the
front of the observed ones would be made of the luckiest; of exact scores the means are the scores.
"""

from collections.abc import Hashable, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..acquisition import MultiObjectiveAcquisition
from ..space import Space
from ._batch import N_TO_CHOOSE_FROM, points_per_surface
from ._maximize import explore
from ._metric_constraints import Kept
from ._objective_models import FrontSurface, ObjectiveModels
from ._pareto import non_dominated, reference_of
from ._unseen import key_as_told, unseen
from ._weights import LogWeight, total

__all__ = ["FrontTask", "front_surface", "propose_front"]

Floats = NDArray[np.float64]

# The points of the front to search around, drawn anew each time: together they come to all of it.
_N_AROUND = 8


@dataclass(frozen=True)
class FrontTask:
    """What is known, and where new points may lie.

    Parameters
    ----------
    U : ndarray of shape (n, n_dims)
        Points with scores; at least one.
    kept : ndarray of bool, shape (n,)
        Which of them keep to the metric constraints.
    space : Space
        The design space.
    acquisition : MultiObjectiveAcquisition
        What to maximise.
    reference : ndarray of shape (n_objectives,)
        The worst scores that count, in latent units; nan: follows from the scores.
    weights : tuple of LogWeight
        What the acquisition is multiplied by.
    keeping : Kept or None
        What is expected of the metric constraints.
    """

    U: Floats
    kept: NDArray[np.bool_]
    space: Space
    acquisition: MultiObjectiveAcquisition
    reference: Floats
    weights: tuple[LogWeight, ...]
    keeping: Kept | None


def propose_front(
    models: ObjectiveModels,
    task: FrontTask,
    rng: np.random.Generator,
    n: int,
    *,
    pending: Floats,
    exclude: Set[Hashable],
) -> list[Floats]:
    """Return up to n new points by fitted surrogates.

    Parameters
    ----------
    models : ObjectiveModels
        One surrogate for each objective.
    task : FrontTask
        What is known, and where.
    rng : numpy.random.Generator
        Source of randomness.
    n : int
        Number of points.
    pending : ndarray of shape (p, n_dims)
        Encoded points that are being evaluated.
    exclude : set
        Keys of the points that may not come.

    Returns
    -------
    points : list of ndarray of shape (n_dims,)
        Encoded points, in the order of choice; fewer than n when the space has no more.
    """
    space, taken = task.space, set(exclude)
    known, kept = task.U, task.kept
    chosen: list[Floats] = []
    fantasies = pending
    n_together = points_per_surface(n, len(pending))
    while len(chosen) < n:
        models, known, kept = _expecting(models, task, known, kept, fantasies)
        surface, front = _surface(models, task, known, kept)
        around = front[rng.permutation(len(front))[:_N_AROUND]]
        n_now = min(n_together, n - len(chosen))
        met = explore(surface, space, rng, around=around)
        found = met.best_new(taken, 1 if n_now == 1 else N_TO_CHOOSE_FROM)
        if n_now > 1 and found:
            found = surface.choose_together(np.array(found), n_now)
        if not found:  # nearly exhausted: all that the maximiser met had been tried
            found = list(unseen(space, 1, taken, rng))
            if not found:
                break
        chosen += found
        taken |= {key_as_told(u, space) for u in found}
        fantasies = np.array(found)
    return chosen


def front_surface(models: ObjectiveModels, task: FrontTask, pending: Floats) -> FrontSurface:
    """Return the surface that `propose_front`, given the same, maximises first."""
    models, known, kept = _expecting(models, task, task.U, task.kept, pending)
    return _surface(models, task, known, kept)[0]


def _expecting(
    models: ObjectiveModels,
    task: FrontTask,
    known: Floats,
    kept: NDArray[np.bool_],
    fantasies: Floats,
) -> tuple[ObjectiveModels, Floats, NDArray[np.bool_]]:
    """The models and the points known, with fantasies that turn out as expected."""
    if not len(fantasies):
        return models, known, kept
    models = models.condition(fantasies, models.posterior(fantasies).mean)
    likely = np.ones(len(fantasies), dtype=bool)
    if task.keeping is not None:
        likely = task.keeping.is_likely(fantasies)
    return models, np.vstack([known, fantasies]), np.concatenate([kept, likely])


def _surface(
    models: ObjectiveModels, task: FrontTask, known: Floats, kept: NDArray[np.bool_]
) -> tuple[FrontSurface, Floats]:
    """The surface of what is known, and the points of the front."""
    if not kept.any() and task.keeping is not None and task.keeping.weights:
        # None keeps to the constraints: look for one that does, around those that nearly do.
        order = np.argsort(-total(task.keeping.weights, known), kind="stable")
        surface = FrontSurface(models, task.acquisition, None, task.reference, task.weights)
        return surface, known[order[:_N_AROUND]]
    known = known[kept] if kept.any() else known
    means = models.posterior(known).mean
    is_on_front = non_dominated(means)
    reference = np.where(np.isnan(task.reference), reference_of(means), task.reference)
    surface = FrontSurface(models, task.acquisition, means[is_on_front], reference, task.weights)
    return surface, known[is_on_front]
