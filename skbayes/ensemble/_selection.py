"""Which candidates to average, and with which weights, by the score of averaged predictions.

Notation: p_k what candidate k predicts, s(p) the score of predictions, higher is better. Candidates are numbered by
their place in the library here, not by their row in `cv_results_`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Selection", "averaged", "bagged", "greedy", "top_k"]

Array = NDArray[np.float64]
Score = Callable[[Array], float]
# Scores that differ by less than the rounding error of a mean of some hundred numbers are equal.
_TIE = 1e-12


class Predictions(Protocol):
    """A list of arrays of one shape, or what makes them when they are asked for."""

    def __getitem__(self, k: int, /) -> Array: ...


@dataclass(frozen=True)
class Selection:
    """Weights of the candidates and how they came about.

    Parameters
    ----------
    weights : ndarray of shape (n_candidates,)
        Not negative; their sum is 1.
    path : ndarray of shape (n_steps,)
        Score of the ensemble after each step.
    """

    weights: Array
    path: Array


def greedy(
    predictions: Predictions,
    score: Score,
    alone: Array,
    size: int,
    n_initial: int = 1,
    library: NDArray[np.intp] | None = None,
) -> Selection:
    """Add, again and again, the candidate with which the average scores best; the same one may be added twice.

    Parameters
    ----------
    predictions : sequence of ndarray
        p_k of each candidate, all of one shape.
    score : callable
        s.
    alone : ndarray of shape (n_candidates,)
        s(p_k). Ties are for the candidate that is better alone, then for the first.
    size : int
        Number of steps, at least 1.
    n_initial : int, default=1
        The steps that take the best, second best, ... candidate alone, without a look at the average.
    library : ndarray of int, default=all
        The candidates to choose from.

    Returns
    -------
    selection : Selection
        The shares of the candidates in the best of the ensembles after `n_initial` or more steps, of equal ones the
        last: it averages most.
    """
    ranked = _ranked(alone, library)
    n_first = min(n_initial, len(ranked), size)
    total = np.zeros_like(predictions[int(ranked[0])])
    chosen: list[int] = []
    path: list[float] = []
    for m in range(1, size + 1):
        if m <= n_first:
            best = int(ranked[m - 1])
            reached = score((total + predictions[best]) / m)
        else:
            scores = np.array([score((total + predictions[int(k)]) / m) for k in ranked])
            first = int(np.flatnonzero(scores >= _just_below(scores.max()))[0])
            best, reached = int(ranked[first]), float(scores[first])
        total = total + predictions[best]
        chosen.append(best)
        path.append(reached)
    allowed = np.array(path[n_first - 1 :])
    last = int(np.flatnonzero(allowed >= _just_below(allowed.max()))[-1])
    return Selection(_shares(chosen[: n_first + last], len(alone)), np.array(path))


def bagged(
    predictions: Predictions,
    score: Score,
    alone: Array,
    size: int,
    n_initial: int,
    n_bags: int,
    fraction: float,
    rng: np.random.Generator,
) -> Selection:
    """Average the greedy ensembles of random parts of the library.

    Parameters
    ----------
    predictions, score, alone, size, n_initial
        As in `greedy`.
    n_bags : int
        Number of parts, at least 1.
    fraction : float
        Candidates in a part, of all of them, in (0, 1]; at least one.
    rng : Generator
        Draws the parts.

    Returns
    -------
    selection : Selection
        Mean weights, and the score of the average after each part.
    """
    n = len(alone)
    n_drawn = max(1, round(fraction * n))
    total = np.zeros(n)
    path = []
    for b in range(1, n_bags + 1):
        part = rng.choice(n, n_drawn, replace=False)
        total += greedy(predictions, score, alone, size, n_initial, part).weights
        path.append(score(averaged(predictions, total / b)))
    return Selection(total / n_bags, np.array(path))


def top_k(predictions: Predictions, score: Score, alone: Array, size: int) -> Selection:
    """Average the `size` candidates that are best alone, with equal weights.

    Parameters
    ----------
    predictions, score, alone
        As in `greedy`.
    size : int
        How many, at least 1; all if there are fewer.

    Returns
    -------
    selection : Selection
        Equal weights, and the scores of the best, the two best, ...
    """
    ranked = _ranked(alone)[:size]
    total = np.zeros_like(predictions[int(ranked[0])])
    path = []
    for m, k in enumerate(ranked, start=1):
        total = total + predictions[int(k)]
        path.append(score(total / m))
    return Selection(_shares(ranked.tolist(), len(alone)), np.array(path))


def averaged(predictions: Predictions, weights: Array) -> Array:
    """Return the weighted mean of the predictions."""
    used = np.flatnonzero(weights)
    total = weights[used[0]] * predictions[int(used[0])]
    for k in used[1:]:
        total = total + weights[k] * predictions[int(k)]
    return total


def _ranked(alone: Array, library: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
    """Return candidates, the best alone first."""
    part = np.arange(len(alone)) if library is None else np.sort(library)
    return part[np.argsort(-alone[part], kind="stable")]


def _just_below(score: float) -> float:
    return score - _TIE * max(1.0, abs(score))


def _shares(chosen: list[int], n_candidates: int) -> Array:
    return np.bincount(chosen, minlength=n_candidates) / len(chosen)
