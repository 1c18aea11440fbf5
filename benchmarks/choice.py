"""Which candidate should a search take, and how much does its score overstate? Ten small noisy tasks.

    python benchmarks/choice.py run --seeds 20 --out choice.jsonl
    python benchmarks/choice.py report choice.jsonl
    python benchmarks/choice.py nested --seeds 20

`run` makes a Bayesian and a random search on each task and seed with five folds of little data, and
writes one line for each: of every candidate the fold scores, the model's posterior, the fit time,
and the true scores, on a large test set, of its fold models and of a fit to all of the data. For the
best five there are further repeats of the cross-validation on other folds. `report` replays the rules
of `skbayes.model_selection` on these lines, without a fit. `nested` compares what nested
cross-validation says of a random search with the truth.

A gain is the true score of the candidate that a rule takes, refitted to all data, less that of the
best-observed one. Its unit is the gap between the median and the best true score of the candidates of
a search, in the mean over the seeds of a task. Intervals are 95 % bootstrap intervals of the mean over
the tasks, drawn within tasks.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from scipy import stats
from sklearn import datasets
from sklearn.base import clone, is_classifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.metrics import check_scoring
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skbayes import BayesSearchCV, RandomizedSearchCV
from skbayes.model_selection import nested_score

LOG = "log-uniform"
N_FOLDS = 5
N_TEST = 4000
# The best of a search get this many cross-validations more, each on folds of its own.
N_FINALISTS, N_REPEATS = 5, 3
SEARCHES = ("bayes", "random")
Record = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Data, model and space of a task.

    Parameters
    ----------
    load : callable
        ``load(seed) -> X, y``.
    n_train : int
        Rows to search on; the others, but at most N_TEST, tell the truth.
    estimator : estimator object
        What is tuned.
    space : dict
        Ranges (low, high), (low, high, LOG) and lists of choices.
    complexity : str
        The parameter that makes the model more flexible; with a minus less.
    scoring : str or None
        None for the estimator's own score.
    """

    load: Callable[[int], tuple[Any, Any]]
    n_train: int
    estimator: Any
    space: dict[str, Any]
    complexity: str
    scoring: str | None = None


def classes(
    n_features: int, n_informative: int, flip: float, share: float = 0.5
) -> Callable[[int], tuple[Any, Any]]:
    """Two classes in clusters, of which some labels are wrong."""
    return lambda seed: datasets.make_classification(
        N_TEST + 300,
        n_features,
        n_informative=n_informative,
        n_clusters_per_class=2,
        weights=[share],
        flip_y=flip,
        class_sep=0.8,
        random_state=seed,
    )


def moons(seed: int) -> tuple[Any, Any]:
    """Two moons among features of noise."""
    X, y = datasets.make_moons(N_TEST + 300, noise=0.35, random_state=seed)
    return np.c_[X, np.random.default_rng(seed).normal(size=(len(X), 4))], y


def friedman(noise: float) -> Callable[[int], tuple[Any, Any]]:
    """Friedman's first function."""
    return lambda seed: datasets.make_friedman1(N_TEST + 300, noise=noise, random_state=seed)


def sparse(seed: int) -> tuple[Any, Any]:
    """A linear function of few of many features."""
    return datasets.make_regression(
        N_TEST + 300, 60, n_informative=8, noise=120.0, random_state=seed
    )


