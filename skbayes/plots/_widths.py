"""How wide an axes is, and so what is written around it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["columns_of", "is_narrow", "width_of"]

# Inches: an axes in which a line of text of 50 characters fits.
_WIDE = 4.0
# Letters of a small legend that fit into an inch, and how many the mark of an entry and the gap after it take.
_PER_INCH, _MARK = 15.5, 7


def width_of(ax: Any) -> float:
    """Return the width of an axes in inches."""
    # As it is before the layout; what is wider would make the layout take the width from the axes.
    return float(ax.bbox.width / ax.figure.dpi)


def is_narrow(ax: Any) -> bool:
    """Return whether long lines of text have to be broken."""
    return width_of(ax) < _WIDE


def columns_of(labels: Sequence[str], inches: float) -> int:
    """Return how many columns the entries of a legend can have in so many inches, at least one."""
    n = max(len(labels), 1)
    while n > 1 and sum(_letters(labels, n)) > _PER_INCH * inches:
        n -= 1
    return n


def _letters(labels: Sequence[str], n_columns: int) -> list[int]:
    """Letters of each column; entries go down the columns, as matplotlib divides them."""
    lengths = [len(label) + _MARK for label in labels]
    return [int(column.max()) for column in np.array_split(lengths, n_columns)]
