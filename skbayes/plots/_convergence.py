"""The best score so far, of one search or of several, with what several seeds do as a band."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from ._clock import time_unit
from ._convergence_curves import MOST_CURVES, draw_band, draw_line, draw_target
from ._convergence_data import convergence_data
from ._convergence_trials import draw_trials
from ._convergence_view import View, finite
from ._legend import legend_above
from ._matplotlib import axes, log_axis, seconds_axis

__all__ = ["ConvergenceDisplay"]

# Part of the picture that is left free beyond what is drawn.
_ROOM = 0.05
_COUNTED = {"evaluations": "evaluations", "fits": "fits (folds that were run)"}


class ConvergenceDisplay:
    """Best score so far of one or several searches.

    Make it with `from_estimator` or `from_history`; the constructor takes what `convergence_data` computes.

    Parameters
    ----------
    names : sequence of str
        What each curve is called.
    x : sequence of array-like
        Where each curve has its steps: number of evaluations, of fits, or seconds.
    centre : sequence of array-like
        Best score so far there, of several searches their median or mean; nan where there is none yet.
    lower, upper : sequence of array-like
        The band around it, of one search the same; -inf where it has no end.
    n_searches : sequence of int
        How many searches a curve stands for.
    trials : sequence of sequence of dict
        Of each search of each curve ``number``, ``x``, ``score`` and ``status`` of its trials.
    against : {"evaluations", "fits", "seconds"}, default="evaluations"
        What x counts.
    is_clock : bool, default=False
        Whether seconds are those of the clock; otherwise of all fits and scores together.
    score_name : str, default="score"
        For the axis.
    summary : str, default=""
        What curve and band are of several searches, for the legend.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    lines_ : list of matplotlib.lines.Line2D
        A curve for each name.
    bands_ : list of matplotlib.collections.PolyCollection
        A band for each curve that stands for several searches.
    points_ : dict of str to matplotlib.collections.PathCollection
        The trials by their status, if there is one search; those without a score on the floor of the picture.
    target_line_ : matplotlib.lines.Line2D or None
        The target.

    See Also
    --------
    convergence_data : The numbers behind it.
    TimelineDisplay : Which worker ran what when.

    Examples
    --------
    >>> from skbayes.optimizer import Trial
    >>> from skbayes.plots import ConvergenceDisplay
    >>> trials = [Trial(k, {"x": k}, score) for k, score in enumerate([0.2, 0.1, 0.5])]
    >>> display = ConvergenceDisplay.from_history(trials)
    >>> display.lines_[0].get_ydata().tolist()
    [0.2, 0.2, 0.5]
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        x: Sequence[Any],
        centre: Sequence[Any],
        lower: Sequence[Any],
        upper: Sequence[Any],
        n_searches: Sequence[int],
        trials: Sequence[Sequence[Mapping[str, Any]]],
        against: str = "evaluations",
        is_clock: bool = False,
        score_name: str = "score",
        summary: str = "",
    ) -> None:
        self.names = names
        self.x = x
        self.centre = centre
        self.lower = lower
        self.upper = upper
        self.n_searches = n_searches
        self.trials = trials
        self.against = against
        self.is_clock = is_clock
        self.score_name = score_name
        self.summary = summary

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        *,
        against: str = "evaluations",
        centre: str = "median",
        band: str | None = "auto",
        metric: str | None = None,
        score_name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw.

        Parameters
        ----------
        search : fitted search, list of them, or dict of str to search or list of searches
            A dict names the curves; a list in it stands for the same search with several seeds. A list that is not
            in a dict has a curve for each.
        against : {"evaluations", "fits", "seconds"}, default="evaluations"
            What is counted; see `convergence_data`.
        centre : {"median", "mean"}, default="median"
            What stands for several seeds.
        band : {"auto", "quartiles", "range", "standard_error"} or None, default="auto"
            What is drawn around it; ``"auto"``: quartiles of the median, the standard error of the mean.
        metric : str, default=None
            Another metric than the one searched for.
        score_name : str, default=None
            What to call the score. None: by the metric.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Keyword arguments of `plot`.

        Returns
        -------
        display : ConvergenceDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If a search is not fitted.
        TypeError
            If one of them is no search.
        ValueError
            If an option is none of these, there is no search, or the seconds are not known.
        """
        data = convergence_data(
            search,
            against=against,
            centre=centre,
            band=band,
            metric=metric,
            score_name=score_name,
        )
        return cls(**data).plot(ax=ax, **kwargs)

    @classmethod
    def from_history(
        cls,
        history: Any,
        *,
        against: str = "evaluations",
        centre: str = "median",
        band: str | None = "auto",
        metric: str | None = None,
        score_name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw, from histories in place of searches.

        Parameters
        ----------
        history : History, trials, path, result of `minimize`, or a list or dict of these
            As `search` of `from_estimator`; a path is that of a journal or of an exported history.
        against, centre, band, metric, score_name, ax, **kwargs
            As of `from_estimator`.

        Returns
        -------
        display : ConvergenceDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If one of them is no history.
        ValueError
            If an option is none of these, there is no history, or the seconds are not known.
        """
        return cls.from_estimator(
            history,
            against=against,
            centre=centre,
            band=band,
            metric=metric,
            score_name=score_name,
            ax=ax,
            **kwargs,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        optimum: float | None = None,
        negate: bool = False,
        target: float | None = None,
        x_scale: str = "linear",
        show_trials: bool | None = None,
        line_kw: Mapping[str, Any] | None = None,
        band_kw: Mapping[str, Any] | None = None,
        scatter_kw: Mapping[str, Any] | None = None,
        target_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        optimum : float, default=None
            The best score that there is, if it is known: the regret is drawn, optimum − best so far, on a log axis.
        negate : bool, default=False
            Whether to draw the negative of the scores, as for `minimize` or an error: lower is then better.
        target : float, default=None
            Where to draw a line across, in the sign of what is drawn.
        x_scale : {"linear", "log"}, default="linear"
            Scale of what is counted.
        show_trials : bool or None, default=None
            Whether each trial is a point; None: if there is one search and no regret is drawn.
        line_kw, band_kw, scatter_kw, target_kw : dict, default=None
            Properties of matplotlib's for the curves, the bands, the trials and the target.

        Returns
        -------
        display : ConvergenceDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are more curves than can be told apart, or a score is better than the optimum.
        """
        self._check(optimum)
        ax = axes(ax, "ConvergenceDisplay")
        self.ax_, self.figure_ = ax, ax.figure
        view = View(optimum, -1.0 if negate else 1.0)
        if show_trials is None:
            show_trials = optimum is None and list(self.n_searches) == [1]
        n_curves = range(len(self.names))
        self.lines_ = [draw_line(ax, self, c, view, line_kw) for c in n_curves]
        several = [c for c in n_curves if self.n_searches[c] > 1]
        self.bands_ = [draw_band(ax, self, c, view, band_kw) for c in several]
        self.points_ = draw_trials(ax, self, view, scatter_kw) if show_trials else {}
        self.target_line_ = None if target is None else draw_target(ax, target, target_kw)
        self._label(view, x_scale)
        return self

    def _check(self, optimum: float | None) -> None:
        if len(self.names) > MOST_CURVES:
            raise ValueError(
                f"ConvergenceDisplay has colours and line styles for {MOST_CURVES} curves; got {len(self.names)}. "
                "Draw fewer, or several pictures."
            )
        best = finite(self.upper).max(initial=-np.inf)
        if optimum is not None and best > optimum:
            raise ValueError(
                f"optimum is the best score that there is, and a search has found {best:.6g}; got optimum={optimum!r}. "
                "Give it in the sign of the scores, where higher is better."
            )

    def _label(self, view: View, x_scale: str) -> None:
        ax, unit = self.ax_, self.against
        longest = finite([*self.x, *(each["x"] for mine in self.trials for each in mine)]).max(
            initial=0.0
        )
        if x_scale == "log":
            log_axis(ax.xaxis)
        else:
            # Marks on the floor do not count for matplotlib's own limits.
            ax.set_xlim(0.0, (1.0 + _ROOM) * longest or 1.0)
            if self.against == "seconds":
                unit, length = time_unit(longest)
                seconds_axis(ax.xaxis, length)
            else:
                ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel(self._counted(unit))
        ax.set_ylabel(view.label(self.score_name))
        if view.optimum is not None:
            ax.set_yscale("log")
        else:
            ax.ticklabel_format(axis="y", useOffset=False)
            self._limit(view)
        if not finite(self.centre).size:
            ax.text(0.5, 0.5, "no trial has a score yet", transform=ax.transAxes, ha="center")
        ax.spines[["top", "right"]].set_visible(False)
        if len(ax.get_legend_handles_labels()[0]) > 1 or max(self.n_searches) > 1:
            legend_above(ax, self.summary if max(self.n_searches) > 1 else None)

    def _counted(self, unit: str) -> str:
        if self.against != "seconds":
            return _COUNTED[self.against]
        if self.is_clock:
            return f"{unit} since the first fit began"
        return f"{unit} of all fits and scores together"

    def _limit(self, view: View) -> None:
        """Leave room on the floor for the marks there; without them matplotlib's own limits are right."""
        on_floor = self.points_.keys() - {"complete"}
        if not on_floor:
            return
        shown = [line.get_ydata() for line in self.lines_]
        if "complete" in self.points_:
            shown.append(self.points_["complete"].get_offsets()[:, 1])
        heights = finite(
            [*shown, [] if self.target_line_ is None else self.target_line_.get_ydata()]
        )
        if not heights.size:
            self.ax_.set_yticks([])
            return
        low, high = heights.min(), heights.max()
        # Of equal heights some part of them, as matplotlib does it.
        room = _ROOM * ((high - low) or abs(high) or 1.0)
        below, above = (room, 2 * room) if view.is_lower_better else (2 * room, room)
        self.ax_.set_ylim(low - below, high + above)
