"""Legends that cover nothing: above the axes and below its title, or below all panels of a figure.

matplotlib puts the title of an axes above what is a child of it, and a legend is none that it asks. So each legend
above an axes has a child in its place, which is not seen: a title that is set later goes above both. Colour bars above
an axes are such children themselves.
"""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from ._widths import columns_of, width_of

__all__ = ["bar_above", "give_way", "legend_above", "legend_of_panels"]

# Width of a small letter in inches, and what a narrow picture has room for nevertheless.
_LETTER, _FEWEST_LETTERS = 0.055, 40
# What an axes keeps of its height, however much there is above it.
_LEAST = 0.4
# Inches that a title of one line takes, with what is left free around it.
_TITLE = 0.32
# Inches beside a legend that are not for it: what a layout leaves at an edge (a tight one 0.15), and its distance to
# its axes.
_EDGE = 0.25
# Place of a colour bar in parts of the width of its axes; inches of its height, and from there to the axes.
_BAR, _BAR_HEIGHT, _GAP = (0.025, 0.95), 0.13, 0.06

_STYLE = {
    "frameon": False,
    "fontsize": "small",
    "title_fontsize": "small",
    "alignment": "left",
    # What `columns_of` reckons with, in letters.
    "handlelength": 1.6,
    "columnspacing": 1.2,
}


def legend_above(
    ax: Any,
    title: str | None = None,
    handles: Sequence[Any] | None = None,
    *,
    columns: int | None = None,
    side: str = "left",
) -> Any:
    """Draw the legend above the axes, where it covers nothing, and return it; None without entries.

    One that would leave the figure, as beside long names that make the axes narrow, begins before the axes. A title of
    the axes, and that of the figure, are above it. Where nobody lays the figure out, the axes gets lower by what the
    legend takes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Its labelled artists are the entries.
    title : str or None, default=None
        A line above them.
    handles : sequence of artists, default=None
        The entries, if not these.
    columns : int or None, default=None
        How many; None: as many as are sure to fit.
    side : {"left", "right"}, default="left"
        Which end of the axes the legend has.
    """
    if handles is None:
        handles = ax.get_legend_handles_labels()[0]
    if not handles:
        return None
    legend = ax.legend(
        handles=handles,
        title=_in_lines(title, width_of(ax)),
        ncols=columns or columns_of([handle.get_label() for handle in handles], width_of(ax)),
        loc=f"lower {side}",
        bbox_to_anchor=(float(side == "right"), 1.0),
        **_STYLE,
    )
    if side == "left":
        _begin_earlier(legend, ax)
    # The power of ten of the ticks, if there is one, goes above their labels: not into the legend.
    ax.yaxis.get_offset_text().set_horizontalalignment("right")
    place = ax.inset_axes((0.0, 1.0, 1.0, 0.0))
    place.set_visible(False)
    place.set_axes_locator(_PlaceOf(legend, ax))
    _give_way(ax, legend.get_window_extent().height)
    return legend


def legend_of_panels(
    given: Any, panels: Sequence[Any], handles: Sequence[Any], title: str | None = None
) -> Any:
    """Draw one legend for several panels and return it; None without entries.

    In a figure of ours it is below all panels, and in the place of one axes above all of them. Of axes that were given
    one by one it is inside of the last: what is around them is not ours.

    Parameters
    ----------
    given : matplotlib.axes.Axes, array of them or None
        Where the caller was told to draw.
    panels : sequence of matplotlib.axes.Axes
        What was made of it.
    handles : sequence of artists
        The entries, with labels.
    title : str or None, default=None
        A line above the entries.
    """
    if len(panels) == 1:
        return legend_above(panels[0], title, handles)
    if not handles:
        return None
    figure = panels[0].figure
    if given is None:
        inches = float(figure.get_figwidth())
        columns = columns_of([handle.get_label() for handle in handles], inches)
        title = _in_lines(title, inches)
        place = "outside lower left"
        return figure.legend(handles=handles, loc=place, title=title, ncols=columns, **_STYLE)
    if hasattr(given, "get_subplotspec"):
        return _legend_over(panels, title, handles)
    title = _in_lines(title, width_of(panels[-1]))
    style = {**_STYLE, "fontsize": "x-small", "title_fontsize": "x-small", "frameon": True}
    legend = panels[-1].legend(handles=handles, loc="best", title=title, **style)
    legend.set_in_layout(False)  # it may be wider than its panel
    return legend


