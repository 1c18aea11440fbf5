"""What halving saves: the score of the model chosen, against the seconds spent in fits.

    python benchmarks/halving.py run --seeds 3 --out halving.csv
    python benchmarks/halving.py run --seeds 2 --out exhaust.csv --lowest exhaust
    python benchmarks/halving.py report halving.csv

Three searches, each with several budgets. `HalvingBayesSearchCV` and scikit-learn's
`HalvingRandomSearchCV` start 12, 24 and 48 candidates on a ninth of the resource, of which a third
goes on to a third of it and a ninth to all, so that they cost about what 4, 8 and 16 candidates with
all of it do, which is what `BayesSearchCV` gets. With `--lowest exhaust` 9, 27 and 81 candidates
start on as little as brings one of them to all of the resource. Resources are rows of the folds,
boosting iterations, or folds. A whole evaluation is one candidate with all of the resource; seconds
are processor time of the whole search, its own thinking included.

The model chosen is fitted to all training rows with all of the resource, and scored on a large test
set. The report shows mean and standard error over the seeds, each of which has its own data.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import loguniform
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV, HalvingBayesSearchCV

FACTOR = 3
N_STARTED = {"ninth": (12, 24, 48), "exhaust": (9, 27, 81)}
N_WHOLE = (4, 8, 16)


@dataclass(frozen=True)
class Task:
    """A model to tune.

    Parameters
    ----------
    data : callable
        ``data(seed)`` returns X, y with 10,000 rows more than are trained on.
    n_rows : int
        To train on.
    estimator : estimator object
        With all of the resource.
    space : dict
        Distributions, which both libraries take.
    resource : str
        What increases.
    max_resources : int
        All of it.
    n_folds : int
        Of the cross-validation.
    """

    data: Callable[[int], tuple[Any, Any]]
    n_rows: int
    estimator: Any
    space: dict[str, Any]
    resource: str
    max_resources: int
    n_folds: int = 3


def classes(n: int, seed: int) -> tuple[Any, Any]:
    """Three classes, 20 features of which 8 tell, a twentieth of the labels wrong."""
    return datasets.make_classification(
        n, 20, n_informative=8, n_redundant=4, n_classes=3, flip_y=0.05, class_sep=0.8, random_state=seed
    )  # fmt: skip


def boosting_space() -> dict[str, Any]:
    """Four parameters of gradient boosting."""
    return {
        "learning_rate": loguniform(0.01, 1.0),
        "l2_regularization": loguniform(1e-3, 1e2),
        "max_leaf_nodes": (3, 64, "log-uniform"),
        "min_samples_leaf": (2, 100, "log-uniform"),
    }


TASKS = {
    "SVC, 3,000 rows": Task(
        lambda seed: classes(13_000, seed),
        3_000,
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": loguniform(1e-3, 1e4), "svc__gamma": loguniform(1e-6, 1e1)},
        "n_samples",
        3_000,
    ),
    "boosting, 6,000 rows": Task(
        lambda seed: classes(16_000, seed),
        6_000,
        HistGradientBoostingClassifier(max_iter=20, early_stopping=False, random_state=0),
        boosting_space(),
        "n_samples",
        6_000,
    ),
    "boosting, 81 iterations": Task(
        lambda seed: datasets.make_friedman1(11_500, noise=1.0, random_state=seed),
        1_500,
        HistGradientBoostingRegressor(max_iter=81, early_stopping=False, random_state=0),
        boosting_space(),
        "max_iter",
        81,
    ),
    "tree, 10 folds": Task(
        lambda seed: classes(11_000, seed),
        1_000,
        DecisionTreeClassifier(random_state=0),
        {
            "max_depth": (2, 30),
            "min_samples_leaf": (1, 100, "log-uniform"),
            "max_features": (0.1, 1.0),
            "ccp_alpha": loguniform(1e-5, 1e-1),
        },
        "folds",
        10,
        n_folds=10,
    ),
}  # fmt: skip


def searches(task: Task, seed: int, lowest: str) -> Iterator[tuple[str, int, Any]]:
    """Yield (name, candidates, search)."""
    common = {"cv": task.n_folds, "random_state": seed, "refit": False}
    rungs = {
        "factor": FACTOR,
        "resource": task.resource,
        "max_resources": task.max_resources,
        "min_resources": "exhaust" if lowest == "exhaust" else max(1, task.max_resources // 9),
        **common,
    }
    for n in N_STARTED[lowest]:
        yield (
            "HalvingBayesSearchCV",
            n,
            HalvingBayesSearchCV(task.estimator, task.space, n_iter=n, **rungs),
        )
        if task.resource != "folds":  # which it does not have
            yield "HalvingRandomSearchCV", n, HalvingRandomSearchCV(
                task.estimator, sampled(task.space), n_candidates=n, return_train_score=False, **rungs
            )  # fmt: skip
    yield (
        "BayesSearchCV",
        max(N_WHOLE),
        BayesSearchCV(task.estimator, task.space, n_iter=max(N_WHOLE), **common),
    )


def sampled(space: dict[str, Any]) -> dict[str, Any]:
    """The space as scikit-learn takes it: an integer or real range as a fine list of values."""
    return {
        name: steps(*value) if isinstance(value, tuple) else value for name, value in space.items()
    }


def steps(low: Any, high: Any, prior: str = "uniform") -> list[Any]:
    """Two hundred quantiles of a range."""
    grid = np.geomspace(low, high, 200) if prior == "log-uniform" else np.linspace(low, high, 200)
    return [round(x) for x in grid] if isinstance(low, int) else grid.tolist()


def evaluate(task: Task, name: str, n: int, search: Any, seed: int) -> Iterator[dict[str, Any]]:
    """Run one search, and yield what it had chosen at each of its budgets."""
    X, y = task.data(seed)
    X, X_test, y, y_test = train_test_split(X, y, train_size=task.n_rows, random_state=seed)
    start = time.process_time()
    with warnings.catch_warnings():
        # R² of few rows, a class with fewer members than folds: what small rungs are like.
        warnings.simplefilter("ignore", UserWarning)
        search.fit(X, y)
    processor = time.process_time() - start
    results = search.cv_results_
    share = np.array(results.get("n_resources", np.ones(len(results["params"])))) / (
        task.max_resources if "n_resources" in results else 1
    )
    n_folds = np.full(len(share), task.n_folds)
    if task.resource == "folds" and "n_resources" in results:
        share, n_folds = folds_run(results, task)
    seconds = n_folds * (results["mean_fit_time"] + results["mean_score_time"])
    budgets = [k for k in N_WHOLE if k <= n] if name == "BayesSearchCV" else [len(share)]
    for k in budgets:
        best = (
            int(np.nanargmax(results["mean_test_score"][:k]))
            if k < len(share)
            else search.best_index_
        )
        model = clone(task.estimator).set_params(**results["params"][best])
        if task.resource in model.get_params():
            model.set_params(**{task.resource: task.max_resources})
        yield {
            "search": name,
            "candidates": k if name == "BayesSearchCV" else n,
            "seed": seed,
            "units": float(share[:k].sum()),
            "seconds": processor * float(seconds[:k].sum() / seconds.sum()),
            "test": model.fit(X, y).score(X_test, y_test),
        }


def folds_run(results: dict[str, Any], task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the folds that each row of the table added, and their number.

    A row has the mean times of all of the candidate's folds so far, of which only the new ones count.
    """
    known: dict[str, int] = {}
    new = []
    for params, n in zip(results["params"], results["n_resources"], strict=True):
        key = repr(sorted(params.items()))
        new.append(n - known.get(key, 0))
        known[key] = n
    return np.array(new) / task.n_folds, np.array(new)


