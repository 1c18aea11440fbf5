"""The axes of parallel coordinates: lines with ticks and names, and the strip of colours along that of the score."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._text import literal, short_names

__all__ = [
    "draw_axes",
    "draw_score_axis",
    "draw_strip",
    "mark_inactive",
    "name_axes",
    "strip_width",
]

# Size of the labels of ticks in points, and the width of one of their letters in inches.
_SMALL, _LETTER = 7.5, 0.062
# The width of a letter of a name, which has the size of the axes' labels.
_NAME_LETTER = 0.085
# A label of a tick takes at least and at most so many letters, whatever room there is.
_SHORTEST, _LONGEST = 5, 24
# Those of the first axis stand in the margin, which is as wide as it must be.
_IN_MARGIN = 22
# A name under an axis takes at most so many letters: slanted, two inches.
_NAME_LENGTH = 28
# Width of the strip of colours, in distances of two axes; at most so many inches.
_STRIP, _STRIP_INCHES = 0.12, 0.14
# Shades of the strip: one for each pixel or two of it.
_N_SHADES = 128


def draw_axes(
    ax: Any, ticks: Sequence[Sequence[float]], tick_labels: Sequence[Sequence[str]]
) -> None:
    """Draw an upright line for each parameter, with ticks, and one more for the score."""
    from matplotlib.patheffects import withStroke

    p, colour = len(ticks), ax.xaxis.label.get_color()
    ax.vlines(range(p + 1), 0.0, 1.0, color=colour, linewidth=1.0, zorder=3.5)
    n_letters = int(np.clip(_spacing(ax, p) / _LETTER - 1, _SHORTEST, _LONGEST))
    # Lines pass behind the words.
    halo = [withStroke(linewidth=2.5, foreground=ax.get_facecolor(), alpha=0.85)]
    dashes = {"linestyle": "none", "marker": 0, "color": colour, "markersize": 3.5}
    for j, (places, labels) in enumerate(zip(ticks, tick_labels, strict=True)):
        ax.plot(np.full(len(places), j), places, zorder=3.6, **dashes)
        short = _in_short(labels, n_letters if j else max(n_letters, _IN_MARGIN))
        for place, label in zip(places, short, strict=True):
            ax.annotate(
                literal(label),
                (j, place),
                xytext=(-4.0, 0.0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=_SMALL,
                path_effects=halo,
                zorder=5.0,
            )


def _in_short(labels: Sequence[str], n_letters: int) -> list[str]:
    """Labels of choices with their beginnings and ends; numbers as they are, for they would be other ones."""
    try:
        [float(label) for label in labels]
    except ValueError:
        return short_names(labels, n_letters)
    return list(labels)


def mark_inactive(ax: Any, where: NDArray[np.int64], level: float) -> None:
    """Mark below the axes of some parameters where lines pass that do not have them."""
    if not len(where):
        return
    ring = {
        "marker": "o",
        "markersize": 6,
        "color": "#808080",
        "markerfacecolor": ax.get_facecolor(),
    }
    levels = np.full(len(where), level)
    ax.plot(where, levels, linestyle="none", zorder=4.0, label="not active", **ring)


def name_axes(ax: Any, names: Sequence[str]) -> None:
    """Write the parameters under their axes, slanted if they are long."""
    ax.spines[:].set_visible(False)
    # A letter's width is left between two names.
    is_slanted = (max(map(len, names)) + 1) * _NAME_LETTER > _spacing(ax, len(names))
    slant = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if is_slanted else {}
    texts = [literal(name) for name in short_names(names, _NAME_LENGTH)]
    ax.set_xticks(range(len(names)), texts, **slant)
    ax.tick_params(axis="x", length=0, pad=6)


def draw_score_axis(ax: Any, name: str, ticks: Sequence[float], labels: Sequence[str]) -> None:
    """Write name and numbers of the score on the right of its strip."""
    ax.yaxis.tick_right()
    ax.yaxis.set_label_position("right")
    ax.set_yticks(ticks, [literal(label) for label in labels], fontsize=_SMALL)
    ax.tick_params(axis="y", length=0, pad=3)
    ax.set_ylabel(literal(name.replace(" (", "\n(") if len(name) > _NAME_LENGTH else name))


def draw_strip(ax: Any, p: int, cmap: Any, *, is_one: bool) -> Any:
    """Draw the colours of the score beside its axis and return them; one colour if all scores are one."""
    edges = np.linspace(0.0, 1.0, _N_SHADES + 1)
    shades = 0.5 * (edges[1:] + edges[:-1])[:, None]
    if is_one:
        shades = np.full_like(shades, 0.5)
    across = [p, p + strip_width(ax, p)]
    return ax.pcolormesh(across, edges, shades, cmap=cmap, vmin=0.0, vmax=1.0, zorder=3.0)


def strip_width(ax: Any, p: int) -> float:
    """Width of the strip of colours beside the axes of p parameters, in distances of two axes."""
    return min(_STRIP, _STRIP_INCHES / _spacing(ax, p))


def _spacing(ax: Any, p: int) -> float:
    """Inches from one axis to the next, before names and numbers beside them take their part."""
    return float(ax.get_window_extent().width / ax.figure.dpi / (p + 1))
