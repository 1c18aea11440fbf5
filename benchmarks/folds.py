"""How many folds, and how many candidates? True scores of what a search chooses, on ten small noisy tasks.

    python benchmarks/folds.py run --seeds 6 --out folds.jsonl
    python benchmarks/folds.py report folds.jsonl

The tasks are those of choice.py: 60 to 120 rows to search on, 4,000 others to tell the truth. `run` writes a line for
each task and seed: of a Bayesian search with five folds and 100 candidates the true score of the best-observed
candidate after 10, 20, 30, 50 and 100 of them, refitted to all rows of the search; and of searches with other folds
that spend the same 150 fits.

The unit is the gap between the median and the best true score of the first 30 candidates of the search with five folds,
in the mean over the seeds of a task. Zero is that search after its first 30 candidates. Intervals are 95 % bootstrap
intervals of the mean over the tasks, drawn within tasks.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from choice import TASKS, Problem
from sklearn.base import is_classifier
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
)

from skbayes import BayesSearchCV

N_FITS = 150
AFTER = (10, 20, 30, 50, 100)
# Name: (class without and with strata, arguments), and fits of a candidate.
SPLITS: dict[str, tuple[type, type, dict[str, Any], int]] = {
    "one split, a fifth for testing": (
        ShuffleSplit, StratifiedShuffleSplit, {"n_splits": 1, "test_size": 0.2}, 1
    ),
    "3 folds": (KFold, StratifiedKFold, {"n_splits": 3, "shuffle": True}, 3),
    "5 folds": (KFold, StratifiedKFold, {"n_splits": 5, "shuffle": True}, 5),
    "10 folds": (KFold, StratifiedKFold, {"n_splits": 10, "shuffle": True}, 10),
    "3 repeats of 5 folds": (
        RepeatedKFold, RepeatedStratifiedKFold, {"n_splits": 5, "n_repeats": 3}, 15
    ),
}  # fmt: skip


def search(problem: Problem, splits: str, n_iter: int) -> Any:
    """Run a Bayesian search with some kind of folds."""
    plain, stratified, options, _ = SPLITS[splits]
    kind = stratified if is_classifier(problem.task.estimator) else plain
    found = BayesSearchCV(
        problem.task.estimator,
        problem.task.space,
        n_iter=n_iter,
        scoring=problem.task.scoring,
        cv=kind(**options, random_state=problem.seed),
        refit=False,
        random_state=problem.seed,
    )
    return found.fit(*problem.train).cv_results_


def best_of(results: dict[str, Any], n: int) -> dict[str, Any]:
    """Return the parameters of the best-observed of the first n candidates."""
    scores = np.nan_to_num(np.asarray(results["mean_test_score"][:n], dtype=float), nan=-np.inf)
    return dict(results["params"][int(np.argmax(scores))])


def record(name: str, seed: int) -> dict[str, Any]:
    """Measure one task and seed."""
    problem = Problem(name, seed)
    results = search(problem, "5 folds", AFTER[-1])
    truths = [problem.refitted_truth(params) for params in results["params"][:30]]
    after = {n: problem.refitted_truth(best_of(results, n)) for n in AFTER}
    stated = {n: float(np.nanmax(results["mean_test_score"][:n])) for n in AFTER}
    arms = {"5 folds": after[30]}
    for splits, (*_, cost) in SPLITS.items():
        if splits != "5 folds":
            n_iter = N_FITS // cost
            found = search(problem, splits, n_iter)
            arms[splits] = problem.refitted_truth(best_of(found, n_iter))
    gap = float(np.max(truths) - np.median(truths))
    return {"task": name, "seed": seed, "gap": gap, "after": after, "stated": stated, "arms": arms}


def run(n_seeds: int, out: Path) -> None:
    """Write what is not written yet, seed by seed."""
    done = set()
    if out.exists():
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        done = {(line["task"], line["seed"]) for line in lines}
    with out.open("a") as file:
        for seed in range(n_seeds):
            for name in TASKS:
                if (name, seed) not in done:
                    file.write(json.dumps(record(name, seed)) + "\n")
                    file.flush()


def mean_and_interval(by_task: dict[str, list[float]]) -> str:
    """Return the mean over tasks with its bootstrap interval."""
    rng = np.random.default_rng(0)
    mean = np.mean([np.mean(values) for values in by_task.values()])
    draws = [
        np.mean([np.mean(rng.choice(values, len(values))) for values in by_task.values()])
        for _ in range(2000)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]".replace("-", "−")


def report(path: Path) -> None:
    """Print the tables of docs/choosing.rst."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    tasks = list(dict.fromkeys(line["task"] for line in lines))
    unit = {t: np.mean([line["gap"] for line in lines if line["task"] == t]) for t in tasks}
    print(f"{len(lines)} searches of each kind, {len(tasks)} tasks")

    def gains(of: Any) -> dict[str, list[float]]:
        return {t: [of(line) / unit[t] for line in lines if line["task"] == t] for t in tasks}

    print("candidates; true score; what the score says")
    for n in map(str, AFTER):
        true = mean_and_interval(gains(lambda r, n=n: r["after"][n] - r["after"]["30"]))
        said = mean_and_interval(gains(lambda r, n=n: r["stated"][n] - r["stated"]["30"]))
        print(n, true, said, sep="; ")
    print("splits; candidates; true score; better / equal / worse than 5 folds")
    for splits, (*_, cost) in SPLITS.items():
        found = gains(lambda r, s=splits: r["arms"][s] - r["arms"]["5 folds"])
        every = np.concatenate(list(found.values()))
        counts = " / ".join(str(int(np.sum(part))) for part in (every > 0, every == 0, every < 0))
        print(splits, N_FITS // cost, mean_and_interval(found), counts, sep="; ")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")  # models that do not converge, and spaces that end early
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run")
    runner.add_argument("--seeds", type=int, default=6)
    runner.add_argument("--out", type=Path, default=Path("benchmarks/results/folds.jsonl"))
    reporter = commands.add_parser("report")
    reporter.add_argument("path", type=Path)
    options = parser.parse_args()
    if options.command == "run":
        run(options.seeds, options.out)
    else:
        report(options.path)
