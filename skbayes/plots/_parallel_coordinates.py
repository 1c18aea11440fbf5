"""Candidates as lines over parallel axes: which values the best have in common.

One axis for each parameter, in its own scale, and the last for the score, whose colours the lines have.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ._legend import legend_above
from ._matplotlib import axes, figure
from ._parallel_axes import draw_axes, draw_score_axis, mark_inactive, name_axes, strip_width
from ._parallel_data import parallel_coordinates_data
from ._parallel_lines import BELOW, draw_scores, draw_without_score, levels_below

__all__ = ["ParallelCoordinatesDisplay"]

# Inches from an axis to the next below which a figure is made wider, and the width of a page at most.
_SPACING, _WIDEST = 0.75, 14.0
_WIDTH, _HEIGHT = 7.0, 4.5


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
        drawn = draw_scores(ax, self, n_best, cmap, line_kw, best_kw)
        self.lines_, self.best_, self.score_bar_ = drawn
        self.without_score_: dict[str, Any] = draw_without_score(ax, self, without_score_kw)
        self._draw_axes()
        return self

    def _draw_axes(self) -> None:
        ax, p = self.ax_, len(self.names)
        levels = levels_below(self.statuses).values()
        inactive = np.flatnonzero(np.isnan(np.asarray(self.positions, dtype=float)).any(axis=0))
        draw_axes(ax, self.ticks, self.tick_labels)
        mark_inactive(ax, inactive, BELOW)
        is_lower = len(inactive) > 0 or len(levels) > 0
        ax.set_ylim(min([BELOW, *levels]) - 0.05 if is_lower else -0.03, 1.03)
        ax.set_xlim(-0.1, p + strip_width(ax, p))
        name_axes(ax, self.names)
        draw_score_axis(ax, self.score_name, self.score_ticks, self.score_tick_labels)
        legend_above(ax)
