"""What random search reaches on each problem, and the best score that is known.

    python -m benchmarks.suite.reference --problems all

writes <out>/reference/<problem>.json, where it is missing: the scores of 2,000 random candidates (of
a function 20,000, which cost nothing), their median, and the best of them after a local search of 400
steps. The draws give the scale of all scores and the exact law of random search; the local search
only makes the best known score harder to beat.
"""

from __future__ import annotations

import os

os.environ.update(  # before numpy
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import argparse
import json
import math
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .dimensions import Cat, Dimension, Int, Params, canonical, sample
from .paths import RESULTS
from .problem import Problem
from .problems import PROBLEMS, named

__all__ = ["random_points", "reference"]

N_RANDOM, N_STEPS = 2000, 400
N_RANDOM_FUNCTION = 10 * N_RANDOM
N_ELITE = 10
# Steps of the local search in parts of the range: they shrink geometrically from a seventh, about the
# distance between good random points, to a fiftieth of that.
FIRST_STEP, LAST_STEP = 0.15, 0.003


def random_points(problem: Problem, n: int) -> list[Params]:
    """Return the first n random candidates of a problem: always the same."""
    rng = np.random.default_rng(zlib.crc32(problem.name.encode()))
    return [canonical(problem.space, sample(problem.space, rng)) for _ in range(n)]


def neighbour(
    space: Sequence[Dimension], params: Params, step: float, rng: np.random.Generator
) -> Params:
    """Change some parameters of a candidate: two in five, or of few at least one on average."""
    moved = dict(params)
    for d in space:
        if rng.random() > max(0.4, 1.5 / len(space)):
            continue
        if isinstance(d, Cat):
            moved[d.name] = d.sample(rng) if rng.random() < 0.2 else moved[d.name]
        elif d.log:
            moved[d.name] *= math.exp(step * math.log(d.high / d.low) * rng.standard_normal())
        else:
            distance = step * (d.high - d.low) * rng.standard_normal()
            if isinstance(d, Int) and abs(distance) < 1:
                distance = rng.choice([-1, 1])
            moved[d.name] += distance
    return canonical(space, moved)


def local_search(
    problem: Problem, elite: list[tuple[float, Params]], n_steps: int
) -> tuple[float, Params]:
    """Return the best score and its candidate after some steps from the best few."""
    rng = np.random.default_rng(zlib.crc32(problem.name.encode()) + 1)
    shrinkage = (LAST_STEP / FIRST_STEP) ** (1 / max(1, n_steps))
    for k in range(n_steps):
        start = elite[int(len(elite) * rng.random() ** 2)][1]  # the better the more often
        params = neighbour(problem.space, start, FIRST_STEP * shrinkage**k, rng)
        score = problem.score(params)
        if score > elite[-1][0]:
            elite = sorted([*elite[:-1], (score, params)], key=lambda pair: -pair[0])
    return elite[0]


def reference(problem: Problem, n_random: int, n_steps: int) -> dict[str, Any]:
    """Measure random search on a problem."""
    points = random_points(problem, n_random)
    start = time.perf_counter()
    scores = [problem.score(params) for params in points]
    seconds = (time.perf_counter() - start) / n_random
    order = sorted(range(n_random), key=lambda k: -scores[k])
    elite = [(scores[k], points[k]) for k in order[:N_ELITE]]
    best, params = local_search(problem, elite, n_steps)
    return {
        "problem": problem.name,
        "median_random": float(np.median(scores)),
        "best_random": max(scores),
        "best_known": best if problem.optimum is None else problem.optimum,
        "best_params": params,
        "seconds_per_eval": seconds,
        "random_scores": scores,
    }


def main() -> None:
    """Write the references that are missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--problems", nargs="+", default=["all"])
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--n-random", type=int, default=N_RANDOM, help="of a live task")
    parser.add_argument("--n-steps", type=int, default=N_STEPS, help="of the local search")
    options = parser.parse_args()
    folder = options.out / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name in named(options.problems):
        path, problem = folder / f"{name}.json", PROBLEMS[name]
        if path.exists():
            continue
        is_live = problem.kind == "live"
        n_random = options.n_random if is_live else N_RANDOM_FUNCTION
        result = reference(problem, n_random, options.n_steps if is_live else 0)
        path.write_text(json.dumps(result), encoding="utf-8")
        print(
            f"{name}: best {result['best_known']:.5g}, best random {result['best_random']:.5g}, "
            f"median {result['median_random']:.5g}, {1e3 * result['seconds_per_eval']:.1f} ms each",
            flush=True,
        )


if __name__ == "__main__":
    main()
