"""How wide an axes is, and so what is written around it."""

from typing import Any

import numpy as np

__all__ = ["columns_of", "is_narrow", "width_of"]

# Inches: a column of a legend with a few words, and an axes in which a line of text of 50 characters fits.
_COLUMN, _WIDE = 1.7, 4.0


def width_of(ax: Any) -> float:
    """Return the width of an axes in inches."""
    # As it is before the layout; what is wider would make the layout take the width from the axes.
    return float(ax.get_position().width * ax.figure.get_figwidth())


def is_narrow(ax: Any) -> bool:
    """Return whether long lines of text have to be broken."""
    return width_of(ax) < _WIDE


def columns_of(ax: Any, most: int) -> int:
    """Return how many columns a legend above an axes can have, at most `most`."""
    return int(np.clip(width_of(ax) // _COLUMN, 1, most))
