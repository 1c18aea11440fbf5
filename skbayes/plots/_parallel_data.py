"""What a picture of candidates as lines over parallel axes is made of: an axis for each parameter, and the score."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..optimizer import TIMES
from ._source import Source, scored_source_of
from ._value_axes import ValueAxis, number_axis, parameter_axis

__all__ = ["parallel_coordinates_data"]

Floats = NDArray[np.float64]

# Tukey's outer fence, 3 times the width of the middle half below it: what lies beyond is "far out" (Exploratory
# Data Analysis, 1977, chapter 2), and would press all others into the top of the axis.
_FENCE = 3.0
# Of fewer scores nobody can tell which are far out.
_FEWEST = 8


def parallel_coordinates_data(
    search: Any,
    parameters: Sequence[str] | None = None,
    *,
    space: Any = None,
    metric: str | None = None,
    score_name: str | None = None,
) -> dict[str, Any]:
    """Return what `ParallelCoordinatesDisplay` is made of, without drawing it.

    Parameters
    ----------
    search : fitted search, Optimizer, History, iterable of Trial, or path-like
        A search of ours or of scikit-learn; a path is that of a journal or of an exported history.
    parameters : sequence of str, default=None
        Names of the parameters to show, in this order; None: all, in the order of the space.
    space : dict, list of dict, list of Dimension, or Space, default=None
        The design space, in any notation. None: that of the search, or what the trials span.
    metric : str, default=None
        Another metric than the one searched for.
    score_name : str, default=None
        What to call the score. None: by the metric.

    Returns
    -------
    data : dict
        Names and values of the arguments of `ParallelCoordinatesDisplay`.

    Raises
    ------
    NotFittedError
        If a search has not been fitted.
    TypeError
        If `search` is none of these, or `parameters` is one string.
    ValueError
        If there is no trial, or none has a parameter that was named.

    Notes
    -----
    A range of numbers goes from end to end in its own scale, a distribution from its quantile 0.01 to 0.99, and both
    as far as a trial lies outside. Choices have equal steps. A score further below the lower quartile than three times
    the distance of the quartiles [1]_ is put at the lower end of its axis, whose label says so.

    References
    ----------
    .. [1] Tukey (1977). Exploratory Data Analysis. Addison-Wesley.

    Examples
    --------
    >>> from skbayes.optimizer import Trial
    >>> from skbayes.plots import parallel_coordinates_data
    >>> trials = [
    ...     Trial(0, {"C": 0.01, "kernel": "rbf"}, 0.7),
    ...     Trial(1, {"C": 10.0, "kernel": "linear"}, 0.9),
    ... ]
    >>> data = parallel_coordinates_data(
    ...     trials, space={"C": (1e-2, 1e2, "log-uniform"), "kernel": ["linear", "rbf"]}
    ... )
    >>> data["names"], data["positions"].round(2).tolist()
    (['C', 'kernel'], [[0.0, 0.75], [0.75, 0.25]])
    """
    if isinstance(parameters, str):
        raise TypeError(
            f"parameters needs a list of names; got {parameters!r}. Write [{parameters!r}]."
        )
    source = scored_source_of(search, space=space, metric=metric, score_name=score_name)
    trials = tuple(source.history)
    if not trials:
        raise ValueError(
            "Parallel coordinates need at least one candidate; got a search without any. Tell some first."
        )
    names = _names(source, parameters)
    axes = [parameter_axis(name, [t.params for t in trials], source.space) for name in names]
    scores = np.array([t.score if t.is_complete else np.nan for t in trials])
    score_axis = _score_axis(scores)
    return {
        "names": names,
        "positions": np.array([axis.positions for axis in axes]).T,
        "ticks": [list(axis.ticks) for axis in axes],
        "tick_labels": [list(axis.tick_labels) for axis in axes],
        "scores": scores,
        "score_positions": score_axis.positions,
        "score_ticks": list(score_axis.ticks),
        "score_tick_labels": list(score_axis.tick_labels),
        "statuses": [trial.outcome for trial in trials],
        "score_name": source.score_name,
        "best_name": "longest" if metric in TIMES else "best",
    }


def _names(source: Source, parameters: Sequence[str] | None) -> list[str]:
    known = (
        [] if source.space is None else [name for name in source.space.names if name is not None]
    )
    tried = dict.fromkeys(name for trial in source.history for name in trial.params)
    if parameters is None:
        return list(dict.fromkeys([*known, *tried]))
    names = list(dict.fromkeys(parameters))
    unknown = [name for name in names if name not in tried and name not in known]
    if unknown or not names:
        lacking = f"{unknown}, which the search has not" if unknown else "none"
        raise ValueError(
            f"parameters needs names of them; got {lacking}. Choose among {list(dict.fromkeys([*known, *tried]))}."
        )
    return names


def _score_axis(scores: Floats) -> ValueAxis:
    known = scores[np.isfinite(scores)]
    if not len(known):
        return ValueAxis("linear", scores, (), ())
    low, high, is_cut = float(known.min()), float(known.max()), False
    if len(known) >= _FEWEST:
        quarter, three_quarters = np.quantile(known, [0.25, 0.75])
        fence = quarter - _FENCE * (three_quarters - quarter)
        # Where the middle half is all one score, the others are what there is to see.
        is_cut = quarter < three_quarters and low < fence
        low = float(known[known >= fence].min()) if is_cut else low
    axis = number_axis(scores, low, high)
    if not is_cut:
        return axis
    first, *others = axis.tick_labels
    return ValueAxis(axis.scale, axis.positions, axis.ticks, (f"≤ {first}", *others))
