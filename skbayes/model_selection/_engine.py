"""The engine's arguments, which all searches share, and the pool that they make."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

from .._sklearn import BaseSearchCV, Interval
from ..evaluation import EvaluationPool, Journal, PoolOptions, RacingRule, as_limits, as_racing_rule
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
    """

    search: BaseSearchCV
    racing: RacingRule | None
    metric: str
    limits: Any

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
            time_budget=search.time_budget,
            predict=proposals.expected_seconds,
            journal=journal,
            limits=self.limits,
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
    )


def uses_engine(search: BaseSearchCV) -> bool:
    """Return whether a candidate may end otherwise than complete or failed."""
    limits = (search.time_budget, search.fit_timeout, search.fit_memory_limit)
    return as_racing_rule(search.racing) is not None or any(limit is not None for limit in limits)
