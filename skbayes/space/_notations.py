"""The notations of a space, and the only place that guesses what a tuple, a list or a distribution means."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral as AnyInteger
from numbers import Real as AnyNumber
from typing import Any

import numpy as np

from ..exceptions import SpaceTypeError, SpaceValueError
from ._choices import Categorical, same
from ._columns import Column, Condition
from ._design_space import Space
from ._frozen import Distribution
from ._ranges import PRIORS, Dimension, Integer, Real

__all__ = ["as_space", "space_of", "split_budget"]

Params = dict[str, Any]


def as_space(spec: Any, constraint: Callable[[Params], bool] | None = None) -> Space:
    """Make a design space of any of the usual notations.

    Parameters
    ----------
    spec : dict, list of dicts, list of dimensions, or Space
        Parameter names and what to search. A value is a :class:`Real`, :class:`Integer`, :class:`Categorical`
        or :class:`Distribution`, a frozen scipy distribution, a list or 1-D array of choices, a tuple
        ``(low, high)`` or ``(low, high, "log-uniform")``, or any other tuple of choices. Dicts in a list are
        branches of one space.
    constraint : callable, default=None
        Takes a candidate (a dict) and returns whether it is allowed.

    Returns
    -------
    space : Space
        Checked and finished.

    Raises
    ------
    SpaceTypeError
        If something is of a kind that means nothing here.
    SpaceValueError
        If a range or a list of choices is impossible.

    Examples
    --------
    >>> from skbayes.space import as_space
    >>> print(as_space({"C": (1e-3, 1e3, "log-uniform"), "kernel": ["rbf", "poly"]}).describe())
    C: Real from 0.001 to 1000.0, log-uniform
    kernel: one of 'rbf', 'poly'
    """
    if constraint is not None and not callable(constraint):
        raise SpaceTypeError(
            f"constraint must be a callable that takes a dict; got {constraint!r}. Give a function."
        )
    if isinstance(spec, Space):
        return spec if constraint is None else Space(spec.columns, constraint)
    if isinstance(spec, Mapping):
        if not spec:
            raise SpaceValueError("The space is empty ({}). Name at least one parameter.")
        return Space(_columns([_branch(spec)]), constraint)
    if not isinstance(spec, list | tuple):
        raise SpaceTypeError(
            f"A space is a dict of parameter names, or a list of such dicts; got {spec!r}. "
            "Give for example {'C': (0.1, 10.0)}."
        )
    if not spec:
        raise SpaceValueError("The space is an empty list. Give at least one dict of parameters.")
    if all(isinstance(entry, Dimension) for entry in spec):
        return Space(_columns([_named(spec)]), constraint)
    for entry in spec:
        if not isinstance(entry, Mapping):
            raise SpaceTypeError(
                f"A list of spaces holds dicts of parameter names; got the entry {entry!r}. "
                "Give for example [{'C': (0.1, 10.0)}, {'gamma': [1, 2]}]."
            )
    if not any(spec):
        raise SpaceValueError("The space is empty. Name at least one parameter.")
    return Space(_columns([_branch(entry) for entry in spec]), constraint)


def split_budget(spec: Any, n_iter: int) -> list[tuple[Any, int]]:
    """Split a space with budgets, as scikit-optimize has them, into spaces and budgets.

    Parameters
    ----------
    spec : any notation of a space, or a list with ``(space, n)`` in it
        In such a list an entry without a number gets `n_iter`.
    n_iter : int
        The budget of a space without its own.

    Returns
    -------
    parts : list of (space, int)
        One entry for everything that shares a budget.

    Raises
    ------
    SpaceValueError
        If a budget is no positive integer.

    Examples
    --------
    >>> from skbayes.space import split_budget
    >>> split_budget([({"C": [1, 2]}, 5), {"gamma": [1, 2]}], 10)
    [({'C': [1, 2]}, 5), ({'gamma': [1, 2]}, 10)]
    """
    if not isinstance(spec, list | tuple) or not any(_has_budget(entry) for entry in spec):
        return [(spec, n_iter)]
    parts = []
    for entry in spec:
        space, n = entry if _has_budget(entry) else (entry, n_iter)
        if isinstance(n, bool) or not isinstance(n, AnyInteger) or n < 1:
            raise SpaceValueError(
                f"The budget of a space is a positive integer; got {n!r} beside {space!r}."
            )
        parts.append((space, int(n)))
    return parts


def _has_budget(entry: Any) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], Mapping)


def space_of(candidates: Sequence[Mapping[str, Any]]) -> Space:
    """Return the smallest space that holds given candidates, for a model of scores that are already there.

    Parameters
    ----------
    candidates : sequence of dict
        At least one.

    Returns
    -------
    space : Space
        Numbers become ranges from their least to their largest value, log-uniform if all are positive and span
        more than a factor of 100; everything else becomes choices. Candidates with other parameters are other
        branches.

    Examples
    --------
    >>> from skbayes.space import space_of
    >>> space_of([{"C": 0.01}, {"C": 10.0}]).describe()
    'C: Real from 0.01 to 10.0, log-uniform'
    """
    branches: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for candidate in candidates:
        branches.setdefault(frozenset(candidate), []).append(candidate)
    specs = [
        {name: _spanned([c[name] for c in group]) for name in sorted(names)}
        for names, group in branches.items()
    ]
    return Space(_columns([_branch(spec) for spec in specs]))


def _spanned(values: list[Any]) -> Dimension:
    plain = all(isinstance(v, AnyNumber) and not isinstance(v, bool | np.bool_) for v in values)
    if plain and np.isfinite(np.array(values, dtype=float)).all() and min(values) < max(values):
        low, high = min(values), max(values)
        prior = PRIORS[1] if low > 0 and high / low > 100 else PRIORS[0]
        integers = all(isinstance(v, AnyInteger) for v in values)
        return (Integer if integers else Real)(low, high, prior)
    different: list[Any] = []
    for value in values:
        if not Categorical(different).contains(value) if different else True:
            different.append(value)
    return Categorical(different)


# -- one value


def _dimension(name: str, value: Any) -> Dimension:
    """Return what a value means, checked."""
    dimension = _understood(name, value)
    dimension.check(repr(name))
    return dimension


def _understood(name: str, value: Any) -> Dimension:
    if isinstance(value, Dimension):
        return value
    if isinstance(value, tuple):
        return _of_tuple(value)
    if isinstance(value, list | range) or (hasattr(value, "__array__") and hasattr(value, "shape")):
        return _choices(name, value)
    if hasattr(value, "rvs"):
        return _of_distribution(value)
    if type(value).__module__.startswith("skopt."):
        return _of_skopt(value)
    raise SpaceTypeError(
        f"{name!r}: {value!r} is no search space. Give a list of choices, a range (low, high) or "
        "(low, high, 'log-uniform'), a Real, Integer or Categorical, or a frozen scipy distribution."
    )


def _of_tuple(value: tuple[Any, ...]) -> Dimension:
    numbers = len(value) >= 2 and all(
        isinstance(v, AnyNumber) and not isinstance(v, bool | np.bool_) for v in value[:2]
    )
    # scikit-optimize takes the base of the logarithm as a fourth entry.
    if numbers and (len(value) == 2 or (len(value) <= 4 and isinstance(value[2], str))):
        integers = all(isinstance(v, AnyInteger) for v in value[:2])
        return (Integer if integers else Real)(*value[:3])
    return Categorical(value)


def _choices(name: str, value: Any) -> Dimension:
    if getattr(value, "ndim", 1) != 1:
        raise SpaceValueError(
            f"{name!r}: choices must be one-dimensional; got an array of shape {value.shape}. "
            "Give a list, whose entries may be arrays."
        )
    return Categorical(list(value) if isinstance(value, list | range) else value.tolist())


def _of_distribution(value: Any) -> Dimension:
    """Return a frozen distribution as the range that it is, if it is one: ranges are faster to map."""
    family = getattr(getattr(value, "dist", None), "name", None)
    if family == "uniform":
        low, high = value.support()
        return Real(float(low), float(high))
    shifted = len(getattr(value, "args", ())) > 2 or {"loc", "scale"} & set(
        getattr(value, "kwds", ())
    )
    if family in ("loguniform", "reciprocal") and not shifted:
        low, high = value.support()
        return Real(float(low), float(high), "log-uniform")
    if family == "randint":
        low, high = value.support()
        if low < high:
            return Integer(int(low), int(high))
        return Categorical([int(low)])
    return Distribution(value)


def _of_skopt(value: Any) -> Dimension:
    if hasattr(value, "categories"):
        return Categorical(list(value.categories), prior=value.prior)
    return {"Real": Real, "Integer": Integer}[type(value).__name__](
        value.low, value.high, value.prior
    )


# -- from dimensions to columns


def _branch(spec: Mapping[str, Any]) -> dict[str, Dimension]:
    for name in spec:
        if not isinstance(name, str):
            raise SpaceTypeError(
                f"Parameter names are strings; got {name!r}. Write for example {{'C': (0.1, 10.0)}}."
            )
    return {name: _dimension(name, value) for name, value in spec.items()}


def _named(dimensions: Sequence[Dimension]) -> dict[str, Dimension]:
    named: dict[str, Dimension] = {}
    for k, dimension in enumerate(dimensions):
        if not isinstance(dimension.name, str):
            raise SpaceValueError(
                f"Dimension {k} of the list has no name: {dimension.describe()}. "
                "Give name='C', or use a dict."
            )
        if dimension.name in named:
            raise SpaceValueError(
                f"Two dimensions of the list are named {dimension.name!r}. Give each its own name."
            )
        named[dimension.name] = _dimension(dimension.name, dimension)
    return named


def _columns(branches: list[dict[str, Dimension]]) -> list[Column]:
    """Lay branches out as columns; equal dimensions of one name share a column across branches."""
    columns: list[Column] = []
    if len(branches) > 1:
        columns.append(Column(None, Categorical(list(range(len(branches))))))
    shared: list[tuple[str, Dimension, list[int]]] = []
    for b, branch in enumerate(branches):
        for name in _parents_first(branch):
            for other, dimension, owners in shared:
                # One name twice in a branch cannot be, so a column is shared at most once per branch.
                if other == name and same(dimension, branch[name]):
                    owners.append(b)
                    break
            else:
                shared.append((name, branch[name], [b]))
    for name, dimension, owners in shared:
        conditions = []
        if len(owners) < len(branches):
            conditions.append(Condition(0, tuple(owners)))
        conditions += _conditions(name, dimension, owners, columns, branches)
        columns.append(Column(name, dimension, tuple(conditions)))
    return columns


def _parents_first(branch: dict[str, Dimension]) -> list[str]:
    """Sort names so that the parents of a condition come before the dimension that has it."""
    order: list[str] = []
    waiting = list(branch)
    while waiting:
        ready = [n for n in waiting if all(p in order for p in _active_if(n, branch[n], branch))]
        if not ready:
            raise SpaceValueError(
                f"active_if goes in a circle among {waiting}. Make one of them unconditional."
            )
        order += ready
        waiting = [name for name in waiting if name not in ready]
    return order


def _active_if(
    name: str, dimension: Dimension, branch: Mapping[str, Dimension]
) -> Mapping[str, Any]:
    condition = dimension.active_if or {}
    if not isinstance(condition, Mapping):
        raise SpaceTypeError(
            f"{name!r}: active_if must be a dict of parameter names and values; got {condition!r}. "
            "Write for example active_if={'kernel': 'poly'}."
        )
    unknown = [parent for parent in condition if parent not in branch]
    if unknown:
        raise SpaceValueError(
            f"{name!r}: active_if names {unknown}, which the space does not have. "
            f"It has {sorted(branch)}."
        )
    return condition


def _conditions(
    name: str,
    dimension: Dimension,
    owners: list[int],
    columns: list[Column],
    branches: list[dict[str, Dimension]],
) -> list[Condition]:
    conditions = []
    for parent, values in (dimension.active_if or {}).items():
        target = branches[owners[0]][parent]
        j = next(j for j, c in enumerate(columns) if c.name == parent and same(c.dimension, target))
        conditions.append(Condition(j, _allowed(name, parent, target, values)))
    return conditions


def _allowed(name: str, parent: str, dimension: Dimension, values: Any) -> tuple[int, ...]:
    if not np.isfinite(dimension.n_values):
        raise SpaceTypeError(
            f"{name!r}: active_if depends on {parent!r}, which is continuous. "
            "Conditions need an Integer or Categorical parent."
        )
    # A list is a list of allowed values, unless it is itself one of the choices.
    several = isinstance(values, list | tuple | set) and not dimension.contains(values)
    positions = []
    for value in values if several else [values]:
        if not dimension.contains(value):
            raise SpaceValueError(
                f"{name!r}: active_if wants {parent}={value!r}, which is not in "
                f"{dimension.describe()}. Name a value that it can have."
            )
        positions.append(int(dimension.index(np.array([dimension.encode(value)]))[0]))
    return tuple(sorted(positions))
