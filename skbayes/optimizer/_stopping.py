"""Stopping rules: when a search should end before its budget.

A rule looks at the progress of a search and gives the reason to end it, or None. It neither draws
random numbers nor changes what it looks at: a rule that has not spoken leaves the search as it is.
"""

import numbers
from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar, Protocol

import numpy as np
from sklearn.base import BaseEstimator

from .._sklearn import Documented
from ._checks import check_count
from ._trial import History

__all__ = ["KnowsRegret", "NoImprovement", "Progress", "StoppingRule", "TargetScore"]


class KnowsRegret(Protocol):
    """What can bound the score that is still to be gained, such as the `Optimizer`."""

    def regret_bound(self, kappa: float) -> float:
        """Return the bound, in the unit of the score; infinite while nothing is known."""


@dataclass(frozen=True)
class Progress:
    """What a stopping rule sees of a search.

    Parameters
    ----------
    history : History
        The trials so far.
    optimizer : Optimizer or None, default=None
        What proposes the trials by a model; None when nothing does.
    test_train_ratio : float or None, default=None
        Number of test samples over that of training samples in a fold; positive. None: that of K
        folds, 1 / (K - 1).

    Examples
    --------
    >>> from skbayes.optimizer import History, Progress, TargetScore, Trial
    >>> progress = Progress(History((Trial(0, {"C": 1.0}, score=0.97),)))
    >>> TargetScore(0.95).reason(progress)
    'the score 0.97 has reached the target 0.95'
    """

    history: History
    optimizer: KnowsRegret | None = None
    test_train_ratio: float | None = None


class StoppingRule(Documented, BaseEstimator, ABC):
    """Base of the stopping rules, for rules of your own.

    A subclass stores its parameters in ``__init__``, names itself in the class attribute ``name``,
    which is what `stopped_by_` says, and defines `reason`.

    See Also
    --------
    NoImprovement : A plain rule.
    RegretBound : A rule that asks the model.

    Examples
    --------
    >>> from skbayes.optimizer import StoppingRule
    >>> class ThreeFailures(StoppingRule):
    ...     name = "three_failures"
    ...
    ...     def reason(self, progress):
    ...         n_failed = sum(trial.status == "failed" for trial in progress.history)
    ...         return "three trials have failed" if n_failed >= 3 else None
    """

    name: ClassVar[str]
    needs_model: ClassVar[bool] = False
    # With several spaces of their own budgets: whether the whole search ends, or one space's turn.
    ends_all_spaces: ClassVar[bool] = False

    @property
    def needs_folds(self) -> bool:
        """Whether the rule needs the fold scores of a cross-validation."""
        return False

    @abstractmethod
    def reason(self, progress: Progress) -> str | None:
        """Say why the search should end here.

        Parameters
        ----------
        progress : Progress
            The search so far.

        Returns
        -------
        reason : str or None
            Half a sentence for the user; None to go on.
        """

    def check(self) -> None:
        """Refuse wrong parameters; called before the search."""

    def negated(self) -> "StoppingRule":
        """Return the rule for scores of the opposite sign, for `minimize`.

        Returns
        -------
        rule : StoppingRule
            The rule itself if it looks at differences of scores only.
        """
        return self


