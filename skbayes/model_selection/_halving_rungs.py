"""Asynchronous successive halving as pure logic: which candidate is to be evaluated with how much.

Every candidate starts on the lowest rung. Of each rung the best 1/factor go on to the next one, each
as soon as there is room for it: nobody waits until a rung is full, so that no worker ever does.

Notation: n_k candidates ended on rung k, f = factor. There is room for floor(n_k / f) of them on
rung k + 1, and only the best floor(n_k / f) of rung k are let in. Once no other can come to rung k
both are rounded up, so that n candidates end as ceil(n / f) on the next rung, as in scikit-learn.

The published rule has no such room: whoever is among the best floor(n_k / f) at some moment goes on.
With candidates that get better on the way, as those of a model do, nearly each new one is among the
best, and far more than 1/factor go on: of scores that only rise, all. With the room a search costs
what was asked for whatever the order, and the best of a rung still goes on, as soon as there is any.

Reference: Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht, Talwalkar (2020). A system for
massively parallel hyperparameter tuning. Proceedings of MLSys 2, 230-246.
"""

from dataclasses import dataclass, field
from math import ceil, floor, isfinite, nan

__all__ = ["HalvingScheduler", "Job", "Ladder", "plan_ladder"]


@dataclass(frozen=True)
class Ladder:
    """How much each rung gives.

    Parameters
    ----------
    resources : tuple of int
        Of each rung, from the lowest; strictly rising.
    min_resources, max_resources : int
        Of the lowest rung; what no rung exceeds.
    n_required : int
        Rungs after which less than `factor` candidates are left.
    n_possible : int
        Rungs that fit between the two.
    factor : float
        One in so many goes on.
    """

    resources: tuple[int, ...]
    min_resources: int
    max_resources: int
    n_required: int
    n_possible: int
    factor: float

    def n_planned(self, n_candidates: int) -> list[int]:
        """Return how many candidates each rung gets if none fails."""
        planned = [n_candidates]
        for _ in self.resources[1:]:
            planned.append(ceil(planned[-1] / self.factor))
        return planned


def plan_ladder(
    n_candidates: int,
    min_resources: int,
    max_resources: int,
    factor: float,
    *,
    exhausts: bool = False,
    from_top: bool = False,
) -> Ladder:
    """Plan the rungs for a number of candidates.

    Parameters
    ----------
    n_candidates : int
        On the lowest rung, at least 1.
    min_resources, max_resources : int
        Between them lie all rungs; 1 <= min_resources <= max_resources.
    factor : float
        From one rung to the next, above 1.
    exhausts : bool, default=False
        Raise `min_resources` as far as the last rung that is needed allows.
    from_top : bool, default=False
        Count the rungs down from `max_resources`, which the last one then is, and not up.

    Returns
    -------
    ladder : Ladder
        With as many rungs as are required and possible.
    """
    n_required, left = 1, n_candidates
    while (left := int(left // factor)) >= 1:
        n_required += 1
    if exhausts:
        min_resources = max(min_resources, int(max_resources // factor ** (n_required - 1)))
    n_possible = 1
    while min_resources * factor**n_possible <= max_resources:
        n_possible += 1
    powers = range(min(n_required, n_possible))
    resources = [
        int(max_resources / factor**k) if from_top else int(min_resources * factor**k)
        for k in powers
    ]
    # A factor near 1 may give two rungs the same.
    rungs = tuple(sorted(set(resources)))
    return Ladder(rungs, rungs[0], max_resources, n_required, n_possible, factor)


@dataclass(frozen=True, order=True)
class Job:
    """One candidate to be evaluated on one rung.

    Parameters
    ----------
    candidate : int
        Its number, in the order of starting.
    rung : int
        From 0.
    """

    candidate: int
    rung: int


@dataclass
class _Rung:
    """What happened on one rung; scores are nan where there is none."""

    scores: dict[int, float] = field(default_factory=dict)
    promoted: set[int] = field(default_factory=set)

    def ready(self, factor: float, is_final: bool) -> list[int]:
        """Return who can go on, the best first and of equals the one that started first."""
        share = len(self.scores) / factor
        share = ceil(share) if is_final else floor(share)
        scored = [c for c, score in self.scores.items() if isfinite(score)]
        best = sorted(scored, key=lambda c: (-self.scores[c], c))[:share]
        return [c for c in best if c not in self.promoted][: max(share - len(self.promoted), 0)]


class HalvingScheduler:
    """Says what to evaluate next: who goes on to the next rung, or that a new candidate starts.

    Parameters
    ----------
    n_rungs : int
        At least 1.
    n_candidates : int
        How many may start.
    factor : float
        One in so many goes on; above 1.
    """

    def __init__(self, n_rungs: int, n_candidates: int, factor: float) -> None:
        self._rungs = [_Rung() for _ in range(n_rungs)]
        self._factor = factor
        self._n_left = n_candidates
        self._n_started = 0
        self._running: set[Job] = set()

    def next(self, n: int) -> list[Job]:
        """Return up to n jobs: all that can go on, from the highest rung down, then new candidates.

        Parameters
        ----------
        n : int
            How many can run now.

        Returns
        -------
        jobs : list of Job
            Empty when nothing is left to start now. While others run, one of them may change that.
        """
        jobs = self._promotions(n)
        n_new = min(n - len(jobs), self._n_left)
        jobs += [Job(self._n_started + i, 0) for i in range(n_new)]
        self._n_started += n_new
        self._n_left -= n_new
        self._running.update(jobs)
        return jobs

    def record(self, job: Job, score: float | None) -> None:
        """Note how a job ended.

        Parameters
        ----------
        job : Job
            One that `next` gave and that has not ended.
        score : float or None
            Higher is better; None or not finite if it failed: then it never goes on.
        """
        self._running.remove(job)
        self._rungs[job.rung].scores[job.candidate] = nan if score is None else float(score)

    def withdraw(self, job: Job) -> None:
        """Take a new candidate back: there is none, and there will be no other either."""
        self._running.remove(job)
        self._n_left = 0

    @property
    def n_running(self) -> int:
        """How many jobs have not ended."""
        return len(self._running)

    @property
    def n_ended(self) -> list[int]:
        """Number of candidates that ended on each rung."""
        return [len(rung.scores) for rung in self._rungs]

    def _promotions(self, n: int) -> list[Job]:
        running = {job.rung for job in self._running}
        ready: list[list[int]] = []
        is_final = not self._n_left
        for k, rung in enumerate(self._rungs[:-1]):
            is_final = is_final and k not in running
            ready.append(rung.ready(self._factor, is_final))
            is_final = is_final and not ready[-1]
        jobs: list[Job] = []
        for k in reversed(range(len(ready))):
            chosen = ready[k][: n - len(jobs)]
            self._rungs[k].promoted.update(chosen)
            jobs += [Job(candidate, k + 1) for candidate in chosen]
        return jobs
