"""Mean normalised score against evaluations, as curves with 95 % bands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .problems import GROUPS
from .results import N_MAX, Results
from .tables import mean_score

__all__ = ["curve", "draw", "save"]

# Okabe and Ito's palette, told apart by colour-blind readers too; black is ours.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F", "#777777")
LINES = ("-", "--", "-.", ":")
FIRST = 5  # before it all peers draw at random


def curve(results: Results, peer: str, names: Sequence[str]) -> NDArray[np.float64]:
    """Return rows of (evaluations, mean, half width), as far as the peer has all the problems."""
    rows = []
    for n in range(FIRST, N_MAX + 1):
        estimate = mean_score(results, peer, names, n)
        if estimate is None:
            break
        rows.append((n, estimate.mean, estimate.half))
    return np.array(rows).reshape(-1, 3)


def draw(results: Results, peers: Sequence[str], names: Sequence[str], ours: str, ax: Any) -> Any:
    """Draw the curves of some peers and return the axes."""
    others = [peer for peer in peers if peer != ours]
    for peer in peers:
        rows = curve(results, peer, names)
        color, line, width = "black", "-", 2.0
        if peer != ours:
            k = others.index(peer)
            color, line, width = COLORS[k % len(COLORS)], LINES[k % len(LINES)], 1.2
        ax.plot(rows[:, 0], rows[:, 1], line, color=color, linewidth=width, label=peer)
        low, high = rows[:, 1] - rows[:, 2], rows[:, 1] + rows[:, 2]
        ax.fill_between(rows[:, 0], low, high, color=color, alpha=0.15, linewidth=0)
    ax.set(xlabel="evaluations", ylabel="mean normalised score")
    ax.grid(alpha=0.3)
    return ax


def save(
    results: Results, peers: Sequence[str], names: Sequence[str], ours: str, path: Path
) -> None:
    """Write the figure: live tasks beside functions."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "skbayes"  # the same file for the same figures
    from matplotlib import pyplot as plt

    chosen = {
        title: [name for name in names if name in GROUPS[kind]]
        for title, kind in {"live tasks": "live", "functions": "synthetic"}.items()
    }
    panels = {title: group for title, group in chosen.items() if group}
    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.5 * len(panels), 3.8), layout="constrained", squeeze=False
    )
    for ax, (title, group) in zip(axes[0], panels.items(), strict=True):
        draw(results, peers, group, ours, ax).set_title(f"{title} ({len(group)})")
    axes[0][-1].legend(frameon=False, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
