"""Coefficients with their posterior intervals, by feature name: of one model, its classes, or several models.

Notation: S series, p coefficients, L levels.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._coefficient_data import coefficient_data
from ._legend import legend_above
from ._matplotlib import figure, styled
from ._series import SERIES
from ._text import literal, short_names
from ._widths import columns_of, is_narrow, width_of

__all__ = ["CoefficientDisplay"]

Array = NDArray[np.float64]
Style = Mapping[str, Any] | None

# Inches: of what is above and below the rows, of one row, and of one series in it; then the least and the largest
# height. A row of text at the size of tick labels needs 0.2.
_FRAME, _ROW, _SERIES, _LEAST, _LARGEST = 1.1, 0.15, 0.14, 2.2, 10.0
# Beyond the ends of what is finite, as a part of its range.
_MARGIN = 0.06
_NAME, _SHORT = 34, 20
# Entries of the legend beside each other.
_COLUMNS = 3


class CoefficientDisplay:
    """Coefficients of linear models with posterior intervals, by feature name.

    Make it with `from_estimator`; the constructor takes what `coefficient_data` returns.

    Parameters
    ----------
    estimates : array-like of shape (n_series, n_coefficients)
        Posterior means; NaN where a model has no such coefficient.
    stds : array-like of shape (n_series, n_coefficients)
        Posterior standard deviations; NaN where there is no posterior.
    lower, upper : array-like of shape (n_levels, n_series, n_coefficients)
        Ends of the intervals.
    levels : sequence of float
        Their probabilities, ascending.
    features : sequence of str
        Names of the coefficients.
    labels : sequence of str
        What each series is called.
    is_zero : array-like of bool of shape (n_series, n_coefficients)
        Which coefficients the model sets to zero exactly.
    n_left_out : int, default=0
        How many smaller ones are not shown.
    is_conditional : bool, default=False
        Whether the intervals are given which coefficients are zero.
    is_standardized : bool, default=False
        Whether the numbers are times the standard deviation of the feature.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    intervals_ : list of list of matplotlib.collections.LineCollection
        For each series the intervals of each level.
    points_ : list of matplotlib.lines.Line2D
        For each series the means.
    zeros_ : list of matplotlib.lines.Line2D
        For each series the coefficients that are exactly zero, as hollow marks.

    See Also
    --------
    PathDisplay : Coefficients as the strength of the prior changes.
    ParameterDisplay : Prior, likelihood and posterior of one of them.

    Notes
    -----
    An interval is the central one of the posterior of that coefficient alone. Where a lasso puts coefficients to zero,
    the posterior of the others is given that, and the legend says so. An infinite interval (a coefficient that nothing
    determines) ends in arrows at the borders.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skbayes.linear_model import MAPLasso, MAPRidge
    >>> from skbayes.plots import CoefficientDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> models = {"ridge": MAPRidge(0.1).fit(X, y), "lasso": MAPLasso(0.5).fit(X, y)}
    >>> display = CoefficientDisplay.from_estimator(models)
    >>> display.labels, display.features[:3]
    (['ridge', 'lasso'], ['bmi', 's5', 'bp'])
    >>> print(display.is_zero.sum(axis=1))
    [0 6]
    """

    def __init__(
        self,
        *,
        estimates: ArrayLike,
        stds: ArrayLike,
        lower: ArrayLike,
        upper: ArrayLike,
        levels: Sequence[float],
        features: Sequence[str],
        labels: Sequence[str],
        is_zero: ArrayLike,
        n_left_out: int = 0,
        is_conditional: bool = False,
        is_standardized: bool = False,
    ) -> None:
        self.estimates = estimates
        self.stds = stds
        self.lower = lower
        self.upper = upper
        self.levels = levels
        self.features = features
        self.labels = labels
        self.is_zero = is_zero
        self.n_left_out = n_left_out
        self.is_conditional = is_conditional
        self.is_standardized = is_standardized

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        levels: Sequence[float] = (0.5, 0.95),
        features: Sequence[str] | None = None,
        max_features: int | None = None,
        order: str = "magnitude",
        outputs: Sequence[Any] | None = None,
        intercept: bool = False,
        X: Any = None,
        ax: Any = None,
        point_kw: Style = None,
        interval_kw: Style = None,
    ) -> Self:
        """Compute and draw.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            Fitted linear models, pipelines that end with one, or searches over these. A dict compares them by name.
        levels : sequence of float, default=(0.5, 0.95)
            Probabilities of the intervals; the smallest is drawn thickest.
        features : sequence of str, default=None
            Which coefficients, in this order; None: those with the largest means.
        max_features : int or None, default=None
            How many at most; None: 25, or fewer if there are several series.
        order : {"magnitude", "given"}, default="magnitude"
            Largest absolute mean first, or as in the model.
        outputs : sequence of class labels or int, default=None
            Which classes, or numbers of targets; None: all.
        intercept : bool, default=False
            Whether the intercept is shown too, last.
        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            Data whose standard deviations the coefficients are multiplied by; None: coefficients as they are.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure, as high as there are rows.
        point_kw : dict, default=None
            Properties of the means, of `matplotlib.lines.Line2D`.
        interval_kw : dict, default=None
            Properties of the intervals, of `matplotlib.collections.LineCollection`.

        Returns
        -------
        display : CoefficientDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If a model is not fitted.
        TypeError
            If it is no linear model.
        ValueError
            If a level, a name, an output, the order or the number is impossible, or there are more than ten series.
        """
        data = coefficient_data(
            estimator,
            levels=levels,
            features=features,
            max_features=max_features,
            order=order,
            outputs=outputs,
            intercept=intercept,
            X=X,
        )
        return cls(**data).plot(ax, point_kw=point_kw, interval_kw=interval_kw)

    def plot(self, ax: Any = None, *, point_kw: Style = None, interval_kw: Style = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure, as high as there are rows.
        point_kw : dict, default=None
            Properties of the means, of `matplotlib.lines.Line2D`.
        interval_kw : dict, default=None
            Properties of the intervals, of `matplotlib.collections.LineCollection`.

        Returns
        -------
        display : CoefficientDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_series, n = np.shape(self.estimates)
        row = _ROW + _SERIES * n_series
        height = np.clip(_FRAME + n * row, _LEAST, _LARGEST)
        if ax is None:
            ax = figure("CoefficientDisplay", (7.0, float(height))).add_subplot()
        self.ax_, self.figure_ = ax, ax.figure
        self.intervals_: list[list[Any]] = []
        self.points_: list[Any] = []
        self.zeros_: list[Any] = []
        low, high = self._range()
        ax.axvline(0.0, color="0.6", linewidth=1.0, zorder=0)
        if n_series > 1:
            for j in range(0, n, 2):  # where one feature ends and the next begins
                ax.axhspan(j - 0.5, j + 0.5, color="0.95", linewidth=0.0, zorder=-1)
        for k, shift in enumerate((np.arange(n_series) - 0.5 * (n_series - 1)) * _SERIES / row):
            self._draw(k, np.arange(n) + shift, (low, high), point_kw, interval_kw)
        ax.set_xlim(low, high)
        ax.set_ylim(n - 0.5, -0.5)
        names = short_names(list(self.features), _SHORT if is_narrow(ax) else _NAME)
        ax.set_yticks(range(n), [literal(name) for name in names])
        ax.tick_params(axis="y", length=0)
        gap = "\n" if is_narrow(ax) else " "
        unit = f" × standard{gap}deviation of the feature" if self.is_standardized else ""
        # To the left of a narrow axes there is room, over the names.
        ax.set_xlabel(f"coefficient{unit}", loc="right" if is_narrow(ax) else "center")
        if self.n_left_out:
            ax.set_ylabel(f"{n} of {n + self.n_left_out} coefficients")
        ax.spines[["top", "right", "left"]].set_visible(False)
        self._legend()
        return self

    def _range(self) -> tuple[float, float]:
        """Return the limits of the axis: of all that is finite, and zero."""
        parts = [np.ravel(part) for part in (self.estimates, self.lower, self.upper)]
        shown = np.concatenate([*parts, [0.0]]).astype(np.float64)
        shown = shown[np.isfinite(shown)]
        low, high = float(shown.min()), float(shown.max())
        beyond = _MARGIN * (high - low) if high > low else 1.0
        return low - beyond, high + beyond

    def _draw(
        self, k: int, y: Array, limits: tuple[float, float], point_kw: Style, interval_kw: Style
    ) -> None:
        from matplotlib.collections import LineCollection
        from matplotlib.lines import Line2D

        ax, (colour, marker) = self.ax_, SERIES[k % len(SERIES)]
        lower = np.asarray(self.lower, dtype=np.float64)[:, k]
        upper = np.asarray(self.upper, dtype=np.float64)[:, k]
        drawn = []
        for level, (start, end) in enumerate(zip(lower, upper, strict=True)):
            known = ~(np.isnan(start) | np.isnan(end) | (start == end))
            ends = np.clip([start[known], end[known]], *limits)
            style = {"color": colour, "linewidth": self._widths()[level]}
            style = styled(LineCollection, style, interval_kw)
            drawn.append(ax.hlines(y[known], *ends, **style))
        self.intervals_.append(drawn)
        for side, (ends, shape) in enumerate(((lower[-1:], "<"), (upper[-1:], ">"))):
            beyond = np.isinf(ends).any(axis=0)
            # An empty line that is not clipped would have a place in the layout, at its corner.
            if beyond.any():
                at = np.full(int(beyond.sum()), limits[side])
                ax.plot(at, y[beyond], shape, color=colour, markersize=6, clip_on=False, zorder=3)
        estimates, is_zero = np.asarray(self.estimates)[k], np.asarray(self.is_zero)[k]
        mark: dict[str, Any] = {
            "color": colour,
            "marker": marker,
            "linestyle": "none",
            "markersize": 6.0,
        }
        mark |= {"markeredgecolor": "white", "markeredgewidth": 0.7, "zorder": 4}
        full = np.where(is_zero, np.nan, estimates)
        (points,) = ax.plot(full, y, **styled(Line2D, mark, point_kw))
        hollow = {**mark, "markerfacecolor": "white", "markeredgecolor": colour}
        hollow["markeredgewidth"] = 1.2
        (zeros,) = ax.plot(
            np.where(is_zero, estimates, np.nan), y, **styled(Line2D, hollow, point_kw)
        )
        self.points_.append(points)
        self.zeros_.append(zeros)

    def _legend(self) -> None:
        """Say which series is which, and what the lines and the hollow marks are."""
        from matplotlib.lines import Line2D

        grey = "0.35"
        names = [literal(name) for name in short_names(list(self.labels), _NAME)]
        handles = [
            Line2D([], [], color=points.get_color(), marker=points.get_marker(), label=name)
            for points, name in zip(self.points_, names, strict=True)
            if name
        ]
        has_interval = np.isfinite(np.asarray(self.stds, dtype=np.float64)).any()
        for level, width in zip(self.levels, self._widths(), strict=True):
            if has_interval:
                label = f"{100 * level:.4g} % interval"
                handles.append(Line2D([], [], color=grey, linewidth=width, label=label))
        if np.any(self.is_zero):
            label = f"exactly zero{', given to the intervals' if self.is_conditional else ''}"
            hollow: dict[str, Any] = {
                "marker": "o",
                "markerfacecolor": "white",
                "markeredgecolor": grey,
            }
            handles.append(Line2D([], [], linestyle="none", label=label, **hollow))
        if handles:
            labels = [str(handle.get_label()) for handle in handles]
            columns = min(columns_of(labels, width_of(self.ax_)), _COLUMNS)
            side = "right" if is_narrow(self.ax_) else "left"
            legend_above(self.ax_, handles=_by_rows(handles, columns), columns=columns, side=side)

    def _widths(self) -> list[float]:
        """Return a line width for each level, the smallest level thickest."""
        n = len(self.levels)
        return [2.0] if n == 1 else np.linspace(4.5, 1.5, n).tolist()


def _by_rows(handles: list[Any], columns: int) -> list[Any]:
    """Return entries in the order in which a legend, which fills its columns one by one, shows them row by row."""
    return [handle for j in range(columns) for handle in handles[j::columns]]
