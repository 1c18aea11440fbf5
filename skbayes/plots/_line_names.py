"""What is written around lines that end at the right: their names, and along the top how many are not zero."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._text import literal, short_names

__all__ = ["write_counts", "write_names"]

Array = NDArray[np.float64]

# Longer names are shortened: they are beside the picture, and take their place from it.
_NAME = 22
# Numbers of active coefficients along the top.
_COUNTS = 7


def write_names(ax: Any, ends: Sequence[tuple[Any, float]], height: float) -> list[Any]:
    """Write names at the right, each at the end of its line, or as near as its neighbours let it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where; its vertical limits are final.
    ends : list of (line, float)
        Lines with their labels, and where each ends.
    height : float
        Of a text, as a part of the axes.

    Returns
    -------
    texts : list of matplotlib.text.Annotation
        In the same order.
    """
    low, high = ax.get_ylim()
    # A line that leaves the picture has its name where it is last seen.
    places = np.clip([(end - low) / (high - low) for _, end in ends], 0.0, 1.0)
    names = short_names([str(line.get_label()) for line, _ in ends], _NAME)
    rows = zip(ends, names, places, _spread(places, height), strict=True)
    texts = []
    for (line, _), name, place, moved in rows:
        colour = line.get_color()
        arrow = {"arrowstyle": "-", "color": colour, "linewidth": 0.6}
        texts.append(
            ax.annotate(
                literal(name),
                (1.0, place),
                xytext=(1.04, moved),
                xycoords="axes fraction",
                textcoords="axes fraction",
                va="center",
                fontsize="small",
                color=colour,
                arrowprops=arrow if 0.0 < place < 1.0 else None,
            )
        )
    return texts


def write_counts(ax: Any, values: Array, coefs: Array) -> None:
    """Write along the top how many coefficients are not zero, where some are."""
    counts = np.count_nonzero(coefs, axis=1)
    if counts.min() == coefs.shape[1]:
        return
    places = np.unique(np.linspace(0, values.size - 1, _COUNTS).round().astype(int))
    # Without functions it has some of matplotlib's that cannot be pickled.
    top = ax.secondary_xaxis("top", functions=(_same, _same))
    top.set_xticks(values[places], [str(counts[i]) for i in places], minor=False)
    top.minorticks_off()
    top.tick_params(length=2, labelsize="small")
    top.set_xlabel(f"coefficients that are not zero, of {coefs.shape[1]}", fontsize="small")
    top.spines["top"].set_visible(False)


def _spread(places: Array, height: float) -> Array:
    """Return heights of texts near their places and at least `height` apart, from 0 to 1 if they fit."""
    order = np.argsort(places, kind="stable")
    found = places[order].copy()
    steps = height * np.arange(found.size)
    # Isotonic in what is left after the texts below: blocks that touch are moved together.
    blocks: list[list[float]] = []
    for value in found - steps:
        blocks.append([value, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            value, n = blocks.pop()
            blocks[-1] = [
                (blocks[-1][0] * blocks[-1][1] + value * n) / (blocks[-1][1] + n),
                blocks[-1][1] + n,
            ]
    moved = np.concatenate([np.full(int(n), value) for value, n in blocks]) + steps
    moved = np.clip(moved, 0.0 + steps, 1.0 - steps[::-1])
    spread = np.empty_like(moved)
    spread[order] = moved
    return spread


def _same(x: Any) -> Any:
    return x
