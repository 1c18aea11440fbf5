"""scikit-learn's callbacks on our searches (1.9): the tree of tasks, who is told of it, and who may stop it."""

import os
import threading
from collections import Counter

import numpy as np
import pytest
import sklearn.model_selection
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import GridSearchCV, ManualSearchCV, RandomizedSearchCV
from tests.model_selection.recording import (
    ENGINES,
    GRID,
    REFIT,
    ROOT,
    SEARCH,
    LosesAfterOneFold,
    PropagatedRecorder,
    Recorder,
    X,
    bayes,
    fitted_on,
    leaf,
    path_of,
    trial,
    y,
)

callback = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks from 1.9 on; before, ours do nothing"
)

pytestmark = pytest.mark.filterwarnings("ignore:The estimator SVC does not support callbacks")


class FailsAt(Recorder):
    def __init__(self, what, name):
        super().__init__()
        self.what, self.name = what, name

    def note(self, what, context):
        super().note(what, context)
        if (what, context.task_name) == (self.what, self.name):
            raise OSError("the disk of the callback is full")


class StopsAt(Recorder):
    """Returns true at the end of a task, given by name and number."""

    def __init__(self, name, number):
        super().__init__()
        self.stops = (name, number)

    def on_fit_task_end(self, estimator, context):
        super().on_fit_task_end(estimator, context)
        return (context.task_name, context.task_id) == self.stops


@pytest.mark.parametrize("engine", ENGINES)
def test_the_tree_is_complete_and_told_by_the_main_thread(engine):
    recorder = Recorder()
    fitted_on(engine, bayes(), recorder)
    expected = {ROOT, SEARCH, REFIT, *map(trial, range(4))}
    expected |= {leaf(k, fold) for k in range(4) for fold in range(3)}
    assert set(recorder.paths("begin")) == expected
    assert Counter(recorder.paths("begin")) == Counter(recorder.paths("end"))
    assert recorder.places == {(os.getpid(), threading.get_ident())}
    assert recorder.events[0] == ("setup", ())
    assert recorder.events[-1] == ("teardown", ())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_task_begins_after_what_it_is_part_of_and_ends_before(engine):
    recorder = Recorder()
    fitted_on(engine, bayes(), recorder)
    at = {event: k for k, event in enumerate(recorder.events)}
    for path in recorder.paths():
        assert at["begin", path] < at["end", path]
        if above := path[:-2]:
            assert at["begin", above] < at["begin", path]
            assert at["end", path] < at["end", above]


def test_the_nodes_say_how_many_tasks_they_have_at_most():
    recorder = Recorder()
    bayes().set_callbacks(recorder).fit(X, y)
    contexts = recorder.contexts
    assert contexts[SEARCH].max_subtasks == 4
    assert contexts[trial(1)].max_subtasks == 3
    assert contexts[leaf(1, 1)].max_subtasks == 0
    assert not contexts[trial(1)].sequential_subtasks
    bare = bayes(refit=False).set_callbacks(recorder).fit(X, y)
    assert recorder.contexts[ROOT].max_subtasks == 1
    assert not hasattr(bare, "best_estimator_")


PAIRS = [
    (GridSearchCV, sklearn.model_selection.GridSearchCV, {}),
    (RandomizedSearchCV, sklearn.model_selection.RandomizedSearchCV, {"n_iter": 2}),
]


@pytest.mark.parametrize(("ours", "theirs", "options"), PAIRS)
def test_grid_and_random_search_have_the_tree_of_scikit_learn(ours, theirs, options):
    records = []
    for kind in (ours, theirs):
        recorder = PropagatedRecorder()
        estimator = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5, tol=10.0))
        search = kind(estimator, {"logisticregression__C": [0.1, 1.0, 10.0]}, cv=2, **options)
        search.set_callbacks(recorder).fit(X, y)
        records.append(Counter(recorder.events))
    assert records[0] == records[1]
    assert any("pipeline" in str(path).lower() or len(path) > 6 for _, path in records[0])


@pytest.mark.parametrize("option", [{"racing": True}, {"time_budget": 60.0}])
def test_a_grid_search_with_the_engine_has_trials(option):
    recorder = Recorder()
    GridSearchCV(SVC(), GRID, cv=3, **option).set_callbacks(recorder).fit(X, y)
    assert recorder.tasks()["trial"] == 3


def test_what_a_callback_asks_for_is_the_training_part_of_its_fold():
    seen = {}

    class Asks(Recorder):
        def on_fit_task_begin(self, estimator, context, *, X, y, metadata):
            seen[path_of(context)] = (estimator, X, y, metadata)

    weight = np.random.default_rng(0).uniform(1.0, 2.0, len(y))
    folds = list(sklearn.model_selection.StratifiedKFold(3).split(X, y))
    search = bayes(n_iter=2).set_callbacks(Asks()).fit(X, y, sample_weight=weight)
    for fold, (train, _) in enumerate(folds):
        estimator, X_seen, y_seen, metadata = seen[leaf(1, fold)]
        assert estimator is search
        np.testing.assert_array_equal(X_seen, X[train])
        np.testing.assert_array_equal(y_seen, y[train])
        np.testing.assert_array_equal(metadata["sample_weight"], weight[train])
    assert len(seen[ROOT][1]) == len(X)


