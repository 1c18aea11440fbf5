"""`cv_results_` and the choice of the best candidate, with scikit-learn's columns, types and rules."""

import numbers
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import FitFailedWarning

from .._sklearn import masked_parameter_columns
from ..evaluation import CandidateResult

__all__ = [
    "check_failures",
    "cv_results_table",
    "deciding_column",
    "rank_scores",
    "ranked_rows",
    "select_best",
    "test_score_names",
]


def test_score_names(evaluated: Sequence[CandidateResult]) -> list[str] | None:
    """Return the names of the metrics, or None when there is a single one without a name."""
    for result in evaluated:
        for fold in result.folds_run:
            if isinstance(fold.test_scores, dict):
                return list(fold.test_scores)
    return None


def check_failures(evaluated: Sequence[CandidateResult], error_score: Any) -> None:
    """Warn about fits that failed; raise only when every fit of the whole search did.

    Parameters
    ----------
    evaluated : sequence of CandidateResult
        The whole search.
    error_score : float or "raise"
        What failed fits counted as.

    Raises
    ------
    ValueError
        If no fit succeeded.
    """
    errors = [fold.fit_error for result in evaluated for fold in result.folds_run if fold.fit_error]
    if not errors:
        return
    n_fits = sum(len(result.folds_run) for result in evaluated)
    details = "\n".join(
        f"{'-' * 80}\n{count} fits failed with the following error:\n{error}"
        for error, count in Counter(errors).items()
    )
    if len(errors) == n_fits:
        raise ValueError(
            f"All the {n_fits} fits failed: it is likely that your model is misconfigured. "
            f"error_score='raise' shows the first error at once.\n{details}"
        )
    warnings.warn(
        # The first two sentences are scikit-learn's words: users filter warnings by them.
        f"{len(errors)} fits failed out of a total of {n_fits}. The score on these train-test "
        f"partitions for these parameters will be set to {error_score}. If that was not expected, "
        f"error_score='raise' shows the first error at once.\n{details}",
        FitFailedWarning,
        stacklevel=2,
    )


def cv_results_table(
    evaluated: Sequence[CandidateResult], return_train_score: bool
) -> dict[str, Any]:
    """Build scikit-learn's `cv_results_` of a search.

    Parameters
    ----------
    evaluated : sequence of CandidateResult
        At least one candidate, each with the same number of folds.
    return_train_score : bool
        Add the columns of the training scores.

    Returns
    -------
    results : dict of str to array
        Column by column, one entry per candidate.
    """
    params = [result.params for result in evaluated]
    results: dict[str, Any] = {}
    for name in ("fit_time", "score_time"):
        times = [[getattr(fold, name) for fold in result.folds_run] for result in evaluated]
        results[f"mean_{name}"] = np.array([np.mean(row) for row in times])
        results[f"std_{name}"] = np.array([np.std(row) for row in times])
    results.update(masked_parameter_columns(params))
    results["params"] = params
    metrics = test_score_names(evaluated) or ["score"]
    for metric in metrics:
        test = _scores(evaluated, "test_scores", metric)
        is_whole = np.array([len(r.folds_run) == len(r.folds) for r in evaluated])
        results.update(_score_columns(f"test_{metric}", test, is_whole))
        results[f"rank_test_{metric}"] = rank_scores(results[f"mean_test_{metric}"])
        if return_train_score:
            train = _scores(evaluated, "train_scores", metric)
            results.update(_score_columns(f"train_{metric}", train, is_whole))
    return results


def _scores(evaluated: Sequence[CandidateResult], kind: str, metric: str) -> np.ndarray:
    # (n_candidates, n_splits); a fold that failed before its metrics had names holds one number
    # and nan stands for a fold that was not run
    rows = [
        [np.nan if fold is None else getattr(fold, kind) for fold in result.folds]
        for result in evaluated
    ]
    return np.array(
        [[cell[metric] if isinstance(cell, dict) else cell for cell in row] for row in rows],
        dtype=np.float64,
    )


# Behind scikit-learn's words, which leave open that such a search has chosen nothing.
_NO_SCORE = (
    ". No candidate has a score, so the best is merely the first of them. error_score='raise' shows the first error, "
    "for example of a scoring that is for two classes only."
)


def _score_columns(name: str, scores: np.ndarray, is_whole: np.ndarray) -> dict[str, np.ndarray]:
    columns = {f"split{k}_{name}": scores[:, k] for k in range(scores.shape[1])}
    columns.update(_mean_and_std(name, scores))
    means = columns[f"mean_{name}"]
    if not np.isfinite(means[is_whole]).all():
        kind = name.split("_")[0]
        is_blind = kind == "test" and not np.isfinite(means).any()
        warnings.warn(
            f"One or more of the {kind} scores are non-finite: {means}"
            + (_NO_SCORE if is_blind else ""),
            UserWarning,
            stacklevel=4,
        )
    return columns


def _mean_and_std(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    with np.errstate(invalid="ignore"):  # inf − inf is nan, and that is what the table shows
        return {f"mean_{name}": values.mean(axis=1), f"std_{name}": values.std(axis=1)}


def rank_scores(means: np.ndarray) -> np.ndarray:
    """Rank with 1 the best; all NaN share the last place, as in scikit-learn."""
    if np.isnan(means).all():
        return np.ones(len(means), dtype=np.int32)
    filled = np.where(np.isnan(means), np.nanmin(means) - 1, means)
    return rankdata(-filled, method="min").astype(np.int32)


def deciding_column(results: Mapping[str, Any], metric: str) -> str:
    """Return the column by which the best candidate is chosen: that of the finals if they gave a score."""
    finals = f"mean_finalist_test_{metric}"
    is_decided = finals in results and np.isfinite(results[finals]).any()
    return finals if is_decided else f"mean_test_{metric}"


def ranked_rows(results: Mapping[str, Any], metric: str) -> list[int]:
    """Return the rows of a table, best first; with equal scores the earlier, and last those without a score.

    Parameters
    ----------
    results : mapping
        `cv_results_`, with or without the columns of finals.
    metric : str
        The metric that decides.
    """
    ranks = rank_scores(results[deciding_column(results, metric)])
    # Who misses a metric constraint comes after all who keep to them, and the later the more is missed.
    missed = results.get("constraint_violation", np.zeros(len(ranks)))
    return np.lexsort((ranks, missed)).tolist()


def select_best(refit: Any, metric: str, results: dict[str, Any]) -> int:
    """Return the index of the best candidate.

    Parameters
    ----------
    refit : bool, str or callable
        A callable chooses from the table itself.
    metric : str
        The metric whose rank decides otherwise.
    results : dict
        `cv_results_`.

    Returns
    -------
    index : int
        Of the columns of `results`.

    Raises
    ------
    TypeError
        If the callable returns no integer.
    IndexError
        If it returns an index out of range.
    """
    if not callable(refit):
        return ranked_rows(results, metric)[0]
    index = refit(results)
    if not isinstance(index, numbers.Integral):
        raise TypeError(
            f"best_index_ returned is not an integer: the callable refit gave {index!r}. "
            "Return the position of the chosen candidate in cv_results_."
        )
    n_candidates = len(results["params"])
    if not 0 <= int(index) < n_candidates:
        raise IndexError(
            f"best_index_ index out of range: the callable refit gave {index} and there are "
            f"{n_candidates} candidates. Return an index from 0 to {n_candidates - 1}."
        )
    return int(index)
