"""Trials with runs, made without running anything."""

import math

import numpy as np
from hypothesis import strategies as st

from skbayes.optimizer import History, Run, Trial

EPOCH = 1.7e9
STATUSES = ["complete", "pruned", "failed", "timeout", "memory"]


def run(started, seconds, worker=0, fold=0, status="complete", host="host"):
    """A run of so many seconds, a tenth of them for the score."""
    return Run(fold, started, 0.9 * seconds, 0.1 * seconds, f"{host}:{worker}:1", status)


def dead(fold=0):
    """What is known of a run whose worker died."""
    return Run(fold, math.nan, 0.0, 0.0, "", "failed")


def simulated(n, n_workers=2, n_folds=3, seed=0):
    """Return a history of n candidates whose folds go to the worker that is free first."""
    rng = np.random.default_rng(seed)
    free = np.full(n_workers, EPOCH)
    trials = []
    for k in range(n):
        status = rng.choice(STATUSES, p=[0.7, 0.1, 0.1, 0.05, 0.05])
        score = float(rng.normal()) if status == "complete" else math.nan
        runs = []
        for fold in range(1 if status == "pruned" else n_folds):
            worker, seconds = int(np.argmin(free)), float(rng.exponential())
            ended_by = "complete" if status == "pruned" else str(status)
            runs.append(run(free[worker], seconds, worker, fold, ended_by))
            free[worker] += seconds
        trials.append(Trial(k, {"x": k}, score, str(status), runs=tuple(runs)))
    return History(tuple(trials))


# Scores with a few ties and holes, as candidates of a search that may fail.
SCORES = st.lists(
    st.one_of(st.integers(-5, 5).map(float), st.floats(-1e6, 1e6), st.just(math.nan)),
    min_size=1,
    max_size=12,
)


def trials_of(scores):
    """Return a trial for each score, a failed one where there is none."""
    return [
        Trial(k, {"x": k}, score, "failed" if math.isnan(score) else "complete")
        for k, score in enumerate(scores)
    ]
