"""The values of one parameter from end to end, for a picture or a sum over them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import DiscreteMap, UnitMap
from ._categorical import CategoryMap
from ._integer import LogIntegerMap
from ._real import RealMap
from ._space import Space
from ._values import is_same

__all__ = ["ValueGrid", "value_grid"]

# A distribution is shown between these quantiles: beyond them one candidate in fifty is drawn.
_QUANTILES = (0.01, 0.99)
# A distribution over more than two decades is looked at by its logarithm, as a range of seen values is.
_LOG_RATIO = 100.0


@dataclass(frozen=True)
class ValueGrid:
    """Values of one parameter in their order.

    Parameters
    ----------
    name : str
        The parameter.
    values : tuple
        Native values, each in the space. Numbers ascend, choices are in the order of the space.
    scale : {"linear", "log", "choices"}
        On what scale the numbers are even; ``"choices"`` if they are none.
    is_complete : bool
        Whether the parameter has no other values.

    See Also
    --------
    value_grid : Makes it.

    Examples
    --------
    >>> from skbayes.space import ValueGrid
    >>> ValueGrid("degree", (2, 3, 4), "linear", is_complete=True).values
    (2, 3, 4)
    """

    name: str
    values: tuple[Any, ...]
    scale: str
    is_complete: bool


def value_grid(space: Space, name: str, n: int = 50, *, including: Iterable[Any] = ()) -> ValueGrid:
    """Return values of a parameter from end to end.

    Parameters
    ----------
    space : Space
        The design space.
    name : str
        The parameter.
    n : int, default=50
        How many values, of a range of numbers; fewer if it has no more. Choices are always all. At least 2.
    including : iterable of object, default=()
        Values that the ends of a distribution must not leave out; those that the parameter does not have do not
        count.

    Returns
    -------
    grid : ValueGrid
        Of a range the values are even on the scale of its prior. A distribution goes from its quantile 0.01 to 0.99,
        and is even in the logarithm if these are positive and a factor of 100 apart. A parameter that has other values
        in other branches has those of all.

    Raises
    ------
    SpaceValueError
        If the space has no such parameter.

    Examples
    --------
    >>> from skbayes.space import as_space, value_grid
    >>> space = as_space({"C": (0.01, 100.0, "log-uniform"), "kernel": ["rbf", "poly"]})
    >>> value_grid(space, "C", 5).values
    (0.01, 0.1, 1.0, 10.0, 100.0)
    >>> value_grid(space, "kernel").values
    ('rbf', 'poly')
    """
    maps = [column.map for column in space._cube.columns if column.name == name]
    if not maps:
        names = list(dict.fromkeys(known for known in space.names if known is not None))
        raise SpaceValueError(f"The space has no parameter {name!r}. Choose one of {names}.")
    seen = list(including)
    grids = [_grid(each, max(n, 2), seen) for each in maps]
    values: list[Any] = []
    for grid, _, _ in grids:
        values += [v for v in grid if not any(is_same(v, known) for known in values)]
    scales = {scale for _, scale, _ in grids}
    if "choices" in scales:
        scale = "choices"
    else:
        scale = "log" if "log" in scales and min(values) > 0 else "linear"
        values.sort()
    return ValueGrid(name, tuple(values), scale, all(is_complete for *_, is_complete in grids))


def _grid(unit_map: UnitMap, n: int, seen: Sequence[Any]) -> tuple[list[Any], str, bool]:
    """Values, their scale, and whether there are no others."""
    if isinstance(unit_map, CategoryMap):
        return list(unit_map.categories), "choices", True
    is_whole = isinstance(unit_map, DiscreteMap)
    if unit_map.is_flat:
        is_log = isinstance(unit_map, LogIntegerMap) or (
            isinstance(unit_map, RealMap) and unit_map.is_log
        )
        if isinstance(unit_map, DiscreteMap) and unit_map.n_values <= n:
            values = [unit_map.value(i) for i in range(int(unit_map.n_values))]
            return values, "log" if is_log else "linear", True
        values = [unit_map.decode(float(u)) for u in np.linspace(0.0, 1.0, n)]
        return sorted(set(values)), "log" if is_log else "linear", False
    ends = [float(unit_map.decode(u)) for u in _QUANTILES]
    ends += [float(value) for value in seen if _has(unit_map, value)]
    low, high = min(ends), max(ends)
    is_log = low > 0.0 and high / low > _LOG_RATIO
    between = np.geomspace(low, high, n) if is_log else np.linspace(low, high, n)
    # Through the cube, so that each is a value of the parameter, and inside.
    values = [unit_map.decode(_coordinate(unit_map, x, is_whole)) for x in between.tolist()]
    found = sorted(set(values))
    return found, "log" if is_log else "linear", is_whole and unit_map.n_values == len(found)


def _has(unit_map: UnitMap, value: Any) -> bool:
    try:
        unit_map.encode(value)
    except (SpaceValueError, SpaceTypeError):
        return False
    return True


def _coordinate(unit_map: UnitMap, x: float, is_whole: bool) -> float:
    if not is_whole:
        return unit_map.encode(x)
    # The coordinate of a discrete value is that of its cell; between two of them, of the nearer one.
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if float(unit_map.decode(middle)) < x else (low, middle)
    below, above = float(unit_map.decode(low)), float(unit_map.decode(high))
    return low if abs(below - x) < abs(above - x) else high
