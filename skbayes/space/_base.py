"""What a dimension is: the user's part, and the map of its values to the unit interval and back.

Notation: u in [0, 1] is the coordinate of a value, equal to the prior probability of what lies below
it; a discrete value owns a cell of u and is encoded to the centre of it.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .._sklearn import Documented

__all__ = ["Dimension", "DiscreteMap", "EqualCells", "Floats", "Ints", "UnitMap", "rounded"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Larger moves on an ordered discrete dimension, in the unit of the cube: one fine, one coarse.
_STRIDES = (1 / 32, 1 / 8)
# Of many categories so many are neighbours of each.
_MAX_CATEGORY_MOVES = 20


class Dimension(Documented, BaseEstimator, ABC):
    """Base class of all dimensions of a design space.

    A dimension is a parameter object: ``__init__`` only stores. Its values are checked when a space
    is made of it, and the errors name the parameter.

    See Also
    --------
    Real, Integer, Categorical, Distribution : The dimensions.
    """

    name: str | None
    active_if: Mapping[str, Any] | None

    @abstractmethod
    def unit_map(self, name: str) -> "UnitMap":
        """Check the dimension and return its map to the unit interval.

        Parameters
        ----------
        name : str
            The parameter that it is for; error messages say it.

        Returns
        -------
        unit_map : UnitMap
            The finished map.

        Raises
        ------
        SpaceValueError, SpaceTypeError
            If an argument of the dimension is impossible.
        """

    def label(self, name: str) -> str:
        """Return how messages call the dimension.

        Parameters
        ----------
        name : str
            The parameter that it is for.

        Returns
        -------
        label : str
            For example ``Real('C')``.
        """
        return f"{type(self).__name__}({name!r})"


class UnitMap(ABC):
    """Values of one dimension as coordinates in the unit interval; checked and finished."""

    label: str
    n_categories: int = 0  # unordered categories; 0 for an ordered dimension
    n_values: float = math.inf

    @abstractmethod
    def encode(self, value: Any) -> float:
        """Return the coordinate of a value; an error that says why if it has none."""

    @abstractmethod
    def decode(self, u: float) -> Any:
        """Return the native value at a coordinate."""

    @abstractmethod
    def snap(self, u: Floats) -> Floats:
        """Return the coordinates in [0, 1] (n,) moved to those of valid values."""

    @abstractmethod
    def describe(self) -> str:
        """Return the values and their prior in words."""

    def token(self, u: float) -> Hashable:
        """Return what stands for the value in the key of a point."""
        value = self.decode(u)
        return type(value), value

    def from_uniform(self, u: Floats) -> Floats:
        """Turn uniform random numbers (n,) into coordinates from the prior; not snapped."""
        return u

    @property
    def is_flat(self) -> bool:
        """Whether `log_weight` is 0 everywhere."""
        return True

    def log_weight(self, u: Floats) -> tuple[Floats, Floats]:
        """Log of the prior's density over its maximum at coordinates (n,), and the slope by them."""
        return np.zeros(len(u)), np.zeros(len(u))


class DiscreteMap(UnitMap):
    """A map of countably many values, known by their index 0, 1, ..., n_values − 1."""

    n_values: int

    @abstractmethod
    def index(self, u: Floats) -> Ints:
        """Return the index of the cell of each coordinate."""

    @abstractmethod
    def index_at(self, u: float) -> int:
        """Return the index of the cell of one coordinate; `index` without the cost of an array."""

    @abstractmethod
    def centre(self, index: Any) -> Any:
        """Return the centres of cells, for an array or a number."""

    @abstractmethod
    def value(self, index: int) -> Any:
        """Return the native value with an index."""

    @abstractmethod
    def position(self, value: Any) -> int:
        """Return the index of a value; an error that says why if it has none."""

    def encode(self, value: Any) -> float:
        return float(self.centre(self.position(value)))

    def decode(self, u: float) -> Any:
        return self.value(self.index_at(u))

    def snap(self, u: Floats) -> Floats:
        return np.asarray(self.centre(self.index(u)))

    def moves(self, u: float) -> Floats:
        """Coordinates of the values next to the one at u and of some further off."""
        i = self.index_at(u)
        if self.n_categories:
            n_others = self.n_values - 1
            n_moves = min(n_others, _MAX_CATEGORY_MOVES)
            # Evenly round the circle, seen from i: over several points all categories are met.
            others = (i + np.unique(np.linspace(1, n_others, n_moves).round())) % self.n_values
        else:
            strides = [sign * stride for stride in _STRIDES for sign in (-1, 1)]
            far = self.index(np.clip(u + np.array(strides), 0.0, 1.0))
            others = np.unique(np.append(far, [max(i - 1, 0), min(i + 1, self.n_values - 1)]))
        others = others.astype(np.int64)
        return np.asarray(self.centre(others[others != i]), dtype=float)


class EqualCells(DiscreteMap):
    """A map of values with cells of the same width 1 / n_values."""

    def index(self, u: Floats) -> Ints:
        return np.minimum(u * self.n_values, self.n_values - 1).astype(np.int64)

    def index_at(self, u: float) -> int:
        return min(int(u * self.n_values), self.n_values - 1)

    def centre(self, index: Any) -> Any:
        return (index + 0.5) / self.n_values


def rounded(value: float, resolution: float) -> float:
    """Round to the decimal place just above the resolution.

    A coordinate is a float, so values closer than `resolution` cannot be told apart in the cube.
    Dropping the digits below makes decoding exact: a decoded value is encoded and decoded to itself,
    and 0.1 comes back as 0.1.
    """
    if not resolution > 0.0:
        return value
    try:
        return round(value, -math.ceil(math.log10(resolution)))
    except OverflowError:  # next to the largest float
        return value
