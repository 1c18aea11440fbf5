"""The trials of a search as points below the curve of the best."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._convergence_view import View, finite, worst_shown
from ._matplotlib import STATUS_MARKS, styled

__all__ = ["draw_trials"]

Floats = NDArray[np.float64]

# Height in the picture at which marks without a place of their own stand.
_FLOOR = 0.025
# Trials that are drawn opaque; more are fainter, down to dots that are just seen.
_N_OPAQUE, _FAINTEST = 60, 0.25


def draw_trials(
    ax: Any, display: Any, view: View, given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Draw each trial as a point: on the floor what has no score, or one far below the others.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    display : ConvergenceDisplay
        Its `trials` and its `centre`.
    view : View
        How scores are drawn.
    given : dict or None
        The caller's properties of the points.

    Returns
    -------
    points : dict of str to PathCollection
        By status; ``"below"`` for scores that are far out.
    """
    columns = [trials for mine in display.trials for trials in mine]
    x, scores = (
        np.concatenate([np.asarray(each[key], dtype=float) for each in columns])
        for key in ("x", "score")
    )
    status = np.array([word for each in columns for word in each["status"]], dtype=object)
    has_score = (status == "complete") & np.isfinite(scores)
    is_below = has_score & (scores < worst_shown(scores[has_score], finite(display.centre)))
    kinds = {"complete": has_score & ~is_below, "below": is_below}
    kinds |= {word: status == word for word in STATUS_MARKS if word != "complete"}
    return {
        kind: _draw_points(ax, kind, x[chosen], view.of(scores[chosen]), view, given)
        for kind, chosen in kinds.items()
        if chosen.any()
    }


def _draw_points(
    ax: Any, kind: str, x: Floats, y: Floats, view: View, given: Mapping[str, Any] | None
) -> Any:
    from matplotlib.collections import PathCollection

    mark = STATUS_MARKS["complete" if kind == "below" else kind]
    style: dict[str, Any] = {
        "s": 16.0,
        "marker": mark.marker,
        "color": mark.colour,
        "alpha": max(0.6 * min(1.0, _N_OPAQUE / x.size), _FAINTEST),
        "linewidths": 0.0,
        "zorder": 3,
        "label": f"{'candidates' if kind == 'complete' else mark.label} ({x.size:,})",
    }
    if kind == "complete":
        return ax.scatter(x, y, **styled(PathCollection, style, given))
    if kind == "below":
        shape = "^" if view.is_lower_better else "v"
        style |= {"marker": shape, "label": f"worse than shown ({x.size:,})"}
    style |= {"s": 30.0, "alpha": 0.8, "clip_on": False}
    floor = np.full(x.size, 1.0 - _FLOOR if view.is_lower_better else _FLOOR)
    place = ax.get_xaxis_transform()
    return ax.scatter(x, floor, transform=place, **styled(PathCollection, style, given))
