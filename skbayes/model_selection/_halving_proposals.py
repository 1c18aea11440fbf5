"""Candidates of a halving search: the scheduler says who goes on, the optimizer who starts."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from ..evaluation import Candidate
from ..optimizer import History, MultiFidelityOptimizer, Progress, Trial, expected_seconds
from ._halving_run import HalvingRun
from ._halving_rungs import HalvingScheduler, Job
from ._proposals import Params

__all__ = ["HalvingProposals", "RungCandidate"]


@dataclass(frozen=True)
class RungCandidate(Candidate):
    """A candidate on one rung.

    Parameters
    ----------
    job : Job
        Which one of all, on which rung.
    """

    job: Job = field(kw_only=True)


class HalvingProposals:
    """Waves of jobs: promotions first, then new candidates from a model of the score.

    Parameters
    ----------
    optimizer : MultiFidelityOptimizer
        Proposes new candidates.
    scheduler : HalvingScheduler
        Says who goes on.
    run : HalvingRun
        What a rung is.
    n_candidates : int
        How many may start.
    n_points : int
        Jobs per wave.
    """

    has_model = True

    def __init__(
        self,
        optimizer: MultiFidelityOptimizer,
        scheduler: HalvingScheduler,
        run: HalvingRun,
        n_candidates: int,
        n_points: int,
    ) -> None:
        self._optimizer = optimizer
        self._scheduler = scheduler
        self.run = run
        self._n_points = n_points
        self._points: list[Params] = []
        self._adopted: list[Params] = []
        self._seconds: list[dict[int, float]] = []
        self._asked: dict[int, RungCandidate] = {}
        self._is_in_waves = True
        self.told: list[tuple[Job, Trial]] = []
        self.is_exhausted = False
        self.n_candidates = sum(run.ladder.n_planned(n_candidates))
        self.names = frozenset(name for name in optimizer.space.names if name is not None)

    def ask(self, n: int | None) -> list[Candidate]:
        """Return the next wave (None), or up to n jobs for free workers."""
        self._is_in_waves = n is None
        n = self._n_points if n is None else n
        # Of an earlier run's candidates the optimizer knows nothing yet: none of its own beside them.
        jobs = self._scheduler.next(min(n, len(self._adopted)) if self._adopted else n)
        new = [job for job in jobs if job.rung == 0]
        points, self._adopted = self._adopted[: len(new)], self._adopted[len(new) :]
        self._optimizer.add_pending(points)
        if new and not points:
            points = self._optimizer.ask(len(new))
        for job in new[len(points) :]:
            self._scheduler.withdraw(job)
            self.is_exhausted = True
        self._points += points
        self._seconds += [{} for _ in points]
        candidates: list[Candidate] = [
            self._candidate(job) for job in jobs if job.candidate < len(self._points)
        ]
        if jobs and not candidates:  # no point is left, and with that some may go on
            return self.ask(None if self._is_in_waves else n)
        return candidates

    def adopt(self, known: Sequence[Params]) -> None:
        """Start candidates of an earlier run first; who of them goes on is found out anew."""
        space, seen = self._optimizer.space, set()
        for point in map(self.run.point, known):
            key = space.key(space.encode(point)) if space.contains(point) else None
            if key is not None and key not in seen:
                seen.add(key)
                self._adopted.append(point)

    def _candidate(self, job: Job) -> RungCandidate:
        point = self._points[job.candidate]
        run = self.run
        candidate = RungCandidate(run.params(point, job.rung), run.positions(job.rung), job=job)
        self._asked[id(candidate.params)] = candidate
        return candidate

    def tell_again(self, trial: Trial) -> None:
        """Do nothing: a halving search is not raced."""

    def tell(self, trial: Trial, candidate: Candidate) -> None:
        """Record how a job ended, with the scheduler and with the optimizer."""
        assert isinstance(candidate, RungCandidate)  # asked above
        job = candidate.job
        self._asked.pop(id(candidate.params), None)
        self._scheduler.record(job, trial.score if trial.is_complete else None)
        if trial.fit_time is not None:
            self._seconds[job.candidate][job.rung] = trial.fit_time
        self.told.append((job, trial))
        is_last = job.rung == len(self.run.ladder.resources) - 1
        if trial.status == "pruned" and not is_last:
            return  # interrupted: it has neither a score nor failed
        self._optimizer.tell(
            self._points[job.candidate],
            trial.score,
            rung=job.rung,
            # The folds of another rung say nothing of those of the last.
            fold_scores=trial.fold_scores if is_last else None,
            fit_time=trial.fit_time,
            status=trial.status,
        )

    def expected_seconds(self, params: Params) -> float | None:
        """Return the seconds of a fit: by the model of the first rung, then by the step from rung to rung."""
        candidate = self._asked.get(id(params))
        if candidate is None:
            return None
        job, run = candidate.job, self.run
        if job.rung == 0:
            first = [
                replace(trial, params=self._points[told.candidate])
                for told, trial in self.told
                if told.rung == 0
            ]
            return expected_seconds(first, self._optimizer.space, self._points[job.candidate])
        before = self._seconds[job.candidate].get(job.rung - 1)
        if before is None:
            return None
        steps = [
            seconds[job.rung] / seconds[job.rung - 1]
            for seconds in self._seconds
            if job.rung in seconds and seconds.get(job.rung - 1, 0.0) > 0.0
        ]
        return before * (float(np.median(steps)) if steps else run.growth(job.rung))

    def progress(self, history: History) -> Progress | None:
        """Return the trials on the last rung and the model; None within a wave, or without such a trial."""
        if self._is_in_waves and self._scheduler.n_running:
            return None
        last = self.run.last_history(
            (job.rung for job, _ in self.told), (trial for _, trial in self.told)
        )
        return Progress(last, self._optimizer) if len(last) else None

    def end_turn(self) -> bool:
        """Return False: there is one ladder."""
        return False

    def score_posterior(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and std of the score on the highest rung reached, of every job told, each (n_told,)."""
        points = [self._points[job.candidate] for job, _ in self.told]
        with suppress(ValueError):  # without a finite score there is no posterior
            posterior = self._optimizer.score_posterior(points)
            return posterior.mean, posterior.std
        return np.full(len(points), np.nan), np.full(len(points), np.nan)
