"""The simulated cluster: its clock, who is busy on it, and that asking is paid for."""

import numpy as np
import pytest

from benchmarks import workers
from benchmarks.workers import Simulation


class Grid:
    """An optimizer that asks without thinking."""

    def __init__(self, space, random_state):
        self.space = space
        self.told = 0

    def ask(self, n):
        return [dict.fromkeys(self.space, 0.0) for _ in range(n)]

    def tell(self, params, score):
        self.told += 1


@pytest.fixture
def clock(monkeypatch):
    """Every ask takes `clock[1]` seconds."""
    clock = [0.0, 0.0]

    def process_time():
        clock[0] += clock[1] / 2  # it is read before and after
        return 2 * clock[0]

    monkeypatch.setattr(workers, "Optimizer", Grid)
    monkeypatch.setattr(workers.time, "process_time", process_time)
    return clock


@pytest.mark.parametrize("n_workers", [1, 5])
def test_nobody_waits_if_asking_takes_no_time(clock, n_workers):
    run = Simulation(n_workers, 3_000.0, seed=0).run(asynchronous=True)
    assert run.busy == pytest.approx(n_workers * 3_000.0)
    assert run.optimizer.told == len(run.scores) == run.n_asked - n_workers  # the last still run


def test_waves_wait_for_their_slowest(clock):
    run = Simulation(4, 5_000.0, seed=0).run(asynchronous=False)
    rng = np.random.default_rng([0, 4])
    durations, start, busy = [], 0.0, 0.0
    while start < 5_000.0:  # the same draws: noise for those told, then durations
        durations = workers.MEDIAN * np.exp(workers.SIGMA * rng.standard_normal(4))
        busy += np.clip(5_000.0 - start, 0.0, durations).sum()
        start += durations.max()
        rng.standard_normal(4)
    assert run.busy == pytest.approx(busy)


def test_one_worker_waits_while_the_coordinator_thinks(clock):
    clock[1] = 100.0
    run = Simulation(1, 10_000.0, seed=0).run(asynchronous=True)
    assert run.asking == pytest.approx(100.0 * run.n_asked)
    assert run.busy == pytest.approx(10_000.0 - run.asking, abs=100.0)  # the last ask may be cut
