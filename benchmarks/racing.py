"""What racing saves of a search's fits, and what it gains when the fits saved are spent on more candidates.

    python benchmarks/racing.py run --out racing.jsonl --seeds 10
    python benchmarks/racing.py report racing.jsonl

Every search of the public live tasks of `suite` is run with 5 and 10 folds. "all folds" evaluates
every candidate on all folds. The others ask a racing rule after each fold whether to give the
candidate up, tell the optimizer the scores of the folds that were run, and go on until they have
made as many fits. So one racing search answers both questions: after as many candidates as "all
folds" had, how many fits were needed and how good is the best complete candidate; and how good is
it after as many fits.

The unit of the differences is the gap between the median of the first six candidates and the best
one of "all folds", in the mean over the seeds of a task; intervals are 95 % bootstrap intervals of
mean paired differences, drawn within tasks.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from suite.peers import Skbayes
from suite.problem import LiveTask
from suite.public_tasks import PUBLIC_TASKS

from skbayes.evaluation import ForgivingRule, RacingRule, WinProbability

N_BOOTSTRAP = 10_000
N_INITIAL = 6
# Shares of the fits of "all folds" at which the best candidates are compared.
SHARES = (0.25, 0.5, 0.75, 1.0)
TASKS = {task.name: task for task in PUBLIC_TASKS}
ARMS: dict[str, RacingRule | None] = {
    "all folds": None,
    "WinProbability": WinProbability(),
    "ForgivingRule": ForgivingRule(),
}
Key = tuple[str, int, int, str]  # task, folds, seed, arm


def search(task: LiveTask, rule: RacingRule | None, n_fits: int, seed: int) -> NDArray[Any]:
    """Fold scores of all candidates, nan where a fold was not run, (n, K)."""
    optimizer = Skbayes(task.space, seed, n_fits).optimizer
    scores = np.full((n_fits, task.n_splits), np.nan)
    n = 0
    while n_fits:
        params = optimizer.ask()
        for fold in range(min(task.n_splits, n_fits)):
            scores[n, fold] = task.fold_score(params, fold)
            n_fits -= 1
            if rule is not None and rule.is_hopeless(scores[: n + 1], n):
                break
        is_complete = not np.isnan(scores[n]).any()
        status = "complete" if is_complete else "pruned"
        optimizer.tell(params, fold_scores=scores[n], status=status)
        n += 1
    return scores[:n]


def run(options: argparse.Namespace) -> None:
    """Run what the file does not hold yet, and append it."""
    path = Path(options.out)
    done = set(searches([path])) if path.exists() else set()
    with path.open("a") as file:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for name in options.tasks:
                for K in options.folds:
                    task = replace(TASKS[name], n_splits=K)
                    for arm in options.arms:
                        if (name, K, seed, arm) in done:
                            continue
                        scores = search(task, ARMS[arm], options.candidates * K, seed)
                        row = {"task": name, "folds": K, "seed": seed, "arm": arm}
                        row["scores"] = [[*map(float, s[~np.isnan(s)])] for s in scores]
                        file.write(json.dumps(row) + "\n")
                        file.flush()


def searches(paths: list[Path]) -> dict[Key, NDArray[Any]]:
    """Read the fold scores of all searches."""
    found = {}
    for path in paths:
        for line in path.read_text().splitlines():
            row = json.loads(line)
            scores = np.full((len(row["scores"]), row["folds"]), np.nan)
            for i, folds in enumerate(row["scores"]):  # in the order in which they were run
                scores[i, : len(folds)] = folds
            found[row["task"], row["folds"], row["seed"], row["arm"]] = scores
    return found


def best(scores: NDArray[Any]) -> float:
    """The best mean of a candidate with all folds."""
    means = scores.mean(axis=1)
    return float(np.nanmax(means))


def best_after(scores: NDArray[Any], n_fits: float) -> float:
    """The best one of those complete after a number of fits."""
    return best(scores[np.isfinite(scores).sum(axis=1).cumsum() <= n_fits])


@dataclass
class Cell:
    """The searches of one task and number of folds: one entry per seed."""

    gap: list[float]  # the unit is its mean
    same_candidates: list[float]
    same_fits: list[list[float]]  # at each of SHARES
    share: list[float]  # of the fits, for as many candidates
    n_candidates: list[float]  # for as many fits, over those of "all folds"

    def in_units(self, column: str) -> NDArray[Any]:
        """The differences of a column in the unit of the task."""
        return np.array(getattr(self, column)) / max(float(np.mean(self.gap)), 1e-300)

    @property
    def at_equal_fits(self) -> NDArray[Any]:
        """The differences after all of the fits."""
        return self.in_units("same_fits")[:, -1]


def cells(found: dict[Key, NDArray[Any]], arm: str, folds: list[int]) -> Iterator[tuple[str, Cell]]:
    """Compare the searches of an arm with those of all folds on the same seeds."""
    for name in TASKS:
        for K in folds:
            cell = Cell([], [], [], [], [])
            for key, scores in found.items():
                full = found.get((*key[:3], "all folds"))
                if key[:2] != (name, K) or key[3] != arm or full is None:
                    continue
                n = len(full)
                cell.gap.append(best(full) - float(np.median(full[:N_INITIAL].mean(axis=1))))
                cell.same_candidates.append(best(scores[:n]) - best(full))
                cell.same_fits.append(
                    [
                        best_after(scores, q * full.size) - best_after(full, q * full.size)
                        for q in SHARES
                    ]
                )
                cell.share.append(float(np.isfinite(scores[:n]).sum() / full.size))
                cell.n_candidates.append(len(scores) / n)
            if cell.gap:
                yield name, cell


def mean_with_interval(by_cell: list[NDArray[Any]]) -> str:
    """Mean over the cells of their means, with a 95 % interval of draws within cells."""
    rng = np.random.default_rng(0)
    draws = [rng.choice(d, size=(N_BOOTSTRAP, len(d))).mean(axis=1) for d in by_cell]
    low, high = np.quantile(np.mean(draws, axis=0), [0.025, 0.975])
    mean = np.mean([d.mean() for d in by_cell])
    return f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"


def record(by_cell: list[NDArray[Any]]) -> str:
    """How many searches were better, equal, worse."""
    d = np.concatenate(by_cell)
    won, lost = int((d > 1e-9).sum()), int((d < -1e-9).sum())
    return f"{won} / {len(d) - won - lost} / {lost}"


def report(options: argparse.Namespace) -> None:
    """Print the tables."""
    found = searches([Path(name) for name in options.files])
    arms = [arm for arm in dict.fromkeys(key[3] for key in found) if arm != "all folds"]
    all_folds = sorted({key[1] for key in found})
    print(
        "| rule | folds | share of the fits | score at equal candidates | won / tied / lost "
        "| candidates at equal fits | score at equal fits | won / tied / lost |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for arm in arms:
        for folds in [*([K] for K in all_folds), all_folds]:
            of_arm = [cell for _, cell in cells(found, arm, folds)]
            same = [cell.in_units("same_candidates") for cell in of_arm]
            more = [cell.at_equal_fits for cell in of_arm]
            share = np.mean([np.mean(cell.share) for cell in of_arm])
            times = np.mean([np.mean(cell.n_candidates) for cell in of_arm])
            print(
                f"| {arm} | {', '.join(map(str, folds))} | {share:.0%} | {mean_with_interval(same)} "
                f"| {record(same)} | {times:.2f} | {mean_with_interval(more)} | {record(more)} |"
            )
    print("\n| rule | after this share of the fits | score at equal fits | won / tied / lost |")
    print("| --- | --- | --- | --- |")
    for arm in arms:
        of_arm = [cell for _, cell in cells(found, arm, all_folds)]
        for k, share in enumerate(SHARES):
            differences = [cell.in_units("same_fits")[:, k] for cell in of_arm]
            print(
                f"| {arm} | {share:.0%} | {mean_with_interval(differences)} | {record(differences)} |"
            )
    for arm in arms:
        print(f"\n| {arm}: task | share of the fits | score at equal candidates | at equal fits |")
        print("| --- | --- | --- | --- |")
        of_task: dict[str, list[Cell]] = {}
        for name, cell in cells(found, arm, all_folds):
            of_task.setdefault(name, []).append(cell)
        for name, mine in of_task.items():
            share = np.mean([np.mean(cell.share) for cell in mine])
            same = np.mean([cell.in_units("same_candidates").mean() for cell in mine])
            more = np.mean([cell.at_equal_fits.mean() for cell in mine])
            print(f"| {name} | {share:.0%} | {same:+.4f} | {more:+.4f} |")


def main() -> None:
    """Run the searches, or report on them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    runner = commands.add_parser("run")
    runner.add_argument("--seeds", type=int, default=10, help="how many")
    runner.add_argument("--first-seed", type=int, default=0)
    runner.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    runner.add_argument("--folds", nargs="+", type=int, default=[5, 10])
    runner.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    runner.add_argument("--candidates", type=int, default=40, help="the fits of how many full ones")
    runner.add_argument("--out", default="racing.jsonl")
    runner.set_defaults(call=run)
    reporter = commands.add_parser("report")
    reporter.add_argument("files", nargs="+")
    reporter.set_defaults(call=report)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # fits that stop at their limit of iterations
    options.call(options)


if __name__ == "__main__":
    main()
