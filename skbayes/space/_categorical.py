"""Choices: the user's own objects, known by their position and by nothing else.

Numbers have an order of their own: a list of them lies in the cube by value, in equal steps. The
user has chosen the values so that each step matters; that spacing says more than the differences do
(0, 0.1, 1, 10 has no even scale, and 0.01, 0.1, 1, 10 becomes a logarithmic one).
"""

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..exceptions import SpaceTypeError, SpaceValueError
from ._base import Dimension, EqualCells, Floats
from ._values import Positions, is_number, is_same, native, shown

__all__ = ["Categorical", "CategoryMap", "share_tokens"]

# Probabilities written with six digits may miss 1 by their rounding.
_SUM_TOLERANCE = 1e-6
_N_SHOWN = 6
# Two choices differ or do not; order begins with three.
_MIN_ORDERED = 3


class Categorical(Dimension):
    """Choices, which may be any objects.

    Parameters
    ----------
    categories : sequence
        The choices: distinct objects of any kind (None, tuples, arrays, estimators, functions).
    prior : sequence of float, default=None
        Probability of each category, at least 0 and summing to 1; None for all alike. It shapes
        sampling, not the encoding.
    transform : str, default=None
        Accepted for scikit-optimize's sake and ignored.
    name : str, default=None
        Name of the parameter; needed in a list of dimensions, replaced by the key in a dict.
    active_if : mapping of str to value or list of values, default=None
        Parameters of the same space and the values at which this dimension plays a part.
    ordered : bool or None, default=None
        Whether the surrogate takes neighbours for similar. True: in the order given. False: any two
        choices differ alike. None: three or more numbers are ordered by value, in whatever order
        they stand; other choices, and numbers of which two are equal (1 and 1.0), are unordered.

    See Also
    --------
    Integer : For ordered whole numbers.

    Notes
    -----
    Objects are told apart by identity, then by type and equality; estimators of the same class with
    the same attributes are equal. 1, 1.0 and True are three choices. Numpy scalars become native.
    Ordered choices are one numeric column with equal steps between them.

    Examples
    --------
    >>> from skbayes.space import Categorical, as_space
    >>> space = as_space({"layers": Categorical([(50,), (50, 50), None])})
    >>> space.decode(space.encode({"layers": (50, 50)}))
    {'layers': (50, 50)}
    >>> as_space({"C": [10.0, 0.1, 1.0]}).encode({"C": 1.0})
    array([0.5])
    >>> sizes = Categorical(["small", "medium", "large"], ordered=True)
    >>> as_space({"size": sizes}).n_categories  # not counted: it is a numeric column
    (0,)
    """

    def __init__(
        self,
        categories: Sequence[Any],
        prior: Sequence[float] | None = None,
        transform: str | None = None,
        name: str | None = None,
        *,
        active_if: Mapping[str, Any] | None = None,
        ordered: bool | None = None,
    ) -> None:
        self.categories = categories
        self.prior = prior
        self.transform = transform
        self.name = name
        self.active_if = active_if
        self.ordered = ordered

    def unit_map(self, name: str) -> "CategoryMap":
        label = self.label(name)
        categories = _as_choices(self.categories, label)
        if not categories:
            raise SpaceValueError(
                f"{label} has no choices; got {shown(self.categories)}. Give at least one."
            )
        positions = Positions(categories)
        duplicate = positions.first_duplicate()
        if duplicate is not None:
            raise SpaceValueError(
                f"{label} has the same choice twice; got {shown(categories[duplicate[0]])} at "
                f"positions {duplicate[0]} and {duplicate[1]}. Leave one of them out."
            )
        probabilities = _probabilities(self, categories, label)
        order = _order(self.ordered, categories, label)
        if order is None:
            return CategoryMap(label, categories, positions, probabilities)
        if probabilities is not None:
            probabilities = probabilities[order]
        categories = tuple(categories[i] for i in order)
        return OrderedMap(label, categories, Positions(categories), probabilities)


