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

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import UnboundedLikelihoodError
from ._chart import Chart, chart_of
from ._descent import SAME, descend, settled
from ._objective import DensityObjective
from ._problem import Problem, Solution, impossible_message, unbounded_message
from ._starts import shape_grid, starts

__all__ = ["search"]

Array = NDArray[np.float64]

# Starting points are compared on so many points, and the best few are searched from.
_COMPARED_ON = 300
_SEARCHES, _MOST_SEARCHES = 3, 6
# Of so many points and more, a part is searched first: evenly spaced in order of size, they are nearly all there is to
# know, and the search on all takes a few steps.
_MANY, _PART = 3000, 700
# A gap of less than e^-4, 2 % of the spread, may be no gap: the edge itself is tried.
_NEAR_EDGE = -4.0


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
        if not part.is_smooth and _kink(part) in problem.family.domains[name]:
            found = _lower(found, _at_kink(problem, name, part))
    return found


def _at_kink(problem: Problem, name: str, part: Any) -> Solution:
    """Return the solution with a parameter where its prior has a kink."""
    kink = _kink(part)
    rest = {key: prior for key, prior in problem.prior.items() if key != name}
    found = search(replace(problem, fixed={**problem.fixed, name: kink}, prior=rest))
    value = found.value - part.log_density(np.array([kink]))
    return replace(found, value=value, held=found.held | {name})


def _kink(part: Any) -> float:
    return float(np.ravel(part.separable()[0])[0])


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
    solutions = _solutions(problem, chart, starts(chart, observed, grid, given))
    regular = _regular(solutions)
    singular = [solution for solution in solutions if solution.is_singular]
    if not regular and singular:
        raise UnboundedLikelihoodError(unbounded_message(problem, chart, singular[0]))
    if not regular:
        raise ValueError(impossible_message(problem))
    found = settled(problem, chart, min(regular, key=lambda solution: solution.value))
    if found.is_singular:
        raise UnboundedLikelihoodError(unbounded_message(problem, chart, found))
    return found


def _solutions(problem: Problem, chart: Chart, z: Array) -> list[Solution]:
    """Return where searches from the best of these points end."""
    solutions: list[Solution] = []
    tried: list[Array] = []
    for n_tried, row in enumerate(_begin(problem, chart, z)):
        # On a part of the data two searches ended here: that is the agreement of the rule below.
        if any(np.allclose(row, earlier, rtol=0.0, atol=SAME) for earlier in tried):
            break
        tried.append(row)
        regular = _regular(solutions)
        values = sorted(solution.value for solution in regular if not solution.away)
        if len(values) > 1 and values[1] - values[0] < SAME:
            break
        # That there is no maximum is said only after more tries.
        if n_tried >= (_SEARCHES if regular else _MOST_SEARCHES):
            break
        solutions += _from(problem, chart, row, with_edges=n_tried == 0)
    return solutions


def _regular(solutions: list[Solution]) -> list[Solution]:
    return [s for s in solutions if not s.is_singular and np.isfinite(s.value)]


def _nothing_free(problem: Problem, chart: Chart) -> Solution:
    objective = DensityObjective(chart, problem.observed, problem.prior, {})
    theta = objective.theta(np.zeros((1, 0)))[0]
    value = objective.value(np.zeros(0))
    if not np.isfinite(value):
        raise ValueError(impossible_message(problem))
    return Solution(theta, value, 0, True, "no parameter is free")


def _begin(problem: Problem, chart: Chart, z: Array) -> Iterator[Array]:
    """Yield the starting points at which the data are possible, best first."""
    few = DensityObjective(chart, problem.observed.some(_COMPARED_ON), problem.prior, {})
    values = few.values(z)
    full = DensityObjective(chart, problem.observed, problem.prior, {})
    for row in z[np.argsort(values, kind="stable")][: int(np.isfinite(values).sum())]:
        # What some of the data allow, all of them need not: a support may end between them.
        if np.isfinite(full.value(row)):
            yield _nearer(problem, chart, full, row)


def _nearer(problem: Problem, chart: Chart, full: DensityObjective, z: Array) -> Array:
    """Return where the search on a part of the data ends, if there are many and that is a good start for all."""
    if problem.observed.n < _MANY or problem.observed.is_censored:
        return z
    end = descend(
        replace(problem, observed=problem.observed.some(_PART)), chart, z, {}, frozenset(), {}
    )
    if end.held or end.away or end.is_singular:
        return z
    near = chart.coordinates(end.theta[None, :])[0]
    return near if full.value(near) < full.value(z) else z


def _from(problem: Problem, chart: Chart, z: Array, *, with_edges: bool) -> list[Solution]:
    """Return what searches from one point find, and those along the edges from there."""
    found = [descend(problem, chart, z, {}, frozenset(), {})]
    edges = frozenset(chart.edges)
    if not edges:
        return found
    end = chart.coordinates(found[0].theta[None, :])[0]
    near = {name for name in edges if end[chart.free.index(name)] < _NEAR_EDGE}
    chosen = [frozenset(near - found[0].held), edges if with_edges else frozenset()]
    for names in dict.fromkeys(chosen):
        if names and np.isfinite(_value_at_edge(problem, chart, z, names)):
            found.append(descend(problem, chart, z, dict.fromkeys(names, -np.inf), names, {}))
    return found


def _value_at_edge(problem: Problem, chart: Chart, z: Array, names: frozenset[str]) -> float:
    held = dict.fromkeys(names, -np.inf)
    objective = DensityObjective(chart, problem.observed, problem.prior, held, names)
    keep = [j for j, name in enumerate(chart.free) if name not in names]
    return objective.value(z[keep])
