"""One evaluation of a trial on one fold: when it ran, where, and how it ended."""

import sys
from dataclasses import dataclass

__all__ = ["Run"]


@dataclass(frozen=True, slots=True)
class Run:
    """One fold of one trial, as a worker ran it.

    Parameters
    ----------
    fold : int
        Position of the fold, from 0.
    started : float
        When it began, in seconds since the epoch by the clock of the worker; nan if that is not known, as of a
        worker that died.
    fit_time : float
        Seconds that the fit took.
    score_time : float
        Seconds that the score of the test part took.
    worker : str
        Host, process and thread, as ``"host:123:456"``; empty if not known.
    status : str, default="complete"
        How it ended: ``"complete"``, ``"failed"``, ``"timeout"`` or ``"memory"``.

    Notes
    -----
    Workers on several machines have several clocks, and `started` is right as far as these agree.

    Examples
    --------
    >>> from skbayes.optimizer import Run
    >>> run = Run(fold=0, started=100.0, fit_time=1.5, score_time=0.5, worker="host:7:1")
    >>> run.ended
    102.0
    """

    fold: int
    started: float
    fit_time: float
    score_time: float
    worker: str
    status: str = "complete"

    def __post_init__(self) -> None:
        # Thousands of runs name a few workers: one text for all of them.
        object.__setattr__(self, "worker", sys.intern(self.worker))

    @property
    def ended(self) -> float:
        """When the score was known, in seconds since the epoch.

        Where the training part was scored too, that took longer; the seconds of it are not measured.
        """
        return self.started + self.fit_time + self.score_time
