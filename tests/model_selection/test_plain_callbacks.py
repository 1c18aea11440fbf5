"""`fit(callback=)`: plain functions of the state of the search, on every scikit-learn."""

import threading

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, ManualSearchCV
from skbayes.evaluation import RacingRule

X, y = load_iris(return_X_y=True)
RANGE = {"C": (1e-2, 1e2, "log-uniform")}
GRID = {"C": [0.1, 1.0, 10.0]}


class States:
    """Keeps what it saw, and returns true at the given call."""

    def __init__(self, stop_at=None):
        self.seen = []
        self.stop_at = stop_at
        self.threads = set()

    def __call__(self, state):
        self.seen.append(state)
        self.threads.add(threading.current_thread())
        return len(self.seen) == self.stop_at


class EveryOtherLoses(RacingRule):
    def is_hopeless(self, scores, candidate):
        return candidate % 2 == 1


class Fails(ClassifierMixin, BaseEstimator):
    def __init__(self, fails=False):
        self.fails = fails

    def fit(self, X, y):
        if self.fails:
            raise RuntimeError("no fit here")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


ENGINES = {
    "one job": {},
    "two jobs": {"n_jobs": 2, "n_points": 2},
    "asynchronous": {"n_jobs": 2, "asynchronous": True},
    "asynchronous racing": {"n_jobs": 2, "asynchronous": True, "racing": EveryOtherLoses()},
    "racing": {"n_jobs": 2, "n_points": 2, "racing": EveryOtherLoses()},
}


@pytest.mark.parametrize("engine", ENGINES)
def test_each_candidate_is_seen_once_in_the_main_thread(engine):
    states = States()
    search = BayesSearchCV(SVC(), RANGE, n_iter=6, cv=3, random_state=0, **ENGINES[engine])
    with parallel_config("threading"):
        search.fit(X, y, callback=states)
    assert [len(state.x_iters) for state in states.seen] == [1, 2, 3, 4, 5, 6]
    assert states.threads == {threading.main_thread()}
    last = states.seen[-1]
    # In the order of the table, with scikit-optimize's sign; nan for what has no score.
    assert last.x_iters == [[params["C"]] for params in search.cv_results_["params"]]
    np.testing.assert_array_equal(last.func_vals, -search.cv_results_["mean_test_score"])
    assert (last.x, last.params) == ([search.best_params_["C"]], search.best_params_)
    assert last.fun == -search.best_score_
    is_pruned = search.cv_results_["status"] == "pruned"
    assert is_pruned.any() == ("racing" in engine)
    np.testing.assert_array_equal(np.isnan(last.func_vals), is_pruned)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_failed_candidates_are_in_the_state_without_a_score():
    states = States()
    candidates = [{"fails": True}, {"fails": False}, {"fails": True}]
    ManualSearchCV(Fails(), candidates, cv=3).fit(X, y, callback=states)
    first, second, third = states.seen
    assert first.x is None
    assert np.isnan(first.fun)
    np.testing.assert_array_equal(np.isnan(third.func_vals), [True, False, True])
    assert second.x == third.x == [False]
    assert [trial.status for trial in third.history] == ["failed", "complete", "failed"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_true_value_ends_the_search_with_the_candidate(engine):
    states = States(stop_at=2)
    search = BayesSearchCV(SVC(), RANGE, n_iter=9, cv=3, random_state=0, **ENGINES[engine])
    with parallel_config("threading"):
        search.fit(X, y, callback=[States(), states])
    assert search.stopped_by_ == "callback"
    assert len(search.cv_results_["params"]) == len(states.seen) == 2
    assert search.predict(X).shape == y.shape


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_goes_through_and_the_results_stay(engine):
    def fail_at_two(state):
        if len(state.x_iters) == 2:
            raise OSError("the disk of the callback is full")

    search = BayesSearchCV(SVC(), RANGE, n_iter=9, cv=3, random_state=0, **ENGINES[engine])
    with parallel_config("threading"), pytest.raises(OSError, match="disk of the callback"):
        search.fit(X, y, callback=fail_at_two)
    assert search.stopped_by_ == "error"
    assert len(search.cv_results_["params"]) == len(search.history_) == 2
    assert not hasattr(search, "best_estimator_")


def test_a_raced_grid_calls_back_for_what_it_gives_up_too():
    states = States()
    search = GridSearchCV(SVC(), GRID, cv=3, racing=EveryOtherLoses())
    search.fit(X, y, callback=states)
    assert [trial.status for trial in states.seen[-1].history] == list(search.cv_results_["status"])
    assert len(states.seen) == 3
