"""scikit-learn's callbacks (1.9) that follow into the candidates, and those that scikit-learn has: bars, monitors."""

import threading
from collections import Counter

import numpy as np
import pytest
import sklearn.model_selection
from joblib import parallel_config
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import GridSearchCV
from skbayes._sklearn import context_for_worker, root_callback_context
from skbayes.evaluation import _pool
from tests.model_selection.recording import (
    ENGINES,
    GRID,
    LosesAfterOneFold,
    PropagatedRecorder,
    Recorder,
    X,
    bayes,
    fitted_on,
    path_of,
    trial,
    y,
)

callback = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks from 1.9 on; before, ours do nothing"
)

pytestmark = pytest.mark.filterwarnings("ignore:The estimator SVC does not support callbacks")


@pytest.mark.parametrize("engine", ["one job", "threads"])
def test_a_propagated_callback_sees_the_steps_of_each_candidate(engine):
    recorder = PropagatedRecorder()
    search = bayes(make_pipeline(StandardScaler(), SVC()), {"svc__C": (0.1, 10.0)})
    fitted_on(engine, search, recorder)
    # The evaluation and the fit of its pipeline are one task, under the pipeline's name for it.
    assert recorder.tasks()["fit-final-estimator"] == 4 * 3 + 1
    assert recorder.tasks()["candidate-split-evaluation"] == 0
    assert {path[:6] for path in recorder.paths() if len(path) > 6} == set(map(trial, range(4)))
    assert Counter(recorder.paths("begin")) == Counter(recorder.paths("end"))


def test_what_travels_is_the_path_to_the_task_and_the_callbacks_that_follow():
    stays, follows = Recorder(), PropagatedRecorder()
    estimator = make_pipeline(StandardScaler(), SVC())
    root = root_callback_context(bayes(estimator).set_callbacks(stays, follows), max_subtasks=2)
    node = root.subcontext(task_name="search", max_subtasks=None, sequential_subtasks=False)
    for k in range(3):
        leaf = node.subcontext(task_name="leaf", task_id=k)
        context = context_for_worker(leaf, estimator)
    assert path_of(context) == path_of(leaf)
    first = context.parent.parent
    assert [each.task_name for each in first] == ["fit", "search", "leaf"]  # no sibling
    assert len(list(root)) == 5
    # Neither here nor there is a hook called twice: here by the task, there by the estimator.
    for each in (leaf, *first):
        each.call_on_fit_task_begin(estimator=None)
    assert stays.paths() == [path_of(leaf)]
    assert follows.paths() == [path_of(each) for each in (first, context.parent)]


def test_a_callback_that_stays_need_not_be_picklable_where_another_follows(capsys):
    pytest.importorskip("rich", reason="ProgressBar needs rich")
    recorder = Recorder()  # has a lock
    search = bayes(make_pipeline(StandardScaler(), SVC()), {"svc__C": (0.1, 10.0)}, n_iter=2)
    search.set_callbacks(recorder, callback.ProgressBar())
    with parallel_config("loky"):
        search.set_params(n_jobs=2).fit(X, y)
    assert recorder.tasks()["candidate-split-evaluation"] == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_workers_elsewhere_get_no_callback_and_the_tree_is_complete(monkeypatch):
    monkeypatch.setattr(_pool, "can_call_back", lambda backend: False)
    recorder = PropagatedRecorder()
    recorder.cannot_be_pickled = threading.Lock()
    search = bayes(make_pipeline(StandardScaler(), SVC()), {"svc__C": (0.1, 10.0)}, refit=False)
    fitted_on("loky", search, recorder)
    assert recorder.tasks()["candidate-split-evaluation"] == 4 * 3
    assert recorder.tasks()["trial"] == 4
    assert recorder.tasks()["fit-final-estimator"] == 0
    assert recorder.tasks() == recorder.tasks("end")


def test_a_search_inside_a_search_has_its_tree_under_the_evaluation():
    recorder = PropagatedRecorder()
    outer = sklearn.model_selection.GridSearchCV(bayes(n_iter=2), {"n_points": [1, 2]}, cv=2)
    outer.set_callbacks(recorder).fit(X, y)
    inner = [path for path in recorder.paths() if path[-2] == "trial"]
    assert len(inner) == (2 * 2 + 1) * 2
    # Below an evaluation of the outer search, numbered through, or below its refit.
    above = {path[1:8:2] for path in inner}
    assert above == {(0, 0, k, 0) for k in range(4)} | {(0, 1, 0, 0), (0, 1, 0, 1)}
    assert Counter(recorder.paths("begin")) == Counter(recorder.paths("end"))


