"""Two of the objectives in a panel: what is drawn of the candidates, and of which how sure one is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._pareto_panels import draw_bounds, draw_reference, set_axes, write_numbers
from ._pareto_points import Errors, draw_errors, draw_points, fold_errors, posterior_errors
from ._pareto_view import Axis, View, view_of

__all__ = ["Candidates", "candidates_of", "draw_pair"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# The numbers of more candidates than these cover each other.
_MOST_NUMBERED = 12


@dataclass(frozen=True)
class Candidates:
    """The candidates of a display as arrays.

    Parameters
    ----------
    values : ndarray of shape (n_candidates, n_objectives)
        In the objectives' own signs and units; nan for a candidate without all of them.
    is_on_front, counts : ndarray of bool, shape (n_candidates,)
        Which are on the front, and which have values and keep to the constraints.
    believed : tuple of three ndarray of shape (n_front, n_objectives), or None
        Middle, lower and upper end of the posterior of the front, if its bars are to be drawn.
    stds : ndarray of shape (n_front, n_objectives), or None
        Standard deviations of the front over the folds, if their bars are to be drawn.
    """

    values: Floats
    is_on_front: Bools
    counts: Bools
    believed: tuple[Floats, Floats, Floats] | None
    stds: Floats | None


def candidates_of(display: Any, error_bars: bool | str | None) -> Candidates:
    """Return the candidates of a ParetoDisplay, with the error bars that are asked for.

    Raises
    ------
    ValueError
        If there are no such error bars.
    """
    if error_bars not in (None, True, False, "posterior", "folds"):
        raise ValueError(
            f"error_bars={error_bars!r} is not known. Choose 'posterior', 'folds', True, False or None."
        )
    front = np.asarray(display.is_on_front, dtype=bool)

    def table(values: Any) -> Floats:
        return np.asarray(values, dtype=float).reshape(-1, len(display.objectives))

    values = table(display.values)
    counts = np.isfinite(values).all(axis=1)
    if display.is_feasible is not None:
        counts &= np.asarray(display.is_feasible, dtype=bool)
    believed, stds = None, None
    parts = (display.posterior_mean, display.posterior_lower, display.posterior_upper)
    if error_bars in (None, "posterior") and all(part is not None for part in parts):
        middle, lower, upper = (table(part)[front] for part in parts)
        believed = (middle, lower, upper) if np.isfinite(lower).any() else None
    elif error_bars in (True, "folds") and display.stds is not None:
        stds = table(display.stds)[front]
    return Candidates(values, front, np.asarray(counts, dtype=bool), believed, stds)


def draw_pair(
    panel: Any,
    display: Any,
    candidates: Candidates,
    pair: tuple[int, int],
    numbers: bool | None,
    styles: Mapping[str, Mapping[str, Any] | None],
) -> dict[str, Any]:
    """Draw a panel and return its artists by name.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where.
    display : ParetoDisplay
        Its objectives, reference and bounds.
    candidates : Candidates
        All of them.
    pair : tuple of (int, int)
        The objectives across and up.
    numbers : bool or None
        Whether the front has numbers; None: if there is room.
    styles : dict
        The caller's properties of each kind of artist.

    Returns
    -------
    drawn : dict
        ``"front"``, ``"dominated"``, ``"step"``, ``"texts"``, and if there are any ``"infeasible"`` and ``"errors"``.
    """
    view, is_whole = _view(display, candidates, pair), len(display.objectives) == 2
    front, counts = candidates.is_on_front, candidates.counts
    draw_bounds(panel, [(k == pair[0], bound) for k, bound in display.bounds if k in pair])
    groups = {"front": front, "dominated": counts & ~front, "infeasible": ~counts}
    drawn = draw_points(panel, view, groups, styles, is_whole=is_whole)
    draw_reference(panel, view, float(display.hypervolume), is_whole=is_whole)
    errors = _errors(candidates, view.points[front], list(pair))
    if errors is not None:
        drawn["errors"] = draw_errors(panel, errors, styles["errors"])
    rows = np.flatnonzero(front)
    is_numbered = len(rows) <= _MOST_NUMBERED if numbers is None else numbers
    drawn["texts"] = write_numbers(panel, view, rows) if is_numbered else []
    set_axes(panel, view)
    return drawn


def _view(display: Any, candidates: Candidates, pair: tuple[int, int]) -> View:
    m, rows = len(display.objectives), list(pair)
    is_log = [False] * m if display.is_log is None else display.is_log
    axes = [
        Axis(display.labels[k], display.objectives[k].startswith("-"), bool(is_log[k]))
        for k in pair
    ]
    given = np.full(m, np.nan) if display.reference is None else display.reference
    return view_of(
        (axes[0], axes[1]),
        candidates.values[:, rows],
        candidates.counts,
        candidates.is_on_front,
        np.asarray(given, dtype=float)[rows],
        None if candidates.believed is None else candidates.believed[0][:, rows],
    )


def _errors(candidates: Candidates, points: Floats, rows: list[int]) -> Errors | None:
    """The error bars of the points of the front in a panel."""
    if candidates.believed is not None:
        return posterior_errors(points, *(part[:, rows] for part in candidates.believed))
    return None if candidates.stds is None else fold_errors(points, candidates.stds[:, rows])
