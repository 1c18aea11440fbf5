"""Which worker ran which fold of which candidate, and when."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..optimizer import History, Run, Trial
from ._clock import breaks_in, new_runs, rungs_of, seconds_without
from ._source import source_of

__all__ = ["timeline_data"]

Floats = NDArray[np.float64]


def timeline_data(search: Any) -> dict[str, Any]:
    """Compute when each fold of each candidate was run, and by which worker.

    Parameters
    ----------
    search : fitted search, History, iterable of Trial, or path-like
        A search of ours, its ``history_``, or the path of its journal or of an exported history.

    Returns
    -------
    data : dict
        What `TimelineDisplay` takes.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    TypeError
        If it is none of these.
    ValueError
        If no trial has `runs`, or none of these a time.

    Notes
    -----
    The utilisation is the time in which workers were fitting and scoring, as a share of the time that there was: for
    each stretch between two breaks its seconds times the rows that were used in it.

    Each machine tells the time by its own clock, and nothing is known of how these differ. The bars of one machine are
    right among themselves; against those of another they are shifted by the difference of the two clocks, and with them
    the utilisation, the breaks and the order in which improvements were found.

    Examples
    --------
    >>> from skbayes.optimizer import Run, Trial
    >>> from skbayes.plots import timeline_data
    >>> first = Run(0, started=100.0, fit_time=2.5, score_time=0.5, worker="host:7:1")
    >>> second = Run(0, started=101.0, fit_time=1.0, score_time=0.0, worker="host:8:1")
    >>> data = timeline_data([Trial(0, {}, 0.5, runs=(first,)), Trial(1, {}, 0.6, runs=(second,))])
    >>> data["start"].tolist(), data["duration"].tolist(), data["row"].tolist()
    ([0.0, 1.0], [3.0, 1.0], [0, 1])
    >>> round(data["utilisation"], 3)
    0.667
    """
    if hasattr(search, "cv_results_") and not hasattr(search, "history_"):
        raise ValueError(_without_runs(type(search).__name__))
    source = source_of(search)
    history = rungs_of(search, source)
    new = new_runs(history)
    pairs = [(k, run) for k, runs in enumerate(new) for run in runs if not math.isnan(run.started)]
    n_unknown = sum(map(len, new)) - len(pairs)
    if not pairs:
        raise ValueError(_nothing(history, n_unknown, source.name))
    runs = [run for _, run in pairs]
    started = np.array([run.started for run in runs])
    lasted = np.array([run.fit_time + run.score_time for run in runs])
    breaks = breaks_in(runs)
    begins, ends = np.array(breaks, dtype=float).reshape(-1, 2).T
    start = seconds_without(started, started.min(), breaks)
    rows, row_names = _rows(runs)
    busy, utilisation = _busy(start, lasted, rows, np.searchsorted(ends, started, side="right"))
    best = _improving(history)
    return {
        "candidate": np.array([history.trials[k].number for k, _ in pairs]),
        "fold": np.array([run.fold for run in runs]),
        "start": start,
        "duration": lasted,
        "status": [_status(run, history.trials[k]) for k, run in pairs],
        "worker": [run.worker for run in runs],
        "row": rows,
        "row_names": row_names,
        "is_improvement": np.array([_key(run) in best for run in runs]),
        "busy": busy,
        "utilisation": utilisation,
        "break_at": seconds_without(begins, started.min(), breaks),
        "break_length": ends - begins,
        "n_unknown": n_unknown,
        "n_hosts": len({_host_of(run.worker) for run in runs}),
    }


def _nothing(history: History, n_unknown: int, name: str) -> str:
    if n_unknown:
        return (
            f"TimelineDisplay needs the time of a fit; got {n_unknown} fits whose workers died, and no other. See "
            "the errors of the search."
        )
    if not len(history):
        return (
            "TimelineDisplay needs at least one trial; got none. Draw it once a fold has been run."
        )
    return _without_runs(name)


def _without_runs(name: str) -> str:
    return (
        f"TimelineDisplay needs to know when each fold was run, and no trial of this {name} has `runs`: a search of "
        "scikit-learn and Optimizer.tell do not record them, nor does a search of several metrics without an objective "
        "keep a history. Give a search of skbayes, its history_ or its journal."
    )


def _key(run: Run) -> tuple[str, int, float]:
    return run.worker, run.fold, run.started


def _status(run: Run, trial: Trial) -> str:
    """Return what became of a fold; a whole fold is that of its candidate, if this was given up or has no score."""
    if run.status != "complete":
        return run.status
    has_worse = any(other.status != "complete" for other in trial.runs or ())
    return "complete" if has_worse else trial.outcome


def _rows(runs: Sequence[Run]) -> tuple[NDArray[np.intp], list[str]]:
    """Return the row of each run, and the name of each row.

    A worker that began after another one on its host had ended, as in a search that was resumed, shares its row.
    """
    lives: dict[str, tuple[float, float]] = {}
    for run in runs:
        first, last = lives.get(run.worker, (math.inf, -math.inf))
        lives[run.worker] = min(first, run.started), max(last, run.ended)
    hosts = {worker: _host_of(worker) for worker in lives}
    last_of: list[tuple[str, float]] = []  # of each row the host and when its last worker ended
    place: dict[str, int] = {}
    for worker in sorted(lives, key=lambda worker: (hosts[worker], lives[worker][0], worker)):
        first, last = lives[worker]
        free = (
            k for k, (host, ended) in enumerate(last_of) if host == hosts[worker] and ended <= first
        )
        place[worker] = next(free, len(last_of))
        last_of[place[worker] : place[worker] + 1] = [(hosts[worker], last)]
    called = _short_hosts(set(hosts.values()))
    names = [f"{called[host]}worker {k}" for k, (host, _) in enumerate(last_of, start=1)]
    return np.array([place[run.worker] for run in runs]), names


def _host_of(worker: str) -> str:
    """Return the host of a worker, which is called ``"host:process:thread"``."""
    return worker.rsplit(":", 2)[0]


def _short_hosts(hosts: set[str]) -> dict[str, str]:
    """Return what is written of each host before its workers: nothing of a single one, no domain if names differ."""
    if len(hosts) == 1:
        return dict.fromkeys(hosts, "")
    short = {host: host.split(".")[0] for host in hosts}
    has_other_names = len(set(short.values())) < len(hosts)
    return {host: f"{host if has_other_names else short[host]}: " for host in hosts}


def _busy(
    start: Floats, lasted: Floats, rows: NDArray[np.intp], stretch: NDArray[np.intp]
) -> tuple[Floats, float]:
    """Return the share of its time in which each row was busy, and that of all rows together."""
    worked = np.bincount(rows, weights=lasted)
    available = np.zeros(worked.size)
    for k in np.unique(stretch):
        mine = stretch == k
        available[np.unique(rows[mine])] += np.ptp(np.append(start[mine], (start + lasted)[mine]))
    # Where nothing took any time, nothing waited.
    share = np.divide(worked, available, out=np.ones(worked.size), where=available > 0.0)
    return share, float(worked.sum() / available.sum()) if available.any() else 1.0


def _improving(history: History) -> set[tuple[str, int, float]]:
    """Return the runs that ended a candidate better than all that had ended before it."""
    ended = [
        (max(trial.runs, key=lambda run: run.ended), trial.score)
        for trial in history
        if trial.is_complete and trial.runs and not any(math.isnan(r.started) for r in trial.runs)
    ]
    best, found = -math.inf, set()
    for run, score in sorted(ended, key=lambda each: each[0].ended):
        if score > best:
            best = score
            found.add(_key(run))
    return found
