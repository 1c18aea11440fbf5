"""Does it pay to give candidates up after some of their folds? Three searches at equal numbers of fits.

    python benchmarks/fold_aware.py run --seeds 10 --out fold_aware.csv
    python benchmarks/fold_aware.py report fold_aware.csv

"all folds" evaluates every candidate on all of its folds. The others give a candidate up as soon as
it seems unable to win. "plain mean" tells the search the mean of the folds that were run, as if it
were the mean of all; "fold-aware" tells the scores of the folds. With --noise there are two more,
"all folds, noise" and "fold-aware, noise", which tell that the mean of K folds has the variance s²/K
about the score on other data, s² being the scatter of the scores about those of candidate and fold.

The report compares the best mean over all folds that was found, and the score of that candidate,
fitted to all training data, on a large test set. The unit is the gap between the median initial
candidate and the best one of "all folds", in the mean over the seeds; intervals are 95 % bootstrap
intervals of mean paired differences, drawn within tasks.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.base import clone, is_classifier
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skbayes.optimizer import Optimizer

LOG = "log-uniform"
N_BOOTSTRAP = 10_000
# Candidates evaluated in full before any is given up: three have a spread worth the name.
N_FULL = 3


def classes(seed: int) -> tuple[Any, Any]:
    """Twelve features, five of them informative, a tenth of the labels wrong."""
    return datasets.make_classification(
        5300,
        12,
        n_informative=5,
        n_clusters_per_class=3,
        flip_y=0.1,
        class_sep=0.8,
        random_state=seed,
    )


def friedman(seed: int) -> tuple[Any, Any]:
    """Friedman's first function with noise."""
    return datasets.make_friedman1(5200, noise=2.0, random_state=seed)


def bundled(load: Callable[..., Any]) -> Callable[[int], tuple[Any, Any]]:
    """One of scikit-learn's own data sets; the seed only decides the split."""
    return lambda seed: load(return_X_y=True)


def scaled(model: Any) -> Any:
    """The model after standardisation."""
    return make_pipeline(StandardScaler(), model)


def tree_space(most_pruning: float) -> dict[str, Any]:
    """Four parameters of a tree."""
    return {
        "max_depth": (1, 20),
        "min_samples_leaf": (1, 50, LOG),
        "max_features": (0.1, 1.0),
        "ccp_alpha": (1e-4 * most_pruning, most_pruning, LOG),
    }


SVC_SPACE = {"svc__C": (1e-2, 1e4, LOG), "svc__gamma": (1e-6, 1e1, LOG)}
# name: data, rows to train on, estimator, space
TASKS: dict[str, tuple[Any, int, Any, dict[str, Any]]] = {
    "svc-digits": (bundled(datasets.load_digits), 300, scaled(SVC()), SVC_SPACE),
    "svc-cancer": (
        bundled(datasets.load_breast_cancer),
        200,
        scaled(SVC()),
        {**SVC_SPACE, "svc__kernel": ["rbf", "sigmoid"]},
    ),
    "svc-classes": (classes, 300, scaled(SVC()), SVC_SPACE),
    "tree-classes": (classes, 300, DecisionTreeClassifier(random_state=0), tree_space(0.1)),
    "tree-friedman": (friedman, 200, DecisionTreeRegressor(random_state=0), tree_space(10.0)),
    "kernel-ridge-diabetes": (
        bundled(datasets.load_diabetes),
        220,
        scaled(KernelRidge(kernel="rbf")),
        {"kernelridge__alpha": (1e-5, 1e3, LOG), "kernelridge__gamma": (1e-5, 1e1, LOG)},
    ),
    "elastic-net-diabetes": (
        bundled(datasets.load_diabetes),
        220,
        scaled(ElasticNet()),
        {"elasticnet__alpha": (1e-3, 1e2, LOG), "elasticnet__l1_ratio": (0.0, 1.0)},
    ),
    "knn-digits": (
        bundled(datasets.load_digits),
        300,
        scaled(KNeighborsClassifier()),
        {
            "kneighborsclassifier__n_neighbors": (1, 50),
            "kneighborsclassifier__p": (1.0, 5.0),
            "kneighborsclassifier__weights": ["uniform", "distance"],
        },
    ),
}