class NoImprovement(StoppingRule):
    """End the search when the best score has not improved for a number of trials.

    Parameters
    ----------
    n_trials : int, default=20
        How many trials must pass without an improvement; at least 1. Failed ones count.
    min_gain : float, default=0.0
        What they must have gained together to count as an improvement is more than this; in the
        unit of the score, non-negative.

    See Also
    --------
    RegretBound : Asks the model what is left to gain, instead of waiting.

    Notes
    -----
    With best(i) the best score of the first i of n trials: ends if
    best(n) - best(n - n_trials) <= min_gain. Before the first score there is nothing to improve
    on, and the search goes on. The default is more than the largest default of an initial design,
    12 trials that improve by luck alone.

    Examples
    --------
    >>> from skbayes.optimizer import History, NoImprovement, Progress, Trial
    >>> scores = [0.90, 0.95, 0.93, 0.94]
    >>> history = History(tuple(Trial(i, {"i": i}, score) for i, score in enumerate(scores)))
    >>> NoImprovement(n_trials=2).reason(Progress(history))
    'the last 2 trials have not improved the score 0.95'
    >>> NoImprovement(n_trials=3).reason(Progress(history)) is None
    True
    """

    name = "no_improvement"

    def __init__(self, n_trials: int = 20, min_gain: float = 0.0) -> None:
        self.n_trials = n_trials
        self.min_gain = min_gain

    def check(self) -> None:
        """Refuse wrong parameters.

        Raises
        ------
        ValueError
            If `n_trials` is not a positive integer, or `min_gain` no finite number >= 0.
        """
        check_count(self.n_trials, "NoImprovement needs n_trials, which", 1)
        check_number(self, "min_gain", 0.0)

    def reason(self, progress: Progress) -> str | None:
        """Say why the search should end here.

        Parameters
        ----------
        progress : Progress
            The search so far.

        Returns
        -------
        reason : str or None
            None to go on.
        """
        scores = [t.score if t.is_complete else -np.inf for t in progress.history]
        before = max(scores[: -self.n_trials], default=-np.inf)
        if before == -np.inf or max(scores[-self.n_trials :]) - before > self.min_gain:
            return None
        by = f" by more than {self.min_gain:.6g}" if self.min_gain else ""
        return f"the last {self.n_trials} trials have not improved the score {before:.6g}{by}"


class TargetScore(StoppingRule):
    """End the search when a score is good enough.

    Parameters
    ----------
    target : float, default=None
        The score to reach; must be given. `minimize` reads it as a value of the function and ends
        at this value or below.

    See Also
    --------
    NoImprovement : For when you do not know what can be reached.

    Notes
    -----
    Ends if the best score of a complete trial is at least `target`; with several spaces the whole
    search.

    Examples
    --------
    >>> from skbayes.optimizer import TargetScore, minimize
    >>> result = minimize(
    ...     lambda p: (p["x"] - 1.0) ** 2,
    ...     {"x": (-5.0, 5.0)},
    ...     stopping=TargetScore(0.1),
    ...     random_state=0,
    ... )
    >>> result.fun <= 0.1, result.nfev < 50
    (True, True)
    """

    name = "target_score"
    ends_all_spaces = True

    def __init__(self, target: float | None = None) -> None:
        self.target = target

    def check(self) -> None:
        """Refuse wrong parameters.

        Raises
        ------
        ValueError
            If `target` is not a finite number.
        """
        if self.target is None:
            raise ValueError(
                "The stopping rule 'target_score' needs a target; got None. "
                "Give an object, for example stopping=TargetScore(0.95)."
            )
        check_number(self, "target")

    def negated(self) -> "TargetScore":
        """Return the rule for scores of the opposite sign.

        Returns
        -------
        rule : TargetScore
            With the target negated.
        """
        return TargetScore(None if self.target is None else -self.target)

    def reason(self, progress: Progress) -> str | None:
        """Say why the search should end here.

        Parameters
        ----------
        progress : Progress
            The search so far.

        Returns
        -------
        reason : str or None
            None to go on.
        """
        best = progress.history.incumbent
        if best is None or self.target is None or best.score < self.target:
            return None
        return f"the score {best.score:.6g} has reached the target {self.target:.6g}"


def check_number(rule: Any, name: str, least: float | None = None) -> None:
    """Refuse a parameter of a rule that is not a finite number of at least `least`."""
    value = getattr(rule, name)
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    if not is_number or not isfinite(value) or (least is not None and value < least):
        kind = "a finite number" + ("" if least is None else f" of at least {least:g}")
        raise ValueError(f"{type(rule).__name__} needs {name}, {kind}; got {value!r}.")
