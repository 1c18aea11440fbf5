"""When and where each fold was run: `Trial.runs` of every search, and of its journal."""

import math
import os
import pickle
import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV, ManualSearchCV
from skbayes.model_selection import load_history, save_history
from skbayes.optimizer import Run, Trial
from tests.evaluation.stopped_clock import sleep_for_ever, stopped_clock  # noqa: F401  (a fixture)

X, y = load_iris(return_X_y=True)
RANGE = {"C": (1e-2, 1e2, "log-uniform")}


class Sleeper(BaseEstimator):
    """Takes its time, or fails."""

    def __init__(self, seconds=0.0, fails=False, clock=None):
        self.seconds = seconds
        self.fails = fails
        self.clock = clock

    def fit(self, X, y):
        if self.clock is not None:
            sleep_for_ever(self.clock)
        time.sleep(self.seconds)
        if self.fails:
            raise ValueError("as told")
        return self

    def score(self, X, y):
        return 1.0


def all_runs(history):
    return [run for trial in history for run in trial.runs]


def test_each_fold_that_was_run_is_there_with_its_times():
    before = time.time()
    search = ManualSearchCV(Sleeper(), [{"seconds": 0.02}, {"seconds": 0.0}], cv=3).fit(X, y)
    after = time.time()
    runs = [trial.runs for trial in search.history_]
    assert [[run.fold for run in row] for row in runs] == [[0, 1, 2]] * 2
    assert all(run.fit_time >= 0.02 for run in runs[0])
    assert np.mean([run.fit_time for run in runs[0]]) == search.history_.trials[0].fit_time
    # One after the other, in this process: none begins before the last one ended.
    ordered = all_runs(search.history_)
    ends = [run.ended for run in ordered]
    # The clock of the system may have steps of a few milliseconds.
    assert all(a - 0.01 <= b.started for a, b in zip(ends, ordered[1:], strict=False))
    assert before - 0.01 <= ordered[0].started
    assert ends[-1] <= after + 0.01
    assert {run.worker.split(":")[1] for run in ordered} == {str(os.getpid())}


def test_a_failure_is_told():
    search = ManualSearchCV(Sleeper(), [{"fails": True}, {"fails": False}], cv=2)
    with (
        pytest.warns(FitFailedWarning, match="2 fits failed"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(X, y)
    statuses = [{run.status for run in trial.runs} for trial in search.history_]
    assert statuses == [{"failed"}, {"complete"}]


@pytest.mark.slow  # a child process is started for each limit
def test_a_limit_is_told(stopped_clock):  # noqa: F811
    slow = {"clock": stopped_clock}
    search = ManualSearchCV(Sleeper(), [slow, {}], cv=2, fit_timeout=2.0)
    with pytest.warns(FitFailedWarning, match="1 fits failed"):
        search.fit(X, y)
    first, second = search.history_
    assert {run.status for run in first.runs} == {"timeout"}
    assert {run.status for run in second.runs} == {"complete"}
    assert [run.fit_time for run in first.runs] == [2.0]


def test_of_a_raced_candidate_only_the_folds_that_were_run():
    search = GridSearchCV(SVC(), {"C": [1.0, 10.0, 1e-9, 1e-8, 1e-7]}, cv=10, racing=True)
    search.fit(X, y)
    pruned = [trial for trial in search.history_ if trial.status == "pruned"]
    assert pruned
    for trial in search.history_:
        known = [k for k, score in enumerate(trial.fold_scores) if math.isfinite(score)]
        assert [run.fold for run in trial.runs] == known


def test_journal_and_export_have_the_same_runs(tmp_path):
    search = BayesSearchCV(
        SVC(), RANGE, n_iter=4, cv=3, random_state=0, journal=tmp_path / "search.jsonl"
    ).fit(X, y)
    save_history(search, tmp_path / "history.jsonl")
    runs = [trial.runs for trial in search.history_]
    for name in ("search.jsonl", "history.jsonl"):
        assert [trial.runs for trial in load_history(tmp_path / name)] == runs
    assert search.history_.trials[0].runs[0] is not None


@pytest.mark.parametrize("resource", ["n_samples", "folds"])
def test_a_halving_search_has_those_of_all_rungs(resource):
    search = HalvingBayesSearchCV(
        SVC(), RANGE, n_iter=9, cv=9, resource=resource, random_state=0
    ).fit(X, y)
    assert len(search.rung_history_) == len(search.cv_results_["params"])
    assert len(search.history_) == search.n_candidates_[-1]
    splits = np.array([search.cv_results_[f"split{k}_test_score"] for k in range(9)])
    assert [len(trial.runs) for trial in search.rung_history_] == list(
        np.isfinite(splits).sum(axis=0)
    )


def test_a_worker_that_told_nothing_has_no_beginning():
    run = Run(0, math.nan, 0.0, 0.0, "", "failed")
    assert math.isnan(run.ended)


def test_trials_that_ran_elsewhere_are_equal():
    run = Run(0, 1.0, 1.0, 1.0, "a:1:1")
    assert Trial(0, {}, 1.0, runs=(run,)) == Trial(0, {}, 1.0)
    assert "runs" not in repr(Trial(0, {}, 1.0, runs=(run,)))


def test_many_runs_are_small():
    """5,000 runs share the texts of their workers, before and after pickling."""
    names = [f"a-host-with-a-long-name.example:{k}:140045275819392" for k in range(4)]
    runs = tuple(
        Run(k, 1.7e9 + k, 0.5, 0.1, "".join(list(names[k % 4])), "complete") for k in range(5_000)
    )
    assert len({id(run.worker) for run in runs}) == 4
    data = pickle.dumps(runs)
    assert pickle.loads(data) == runs
    assert len({id(run.worker) for run in pickle.loads(data)}) == 4
    # Three doubles of 9 bytes each, numbers and references.
    assert len(data) < 100 * len(runs)
