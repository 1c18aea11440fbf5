"""Workers of this machine that die: loky's pool breaks, and all but the culprit are evaluated."""

import numpy as np
import pytest
from joblib import parallel_config

from skbayes.evaluation._joblib import OpenBackend
from tests.evaluation.cluster_tasks import FOLDS, evaluate, scores

CANDIDATES = [{"value": float(i)} for i in range(6)]


class Unruly:
    """Calls of which one ends in an error of the back-end."""

    def __init__(self, value, raises=False):
        self.value = value
        self.raises = raises

    def __call__(self, shared):
        if self.raises:
            raise OSError("not a result")
        return self.value


@pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
def test_a_batch_that_failed_leaves_nothing_to_the_next(backend):
    with parallel_config(backend), OpenBackend(2) as opened:
        for _ in range(5):
            with pytest.raises(OSError, match="not a result"):
                opened.run([Unruly(i, raises=i == 1) for i in range(40)], None)
            assert opened.run([Unruly(-1), Unruly(-2), Unruly(-3)], None) == [-1, -2, -3]


def deadly(value, times, folder):
    return [
        {**params, "deadly": times, "traces": str(folder)} if params["value"] in value else params
        for params in CANDIDATES
    ]


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky", "multiprocessing"])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_every_backend_gives_the_results_of_one_process(backend, asynchronous):
    expected = scores(evaluate(CANDIDATES, n_jobs=1))
    with parallel_config(backend):
        np.testing.assert_array_equal(
            scores(evaluate(CANDIDATES, asynchronous=asynchronous)), expected
        )


@pytest.mark.slow
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_worker_that_dies_once_costs_nothing(asynchronous, tmp_path):
    expected = scores(evaluate(CANDIDATES, n_jobs=1))
    with parallel_config("loky"):
        results = evaluate(deadly({3.0}, 1, tmp_path), asynchronous=asynchronous)
    np.testing.assert_array_equal(scores(results), expected)
    assert {result.status for result in results} == {"complete"}


@pytest.mark.slow  # each death is a new pool, which imports everything
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_candidate_that_kills_its_worker_fails_alone_after_a_second_try(asynchronous, tmp_path):
    with parallel_config("loky"):
        results = evaluate(deadly({3.0}, 100, tmp_path), asynchronous=asynchronous, folds=FOLDS[:1])
    assert [result.status for result in results] == ["complete"] * 3 + ["failed"] + ["complete"] * 2
    assert "No worker returned a result" in results[3].folds[0].fit_error
    # All that was sent (at most 2 for each of the 2 workers), all of it again, half of it, alone.
    assert 2 <= len(list(tmp_path.iterdir())) <= 4


@pytest.mark.slow
def test_two_candidates_that_kill_their_workers_fail_and_no_other(tmp_path):
    with parallel_config("loky"):
        results = evaluate(deadly({1.0, 4.0}, 100, tmp_path), asynchronous=True, folds=FOLDS[:1])
    failed = [result.params["value"] for result in results if result.status == "failed"]
    assert failed == [1.0, 4.0]
    assert {result.status for result in results} == {"complete", "failed"}
