"""Simple regret after 50 evaluations, against random search's after 50 and after 1,000.

    python benchmarks/regret.py --seeds 20

prints a markdown table: the median over the seeds and, in brackets, the 95 % bootstrap interval of
that median. The regret is the best value found minus the smallest value there is.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small

import argparse
import time

import numpy as np
from functions import PROBLEMS, Problem

from skbayes.optimizer import minimize
from skbayes.space import as_space

N_CALLS = 50
N_RANDOM = 1000
N_BOOTSTRAP = 10_000


def bayesian_regret(problem: Problem, seed: int, surrogate: str) -> float:
    """Regret of `minimize` with its defaults but for the surrogate."""
    result = minimize(problem.func, problem.space, N_CALLS, surrogate=surrogate, random_state=seed)
    return float(result.fun - problem.minimum)


def random_regrets(problem: Problem, seed: int) -> tuple[float, float]:
    """Regret of draws from the prior after as many evaluations, and after 1,000."""
    space = as_space(problem.space)
    U = space.sample(N_RANDOM, np.random.default_rng(seed))
    values = np.array([problem.func(space.decode(u)) for u in U]) - problem.minimum
    return float(values[:N_CALLS].min()), float(values.min())


def median_with_interval(values: list[float]) -> str:
    """Median and its 95 % percentile bootstrap interval."""
    draws = np.random.default_rng(0).choice(values, size=(N_BOOTSTRAP, len(values)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return f"{np.median(values):.2g} [{low:.2g}, {high:.2g}]"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="seeds 0 .. SEEDS - 1")
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--surrogate", default="auto")
    options = parser.parse_args()
    print(
        f"| function | skbayes, {N_CALLS} | random, {N_CALLS} | random, {N_RANDOM} | s a search |"
    )
    print("| --- | --- | --- | --- | --- |")
    for name in options.problems:
        problem = PROBLEMS[name]
        start = time.perf_counter()
        ours = [bayesian_regret(problem, seed, options.surrogate) for seed in range(options.seeds)]
        seconds = (time.perf_counter() - start) / options.seeds
        few, many = zip(
            *(random_regrets(problem, seed) for seed in range(options.seeds)), strict=True
        )
        cells = [median_with_interval(list(values)) for values in (ours, few, many)]
        print(f"| {name} | {' | '.join(cells)} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
