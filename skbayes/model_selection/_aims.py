"""What a search is after when there are several metrics: objectives, and what metrics must keep to."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._sklearn import BaseSearchCV
from ..evaluation import CandidateResult, as_racing_rule
from ..optimizer import (
    TIMES,
    MetricConstraint,
    Objective,
    RegretBound,
    as_metric_constraints,
    as_objectives,
    as_stopping_rules,
    violations,
)
from ._loop import metrics_of

__all__ = ["Aims", "aims_of", "implied_scoring", "posterior_columns"]


@dataclass(frozen=True)
class Aims:
    """The objectives and constraints of a search, read.

    Parameters
    ----------
    objectives : tuple of Objective
        Empty for a search after one score.
    constraints : tuple of MetricConstraint
        May be empty.
    """

    objectives: tuple[Objective, ...] = ()
    constraints: tuple[MetricConstraint, ...] = ()

    @property
    def names(self) -> list[str]:
        """Metrics that they are about, those of the clock left out."""
        named = [each.name for each in self.objectives] + [each.name for each in self.constraints]
        return [name for name in dict.fromkeys(named) if name not in TIMES]

    @property
    def scored(self) -> str | None:
        """The metric that is the score of a trial if none is named: the first that is no time and to be high."""
        low = [each.name for each in self.objectives if each.is_minimised]
        names = sorted(self.names, key=low.__contains__)
        return names[0] if self.objectives and names else None

    def _check_sign(self, search: BaseSearchCV) -> None:
        """Refuse to take the highest of what is to be low."""
        low = [each.name for each in self.objectives if each.is_minimised]
        chosen = {"refit": search.refit, "objective": getattr(search, "objective", None)}
        for argument, name in chosen.items():
            if isinstance(name, str) and name in low:
                raise ValueError(
                    f"{argument}={name!r} takes the highest {name}, and objectives={list(map(str, self.objectives))} "
                    "want it low. Name another metric, or choose by a callable refit=."
                )
        is_named = any(isinstance(name, str) for name in chosen.values())
        if search.finalists is not None and not is_named and self.scored in low:
            raise ValueError(
                f"finalists are the highest by one metric, and objectives={list(map(str, self.objectives))} want "
                f"{self.scored} low. Name a metric in objective=, or set finalists=None."
            )

    def check_names(self, metrics: Sequence[str]) -> None:
        """Refuse metrics that the search does not have."""
        unknown = [name for name in self.names if name not in metrics]
        if unknown:
            raise ValueError(
                f"objectives and metric_constraints name {unknown}, and the search has the metrics "
                f"{sorted(metrics)}, {' and '.join(TIMES)}. Give them all in scoring=, as "
                f"scoring={sorted({*metrics, *unknown} - {'score'})}, and the one that decides in refit=."
            )

    def check_search(self, search: BaseSearchCV) -> None:
        """Refuse what does not go with them."""
        if not self.objectives and not self.constraints:
            return
        what = "objectives" if self.objectives else "metric_constraints"
        if self.objectives:
            self._check_sign(search)
        if as_racing_rule(search.racing) is not None:
            raise ValueError(
                f"racing={search.racing!r} gives up candidates that are behind in one score, and with {what}= they "
                "may be the best in another way. Set racing=False."
            )
        if search.stopping is None:
            return
        rules = as_stopping_rules(search.stopping, has_model=True, n_folds=2, owner="this search")
        if self.objectives or any(isinstance(rule, RegretBound) for rule in rules):
            raise ValueError(
                f"stopping={search.stopping!r} looks at one score, whatever else is asked for by {what}=. Set "
                "stopping=None, and end the search by n_iter= or time_budget=."
            )

    def add_columns(self, results: dict[str, Any], evaluated: Sequence[CandidateResult]) -> None:
        """Add `is_feasible` and `constraint_violation`, and warn if no candidate keeps to all constraints."""
        if not self.constraints:
            return
        missed = violations(self.constraints, [metrics_of(result) for result in evaluated])
        is_complete = results["status"] == "complete"
        results["constraint_violation"] = missed = np.where(is_complete, missed, np.inf)
        results["is_feasible"] = missed == 0.0
        if not results["is_feasible"].any():
            warnings.warn(
                f"None of the {len(evaluated)} candidates keeps to {', '.join(map(str, self.constraints))}. The best "
                "is the one that misses them least (`constraint_violation` in cv_results_). Loosen a bound, or search "
                "longer.",
                UserWarning,
                stacklevel=2,
            )


def aims_of(search: BaseSearchCV) -> Aims:
    """Read the objectives and constraints of a search.

    Raises
    ------
    TypeError, ValueError
        If they cannot be read, or `refit` leaves open who is the best.
    """
    given = getattr(search, "objectives", None)
    constraints = as_metric_constraints(getattr(search, "metric_constraints", None))
    if given is None:
        return Aims((), tuple(_of_scoring(each, search) for each in constraints))
    objectives = as_objectives(given)
    if search.refit is True:
        raise ValueError(
            f"objectives={list(given)!r} have a front and no single best, and refit=True does not say which "
            "candidate to refit. Give refit= the name of a metric, or a callable that takes cv_results_ and returns "
            "an index; or refit=False, and choose from pareto_front_."
        )
    return Aims(
        tuple(_of_scoring(each, search) for each in objectives),
        tuple(_of_scoring(each, search) for each in constraints),
    )


def _of_scoring(aim: Any, search: BaseSearchCV) -> Any:
    """The aim under the name that its metric has in the results: "score" if there is one only."""
    is_the_one = isinstance(search.scoring, str) and aim.name == search.scoring
    return replace(aim, name="score") if is_the_one else aim


def implied_scoring(search: BaseSearchCV) -> Any:
    """Return what `scoring` stands for: with objectives, None means the scorers that they name."""
    if search.scoring is not None or getattr(search, "objectives", None) is None:
        return search.scoring
    names = [name for name in aims_of(search).names if name != "score"]
    return names or None


def posterior_columns(
    posteriors: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> dict[str, np.ndarray]:
    """Return columns of what the models believe of each objective, in its own sign and unit."""
    columns = {}
    for name, (mean, std) in posteriors.items():
        label = name if name in TIMES else f"test_{name}"
        columns[f"posterior_mean_{label}"], columns[f"posterior_std_{label}"] = mean, std
    return columns
