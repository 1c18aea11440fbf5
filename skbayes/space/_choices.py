"""Choices without an order: the user's own objects, kept by position and never passed through numpy."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ..exceptions import SpaceTypeError, SpaceValueError
from ._ranges import Dimension, Floats

__all__ = ["Categorical", "same"]


class Categorical(Dimension):
    """One of several choices: any Python objects, also None, tuples, arrays, estimators and functions.

    Parameters
    ----------
    categories : list, tuple or 1-D array
        The choices, at least one, all different. numpy scalars among them become native Python values.
    prior : array-like of shape (n_categories,), default=None
        Probability of each choice in samples, summing to 1; None for equal ones.
    transform : object, default=None
        Taken as scikit-optimize has it, and ignored.
    name : str, default=None
        The parameter's name, where the space is a list of dimensions.
    active_if : dict, default=None
        The dimension exists only where the named parameters have one of the given values.

    Examples
    --------
    >>> from skbayes import Categorical
    >>> Categorical([None, "balanced"]).decode(0.2) is None
    True
    """

    def __init__(
        self,
        categories: Sequence[Any],
        prior: Sequence[float] | None = None,
        transform: Any = None,
        name: str | None = None,
        *,
        active_if: Mapping[str, Any] | None = None,
    ) -> None:
        self.categories = categories
        self.prior = prior
        self.transform = transform
        self.name = name
        self.active_if = active_if

    @property
    def n_values(self) -> float:
        """Number of choices, an int."""
        return len(self.categories)

    @property
    def n_categories(self) -> int:
        """Number of choices."""
        return len(self.categories)

    def check(self, label: str) -> None:
        """Raise if the choices or their probabilities are impossible."""
        given: Any = self.categories
        if isinstance(given, str | bytes | Mapping | set) or not hasattr(given, "__getitem__"):
            raise SpaceTypeError(
                f"{label}: Categorical needs a list of choices; got {given!r}. "
                "Put the choices in a list."
            )
        if getattr(given, "ndim", 1) != 1:
            raise SpaceValueError(
                f"{label}: Categorical needs a one-dimensional array of choices; got one of shape "
                f"{given.shape}. Give a list, whose entries may be arrays."
            )
        if len(given) == 0:
            raise SpaceValueError(
                f"{label}: Categorical has no choices (an empty list). Give at least one."
            )
        pair = _duplicate([self._choice(i) for i in range(len(given))])
        if pair is not None:
            i, j = pair
            raise SpaceValueError(
                f"{label}: Categorical has the choice {self._choice(i)!r} twice, at positions {i} "
                f"and {j}. Drop one; for unequal chances give prior=."
            )
        if self.prior is not None:
            self._check_probabilities(label)

    def _check_probabilities(self, label: str) -> None:
        n = len(self.categories)
        try:
            p = np.asarray(self.prior, dtype=float)
        except (TypeError, ValueError):
            p = np.empty(0)
        if p.shape != (n,) or not np.isfinite(p).all() or (p < 0).any() or abs(p.sum() - 1) > 1e-6:
            raise SpaceValueError(
                f"{label}: Categorical needs as prior {n} probabilities that sum to 1, one for each "
                f"choice; got {self.prior!r}. Mend them, or use None for equal ones."
            )

    def contains(self, value: Any) -> bool:
        """Return whether a value is one of the choices: the same object, or equal to it."""
        return self._position(value) is not None

    def encode(self, value: Any) -> float:
        """Return the centre of the choice's cell."""
        position = self._position(value)
        if position is None:
            raise SpaceValueError(f"{value!r} is not one of {self.describe()}")
        return (position + 0.5) / len(self.categories)

    def decode(self, u: float) -> Any:
        """Return the choice at a coordinate: the user's own object."""
        return self._choice(int(self.index(np.array([u]))[0]))

    def snap(self, u: Floats) -> Floats:
        """Return the centres of the cells in which coordinates lie."""
        return (self.index(u) + 0.5) / len(self.categories)

    def from_uniform(self, u: Floats) -> Floats:
        """Return the centres of choices drawn with their probabilities."""
        if self.prior is None:
            return self.snap(u)
        bounds = np.cumsum(np.asarray(self.prior, dtype=float))
        position = np.searchsorted(bounds / bounds[-1], u, side="right")
        return (np.minimum(position, len(bounds) - 1) + 0.5) / len(bounds)

    def key(self, u: float) -> Hashable:
        """Return the position of the choice."""
        return int(self.index(np.array([u]))[0])

    def index(self, u: Floats) -> NDArray[np.int64]:
        """Return the position of the choice at each coordinate."""
        k = len(self.categories)
        return np.clip(np.floor(np.asarray(u) * k), 0, k - 1).astype(np.int64)

    def centres(self) -> Floats:
        """Return the centres of all cells."""
        k = len(self.categories)
        return (np.arange(k) + 0.5) / k

    def steps(self, u: float) -> Floats:
        """Return every other choice; of a long list, twenty spread evenly after the present one."""
        k = len(self.categories)
        here = int(self.index(np.array([u]))[0])
        n = min(k - 1, 20)
        moves = np.unique(np.linspace(1, k - 1, n).astype(np.int64))
        return ((here + moves) % k + 0.5) / k

    def describe(self) -> str:
        """Return the choices, shortened."""
        shown = [repr(self._choice(i)) for i in range(min(len(self.categories), 8))]
        more = len(self.categories) - len(shown)
        return f"one of {', '.join(shown)}" + (f" and {more} more" if more else "")

    def _choice(self, position: int) -> Any:
        choice = self.categories[position]
        return choice.item() if isinstance(choice, np.generic) else choice

    def _position(self, value: Any) -> int | None:
        choices = [self._choice(i) for i in range(len(self.categories))]
        value = value.item() if isinstance(value, np.generic) else value
        # The object itself, then an equal one of the same type, then 1 for 1.0.
        for matches in (_identical, same, _equal):
            for i, choice in enumerate(choices):
                if matches(choice, value):
                    return i
        return None


def _identical(a: Any, b: Any) -> bool:
    return a is b


def same(a: Any, b: Any) -> bool:
    """Return whether two objects are the same choice: equal, and of one type (True is not 1)."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return a == b or (a != a and b != b)  # nan is one choice
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and bool(np.array_equal(a, b))
    if isinstance(a, BaseEstimator):
        # A clone is the same choice: searches are cloned, and estimators know no equality.
        ours, theirs = a.get_params(deep=False), b.get_params(deep=False)
        return ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    try:
        return bool(a == b)
    except (TypeError, ValueError):  # an equality that returns arrays, or none at all
        return False


def _equal(a: Any, b: Any) -> bool:
    numbers = (int, float)
    plain = isinstance(a, numbers) and isinstance(b, numbers)
    return plain and not isinstance(a, bool) and not isinstance(b, bool) and a == b


def _duplicate(choices: list[Any]) -> tuple[int, int] | None:
    """Return the positions of two choices that are the same, or None."""
    seen: dict[Hashable, int] = {}
    others: list[int] = []
    for j, choice in enumerate(choices):
        simple = choice is None or isinstance(choice, bool | int | float | str)
        if simple:
            # All NaN are one choice, and no NaN equals itself in a dict.
            key = (type(choice), "nan" if choice != choice else choice)
            if key in seen:
                return seen[key], j
            seen[key] = j
            continue
        for i in others:
            if same(choices[i], choice):
                return i, j
        others.append(j)
    return None
