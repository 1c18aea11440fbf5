"""The scores in a table of results, of whatever search: what the rules of choice and the estimates of optimism read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._results import deciding_column

__all__ = ["CandidateScores", "candidate_scores", "metric_of", "metric_of_refit"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_MEAN = "mean_test_"
# Fewer say little of how candidates differ over the folds; bad ones differ by more than good ones do.
_FEWEST = 4


@dataclass(frozen=True)
class CandidateScores:
    """Scores of the candidates by one metric; higher is better.

    Parameters
    ----------
    params : list of dict
        The n candidates.
    folds : ndarray of shape (n, K)
        Score on each fold on which the best has one, nan where another has none.
    means : ndarray of shape (n,)
        By which the best is chosen: over the folds, or over those of the finals too.
    can_win : ndarray of shape (n,)
        Whether it was evaluated as the winner is to be: on all folds, with the largest resource, in the finals if
        there were any; without a failure, with a finite score, and within the constraints on other metrics.
    is_comparable : ndarray of shape (n,)
        Whether its scores are of the same kind as the winner's: with the same resource.
    status : list of str
        How each ended.
    """

    params: list[dict[str, Any]]
    folds: Floats
    means: Floats
    can_win: Bools
    is_comparable: Bools
    status: list[str]

    @property
    def best(self) -> int:
        """The row with the best mean, the first of equals."""
        return int(np.argmax(np.where(self.can_win, self.means, -np.inf)))

    def better_half(self) -> NDArray[np.intp]:
        """The rows of the better half of those that can win, best first; four of them if there are as many."""
        rows = np.flatnonzero(self.can_win)
        order = np.argsort(-self.means[rows], kind="stable")
        return rows[order[: max(_FEWEST, ceil(len(rows) / 2))]]


def metric_of(results: Mapping[str, Any], metric: str | None, who: str) -> str:
    """Return the metric to look at: the one named, or the only one there is.

    Parameters
    ----------
    results : mapping
        `cv_results_`.
    metric : str or None
        As given.
    who : str
        Who asks, for messages.

    Raises
    ------
    ValueError
        If there are several and none is named, or not this one.
    """
    names = [name.removeprefix(_MEAN) for name in results if name.startswith(_MEAN)]
    if metric is None and len(names) == 1:
        return names[0]
    if metric is None:
        raise ValueError(
            f"{who} looks at one metric, and the results hold {sorted(names)}; got metric=None. "
            f"Name one of them, for example metric={names[0] if names else 'score'!r}."
        )
    if metric not in names:
        raise ValueError(
            f"{who} got metric={metric!r}, and the results hold {sorted(names)}. Name one of these."
        )
    return metric


def metric_of_refit(refit: Any) -> str | None:
    """Return the metric that `refit` names, itself or as the rule of choice that it is; None if it names none."""
    if not callable(refit):
        return refit if isinstance(refit, str) else None
    metric = getattr(refit, "metric", None) or getattr(refit, "keywords", {}).get("metric")
    return metric if isinstance(metric, str) else None


def candidate_scores(results: Mapping[str, Any], metric: str | None, who: str) -> CandidateScores:
    """Read the scores by one metric, of which at least one counts.

    Parameters
    ----------
    results : mapping
        `cv_results_` of a search of skbayes or scikit-learn.
    metric : str or None
        Its name; None for the only one.
    who : str
        Who asks, for messages.

    Raises
    ------
    ValueError
        If the metric is not clear, or no candidate can win.
    """
    metric = metric_of(results, metric, who)
    means = np.asarray(results[f"{_MEAN}{metric}"], dtype=float)
    status = _status(results, means)
    can_win = np.array([s == "complete" for s in status], dtype=bool) & np.isfinite(means)
    finals = np.asarray(results[deciding_column(results, metric)], dtype=float)
    if (can_win & np.isfinite(finals)).any():
        means = np.where(np.isfinite(finals), finals, means)
        can_win &= np.isfinite(finals)
    if not can_win.any():
        raise ValueError(
            f"{who} has no candidate to choose: none of the {len(means)} was evaluated on all folds with a finite "
            f"score by {metric!r}. error_score='raise' shows the first error of the search."
        )
    if "is_feasible" in results:
        is_feasible = np.asarray(results["is_feasible"], dtype=bool)
        can_win = can_win & is_feasible if (can_win & is_feasible).any() else can_win
    is_comparable = np.ones(len(means), dtype=bool)
    if "n_resources" in results:  # with less of it scores are of another kind
        resources = np.asarray(results["n_resources"])
        is_comparable = resources == resources[can_win].max()
    folds = _fold_scores(results, metric, len(means))
    scores = CandidateScores(
        list(results["params"]), folds, means, can_win & is_comparable, is_comparable, status
    )
    # With folds as the resource of a halving search, those of the largest rung that was reached.
    return replace(scores, folds=folds[:, np.isfinite(folds[scores.best])])


def _fold_scores(results: Mapping[str, Any], metric: str, n_candidates: int) -> Floats:
    columns: list[Any] = []
    while f"split{len(columns)}_test_{metric}" in results:
        columns.append(results[f"split{len(columns)}_test_{metric}"])
    return np.array(columns, dtype=float).reshape(len(columns), n_candidates).T


def _status(results: Mapping[str, Any], means: Floats) -> list[str]:
    """How each candidate ended; told by its score where the table does not say it."""
    if "status" in results:
        return [str(status) for status in results["status"]]
    return ["complete" if is_finite else "failed" for is_finite in np.isfinite(means)]
