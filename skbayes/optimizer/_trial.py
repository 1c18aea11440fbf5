"""What flows through the loop: a trial is one evaluated point, a history all of them in order.

Both are frozen; appending to a history gives a new one. Scores are better when higher.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._frames import history_frame
from ._objectives import TIMES
from ._run import Run

__all__ = ["STATUSES", "History", "Trial"]

STATUSES = ("complete", "failed", "pruned", "timeout", "memory")


@dataclass(frozen=True)
class Trial:
    """One evaluated point of the design space.

    Parameters
    ----------
    number : int
        Position in its history, from 0.
    params : dict
        Parameter names and the values that were tried (only the active ones).
    score : float
        Higher is better; nan when there is none, as for a failed or pruned trial.
    status : str, default="complete"
        One of ``"complete"``, ``"failed"``, ``"pruned"``, ``"timeout"``, ``"memory"``.
    noise_variance : float or None, default=None
        Known variance of `score`, in its squared unit; None when unknown.
    fold_scores : tuple of float or None, default=None
        The scores that `score` is the mean of, one per fold; nan for a fold not run.
    fit_time : float or None, default=None
        Seconds that the evaluation took.
    metrics : dict or None, default=None
        What else was measured, by name and each in its own sign: scores by other metrics, seconds.
    runs : tuple of Run or None, default=None
        When and where each fold was run, one for each that was, in the order of the folds; None if it is not known.
        Two trials that differ in this alone are equal.

    Examples
    --------
    >>> from skbayes.optimizer import Trial
    >>> Trial(0, {"C": 1.0}, score=0.93).is_complete
    True
    """

    number: int
    params: dict[str, Any]
    score: float
    status: str = "complete"
    noise_variance: float | None = None
    fold_scores: tuple[float, ...] | None = None
    fit_time: float | None = None
    metrics: dict[str, float] | None = None
    runs: tuple[Run, ...] | None = field(default=None, compare=False, repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether the trial ended regularly, with a finite score."""
        return self.status == "complete" and isfinite(self.score)

    @property
    def is_failed(self) -> bool:
        """Whether there is no score for a reason of the point's own; a pruned trial merely lost."""
        return self.status != "pruned" and not isfinite(self.score)

    @property
    def is_partial(self) -> bool:
        """Whether it was given up after some of its folds, whose scores are known."""
        return self.status == "pruned" and any(map(isfinite, self.fold_scores or ()))

    @property
    def outcome(self) -> str:
        """What became of it: its `status`, or ``"failed"`` if it ended regularly and no finite score came of it.

        One that was measured by several metrics, none of which is the score, is ``"complete"``.

        Examples
        --------
        >>> from skbayes.optimizer import Trial
        >>> [Trial(0, {}, score).outcome for score in (0.93, float("nan"))]
        ['complete', 'failed']
        """
        if self.status != "complete" or isfinite(self.score):
            return self.status
        measured = (value for name, value in (self.metrics or {}).items() if name not in TIMES)
        return "complete" if any(map(isfinite, measured)) else "failed"

    def as_pruned(self) -> "Trial":
        """Return the trial without its scores, for these are of less than the objective, as on a lower rung.

        Returns
        -------
        trial : Trial
            Without score, scores of folds and other metrics; ``"pruned"`` unless it failed or met a limit.

        Examples
        --------
        >>> from skbayes.optimizer import Trial
        >>> below = Trial(0, {"C": 1.0}, 0.93).as_pruned()
        >>> below.score, below.status
        (nan, 'pruned')
        """
        status = "pruned" if self.outcome == "complete" else self.outcome
        return replace(self, score=nan, status=status, fold_scores=None, metrics=None)


@dataclass(frozen=True)
class History:
    """All trials so far, in the order in which they were told.

    Parameters
    ----------
    trials : tuple of Trial, default=()
        The trials.
    origin : str or None, default=None
        Stands for the objective: histories of one origin have scores that can be compared. None
        when unknown.

    Examples
    --------
    >>> from skbayes.optimizer import History, Trial
    >>> history = History().append(Trial(0, {"C": 1.0}, 0.91)).append(Trial(1, {"C": 2.0}, 0.93))
    >>> len(history), history.incumbent.params
    (2, {'C': 2.0})
    """

    trials: tuple[Trial, ...] = ()
    origin: str | None = None

    def append(self, trial: Trial) -> "History":
        """Return a history with one more trial; this one stays as it is.

        Parameters
        ----------
        trial : Trial
            The newest trial.

        Returns
        -------
        history : History
            The longer history.
        """
        return History((*self.trials, trial), self.origin)

    def __len__(self) -> int:
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    @property
    def incumbent(self) -> Trial | None:
        """The complete trial with the best score, the first of equals; None without one."""
        complete = [trial for trial in self.trials if trial.is_complete]
        return max(complete, key=lambda trial: trial.score, default=None)

    @property
    def scores(self) -> NDArray[np.float64]:
        """Scores of all trials, an array of shape (n_trials,); nan where there is none."""
        return np.array([trial.score for trial in self.trials], dtype=float)

    def to_frame(self) -> Any:
        """Return a row for each trial, in the order in which they were told.

        Returns
        -------
        frame : pandas.DataFrame
            Columns `number`; ``param_<name>`` for each parameter, with a missing value where it is inactive; `score`
            and `status`; ``split<k>_score`` for each fold; `noise_variance` and `fit_time`, nan where unknown;
            ``metric_<name>`` for each further metric.

        Raises
        ------
        ImportError
            Without pandas.
        """
        return history_frame(self.trials)
