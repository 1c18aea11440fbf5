"""Columns of `cv_results_` that scikit-learn does not have: status, folds evaluated, the model's posterior."""

from typing import Any

import numpy as np

from ..optimizer import History, Trial
from ._results import rank_scores

__all__ = ["add_model_columns"]


def add_model_columns(
    results: dict[str, Any],
    history: History,
    posterior: tuple[np.ndarray, np.ndarray],
    objective: str | None,
) -> None:
    """Add `status`, `n_splits_evaluated` and the posterior of the score; a non-finite mean score ranks last.

    Parameters
    ----------
    results : dict
        `cv_results_`, changed in place.
    history : History
        The trials in the order of the table.
    posterior : (mean, std)
        Of the noise-free score at each candidate, each of shape (n_candidates,), in units of the score.
    objective : str or None
        The metric searched for; None if there is only one.
    """
    column = f"test_{objective}" if f"mean_test_{objective}" in results else "test_score"
    mean = results[f"mean_{column}"]
    results[f"mean_{column}"] = np.where(np.isfinite(mean), mean, np.nan)
    results[f"rank_{column}"] = rank_scores(results[f"mean_{column}"])
    results["status"] = np.array([trial.status for trial in history], dtype=object)
    results["n_splits_evaluated"] = np.array([_n_run(trial) for trial in history], dtype=np.int32)
    results["posterior_mean_test_score"], results["posterior_std_test_score"] = posterior


def _n_run(trial: Trial) -> int:
    # A fold that failed was run; one that a pruned candidate was spared was not.
    folds = trial.fold_scores or ()
    return int(np.isfinite(folds).sum()) if trial.status == "pruned" else len(folds)
