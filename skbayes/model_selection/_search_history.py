"""What a finished search tried and how it went, be it ours or scikit-learn's."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._sklearn import BaseSearchCV
from ..optimizer import TIMES, History, Trial, as_objectives

__all__ = ["search_history", "search_metric"]


def search_history(search: Any, *, metric: str | None = None) -> History:
    """Return the history of a finished search, by the metric that it was after or by another.

    Parameters
    ----------
    search : fitted search, or History
        A search of skbayes, or of scikit-learn, whose table of results is read.
    metric : str, default=None
        What the score of a trial is to be: the name of a metric of the search, ``"fit_time"`` or ``"score_time"``
        (seconds), with ``"-"`` before it if smaller is better. None: what the search itself was after.

    Returns
    -------
    history : History
        `history_` where there is one and it has that score. A trial without the metric has no score.

    Raises
    ------
    NotFittedError
        If the search has not been fitted.
    TypeError
        If it is an estimator that is no search.
    ValueError
        If there is no such metric, or there are several and none of them decided.

    See Also
    --------
    optimizer_from : An optimizer that has been told it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skbayes.model_selection import search_history
    >>> search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 5]})
    >>> history = search_history(search.fit(*load_iris(return_X_y=True)))
    >>> [(trial.params["n_neighbors"], round(trial.score, 2)) for trial in history]
    [(1, 0.96), (5, 0.97)]
    """
    decided = search_metric(search)
    history: History | None = (
        search if isinstance(search, History) else getattr(search, "history_", None)
    )
    if history is not None and metric in (None, decided):
        return history
    objective = None if metric is None else as_objectives([metric], log_scale=())[0]
    name = decided if objective is None else objective.name
    if history is None:
        history = _of_table(search.cv_results_, name, type(search).__name__)
    else:
        history = _with_metric(history, name)
    return _negated(history) if objective is not None and objective.is_minimised else history


def search_metric(search: Any) -> str | None:
    """Return the metric that a finished search of several was after, by which its history goes.

    Parameters
    ----------
    search : fitted search, or History
        A search of skbayes, or of scikit-learn.

    Returns
    -------
    metric : str or None
        Its name: `refit`, or the `objective` of a search of ours, or the first of its `objectives` to be high. None
        if there is one metric only, or none of several was named; and of a history, which does not know it.

    Raises
    ------
    NotFittedError
        If the search has not been fitted.
    TypeError
        If it is an estimator that is no search.

    See Also
    --------
    search_history : The trials with their scores by it, or by another.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skbayes import GridSearchCV
    >>> from skbayes.model_selection import search_metric
    >>> search = GridSearchCV(
    ...     KNeighborsClassifier(),
    ...     {"n_neighbors": [1, 5]},
    ...     scoring=["accuracy", "f1_macro"],
    ...     refit="f1_macro",
    ... )
    >>> search_metric(search.fit(*load_iris(return_X_y=True)))
    'f1_macro'
    """
    if not isinstance(search, History):
        _check_is_search(search)
    if not getattr(search, "multimetric_", False):
        return None
    named: str | None = search._objective() if hasattr(search, "_objective") else None
    return search.refit if named is None and isinstance(search.refit, str) else named


def _check_is_search(search: Any) -> None:
    if not isinstance(search, BaseSearchCV) and not hasattr(search, "cv_results_"):
        raise TypeError(
            f"The history of a search needs a search, which has cv_results_; got {type(search).__name__}. Give the "
            "search itself, not its best_estimator_ or another model."
        )
    check_is_fitted(search, "cv_results_")


def _of_table(results: Mapping[str, Any], metric: str | None, name: str) -> History:
    suffix = metric or "score"
    is_time = suffix in TIMES
    if f"mean_test_{suffix}" not in results and not is_time:
        metrics = sorted(key[10:] for key in results if key.startswith("mean_test_"))
        raise ValueError(
            f"{name} has the metrics {metrics}, and a trial has one score; got metric={metric!r}. Name one of them, "
            f"or {' or '.join(TIMES)}."
        )
    scores = np.asarray(results[f"mean_{suffix}" if is_time else f"mean_test_{suffix}"], float)
    splits = [key for key in results if key.startswith("split") and key.endswith(f"_test_{suffix}")]
    splits.sort(key=lambda key: int(key[5:].split("_")[0]))
    folds = np.array([results[key] for key in splits], dtype=float).T if splits else None
    means = {key[10:]: results[key] for key in results if key.startswith("mean_test_")}
    means |= {time: results[f"mean_{time}"] for time in TIMES}
    statuses = results.get("status")
    trials = (
        Trial(
            number=k,
            params=dict(params),
            score=float(scores[k]) if np.isfinite(scores[k]) else float("nan"),
            status=_status(scores[k], None if statuses is None else statuses[k]),
            fold_scores=None if folds is None else tuple(folds[k].tolist()),
            fit_time=float(results["mean_fit_time"][k]),
            metrics={key: float(column[k]) for key, column in means.items()},
        )
        for k, params in enumerate(results["params"])
    )
    return History(tuple(trials))


def _status(score: float, told: Any) -> str:
    if told is not None and (told != "complete" or np.isfinite(score)):
        return str(told)
    return "complete" if np.isfinite(score) else "failed"


def _with_metric(history: History, metric: str | None) -> History:
    values = [
        trial.fit_time if metric == "fit_time" else (trial.metrics or {}).get(str(metric))
        for trial in history
    ]
    if len(history) and all(value is None for value in values):
        known = sorted({name for trial in history for name in trial.metrics or {}} | {"fit_time"})
        raise ValueError(
            f"No trial has the metric {metric!r}; they have {known}. Name one of these."
        )
    trials = (
        # The scores of the folds are of another metric.
        replace(trial, score=value, status=_status(value, trial.status), fold_scores=None)
        for trial, value in zip(history, (_number(each) for each in values), strict=True)
    )
    return History(tuple(trials))


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _negated(history: History) -> History:
    trials = (
        replace(
            trial,
            score=-trial.score,
            fold_scores=None if trial.fold_scores is None else tuple(-s for s in trial.fold_scores),
        )
        for trial in history
    )
    return History(tuple(trials))
