"""What a search believes of the score, and where it will look next."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..space import ValueGrid
from ._panels import panel_grid, panels
from ._surrogate_data import surrogate_data
from ._surrogate_panels import draw_along_one, draw_over_two

__all__ = ["SurrogateDisplay"]

Floats = NDArray[np.float64]
Style = Mapping[str, Any] | None

# Heights of the panels of score and acquisition.
_HEIGHTS = (3.0, 1.3)
# Inches of a panel over two parameters.
_WIDTH, _HEIGHT = 3.4, 4.4


class SurrogateDisplay:
    """The surrogate of a search along one parameter or over two, with what was tried and where it looks next.

    Make it with `from_estimator` or `from_history`; the constructor takes what `surrogate_data` computes.

    Parameters
    ----------
    grids : sequence of ValueGrid
        The values of the parameter, or of the two.
    mean : ndarray of shape (n_values,) or (n_values, n_values_of_second)
        Posterior mean of the score, nan where the space has no such point.
    std : ndarray of the same shape
        Posterior standard deviation.
    intervals : dict of float to (ndarray, ndarray)
        Quantiles of the posterior by the probability between them.
    acquisition : ndarray of the same shape or None
        How much the search wants to look there; None for one that has no value of a point by itself.
    acquisition_name : str
        What it is called.
    observed : sequence of tuple
        Values of the parameters in each trial that has them.
    scores : ndarray of shape (n_trials,)
        Their scores; nan where there is none.
    statuses : sequence of str
        How they ended, of `skbayes.optimizer.STATUSES`.
    is_here : ndarray of bool, shape (n_trials,)
        Whether the other parameters have the values looked at.
    next_params : dict or None
        What the search asks for next.
    next_acquisition : float
        The acquisition there; nan if there is none.
    is_opening : bool
        Whether it comes from the initial design.
    at : dict
        Values of the other parameters.
    score_name : str, default="score"
        For the axis.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes
        The panels: score and acquisition, or mean, standard deviation and acquisition; after `plot`.
    figure_ : matplotlib.figure.Figure
        Their figure.
    line_ : matplotlib.lines.Line2D
        The mean along one parameter.
    bands_ : list of matplotlib.collections.Collection
        Around it, the widest first.
    acquisition_line_ : matplotlib.lines.Line2D or None
        The acquisition along one parameter.
    surfaces_ : list of matplotlib.contour.QuadContourSet or matplotlib.collections.QuadMesh
        Mean, standard deviation and acquisition over two parameters.
    tried_ : list of matplotlib.collections.PathCollection
        The trials with a score.
    without_score_ : dict of str to matplotlib.collections.PathCollection
        The others by their status.
    next_ : list of matplotlib.artist.Artist
        What marks the next point.

    See Also
    --------
    surrogate_data : The numbers behind it.
    PartialDependenceDisplay : The average over the other parameters instead of a cut through them.

    Notes
    -----
    With more parameters than are shown the picture is a cut through the space, at the values that it names. A trial,
    or the next point, whose other parameters have other values is off this cut: its score need not be near the line,
    and the acquisition there not on it. Trials without a score are marked at the bottom, or where they are.

    Examples
    --------
    >>> from skbayes.optimizer import Optimizer
    >>> from skbayes.plots import SurrogateDisplay
    >>> optimizer = Optimizer({"x": (0.0, 6.0)}, random_state=0)
    >>> for x in (0.0, 1.0, 3.0, 4.0, 5.0, 6.0):
    ...     optimizer.tell({"x": x}, score=-((x - 2.0) ** 2))
    >>> display = SurrogateDisplay.from_estimator(optimizer)
    >>> best = display.mean.argmax()
    >>> abs(display.grids[0].values[best] - 2.0) < 0.1
    True
    """

    def __init__(
        self,
        *,
        grids: Sequence[ValueGrid],
        mean: Floats,
        std: Floats,
        intervals: Mapping[float, tuple[Floats, Floats]],
        acquisition: Floats | None,
        acquisition_name: str,
        observed: Sequence[tuple[Any, ...]],
        scores: Floats,
        statuses: Sequence[str],
        is_here: NDArray[np.bool_],
        next_params: Mapping[str, Any] | None,
        next_acquisition: float,
        is_opening: bool,
        at: Mapping[str, Any],
        score_name: str = "score",
    ) -> None:
        self.grids = grids
        self.mean = mean
        self.std = std
        self.intervals = intervals
        self.acquisition = acquisition
        self.acquisition_name = acquisition_name
        self.observed = observed
        self.scores = scores
        self.statuses = statuses
        self.is_here = is_here
        self.next_params = next_params
        self.next_acquisition = next_acquisition
        self.is_opening = is_opening
        self.at = at
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        parameters: str | Sequence[str] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        metric: str | None = None,
        score_name: str | None = None,
        n_values: int | None = None,
        random_state: Any = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw for a finished search, or for an optimizer.

        Parameters
        ----------
        search : fitted search or Optimizer
            Of ours or of scikit-learn. An optimizer is not changed.
        parameters : str or sequence of str, default=None
            The parameter, or the two, along which to look; None: all if there are no more than two, otherwise the two
            that matter most.
        at : dict, default=None
            Values of the other parameters; those not named are as in the best trial.
        metric : str, default=None
            Another metric than the one searched for, with ``"-"`` before it if smaller is better.
        score_name : str, default=None
            What to call the score; None: by the metric.
        n_values : int, default=None
            How many values of a range of numbers; None: 200 along one parameter and 41 along each of two.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=0
            Seed of the model, where it is not that of an optimizer.
        ax : matplotlib.axes.Axes or array of them, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Arguments of `plot`.

        Returns
        -------
        display : SurrogateDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the search has not been fitted.
        TypeError, ValueError
            As for `surrogate_data` and `plot`.
        """
        data = surrogate_data(
            search,
            parameters,
            at=at,
            metric=metric,
            score_name=score_name,
            n_values=n_values,
            random_state=random_state,
        )
        return cls(**data).plot(ax=ax, **kwargs)

    @classmethod
    def from_history(
        cls,
        history: Any,
        parameters: str | Sequence[str] | None = None,
        *,
        space: Any = None,
        surrogate: Any = None,
        acquisition: Any = None,
        at: Mapping[str, Any] | None = None,
        metric: str | None = None,
        score_name: str | None = None,
        n_values: int | None = None,
        random_state: Any = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw for a history of trials.

        Parameters
        ----------
        history : History, iterable of Trial, or path-like
            A path is that of a journal or of an exported history.
        parameters : str or sequence of str, default=None
            As for `from_estimator`.
        space : dict, list of dict, list of Dimension, or Space, default=None
            The design space, in any notation; None: what the trials span.
        surrogate, acquisition : str or object, default=None
            As for `skbayes.optimizer.Optimizer`; None: its defaults.
        at : dict, default=None
            As for `from_estimator`.
        metric : str, default=None
            As for `from_estimator`.
        score_name : str, default=None
            What to call the score; None: by the metric.
        n_values : int, default=None
            As for `from_estimator`.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=0
            Seed of the model.
        ax : matplotlib.axes.Axes or array of them, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Arguments of `plot`.

        Returns
        -------
        display : SurrogateDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for `surrogate_data` and `plot`.
        """
        data = surrogate_data(
            history,
            parameters,
            at=at,
            space=space,
            metric=metric,
            score_name=score_name,
            surrogate=surrogate,
            acquisition=acquisition,
            n_values=n_values,
            random_state=random_state,
        )
        return cls(**data).plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        line_kw: Style = None,
        band_kw: Style = None,
        acquisition_kw: Style = None,
        contour_kw: Style = None,
        scatter_kw: Style = None,
        next_kw: Style = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of them, default=None
            Where to draw; one is divided, of an array there must be as many as panels. None: a new figure.
        line_kw : dict, default=None
            Properties of `line_`, a ``matplotlib.lines.Line2D``.
        band_kw : dict, default=None
            Properties of `bands_`.
        acquisition_kw : dict, default=None
            Properties of `acquisition_line_`, a ``matplotlib.lines.Line2D``.
        contour_kw : dict, default=None
            Properties of `surfaces_`, arguments of ``matplotlib.axes.Axes.contourf`` or ``pcolormesh``.
        scatter_kw : dict, default=None
            Properties of `tried_` and `without_score_`, of ``matplotlib.collections.PathCollection``.
        next_kw : dict, default=None
            Properties of the star at the next point, of ``matplotlib.collections.PathCollection``.

        Returns
        -------
        display : SurrogateDisplay
            Itself, with ``axes_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If as many axes as panels are not given.
        """
        styles = {
            "line_kw": line_kw,
            "band_kw": band_kw,
            "acquisition_kw": acquisition_kw,
            "contour_kw": contour_kw,
            "scatter_kw": scatter_kw,
            "next_kw": next_kw,
        }
        has_acquisition = self.acquisition is not None
        if len(self.grids) == 1:
            heights = _HEIGHTS if has_acquisition else _HEIGHTS[:1]
            axes = panels(ax, "SurrogateDisplay", heights)
            drawn = draw_along_one(self, axes, styles)
        else:
            n = 3 if has_acquisition else 2
            axes = panel_grid(ax, "SurrogateDisplay", n, n, (_WIDTH * n, _HEIGHT))
            drawn = draw_over_two(self, ax, axes, styles)
        self.axes_, self.figure_ = np.array(axes, dtype=object), axes[0].figure
        self.line_: Any = drawn["line_"]
        self.bands_: list[Any] = drawn["bands_"]
        self.acquisition_line_: Any = drawn["acquisition_line_"]
        self.surfaces_: list[Any] = drawn["surfaces_"]
        self.tried_: list[Any] = drawn["tried_"]
        self.without_score_: dict[str, Any] = drawn["without_score_"]
        self.next_: list[Any] = drawn["next_"]
        return self
