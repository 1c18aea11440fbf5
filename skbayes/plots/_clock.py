"""What a search cost until when: evaluations, folds that were run, seconds on the clock.

A search that was ended and went on later has a break: nothing ran, and none of the processes from before it ran
again. Breaks are left out of the seconds.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..optimizer import History, Run, Trial
from ._source import Source

__all__ = [
    "breaks_in",
    "new_runs",
    "rungs_of",
    "seconds_at_ends",
    "seconds_without",
    "spent",
]

Floats = NDArray[np.float64]

# In seconds. Less is the start of workers, or a search that thinks.
_SHORTEST_BREAK = 60.0
# Name and seconds of each unit of time, and how many of them there are at least where it is used.
_UNITS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0))
_FEWEST = 5


def rungs_of(search: Any, source: Source) -> History:
    """Return the trials of all rungs of a halving search, of any other search its own.

    Those below the last rung are pruned: their scores are of another kind.
    """
    everything = getattr(search, "rung_history_", None)
    if everything is None:
        return source.history
    # By its runs a trial is known, whatever its score is by now: the source has that of the metric asked for.
    last = {id(trial.runs): trial for trial in source.history if trial.runs}
    trials = (
        replace(last[id(trial.runs)], number=trial.number, params=trial.params)
        if id(trial.runs) in last
        else trial.as_pruned()
        for trial in everything
    )
    return History(tuple(trials))


def new_runs(history: Iterable[Trial]) -> list[tuple[Run, ...]]:
    """Return the runs of each trial; one that a trial took over from another, as on a higher rung, is the other's."""
    seen: set[tuple[str, int, float]] = set()
    found = []
    for trial in history:
        runs = [
            run
            for run in trial.runs or ()
            # Of a worker that died there is nothing to know it by.
            if not run.worker or (run.worker, run.fold, run.started) not in seen
        ]
        seen |= {(run.worker, run.fold, run.started) for run in runs}
        found.append(tuple(runs))
    return found


def breaks_in(runs: Iterable[Run]) -> list[tuple[float, float]]:
    """Return when a search rested, as (beginning, end) in seconds since the epoch."""
    known = sorted(
        (run for run in runs if not math.isnan(run.started)), key=lambda run: run.started
    )
    processes = [run.worker.rsplit(":", 1)[0] for run in known]
    last_run = {process: k for k, process in enumerate(processes)}
    found, busy_until, busy_processes_until = [], -math.inf, -1
    for k, (run, process) in enumerate(zip(known, processes, strict=True)):
        is_new = busy_processes_until < k
        if k and is_new and run.started - busy_until > _SHORTEST_BREAK:
            found.append((busy_until, run.started))
        busy_until = max(busy_until, run.ended)
        busy_processes_until = max(busy_processes_until, last_run[process])
    return found


def seconds_without(times: Floats, first: float, breaks: Sequence[tuple[float, float]]) -> Floats:
    """Return the seconds from the first to each of some times, breaks left out."""
    seconds = times - first
    for begin, end in breaks:
        seconds = seconds - np.clip(times - begin, 0.0, end - begin)
    return seconds


def seconds_at_ends(history: History) -> Floats | None:
    """Return the seconds from the first run to the end of each trial; None if the runs of one are not known.

    nan for a trial of which no worker told anything.
    """
    if not len(history) or any(trial.runs is None for trial in history):
        return None
    runs = [run for trial in history for run in trial.runs or ()]
    first = min((run.started for run in runs if not math.isnan(run.started)), default=math.nan)
    ends = [
        max(
            (run.ended for run in trial.runs or () if not math.isnan(run.started)), default=math.nan
        )
        for trial in history
    ]
    return seconds_without(np.array(ends), first, breaks_in(runs))


def spent(trial: Trial, runs: Sequence[Run]) -> tuple[int, float]:
    """Return how many folds of a trial were run, and the seconds that they took together; nan if not known."""
    if trial.runs is not None:
        return len(runs), sum(run.fit_time + run.score_time for run in runs)
    scores = trial.fold_scores
    if scores is None:
        n_folds = 1
    elif trial.status == "pruned":
        n_folds = int(np.isfinite(scores).sum())
    else:
        n_folds = len(scores)
    if trial.fit_time is None:
        return n_folds, math.nan
    score_time = (trial.metrics or {}).get("score_time", 0.0)
    per_fold = trial.fit_time + (0.0 if math.isnan(score_time) else score_time)
    return n_folds, n_folds * per_fold


def time_unit(seconds: float) -> tuple[str, float]:
    """Return the name of the unit in which a time is said, and its seconds."""
    units = (unit for unit in _UNITS if seconds >= _FEWEST * unit[1])
    return next(units, _UNITS[-1])


def time_text(seconds: float) -> str:
    """Return a time as a text of three digits, such as ``"12.3 minutes"``."""
    name, length = time_unit(seconds)
    return f"{seconds / length:.3g} {name}"
