"""The engine on Ray: a local cluster, used in batches."""

import logging
import os

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import get_active_backend
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.svm import SVC

from skbayes import BayesSearchCV
from skbayes.evaluation._shared import share
from tests.evaluation.cluster_tasks import FOLDS, evaluate, scores, search_with_limit

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow  # starting a cluster takes seconds

CANDIDATES = [{"value": float(i)} for i in range(6)]


@pytest.fixture(scope="module", autouse=True)
def _cluster():
    from ray.util.joblib import register_ray

    # Before `init`, which reads it: a worker that is killed in a test is not news.
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    register_ray()
    yield
    ray.shutdown()


def total(handle):
    found = handle.get()
    return os.getpid(), id(found), float(found["X"].sum())


def test_the_data_go_to_the_store_once_and_tasks_carry_a_reference():
    with parallel_config("ray", n_jobs=2):
        handle = share({"X": np.ones((62_500, 100))}, get_active_backend()[0])  # 50 MB
        assert len(ray.cloudpickle.dumps(handle)) < 5_000
        results = Parallel()(delayed(total)(handle) for _ in range(6))
        handle.close()
    assert {value for _, _, value in results} == {6_250_000.0}
    assert len({(pid, obj) for pid, obj, _ in results}) == len({pid for pid, _, _ in results})


def test_results_are_those_of_one_process_and_asynchronous_says_that_it_is_not(caplog):
    expected = scores(evaluate(CANDIDATES, n_jobs=1))
    for asynchronous in (False, True):
        with parallel_config("ray"), caplog.at_level(logging.WARNING, logger="skbayes"):
            results = evaluate(CANDIDATES, asynchronous=asynchronous)
        np.testing.assert_array_equal(scores(results), expected)
        own = str(os.getpid())
        assert own not in {fold.worker.split(":")[1] for r in results for fold in r.folds}
    (record,) = [record for record in caplog.records if record.name == "skbayes"]
    assert "returns results in batches only" in record.message


def test_a_candidate_that_kills_its_worker_fails_alone(tmp_path):
    deadly = {"value": 2.0, "deadly": 100, "traces": str(tmp_path)}
    candidates = [deadly if params["value"] == 2.0 else params for params in CANDIDATES]
    with parallel_config("ray"):
        results = evaluate(candidates, folds=FOLDS[:1])
    assert [result.status for result in results] == ["complete"] * 2 + ["failed"] + ["complete"] * 3


def test_a_search_gives_the_same_result_as_with_loky():
    X, y = load_iris(return_X_y=True)
    space = {"C": (1e-2, 1e2, "log-uniform"), "gamma": (1e-3, 1e1, "log-uniform")}
    search = BayesSearchCV(SVC(), space, n_iter=12, n_points=2, cv=3, random_state=0, n_jobs=2)
    with parallel_config("loky"):
        expected = clone(search).fit(X, y)
    with parallel_config("ray"):
        found = clone(search).fit(X, y)
    assert found.cv_results_["params"] == expected.cv_results_["params"]
    np.testing.assert_array_equal(
        found.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(found.predict(X), expected.predict(X))


def test_a_fit_that_never_ends_is_ended_on_its_worker():
    search, X = search_with_limit()
    with parallel_config("ray"), pytest.warns(FitFailedWarning, match="fit_timeout=10"):
        search.fit(X)
    assert list(search.cv_results_["status"]) == ["complete", "complete", "timeout"]
    assert search.best_params_["value"] == 2.0
