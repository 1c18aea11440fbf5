"""One descent: from a point, along what is free, to a maximum or to an end of what is possible."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ._chart import Chart
from ._objective import DensityObjective, RanAwayError
from ._problem import Problem, Solution

__all__ = ["SAME", "descend", "settled"]

Array = NDArray[np.float64]

#: Two searches that agree to this part of a nat ended at one maximum.
SAME = 1e-6
# A density at a point that is e^10 = 22,000 times what the spread of the data allows, where a scale vanishes.
_INFINITE = 10.0
# Steps in coordinates at which a better point is looked for around an estimate, and how often one is followed: a
# likelihood with kinks has a maximum between any two of them.
_NEARBY = (0.01, 0.03, 0.1, 0.3, 1.0)
_HOPS, _MANY = 8, 3000
# So many values are compared for a loc with a kink in the density, the nearest, and the best few tried.
_VALUES, _TRIED = 15, 5
# A shape at e^-5 of an end of its range may be there: a likelihood that is even in it levels off on the way.
_NEAR_END = 5.0
# A step that a shape may take without the density changing much.
_FIRST = 1e-5


def descend(
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
        # A step may lead where densities overflow; the solver comes back.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
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
    end = objective.full(found.x)[0]
    if objective.far(end):
        return _held_at_the_end(problem, chart, end, held, at_edge, {})
    message = f"{best.message}; then {found.nit} steps of Nelder-Mead"
    n_iter, converged = best.n_iter + found.nit, bool(found.success)
    return _finished(problem, objective, found.x, n_iter, converged, message, {})


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
    found = descend(problem, chart, z, held, at_edge, away)
    # The density at a value rose on the way to the edge, and on it there is no finite one.
    is_singular = bool(at_edge) and not np.isfinite(found.value)
    return replace(found, is_singular=found.is_singular or is_singular)


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
    infinite = np.isposinf(terms).any()
    if w.size:
        around, _ = objective.terms(w + _FIRST * np.concatenate([np.eye(w.size), -np.eye(w.size)]))
        # A value at the fixed end of the support: one shape allows it, those beside it make the density infinite.
        infinite |= np.isposinf(around).any()
        is_broken = not np.isfinite(around).all()
        # An edge that only one shape allows, and that any other makes impossible or infinite, is none.
        infinite |= bool(objective.at_edge) and is_broken
        if is_broken and not (objective.chart.lower_end or objective.chart.upper_end):
            # The support of Pearson's type III ends, and scipy does not say where.
            converged, message = False, "a value is at an end of the support"
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


def settled(problem: Problem, chart: Chart, best: Solution) -> Solution:
    """Return the best solution when nothing nearby is better, by as much as a rough likelihood allows."""
    best = _at_an_end(problem, chart, _hopped(problem, chart, best))
    if not (best.converged or best.away or best.is_singular):
        best = _on_a_value(problem, chart, best)
    if best.converged or best.away or best.is_singular:
        return best
    polished = _polished(problem, chart, best)
    if not polished.value < best.value:
        return best
    # The simplex also ends where there is no maximum: only what is nearby tells.
    hopped = _hopped(problem, chart, replace(polished, converged=False))
    return polished if hopped.theta is polished.theta else hopped


def _at_an_end(problem: Problem, chart: Chart, best: Solution) -> Solution:
    """Return the solution with a shape at an end of its range, if that end is possible, near, and as good."""
    z, held, at_edge = _where(chart, best)
    for j, name in enumerate(chart.free):
        domain = problem.family.domains[name]
        down = z[j] < 0.0
        has_end = domain.has_lower if down else domain.has_upper
        if name in held or not has_end or abs(z[j]) < _NEAR_END or best.away:
            continue
        at_end = {**held, name: -np.inf if down else np.inf}
        found = descend(problem, chart, z, at_end, at_edge, {})
        if found.value <= best.value + SAME and not found.is_singular:
            best, held = found, at_end
    return best


def _hopped(problem: Problem, chart: Chart, best: Solution) -> Solution:
    for _ in range(_HOPS):
        better = None if best.is_singular else _hop(problem, chart, best)
        if better is None:
            break
        # A maximum inside is the estimate, however near it lies to where the likelihood has none.
        if better.is_singular and best.converged:
            break
        best = better
    return best


def _on_a_value(problem: Problem, chart: Chart, best: Solution) -> Solution:
    """Return the solution with loc at a value, if it is better there: a density may have a kink at loc."""
    values, j = np.unique(problem.observed.x), chart.family.names.index("loc")
    if "loc" not in chart.free or not chart.is_line("loc") or values.size == 0:
        return best
    for _ in range(_HOPS):
        z, held, at_edge = _where(chart, best)
        nearest = values[np.argsort(np.abs(values - best.theta[j]), kind="stable")[:_VALUES]]
        tried = np.tile(z, (nearest.size, 1))
        column = chart.free.index("loc")
        tried[:, column] = (nearest - chart.centre) / chart.unit
        keep = [k for k, name in enumerate(chart.free) if name not in held]
        objective = DensityObjective(chart, problem.observed, problem.prior, held, at_edge)
        order = np.argsort(objective.values(tried[:, keep]), kind="stable")
        ends = [
            descend(problem, chart, row, {**held, "loc": row[column]}, at_edge, {})
            for row in tried[order[:_TRIED]]
        ]
        found = min(ends, key=lambda end: end.value)
        if not found.value < best.value or found.away or found.is_singular:
            break
        is_settled = found.theta[j] == best.theta[j]
        best = replace(found, held=found.held - {"loc"})
        if is_settled:
            break
    return best


def _hop(problem: Problem, chart: Chart, best: Solution) -> Solution | None:
    """Return a solution from a point near the best that is better; None if there is none."""
    z, held, at_edge = _where(chart, best)
    objective = DensityObjective(chart, problem.observed, problem.prior, held, at_edge)
    keep = [j for j, name in enumerate(chart.free) if name not in held]
    # What smooths a likelihood is many points: then only the longer steps are worth their cost.
    sizes = _NEARBY[-2:] if best.converged and problem.observed.n > _MANY else _NEARBY
    steps = np.concatenate([sign * size * np.eye(len(keep)) for size in sizes for sign in (1, -1)])
    if not keep or best.away:
        return None
    around = z[keep] + steps
    values = objective.values(around)
    first = int(np.argmin(values))
    if not values[first] < best.value - SAME:
        return None
    z[keep] = around[first]
    found = descend(problem, chart, z, held, at_edge, {})
    return found if found.is_singular or found.value < best.value - SAME else None


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
