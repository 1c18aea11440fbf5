"""Searches of other objectives in the cube of a new one: a surrogate that heeds them, and a start.

Their scores cannot be compared with the new ones (other data, other folds, another metric), but
their *order* may carry over: they become the sources of a `RankingEnsemble`, and their best points
are tried early, for as long as these lead.
"""

import warnings
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space import Space
from ..surrogates import RankingEnsemble, Surrogate
from ._earlier import EarlierSearch, completed, usable
from ._observations import Observations
from ._trial import Trial

__all__ = ["Source", "WarmStart", "as_sources", "with_sources"]

Floats = NDArray[np.float64]
Params = dict[str, Any]

# How many points of the sources are tried while they lead: scores are noisy, so the best on the old
# data is among the best few on the new ones rather than the very best.
_N_POINTS = 3
# How many other points must be known before one of them can be said to lead: ahead of fewer than
# three, a point of a misleading source would be in more than a fourth of the cases, by chance.
_FEWEST_RIVALS = 3


@dataclass(frozen=True, eq=False)
class Source:
    """An earlier search of another objective in the cube of the new one.

    Parameters
    ----------
    points : list of dict
        Its points in the new space, completed.
    U : ndarray of shape (n, n_dims)
        The same encoded; nan where a column is inactive, or the search did not have it at all.
    scores : ndarray of shape (n,)
        Its scores, all finite.
    """

    points: list[Params]
    U: Floats
    scores: Floats


def as_sources(searches: Sequence[EarlierSearch], space: Space) -> list[Source]:
    """Return the searches in the cube of `space`; one warning counts the trials left out.

    A value outside the new bounds, or a category that the space does not have, leaves its trial
    out: moved to the border, its score would be told of a point where nobody measured it.
    """
    sources, n_all, n_used = [], 0, 0
    for search in searches:
        trials = list(search.trials)
        source = _as_source(trials, space, search.defaults or {})
        n_all, n_used = n_all + len(trials), n_used + len(source.points)
        if len(source.points) > 1:  # a single score has no order
            sources.append(source)
    if n_used < n_all:
        warnings.warn(
            f"{n_all - n_used} of the {n_all} trials of earlier searches lie outside the design "
            "space and were left out. Widen the space to use them.",
            UserWarning,
            stacklevel=3,
        )
    return sources


def with_sources(surrogate: Any, sources: Sequence[Source]) -> Any:
    """Return the surrogate, joined by models of the sources if there are any."""
    # An object that is no Surrogate keeps no latent scores that two models could share.
    if not sources or not isinstance(surrogate, Surrogate):
        return surrogate
    params = surrogate.get_params(deep=False)
    return RankingEnsemble(
        surrogate,
        sources=[(source.U, source.scores) for source in sources],
        categories=params.get("categories"),
        random_state=params.get("random_state"),
    )


class WarmStart:
    """The best points of the sources, to be proposed for as long as they lead.

    The first of them comes at once, the next while one of them is the best of at least three other
    points told so far. Otherwise the usual initial design goes on, in which they count: so a
    misleading source costs an evaluation or two of it.

    Parameters
    ----------
    sources : sequence of Source
        Earlier searches, the most alike first if known.
    space : Space
        The design space.
    """

    def __init__(self, sources: Sequence[Source], space: Space) -> None:
        self._space = space
        self._keys: set[Hashable] = set()
        self.queue: list[Params] = []
        ranked = [np.argsort(-source.scores, kind="stable") for source in sources]
        for place in range(max((len(order) for order in ranked), default=0)):
            for source, order in zip(sources, ranked, strict=True):
                if place < len(order) and len(self.queue) < _N_POINTS:
                    self._add(source.points[order[place]])

    def _add(self, params: Params) -> None:
        key = self._space.key(self._space.encode(params))
        if key not in self._keys:
            self._keys.add(key)
            self.queue.append(params)

    def has_begun(self, taken: Set[Hashable]) -> bool:
        """Whether one of them is among the points proposed or told."""
        return bool(self._keys & taken)

    def leads(self, told: Observations) -> bool:
        """Whether one of them is better than all other points told."""
        if not self._keys:
            return False
        is_mine = np.array([self._space.key(u) in self._keys for u in told.U], dtype=bool)
        scores = np.where(np.isfinite(told.scores), told.scores, -np.inf)
        mine, others = scores[is_mine], scores[~is_mine]
        return bool(mine.size and others.size >= _FEWEST_RIVALS and mine.max() > others.max())


def _as_source(trials: Sequence[Trial], space: Space, defaults: Mapping[str, Any]) -> Source:
    fill = {**_middle(space), **usable(defaults, space)}
    used = [(completed(trial.params, fill, space), trial.score) for trial in trials]
    points = [point for point, _ in used if point is not None]
    scores = np.array([score for point, score in used if point is not None], dtype=float)
    is_finite = np.isfinite(scores)
    if not is_finite.any():
        return Source([], np.empty((0, space.n_dims)), np.empty(0))
    U = np.array([space.encode(point) for point in points])
    names = {name for trial in trials for name in trial.params}
    # The column without a name says which branch, and that follows from the values of the others.
    lacking = [name is not None and name not in names for name in space.names]
    U[:, lacking] = np.nan
    # A failed trial is as bad as the worst, as it is in the new search.
    return Source(points, U, np.where(is_finite, scores, scores[is_finite].min()))


def _middle(space: Space) -> Params:
    """Return the middle of every dimension; of a list of choices the first."""
    columns = zip(space.names, space.dimensions, space.n_categories, strict=True)
    return {
        name: dimension.unit_map(name).decode(0.0 if n_categories else 0.5)
        for name, dimension, n_categories in columns
        if name is not None
    }
