"""Candidates as lines over parallel axes: by their scores in colour, and without a score to marks below."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._matplotlib import STATUS_MARKS, styled
from ._parallel_axes import draw_strip

__all__ = ["BELOW", "draw_scores", "draw_without_score", "levels_below"]

Floats = NDArray[np.float64]

#: How far below the axes a line is at a parameter that is not active.
BELOW = -0.12
# A step further down for each kind of candidate without score.
_STEP = 0.075
# The end of viridis near the background is left out: yellow on white is not seen, nor is violet on black.
_LIGHT, _DARK = 0.9, 0.15
# So many lines are drawn opaque. The ink of more grows more slowly than their number: of a thousand one line is still
# seen, and ten thousand are no wall.
_N_OPAQUE, _FADING = 60, 0.7
# Of the candidates a twentieth counts as the best, but never more than ten.
_BEST_SHARE, _MOST_BEST = 20, 10


def levels_below(statuses: Sequence[str]) -> dict[str, float]:
    """How far below the axis of the score candidates without one end, by their status."""
    present = [status for status in STATUS_MARKS if status in set(statuses)]
    lacking = [status for status in present if status != "complete"]
    return {status: BELOW - k * _STEP for k, status in enumerate(lacking)}


def _heights(display: Any) -> Floats:
    """Where the lines cross the axes, that of the score included: (n_candidates, n_axes)."""
    positions = np.asarray(display.positions, dtype=float)
    heights = np.where(np.isnan(positions), BELOW, positions)
    levels = levels_below(display.statuses)
    below = [levels.get(status, BELOW) for status in display.statuses]
    scores = np.asarray(display.score_positions, dtype=float)
    return np.column_stack([heights, np.where(np.isnan(scores), below, scores)])


def draw_scores(
    ax: Any,
    display: Any,
    n_best: int | None,
    cmap: Any,
    line_kw: Mapping[str, Any] | None,
    best_kw: Mapping[str, Any] | None,
) -> tuple[Any, Any, Any]:
    """Draw the candidates that have a score and the best of them once more; return both, and the bar of colours."""
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import withStroke

    heights, cmap = _heights(display), _colours(cmap, ax)
    scores = np.asarray(display.scores, dtype=float)
    # Equal scores keep the order of the search: the first of equals is the incumbent, and on top.
    rising = np.flatnonzero(np.isfinite(scores))[::-1]
    rising = rising[np.argsort(scores[rising], kind="stable")]
    n = len(rising)
    if n_best is None:
        n_best = min(max(-(-n // _BEST_SHARE), 1), _MOST_BEST)
    n_best = min(n_best, n)
    best = rising[n - n_best :]
    # Colours follow the axis of the score, ends included.
    levels = np.asarray(display.score_positions, dtype=float)
    alpha = _opacity(n)
    common = {"cmap": cmap, "clim": (0.0, 1.0), "capstyle": "round"}
    all_lines = {**common, "linewidths": 1.2, "alpha": alpha, "zorder": 2.0}
    wide = {**common, "linewidths": 2.6, "zorder": 2.2}
    wide["path_effects"] = [withStroke(linewidth=4.2, foreground=ax.get_facecolor(), alpha=0.8)]

    def drawn(rows: NDArray[np.int64], defaults: Mapping[str, Any], given: Any) -> Any:
        style = styled(LineCollection, defaults, given)
        lines = LineCollection(_segments(heights[rows]), array=levels[rows], **style)
        return ax.add_collection(lines, autolim=False)

    lines = drawn(rising, all_lines, line_kw)
    wider = drawn(best, wide, best_kw)
    is_one = len(display.score_ticks) == 1
    bar = draw_strip(ax, len(display.names), cmap, is_one=is_one) if n else None
    if n_best:
        # Of the lines a legend would show the first colour of all.
        label, width = f"{display.best_name} {n_best} of {n}", wider.get_linewidth()[0]
        ax.plot([], [], color=cmap(levels[best[-1]]), linewidth=width, label=label)
    return lines, wider, bar


def draw_without_score(ax: Any, display: Any, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Draw the candidates that have no score, and return them by their status."""
    from matplotlib.collections import LineCollection

    heights, statuses = _heights(display), np.asarray(display.statuses)
    drawn: dict[str, Any] = {}
    for status, level in levels_below(display.statuses).items():
        rows, mark = np.flatnonzero(statuses == status), STATUS_MARKS[status]
        defaults = {
            "colors": mark.colour,
            "linestyles": "dashed",
            "linewidths": 1.0,
            "alpha": 0.9 * _opacity(2 * len(rows)),
            "zorder": 1.8,
        }
        style = styled(LineCollection, defaults, given)
        lines = LineCollection(_segments(heights[rows]), **style)
        drawn[status] = ax.add_collection(lines, autolim=False)
        ax.plot(
            [len(display.names)],
            [level],
            linestyle="--",
            linewidth=1.2,
            color=mark.colour,
            marker=mark.marker,
            markersize=7,
            clip_on=False,
            zorder=4.0,
            label=f"{mark.label} ({len(rows)})",
        )
    return drawn


def _opacity(n: int) -> float:
    return float(min(1.0, (_N_OPAQUE / max(n, 1)) ** _FADING))


def _segments(heights: Floats) -> Any:
    """(n_lines, n_axes, 2)"""
    across = np.broadcast_to(np.arange(heights.shape[1], dtype=float), heights.shape)
    return np.stack([across, heights], axis=-1)


def _colours(cmap: Any, ax: Any) -> Any:
    import matplotlib
    from matplotlib.colors import ListedColormap, to_rgb

    if cmap is not None:
        return matplotlib.colormaps[cmap] if isinstance(cmap, str) else cmap
    viridis = matplotlib.colormaps["viridis"]
    # The weights of red, green and blue in the luminance of a display (ITU-R BT.709).
    is_light = np.dot(to_rgb(ax.get_facecolor()), [0.2126, 0.7152, 0.0722]) > 0.5
    ends = (_LIGHT, 0.0) if is_light else (_DARK, 1.0)
    return ListedColormap(viridis(np.linspace(*ends, 256)), "viridis away from the background")
