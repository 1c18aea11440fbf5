"""The notations of a design space, and the only place that guesses what one of them means.

A list or an array is choices, always. A tuple of two numbers is a range, of integers if both are;
with a prior as third entry likewise; any other tuple is choices.
"""

import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Dimension
from ._bounds import PRIORS
from ._categorical import Categorical
from ._constraint import Constraint
from ._distribution import Distribution
from ._integer import Integer
from ._real import Real
from ._space import Space
from ._values import Positions, is_number, native, shown

__all__ = ["as_space", "space_of", "split_budget"]

# A range of seen values that spans more than this is read on a log scale.
_LOG_RATIO = 100


def as_space(spec: Any, constraint: Constraint | None = None) -> Space:
    """Build the design space that a notation means.

    Parameters
    ----------
    spec : dict, list of dict, list of Dimension, or Space
        A dict of parameter names to dimensions; a list of such dicts, whose branches share one space;
        or a list of dimensions that have a ``name``. A dimension is a :class:`Real`,
        :class:`Integer`, :class:`Categorical` or :class:`Distribution`, a frozen scipy.stats
        distribution, a list or 1-D array of choices, a range ``(low, high)`` (of integers if both are) or
        ``(low, high, "log-uniform")``, or any other tuple as choices.
    constraint : callable, default=None
        Takes a point as a dict and returns whether it is allowed. Inactive parameters are not in the
        dict.

    Returns
    -------
    space : Space
        Checked and finished.

    Raises
    ------
    SpaceValueError
        If a dimension has an impossible value: low >= high, no choices, an unknown prior, ...
    SpaceTypeError
        If something cannot be understood as a dimension.

    See Also
    --------
    Space : What comes out.

    Examples
    --------
    >>> from skbayes.space import as_space
    >>> space = as_space(
    ...     {"C": (1e-3, 1e3, "log-uniform"), "degree": (1, 5), "kernel": ["rbf", "poly"]}
    ... )
    >>> print(space.describe())
    C: float from 0.001 to 1000.0, log-uniform
    degree: integer from 1 to 5, uniform
    kernel: one of 'rbf', 'poly'
    """
    if isinstance(spec, Space):
        return spec if constraint is None else spec.with_constraint(constraint)
    branches = _as_branches(spec)
    if not any(branches):
        raise SpaceValueError(
            f"A space needs at least one parameter; got {shown(spec)}. "
            "Write for example {'C': (0.1, 10.0)}."
        )
    return Space(branches, constraint)


def split_budget(spec: Any, n_iter: int) -> list[tuple[Any, int]]:
    """Split a list of spaces that have their own numbers of iterations, as in scikit-optimize.

    Parameters
    ----------
    spec : dict, list, or Space
        A notation of a space, or a list with at least one ``(dict, n)`` in it.
    n_iter : int
        Number of iterations of what has no own number.

    Returns
    -------
    parts : list of (spec, int)
        Each with its own budget; a single one for all notations of :func:`as_space`.

    Raises
    ------
    SpaceValueError
        If a number of iterations is not a positive integer.
    SpaceTypeError
        If an entry of such a list is not understood.

    Examples
    --------
    >>> from skbayes.space import split_budget
    >>> split_budget([({"C": (1, 9)}, 20), {"C": (10, 99)}], n_iter=50)
    [({'C': (1, 9)}, 20), ({'C': (10, 99)}, 50)]
    >>> split_budget([{"C": (1, 9)}, {"C": (10, 99)}], n_iter=50)
    [([{'C': (1, 9)}, {'C': (10, 99)}], 50)]
    """
    if not isinstance(spec, list) or not any(isinstance(entry, tuple) for entry in spec):
        return [(spec, n_iter)]
    parts = []
    for entry in spec:
        part = entry if isinstance(entry, tuple) else (entry, n_iter)
        if len(part) != 2 or not isinstance(part[0], Mapping | list | Space):
            raise SpaceTypeError(
                f"A list of spaces with budgets needs entries (dict, n); got {shown(entry)}. "
                "Write [({'C': (1, 9)}, 20), ...]."
            )
        n = native(part[1])
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise SpaceValueError(
                f"The budget of a space needs to be a positive integer; got {shown(n)} for "
                f"{shown(part[0])}. Write ({{...}}, 20)."
            )
        parts.append((part[0], n))
    return parts


def space_of(candidates: Sequence[Mapping[str, Any]]) -> Space:
    """Build the space that given points span, for a model of their scores.

    Parameters
    ----------
    candidates : sequence of dict
        Points; they may differ in which parameters they have.

    Returns
    -------
    space : Space
        Contains all of them. Numbers become ranges from the smallest to the largest, log-uniform if they
        are positive and span more than a factor of 100; everything else becomes choices.

    Raises
    ------
    SpaceValueError
        If there are no points.

    Examples
    --------
    >>> from skbayes.space import space_of
    >>> print(space_of([{"C": 0.01, "kernel": "rbf"}, {"C": 10.0, "kernel": "poly"}]).describe())
    C: float from 0.01 to 10.0, log-uniform
    kernel: one of 'rbf', 'poly'
    """
    if not candidates:
        raise SpaceValueError("No candidates span no space; got an empty list. Give at least one.")
    names = dict.fromkeys(name for candidate in candidates for name in candidate)
    dimensions = {name: _spanned([c[name] for c in candidates if name in c]) for name in names}
    sets = dict.fromkeys(frozenset(candidate) for candidate in candidates)
    return Space([{n: dimensions[n] for n in names if n in present} for present in sets])


