"""Columns of `cv_results_` that scikit-learn does not have: status, folds evaluated, the model's posterior."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..evaluation import CandidateResult
from ._loop import trial_of
from ._results import rank_scores

__all__ = ["add_model_columns", "add_status_columns"]


def add_model_columns(
    results: dict[str, Any],
    evaluated: Sequence[CandidateResult],
    posterior: tuple[np.ndarray, np.ndarray] | None,
    objective: str | None,
) -> None:
    """Add `status`, `n_splits_evaluated` and the posterior of the score; a non-finite mean score ranks last.

    Parameters
    ----------
    results : dict
        `cv_results_`, changed in place.
    evaluated : sequence of CandidateResult
        In the order of the table.
    posterior : (mean, std) or None
        Of the noise-free score at each candidate, each of shape (n_candidates,), in units of the score. None:
        there is no one score.
    objective : str or None
        The metric searched for; None if there is only one.
    """
    column = f"test_{objective}" if f"mean_test_{objective}" in results else "test_score"
    mean = results[f"mean_{column}"]
    results[f"mean_{column}"] = np.where(np.isfinite(mean), mean, np.nan)
    results[f"rank_{column}"] = rank_scores(results[f"mean_{column}"])
    _add_status(results, evaluated, objective)
    if posterior is not None:
        results["posterior_mean_test_score"], results["posterior_std_test_score"] = posterior


def add_status_columns(
    results: dict[str, Any], evaluated: Sequence[CandidateResult], metric: str | None
) -> None:
    """Add `status` and `n_splits_evaluated`, for a search without a model.

    Parameters
    ----------
    results : dict
        `cv_results_`, changed in place.
    evaluated : sequence of CandidateResult
        In the order of the table.
    metric : str or None
        The metric that decides; None if there is only one, or none is named.
    """
    _add_status(results, evaluated, metric)


def _add_status(
    results: dict[str, Any], evaluated: Sequence[CandidateResult], metric: str | None
) -> None:
    statuses = [trial_of(k, result, metric).status for k, result in enumerate(evaluated)]
    results["status"] = np.array(statuses, dtype=object)
    n_run = [len(result.folds_run) for result in evaluated]
    results["n_splits_evaluated"] = np.array(n_run, dtype=np.int32)
