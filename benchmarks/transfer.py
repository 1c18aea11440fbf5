"""What an earlier search gives to the next one, and what a misleading one takes.

    python benchmarks/transfer.py --seeds 10 --n-jobs 2

The data of each task are drawn anew for each seed and cut into five folds, as in nested
cross-validation. The earlier search (50 candidates) tunes on all but the first fold; the new one on
all but the second, by BayesSearchCV: cold, with `history=` the earlier search ("alike"), with its
scores negated ("negated"), and with a search on shuffled labels ("shuffled"). All scores are of the
new data. A task's unit is the distance from the median of the cold search's initial design (0) to
the best score that any search found (1); the table has mean differences over the seeds and, in
brackets, their 95 % bootstrap intervals, in hundredths of that unit.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skbayes import BayesSearchCV
from skbayes.optimizer import History

N_EARLIER, N_NEW, N_FEW = 50, 25, 10
N_DESIGN = 6  # of the cold search's candidates, at least so many are its initial design
N_BOOTSTRAP = 10_000
LOG = "log-uniform"


@dataclass(frozen=True)
class Task:
    """An estimator, its space, a bundled data set and how many of its rows are used."""

    estimator: Any
    space: dict[str, Any]
    load: Callable[..., Any]
    n_rows: int
    scoring: str


TASKS = {
    "svc on digits": Task(
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": (1e-3, 1e4, LOG), "svc__gamma": (1e-6, 1e1, LOG)},
        load_digits,
        400,
        "accuracy",
    ),
    "sgd on breast cancer": Task(
        make_pipeline(
            StandardScaler(),
            SGDClassifier("log_loss", penalty="elasticnet", max_iter=20, tol=None, random_state=0),
        ),
        {
            "sgdclassifier__alpha": (1e-7, 1e1, LOG),
            "sgdclassifier__l1_ratio": (0.0, 1.0),
            "sgdclassifier__eta0": (1e-5, 1e1, LOG),
            "sgdclassifier__learning_rate": ["optimal", "constant", "invscaling"],
        },
        load_breast_cancer,
        400,
        "neg_log_loss",
    ),
    "tree on digits": Task(
        DecisionTreeClassifier(random_state=0),
        {
            "max_depth": (1, 20),
            "min_samples_leaf": (1, 50),
            "ccp_alpha": (1e-5, 1e-1, LOG),
            "max_features": (0.05, 1.0),
            "criterion": ["gini", "entropy"],
        },
        load_digits,
        600,
        "accuracy",
    ),
}


def data(task: Task, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows without the first fold, and those without the second."""
    X, y = task.load(return_X_y=True)
    rows = np.random.default_rng(seed).permutation(len(X))[: task.n_rows]
    X, y = X[rows], y[rows]
    folds = StratifiedKFold(5).split(X, y)
    return [(X[train], y[train]) for train, _ in list(folds)[:2]]


def scores(task: Task, X: Any, y: Any, n_iter: int, seed: int, history: Any = None) -> History:
    """Search, and return all candidates with their scores."""
    search = BayesSearchCV(
        task.estimator,
        task.space,
        n_iter=n_iter,
        scoring=task.scoring,
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
        history=history,
        refit=False,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of steps too long, tried on purpose
        warnings.simplefilter("ignore", RuntimeWarning)
        return search.fit(X, y).history_


def one_seed(name: str, seed: int) -> dict[str, float]:
    """Return the best scores after few and after all candidates, in the task's unit."""
    task = TASKS[name]
    (X_old, y_old), (X, y) = data(task, seed)
    rng = np.random.default_rng(seed)
    earlier = scores(task, X_old, y_old, N_EARLIER, seed + 1000)
    negated = History(tuple(replace(trial, score=-trial.score) for trial in earlier))
    shuffled = scores(task, X_old, rng.permutation(y_old), N_NEW, seed + 2000)
    histories = {"cold": None, "alike": earlier, "negated": negated, "shuffled": shuffled}
    found = {
        kind: scores(task, X, y, N_NEW, seed, history).scores for kind, history in histories.items()
    }
    low = float(np.nanmedian(found["cold"][:N_DESIGN]))
    unit = max(float(np.nanmax(s)) for s in found.values()) - low
    return {
        f"{kind} {n}": (float(np.nanmax(s[:n])) - low) / unit
        for kind, s in found.items()
        for n in (5, N_FEW, N_NEW)
    }


COMPARED = [
    ("alike 5", "cold 10"),
    ("alike 10", "cold 10"),
    ("alike 10", "cold 25"),
    ("alike 25", "cold 25"),
    ("negated 10", "cold 10"),
    ("negated 25", "cold 25"),
    ("shuffled 10", "cold 10"),
    ("shuffled 25", "cold 25"),
]


def mean_with_interval(values: np.ndarray) -> str:
    """Mean and its 95 % percentile bootstrap interval, in hundredths."""
    draws = np.random.default_rng(0).choice(values, size=(N_BOOTSTRAP, len(values))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{100 * values.mean():+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="seeds 0 .. SEEDS - 1")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--n-jobs", type=int, default=1)
    options = parser.parse_args()
    pairs = [(name, seed) for name in options.tasks for seed in range(options.seeds)]
    best = Parallel(options.n_jobs)(delayed(one_seed)(*pair) for pair in pairs)
    rows = {
        name: [b for b, (of, _) in zip(best, pairs, strict=True) if of == name]
        for name in options.tasks
    }
    rows["all"] = best
    print(f"| best score of | {' | '.join(rows)} |")
    print(f"| --- |{' --- |' * len(rows)}")
    for warm, cold in COMPARED:
        cells = [
            mean_with_interval(np.array([b[warm] - b[cold] for b in part]))
            for part in rows.values()
        ]
        print(f"| {warm} against {cold} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
