"""The maximum of a likelihood, or of a posterior density, where there is no formula for it.

A likelihood of scipy's families need not have a maximum, and may have several. The search begins at several points. One
that leaves for an end of the coordinates is stopped: where the support ends exactly at a value the estimate is on that
edge; where the density at a point becomes infinite the likelihood has no maximum, and that is said; where it levels off
(Student's t with ever more degrees of freedom) the parameter stays where it is and that is said too.

References
----------
.. [1] Smith (1985). Maximum likelihood estimation in a class of nonregular cases. Biometrika 72, 67-90.
.. [2] Cheng, Traylor (1995). Non-regular maximum likelihood problems. J. R. Stat. Soc. B 57, 3-24.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ..exceptions import UnboundedLikelihoodError
from ..priors import Prior
from ..solvers import Solver
from ._chart import FAR, Chart, chart_of
from ._family import Family
from ._objective import DensityObjective, RanAwayError
from ._observations import Observations
from ._starts import shape_grid, starts

__all__ = ["Problem", "Solution", "away_message", "impossible_message", "search"]

Array = NDArray[np.float64]

# Starting points are compared on so many points, and the best few are searched from.
_COMPARED_ON = 300
_SEARCHES = 3
# Two searches that agree to this part of a nat ended at one maximum: no more are made.
_SAME = 1e-6
# A density at a point that is e^10 = 22,000 times what the spread of the data allows, where a scale vanishes.
_INFINITE = 10.0
# A gap of less than e^-4, 2 % of the spread, may be no gap: the edge itself is tried.
_NEAR_EDGE = -4.0
# Steps in coordinates at which a better point is looked for around an estimate, and how often one is followed: a
# likelihood with kinks has a maximum between any two of them.
_NEARBY = (0.01, 0.03, 0.1, 0.3, 1.0)
_HOPS = 8
# A step that a shape may take without the density changing much.
_FIRST = 1e-5


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


def search(problem: Problem) -> Solution:
    """Return the highest maximum found.

    Raises
    ------
    UnboundedLikelihoodError
        If there is none, because a density at a value becomes infinite.
    ValueError
        If no parameters make the data possible.
    """
    found = _search(problem)
    for name, part in problem.prior.items():
        if not part.is_smooth:
            found = _lower(found, _at_kink(problem, name, part))
    return found


def _at_kink(problem: Problem, name: str, part: Any) -> Solution:
    """Return the solution with a parameter where its prior has a kink."""
    kink = float(np.ravel(part.separable()[0])[0])
    rest = {key: prior for key, prior in problem.prior.items() if key != name}
    found = search(replace(problem, fixed={**problem.fixed, name: kink}, prior=rest))
    value = found.value - part.log_density(np.array([kink]))
    return replace(found, value=value, held=found.held | {name})


def _lower(first: Solution, second: Solution) -> Solution:
    return second if second.value < first.value else first


def _search(problem: Problem) -> Solution:
    family, observed = problem.family, problem.observed
    grid = shape_grid(family, {**problem.start, **problem.fixed})
    positive = [name for name, part in problem.prior.items() if part.is_positive]
    chart = chart_of(family, problem.fixed, observed, grid, positive)
    if not chart.free:
        return _nothing_free(problem, chart)
    given = {name: value for name, value in problem.start.items() if name in chart.free}
    begin = _ranked(problem, chart, starts(chart, observed, grid, given))
    if begin.shape[0] == 0:
        raise ValueError(impossible_message(problem))
    solutions: list[Solution] = []
    for z in begin[:_SEARCHES]:
        solutions += _from(problem, chart, z, with_edges=not solutions)
        values = sorted(s.value for s in solutions if not s.is_singular and not s.away)
        if len(values) > 1 and values[1] - values[0] < _SAME:
            break
    regular = [s for s in solutions if not s.is_singular and np.isfinite(s.value)]
    if not regular:
        singular = [solution for solution in solutions if solution.is_singular]
        if singular:
            raise UnboundedLikelihoodError(_unbounded(problem, chart, singular[0]))
        raise ValueError(impossible_message(problem))
    return _settled(problem, chart, min(regular, key=lambda solution: solution.value))


def _settled(problem: Problem, chart: Chart, best: Solution) -> Solution:
    """Return the best solution when nothing nearby is better, by as much as a rough likelihood allows."""
    for _ in range(_HOPS):
        better = _hop(problem, chart, best)
        if better is None:
            break
        best = better
    if best.converged or best.away:
        return best
    polished = _polished(problem, chart, best)
    return polished if polished.value < best.value else best


def _hop(problem: Problem, chart: Chart, best: Solution) -> Solution | None:
    """Return a solution from a point near the best that is better; None if there is none."""
    z, held, at_edge = _where(chart, best)
    objective = DensityObjective(chart, problem.observed, problem.prior, held, at_edge)
    keep = [j for j, name in enumerate(chart.free) if name not in held]
    steps = np.concatenate(
        [sign * size * np.eye(len(keep)) for size in _NEARBY for sign in (1, -1)]
    )
    if not keep or best.away:
        return None
    around = z[keep] + steps
    values = objective.values(around)
    first = int(np.argmin(values))
    if not values[first] < best.value - _SAME:
        return None
    z[keep] = around[first]
    found = _descend(problem, chart, z, held, at_edge, {})
    is_better = found.value < best.value - _SAME and not found.is_singular
    return found if is_better else None


def _where(chart: Chart, solution: Solution) -> tuple[Array, dict[str, float], frozenset[str]]:
    """Return the coordinates of a solution, those held, and those at an edge."""
    z = chart.coordinates(solution.theta[None, :])[0]
    held = {name: float(z[chart.free.index(name)]) for name in solution.away}
    at_edge = frozenset(name for name in chart.edges if name in solution.held)
    held |= dict.fromkeys(at_edge, -np.inf)
    held |= {
        name: float(value)
        for name, value in zip(chart.free, z, strict=True)
        if not np.isfinite(value) and name not in at_edge
    }
    return z, held, at_edge


def _nothing_free(problem: Problem, chart: Chart) -> Solution:
    objective = DensityObjective(chart, problem.observed, problem.prior, {})
    theta = objective.theta(np.zeros((1, 0)))[0]
    value = objective.value(np.zeros(0))
    if not np.isfinite(value):
        raise ValueError(impossible_message(problem))
    return Solution(theta, value, 0, True, "no parameter is free")


def _ranked(problem: Problem, chart: Chart, z: Array) -> Array:
    """Return the starting points at which the data are possible, best first."""
    few = DensityObjective(chart, problem.observed.some(_COMPARED_ON), problem.prior, {})
    values = few.values(z)
    order = np.argsort(values, kind="stable")
    ranked = z[order[np.isfinite(values[order])]]
    # What some of the data allow, all of them need not: a support may end between them.
    full = DensityObjective(chart, problem.observed, problem.prior, {})
    return np.array([row for row in ranked if np.isfinite(full.value(row))]).reshape(-1, chart.size)


def _from(problem: Problem, chart: Chart, z: Array, *, with_edges: bool) -> list[Solution]:
    """Return what searches from one point find, and those along the edges from there."""
    found = [_descend(problem, chart, z, {}, frozenset(), {})]
    edges = frozenset(chart.edges)
    if not edges:
        return found
    end = chart.coordinates(found[0].theta[None, :])[0]
    near = {name for name in edges if end[chart.free.index(name)] < _NEAR_EDGE}
    for names in {frozenset(near - found[0].held), edges if with_edges else frozenset()}:
        if names and np.isfinite(_value_at_edge(problem, chart, z, names)):
            found.append(_descend(problem, chart, z, dict.fromkeys(names, -np.inf), names, {}))
    return found


def _value_at_edge(problem: Problem, chart: Chart, z: Array, names: frozenset[str]) -> float:
    held = dict.fromkeys(names, -np.inf)
    objective = DensityObjective(chart, problem.observed, problem.prior, held, names)
    keep = [j for j, name in enumerate(chart.free) if name not in names]
    return objective.value(z[keep])


def _descend(
    problem: Problem,
    chart: Chart,
    z: Array,
    held: dict[str, float],
    at_edge: frozenset[str],
    away: dict[str, float],
) -> Solution:
    """Return where the solver ends from z, with some coordinates held; one that runs away is held from then on."""
    objective = DensityObjective(chart, problem.observed, problem.prior, held, at_edge)
    keep = np.array([name not in held for name in chart.free], dtype=bool)
    if not keep.any():
        return _finished(problem, objective, np.zeros(0), 0, True, "no parameter is free", away)
    try:
        result = problem.solver.solve(objective, z[keep])
    except RanAwayError as left:
        return _held_at_the_end(problem, chart, left.z, held, at_edge, away)
    if objective.far(objective.full(result.w)[0]):
        return _held_at_the_end(problem, chart, objective.full(result.w)[0], held, at_edge, away)
    return _finished(
        problem, objective, result.w, result.n_iter, result.converged, result.message, away
    )


def _polished(problem: Problem, chart: Chart, best: Solution) -> Solution:
    """Return what the simplex method makes of a solution: a density may be too rough for differences."""
    z, held, at_edge = _where(chart, best)
    objective = DensityObjective(chart, problem.observed, problem.prior, held, at_edge)
    keep = [j for j, name in enumerate(chart.free) if name not in held]
    found = minimize(
        objective.value,
        z[keep],
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-8, "maxiter": 200 * len(keep)},
    )
    message = f"{best.message}; then {found.nit} steps of Nelder-Mead"
    return _finished(
        problem, objective, found.x, best.n_iter + found.nit, bool(found.success), message, {}
    )


def _held_at_the_end(
    problem: Problem,
    chart: Chart,
    z: Array,
    held: dict[str, float],
    at_edge: frozenset[str],
    away: dict[str, float],
) -> Solution:
    """Return the solution with the coordinates that ran away kept at their end, or where they are."""
    objective = DensityObjective(chart, problem.observed, problem.prior, held, at_edge)
    held, away = dict(held), dict(away)
    for name in objective.far(z):
        j = chart.free.index(name)
        down = z[j] < 0.0
        domain = problem.family.domains[name]
        if name in chart.edges and down:
            held[name], at_edge = -np.inf, at_edge | {name}
        elif not chart.is_line(name) and (domain.has_lower if down else domain.has_upper):
            held[name] = -np.inf if down else np.inf
        else:
            held[name], away[name] = float(z[j]), -1.0 if down else 1.0
    return _descend(problem, chart, z, held, at_edge, away)


def _finished(
    problem: Problem,
    objective: DensityObjective,
    w: Array,
    n_iter: int,
    converged: bool,
    message: str,
    away: dict[str, float],
) -> Solution:
    terms, _ = objective.terms(w[None, :])
    highest = float(terms.max(initial=-np.inf)) + np.log(objective.chart.unit)
    # Infinite on an edge; or a scale, or a shape that is one, that vanishes around a value.
    grows = bool(away) and highest > _INFINITE
    # An edge that only one shape allows, and every other makes infinite, is none.
    around = w + _FIRST * np.concatenate([np.eye(w.size), -np.eye(w.size)])
    infinite = np.isposinf(terms).any()
    if objective.at_edge and w.size:
        infinite |= np.isposinf(objective.terms(around)[0]).any()
    is_singular = bool(infinite or grows) and not problem.family.is_discrete
    return Solution(
        theta=objective.theta(w[None, :])[0],
        value=objective.value(w),
        n_iter=n_iter,
        converged=converged,
        message=message,
        held=frozenset(objective.held) - frozenset(away),
        away=away,
        is_singular=is_singular,
    )


def impossible_message(problem: Problem) -> str:
    """Return what to say of data that have no density at any parameters."""
    x, fixed = problem.observed.x, problem.fixed
    span = f"values from {x.min():g} to {x.max():g}" if x.size else "censored values alone"
    told = ", ".join(f"{name}={value:g}" for name, value in fixed.items()) or "no parameter fixed"
    return (
        f"{problem.family.name} gives these data no density at any parameters tried; got {span} with {told}. Leave out"
        f" values outside its support, free or change what is fixed, or give a start."
    )


def _unbounded(problem: Problem, chart: Chart, solution: Solution) -> str:
    family, names = problem.family, dict(zip(problem.family.names, solution.theta, strict=True))
    shown = ", ".join(f"{name}={value:.6g}" for name, value in names.items())
    culprits: list[str] = [name for name in ("loc", "scale") if name in chart.free]
    edge = [name for name in chart.edges if name in solution.held]
    if edge:
        end = chart.edges[edge[0]]
        value = chart.least if end == "lower" else chart.largest
        which = "smallest" if end == "lower" else "largest"
        what = (
            f"the support ends at the {which} value, {value:g}, and the density there is infinite"
        )
        culprits = edge
    else:
        culprits = [*solution.away, *culprits]
        what = (
            f"{culprits[0]} runs to an end of its range and the density at a value becomes infinite"
        )
    remedy = " or ".join(f"fixed={{{name!r}: ...}}" for name in culprits)
    return (
        f"The likelihood of {family.name} has no maximum on these {problem.observed.n} points: it grows without bound"
        f" as {what}; the search went to {shown}. Use {remedy}, or a prior of {culprits[0]}."
    )


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
