"""What racing saves of a search's fits, and what it gains when the fits saved are spent on more candidates.

    python benchmarks/racing.py run --out racing.jsonl --seeds 10
    python benchmarks/racing.py report racing.jsonl
    python benchmarks/racing.py replay racing.jsonl

Every search of the public live tasks of `suite` is run with 5 and 10 folds. "all folds" evaluates
every candidate on all folds. The others ask a racing rule after each fold whether to give the
candidate up, tell the optimizer the scores of the folds that were run, and go on until they have
made as many fits. Its second look at those given up is taken where the search might have ended: after as
many candidates as "all folds" had, and after as many fits, or a share of them, its own fits included.
"truth told" races too, but tells the optimizer the scores of all folds: what it loses is the rule's doing and
not the model's.

"replay" applies the rules to the candidates of "all folds", whose scores are all known: the errors of a rule
alone, at no cost.

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
    "truth told": WinProbability(),
    "ForgivingRule": ForgivingRule(),
}
REPLAYED = (WinProbability(), WinProbability(0.3, 0.0), ForgivingRule())
Key = tuple[str, int, int, str]  # task, folds, seed, arm


@dataclass
class Ending:
    """A race that ends after some candidates: the best mean over all folds, and the fits that it took."""

    n_candidates: int
    best: float
    n_fits: int


class Race:
    """The fold scores of a search as far as they were run, nan elsewhere.

    Parameters
    ----------
    task : LiveTask
        What is tuned.
    rule : RacingRule or None
        None runs all folds.
    tells_truth : bool, default=False
        Whether the optimizer is told the scores of all folds.
    """

    def __init__(self, task: LiveTask, rule: RacingRule | None, tells_truth: bool = False) -> None:
        self.task = task
        self.rule = rule
        self.tells_truth = tells_truth
        self.candidates: list[Any] = []
        self.scores = np.empty((0, task.n_splits))
        self._more: dict[tuple[int, int], float] = {}

    def search(self, n_fits: int, seed: int) -> None:
        """Run the first look until the fits are used up."""
        optimizer = Skbayes(self.task.space, seed, n_fits).optimizer
        while n_fits > 0:
            params = optimizer.ask()
            self.candidates.append(params)
            self.scores = np.vstack([self.scores, np.full((1, self.task.n_splits), np.nan)])
            own = self.scores[-1]
            for fold in range(min(self.task.n_splits, n_fits)):
                own[fold] = self.task.fold_score(params, fold)
                n_fits -= 1
                if self.rule and self.rule.is_hopeless(self.scores, len(self.scores) - 1):
                    break
            told = own
            if self.tells_truth:
                told = np.array([self._score(len(self.scores) - 1, k) for k in range(len(own))])
            status = "complete" if np.isfinite(told).all() else "pruned"
            optimizer.tell(params, fold_scores=told, status=status)

    def ending(self, n: int) -> Ending:
        """Take the second look after n candidates, one fold of the most promising one at a time."""
        scores = self.scores[:n].copy()
        rule = self.rule.second_look() if self.rule else None
        left = [] if rule is None else [*np.flatnonzero(np.isnan(scores).any(axis=1))]
        while left and np.isfinite(scores.mean(axis=1)).any():
            ahead = scores - scores[np.nanargmax(scores.mean(axis=1))]
            left.sort(key=lambda i: -np.nanmean(ahead[i]))
            i = next((i for i in left if not rule.is_hopeless(scores, i)), None)
            if i is None:
                break
            fold = int(np.isfinite(scores[i]).sum())
            scores[i, fold] = self._score(i, fold)
            if fold == self.task.n_splits - 1:
                left.remove(i)
        means = scores.mean(axis=1)
        best = float(np.nanmax(means)) if np.isfinite(means).any() else np.nan
        return Ending(n, best, int(np.isfinite(scores).sum()))

    def ending_at(self, n_fits: float) -> Ending:
        """Return the longest race that needs no more fits, the second look included."""
        used = np.isfinite(self.scores).sum(axis=1).cumsum()
        n = max(1, int((used <= n_fits).sum()))
        while (ending := self.ending(n)).n_fits > n_fits and n > 1:
            n -= max(1, n // 30)  # to the nearest thirtieth: each second look costs fits here
        return ending

    def _score(self, i: int, fold: int) -> float:
        if (i, fold) not in self._more:
            self._more[i, fold] = self.task.fold_score(self.candidates[i], fold)
        return self._more[i, fold]


class Replay(Race):
    """A race among the candidates of a search that ran all folds.

    Parameters
    ----------
    task : LiveTask
        What was tuned.
    rule : RacingRule
        Who gives candidates up.
    known : ndarray of shape (n, K)
        The scores.
    """

    def __init__(self, task: LiveTask, rule: RacingRule, known: NDArray[Any]) -> None:
        super().__init__(task, rule)
        self._known = known
        self.scores = np.full(known.shape, np.nan)
        for i, row in enumerate(known):
            for fold, score in enumerate(row):
                self.scores[i, fold] = score
                if rule.is_hopeless(self.scores[: i + 1], i):
                    break

    def _score(self, i: int, fold: int) -> float:
        return float(self._known[i, fold])


def raced(task: LiveTask, arm: str, n_candidates: int, seed: int) -> dict[str, Any]:
    """Run one search, and return what the report needs of it."""
    rule = ARMS[arm]
    race = Race(task, rule, tells_truth=arm == "truth told")
    n_fits = n_candidates * task.n_splits
    race.search(n_fits, seed)
    means = race.scores.mean(axis=1)
    return {
        "initial": float(np.median(means[:N_INITIAL])) if rule is None else None,
        "scores": race.scores.tolist() if rule is None else None,
        "same_candidates": vars(race.ending(min(n_candidates, len(means)))),
        "same_fits": [vars(race.ending_at(share * n_fits)) for share in SHARES],
    }


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
                        row = {"task": name, "folds": K, "seed": seed, "arm": arm}
                        row |= raced(task, arm, options.candidates, seed)
                        file.write(json.dumps(row) + "\n")
                        file.flush()


def searches(paths: list[Path]) -> dict[Key, dict[str, Any]]:
    """Read what was found of all searches."""
    rows = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return {(row["task"], row["folds"], row["seed"], row["arm"]): row for row in rows}


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


def cells(
    found: dict[Key, dict[str, Any]], arm: str, folds: list[int]
) -> Iterator[tuple[str, Cell]]:
    """Compare the searches of an arm with those of all folds on the same seeds."""
    for name in TASKS:
        for K in folds:
            cell = Cell([], [], [], [], [])
            for key, row in found.items():
                full = found.get((*key[:3], "all folds"))
                if key[:2] != (name, K) or key[3] != arm or full is None:
                    continue
                theirs, ours = full["same_candidates"], row["same_candidates"]
                cell.gap.append(theirs["best"] - full["initial"])
                cell.same_candidates.append(ours["best"] - theirs["best"])
                both = zip(row["same_fits"], full["same_fits"], strict=True)
                cell.same_fits.append([mine["best"] - other["best"] for mine, other in both])
                cell.share.append(ours["n_fits"] / theirs["n_fits"])
                last = row["same_fits"][-1]["n_candidates"]
                cell.n_candidates.append(last / theirs["n_candidates"])
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


def replay(options: argparse.Namespace) -> None:
    """Print what the rules alone save and lose."""
    full = [
        row
        for row in searches([Path(name) for name in options.files]).values()
        if row.get("scores")
    ]
    gaps: dict[tuple[str, int], list[float]] = {}
    for row in full:
        gap = row["same_candidates"]["best"] - row["initial"]
        gaps.setdefault((row["task"], row["folds"]), []).append(gap)
    print(f"{len(full)} searches\n")
    print("| rule | share of the fits | loss |\n| --- | --- | --- |")
    for rule in REPLAYED:
        share, loss = [], []
        for row in full:
            known = np.array(row["scores"])
            task = replace(TASKS[row["task"]], n_splits=known.shape[1])
            ending = Replay(task, rule, known).ending(len(known))
            unit = max(float(np.mean(gaps[row["task"], row["folds"]])), 1e-300)
            share.append(ending.n_fits / known.size)
            loss.append((row["same_candidates"]["best"] - ending.best) / unit)
        error = np.std(loss) / np.sqrt(len(loss))
        print(f"| {rule} | {np.mean(share):.1%} | {np.mean(loss):.4f} ({error:.4f}) |", flush=True)


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
    replayer = commands.add_parser("replay")
    replayer.add_argument("files", nargs="+")
    replayer.set_defaults(call=replay)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # fits that stop at their limit of iterations
    options.call(options)


if __name__ == "__main__":
    main()
