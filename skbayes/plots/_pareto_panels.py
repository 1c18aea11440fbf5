"""What surrounds the points in the panels of objectives: axes, bounds, reference, numbers and legend."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._matplotlib import COLOURS, axes, legend_above, styled
from ._panels import given_axes, grid_in
from ._pareto_view import View
from ._text import literal, shortened
from ._widths import columns_of, width_of

__all__ = [
    "draw_bounds",
    "draw_errors",
    "draw_reference",
    "panels_beside",
    "set_axes",
    "write_legend",
    "write_numbers",
]

Floats = NDArray[np.float64]

# Inches of a new figure with three panels, and the part of its height that the legend has.
_THREE, _LEGEND = (10.5, 4.2), 0.12
# A line of the name of an axis takes at most so many letters, each of so many inches.
_LABEL_LENGTH, _LETTER = 48, 0.085
# Between ends of a ratio below this a logarithmic axis has the ticks of a linear one, and below its cube, a hundred,
# more than the powers of ten.
_NARROW = 100 ** (1 / 3)
# Of more candidates than these in one place the first are named.
_MOST_TOGETHER = 4


def panels_beside(ax: Any, n: int) -> tuple[Any, Any]:
    """Return an array of n axes side by side, and an axes for the legend above them or None.

    They are those given, lie in the place of the one given, or in a new figure.
    """
    above, panels = None, given_axes(ax, "ParetoDisplay", n)
    if panels is None and n == 1:
        panels = [axes(ax, "ParetoDisplay")]
    elif panels is None:
        heights = (_LEGEND, 1.0 - _LEGEND)
        whole, grid = grid_in(ax, "ParetoDisplay", (2, n), _THREE, height_ratios=heights)
        above = whole.add_subplot(grid[0, :])
        above.set_axis_off()
        panels = [whole.add_subplot(grid[1, k]) for k in range(n)]
    return np.array(panels, dtype=object), above


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
    place, inches = panel.get_position(), panel.figure.get_size_inches()
    room = place.width * inches[0] if name == "x" else place.height * inches[1]
    if len(label) * _LETTER > room:
        label = label.replace(" (", "\n(")
    return "\n".join(shortened(line, _LABEL_LENGTH) for line in label.split("\n"))


def _set_log(panel: Any, name: str, limits: Floats) -> None:
    from matplotlib.ticker import AutoLocator, FuncFormatter, LogLocator, NullFormatter

    getattr(panel, f"set_{name}scale")("log")
    axis = getattr(panel, f"{name}axis")
    ratio = limits[1] / limits[0]
    if ratio < _NARROW:
        axis.set_major_locator(AutoLocator())
    elif ratio < _NARROW**3:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
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


def draw_errors(panel: Any, points: Floats, stds: Floats, given: Mapping[str, Any] | None) -> None:
    """Draw a standard deviation to either side of points (n, 2)."""
    from matplotlib.lines import Line2D

    defaults = {
        "linestyle": "none",
        "color": panel.xaxis.label.get_color(),
        "linewidth": 0.8,
        "zorder": 2.35,
    }
    style = styled(Line2D, {**defaults, "label": "± 1 standard deviation over the folds"}, given)
    panel.errorbar(points[:, 0], points[:, 1], xerr=stds[:, 0], yerr=stds[:, 1], **style)


def write_numbers(panel: Any, view: View, rows: NDArray[np.int64]) -> list[Any]:
    """Write beside some points which candidates they are, and return the texts."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground=panel.get_facecolor(), alpha=0.85)]
    # On the better side of both, where the front leaves room.
    side = [-1.0 if axis.is_minimised else 1.0 for axis in view.axes]
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
        for together in view.neighbours(rows)
    ]


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MOST_TOGETHER]))
    n_more = len(numbers) - _MOST_TOGETHER
    return f"{shown} and {n_more} more" if n_more > 0 else shown


def write_legend(panels: Any, above: Any, n_lacking: int) -> None:
    """Write one legend for all panels, and in it how many candidates are not to be seen."""
    if n_lacking:
        # As wide as a mark, but empty.
        panels[-1].plot([], [], " ", label=f"without values, not shown ({n_lacking})")
    handles, labels = panels[-1].get_legend_handles_labels()
    found = dict(zip(labels, handles, strict=True))
    style = {"frameon": False, "fontsize": "small"}
    if above is not None:
        n_columns = columns_of(list(found), width_of(above))
        above.legend(found.values(), found.keys(), loc="center left", ncols=n_columns, **style)
    elif len(panels) == 1:
        legend_above(panels[0], handles=list(found.values()))
    else:
        panels[-1].legend(found.values(), found.keys(), loc="best", **style)
