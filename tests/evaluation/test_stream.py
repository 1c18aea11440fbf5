"""The stream of calls: a pool of processes that breaks between two looks at it, and candidates asked for in time."""

import os
import signal
import time
from concurrent.futures.process import BrokenProcessPool

import pytest
from joblib import parallel_config

from skbayes.evaluation import Candidate, EvaluationPool, PoolOptions
from skbayes.evaluation._stream import StreamExecutor
from skbayes.exceptions import WorkerDiedError
from tests.evaluation.cluster_tasks import FOLDS, evaluate, scores, setup_of


class Brittle:
    """A back-end of processes, one call after the other: a deadly call breaks it, and then it takes none."""

    n_workers = 2
    shares_memory = False

    def __init__(self):
        self.n_restarts = 0
        self.is_broken = False

    def submit(self, call, shared, on_end):
        if self.is_broken:
            raise BrokenProcessPool("a worker has died")
        try:
            on_end(call(shared))
        except SystemExit:
            self.is_broken = True
            on_end(BrokenProcessPool("a worker has died"))

    def outcome(self, ended):
        if isinstance(ended, BaseException):
            raise ended
        return ended

    def has_given_up(self, error):
        return False

    def restart(self):
        self.n_restarts += 1
        self.is_broken = False


class Shared:
    def renew(self):
        """Nothing is lost with a worker."""


def deadly(shared):
    raise SystemExit


def results_of(executor, n):
    results = {}
    while len(results) < n:
        results |= dict(executor.wait())
    return results


def test_calls_given_to_a_pool_that_has_just_broken_are_not_lost():
    opened = Brittle()
    executor = StreamExecutor(opened, "2*n_jobs", Shared())
    executor.submit(0, lambda shared: "zero")
    opened.is_broken = True  # what is submitted is refused before anyone has heard of it
    executor.submit(1, lambda shared: "one")
    executor.submit(2, lambda shared: "two")
    assert results_of(executor, 3) == {0: "zero", 1: "one", 2: "two"}
    assert opened.n_restarts == 1


@pytest.mark.parametrize("place", range(4))
def test_a_culprit_that_breaks_the_pool_while_others_are_submitted_is_found(place):
    executor = StreamExecutor(Brittle(), "2*n_jobs", Shared())
    for key in range(4):
        executor.submit(key, deadly if key == place else lambda shared, key=key: key)
    results = results_of(executor, 4)
    assert isinstance(results.pop(place).error, WorkerDiedError)
    assert results == {key: key for key in range(4) if key != place}


@pytest.mark.slow  # new workers import everything
@pytest.mark.parametrize("asynchronous", [False, True])
def test_workers_that_die_between_two_results_cost_nothing(asynchronous):
    candidates = [{"value": float(i)} for i in range(6)]
    expected = scores(evaluate(candidates, n_jobs=1))
    pids = []

    def kill(pid):
        os.kill(pid, signal.SIGKILL)

    def on_result(n):
        if n == 2:
            from joblib.externals.loky.reusable_executor import _executor

            for pid in list(_executor._processes):
                pids.append(pid)
                kill(pid)
            deadline = time.monotonic() + 60.0
            while _executor._flags.broken is None and time.monotonic() < deadline:
                time.sleep(0.01)

    with parallel_config("loky"):
        results = evaluate(candidates, asynchronous=asynchronous, on_result=on_result)
    assert pids
    assert {result.status for result in results} == {"complete"}
    assert (scores(results) == expected).all()


@pytest.mark.parametrize(("backend", "n_jobs"), [("threading", 1), ("multiprocessing", 2)])
def test_where_nothing_runs_meanwhile_no_candidate_is_asked_for_ahead(backend, n_jobs):
    # Asking takes far longer than an evaluation: a stream would keep calls waiting ready.
    done, asked = [], []

    def ask(n):
        if len(asked) == 6:
            return []
        time.sleep(0.02)
        n = min(n, 6 - len(asked))
        assert len(asked) + n - len(done) <= n_jobs
        asked.extend(range(n))
        return [Candidate({"value": float(len(asked) - k)}) for k in range(n)]

    options = PoolOptions(n_jobs, "2*n_jobs", 1, n_candidates=6, asynchronous=True)
    with parallel_config(backend), EvaluationPool(setup_of(), FOLDS[:1], options) as pool:
        for result in pool.run(ask):
            done.append(result)
    assert len(done) == 6
