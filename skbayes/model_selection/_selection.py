"""Rules that choose the candidate to refit, for the `refit=` of any search: they read the table of results alone.

The best of many noisy scores is partly the luckiest. One rule takes the scores off that a model of all of them does
not believe; the other takes, of the candidates that the folds cannot tell from the best, the simplest.
"""

import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ..optimizer import Optimizer
from ..space import space_of
from ._candidate_scores import CandidateScores, candidate_scores

__all__ = ["OneStandardError", "best_posterior_mean", "one_standard_error"]

Floats = NDArray[np.float64]
Complexity = str | Callable[[dict[str, Any]], float] | None

_FIT_TIME = "fit_time"
# Differences of sums of a few scores below this share of them are rounding.
_ROUNDING = 1e-12
# A clock says nothing of shorter times.
_SHORTEST = 1e-6
# Of the variance that candidates show about the additive model of candidates and folds, so much is noise to a choice
# between near ones: the rest they share, because they are scored on the same rows. On the tasks of
# benchmarks/choice.py, other seeds than those in the docs, the gain by 0, .1, .3, 1 and 3 was -.011, .005, .015,
# -.051 and -.081 (standard error .02).
_ROUGH_SHARE = 0.3


def best_posterior_mean(results: Mapping[str, Any], metric: str | None = None) -> int:
    """Choose the candidate whose score a model of all scores expects to be the highest.

    For the ``refit=`` of any search of skbayes or scikit-learn. A score that its neighbours do not bear out counts
    for less.

    Parameters
    ----------
    results : dict of arrays
        `cv_results_`.
    metric : str, default=None
        The metric that decides, where there are several: ``refit=partial(best_posterior_mean, metric="roc_auc")``.

    Returns
    -------
    index : int
        Of the candidate, in the order of the table.

    Raises
    ------
    ValueError
        If there are several metrics and none is named, or no candidate has a score on all folds.

    See Also
    --------
    one_standard_error : The simplest of those that are as good.

    Notes
    -----
    A Gaussian process is fitted to the scores over the space that the candidates span
    (:func:`skbayes.space.space_of`). It is told the noise 0.3 s² / K, where s² is the variance of the scores about
    the additive model of candidates and K folds, of the better half of the candidates: most of what the folds say by
    chance they say of near candidates alike, and only the rest is noise to a choice between them. The columns
    ``posterior_mean_test_score`` of a Bayesian search are of a model that learns its noise, and shrink less.

    Of equal expectations the better score decides. Candidates that were given up, or failed, are never chosen; of a
    halving search those with the largest resource compete, after finals the finalists.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skbayes.model_selection import best_posterior_mean
    >>> grid = {"n_neighbors": list(range(1, 30, 2))}
    >>> search = GridSearchCV(KNeighborsClassifier(), grid, refit=best_posterior_mean)
    >>> search.fit(*load_iris(return_X_y=True)).best_params_
    {'n_neighbors': 9}
    >>> int(search.cv_results_["param_n_neighbors"][search.cv_results_["mean_test_score"].argmax()])
    7
    """
    scores = candidate_scores(results, metric, "best_posterior_mean")
    means = _posterior_means(scores)
    rows = np.flatnonzero(scores.can_win)
    return int(rows[np.lexsort((-scores.means[rows], -means[rows]))[0]])


def _posterior_means(scores: CandidateScores) -> Floats:
    """What a model of the scores expects of each candidate, (n,)."""
    if scores.can_win.sum() == 1:
        return scores.means
    rows = np.flatnonzero(scores.is_comparable).tolist()
    means = scores.means.copy()
    try:
        optimizer = Optimizer(space_of([scores.params[i] for i in rows]), random_state=0)
        noise = _rough_noise(scores)
        for i in rows:
            _tell(optimizer, scores, i, noise)
        means[rows] = optimizer.score_posterior([scores.params[i] for i in rows]).mean
    except ValueError as error:  # no space, or no model of these scores
        warnings.warn(
            f"best_posterior_mean has no model of the scores ({error}) and takes the best score instead. "
            "refit=True does the same without this warning.",
            UserWarning,
            stacklevel=2,
        )
    return means


def _rough_noise(scores: CandidateScores) -> float:
    """What two near candidates differ by chance, as a variance of their means."""
    Y = scores.folds[scores.better_half()]
    n, n_folds = Y.shape
    rest = Y - Y.mean(axis=1, keepdims=True) - Y.mean(axis=0) + Y.mean()
    variance = float((rest**2).sum()) / max((n - 1) * (n_folds - 1), 1)
    return _ROUGH_SHARE * variance / n_folds


def _tell(optimizer: Optimizer, scores: CandidateScores, i: int, noise: float) -> None:
    params, folds = scores.params[i], scores.folds[i]
    score, status = float(scores.means[i]), scores.status[i]
    if status == "complete" and np.isfinite(score):
        whole = folds if np.isfinite(folds).all() else None
        optimizer.tell(params, score, fold_scores=whole, noise_variance=noise)
    elif status == "pruned" and np.isfinite(folds).any():
        optimizer.tell(params, fold_scores=folds, status=status, noise_variance=noise)
    else:
        optimizer.tell(params, np.nan, status="failed")


