"""scikit-learn's most used metrics without its checks: a selection scores thousands of averages of the same rows.

Each function takes numbers (what a rule averages), y (codes of the labels, or values), and the fold of each row, and
returns the mean over the folds. They agree with the scorers of the same names.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from .._sklearn import default_score, named_scorer
from ._averaging import most

__all__ = ["quick_scores"]

Array = NDArray[Any]
QuickScores = Callable[[Array], float]


def quick_scores(
    scorer: Any, targets: list[Array], rule: str, classes: Array | None
) -> QuickScores | None:
    """Return a function that gives the mean score over the folds, or None if only the scorer itself can.

    Parameters
    ----------
    scorer : callable
        Of the selection; without metadata.
    targets : list of ndarray
        y of the test part of each fold.
    rule : str
        What the numbers are.
    classes : ndarray of shape (n_classes,) or None
        Of a classifier.
    """
    name = default_score(scorer, classes is not None) or named_scorer(
        scorer, (*_OF_LABELS, *_OF_VALUES)
    )
    if name is None:
        return None
    begins = np.cumsum([0, *map(len, targets[:-1])])
    y = np.concatenate(targets)
    if classes is None:
        # no variance to explain, or nothing to score: what then counts is the scorer's to say
        if name not in _OF_VALUES or min(np.ptp(t) if len(t) else 0.0 for t in targets) == 0:
            return None
        return _bound(_OF_VALUES[name], y.astype(np.float64), begins)
    rules, metric = _OF_LABELS.get(name, ((), None))
    # A fold without all classes may be an error to the scorer.
    if (
        metric is None
        or rule not in rules
        or min(len(np.unique(t)) for t in targets) < len(classes)
    ):
        return None
    if name == "roc_auc" and len(classes) != 2:
        return None
    return _bound(metric, np.searchsorted(classes, y), begins)


def _bound(metric: Callable[..., float], y: Array, begins: Array) -> QuickScores:
    return lambda numbers: float(metric(numbers, y, begins))


def _mean(of_rows: Array, begins: Array) -> Array:
    # by fold
    sizes = np.diff(np.append(begins, len(of_rows)))
    return np.add.reduceat(of_rows, begins, dtype=np.float64) / sizes


def _accuracy(numbers: Array, y: Array, begins: Array) -> float:
    return _mean(most(numbers) == y, begins).mean()


def _neg_log_loss(numbers: Array, y: Array, begins: Array) -> float:
    eps = np.finfo(numbers.dtype).eps
    chosen = np.clip(numbers[np.arange(len(y)), y], eps, 1 - eps)
    return _mean(np.log(chosen), begins).mean()


def _roc_auc(numbers: Array, y: Array, begins: Array) -> float:
    scores = numbers if numbers.ndim == 1 else numbers[:, 1]
    areas = []
    for s, is_positive in zip(
        np.split(scores, begins[1:]), np.split(y == 1, begins[1:]), strict=True
    ):
        n = int(is_positive.sum())
        # Mann and Whitney: pairs in the right order, ties as a half
        right = rankdata(s)[is_positive].sum() - n * (n + 1) / 2
        areas.append(right / (n * (len(s) - n)))
    return float(np.mean(areas))


def _r2(numbers: Array, y: Array, begins: Array) -> float:
    unexplained = _mean((y - numbers) ** 2, begins)
    fold = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(y))))
    variance = _mean((y - _mean(y, begins)[fold]) ** 2, begins)
    return (1 - unexplained / variance).mean()


def _neg_mean_squared(numbers: Array, y: Array, begins: Array) -> float:
    return -_mean((y - numbers) ** 2, begins).mean()


def _neg_root_mean_squared(numbers: Array, y: Array, begins: Array) -> float:
    return -np.sqrt(_mean((y - numbers) ** 2, begins)).mean()


def _neg_mean_absolute(numbers: Array, y: Array, begins: Array) -> float:
    return -_mean(np.abs(y - numbers), begins).mean()


_ALL = ("predict_proba", "decision_function", "vote")
# name of the scorer: the rules for whose numbers it is defined, and the metric
_OF_LABELS: dict[str, tuple[tuple[str, ...], Callable[..., float]]] = {
    "accuracy": (_ALL, _accuracy),
    "neg_log_loss": (("predict_proba",), _neg_log_loss),
    "roc_auc": (("predict_proba", "decision_function"), _roc_auc),
}
_OF_VALUES: dict[str, Callable[..., float]] = {
    "r2": _r2,
    "neg_mean_squared_error": _neg_mean_squared,
    "neg_root_mean_squared_error": _neg_root_mean_squared,
    "neg_mean_absolute_error": _neg_mean_absolute,
}
