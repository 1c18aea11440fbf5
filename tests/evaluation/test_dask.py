"""The engine on Dask: worker processes of a local cluster, some of which are killed."""

import os
import pickle
import signal
import time
from contextlib import contextmanager

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import get_active_backend
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV
from skbayes.evaluation import _joblib
from skbayes.evaluation._shared import Handle, share
from tests.evaluation.cluster_tasks import (
    FOLDS,
    Scored,
    evaluate,
    scorer,
    scores,
    search_with_limit,
)

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow  # starting worker processes


@contextmanager
def cluster_of(n_workers):
    with (
        distributed.LocalCluster(
            n_workers, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(n_workers, timeout=60)
        yield client


@pytest.fixture(scope="module")
def client():
    with cluster_of(2) as client:
        yield client


@pytest.fixture
def mortals():
    """Workers of one test, which may kill them."""
    with cluster_of(2) as client:
        yield client


def total(handle):
    return os.getpid(), type(handle), id(handle.get()), float(handle.get()["X"].sum())


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def test_the_data_go_to_each_worker_once_and_tasks_carry_a_key(client):
    sizes = []
    submit = client.submit

    def measured(function, *args, **kwargs):
        sizes.append(len(pickle.dumps((function, args, kwargs))))
        return submit(function, *args, **kwargs)

    client.submit = measured
    try:
        with parallel_config("dask", client=client):
            backend = get_active_backend()[0]
            handle = share({"X": np.ones((62_500, 100))}, backend)  # 50 MB
            held = client.who_has(handle._future)
            results = Parallel()(delayed(total)(handle) for _ in range(6))
    finally:
        del client.submit
    assert {len(workers) for workers in held.values()} == {2}  # before the first task
    assert len(sizes) == 6
    assert max(sizes) < 5_000
    assert {(kind, value) for _, kind, _, value in results} == {(Handle, 6_250_000.0)}
    assert len({(pid, obj) for pid, _, obj, _ in results}) == 2  # one object in each process
    key = handle._future.key
    handle.close()
    deadline = time.monotonic() + 30
    while key in client.who_has() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert key not in client.who_has()


def test_data_survive_the_loss_of_one_worker_and_are_sent_again_after_the_loss_of_all(mortals):
    with parallel_config("dask", client=mortals):
        handle = share({"X": np.ones(1_000)}, get_active_backend()[0])
        future = handle._future
        pids = list(mortals.run(os.getpid).values())
        kill(pids[0])
        mortals.wait_for_workers(2, timeout=60)
        assert {r[3] for r in Parallel()(delayed(total)(handle) for _ in range(4))} == {1_000.0}
        handle.renew()
        assert handle._future is future  # not lost: nothing is sent

        mortals.wait_for_workers(2, timeout=60)
        for pid in mortals.run(os.getpid).values():
            kill(pid)
        deadline = time.monotonic() + 30
        while future.status == "finished" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert future.status == "cancelled"
        mortals.wait_for_workers(2, timeout=60)
        handle.renew()
        assert {r[3] for r in Parallel()(delayed(total)(handle) for _ in range(4))} == {1_000.0}
        handle.close()


CANDIDATES = [{"value": float(i)} for i in range(8)]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_results_are_those_of_one_process(client, asynchronous):
    expected = scores(evaluate(CANDIDATES, n_jobs=1))
    with parallel_config("dask", client=client):
        results = evaluate(CANDIDATES, asynchronous=asynchronous)
    np.testing.assert_array_equal(scores(results), expected)
    workers = {fold.worker for result in results for fold in result.folds}
    pids = {str(pid) for pid in client.run(os.getpid).values()}
    # Nowhere else; which of the two has how many of such short tasks is up to Dask.
    assert {worker.split(":")[1] for worker in workers} <= pids


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_worker_killed_in_mid_search_costs_no_candidate(mortals, asynchronous):
    expected = scores(evaluate(CANDIDATES, n_jobs=1))
    victims = list(mortals.run(os.getpid).values())

    def on_result(n):
        if n == 2:
            kill(victims[0])

    candidates = [{**params, "seconds": 0.05} for params in CANDIDATES]
    with parallel_config("dask", client=mortals):
        results = evaluate(candidates, asynchronous=asynchronous, on_result=on_result)
    assert {result.status for result in results} == {"complete"}
    np.testing.assert_array_equal(scores(results), expected)


def test_all_workers_killed_in_mid_search_cost_no_candidate(mortals):
    # The data are lost with them and sent again.
    expected = scores(evaluate(CANDIDATES, n_jobs=1))
    victims = list(mortals.run(os.getpid).values())

    def on_result(n):
        if n == 2:
            for pid in victims:
                kill(pid)

    candidates = [{**params, "seconds": 0.05} for params in CANDIDATES]
    with parallel_config("dask", client=mortals):
        results = evaluate(candidates, asynchronous=True, on_result=on_result)
    assert {result.status for result in results} == {"complete"}
    np.testing.assert_array_equal(scores(results), expected)


def test_a_candidate_that_kills_every_worker_fails_alone(mortals, tmp_path):
    # A second, because Dask's nanny gives up a worker that dies while it starts.
    deadly = {"value": 3.0, "deadly": 100, "traces": str(tmp_path), "seconds": 1.0}
    candidates = [deadly if params["value"] == 3.0 else params for params in CANDIDATES]
    with parallel_config("dask", client=mortals):
        results = evaluate(candidates, asynchronous=True, folds=FOLDS[:1])
    assert [result.status for result in results] == ["complete"] * 3 + ["failed"] + ["complete"] * 4
    assert "No worker returned a result" in results[3].folds[0].fit_error
    # Dask tries a task on three more workers, and so does the second round.
    assert len(list(tmp_path.iterdir())) <= 8


class Lock:
    def __reduce__(self):
        raise TypeError("cannot pickle a lock")


def test_a_candidate_that_cannot_be_sent_fails_alone(client):
    # Joblib's back-end pickles in another thread and would never say so.
    candidates = [{"value": 0.0}, {"value": 1.0, "traces": Lock()}, {"value": 2.0}]
    with parallel_config("dask", client=client):
        results = evaluate(candidates, asynchronous=True)
    assert [result.status for result in results] == ["complete", "failed", "complete"]
    assert "cannot pickle a lock" in results[1].folds[0].fit_error


def test_a_search_gives_the_same_result_as_on_one_core(client):
    X, y = load_iris(return_X_y=True)
    space = {"C": (1e-2, 1e2, "log-uniform"), "gamma": (1e-3, 1e1, "log-uniform")}
    search = BayesSearchCV(SVC(), space, n_iter=12, n_points=2, cv=3, random_state=0)
    expected = clone(search).fit(X, y)
    with parallel_config("dask", client=client):
        same = clone(search).fit(X, y)
        other = clone(search).set_params(asynchronous=True).fit(X, y)
    assert same.cv_results_["params"] == expected.cv_results_["params"]
    np.testing.assert_array_equal(
        same.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )
    assert len(other.cv_results_["params"]) == 12
    assert set(other.cv_results_["status"]) == {"complete"}


def test_workers_that_join_are_used(monkeypatch):
    # Long enough that one worker is busy when the next task comes.
    candidates = [{**params, "seconds": 0.05} for params in CANDIDATES]
    monkeypatch.setattr(_joblib, "_SECONDS_BETWEEN_COUNTS", 0.0)
    with cluster_of(1) as client, parallel_config("dask", client=client):

        def on_result(n):
            if n == 1:
                client.cluster.scale(2)
                client.wait_for_workers(2, timeout=60)

        results = evaluate(candidates, asynchronous=True, on_result=on_result)
    assert len({fold.worker for result in results for fold in result.folds}) == 2


def test_a_cluster_that_ends_in_mid_search_is_an_error_that_says_so():
    with cluster_of(2) as client:

        def on_result(n):
            if n == 2:
                client.cluster.close()

        with (
            parallel_config("dask", client=client),
            pytest.raises(ConnectionError, match=r"Dask scheduler .* Start it again"),
        ):
            evaluate(CANDIDATES, asynchronous=True, on_result=on_result)


def test_a_fit_that_never_ends_is_ended_on_its_worker(client):
    search, X = search_with_limit()
    with (
        parallel_config("dask", client=client),
        pytest.warns(FitFailedWarning, match="fit_timeout=10"),
    ):
        search.fit(X)
    assert list(search.cv_results_["status"]) == ["complete", "complete", "timeout"]
    assert search.best_params_["value"] == 2.0


def test_the_time_budget_does_not_wait_for_what_runs(client):
    X = np.arange(180.0).reshape(90, 2)
    grid = [{"value": [1.0]}, {"value": [2.0, 3.0], "seconds": [600.0]}]
    search = GridSearchCV(Scored(), grid, scoring=scorer, cv=2, time_budget=10.0)
    start = time.monotonic()
    with parallel_config("dask", client=client):
        search.fit(X)
    assert search.stopped_by_ == "time_budget"
    assert search.best_params_ == {"value": 1.0}
    assert time.monotonic() - start < 500.0
    client.restart()  # what sleeps there sleeps on
