"""What the tests of back-ends evaluate: scores without a model, and evaluations that end their worker."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator

from skbayes import GridSearchCV
from skbayes.evaluation import Candidate, EvaluationPool, EvaluationSetup, PoolOptions

N_SPLITS = 3
FOLDS = [(np.arange(i, 90, 2), np.arange(i, 90, 3)) for i in range(N_SPLITS)]


class Scored(BaseEstimator):
    """Scores `value` plus a little of the data; a deadly one ends its process when it is fitted."""

    def __init__(self, value=0.0, deadly=0, traces=None, seconds=0.0):
        self.value = value
        self.deadly = deadly  # how many times; each leaves a file in `traces`
        self.traces = traces
        self.seconds = seconds

    def fit(self, X, y=None):
        time.sleep(self.seconds)
        if self.deadly:
            folder = Path(self.traces)
            n_before = len(list(folder.glob(f"{self.value}-*")))
            if n_before < self.deadly:
                (folder / f"{self.value}-{n_before}").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        self.mean_ = float(np.mean(X))
        return self


def scorer(estimator, X, y=None):
    return estimator.value + estimator.mean_ * float(np.mean(X))


def setup_of(n_rows=90):
    X = np.arange(2.0 * n_rows).reshape(n_rows, 2) / n_rows
    return EvaluationSetup(Scored(), X, None, scorer, {}, {}, np.nan, False, 0)


def evaluate(params, *, n_jobs=2, asynchronous=False, on_result=None, folds=FOLDS):
    """Evaluate candidates and return their results in the order of their numbers."""
    options = PoolOptions(
        n_jobs, "2*n_jobs", len(folds), n_candidates=len(params), asynchronous=asynchronous
    )
    left = [Candidate(p) for p in params]

    def ask(n):
        n = len(left) if n is None else n
        asked, left[:] = left[:n], left[n:]
        return asked

    results = []
    with EvaluationPool(setup_of(), folds, options) as pool:
        for result in pool.run(ask):
            results.append(result)
            if on_result is not None:
                on_result(len(results))
    return sorted(results, key=lambda result: result.number)


def scores(results):
    return np.array([result.fold_scores("score") for result in results])


def search_with_limit():
    """A search of which one candidate sleeps for an hour, ended after ten seconds: the others take none."""
    X = np.arange(180.0).reshape(90, 2)
    grid = {"value": [1.0, 2.0], "seconds": [0.0]}
    asleep = {"value": [3.0], "seconds": [3600.0]}
    return GridSearchCV(
        Scored(), [grid, asleep], scoring=scorer, cv=2, fit_timeout=10.0, n_jobs=2
    ), X
