"""Overhead of one suggestion with the defaults in six dimensions, one BLAS thread.

    python benchmarks/ask_overhead.py --repeats 15

prints a markdown table of medians in milliseconds at 50, 200 and 1,000 trials, for skbayes and for
the peers that can be imported. Timed is telling one trial and asking for the next, so that every
peer fits its model each time, wherever it does that. The trials are half random, half near the best
point, as in a search; their scores are Hartmann's function with a little noise.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy
os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
from functions import PROBLEMS

DIMENSIONS = 6
NAMES = [f"x{i}" for i in range(DIMENSIONS)]
NOISE = 0.01
SIZES = (50, 200, 1000)
# A peer that takes longer than this for one suggestion is not measured at larger sizes.
PATIENCE = 5.0
Params = dict[str, float]


class Skbayes:
    """Our Optimizer."""

    module = "skbayes"

    def __init__(self, seed: int) -> None:
        from skbayes.optimizer import Optimizer

        self.optimizer = Optimizer(PROBLEMS["hartmann6"].space, random_state=seed)

    def load(self, params: Params, value: float) -> None:
        """Tell a trial without thinking."""
        self.optimizer.tell(params, -value)

    def step(self, params: Params, value: float) -> None:
        """Tell a trial and ask for the next."""
        self.optimizer.tell(params, -value)
        self.optimizer.ask()


class SkoptGP:
    """scikit-optimize's Optimizer as its BayesSearchCV makes it; it thinks in `tell`."""

    module = "skopt"

    def __init__(self, seed: int) -> None:
        from skopt import Optimizer

        self.optimizer = Optimizer([(0.0, 1.0)] * DIMENSIONS, random_state=seed)

    def load(self, params: Params, value: float) -> None:
        """Tell a trial without thinking."""
        self.optimizer.tell([params[name] for name in NAMES], value, fit=False)

    def step(self, params: Params, value: float) -> None:
        """Tell a trial and ask for the next."""
        self.optimizer.tell([params[name] for name in NAMES], value)
        self.optimizer.ask()


class OptunaGP:
    """Optuna's Gaussian process sampler."""

    module = "optuna"
    needs = ("optuna", "torch")  # its Gaussian process is torch's

    def __init__(self, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.create_trial = optuna.trial.create_trial
        self.study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=seed))
        spread = optuna.distributions.FloatDistribution(0.0, 1.0)
        self.distributions = dict.fromkeys(NAMES, spread)

    def load(self, params: Params, value: float) -> None:
        """Tell a trial without thinking."""
        trial = self.create_trial(params=params, distributions=self.distributions, value=value)
        self.study.add_trial(trial)

    def step(self, params: Params, value: float) -> None:
        """Tell a trial and ask for the next."""
        self.load(params, value)
        self.study.ask(self.distributions)


PEERS: tuple[Any, ...] = (Skbayes, SkoptGP, OptunaGP)


def trials(seed: int) -> Iterator[tuple[Params, float]]:
    """Endless trials, every second one near the minimum."""
    rng = np.random.default_rng(seed)
    best = np.array([0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573])
    while True:
        for x in (rng.random(DIMENSIONS), np.clip(best + 0.1 * rng.normal(size=6), 0, 1)):
            params = {name: float(v) for name, v in zip(NAMES, x, strict=True)}
            yield params, PROBLEMS["hartmann6"].func(params) + NOISE * rng.standard_normal()


def median_seconds(peer: Callable[[int], Any], size: int, repeats: int) -> float:
    """Median time of a suggestion around `size` trials."""
    source = trials(seed=size)
    optimizer = peer(0)
    for _ in range(size - repeats // 2 - 1):
        optimizer.load(*next(source))
    optimizer.step(*next(source))  # the first fit starts cold, all later ones warm
    seconds = []
    for _ in range(repeats):
        trial = next(source)
        start = time.perf_counter()
        optimizer.step(*trial)
        seconds.append(time.perf_counter() - start)
        if seconds[-1] > PATIENCE:
            break
    return float(np.median(seconds))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    print("| ms per suggestion |" + "".join(f" n = {size} |" for size in options.sizes))
    print("| --- |" + " --- |" * len(options.sizes))
    for peer in PEERS:
        if any(find_spec(name) is None for name in getattr(peer, "needs", (peer.module,))):
            continue
        cells: list[str] = []
        last = 0.0
        for size in options.sizes:
            last = median_seconds(peer, size, options.repeats) if last < PATIENCE else np.inf
            cells.append(f"{1000 * last:.1f}" if np.isfinite(last) else "-")
        print(f"| {peer.module} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
