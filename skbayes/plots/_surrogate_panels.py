"""The panels of a surrogate: score and acquisition along one parameter; mean, deviation and acquisition over two."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._legend import bar_above, legend_above, legend_of_panels
from ._matplotlib import COLOURS, styled
from ._parameter_scale import is_line, name_text, places, set_scale
from ._surrogate_view import (
    draw_believed,
    draw_surface,
    draw_tried,
    draw_without_score,
    shown_range,
)
from ._text import literal, shortened, value_text
from ._widths import width_of

__all__ = ["draw_along_one", "draw_over_two"]

Floats = NDArray[np.float64]
Styles = Mapping[str, Any]

# What is so far below the best logarithm of an improvement is e^-25 of it: nothing.
_LOWEST_LOG = 25.0
# With more trials than this the marks are smaller.
_MANY = 60
# What is held is written in a line of so many letters.
_HELD = 90


def draw_along_one(display: Any, axes: list[Any], styles: Styles) -> dict[str, Any]:
    """Draw score and, if there is one, acquisition along one parameter; return the artists by attribute."""
    top, grid = axes[0], display.grids[0]
    mean = np.asarray(display.mean, dtype=float)
    line, bands = draw_believed(
        top, grid, mean, display.intervals, styles["line_kw"], styles["band_kw"]
    )
    x = places(grid, [values[0] for values in display.observed])
    scores = np.asarray(display.scores, dtype=float)
    is_here = np.asarray(display.is_here, dtype=bool)
    elsewhere = scores[~is_here & np.isfinite(scores)]
    ends = [end for pair in display.intervals.values() for end in pair]
    low, high = shown_range([*ends, mean, scores[is_here]], elsewhere)
    tried = draw_tried(top, x, scores, is_here, low, styles["scatter_kw"])
    without = draw_without_score(top, x, None, display.statuses, scores, styles["scatter_kw"])
    if without:  # room for them
        low -= 0.09 * (high - low)
    top.set_ylim(low, high)
    top.set_ylabel(literal(shortened(display.score_name, 40)))
    found: dict[str, Any] = {
        "line_": line,
        "bands_": bands,
        "surfaces_": [],
        "tried_": tried,
        "without_score_": without,
        "acquisition_line_": None,
        "next_": [],
    }
    if display.acquisition is not None:
        found["acquisition_line_"] = _draw_acquisition(
            display, top, axes[1], styles["acquisition_kw"]
        )
    found["next_"] = _mark_next(display, axes, styles["next_kw"])
    for ax in axes:
        set_scale(ax.xaxis, grid, width_of(ax))
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[:-1]:
        ax.tick_params(labelbottom=False)
    axes[-1].set_xlabel(name_text(grid) + _held(display, "\nat "))
    legend_above(top)
    return found


def _draw_acquisition(display: Any, top: Any, ax: Any, acquisition_kw: Any) -> Any:
    from matplotlib.lines import Line2D

    grid = display.grids[0]
    x, values = places(grid, grid.values), _finite(display.acquisition)
    style = {"color": COLOURS[2], "linewidth": 1.8}
    if not is_line(grid):
        style |= {"marker": "o", "markersize": 6, "linestyle": "none"}
    (line,) = ax.plot(x, values, **styled(Line2D, style, acquisition_kw))
    if not is_line(grid):
        _open_tried(display, top, ax, x, values)
    ax.set_ylabel(_in_lines(display.acquisition_name), color=COLOURS[2])
    following = display.next_params or {}
    marked = [display.next_acquisition] if grid.name in following else []
    known = np.append(values, _finite(marked))
    known = known[np.isfinite(known)]
    if len(known):
        low, high = float(known.min()), float(known.max())
        is_cut = display.acquisition_name.startswith("log") and high - low > _LOWEST_LOG
        low = high - _LOWEST_LOG if is_cut else low
        margin = 0.08 * (high - low) or 0.05 * abs(high) or 0.5
        ax.set_ylim(low - margin, high + 2.0 * margin)
        if is_cut:
            ax.annotate(
                "lower values not shown",
                (0.995, 0.03),
                xycoords="axes fraction",
                ha="right",
                fontsize="x-small",
                color="0.35",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
            )
    return line


def _open_tried(display: Any, top: Any, ax: Any, x: Floats, values: Floats) -> None:
    """Make those marks hollow whose point was tried: a search does not ask for it again."""
    here = [
        value for value, is_here in zip(display.observed, display.is_here, strict=True) if is_here
    ]
    rows = np.isin(x, places(display.grids[0], [value[0] for value in here]))
    if rows.any():
        ax.plot(x[rows], values[rows], "o", color="white", markersize=3.5)
        style = {"markerfacecolor": "white", "markeredgecolor": COLOURS[2], "markeredgewidth": 1.3}
        style["label"] = "tried, not asked for again"
        top.plot([], [], "o", markersize=5, **style)  # for the legend, which is that panel's


def _mark_next(display: Any, axes: list[Any], next_kw: Any) -> list[Any]:
    """Mark the next point: a line through the panels, and a star on the acquisition or on the axis."""
    from matplotlib.collections import PathCollection

    grid, following = display.grids[0], display.next_params
    if following is None or grid.name not in following:
        return []
    [x] = places(grid, [following[grid.name]])
    if not np.isfinite(x):
        return []
    artists = [
        ax.axvline(x, color=COLOURS[1], linestyle=":", linewidth=1.4, zorder=1.5) for ax in axes
    ]
    label = "next point" + (" (initial design)" if display.is_opening else "")
    label += _elsewhere(display)
    style = {"color": COLOURS[1], "marker": "*", "s": 130.0, "label": label, "zorder": 6.0}
    style |= {"edgecolors": "white", "linewidths": 0.7}
    height = float(display.next_acquisition)
    has_height = len(axes) > 1 and np.isfinite(height)
    where: dict[str, Any] = {} if has_height else {"transform": axes[-1].get_xaxis_transform()}
    star = axes[-1].scatter(
        [x],
        [height if has_height else 0.0],
        clip_on=False,
        **where,
        **styled(PathCollection, style, next_kw),
    )
    if len(axes) > 1:  # the legend is that of the panel above
        axes[0].scatter([], [], **styled(PathCollection, style, next_kw))
    return [star, *artists]


def draw_over_two(display: Any, given: Any, axes: list[Any], styles: Styles) -> dict[str, Any]:
    """Draw mean, standard deviation and acquisition over two parameters; return the artists by attribute.

    `given` is where the caller was told to draw, and `axes` are the panels made of it.
    """
    first, second = display.grids
    name = shortened(display.score_name, 34)
    shown = [
        (f"posterior mean of\n{name}", np.asarray(display.mean, dtype=float), "viridis"),
        (f"posterior std of\n{name}", np.asarray(display.std, dtype=float), "cividis"),
    ]
    if display.acquisition is not None:
        values = _finite(display.acquisition)
        if display.acquisition_name.startswith("log"):
            values = np.maximum(values, np.nanmax(values) - _LOWEST_LOG)
        shown.append((f"acquisition:\n{display.acquisition_name}", values, "cividis"))
    x = places(first, [values[0] for values in display.observed])
    y = places(second, [values[1] for values in display.observed])
    found: dict[str, Any] = {"line_": None, "bands_": [], "acquisition_line_": None}
    found |= {"surfaces_": [], "tried_": [], "next_": [], "without_score_": {}}
    for k, (ax, (title, values, cmap)) in enumerate(zip(axes, shown, strict=True)):
        surface = draw_surface(ax, (first, second), values, cmap, styles["contour_kw"])
        found["surfaces_"].append(surface)
        bar_above(ax, surface, literal(title))
        scatter = _scatter(display, ax, x, y, styles["scatter_kw"], with_labels=k == 0)
        found["tried_"] += scatter[0]
        if k == 0:
            found["without_score_"] = scatter[1]
        found["next_"] += _star(display, ax, styles["next_kw"], with_label=k == 0)
        is_filled = not all(map(is_line, (first, second)))
        set_scale(ax.xaxis, first, width_of(ax), is_filled=is_filled)
        set_scale(ax.yaxis, second, width_of(ax), is_filled=is_filled)
        ax.set_facecolor("0.9")  # where the space has no point
        ax.set_xlabel(name_text(first, 32))
        if k:
            ax.tick_params(labelleft=False)
        else:
            ax.set_ylabel(name_text(second, 40))
    held = _held(display, "cut at ")
    legend_of_panels(given, axes, axes[0].get_legend_handles_labels()[0], held or None)
    return found


def _scatter(
    display: Any, ax: Any, x: Floats, y: Floats, scatter_kw: Any, *, with_labels: bool
) -> tuple[list[Any], dict[str, Any]]:
    """Mark the trials on a surface."""
    from matplotlib.collections import PathCollection

    scores = np.asarray(display.scores, dtype=float)
    is_here = np.asarray(display.is_here, dtype=bool)
    known = np.isfinite(scores) & np.isfinite(x) & np.isfinite(y)
    is_many = known.sum() > _MANY
    artists = []
    # White with a dark border is seen on both ends of the colours.
    off = {"facecolors": "0.75", "edgecolors": "black", "linewidths": 0.6, "s": 12.0}
    on = {"facecolors": "white", "edgecolors": "black", "linewidths": 1.0, "s": 28.0}
    if is_many:
        off |= {"linewidths": 0.3, "s": 5.0, "alpha": 0.7}
        on |= {"s": 14.0}
    for rows, label, style in (
        (known & ~is_here, "tried, off this cut", off),
        (known & is_here, "tried", on),
    ):
        if rows.any():
            style = {**style, "zorder": 3.0} | ({"label": label} if with_labels else {})
            artists.append(
                ax.scatter(
                    x[rows], y[rows], clip_on=False, **styled(PathCollection, style, scatter_kw)
                )
            )
    without = draw_without_score(ax, x, y, display.statuses, scores, scatter_kw)
    return artists, without


def _star(display: Any, ax: Any, next_kw: Any, *, with_label: bool) -> list[Any]:
    from matplotlib.collections import PathCollection

    following = display.next_params
    if following is None or any(grid.name not in following for grid in display.grids):
        return []
    at = [float(places(grid, [following[grid.name]])[0]) for grid in display.grids]
    if not np.isfinite(at).all():
        return []
    style = {"color": COLOURS[1], "marker": "*", "s": 190.0, "zorder": 6.0}
    style |= {"edgecolors": "white", "linewidths": 1.0}
    if with_label:
        label = "next point" + (" (initial design)" if display.is_opening else "")
        style["label"] = label + _elsewhere(display)
    return [ax.scatter(at[:1], at[1:], clip_on=False, **styled(PathCollection, style, next_kw))]


def _elsewhere(display: Any) -> str:
    """What the label of the next point adds if it is not in the cut that is drawn."""
    names = [grid.name for grid in display.grids]
    others = {name: v for name, v in display.next_params.items() if name not in names}
    held = {name: v for name, v in display.at.items() if name in others}
    is_here = others.keys() == held.keys() and all(
        value_text(others[name], 99) == value_text(held[name], 99) for name in others
    )
    return "" if is_here else ", off this cut"


def _held(display: Any, before: str) -> str:
    """The values of the other parameters as a text; empty if there are none."""
    held = [f"{shortened(name, 24)}={value_text(v, 20)}" for name, v in display.at.items()]
    return before + literal(shortened(", ".join(held), _HELD)) if held else ""


def _in_lines(text: str) -> str:
    """Break a text of several words in two."""
    words = text.split()
    half = -(-len(words) // 2)
    return "\n".join(" ".join(part) for part in (words[:half], words[half:]) if part)


def _finite(values: Any) -> Floats:
    values = np.asarray(values, dtype=float)
    return np.where(np.isfinite(values), values, np.nan)
