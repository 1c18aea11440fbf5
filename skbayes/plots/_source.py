"""What a display of a search is made from, whatever the caller holds: a history, its space, and a name of the score."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scipy.optimize import OptimizeResult

from ..model_selection import (
    load_history,
    search_history,
    search_metric,
    search_space,
    search_surrogate,
)
from ..optimizer import TIMES, History, Optimizer, Trial
from ..space import Space, as_space, space_of

__all__ = ["Source", "scored_source_of", "source_of"]


@dataclass(frozen=True)
class Source:
    """The trials of one search.

    Parameters
    ----------
    history : History
        In the order in which they were told.
    space : Space or None
        Where they come from; None if there is no trial to tell.
    score_name : str
        For the axis of the score.
    name : str
        What the search is called in a legend.
    surrogate : str or Surrogate, default="auto"
        The model of the score that the search was given.

    See Also
    --------
    source_of : Makes one of a search, an optimizer, a history or a journal.

    Examples
    --------
    >>> from skbayes.optimizer import History, Trial
    >>> from skbayes.plots import Source
    >>> source = Source(History((Trial(0, {"C": 1.0}, 0.9),)), None, "mean test score", "search")
    >>> len(source.history)
    1
    """

    history: History
    space: Space | None
    score_name: str
    name: str
    surrogate: Any = "auto"


def source_of(
    thing: Any, *, space: Any = None, metric: str | None = None, score_name: str | None = None
) -> Source:
    """Return the trials, the space and the name of the score of whatever holds them.

    Parameters
    ----------
    thing : fitted search, Optimizer, History, iterable of Trial, path-like, result of `minimize`, or Source
        A search of ours or of scikit-learn; a path is that of a journal or of an exported history. What was read
        before is not read again.
    space : dict, list of dict, list of Dimension, or Space, default=None
        The design space, in any notation. None: that of the search, or what the trials span.
    metric : str, default=None
        Another metric than the one searched for, ``"fit_time"`` and ``"score_time"`` included, with ``"-"`` before it
        if smaller is better. Trials without it have no score.
    score_name : str, default=None
        What to call the score. None: by the metric.

    Returns
    -------
    source : Source
        What a display is made from.

    Raises
    ------
    NotFittedError
        If a search has not been fitted.
    TypeError
        If it is none of these.
    ValueError
        If there is no such metric, or several and none named.

    Examples
    --------
    >>> from skbayes.optimizer import Optimizer
    >>> from skbayes.plots import source_of
    >>> optimizer = Optimizer({"x": (0.0, 1.0)}, random_state=0)
    >>> optimizer.tell({"x": 0.5}, score=0.25)
    >>> source = source_of(optimizer, score_name="speed (m/s)")
    >>> source.score_name, source.history.incumbent.params
    ('speed (m/s)', {'x': 0.5})
    """
    given = None if space is None else as_space(space)
    surrogate: Any = "auto"
    if isinstance(thing, OptimizeResult):
        thing = thing.get("history", thing)
    if isinstance(thing, str | os.PathLike):
        history, name = load_history(thing, space), os.path.basename(os.fspath(thing))
    elif isinstance(thing, Optimizer):
        history, name, given = thing.history, "Optimizer", given or thing.space
    elif hasattr(thing, "get_params") and hasattr(thing, "fit"):
        return _of_search(thing, given, metric, score_name)
    elif isinstance(thing, Source):
        history, name, given = thing.history, thing.name, given or thing.space
        surrogate = thing.surrogate
        score_name = score_name or (thing.score_name if metric is None else None)
    else:
        history, name = _as_history(thing), "search"
    history = search_history(history, metric=metric)
    label = score_name or metric or "score"
    return Source(history, given or _spanned(history), label, name, surrogate)


def scored_source_of(
    thing: Any, *, space: Any = None, metric: str | None = None, score_name: str | None = None
) -> Source:
    """Return what `source_of` does, unless nobody said which of several metrics is the score.

    Raises
    ------
    ValueError
        If candidates were measured, and none of the metrics is the score.
    """
    source = source_of(thing, space=space, metric=metric, score_name=score_name)
    measured = [trial for trial in source.history if trial.outcome == "complete"]
    if measured and source.history.incumbent is None:
        names = sorted(set(measured[0].metrics or ()) - set(TIMES))
        raise ValueError(
            f"{source.name} has the metrics {names}, and a trial has one score; got metric={metric!r}. Name one of "
            f"them, or {' or '.join(TIMES)}."
        )
    return source


def _of_search(search: Any, space: Space | None, metric: str | None, label: str | None) -> Source:
    history = search_history(search, metric=metric)
    return Source(
        history,
        space or search_space(search),
        label or _score_name(search, metric),
        type(search).__name__,
        search_surrogate(search),
    )


def _score_name(search: Any, metric: str | None) -> str:
    sign, name = "", metric
    if metric is not None and metric.startswith("-"):
        sign, name = "negated ", metric[1:]
    if name in TIMES:
        return f"{sign}mean {name.replace('_', ' ')} (seconds)"
    if name is None and getattr(search, "multimetric_", False):
        name = search_metric(search)
    elif name is None:
        scoring = search.scoring
        name = scoring if isinstance(scoring, str) else getattr(scoring, "__name__", None)
    return f"{sign}mean test score" if name is None else f"{sign}mean test score ({name})"


def _as_history(thing: Any) -> History:
    if isinstance(thing, History):
        return thing
    trials = tuple(thing) if isinstance(thing, Iterable) else (thing,)
    if not all(isinstance(trial, Trial) for trial in trials):
        raise TypeError(
            "A picture of a search needs a fitted search, an Optimizer, a History, trials, or the path of a journal; "
            f"got {type(thing).__name__}. Give for example search.history_."
        )
    return History(trials)


def _spanned(history: History) -> Space | None:
    return space_of([trial.params for trial in history]) if len(history) else None
