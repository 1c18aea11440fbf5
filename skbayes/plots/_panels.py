"""Panels one below the other: in a new figure, in the place of one axes, or in axes given."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._matplotlib import figure

__all__ = ["given_axes", "grid_in", "panel_grid", "panels"]

# Height of a row that has nothing but what a layout makes room for, in heights of panels.
_FREE = 0.01


def given_axes(ax: Any, what: str, n: int) -> list[Any] | None:
    """Return the axes of an array of n; None if one or none was given.

    Raises
    ------
    ValueError
        If there are not n.
    """
    if not isinstance(ax, list | tuple | np.ndarray):
        return None
    given = list(np.ravel(np.asarray(ax, dtype=object)))
    if len(given) != n:
        raise ValueError(
            f"{what} needs {n} axes, one for each panel; got {len(given)}. Give as many, or one to be divided."
        )
    return given


def grid_in(
    ax: Any,
    what: str,
    shape: tuple[int, int],
    size: tuple[float, float] | None = None,
    **ratios: Any,
) -> tuple[Any, Any]:
    """Return a figure and a grid of places in it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        In its place, and it is switched off; None: in a new figure.
    what : str
        The display that asks, for the message.
    shape : tuple of (int, int)
        Rows and columns.
    size : tuple of (float, float), default=None
        Width and height of a new figure in inches.
    **ratios : dict
        ``height_ratios`` or ``width_ratios``.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    if ax is None:
        owner = figure(what) if size is None else figure(what, size)
        return owner, owner.add_gridspec(*shape, **ratios)
    ax.set_axis_off()
    owner, place = ax.figure, ax.get_subplotspec()
    if place is not None:
        return owner, place.subgridspec(*shape, **ratios)
    # Made by add_axes: it has a place of its own and none in a grid.
    box = ax.get_position()
    ends = {"left": box.x0, "right": box.x1, "bottom": box.y0, "top": box.y1}
    return owner, owner.add_gridspec(*shape, **ends, **ratios)


def panels(ax: Any, what: str, heights: Sequence[float]) -> list[Any]:
    """Return an axes for each height, from above, with the same horizontal axis.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, array of them or None
        One is divided, and what it showed is switched off; several are taken as they are; None: a new figure.
    what : str
        The display that asks, for the message.
    heights : sequence of float
        Relative to one another.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If several are given, and not as many as panels.
    """
    n = len(heights)
    given = given_axes(ax, what, n)
    if given is not None:
        return given
    if n == 1:
        return [ax if ax is not None else figure(what).add_subplot()]
    owner, grid = grid_in(ax, what, (n, 1), height_ratios=heights)
    first = owner.add_subplot(grid[0])
    return [first, *(owner.add_subplot(grid[i], sharex=first) for i in range(1, n))]


def panel_grid(ax: Any, what: str, n: int, n_columns: int, size: tuple[float, float]) -> list[Any]:
    """Return n axes side by side, in rows; in the place of one axes below a row that is left free for a legend.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, array of them or None
        As for `panels`.
    what : str
        The display that asks, for the message.
    n, n_columns : int
        How many, and how many in a row.
    size : tuple of (float, float)
        Width and height of a new figure in inches.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If several are given, and not as many.
    """
    given = given_axes(ax, what, n)
    if given is not None:
        return given
    if n == 1 and ax is not None:
        return [ax]
    heights = [1.0] * -(-n // n_columns)
    if ax is not None:
        heights.insert(0, _FREE)
    owner, grid = grid_in(ax, what, (len(heights), n_columns), size, height_ratios=heights)
    places = [divmod(k, n_columns) for k in range(n)]
    return [owner.add_subplot(grid[row + (ax is not None), column]) for row, column in places]
