"""Parameters that are whole numbers, such as the number of trials: the best of them, the others at their best.

The profile likelihood over the whole numbers is climbed coordinate by coordinate, with steps that double while they
gain.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ._problem import Problem, Solution, impossible_message

__all__ = ["climb"]

# Values tried first, as multiples of the largest value seen, and by themselves.
_MULTIPLES = (1, 2, 5)
_SMALL = (1, 3, 10)
_COMBINATIONS = 60
# A gain of less than this, in nats, is rounding of the gamma functions in most of these families.
_LEAST_GAIN = 1e-7
# A number this many times the size of the data, still gaining, has no maximum.
_RUNAWAY = 1_000
_ROUNDS = 100

Inner = Callable[[Problem], Solution]


def climb(problem: Problem, names: list[str], inner: Inner) -> Solution:
    """Return the best solution over whole values of the parameters named.

    Raises
    ------
    ValueError
        If the data are impossible at all values tried.
    """
    known: dict[tuple[int, ...], Solution | None] = {}

    def at(values: tuple[int, ...]) -> float:
        if values not in known:
            solved = [found for found in known.values() if found is not None]
            near = min(solved, key=lambda found: found.value) if solved else None
            known[values] = _solved(_from(problem, names, near), names, values, inner)
        found = known[values]
        return np.inf if found is None else found.value

    best = min(_candidates(problem, names), key=at)
    if not np.isfinite(at(best)):
        raise ValueError(impossible_message(problem))
    for _ in range(_ROUNDS):
        before = best
        for j in range(len(names)):
            best = _along(best, j, at, _limit(problem))
        if best == before:
            break
    found = known[best]
    assert found is not None  # its value is finite
    far = {
        name: 1.0
        for name, value in zip(names, best, strict=True)
        if abs(value) >= _limit(problem) / 2
    }
    return replace(found, away={**found.away, **far}, held=found.held | set(names))


def _from(problem: Problem, names: list[str], near: Solution | None) -> Problem:
    """Return the problem to be begun where the others were best before."""
    if near is None:
        return problem
    start = {
        name: float(value)
        for name, value in zip(problem.family.names, near.theta, strict=True)
        if name not in problem.fixed and name not in names and name not in near.held
    }
    return replace(problem, start=start)


def _limit(problem: Problem) -> float:
    return _RUNAWAY * max(1.0, float(np.abs(problem.observed.stand_in()[0]).max(initial=1.0)))


def _along(
    best: tuple[int, ...], j: int, at: Callable[[tuple[int, ...]], float], limit: float
) -> tuple[int, ...]:
    """Return the best along one coordinate, by steps that double as long as they gain."""
    for sign in (1, -1):
        step = 1
        while True:
            following = (*best[:j], best[j] + sign * step, *best[j + 1 :])
            if abs(following[j]) > limit or not at(following) < at(best) - _LEAST_GAIN:
                if step == 1:
                    break
                step = 1
                continue
            best, step = following, 2 * step
    return best


def _candidates(problem: Problem, names: list[str]) -> list[tuple[int, ...]]:
    largest = int(max(1.0, float(problem.observed.stand_in()[0].max(initial=1.0))))
    choices = []
    for name in names:
        if name in problem.start:
            choices.append([int(problem.start[name])])
            continue
        domain = problem.family.domains[name]
        values = [largest * k for k in _MULTIPLES] + [largest + 1, *_SMALL]
        choices.append(sorted({v for v in values if v in domain}) or [largest])
    combinations = list(itertools.product(*choices))
    step = -(-len(combinations) // _COMBINATIONS)
    return combinations[::step]


def _solved(
    problem: Problem, names: list[str], values: tuple[int, ...], inner: Inner
) -> Solution | None:
    """Return the solution at whole values, None where they are impossible."""
    domains = problem.family.domains
    if any(value not in domains[name] for name, value in zip(names, values, strict=True)):
        return None
    fixed = {**problem.fixed, **dict(zip(names, map(float, values), strict=True))}
    try:
        return inner(replace(problem, fixed=fixed))
    except ValueError:  # no density there
        return None
