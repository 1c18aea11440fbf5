"""Whether intervals contain as much as they claim: empirical coverage against the level, with what chance allows."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._calibration_data import calibration_interval_data, checked_levels, coverage_data
from ._legend import legend_above
from ._matplotlib import LINE_STYLES, axes, styled
from ._series import SERIES
from ._text import literal, short_names
from ._widths import is_narrow

__all__ = ["CalibrationIntervalDisplay"]

Array = NDArray[np.float64]
Style = Mapping[str, Any] | None

# The level that is read off in the legend, where it is among them.
_TOLD = 0.9
_NAME = 24
# More series than these would cover the lines with their names.
_INSIDE = 4
# A difference of coverages below this, a third of a per cent, is not seen.
_SEEN = 0.003


class CalibrationIntervalDisplay:
    """Part of new observations inside their intervals, against the level that these claim.

    Make it with `from_estimator`, or with `from_predictions` of intervals from elsewhere; the constructor takes what
    `calibration_interval_data` returns.

    Parameters
    ----------
    levels : array-like of shape (n_levels,)
        Probabilities claimed, ascending.
    coverage : array-like of shape (n_series, n_levels)
        Parts of the rows inside.
    widths : array-like of shape (n_series, n_levels)
        Mean widths of the intervals.
    band_lower, band_upper : array-like of shape (n_levels,) or (n_series, n_levels)
        Where a calibrated model would be with a probability of at least `band`: of all series, or of each its own.
    labels : sequence of str
        What each series is called.
    n_samples : int
        How many rows counted.
    band : float, default=0.95
        Probability of the band, at each level by itself.
    expected : array-like of shape (n_series, n_levels), default=None
        Coverage if the model is right: of counts more than the level. None: the levels.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    lines_ : list of matplotlib.lines.Line2D
        Coverage of each series, in per cent.
    band_ : matplotlib.collections.PolyCollection
        The band, or the first of `bands_`.
    bands_ : list of matplotlib.collections.PolyCollection
        The band of all series, or one for each.
    diagonal_ : matplotlib.lines.Line2D
        Where claim and coverage agree.
    expected_ : list of matplotlib.lines.Line2D
        Where the coverage of counts is expected, for each series of which that is not the level.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The same question about probabilities of classes.

    Notes
    -----
    A line above the diagonal: intervals are wider than they claim; below: too narrow. The levels of one model share
    their rows: one that leaves the band at one level does so at its neighbours.

    Intervals of counts contain at least their level, and of small counts much more: where zero alone has a probability
    of 60 %, so has an interval of one per cent. Where all ends are whole numbers the coverage is therefore to be
    compared with what the model itself expects of these intervals, a line of its own, around which the band is. That is
    known of the models of `skbayes.linear_model`; with `from_predictions` it is not, and the diagonal is the least that
    intervals of counts contain.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skbayes.linear_model import MAPRidge, MAPStudentTRegressor
    >>> from skbayes.plots import CalibrationIntervalDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> models = {"ridge": MAPRidge(0.1), "Student t": MAPStudentTRegressor()}
    >>> fitted = {name: model.fit(X[:300], y[:300]) for name, model in models.items()}
    >>> display = CalibrationIntervalDisplay.from_estimator(fitted, X[300:], y[300:])
    >>> [line.get_label().split(":")[0] for line in display.lines_]
    ['ridge', 'Student t']
    """

    def __init__(
        self,
        *,
        levels: ArrayLike,
        coverage: ArrayLike,
        widths: ArrayLike,
        band_lower: ArrayLike,
        band_upper: ArrayLike,
        labels: Sequence[str],
        n_samples: int,
        band: float = 0.95,
        expected: ArrayLike | None = None,
    ) -> None:
        self.levels = levels
        self.coverage = coverage
        self.widths = widths
        self.band_lower = band_lower
        self.band_upper = band_upper
        self.labels = labels
        self.n_samples = n_samples
        self.band = band
        self.expected = expected

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        levels: Sequence[float] | None = None,
        sample_weight: ArrayLike | None = None,
        band: float = 0.95,
        ax: Any = None,
        line_kw: Style = None,
        band_kw: Style = None,
        diagonal_kw: Style = None,
    ) -> Self:
        """Compute and draw.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            Fitted regressors with ``predict_interval``, pipelines that end with one, or searches over these. A dict
            compares them by name.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows that the models were not fitted to.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            What was observed.
        levels : sequence of float, default=None
            Probabilities that the intervals claim; None: every five per cent, 1 % and 99 %.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts.
        band : float, default=0.95
            Probability of the band in which a calibrated model would be, at each level by itself.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        line_kw : dict, default=None
            Properties of the lines, of `matplotlib.lines.Line2D`.
        band_kw : dict, default=None
            Properties of the band, of `matplotlib.collections.PolyCollection`.
        diagonal_kw : dict, default=None
            Properties of the diagonal, of `matplotlib.lines.Line2D`.

        Returns
        -------
        display : CalibrationIntervalDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If a model has no `predict_interval`.
        ValueError
            If a level is impossible, there is no row, an interval is NaN, or there are more than ten series.
        """
        data = calibration_interval_data(
            estimator, X, y, levels=levels, sample_weight=sample_weight, band=band
        )
        return cls(**data).plot(ax, line_kw=line_kw, band_kw=band_kw, diagonal_kw=diagonal_kw)

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        lower: ArrayLike,
        upper: ArrayLike,
        *,
        levels: Sequence[float],
        name: str = "",
        sample_weight: ArrayLike | None = None,
        band: float = 0.95,
        ax: Any = None,
        line_kw: Style = None,
        band_kw: Style = None,
        diagonal_kw: Style = None,
    ) -> Self:
        """Draw intervals that were computed, by any model.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            What was observed.
        lower : array-like of shape (n_levels, n_samples)
            Lower ends, in the order of `levels`.
        upper : array-like of shape (n_levels, n_samples)
            Upper ends.
        levels : sequence of float
            Probabilities that the intervals claim, ascending.
        name : str, default=""
            What the model is called.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts.
        band : float, default=0.95
            Probability of the band in which a calibrated model would be, at each level by itself.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        line_kw : dict, default=None
            Properties of the lines, of `matplotlib.lines.Line2D`.
        band_kw : dict, default=None
            Properties of the band, of `matplotlib.collections.PolyCollection`.
        diagonal_kw : dict, default=None
            Properties of the diagonal, of `matplotlib.lines.Line2D`.

        Returns
        -------
        display : CalibrationIntervalDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the shapes do not go together, levels are impossible or do not ascend, or an end is NaN.

        Examples
        --------
        >>> from skbayes.plots import CalibrationIntervalDisplay
        >>> y, lower, upper = [1.0, 2.0, 3.0, 4.0], [[0.0, 2.5, 2.0, 3.0]], [[2.0, 4.0, 4.0, 5.0]]
        >>> CalibrationIntervalDisplay.from_predictions(y, lower, upper, levels=[0.8]).coverage
        array([[0.75]])
        """
        claimed = checked_levels(levels)
        ends = [np.atleast_2d(np.asarray(end, dtype=np.float64)) for end in (lower, upper)]
        observed = np.asarray(y, dtype=np.float64)
        if not observed.size or any(end.shape != (claimed.size, observed.size) for end in ends):
            raise ValueError(
                f"lower and upper need shape (n_levels, n_samples), here ({claimed.size}, {observed.size}); got"
                f" {ends[0].shape} and {ends[1].shape}. Give a row for each level."
            )
        if not np.array_equal(claimed, np.ravel(levels)):
            raise ValueError(
                f"levels needs to ascend, as the rows of lower and upper; got {levels!r}. Sort all three."
            )
        data = coverage_data({name: (observed, ends[0], ends[1])}, claimed, sample_weight, band)
        return cls(**data).plot(ax, line_kw=line_kw, band_kw=band_kw, diagonal_kw=diagonal_kw)

    def plot(
        self,
        ax: Any = None,
        *,
        line_kw: Style = None,
        band_kw: Style = None,
        diagonal_kw: Style = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        line_kw : dict, default=None
            Properties of the lines, of `matplotlib.lines.Line2D`.
        band_kw : dict, default=None
            Properties of the band, of `matplotlib.collections.PolyCollection`.
        diagonal_kw : dict, default=None
            Properties of the diagonal, of `matplotlib.lines.Line2D`.

        Returns
        -------
        display : CalibrationIntervalDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes(ax, "CalibrationIntervalDisplay")
        from matplotlib.lines import Line2D

        self.ax_, self.figure_ = ax, ax.figure
        self.bands_ = self._draw_bands(band_kw)
        self.band_ = self.bands_[0]
        diagonal = {"color": "0.35", "linewidth": 1.0, "linestyle": ":", "label": "calibrated"}
        (self.diagonal_,) = ax.plot([0, 100], [0, 100], **styled(Line2D, diagonal, diagonal_kw))
        self.lines_: list[Any] = []
        self.expected_ = self._draw_expected(diagonal_kw)
        for k, coverage in enumerate(np.asarray(self.coverage, dtype=np.float64)):
            colour, marker = SERIES[k % len(SERIES)]
            style = {"color": colour, "marker": marker, "markersize": 4.5, "linewidth": 1.5}
            style |= {"linestyle": LINE_STYLES[k % 4], "label": self._label(k, coverage)}
            style = styled(Line2D, style, line_kw)
            (line,) = ax.plot(100.0 * np.asarray(self.levels), 100.0 * coverage, **style)
            self.lines_.append(line)
        ax.set(xlim=(0, 101), ylim=(0, 101))
        ax.set_xlabel("level of the interval (%)")
        ax.set_ylabel(f"inside their interval (% of {self.n_samples} rows)")
        ax.spines[["top", "right"]].set_visible(False)
        self._legend()
        return self

    def _expected(self) -> Array:
        """The expected coverage of each series, (n_series, n_levels)."""
        levels = np.asarray(self.levels, dtype=np.float64)
        given = levels if self.expected is None else np.asarray(self.expected, dtype=np.float64)
        return np.broadcast_to(given, np.shape(self.coverage))

    def _draw_bands(self, given: Style) -> list[Any]:
        from matplotlib.collections import PolyCollection

        levels = 100.0 * np.asarray(self.levels, dtype=np.float64)
        lower, upper = (
            100.0 * np.atleast_2d(np.asarray(end, dtype=np.float64))
            for end in (self.band_lower, self.band_upper)
        )
        if levels.size == 1:  # a band needs a width
            levels = levels + np.array([-2.0, 2.0])
            lower, upper = np.repeat(lower, 2, axis=1), np.repeat(upper, 2, axis=1)
        drawn: list[Any] = []
        for k, ends in enumerate(zip(lower, upper, strict=True)):
            style: dict[str, Any] = {"color": "0.85", "linewidth": 0.0, "zorder": 0}
            if len(lower) > 1:
                style |= {"color": SERIES[k % len(SERIES)][0], "alpha": 0.15}
            style["label"] = "_" if drawn else f"{100 * self.band:.4g} % of calibrated models"
            drawn.append(
                self.ax_.fill_between(levels, *ends, **styled(PolyCollection, style, given))
            )
        return drawn

    def _draw_expected(self, given: Style) -> list[Any]:
        """Draw where the coverage of each series is expected, if that is not the diagonal."""
        from matplotlib.lines import Line2D

        levels = np.asarray(self.levels, dtype=np.float64)
        drawn: list[Any] = []
        for k, expected in enumerate(self._expected()):
            if np.abs(expected - levels).max() < _SEEN:
                continue
            # Of several each has the colour of its series; one name is enough.
            colour = SERIES[k % len(SERIES)][0] if len(self.labels) > 1 else "0.2"
            style = {"color": colour, "linewidth": 1.2, "linestyle": (0, (4, 1.5)), "zorder": 1.5}
            style["label"] = "_" if drawn else "calibrated, of whole numbers"
            drawn += self.ax_.plot(100.0 * levels, 100.0 * expected, **styled(Line2D, style, given))
        return drawn

    def _legend(self) -> None:
        """Put the legend to the side of the diagonal where fewer lines are; of many series, above."""
        many = len(self.lines_) > _INSIDE
        if many or is_narrow(self.ax_):  # no corner is free
            legend_above(self.ax_, self._told() if many else None)
            return
        lines = np.concatenate([np.asarray(self.coverage), self._expected()])
        above = np.mean(lines - np.asarray(self.levels)) > 0.0
        corner = "lower right" if above else "upper left"
        self.ax_.legend(frameon=False, fontsize="small", loc=corner)

    def _told(self) -> str:
        return f"inside the {100 * self._near()[1]:.4g} % intervals"

    def _near(self) -> tuple[int, float]:
        """Return the place of the level that is told in words, and the level."""
        levels = np.asarray(self.levels, dtype=np.float64)
        i = int(np.argmin(np.abs(levels - _TOLD)))
        return i, float(levels[i])

    def _label(self, k: int, coverage: Any) -> str:
        """Return the name of a series, and in words what it covers at one level."""
        i = self._near()[0]
        many = len(self.labels) > _INSIDE
        names = short_names([str(label) for label in self.labels], _NAME // 2 if many else _NAME)
        name = literal(names[k])
        if many:
            return f"{name}: {100 * coverage[i]:.3g} %"
        width, expected = float(np.asarray(self.widths)[k, i]), float(self._expected()[k, i])
        told = f"{100 * coverage[i]:.3g} % {self._told()},"
        if expected - self._near()[1] >= _SEEN:
            return f"{name + ': ' if name else ''}{told}\n{100 * expected:.3g} % expected, {width:.3g} wide on average"
        return f"{name + ': ' if name else ''}{told}\n{width:.3g} wide on average"
