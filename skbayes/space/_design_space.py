"""The design space: named dimensions as the columns of a unit cube, with branches, conditions and a constraint.

A point is a row u of shape (n_dims,). NaN in a column says that the dimension does not exist there: its branch was
not taken, or its condition is not met.
"""

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import SpaceTypeError, SpaceValueError
from ._columns import Column, Condition, count_points, list_points, matching_points, why_not
from ._ranges import Dimension, Floats

__all__ = ["Space"]

Params = dict[str, Any]
# A constraint that keeps less than one point in ten thousand needs another description of the space.
MAX_DRAWS = 20_000


class Space:
    """A design space, finished and checked; made by :func:`as_space`.

    Parameters
    ----------
    columns : sequence of Column
        Parents before the columns that depend on them.
    constraint : callable, default=None
        Takes a candidate (a dict) and returns whether it is allowed.

    See Also
    --------
    as_space : Makes one of the usual notations.

    Examples
    --------
    >>> from skbayes.space import as_space
    >>> space = as_space({"C": (0.1, 10.0, "log-uniform"), "degree": (1, 3)})
    >>> params = space.decode([0.5, 0.9])
    >>> round(params["C"], 12), params["degree"]
    (1.0, 3)
    """

    def __init__(
        self,
        columns: Sequence[Column],
        constraint: Callable[[Params], bool] | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self.constraint = constraint

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """One per column."""
        return tuple(column.dimension for column in self.columns)

    @property
    def names(self) -> tuple[str | None, ...]:
        """The parameter of each column; None for the choice of a branch."""
        return tuple(column.name for column in self.columns)

    @property
    def n_dims(self) -> int:
        """Number of columns."""
        return len(self.columns)

    @property
    def n_categories(self) -> tuple[int, ...]:
        """Number of unordered categories of each column, 0 for one with an order."""
        return tuple(dimension.n_categories for dimension in self.dimensions)

    @property
    def n_points(self) -> float:
        """Number of different points: an int, or inf; a constraint is not counted."""
        return count_points(self.columns)

    # -- between points and candidates

    def encode(self, params: Mapping[str, Any]) -> Floats:
        """Return the point of a candidate.

        Parameters
        ----------
        params : mapping of str to object
            Exactly the parameters that exist for it.

        Returns
        -------
        u : ndarray of shape (n_dims,)
            NaN where a dimension does not exist.

        Raises
        ------
        SpaceValueError
            If a value lies outside, a parameter is missing, unknown or does not exist for this candidate, or the
            constraint forbids it.
        """
        fits = matching_points(self.columns, dict(params))
        if not fits:
            raise SpaceValueError(why_not(self.columns, dict(params), self.describe()))
        if not self.is_allowed(fits[0]):
            raise SpaceValueError(
                f"The point {dict(params)!r} is forbidden by the constraint. Choose another one."
            )
        return fits[0]

    def decode(self, u: Any) -> Params:
        """Return the candidate at a point.

        Parameters
        ----------
        u : array-like of shape (n_dims,)
            A point, as of `sample`, `snap` or `encode`.

        Returns
        -------
        params : dict of str to object
            The parameters that exist there, as native Python values and the user's own objects.
        """
        return {
            column.name: column.dimension.decode(float(x))
            for column, x in zip(self.columns, u, strict=True)
            if column.name is not None and not math.isnan(x)
        }

    def contains(self, params: Mapping[str, Any]) -> bool:
        """Return whether a candidate lies in the space.

        Parameters
        ----------
        params : mapping of str to object
            Exactly the parameters that exist for it.

        Returns
        -------
        inside : bool
            False also where the constraint forbids it.
        """
        return any(self.is_allowed(u) for u in matching_points(self.columns, dict(params)))

    def restrict(self, params: Mapping[str, Any]) -> list[Params]:
        """Return the candidates that agree with a mapping of more parameters, such as `get_params()`.

        Parameters
        ----------
        params : mapping of str to object
            Parameters; those that the space does not know are left out.

        Returns
        -------
        candidates : list of dict
            At most one per branch, its choices the space's own objects; empty when a value lies outside.
        """
        found = []
        for u in matching_points(self.columns, dict(params), others_allowed=True):
            if self.is_allowed(u):
                point = self.decode(u)
                # Choices are the space's own objects; numbers stay as given, without rounding.
                kept = {c.name for c in self.columns if not c.dimension.n_categories}
                found.append({n: params[n] if n in kept else v for n, v in point.items()})
        return found

    # -- points

    def snap(self, U: Any) -> Floats:
        """Return the points nearest to any places in the cube.

        Parameters
        ----------
        U : array-like of shape (n, n_dims)
            Places in the unit cube. NaN where a dimension turns out to exist is read as the middle.

        Returns
        -------
        U : ndarray of shape (n, n_dims)
            Discrete values at the centre of their cell, NaN where a dimension does not exist. The constraint is
            not looked at.
        """
        return self._place(U, lambda dimension, u: dimension.snap(u))

    def _place(self, U: Any, to_points: Callable[[Dimension, Floats], Floats]) -> Floats:
        placed = np.array(U, dtype=float, ndmin=2)
        for j, column in enumerate(self.columns):
            u = placed[:, j]
            u = to_points(column.dimension, np.where(np.isnan(u), 0.5, u))
            exists = np.ones(len(placed), dtype=bool)
            for condition in column.conditions:
                exists &= self._meets(placed[:, condition.parent], condition)
            placed[:, j] = u if exists.all() else np.where(exists, u, np.nan)
        return placed

    def _meets(self, parent: Floats, condition: Condition) -> NDArray[np.bool_]:
        exists = ~np.isnan(parent)
        position = self.columns[condition.parent].dimension.index(np.where(exists, parent, 0.5))
        return exists & np.isin(position, condition.allowed)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return random points.

        Parameters
        ----------
        n : int
            How many, at least 0.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        U : ndarray of shape (n, n_dims)
            Drawn from the prior of each dimension; all allowed by the constraint.

        Raises
        ------
        SpaceValueError
            If the constraint allows none of thousands of points.
        """
        if self.constraint is None:
            return self._draw(n, rng)
        kept: list[Floats] = []
        n_drawn = 0
        while len(kept) < n:
            block = self._draw(max(n, 64), rng)
            kept += [u for u in block if self.is_allowed(u)]
            n_drawn += len(block)
            if n_drawn >= MAX_DRAWS and len(kept) < n:
                if not kept:
                    raise SpaceValueError(
                        f"The constraint allowed none of {n_drawn} random points of the space. "
                        "Narrow the ranges so that they hold allowed points, or mend the constraint."
                    )
                kept += [kept[i] for i in rng.integers(len(kept), size=n - len(kept))]
        return np.array(kept[:n]).reshape(n, self.n_dims)

    def _draw(self, n: int, rng: np.random.Generator) -> Floats:
        U = rng.random((n, self.n_dims))
        return self._place(U, lambda dimension, u: dimension.from_uniform(u))

    def is_allowed(self, u: Any) -> bool:
        """Return whether the constraint allows a point.

        Parameters
        ----------
        u : array-like of shape (n_dims,)
            A point.

        Returns
        -------
        allowed : bool
            True without a constraint.

        Raises
        ------
        SpaceTypeError
            If the constraint itself fails.
        """
        if self.constraint is None:
            return True
        params = self.decode(u)
        try:
            return bool(self.constraint(params))
        except Exception as error:
            raise SpaceTypeError(
                f"The constraint failed at {params!r}: {type(error).__name__}: {error}. It must take a "
                "dict of the parameters that exist there and return True or False."
            ) from error

    def key(self, u: Any) -> Hashable:
        """Return what is equal for two points exactly when they decode to equal candidates.

        Parameters
        ----------
        u : array-like of shape (n_dims,)
            A point.

        Returns
        -------
        key : tuple
            Numbers, and the positions of choices.
        """
        return tuple(
            None if math.isnan(x) else column.dimension.key(float(x))
            for column, x in zip(self.columns, u, strict=True)
        )

    def neighbours(self, u: Any) -> Floats:
        """Return the points one discrete move away.

        Parameters
        ----------
        u : array-like of shape (n_dims,)
            A point.

        Returns
        -------
        U : ndarray of shape (n, n_dims)
            Integers a step and some leaps away, other choices; dimensions that come into being start in the
            middle. All allowed, none equal to `u`.
        """
        u = np.asarray(u, dtype=float)
        moved = [
            np.r_[u[:j], x, u[j + 1 :]]
            for j, column in enumerate(self.columns)
            if not math.isnan(u[j])
            for x in column.dimension.steps(float(u[j]))
        ]
        if not moved:
            return np.empty((0, self.n_dims))
        U = self.snap(moved)
        if self.constraint is not None:
            U = U[[self.is_allowed(row) for row in U]]
        return U

    def points(self) -> Iterator[Params]:
        """Yield every allowed candidate of a finite space, in a fixed order.

        Yields
        ------
        params : dict
            A candidate.

        Raises
        ------
        SpaceValueError
            If the space is infinite.
        """
        if math.isinf(self.n_points):
            raise SpaceValueError("The space has infinitely many points and cannot be listed.")
        for u in list_points(self.columns):
            if self.is_allowed(u):
                yield self.decode(u)

    def describe(self) -> str:
        """Return the space as understood, a line for each dimension.

        Returns
        -------
        text : str
            Names, ranges, and where a dimension exists.
        """
        lines = []
        for column in self.columns:
            line = f"{column.name or '(branch)'}: {column.dimension.describe()}"
            for condition in column.conditions:
                parent = self.columns[condition.parent]
                values = [parent.dimension.centres()[i] for i in condition.allowed]
                shown = ", ".join(repr(parent.dimension.decode(x)) for x in values)
                line += f", if {parent.name or '(branch)'} is {shown}"
            lines.append(line)
        if self.constraint is not None:
            lines.append(f"constraint: {getattr(self.constraint, '__name__', self.constraint)!s}")
        return "\n".join(lines)
