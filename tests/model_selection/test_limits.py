"""Fits that never end and fits that take all memory are ended at their limits, and the search completes."""

import sys
import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris

from skbayes import BayesSearchCV, GridSearchCV
from skbayes.evaluation._children import end_children
from skbayes.evaluation._joblib import cloudpickle
from tests.evaluation.stopped_clock import sleep_for_ever, stopped_clock  # noqa: F401  (a fixture)

# pytest imports this file by a name of its own, which no other process knows.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

X, y = load_iris(return_X_y=True)


class Misbehaving(ClassifierMixin, BaseEstimator):
    def __init__(self, how="well", clock=None):
        self.how = how
        self.clock = clock

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if self.how == "sleeps for ever":
            if self.clock is not None:
                sleep_for_ever(self.clock)
            time.sleep(10_000)
        blocks = []
        while self.how == "allocates without end":
            blocks.append(np.ones(2_000_000))
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture(autouse=True)
def _no_child_is_left():
    yield
    end_children()


WAYS = ["well", "sleeps for ever", "allocates without end"]


# The time is for the memory to fill on a slow machine; 400 MB are above what scikit-learn takes.
@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_search_completes_and_says_what_was_ended(n_jobs):
    search = GridSearchCV(
        Misbehaving(),
        {"how": WAYS},
        cv=2,
        n_jobs=n_jobs,
        fit_timeout=20.0,
        fit_memory_limit="400MB",
        error_score=0.0,
    )
    with pytest.warns(Warning, match="fit_timeout=20 seconds(.|\n)*fit_memory_limit=400000000"):
        search.fit(X, y)
    assert list(search.cv_results_["status"]) == ["complete", "timeout", "memory"]
    assert search.best_params_ == {"how": "well"}
    assert search.cv_results_["mean_fit_time"][1] >= 20.0
    assert search.cv_results_["mean_fit_time"][2] < 20.0


@pytest.mark.slow
def test_a_search_by_model_learns_of_what_was_ended(stopped_clock):  # noqa: F811
    model = Misbehaving(clock=stopped_clock)
    search = BayesSearchCV(
        model, {"how": WAYS[:2]}, n_iter=2, cv=2, fit_timeout=0.5, random_state=0
    )
    with pytest.warns(Warning, match="fit_timeout=0.5 seconds"):
        search.fit(X, y)
    assert dict(
        zip(search.cv_results_["param_how"], search.cv_results_["status"], strict=True)
    ) == {
        "well": "complete",
        "sleeps for ever": "timeout",
    }
    assert search.best_params_ == {"how": "well"}


def test_wrong_limits_are_refused_before_any_fit():
    with pytest.raises(ValueError, match="fit_timeout must be positive"):
        GridSearchCV(Misbehaving(), {"how": WAYS}, fit_timeout=0).fit(X, y)
    with pytest.raises(ValueError, match="fit_memory_limit has no known unit"):
        GridSearchCV(Misbehaving(), {"how": WAYS}, fit_memory_limit="a lot").fit(X, y)


def test_a_memory_limit_without_room_for_any_fit_is_refused():
    with pytest.raises(ValueError, match="less than a process holds before any fit"):
        GridSearchCV(Misbehaving(), {"how": WAYS}, fit_memory_limit="1MB").fit(X, y)
