"""Whether intervals contain as much as they claim: empirical coverage against the level, with what chance allows."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ._calibration_data import calibration_interval_data, checked_levels, coverage_data
from ._matplotlib import LINE_STYLES, axes, styled
from ._series import SERIES
from ._text import literal, short_names
from ._widths import is_narrow

__all__ = ["CalibrationIntervalDisplay"]

Style = Mapping[str, Any] | None

# The level that is read off in the legend, where it is among them.
_TOLD = 0.9
_NAME = 24
# More series than these would cover the lines with their names.
_INSIDE = 4


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
    band_lower, band_upper : array-like of shape (n_levels,)
        Where a calibrated model would be with probability `band`.
    labels : sequence of str
        What each series is called.
    n_samples : int
        How many rows counted.
    band : float, default=0.95
        Probability of the band, at each level by itself.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    lines_ : list of matplotlib.lines.Line2D
        Coverage of each series, in per cent.
    band_ : matplotlib.collections.PolyCollection
        The band.
    diagonal_ : matplotlib.lines.Line2D
        Where claim and coverage agree.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The same question about probabilities of classes.

    Notes
    -----
    A line above the diagonal: intervals are wider than they claim; below: too narrow. Intervals of counts contain at
    least their level, and of small counts much more, so that their line lies above. The levels of one model share
    their rows: one that leaves the band at one level does so at its neighbours.

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
    ) -> None:
        self.levels = levels
        self.coverage = coverage
        self.widths = widths
        self.band_lower = band_lower
        self.band_upper = band_upper
        self.labels = labels
        self.n_samples = n_samples
        self.band = band

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
        from matplotlib.collections import PolyCollection
        from matplotlib.lines import Line2D

        self.ax_, self.figure_ = ax, ax.figure
        levels = 100.0 * np.asarray(self.levels, dtype=np.float64)
        ends = [100.0 * np.asarray(end) for end in (self.band_lower, self.band_upper)]
        if levels.size == 1:  # a band needs a width
            levels, ends = levels + np.array([-2.0, 2.0]), [np.repeat(end, 2) for end in ends]
        self.band_ = ax.fill_between(
            levels,
            *ends,
            **styled(
                PolyCollection,
                {
                    "color": "0.85",
                    "linewidth": 0.0,
                    "zorder": 0,
                    "label": f"{100 * self.band:.4g} % of calibrated models",
                },
                band_kw,
            ),
        )
        diagonal = {"color": "0.35", "linewidth": 1.0, "linestyle": ":", "label": "calibrated"}
        (self.diagonal_,) = ax.plot([0, 100], [0, 100], **styled(Line2D, diagonal, diagonal_kw))
        self.lines_: list[Any] = []
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

    def _legend(self) -> None:
        """Put the legend to the side of the diagonal where fewer lines are; of many series, outside."""
        style: dict[str, Any] = {"frameon": False, "fontsize": "small"}
        if len(self.lines_) > _INSIDE:
            style |= {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "title": self._told()}
            style |= {"title_fontsize": "small", "alignment": "left"}
        else:
            above = np.mean(np.asarray(self.coverage) - np.asarray(self.levels)) > 0.0
            style["loc"] = "lower right" if above else "upper left"
        if is_narrow(self.ax_):  # no corner is free
            style |= {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0)}
        self.ax_.legend(**style)

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
        width = float(np.asarray(self.widths)[k, i])
        told = f"{100 * coverage[i]:.3g} % {self._told()},"
        return f"{name + ': ' if name else ''}{told}\n{width:.3g} wide on average"
