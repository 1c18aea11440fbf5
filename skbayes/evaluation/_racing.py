"""Racing: whether a candidate, after some of its folds, can still become the best one.

A rule looks at the matrix of fold scores and answers for one candidate. It draws nothing, keeps
nothing, and starts nothing: the same matrix has the same answer.
"""

from abc import ABC, abstractmethod
from math import sqrt
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr
from sklearn.base import BaseEstimator

from .._fold_pattern import FoldPattern, Prediction, best_first, good_ones, row_means
from .._sklearn import Documented

__all__ = ["ForgivingRule", "RacingRule", "WinProbability", "as_racing_rule"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Who leads on some folds does so by luck in part, and the best on few folds are those that are alike on them. So
# twice the probability and the better half: more fits, and far fewer of the best lost.
_LUCK = 2.0
# With one complete candidate nothing tells what chance does to a difference.
_FEWEST_COMPLETE = 2


class RacingRule(Documented, BaseEstimator, ABC):
    """Base of the racing rules, for rules of your own.

    A subclass stores its parameters in ``__init__`` and defines `is_hopeless`. It is asked after
    every fold of every candidate, so it should be quick.

    See Also
    --------
    WinProbability : The rule of ``racing=True``.
    ForgivingRule : A simple one.

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.evaluation import RacingRule
    >>> class FarBehind(RacingRule):
    ...     def is_hopeless(self, scores, candidate):
    ...         best = np.nanmax(scores, axis=0)
    ...         return bool(np.nanmean(best - scores[candidate]) > 0.1)
    >>> FarBehind().is_hopeless(np.array([[0.9, 0.8], [0.7, np.nan]]), 1)
    True
    """

    @abstractmethod
    def is_hopeless(self, scores: Floats, candidate: int) -> bool:
        """Say whether a candidate can no longer win.

        Parameters
        ----------
        scores : ndarray of shape (n, K)
            The fold scores of all candidates so far, higher is better; nan where a fold was not run.
        candidate : int
            The row in question, which has been given a score just now.

        Returns
        -------
        is_hopeless : bool
            True: its other folds need not be run.
        """

    def check(self) -> None:
        """Refuse wrong parameters; called before the search."""

    def second_look(self) -> "RacingRule | None":
        """Return the rule by which those given up are looked at again when there are no more candidates.

        One that is not hopeless by it goes on with its next fold, the most promising first.

        Returns
        -------
        rule : RacingRule or None
            None: what was given up stays so.
        """
        return None


class WinProbability(RacingRule):
    """Give a candidate up when it will hardly become the best one.

    After each fold the candidate's mean over all folds is predicted from the folds that were run,
    with what the good candidates before it show of the folds: which of them are hard, and how far
    scores on some folds stray from the score on all. The probability that it exceeds the leader's
    mean is compared with a threshold.

    Parameters
    ----------
    threshold : float, default=0.7
        Of the probability, on the last fold; in (0, 1). The more folds are left, the less is asked of
        a candidate: after m of K folds `threshold` times the square root of m / K.
    last_threshold : float, default=0.15
        The same for the second look at those given up, when there are no more candidates and the folds
        are known best; in (0, 1), or 0 for no second look.

    See Also
    --------
    ForgivingRule : Looks at the scores of the leader alone.

    Notes
    -----
    The leader is the complete candidate with the best mean. Candidate i scores y_ij = F_i + r_j +
    e_ij on fold j, with r what the best third of the complete candidates have in common and e_ij of
    a covariance that their deviations from it show; F_i then has a t distribution around the
    generalised least squares estimate, whose degrees of freedom are theirs and the candidate's own.
    Its variance is that of the folds not run: for independent deviations s² (1/m - 1/K).

    A candidate that equals a complete one on two folds or more may be the same model by other
    parameters, which cannot win. How likely that is follows from how many complete candidates are
    equal on all folds, and how often two that differ are equal on one.

    As long as no candidate is complete, as in a grid that is run fold by fold, the best one on the
    same folds leads; its other folds are as uncertain as the candidate's, and since it leads by luck
    in part, half the threshold is used. Nothing is given up before
    two candidates are complete, or two folds are, for want of any measure of chance.

    In replays of 200 full searches (ten tasks, 40 candidates, 5 and 10 folds; ``benchmarks/racing.py
    replay``) the defaults took 50 % of the fits and lost 0.006 of what a search gains on its median
    initial candidate; a threshold of 0.3 without a second look took as many and lost 0.013.

    References
    ----------
    .. [1] Maron, Moore (1994). Hoeffding races: accelerating model selection search. NIPS 6, 59-66.
    .. [2] Birattari, Stützle, Paquete, Varrentrapp (2002). A racing algorithm for configuring
       metaheuristics. GECCO, 11-18.
    .. [3] Robinson (1991). That BLUP is a good thing. Statist. Sci. 6, 15-32.
       https://doi.org/10.1214/ss/1177011926

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.evaluation import WinProbability
    >>> nan = np.nan
    >>> scores = np.array(
    ...     [[0.90, 0.95, 0.85], [0.88, 0.94, 0.84], [0.70, nan, nan], [0.90, nan, nan]]
    ... )
    >>> rule = WinProbability()
    >>> rule.is_hopeless(scores, 2), rule.is_hopeless(scores, 3)
    (True, False)
    """

    def __init__(self, threshold: float = 0.7, last_threshold: float = 0.15) -> None:
        self.threshold = threshold
        self.last_threshold = last_threshold

    def check(self) -> None:
        """Refuse wrong parameters.

        Raises
        ------
        ValueError
            If `threshold` is not in (0, 1), or `last_threshold` not in [0, 1).
        """
        given, last = self.threshold, self.last_threshold
        if not (isinstance(given, Real) and 0.0 < given < 1.0):
            raise ValueError(
                f"WinProbability needs threshold, a number between 0 and 1; got {given!r}. "
                "The default is 0.7; 0.3 gives up less."
            )
        if not (isinstance(last, Real) and 0.0 <= last < 1.0):
            raise ValueError(
                f"WinProbability needs last_threshold, a number from 0 to 1; got {last!r}. "
                "The default is 0.15; 0 is no second look."
            )

    def second_look(self) -> "WinProbability | None":
        """Return the rule of the second look.

        Returns
        -------
        rule : WinProbability or None
            With `last_threshold` as its threshold.
        """
        return WinProbability(self.last_threshold, 0.0) if self.last_threshold else None

    def is_hopeless(self, scores: Floats, candidate: int) -> bool:
        """Say whether a candidate will hardly win.

        Parameters
        ----------
        scores : ndarray of shape (n, K)
            The fold scores of all candidates so far, higher is better; nan where a fold was not run.
        candidate : int
            The row in question.

        Returns
        -------
        is_hopeless : bool
            True: its other folds need not be run.
        """
        Y = np.asarray(scores, dtype=float)
        is_run = ~np.isnan(Y[candidate])
        m, K = int(is_run.sum()), Y.shape[1]
        own = Y[candidate, is_run]
        if not 0 < m < K or (own == np.inf).any():
            return False
        means = row_means(Y)
        if (own == -np.inf).any():
            return bool(np.isfinite(means).any())
        if np.isnan(means).all():
            probability = _of_beating_incomplete(Y, candidate, is_run)
        else:
            probability = _of_beating_complete(Y, means, own, is_run)
        return probability < self.threshold * sqrt(m / K)


def _of_beating_complete(Y: Floats, means: Floats, own: Floats, is_run: Bools) -> float:
    """The probability that a candidate's mean will exceed the best of the means."""
    # Several of the same model would make chance look small.
    complete, distinct = best_first(means)
    if len(distinct) < _FEWEST_COMPLETE or (means == np.inf).any():
        return 1.0
    good = Y[good_ones(distinct)]
    prediction, best = _predicted(good, own, is_run)
    probability = _exceeds(prediction, best)
    equal = complete[Y[complete, is_run.argmax()] == own[0]]
    if len(own) > 1 and (Y[equal][:, is_run] == own).all(axis=1).any():
        n_twins = int((Y[complete[1:]] == Y[complete[:-1]]).all(axis=1).sum())
        probability *= 1.0 - _of_being_a_twin(good, n_twins, len(complete), len(own))
    return probability


def _predicted(good: Floats, own: Floats, is_run: Bools) -> tuple[Prediction, float]:
    """Predict the mean of a candidate; the leader's, both in units in which squares are harmless."""
    unit = np.abs(good).max()
    unit = unit if unit > 0.0 else 1.0
    good, own = good / unit, np.clip(own / unit, -1e100, 1e100)
    return FoldPattern(good).predict(own, is_run), float(good[0].mean())


def _exceeds(prediction: Prediction, best: float) -> float:
    """The probability of exceeding the best; 1 if there is no measure of chance."""
    if prediction.variance <= 0.0:
        return 1.0
    return float(stdtr(prediction.n_free, (prediction.mean - best) / sqrt(prediction.variance)))


def _of_being_a_twin(good: Floats, n_twins: int, n: int, m: int) -> float:
    """The probability that a candidate equal to one of n on m folds is so on all of them.

    By Bayes' rule, from the share of twins among the n and from how often a good candidate scores
    the same as the leader on a fold, each with one case of either kind before any is seen.
    """
    equal = good[1:] == good[0]
    by_chance = (equal.sum() + 1.0) / (equal.size + 2.0)
    share = (n_twins + 1.0) / (n + 2.0)
    return float(share / (share + (1.0 - share) * min(1.0, n * by_chance**m)))


def _of_beating_incomplete(Y: Floats, candidate: int, is_run: Bools) -> float:
    """The probability that a candidate will end above the best one on the same folds."""
    m, K = int(is_run.sum()), Y.shape[1]
    rows = Y[:, is_run]
    means = row_means(rows)
    distinct = best_first(means)[1]
    lead = means[candidate] - means[distinct[0]]
    if lead == 0.0 or m < 2 or (means == np.inf).any():
        return 1.0
    good = rows[good_ones(distinct, 0.5, 8)]
    unit = float(np.abs(good).max())
    pattern = FoldPattern(good / unit)
    # The other folds of both are to come.
    variance = 2.0 * pattern.variance * (1.0 / m - 1.0 / K)
    probability = _exceeds(Prediction(lead / unit, variance, pattern.n_free), 0.0)
    return min(1.0, _LUCK * probability)


class ForgivingRule(RacingRule):
    """Give a candidate up when its mean so far is below the leader's worst fold.

    A rule without statistics. As long as no candidate is complete it gives none up.

    See Also
    --------
    WinProbability : Compares on the same folds and saves more.

    Notes
    -----
    The leader is the complete candidate with the best mean. In replays of 200 searches (ten tasks, 40
    candidates, 5 and 10 folds; ``benchmarks/racing.py replay``) it saved 18 % of the fits, and
    ``WinProbability(0.3, 0.0)`` 50 % at the same loss.

    References
    ----------
    .. [1] Bergman, Purucker, Hutter (2024). Don't waste your time: early stopping cross-validation.
       AutoML 2024. https://arxiv.org/abs/2405.03389

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.evaluation import ForgivingRule
    >>> scores = np.array([[0.90, 0.95, 0.85], [0.84, np.nan, np.nan]])
    >>> ForgivingRule().is_hopeless(scores, 1)
    True
    """

    def is_hopeless(self, scores: Floats, candidate: int) -> bool:
        """Say whether a candidate is worse than the leader at its worst.

        Parameters
        ----------
        scores : ndarray of shape (n, K)
            The fold scores of all candidates so far, higher is better; nan where a fold was not run.
        candidate : int
            The row in question.

        Returns
        -------
        is_hopeless : bool
            True: its other folds need not be run.
        """
        Y = np.asarray(scores, dtype=float)
        own = Y[candidate, ~np.isnan(Y[candidate])]
        means = row_means(Y)
        if not 0 < len(own) < Y.shape[1] or np.isnan(means).all():
            return False
        return bool(row_means(own[None])[0] < Y[np.nanargmax(means)].min())


def as_racing_rule(racing: Any) -> RacingRule | None:
    """Return the rule that `racing=` was given, checked before any work.

    Parameters
    ----------
    racing : bool, None or RacingRule
        True: `WinProbability()`. False or None: no racing. Any object with a method
        ``is_hopeless(scores, candidate)`` is a rule.

    Returns
    -------
    rule : RacingRule or None
        None: every candidate is evaluated on all folds.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If the rule has a wrong parameter.

    Examples
    --------
    >>> from skbayes.evaluation import as_racing_rule
    >>> as_racing_rule(True)
    WinProbability()
    """
    if racing is None or racing is False:
        return None
    rule = WinProbability() if racing is True else racing
    if isinstance(rule, type):
        raise TypeError(
            f"racing is the class {rule.__name__}; give an instance, {rule.__name__}()."
        )
    if not callable(getattr(rule, "is_hopeless", None)):
        raise TypeError(
            "racing is neither a boolean nor a rule with a method is_hopeless(scores, candidate); "
            f"got {racing!r}. Give True, or an object such as WinProbability(threshold=0.2)."
        )
    check = getattr(rule, "check", None)
    if check is not None:
        check()
    return rule
