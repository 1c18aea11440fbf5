"""What a score from part of the resource says of the score from all of it.

A candidate may be scored on several rungs: with few rows or iterations, and if it does well with
more of them. Scores rise from rung to rung, by more for some candidates than for others. What a
surrogate is to see of each candidate is one score on the scale of the last rung:

    score on rung k + 1 = score on rung k + d + noise,    noise ~ N(0, s²),

with d and s² estimated from the candidates that were scored on both, rung by rung up to the last one
that anybody reached. A step that nobody took says nothing and adds nothing.

Who goes on is decided by the scores up to rung k. So among candidates with the same score there,
those that went on are like those that did not, and a d taken at that score is not biased by the
choice; that the best are partly lucky, and rise by less, is in it. It is taken from the candidates
near by in score, as `_fold_effects` does with folds.

Notation: n candidates, R rungs, S (n, R) their scores.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._fold_effects import AdjustedScores, tricube

__all__ = ["adjust_rung_scores"]

Floats = NDArray[np.float64]


def adjust_rung_scores(rung_scores: ArrayLike) -> AdjustedScores:
    """Estimate the score on the highest rung reached of every candidate, and the noise of that estimate.

    Parameters
    ----------
    rung_scores : array-like of shape (n, R)
        nan where a candidate was not scored. The highest score of a candidate counts, and the one
        below it to learn the step between the two.

    Returns
    -------
    adjusted : AdjustedScores
        Of the n candidates; of those on the highest rung the very score with noise 0, nan for a
        candidate without a score.
    """
    S = np.asarray(rung_scores, dtype=float)
    scores, noise = np.full(len(S), np.nan), np.zeros(len(S))
    for k in range(S.shape[1]):
        is_here = np.isfinite(S[:, k])
        if k > 0:
            below = S[:, k - 1]
            tells = is_here & np.isfinite(below)
            left = np.flatnonzero(np.isfinite(scores) & ~is_here)
            if tells.any() and len(left):
                step = S[tells, k] - below[tells]
                d, s2 = _steps(scores[left], below[tells], step)
                scores[left] += d
                noise[left] += s2
        scores[is_here] = S[is_here, k]
        noise[is_here] = 0.0
    return AdjustedScores(scores, np.where(np.isfinite(scores), noise, np.nan))


def _steps(at: Floats, below: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Expected step at some scores, and the variance of a step about it, by what those near by did."""
    weights = tricube(at, below, np.ones(len(below), dtype=bool))
    weights /= weights.sum(axis=1, keepdims=True)
    d = weights @ step
    # Of weights w of sum 1: the mean has the variance s² Σ w², the squares about it s² (1 − Σ w²).
    of_mean = (weights**2).sum(axis=1)
    squares = (weights * (step - d[:, None]) ** 2).sum(axis=1)
    # One candidate alone cannot tell a step that all take from its own: then nothing is added.
    s2 = np.divide(squares, 1.0 - of_mean, out=np.zeros_like(d), where=of_mean < 1.0 - 1e-9)
    return d, s2 * (1.0 + of_mean)
