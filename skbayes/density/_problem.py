"""What is to be maximised for one column, where a search for it ended, and what to say of one that failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..priors import Prior
from ..solvers import Solver
from ._chart import FAR, Chart
from ._family import Family
from ._observations import Observations

__all__ = ["Problem", "Solution", "away_message", "impossible_message", "unbounded_message"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """What is to be maximised, for one column.

    Parameters
    ----------
    family : Family
        The family.
    observed : Observations
        The data.
    fixed : dict of str to float
        Parameters that are given.
    prior : dict of str to Prior
        Priors of free parameters.
    start : dict of str to float
        Where the user would begin.
    solver : Solver
        What descends.
    """

    family: Family
    observed: Observations
    fixed: Mapping[str, float]
    prior: Mapping[str, Prior]
    start: Mapping[str, float]
    solver: Solver


@dataclass(frozen=True)
class Solution:
    """Where a search ended.

    Parameters
    ----------
    theta : ndarray of shape (n_parameters,)
        All parameters.
    value : float
        Negative log posterior; infinite where a density is.
    n_iter : int
        Iterations of the solver.
    converged : bool
        Whether it reached its tolerance.
    message : str
        What was reached.
    held : frozenset of str
        Parameters at an end of what is possible, or at a kink of their prior.
    away : dict of str to float
        Parameters that ran away, and the sign of the direction of their coordinates.
    is_singular : bool
        Whether it approaches an infinite density.
    """

    theta: Array
    value: float
    n_iter: int
    converged: bool
    message: str
    held: frozenset[str] = frozenset()
    away: Mapping[str, float] = field(default_factory=dict)
    is_singular: bool = False


def impossible_message(problem: Problem) -> str:
    """Return what to say of data that have no density at any parameters."""
    x, fixed = problem.observed.x, problem.fixed
    span = f"values from {x.min():g} to {x.max():g}" if x.size else "censored values alone"
    told = ", ".join(f"{name}={value:g}" for name, value in fixed.items()) or "no parameter fixed"
    return (
        f"{problem.family.name} gives these data no density at any parameters tried; got {span} with {told}. Leave out"
        f" values outside its support, free or change what is fixed, or give a start."
    )


def unbounded_message(problem: Problem, chart: Chart, solution: Solution) -> str:
    """Return what to say of a likelihood without a maximum."""
    family, names = problem.family, dict(zip(problem.family.names, solution.theta, strict=True))
    shown = ", ".join(f"{name}={value:.6g}" for name, value in names.items())
    culprits: list[str] = [name for name in ("loc", "scale") if name in chart.free]
    edge = [name for name in chart.edges if name in solution.held]
    if edge:
        end = chart.edges[edge[0]]
        value = chart.least if end == "lower" else chart.largest
        which = "smallest" if end == "lower" else "largest"
        what = f"where the support ends at the {which} value, {value:g}, the density is infinite"
        culprits = list(chart.edges)
    elif not solution.away and (touched := _touched(problem, solution)) is not None:
        return (
            f"The likelihood of {family.name} grows without bound on these data (n_samples={problem.observed.n}): the"
            f" support ends exactly at the value {touched:g} (with {shown}), where a shape can make the density"
            f" infinite. Leave such values out, say upper= of them (less than what can be measured), or fix loc"
            f" elsewhere."
        )
    else:
        culprits = list(dict.fromkeys([*solution.away, *culprits]))
        what = f"as {culprits[0]} runs to its end the density at a value becomes infinite"
    remedy = " or ".join(f"fixed={{{name!r}: ...}}" for name in culprits)
    return (
        f"The likelihood of {family.name} grows without bound on these data (n_samples={problem.observed.n}): {what}."
        f" No maximum inside was found; the search went to {shown}. Use {remedy}, a prior of {culprits[0]}, or a start"
        f" if you know of a maximum."
    )


def _touched(problem: Problem, solution: Solution) -> float | None:
    """Return a value that is exactly at an end of the support, if there is one."""
    a, b = problem.family.ends(solution.theta[None, :])
    loc, scale = solution.theta[-2:]
    ends = (loc + scale * float(a[0]), loc + scale * float(b[0]))
    return next((end for end in ends if np.any(problem.observed.x == end)), None)


def away_message(family: Family, solution: Solution) -> str:
    """Return what to say of parameters that ran away."""
    named = dict(zip(family.names, solution.theta, strict=True))
    told = " and ".join(f"{name} (now {named[name]:.4g})" for name in solution.away)
    first = next(iter(solution.away))
    return (
        f"The likelihood of {family.name} has no maximum inside the family: it levels off as {told} runs to an end of"
        f" its range; the estimate is where the search was stopped, a factor of e^{FAR:g} out. Fix it,"
        f" fixed={{{first!r}: ...}}, give it a prior, or use the family that is its limit."
    )