def waves(seed: int) -> tuple[Any, Any]:
    """A wave along one of three features, with heavy noise."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2.0, 2.0, size=(N_TEST + 300, 3))
    return X, np.sin(3.0 * X[:, 0]) + 0.3 * X[:, 1] + 0.5 * rng.standard_t(3, size=len(X))


def scaled(*steps: Any) -> Any:
    """The steps after standardisation."""
    return make_pipeline(StandardScaler(), *steps)


TREE_SPACE = {"max_depth": (1, 15), "min_samples_leaf": (1, 30, LOG), "max_features": (0.1, 1.0)}
SVC_SPACE = {"svc__C": (1e-2, 1e3, LOG), "svc__gamma": (1e-5, 1e1, LOG)}
TASKS: dict[str, Task] = {
    "svc-classes": Task(classes(12, 5, 0.1), 100, scaled(SVC()), SVC_SPACE, "svc__C"),
    "svc-imbalanced": Task(
        classes(8, 4, 0.05, 0.8), 120, scaled(SVC()), SVC_SPACE, "svc__C", "roc_auc"
    ),
    "logistic-selected": Task(
        classes(40, 5, 0.1),
        80,
        scaled(SelectKBest(), LogisticRegression(max_iter=300)),
        {"selectkbest__k": (1, 40), "logisticregression__C": (1e-3, 1e2, LOG)},
        "selectkbest__k",
        "neg_log_loss",
    ),
    "knn-moons": Task(
        moons,
        100,
        scaled(KNeighborsClassifier()),
        {
            "kneighborsclassifier__n_neighbors": (1, 50),
            "kneighborsclassifier__p": (1.0, 4.0),
            "kneighborsclassifier__weights": ["uniform", "distance"],
        },
        "-kneighborsclassifier__n_neighbors",
    ),
    "tree-classes": Task(
        classes(10, 4, 0.1), 120, DecisionTreeClassifier(random_state=0), TREE_SPACE, "max_depth"
    ),
    "forest-classes": Task(
        classes(20, 6, 0.2),
        80,
        RandomForestClassifier(10, random_state=0),
        TREE_SPACE,
        "max_depth",
    ),
    "tree-friedman": Task(
        friedman(2.0), 100, DecisionTreeRegressor(random_state=0), TREE_SPACE, "max_depth"
    ),
    "kernel-ridge-friedman": Task(
        friedman(2.0),
        60,
        scaled(KernelRidge(kernel="rbf")),
        {"kernelridge__alpha": (1e-4, 1e2, LOG), "kernelridge__gamma": (1e-4, 1e0, LOG)},
        "-kernelridge__alpha",
    ),
    "elastic-net-sparse": Task(
        sparse,
        70,
        scaled(ElasticNet()),
        {"elasticnet__alpha": (1e-2, 1e2, LOG), "elasticnet__l1_ratio": (0.05, 1.0)},
        "-elasticnet__alpha",
        "neg_mean_absolute_error",
    ),
    "svr-waves": Task(
        waves,
        80,
        scaled(SVR()),
        {"svr__C": (1e-2, 1e3, LOG), "svr__gamma": (1e-3, 1e1, LOG), "svr__epsilon": (0.01, 1.0)},
        "svr__C",
        "neg_mean_absolute_error",
    ),
}


class Problem:
    """A task on the data and the folds of one seed."""

    def __init__(self, name: str, seed: int) -> None:
        self.task = TASKS[name]
        X, y = self.task.load(seed)
        order = np.random.default_rng([seed, 1]).permutation(len(X))
        train, test = np.split(order, [self.task.n_train])
        self.train, self.test = (X[train], y[train]), (X[test[:N_TEST]], y[test[:N_TEST]])
        self.score = check_scoring(self.task.estimator, self.task.scoring)
        self.seed = seed

    def folds(self, repeat: int = 0) -> Any:
        """Folds of a repeat of the cross-validation; 0 are those of the search."""
        kind = StratifiedKFold if is_classifier(self.task.estimator) else KFold
        return kind(N_FOLDS, shuffle=True, random_state=1000 * repeat + self.seed)

    def scoring(self, estimator: Any, X: Any, y: Any) -> dict[str, float]:
        """Score of a fold, and the true score of its model."""
        return {"score": self.score(estimator, X, y), "truth": self.score(estimator, *self.test)}

    def search(self, kind: str, n_iter: int) -> Any:
        """Run a search of one kind."""
        common: dict[str, Any] = {
            "n_iter": n_iter,
            "scoring": self.scoring,
            "refit": "score",
            "cv": self.folds(),
            "random_state": self.seed,
        }
        space = self.task.space
        if kind == "bayes":
            search: Any = BayesSearchCV(self.task.estimator, space, **common)
        else:
            drawn = {name: distribution(values) for name, values in space.items()}
            search = RandomizedSearchCV(self.task.estimator, drawn, **common)
        return search.fit(*self.train)

    def refitted_truth(self, params: dict[str, Any]) -> float:
        """True score after a fit to all training rows."""
        model = clone(self.task.estimator).set_params(**params).fit(*self.train)
        return float(self.score(model, *self.test))

    def repeat(self, params: dict[str, Any], repeat: int) -> list[float]:
        """Fold scores on the folds of a repeat."""
        X, y = self.train
        scores = []
        for fit, test in self.folds(repeat).split(X, y):
            model = clone(self.task.estimator).set_params(**params).fit(X[fit], y[fit])
            scores.append(float(self.score(model, X[test], y[test])))
        return scores


def distribution(values: Any) -> Any:
    """What a range means for a random search."""
    if isinstance(values, list):
        return values
    low, high, *prior = values
    if isinstance(low, int):
        # Integers drawn evenly in the logarithm are not in scipy: a list with the right shares.
        grid = np.arange(low, high + 1)
        if not prior:
            return [int(v) for v in grid]
        share = np.log((grid + 0.5) / (grid - 0.5))
        counts = np.maximum(1, np.round(100 * share / share.sum())).astype(int)
        return [int(v) for v in np.repeat(grid, counts)]
    return stats.loguniform(low, high) if prior else stats.uniform(low, high - low)


def record_of(name: str, seed: int, kind: str, n_iter: int) -> Record:
    """Make a search and return all that is to be known of it."""
    start = perf_counter()
    problem = Problem(name, seed)
    table = problem.search(kind, n_iter).cv_results_
    splits = {
        what: np.array([table[f"split{k}_test_{what}"] for k in range(N_FOLDS)]).T
        for what in ("score", "truth")
    }
    record: Record = {
        "task": name,
        "seed": seed,
        "search": kind,
        "params": table["params"],
        "folds": splits["score"].tolist(),
        "truth_of_folds": splits["truth"].tolist(),
        "truth": [problem.refitted_truth(params) for params in table["params"]],
        "fit_time": table["mean_fit_time"].tolist(),
    }
    for column in ("posterior_mean_test_score", "posterior_std_test_score"):
        if column in table:
            record[column] = table[column].tolist()
    best = np.argsort(-table["mean_test_score"], kind="stable")[:N_FINALISTS]
    record["repeats"] = {
        int(k): [problem.repeat(table["params"][k], r) for r in range(1, N_REPEATS + 1)]
        for k in best
    }
    return record | {"seconds": perf_counter() - start}


def run(options: argparse.Namespace) -> None:
    """Run what the file does not hold yet, and append it."""
    path = Path(options.out)
    done = {(r["task"], r["seed"], r["search"]) for r in read([path])} if path.exists() else set()
    with path.open("a") as file:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for name in options.tasks:
                for kind in SEARCHES:
                    if (name, seed, kind) not in done:
                        record = record_of(name, seed, kind, options.candidates)
                        file.write(json.dumps(record) + "\n")
                        file.flush()


def read(paths: list[Path]) -> list[Record]:
    """The records of some files."""
    return [json.loads(line) for path in paths for line in Path(path).read_text().splitlines()]


def report(options: argparse.Namespace) -> None:
    """Print the tables."""
    from choice_report import report_choice, report_optimism  # which reads the tasks here

    records = read(options.files)
    if options.seeds is not None:
        low, high = options.seeds
        records = [record for record in records if low <= record["seed"] < high]
    print(f"{len(records)} searches")
    report_choice(records)
    report_optimism(records)


def nested(options: argparse.Namespace) -> None:
    """Print what nested cross-validation and the best score say of the truth."""
    print("| task | best score − truth | nested − truth | 90 % interval holds the truth |")
    print("| --- | --- | --- | --- |")
    for name in options.tasks:
        rows = []
        for seed in range(options.seeds):
            problem = Problem(name, seed)
            task = problem.task
            drawn = {parameter: distribution(values) for parameter, values in task.space.items()}
            search = RandomizedSearchCV(
                task.estimator,
                drawn,
                n_iter=options.candidates,
                scoring=task.scoring,
                cv=problem.folds(),
                random_state=seed,
            )
            found = nested_score(search, *problem.train, problem.folds(1))
            truth = search.fit(*problem.train).score(*problem.test)
            low, high = found.interval()
            rows.append([search.best_score_ - truth, found.mean - truth, low <= truth <= high])
        means = np.mean(rows, axis=0)
        errors = np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows))
        shown = [f"{means[j]:+.3f} ± {1.96 * errors[j]:.3f}" for j in (0, 1)]
        print(f"| {name} | {' | '.join(shown)} | {means[2]:.0%} |")


def main() -> None:
    """Run the searches, or report on them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    runner = commands.add_parser("run")
    runner.add_argument("--seeds", type=int, default=20, help="how many")
    runner.add_argument("--first-seed", type=int, default=0)
    runner.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    runner.add_argument("--candidates", type=int, default=30, help="of each search")
    runner.add_argument("--out", default="choice.jsonl")
    runner.set_defaults(call=run)
    reporter = commands.add_parser("report")
    reporter.add_argument("files", nargs="+", type=Path)
    reporter.add_argument("--seeds", nargs=2, type=int, help="from, and below; None: all")
    reporter.set_defaults(call=report)
    nester = commands.add_parser("nested")
    nester.add_argument("--seeds", type=int, default=20, help="how many")
    nester.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    nester.add_argument("--candidates", type=int, default=30)
    nester.set_defaults(call=nested)
    options = parser.parse_args()
    # Folds without all classes, and fits that stop at their limit of iterations: not the matter here.
    warnings.simplefilter("ignore")
    options.call(options)


if __name__ == "__main__":
    main()
