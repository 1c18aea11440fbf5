"""One column fitted: a formula where there is one, else a search; and what is known afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import UnboundedLikelihoodError
from ..priors import Prior
from ._closed_forms import closed_form
from ._family import Family
from ._integers import climb
from ._objective import log_prior
from ._observations import Observations
from ._posterior import ParameterPosterior, laplace
from ._problem import Problem, Solution
from ._search import search

__all__ = ["ColumnFit", "fit_column"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ColumnFit:
    """The estimate for one column.

    Parameters
    ----------
    family : Family
        The family.
    observed : Observations or None
        The data, for the posterior; None after pickling, when it is formed.
    fixed : dict of str to float
        Parameters that were given.
    prior : dict of str to Prior
        Priors of the free ones.
    solution : Solution
        The estimate.
    """

    family: Family
    observed: Observations | None
    fixed: Mapping[str, float]
    prior: Mapping[str, Prior]
    solution: Solution

    @property
    def params(self) -> dict[str, float]:
        """All parameters by name, whole numbers as such."""
        return {
            name: int(value) if self.family.domains[name].is_integer else float(value)
            for name, value in zip(self.family.names, self.solution.theta, strict=True)
        }

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the parameters that were estimated."""
        return tuple(name for name in self.family.names if name not in self.fixed)

    @property
    def log_likelihood(self) -> float:
        """Weighted sum of the log likelihoods of all points."""
        return -self.solution.value - self.log_prior

    @property
    def log_prior(self) -> float:
        """Log prior density of the estimate."""
        return float(log_prior(self.prior, self.family.names, self.solution.theta[None, :])[0])

    @cached_property
    def posterior(self) -> ParameterPosterior:
        """Laplace approximation of the posterior at the estimate."""
        assert self.observed is not None  # formed before the data are dropped
        return laplace(self.family, self.observed, self.fixed, self.prior, self.solution)

    def __getstate__(self) -> dict[str, Any]:
        # What the data are needed for is computed; they stay here.
        return {**self.__dict__, "posterior": self.posterior, "observed": None}


def fit_column(problem: Problem) -> ColumnFit:
    """Return the estimate for one column.

    Raises
    ------
    UnboundedLikelihoodError
        If the likelihood has no maximum.
    ValueError
        If data or parameters are impossible.
    """
    _check_data(problem)
    whole = [
        name
        for name in problem.family.names
        if problem.family.domains[name].is_integer and name not in problem.fixed
    ]
    solution = _by_formula(problem)
    if solution is None and whole:
        solution = climb(problem, whole, _solve)
    elif solution is None:
        solution = search(problem)
    return ColumnFit(problem.family, problem.observed, problem.fixed, problem.prior, solution)


def _solve(problem: Problem) -> Solution:
    return _by_formula(problem) or search(problem)


def _by_formula(problem: Problem) -> Solution | None:
    """Return the estimate by a formula, None where there is none or it has no finite value."""
    family, observed = problem.family, problem.observed
    if problem.prior or observed.is_censored:
        return None
    found = closed_form(family.dist, observed.x, observed.weight, problem.fixed)
    if found is None:
        return None
    named = {**found, **problem.fixed}
    theta = np.array([[named[name] for name in family.names]], dtype=float)
    value = -float((observed.log_terms(family, theta) @ observed.weight)[0])
    if not np.isfinite(value):
        return None
    return Solution(theta[0], value, 0, True, "closed form")


def _check_data(problem: Problem) -> None:
    family, observed = problem.family, problem.observed
    if family.is_discrete:
        _check_whole(family, observed)
    free = [name for name in family.names if name not in problem.fixed]
    n_known = len(free) - sum(name in problem.prior for name in free)
    if observed.n < n_known:
        raise ValueError(
            f"{family.name} has {n_known} free parameters without a prior ({', '.join(free)}); got"
            f" n_samples={observed.n}. Fix some, give priors, or more data."
        )
    by_data = {"loc", "scale"} <= set(free) and "scale" not in problem.prior
    if observed.is_censored:
        _check_limits(problem, by_data=by_data)
    if by_data and not observed.is_censored and np.ptp(observed.x) == 0.0:
        raise UnboundedLikelihoodError(
            f"All values are {observed.x[0]:g} (n_samples={observed.n}): the likelihood of {family.name} grows"
            f" without bound as scale goes to 0. Use fixed={{'scale': ...}}, a prior of scale, or other data."
        )
    _check_support(problem)


def _check_limits(problem: Problem, *, by_data: bool) -> None:
    """Refuse limits that say nothing, or that a vanishing scale meets all at once."""
    observed = problem.observed
    if observed.x.size > 0:
        return
    if observed.stand_in()[0].size == 0:
        raise ValueError(
            f"Limits are infinite for all rows (n_samples={observed.n}), so there are no data. Give at least one"
            f" value, or a finite limit."
        )
    if by_data and observed.lower.max() <= observed.upper.min():
        raise ValueError(
            f"All values are censored and their limits overlap, from {observed.lower.max():g} to"
            f" {observed.upper.min():g}: {problem.family.name} there with a scale near 0 has a likelihood of 1. Use"
            f" fixed={{'scale': ...}}, a prior of scale, or rows of which more is known."
        )


def _check_whole(family: Family, observed: Observations) -> None:
    broken = observed.x != np.floor(observed.x)
    if np.any(broken):
        raise ValueError(
            f"{family.name} is a distribution of whole numbers; got {observed.x[broken][0]:g} and"
            f" {int(broken.sum()) - 1} more that are not. Use a continuous family, or round the data."
        )


def _check_support(problem: Problem) -> None:
    """Refuse values outside a support that is known before the fit."""
    family, x = problem.family, problem.observed.x
    needed = set(family.names) if family.n_shapes else {"loc", "scale"} & set(family.names)
    if x.size == 0 or not needed <= problem.fixed.keys() | {"scale"}:
        return
    theta = np.array([[problem.fixed.get(name, 1.0) for name in family.names]])
    a, b = (float(end[0]) for end in family.ends(theta))
    if np.isnan(a):
        raise ValueError(
            f"{family.name} does not exist with these parameters; got {dict(problem.fixed)}. Correct them."
        )
    scale = 1.0 if family.is_discrete else problem.fixed.get("scale")
    loc = problem.fixed["loc"]
    # A free scale moves an end that is neither loc nor infinite.
    low = loc + (a if scale is None else a * scale) if scale or a in (0.0, -np.inf) else -np.inf
    high = loc + (b if scale is None else b * scale) if scale or b in (0.0, np.inf) else np.inf
    outside = (x < low) | (x > high)
    if np.any(outside):
        raise ValueError(
            f"{family.name} has the support [{low:g}, {high:g}] with {dict(problem.fixed)}; got"
            f" {int(outside.sum())} of {x.size} values outside, such as {x[outside][0]:g}. Leave them out, or change"
            f" what is fixed."
        )
