"""What surrounds the points in the panels of objectives: axes, bounds, reference, numbers and legend."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._legend import legend_of_panels
from ._matplotlib import COLOURS, SIZE
from ._panels import panel_grid
from ._pareto_view import View
from ._text import literal, shortened

__all__ = [
    "draw_bounds",
    "draw_reference",
    "panels_beside",
    "set_axes",
    "write_legend",
    "write_numbers",
]

Floats = NDArray[np.float64]

# Inches of a new figure with three panels.
_THREE = (10.5, 4.2)
# A line of the name of an axis takes at most so many letters, each of so many inches.
_LABEL_LENGTH, _LETTER = 48, 0.085
# Between ends of a ratio below this a logarithmic axis has the ticks of a linear one, and below its cube, a hundred,
# more than the powers of ten.
_NARROW = 100 ** (1 / 3)
# Inches that the number of a candidate takes, across and up.
_NUMBER = np.array([0.25, 0.16])
# Of more candidates than these in one place the first are named.
_MOST_TOGETHER = 4


def panels_beside(ax: Any, n: int) -> Any:
    """Return an array of n axes side by side: those given, in the place of the one given, or in a new figure."""
    beside = panel_grid(ax, "ParetoDisplay", n, n, _THREE if n > 1 else SIZE)
    return np.array(beside, dtype=object)


def set_axes(panel: Any, view: View) -> None:
    """Set ends, scales and names, with the direction that is better."""
    for k, (axis, name) in enumerate(zip(view.axes, "xy", strict=True)):
        getattr(panel, f"set_{name}lim")(*view.limits[k])
        if axis.is_log:
            _set_log(panel, name, view.limits[k])
        way = "← lower is better" if axis.is_minimised else "higher is better →"
        text = literal(_label(panel, axis.label, name))
        getattr(panel, f"set_{name}label")(f"{text}\n{way}")
    panel.spines[["top", "right"]].set_visible(False)


def _label(panel: Any, label: str, name: str) -> str:
    """The name of an axis, in two lines if it is longer than the panel."""
    room = (panel.bbox.width if name == "x" else panel.bbox.height) / panel.figure.dpi
    if len(label) * _LETTER > room:
        label = label.replace(" (", "\n(")
    return "\n".join(shortened(line, _LABEL_LENGTH) for line in label.split("\n"))


def _set_log(panel: Any, name: str, limits: Floats) -> None:
    from matplotlib.ticker import AutoLocator, LogLocator, NullFormatter

    from ._ticks import Plain

    getattr(panel, f"set_{name}scale")("log")
    axis = getattr(panel, f"{name}axis")
    ratio = limits[1] / limits[0]
    if ratio < _NARROW:
        axis.set_major_locator(AutoLocator())
    elif ratio < _NARROW**3:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(Plain(digits=3))
    axis.set_minor_formatter(NullFormatter())


def draw_bounds(panel: Any, bounds: Sequence[tuple[bool, float]]) -> None:
    """Draw constraints on the objectives of a panel, each with whether it is on the one across."""
    for is_across, bound in bounds:
        draw = panel.axvline if is_across else panel.axhline
        draw(bound, color=COLOURS[1], linewidth=1.2, linestyle="--", zorder=1.5, label="constraint")


def draw_reference(panel: Any, view: View, hypervolume: float, *, is_whole: bool) -> None:
    """Mark the reference if there is one; where the panel has all objectives, what lies above it and is dominated."""
    if not np.isfinite(view.reference).all():
        return
    is_known = is_whole and np.isfinite(hypervolume)
    label = f"reference (hypervolume {hypervolume:.3g})" if is_known else "reference"
    x, y = view.reference
    panel.plot(
        [x], [y], "X", color=panel.xaxis.label.get_color(), markersize=7, zorder=2.3, label=label
    )
    if is_whole and len(view.border):
        corners = np.vstack([view.border, view.reference])
        panel.fill(*corners.T, facecolor=COLOURS[0], alpha=0.1, linewidth=0.0, zorder=1.0)


def write_numbers(panel: Any, view: View, rows: NDArray[np.int64]) -> list[Any]:
    """Write beside some points which candidates they are, and return the texts."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground=panel.get_facecolor(), alpha=0.85)]
    # On the better side of both, where the front leaves room.
    side = [-1.0 if axis.is_minimised else 1.0 for axis in view.axes]
    near = _NUMBER * panel.figure.dpi / np.array([panel.bbox.width, panel.bbox.height])
    return [
        panel.annotate(
            _listed(sorted(together)),
            view.points[together[-1]],
            xytext=(5.0 * side[0], 5.0 * side[1]),
            textcoords="offset points",
            ha="left" if side[0] > 0 else "right",
            va="bottom" if side[1] > 0 else "top",
            fontsize="small",
            path_effects=halo,
            zorder=3.0,
        )
        for together in view.neighbours(rows, near)
    ]


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MOST_TOGETHER]))
    n_more = len(numbers) - _MOST_TOGETHER
    return f"{shown} and {n_more} more" if n_more > 0 else shown


def write_legend(given: Any, panels: Any, n_lacking: int) -> None:
    """Write one legend for all panels, and in it how many candidates are not to be seen."""
    if n_lacking:
        # As wide as a mark, but empty.
        panels[-1].plot([], [], " ", label=f"without values, not shown ({n_lacking})")
    handles, labels = panels[-1].get_legend_handles_labels()
    legend_of_panels(given, panels, list(dict(zip(labels, handles, strict=True)).values()))
