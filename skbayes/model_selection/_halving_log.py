"""What comes of a halving search: one row for each candidate on each rung."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..evaluation import CandidateResult, FoldResult
from ..optimizer import Trial
from ._halving_proposals import HalvingProposals, RungCandidate
from ._halving_run import HalvingRun
from ._halving_rungs import Job
from ._loop import SearchLog
from ._results import rank_scores, test_score_names
from ._stopping import StoppingWatch

__all__ = ["HalvingLog", "add_rung_columns", "best_of_last_rung", "job_of"]


class HalvingLog(SearchLog):
    """Takes the results one by one; of folds the result is that of all folds of the candidate so far.

    Parameters
    ----------
    run : HalvingRun
        What a rung is.
    proposals : HalvingProposals
        Who is told.
    metric : str or None
        The metric searched for; None if there is only one.
    callbacks : list of callable
        Called with the state of the search; a true value stops it.
    watch : StoppingWatch
        The stopping rules.
    """

    proposals: HalvingProposals

    def __init__(
        self,
        run: HalvingRun,
        proposals: HalvingProposals,
        metric: str | None,
        callbacks: list[Callable[[Any], Any]],
        watch: StoppingWatch,
    ) -> None:
        super().__init__(proposals, metric, callbacks, watch)
        self._run = run
        self._folds: dict[int, tuple[FoldResult | None, ...]] = {}

    def add(self, result: CandidateResult) -> None:
        """Keep a result and tell it; `stopped_by` says then whether to stop."""
        if self._run.resource != "folds":
            super().add(result)
            return
        number = job_of(result).candidate
        folds = self._folds[number] = self._folds.get(number, ()) + result.folds
        super().add(replace(result, folds=folds))
        missing = (None,) * (self._run.n_splits - len(folds))
        self.evaluated[-1] = replace(result, folds=folds + missing)

    @property
    def incumbent(self) -> Trial | None:
        """The best trial of the highest rung that has a complete one: scores of two rungs are not of one kind."""
        rungs = [job_of(result).rung for result in self.evaluated]
        both = zip(rungs, self.history, strict=True)
        placed = [(rung, trial) for rung, trial in both if trial.is_complete]
        top = max((rung for rung, _ in placed), default=0)
        trials = [trial for rung, trial in placed if rung == top]
        return max(trials, key=lambda trial: trial.score, default=None)

    def reason(self, pool_stopped_by: str | None) -> str:
        """Return why the search ended."""
        why = self.stopped_by or pool_stopped_by
        return why or ("exhausted" if self.proposals.is_exhausted else "budget")


def job_of(result: CandidateResult) -> Job:
    """Return which candidate on which rung a result is about."""
    assert isinstance(result.candidate, RungCandidate)  # what a halving search asks for
    return result.candidate.job


def add_rung_columns(
    results: dict[str, Any], run: HalvingRun, evaluated: Sequence[CandidateResult]
) -> None:
    """Add `iter` and `n_resources`, and the means over the folds of a rung where folds are the resource.

    Parameters
    ----------
    results : dict
        `cv_results_`, changed in place.
    run : HalvingRun
        What a rung is.
    evaluated : sequence of CandidateResult
        In the order of the table.
    """
    rungs = np.array([job_of(result).rung for result in evaluated])
    results["iter"] = rungs
    results["n_resources"] = np.array(run.ladder.resources)[rungs]
    if run.resource != "folds":
        return
    n_folds = results["n_resources"]
    is_run = results["n_splits_evaluated"] == n_folds
    results["status"][is_run & (results["status"] == "pruned")] = "complete"
    kinds = [
        kind for kind in ("test", "train") if f"split0_{kind}_{_metrics(evaluated)[0]}" in results
    ]
    for name in [f"{kind}_{metric}" for kind in kinds for metric in _metrics(evaluated)]:
        splits = np.array([results[f"split{k}_{name}"] for k in range(run.n_splits)])
        counts = np.arange(run.n_splits)[:, None] < n_folds
        mean = np.where(counts, splits, 0.0).sum(axis=0) / n_folds
        square = np.where(counts, (splits - mean) ** 2, 0.0).sum(axis=0) / n_folds
        results[f"mean_{name}"] = np.where(np.isfinite(mean), mean, np.nan)
        results[f"std_{name}"] = np.sqrt(square)
        if name.startswith("test_"):
            results[f"rank_{name}"] = rank_scores(results[f"mean_{name}"])


def best_of_last_rung(results: dict[str, Any], metric: str) -> int:
    """Return the row with the best score among those with the largest resource that has any score."""
    scores = results[f"mean_test_{metric}"]
    if np.isnan(scores).all():
        return int(np.argmax(results["iter"]))
    last = results["iter"][np.isfinite(scores)].max()
    return int(np.nanargmax(np.where(results["iter"] == last, scores, np.nan)))


def _metrics(evaluated: Sequence[CandidateResult]) -> list[str]:
    return test_score_names(evaluated) or ["score"]
