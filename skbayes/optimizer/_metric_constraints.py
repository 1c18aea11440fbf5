"""What a metric must keep to: a Gaussian process on the metric, and the probability that it does.

Notation: slack, by how much a metric keeps to its bound, negative where it does not; of times the difference
of logarithms. With posterior moments m, s of the slack it keeps to the bound with probability Φ(m / s), but for
the noise of an evaluation: with that, a point would be tried again and again that has just missed its bound.

References: Gardner, Kusner, Xu, Weinberger, Cunningham (2014). Bayesian optimization with inequality
constraints. ICML. Gelbart, Snoek, Adams (2014). Bayesian optimization with unknown constraints. UAI.
arXiv 1403.5607
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space import Space
from ._feasibility import LogFeasibility
from ._objectives import TIMES
from ._observations import Observations
from ._side_model import SideModel
from ._trial import Trial

__all__ = [
    "ConstraintModels",
    "Kept",
    "MetricConstraint",
    "as_metric_constraints",
    "keeps_to",
    "violations",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_WRITTEN = re.compile(r"\s*(<=|>=)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")
# A clock says nothing of shorter times.
_SHORTEST = 1e-6
# Two values make a difference.
_FEWEST = 2
# A point that is being evaluated counts as one that keeps to a bound unless it hardly can. The best points lie
# at their bounds, where half of the evaluations miss them: did these not count, a batch would go there twice.
_LOG_LIKELY = np.log(0.25)


@dataclass(frozen=True)
class MetricConstraint:
    """A bound that a metric must keep to.

    Parameters
    ----------
    name : str
        Of the metric.
    is_upper : bool
        Whether the metric may not be above the bound; below it otherwise.
    bound : float
        In the metric's own unit.
    is_log : bool
        Whether the metric is positive and modelled by its logarithm.

    See Also
    --------
    as_metric_constraints : Reads them.

    Examples
    --------
    >>> from skbayes.optimizer import MetricConstraint
    >>> MetricConstraint("recall", is_upper=False, bound=0.8, is_log=False).slack(np.array([0.75]))
    array([-0.05])
    """

    name: str
    is_upper: bool
    bound: float
    is_log: bool

    def slack(self, values: Floats) -> Floats:
        """Return by how much values keep to the bound.

        Parameters
        ----------
        values : ndarray
            Of the metric.

        Returns
        -------
        slack : ndarray
            Negative where they do not, nan where there is none; of a logarithm if that is modelled.
        """
        bound = self.bound
        if self.is_log:
            values, bound = np.log(np.maximum(values, _SHORTEST)), float(np.log(bound))
        return bound - values if self.is_upper else values - bound

    def __str__(self) -> str:
        return f"{self.name} {'<=' if self.is_upper else '>='} {self.bound:g}"


def as_metric_constraints(
    constraints: Any, log_scale: Iterable[str] = TIMES
) -> tuple[MetricConstraint, ...]:
    """Read metric constraints as users write them.

    Parameters
    ----------
    constraints : dict of str to str, tuple of MetricConstraint, or None
        Names of metrics and what they must keep to, ``"<= 0.1"`` or ``">= 0.8"``; None is none at all.
    log_scale : iterable of str, default=("fit_time", "score_time")
        Names of metrics that are positive and modelled by their logarithms.

    Returns
    -------
    constraints : tuple of MetricConstraint
        In the same order.

    Raises
    ------
    TypeError
        If they are no mapping of names to strings.
    ValueError
        If a bound cannot be read, or that of a time is not positive.

    Examples
    --------
    >>> from skbayes.optimizer import as_metric_constraints
    >>> [str(each) for each in as_metric_constraints({"fit_time": "<= 0.1", "recall": ">= 0.8"})]
    ['fit_time <= 0.1', 'recall >= 0.8']
    """
    if constraints is None:
        return ()
    if isinstance(constraints, tuple) and all(isinstance(c, MetricConstraint) for c in constraints):
        return constraints
    if not isinstance(constraints, Mapping):
        raise TypeError(
            "metric_constraints must be a dict of metrics and their bounds; got "
            f'{constraints!r}. Give for example {{"fit_time": "<= 0.1"}}.'
        )
    logarithmic = {log_scale} if isinstance(log_scale, str) else set(log_scale)
    return tuple(_parsed(name, written, logarithmic) for name, written in constraints.items())


def _parsed(name: Any, written: Any, logarithmic: set[str]) -> MetricConstraint:
    given = f"metric_constraints={{{name!r}: {written!r}}}"
    if not isinstance(name, str) or not isinstance(written, str):
        raise TypeError(
            f'{given}: a metric\'s name and a bound such as "<= 0.1" or ">= 0.8" are needed, both as strings.'
        )
    found = _WRITTEN.fullmatch(written)
    if found is None or not np.isfinite(bound := float(found[2])):
        raise ValueError(
            f'{given} cannot be read. Write "<=" or ">=" and a number, such as "<= 0.1" or ">= 0.8".'
        )
    if name in logarithmic and bound <= 0.0:
        raise ValueError(f"{given}: {name} is always positive. Give a bound above 0.")
    return MetricConstraint(name, found[1] == "<=", bound, name in logarithmic)


def _values(metrics: Iterable[Mapping[str, float] | None], name: str) -> Floats:
    return np.array([(each or {}).get(name, np.nan) for each in metrics], dtype=float)


def keeps_to(
    constraints: Sequence[MetricConstraint], metrics: Sequence[Mapping[str, float] | None]
) -> Bools:
    """Return which trials (n,) keep to all constraints by their metrics; one without a metric does not."""
    kept = np.ones(len(metrics), dtype=bool)
    for each in constraints:
        kept &= each.slack(_values(metrics, each.name)) >= 0.0
    return kept


def violations(
    constraints: Sequence[MetricConstraint], metrics: Sequence[Mapping[str, float] | None]
) -> Floats:
    """Return by how much trials miss the constraints.

    Parameters
    ----------
    constraints : sequence of MetricConstraint
        The bounds.
    metrics : sequence of dict or None
        Of n trials, by name.

    Returns
    -------
    missed : ndarray of shape (n,)
        0 for those that keep to all, inf for those that lack a metric. Otherwise the sum over the
        constraints, each in units of the standard deviation of its metric (of the logarithm of a time)
        over the trials.

    Examples
    --------
    >>> from skbayes.optimizer import as_metric_constraints, violations
    >>> bounds = as_metric_constraints({"recall": ">= 0.8"})
    >>> violations(bounds, [{"recall": 0.9}, {"recall": 0.7}])
    array([0., 1.])
    """
    missed = np.zeros(len(metrics))
    for each in constraints:
        slack = each.slack(_values(metrics, each.name))
        known = slack[np.isfinite(slack)]
        unit = float(known.std()) if known.size else 0.0
        miss = np.maximum(-slack, 0.0) / (unit if unit > 0.0 else 1.0)
        missed += np.where(np.isfinite(slack), miss, np.inf)
    return missed


@dataclass(frozen=True)
class Kept:
    """Which points keep to the constraints: those observed, and those to come.

    Parameters
    ----------
    rows : ndarray of bool, shape (n,)
        Of the observations.
    weights : tuple of LogFeasibility
        A model for each constraint of which enough is known.
    """

    rows: Bools
    weights: tuple[LogFeasibility, ...]

    def is_likely(self, U: Floats) -> Bools:
        """Whether points (m, n_dims) have a fair chance of keeping to each constraint."""
        likely = np.ones(len(U), dtype=bool)
        for weight in self.weights:
            likely &= weight.value(U) > _LOG_LIKELY
        return likely


class ConstraintModels:
    """Learns where metrics keep to their bounds.

    Parameters
    ----------
    space : Space
        The design space.
    constraints : sequence of MetricConstraint
        The bounds.
    seed : int
        Seed of the random starts of the fits.
    """

    def __init__(self, space: Space, constraints: Sequence[MetricConstraint], seed: int) -> None:
        self._constraints = tuple(constraints)
        self._models = [SideModel(space.n_categories, seed) for _ in self._constraints]
        self._made: tuple[Observations | None, Kept | None] = (None, None)

    def kept(self, observations: Observations) -> Kept | None:
        """Return who keeps to the constraints; None if there are no constraints."""
        if not self._constraints:
            return None
        made_for, kept = self._made
        if made_for is not observations or kept is None:
            kept = self._fitted(observations)
            self._made = (observations, kept)
        return kept

    def _fitted(self, observations: Observations) -> Kept:
        metrics = [trial.metrics for trial in observations.trials]
        weights = []
        for constraint, model in zip(self._constraints, self._models, strict=True):
            slack = constraint.slack(_values(metrics, constraint.name))
            known = np.isfinite(slack)
            # All the same everywhere: nothing to tell points apart by.
            if known.sum() < _FEWEST or np.ptp(slack[known]) == 0.0:
                continue
            if model.fit(observations.U[known], slack[known], f"constraint {constraint}"):
                weights.append(LogFeasibility(model, has_noise=False))
        return Kept(
            keeps_to(self._constraints, metrics) & _has_score(observations.trials), tuple(weights)
        )


def _has_score(trials: Sequence[Trial]) -> Bools:
    return np.array([trial.is_complete for trial in trials], dtype=bool)
