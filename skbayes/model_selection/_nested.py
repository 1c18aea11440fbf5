"""Nested cross-validation: a whole search on each outer fold, scored on data that had no part in it.

What is measured is the procedure: data in, refitted model out. The best inner scores were chosen for being
high, the outer ones were not; the difference is the measured optimism.

Notation: K outer folds; r test samples over training samples in one of them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.model_selection import cross_validate
from sklearn.utils.metadata_routing import get_routing_for_object

from .._sklearn import (
    accepts_sample_weight,
    get_scorers,
    metadata_rows,
    named_scorers,
    routing_enabled,
    safe_split,
)
from ._candidate_scores import metric_of, metric_of_refit
from ._optimism import Optimism
from ._results import deciding_column

__all__ = ["NestedScore", "nested_score"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class NestedScore:
    """Scores of a search on data that it did not see.

    Parameters
    ----------
    scores : ndarray of shape (K,)
        Of the refitted best candidate of each outer fold on the test part of it; nan where the search failed.
    best_scores : ndarray of shape (K,)
        What each search says itself: the cross-validated score of the candidate that it chose.
    best_params : tuple of dict
        What each of them chose; None where the search failed.
    test_train_ratio : float
        Mean ratio of test to training samples of the outer folds.
    searches : tuple
        The fitted searches.

    Attributes
    ----------
    mean : float
        Mean of the scores.
    std : float
        Their standard deviation from fold to fold, with K - 1 in the denominator.
    optimism : Optimism
        By how much the best inner scores overstate, with a 90 % interval.

    See Also
    --------
    nested_score : Makes it.

    Notes
    -----
    Outer folds that failed do not count. Of d_k = best_scores_k − scores_k, as of the scores themselves,
    the standard error is sqrt((1/K + r) s²), the second term for the training sets that the folds share [1]_, and
    the quantile is Student's with K − 1 degrees of freedom.

    References
    ----------
    .. [1] Nadeau, Bengio (2003). Inference for the generalization error. Machine Learning 52, 239-281. DOI
       10.1023/A:1024068626366

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.model_selection import NestedScore
    >>> nested = NestedScore(np.array([0.9, 0.8]), np.array([0.9, 0.9]), ({}, {}), 1.0)
    >>> round(nested.mean, 3), round(float(nested.optimism), 3)
    (0.85, 0.05)
    """

    scores: Floats
    best_scores: Floats
    best_params: tuple[dict[str, Any] | None, ...]
    test_train_ratio: float
    searches: tuple[Any, ...] = field(default=())

    @property
    def mean(self) -> float:
        """Mean of the scores."""
        return float(np.nanmean(self.scores))

    @property
    def std(self) -> float:
        """Standard deviation of the scores from fold to fold."""
        return float(np.nanstd(self.scores, ddof=1))

    @property
    def optimism(self) -> Optimism:
        """By how much the best inner scores overstate."""
        differences = self.best_scores - self.scores
        lower, upper = _interval(differences, self.test_train_ratio, 0.9)
        return Optimism(float(np.nanmean(differences)), lower, upper, 0.9)

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Return an interval for the score of the search on data of this size.

        Parameters
        ----------
        level : float, default=0.9
            Probability that it aims at, between 0 and 1.

        Returns
        -------
        lower, upper : float
            Its ends.

        Raises
        ------
        ValueError
            If the level is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise ValueError(
                f"An interval needs 0 < level < 1; got {level!r}. Give for example 0.9."
            )
        return _interval(self.scores, self.test_train_ratio, level)

    def __repr__(self) -> str:
        lower, upper = self.interval()
        return (
            f"NestedScore(mean={self.mean:.4g}, 90 % interval {lower:.4g} to {upper:.4g}, "
            f"{int(np.isfinite(self.scores).sum())} outer folds, optimism={self.optimism})"
        )


def _interval(values: Floats, ratio: float, level: float) -> tuple[float, float]:
    """Interval for the mean of values of folds that share training data."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return -np.inf, np.inf
    error = np.sqrt((1.0 / len(values) + ratio) * values.var(ddof=1))
    half = student.ppf(0.5 + level / 2.0, len(values) - 1) * error
    return float(values.mean() - half), float(values.mean() + half)


