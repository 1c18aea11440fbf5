"""When a parameter is active: the conditions that ``active_if`` states, as columns and value indices."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Dimension, DiscreteMap, UnitMap
from ._values import shown

__all__ = ["Column", "Condition", "conditions_of"]


@dataclass(frozen=True, eq=False)
class Column:
    """One column of the unit cube.

    Parameters
    ----------
    name : str or None
        The parameter; None for the column that says which branch.
    dimension : Dimension
        What the user gave.
    map : UnitMap
        The checked map between its values and the column.
    """

    name: str | None
    dimension: Dimension
    map: UnitMap


@dataclass(frozen=True)
class Condition:
    """A parameter is active only where its parent has one of some values.

    Parameters
    ----------
    parent : int
        Column of the parent.
    allowed : frozenset of int
        Indices of its values.
    """

    parent: int
    allowed: frozenset[int]


def conditions_of(
    name: str, active_if: Any, where: Mapping[str, int], columns: Sequence[Column]
) -> Iterator[Condition]:
    """Yield the checked conditions of a parameter, one for each parent."""
    if active_if is None:
        return
    if not isinstance(active_if, Mapping):
        raise SpaceTypeError(
            f"active_if of {name!r} needs a dict; got {shown(active_if)}. "
            "Write for example active_if={'kernel': 'poly'}."
        )
    for parent, values in active_if.items():
        if parent not in where:
            raise SpaceValueError(
                f"active_if of {name!r} names the unknown parameter {shown(parent)}; the space has "
                f"{list(where)} beside it. Correct the name, or add the parameter."
            )
        yield Condition(where[parent], _allowed(name, parent, values, columns[where[parent]].map))


def _allowed(name: str, parent: str, values: Any, unit_map: UnitMap) -> frozenset[int]:
    if not isinstance(unit_map, DiscreteMap):
        raise SpaceTypeError(
            f"active_if of {name!r} needs a parent with separate values; got {parent!r}, which is a "
            f"{unit_map.describe()}. Use a parent of choices or integers, or constraint=."
        )
    try:
        return frozenset([unit_map.position(values)])  # a list may itself be a choice
    except (SpaceValueError, SpaceTypeError):
        if not isinstance(values, list | tuple | set | frozenset) or not values:
            raise _impossible(name, parent, values, unit_map) from None
    allowed = set()
    for value in values:
        try:
            allowed.add(unit_map.position(value))
        except (SpaceValueError, SpaceTypeError):
            raise _impossible(name, parent, value, unit_map) from None
    return frozenset(allowed)


def _impossible(name: str, parent: str, value: Any, unit_map: UnitMap) -> SpaceValueError:
    return SpaceValueError(
        f"active_if of {name!r} waits for {parent}={shown(value)}, which never happens: {parent!r} "
        f"is {unit_map.describe()}. Name one of its values, or a list of some."
    )
