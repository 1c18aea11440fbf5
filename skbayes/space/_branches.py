"""Branches of a space: which parameters a dict of the list has, and when each of them is active.

The columns of all branches lie side by side in one unit cube. Within a branch a parameter may hang
on others (``active_if``); parents come before children in every walk.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Dimension, DiscreteMap, Floats
from ._categorical import Categorical, CategoryMap, share_tokens
from ._conditions import Column, Condition, conditions_of
from ._values import is_same, shown

__all__ = ["Branch", "Node", "as_branch", "as_columns"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Node:
    """A parameter of a branch.

    Parameters
    ----------
    name : str
        The parameter.
    column : int
        Where it lies.
    conditions : tuple of Condition
        All must hold.
    """

    name: str
    column: int
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, eq=False)
class Branch:
    """One dict of a space.

    Parameters
    ----------
    names : tuple of str
        Parameters in the user's order.
    nodes : tuple of Node
        The same, parents before children.
    columns : tuple of Column
        Those of the whole space.
    """

    names: tuple[str, ...]
    nodes: tuple[Node, ...]
    columns: tuple[Column, ...]

    @property
    def has_conditions(self) -> bool:
        """Whether any parameter is not always active."""
        return any(node.conditions for node in self.nodes)

    def active(self, U: Floats, rows: Bools) -> Bools:
        """Mask (n, n_dims) of the snapped entries that are active, for those rows in this branch."""
        active = np.zeros(U.shape, dtype=bool)
        for node in self.nodes:
            is_active = rows
            for condition in node.conditions:
                index = _discrete(self.columns[condition.parent]).index(U[:, condition.parent])
                holds = np.isin(index, list(condition.allowed))
                is_active = is_active & active[:, condition.parent] & holds
            active[:, node.column] = is_active
        return active

    def active_nodes(self, u: Sequence[float]) -> Iterator[Node]:
        """Yield the nodes active at a point of this branch, parents first."""
        indices: dict[int, int] = {}
        for node in self.nodes:
            if all(indices.get(c.parent) in c.allowed for c in node.conditions):
                unit_map = self.columns[node.column].map
                if isinstance(unit_map, DiscreteMap):
                    indices[node.column] = unit_map.index_at(u[node.column])
                yield node

    def encode(self, params: Mapping[str, Any], *, ignore_others: bool = False) -> dict[int, float]:
        """Return column and coordinate of each active parameter; an error if they do not fit."""
        coordinates: dict[int, float] = {}
        indices: dict[int, int] = {}
        inactive = []
        for node in self.nodes:
            if not all(indices.get(c.parent) in c.allowed for c in node.conditions):
                inactive.append(node)
                continue
            if node.name not in params:
                raise SpaceValueError(
                    f"The point {shown(dict(params))} has no value for {node.name!r}. Give every "
                    f"active parameter of {list(self.names)}."
                )
            unit_map = self.columns[node.column].map
            try:
                u = unit_map.encode(params[node.name])
            except (SpaceValueError, SpaceTypeError) as error:
                value = f"{node.name}={shown(params[node.name])}"
                raise type(error)(f"{value} is not in the space. {error}") from None
            coordinates[node.column] = u
            if isinstance(unit_map, DiscreteMap):
                indices[node.column] = unit_map.index_at(u)
        if not ignore_others:
            self._refuse_others(params, inactive)
        return coordinates

    def _refuse_others(self, params: Mapping[str, Any], inactive: Sequence[Node]) -> None:
        for node in inactive:
            if node.name in params:
                raise SpaceValueError(
                    f"The parameter {node.name!r} is inactive at this point; got "
                    f"{node.name}={shown(params[node.name])}. Leave it out: it is "
                    f"{self._describe_conditions(node)}."
                )
        unknown = [name for name in params if name not in self.names]
        if unknown:
            raise SpaceValueError(
                f"The space has no parameter {shown(unknown[0])}; it has {list(self.names)}. "
                "Leave it out, or add it to the space."
            )

    def count(self) -> float:
        """Number of points, an int; inf if a parameter that can be active is continuous."""
        # Points by which conditions of later nodes they have met so far; only those still matter.
        states: dict[frozenset[Condition], int] = {frozenset(): 1}
        for k, node in enumerate(self.nodes):
            later = {c for other in self.nodes[k + 1 :] for c in other.conditions}
            patterns = self._patterns(node, later)
            new: dict[frozenset[Condition], int] = {}
            for met, n in states.items():
                if not met.issuperset(node.conditions):
                    values = {frozenset[Condition](): 1}
                elif patterns is None:
                    return math.inf
                else:
                    values = patterns
                for pattern, multiplicity in values.items():
                    state = (met & later) | pattern
                    new[state] = new.get(state, 0) + n * multiplicity
            states = new
        return sum(states.values())

    def _patterns(
        self, node: Node, later: set[Condition]
    ) -> dict[frozenset[Condition], int] | None:
        """How many values of a node meet which later conditions; None if it is continuous."""
        unit_map = self.columns[node.column].map
        if not isinstance(unit_map, DiscreteMap):
            return None
        mine = [c for c in later if c.parent == node.column]
        named = set[int]().union(*(c.allowed for c in mine))
        patterns: dict[frozenset[Condition], int] = {}
        for i in named:
            met = frozenset(c for c in mine if i in c.allowed)
            patterns[met] = patterns.get(met, 0) + 1
        if unit_map.n_values > len(named):
            patterns[frozenset()] = unit_map.n_values - len(named)
        return patterns

    def points(self, start: int = 0, chosen: Mapping[int, int] | None = None) -> Iterator[Any]:
        """Yield all points as mappings of column to value index, the last parameter moving fastest."""
        chosen = chosen or {}
        if start == len(self.nodes):
            yield chosen
            return
        node = self.nodes[start]
        if not all(chosen.get(c.parent) in c.allowed for c in node.conditions):
            yield from self.points(start + 1, chosen)
            return
        for i in range(_discrete(self.columns[node.column]).n_values):
            yield from self.points(start + 1, {**chosen, node.column: i})

    def describe(self) -> list[str]:
        """Return a line for each parameter, in the user's order."""
        nodes = {node.name: node for node in self.nodes}
        lines = []
        for name in self.names:
            line = f"{name}: {self.columns[nodes[name].column].map.describe()}"
            condition = self._describe_conditions(nodes[name])
            lines.append(f"{line}, {condition}" if condition else line)
        return lines

    def _describe_conditions(self, node: Node) -> str:
        parts = []
        for condition in node.conditions:
            parent = self.columns[condition.parent]
            values = [shown(_discrete(parent).value(i)) for i in sorted(condition.allowed)]
            parts.append(f"{parent.name} = {' or '.join(values)}")
        return f"active if {' and '.join(parts)}" if parts else ""


