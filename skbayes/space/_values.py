"""Values of parameters as the user knows them: native numbers, and objects that are told apart.

A category may be anything: None, a tuple, an array (whose `==` is an array), an estimator. Two
categories are the same if they are one object, or of one type and equal; 1, 1.0 and True differ,
because they mean different things to an estimator (``max_features=1`` and ``1.0``).
"""

import math
import numbers
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

__all__ = ["Positions", "is_number", "is_same", "native", "shown"]

# Scalars with an equal twin in Python. Not datetime64: its `item()` may be a bare integer.
_NUMPY_SCALARS = (
    np.bool_, np.integer, np.floating, np.complexfloating, np.str_, np.bytes_,
)  # fmt: skip
# Types whose equality is plain, cheap and agrees with their hash.
_ATOMS = (str, int, float, bool, bytes, complex, type(None))
_MAX_SHOWN = 60


def native(value: Any) -> Any:
    """Return the Python twin of a numpy scalar; anything else is returned as it is."""
    return value.item() if isinstance(value, _NUMPY_SCALARS) else value


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a (native) value is a real number; a boolean is not, nor is NaN."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and value == value


def shown(value: Any) -> str:
    """Return the repr in one line, shortened."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a broken repr must not hide the message it is meant for
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def is_same(a: Any, b: Any) -> bool:
    """Whether two objects are one category; never raises."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    try:
        return _is_equal(a, b)
    except Exception:  # an `==` that raises, or that recurses without end, has not said yes
        return False


def _is_equal(a: Any, b: Any) -> bool:
    if isinstance(a, _ATOMS):
        return bool(a == b or (a != a and b != b))  # two NaN are one category
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(is_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(is_same(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and is_same(a.tolist(), b.tolist())
    if hasattr(a, "get_params") and not isinstance(a, type):
        # Cloning a search deep-copies its arguments one by one, so identity alone would lose them.
        return is_same(vars(a), vars(b))
    if hasattr(a, "dist") and hasattr(a, "kwds"):  # frozen distributions have no equality
        return is_same([a.dist.name, a.args, a.kwds], [b.dist.name, b.args, b.kwds])
    if callable(getattr(a, "equals", None)):  # frames and series
        return a.equals(b) is True
    return (a == b) is True


class Positions:
    """Where in a sequence of distinct categories an object is.

    Parameters
    ----------
    categories : sequence
        The categories.
    """

    def __init__(self, categories: Sequence[Any]) -> None:
        self._categories = categories
        self._atoms: dict[tuple[type, Any], int] = {}
        self._others: list[int] = []
        for i, category in enumerate(categories):
            if _is_atom(category):
                self._atoms.setdefault((type(category), category), i)
            else:
                self._others.append(i)

    def find(self, value: Any) -> int | None:
        """Return the position of a category, or None if it is not one."""
        value = native(value)
        if _is_atom(value):
            exact = self._atoms.get((type(value), value))
            return self._number(value) if exact is None and is_number(value) else exact
        for i in self._others:  # identity first: it is certain and cheap
            if self._categories[i] is value:
                return i
        return next((i for i in self._others if is_same(self._categories[i], value)), None)

    def _number(self, value: float) -> int | None:
        """Position of the equal number of the other type: 1 for the category 1.0."""
        if isinstance(value, int):
            try:
                return self._atoms.get((float, float(value)))
            except OverflowError:
                return None
        if math.isfinite(value) and value == int(value):
            return self._atoms.get((int, int(value)))
        return None

    def first_duplicate(self) -> tuple[int, int] | None:
        """Return the positions of two equal categories, or None."""
        for i, category in enumerate(self._categories):
            first = self._atoms.get((type(category), category), i) if _is_atom(category) else i
            if first < i:
                return first, i
        for k, i in enumerate(self._others):
            for j in self._others[:k]:
                if is_same(self._categories[j], self._categories[i]):
                    return j, i
        return None


def _is_atom(value: Any) -> bool:
    return isinstance(value, _ATOMS) and value == value
