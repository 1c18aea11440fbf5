"""Smaller folds of the same shape: a share of the rows of each fold, and more of the same for more.

The rows of a fold are put in one random order, and a share of them is its beginning. So a larger
sample contains the smaller ones, which makes scores on two of them comparable. For a classifier the
order keeps the classes mixed: every beginning has them in nearly the proportions of the whole.
Training and test rows never mix, so groups stay apart; chosen rows keep their order, so time does.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["subsampled_folds"]

Rows = NDArray[np.intp]


def subsampled_folds(
    folds: Sequence[tuple[Any, Any]],
    fractions: Sequence[float],
    labels: NDArray[Any] | None,
    rng: np.random.Generator,
) -> list[tuple[Any, Any]]:
    """Return the folds at every fraction, one fraction after the other.

    Parameters
    ----------
    folds : sequence of (train, test)
        Row indices, or masks of all rows.
    fractions : sequence of float
        Above 0, at most 1; at 1 the fold is returned as it is.
    labels : ndarray of shape (n_samples,) or None
        Classes to keep in proportion; None to draw at random.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    smaller : list of (train, test)
        Fold j at fraction k stands at ``k * len(folds) + j``.
    """
    orders = [
        tuple(_mixed(_indices(rows), labels, rng) for rows in (train, test))
        for train, test in folds
    ]
    smaller: list[tuple[Any, Any]] = []
    for fraction in fractions:
        if fraction >= 1:
            smaller += folds
        else:
            smaller += [(_first(train, fraction), _first(test, fraction)) for train, test in orders]
    return smaller


def _indices(rows: Any) -> Rows:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows


def _first(order: Rows, fraction: float) -> Rows:
    return np.sort(order[: max(1, round(fraction * len(order)))])


def _mixed(rows: Rows, labels: NDArray[Any] | None, rng: np.random.Generator) -> Rows:
    """Order rows at random, those of each class evenly spread."""
    rows = rng.permutation(rows)
    if labels is None:
        return rows
    _, classes, sizes = np.unique(labels[rows], return_inverse=True, return_counts=True)
    # The r-th of n_c rows of a class stands at (r + u) / n_c: a beginning of share q has q n_c of
    # them, give or take one. The offset u, one per class, keeps rare classes from coming late always.
    ranks = np.empty(len(rows))
    ranks[np.argsort(classes, kind="stable")] = np.concatenate([np.arange(n) for n in sizes])
    position = (ranks + rng.random(len(sizes))[classes]) / sizes[classes]
    order: Rows = rows[np.argsort(position, kind="stable")]
    return order
