"""The data of the live tasks and their fixed folds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.model_selection import KFold, StratifiedKFold

__all__ = ["folds", "load"]

Arrays = tuple[NDArray[np.float64], NDArray[np.float64]]
Fold = tuple[NDArray[np.float64], ...]


def _standard(X: NDArray[np.float64], y: NDArray[np.float64]) -> Arrays:
    return X, (y - y.mean()) / y.std()


def _digits(first: int, last: int) -> Arrays:
    X, y = datasets.load_digits(return_X_y=True)
    rows = np.random.RandomState(1).permutation(len(y))[first:last]
    return X[rows] / 16.0, y[rows]


def _odd_digits() -> Arrays:
    X, y = _digits(0, 500)
    return X, y % 2


def _noisy_iris() -> Arrays:
    X, y = datasets.load_iris(return_X_y=True)
    return X + 0.6 * np.random.RandomState(1).standard_normal(X.shape), y


def _noisy_wine() -> Arrays:
    X, y = datasets.load_wine(return_X_y=True)
    return X * (1 + 0.2 * np.random.RandomState(1).standard_normal(X.shape)), y


def _diabetes() -> Arrays:
    X, y = datasets.load_diabetes(return_X_y=True)
    return _standard(X * 20.0, y)


def _wide_classes() -> Arrays:
    return datasets.make_classification(
        300,
        100,
        n_informative=10,
        n_redundant=30,
        n_clusters_per_class=2,
        flip_y=0.05,
        class_sep=0.9,
        random_state=101,
    )


def _three_classes() -> Arrays:
    return datasets.make_classification(
        500,
        15,
        n_informative=6,
        n_redundant=3,
        n_classes=3,
        n_clusters_per_class=2,
        flip_y=0.04,
        random_state=102,
    )


SOURCES: dict[str, Callable[[], Arrays]] = {
    "odd_digits": _odd_digits,
    "digits": lambda: _digits(600, 900),
    "iris": _noisy_iris,
    "wine": _noisy_wine,
    "cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "diabetes": _diabetes,
    "wide_classes": _wide_classes,
    "three_classes": _three_classes,
    "moons": lambda: datasets.make_moons(400, noise=0.35, random_state=103),
    "circles": lambda: datasets.make_circles(300, noise=0.25, factor=0.5, random_state=201),
    "friedman1": lambda: _standard(*datasets.make_friedman1(250, 12, noise=1.5, random_state=104)),
    "friedman2": lambda: _standard(*datasets.make_friedman2(200, noise=60.0, random_state=202)),
    "sparse": lambda: _standard(*datasets.make_sparse_uncorrelated(200, 40, random_state=105)),
}


@cache
def load(name: str) -> Arrays:
    """Return X and y of a data set by its name in `SOURCES`."""
    return SOURCES[name]()


@cache
def folds(name: str, n_splits: int, stratified: bool) -> list[Fold]:
    """Return (X_train, y_train, X_test, y_test) of each fold, the same for every candidate."""
    X, y = load(name)
    splitter = (StratifiedKFold if stratified else KFold)(n_splits, shuffle=True, random_state=0)
    return [(X[train], y[train], X[test], y[test]) for train, test in splitter.split(X, y)]
