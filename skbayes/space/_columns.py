"""The columns of a design space, and what follows from their conditions alone: which points there are.

A partial point is a dict from column to coordinate. Parents stand before the columns that depend on them, so one
pass from left to right decides which columns exist.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._ranges import Dimension, Floats

__all__ = ["Column", "Condition", "count_points", "list_points", "matching_points", "why_not"]

# With more combinations of parents than this, the number of points is bounded instead of counted.
MAX_CASES = 20_000


@dataclass(frozen=True)
class Condition:
    """The column exists only where its parent has one of some values.

    Attributes
    ----------
    parent : int
        Column of the parent.
    allowed : tuple of int
        Positions among the parent's values.
    """

    parent: int
    allowed: tuple[int, ...]


@dataclass(frozen=True)
class Column:
    """One column of the cube.

    Attributes
    ----------
    name : str or None
        The parameter; None for the choice of a branch, which is no parameter.
    dimension : Dimension
        Its map to the unit interval.
    conditions : tuple of Condition
        All must hold; parents stand in earlier columns.
    """

    name: str | None
    dimension: Dimension
    conditions: tuple[Condition, ...] = ()


def _parents(columns: Sequence[Column]) -> set[int]:
    return {condition.parent for column in columns for condition in column.conditions}


def _exists(column: Column, positions: Mapping[int, int]) -> bool:
    """Return whether a column exists, given the positions of the parents that do."""
    return all(positions.get(c.parent) in c.allowed for c in column.conditions)


def _positions(columns: Sequence[Column], point: Mapping[int, float]) -> dict[int, int]:
    parents = _parents(columns)
    return {
        j: int(columns[j].dimension.index(np.array([x]))[0])
        for j, x in point.items()
        if j in parents
    }


def _row(point: Mapping[int, float], n_dims: int) -> Floats:
    u = np.full(n_dims, np.nan)
    u[list(point)] = list(point.values())
    return u


def count_points(columns: Sequence[Column]) -> float:
    """Return the number of different points: an int, or inf.

    Parameters
    ----------
    columns : sequence of Column
        Parents first.

    Returns
    -------
    n : int or inf
        An upper bound if the parents have very many combinations.
    """
    sizes = [column.dimension.n_values for column in columns]
    parents = _parents(columns)
    if math.prod(sizes[p] for p in parents) > MAX_CASES:
        return math.prod(sizes)

    def count(j: int, positions: dict[int, int]) -> float:
        if j == len(columns):
            return 1
        if not _exists(columns[j], positions):
            return count(j + 1, positions)
        if j not in parents:
            return sizes[j] * count(j + 1, positions)
        return sum(count(j + 1, {**positions, j: i}) for i in range(int(sizes[j])))

    return count(0, {})


def list_points(columns: Sequence[Column]) -> Iterator[Floats]:
    """Yield every point of a finite space in a fixed order.

    Parameters
    ----------
    columns : sequence of Column
        Parents first; all dimensions finite.

    Yields
    ------
    u : ndarray of shape (n_dims,)
        NaN where a dimension does not exist.
    """

    def extend(j: int, point: dict[int, float]) -> Iterator[Floats]:
        if j == len(columns):
            yield _row(point, len(columns))
        elif not _exists(columns[j], _positions(columns, point)):
            yield from extend(j + 1, point)
        else:
            for x in columns[j].dimension.centres():
                yield from extend(j + 1, {**point, j: float(x)})

    return extend(0, {})


def matching_points(
    columns: Sequence[Column], params: Mapping[str, Any], others_allowed: bool = False
) -> list[Floats]:
    """Return every point, one per branch at most, that decodes to given parameters.

    Parameters
    ----------
    columns : sequence of Column
        Parents first.
    params : mapping of str to object
        A candidate.
    others_allowed : bool, default=False
        Whether parameters that do not exist at the point may be there too.

    Returns
    -------
    points : list of ndarray of shape (n_dims,)
        Empty if the candidate lies outside.
    """
    partial: list[dict[int, float]] = [{}]
    for j, column in enumerate(columns):
        extended = []
        for point in partial:
            if not _exists(column, _positions(columns, point)):
                extended.append(point)
            elif column.name is None:
                extended += [{**point, j: float(x)} for x in column.dimension.centres()]
            elif column.name in params and column.dimension.contains(params[column.name]):
                extended.append({**point, j: column.dimension.encode(params[column.name])})
        partial = extended
    return [
        _row(point, len(columns))
        for point in partial
        if others_allowed or {columns[j].name for j in point} - {None} == params.keys()
    ]


def why_not(columns: Sequence[Column], params: Mapping[str, Any], understood: str) -> str:
    """Return the sentence that says why a candidate matches no point.

    Parameters
    ----------
    columns : sequence of Column
        Of the space.
    params : mapping of str to object
        A candidate outside.
    understood : str
        The space in words.

    Returns
    -------
    reason : str
        What is wrong, what was given, what to do.
    """
    known = {column.name for column in columns if column.name is not None}
    unknown = params.keys() - known
    if unknown:
        return (
            f"The point {params!r} has the unknown parameters {sorted(map(str, unknown))}. "
            f"The space has {sorted(known)}."
        )
    for name, value in params.items():
        dimensions = [column.dimension for column in columns if column.name == name]
        if not any(dimension.contains(value) for dimension in dimensions):
            ranges = " or ".join(dimension.describe() for dimension in dimensions)
            return (
                f"The point {params!r} lies outside the space: {name}={value!r} is not in {ranges}. "
                "Choose a value inside."
            )
    missing = known - params.keys()
    if missing and not any(column.conditions for column in columns):
        return f"The point {params!r} lacks {sorted(missing)}. Give every parameter."
    return (
        f"The point {params!r} belongs to no branch of the space: its parameters do not exist "
        f"together, or some are missing. The space is:\n{understood}"
    )
