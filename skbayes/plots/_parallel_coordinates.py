"""Candidates as lines over parallel axes: which values the best have in common.

One axis for each parameter, in its own scale, and the last for the score, whose colours the lines have.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._matplotlib import STATUS_MARKS, axes, figure, legend_above, styled
from ._parallel_axes import (
    draw_axes,
    draw_score_axis,
    draw_strip,
    mark_inactive,
    name_axes,
    strip_width,
)
from ._parallel_data import parallel_coordinates_data

__all__ = ["ParallelCoordinatesDisplay"]

Floats = NDArray[np.float64]

# Inches from an axis to the next below which a figure is made wider, and the width of a page at most.
_SPACING, _WIDEST = 0.75, 14.0
_WIDTH, _HEIGHT = 7.0, 4.5
# How far below the axes: a line at a parameter that is not active, and a step for each kind of candidate without score.
_BELOW, _STEP = -0.12, 0.075
# The end of viridis near the background is left out: yellow on white is not seen, nor is violet on black.
_LIGHT, _DARK = 0.9, 0.15
# So many lines are drawn opaque. The ink of more grows more slowly than their number: of a thousand one line is still
# seen, and ten thousand are no wall.
_N_OPAQUE, _FADING = 60, 0.7
# Of the candidates a twentieth counts as the best, but never more than ten.
_BEST_SHARE, _MOST_BEST = 20, 10


class ParallelCoordinatesDisplay:
    """Candidates of a search as lines over one axis for each parameter and one for the score.

    Make it with `from_estimator` or `from_history`; the constructor takes what `parallel_coordinates_data` computes.

    Parameters
    ----------
    names : sequence of str
        The parameters, from left to right.
    positions : array-like of shape (n_candidates, n_params)
        Where the values lie on their axes, from 0 to 1; nan where a parameter is not active.
    ticks : sequence of sequence of float
        Places of the ticks of each axis.
    tick_labels : sequence of sequence of str
        Their labels.
    scores : array-like of shape (n_candidates,)
        Higher is better; nan for a candidate without a score.
    score_positions : array-like of shape (n_candidates,)
        Where the scores lie on their axis, from 0 to 1.
    score_ticks : sequence of float
        Places of its ticks.
    score_tick_labels : sequence of str
        Their labels.
    statuses : sequence of str
        How each candidate ended, one of `skbayes.optimizer.STATUSES`.
    score_name : str, default="score"
        Name of the last axis.
    best_name : str, default="best"
        What those with the highest scores are called.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    lines_ : matplotlib.collections.LineCollection
        The candidates that have a score, the best last and on top.
    best_ : matplotlib.collections.LineCollection
        The best of them once more, as wider lines.
    without_score_ : dict of str to matplotlib.collections.LineCollection
        The others by their status.
    score_bar_ : matplotlib.collections.QuadMesh or None
        The colours along the axis of the score; None without a score.

    See Also
    --------
    parallel_coordinates_data : The numbers behind it.
    ImportanceDisplay : How much each parameter matters.

    References
    ----------
    .. [1] Inselberg (1985). The plane with parallel coordinates. The Visual Computer 1, 69-91. doi:10.1007/BF01898350

    Examples
    --------
    >>> from skbayes.optimizer import Trial
    >>> from skbayes.plots import ParallelCoordinatesDisplay
    >>> trials = [
    ...     Trial(k, {"x": 0.1 * k, "kind": "ab"[k % 2]}, -((0.1 * k - 0.3) ** 2)) for k in range(9)
    ... ]
    >>> display = ParallelCoordinatesDisplay.from_history(trials)
    >>> display.names, display.best_.get_segments()[0][:, 1].round(2).tolist()
    (['x', 'kind'], [0.38, 0.75, 1.0])
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        positions: ArrayLike,
        ticks: Sequence[Sequence[float]],
        tick_labels: Sequence[Sequence[str]],
        scores: ArrayLike,
        score_positions: ArrayLike,
        score_ticks: Sequence[float],
        score_tick_labels: Sequence[str],
        statuses: Sequence[str],
        score_name: str = "score",
        best_name: str = "best",
    ) -> None:
        self.names = names
        self.positions = positions
        self.ticks = ticks
        self.tick_labels = tick_labels
        self.scores = scores
        self.score_positions = score_positions
        self.score_ticks = score_ticks
        self.score_tick_labels = score_tick_labels
        self.statuses = statuses
        self.score_name = score_name
        self.best_name = best_name

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        parameters: Sequence[str] | None = None,
        *,
        space: Any = None,
        metric: str | None = None,
        score_name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw for a finished search.

        Parameters
        ----------
        search : fitted search or Optimizer
            Of ours or of scikit-learn.
        parameters : sequence of str, default=None
            Names of the parameters to show, in this order; None: all, in the order of the space.
        space : dict, list of dict, list of Dimension, or Space, default=None
            The design space, in any notation; None: that of the search.
        metric : str, default=None
            Another metric than the one searched for.
        score_name : str, default=None
            What to call the score. None: by the metric.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Arguments of `plot`.

        Returns
        -------
        display : ParallelCoordinatesDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the search has not been fitted.
        TypeError, ValueError
            As for `parallel_coordinates_data` and `plot`.
        """
        data = parallel_coordinates_data(
            search, parameters, space=space, metric=metric, score_name=score_name
        )
        return cls(**data).plot(ax=ax, **kwargs)

    @classmethod
    def from_history(
        cls,
        history: Any,
        parameters: Sequence[str] | None = None,
        *,
        space: Any = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw for a history of trials.

        Parameters
        ----------
        history : History, iterable of Trial, or path-like
            A path is that of a journal or of an exported history.
        parameters : sequence of str, default=None
            As for `from_estimator`.
        space : dict, list of dict, list of Dimension, or Space, default=None
            The design space, in any notation; None: what the trials span.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Further arguments of `from_estimator`.

        Returns
        -------
        display : ParallelCoordinatesDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for `parallel_coordinates_data` and `plot`.
        """
        return cls.from_estimator(history, parameters, space=space, ax=ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        n_best: int | None = None,
        cmap: Any = None,
        line_kw: Mapping[str, Any] | None = None,
        best_kw: Mapping[str, Any] | None = None,
        without_score_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure, the wider the more parameters.
        n_best : int or None, default=None
            How many of the best are wider lines, at least 0; None: one in twenty, but at least one and at most ten.
        cmap : str or matplotlib.colors.Colormap, default=None
            Colours from the lowest score to the highest; None: viridis, the further from the background the higher.
        line_kw : dict, default=None
            Properties of `lines_`, a ``matplotlib.collections.LineCollection``.
        best_kw : dict, default=None
            Properties of `best_`.
        without_score_kw : dict, default=None
            Properties of each of `without_score_`.

        Returns
        -------
        display : ParallelCoordinatesDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `n_best` is negative.
        """
        if n_best is not None and n_best < 0:
            raise ValueError(f"n_best counts candidates; got {n_best}. Give 0 or more, or None.")
        n_axes = len(self.names) + 1
        if ax is None:
            width = min(max(_WIDTH, _SPACING * (n_axes + 1)), _WIDEST)
            ax = figure("ParallelCoordinatesDisplay", (width, _HEIGHT)).add_subplot()
        self.ax_, self.figure_ = axes(ax, "ParallelCoordinatesDisplay"), ax.figure
        heights = self._heights()
        self._draw_scores(heights, n_best, _colours(cmap, ax), line_kw, best_kw)
        self._draw_without_score(heights, without_score_kw)
        self._draw_axes()
        return self

    def _levels(self) -> dict[str, float]:
        """How far below the axis of the score candidates without one end, by their status."""
        present = [status for status in STATUS_MARKS if status in set(self.statuses)]
        lacking = [status for status in present if status != "complete"]
        return {status: _BELOW - k * _STEP for k, status in enumerate(lacking)}

    def _heights(self) -> Floats:
        """Where the lines cross the axes, that of the score included: (n_candidates, n_axes)."""
        positions = np.asarray(self.positions, dtype=float)
        heights = np.where(np.isnan(positions), _BELOW, positions)
        levels = self._levels()
        below = [levels.get(status, _BELOW) for status in self.statuses]
        scores = np.asarray(self.score_positions, dtype=float)
        return np.column_stack([heights, np.where(np.isnan(scores), below, scores)])

    def _draw_scores(
        self,
        heights: Floats,
        n_best: int | None,
        cmap: Any,
        line_kw: Mapping[str, Any] | None,
        best_kw: Mapping[str, Any] | None,
    ) -> None:
        from matplotlib.collections import LineCollection
        from matplotlib.patheffects import withStroke

        scores = np.asarray(self.scores, dtype=float)
        # Equal scores keep the order of the search: the first of equals is the incumbent, and on top.
        rising = np.flatnonzero(np.isfinite(scores))[::-1]
        rising = rising[np.argsort(scores[rising], kind="stable")]
        n = len(rising)
        if n_best is None:
            n_best = min(max(-(-n // _BEST_SHARE), 1), _MOST_BEST)
        n_best = min(n_best, n)
        best = rising[n - n_best :]
        # Colours follow the axis of the score, ends included.
        levels = np.asarray(self.score_positions, dtype=float)
        alpha = _opacity(n)
        common = {"cmap": cmap, "clim": (0.0, 1.0), "capstyle": "round"}
        all_lines = {**common, "linewidths": 1.2, "alpha": alpha, "zorder": 2.0}
        wide = {**common, "linewidths": 2.6, "zorder": 2.2}
        wide["path_effects"] = [
            withStroke(linewidth=4.2, foreground=self.ax_.get_facecolor(), alpha=0.8)
        ]

        def drawn(rows: NDArray[np.int64], defaults: Mapping[str, Any], given: Any) -> Any:
            style = styled(LineCollection, defaults, given)
            lines = LineCollection(_segments(heights[rows]), array=levels[rows], **style)
            return self.ax_.add_collection(lines, autolim=False)

        self.lines_ = drawn(rising, all_lines, line_kw)
        self.best_ = drawn(best, wide, best_kw)
        is_one = len(self.score_ticks) == 1
        self.score_bar_ = draw_strip(self.ax_, len(self.names), cmap, is_one=is_one) if n else None
        if n_best:
            # Of the lines a legend would show the first colour of all.
            label, width = f"{self.best_name} {n_best} of {n}", self.best_.get_linewidth()[0]
            self.ax_.plot([], [], color=cmap(levels[best[-1]]), linewidth=width, label=label)

    def _draw_without_score(self, heights: Floats, given: Mapping[str, Any] | None) -> None:
        from matplotlib.collections import LineCollection

        statuses = np.asarray(self.statuses)
        self.without_score_: dict[str, Any] = {}
        for status, level in self._levels().items():
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
            self.without_score_[status] = self.ax_.add_collection(lines, autolim=False)
            self.ax_.plot(
                [len(self.names)],
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

    def _draw_axes(self) -> None:
        ax, p = self.ax_, len(self.names)
        levels = self._levels().values()
        inactive = np.flatnonzero(np.isnan(np.asarray(self.positions, dtype=float)).any(axis=0))
        draw_axes(ax, self.ticks, self.tick_labels)
        mark_inactive(ax, inactive, _BELOW)
        is_lower = len(inactive) > 0 or len(levels) > 0
        ax.set_ylim(min([_BELOW, *levels]) - 0.05 if is_lower else -0.03, 1.03)
        ax.set_xlim(-0.1, p + strip_width(ax, p))
        name_axes(ax, self.names)
        draw_score_axis(ax, self.score_name, self.score_ticks, self.score_tick_labels)
        if ax.get_legend_handles_labels()[0]:
            legend_above(ax)


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
