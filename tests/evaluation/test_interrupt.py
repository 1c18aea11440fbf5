"""Ctrl-C in one process, at any moment: what ended is kept, what runs is left, and nothing else begins."""

import signal

import pytest

from skbayes.evaluation import Candidate, EvaluationPool, PoolOptions
from skbayes.evaluation._events import NoEvents
from tests.evaluation.cluster_tasks import FOLDS, setup_of

pytestmark = pytest.mark.usefixtures("ctrl_c")


@pytest.fixture
def ctrl_c():
    """Python's own handler, which is not in place where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Interrupts(NoEvents):
    """Presses Ctrl-C at a task, and notes the tasks that began and ended."""

    def __init__(self, what, candidate, fold):
        self.when = (what, candidate, fold)
        self.begun, self.ended = [], []

    def note(self, what, task, notes):
        notes.append((task.candidate, task.fold))
        if self.when == (what, task.candidate, task.fold):
            signal.raise_signal(signal.SIGINT)

    def task_started(self, task):
        self.note("begin", task, self.begun)
        return super().task_started(task)

    def task_ended(self, task, result):
        self.note("end", task, self.ended)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(("what", "n_ended"), [("begin", 4), ("end", 5)])
def test_an_interrupt_beside_a_fit_ends_the_search_as_one_within(what, n_ended, asynchronous):
    events, left = Interrupts(what, 1, 1), [Candidate({"value": float(k)}) for k in range(5)]
    options = PoolOptions(1, "2*n_jobs", len(FOLDS), n_candidates=5, asynchronous=asynchronous)
    with EvaluationPool(setup_of(), FOLDS, options, events) as pool:
        results = list(pool.run(lambda n: [left.pop(0)] if left else []))
    assert pool.stopped_by == "interrupt"
    assert [result.status for result in results] == ["complete", "pruned"]
    assert [len(result.folds_run) for result in results] == [3, n_ended - 3]
    assert events.ended == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)][:n_ended]
    assert len(events.begun) == 5
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_interrupt_while_a_candidate_is_asked_for_lets_none_begin(asynchronous):
    events, asked = Interrupts("never", 0, 0), []

    def ask(n):
        asked.append(n)
        if len(asked) == 3:
            signal.raise_signal(signal.SIGINT)
        return [Candidate({"value": 0.0})]

    options = PoolOptions(1, "2*n_jobs", len(FOLDS), n_candidates=5, asynchronous=asynchronous)
    with EvaluationPool(setup_of(), FOLDS, options, events) as pool:
        results = list(pool.run(ask))
    assert pool.stopped_by == "interrupt"
    assert [result.status for result in results] == ["complete", "complete"]
    assert len(events.begun) == len(events.ended) == 6
