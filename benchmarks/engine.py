"""What the engine costs: idle workers, overhead per trial, memory of a long search.

    python benchmarks/engine.py busy
    python benchmarks/engine.py trials
    python benchmarks/engine.py costs

"busy" lets fits sleep for log-normal times (sigma 1.5) and reports which share of the time the workers were busy,
from the first fit to the last but one end (when there is nothing left to start, workers must be idle): asynchronous and
synchronous, with 2 processes and with 8 threads. "trials" runs one search of 5,000 trials in this process and reports
milliseconds per trial of two fits that take no time, and the resident memory, as it goes on. "costs" compares searches
of such fits with and without a journal, and with a limit of time for each fit.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import RandomizedSearchCV as SklearnSearchCV

from skbayes import BayesSearchCV, RandomizedSearchCV

SIGMA = 1.5
N_FOLDS = 2
MARKS = (100, 500, 1000, 2000, 3000, 4000)


class Sleeper(ClassifierMixin, BaseEstimator):
    """Sleeps as long as a log-normal number drawn from its parameters and data says; scores a smooth function."""

    def __init__(self, x: float = 0.0, y: float = 0.0, median: float = 0.0) -> None:
        self.x = x
        self.y = y
        self.median = median

    def fit(self, X: Any, y: Any) -> Sleeper:
        self.classes_ = np.unique(y)
        if self.median:
            key = abs(hash((self.x, self.y, float(X[0, 0])))) % 2**32
            time.sleep(self.median * np.random.default_rng(key).lognormal(0.0, SIGMA))
        return self

    def score(self, X: Any, y: Any) -> float:
        return -((self.x - 0.3) ** 2) - (self.y + 0.2) ** 2 + 0.01 * float(X[0, 0])


DATA = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
SPACE = {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}


def busy_share(intervals: list[tuple[float, float]], n_workers: int) -> float:
    """Share of busy time of n workers between the first start and the last moment when there was work for all."""
    first = min(start for start, _ in intervals)
    last = max(start for start, _ in intervals)
    busy = sum(min(end, last) - start for start, end in intervals)
    return busy / (n_workers * (last - first))


def search_busy(backend: str, n_jobs: int, median: float, n_iter: int, **more: Any) -> float:
    """Run a search, and return the busy share of its workers."""
    options = {"n_jobs": n_jobs, "random_state": 0, "refit": False}
    with parallel_config(backend), tempfile.TemporaryDirectory() as folder:
        BayesSearchCV(Sleeper(), SPACE, n_iter=4, **options).fit(*DATA)  # starts the workers
        journal = Path(folder) / "search.jsonl"
        BayesSearchCV(
            Sleeper(median=median), SPACE, n_iter=n_iter, journal=journal, **options, **more
        ).fit(*DATA)
        records = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    return busy_share([(r["started"], r["started"] + r["fit_time"]) for r in records], n_jobs)


def busy(median: float) -> None:
    print("| workers | mode | busy share |\n| --- | --- | --- |")
    for backend, n_jobs, n_iter in (("loky", 2, 60), ("threading", 8, 120)):
        warnings.filterwarnings("ignore", message=".*workers: the others are idle")
        modes = {
            "asynchronous": {"asynchronous": True},
            "asynchronous, racing": {"asynchronous": True, "racing": True},
            "synchronous": {},
            "synchronous, n_points = workers": {"n_points": n_jobs},
        }
        for name, more in modes.items():
            share = search_busy(backend, n_jobs, median, n_iter, **more)
            print(f"| {n_jobs} x {backend} | {name} | {share:.1%} |", flush=True)


def resident_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Meter:
    """Notes the time and the memory at some numbers of fits of this process."""

    def __init__(self, marks: set[int]) -> None:
        self._marks = marks
        self._n_fits = 0
        self._start = time.perf_counter()
        self.seen: list[tuple[int, float, float]] = []

    def count(self) -> None:
        self._n_fits += 1
        if self._n_fits in self._marks:
            self.seen.append((self._n_fits, time.perf_counter() - self._start, resident_mb()))


class Metered(Sleeper):
    """Counts its fits."""

    meter: Meter

    def fit(self, X: Any, y: Any) -> Metered:
        self.meter.count()
        return super().fit(X, y)


def trials(n_trials: int) -> None:
    print(
        "| search | trials | ms per trial since the row before | resident MB |\n| --- | --- | --- | --- |"
    )
    options = {"n_iter": n_trials, "cv": N_FOLDS, "random_state": 0, "refit": False}
    uniform = {name: np.linspace(low, high, 10_000) for name, (low, high) in SPACE.items()}
    searches = {
        "scikit-learn, randomized": SklearnSearchCV(Metered(), uniform, **options),
        "randomized": RandomizedSearchCV(Metered(), uniform, **options),
        "Bayesian": BayesSearchCV(Metered(), SPACE, **options),
    }
    for name, search in searches.items():
        Metered.meter = Meter({N_FOLDS * n for n in (*MARKS, n_trials)})
        search.fit(*DATA)
        before = (0, 0.0)
        for n_fits, seconds, memory in Metered.meter.seen:
            n = n_fits // N_FOLDS
            each = 1e3 * (seconds - before[1]) / (n - before[0])
            print(f"| {name} | {n} | {each:.1f} | {memory:.0f} |", flush=True)
            before = (n, seconds)


def costs(n_trials: int) -> None:
    """Print what a journal and limits of a fit cost."""
    print(f"{n_trials * N_FOLDS} fits that take no time\n")
    print("| search | ms per fit |\n| --- | --- |")
    uniform = {name: np.linspace(low, high, 10_000) for name, (low, high) in SPACE.items()}
    options = {"n_iter": n_trials, "cv": N_FOLDS, "random_state": 0, "refit": False}
    with tempfile.TemporaryDirectory() as folder:
        journal = {"journal": Path(folder) / "search.jsonl"}
        rows = {
            "as it is": {},
            "with a journal": journal,
            "that is in the journal already": journal,
            "with a limit of time": {"fit_timeout": 60.0},
        }
        for name, more in rows.items():
            search = RandomizedSearchCV(Sleeper(), uniform, **options, **more)
            start = time.perf_counter()
            search.fit(*DATA)
            each = 1e3 * (time.perf_counter() - start) / (n_trials * N_FOLDS)
            print(f"| {name} | {each:.2f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=["busy", "trials", "costs"])
    parser.add_argument("--median", type=float, default=0.1, help="median seconds of a fit")
    parser.add_argument("--trials", type=int, default=5000)
    arguments = parser.parse_args()
    calls = {"busy": busy, "trials": trials, "costs": costs}
    calls[arguments.what](arguments.median if arguments.what == "busy" else arguments.trials)