class CategoryMap(EqualCells):
    """Map of choices to equal cells, by position."""

    def __init__(
        self,
        label: str,
        categories: tuple[Any, ...],
        positions: Positions,
        probabilities: Floats | None,
    ) -> None:
        self.label = label
        self.categories = categories
        self.n_values = self.n_categories = len(categories)
        self._positions = positions
        self._probabilities = probabilities
        # Plain values stand for themselves, other objects for their position.
        self.tokens: list[Hashable] = [
            (type(category), category) if _is_plain(category) else i
            for i, category in enumerate(categories)
        ]

    def value(self, index: int) -> Any:
        return self.categories[index]

    def position(self, value: Any) -> int:
        position = self._positions.find(value)
        if position is None:
            raise SpaceValueError(
                f"{self.label} takes {_listed(self.categories)}; got {shown(value)}. "
                "Give one of its choices."
            )
        return position

    def token(self, u: float) -> Hashable:
        return self.tokens[self.index_at(u)]

    def from_uniform(self, u: Floats) -> Floats:
        if self._probabilities is None:
            return u
        cumulative = np.cumsum(self._probabilities)
        # The last sum may miss 1 by rounding; categories of no probability are passed over.
        index = np.searchsorted(cumulative / cumulative[-1], u, side="right")
        return np.asarray(self.centre(index))

    def describe(self) -> str:
        weights = "" if self._probabilities is None else ", with given probabilities"
        return _listed(self.categories) + weights


class OrderedMap(CategoryMap):
    """Map of choices to equal cells in their order: one numeric column."""

    def __init__(
        self,
        label: str,
        categories: tuple[Any, ...],
        positions: Positions,
        probabilities: Floats | None,
    ) -> None:
        super().__init__(label, categories, positions, probabilities)
        self.n_categories = 0

    def describe(self) -> str:
        return f"{super().describe()}, ordered"


def share_tokens(maps: Sequence[CategoryMap]) -> None:
    """Give equal objects in the choices of several branches one token."""
    met: list[Any] = []
    for category_map in maps:
        for i, category in enumerate(category_map.categories):
            if not _is_plain(category):
                equal = (k for k, other in enumerate(met) if is_same(other, category))
                token = next(equal, len(met))
                if token == len(met):
                    met.append(category)
                category_map.tokens[i] = token


def _is_plain(category: Any) -> bool:
    return isinstance(category, str | int | float | None) and category == category


def _as_choices(categories: Any, label: str) -> tuple[Any, ...]:
    n_axes = getattr(categories, "ndim", 1)
    if isinstance(categories, str | bytes | Mapping | set | frozenset) or n_axes != 1:
        raise SpaceTypeError(
            f"{label} needs a list or a one-dimensional array of choices; got "
            f"{shown(categories)}. Write [value] for a single choice."
        )
    try:
        return tuple(native(category) for category in categories)
    except TypeError:
        raise SpaceTypeError(
            f"{label} needs a list or a one-dimensional array of choices; got "
            f"{shown(categories)}. Write [value] for a single choice."
        ) from None


def _order(ordered: Any, categories: Sequence[Any], label: str) -> list[int] | None:
    """Return the positions of the choices in their order; None if they have none."""
    if not (ordered is None or isinstance(ordered, bool | np.bool_)):
        raise SpaceTypeError(
            f"{label} takes ordered=True, False or None; got ordered={shown(ordered)}. Use True for "
            "the order given."
        )
    if ordered is not None:
        return list(range(len(categories))) if ordered else None
    if len(categories) < _MIN_ORDERED or not all(is_number(c) for c in categories):
        return None
    order = sorted(range(len(categories)), key=lambda i: categories[i])
    # 1 beside 1.0: these are codes (one feature, all features), not quantities.
    is_tied = any(categories[i] == categories[j] for i, j in pairwise(order))
    return None if is_tied else order


def _probabilities(dimension: Categorical, categories: Sequence[Any], label: str) -> Floats | None:
    if dimension.prior is None:
        return None
    try:
        p = np.asarray(dimension.prior, dtype=float)
    except (TypeError, ValueError):
        p = np.full(0, np.nan)
    is_valid = p.shape == (len(categories),) and np.isfinite(p).all() and (p >= 0.0).all()
    if not is_valid or abs(p.sum() - 1.0) > _SUM_TOLERANCE:
        raise SpaceValueError(
            f"{label} needs as prior one probability for each of its {len(categories)} choices, at "
            f"least 0 and summing to 1; got prior={shown(dimension.prior)}. "
            "Correct them, or use prior=None for all alike."
        )
    normalized: Floats = p / p.sum()
    return normalized


def _listed(categories: Sequence[Any]) -> str:
    first = ", ".join(shown(category) for category in categories[:_N_SHOWN])
    if len(categories) <= _N_SHOWN:
        return f"one of {first}" if len(categories) > 1 else f"always {first}"
    return f"one of {first}, ... ({len(categories)} choices)"
