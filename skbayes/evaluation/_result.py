"""What comes out of a candidate: the results of its folds, and what they make of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._task import Candidate
from ._unit import FoldResult

__all__ = ["CandidateResult", "metric_score"]


@dataclass(frozen=True)
class CandidateResult:
    """One candidate with the results of its folds.

    Parameters
    ----------
    params : dict of str to object
        The candidate as proposed: the user's own objects.
    folds : tuple of FoldResult or None
        One per fold, in the order of the folds; None for a fold that was not run.
    candidate : Candidate or None, default=None
        What was asked for.
    number : int, default=0
        In the order of asking.
    """

    params: dict[str, Any]
    folds: tuple[FoldResult | None, ...]
    candidate: Candidate | None = None
    number: int = 0

    @property
    def folds_run(self) -> tuple[FoldResult, ...]:
        """Results of the folds that were run."""
        return tuple(fold for fold in self.folds if fold is not None)

    def fold_scores(self, metric: str) -> np.ndarray:
        """Return the test score of each fold, shape (n_splits,).

        Parameters
        ----------
        metric : str
            The name of the metric; ignored when there is only one without a name.

        Returns
        -------
        scores : ndarray of shape (n_splits,)
            Higher is better; what a failed fold counts as is `error_score`, nan for a fold not run.
        """
        return np.array(
            [np.nan if fold is None else metric_score(fold, metric) for fold in self.folds],
            dtype=float,
        )

    @property
    def status(self) -> str:
        """The worst that befell a fold, ``"pruned"`` if some were not run, else ``"complete"``."""
        befell = {fold.status for fold in self.folds_run}
        for worst in ("memory", "timeout", "failed"):
            if worst in befell:
                return worst
        return "complete" if len(self.folds_run) == len(self.folds) else "pruned"

    @property
    def mean_fit_time(self) -> float:
        """Seconds per fold, of those that were run."""
        return float(np.mean([fold.fit_time for fold in self.folds_run]))


def metric_score(fold: FoldResult, metric: str) -> float:
    """Return the test score of a fold by one metric; `metric` is ignored when there is one only."""
    scores = fold.test_scores
    if not isinstance(scores, dict):
        return scores
    if metric not in scores:
        raise ValueError(
            f"racing compares one score, and there are the metrics {sorted(scores)}. Name one of them in refit=, or "
            "set racing=False."
        )
    return scores[metric]
