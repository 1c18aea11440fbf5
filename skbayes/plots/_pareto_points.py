"""Candidates as points in a panel of two objectives, and how sure each of the front is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._matplotlib import COLOURS, styled
from ._pareto_view import View

__all__ = ["Errors", "draw_errors", "draw_points", "fold_errors", "posterior_errors"]

Floats = NDArray[np.float64]
Style = Mapping[str, Any] | None

# The points of a longer front are smaller.
_MOST_LARGE = 40
# Of dominated points so many are drawn opaque; the ink of more is kept the same.
_N_OPAQUE, _FAINTEST = 200, 0.3
# Likewise of error bars, which are longer.
_N_BARS, _FAINTEST_BAR = 40, 0.4


@dataclass(frozen=True)
class Errors:
    """Error bars of some points.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Where the points are.
    centre : ndarray of shape (n, 2)
        Where the bars cross.
    lower, upper : ndarray of shape (n, 2)
        Their ends; nan where there is no bar.
    label : str
        For the legend.
    """

    points: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    label: str


def fold_errors(points: Floats, stds: Floats) -> Errors | None:
    """Return bars of a standard deviation to either side; None if none is known."""
    if not np.isfinite(stds).any():
        return None
    label = "± 1 standard deviation over the folds"
    return Errors(points, points, points - stds, points + stds, label)


def posterior_errors(points: Floats, mean: Floats, lower: Floats, upper: Floats) -> Errors:
    """Return bars of what the models believe."""
    # An objective without a model is where it was observed.
    centre = np.where(np.isfinite(mean), mean, points)
    return Errors(points, centre, lower, upper, "95 % of the posterior")


def draw_points(
    panel: Any,
    view: View,
    groups: Mapping[str, NDArray[np.bool_]],
    styles: Mapping[str, Style],
    *,
    is_whole: bool,
) -> dict[str, Any]:
    """Draw the candidates and the border of the front, and return the lines by name.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where.
    view : View
        What it shows.
    groups : dict
        Of the ``"front"``, the ``"dominated"`` and the ``"infeasible"`` which candidates they are.
    styles : dict
        The caller's properties of these and of the ``"step"``.
    is_whole : bool
        Whether the panel has all objectives.
    """
    from matplotlib.lines import Line2D

    is_known = np.isfinite(view.points).all(axis=1)
    rows = {name: np.flatnonzero(group & is_known) for name, group in groups.items()}
    defaults = _styles({name: len(each) for name, each in rows.items()}, is_whole=is_whole)
    n_beyond = int((is_known & ~view.is_inside).sum())
    beyond = f", {n_beyond} beyond the axes" if n_beyond else ""
    defaults["dominated"]["label"] = f"dominated ({len(rows['dominated'])}{beyond})"
    points = {name: view.points[each] for name, each in rows.items()} | {"step": view.border}
    drawn = {}
    # From below to above.
    for name, zorder in (("dominated", 2.0), ("infeasible", 2.1), ("step", 2.2), ("front", 2.4)):
        if name == "infeasible" and not len(rows[name]):
            continue
        style = styled(Line2D, {**defaults[name], "zorder": zorder}, styles[name])
        (drawn[name],) = panel.plot(points[name][:, 0], points[name][:, 1], **style)
    return drawn


def _styles(n: Mapping[str, int], *, is_whole: bool) -> dict[str, dict[str, Any]]:
    """The properties of so many points of each kind."""
    dots = {"linestyle": "none", "marker": "o"}
    styles: dict[str, dict[str, Any]] = {
        "dominated": {
            **dots,
            "color": "#707070",
            "markersize": 4.0,
            "markeredgewidth": 0.0,
            "alpha": max(_FAINTEST, min(1.0, _N_OPAQUE / max(n["dominated"], 1))),
        },
        "infeasible": {
            **dots,
            "marker": "D",
            "color": COLOURS[1],
            "markerfacecolor": "none",
            "markersize": 4.5,
            "label": f"misses a constraint ({n['infeasible']})",
        },
        "step": {"color": COLOURS[0], "linewidth": 1.4, "linestyle": "-"},
        "front": {
            **dots,
            "color": COLOURS[0],
            "markersize": 7.0 if n["front"] <= _MOST_LARGE else 4.5,
            "label": f"front ({n['front']})",
        },
    }
    if not is_whole:
        styles["step"] |= {"linestyle": ":", "label": "front of the two alone"}
    return styles


def draw_errors(panel: Any, errors: Errors, given: Style) -> Any:
    """Draw error bars, each with a line from its point if it crosses elsewhere, and return them."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    ends = np.stack([errors.centre - errors.lower, errors.upper - errors.centre])  # (2, n, 2)
    is_known = np.isfinite(ends[0]) & np.isfinite(ends[1])
    rows = is_known.any(axis=1)
    style: dict[str, Any] = {
        "linestyle": "none",
        "color": panel.xaxis.label.get_color(),
        "linewidth": 0.9,
        "alpha": max(_FAINTEST_BAR, min(1.0, _N_BARS / max(int(rows.sum()), 1))),
        "zorder": 2.5,
        "label": errors.label,
    }
    style = styled(Line2D, style, given)
    centre, ends = errors.centre[rows], np.maximum(ends[:, rows], 0.0)
    bars = panel.errorbar(*centre.T, xerr=ends[..., 0], yerr=ends[..., 1], **style)
    # Seen on the points of the front, and among those that are dominated.
    halo = [withStroke(linewidth=2.2, foreground=panel.get_facecolor(), alpha=0.7)]
    for line in bars.lines[2]:
        line.set_path_effects(halo)
    if errors.centre is not errors.points:
        parts = [errors.points[rows], centre, np.full_like(centre, np.nan)]
        links = np.stack(parts, axis=1).reshape(-1, 2)
        link = {name: style[name] for name in ("color", "alpha", "zorder")}
        panel.plot(*links.T, linestyle=":", linewidth=0.8, **link)
    return bars
