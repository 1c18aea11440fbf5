"""What stopping rules save of 100 evaluations, and what they lose.

    python benchmarks/stopping.py --seeds 10

prints markdown tables. Each search runs to its end, and each rule is asked after every evaluation
whether it would stop. The loss is the best cross-validation score of the whole search minus the one
at the stop, in standard errors of a score (corrected as in `RegretBound`; the median over the ten
best candidates, because the folds of one candidate agree by chance now and then). "Held out" is
the score of the two refitted models on the half of the data that the search never saw, the whole
search's minus the stopped one's. Last, on how many random functions the regret bound holds.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import check_cv, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from skbayes.optimizer import NoImprovement, Optimizer, Progress, RegretBound, StoppingRule, Trial

N_EVALUATIONS, N_FOLDS = 100, 5
SQUARE = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
RULES: dict[str, StoppingRule] = {
    "`NoImprovement(10)`": NoImprovement(10),
    "`NoImprovement(20)`": NoImprovement(20),
    "`NoImprovement(30)`": NoImprovement(30),
    "`RegretBound(kappa=1.96)`": RegretBound(kappa=1.96),
    "`RegretBound()`": RegretBound(),
}


@dataclass(frozen=True)
class Task:
    """An estimator to tune on a data set."""

    estimator: BaseEstimator
    space: dict[str, Any]
    load: Callable[..., Any]
    scoring: str


def load_500_digits(return_X_y: bool) -> Any:
    """Return the first 500 digits: distances by a power other than 1 and 2 are slow."""
    X, y = load_digits(return_X_y=return_X_y)
    return X[:500], y[:500]


TASKS = {
    "SVC, breast cancer": Task(
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": (1e-3, 1e4, "log-uniform"), "svc__gamma": (1e-6, 1e1, "log-uniform")},
        load_breast_cancer,
        "accuracy",
    ),
    "tree, digits": Task(
        DecisionTreeClassifier(random_state=0),
        {
            "max_depth": (2, 20),
            "min_samples_leaf": (1, 50, "log-uniform"),
            "max_features": (0.1, 1.0),
            "criterion": ["gini", "entropy"],
        },
        load_digits,
        "accuracy",
    ),
    "SVR, diabetes": Task(
        make_pipeline(StandardScaler(), SVR()),
        {
            "svr__C": (1e-1, 1e4, "log-uniform"),
            "svr__gamma": (1e-5, 1e0, "log-uniform"),
            "svr__epsilon": (1e-2, 1e2, "log-uniform"),
        },
        load_diabetes,
        "r2",
    ),
    "logistic, wine": Task(
        make_pipeline(
            StandardScaler(), LogisticRegression(solver="saga", l1_ratio=0.5, max_iter=200)
        ),
        {
            "logisticregression__C": (1e-4, 1e3, "log-uniform"),
            "logisticregression__l1_ratio": (0.0, 1.0),
        },
        load_wine,
        "neg_log_loss",
    ),
    "neighbours, digits": Task(
        KNeighborsClassifier(),
        {
            "n_neighbors": (1, 50, "log-uniform"),
            "weights": ["uniform", "distance"],
            "p": (1.0, 4.0),
        },
        load_500_digits,
        "accuracy",
    ),
}


@dataclass(frozen=True)
class Search:
    """One whole search: its trials, where each rule would have stopped, the scores held out."""

    trials: tuple[Trial, ...]
    stops: dict[str, int]
    held_out: dict[int, float]
    milliseconds: float

    def loss(self, n: int) -> tuple[float, float]:
        """Loss at n of the cross-validated score in standard errors, and of the held-out score."""
        ten_best = sorted(self.trials, key=lambda trial: -trial.score)[:10]
        spread = np.median([np.std(trial.fold_scores, ddof=1) for trial in ten_best])
        error = np.sqrt(1 / N_FOLDS + 1 / (N_FOLDS - 1)) * spread
        loss = best_of(self.trials).score - best_of(self.trials[:n]).score
        return float(loss / error), self.held_out[-1] - self.held_out[n]


def best_of(trials: tuple[Trial, ...]) -> Trial:
    """Return the trial with the best score."""
    return max(trials, key=lambda trial: trial.score)


def run(task: Task, seed: int) -> Search:
    """Search to the end and ask the rules on the way."""
    X, y = task.load(return_X_y=True)
    stratify = y if is_classifier(task.estimator) else None
    X, X_out, y, y_out = train_test_split(X, y, test_size=0.5, random_state=seed, stratify=stratify)
    folds = list(check_cv(N_FOLDS, y, classifier=is_classifier(task.estimator)).split(X, y))
    optimizer = Optimizer(task.space, random_state=seed)
    stops: dict[str, int] = {}
    milliseconds = np.nan
    for n in range(1, N_EVALUATIONS + 1):
        params = optimizer.ask()
        estimator = clone(task.estimator).set_params(**params)
        scores = cross_val_score(estimator, X, y, cv=folds, scoring=task.scoring)
        optimizer.tell(params, scores.mean(), fold_scores=scores)
        progress = Progress(optimizer.history, optimizer)
        if n == N_EVALUATIONS // 2:
            optimizer.score_posterior([params])  # the fit, which the next `ask` uses too
            start = time.perf_counter()
            optimizer.regret_bound()
            milliseconds = 1e3 * (time.perf_counter() - start)
        for label, rule in RULES.items():
            if label not in stops and rule.reason(progress):
                stops[label] = n
    stops = {label: stops.get(label, N_EVALUATIONS) for label in RULES}
    trials = optimizer.history.trials

    def score_out(n: int) -> float:
        best = clone(task.estimator).set_params(**best_of(trials[:n]).params).fit(X, y)
        # cross_val_score's scorer, on one "fold": the half that was kept apart
        both = np.concatenate([X, X_out]), np.concatenate([y, y_out])
        fold = [(np.arange(len(X)), np.arange(len(X), len(both[0])))]
        return float(cross_val_score(best, *both, cv=fold, scoring=task.scoring)[0])

    held_out = {n: score_out(n) for n in {*stops.values()}}
    held_out[-1] = score_out(N_EVALUATIONS)
    return Search(trials, stops, held_out, milliseconds)


def share_held(kappa: float, n: int, n_functions: int) -> float:
    """Share of random functions on which the regret bound after n random trials holds."""
    axis = np.linspace(0.0, 1.0, 101)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    n_held = 0
    for seed in range(n_functions):
        rng = np.random.default_rng(seed)
        # A sum of twenty waves, of about two thirds of a period over the unit square.
        frequency, phase = rng.normal(0.0, 4.0, (2, 20)), rng.uniform(0.0, 2.0 * np.pi, 20)
        optimizer = Optimizer(SQUARE, n_initial_points=n, random_state=seed)
        for u in rng.random((n, 2)):
            optimizer.tell({"x": u[0], "y": u[1]}, np.cos(u @ frequency + phase).sum())
        best = np.cos(grid @ frequency + phase).sum(axis=1).max()
        n_held += optimizer.regret_bound(kappa) >= best - optimizer.history.incumbent.score
    return n_held / n_functions


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--functions", type=int, default=100, help="for the share that holds")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    options = parser.parse_args()
    results = {
        name: [run(TASKS[name], options.first_seed + k) for k in range(options.seeds)]
        for name in options.tasks
    }
    for label in RULES:
        print(f"\n{label}\n")
        print("| task | stops at, median (range) | loss in standard errors, mean (largest) | "
              "loss held out, mean (std. error) |")  # fmt: skip
        print("| --- | --- | --- | --- |")
        for name, searches in results.items():
            n = np.array([search.stops[label] for search in searches])
            loss, out = np.array([search.loss(k) for search, k in zip(searches, n, strict=True)]).T
            error = out.std(ddof=1) / np.sqrt(len(out)) if len(out) > 1 else np.nan
            print(
                f"| {name} | {np.median(n):.0f} ({n.min()} to {n.max()}) | "
                f"{loss.mean():.2f} ({loss.max():.2f}) | {out.mean():+.4f} ({error:.4f}) |"
            )
    times = [search.milliseconds for searches in results.values() for search in searches]
    print("\n| kappa | bound holds at n = 20 | at n = 40 |\n| --- | --- | --- |")
    for kappa in (1.0, 1.96, 3.0):
        shares = [share_held(kappa, n, options.functions) for n in (20, 40)]
        print(f"| {kappa} | {shares[0]:.0%} | {shares[1]:.0%} |")
    print(f"\n`regret_bound` at n = {N_EVALUATIONS // 2}: median {np.median(times):.1f} ms")


if __name__ == "__main__":
    main()
