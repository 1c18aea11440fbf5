"""The curves of a picture of convergence, what several seeds do around them, and a target across."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._convergence_view import View, at_the_end, finite
from ._matplotlib import COLOURS, LINE_STYLES, styled
from ._text import literal, short_names

__all__ = ["MOST_CURVES", "draw_band", "draw_line", "draw_target"]

#: A colour and a line style together; the fifth curve has the first colour and another style.
MOST_CURVES = len(COLOURS) * len(LINE_STYLES)
# Letters of a name in the legend: with more the legend is wider than the picture.
_NAME_LENGTH = 60


def draw_line(ax: Any, display: Any, c: int, view: View, given: Mapping[str, Any] | None) -> Any:
    """Draw the curve number c of a ConvergenceDisplay as steps."""
    from matplotlib.lines import Line2D

    n, name = display.n_searches[c], literal(short_names(display.names, _NAME_LENGTH)[c])
    heights = view.of(display.centre[c])
    style = {
        "color": COLOURS[c % len(COLOURS)],
        "linestyle": LINE_STYLES[(c + c // len(COLOURS)) % len(LINE_STYLES)],
        "linewidth": 2.0,
        "drawstyle": "steps-post",
        # The end is seen even where it is the beginning too.
        "marker": "o",
        "markevery": [heights.size - 1] if heights.size else None,
        "markersize": 6,
        "zorder": 4,
        "label": name + at_the_end(heights, n),
    }
    (line,) = ax.plot(display.x[c], heights, **styled(Line2D, style, given))
    return line


def draw_band(ax: Any, display: Any, c: int, view: View, given: Mapping[str, Any] | None) -> Any:
    """Draw the band around the curve number c."""
    from matplotlib.collections import PolyCollection

    low, high = view.of(display.lower[c]), view.of(display.upper[c])
    # Where a band has no end, it goes to the worst that is drawn.
    known = view.of(finite([*display.centre, *display.lower]))
    low = np.clip(low, known.min(), known.max()) if known.size else low
    colour = COLOURS[c % len(COLOURS)]
    style = {"facecolor": colour, "alpha": 0.2, "linewidth": 0.0, "zorder": 2}
    return ax.fill_between(
        display.x[c], low, high, step="post", **styled(PolyCollection, style, given)
    )


def draw_target(ax: Any, target: float, given: Mapping[str, Any] | None) -> Any:
    """Draw a line across at a score."""
    from matplotlib.lines import Line2D

    style = {"color": "black", "linestyle": (0, (1, 2)), "linewidth": 1.2, "zorder": 1}
    return ax.axhline(target, **styled(Line2D, style | {"label": f"target {target:.4g}"}, given))
