"""Columns of the unit cube as coordinates between which squared differences are meant.

Numeric column: a coordinate u − ½, and a second one that is 0 where the column is active. An
inactive entry (NaN) becomes (0, c): the neutral middle, moved out of the line by c. That is an
embedding in the plane, so every kernel of Euclidean distance stays positive definite; two inactive
entries do not differ at all. Both coordinates share the column's length scale.

Categorical column of k categories: D = [a ≠ b], the squared distance of one-hot vectors (over √2)
under one shared length scale; "inactive" is one more category.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns", "PairTable", "Points"]

FloatArray = NDArray[np.float64]

# How far off the line an inactive entry sits. Half the width of the cube: as far from the middle of
# an active range as the ends of that range are.
_INACTIVE_OFFSET = 0.5


@dataclass(frozen=True)
class Points:
    """Encoded points.

    Parameters
    ----------
    coordinates : ndarray of shape (n, n_columns)
        Centred numbers (0 where inactive); the category's position (−1 where inactive).
    offsets : ndarray of shape (n, n_columns) or None
        Second coordinate of numeric columns; None if it is zero everywhere.
    """

    coordinates: FloatArray
    offsets: FloatArray | None

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.coordinates)

    def __getitem__(self, rows: Any) -> "Points":
        """Return some of the points."""
        offsets = None if self.offsets is None else self.offsets[rows]
        return Points(self.coordinates[rows], offsets)

    def joined(self, other: "Points") -> "Points":
        """Return these points followed by `other`."""
        coordinates = np.concatenate([self.coordinates, other.coordinates])
        if self.offsets is None and other.offsets is None:
            return Points(coordinates, None)
        return Points(coordinates, np.concatenate([self.all_offsets, other.all_offsets]))

    @property
    def all_offsets(self) -> FloatArray:
        """The offsets, as an array even where they are zero."""
        return np.zeros_like(self.coordinates) if self.offsets is None else self.offsets

    def starts_with(self, other: "Points") -> bool:
        """Whether `other` is the beginning of these points."""
        n = len(other)
        if n > len(self) or not np.array_equal(self.coordinates[:n], other.coordinates):
            return False
        if self.offsets is None and other.offsets is None:
            return True
        return np.array_equal(self.all_offsets[:n], other.all_offsets)


@dataclass(frozen=True)
class Columns:
    """Which columns are numeric and which hold categories.

    Parameters
    ----------
    n_categories : tuple of int
        Per column: the number of unordered categories, 0 for a numeric column.
    """

    n_categories: tuple[int, ...]

    @classmethod
    def of(cls, categories: Sequence[int] | None, n_columns: int) -> "Columns":
        """Return the columns as the `categories` parameter of a surrogate describes them."""
        return cls((0,) * n_columns if categories is None else tuple(int(k) for k in categories))

    @cached_property
    def numeric(self) -> NDArray[np.bool_]:
        """Mask of the numeric columns."""
        return np.array([k == 0 for k in self.n_categories], dtype=bool)

    @cached_property
    def categorical(self) -> NDArray[np.intp]:
        """Indices of the categorical columns."""
        return np.flatnonzero(~self.numeric)

    def encode(self, U: FloatArray) -> Points:
        """Return the coordinates of points of the unit cube (n, n_columns)."""
        inactive = np.isnan(U)
        coordinates = U - 0.5
        has_inactive = bool(inactive.any())
        if has_inactive:
            coordinates[inactive] = 0.0
        for j in self.categorical:
            k = self.n_categories[j]
            position = np.clip(np.floor(U[:, j] * k), 0, k - 1)
            coordinates[:, j] = np.where(inactive[:, j], -1.0, position)
        if not has_inactive:
            return Points(coordinates, None)
        return Points(coordinates, np.where(inactive & self.numeric, _INACTIVE_OFFSET, 0.0))

    def pair_differences(self, points: Points, start: int) -> FloatArray:
        """Squared differences of rows start.. with themselves and all before.

        Shape (n_columns, n_pairs), in the order of a row-major lower triangle, which is that of a
        column-major upper one (LAPACK's packed 'U').
        """
        lengths = np.arange(start + 1, len(points) + 1)
        i = np.repeat(np.arange(start, len(points)), lengths)
        j = np.arange(len(i)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        X = points.coordinates.T
        D = X[:, i] - X[:, j]
        D *= D
        if len(self.categorical):
            D[self.categorical] = D[self.categorical] > 0.0
        if points.offsets is not None:
            offsets = points.offsets.T
            D += (offsets[:, i] - offsets[:, j]) ** 2
        return D

    def cross_distances(self, A: Points, B: Points, length_scale: FloatArray) -> FloatArray:
        """Squared scaled distances r² of two sets of points, of shape (len(A), len(B))."""
        scale = 1.0 / length_scale
        X, Y = A.coordinates, B.coordinates
        if len(self.categorical):
            X, Y, numeric_scale = X[:, self.numeric], Y[:, self.numeric], scale[self.numeric]
        else:
            numeric_scale = scale
        X, Y = X * numeric_scale, Y * numeric_scale
        if A.offsets is not None or B.offsets is not None:
            X = np.hstack([X, A.all_offsets * scale])
            Y = np.hstack([Y, B.all_offsets * scale])
        r2 = X @ (-2.0 * Y.T)
        r2 += np.einsum("ij,ij->i", X, X)[:, None]
        r2 += np.einsum("ij,ij->i", Y, Y)
        np.maximum(r2, 0.0, out=r2)  # rounding of the expanded square
        for j in self.categorical:
            differ = A.coordinates[:, j][:, None] != B.coordinates[:, j]
            r2 += differ * scale[j] ** 2
        return r2


class PairTable:
    """Squared differences of all pairs of points, which grows by rows without being remade.

    Parameters
    ----------
    columns : Columns
        How two entries of a column differ.
    points : Points
        The points; none to begin with is fine.
    """

    def __init__(self, columns: Columns, points: Points) -> None:
        self.columns = columns
        self.points = points
        self._buffer = columns.pair_differences(points, 0)

    def grow(self, points: Points) -> None:
        """Take in `points`, of which those known must be the beginning."""
        n_old = len(self.points)
        old, size = n_old * (n_old + 1) // 2, len(points) * (len(points) + 1) // 2
        if size > self._buffer.shape[1]:
            larger = np.empty((len(self._buffer), 2 * size))
            larger[:, :old] = self._buffer[:, :old]
            self._buffer = larger
        self._buffer[:, old:size] = self.columns.pair_differences(points, n_old)
        self.points = points

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle the points alone; the differences are quickly made again."""
        return PairTable, (self.columns, self.points)

    @property
    def squared_differences(self) -> FloatArray:
        """Array of shape (n_columns, n(n+1)/2), the lower triangle by rows, diagonal included."""
        n = len(self.points)
        return self._buffer[:, : n * (n + 1) // 2]
