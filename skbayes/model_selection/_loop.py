"""What a search knows while it runs: results, trials, and whether to go on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..evaluation import CandidateResult
from ..optimizer import TIMES, History, MetricConstraint, Run, Trial, search_state, violations
from ._proposals import Proposals
from ._results import test_score_names
from ._stopping import StoppingWatch

__all__ = ["SearchLog", "metrics_of", "trial_of"]


class SearchLog:
    """Takes the results one by one, tells them, and asks who wants to stop.

    Parameters
    ----------
    proposals : Proposals
        Who is told.
    metric : str or None
        The metric searched for; None if there is one only, or none is named.
    callbacks : list of callable
        Called with the state of the search; a true value stops it.
    watch : StoppingWatch or None
        The stopping rules.
    before : sequence of CandidateResult
        What was evaluated earlier, not told again.
    constraints : sequence of MetricConstraint, default=()
        What the incumbent keeps to.
    """

    def __init__(
        self,
        proposals: Proposals,
        metric: str | None,
        callbacks: list[Callable[[Any], Any]],
        watch: StoppingWatch | None,
        before: Sequence[CandidateResult] = (),
        constraints: Sequence[MetricConstraint] = (),
    ) -> None:
        self.proposals = proposals
        self._metric = metric
        self._callbacks = callbacks
        self._watch = watch
        self._constraints = constraints
        self.evaluated = list(before)
        self.history = History(
            tuple(trial_of(k, result, metric) for k, result in enumerate(before))
        )
        self._n_before = len(before)
        # Number of a candidate -> position among the results.
        self._places: dict[int, int] = {}
        self.stopped_by: str | None = None

    def add(self, result: CandidateResult) -> None:
        """Keep a result and tell it; `stopped_by` says then whether to stop."""
        if result.number in self._places:
            self._replace(self._places[result.number], result)
            return
        trial = trial_of(len(self.history), result, self._metric)
        self._places[result.number] = len(self.evaluated)
        self.evaluated.append(result)
        self.history = self.history.append(trial)
        assert result.candidate is not None  # the pool's
        self.proposals.tell(trial, result.candidate)
        if self._wants_to_stop():
            self.stopped_by = "callback"
        elif self._watch is not None:
            self.stopped_by = self._watch.ask(self.history, self.proposals)

    def _replace(self, place: int, result: CandidateResult) -> None:
        """Take more folds of a candidate that a race had given up; the search is over but for these."""
        trial = trial_of(place, result, self._metric)
        self.evaluated[place] = result
        trials = list(self.history)
        trials[place] = trial
        self.history = History(tuple(trials))
        self.proposals.tell_again(trial)

    @property
    def n_new(self) -> int:
        """How many candidates were evaluated now."""
        return len(self.evaluated) - self._n_before

    @property
    def incumbent(self) -> Trial | None:
        """The best trial so far, by what `best_index_` is chosen by; None without a complete one."""
        if not self._constraints:
            return self.history.incumbent
        missed = violations(self._constraints, [trial.metrics for trial in self.history])
        kept = (t for t, miss in zip(self.history, missed, strict=True) if miss == 0.0)
        return History(tuple(kept)).incumbent

    @property
    def has_result(self) -> bool:
        """Whether a candidate was evaluated on all of its folds without a failure."""
        return any(result.status == "complete" for result in self.evaluated)

    def _wants_to_stop(self) -> bool:
        """Call every callback, and return whether any of them said so."""
        # A list, for each of them is to be called.
        answers = [
            call(search_state(self.history, self.proposals.names)) for call in self._callbacks
        ]
        return any(answers)

    def reason(self, pool_stopped_by: str | None) -> str:
        """Return why the search ended."""
        why = self.stopped_by or pool_stopped_by
        if why is not None:
            return why
        if self.n_new < self.proposals.n_candidates:
            return (self._watch and self._watch.last_rule) or "exhausted"
        return "budget"


def trial_of(number: int, result: CandidateResult, metric: str | None) -> Trial:
    """Return the trial that a result makes in the history.

    Parameters
    ----------
    number : int
        Its position.
    result : CandidateResult
        Some folds may lack.
    metric : str or None
        The metric searched for.
    """
    if metric is None and test_score_names([result]) is not None:
        return Trial(
            number=number,
            params=result.params,
            score=float("nan"),
            status=result.status,
            fit_time=result.mean_fit_time,
            metrics=metrics_of(result),
            runs=_runs_of(result),
        )
    scores = result.fold_scores(metric or "score")
    with np.errstate(invalid="ignore"):
        mean = float(scores.mean())
    status = result.status
    if status == "complete" and not np.isfinite(mean):
        status = "failed"
    return Trial(
        number=number,
        params=result.params,
        score=mean if np.isfinite(mean) else float("nan"),
        status=status,
        fold_scores=tuple(scores.tolist()),
        fit_time=result.mean_fit_time,
        metrics=metrics_of(result),
        runs=_runs_of(result),
    )


def _runs_of(result: CandidateResult) -> tuple[Run, ...]:
    return tuple(
        Run(
            fold=k,
            # A worker that died has told no time.
            started=fold.started if fold.worker else float("nan"),
            fit_time=fold.fit_time,
            score_time=fold.score_time,
            worker=fold.worker,
            status=fold.status,
        )
        for k, fold in enumerate(result.folds)
        if fold is not None
    )


def metrics_of(result: CandidateResult) -> dict[str, float]:
    """Return the mean over the folds that were run of each metric, and of the seconds of fit and score.

    Of a failed candidate the seconds are nan: they are those of the way to the error. Of one ended at a limit those of
    the score are nan, for that was not reached; those of the fit are known to be so many at least.
    """
    found = {}
    for name in test_score_names([result]) or ["score"]:
        was_run = [fold is not None for fold in result.folds]
        scores = result.fold_scores(name)[was_run]
        with np.errstate(invalid="ignore"):
            mean = float(scores.mean())
        found[name] = mean if np.isfinite(mean) else float("nan")
    unknown = {"failed": TIMES, "timeout": ("score_time",), "memory": ("score_time",)}
    for name in TIMES:
        times = [getattr(fold, name) for fold in result.folds_run]
        is_unknown = name in unknown.get(result.status, ())
        found[name] = float("nan") if is_unknown else float(np.mean(times))
    return found
