"""Ticks that matplotlib has none of. Imported when something is drawn: it needs matplotlib."""

from typing import Any

import numpy as np
from matplotlib.ticker import Formatter, MaxNLocator

__all__ = ["Multiples", "Plain"]


class Plain(Formatter):
    """Numbers as short as their digits allow, with no power of ten aside.

    Parameters
    ----------
    digits : int, default=6
        Significant ones.
    unit : float, default=1.0
        What is counted.
    """

    def __init__(self, digits: int = 6, unit: float = 1.0) -> None:
        self._digits = digits
        self._unit = unit

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of a tick."""
        return f"{x / self._unit:.{self._digits}g}"


class Multiples(MaxNLocator):
    """Round numbers of a unit.

    Parameters
    ----------
    unit : float
        In that of the data.
    """

    def __init__(self, unit: float) -> None:
        super().__init__("auto", steps=[1, 2, 2.5, 5, 10])
        self._unit = unit

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Return the places of the ticks between two limits."""
        return self._unit * np.asarray(super().tick_values(vmin / self._unit, vmax / self._unit))
