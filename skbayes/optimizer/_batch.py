"""Several points at once: each is chosen as if those chosen before it, and those still being
evaluated, had turned out as the surrogate expects.

Such a fantasy (a "kriging believer") leaves the posterior mean where it is and takes the
uncertainty around the point away, so that the next choice goes elsewhere. Hyper-parameters are not
refitted. (The joint log EI of the batch, averaged over draws of the scores of the points chosen
before, was tried too, and was dearer and no better: docs/defaults.rst.) Of many points several are
chosen by one surface (`_shared_surface`), so that asking for a thousand workers keeps up.

Reference: Ginsbourger, Le Riche, Carraro (2010). Kriging is well-suited to parallelize
optimization. DOI 10.1007/978-3-642-10701-6_6
"""

from collections.abc import Hashable, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..acquisition import AcquisitionContext, JointAcquisition, MarginalAcquisition
from ..posteriors import GaussianPosterior
from ..space import Space
from ._maximize import Pool, candidates, explore
from ._metric_constraints import Kept
from ._observations import Observations
from ._seek import KeepingAlone
from ._shared_surface import choose_together
from ._surface import Surface
from ._unseen import key_as_told, unseen
from ._weights import LogWeight, total

__all__ = ["N_TO_CHOOSE_FROM", "next_surface", "points_per_surface", "propose"]

Floats = NDArray[np.float64]

# The points to search around. Five are the modes that fifty evaluations can tell apart.
_N_AROUND = 5
# Posterior means are compared at the best observed scores only: under noise the best mean may be at
# a score that is not the best, but hardly at one that a hundred others beat.
_N_INCUMBENTS = 100
# Surfaces per batch: up to eight points have one each. Of more points up to eight share one, of which
# the climbs have found about as many maxima; and so do few points beside many that are being
# evaluated, two from 200 on and eight from 800: one fantasy more then changes the surface by little.
_N_SURFACES, _MOST_PER_SURFACE, _PENDING_PER_SHARE = 8, 8, 100
# The points that those who share a surface are chosen from; it has 480 and those met by climbing.
N_TO_CHOOSE_FROM = 200


def propose(
    model: Any,
    observations: Observations,
    space: Space,
    acquisition: Any,
    rng: np.random.Generator,
    n: int = 1,
    *,
    pending: Floats,
    exclude: Set[Hashable],
    weights: tuple[LogWeight, ...] = (),
    kept: Kept | None = None,
) -> list[Floats]:
    """Return up to n new points by a fitted surrogate.

    Parameters
    ----------
    model : Surrogate
        Fitted to the observations.
    observations : Observations
        What it was fitted to; at least one finite score.
    space : Space
        The design space.
    acquisition : MarginalAcquisition or JointAcquisition
        What to maximise.
    rng : numpy.random.Generator
        Source of randomness.
    n : int, default=1
        Number of points.
    pending : ndarray of shape (p, n_dims)
        Encoded points that are being evaluated.
    exclude : set
        Keys of the points that may not come.
    weights : tuple of LogWeight, default=()
        What the acquisition is multiplied by; the same for all of a batch.
    kept : Kept or None, default=None
        Which points keep to the metric constraints: only those can be the incumbent.

    Returns
    -------
    points : list of ndarray of shape (n_dims,)
        Encoded points, in the order of choice; fewer than n when the space has no more.
    """
    known, seeks = _leading(observations, kept)
    taken = set(exclude)
    chosen: list[Floats] = []
    fantasies = pending
    n_together = points_per_surface(n, len(pending))
    while len(chosen) < n:
        stand = _stand(model, acquisition, known, fantasies, seeks, kept)
        model, known = stand.model, stand.known
        found = _best(stand, space, rng, min(n_together, n - len(chosen)), taken, weights)
        if not found:  # nearly exhausted: all that the maximiser met had been tried
            found = list(unseen(space, 1, taken, rng))
            if not found:
                break
        chosen += found
        taken |= {key_as_told(u, space) for u in found}
        fantasies = np.array(found)
    return chosen


def next_surface(
    model: Any,
    observations: Observations,
    space: Space,
    acquisition: Any,
    rng: np.random.Generator,
    *,
    pending: Floats,
    weights: tuple[LogWeight, ...] = (),
    kept: Kept | None = None,
) -> Surface | None:
    """Return the surface that `propose`, given the same, maximises first; None if there is none.

    There is none for a joint acquisition of which nothing marginal is left.
    """
    known, seeks = _leading(observations, kept)
    stand = _stand(model, acquisition, known, pending, seeks, kept)
    if isinstance(stand.acquisition, JointAcquisition):
        settled = _settled(stand, space, rng)[0]
        return None if settled is None else stand.surface(settled, weights)
    return stand.surface(stand.acquisition, weights)


