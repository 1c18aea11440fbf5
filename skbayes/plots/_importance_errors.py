"""Error bars of shares: a standard deviation to either side, as far as a share can be."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._matplotlib import styled

__all__ = ["draw_share_errors"]

Floats = NDArray[np.float64]


def draw_share_errors(
    ax: Any,
    rows: Floats,
    shares: Floats,
    stds: Floats,
    label: str | None,
    given: Mapping[str, Any] | None,
) -> Any:
    """Draw horizontal error bars at rows (n,) and return them; None if no standard deviation is known."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    known = np.isfinite(stds) & np.isfinite(shares)
    if not known.any():
        return None
    colour = ax.xaxis.label.get_color()
    style = styled(Line2D, {"linestyle": "none", "color": colour, "linewidth": 1.2}, given)
    x, spread = shares[known], stds[known]
    reach = np.stack([np.minimum(spread, x), np.minimum(spread, 1.0 - x)])
    error = ax.errorbar(x, rows[known], xerr=reach, capsize=2.5, label=label, **style)
    for line in (*error.lines[1], *error.lines[2]):
        # Black on dark blue would not be seen.
        line.set_path_effects([withStroke(linewidth=2.6, foreground=ax.get_facecolor())])
    return error