def one_standard_error(
    complexity: Complexity = None, metric: str | None = None, *, paired: bool = True
) -> "OneStandardError":
    """Choose the simplest candidate whose score is within one standard error of the best.

    For the ``refit=`` of any search of skbayes or scikit-learn.

    Parameters
    ----------
    complexity : str or callable, default=None
        What makes a candidate complex. The name of a parameter whose larger values do, with a minus in front
        (``"-alpha"``) that whose smaller values do; or a callable that takes the parameters of a candidate, a dict,
        and returns a number. None, or ``"fit_time"``: the seconds of a fit, as a model of the fit times of all
        candidates predicts them.
    metric : str, default=None
        The metric that decides, where there are several.
    paired : bool, default=True
        Whether the standard error is that of the difference between two candidates, which share their folds; else
        it is that of the best candidate's score.

    Returns
    -------
    rule : callable
        Takes `cv_results_` and returns the index of a candidate.

    Raises
    ------
    ValueError
        When it is called: if there are several metrics and none is named, no candidate has a score on all folds,
        there are fewer than two folds, or no candidate has the parameter.
    TypeError
        When it is called: if the complexity of a candidate is not a number.

    See Also
    --------
    best_posterior_mean : Does not care for complexity.

    Notes
    -----
    With y_ik the score of candidate i on fold k of K and b the best one, d_ik = y_bk − y_ik. The candidates with

        mean_k d_ik <= SE,    SE² = median over good i of s²(d_i) / K,

    are within one standard error; s² has K − 1 in the denominator, and the good ones are the better half. The
    difficulty of a fold is the same for all candidates and cancels in d; the median, because with few folds a
    candidate of which little is known would be let in by an error of its own. ``paired=False`` is the rule of Breiman
    et al. [1]_, SE² = s²(y_b) / K, which lets many more in. Of equally simple candidates the better score
    decides. A candidate without the parameter, in another branch of the space, counts as the most complex.

    References
    ----------
    .. [1] Breiman, Friedman, Olshen, Stone (1984). Classification and Regression Trees. Wadsworth, section 3.4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skbayes.model_selection import one_standard_error
    >>> search = GridSearchCV(
    ...     DecisionTreeClassifier(random_state=0),
    ...     {"max_leaf_nodes": [2, 3, 4, 6, 8, 12]},
    ...     refit=one_standard_error("max_leaf_nodes"),
    ... )
    >>> search.fit(*load_iris(return_X_y=True)).best_params_
    {'max_leaf_nodes': 4}
    """
    return OneStandardError(complexity, metric, paired=paired)


class OneStandardError(BaseEstimator):
    """The rule that `one_standard_error` returns; its parameters are the function's."""

    def __init__(
        self, complexity: Complexity = None, metric: str | None = None, *, paired: bool = True
    ) -> None:
        self.complexity = complexity
        self.metric = metric
        self.paired = paired

    def __call__(self, results: Mapping[str, Any]) -> int:
        scores = candidate_scores(results, self.metric, "one_standard_error")
        error = self._standard_error(scores)
        best = scores.means[scores.best]
        slack = error + _ROUNDING * abs(best)
        rows = np.flatnonzero(scores.can_win & (best - scores.means <= slack))
        complexity = self._complexities(results, scores)[rows]
        return int(rows[np.lexsort((-scores.means[rows], complexity))[0]])

    def _standard_error(self, scores: CandidateScores) -> float:
        own, n_folds = scores.folds[scores.best], scores.folds.shape[1]
        if n_folds < 2:
            raise ValueError(
                f"one_standard_error needs the scores of two folds or more; got {n_folds}. Use refit=True, or a "
                "splitter with more folds."
            )
        if not self.paired:
            return float(own.std(ddof=1) / np.sqrt(n_folds))
        half = scores.better_half()
        others = scores.folds[half[half != scores.best]]
        if not len(others):
            return 0.0
        return float(np.sqrt(np.median((own - others).var(axis=1, ddof=1)) / n_folds))

    def _complexities(self, results: Mapping[str, Any], scores: CandidateScores) -> Floats:
        """What is to be small, (n,)."""
        if self.complexity is None or self.complexity == _FIT_TIME:
            return _fit_times(results, scores)
        if callable(self.complexity):
            return self._numbers([self.complexity(params) for params in scores.params])
        name = self.complexity.removeprefix("-")
        has_it = [name in params for params in scores.params]
        if not any(has_it):
            names = sorted({name for params in scores.params for name in params})
            raise ValueError(
                f"one_standard_error got complexity={self.complexity!r}, and the candidates have the parameters "
                f"{names}. Name one of these, with a minus if larger values are simpler."
            )
        values = self._numbers([params.get(name, np.nan) for params in scores.params])
        return np.where(has_it, -values if name != self.complexity else values, np.inf)

    def _numbers(self, values: list[Any]) -> Floats:
        for value in values:
            if not isinstance(value, Real):
                raise TypeError(
                    "one_standard_error needs a number for the complexity of each candidate; got "
                    f"{value!r} by complexity={self.complexity!r}. Give a callable that takes the parameters and "
                    "returns a number."
                )
        return np.array(values, dtype=float)


def _fit_times(results: Mapping[str, Any], scores: CandidateScores) -> Floats:
    """Seconds of a fit as a model of their logarithms predicts them, (n,): one measured time has much noise."""
    times = np.asarray(results["mean_fit_time"], dtype=float)
    rows = [i for i in np.flatnonzero(scores.is_comparable).tolist() if np.isfinite(times[i])]
    logs = np.log(np.maximum(times, _SHORTEST))
    relative = np.asarray(results["std_fit_time"], dtype=float) / np.maximum(times, _SHORTEST)
    # Of log t by the delta method: the median, because a first fit that loads a library says nothing of the others.
    noise = float(np.nanmedian(relative[rows] ** 2)) / scores.folds.shape[1]
    predicted = np.where(np.isfinite(times), logs, np.inf)
    with suppress(ValueError):  # parameters that span no space
        optimizer = Optimizer(space_of([scores.params[i] for i in rows]), random_state=0)
        for i in rows:
            optimizer.tell(scores.params[i], -float(logs[i]), noise_variance=noise)
        predicted[rows] = -optimizer.score_posterior([scores.params[i] for i in rows]).mean
    return np.asarray(np.exp(predicted))
