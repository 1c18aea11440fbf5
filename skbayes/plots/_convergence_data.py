"""The best score so far of one or several searches, one by one and over seeds, against what they cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult

from ..optimizer import History, Trial
from ._clock import new_runs, rungs_of, seconds_at_ends, spent
from ._source import Source, scored_source_of

__all__ = ["AGAINST", "BANDS", "convergence_data"]

Floats = NDArray[np.float64]

AGAINST = ("evaluations", "fits", "seconds")
CENTRES = ("median", "mean")
BANDS = ("auto", "quartiles", "range", "standard_error")


@dataclass(frozen=True)
class _Path:
    """One search: when each trial ended by some measure, in that order, and what came of it."""

    at: Floats
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Floats:
        """The best score until then, -inf before the first."""
        scores = [trial.score if trial.is_complete else -np.inf for trial in self.trials]
        return np.maximum.accumulate(np.array(scores, dtype=float))


def convergence_data(
    searches: Any,
    *,
    against: str = "evaluations",
    centre: str = "median",
    band: str | None = "auto",
    metric: str | None = None,
    score_name: str | None = None,
) -> dict[str, Any]:
    """Compute the best score so far of one or several searches.

    Parameters
    ----------
    searches : search, History, path, list of them, or dict of str to any of these
        Each a fitted search of ours or of scikit-learn, an `Optimizer`, a `History`, trials, or the path of a journal
        or of an exported history. In a dict each entry is a curve with its name, and a list in it stands for the same
        search with several seeds. In a list that is no dict's each is a curve.
    against : {"evaluations", "fits", "seconds"}, default="evaluations"
        What is counted: candidates, failed and pruned ones included; folds that were run; seconds since the
        beginning of the first fold, by the clock. If that is not known of all searches, as of those of
        scikit-learn, the seconds are those of all fits and scores together.
    centre : {"median", "mean"}, default="median"
        What stands for several seeds.
    band : {"auto", "quartiles", "range", "standard_error"} or None, default="auto"
        What is drawn around it: the middle half of the searches, all of them, or one standard error of the mean on
        either side. ``"auto"``: quartiles of the median, the standard error of the mean.
    metric : str, default=None
        Another metric than the one searched for.
    score_name : str, default=None
        What to call the score. None: by the metric.

    Returns
    -------
    data : dict
        What `ConvergenceDisplay` takes.

    Raises
    ------
    TypeError
        If one of them is no search.
    ValueError
        If an option is none of these, there is no search or an empty one, or the seconds are not known.

    Notes
    -----
    A search that has ended keeps its best. One that has no score yet counts as worse than any: the median is there
    once half of the searches have one, the mean once all have.

    Scores of a halving search are those of its last rung, and all rungs are counted.

    Examples
    --------
    >>> from skbayes.optimizer import Trial
    >>> from skbayes.plots import convergence_data
    >>> seeds = [
    ...     [Trial(k, {}, s) for k, s in enumerate(scores)] for scores in ([1, 3, 2], [2, 1, 4])
    ... ]
    >>> data = convergence_data({"two seeds": seeds})
    >>> data["x"][0].tolist(), data["centre"][0].tolist()
    ([1.0, 2.0, 3.0], [1.5, 2.5, 3.5])
    """
    _check_option("against", against, AGAINST)
    _check_option("centre", centre, CENTRES)
    if band is not None:
        _check_option("band", band, BANDS)
    if band == "auto":
        band = "quartiles" if centre == "median" else "standard_error"
    if band == "standard_error" and centre != "mean":
        raise ValueError(
            f"band='standard_error' is that of the mean; got centre={centre!r}. Use centre='mean' or another band."
        )
    names, groups = _groups(searches)
    sources = [
        [(thing, scored_source_of(thing, metric=metric, score_name=score_name)) for thing in group]
        for group in groups
    ]
    paths, is_clock = _paths(sources, against)
    known_by = [mine[0][1].name for mine in sources]
    curves = [_over_seeds(mine, centre, band) for mine in paths]
    return {
        "names": _told_apart(known_by) if names is None else names,
        "x": [curve[0] for curve in curves],
        "centre": [curve[1] for curve in curves],
        "lower": [curve[2] for curve in curves],
        "upper": [curve[3] for curve in curves],
        "n_searches": [len(mine) for mine in paths],
        "trials": [[_columns(path) for path in mine] for mine in paths],
        "against": against,
        "is_clock": is_clock,
        "score_name": sources[0][0][1].score_name,
        "summary": _summary(centre, band),
    }


def _check_option(name: str, given: Any, known: Sequence[str]) -> None:
    if given not in known:
        raise ValueError(f"{name} is one of {list(known)}; got {given!r}. Correct it.")


def _groups(searches: Any) -> tuple[list[str] | None, list[list[Any]]]:
    """Return the names of the curves, None if none were given, and the searches of each."""
    names = None
    # What `minimize` returns is a dict too.
    if isinstance(searches, Mapping) and not isinstance(searches, OptimizeResult):
        names = [str(name) for name in searches]
        groups = [_as_list(thing) for thing in searches.values()]
    else:
        groups = [[thing] for thing in _as_list(searches)]
    if not groups or not all(groups):
        empty = [name for name, group in zip(names or (), groups, strict=False) if not group]
        raise ValueError(
            f"ConvergenceDisplay needs at least one search{' for each name' if empty else ''}; got none"
            f"{f' for {empty}' if empty else ''}. Give a fitted search or its history_."
        )
    return names, groups


def _as_list(things: Any) -> list[Any]:
    is_list = isinstance(things, list | tuple)
    if is_list and not (things and all(isinstance(thing, Trial) for thing in things)):
        return list(things)
    return [things]


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return the names, numbered where several are equal."""
    counts, so_far, told = Counter(names), Counter[str](), []
    for name in names:
        so_far[name] += 1
        told.append(name if counts[name] == 1 else f"{name} {so_far[name]}")
    return told


