"""The unit cube of a space: columns and branches, and which entries of a point are active.

Knows nothing of the user's constraint. Notation: U (n, n_dims) points, u one of them as a list.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Dimension, DiscreteMap, Floats
from ._branches import Branch, Node, as_branch, as_columns
from ._values import is_same, native

__all__ = ["Cube"]


class Cube:
    """Checked columns and branches.

    Parameters
    ----------
    branches : sequence of mapping of str to Dimension
        The dimensions of each branch by name.
    """

    def __init__(self, branches: Sequence[Mapping[str, Dimension]]) -> None:
        self.columns, places = as_columns(branches)
        self.branches: tuple[Branch, ...] = tuple(as_branch(p, self.columns) for p in places)
        self.n_dims = len(self.columns)
        self.n_points: float = sum(branch.count() for branch in self.branches)
        which = self.columns[0].map if self.columns[0].name is None else None
        self._which = which if isinstance(which, DiscreteMap) else None
        #: One branch and no condition: every entry of every point is active.
        self.is_plain = self._which is None and not self.branches[0].has_conditions

    @property
    def has_branches(self) -> bool:
        """Whether the first column says which branch."""
        return self._which is not None

    def snap(self, U: ArrayLike) -> Floats:
        """Move points to valid ones; a new array."""
        snapped = np.array(U, dtype=float, ndmin=2)
        if snapped.ndim != 2 or snapped.shape[1] != self.n_dims:
            raise self._wrong_shape(U)
        snapped[np.isnan(snapped)] = 0.5
        np.clip(snapped, 0.0, 1.0, out=snapped)
        for j, column in enumerate(self.columns):
            snapped[:, j] = column.map.snap(snapped[:, j])
        if not self.is_plain:
            snapped[~self._active(snapped)] = np.nan
        return snapped

    def _active(self, U: Floats) -> NDArray[np.bool_]:
        if self._which is None:
            return self.branches[0].active(U, np.ones(len(U), dtype=bool))
        chosen = self._which.index(U[:, 0])
        active = np.zeros(U.shape, dtype=bool)
        active[:, 0] = True
        for k, branch in enumerate(self.branches):
            active |= branch.active(U, chosen == k)
        return active

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n valid points from the prior; the branches are equally probable."""
        U = rng.random((n, self.n_dims))
        for j, column in enumerate(self.columns):
            U[:, j] = column.map.from_uniform(U[:, j])
        return self.snap(U)

    def entries(self, u: ArrayLike) -> list[float]:
        """Return one point as a list, its holes and overshoots repaired as `snap` does."""
        row = np.asarray(u, dtype=float)
        if row.shape != (self.n_dims,):
            raise self._wrong_shape(u)
        return [min(max(x, 0.0), 1.0) if x == x else 0.5 for x in row.tolist()]

    def branch_at(self, u: Sequence[float]) -> Branch:
        """Return the branch of a point."""
        return self.branches[0 if self._which is None else self._which.index_at(u[0])]

    def active_nodes(self, u: Sequence[float]) -> Iterator[Node]:
        """Return the active parameters of a point, parents first."""
        return self.branch_at(u).active_nodes(u)

    def encode(self, params: Mapping[str, Any]) -> Floats:
        """Return the coordinates of a point in the branch that holds it best; an error if none does."""
        fits: list[Floats] = []
        errors: list[tuple[int, SpaceValueError | SpaceTypeError]] = []
        for k, branch in enumerate(self.branches):
            try:
                coordinates = branch.encode(params)
            except (SpaceValueError, SpaceTypeError) as error:
                errors.append((len(params.keys() ^ set(branch.names)), error))
                continue
            fits.append(self.assembled(k, coordinates))
            if not self.has_branches:
                break
            # Overlapping ranges round in different places: the point may stem from a later one.
            if all(
                is_same(self.columns[j].map.decode(u), native(params[str(self.columns[j].name)]))
                for j, u in coordinates.items()
            ):
                return fits[-1]
        if fits:
            return fits[0]
        nearest = min(errors, key=lambda entry: entry[0])[1]
        if not self.has_branches:
            raise nearest
        raise type(nearest)(f"The point fits no branch of the space. In the nearest one: {nearest}")

    def assembled(self, k: int, coordinates: Mapping[int, float]) -> Floats:
        """Return the point of branch k with some coordinates, the others inactive."""
        u = np.full(self.n_dims, np.nan)
        if self._which is not None:
            u[0] = self._which.centre(k)
        u[list(coordinates)] = list(coordinates.values())
        return u

    def moves(self, here: Floats) -> Floats:
        """Return the valid points one discrete move away from a valid one."""
        moved = [np.empty((0, self.n_dims))]
        for j, column in enumerate(self.columns):
            if isinstance(column.map, DiscreteMap) and not np.isnan(here[j]):
                others = column.map.moves(float(here[j]))
                block = np.repeat(here[None], len(others), axis=0)
                block[:, j] = others
                moved.append(block)
        return self.snap(np.concatenate(moved))

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield all points of all branches in a fixed order; overlapping branches repeat some."""
        for branch in self.branches:
            where = {node.name: node.column for node in branch.nodes}
            for chosen in branch.points():
                values = {}
                for name in branch.names:
                    if where[name] in chosen:
                        unit_map = self.columns[where[name]].map
                        assert isinstance(unit_map, DiscreteMap)  # the space is finite
                        values[name] = unit_map.value(chosen[where[name]])
                yield values

    def describe(self) -> list[str]:
        """Return one line for each dimension, under a title for each branch if there are any."""
        if not self.has_branches:
            return self.branches[0].describe()
        lines = []
        for k, branch in enumerate(self.branches):
            lines.append(f"branch {k + 1} of {len(self.branches)}:")
            lines += [f"  {line}" for line in branch.describe()]
        return lines

    def _wrong_shape(self, U: ArrayLike) -> SpaceValueError:
        return SpaceValueError(
            f"A point of this space has {self.n_dims} coordinates; got an array of shape "
            f"{np.shape(U)}. Give one row of {self.n_dims} for each point."
        )
