"""How much the score of the best candidate overstates: it was chosen for being high, and luck is part of that.

The score of candidate i on fold k is y_ik, its mean m_i, and e_i the error of that mean. All candidates
share the rows and the folds, so their errors are correlated, and what they have in common has no part in the choice.
How the errors differ is seen on the folds: with D_ik = (y_ik − m_i) − (y_bk − m_b), b the best, the vector
w'D / sqrt(K (K − 1)), w ~ N(0, I), has the covariance of the differences of the means that the folds
show. Drawn again and again about the means, it tells by how much the winner of such a draw is ahead by chance.

Notation: K folds; r test samples over training samples in one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from ._candidate_scores import CandidateScores, candidate_scores

__all__ = ["Optimism", "estimate_optimism"]

Floats = NDArray[np.float64]

_LEVEL = 0.9
# The standard error of the bias that comes of the draws is 2 % of that of a score.
_N_DRAWS = 2000


@dataclass(frozen=True)
class Optimism:
    """How much a cross-validated score overstates the true one, in the unit of the score.

    Parameters
    ----------
    estimate : float
        By how much the score is too high in expectation, as the winner of many.
    lower, upper : float
        Interval for the difference to the true score, which holds the noise of the test data too.
    level : float, default=0.9
        Probability that the interval aims at.

    Examples
    --------
    >>> from skbayes.model_selection import Optimism
    >>> optimism = Optimism(0.012, lower=-0.03, upper=0.054)
    >>> print(optimism)
    0.012 (90 % interval -0.030 to 0.054)
    >>> round(0.95 - float(optimism), 3)  # a score less what it overstates
    0.938
    """

    estimate: float
    lower: float
    upper: float
    level: float = _LEVEL

    def __float__(self) -> float:
        return self.estimate

    def __str__(self) -> str:
        # Two digits of the width say all that there is to know.
        width = self.upper - self.lower
        digits = int(np.clip(1 - np.floor(np.log10(width)), 0, 12)) if width > 0.0 else 3
        numbers = (self.estimate, self.lower, self.upper)
        shown = [f"{round(value, digits) + 0.0:.{digits}f}" for value in numbers]  # no −0.00
        return f"{shown[0]} ({self.level:.0%} interval {shown[1]} to {shown[2]})".replace("%", " %")


def estimate_optimism(
    results: Mapping[str, Any],
    index: int,
    metric: str | None = None,
    *,
    test_train_ratio: float | None = None,
) -> Optimism:
    """Estimate by how much the score of a chosen candidate overstates the true one.

    Parameters
    ----------
    results : dict of arrays
        `cv_results_` of a search of skbayes or scikit-learn.
    index : int
        The candidate, `best_index_`.
    metric : str, default=None
        The metric by which it was chosen, where there are several.
    test_train_ratio : float, default=None
        Test samples over training samples in a fold, positive; None: 1 / (K - 1), that of K folds. For five repeats of
        ten folds it is 1/9.

    Returns
    -------
    optimism : Optimism
        Estimate and 90 % interval, in the unit of the score.

    Raises
    ------
    ValueError
        If there are several metrics and none is named, there are fewer than two folds, the candidate has no score
        on all of them, or the ratio is not positive.
    IndexError
        If there is no such candidate.

    See Also
    --------
    nested_score : Measures it, at the cost of as many searches as there are outer folds.

    Notes
    -----
    With c² = 1/K + r, where the second term is for the training sets that the folds share [1]_, and D_ik what
    candidate i of the better half deviates on fold k beyond the best one,

        estimate = mean over w of E_i at the i with the largest m_i + E_i,    E = c w'D / sqrt(K − 1),    w ~ N(0, I),

    in words: the means are shaken as the folds say that they may shake, and the estimate is by how much the winner
    is ahead of its own mean on average. For a candidate that is g below the best it is less by g, but not below zero.
    The interval is estimate ± t c s with s² the variance of a score over the folds, the mean of those of the better
    half, and t the quantile of Student's distribution with 2 (K − 1) degrees of freedom: the candidates share the
    folds, but together they know s better than one of them does.

    What the estimate does not see: a model that searches climbs the luck of these folds step by step, and it proposes
    no candidate where it was unlucky. Another correction without further fits is that of [2]_.

    References
    ----------
    .. [1] Nadeau, Bengio (2003). Inference for the generalization error. Machine Learning 52, 239-281. DOI
       10.1023/A:1024068626366
    .. [2] Tibshirani, Tibshirani (2009). A bias correction for the minimum error rate in cross-validation. Annals of
       Applied Statistics 3, 822-829. DOI 10.1214/08-AOAS224

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skbayes.model_selection import estimate_optimism
    >>> search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": list(range(1, 20))})
    >>> _ = search.fit(*load_breast_cancer(return_X_y=True))
    >>> print(estimate_optimism(search.cv_results_, search.best_index_))
    0.005 (90 % interval -0.036 to 0.045)
    """
    scores = candidate_scores(results, metric, "estimate_optimism")
    n_candidates, n_folds = scores.folds.shape
    if not -n_candidates <= index < n_candidates:
        raise IndexError(
            f"estimate_optimism got index={index}, and there are {n_candidates} candidates. Give best_index_."
        )
    if n_folds < 2:
        raise ValueError(
            f"estimate_optimism needs the scores of two folds or more; got {n_folds}. Use a splitter with more folds, "
            "or nested_score."
        )
    if not scores.can_win[index]:
        raise ValueError(
            f"estimate_optimism needs a candidate with a score on all folds; index={index} has the status "
            f"{scores.status[index]!r} and the mean score {scores.means[index]}. Give best_index_."
        )
    ratio = 1.0 / (n_folds - 1) if test_train_ratio is None else test_train_ratio
    if not ratio > 0.0:
        raise ValueError(
            f"estimate_optimism needs test_train_ratio > 0; got {test_train_ratio!r}. Give the test samples over the "
            "training samples of a fold, or None."
        )
    c2 = 1.0 / n_folds + ratio
    gap = float(scores.means[scores.best] - scores.means[index])
    estimate = max(_winners_lead(scores, c2) - gap, 0.0)
    rows = scores.better_half()
    variance = float(scores.folds[rows].var(axis=1, ddof=1).mean())
    half = float(student.ppf(0.5 + _LEVEL / 2, 2 * (n_folds - 1)) * np.sqrt(c2 * variance))
    return Optimism(estimate, estimate - half, estimate + half, _LEVEL)


def _winners_lead(scores: CandidateScores, c2: float) -> float:
    """By how much the winner of shaken means is ahead of its own mean, in expectation; c2 by the variance of a fold."""
    rows = scores.better_half()
    Y, means = scores.folds[rows], scores.means[rows]
    D = Y - Y.mean(axis=1, keepdims=True)
    D -= D[0]  # the best is first
    n_folds = D.shape[1]
    w = np.random.default_rng(0).standard_normal((_N_DRAWS // 2, n_folds))
    E = np.sqrt(c2 / (n_folds - 1)) * np.concatenate([w, -w]) @ D.T  # the mean of each column is 0
    winners = np.argmax(means + E, axis=1)
    return max(float(E[np.arange(len(E)), winners].mean()), 0.0)
