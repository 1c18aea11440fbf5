"""One search over three models with a shared budget, against three searches with a third of it each.

    python benchmarks/branches.py --seeds 10 --n-iter 24

prints a markdown table: the cross-validated ROC AUC of the best candidate, in thousandths
below the best that any search found, for the list of dicts, for the same space as one dict with
`active_if`, and for the split budget; then what the shared budget gains over the split one at the
same seed, with 95 % t-intervals of the mean of these differences. In the last row the differences
are in units of the data set's range, from the median candidate (0) to the best known (1).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, Categorical, Integer, Real

Data = tuple[NDArray[np.float64], NDArray[np.bool_]]

# Without a limit the worst candidates (a wide polynomial, a large C) take a thousand times as long.
SVM = SVC(max_iter=5000)
FOREST = RandomForestClassifier(n_estimators=10, random_state=0)
LOGISTIC = LogisticRegression(max_iter=100)

BRANCHES = [
    {
        "model": [SVM],
        "model__C": Real(1e-3, 1e3, "log-uniform"),
        "model__kernel": ["rbf", "poly"],
        "model__gamma": Real(1e-4, 1e1, "log-uniform"),
        "model__degree": Integer(2, 4, active_if={"model__kernel": "poly"}),
    },
    {
        "model": [FOREST],
        "model__max_depth": Integer(1, 12),
        "model__max_features": Real(0.1, 1.0),
        "model__min_samples_leaf": Integer(1, 20, "log-uniform"),
    },
    {
        "model": [LOGISTIC],
        "model__C": Real(1e-3, 1e3, "log-uniform"),
        "model__class_weight": Categorical([None, "balanced"]),
    },
]

ONE_DICT = {
    "model": [SVM, FOREST, LOGISTIC],
    "model__C": Real(1e-3, 1e3, "log-uniform", active_if={"model": [SVM, LOGISTIC]}),
    "model__kernel": Categorical(["rbf", "poly"], active_if={"model": SVM}),
    "model__gamma": Real(1e-4, 1e1, "log-uniform", active_if={"model": SVM}),
    "model__degree": Integer(2, 4, active_if={"model__kernel": "poly"}),
    "model__max_depth": Integer(1, 12, active_if={"model": FOREST}),
    "model__max_features": Real(0.1, 1.0, active_if={"model": FOREST}),
    "model__min_samples_leaf": Integer(1, 20, "log-uniform", active_if={"model": FOREST}),
    "model__class_weight": Categorical([None, "balanced"], active_if={"model": LOGISTIC}),
}

SPACES: dict[str, Callable[[int], object]] = {
    "list of dicts": lambda n_iter: BRANCHES,
    "one dict": lambda n_iter: ONE_DICT,
    "split": lambda n_iter: [(branch, n_iter // len(BRANCHES)) for branch in BRANCHES],
}


def _diabetes() -> Data:
    X, y = load_diabetes(return_X_y=True)
    return X[:250], y[:250] > np.median(y[:250])


def _digits() -> Data:
    X, y = load_digits(return_X_y=True)
    return X[:250], y[:250] % 2 == 0


def _one_class(load: Callable[..., tuple[NDArray[np.float64], NDArray[np.int64]]]) -> Data:
    X, y = load(return_X_y=True)
    return X[:, :2], y == 1  # with all the features every model is perfect


DATA: dict[str, Callable[[], Data]] = {
    "breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "diabetes above the median": _diabetes,
    "even digits": _digits,
    "second iris, two features": lambda: _one_class(load_iris),
    "second wine, two features": lambda: _one_class(load_wine),
}


def scores_of(name: str, space: object, n_iter: int, seed: int) -> NDArray[np.float64]:
    """Scores of all candidates of a search."""
    X, y = DATA[name]()
    pipeline = Pipeline([("scale", StandardScaler()), ("model", "passthrough")])
    search = BayesSearchCV(
        pipeline,
        space,
        n_iter=n_iter,
        scoring="roc_auc",
        cv=StratifiedKFold(4, shuffle=True, random_state=0),
        refit=False,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        scores = search.fit(X, y).cv_results_["mean_test_score"]
    if len(scores) != n_iter:
        raise RuntimeError(f"{name} was to have {n_iter} candidates and had {len(scores)}.")
    return np.asarray(scores)


def with_interval(differences: NDArray[np.float64], unit: float = 1.0) -> str:
    """Mean and the half width of its 95 % t-interval."""
    half = stats.t.ppf(0.975, len(differences) - 1) * stats.sem(differences)
    return f"{differences.mean() / unit:+.2f} ± {half / unit:.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="seeds 0 .. SEEDS - 1")
    parser.add_argument("--n-iter", type=int, default=24, help="candidates, a multiple of 3")
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    options = parser.parse_args()
    shared = [arm for arm in SPACES if arm != "split"]
    gains = [f"{arm} − split" for arm in shared]
    print(f"| data set | {' | '.join(SPACES)} | {' | '.join(gains)} | s a search |")
    print("| --- " * (2 + len(SPACES) + len(gains)) + "|")
    in_ranges: dict[str, list[NDArray[np.float64]]] = {arm: [] for arm in shared}
    for name in options.data:
        start = time.process_time()
        scores = {
            arm: np.array(
                [
                    scores_of(name, space(options.n_iter), options.n_iter, seed)
                    for seed in range(options.seeds)
                ]
            )
            for arm, space in SPACES.items()
        }
        seconds = (time.process_time() - start) / (len(SPACES) * options.seeds)
        best = {arm: values.max(axis=1) for arm, values in scores.items()}
        known = max(values.max() for values in best.values())
        width = known - np.median(np.concatenate([v.ravel() for v in scores.values()]))
        cells = [f"{(known - best[arm].mean()) / 1e-3:.2f}" for arm in SPACES]
        for arm in shared:
            cells.append(with_interval(best[arm] - best["split"], 1e-3))
            in_ranges[arm].append((best[arm] - best["split"]) / width)
        print(f"| {name} | {' | '.join(cells)} | {seconds:.1f} |", flush=True)
    cells = [with_interval(np.concatenate(in_ranges[arm]), 1e-2) + " %" for arm in shared]
    print(f"| all, of the range {'| ' * len(SPACES)}| {' | '.join(cells)} | |")


if __name__ == "__main__":
    main()
