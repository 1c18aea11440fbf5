"""Do ensembles predict better than the best model? Candidates of searches, and snapshots of one training run.

    python benchmarks/ensembles.py run search --seeds 10 --out search.csv
    python benchmarks/ensembles.py run snapshots --seeds 10 --out snapshots.csv
    python benchmarks/ensembles.py report search.csv snapshots.csv

search: eight tasks, each with a Bayesian search over one model and a random search over several
families of models. From each finished search every ensemble is chosen by the same out-of-fold
predictions; the losses are those on test rows (1 − accuracy, 1 − AUC, 1 − R² or log loss, whatever
the search maximised) after a fit to all training rows.

snapshots: a network on 500 rows of digits. All ways of training have the same number of epochs but the one that
says so, and each has the step size that is best for it on 400 validation rows.

The report gives mean paired differences to the single best model, or to one model with the whole
budget, in percent of the mean loss of that model, with 95 % bootstrap intervals over the seeds within the tasks.
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
from pathlib import Path
from typing import Any

import numpy as np
from ensembles_report import report
from scipy.stats import loguniform
from sklearn import datasets
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, log_loss
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skbayes import BayesSearchCV, RandomizedSearchCV
from skbayes.ensemble import (
    SearchEnsembleClassifier,
    SearchEnsembleRegressor,
    SnapshotEnsembleClassifier,
)

LOG = "log-uniform"


def bundled(load: Callable[..., Any]) -> Callable[[int], tuple[Any, Any]]:
    """One of scikit-learn's own data sets; the seed only decides the split."""
    return lambda seed: load(return_X_y=True)


def classes(seed: int) -> tuple[Any, Any]:
    """Twelve features, five of them informative, a tenth of the labels wrong."""
    return datasets.make_classification(
        3300,
        12,
        n_informative=5,
        n_clusters_per_class=3,
        flip_y=0.1,
        class_sep=0.8,
        random_state=seed,
    )


def hastie(seed: int) -> tuple[Any, Any]:
    """Ten normal features; the class is whether their squares add up to more than 9.34."""
    return datasets.make_hastie_10_2(3400, random_state=seed)


def friedman_1(seed: int) -> tuple[Any, Any]:
    """Friedman's first function with noise."""
    return datasets.make_friedman1(3200, noise=2.0, random_state=seed)


def friedman_3(seed: int) -> tuple[Any, Any]:
    """Friedman's third function with noise."""
    return datasets.make_friedman3(3200, noise=0.3, random_state=seed)


def tree_space(most_pruning: float) -> dict[str, Any]:
    """Four parameters of a tree."""
    return {
        "model__max_depth": (1, 20),
        "model__min_samples_leaf": (1, 50, LOG),
        "model__max_features": (0.1, 1.0),
        "model__ccp_alpha": (1e-4 * most_pruning, most_pruning, LOG),
    }


KNN_SPACE = {
    "model__n_neighbors": (1, 50),
    "model__p": [1, 2],
    "model__weights": ["uniform", "distance"],
}
SVC_SPACE = {"model__C": (1e-2, 1e4, LOG), "model__gamma": (1e-6, 1e1, LOG)}
RIDGE_SPACE = {"model__alpha": (1e-5, 1e3, LOG), "model__gamma": (1e-5, 1e1, LOG)}
TREE, REGRESSION_TREE = (
    DecisionTreeClassifier(random_state=0),
    DecisionTreeRegressor(random_state=0),
)
# name: data, rows to train on, metric, the one model, its space
TASKS: dict[str, tuple[Any, int, str, Any, dict[str, Any]]] = {
    "digits": (bundled(datasets.load_digits), 400, "accuracy", SVC(), SVC_SPACE),
    "cancer": (
        bundled(datasets.load_breast_cancer),
        250,
        "neg_log_loss",
        LogisticRegression(solver="saga", max_iter=300, random_state=0),
        {"model__C": (1e-3, 1e3, LOG), "model__l1_ratio": (0.0, 1.0)},
    ),
    "wine": (bundled(datasets.load_wine), 90, "neg_log_loss", TREE, tree_space(0.1)),
    "classes": (classes, 300, "accuracy", TREE, tree_space(0.1)),
    "hastie": (hastie, 400, "roc_auc", KNeighborsClassifier(), KNN_SPACE),
    "diabetes": (
        bundled(datasets.load_diabetes),
        220,
        "r2",
        KernelRidge(kernel="rbf"),
        RIDGE_SPACE,
    ),
    "friedman-1": (friedman_1, 200, "r2", REGRESSION_TREE, tree_space(10.0)),
    "friedman-3": (friedman_3, 200, "r2", KernelRidge(kernel="rbf"), RIDGE_SPACE),
}
C, SHARES = loguniform(1e-3, 1e3), [0.01, 0.03, 0.1, 0.3, 0.6, 0.9]
LEAVES, NEIGHBOURS = [1, 2, 4, 8, 16], list(range(1, 40))
CLASSIFIERS = [
    {"model": [LogisticRegression(max_iter=300)], "model__C": C},
    {
        "model": [KNeighborsClassifier()],
        "model__n_neighbors": NEIGHBOURS,
        "model__weights": ["uniform", "distance"],
    },
    {
        "model": [RandomForestClassifier(30, random_state=0)],
        "model__min_samples_leaf": LEAVES,
        "model__max_features": [0.2, 0.5, 1.0],
    },
    {"model": [QuadraticDiscriminantAnalysis()], "model__reg_param": SHARES},
    {"model": [GaussianNB()], "model__var_smoothing": loguniform(1e-9, 1.0)},
]
REGRESSORS = [
    {"model": [Ridge()], "model__alpha": C},
    {
        "model": [KNeighborsRegressor()],
        "model__n_neighbors": NEIGHBOURS,
        "model__weights": ["uniform", "distance"],
    },
    {
        "model": [RandomForestRegressor(30, random_state=0)],
        "model__min_samples_leaf": LEAVES,
        "model__max_features": [0.2, 0.5, 1.0],
    },
    {"model": [SVR()], "model__C": C, "model__gamma": loguniform(1e-4, 1e1)},
]

