"""What a source model gives to a target with few rows, and what a misleading one takes.

    python benchmarks/transfer_linear.py       # a table; --rst docs/transfer_linear_table.txt writes it

Simulated: 10,000 source rows, 20 features, coefficients normal of scale 1, noise of scale 1, the level of the target
shifted by 3. *Related*: the coefficients of the target are those of the source plus normal deviations of scale 0.2.
*Misleading*: drawn anew. The figures are the excess over the best possible mean squared error on 5000 fresh rows, so a
source that says nothing is at 20. *Diabetes* (scikit-learn's): source patients of a body mass index below the
median, target those above; R² on the others of these. *Digits*: source images with less ink than the median, target
those with more; error rate on the others of these. Means over 20 seeds and their standard errors.

Alone: the prior scale of highest evidence (digits: by cross-validation). Source only: the source with the level of the
target (digits: as it is). Discount 1: `prior_from(source)`; 0.01: the same with ``discount=0.01``. By evidence: that
prior with ``tune="evidence"``. By folds: `discount` by cross-validation.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core

import argparse
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import GridSearchCV

from skbayes.linear_model import MAPClassifier, MAPRegressor, MAPRidge, prior_from
from skbayes.priors import Normal

SEEDS = 20
P, SOURCE_ROWS, TEST_ROWS = 20, 10_000, 5000
DISCOUNTS = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
METHODS = ["alone", "source only", "discount 1", "0.01", "by evidence", "by folds"]
Array = NDArray[Any]
Row = tuple[str, int, list[float]]


def simulated(seed: int) -> Iterator[Row]:
    """Yield (case, target rows, errors by method)."""
    rng = np.random.default_rng(seed)
    of_source = rng.standard_normal(P)
    X = rng.standard_normal((SOURCE_ROWS, P))
    source = MAPRidge(alpha=1.0).fit(X, X @ of_source + rng.standard_normal(SOURCE_ROWS))
    cases = {
        "related": (of_source + 0.2 * rng.standard_normal(P), [20, 50, 100, 200]),
        "misleading": (rng.standard_normal(P), [20, 50, 100, 200, 1000, 5000]),
    }
    for case, (of_target, sizes) in cases.items():
        X = rng.standard_normal((max(sizes), P))
        y = 3.0 + X @ of_target + rng.standard_normal(len(X))
        X_test = rng.standard_normal((TEST_ROWS, P))
        mean = 3.0 + X_test @ of_target
        for n in sizes:
            errors = []
            for fit in of_regressions(source, X[:n], y[:n]):
                if fit is None:
                    errors.append(_of_source(source, X_test, mean, y[:n], X[:n]))
                else:
                    errors.append(float(np.mean((fit.predict(X_test) - mean) ** 2)))
            yield case, n, errors


def _of_source(source: Any, X_test: Array, mean: Array, y: Array, X: Array) -> float:
    # Only its level is learnt from the target, as that of the others is.
    shift = np.mean(y - source.predict(X))
    return float(np.mean((source.predict(X_test) + shift - mean) ** 2))


def of_regressions(source: Any, X: Array, y: Array) -> list[Any]:
    """Return a fitted model for each method; None for the source."""
    prior = prior_from(source)
    folds = GridSearchCV(MAPRegressor(prior=prior), {"prior__discount": DISCOUNTS}, cv=5)
    return [
        MAPRegressor(tune="evidence").fit(X, y),
        None,
        MAPRegressor(prior=prior).fit(X, y),
        MAPRegressor(prior=prior_from(source, discount=0.01)).fit(X, y),
        MAPRegressor(prior=prior, tune="evidence").fit(X, y),
        folds.fit(X, y),
    ]


def diabetes(seed: int) -> Iterator[Row]:
    """Yield (case, target rows, R² by method)."""
    X, y = load_diabetes(return_X_y=True)
    X = X * np.sqrt(len(X))  # columns of unit variance
    y = (y - y.mean()) / y.std()
    is_target = X[:, 2] > np.median(X[:, 2])
    source = MAPRegressor(tune="evidence").fit(X[~is_target], y[~is_target])
    order = np.random.default_rng(seed).permutation(np.flatnonzero(is_target))
    for n in (20, 50, 100):
        few, rest = order[:n], order[n:]
        scores = []
        for fit in of_regressions(source, X[few], y[few]):
            if fit is None:
                error = _of_source(source, X[rest], y[rest], y[few], X[few])
                scores.append(1.0 - error / np.var(y[rest]))
            else:
                scores.append(float(fit.score(X[rest], y[rest])))
        yield "diabetes", n, scores


def digits(seed: int) -> Iterator[Row]:
    """Yield (case, target rows, error rate by method)."""
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    ink = X.sum(axis=1)
    is_target = ink > np.median(ink)
    source = MAPClassifier(Normal(scale=1.0)).fit(X[~is_target], y[~is_target])
    prior = prior_from(source)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(is_target))
    for n in (50, 100, 200):
        few, rest = order[:n], order[n:]
        scales, discounts = (
            {"prior__scale": [0.1, 0.3, 1.0, 3.0]},
            {"prior__discount": DISCOUNTS[1:]},
        )
        fits = [
            GridSearchCV(MAPClassifier(Normal()), scales, cv=3).fit(X[few], y[few]),
            source,
            MAPClassifier(prior).fit(X[few], y[few]),
            MAPClassifier(prior_from(source, discount=0.01)).fit(X[few], y[few]),
            None,  # of several classes the evidence finds no discount
            GridSearchCV(MAPClassifier(prior), discounts, cv=3).fit(X[few], y[few]),
        ]
        errors = [np.nan if fit is None else 1.0 - fit.score(X[rest], y[rest]) for fit in fits]
        yield "digits", n, errors


TASKS: dict[str, Callable[[int], Iterator[Row]]] = {
    "simulated": simulated,
    "diabetes": diabetes,
    "digits": digits,
}
TITLES = {
    "related": "related, excess error",
    "misleading": "misleading, excess error",
    "diabetes": "diabetes, R²",
    "digits": "digits, error rate",
}


def shown(values: Array) -> str:
    """Return the mean over seeds and its standard error."""
    if np.isnan(values).any():
        return ""
    return f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rst", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    arguments = parser.parse_args()
    # Three folds of fifty digits lack a class now and then, and say so.
    warnings.filterwarnings("ignore", message="The least populated class")
    found: dict[tuple[str, int], list[list[float]]] = {}
    for task in arguments.tasks:
        for seed in range(arguments.seeds):
            for case, n, values in TASKS[task](seed):
                found.setdefault((case, n), []).append(values)
    header = ", ".join(f'"{name}"' for name in ["task", "target rows", *METHODS])
    lines = [".. csv-table::", f"   :header: {header}", ""]
    for (case, n), rows in found.items():
        columns = [shown(column) for column in np.array(rows).T]
        lines.append("   " + ",".join([f'"{TITLES[case]}"', str(n), *columns]))
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.rst is not None:
        arguments.rst.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
