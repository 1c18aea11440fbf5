"""The engine's arguments, which all searches share, and the pool that they make."""

import os
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from .._sklearn import BaseSearchCV, Interval
from ..evaluation import (
    EvaluationPool,
    Journal,
    PoolOptions,
    PredictionFiles,
    RacingRule,
    as_limits,
    as_racing_rule,
)
from ._proposals import Proposals
from ._run import SearchRun

__all__ = ["ENGINE_CONSTRAINTS", "EngineSettings", "check_engine", "uses_engine"]

ENGINE_CONSTRAINTS: dict[str, Any] = {
    "asynchronous": ["boolean"],
    "racing": "no_validation",  # as_racing_rule says more
    "time_budget": [Interval(Real, 0, None, closed="neither"), None],
    "fit_timeout": "no_validation",  # as_limits says more
    "fit_memory_limit": "no_validation",
    "journal": "no_validation",  # a path of any kind
    "keep_predictions": "no_validation",  # False, True, or a path of any kind
    "finalists": "no_validation",  # as_finalists says more
}


@dataclass(frozen=True)
class EngineSettings:
    """The engine's arguments of one search, checked.

    Parameters
    ----------
    search : BaseSearchCV
        Whose arguments count.
    racing : RacingRule or None
        Who gives candidates up.
    metric : str
        The metric that a race is about.
    limits : LimitedRunner or None
        Limits of a single fit.
    time_budget : float or None
        Seconds for all of them.
    directory : str, path-like or None
        Where predictions are kept; None for in memory.
    """

    search: BaseSearchCV
    racing: RacingRule | None
    metric: str
    limits: Any
    time_budget: float | None
    directory: Any = None

    def of_finals(self) -> "EngineSettings":
        """Return the settings of the extra repeats for the best: all of their folds are evaluated."""
        return replace(self, racing=None, time_budget=None, directory=None)

    def pool(
        self, run: SearchRun, proposals: Proposals, events: Any, journal: Journal | None
    ) -> EvaluationPool:
        """Return the workers, as a context manager."""
        search = self.search
        options = PoolOptions(
            n_jobs=search.n_jobs,
            pre_dispatch=search.pre_dispatch,
            n_splits=run.n_splits,
            n_candidates=proposals.n_candidates,
            asynchronous=search.asynchronous,
            racing=self.racing,
            metric=self.metric,
            time_budget=self.time_budget,
            predict=proposals.expected_seconds,
            journal=journal,
            limits=self.limits,
            files=None if self.directory is None else PredictionFiles(self.directory),
        )
        return EvaluationPool(run.setup, run.folds, options, events)


def check_engine(search: BaseSearchCV, metric: str | None) -> EngineSettings:
    """Check the engine's arguments of a search.

    Parameters
    ----------
    search : BaseSearchCV
        Whose arguments count.
    metric : str or None
        The metric searched for; None if there is one only, or none is named.

    Raises
    ------
    TypeError, ValueError
        If `racing` is no rule, or a limit of a fit no amount.
    RuntimeError
        If the limits cannot be enforced here.
    """
    return EngineSettings(
        search,
        as_racing_rule(search.racing),
        metric or "score",
        as_limits(search.fit_timeout, search.fit_memory_limit),
        search.time_budget,
        _directory(search),
    )


def _directory(search: BaseSearchCV) -> Any:
    """Return where a search keeps predictions; None for in memory or not at all."""
    kept = getattr(search, "keep_predictions", False)
    if isinstance(kept, bool):
        return None
    if isinstance(kept, str | os.PathLike):
        return kept
    raise TypeError(
        f"keep_predictions must be a bool or the path of a directory; got {kept!r}. Use True to keep them in memory."
    )


def uses_engine(search: BaseSearchCV) -> bool:
    """Return whether a candidate may end otherwise than complete or failed."""
    limits = (search.time_budget, search.fit_timeout, search.fit_memory_limit)
    return as_racing_rule(search.racing) is not None or any(limit is not None for limit in limits)