# name: arguments of the ensemble; all choose from the same search
SEARCH_ARMS: dict[str, dict[str, Any]] = {
    "best": {"selection": "top_k", "size": 1},
    "greedy, 10": {"size": 10},
    "greedy, 25": {"size": 25},
    "greedy, 100": {"size": 100},
    "greedy, 25, first 5": {"size": 25, "n_initial": 5},
    "greedy, 25, 20 bags": {"size": 25, "n_bags": 20, "random_state": 0},
    "top 5": {"selection": "top_k", "size": 5},
    "top 10": {"selection": "top_k", "size": 10},
    "top 25": {"selection": "top_k", "size": 25},
}


def searched(task: str, kind: str, seed: int) -> tuple[Any, tuple[Any, Any], tuple[Any, Any]]:
    """Return a fitted search, and the rows it was fitted on and not."""
    load, n_train, metric, model, space = TASKS[task]
    X, y = load(seed)
    order = np.random.default_rng([seed, 1]).permutation(len(X))
    train, test = order[:n_train], order[n_train:]
    pipe = Pipeline([("scaler", StandardScaler()), ("model", model)])
    common = {"scoring": metric, "random_state": seed, "refit": False, "keep_predictions": True}
    if kind == "one model":
        search = BayesSearchCV(pipe, space, n_iter=40, **common)
    else:
        lists = REGRESSORS if metric == "r2" else CLASSIFIERS
        search = RandomizedSearchCV(pipe, lists, n_iter=60, **common)
    return search.fit(X[train], y[train]), (X[train], y[train]), (X[test], y[test])


def loss(metric: str, model: Any, X: Any, y: Any) -> float:
    """What is left to gain, never negative."""
    score = get_scorer(metric)(model, X, y)
    return float(-score if metric.startswith("neg_") else 1 - score)


def search_rows(seed: int) -> Iterator[dict[str, Any]]:
    """All ensembles of all searches with one seed."""
    for task, (*_, metric, _, _) in TASKS.items():
        for kind in ("one model", "families"):
            search, train, test = searched(task, kind, seed)
            ensemble = SearchEnsembleRegressor if metric == "r2" else SearchEnsembleClassifier
            for arm, options in SEARCH_ARMS.items():
                begin = time.process_time()
                fitted = ensemble.from_search(search, *train, **options)
                yield {
                    "task": f"{task}, {kind}",
                    "seed": seed,
                    "arm": arm,
                    "loss": loss(metric, fitted, *test),
                    "told": -fitted.selection_score_ + (0 if metric.startswith("neg_") else 1),
                    "models": len(fitted.estimators_),
                    "seconds": time.process_time() - begin,
                }


STEP_SIZES = (0.03, 0.1, 0.2, 0.4, 0.8)
N_MEMBERS = 5
NETWORK = MLPClassifier((64,), solver="sgd", momentum=0.9, batch_size=32, alpha=1e-4)


class Average:
    """Several models of one kind."""

    def __init__(self, models: list[Any]) -> None:
        self.models = models

    def predict_proba(self, X: Any) -> Any:
        """Mean probabilities."""
        return np.mean([model.predict_proba(X) for model in self.models], axis=0)


def trained(
    schedule: str, n_snapshots: int, n_epochs: int, step: float, seed: int, X: Any, y: Any
) -> Any:
    """One training run."""
    return SnapshotEnsembleClassifier(
        NETWORK,
        n_snapshots=n_snapshots,
        n_epochs=n_epochs,
        schedule=schedule,
        step_size=step,
        random_state=seed,
    ).fit(X, y)


