"""Run peers on problems and write one JSON line per run.

    python -m benchmarks.suite.run --peers skbayes optuna_tpe --problems live --seeds 0 1 2

appends to <out>/runs/<peer>.jsonl. A run that is recorded already is skipped, so that an interrupted
benchmark goes on where it stopped. Pin it to a core when times matter.
"""

from __future__ import annotations

import os

os.environ.update(  # before numpy
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import argparse
import importlib.metadata
import json
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .dimensions import canonical
from .paths import RESULTS, read_lines
from .peers import PEERS
from .problem import Problem
from .problems import PROBLEMS, named

__all__ = ["Clock", "one_run", "version"]

Record = dict[str, Any]


class Clock:
    """Collects the wall and the CPU time of pieces of work."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def __enter__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def __exit__(self, *error: object) -> None:
        wall, cpu = self._start
        self.wall.append(round(time.perf_counter() - wall, 6))
        self.cpu.append(round(time.process_time() - cpu, 6))


def version(peer: str) -> str | None:
    """Return the version of the package that a peer belongs to; None if it is not installed."""
    try:
        return importlib.metadata.version(PEERS[peer].distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def one_run(
    make: Callable[[Sequence[Any], int, int], Any],
    problem: Problem,
    seed: int,
    budget: int,
    max_seconds: float = float("inf"),
) -> Record:
    """Let an optimiser spend its budget on a problem, and return what happened.

    The noise of the problem has a stream of its own, the same for every peer.
    """
    noise_rng = np.random.default_rng([seed, 99])
    asks, tells, evaluations = Clock(), Clock(), Clock()
    scores: list[float] = []
    true: list[float] = []
    start = time.perf_counter()
    optimizer = make(problem.space, seed, budget)  # what cannot even be made is not measured
    record: Record = {"error": None, "init_s": time.perf_counter() - start}
    try:
        for _ in range(budget):
            with asks:
                asked = optimizer.ask()
            params = canonical(problem.space, asked)
            with evaluations:
                result = problem.evaluate(params, noise_rng)
            scores.append(result.observed)
            true.append(result.true)
            with tells:
                optimizer.tell(params, result.observed, result.fold_scores)
            if time.perf_counter() - start > max_seconds:
                record["error"] = f"stopped after {max_seconds} s"
                break
    except ImportError:  # many import their parts at the first ask
        raise
    except Exception as error:  # a peer's failure is a result
        record["error"] = f"{type(error).__name__}: {error}"[:300]
        traceback.print_exc()
    return record | {
        "scores": scores,
        "true": true,
        "ask_s": asks.wall,
        "tell_s": tells.wall,
        "ask_cpu": asks.cpu,
        "tell_cpu": tells.cpu,
        "eval_s": sum(evaluations.wall),
        "total_s": time.perf_counter() - start,
    }


def summary(record: Record) -> str:
    """One line about a run."""
    best = max(record["scores"], default=float("nan"))
    overhead = sum(record["ask_s"]) + sum(record["tell_s"])
    return (
        f"{record['peer']} {record['problem']} seed {record['seed']}: best {best:.5g}, overhead "
        f"{overhead:.2f} s, evaluations {record['eval_s']:.2f} s {record['error'] or ''}"
    )


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", nargs="+", required=True, choices=list(PEERS))
    parser.add_argument(
        "--problems", nargs="+", default=["all"], help="names, or groups such as live"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(10)))
    parser.add_argument("--budget", type=int, default=100)
    parser.add_argument("--max-seconds", type=float, default=1800.0, help="of one run")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument(
        "--options", type=json.loads, default={}, help="JSON of keywords for skbayes.Optimizer"
    )
    parser.add_argument("--label", help="name in the results of a peer with options")
    options = parser.parse_args()
    if (options.options or options.label) and len(options.peers) > 1:
        parser.error("--options and --label are for one peer at a time.")
    if bool(options.options) != bool(options.label):
        parser.error("A peer with --options needs a --label of its own, and no other does.")
    return options


def main() -> None:
    """Do the runs that are missing."""
    options = parsed()
    folder = options.out / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    key = ("peer", "problem", "seed", "budget")
    done = {tuple(record[name] for name in key) for record in read_lines(folder)}
    for seed in options.seeds:
        for peer in options.peers:
            label = options.label or peer
            make = partial(PEERS[peer], **options.options)
            for name in named(options.problems):
                if (label, name, seed, options.budget) in done:
                    continue
                head = {"peer": label, "problem": name, "seed": seed, "budget": options.budget}
                head["version"] = version(peer)
                record = head | one_run(
                    make, PROBLEMS[name], seed, options.budget, options.max_seconds
                )
                with (folder / f"{label}.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
                print(summary(record), flush=True)


if __name__ == "__main__":
    main()
