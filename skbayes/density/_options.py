"""What a user says of the parameters, checked: which are fixed, which have a prior, where to begin."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import clone

from .._registry import resolve
from ..priors import PRIORS, Prior
from ..solvers import SOLVERS, Newton, Solver
from ._family import Family
from ._objective import DensityObjective

__all__ = ["fixed_of", "params_of", "prior_of", "solver_of", "start_of"]


def fixed_of(fixed: Mapping[str, float] | None, family: Family) -> dict[str, float]:
    """Return the parameters that are given; loc of a discrete family is 0 if it is not among them.

    Raises
    ------
    ValueError
        If a name is unknown or a value impossible.
    """
    checked = _checked(fixed, "fixed", family)
    if family.is_discrete:
        # The likelihood is a step function of it.
        checked.setdefault("loc", 0.0)
    return checked


def start_of(
    start: Mapping[str, float] | None, family: Family, fixed: Mapping[str, float]
) -> dict[str, float]:
    """Return where to begin.

    Raises
    ------
    ValueError
        If a name is unknown or fixed, or a value impossible.
    """
    checked = _checked(start, "start", family)
    _refuse_fixed(checked, "start", fixed)
    return checked


def params_of(params: Mapping[str, float] | None, family: Family) -> dict[str, float]:
    """Return the parameters that are given for a table.

    Raises
    ------
    ValueError
        If a name is unknown or a value impossible.
    """
    return _checked(params, "params", family)


def _checked(values: Mapping[str, float] | None, what: str, family: Family) -> dict[str, float]:
    checked = {}
    for name, value in _items(values, what, family):
        domain = family.domains[name]
        is_number = isinstance(value, Real | np.number) and not isinstance(value, bool)
        if not is_number or float(value) not in domain:
            raise ValueError(
                f"{what}[{name!r}] of {family.name} must be {domain}; got {value!r}. Correct it."
            )
        checked[name] = float(value)
    return checked


def prior_of(prior: Any, family: Family, fixed: Mapping[str, float]) -> dict[str, Prior]:
    """Return the priors of free parameters; a flat one is none.

    Raises
    ------
    TypeError
        If it is no dict, or an entry is no prior.
    ValueError
        If a name is unknown or fixed, the parameter a whole number, or the prior not of a single number.
    """
    checked: dict[str, Prior] = {}
    for name, given in _items(prior, "prior", family):
        part = resolve(given, PRIORS, f"prior[{name!r}]")
        if not isinstance(part, Prior):
            raise TypeError(
                f"prior[{name!r}] must be a prior or the name of one; got {type(part).__name__}. Use for example"
                f" skbayes.priors.Normal(loc=0.0, scale=1.0)."
            )
        if not (part.is_smooth or hasattr(part, "separable")):
            raise ValueError(
                f"prior[{name!r}] must be a density of a single number; got {part}. Use for example"
                f" skbayes.priors.Normal(loc=0.0, scale=1.0)."
            )
        if family.domains[name].is_integer:
            raise ValueError(
                f"prior[{name!r}]: {name} of {family.name} is a whole number, and priors are densities; got {part}."
                f" Use fixed={{{name!r}: ...}}, or leave it free without a prior."
            )
        checked[name] = clone(part).for_features(None, 1)
    _refuse_fixed(checked, "prior", fixed)
    return {name: part for name, part in checked.items() if not _is_flat(part)}


def _is_flat(part: Prior) -> bool:
    return part.log_density(np.ones(1)) == part.log_density(np.full(1, 2.0)) == 0.0


def _items(values: Any, what: str, family: Family) -> list[tuple[str, Any]]:
    if values is None:
        return []
    if not isinstance(values, Mapping):
        raise TypeError(
            f"{what} must be a dict by the name of the parameter; got {type(values).__name__}. {family.name} has"
            f" {', '.join(family.names)}."
        )
    unknown = [name for name in values if name not in family.domains]
    if unknown:
        raise ValueError(
            f"{what} names parameters that {family.name} does not have; got {unknown}. It has"
            f" {', '.join(family.names)}."
        )
    return list(values.items())


def _refuse_fixed(values: Mapping[str, Any], what: str, fixed: Mapping[str, float]) -> None:
    both = sorted(values.keys() & fixed.keys())
    if both:
        raise ValueError(
            f"{what} is about free parameters; got {both}, which are fixed. Leave them out of one of the two."
        )


def solver_of(solver: Any, max_iter: int, tol: float) -> Solver:
    """Return the solver; one given by name has these iterations and tolerance.

    Raises
    ------
    ValueError
        If a name is unknown, or the solver needs what no family has.
    """
    if isinstance(solver, str):
        part = Newton() if solver == "auto" else resolve(solver, SOLVERS, "solver")
        known = part.get_params()
        given = {"max_iter": max_iter, "tol": tol}
        part.set_params(**{name: value for name, value in given.items() if name in known})
    else:
        part = clone(resolve(solver, SOLVERS, "solver"))
    lacking = sorted(part.needs - DensityObjective.has)
    if lacking:
        raise ValueError(
            f"solver={solver!r} needs {lacking}, which the likelihood of a distribution does not have. Use 'newton' or"
            f" 'lbfgs'."
        )
    checked: Solver = part
    return checked
