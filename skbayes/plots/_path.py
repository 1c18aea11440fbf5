"""Coefficients as the strength of the prior changes, and how the strength was chosen.

Notation: A strengths, p coefficients.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._legend import give_way
from ._line_names import write_counts, write_names
from ._matplotlib import COLOURS, LINE_STYLES, styled
from ._panels import panels
from ._path_data import path_data
from ._series import SERIES
from ._text import literal, shortened

__all__ = ["PathDisplay"]

Array = NDArray[np.float64]
Style = Mapping[str, Any] | None

# Lines with a name and a colour; more names would not fit beside the picture.
_NAMED = 10
# So many times what coefficients are up to the strength that was chosen may they be beyond it, and be in sight.
_IN_SIGHT = 2.0
# Height of a name as a part of the axis, from the size of the text in a picture of 4.5 inches.
_TEXT_HEIGHT, _WITH_CURVE = 0.05, 0.068


class PathDisplay:
    """Coefficients of a linear model along strengths of its prior.

    Make it with `from_estimator`, or with `from_path` of what `lasso_path` returns; the constructor takes what
    `path_data` returns.

    Parameters
    ----------
    values : array-like of shape (n_values,)
        Values of the parameter.
    coefs : array-like of shape (n_values, n_features)
        Coefficients at each.
    features : sequence of str
        Names of the coefficients.
    parameter : str, default="alpha"
        What changes.
    chosen : float or None, default=None
        The value that was chosen.
    curve : dict or None, default=None
        How it was chosen: ``values``, ``mean``, ``error`` (None or standard errors) and ``label``.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where the coefficients are; after `plot`.
    curve_ax_ : matplotlib.axes.Axes or None
        Where the curve is.
    figure_ : matplotlib.figure.Figure
        Their figure.
    lines_ : list of matplotlib.lines.Line2D
        The coefficients with a name, largest first.
    others_ : matplotlib.collections.LineCollection
        All other coefficients.
    chosen_ : list of matplotlib.lines.Line2D
        The marks of the value that was chosen.
    texts_ : list of matplotlib.text.Annotation
        The names.

    See Also
    --------
    CoefficientDisplay : The coefficients at one strength, with intervals.

    Notes
    -----
    The side on which coefficients are free is on the right, where the names are: an ``alpha`` falls to the right, a
    ``C`` or a prior's scale rises. Named are the coefficients that are largest at the value chosen, or at the right end
    if none was.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from skbayes.linear_model import MAPRegressor
    >>> from skbayes.plots import PathDisplay
    >>> from skbayes.priors import Normal
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> display = PathDisplay.from_estimator(
    ...     MAPRegressor(prior=Normal()),
    ...     X,
    ...     y,
    ...     parameter="prior__scale",
    ...     values=np.geomspace(1, 1000, 20),
    ... )
    >>> [line.get_label() for line in display.lines_[:3]]
    ['s5', 's1', 'bmi']
    """

    def __init__(
        self,
        *,
        values: ArrayLike,
        coefs: ArrayLike,
        features: Sequence[str],
        parameter: str = "alpha",
        chosen: float | None = None,
        curve: Mapping[str, Any] | None = None,
    ) -> None:
        self.values = values
        self.coefs = coefs
        self.features = features
        self.parameter = parameter
        self.chosen = chosen
        self.curve = curve

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        parameter: str | None = None,
        values: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        output: int = 0,
        curve: bool = True,
        ax: Any = None,
        line_kw: Style = None,
        other_kw: Style = None,
    ) -> Self:
        """Fit a model for each strength, and draw.

        Parameters
        ----------
        estimator : estimator
            A fitted model that chose its strength (`MAPLassoCV`, `MAPElasticNetCV`, `MAPRidgeCV`,
            `MAPRidgeClassifierCV`, `MAPLogisticRegressionCV`), or any linear model or pipeline that ends with one.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target.
        parameter : str, default=None
            What changes, such as ``"alpha"`` or ``"prior__scale"``; None: what the model chose.
        values : array-like of shape (n_values,), default=None
            Its values; None: those that the model chose from.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        output : int, default=0
            Which row of coefficients, where there is one for each class or target.
        curve : bool, default=True
            Whether the cross-validation is shown below, where there was one.
        ax : matplotlib.axes.Axes or array of two, default=None
            Where to draw; one is divided if there is a curve. None: a new figure.
        line_kw : dict, default=None
            Properties of the lines with names, of `matplotlib.lines.Line2D`.
        other_kw : dict, default=None
            Properties of the others, of `matplotlib.collections.LineCollection`.

        Returns
        -------
        display : PathDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If a model that chooses its strength is not fitted.
        ValueError
            If there is no `parameter` or no `values` for a model that does not choose, or the output does not exist.
        """
        data = path_data(
            estimator,
            X,
            y,
            parameter=parameter,
            values=values,
            sample_weight=sample_weight,
            output=output,
            curve=curve,
        )
        return cls(**data).plot(ax, line_kw=line_kw, other_kw=other_kw)

    @classmethod
    def from_path(
        cls,
        values: ArrayLike,
        coefs: ArrayLike,
        *,
        features: Sequence[str] | None = None,
        parameter: str = "alpha",
        chosen: float | None = None,
        ax: Any = None,
        line_kw: Style = None,
        other_kw: Style = None,
    ) -> Self:
        """Draw a path that was computed, as by `lasso_path` and `enet_path`.

        Parameters
        ----------
        values : array-like of shape (n_values,)
            Strengths.
        coefs : array-like of shape (n_features, n_values)
            Coefficients, as those functions return them.
        features : sequence of str, default=None
            Names of the coefficients; None: x0, x1, ...
        parameter : str, default="alpha"
            What the strength is called.
        chosen : float or None, default=None
            A strength to mark.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        line_kw : dict, default=None
            Properties of the lines with names, of `matplotlib.lines.Line2D`.
        other_kw : dict, default=None
            Properties of the others, of `matplotlib.collections.LineCollection`.

        Returns
        -------
        display : PathDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the shapes do not go together.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skbayes.linear_model import lasso_path
        >>> from skbayes.plots import PathDisplay
        >>> X, y = load_diabetes(return_X_y=True)
        >>> alphas, coefs, _ = lasso_path(X, y - y.mean())
        >>> PathDisplay.from_path(alphas, coefs).coefs.shape
        (100, 10)
        """
        strengths, table = np.ravel(values).astype(np.float64), np.asarray(coefs, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != strengths.size:
            raise ValueError(
                f"coefs needs shape (n_features, n_values) with {strengths.size} values; got shape {table.shape}. Give"
                f" what lasso_path returns, of one target."
            )
        names = [f"x{j}" for j in range(len(table))] if features is None else [*map(str, features)]
        if len(names) != len(table):
            raise ValueError(
                f"features needs a name for each of {len(table)} coefficients; got {len(names)}. Give as many."
            )
        order = np.argsort(strengths)
        display = cls(
            values=strengths[order],
            coefs=table.T[order],
            features=names,
            parameter=parameter,
            chosen=chosen,
        )
        return display.plot(ax, line_kw=line_kw, other_kw=other_kw)

    def plot(self, ax: Any = None, *, line_kw: Style = None, other_kw: Style = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of two, default=None
            Where to draw; one is divided if there is a curve. None: a new figure.
        line_kw : dict, default=None
            Properties of the lines with names, of `matplotlib.lines.Line2D`.
        other_kw : dict, default=None
            Properties of the others, of `matplotlib.collections.LineCollection`.

        Returns
        -------
        display : PathDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If as many axes as panels are not given.
        """
        heights = (1.0,) if self.curve is None else (3.0, 1.2)
        self.ax_, *below = panels(ax, "PathDisplay", heights)
        self.curve_ax_ = below[0] if below else None
        self.figure_ = self.ax_.figure
        values = np.asarray(self.values, dtype=np.float64)
        coefs = np.asarray(self.coefs, dtype=np.float64)
        self._set_axis(values, coefs)
        self._draw_lines(values, coefs, line_kw, other_kw)
        write_counts(self.ax_, values, coefs)
        if self.curve is not None:
            self._draw_curve(self.curve)
        last = self.curve_ax_ or self.ax_
        name = literal(shortened(self.parameter, 40))
        self.chosen_: list[Any] = []
        if self.chosen is not None:
            name += f"   (dashed: {self.chosen:.3g}, the one chosen)"
            self.chosen_ = [
                panel.axvline(self.chosen, color="0.25", linestyle="--", linewidth=1.0, zorder=1)
                for panel in (self.ax_, *below)
            ]
        last.set_xlabel(name)
        self.ax_.set_ylabel("coefficient")
        # A power of ten above the axis would be where the counts are.
        self.ax_.yaxis.set_major_formatter("{x:.4g}")
        give_way(self.ax_)
        return self

    def _set_axis(self, values: Array, coefs: Array) -> None:
        """Set scale and direction of the horizontal axis."""
        shown = [panel for panel in (self.ax_, self.curve_ax_) if panel is not None]
        is_log = bool(np.all(values > 0.0)) and values.max() > values.min()
        size = np.abs(coefs).sum(axis=1)
        low, high = float(values.min()), float(values.max())
        if high == low:
            low, high = low - 0.5, high + 0.5
        for panel in shown:
            panel.set_xscale("log" if is_log else "linear")
            panel.set_xlim((high, low) if size[0] > size[-1] else (low, high))
            panel.spines[["top", "right"]].set_visible(False)
            if values.size == 1:
                panel.set_xticks(values, [f"{values[0]:.3g}"])
        if len(shown) > 1:
            self.ax_.tick_params(labelbottom=False)
        self._weak = 0 if size[0] > size[-1] else -1

    def _draw_lines(self, values: Array, coefs: Array, line_kw: Style, other_kw: Style) -> None:
        from matplotlib.collections import LineCollection
        from matplotlib.lines import Line2D

        at = self._weak
        if self.chosen is not None:
            at = int(np.argmin(np.abs(values - self.chosen)))
        # Equally large at the value chosen, as where all are zero: by the free end.
        order = np.lexsort((-np.abs(coefs[self._weak]), -np.abs(coefs[at])))
        named, others = order[:_NAMED], order[_NAMED:]
        style = styled(LineCollection, {"color": "0.75", "linewidth": 0.7}, other_kw)
        segments = [np.column_stack([values, coefs[:, j]]) for j in others]
        self.others_ = self.ax_.add_collection(LineCollection(segments, **style))
        self.ax_.axhline(0.0, color="0.6", linewidth=0.8, zorder=0)
        self.lines_: list[Any] = []
        for k, j in enumerate(named):
            style = {"color": SERIES[k % len(SERIES)][0], "linestyle": LINE_STYLES[k % 4]}
            style |= {"linewidth": 1.6, "marker": "o" if values.size == 1 else None}
            (line,) = self.ax_.plot(values, coefs[:, j], **styled(Line2D, style, line_kw))
            line.set_label(self.features[j])
            self.lines_.append(line)
        self.ax_.margins(y=0.05)
        self.ax_.autoscale_view(scalex=False)
        if self.chosen is not None:
            self._look_at(coefs[: at + 1] if self._weak == -1 else coefs[at:])
        self._write_names(coefs[self._weak, named])

    def _look_at(self, coefs: Array) -> None:
        """Leave out of sight what coefficients do far beyond the strength that was chosen."""
        most = _IN_SIGHT * float(np.abs(coefs).max(initial=0.0))
        low, high = self.ax_.get_ylim()
        if most > 0.0:
            self.ax_.set_ylim(max(low, -most), min(high, most))

    def _write_names(self, ends: Array) -> None:
        """Write names at the right, each at the end of its line, or as near as its neighbours let it."""
        height = _TEXT_HEIGHT if self.curve is None else _WITH_CURVE
        named = zip(self.lines_, ends, strict=True)
        self.texts_ = write_names(self.ax_, [(line, float(end)) for line, end in named], height)

    def _draw_curve(self, curve: Mapping[str, Any]) -> None:
        ax: Any = self.curve_ax_
        x, mean = np.asarray(curve["values"]), np.asarray(curve["mean"])
        order = np.argsort(x)
        if curve["error"] is not None:
            error = np.asarray(curve["error"])
            ends = (mean - error)[order], (mean + error)[order]
            ax.fill_between(x[order], *ends, color=COLOURS[0], alpha=0.2, linewidth=0.0)
        ax.plot(x[order], mean[order], color=COLOURS[0], linewidth=1.6)
        label = curve["label"].replace(" (", "\n(")
        ax.set_ylabel(literal(label), fontsize="small")
