"""What a page is made from: the trials, which are the rows of its table, and what they are of."""

import math
import os
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..evaluation import JournalHeader, read_journal
from ..exceptions import JournalError
from ..model_selection import search_history, search_metric
from ..optimizer import TIMES, History, Trial
from ..plots import Source, convergence_data, source_of

__all__ = ["Material", "material_of"]


@dataclass(frozen=True)
class Material:
    """What a page is made from.

    Parameters
    ----------
    source : Source
        The trials, their space, and names.
    search : object or None
        The fitted search, if one was given.
    header : JournalHeader or None
        That of the journal, if the path of one was given.
    best_row : int or None
        Row of the candidate that was chosen, in the table and among the trials; None without one.
    errors : tuple of (str, int), default=()
        Tracebacks of folds that failed and how many had each, where they are known: in a journal.
    partial : tuple of float, default=()
        Of a halving search, the score of each trial on its rung, nan on the last; its trials are those of all rungs.
    """

    source: Source
    search: Any = None
    header: JournalHeader | None = None
    best_row: int | None = None
    errors: tuple[tuple[str, int], ...] = ()
    partial: tuple[float, ...] = ()

    @property
    def results(self) -> Mapping[str, Any] | None:
        """`cv_results_`, if there is one."""
        return None if self.search is None else self.search.cv_results_

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The trials."""
        return self.source.history.trials

    @cached_property
    def fits(self) -> list[float | None] | None:
        """Folds that were run until the end of each trial; None where it is not known."""
        return self._spent("fits")[0]

    @cached_property
    def clock(self) -> tuple[list[float | None] | None, bool]:
        """Seconds until the end of each trial, None where it is not known, and whether they are by the clock."""
        return self._spent("seconds")

    def _spent(self, against: str) -> tuple[list[float | None] | None, bool]:
        if not self.trials:
            return None, False
        try:
            data = convergence_data(self.source, against=against)
        except ValueError:  # a trial that does not say how long it took
            return None, False
        path = data["trials"][0][0]
        spent = dict(zip(path["number"], path["x"].tolist(), strict=True))
        known = [spent[trial.number] for trial in self.trials]
        return [x if math.isfinite(x) else None for x in known], bool(data["is_clock"])

    @property
    def best_trial(self) -> Trial | None:
        """The trial at the best row."""
        return None if self.best_row is None else self.trials[self.best_row]


def material_of(thing: Any, space: Any = None, metric: str | None = None) -> Material:
    """Return what a page is made from; see `report_data`."""
    search = thing if hasattr(thing, "cv_results_") else None
    if metric is None and search is not None:
        metric = _metric_to_show(search)
    source = source_of(thing, space=space, metric=metric)
    if metric is None and search is None:
        source = source_of(source, metric=_first_of_undecided(source.history))
    partial: tuple[float, ...] = ()
    rungs = getattr(thing, "rung_history_", None)
    if rungs is not None:
        source, partial = _all_rungs(source, search_history(rungs, metric=metric))
    source = replace(source, history=_numbered(source.history))
    header, errors = _journal_of(thing)
    return Material(source, search, header, _best_row(search, source), errors, partial)


def _all_rungs(source: Source, rungs: History) -> tuple[Source, tuple[float, ...]]:
    """Return a source of the trials on all rungs, where only those on the last have scores, and the other scores."""
    last = {id(trial.runs) for trial in source.history if trial.runs is not None}
    is_last = [id(trial.runs) in last for trial in rungs]
    trials = tuple(
        trial if whole else trial.as_pruned() for trial, whole in zip(rungs, is_last, strict=True)
    )
    partial = tuple(
        math.nan if whole else trial.score for trial, whole in zip(rungs, is_last, strict=True)
    )
    return replace(source, history=History(trials, source.history.origin)), partial


def _numbered(history: History) -> History:
    """Return the history with a number of its own for each trial, by which the pictures know it."""
    if len({trial.number for trial in history}) == len(history):
        return history
    trials = (replace(trial, number=k) for k, trial in enumerate(history))
    return History(tuple(trials), history.origin)


def _metric_to_show(search: Any) -> str | None:
    """Of a search that was told no metric to search for, the first; else None, the one searched for."""
    if not getattr(search, "multimetric_", False) or search_metric(search) is not None:
        return None
    names = [key[10:] for key in search.cv_results_ if key.startswith("mean_test_")]
    return names[0]


def _first_of_undecided(history: History) -> str | None:
    """Of candidates that were measured by several metrics, none of which is the score, the first; else None."""
    measured = [trial for trial in history if trial.outcome == "complete"]
    if not measured or history.incumbent is not None:
        return None
    return next(name for name in measured[0].metrics or () if name not in TIMES)


def _best_row(search: Any, source: Source) -> int | None:
    if search is not None and hasattr(search, "best_index_"):
        return int(search.best_index_)
    incumbent = source.history.incumbent
    return None if incumbent is None else source.history.trials.index(incumbent)


def _journal_of(thing: Any) -> tuple[JournalHeader | None, tuple[tuple[str, int], ...]]:
    """Return the header of a journal and its errors, the commonest first; nothing of anything else."""
    if not isinstance(thing, str | os.PathLike):
        return None, ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # reading the trials has said it
            header, candidates = read_journal(thing)
    except JournalError:  # an exported history
        return None, ()
    folds = [fold for candidate in candidates for fold in candidate.folds.values()]
    errors = Counter(fold.fit_error or fold.score_error for fold in folds)
    return header, tuple((error, count) for error, count in errors.most_common() if error)
