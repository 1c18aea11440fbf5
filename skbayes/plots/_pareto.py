"""What can be had at what price: the candidates of a search by two or three objectives, and their front."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..optimizer import TIMES
from ._matplotlib import COLOURS, styled
from ._pareto_data import pareto_data
from ._pareto_panels import (
    draw_bounds,
    draw_errors,
    draw_reference,
    panels_beside,
    set_axes,
    write_legend,
    write_numbers,
)
from ._pareto_view import Axis, View, view_of

__all__ = ["ParetoDisplay"]

Floats = NDArray[np.float64]

# The numbers of more candidates than these cover each other.
_MOST_NUMBERED = 12
# The points of a longer front are smaller.
_MOST_LARGE = 40
# Of dominated points so many are drawn opaque; the ink of more is kept the same.
_N_OPAQUE, _FAINTEST = 200, 0.3


class ParetoDisplay:
    """Candidates by two or three objectives, with the front of those that no other one dominates.

    Make it with `from_estimator`, `from_cv_results` or `from_history`; the constructor takes what `pareto_data`
    computes.

    Parameters
    ----------
    objectives : sequence of str
        Two or three names, with ``"-"`` before one of which smaller is better.
    labels : sequence of str
        Names of the axes, with units.
    values : array-like of shape (n_candidates, n_objectives)
        In the objectives' own signs and units; nan for a candidate without all of them.
    is_on_front : array-like of bool, shape (n_candidates,)
        Whether no other candidate that counts is as good in all objectives and better in one.
    is_feasible : array-like of bool, shape (n_candidates,), default=None
        Whether a candidate keeps to the constraints; None: all do.
    stds : array-like of shape (n_candidates, n_objectives), default=None
        Standard deviations over the folds; None or nan: unknown.
    is_log : sequence of bool, default=None
        Which axes are logarithmic; None: none.
    reference : array-like of shape (n_objectives,), default=None
        The worst values that count; None or nan: not given.
    hypervolume : float, default=nan
        The volume between the reference and the front.
    bounds : sequence of (int, float), default=()
        Constraints on objectives: which one, and its bound.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The first panel; after `plot`.
    axes_ : ndarray of matplotlib.axes.Axes, shape (n_panels,)
        One panel for two objectives, three for three: a pair in each.
    figure_ : matplotlib.figure.Figure
        Its figure.
    fronts_ : list of matplotlib.lines.Line2D
        In each panel the candidates of the front.
    steps_ : list of matplotlib.lines.Line2D
        In each panel the border of what its two objectives dominate.
    dominated_ : list of matplotlib.lines.Line2D
        In each panel the other candidates.
    infeasible_ : list of matplotlib.lines.Line2D
        In each panel those that miss a constraint; empty if none does.
    texts_ : list of matplotlib.text.Annotation
        Numbers of the candidates, where the front has few.

    See Also
    --------
    pareto_data : The numbers behind it.
    skbayes.model_selection.pareto_front : The front as a table, with the parameters.

    Examples
    --------
    >>> from skbayes.plots import ParetoDisplay
    >>> results = {
    ...     "params": [{"C": 0.1}, {"C": 1.0}, {"C": 10.0}],
    ...     "mean_test_score": [0.8, 0.9, 0.85],
    ...     "mean_fit_time": [0.1, 0.2, 0.3],
    ... }
    >>> display = ParetoDisplay.from_cv_results(results, ["score", "-fit_time"])
    >>> display.is_on_front.tolist(), display.fronts_[0].get_xydata().tolist()
    ([True, True, False], [[0.8, 0.1], [0.9, 0.2]])
    """

    def __init__(
        self,
        *,
        objectives: Sequence[str],
        labels: Sequence[str],
        values: ArrayLike,
        is_on_front: ArrayLike,
        is_feasible: ArrayLike | None = None,
        stds: ArrayLike | None = None,
        is_log: Sequence[bool] | None = None,
        reference: ArrayLike | None = None,
        hypervolume: float = np.nan,
        bounds: Sequence[tuple[int, float]] = (),
    ) -> None:
        self.objectives = objectives
        self.labels = labels
        self.values = values
        self.is_on_front = is_on_front
        self.is_feasible = is_feasible
        self.stds = stds
        self.is_log = is_log
        self.reference = reference
        self.hypervolume = hypervolume
        self.bounds = bounds

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        objectives: Sequence[str] | None = None,
        *,
        reference: Mapping[str, float] | Sequence[float] | None = None,
        metric_constraints: Mapping[str, str] | None = None,
        log_scale: Iterable[str] = TIMES,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw for a finished search.

        Parameters
        ----------
        search : fitted search or MultiObjectiveOptimizer
            Of ours or of scikit-learn.
        objectives : list of str, default=None
            Two or three names of metrics, ``"fit_time"`` and ``"score_time"``, each with ``"-"`` before it if smaller
            is better; None: those of the search.
        reference : dict, sequence of float or None, default=None
            The worst value of each objective that counts, in its own sign and unit.
        metric_constraints : dict, default=None
            Bounds of metrics, as ``{"fit_time": "<= 0.1"}``; None: those of the search, if it has any.
        log_scale : iterable of str, default=("fit_time", "score_time")
            Names of objectives that have logarithmic axes.
        ax : matplotlib.axes.Axes or array of Axes, default=None
            Where to draw, as for `plot`.
        **kwargs : dict
            Arguments of `plot`.

        Returns
        -------
        display : ParetoDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the search has not been fitted.
        TypeError, ValueError
            As for `pareto_data` and `plot`.
        """
        data = pareto_data(
            search,
            objectives,
            reference=reference,
            metric_constraints=metric_constraints,
            log_scale=log_scale,
        )
        return cls(**data).plot(ax=ax, **kwargs)

    @classmethod
    def from_cv_results(
        cls, results: Mapping[str, Any], objectives: Sequence[str], *, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Compute and draw for the table of any search.

        Parameters
        ----------
        results : dict
            `cv_results_`, scikit-learn's own too.
        objectives : list of str
            As for `from_estimator`.
        ax : matplotlib.axes.Axes or array of Axes, default=None
            Where to draw, as for `plot`.
        **kwargs : dict
            Further arguments of `from_estimator`.

        Returns
        -------
        display : ParetoDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for `pareto_data` and `plot`.
        """
        return cls.from_estimator(results, objectives, ax=ax, **kwargs)

    @classmethod
    def from_history(
        cls, history: Any, objectives: Sequence[str], *, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Compute and draw for a history of trials.

        Parameters
        ----------
        history : History, iterable of Trial, or path-like
            With `metrics`; a path is that of a journal or of an exported history.
        objectives : list of str
            As for `from_estimator`; ``"score"`` is the score of the trials.
        ax : matplotlib.axes.Axes or array of Axes, default=None
            Where to draw, as for `plot`.
        **kwargs : dict
            Further arguments of `from_estimator`.

        Returns
        -------
        display : ParetoDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for `pareto_data` and `plot`.
        """
        return cls.from_estimator(history, objectives, ax=ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        numbers: bool | None = None,
        error_bars: bool = False,
        front_kw: Mapping[str, Any] | None = None,
        step_kw: Mapping[str, Any] | None = None,
        dominated_kw: Mapping[str, Any] | None = None,
        infeasible_kw: Mapping[str, Any] | None = None,
        error_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of Axes, default=None
            Where to draw; None: a new figure. For three objectives one is divided into three, or give three.
        numbers : bool or None, default=None
            Whether the candidates of the front have their numbers (from 0, in the order of the search); None: if they
            are at most twelve.
        error_bars : bool, default=False
            Whether the front has error bars: a standard deviation over the folds to either side.
        front_kw : dict, default=None
            Properties of `fronts_`, ``matplotlib.lines.Line2D``.
        step_kw : dict, default=None
            Properties of `steps_`.
        dominated_kw : dict, default=None
            Properties of `dominated_`.
        infeasible_kw : dict, default=None
            Properties of `infeasible_`.
        error_kw : dict, default=None
            Arguments of ``matplotlib.axes.Axes.errorbar``.

        Returns
        -------
        display : ParetoDisplay
            Itself, with ``axes_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are not as many axes as panels.
        """
        m = len(self.objectives)
        pairs = list(combinations(range(m), 2))
        self.axes_, above = panels_beside(ax, len(pairs))
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.fronts_: list[Any] = []
        self.steps_: list[Any] = []
        self.dominated_: list[Any] = []
        self.infeasible_: list[Any] = []
        self.texts_: list[Any] = []
        styles = {
            "front": front_kw,
            "step": step_kw,
            "dominated": dominated_kw,
            "infeasible": infeasible_kw,
        }
        front = self._front()
        for panel, pair in zip(self.axes_, pairs, strict=True):
            view = self._view(pair)
            draw_bounds(panel, [(k == pair[0], bound) for k, bound in self.bounds if k in pair])
            self._draw_points(panel, view, styles)
            draw_reference(panel, view, float(self.hypervolume), is_whole=m == 2)
            if error_bars and self.stds is not None:
                stds = np.asarray(self.stds, dtype=float).reshape(-1, m)[:, list(pair)]
                draw_errors(panel, view.points[front], stds[front], error_kw)
            if numbers or (numbers is None and front.sum() <= _MOST_NUMBERED):
                self.texts_ += write_numbers(panel, view, np.flatnonzero(front))
            set_axes(panel, view)
        n_lacking = int((~np.isfinite(self._values()).all(axis=1)).sum())
        write_legend(self.axes_, above, n_lacking)
        return self

    def _view(self, pair: tuple[int, int]) -> View:
        m, rows = len(self.objectives), list(pair)
        is_log = [False] * m if self.is_log is None else self.is_log
        axis = [
            Axis(self.labels[k], self.objectives[k].startswith("-"), bool(is_log[k])) for k in pair
        ]
        reference = (
            np.full(m, np.nan)
            if self.reference is None
            else np.asarray(self.reference, dtype=float)
        )
        return view_of(
            (axis[0], axis[1]),
            self._values()[:, rows],
            self._counts(),
            self._front(),
            reference[rows],
        )

    def _values(self) -> Floats:
        return np.asarray(self.values, dtype=float).reshape(-1, len(self.objectives))

    def _front(self) -> NDArray[np.bool_]:
        return np.asarray(self.is_on_front, dtype=bool)

    def _counts(self) -> NDArray[np.bool_]:
        """Which candidates have values and keep to the constraints."""
        counts = np.isfinite(self._values()).all(axis=1)
        if self.is_feasible is not None:
            counts &= np.asarray(self.is_feasible, dtype=bool)
        return np.asarray(counts, dtype=bool)

    def _draw_points(self, panel: Any, view: View, styles: Mapping[str, Any]) -> None:
        from matplotlib.lines import Line2D

        is_known = np.isfinite(view.points).all(axis=1)
        front, counts = self._front(), self._counts()
        others, missing = counts & ~front, is_known & ~counts
        n_beyond = int((is_known & ~view.is_inside).sum())
        beyond = f", {n_beyond} beyond the axes" if n_beyond else ""
        dots = {"linestyle": "none", "marker": "o"}
        defaults = {
            "dominated": {
                **dots,
                "color": "#707070",
                "markersize": 4.0,
                "markeredgewidth": 0.0,
                "alpha": max(_FAINTEST, min(1.0, _N_OPAQUE / max(int(others.sum()), 1))),
                "label": f"dominated ({others.sum()}{beyond})",
            },
            "infeasible": {
                **dots,
                "marker": "D",
                "color": COLOURS[1],
                "markerfacecolor": "none",
                "markersize": 4.5,
                "label": f"misses a constraint ({missing.sum()})",
            },
            "step": {"color": COLOURS[0], "linewidth": 1.4, "linestyle": "-"},
            "front": {
                **dots,
                "color": COLOURS[0],
                "markersize": 7.0 if front.sum() <= _MOST_LARGE else 4.5,
                "label": f"front ({front.sum()})",
            },
        }
        if len(self.objectives) > 2:
            defaults["step"] |= {"linestyle": ":", "label": "front of the two alone"}

        def drawn(what: str, points: Floats, zorder: float) -> Any:
            style = styled(Line2D, {**defaults[what], "zorder": zorder}, styles[what])
            return panel.plot(points[:, 0], points[:, 1], **style)[0]

        self.dominated_.append(drawn("dominated", view.points[others], 2.0))
        if missing.any():
            self.infeasible_.append(drawn("infeasible", view.points[missing], 2.1))
        self.steps_.append(drawn("step", view.border, 2.2))
        self.fronts_.append(drawn("front", view.points[front], 2.4))