def run(options: argparse.Namespace) -> None:
    """Add the runs that the file does not have."""
    path = Path(options.out)
    done = set()
    if path.exists():
        with path.open(newline="") as file:
            done = {
                (row["task"], row["search"], row["started"], row["seed"])
                for row in csv.DictReader(file)
            }
    fields = ["task", "search", "started", "candidates", "seed", "units", "seconds", "test"]
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, fields)
        if not done:
            writer.writeheader()
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for label in options.tasks:
                for name, n, search in searches(TASKS[label], seed, options.lowest):
                    if (label, name, str(n), str(seed)) not in done:
                        for row in evaluate(TASKS[label], name, n, search, seed):
                            writer.writerow({"task": label, "started": n, **row})
                        file.flush()


def report(options: argparse.Namespace) -> None:
    """Print a table for each task."""
    with Path(options.out).open(newline="") as file:
        rows = list(csv.DictReader(file))
    for label in dict.fromkeys(row["task"] for row in rows):
        print(f"\n{label}\n")
        print(
            "| search | candidates | whole evaluations | processor seconds | test score (std. error) |"
        )
        print("| --- | ---: | ---: | ---: | --- |")
        mine = [row for row in rows if row["task"] == label]
        kinds = dict.fromkeys((row["search"], int(row["candidates"])) for row in mine)
        for name, n in sorted(kinds):
            chosen = [row for row in mine if (row["search"], int(row["candidates"])) == (name, n)]
            units, seconds, test = (
                np.array([float(row[key]) for row in chosen])
                for key in ("units", "seconds", "test")
            )
            error = test.std(ddof=1) / np.sqrt(len(test)) if len(test) > 1 else np.nan
            print(
                f"| `{name}` | {n} | {units.mean():.1f} | {seconds.mean():.1f} | "
                f"{test.mean():.4f} ({error:.4f}) |"
            )  # fmt: skip
        seeds = len({row["seed"] for row in mine})
        print(f"\n{seeds} seeds")


def main() -> None:
    """Run or report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run")
    runs.add_argument("--out", default="halving.csv")
    runs.add_argument("--seeds", type=int, default=3, help="how many")
    runs.add_argument("--first-seed", type=int, default=0)
    runs.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    runs.add_argument("--lowest", choices=N_STARTED, default="ninth", help="rung")
    runs.set_defaults(call=run)
    reports = commands.add_parser("report")
    reports.add_argument("out")
    reports.set_defaults(call=report)
    options = parser.parse_args()
    options.call(options)


if __name__ == "__main__":
    main()
