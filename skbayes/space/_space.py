"""The design space: checked dimensions side by side as the unit cube, with branches and a constraint.

Notation: U (n, n_dims) points of the cube, u one of them. NaN in a column: the dimension is inactive
at that point, because its branch was not taken or its condition is not met.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Dimension, Floats
from ._categorical import CategoryMap
from ._constraint import Constraint, draw_allowed, is_met
from ._cube import Cube
from ._values import is_number, native, shown

__all__ = ["Space"]

# So many points are listed where random ones miss the few that a constraint allows.
_MAX_LISTED = 20_000


class Space:
    """A finished, checked and immutable design space; :func:`as_space` builds it.

    Parameters
    ----------
    branches : sequence of mapping of str to Dimension
        The dimensions of each branch by name; one mapping for a space without branches.
    constraint : callable, default=None
        Takes a point as a dict and returns whether it is allowed.

    Attributes
    ----------
    dimensions : tuple of Dimension
        One per column. With several branches the first column, without a name, says which.
    names : tuple of str or None
        Name of each column.
    n_dims : int
        Number of columns.
    n_categories : tuple of int
        Number of unordered categories of each column, 0 for an ordered one.
    is_range : tuple of bool
        Whether a column is ordered and no value of it is more likely than the others: a range, and not
        a distribution that says itself where to look.
    n_points : float
        Number of distinct points: an int, or inf with a continuous dimension. An upper bound if there is
        a constraint or branches overlap.
    constraint : callable or None
        As given.

    Raises
    ------
    SpaceValueError, SpaceTypeError
        If a dimension or a condition is impossible.

    See Also
    --------
    as_space : Understands dicts, lists of dicts and more.

    Examples
    --------
    >>> from skbayes.space import Categorical, Integer, Space
    >>> kernel = Categorical(["rbf", "poly"])
    >>> degree = Integer(2, 5, active_if={"kernel": "poly"})
    >>> space = Space([{"kernel": kernel, "degree": degree}])
    >>> space.encode({"kernel": "rbf"})
    array([0.25,  nan])
    >>> space.n_points
    5
    """

    def __init__(
        self, branches: Sequence[Mapping[str, Dimension]], constraint: Constraint | None = None
    ) -> None:
        self._cube = Cube(branches)
        columns = self._cube.columns
        self.dimensions = tuple(column.dimension for column in columns)
        self.names = tuple(column.name for column in columns)
        self.n_dims = self._cube.n_dims
        self.n_categories = tuple(column.map.n_categories for column in columns)
        self.is_range = tuple(
            column.map.n_categories == 0 and column.map.is_flat for column in columns
        )
        self.n_points = self._cube.n_points
        self.constraint = None if constraint is None else _checked(constraint)

    def with_constraint(self, constraint: Constraint) -> "Space":
        """Return the same space under a constraint.

        Parameters
        ----------
        constraint : callable
            Takes a point as a dict and returns whether it is allowed.

        Returns
        -------
        space : Space
            A new one.

        Raises
        ------
        SpaceValueError
            If the space has a constraint already.
        """
        if self.constraint is not None and self.constraint is not constraint:
            raise SpaceValueError(
                f"The space has a constraint already; got {shown(constraint)} beside "
                f"{shown(self.constraint)}. Give one callable that asks both."
            )
        space = copy(self)
        space.constraint = _checked(constraint)
        return space

    def __repr__(self) -> str:
        return f"<Space of {self.n_dims} dimensions and {self.n_points} points>"

    def encode(self, params: Mapping[str, Any]) -> Floats:
        """Return the coordinates of a point.

        Parameters
        ----------
        params : mapping of str to object
            A value for each active parameter and for no other.

        Returns
        -------
        u : ndarray of shape (n_dims,)
            Coordinates in [0, 1], NaN where inactive.

        Raises
        ------
        SpaceValueError, SpaceTypeError
            If a value lies outside, a parameter is missing, inactive or unknown, or the point breaks the
            constraint.
        """
        if not isinstance(params, Mapping):
            raise SpaceTypeError(
                f"A point needs a dict of parameters; got {shown(params)}. "
                "Write {'name': value, ...}."
            )
        u = self._cube.encode(params)
        if self.constraint is not None and not is_met(self.constraint, self._as_given(params, u)):
            raise SpaceValueError(
                f"The constraint forbids the point {shown(dict(params))}. Leave it out, or widen the "
                "constraint."
            )
        return u

    def _as_given(self, params: Mapping[str, Any], u: Floats) -> dict[str, Any]:
        """Return the point for the constraint: own objects, but numbers unrounded, as at its border."""
        decoded = self.decode(u).items()
        return {name: native(params[name]) if is_number(v) else v for name, v in decoded}

    def decode(self, u: ArrayLike) -> dict[str, Any]:
        """Return the point at some coordinates.

        Parameters
        ----------
        u : array-like of shape (n_dims,)
            Coordinates in [0, 1].

        Returns
        -------
        params : dict of str to object
            Native values of the active parameters, in the user's order; of a category the user's own
            object.
        """
        entries, columns = self._cube.entries(u), self._cube.columns
        if self._cube.is_plain:
            pairs = zip(columns, entries, strict=True)
            return {str(column.name): column.map.decode(x) for column, x in pairs}
        where = {node.name: node.column for node in self._cube.active_nodes(entries)}
        return {
            name: columns[where[name]].map.decode(entries[where[name]])
            for name in self._cube.branch_at(entries).names
            if name in where
        }

    def snap(self, U: ArrayLike) -> Floats:
        """Move points of the cube to the coordinates of valid values; the constraint is not asked.

        Parameters
        ----------
        U : array-like of shape (n, n_dims)
            Any points. Outside of the cube they are clipped; NaN in an active column becomes its middle.

        Returns
        -------
        U : ndarray of shape (n, n_dims)
            Centres of cells for discrete values, NaN where inactive. A new array.
        """
        return self._cube.snap(U)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw points from the prior, under the constraint.

        Parameters
        ----------
        n : int
            Number of points; non-negative.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        U : ndarray of shape (n, n_dims)
            Valid and allowed points, not necessarily distinct.

        Raises
        ------
        SpaceValueError
            If no point that the constraint allows can be found.
        """
        if self.constraint is None or n == 0:
            return self._cube.draw(n, rng)
        is_small = self.n_points <= _MAX_LISTED
        listed = (self.encode(params) for params in (self._points() if is_small else ()))
        return draw_allowed(self._cube.draw, self.is_allowed, listed, n, rng)

    def is_allowed(self, u: ArrayLike) -> bool:
        """Whether a point respects the constraint.

        Parameters
        ----------
        u : array-like of shape (n_dims,)
            Coordinates in [0, 1].

        Returns
        -------
        is_allowed : bool
            True if there is no constraint.

        Raises
        ------
        SpaceTypeError
            If the constraint raises, or returns None.
        """
        return self.constraint is None or is_met(self.constraint, self.decode(u))

    def contains(self, params: Mapping[str, Any]) -> bool:
        """Whether a point lies in the space and respects the constraint.

        Parameters
        ----------
        params : mapping of str to object
            A point.

        Returns
        -------
        contains : bool
            Whether `encode` takes it.
        """
        try:
            self.encode(params)
        except (SpaceValueError, SpaceTypeError):
            return False
        return True

    def restrict(self, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the points of the space that a larger set of parameters contains.

        Parameters
        ----------
        params : mapping of str to object
            Parameters by name, for example those of an estimator; further ones are ignored.

        Returns
        -------
        points : list of dict
            At most one point per branch: its active parameters with the given values, a category as
            the object of the space. Empty if they lie in no branch.
        """
        points = []
        for branch in self._cube.branches:
            try:
                coordinates = branch.encode(params, ignore_others=True)
            except (SpaceValueError, SpaceTypeError):
                continue
            point = self._with_own_objects(params, branch.names, coordinates)
            if self.constraint is None or is_met(self.constraint, point):
                points.append(point)
        return points

    def _with_own_objects(
        self, params: Mapping[str, Any], names: Sequence[str], coordinates: Mapping[int, float]
    ) -> dict[str, Any]:
        """Return the active parameters, a copy of a category replaced by the one of the space."""
        values = {}
        for j, u in coordinates.items():
            name, unit_map = str(self.names[j]), self._cube.columns[j].map
            is_choice = isinstance(unit_map, CategoryMap)
            values[name] = unit_map.decode(u) if is_choice else native(params[name])
        return {name: values[name] for name in names if name in values}

    def key(self, u: ArrayLike) -> Hashable:
        """Return what is equal for two points exactly if their decoded values are.

        Parameters
        ----------
        u : array-like of shape (n_dims,)
            Coordinates in [0, 1].

        Returns
        -------
        key : hashable
            Numbers by their value, categories by their position.
        """
        entries, columns = self._cube.entries(u), self._cube.columns
        if self._cube.is_plain:
            return tuple(column.map.token(x) for column, x in zip(columns, entries, strict=True))
        # Overlapping branches decode to the same dict: the branch and its order play no part.
        return frozenset(
            (node.name, columns[node.column].map.token(entries[node.column]))
            for node in self._cube.active_nodes(entries)
        )

    def neighbours(self, u: ArrayLike) -> Floats:
        """Return the points one discrete move away.

        Parameters
        ----------
        u : array-like of shape (n_dims,)
            A point.

        Returns
        -------
        U : ndarray of shape (m, n_dims)
            Valid, allowed points other than u: for each active integer the next ones and some further
            off, for each category up to 20 others, the other branches. What becomes active starts in the
            middle of its column.
        """
        here = self.snap(np.asarray(u, dtype=float)[None])[0]
        U = self._cube.moves(here)
        if self._cube.has_branches:  # another branch may hold the very same point
            same = self.key(here)
            U = U[[self.key(other) != same for other in U]]
        if self.constraint is not None:
            U = U[[self.is_allowed(other) for other in U]]
        return U

    def points(self) -> Iterator[dict[str, Any]]:
        """Iterate over all allowed points of a finite space, each once, in a fixed order.

        Yields
        ------
        params : dict of str to object
            A point; the last parameter moves fastest.

        Raises
        ------
        SpaceValueError
            If the space is infinite.
        """
        if self.n_points == np.inf:
            raise SpaceValueError(
                f"Only a finite space can be listed; got\n{self.describe()}\nUse sample, or make "
                "every dimension an integer or choices."
            )
        return self._points()

    def _points(self) -> Iterator[dict[str, Any]]:
        met: set[Hashable] = set()
        for params in self._cube.points():
            if self.constraint is not None and not is_met(self.constraint, params):
                continue
            if self._cube.has_branches:
                key = self.key(self.encode(params))
                if key in met:
                    continue
                met.add(key)
            yield params

    def describe(self) -> str:
        """Return the space as understood, one line for each dimension.

        Returns
        -------
        text : str
            Lines without a trailing line break.
        """
        lines = self._cube.describe()
        if self.constraint is not None:
            lines.append(f"constraint: {getattr(self.constraint, '__name__', self.constraint)}")
        return "\n".join(lines)


def _checked(constraint: Constraint) -> Constraint:
    if not callable(constraint):
        raise SpaceTypeError(
            f"constraint needs a callable that takes a dict and returns a bool; got "
            f"{shown(constraint)}. Write for example lambda p: p['a'] < p['b']."
        )
    return constraint