def independent(n_epochs: int, step: float, seed: int, X: Any, y: Any) -> Average:
    """Several runs from other beginnings."""
    seeds = range(N_MEMBERS * seed, N_MEMBERS * (seed + 1))
    return Average([trained("cosine", 1, n_epochs, step, s, X, y) for s in seeds])


def ways(
    n_epochs: int, step: float, seed: int, X: Any, y: Any, with_reference: bool
) -> Iterator[tuple[str, Any]]:
    """Train in every way, and yield its name and the model."""
    yield "one model", trained("cosine", 1, n_epochs, step, seed, X, y)
    yield "snapshots", trained("cyclic_cosine", N_MEMBERS, n_epochs, step, seed, X, y)
    constant = trained("constant", N_MEMBERS, n_epochs, step, seed, X, y)
    yield "snapshots, constant step", constant
    yield "one model, constant step", constant.estimators_[-1]
    yield "independent runs", independent(n_epochs // N_MEMBERS, step, seed, X, y)
    if with_reference:
        yield (
            f"independent runs at {N_MEMBERS} times the cost",
            independent(n_epochs, step, seed, X, y),
        )


def snapshot_rows(seed: int, budgets: list[int]) -> Iterator[dict[str, Any]]:
    """All ways of training with one seed; what costs most with one budget only."""
    X, y = datasets.load_digits(return_X_y=True)
    X, X_rest, y, y_rest = train_test_split(
        X / 16, y, train_size=500, stratify=y, random_state=seed
    )
    X_val, X_test, y_val, y_test = train_test_split(
        X_rest, y_rest, train_size=400, random_state=seed
    )
    for n_epochs in budgets:
        for step in STEP_SIZES:
            for arm, model in ways(n_epochs, step, seed, X, y, n_epochs == 50):
                told = log_loss(y_val, model.predict_proba(X_val))
                probabilities = model.predict_proba(X_test)
                yield {
                    "task": f"{n_epochs} epochs",
                    "seed": seed,
                    "arm": arm,
                    "loss": log_loss(y_test, probabilities),
                    "told": told,
                    "step": step,
                    "error": 1 - accuracy_score(y_test, probabilities.argmax(axis=1)),
                    **of_members(model, X_test, y_test),
                }


def of_members(model: Any, X: Any, y: Any) -> dict[str, float]:
    """Mean loss of a member alone, and the share of rows of which two members say different things."""
    members = model.models if isinstance(model, Average) else getattr(model, "estimators_", [model])
    probabilities = [member.predict_proba(X) for member in members]
    labels = np.array([p.argmax(axis=1) for p in probabilities])
    pairs = [np.mean(a != b) for k, a in enumerate(labels) for b in labels[:k]]
    return {
        "alone": float(np.mean([log_loss(y, p) for p in probabilities])),
        "differ": float(np.mean(pairs)) if pairs else 0.0,
    }


FIELDS = (
    "task",
    "seed",
    "arm",
    "loss",
    "told",
    "models",
    "step",
    "error",
    "alone",
    "differ",
    "seconds",
)


def run(options: argparse.Namespace) -> None:
    """Run the seeds that the file does not hold yet, and append them."""
    path = Path(options.out)
    done: set[str] = set()
    if path.exists():
        with path.open() as file:
            done = {row["seed"] for row in csv.DictReader(file)}
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        if str(seed) in done:
            continue
        rows = (
            search_rows(seed) if options.part == "search" else snapshot_rows(seed, options.epochs)
        )
        whole = list(rows)
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            if not done:
                writer.writeheader()
            done.add(str(seed))
            writer.writerows(whole)


def main() -> None:
    """Run the searches and the training, or report on them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    runner = commands.add_parser("run")
    runner.add_argument("part", choices=("search", "snapshots"))
    runner.add_argument("--seeds", type=int, default=10, help="how many")
    runner.add_argument("--first-seed", type=int, default=0)
    runner.add_argument("--epochs", nargs="+", type=int, default=[10, 50, 200])
    runner.add_argument("--out", default="ensembles.csv")
    runner.set_defaults(call=run)
    reporter = commands.add_parser("report")
    reporter.add_argument("files", nargs="+")
    reporter.add_argument("--base", help="what to compare with; the single model if not given")
    reporter.add_argument("--details", action="store_true", help="means of each task and ensemble")
    reporter.set_defaults(call=report)
    options = parser.parse_args()
    # Fits that stop at their limit of iterations, and collinear columns: not the matter here.
    warnings.simplefilter("ignore")
    options.call(options)


if __name__ == "__main__":
    main()