def _paths(
    sources: Sequence[Sequence[tuple[Any, Source]]], against: str
) -> tuple[list[list[_Path]], bool]:
    """Return the searches of each curve, and whether the seconds are those of the clock."""
    histories = [[rungs_of(thing, source) for thing, source in group] for group in sources]
    if against == "evaluations":
        return [[_counted(history) for history in group] for group in histories], False
    clocks = [[seconds_at_ends(history) for history in group] for group in histories]
    is_clock = against == "seconds" and all(at is not None for group in clocks for at in group)
    if not is_clock:
        return [[_cumulated(history, against) for history in group] for group in histories], False
    return [
        [_in_order(at, history) for at, history in zip(*both, strict=True) if at is not None]
        for both in zip(clocks, histories, strict=True)
    ], True


def _counted(history: History) -> _Path:
    return _Path(np.arange(1.0, len(history) + 1.0), history.trials)


def _cumulated(history: History, against: str) -> _Path:
    both = [spent(*each) for each in zip(history, new_runs(history), strict=True)]
    fits, seconds = np.array(both, dtype=float).reshape(-1, 2).T
    amounts = fits if against == "fits" else seconds
    if np.isnan(amounts).any():
        raise ValueError(
            f"against='seconds' needs to know how long each trial took; {int(np.isnan(amounts).sum())} of "
            f"{len(amounts)} trials have neither runs nor a fit_time. Use against='evaluations'."
        )
    return _Path(np.cumsum(amounts), history.trials)


def _in_order(at: Floats, history: History) -> _Path:
    """Return the trials in the order in which they ended, which with several workers is not that of asking."""
    # A trial of which no worker told anything ended after the one told before it, as far as one knows.
    at = np.where(np.isnan(at), np.maximum.accumulate(np.nan_to_num(at)), at)
    order = np.argsort(at, kind="stable")
    return _Path(at[order], tuple(history.trials[k] for k in order))


def _over_seeds(
    paths: Sequence[_Path], centre: str, band: str | None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return where a curve has its steps, its height, and the two ends of its band."""
    grid = np.unique(np.concatenate([path.at for path in paths]))
    best = np.full((len(paths), grid.size), -np.inf)
    for row, path in zip(best, paths, strict=True):
        place = np.searchsorted(path.at, grid, side="right") - 1
        row[place >= 0] = path.best[place[place >= 0]]
    # Between -inf and a number there is no number: a quantile there is still that of no score.
    with np.errstate(invalid="ignore"):
        low, median, high = np.nan_to_num(
            np.quantile(best, [0.25, 0.5, 0.75], axis=0), nan=-np.inf, posinf=np.inf, neginf=-np.inf
        )
        middle = median if centre == "median" else best.mean(axis=0)
        if band == "range":
            low, high = best.min(axis=0), best.max(axis=0)
        elif band == "standard_error" and len(paths) > 1:
            error = best.std(axis=0, ddof=1) / np.sqrt(len(paths))
            low, high = middle - error, middle + error
        elif band is None or len(paths) == 1:
            low, high = middle, middle
    has_none = np.isneginf(middle)
    middle, low, high = (np.where(has_none, np.nan, each) for each in (middle, low, high))
    return grid, middle, low, high


def _columns(path: _Path) -> dict[str, Any]:
    return {
        "x": path.at,
        "number": [trial.number for trial in path.trials],
        "score": np.array([trial.score for trial in path.trials], dtype=float),
        "status": [trial.outcome for trial in path.trials],
    }


def _summary(centre: str, band: str | None) -> str:
    words = {
        None: "",
        "quartiles": " and quartiles",
        "range": " and range",
        "standard_error": " ± 1 standard error",
    }
    return f"{centre}{words[band]} of the searches"
