"""What was recorded, read back: incumbents on the scale of each problem, whatever runs there are.

A normalised score is (incumbent - median of random) / (best known - median of random), at least -1:
0 is a median random candidate and 1 the best known one. The incumbent is the point with the best
observed score so far, and counts with its score without noise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .paths import read_lines
from .problem import Problem
from .problems import PROBLEMS
from .reference import random_points

__all__ = ["Results", "Runs", "Scale", "incumbents", "load_results"]

# The longest run that is compared, and how many runs of that length 2,000 random candidates make.
N_MAX, N_RANDOM_RUNS = 100, 20
Floats = NDArray[np.float64]
Record = dict[str, Any]


@dataclass(frozen=True)
class Scale:
    """The scale of a problem and the scores of its random candidates."""

    median: float
    best: float
    random_scores: Floats

    def normalised(self, values: Floats) -> Floats:
        """Put scores on the scale."""
        return np.maximum((values - self.median) / (self.best - self.median), -1.0)

    def worth(self, values: Floats) -> Floats:
        """How many random candidates it takes in expectation to reach some scores.

        One that none has reached counts as twice their number.
        """
        ordered = np.sort(self.random_scores)
        n_reaching = len(ordered) - np.searchsorted(ordered, values, side="left")
        return len(ordered) / np.maximum(n_reaching, 0.5)


@dataclass(frozen=True)
class Runs:
    """The runs of one peer on one problem.

    Parameters
    ----------
    seeds : tuple of int
        One per run.
    values : ndarray of shape (n_seeds, N_MAX)
        Incumbents after 1, 2, ... evaluations; NaN beyond those that a run was given.
    """

    seeds: tuple[int, ...]
    values: Floats

    def at(self, n: int) -> dict[int, float]:
        """Return the incumbents after n evaluations by seed, of those runs that count so far."""
        column = self.values[:, n - 1]
        return {s: float(v) for s, v in zip(self.seeds, column, strict=True) if np.isfinite(v)}


@dataclass(frozen=True)
class Results:
    """Runs by peer and problem, the scale of each problem, and the records themselves."""

    runs: dict[tuple[str, str], Runs]
    scales: dict[str, Scale]
    records: list[Record]

    @property
    def peers(self) -> list[str]:
        """All peers."""
        return sorted({peer for peer, _ in self.runs})

    def problems_of(self, peers: Iterable[str], n: int = 1) -> list[str]:
        """Return the problems on which each of some peers has a run that counts up to n."""
        peers = list(peers)
        return [name for name in self.scales if all(self.scores(p, name, n) for p in peers)]

    def scores(self, peer: str, name: str, n: int) -> dict[int, float]:
        """Return the normalised scores after n evaluations by seed."""
        runs = self.runs.get((peer, name))
        if runs is None:
            return {}
        found = runs.at(n)
        values = self.scales[name].normalised(np.array(list(found.values())))
        return dict(zip(found, values.tolist(), strict=True))

    def worths(self, peer: str, name: str, n: int) -> Floats:
        """Return the worth of each run after n evaluations."""
        return self.scales[name].worth(np.array(list(self.runs[peer, name].at(n).values())))


def incumbents(observed: Sequence[float], true: Sequence[float]) -> Floats:
    """Return the true score of the point with the best observed score so far; of equals the last."""
    scores = np.asarray(observed, dtype=float)
    is_best = scores == np.maximum.accumulate(scores)
    return np.asarray(true)[np.maximum.accumulate(np.where(is_best, np.arange(len(scores)), 0))]


def counted(record: Record) -> Floats:
    """Return the incumbents of a run, NaN where it does not count.

    What the clock stopped counts up to there. What failed was given its whole budget: its last
    incumbent stands to the end.
    """
    values = np.full(N_MAX, np.nan)
    found = incumbents(record["scores"], record["true"])[:N_MAX]
    values[: len(found)] = found
    error = record["error"]
    if error and not error.startswith("stopped after"):
        values[len(found) : record["budget"]] = found[-1]
    return values


def random_runs(problem: Problem, scores: Floats) -> Runs:
    """Random search, replayed on blocks of the random candidates of the reference."""
    n_runs = min(N_RANDOM_RUNS, len(scores) // N_MAX)
    points = random_points(problem, n_runs * N_MAX)
    noise = np.array([problem.noise_at(params) for params in points]).reshape(n_runs, N_MAX)
    true = scores[: n_runs * N_MAX].reshape(n_runs, N_MAX)
    values = []
    for run in range(n_runs):
        draws = np.random.default_rng([run, 77]).standard_normal(N_MAX)
        values.append(incumbents(true[run] + noise[run] * draws, true[run]))
    return Runs(tuple(range(n_runs)), np.array(values).reshape(n_runs, N_MAX))


def load_scales(folder: Path, best_known: dict[str, float]) -> dict[str, Scale]:
    """Read the references that there are."""
    scales = {}
    for name in PROBLEMS:
        path = folder / f"{name}.json"
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))
            best = max(found["best_known"], best_known.get(name, -np.inf))
            scales[name] = Scale(found["median_random"], best, np.array(found["random_scores"]))
    return scales


def load_results(folders: Sequence[Path], reference: Path, best_known: dict[str, float]) -> Results:
    """Read the runs of some folders.

    Random search is taken from the references, which is its exact law, not from its own runs. Of
    several runs with the same peer, problem and seed the one with the largest budget counts.
    """
    scales = load_scales(reference, best_known)
    chosen: dict[tuple[str, str, int], Record] = {}
    for folder in folders:
        for record in read_lines(folder):
            key = record["peer"], record["problem"], record["seed"]
            is_longer = key not in chosen or record["budget"] > chosen[key]["budget"]
            if record["problem"] in scales and record["peer"] != "random" and is_longer:
                chosen[key] = record
    grouped: dict[tuple[str, str], dict[int, Floats]] = {}
    for (peer, name, seed), record in sorted(chosen.items()):
        if record["scores"]:
            grouped.setdefault((peer, name), {})[seed] = counted(record)
    runs = {key: Runs(tuple(by), np.array(list(by.values()))) for key, by in grouped.items()}
    for name, scale in scales.items():
        runs["random", name] = random_runs(PROBLEMS[name], scale.random_scores)
    return Results(runs, scales, list(chosen.values()))
