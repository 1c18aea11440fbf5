"""Earlier searches as `history=` takes them: of the same objective, or of another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..exceptions import SpaceTypeError, SpaceValueError
from ..space import Space
from ._trial import Trial

__all__ = ["EarlierSearch", "completed", "split_history", "usable"]


@dataclass(frozen=True)
class EarlierSearch:
    """An earlier search given to a new one as `history`, and how its scores are to be read.

    Parameters
    ----------
    trials : History or iterable of Trial
        What was tried, in a space with the same, fewer or more parameters.
    same_objective : bool, default=False
        True: the scores could have been told to the new search, because data, folds and metric are
        the same. Then they are evidence, and its points are not tried again. False: only their
        order counts, and only as far as the new scores agree with it.
    defaults : mapping of str to object, default=None
        Values of parameters that the trials lack, for example the estimator's own.

    See Also
    --------
    Optimizer : Takes one or several of them as `history`.

    Examples
    --------
    >>> from skbayes.optimizer import EarlierSearch, Optimizer, Trial
    >>> trials = [Trial(i, {"x": x}, score=-abs(x - 3.0)) for i, x in enumerate([0.0, 3.0, 5.0])]
    >>> optimizer = Optimizer(
    ...     {"x": (0.0, 5.0), "y": (0.0, 1.0)},
    ...     history=EarlierSearch(trials, defaults={"y": 0.25}),
    ...     random_state=0,
    ... )
    >>> optimizer.ask()
    {'x': 3.0, 'y': 0.25}
    """

    trials: Iterable[Trial]
    same_objective: bool = False
    defaults: Mapping[str, Any] | None = None


def split_history(history: Any, space: Space) -> tuple[list[Trial], list[EarlierSearch]]:
    """Return the trials of the same objective, and the searches of others, in a `history`.

    Raises
    ------
    TypeError
        If it holds something else.
    """
    if history is None:
        return [], []
    if isinstance(history, EarlierSearch):
        if not history.same_objective:
            return [], [history]
        return [_continued(trial, history.defaults or {}, space) for trial in history.trials], []
    if isinstance(history, Trial):
        return [history], []
    if not isinstance(history, Iterable) or isinstance(history, str | Mapping):
        raise TypeError(
            f"history must be a History, trials, an EarlierSearch, or a list of them; got "
            f"{history!r}. Give for example history=optimizer.history."
        )
    same: list[Trial] = []
    others: list[EarlierSearch] = []
    for entry in history:
        trials, searches = split_history(entry, space)
        same += trials
        others += searches
    return same, others


def usable(defaults: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """Return the defaults that are values of the space."""
    found = {}
    for name, dimension in zip(space.names, space.dimensions, strict=True):
        if name is not None and name in defaults:
            try:
                dimension.unit_map(name).encode(defaults[name])
            except (SpaceValueError, SpaceTypeError):
                continue
            found[name] = defaults[name]
    return found


def completed(
    params: Mapping[str, Any], fill: Mapping[str, Any], space: Space
) -> dict[str, Any] | None:
    """Return the point of the space with these values, others filled in; None if there is none.

    Of several branches the one that uses most of the values.
    """
    points: Sequence[dict[str, Any]] = space.restrict({**fill, **params})
    return max(points, key=lambda point: len(point.keys() & params.keys()), default=None)


def _continued(trial: Trial, defaults: Mapping[str, Any], space: Space) -> Trial:
    """Return the trial as a point of the space, if it is one of the very same objective there.

    A parameter that the space lacks must have had the value that the new search leaves it at.
    """
    further = [name for name in trial.params if name not in space.names]
    if any(name not in defaults or defaults[name] != trial.params[name] for name in further):
        return trial
    if not further and space.contains(trial.params):
        return trial
    point = completed(trial.params, usable(defaults, space), space)
    return trial if point is None else replace(trial, params=point)