def as_columns(
    branches: Sequence[Mapping[str, Dimension]],
) -> tuple[tuple[Column, ...], list[dict[str, int]]]:
    """Lay the dimensions of all branches side by side; equal ones of the same name share a column.

    Parameters
    ----------
    branches : sequence of mapping of str to Dimension
        The dimensions of each branch by name.

    Returns
    -------
    columns : tuple of Column
        Checked. First the choice of a branch, if there are several (or if nothing else is there).
    places : list of dict of str to int
        For each branch the column of each parameter.
    """
    columns: list[Column] = []
    if len(branches) > 1 or not any(branches):
        which = Categorical(list(range(len(branches))), ordered=False)
        columns.append(Column(None, which, which.unit_map("branch")))
    by_name: dict[str, list[int]] = {}
    places = []
    for branch in branches:
        place = {}
        for name, dimension in branch.items():
            mine = by_name.setdefault(name, [])
            equal = (j for j in mine if _is_equal(columns[j].dimension, dimension))
            j = next(equal, len(columns))
            if j == len(columns):
                columns.append(Column(name, dimension, dimension.unit_map(name)))
                mine.append(j)
            place[name] = j
        places.append(place)
    for mine in by_name.values():
        maps = [columns[j].map for j in mine]
        share_tokens([m for m in maps if isinstance(m, CategoryMap)])
    return tuple(columns), places


def _is_equal(a: Dimension, b: Dimension) -> bool:
    """Whether two dimensions of the same parameter mean the same."""
    ignored = {"name", "base", "transform"}
    ours, theirs = (
        {k: v for k, v in dimension.get_params(deep=False).items() if k not in ignored}
        for dimension in (a, b)
    )
    return type(a) is type(b) and is_same(ours, theirs)


def as_branch(where: Mapping[str, int], columns: Sequence[Column]) -> Branch:
    """Make a branch of the columns of its parameters; refuse conditions that cannot be met.

    Parameters
    ----------
    where : mapping of str to int
        Column of each parameter.
    columns : sequence of Column
        Those of the whole space.

    Returns
    -------
    branch : Branch
        Checked, parents before children.
    """
    conditions = {
        name: tuple(conditions_of(name, columns[j].dimension.active_if, where, columns))
        for name, j in where.items()
    }
    waiting, placed, nodes = list(where), set[int](), []
    while waiting:
        # The first that is ready, again and again: children follow their parents closely.
        ready = next((n for n in waiting if all(c.parent in placed for c in conditions[n])), None)
        if ready is None:
            raise SpaceValueError(
                f"The parameters {waiting} are active if one another are: active_if runs in a "
                "circle. Leave active_if out for one of them."
            )
        waiting.remove(ready)
        placed.add(where[ready])
        nodes.append(Node(ready, where[ready], conditions[ready]))
    return Branch(tuple(where), tuple(nodes), tuple(columns))


def _discrete(column: Column) -> DiscreteMap:
    assert isinstance(column.map, DiscreteMap)  # conditions and listings were checked for it
    return column.map