def test_results_of_a_journal_are_told_and_no_worker_is_asked(tmp_path):
    search = bayes(
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": (0.1, 10.0)},
        journal=tmp_path / "search.jsonl",
        refit=False,
    )
    clone(search).fit(X, y)
    recorder = PropagatedRecorder()
    search.set_callbacks(recorder).fit(X, y)
    assert recorder.tasks() == {
        "fit": 1, "search": 1, "trial": 4, "candidate-split-evaluation": 4 * 3,
    }  # fmt: skip
    assert recorder.tasks() == recorder.tasks("end")


# scikit-learn's own callbacks


def bars(capsys):
    """The bars as rich leaves them at the end: (description, percentage)."""
    lines = [line for line in capsys.readouterr().out.splitlines() if "%" in line]
    return [(line.split("━")[0].strip(), line.split()[-2]) for line in lines]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_progress_bar_reaches_100_percent(engine, capsys, monkeypatch):
    pytest.importorskip("rich", reason="ProgressBar needs rich")
    monkeypatch.setenv("COLUMNS", "200")
    fitted_on(engine, bayes(), callback.ProgressBar())
    shown = bars(capsys)
    assert {percentage for _, percentage in shown} == {"100%"}
    assert [name for name, _ in shown if "search" in name] == ["BayesSearchCV - search #0"]
    assert sum("trial" in name for name, _ in shown) == 4


@pytest.mark.parametrize("options", [{}, {"n_jobs": 2}], ids=["one job", "loky"])
def test_the_progress_bar_reaches_100_percent_with_pruned_candidates(options, capsys, monkeypatch):
    pytest.importorskip("rich", reason="ProgressBar needs rich")
    monkeypatch.setenv("COLUMNS", "200")
    search = GridSearchCV(SVC(), GRID, cv=3, racing=LosesAfterOneFold(), **options)
    search.set_callbacks(callback.ProgressBar()).fit(X, y)
    shown = bars(capsys)
    assert {percentage for _, percentage in shown} == {"100%"}
    assert sum("trial" in name for name, _ in shown) == 3


@pytest.mark.parametrize(("engine", "limits"), [("loky", {}), ("one job", {"fit_timeout": 60.0})])
def test_the_progress_bar_shows_the_steps_that_processes_run(engine, limits, capsys, monkeypatch):
    pytest.importorskip("rich", reason="ProgressBar needs rich")
    monkeypatch.setenv("COLUMNS", "200")
    search = bayes(make_pipeline(StandardScaler(), SVC()), {"svc__C": (0.1, 10.0)}, n_iter=2)
    fitted_on(engine, search.set_params(**limits), callback.ProgressBar())
    shown = bars(capsys)
    assert sum("Pipeline - fit" in name for name, _ in shown) == 2 * 3 + 1
    assert {percentage for _, percentage in shown} == {"100%"}


# A forked worker's messages never leave it, with scikit-learn's own searches neither.
@pytest.mark.parametrize("engine", [e for e in ENGINES if e != "multiprocessing"])
def test_a_scoring_monitor_on_the_estimator_knows_the_trial(engine):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    estimator = LogisticRegression(max_iter=3, tol=10.0).set_callbacks(monitor)
    options, backend = ENGINES[engine]
    with parallel_config(backend or "loky"):
        bayes(estimator, n_iter=2, refit=False, **options).fit(X, y)
    log = monitor.get_logs()  # of one run: the search, not each fit
    assert log.estimator_name == "BayesSearchCV"
    # (fit, search, trial, evaluation, ...)
    places = {row["task_id_path"][:4] for row in log.data}
    assert places == {(0, 0, k, fold) for k in range(2) for fold in range(3)}


def test_without_callbacks_no_context_is_made(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a context was made")

    monkeypatch.setattr(callback.CallbackContext, "subcontext", refuse)
    assert bayes(n_iter=2).fit(X, y).stopped_by_ == "budget"


@pytest.mark.slow
def test_a_progress_bar_on_dask_processes(capsys, monkeypatch):
    pytest.importorskip("rich", reason="ProgressBar needs rich")
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("COLUMNS", "200")
    recorder = PropagatedRecorder()
    search = bayes(make_pipeline(StandardScaler(), SVC()), {"svc__C": (0.1, 10.0)})
    search.set_callbacks(callback.ProgressBar(), recorder)
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        search.fit(X, y)
    assert {percentage for _, percentage in bars(capsys)} == {"100%"}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert recorder.tasks()["candidate-split-evaluation"] == 4 * 3