def _legend_over(panels: Sequence[Any], title: str | None, handles: Sequence[Any]) -> Any:
    """Draw the legend in the row that `panel_grid` leaves free above panels in the place of one axes."""
    figure, grid = panels[0].figure, panels[0].get_subplotspec().get_gridspec()
    row = figure.add_subplot(grid[0, :])
    row.set_axis_off()
    columns = columns_of([handle.get_label() for handle in handles], width_of(row))
    title = _in_lines(title, width_of(row))
    # The row has no height of its own: a layout makes room for what hangs down from it.
    where = {"loc": "upper left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2}
    legend = row.legend(handles=handles, title=title, ncols=columns, **where, **_STYLE)
    engine = figure.get_layout_engine()
    if engine is None or engine.adjust_compatible:  # nobody, or one who sees no grid within a grid
        whole = row.bbox.y1 - min(panel.bbox.y0 for panel in panels)
        over = legend.get_window_extent().height + _TITLE * figure.dpi + max(map(_above, panels))
        left = max(whole - over, _LEAST * whole) / (grid.nrows - 1)
        grid.set_height_ratios([over, *[left] * (grid.nrows - 1)])
        for panel in panels:
            is_below = panel.get_subplotspec().rowspan.start > 1
            _give_way(panel, _above(panel) if is_below else 0.0)
    return legend


def bar_above(ax: Any, surface: Any, label: str) -> Any:
    """Draw the colours of a surface as a bar above its axes, below a title, and return it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where the surface is.
    surface : matplotlib.cm.ScalarMappable
        What the colours are of.
    label : str
        Above the bar.
    """
    from matplotlib.ticker import MaxNLocator

    height = float(ax.bbox.height / ax.figure.dpi)
    start, width = _BAR
    place = ax.inset_axes((start, 1.0 + _GAP / height, width, _BAR_HEIGHT / height))
    bar = ax.figure.colorbar(surface, cax=place, orientation="horizontal")
    place.xaxis.set_ticks_position("top")
    place.xaxis.set_label_position("top")
    place.xaxis.set_major_locator(MaxNLocator(4))
    place.tick_params(labelsize="small")
    bar.set_label(label, fontsize="small")
    give_way(ax)
    return bar


def give_way(ax: Any) -> None:
    """Make an axes lower by its children above it, where nobody lays the figure out."""
    _give_way(ax, _above(ax))


def _in_lines(title: str | None, inches: float) -> str | None:
    return None if title is None else fill(title, max(int(inches / _LETTER), _FEWEST_LETTERS))


def _begin_earlier(legend: Any, ax: Any) -> None:
    """Move a legend over what is to the left of its axes by what it would leave the figure, or its part of it."""
    from matplotlib.transforms import ScaledTranslation

    figure, place, names = ax.figure, ax.get_subplotspec(), ax.yaxis.get_tightbbox()
    room, before = figure.bbox.x1 - ax.bbox.x0, 0.0
    if names is not None:
        before = max(ax.bbox.x0 - names.x0, 0.0)
    if figure.get_layout_engine() is not None and place is not None:
        # It will give the axes the room that the names leave of its column.
        columns = place.get_gridspec().ncols / len(place.colspan)
        room = figure.bbox.width / columns - before
    too_wide = legend.get_window_extent().width - room + _EDGE * figure.dpi
    if too_wide > 0.0:
        inches = min(too_wide, before) / figure.dpi
        earlier = ScaledTranslation(-inches, 0.0, figure.dpi_scale_trans)
        legend.set_bbox_to_anchor((0.0, 1.0), ax.transAxes + earlier)


class _PlaceOf:
    """Where a legend is at the moment, as a part of the figure."""

    def __init__(self, legend: Any, ax: Any) -> None:
        self._legend = legend
        self._ax = ax

    def __call__(self, _: Any, renderer: Any) -> Any:
        from matplotlib.transforms import Bbox

        legend, ax = self._legend, self._ax
        box = ax.bbox
        if legend.get_visible() and ax.get_legend() is legend:  # and no other one of the caller's
            box = legend.get_window_extent(renderer)
        # As wide as that, and up from the axes.
        corners = ax.figure.transSubfigure.inverted().transform([(box.x0, ax.bbox.y1), box.max])
        return Bbox(corners)


def _above(ax: Any) -> float:
    """Pixels that the children of an axes, such as a colour bar, take above it."""
    ends = [child.get_tightbbox().y1 for child in ax.child_axes if child.get_visible()]
    return float(max(ends, default=ax.bbox.y1) - ax.bbox.y1)


def _give_way(ax: Any, pixels: float) -> None:
    """Make an axes lower by what is above it, where nobody lays the figure out: its neighbours keep their room."""
    place = ax.get_subplotspec()
    if ax.figure.get_layout_engine() is not None or place is None:
        return
    # As it was given: drawn twice, it gives way once.
    box = place.get_position(ax.figure)
    height = max(box.height - pixels / ax.figure.bbox.height, _LEAST * box.height)
    ax.set_position((box.x0, box.y0, box.width, height))
    ax.set_in_layout(True)  # of a layout that is asked for later
