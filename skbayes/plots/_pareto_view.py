"""Two of the objectives as the two axes of a panel: the points, the ends of the axes, and the border of the front.

Notation: S (n, 2) inner values, better when higher, and logarithms on a logarithmic axis; outside, the objectives have
their own signs and units.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..optimizer import non_dominated

__all__ = ["Axis", "View", "view_of"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# A clock says nothing of shorter times, and a logarithm needs a positive number.
_SHORTEST = 1e-6
# Empty space around the points, as a part of their range.
_MARGIN = 0.08
# Tukey's outer fence (Exploratory Data Analysis, 1977, chapter 2): dominated points beyond it would squeeze the front.
_FENCE = 3.0
# Of fewer points nobody can tell which are far out.
_FEWEST = 8


@dataclass(frozen=True)
class Axis:
    """The axis of one objective.

    Parameters
    ----------
    label : str
        With the unit.
    is_minimised : bool
        Whether smaller is better.
    is_log : bool
        Whether it is logarithmic.
    """

    label: str
    is_minimised: bool
    is_log: bool

    def shown(self, values: Floats) -> Floats:
        """Return values where the axis can show them."""
        return np.maximum(values, _SHORTEST) if self.is_log else values

    def inner(self, values: Floats) -> Floats:
        """Return values so that higher is better, as they lie on the axis."""
        values = np.log(self.shown(values)) if self.is_log else values
        return -values if self.is_minimised else values

    def outer(self, inner: Floats) -> Floats:
        """Return inner values in the objective's own sign and unit."""
        values = -inner if self.is_minimised else inner
        return np.exp(values) if self.is_log else values


@dataclass(frozen=True)
class View:
    """What a panel shows.

    Parameters
    ----------
    axes : tuple of two Axis
        Across and up.
    points : ndarray of shape (n_candidates, 2)
        In their own signs and units; nan where there is none.
    border : ndarray of shape (n_corners, 2)
        Of what the two objectives dominate, from one end to the other; empty without a point that counts.
    limits : ndarray of shape (2, 2)
        For each axis its two ends, the smaller first.
    is_inside : ndarray of bool, shape (n_candidates,)
        Which points lie between the ends of both axes.
    reference : ndarray of shape (2,)
        The worst values that count, nan where not given.
    """

    axes: tuple[Axis, Axis]
    points: Floats
    border: Floats
    limits: Floats
    is_inside: Bools
    reference: Floats

    def neighbours(self, rows: NDArray[np.int64], near: Floats) -> list[list[int]]:
        """Return some points in groups, from left to right, whose numbers would cover each other.

        Parameters
        ----------
        rows : ndarray of int
            Which points.
        near : ndarray of shape (2,)
            Parts of the width and of the height of the panel that a number takes.
        """
        S = np.stack([axis.inner(self.points[rows, k]) for k, axis in enumerate(self.axes)], axis=1)
        ends = np.stack([axis.inner(self.limits[k]) for k, axis in enumerate(self.axes)], axis=1)
        places = S / np.abs(ends[1] - ends[0])
        groups: list[list[int]] = []
        for i in np.lexsort(places.T[::-1]):
            for group in groups:
                if (np.abs(places[i] - places[group]) < near).all(axis=1).any():
                    group.append(int(i))
                    break
            else:
                groups.append([int(i)])
        return [[int(rows[i]) for i in group] for group in groups]


def view_of(
    axes: tuple[Axis, Axis],
    points: Floats,
    counts: Bools,
    is_on_front: Bools,
    reference: Floats,
    believed: Floats | None = None,
) -> View:
    """Return what a panel of two objectives shows.

    Parameters
    ----------
    axes : tuple of two Axis
        Across and up.
    points : ndarray of shape (n_candidates, 2)
        In their own signs and units; nan where there is none.
    counts : ndarray of bool, shape (n_candidates,)
        Which of them have values and keep to the constraints.
    is_on_front : ndarray of bool, shape (n_candidates,)
        Of all objectives, which may be more than these two; they are always inside.
    reference : ndarray of shape (2,)
        The worst values that count, nan where not given.
    believed : ndarray of shape (k, 2), default=None
        Further points that are to be inside, or nan.
    """
    S = np.stack([axis.inner(points[:, k]) for k, axis in enumerate(axes)], axis=1)
    least = np.array([axis.inner(reference[k]) for k, axis in enumerate(axes)])
    more = np.empty((0, 2)) if believed is None else believed
    also = [np.append(axis.inner(more[:, k]), least[k]) for k, axis in enumerate(axes)]
    ends = np.array([_ends(S[:, k], is_on_front, also[k]) for k in range(2)])
    # From the reference, or from where the picture ends.
    corners = _corners(S[counts], np.where(np.isnan(least), ends[:, 0], least))
    return View(
        axes=axes,
        points=np.stack([axis.shown(points[:, k]) for k, axis in enumerate(axes)], axis=1),
        border=np.stack([axis.outer(corners[:, k]) for k, axis in enumerate(axes)], axis=1),
        limits=np.array([np.sort(axis.outer(ends[k])) for k, axis in enumerate(axes)]),
        is_inside=np.asarray(((ends[:, 0] <= S) & (ends[:, 1] >= S)).all(axis=1), dtype=bool),
        reference=reference,
    )


def _ends(values: Floats, is_on_front: Bools, also: Floats) -> tuple[float, float]:
    """The worst and the best inner value of an axis, which has some other values inside too."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    worst, best = float(known.min()), float(known.max())
    if len(known) >= _FEWEST:
        quarter, three_quarters = np.quantile(known, [0.25, 0.75])
        fence = min(
            quarter - _FENCE * (three_quarters - quarter), values[is_on_front].min(initial=best)
        )
        if quarter < three_quarters:
            worst = float(known[known >= fence].min())
    others = also[np.isfinite(also)]
    worst, best = float(others.min(initial=worst)), float(others.max(initial=best))
    # Of one value nobody knows the unit.
    margin = _MARGIN * (best - worst) or 0.1 * abs(best) or 1.0
    return worst - margin, best + margin


def _corners(S: Floats, start: Floats) -> Floats:
    """The border of what points dominate above a start, as corners from its left end to its lower end."""
    front = np.unique(S[non_dominated(S)], axis=0)
    front = front[(front > start).all(axis=1)]
    if not len(front):
        return np.empty((0, 2))
    x, y = front.T  # x rises, and y falls
    across = np.concatenate([[start[0]], np.repeat(x, 2)])
    up = np.concatenate([np.repeat(y, 2), [start[1]]])
    return np.stack([across, up], axis=1)
