"""Which worker ran what when: a row for each worker, a bar for each fold of each candidate."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._clock import time_text, time_unit
from ._legend import legend_above
from ._matplotlib import STATUS_MARKS, axes, seconds_axis, styled
from ._text import literal, short_names
from ._timeline_data import timeline_data

__all__ = ["TimelineDisplay"]

Floats = NDArray[np.float64]

# Height of a bar, in rows.
_HEIGHT = 0.8
# Part of the picture that is left free at its right end.
_ROOM = 0.02
# Every other candidate is so much nearer to black, to be told from its neighbour.
_DARKER = 0.35
# A bar narrower than this part of the picture has no edge of another colour: nothing of its own would be left.
_NARROW = 0.006
# Rows that the picture has room for at least: a single bar as high as the picture is no bar.
_FEWEST_ROWS = 3
# More rows than these have no room for a label each.
_MOST_LABELS = 24
# Letters of a row's name, and the width of a small letter as a part of the picture's.
_NAME_LENGTH, _LETTER = 28, 0.013
# So many bars may have edges, and the number of their candidate written into them; more are too narrow anyway.
_FEW = 300


class TimelineDisplay:
    """When each fold of each candidate of a search was run, and by which worker.

    Make it with `from_estimator` or `from_history`; the constructor takes what `timeline_data` computes.

    Parameters
    ----------
    candidate : array-like of shape (n_runs,)
        Number of the trial that each bar is of.
    fold : array-like of shape (n_runs,)
        Position of the fold.
    start : array-like of shape (n_runs,)
        When it began, in seconds since the first one.
    duration : array-like of shape (n_runs,)
        Seconds that fit and score took.
    status : sequence of str
        What became of it, one of `skbayes.optimizer.STATUSES`; folds of a pruned candidate are pruned.
    worker : sequence of str
        Host, process and thread that ran it.
    row : array-like of shape (n_runs,)
        Where it is drawn. Workers that followed each other share a row.
    row_names : sequence of str
        What each row is called.
    is_improvement : array-like of shape (n_runs,)
        Whether it was the end of a candidate better than all before.
    busy : array-like of shape (n_rows,)
        Share of the time in which each row was busy.
    utilisation : float
        That of all rows together.
    break_at : array-like of shape (n_breaks,), default=()
        Where the search rested and was resumed, in seconds that do not count the breaks.
    break_length : array-like of shape (n_breaks,), default=()
        Seconds of each break.
    n_unknown : int, default=0
        Fits of which no time is known, as of workers that died.
    n_hosts : int, default=1
        Machines that ran them. Each has a clock of its own, by which its bars are drawn: of several the axis says so.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    bars_ : dict of str to matplotlib.collections.PolyCollection
        The bars by status.
    improvements_ : matplotlib.lines.Line2D or None
        A star where a new best was found.
    break_lines_ : matplotlib.collections.LineCollection or None
        Where the search was resumed.
    texts_ : list of matplotlib.text.Text
        The number of the candidate, in bars that are wide enough.

    See Also
    --------
    timeline_data : The numbers behind it.
    ConvergenceDisplay : What came of it.

    Examples
    --------
    >>> from skbayes.optimizer import Run, Trial
    >>> from skbayes.plots import TimelineDisplay
    >>> runs = [Run(0, 100.0 + k, 1.0, 0.5, f"host:{k}:1") for k in range(2)]
    >>> display = TimelineDisplay.from_history(
    ...     [Trial(k, {}, 0.5, runs=(runs[k],)) for k in range(2)]
    ... )
    >>> display.row_names, display.start.tolist()
    (['worker 1', 'worker 2'], [0.0, 1.0])
    """

    def __init__(
        self,
        *,
        candidate: ArrayLike,
        fold: ArrayLike,
        start: ArrayLike,
        duration: ArrayLike,
        status: Sequence[str],
        worker: Sequence[str],
        row: ArrayLike,
        row_names: Sequence[str],
        is_improvement: ArrayLike,
        busy: ArrayLike,
        utilisation: float,
        break_at: ArrayLike = (),
        break_length: ArrayLike = (),
        n_unknown: int = 0,
        n_hosts: int = 1,
    ) -> None:
        self.candidate = candidate
        self.fold = fold
        self.start = start
        self.duration = duration
        self.status = status
        self.worker = worker
        self.row = row
        self.row_names = row_names
        self.is_improvement = is_improvement
        self.busy = busy
        self.utilisation = utilisation
        self.break_at = break_at
        self.break_length = break_length
        self.n_unknown = n_unknown
        self.n_hosts = n_hosts

    @classmethod
    def from_estimator(cls, search: Any, *, ax: Any = None, **kwargs: Any) -> Self:
        """Compute and draw.

        Parameters
        ----------
        search : fitted search
            A search of ours; of a halving search all rungs are shown, those below the last as pruned.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Keyword arguments of `plot`.

        Returns
        -------
        display : TimelineDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the search is not fitted.
        TypeError
            If it is no search.
        ValueError
            If it is not known when its folds were run, as of a search of scikit-learn.
        """
        return cls(**timeline_data(search)).plot(ax=ax, **kwargs)

    @classmethod
    def from_history(cls, history: Any, *, ax: Any = None, **kwargs: Any) -> Self:
        """Compute and draw, from a history in place of a search.

        Parameters
        ----------
        history : History, iterable of Trial, or path-like
            A path is that of a journal, whose search may be running, or of an exported history.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Keyword arguments of `plot`.

        Returns
        -------
        display : TimelineDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If it is none of these.
        ValueError
            If it is not known when folds were run.
        """
        return cls(**timeline_data(history)).plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        bar_kw: Mapping[str, Any] | None = None,
        marker_kw: Mapping[str, Any] | None = None,
        text_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        bar_kw, marker_kw, text_kw : dict, default=None
            Properties of matplotlib's for the bars, the stars and the numbers.

        Returns
        -------
        display : TimelineDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes(ax, "TimelineDisplay")
        self.ax_, self.figure_ = ax, ax.figure
        start, row = np.asarray(self.start, dtype=float), np.asarray(self.row, dtype=float)
        end = start + np.asarray(self.duration, dtype=float)
        status = np.array(self.status, dtype=object)
        self.bars_ = {
            word: self._draw_bars(word, status == word, start, end, row, bar_kw)
            for word in STATUS_MARKS
            if (status == word).any()
        }
        self.texts_ = self._draw_numbers(start, end, row, text_kw)
        self.improvements_ = self._draw_stars(end, row, marker_kw)
        self.break_lines_ = self._draw_breaks()
        self._label(float(end.max()))
        return self

    def _draw_bars(
        self,
        word: str,
        mine: NDArray[np.bool_],
        start: Floats,
        end: Floats,
        row: Floats,
        given: Mapping[str, Any] | None,
    ) -> Any:
        from matplotlib.collections import PolyCollection
        from matplotlib.colors import to_rgb

        mark = STATUS_MARKS[word]
        x, y = np.array([start, start, end, end]).T[mine], row[mine, None] + _CORNERS
        colour = np.array(to_rgb(mark.colour))
        is_odd = np.asarray(self.candidate, dtype=int)[mine] % 2 == 1
        # A darker light blue would be a blue again.
        is_darker = is_odd & (word == "complete")
        colours = np.where(is_darker[:, None], (1.0 - _DARKER) * colour, colour)
        is_wide = ((end - start)[mine] > _NARROW * end.max()) & (start.size <= _FEW)
        edge = np.array(to_rgb("black" if mark.hatch else "white"))
        style: dict[str, Any] = {
            "facecolor": colours,
            # A bar narrower than a pixel is seen by its edge.
            "edgecolor": np.where(is_wide[:, None], edge, colours),
            "linewidth": 0.5,
        }
        bars = PolyCollection(
            list(np.stack([x, y], axis=2)),
            **styled(PolyCollection, style, given),
            hatch=mark.hatch or None,
        )
        self.ax_.add_collection(bars)
        return bars

    def _draw_numbers(
        self, start: Floats, end: Floats, row: Floats, given: Mapping[str, Any] | None
    ) -> list[Any]:
        """Write the number of the candidate into each bar that has room for it."""
        if start.size > _FEW:
            return []
        from matplotlib.text import Text

        width = _LETTER * float(end.max())
        texts = []
        for k, number in enumerate(np.asarray(self.candidate, dtype=int)):
            if end[k] - start[k] < width * (len(str(number)) + 1):
                continue
            style: dict[str, Any] = {
                "ha": "center",
                "va": "center",
                "fontsize": "x-small",
                "color": "white" if self.status[k] == "complete" else "black",
                "clip_on": True,
            }
            if STATUS_MARKS[self.status[k]].hatch:
                style["bbox"] = {
                    "facecolor": "white",
                    "edgecolor": "none",
                    "alpha": 0.8,
                    "pad": 0.8,
                }
            middle = 0.5 * (start[k] + end[k])
            texts.append(self.ax_.text(middle, row[k], str(number), **styled(Text, style, given)))
        return texts

    def _draw_stars(self, end: Floats, row: Floats, given: Mapping[str, Any] | None) -> Any:
        from matplotlib.lines import Line2D

        chosen = np.asarray(self.is_improvement, dtype=bool)
        if not chosen.any():
            return None
        style = {
            "linestyle": "none",
            "marker": "*",
            "markersize": 11,
            "markerfacecolor": "#F0E442",
            "markeredgecolor": "black",
            "zorder": 5,
            "label": f"new best ({int(chosen.sum())})",
        }
        (stars,) = self.ax_.plot(end[chosen], row[chosen], **styled(Line2D, style, given))
        return stars

    def _draw_breaks(self) -> Any:
        at, length = (
            np.asarray(self.break_at, dtype=float),
            np.asarray(self.break_length, dtype=float),
        )
        if not at.size:
            return None
        return self.ax_.vlines(
            at,
            -0.5,
            len(self.row_names) - 0.5,
            color="black",
            linestyle=(0, (4, 2)),
            linewidth=1.0,
            label=f"resumed, {time_text(float(length.sum()))} later",
        )

    def _label(self, longest: float) -> None:
        ax, n_rows = self.ax_, len(self.row_names)
        ax.set_xlim(0.0, (1.0 + _ROOM) * longest or 1.0)
        # The first row is on top.
        room = max(0.5 * (_FEWEST_ROWS - n_rows), 0.0)
        ax.set_ylim(n_rows - 0.5 + room, -0.5 - room)
        unit, length = time_unit(longest)
        seconds_axis(ax.xaxis, length)
        numbers = " (numbers: candidates)" if self.texts_ else ""
        clocks = "\nby the clock of each machine" if self.n_hosts > 1 else ""
        ax.set_xlabel(f"{unit} since the first fit began{numbers}{clocks}")
        shown = range(0, n_rows, -(-n_rows // _MOST_LABELS))
        short = short_names(self.row_names, _NAME_LENGTH)
        names = [literal(short[k]) for k in shown]
        busy = [f"{float(np.asarray(self.busy)[k]):.0%} busy" for k in shown]
        is_roomy = 2 * n_rows <= _MOST_LABELS
        labels = [f"{name}\n{share}" for name, share in zip(names, busy, strict=True)]
        ax.set_yticks(list(shown), labels if is_roomy else names)
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right", "left"]].set_visible(False)
        n_fits = len(self.status)
        workers = "1 worker" if n_rows == 1 else f"{n_rows} workers"
        title = f"{n_fits:,} fits in {time_text(longest)} on {workers}, busy {self.utilisation:.0%} of the time"
        if self.n_unknown:
            title += f"; {self.n_unknown:,} more of unknown time"
        lines = [line for line in (self.improvements_, self.break_lines_) if line is not None]
        legend_above(ax, title, [*self._patches(), *lines])

    def _patches(self) -> list[Any]:
        """Return the entries of the bars in the legend."""
        from matplotlib.patches import Patch

        return [
            Patch(
                facecolor=STATUS_MARKS[word].colour,
                edgecolor="black" if STATUS_MARKS[word].hatch else "none",
                linewidth=0.5,
                hatch=STATUS_MARKS[word].hatch or None,
                label=f"{STATUS_MARKS[word].label} ({len(bars.get_paths()):,})",
            )
            for word, bars in self.bars_.items()
        ]


# Of a bar, from the middle of its row: below and above at its beginning, above and below at its end.
_CORNERS = 0.5 * _HEIGHT * np.array([-1.0, 1.0, 1.0, -1.0])