@pytest.mark.parametrize("options", [{}, {"n_jobs": 2}], ids=["one job", "loky"])
def test_a_trial_given_up_is_a_trial_that_ended(options):
    recorder = Recorder()
    search = GridSearchCV(SVC(), GRID, cv=3, racing=LosesAfterOneFold(), **options)
    search.set_callbacks(recorder).fit(X, y)
    assert list(search.cv_results_["status"]) == ["complete", "pruned", "pruned"]
    assert recorder.tasks("end")["trial"] == 3
    assert recorder.tasks()["candidate-split-evaluation"] == 3 + 1 + 1
    assert recorder.tasks() == recorder.tasks("end")


class Fails(ClassifierMixin, BaseEstimator):
    def __init__(self, how="not"):
        self.how = how

    def fit(self, X, y):
        if self.how == "raises":
            raise RuntimeError("no fit here")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


def test_a_failed_fit_has_its_end():
    recorder = Recorder()
    search = ManualSearchCV(Fails(), [{"how": "raises"}, {"how": "not"}], cv=3)
    with pytest.warns(sklearn.exceptions.FitFailedWarning):
        search.set_callbacks(recorder).fit(X, y)
    assert recorder.tasks("end")["candidate-split-evaluation"] == 6
    assert recorder.tasks() == recorder.tasks("end")


# Stopping


@pytest.mark.parametrize("engine", [e for e in ENGINES if e != "asynchronous"])
def test_a_true_value_at_the_end_of_a_trial_stops_the_search(engine):
    recorder = StopsAt("trial", 1)
    search = fitted_on(engine, bayes(n_iter=6), recorder)
    assert search.stopped_by_ == "callback"
    # The same candidates for any number of jobs: what else runs meanwhile is given up.
    assert len(search.cv_results_["params"]) == 2
    assert recorder.tasks()["refit-with-best-params"] == 1
    assert recorder.tasks() == recorder.tasks("end")
    assert search.predict(X).shape == y.shape


def test_an_asynchronous_search_stops_with_the_candidate():
    recorder = StopsAt("trial", 1)
    search = fitted_on("asynchronous", bayes(n_iter=12), recorder)
    assert search.stopped_by_ == "callback"
    # However many others ended before it: it is the last of the table, and what still ran has an end too.
    ends = [path for path in recorder.paths("end") if path[-2] == "trial"]
    assert len(search.cv_results_["params"]) == ends.index(trial(1)) + 1
    assert recorder.tasks() == recorder.tasks("end")


def test_without_trials_a_true_value_at_the_end_of_an_evaluation_stops_the_search():
    recorder = StopsAt("candidate-split-evaluation", 1)  # of the first candidate, which is finished
    search = GridSearchCV(SVC(), GRID, cv=3).set_callbacks(recorder).fit(X, y)
    assert search.stopped_by_ == "callback"
    assert len(search.cv_results_["params"]) == 1
    assert search.cv_results_["split2_test_score"][0] > 0


def test_what_still_runs_when_the_search_stops_has_its_end():
    recorder = StopsAt("candidate-split-evaluation", 0)
    grid = {"C": np.geomspace(0.1, 10.0, 20)}
    search = GridSearchCV(SVC(), grid, cv=3, n_jobs=2, pre_dispatch="all")
    with parallel_config("threading"):
        search.set_callbacks(recorder).fit(X, y)
    assert len(search.cv_results_["params"]) == 1
    assert recorder.tasks()["candidate-split-evaluation"] == 60  # all were handed to the workers
    assert recorder.tasks() == recorder.tasks("end")


def test_with_trials_a_true_value_elsewhere_stops_nothing():
    recorder = StopsAt("candidate-split-evaluation", 1)
    search = bayes().set_callbacks(recorder).fit(X, y)
    assert search.stopped_by_ == "budget"


# Errors of a callback

WHERE = [
    ("begin", "candidate-split-evaluation", 0),
    ("end", "candidate-split-evaluation", 0),
    ("begin", "trial", 0),
    ("end", "trial", 1),
    ("end", "search", 4),
    ("begin", "refit-with-best-params", 4),
]


@pytest.mark.parametrize(("what", "name", "n_kept"), WHERE)
@pytest.mark.parametrize(
    "engine",
    # loky ends its workers with what they run, and new ones take seconds to start
    ["one job", "threads", pytest.param("loky", marks=pytest.mark.slow)],
)
def test_an_error_in_a_callback_goes_through_and_the_results_stay(engine, what, name, n_kept):
    recorder = FailsAt(what, name)
    search = bayes()
    with pytest.raises(OSError, match="disk of the callback"):
        fitted_on(engine, search, recorder)
    assert recorder.events[-1] == ("teardown", ())
    assert len(getattr(search, "history_", ())) == n_kept
    if n_kept:
        assert len(search.cv_results_["params"]) == n_kept
    assert not hasattr(search, "refit_time_")


def test_a_callback_that_belongs_to_the_search_is_refused_on_the_estimator():
    estimator = LogisticRegression().set_callbacks(PropagatedRecorder())
    with pytest.raises(TypeError, match="Register them directly on the meta-estimator"):
        bayes(estimator).fit(X, y)