class Problem:
    """A task on one split into training and test rows, with its folds; counts fits."""

    def __init__(self, name: str, n_folds: int, seed: int) -> None:
        load, n_train, self.estimator, self.space = TASKS[name]
        X, y = load(seed)
        order = np.random.default_rng([seed, 1]).permutation(len(X))
        train, test = order[:n_train], order[n_train:]
        self.train, self.test = (X[train], y[train]), (X[test], y[test])
        kind = StratifiedKFold if is_classifier(self.estimator) else KFold
        splitter = kind(n_folds, shuffle=True, random_state=seed)
        self.folds = list(splitter.split(*self.train))
        self.n_fits = 0

    def fold_score(self, params: dict[str, Any], fold: int) -> float:
        """Score of one fold."""
        self.n_fits += 1
        X, y = self.train
        fit, score = self.folds[fold]
        model = clone(self.estimator).set_params(**params).fit(X[fit], y[fit])
        return float(model.score(X[score], y[score]))

    def test_score(self, params: dict[str, Any]) -> float:
        """Score on the test rows after a fit to all training rows."""
        model = clone(self.estimator).set_params(**params).fit(*self.train)
        return float(model.score(*self.test))


@dataclass
class Record:
    """What a search has evaluated."""

    params: list[dict[str, Any]] = field(default_factory=list)
    folds: list[np.ndarray] = field(default_factory=list)

    @property
    def complete(self) -> list[int]:
        """Candidates with all folds."""
        return [i for i, scores in enumerate(self.folds) if np.isfinite(scores).all()]

    @property
    def best(self) -> int:
        """The best of them."""
        return max(self.complete, key=lambda i: float(self.folds[i].mean()))

    def better_half(self) -> np.ndarray:
        """Fold scores of the better half of the complete candidates, best first, (n, K)."""
        order = sorted(self.complete, key=lambda i: -float(self.folds[i].mean()))
        return np.array([self.folds[i] for i in order[: max(N_FULL, -(-len(order) // 2))]])


def cannot_win(scores: np.ndarray, record: Record, width: float = 2.0) -> bool:
    """Whether a candidate is behind the best one on the same folds by more than chance explains.

    Chance: the median over the good candidates of how their differences to the best one scatter
    over the folds.
    """
    good = record.better_half()
    is_run = np.isfinite(scores)
    m, K = int(is_run.sum()), len(scores)
    if len(good) < N_FULL or m == K:
        return False
    scatter = np.median((good[1:] - good[0]).std(axis=1, ddof=1))
    behind = (good[0] - scores)[is_run].mean()
    return bool(behind > width * scatter * np.sqrt(1.0 / m - 1.0 / K))


def residual_variance(record: Record, scores: np.ndarray) -> float:
    """Variance about the additive model of candidates and folds; of one candidate, about its mean."""
    Y = record.better_half() if len(record.complete) >= N_FULL else scores[None]
    if len(Y) == 1:
        return float(np.nanvar(Y) * np.isfinite(Y).sum() / max(np.isfinite(Y).sum() - 1, 1))
    rest = Y - Y.mean(axis=1, keepdims=True) - Y.mean(axis=0) + Y.mean()
    return float((rest**2).sum() / ((Y.shape[0] - 1) * (Y.shape[1] - 1)))


def search(problem: Problem, arm: str, n_fits: int, seed: int) -> Record:
    """Run one search until its fits are spent."""
    gives_up, is_aware = not arm.startswith("all folds"), arm.startswith("fold-aware")
    K = len(problem.folds)
    optimizer = Optimizer(problem.space, random_state=seed)
    record = Record()
    while problem.n_fits < n_fits:
        params = optimizer.ask()
        scores = np.full(K, np.nan)
        for fold in range(min(K, n_fits - problem.n_fits)):
            scores[fold] = problem.fold_score(params, fold)
            if gives_up and cannot_win(scores, record):
                break
        record.params.append(params)
        record.folds.append(scores)
        noise = residual_variance(record, scores) / K if arm.endswith("noise") else None
        if is_aware or np.isfinite(scores).all():
            optimizer.tell(params, fold_scores=scores, noise_variance=noise)
        elif gives_up:
            optimizer.tell(params, float(np.nanmean(scores)), status="pruned")
    return record


FIELDS = ("task", "folds", "seed", "arm", "best", "test", "initial", "n_candidates", "n_complete")


def row_of(name: str, n_folds: int, seed: int, arm: str, n_candidates: int) -> dict[str, Any]:
    """Run a search and return its row of the table."""
    problem = Problem(name, n_folds, seed)
    record = search(problem, arm, n_candidates * n_folds, seed)
    best = record.best
    means = [float(record.folds[i].mean()) for i in record.complete]
    return {
        "task": name,
        "folds": n_folds,
        "seed": seed,
        "arm": arm,
        "best": max(means),
        "test": problem.test_score(record.params[best]),
        "initial": float(np.median(means[:6])),
        "n_candidates": len(record.params),
        "n_complete": len(means),
    }


def run(options: argparse.Namespace) -> None:
    """Run what the file does not hold yet, and append it."""
    arms = ["all folds", "plain mean", "fold-aware"]
    if options.noise:
        arms += ["all folds, noise", "fold-aware, noise"]
    path = Path(options.out)
    done = set()
    if path.exists():
        with path.open() as file:
            done = {(r["task"], r["folds"], r["seed"], r["arm"]) for r in csv.DictReader(file)}
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if not done:
            writer.writeheader()
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for name in options.tasks:
                for n_folds in options.folds:
                    for arm in arms:
                        if (name, str(n_folds), str(seed), arm) not in done:
                            row = row_of(name, n_folds, seed, arm, options.candidates)
                            writer.writerow(row)
                            file.flush()


def table(paths: list[str]) -> dict[tuple[str, int, int, str], dict[str, float]]:
    """Read the rows, by (task, folds, seed, arm)."""
    rows = {}
    for path in paths:
        with Path(path).open() as file:
            for r in csv.DictReader(file):
                key = r["task"], int(r["folds"]), int(r["seed"]), r["arm"]
                rows[key] = {name: float(r[name]) for name in FIELDS[4:]}
    return rows


def mean_with_interval(by_task: list[np.ndarray]) -> str:
    """Mean over the tasks of their means, with a 95 % interval of draws within tasks."""
    rng = np.random.default_rng(0)
    draws = [rng.choice(d, size=(N_BOOTSTRAP, len(d))).mean(axis=1) for d in by_task]
    low, high = np.quantile(np.mean(draws, axis=0), [0.025, 0.975])
    mean = np.mean([d.mean() for d in by_task])
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def compare(
    rows: dict[tuple[str, int, int, str], dict[str, float]],
    folds: list[int],
    arm: str,
    base: str,
    column: str,
) -> str:
    """Paired differences of a column between two arms, in the unit of each task, and the wins."""
    by_cell, wins, losses = [], 0, 0
    for task in TASKS:
        for n_folds in folds:
            keys = [(k[0], k[1], k[2]) for k in rows if k[:2] == (task, n_folds) and k[3] == arm]
            keys = [k for k in keys if (*k, base) in rows and (*k, "all folds") in rows]
            if not keys:
                continue
            full = [rows[(*k, "all folds")] for k in keys]
            unit = np.mean([r["best"] - r["initial"] for r in full])
            gain = [rows[(*k, arm)][column] - rows[(*k, base)][column] for k in keys]
            wins += sum(g > 1e-9 for g in gain)
            losses += sum(g < -1e-9 for g in gain)
            by_cell.append(np.array(gain) / unit)
    n = sum(map(len, by_cell))
    return f"{mean_with_interval(by_cell)} | {wins} / {n - wins - losses} / {losses}"


def report(options: argparse.Namespace) -> None:
    """Print the tables."""
    rows = table(options.files)
    arms = list(dict.fromkeys(key[3] for key in rows))
    all_folds = sorted({key[1] for key in rows})
    for column, title in (("best", "best mean over all folds"), ("test", "its score on test data")):
        print(f"\n| {title} | folds | difference | won / tied / lost |\n| --- | --- | --- | --- |")
        for arm in arms:
            for base in ("all folds", "plain mean", arm.removesuffix(", noise")):
                if base == arm or (base == "plain mean" and arm != "fold-aware"):
                    continue
                for folds in [*([f] for f in all_folds), all_folds]:
                    label = ", ".join(map(str, folds))
                    print(
                        f"| {arm} − {base} | {label} | {compare(rows, folds, arm, base, column)} |"
                    )
    print("\n| search | folds | candidates | of them complete |\n| --- | --- | --- | --- |")
    for arm in arms:
        for n_folds in all_folds:
            mine = [row for key, row in rows.items() if key[1] == n_folds and key[3] == arm]
            counts = [np.mean([row[c] for row in mine]) for c in ("n_candidates", "n_complete")]
            print(f"| {arm} | {n_folds} | {counts[0]:.1f} | {counts[1]:.1f} |")


def main() -> None:
    """Run the searches, or report on them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    runner = commands.add_parser("run")
    runner.add_argument("--seeds", type=int, default=10, help="how many")
    runner.add_argument("--first-seed", type=int, default=0)
    runner.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    runner.add_argument("--folds", nargs="+", type=int, default=[3, 5, 10])
    runner.add_argument("--candidates", type=int, default=20, help="the fits of how many full ones")
    runner.add_argument("--noise", action="store_true", help="the two arms that add s²/K")
    runner.add_argument("--out", default="fold_aware.csv")
    runner.set_defaults(call=run)
    reporter = commands.add_parser("report")
    reporter.add_argument("files", nargs="+")
    reporter.set_defaults(call=report)
    options = parser.parse_args()
    # Folds without all classes, and fits that stop at their limit of iterations: not the matter here.
    warnings.simplefilter("ignore")
    options.call(options)


if __name__ == "__main__":
    main()