def _spanned(values: Sequence[Any]) -> Dimension:
    values = [native(value) for value in values]
    numbers = [v for v in values if is_number(v) and abs(v) <= 2**40]  # safe for all ranges
    if len(numbers) < len(values) or min(numbers) == max(numbers):
        return Categorical(_distinct(values))
    low, high = min(numbers), max(numbers)
    prior = PRIORS[low > 0 and high / low > _LOG_RATIO]
    if all(isinstance(v, int) for v in values):
        return Integer(int(low), int(high), prior)
    return Real(low, high, prior)


def _distinct(values: Sequence[Any]) -> list[Any]:
    positions = Positions(values)
    distinct: list[Any] = []
    for value in [value for i, value in enumerate(values) if positions.find(value) == i]:
        # Found by identity above: an equal object, such as a clone, may have been met before.
        if Positions(distinct).find(value) is None:
            distinct.append(value)
    return distinct


def _as_branches(spec: Any) -> list[dict[str, Dimension]]:
    if isinstance(spec, Mapping):
        return [_as_dimensions(spec)]
    if isinstance(spec, list | tuple) and spec:
        if all(isinstance(entry, Mapping) for entry in spec):
            return [_as_dimensions(entry) for entry in spec]
        if all(isinstance(_as_own(entry), Dimension) for entry in spec):
            return [_named([_as_own(entry) for entry in spec])]
    raise SpaceTypeError(
        f"A space needs a dict of parameters, a list of such dicts or a list of named dimensions; got "
        f"{shown(spec)}. Write for example {{'C': (0.1, 10.0)}}."
    )


def _as_dimensions(spec: Mapping[str, Any]) -> dict[str, Dimension]:
    for name in spec:
        if not isinstance(name, str):
            raise SpaceTypeError(
                f"Parameters need strings as names; got {shown(name)}. "
                "Write for example {'svc__C': (0.1, 10.0)}."
            )
    return {str(name): _as_dimension(name, value) for name, value in spec.items()}


def _named(dimensions: Sequence[Dimension]) -> dict[str, Dimension]:
    named: dict[str, Dimension] = {}
    for dimension in dimensions:
        if not isinstance(dimension.name, str):
            raise SpaceValueError(
                f"A list of dimensions needs a name for each; got {shown(dimension)}. "
                "Add name='...', or write a dict."
            )
        if dimension.name in named:
            raise SpaceValueError(
                f"The parameter {dimension.name!r} has two meanings; got "
                f"{shown(named[dimension.name])} and {shown(dimension)}. Leave one out, or write a "
                "list of dicts, one for each branch."
            )
        named[dimension.name] = dimension
    return named


def _as_dimension(name: str, value: Any) -> Dimension:
    value = _as_own(value)
    if isinstance(value, Dimension):
        return value
    if isinstance(value, tuple):
        return _from_tuple(name, value)
    if getattr(value, "ndim", None) is not None and hasattr(value, "__array__"):
        return Categorical(value if value.ndim != 1 else list(value))
    if hasattr(value, "__array__") and hasattr(value, "to_list"):  # a polars series
        return Categorical(value.to_list())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        _warn_of_a_range(name, list(value))
        return Categorical(list(value))
    if hasattr(value, "rvs") and not isinstance(value, type):
        return Distribution(value)
    raise SpaceTypeError(
        f"The parameter {name!r} needs a list of choices, a range (low, high), a Real, Integer or "
        f"Categorical, or a frozen scipy.stats distribution; got {shown(value)}. "
        "Write [value] for a single choice."
    )


def _warn_of_a_range(name: str, values: list[Any]) -> None:
    # scikit-optimize takes a range in a list too. A prior's name behind two numbers is hardly meant as a choice.
    is_prior = len(values) >= 3 and isinstance(values[2], str) and values[2] in PRIORS
    if is_prior and all(is_number(native(value)) for value in values[:2]):
        warnings.warn(
            f"The choices of {name!r} look like a range; got {values!r}. A list is always choices: for the range "
            f"write a tuple, {tuple(values)!r}, and Categorical({values!r}) if they are choices.",
            UserWarning,
            stacklevel=2,
        )


def _from_tuple(name: str, value: tuple[Any, ...]) -> Dimension:
    entries = [native(entry) for entry in value]
    is_range = len(entries) >= 2 and all(
        isinstance(e, int | float) and not isinstance(e, bool) for e in entries[:2]
    )
    # scikit-optimize takes the base of the logarithm as fourth entry.
    has_prior = len(entries) == 3 or (len(entries) == 4 and is_number(entries[3]))
    prior = entries[2] if has_prior else None
    if is_range and isinstance(prior, str):
        _check_prior(name, prior, value)
    if is_range and (len(entries) == 2 or (isinstance(prior, str) and prior in PRIORS)):
        kind = Integer if all(isinstance(entry, int) for entry in entries[:2]) else Real
        return kind(entries[0], entries[1], "uniform" if prior is None else prior)
    return Categorical(value)


def _check_prior(name: str, prior: str, value: tuple[Any, ...]) -> None:
    # "sqrt" beside two numbers is a choice; "log" and "loguniform" were meant as priors.
    is_near = prior == "log" or get_close_matches(prior.lower(), PRIORS, n=1, cutoff=0.7)
    if is_near and prior not in PRIORS:
        raise SpaceValueError(
            f"The range of {name!r} has an unknown prior; got {value!r}. "
            "Use 'uniform' or 'log-uniform', or a list if these are choices."
        )


def _as_own(value: Any) -> Any:
    """Return the twin of a dimension of scikit-optimize; anything else as it is."""
    kind = type(value).__name__
    if not type(value).__module__.startswith("skopt.") or kind not in _TWINS:
        return value
    if kind == "Categorical":
        return Categorical(list(value.categories), value.prior, name=value.name)
    return _TWINS[kind](value.low, value.high, value.prior, name=value.name)


_TWINS: dict[str, Any] = {"Real": Real, "Integer": Integer, "Categorical": Categorical}
