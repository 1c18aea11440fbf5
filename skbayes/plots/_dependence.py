"""The mean score at each value of a parameter, over all values of the others."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..optimizer import PartialDependence
from ..space import ValueGrid
from ._dependence_data import partial_dependence_data
from ._legend import bar_above, legend_of_panels
from ._matplotlib import styled
from ._panels import panel_grid
from ._parameter_scale import is_line, name_text, places, set_scale
from ._surrogate_view import draw_believed, draw_surface, shown_range
from ._text import literal, shortened
from ._widths import width_of

__all__ = ["PartialDependenceDisplay"]

Floats = NDArray[np.float64]
Style = Mapping[str, Any] | None

# Panels in a row, and inches of each; one alone is as large as any picture.
_IN_A_ROW = 3
_PANEL, _ALONE = (2.9, 2.5), (7.0, 4.5)
# Standard deviations on either side that hold 95 % of a normal distribution.
_TWO_SIDED_95 = 1.96
# Letters of a name under a panel.
_NAME_LENGTH = 26
# Ticks of the values tried are so high, in parts of the panel; of many, fainter.
_RUG, _N_OPAQUE = 0.035, 40
# Those of one choice are so far apart, and together at most so wide, in distances of two choices.
_STEP, _SPREAD = 0.04, 0.7


class PartialDependenceDisplay:
    """The mean score over the values of each parameter, with what is uncertain about it.

    Make it with `from_estimator` or `from_history`; the constructor takes what `partial_dependence_data` computes.

    Parameters
    ----------
    dependences : sequence of PartialDependence
        One for each panel, of one parameter or of two.
    tried : sequence of sequence of tuple
        For each panel the values of its parameters in the trials.
    score_name : str, default="score"
        For the axis.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes
        The panels; after `plot`.
    figure_ : matplotlib.figure.Figure
        Their figure.
    lines_ : list of matplotlib.lines.Line2D or None
        The mean in each panel of one parameter; None for one of two.
    bands_ : list of matplotlib.collections.Collection or None
        Around it, 95 % of the posterior.
    surfaces_ : list of matplotlib.contour.QuadContourSet, matplotlib.collections.QuadMesh or None
        The panels of two parameters; None for one of one.
    tried_ : list of matplotlib.artist.Artist
        The values tried, in each panel.

    See Also
    --------
    partial_dependence_data : The numbers behind it.
    SurrogateDisplay : A cut through the space instead of the average over it.

    Examples
    --------
    >>> from skbayes.optimizer import Trial
    >>> from skbayes.plots import PartialDependenceDisplay
    >>> trials = [Trial(k, {"x": 0.1 * k, "y": k % 3}, 0.1 * k) for k in range(12)]
    >>> display = PartialDependenceDisplay.from_history(trials, n_values=5)
    >>> [axes.get_xlabel() for axes in display.axes_]
    ['x', 'y']
    """

    def __init__(
        self,
        *,
        dependences: Sequence[PartialDependence],
        tried: Sequence[Sequence[tuple[Any, ...]]],
        score_name: str = "score",
    ) -> None:
        self.dependences = dependences
        self.tried = tried
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        parameters: Sequence[str | tuple[str, str]] | None = None,
        *,
        space: Any = None,
        surrogate: Any = None,
        metric: str | None = None,
        score_name: str | None = None,
        n_values: int = 25,
        n_points: int = 256,
        n_functions: int = 64,
        random_state: Any = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw for a finished search.

        Parameters
        ----------
        search : fitted search or Optimizer
            Of ours or of scikit-learn.
        parameters : sequence of str or of pairs of them, default=None
            A panel for each; None: for each parameter by itself.
        space : dict, list of dict, list of Dimension, or Space, default=None
            The design space, in any notation; None: that of the search.
        surrogate : str or Surrogate, default=None
            As for `skbayes.optimizer.partial_dependence`; None: that of the search.
        metric : str, default=None
            Another metric than the one searched for, with ``"-"`` before it if smaller is better.
        score_name : str, default=None
            What to call the score; None: by the metric.
        n_values : int, default=25
            How many values of a range of numbers, at least 2.
        n_points : int, default=256
            How many points each average is over; positive.
        n_functions : int, default=64
            How many functions to draw from the posterior; positive.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=0
            Seed.
        ax : matplotlib.axes.Axes or array of them, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Arguments of `plot`.

        Returns
        -------
        display : PartialDependenceDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the search has not been fitted.
        TypeError, ValueError
            As for `partial_dependence_data` and `plot`.
        """
        data = partial_dependence_data(
            search,
            parameters,
            space=space,
            surrogate=surrogate,
            metric=metric,
            score_name=score_name,
            n_values=n_values,
            n_points=n_points,
            n_functions=n_functions,
            random_state=random_state,
        )
        return cls(**data).plot(ax=ax, **kwargs)

    @classmethod
    def from_history(
        cls,
        history: Any,
        parameters: Sequence[str | tuple[str, str]] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw for a history of trials.

        Parameters
        ----------
        history : History, iterable of Trial, or path-like
            A path is that of a journal or of an exported history.
        parameters : sequence of str or of pairs of them, default=None
            A panel for each; None: for each parameter by itself.
        **kwargs : dict
            Further arguments of `from_estimator`. With ``space=None`` the space is what the trials span.

        Returns
        -------
        display : PartialDependenceDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for `partial_dependence_data` and `plot`.
        """
        return cls.from_estimator(history, parameters, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        shows: str = "mean",
        n_columns: int = _IN_A_ROW,
        line_kw: Style = None,
        band_kw: Style = None,
        contour_kw: Style = None,
        tried_kw: Style = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of them, default=None
            Where to draw; one is divided, of an array there must be as many as panels. None: a new figure.
        shows : {"mean", "std"}, default="mean"
            What the colours of a panel of two parameters are: the mean, or how uncertain it is.
        n_columns : int, default=3
            How many panels are in a row; positive.
        line_kw : dict, default=None
            Properties of `lines_`, each a ``matplotlib.lines.Line2D``.
        band_kw : dict, default=None
            Properties of `bands_`.
        contour_kw : dict, default=None
            Properties of `surfaces_`, arguments of ``matplotlib.axes.Axes.contourf`` or ``pcolormesh``.
        tried_kw : dict, default=None
            Properties of `tried_`, of ``matplotlib.collections.LineCollection`` or ``PathCollection``.

        Returns
        -------
        display : PartialDependenceDisplay
            Itself, with ``axes_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If as many axes as panels are not given, or `shows` or `n_columns` cannot be.
        """
        if shows not in ("mean", "std"):
            raise ValueError(f"shows={shows!r} is not known. Choose 'mean' or 'std'.")
        if n_columns < 1:
            raise ValueError(f"n_columns must be positive; got {n_columns}. Give 1 or more.")
        n = len(self.dependences)
        n_columns = min(n_columns, n)
        n_rows = -(-n // n_columns)
        size = _ALONE if n == 1 else (max(7.0, _PANEL[0] * n_columns), _PANEL[1] * n_rows + 0.4)
        axes = panel_grid(ax, "PartialDependenceDisplay", n, n_columns, size)
        self.axes_, self.figure_ = np.array(axes, dtype=object), axes[0].figure
        self.lines_: list[Any] = []
        self.bands_: list[Any] = []
        self.surfaces_: list[Any] = []
        self.tried_: list[Any] = []
        for panel, each, tried in zip(axes, self.dependences, self.tried, strict=True):
            if len(each.grids) == 1:
                self._draw_one(panel, each, tried, line_kw, band_kw, tried_kw)
            else:
                self._draw_two(panel, each, tried, shows, contour_kw, tried_kw)
        ones = [k for k, each in enumerate(self.dependences) if len(each.grids) == 1]
        if ones:
            self._share_heights(axes, ones, n_columns)
            legend_of_panels(ax, axes, axes[ones[0]].get_legend_handles_labels()[0])
        return self

    def _draw_one(
        self,
        ax: Any,
        each: PartialDependence,
        tried: Sequence[tuple[Any, ...]],
        line_kw: Style,
        band_kw: Style,
        tried_kw: Style,
    ) -> None:
        from matplotlib.collections import LineCollection

        grid = each.grids[0]
        half = _TWO_SIDED_95 * each.std
        interval = {0.95: (each.mean - half, each.mean + half)}
        line, bands = draw_believed(
            ax, grid, each.mean, interval, line_kw, band_kw, "average over the others"
        )
        x = _beside_each_other(grid, places(grid, [values[0] for values in tried]))
        style = {"color": "black", "linewidth": 0.8, "zorder": 4.0, "label": "tried"}
        style["alpha"] = max(0.15, min(1.0, (_N_OPAQUE / max(len(x), 1)) ** 0.5))
        style = styled(LineCollection, style, tried_kw)
        rug = ax.vlines(x, 0.0, _RUG, transform=ax.get_xaxis_transform(), **style)
        set_scale(ax.xaxis, grid, width_of(ax))
        ax.set_xlabel(name_text(grid, _NAME_LENGTH))
        ax.spines[["top", "right"]].set_visible(False)
        self.lines_.append(line)
        self.bands_ += bands
        self.surfaces_.append(None)
        self.tried_.append(rug)

    def _draw_two(
        self,
        ax: Any,
        each: PartialDependence,
        tried: Sequence[tuple[Any, ...]],
        shows: str,
        contour_kw: Style,
        tried_kw: Style,
    ) -> None:
        from matplotlib.collections import PathCollection

        first, second = each.grids
        values, cmap = (each.mean, "viridis") if shows == "mean" else (each.std, "cividis")
        surface = draw_surface(ax, (first, second), values, cmap, contour_kw)
        bar_above(ax, surface, literal(f"{shows} of {shortened(self.score_name, 36)}"))
        x, y = (places(grid, [point[k] for point in tried]) for k, grid in enumerate(each.grids))
        style = {"s": 14.0 if len(x) <= _N_OPAQUE else 6.0, "color": "white", "label": "tried"}
        style |= {"edgecolors": "black", "linewidths": 0.6}
        points = ax.scatter(x, y, **styled(PathCollection, style, tried_kw))
        is_filled = not (is_line(first) and is_line(second))
        set_scale(ax.xaxis, first, width_of(ax), is_filled=is_filled)
        set_scale(ax.yaxis, second, width_of(ax), is_filled=is_filled)
        ax.set_facecolor("0.9")  # where the space has no point
        ax.set_xlabel(name_text(first, _NAME_LENGTH))
        ax.set_ylabel(name_text(second, _NAME_LENGTH))
        self.lines_.append(None)
        self.bands_.append(None)
        self.surfaces_.append(surface)
        self.tried_.append(points)

    def _share_heights(self, axes: Sequence[Any], ones: list[int], n_columns: int) -> None:
        """Give the panels of one parameter the same heights: what varies less is to look so."""
        ends = []
        for k in ones:
            half = _TWO_SIDED_95 * self.dependences[k].std
            ends += [self.dependences[k].mean - half, self.dependences[k].mean + half]
        limits = shown_range(ends, np.empty(0))
        for k in ones:
            axes[k].set_ylim(*limits)
            if k % n_columns == 0 or k - 1 not in ones:
                axes[k].set_ylabel(literal(shortened(self.score_name, _NAME_LENGTH)))
            else:
                axes[k].tick_params(labelleft=False)


def _beside_each_other(grid: ValueGrid, x: Floats) -> Floats:
    """Places of the ticks of values tried: where there are few values, those of one beside each other."""
    x = np.sort(x[np.isfinite(x)])
    if is_line(grid) or grid.scale == "log" or len(grid.values) == 1:
        return x
    _, first, counts = np.unique(x, return_index=True, return_counts=True)
    step = float(np.diff(places(grid, grid.values)).min())
    rank = np.arange(len(x)) - np.repeat(first, counts)
    n = np.repeat(counts, counts)
    return x + step * np.minimum(_STEP, _SPREAD / n) * (rank - 0.5 * (n - 1))
