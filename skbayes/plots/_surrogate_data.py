"""What a surrogate believes of the score along one parameter or over two, as numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import ExhaustedSpaceError
from ..model_selection import optimizer_from
from ..optimizer import History, MultiObjectiveOptimizer, Optimizer, Trial, importances
from ..space import Space, ValueGrid, value_grid
from ._source import Source, scored_source_of

__all__ = ["surrogate_data"]

Floats = NDArray[np.float64]
Params = dict[str, Any]

# Values along one parameter: a line without corners. Of two parameters: a surface without steps.
_ALONG_ONE, _ALONG_EACH_OF_TWO, _MOST_POINTS = 200, 41, 2000
# Bands of the posterior: where the score is as likely as not, and where it nearly certainly is.
_LEVELS = (0.5, 0.95)


def surrogate_data(
    search: Any,
    parameters: str | Sequence[str] | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    space: Any = None,
    metric: str | None = None,
    score_name: str | None = None,
    surrogate: Any = None,
    acquisition: Any = None,
    n_values: int | None = None,
    random_state: Any = 0,
) -> dict[str, Any]:
    """Return what `SurrogateDisplay` is made of, without drawing it.

    Parameters
    ----------
    search : fitted search, Optimizer, History, iterable of Trial, or path-like
        A search of ours or of scikit-learn; a path is that of a journal or of an exported history.
    parameters : str or sequence of str, default=None
        The parameter, or the two, along which to look. None: all if there are no more than two; otherwise the two that
        matter most of those that the best trial has.
    at : dict, default=None
        Values of the other parameters. Those not named have their values in the best trial that has the
        `parameters`, or the middle one where it lacks them.
    space : dict, list of dict, list of Dimension, or Space, default=None
        The design space, in any notation; None: that of the search, or what the trials span.
    metric : str, default=None
        Another metric than the one searched for, with ``"-"`` before it if smaller is better.
    score_name : str, default=None
        What to call the score; None: by the metric.
    surrogate, acquisition : str or object, default=None
        As for `skbayes.optimizer.Optimizer`; None: those of the search.
    n_values : int, default=None
        How many values of a range of numbers, at least 2; None: 200 along one parameter and 41 along each of two.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=0
        Seed of the model, where it is not that of a given Optimizer.

    Returns
    -------
    data : dict
        `grids`: one `ValueGrid` or two. `mean`, `std`: of the score, arrays with an axis for each grid, nan where the
        space has no such point. `intervals`: dict of levels 0.5 and 0.95 to pairs of such arrays. `acquisition`: such
        an array, or None for one that has no value of a point by itself; `acquisition_name`. `observed`: values of the
        parameters of each trial that has them all, `scores`, `statuses`, and `is_here`, whether its other parameters
        have the values looked at. `next_params`: what will be asked next, None if there is nothing left;
        `next_acquisition`; `is_opening`: whether it comes from the initial design. `at`: the other parameters.
        `score_name`.

    Raises
    ------
    NotFittedError
        If a search has not been fitted.
    TypeError
        If `search` is none of these.
    ValueError
        If no trial has a score, a parameter is unknown or no trial with a score has it, or `at` names one of
        `parameters`.

    Examples
    --------
    >>> from skbayes.optimizer import Trial
    >>> from skbayes.plots import surrogate_data
    >>> trials = [Trial(k, {"x": float(k)}, -((k - 2.0) ** 2)) for k in range(6)]
    >>> data = surrogate_data(trials, n_values=6)
    >>> int(data["mean"].argmax()), 1.0 < data["next_params"]["x"] < 3.0
    (2, True)
    """
    source, optimizer = _modelled(
        search, space, metric, score_name, surrogate, acquisition, random_state
    )
    names = _names(source, optimizer.space, parameters)
    _check_held(optimizer.space, names, at or {})
    base = _base(source, names, at or {})
    grids = _grids(optimizer.space, names, n_values, source.history)
    slice_ = _Slice(optimizer.space, grids, base, dict(at or {}))
    return {
        "grids": grids,
        **_beliefs(optimizer, slice_),
        **_observed(source.history, slice_),
        "at": slice_.others,
        "score_name": source.score_name,
    }


def _modelled(
    search: Any,
    space: Any,
    metric: str | None,
    score_name: str | None,
    surrogate: Any,
    acquisition: Any,
    random_state: Any,
) -> tuple[Source, Optimizer]:
    """The history, and an optimizer that knows it and may be changed."""
    is_given = isinstance(search, Optimizer)
    if isinstance(search, MultiObjectiveOptimizer) and metric is None:
        raise ValueError(
            "A picture of a surrogate is of one score, and this optimizer has the objectives "
            f"{list(map(str, search.objectives))}. Name one of them in metric=."
        )
    source = scored_source_of(search, space=space, metric=metric, score_name=score_name)
    n_scored = sum(trial.is_complete for trial in source.history)
    if not n_scored or source.space is None:
        raise ValueError(
            f"A surrogate needs a trial with a score; got {len(source.history)} trials and {n_scored} scores. Try "
            "candidates that do not fail, or look at them in TimelineDisplay."
        )
    is_plain = surrogate is None and acquisition is None and space is None
    if is_plain and is_given and metric is None:
        return source, search.copy()
    if is_plain and hasattr(search, "cv_results_"):
        return source, optimizer_from(search, metric=metric, random_state=random_state)
    options = {"surrogate": surrogate, "acquisition": acquisition}
    made = Optimizer(
        source.space,
        history=source.history,
        random_state=random_state,
        **{name: value for name, value in options.items() if value is not None},
    )
    return source, made


def _names(source: Source, space: Space, parameters: str | Sequence[str] | None) -> tuple[str, ...]:
    known = list(dict.fromkeys(name for name in space.names if name is not None))
    if parameters is None:
        return tuple(known) if len(known) <= 2 else _most_important(source, space, known)
    names = (parameters,) if isinstance(parameters, str) else tuple(parameters)
    unknown = [name for name in names if name not in known]
    if unknown or len(names) not in (1, 2) or len(set(names)) < len(names):
        raise ValueError(
            f"parameters needs the name of a parameter, or of two; got {parameters!r}. Choose among {known}."
        )
    return names


def _grids(
    space: Space, names: tuple[str, ...], n: int | None, history: History
) -> tuple[ValueGrid, ...]:
    tried = {name: [t.params[name] for t in history if name in t.params] for name in names}

    def of(n: int) -> tuple[ValueGrid, ...]:
        return tuple(value_grid(space, name, n, including=tried[name]) for name in names)

    fine = of(n or _ALONG_ONE)
    # Beside a few choices a range can be as fine as alone.
    is_few = min(len(grid.values) for grid in fine) * _ALONG_ONE <= _MOST_POINTS
    return fine if n is not None or len(names) == 1 or is_few else of(_ALONG_EACH_OF_TWO)


def _most_important(source: Source, space: Space, known: list[str]) -> tuple[str, ...]:
    best = source.history.incumbent
    assert best is not None  # there is a score
    held = [name for name in known if name in best.params]
    try:
        total = importances(source.history, space, n_functions=32, random_state=0).total
    except ValueError:  # too few scores
        total = {}
    rank = {name: total.get(name, 0.0) for name in held}
    # nan, of equal scores, is no rank.
    chosen = sorted(held, key=lambda name: -np.nan_to_num(rank[name]))[:2]
    return tuple(name for name in held if name in chosen)


def _check_held(space: Space, names: tuple[str, ...], at: Mapping[str, Any]) -> None:
    both = [name for name in names if name in at]
    if both:
        raise ValueError(
            f"at= holds parameters at a value, and {both} are looked at from end to end. Leave them out of one."
        )
    unknown = [name for name in at if name not in space.names]
    if unknown:
        known = list(dict.fromkeys(name for name in space.names if name is not None))
        raise ValueError(
            f"at= names {unknown}, which the space does not have. Choose among {known}."
        )


def _base(source: Source, names: tuple[str, ...], at: Mapping[str, Any]) -> Params:
    """The parameters of the best trial that has those looked at."""
    having = [trial for trial in source.history if set(names) <= trial.params.keys()]
    fitting = [t for t in having if all(_is_same(t.params.get(n, v), v) for n, v in at.items())]
    best = History(tuple(fitting)).incumbent or History(tuple(having)).incumbent
    if best is None:
        raise ValueError(
            f"No trial with a score has the parameters {list(names)} together: one is not active where the other is, "
            "or all such trials failed. Look along others."
        )
    return dict(best.params)


def _is_same(a: Any, b: Any) -> bool:
    try:
        return a is b or bool(a == b)
    except Exception:  # the == of an array is one, and that of others anything
        return False


@dataclass(frozen=True)
class _Slice:
    """The points of the space that are looked at: those of the grids, the other parameters held."""

    space: Space
    grids: tuple[ValueGrid, ...]
    base: Params
    at: Params

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(grid.values) for grid in self.grids)

    @property
    def others(self) -> Params:
        """The parameters held, by name."""
        names = [grid.name for grid in self.grids]
        return {n: v for n, v in {**self.base, **self.at}.items() if n not in names}

    @cached_property
    def _fill(self) -> Params:
        """A middle value for each parameter: of those that become active on the way."""
        grids = [value_grid(self.space, name, 3) for name in self.space.names if name is not None]
        return {grid.name: grid.values[len(grid.values) // 2] for grid in grids}

    def has(self, params: Params) -> bool:
        """Whether a trial is one of the points, but for the values of the parameters looked at."""
        here = self.point({grid.name: params[grid.name] for grid in self.grids})
        if here is None or not self.space.contains(params):
            return False
        keys = [self.space.key(self.space.encode(each)) for each in (here, params)]
        return keys[0] == keys[1]

    def points(self) -> tuple[list[tuple[int, ...]], list[Params]]:
        """Where on the grid there is a point of the space, and the points."""
        where, points = [], []
        for index in np.ndindex(self.shape):
            wanted = {g.name: g.values[k] for g, k in zip(self.grids, index, strict=True)}
            point = self.point(wanted)
            if point is not None:
                where.append(index)
                points.append(point)
        return where, points

    def point(self, wanted: Params) -> Params | None:
        """The point with the values wanted, in the branch that holds most of the others."""
        held = {**self.others, **wanted}
        found = [
            point
            for point in self.space.restrict({**self._fill, **held})
            if wanted.keys() <= point.keys()
        ]
        return max(found, key=lambda point: len(point.keys() & held.keys()), default=None)


def _beliefs(optimizer: Optimizer, slice_: _Slice) -> dict[str, Any]:
    where, points = slice_.points()
    if not points:
        raise ValueError(
            f"The space has no point with {slice_.others}: the constraint forbids it, or these values do not go "
            "together. Give others in at=."
        )

    def spread(values: Floats) -> Floats:
        whole = np.full(slice_.shape, np.nan)
        whole[tuple(np.array(where).T)] = values
        return whole

    posterior = optimizer.score_posterior(points)
    bounds = {level: optimizer.score_interval(points, level) for level in _LEVELS}
    try:
        following: Params | None = optimizer.copy().ask()
    except ExhaustedSpaceError:
        following = None
    try:
        values = optimizer.acquisition_value([*points, *([following] if following else [])])
    except ValueError:  # a joint one
        values = None
    return {
        "mean": spread(posterior.mean),
        "std": spread(posterior.std),
        "intervals": {level: (spread(low), spread(high)) for level, (low, high) in bounds.items()},
        "acquisition": None if values is None else spread(values[: len(points)]),
        "acquisition_name": _words(optimizer.acquisition),
        "next_params": following,
        "next_acquisition": (
            float("nan") if values is None or following is None else float(values[-1])
        ),
        "is_opening": optimizer.is_opening,
    }


def _words(acquisition: Any) -> str:
    """The name of a class as words: LogExpectedImprovement is a log expected improvement."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(acquisition).__name__).lower()


def _observed(history: Iterable[Trial], slice_: _Slice) -> dict[str, Any]:
    names = [grid.name for grid in slice_.grids]
    trials = [trial for trial in history if set(names) <= trial.params.keys()]
    return {
        "observed": [tuple(trial.params[name] for name in names) for trial in trials],
        "scores": np.array([t.score if t.is_complete else np.nan for t in trials], dtype=float),
        "statuses": [trial.outcome for trial in trials],
        "is_here": np.array([slice_.has(trial.params) for trial in trials], dtype=bool),
    }
