"""What multiplies an acquisition: the seconds it costs, the chance that it succeeds, the prior.

Each weight is a function of the point alone, given as its logarithm, so that a product is a sum.

Notation: U points (m, n_dims) of the unit cube; w log-weights (m,).
"""

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..space import PriorWeight, Space
from ._cost import CostModel
from ._feasibility import FeasibilityModel, failed_rows, without_failures
from ._interior import InteriorWeight
from ._metric_constraints import ConstraintModels, Kept, MetricConstraint
from ._observations import Observations

__all__ = ["LogWeight", "Scaled", "Weighting", "total", "total_and_gradient"]

Floats = NDArray[np.float64]

FAILURES = ("auto", "worst", "weigh")


class LogWeight(Protocol):
    """The logarithm of a positive function on the unit cube."""

    def value(self, U: Floats) -> Floats:
        """Log-weights (m,) of points (m, n_dims); finite."""

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        """Log-weights (m,) and gradients (m, n_dims), 0 in inactive and categorical columns."""


@dataclass(frozen=True)
class Scaled:
    """A weight to some power.

    Parameters
    ----------
    weight : LogWeight
        The weight.
    power : float
        What its logarithm is multiplied by.
    """

    weight: LogWeight
    power: float

    def value(self, U: Floats) -> Floats:
        return self.power * self.weight.value(U)

    def value_and_gradient(self, U: Floats) -> tuple[Floats, Floats]:
        w, gradient = self.weight.value_and_gradient(U)
        return self.power * w, self.power * gradient


def total(weights: Sequence[LogWeight], U: Floats) -> Floats:
    """The sum of the log-weights (m,)."""
    return np.sum([weight.value(U) for weight in weights], axis=0)


def total_and_gradient(weights: Sequence[LogWeight], U: Floats) -> tuple[Floats, Floats]:
    """The sum of the log-weights (m,) and its gradient (m, n_dims)."""
    values, gradients = zip(*(weight.value_and_gradient(U) for weight in weights), strict=True)
    return np.sum(values, axis=0), np.sum(gradients, axis=0)


class Weighting:
    """Makes the weights of what was observed so far; its models start where they last ended.

    Parameters
    ----------
    space : Space
        The design space.
    acquisition : MarginalAcquisition or JointAcquisition
        What is weighted: it says whether seconds count.
    surrogate : Surrogate
        What it is taken of: only a smooth one asks for the interior of ranges. On the level steps of
        trees that weight alone would decide, and always for the same place of a step.
    failures : {"auto", "worst", "weigh"}
        What failures teach.
    prior_weight : float
        How many trials the priors of the space count as.
    seed : int
        Seed of the models' random starts.
    constraints : sequence of MetricConstraint, default=()
        What metrics must keep to.
    interior_share : float, default=1.0
        How much of its full weight the interior of ranges gets.
    """

    def __init__(
        self,
        space: Space,
        acquisition: Any,
        surrogate: Any,
        *,
        failures: str,
        prior_weight: float,
        seed: int,
        constraints: Sequence[MetricConstraint] = (),
        interior_share: float = 1.0,
    ) -> None:
        _check(failures, prior_weight)
        priors: list[Any] = [PriorWeight(space)]
        if surrogate.has_gradient:
            priors.append(InteriorWeight(space))
        shares = (1.0, interior_share)
        self._priors: list[LogWeight] = [
            prior if share == 1.0 else Scaled(prior, share)
            for prior, share in zip(priors, shares, strict=False)
            if prior_weight > 0.0 and not prior.is_flat
        ]
        self._prior_weight = float(prior_weight)
        self._cost_exponent = float(acquisition.cost_exponent)
        self._cost = CostModel(space, seed)
        self._failures = failures
        self._feasibility = FeasibilityModel(space, seed)
        self._constraints = ConstraintModels(space, constraints, seed)
        self._region: tuple[Observations | None, bool] = (None, True)
        self._made: tuple[Observations | None, tuple[LogWeight, ...]] = (None, ())

    def weights(self, observations: Observations) -> tuple[LogWeight, ...]:
        """Return the weights; empty when all points weigh the same."""
        if self._made[0] is not observations:
            self._made = (observations, tuple(self._make(observations)))
        return self._made[1]

    def kept(self, observations: Observations) -> Kept | None:
        """Return who keeps to the metric constraints; None if there are none."""
        return self._constraints.kept(observations)

    def lessons(self, observations: Observations) -> Observations:
        """Return what the surrogate learns from: all, or those that did not fail."""
        return observations if self._teach(observations) else without_failures(observations)

    def believing(self, model: Any, observations: Observations) -> Any:
        """Return the surrogate with the failures that it has not learnt from as it predicts them.

        So they are no places of uncertainty to go back to.
        """
        if self._teach(observations):
            return model
        U = observations.U[failed_rows(observations)]
        return model.condition(U, model.posterior(U).mean) if len(U) else model

    def _teach(self, observations: Observations) -> bool:
        """Whether failures count as the worst score."""
        if self._failures != "auto":
            return self._failures == "worst"
        if self._region[0] is not observations:
            self._region = (observations, self._feasibility.is_region(observations))
        return self._region[1]

    def _make(self, observations: Observations) -> list[LogWeight]:
        made: list[LogWeight] = []
        if self._cost_exponent > 0.0:
            cost = self._cost.fitted(observations)
            if cost is not None:
                made.append(Scaled(cost, -self._cost_exponent))
        if self._failures == "weigh":
            feasibility = self._feasibility.fitted(observations)
            if feasibility is not None:
                made.append(feasibility)
        kept = self.kept(observations)
        made += [] if kept is None else kept.weights
        # Hvarfner et al. (2022), equation 6: the priors count as much as some observations.
        power = self._prior_weight / len(observations.U)
        made += [Scaled(prior, power) for prior in self._priors]
        return made


def _check(failures: Any, prior_weight: Any) -> None:
    if failures not in FAILURES:
        known = ", ".join(repr(name) for name in FAILURES)
        raise ValueError(f"failures={failures!r} is not known. Choose one of {known}.")
    is_number = isinstance(prior_weight, numbers.Real) and not isinstance(prior_weight, bool)
    if not is_number or not 0.0 <= float(prior_weight) < np.inf:
        raise ValueError(
            f"prior_weight must be a finite number >= 0; got {prior_weight!r}. "
            "Use 0 to leave the priors of the space out."
        )
