"""The engine's arguments, which all searches share, and the pool that they make."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

from .._sklearn import BaseSearchCV, Interval
from ..evaluation import EvaluationPool, PoolOptions, RacingRule, as_racing_rule
from ._proposals import Proposals
from ._run import SearchRun

__all__ = ["ENGINE_CONSTRAINTS", "EngineSettings", "check_engine"]

ENGINE_CONSTRAINTS: dict[str, Any] = {
    "asynchronous": ["boolean"],
    "racing": "no_validation",  # as_racing_rule says more
    "time_budget": [Interval(Real, 0, None, closed="neither"), None],
    "fit_timeout": [Interval(Real, 0, None, closed="neither"), None],
    "fit_memory_limit": "no_validation",  # as_bytes says more
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
    """

    search: BaseSearchCV
    racing: RacingRule | None
    metric: str

    def pool(
        self, run: SearchRun, proposals: Proposals, events: Any, journal: Any = None
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
    TypeError
        If `racing` is no rule.
    """
    return EngineSettings(search, as_racing_rule(search.racing), metric or "score")
