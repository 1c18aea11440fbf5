"""Drawing a surrogate: along one parameter as a line with bands, over two as surfaces."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space import ValueGrid
from ._matplotlib import COLOURS, STATUS_MARKS, styled
from ._parameter_scale import edges_of, is_line, places

__all__ = ["draw_believed", "draw_surface", "draw_tried", "draw_without_score", "shown_range"]

Floats = NDArray[np.float64]
Style = Mapping[str, Any] | None

# How much of the line's colour the bands have, from the widest in; each covers the one behind it.
_TINTS = (0.2, 0.42, 0.6)
# So many points are drawn in full; of more each is fainter, but never less than this.
_N_OPAQUE, _FAINTEST = 60, 0.25
# Trials without a score are marked here, in parts of the height of the panel.
_AT_THE_BOTTOM = 0.035
# What a mean through linear algebra loses of its digits, and no score has.
_ROUNDING = 1e-10
# Levels of a filled contour: more cannot be told apart.
_N_LEVELS = 16


def draw_believed(
    ax: Any,
    grid: ValueGrid,
    mean: Floats,
    intervals: Mapping[float, tuple[Floats, Floats]],
    line_kw: Style,
    band_kw: Style,
    name: str = "posterior mean",
) -> tuple[Any, list[Any]]:
    """Draw mean and bands along one parameter; return the line and the bands, the widest first."""
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

    x = places(grid, grid.values)
    widest_first = sorted(intervals, reverse=True)
    bands = []
    for i, level in enumerate(widest_first):
        low, high = intervals[level]
        label = f"{level:.0%} of the posterior".replace("%", " %")
        if is_line(grid):
            tint = _tinted(COLOURS[0], _TINTS[min(i, len(_TINTS) - 1)])
            style = {"color": tint, "linewidth": 0.0, "label": label, "zorder": 1.0 + 0.1 * i}
            bands.append(ax.fill_between(x, low, high, **styled(PolyCollection, style, band_kw)))
        else:
            # Of values that stand by themselves, bars: the narrow interval as a wide one.
            style = {"color": COLOURS[0], "linewidth": 1.5 + 4.0 * i, "label": label}
            style["alpha"] = 0.9 if i == 0 else 0.45
            bands.append(ax.vlines(x, low, high, **_of_lines(style, band_kw)))
    style = {"color": COLOURS[0], "linewidth": 2.0, "label": name, "zorder": 3.0}
    if not is_line(grid):
        style |= {"marker": "_", "markersize": 16, "markeredgewidth": 2.5}
        # Numbers have an order: between choices there is nothing.
        style |= {"linestyle": "none"} if grid.scale == "choices" else {"linewidth": 0.8}
    elif len(x) == 1:
        style["marker"] = "o"
    (line,) = ax.plot(x, mean, **styled(Line2D, style, line_kw))
    return line, bands


def _tinted(colour: str, share: float) -> tuple[float, ...]:
    """A colour mixed with white."""
    from matplotlib.colors import to_rgb

    return tuple(1.0 - share * (1.0 - part) for part in to_rgb(colour))


def _of_lines(defaults: Mapping[str, Any], given: Style) -> dict[str, Any]:
    from matplotlib.collections import LineCollection

    return styled(LineCollection, defaults, given)


def shown_range(parts: list[Floats], tried: Floats) -> tuple[float, float]:
    """Return the range of scores to show: all that is believed, and what was tried unless it is far below.

    Parameters
    ----------
    parts : list of ndarray
        Ends of the bands, and scores that must be seen.
    tried : ndarray
        Scores at other values of the other parameters, of which bad ones would press all else together.
    """
    seen = np.concatenate([np.ravel(part) for part in parts])
    seen = seen[np.isfinite(seen)]
    low, high = float(seen.min()), float(seen.max())
    if len(tried):
        # A box plot's fence: what lies beyond is not needed to read the rest.
        quarter, three_quarters = np.quantile(tried, [0.25, 0.75])
        fence = quarter - 1.5 * (three_quarters - quarter)
        low = min(low, float(tried[tried >= fence].min()))
        high = max(high, float(tried.max()))
    margin = 0.06 * (0.5 * high - 0.5 * low) * 2.0
    if not margin > 0.0:
        margin = 0.05 * abs(high) or 0.5
    return low - margin, high + margin


def draw_tried(
    ax: Any, x: Floats, scores: Floats, is_here: NDArray[np.bool_], low: float, scatter_kw: Style
) -> list[Any]:
    """Draw the trials with a score; those at other values of the other parameters are hollow."""
    from matplotlib.collections import PathCollection

    artists = []
    is_scored = np.isfinite(scores) & np.isfinite(x)
    n = int(is_scored.sum())
    alpha = max(_FAINTEST, min(1.0, (_N_OPAQUE / max(n, 1)) ** 0.5))
    size = 34.0 if n <= _N_OPAQUE else 16.0
    kinds = [
        (is_scored & is_here, "tried", {"color": "black", "s": size, "zorder": 4.0}),
        (
            is_scored & ~is_here & (scores >= low),
            "tried, off this cut",
            {"facecolors": "none", "edgecolors": "0.45", "s": size, "alpha": alpha, "zorder": 2.5},
        ),
    ]
    for rows, label, style in kinds:
        if rows.any():
            style = styled(PathCollection, {**style, "label": label}, scatter_kw)
            artists.append(ax.scatter(x[rows], scores[rows], clip_on=False, **style))
    below = is_scored & ~is_here & (scores < low)
    if below.any():
        style = {
            "color": "0.45",
            "marker": 7,
            "s": 30.0,
            "label": f"tried, lower than shown ({below.sum()})",
        }
        artists.append(
            ax.scatter(
                x[below],
                np.full(int(below.sum()), 0.0),
                transform=ax.get_xaxis_transform(),
                clip_on=False,
                **styled(PathCollection, style, scatter_kw),
            )
        )
    return artists


def draw_without_score(
    ax: Any, x: Floats, y: Floats | None, statuses: list[str], scores: Floats, scatter_kw: Style
) -> dict[str, Any]:
    """Mark the trials without a score by their status: at the bottom, or where they are if y is given."""
    from matplotlib.collections import PathCollection

    artists = {}
    ends = np.array(statuses, dtype=object)
    for status, mark in STATUS_MARKS.items():
        rows = (ends == status) & ~np.isfinite(scores) & np.isfinite(x)
        rows &= True if y is None else np.isfinite(y)
        if not rows.any():
            continue
        style = {"color": mark.colour, "marker": mark.marker, "s": 38.0, "label": mark.label}
        style |= {"edgecolors": "white", "linewidths": 0.6, "zorder": 5.0}
        where: dict[str, Any] = {"clip_on": False}
        if y is None:
            where["transform"] = ax.get_xaxis_transform()
        height = np.full(int(rows.sum()), _AT_THE_BOTTOM) if y is None else y[rows]
        artists[status] = ax.scatter(
            x[rows], height, **where, **styled(PathCollection, style, scatter_kw)
        )
    return artists


def draw_surface(
    ax: Any, grids: tuple[ValueGrid, ValueGrid], values: Floats, cmap: str, contour_kw: Style
) -> Any:
    """Draw values over two parameters: filled contours over two ranges, and cells where one of them has steps.

    Parameters
    ----------
    values : ndarray of shape (n_values, n_values_of_second)
        nan is left open.
    """
    from matplotlib.collections import QuadMesh

    x, y = (places(grid, grid.values) for grid in grids)
    shown = np.ma.masked_invalid(_without_rounding(values).T)
    if not (all(map(is_line, grids)) and min(shown.shape) > 1 and np.ptp(shown.compressed()) > 0.0):
        style = styled(QuadMesh, {"cmap": cmap, "rasterized": True}, contour_kw)
        return ax.pcolormesh(
            edges_of(grids[0], x), edges_of(grids[1], y), shown, shading="flat", **style
        )
    return ax.contourf(x, y, shown, **{"levels": _N_LEVELS, "cmap": cmap, **dict(contour_kw or {})})


def _without_rounding(values: Floats) -> Floats:
    """Return values that differ in their last digits only, as the mean of a model of one trial does, as equal."""
    finite = values[np.isfinite(values)]
    if not finite.size or np.ptp(finite) > _ROUNDING * np.abs(finite).max():
        return values
    return np.where(np.isfinite(values), np.median(finite), values)