def points_per_surface(n: int, n_pending: int) -> int:
    """How many of n points are chosen by one surface, beside others that are being evaluated."""
    n_together = max(-(-n // _N_SURFACES), n_pending // _PENDING_PER_SHARE)
    return min(max(n_together, 1), _MOST_PER_SURFACE)


def _leading(
    observations: Observations, kept: Kept | None
) -> tuple[Floats, tuple[LogWeight, ...] | None]:
    """The points with the best scores; and the weights that alone count while none of them is kept."""
    is_finite = np.isfinite(observations.scores)
    seeks: tuple[LogWeight, ...] | None = None
    if kept is not None and (is_finite & kept.rows).any():
        is_finite &= kept.rows
    elif kept is not None:
        seeks = kept.weights or None
    best_first = np.argsort(-observations.scores[is_finite], kind="stable")
    return observations.U[is_finite][best_first[:_N_INCUMBENTS]], seeks


@dataclass(frozen=True)
class _Stand:
    """What the next choice is made by: the model with all fantasies, the score to beat, where to look."""

    model: Any
    acquisition: Any
    known: Floats
    incumbent: float
    around: Floats

    def surface(self, acquisition: MarginalAcquisition, weights: tuple[LogWeight, ...]) -> Surface:
        return Surface(self.model, acquisition, self.incumbent, weights)


def _stand(
    model: Any,
    acquisition: Any,
    known: Floats,
    fantasies: Floats,
    seeks: tuple[LogWeight, ...] | None,
    kept: Kept | None,
) -> _Stand:
    if len(fantasies):
        expected = model.posterior(fantasies).mean
        model = model.condition(fantasies, expected)
        leading = fantasies[np.sort(np.argsort(-expected, kind="stable")[:_N_INCUMBENTS])]
        leading = leading if kept is None else leading[kept.is_likely(leading)]
        known = np.concatenate([known, leading])
    means = model.posterior(known).mean
    incumbent = float(means.max())
    ranked = np.argsort(-means, kind="stable")
    around = known[ranked[:_N_AROUND]]
    if seeks is not None:
        around = known[np.argsort(-total(seeks, known), kind="stable")[:_N_AROUND]]
        acquisition = KeepingAlone(spreads=len(fantasies) > 0)
    if len(known) > 2 * _N_INCUMBENTS:  # fantasies do not move the means, so neither the order
        known = known[ranked[:_N_INCUMBENTS]]
    return _Stand(model, acquisition, known, incumbent, around)


def _settled(
    stand: _Stand, space: Space, rng: np.random.Generator
) -> tuple[MarginalAcquisition | None, Floats, GaussianPosterior, AcquisitionContext]:
    """What is left of a joint acquisition; and the points, their posterior and what else it was asked with."""
    # The points around which is searched count too: one of them may turn out best.
    U = np.vstack([candidates(space, rng, stand.around)[0], stand.around])
    posterior = stand.model.posterior(U)
    noise_variance = getattr(stand.model, "noise_variance_", 0.0)
    context = AcquisitionContext(stand.incumbent, rng, noise_variance)
    return stand.acquisition.marginal(posterior, context), U, posterior, context


def _best(
    stand: _Stand,
    space: Space,
    rng: np.random.Generator,
    n: int,
    exclude: Set[Hashable],
    weights: tuple[LogWeight, ...],
) -> list[Floats]:
    """The best new points of one surface, up to n; one where the acquisition is a joint one."""
    acquisition = stand.acquisition
    if isinstance(acquisition, JointAcquisition):
        marginal, U, posterior, context = _settled(stand, space, rng)
        if marginal is None:
            values = acquisition.value(posterior, context)
            if weights:
                values = acquisition.weigh(values, stand.incumbent, total(weights, U))[0]
            pool = Pool(space)
            pool.add(U, values)
            return pool.best_new(exclude, 1)
        acquisition = marginal
    surface = stand.surface(acquisition, weights)
    met = explore(surface, space, rng, around=stand.around)
    if n == 1:
        return met.best_new(exclude, 1)
    best = met.best_new(exclude, N_TO_CHOOSE_FROM)
    return choose_together(surface, np.array(best), n) if best else []
