"""How the scores of good candidates vary over the folds, and what the scores of some folds say of the rest.

A candidate's score on fold j is y_j = F + r_j + e_j: its mean F over all K folds; the pattern r that
good candidates have in common (some folds are hard), Σ_j r_j = 0; and its own deviation, e ~ N(0, S)
with Σ_j e_j = 0. Candidates of a search are relatives: what one of them does better than the rest on
some folds the next one does too, so S is no multiple of the identity. It is estimated from the
deviations of the good candidates and shrunk towards one that is, s² (I − 11'/K).

From the folds M that were run, with S_M and y − r on them, F has by generalised least squares

    mean a'(y − r) / a'1,    variance 1 / a'1,    a = S_M⁻¹ 1,

which for a multiple of the identity are the plain mean of y − r and s² (1/m − 1/K): what was run
is known exactly, and only the other folds are uncertain.

Notation: k good candidates, K folds, m of them run; all scores of `rows` are finite.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

__all__ = ["FoldPattern", "Prediction", "best_first", "good_ones", "row_means"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

# What folds have in common differs between good and bad candidates, and bad ones scatter more: only the
# best of the complete ones are looked at. Fewer than four give up good candidates, and many more hold
# bad ones at the start.
_GOOD = 0.3
_FEWEST = 4
# More say nothing new, and the pattern is learnt again with every score.
_MOST = 64

# The pattern is half the leader's and half the mean of the other good ones': either alone foretells worse.
_LEADERS_SHARE = 0.5
# S is worth as much as so many candidates before any is seen.
_PRIOR_CANDIDATES = 5.0
# A candidate whose deviations have more than this many times the median square weighs less: one that
# fails on a fold does not hide the others. Of normal deviations on five folds one in 1000 is touched.
_WILD = 6.0
# Added to the diagonal of S_M, as a share of its mean: S is singular where all folds were run.
_RELATIVE_ZERO = 1e-9
# Below all weights: that of a wild candidate rounds off beside the others'.
_NOTHING = 1e-12


@dataclass(frozen=True)
class Prediction:
    """Student's t distribution of a candidate's mean over all folds.

    Parameters
    ----------
    mean : float
        Its center.
    variance : float
        Its squared scale; 0 if no candidate ever deviated.
    n_free : float
        Degrees of freedom.
    """

    mean: float
    variance: float
    n_free: float


class FoldPattern:
    """What the good candidates have in common.

    Parameters
    ----------
    rows : ndarray of shape (k, K)
        Their scores on all folds, the leader's first; at least one row.
    """

    def __init__(self, rows: Floats) -> None:
        k, K = rows.shape
        about = rows - rows.mean(axis=1, keepdims=True)
        leader, others = about[0], about[1:]
        weights = _trust(others - leader)[:, None]
        self.pattern, deviations = leader, others - leader
        if k > 2:
            total, n = (weights * others).sum(axis=0), weights.sum()
            self.pattern = _with_leader(leader, total / n)
            # Each about the pattern of all the others: as uncertain as a new candidate's.
            left = np.maximum(n - weights, _NOTHING)
            deviations = others - _with_leader(leader, (total - weights * others) / left)
        deviations = deviations * np.sqrt(weights)
        self.n_free = float((k - 1) * (K - 1))
        self.variance = float((deviations**2).sum()) / max(self.n_free, 1.0)
        self.S = _PRIOR_CANDIDATES * self.variance * (np.eye(K) - 1.0 / K)
        self.S = (self.S + deviations.T @ deviations) / (_PRIOR_CANDIDATES + k - 1)

    def predict(self, scores: Floats, is_run: Bools) -> Prediction:
        """Predict the mean over all folds; the candidate's own deviations count for the scale.

        Parameters
        ----------
        scores : ndarray of shape (m,)
            On the folds run.
        is_run : ndarray of shape (K,)
            Which these are.

        Returns
        -------
        prediction : Prediction
            With 0 degrees of freedom if nothing is known of the scale.
        """
        m = len(scores)
        # Where the scale is unknown, all that is known of it is what the candidate shows itself.
        n_free = self.n_free if self.variance > 0.0 else 0.0
        S_run = self._covariance[np.ix_(is_run, is_run)]
        y = scores - self.pattern[is_run]
        solved = np.linalg.solve(S_run, np.stack([np.ones(m), y], axis=1))
        precision = solved[:, 0].sum()
        mean = float(solved[:, 1].sum() / precision)
        own = max(float((y - mean) @ (solved[:, 1] - mean * solved[:, 0])), 0.0)
        total = n_free + m - 1.0
        scale = (n_free + own) / total if total > 0.0 else 0.0
        return Prediction(mean, scale / float(precision), total)

    def weights(self, is_run: Bools) -> Floats:
        """Weights of the scores less the pattern in the predicted means of many candidates.

        Parameters
        ----------
        is_run : ndarray of shape (q, K)
            Which folds each has run, at least one.

        Returns
        -------
        weights : ndarray of shape (q, K)
            0 where a fold was not run; each row sums to one.
        """
        # All at once, with a unit in the place of each fold not run; where all were, S is singular
        # and the weights are equal.
        counts = is_run & ~is_run.all(axis=1, keepdims=True)
        both = counts[:, :, None] & counts[:, None, :]
        S_run = np.where(both, self._covariance, np.eye(is_run.shape[1]))
        a = np.linalg.solve(S_run, is_run[:, :, None].astype(float))[:, :, 0]
        return np.asarray(a / a.sum(axis=1, keepdims=True))

    @property
    def _covariance(self) -> Floats:
        """S, or what is proportional to it if no candidate deviated, made regular."""
        K = len(self.pattern)
        S = self.S if self.variance > 0.0 else np.eye(K) - 1.0 / K
        return np.asarray(S + _RELATIVE_ZERO * np.trace(S) / K * np.eye(K))


def _trust(deviations: Floats) -> Floats:
    """Weights of candidates by their deviations, (k − 1, K): less than 1 if these are out of proportion."""
    squares = np.einsum("ij,ij->i", deviations, deviations)
    if not len(squares):
        return squares
    # Of an even number the lower one: of two, one may be wild.
    limit = _WILD * np.partition(squares, (len(squares) - 1) // 2)[(len(squares) - 1) // 2]
    # Where most do not deviate there is no proportion, and all count.
    return np.asarray(np.minimum(1.0, limit / np.maximum(squares, limit))) if limit else squares**0


def _with_leader(leader: Floats, others: Floats) -> Floats:
    return _LEADERS_SHARE * leader + (1.0 - _LEADERS_SHARE) * others


def row_means(rows: Floats) -> Floats:
    """The means of the rows, nan if one of the scores is; equal for equal rows."""
    with np.errstate(over="ignore", invalid="ignore"):
        # Along the first axis, for speed: rows are short.
        return np.ascontiguousarray(rows.T).sum(axis=0) / rows.shape[1]


def best_first(means: Floats) -> tuple[Ints, Ints]:
    """The rows with a finite mean, best first; and without those whose mean another one has."""
    rows = np.flatnonzero(np.isfinite(means))
    rows = rows[np.argsort(-means[rows], kind="stable")]
    return rows, rows[np.append(True, means[rows[1:]] != means[rows[:-1]])[: len(rows)]]


def good_ones(distinct: Ints, share: float = _GOOD, fewest: int = _FEWEST) -> Ints:
    """The best of rows that are sorted by their means: those from which a pattern is learnt."""
    return distinct[: min(max(fewest, ceil(share * len(distinct))), _MOST)]
