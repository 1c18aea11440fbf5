"""Data under candidate curves: how likely each makes the points, one by one and together.

Notation: x the n points of one column, θ_c the candidates; a curve is p(x | θ_c), the likelihood of a candidate the
product of its heights at the points.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._legend import legend_above
from ._likelihood_data import likelihood_data
from ._matplotlib import COLOURS, LINE_STYLES, axes, styled
from ._text import literal, shortened
from ._widths import is_narrow, width_of

__all__ = ["LikelihoodDisplay"]

Array = NDArray[np.float64]
Style = Mapping[str, Any] | None

# More annotated heights than these cover each other.
_MOST_ANNOTATED = 8
# More stems than these are a wall.
_MOST_STEMS = 60
# Points of a number above its height, and of a line of small text.
_ABOVE, _LINE = 4.0, 11.0
_NAME = 48
# Nearer than this part of the picture's width, two annotations would touch, if it has the usual width in inches.
_TOO_NEAR, _USUAL = 0.06, 5.4


class LikelihoodDisplay:
    """Points of data under the densities of a few candidates, with the likelihood of each.

    Make it with `from_estimator`; the constructor takes what `likelihood_data` returns.

    Parameters
    ----------
    x : array-like of shape (n_points,)
        The data.
    heights : array-like of shape (n_candidates, n_points)
        Density of each point under each candidate.
    log_likelihood : array-like of shape (n_candidates,)
        Sum of the logarithms of the heights.
    grid : array-like of shape (n_grid,)
        Where the curves were computed.
    curves : array-like of shape (n_candidates, n_grid)
        Density of each candidate there.
    labels : sequence of str
        What each candidate is called.
    is_discrete : bool, default=False
        Whether the curves are probabilities of whole numbers.
    name : str or None, default=None
        Name of the column, for the axis.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    lines_ : list of matplotlib.lines.Line2D
        A curve for each candidate.
    stems_ : list of matplotlib.collections.LineCollection
        The heights at the points, for each candidate.
    points_ : matplotlib.lines.Line2D
        The data, on the axis.
    texts_ : list of matplotlib.text.Annotation
        The heights as numbers, where they were few enough.

    See Also
    --------
    ParameterDisplay : Prior, likelihood and posterior as functions of one parameter.
    skbayes.density.DistributionEstimator.likelihood : The same as a table.

    Examples
    --------
    >>> from skbayes.density import DistributionEstimator
    >>> from skbayes.plots import LikelihoodDisplay
    >>> model = DistributionEstimator("norm").fit([[1.0], [2.0], [4.0]])
    >>> display = LikelihoodDisplay.from_estimator(model, [{"loc": 0.0}, {}])
    >>> [round(float(value), 2) for value in display.log_likelihood]
    [-10.17, -4.92]
    """

    def __init__(
        self,
        *,
        x: ArrayLike,
        heights: ArrayLike,
        log_likelihood: ArrayLike,
        grid: ArrayLike,
        curves: ArrayLike,
        labels: Sequence[str],
        is_discrete: bool = False,
        name: str | None = None,
    ) -> None:
        self.x = x
        self.heights = heights
        self.log_likelihood = log_likelihood
        self.grid = grid
        self.curves = curves
        self.labels = labels
        self.is_discrete = is_discrete
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        candidates: Sequence[Mapping[str, float]] = ({},),
        X: Any = None,
        *,
        labels: Sequence[str] | None = None,
        feature: int = 0,
        annotate: bool | None = None,
        ax: Any = None,
        line_kw: Style = None,
        point_kw: Style = None,
        text_kw: Style = None,
    ) -> Self:
        """Compute and draw.

        Parameters
        ----------
        estimator : DistributionEstimator
            Fitted.
        candidates : sequence of dict of str to float, default=({},)
            Parameters of each curve by name, at most four; those not named are as estimated, ``{}`` is the estimate.
        X : array-like of shape (n_samples, n_features), default=None
            Points; None: those of `fit`.
        labels : sequence of str, default=None
            What each candidate is called; None: by its parameters.
        feature : int, default=0
            Which column.
        annotate : bool or None, default=None
            Whether the heights are written beside the points; None: if there are at most eight points (and in narrow
            axes fewer).
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        line_kw : dict, default=None
            Properties of the curves, of `matplotlib.lines.Line2D`.
        point_kw : dict, default=None
            Properties of the data on the axis, of `matplotlib.lines.Line2D`.
        text_kw : dict, default=None
            Properties of the heights that are written, of `matplotlib.text.Text`.

        Returns
        -------
        display : LikelihoodDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the candidates are one dict and not a sequence of them.
        ValueError
            If there is no candidate or more than four, a parameter is impossible, or the estimator has no data.
        """
        data = likelihood_data(estimator, candidates, X, labels=labels, feature=feature)
        styles = {"line_kw": line_kw, "point_kw": point_kw, "text_kw": text_kw}
        return cls(**data).plot(ax=ax, annotate=annotate, **styles)

    def plot(
        self,
        ax: Any = None,
        *,
        annotate: bool | None = None,
        line_kw: Style = None,
        point_kw: Style = None,
        text_kw: Style = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        annotate : bool or None, default=None
            Whether the heights are written beside the points; None: if there are at most eight points (and in narrow
            axes fewer).
        line_kw : dict, default=None
            Properties of the curves, of `matplotlib.lines.Line2D`.
        point_kw : dict, default=None
            Properties of the data on the axis, of `matplotlib.lines.Line2D`.
        text_kw : dict, default=None
            Properties of the heights that are written, of `matplotlib.text.Text`.

        Returns
        -------
        display : LikelihoodDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes(ax, "LikelihoodDisplay")
        from matplotlib.lines import Line2D

        self.ax_, self.figure_ = ax, ax.figure
        x, heights = np.asarray(self.x, dtype=float), np.asarray(self.heights, dtype=float)
        self.lines_: list[Any] = []
        self.stems_: list[Any] = []
        self.texts_: list[Any] = []
        for c, curve in enumerate(np.asarray(self.curves, dtype=float)):
            self._draw_curve(c, curve, x, heights[c], line_kw)
        rug = {"color": "black", "marker": "|", "linestyle": "none", "markersize": 12}
        rug |= {"clip_on": False, "zorder": 4, "alpha": max(0.1, min(1.0, _MOST_STEMS / x.size))}
        (self.points_,) = ax.plot(x, np.zeros(x.size), **styled(Line2D, rug, point_kw))
        shown = np.concatenate([np.ravel(self.curves), heights.ravel()])
        # A density can be infinite at an end of its support, or zero wherever one looks.
        highest = float(shown[np.isfinite(shown)].max(initial=0.0))
        # A number is written above the highest point.
        ax.set_ylim(bottom=0.0, top=1.08 * highest if highest > 0.0 else 1.0)
        room = _MOST_ANNOTATED * min(1.0, width_of(ax) / _USUAL)
        if annotate or (annotate is None and x.size <= room):
            self._annotate(x, heights, text_kw)
        if self.is_discrete:
            ax.margins(x=0.09)  # room for a number beside the first point
        ax.set_xlabel("x" if self.name is None else literal(shortened(self.name, _NAME)))
        ax.set_ylabel("probability" if self.is_discrete else "density")
        legend_above(ax, columns=1)
        ax.spines[["top", "right"]].set_visible(False)
        return self

    def _draw_curve(self, c: int, curve: Array, x: Array, heights: Array, line_kw: Style) -> None:
        from matplotlib.lines import Line2D

        together = float(np.asarray(self.log_likelihood)[c])
        told = f"likelihood {_exponential(together)}, log {together:.4g}"
        gap = "\n" if is_narrow(self.ax_) else " "
        style: dict[str, Any] = {
            "color": COLOURS[c],
            "linestyle": LINE_STYLES[c],
            "linewidth": 2.0,
            "marker": "o" if self.is_discrete else None,
            "markersize": 4,
            "label": f"{literal(shortened(self.labels[c], _NAME))}:{gap}{told}",
        }
        (line,) = self.ax_.plot(self.grid, curve, **styled(Line2D, style, line_kw))
        colour = line.get_color()
        self.lines_.append(line)
        if x.size <= _MOST_STEMS:
            # Beside each other, where one would hide the other.
            shift = _shift(c, len(self.labels), np.ptp(np.asarray(self.grid, dtype=float)))
            self.stems_.append(
                self.ax_.vlines(x + shift, 0.0, heights, color=colour, linewidth=1.0, alpha=0.6)
            )
            self.ax_.plot(x + shift, heights, "o", color=colour, markersize=5, zorder=5)

    def _annotate(self, x: Array, heights: Array, text_kw: Style) -> None:
        from matplotlib.text import Text

        width = np.ptp(np.asarray(self.grid, dtype=float))
        near = _TOO_NEAR * width * max(1.0, _USUAL / width_of(self.ax_))
        # As high as the axes are before the layout, nearly.
        inches = self.ax_.bbox.height / self.ax_.figure.dpi
        points = 72.0 * inches / self.ax_.get_ylim()[1]
        places, first, counts = np.unique(x, return_index=True, return_counts=True)
        for c, row in enumerate(heights):
            written: list[tuple[float, float]] = []
            for place, i, count in zip(places, first, counts, strict=True):
                above = [at for other, at in written if place - other < near]
                lift = _free(float(row[i]) * points, above)
                written.append((place, float(row[i]) * points + lift))
                style = {
                    "ha": "right" if c % 2 == 0 else "left",
                    "fontsize": "small",
                    "color": self.lines_[c].get_color(),
                    "zorder": 3,
                }
                style["bbox"] = {
                    "facecolor": "white",
                    "edgecolor": "none",
                    "alpha": 0.8,
                    "pad": 0.6,
                }
                self.texts_.append(
                    self.ax_.annotate(
                        f"{row[i]:.2g}" + (f" × {count}" if count > 1 else ""),
                        (place + _shift(c, len(heights), width), row[i]),
                        xytext=(-4 if c % 2 == 0 else 4, lift),
                        textcoords="offset points",
                        **styled(Text, style, text_kw),
                    )
                )


def _free(height: float, taken: list[float]) -> float:
    """Return by how many points a number is above its height so that it covers none of those beside it."""
    at = height + _ABOVE
    # From below, each once: asked again, one that was just passed may by rounding still be too near.
    for other in sorted(filter(np.isfinite, taken)):
        if abs(at - other) < _LINE:
            at = other + _LINE
    return at - height if np.isfinite(at) else _ABOVE


def _shift(c: int, n: int, width: float) -> float:
    # 0.4 % of the width: seen, and still at its point.
    return 0.004 * width * (c - 0.5 * (n - 1))


def _exponential(log: float) -> str:
    """Return e^log with three digits, also where it is too small or too large for a number."""
    if abs(log) < 700.0 or not np.isfinite(log):  # e^709 is the largest double
        return f"{np.exp(log):.3g}"
    exponent = int(np.floor(log / np.log(10.0)))
    return f"{np.exp(log - exponent * np.log(10.0)):.3g}e{exponent:+d}"
