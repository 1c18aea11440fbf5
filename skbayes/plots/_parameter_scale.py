"""The values of a parameter as places on an axis of matplotlib: numbers are where they are, choices in equal steps."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import SpaceTypeError, SpaceValueError
from ..space import Categorical, ValueGrid
from ._text import choice_texts, literal, shortened

__all__ = ["edges_of", "is_line", "name_text", "places", "set_scale"]

Floats = NDArray[np.float64]

# More values than these are a line, and fewer are points of their own.
_MOST_POINTS = 12
# Choices are all named up to here; of more, every second or every third.
_MOST_NAMED = 16
# A letter of a tick's label is about so wide, in inches.
_LETTER = 0.07
# What is left free beside the outermost points and cells, in steps.
_BESIDE = 0.6


def is_line(grid: ValueGrid) -> bool:
    """Whether the values are so many, or stand for so many, that they are drawn as a line."""
    if grid.scale == "choices":
        return False
    return not grid.is_complete or len(grid.values) > _MOST_POINTS


def places(grid: ValueGrid, values: Iterable[Any]) -> Floats:
    """Return where values lie on the axis of a grid; nan for a choice that is none of it, or no number."""
    values = list(values)
    if grid.scale != "choices":
        at = np.array([_number(value) for value in values], dtype=float)
        # Beyond the ends there is no place: such a trial is of another space.
        return np.where((at >= grid.values[0]) & (at <= grid.values[-1]), at, np.nan)
    unit_map: Any = Categorical(list(grid.values), ordered=False).unit_map(grid.name)
    found = np.full(len(values), np.nan)
    for i, value in enumerate(values):
        try:
            found[i] = unit_map.position(value)
        except (SpaceValueError, SpaceTypeError):
            continue
    return found


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return float(value) if is_number else np.nan


def name_text(grid: ValueGrid, n: int = 60) -> str:
    """Return the name of a parameter for its axis: in two lines if it has more than n letters."""
    name = shortened(grid.name, 2 * n - 2)
    if len(name) <= n:
        return literal(name)
    # After an underscore if there is one, not too near the ends for the lines to hold it.
    places = [
        k + 1 for k, letter in enumerate(name) if letter == "_" and len(name) - n <= k + 1 <= n
    ]
    middle = min(places, key=lambda k: abs(k - len(name) / 2), default=-(-len(name) // 2))
    return f"{literal(name[:middle])}\n{literal(name[middle:])}"


def set_scale(axis: Any, grid: ValueGrid, inches: float, *, is_filled: bool = False) -> None:
    """Give an axis the scale, the ends and the ticks of a parameter.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        ``ax.xaxis`` or ``ax.yaxis``.
    grid : ValueGrid
        The parameter's values.
    inches : float
        Length of the axis: labels that would touch are slanted.
    is_filled : bool, default=False
        Whether cells fill the axes, and nothing is to be left free beside them.
    """
    is_x = axis.axis_name == "x"
    set_limits = axis.axes.set_xlim if is_x else axis.axes.set_ylim
    if grid.scale == "choices":
        n = len(grid.values)
        shown = range(0, n, -(-n // _MOST_NAMED))
        texts = [literal(text) for text in choice_texts(grid.values)]
        axis.set_ticks(list(shown), [texts[i] for i in shown])
        beside = 0.5 if is_filled else _BESIDE
        set_limits(-beside, n - 1 + beside)
        needed = len(shown) * (max(len(texts[i]) for i in shown) + 1) * _LETTER
        if is_x and needed > inches:
            axis.set_tick_params(rotation=30)
            for label in axis.get_ticklabels():
                label.set(ha="right", rotation_mode="anchor")
        return
    low, high = float(grid.values[0]), float(grid.values[-1])
    if grid.scale == "log":
        (axis.axes.set_xscale if is_x else axis.axes.set_yscale)("log")
    elif all(isinstance(value, int) for value in grid.values):
        from matplotlib.ticker import MaxNLocator

        axis.set_major_locator(MaxNLocator("auto", integer=True))
    edges = edges_of(grid, places(grid, grid.values))
    is_to_the_end = is_line(grid) and not is_filled
    ends = (low, high) if is_to_the_end else (float(edges[0]), float(edges[-1]))
    if ends[0] < ends[1]:
        set_limits(*ends)


def edges_of(grid: ValueGrid, at: Sequence[float] | Floats) -> Floats:
    """Return the borders between cells around places (n,), (n + 1,): half-way on the scale of the grid."""
    t = np.log(at) if grid.scale == "log" else np.asarray(at, dtype=float)
    if len(t) == 1:
        half = 0.1 if grid.scale == "log" else max(0.5, 0.1 * abs(float(t[0])))
        edges = np.array([t[0] - half, t[0] + half])
    else:
        middle = 0.5 * t[1:] + 0.5 * t[:-1]
        edges = np.concatenate([[2 * t[0] - middle[0]], middle, [2 * t[-1] - middle[-1]]])
    return np.exp(edges) if grid.scale == "log" else edges
