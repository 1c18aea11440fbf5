"""How throughput and score of a search grow with 1 to 1,024 workers, and whether asking keeps up.

    python -m benchmarks.workers
    python -m benchmarks.workers --workers 256 1024 --seeds 1
    python -m benchmarks.workers --rst docs/workers.txt

Nothing sleeps: the durations of the fits are drawn (log-normal) and pass on a virtual clock. What is real is the
optimizer: the CPU time that `tell` and `ask` take passes on the same clock, while workers that have become free wait.
Asynchronously the coordinator tells all that has finished, asks for as many points as workers are free, and
starts them; synchronously it asks for one point for each worker and waits for the slowest.

The score is Levy's function in ten dimensions with a little noise, and its regret that of the point with the best
score when the time is over. The busy share counts the time in which workers fit, of all their time; that of waves is
what it would be if each wave waited for its slowest fit and asking took no time. A thousand workers take up to ten
CPU minutes for ten virtual ones.
"""

from __future__ import annotations

import os

os.environ.update(  # before numpy
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import argparse
import heapq
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from skbayes.optimizer import Optimizer

from .suite.dimensions import Params
from .suite.own_functions import levy
from .suite.problem import Function
from .suite.public_functions import box
from .suite.tables import csv_table

WORKERS = (1, 4, 16, 64, 256, 1024)
N_DIMS, NOISE = 10, 0.1  # beside Levy's tens: small, not nothing
MEDIAN, SIGMA = 60.0, 1.5  # seconds; a mean of 185, and one fit in a thousand of 100 minutes
TASK = Function(f"levy{N_DIMS}", box(N_DIMS, -10, 10), levy, 0.0, noise=NOISE)


@dataclass
class Simulation:
    """A cluster of some workers, one coordinator, and a clock.

    Parameters
    ----------
    n_workers : int
        Fits that run side by side.
    seconds : float
        When the search ends.
    seed : int
        Of the optimizer, the durations and the noise.
    """

    n_workers: int
    seconds: float
    seed: int
    clock: float = 0.0
    busy: float = 0.0  # worker seconds within the time
    asking: float = 0.0  # CPU seconds of the coordinator
    n_asked: int = 0
    slowest_ask: float = 0.0
    running: list[tuple[float, int, Params]] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    told: list[Params] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, self.n_workers])
        space = {dim.name: (float(dim.low), float(dim.high)) for dim in TASK.space}
        self.optimizer = Optimizer(space, random_state=self.seed)

    def run(self, asynchronous: bool) -> Simulation:
        """Play the search to its end."""
        while self.clock < self.seconds:
            if not asynchronous and self.running:
                self.clock = max(self.clock, max(self.running)[0])
            elif len(self.running) == self.n_workers:
                self.clock = max(self.clock, self.running[0][0])
            if self.clock >= self.seconds:
                break
            start = time.process_time()
            self._tell()
            points = self.optimizer.ask(self.n_workers - len(self.running))
            spent = time.process_time() - start
            self.clock += spent  # those who are free wait for it, and others end meanwhile
            self.asking += spent
            self.slowest_ask = max(self.slowest_ask, spent)
            self._start(points)
        return self

    def _tell(self) -> None:
        while self.running and self.running[0][0] <= self.clock:
            _, _, params = heapq.heappop(self.running)
            score = TASK.evaluate(params, self.rng).observed
            self.optimizer.tell(params, score)
            self.told.append(params)
            self.scores.append(score)

    def _start(self, points: list[Params]) -> None:
        for params in points:
            self.n_asked += 1
            end = self.clock + MEDIAN * np.exp(SIGMA * self.rng.standard_normal())
            self.busy += max(0.0, min(end, self.seconds) - self.clock)
            heapq.heappush(self.running, (end, self.n_asked, params))

    @property
    def regret(self) -> float:
        """What the point with the best score lacks."""
        if not self.told:
            return float("nan")
        return TASK.optimum - TASK.score(self.told[int(np.argmax(self.scores))])

    def row(self) -> list[float]:
        """Return what stands in the table."""
        return [
            len(self.told),
            self.regret,
            100 * self.busy / (self.n_workers * self.seconds),
            busy_in_waves(self.n_workers),
            1e3 * self.asking / self.n_asked,
            self.slowest_ask,
            100 * self.asking / self.seconds,
        ]


def busy_in_waves(n_workers: int, n_waves: int = 2000) -> float:
    """Return the share of time that workers fit if each wave waits for its slowest fit, in percent."""
    rng = np.random.default_rng(n_workers)
    durations = np.exp(SIGMA * rng.standard_normal((n_waves, n_workers)))
    return float(100 * durations.mean() / durations.max(axis=1).mean())


HEAD = [
    "workers",
    "fits told",
    "regret",
    "busy, %",
    "busy in waves, %",
    "ms of asking per point",
    "slowest ask, s",
    "coordinator asks, % of the time",
]


def table(minutes: float, rows: list[list[float]]) -> str:
    """The rows of all numbers of workers."""
    cells = [[f"{row[0]:g}", f"{row[1]:g}", *(f"{value:.3g}" for value in row[2:])] for row in rows]
    return csv_table(f"An asynchronous search of {minutes:g} minutes", HEAD, cells)


def main() -> None:
    """Play the searches and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workers", type=int, nargs="*", default=WORKERS)
    parser.add_argument("--minutes", type=float, default=10.0, help="virtual time of one search")
    parser.add_argument("--seeds", type=int, default=3, help="medians over this many")
    parser.add_argument("--rst", type=Path, help="file of the table; without it none")
    options = parser.parse_args()
    rows = []
    for n in options.workers:
        searches = [Simulation(n, 60 * options.minutes, seed) for seed in range(options.seeds)]
        runs = [search.run(asynchronous=True).row() for search in searches]
        rows.append([n, *np.median(runs, axis=0)])
        print(*(f"{value:.4g}" for value in rows[-1]), flush=True)
    text = table(options.minutes, rows)
    print(text)
    if options.rst:
        options.rst.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
