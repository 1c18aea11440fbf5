"""Scores of trials that were given up after some of their folds, on the scale of the mean over all folds.

Some folds are easier than others, so the mean of the scores that there are says little: told as it
is, a candidate of easy folds looks best. What the good candidates have in common over the folds is
known from those with all of them, and the mean over all folds is predicted from it by the same
`FoldPattern` by which a racing rule gives a candidate up.

How far the prediction strays is seen on the complete candidates: predicted from the same folds
their means, which are known, are missed by so much. For one near to the good ones it is less, but
who was given up need not be near to them, and the variance of the pattern alone is too small.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .._fold_pattern import FoldPattern, best_first, good_ones, row_means

__all__ = ["predict_means", "with_predictions"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# The best complete trial is at least two standard deviations of the noise away: one chance in 44.
_MOST_OF_THE_GAP = 0.5


def with_predictions(
    scores: Floats, fold_scores: Sequence[Sequence[float] | None], is_partial: Bools
) -> tuple[Floats, Floats]:
    """Put predictions in the place of the scores of incomplete trials.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        The scores as told.
    fold_scores : sequence of (sequence of float, or None)
        Of every trial that has some that count; nan where a fold was not run. Trials with equally
        many folds are taken to share them.
    is_partial : ndarray of shape (n,)
        Whose score is to be predicted. Each has a fold score.

    Returns
    -------
    scores : ndarray of shape (n,)
        With the predictions.
    noise_variance : ndarray of shape (n,)
        What the folds not run add to the noise; 0 where nothing is known of it.
    """
    scores, noise = scores.copy(), np.zeros(len(scores))
    groups: dict[int, list[int]] = {}
    for i, folds in enumerate(fold_scores):
        if folds is not None and len(folds):
            groups.setdefault(len(folds), []).append(i)
    for members in groups.values():
        rows = np.array(members)
        mine = is_partial[rows]
        if mine.any():
            Y = np.array([fold_scores[i] for i in members], dtype=float)
            scores[rows[mine]], noise[rows[mine]] = predict_means(Y[~mine], Y[mine])
    return scores, noise


def predict_means(complete: Floats, partial: Floats) -> tuple[Floats, Floats]:
    """Predict the means over all folds of candidates that were given up.

    None promises to beat the best complete one: it was given up as unable to. Else its neighbours
    promise the same, are given up in turn, and the search comes to nothing else.

    Parameters
    ----------
    complete : ndarray of shape (n, K)
        Scores of those that were not. A row with a score that is not finite does not count.
    partial : ndarray of shape (q, K)
        Theirs, not finite where a fold was not run; each has one that is.

    Returns
    -------
    means : ndarray of shape (q,)
        The predictions; the plain means if no candidate is complete.
    variance : ndarray of shape (q,)
        Of their errors; 0 if nothing is known of it.
    """
    is_run = np.isfinite(partial)
    scores = np.where(is_run, partial, 0.0)
    complete = complete[np.isfinite(complete).all(axis=1)]
    # By a power of two, which is exact, into [-1, 1], where scores of any magnitude can be squared.
    largest = max(np.abs(complete).max(initial=0.0), np.abs(scores).max(initial=0.0))
    exponent = int(np.frexp(largest)[1])
    scores, complete = np.ldexp(scores, -exponent), np.ldexp(complete, -exponent)
    if not len(complete):
        plain = scores.sum(axis=1) / is_run.sum(axis=1)
        return np.ldexp(plain, exponent), np.zeros(len(plain))
    known = row_means(complete)
    pattern = FoldPattern(complete[good_ones(best_first(known)[1])])
    runs, run_of = np.unique(is_run, axis=0, return_inverse=True)
    run_of = run_of.ravel()
    weights = pattern.weights(runs)
    means = (weights[run_of] * (scores - pattern.pattern)).sum(axis=1)
    errors = (complete - pattern.pattern) @ weights.T - known[:, None]
    gap = np.maximum(known.max() - means, 0.0)
    variance = np.minimum((errors**2).mean(axis=0)[run_of], (_MOST_OF_THE_GAP * gap) ** 2)
    with np.errstate(over="ignore"):
        variance = np.minimum(np.ldexp(variance, 2 * exponent), np.finfo(float).max)
    return np.ldexp(np.minimum(means, known.max()), exponent), variance