def nested_score(
    search: Any,
    X: Any,
    y: Any = None,
    outer_cv: Any = 5,
    *,
    metric: str | None = None,
    n_jobs: int | None = None,
    params: Mapping[str, Any] | None = None,
    verbose: int = 0,
    error_score: Any = np.nan,
) -> NestedScore:
    """Score a search by nested cross-validation, and measure how much its best score overstates.

    Parameters
    ----------
    search : search estimator
        Of skbayes or scikit-learn, with `refit`; it is cloned for each outer fold and itself left as it is.
    X : array-like of shape (n_samples, n_features)
        Data.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Target.
    outer_cv : int, splitter or iterable, default=5
        The outer folds, as scikit-learn's `cv`.
    metric : str, default=None
        The metric to report, where the search has several; None: the one that `refit` names.
    n_jobs : int, default=None
        Searches side by side, through joblib's active back-end; -1 for all cores.
    params : dict, default=None
        Metadata such as `sample_weight` and `groups`. With scikit-learn's routing on they go where they are
        requested. With it off `groups` go to both splitters, and everything to `search.fit`; outer scores are weighted
        by `sample_weight` if the metric can be.
    verbose : int, default=0
        As in scikit-learn's `cross_validate`.
    error_score : 'raise' or float, default=np.nan
        Score of an outer fold on which the search fails.

    Returns
    -------
    nested : NestedScore
        Scores, parameters, and the measured optimism.

    Raises
    ------
    ValueError
        If the search does not refit, has several metrics and none is named, writes its journal to a single file, or
        fails on all outer folds.

    See Also
    --------
    estimate_optimism : Estimates the optimism from one search.

    Notes
    -----
    The searches take K times as long as one. A journal must be a directory: each outer fold has a file of its own
    there, and an interrupted run goes on where it ended.

    References
    ----------
    .. [1] Varma, Simon (2006). Bias in error estimation when using cross-validation for model selection. BMC
       Bioinformatics 7, 91. DOI 10.1186/1471-2105-7-91

    Examples
    --------
    >>> from skbayes import RandomizedSearchCV
    >>> from skbayes.model_selection import nested_score
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> space = {"C": [0.01, 0.1, 1, 10, 100], "gamma": [0.01, 0.1, 1, 10]}
    >>> search = RandomizedSearchCV(SVC(), space, n_iter=8, cv=3, random_state=0)
    >>> nested = nested_score(search, *load_iris(return_X_y=True), outer_cv=4)
    >>> 0.9 < nested.mean < 1.0
    True
    """
    _check(search)
    metric = _reported_metric(search, metric)
    params = dict(params or {})
    if routing_enabled():
        scoring: Any = None if metric is None else named_scorers(get_scorers(search)[0])[metric]
        groups = None
    else:
        scoring, groups = partial(_outer_score, metric=metric), params.get("groups")
    table = cross_validate(
        search,
        X,
        y,
        cv=outer_cv,
        groups=groups,
        scoring=scoring,
        n_jobs=n_jobs,
        params=params,
        verbose=verbose,
        error_score=error_score,
        return_estimator=True,
        return_indices=True,
    )
    folds = list(zip(table["indices"]["train"], table["indices"]["test"], strict=True))
    scores = np.array(table["test_score"], dtype=float)
    best_scores, chosen = np.full(len(folds), np.nan), [None] * len(folds)
    for k, (fold, fitted) in enumerate(zip(folds, table["estimator"], strict=True)):
        if not hasattr(
            fitted, "best_index_"
        ):  # what error_score stands for is no score of a search
            scores[k] = np.nan
            continue
        if params.get("sample_weight") is not None:
            scores[k] = _weighted_score(fitted, X, y, fold, params, metric, scores[k])
        best_scores[k], chosen[k] = _best_score(fitted, metric), fitted.best_params_
    ratio = float(np.mean([len(test) / len(train) for train, test in folds]))
    return NestedScore(scores, best_scores, tuple(chosen), ratio, tuple(table["estimator"]))


def _check(search: Any) -> None:
    """Refuse what cannot be nested, before any fit."""
    name = type(search).__name__
    if not hasattr(search, "refit") or not hasattr(search, "fit"):
        raise TypeError(
            f"nested_score needs a search estimator such as BayesSearchCV or GridSearchCV; got {name}. For an "
            "estimator without a search use sklearn.model_selection.cross_validate."
        )
    if search.refit is False:
        raise ValueError(
            f"nested_score scores the refitted best estimator, and {name} has refit=False. Set refit=True, or to the "
            "name of a metric."
        )
    journal = getattr(search, "journal", None)
    if journal is None:
        return
    path = os.fspath(journal)
    if not os.path.isdir(path) and not path.endswith(os.sep):
        raise ValueError(
            f"nested_score makes a search on each outer fold, and journal={path!r} is a file, which holds one. Give a "
            f"directory: {path + os.sep!r}."
        )


def _reported_metric(search: Any, metric: str | None) -> str | None:
    """Return the metric to report, or None for the only one; a rule of choice may name it."""
    metric = metric_of_refit(search.refit) if metric is None else metric
    scorers = named_scorers(get_scorers(search)[0])
    if not isinstance(scorers, dict):
        # One metric, whatever it was called; or a callable whose names are known only after a fit.
        return metric if callable(search.scoring) else None
    if metric not in scorers:
        raise ValueError(
            f"nested_score reports one metric, and {type(search).__name__} has {sorted(scorers)}; got metric="
            f"{metric!r}. Name one of them in metric= or refit=."
        )
    return metric


def _outer_score(
    search: Any, X: Any, y: Any = None, metric: str | None = None, **weights: Any
) -> float:
    """Score the best estimator of a search by the search's own scorer."""
    scorer = search.scorer_
    if isinstance(scorer, dict):
        scorer = scorer[metric]
    if not accepts_sample_weight(scorer):
        weights = {}
    target = () if y is None else (y,)
    score = scorer(search.best_estimator_, X, *target, **weights)
    return float(score[metric] if isinstance(score, dict) else score)


def _weighted_score(
    search: Any,
    X: Any,
    y: Any,
    rows: tuple[Any, Any],
    params: Mapping[str, Any],
    metric: str | None,
    known: float,
) -> float:
    """The score with `sample_weight`; the one that is known where `cross_validate` hands it to the scorer.

    It does not without routing; and with it scikit-learn 1.6 has nothing reach the scorer of a search.
    """
    train, test = rows
    X_test, y_test = safe_split(search, X, y, test, train)
    weight = metadata_rows(X, {"sample_weight": params["sample_weight"]}, test)
    if not routing_enabled():
        return _outer_score(search, X_test, y_test, metric, **weight)
    if metric is not None or not get_routing_for_object(search).consumes("score", list(weight)):
        return known
    return float(search.score(X_test, y_test, **weight))


def _best_score(search: Any, metric: str | None) -> float:
    """What a search says of its best candidate, also where a callable chose it, and by another metric."""
    if hasattr(search, "best_score_") and metric in (None, search.refit):
        return float(search.best_score_)
    name = metric_of(search.cv_results_, metric, "nested_score")
    return float(search.cv_results_[deciding_column(search.cv_results_, name)][search.best_index_])
