"""What cannot end in time is not started; the clock is replaced by a list of times."""

import pytest

from skbayes.evaluation import FoldResult, Task
from skbayes.evaluation import _time_budget as module
from skbayes.evaluation._time_budget import TimeBudget


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def ran(seconds):
    return FoldResult(0.5, None, seconds, 0.0, 10)


def task(candidate=0, fold=0):
    return Task(candidate, fold, {"x": candidate})


def test_without_a_budget_nothing_is_forbidden(clock):
    budget = TimeBudget(None, lambda params: 1e9)
    budget.record(task(), ran(1e6))
    assert budget.left() is None
    assert not budget.forbids(task())


def test_a_fit_longer_than_the_time_left_is_not_started(clock):
    budget = TimeBudget(60.0, lambda params: 25.0 if params["x"] == 7 else None)
    budget.record(task(0), ran(10.0))
    budget.record(task(1), ran(30.0))
    clock[0] += 45.0  # 15 seconds are left
    assert budget.left() == 15.0
    assert not budget.forbids(task(0))  # its last fold took 10 seconds
    assert budget.forbids(task(1))  # and that of this one 30
    assert budget.forbids(task(7))  # by the model 25
    assert budget.forbids(task(8))  # unknown: the mean of all is 20
    clock[0] += 20.0
    assert budget.left() == 0.0
    assert budget.forbids(task(0))


def test_with_ample_time_the_model_is_not_asked(clock):
    def predict(params):
        raise AssertionError("asked")

    budget = TimeBudget(1000.0, predict)
    budget.record(task(), ran(1.0))
    assert not budget.forbids(task(5))
