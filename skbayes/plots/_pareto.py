"""What can be had at what price: the candidates of a search by two or three objectives, and their front."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..optimizer import TIMES
from ._pareto_data import pareto_data
from ._pareto_pair import candidates_of, draw_pair
from ._pareto_panels import panels_beside, write_legend

__all__ = ["ParetoDisplay"]


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
    posterior_mean, posterior_lower, posterior_upper : array-like of shape (n_candidates, n_objectives), default=None
        What the search's models believe of the objectives without noise: the middle and the ends of 95 %; None or
        nan: unknown.

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
    errors_ : list of matplotlib.container.ErrorbarContainer
        In each panel the error bars; empty if there are none.
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
        posterior_mean: ArrayLike | None = None,
        posterior_lower: ArrayLike | None = None,
        posterior_upper: ArrayLike | None = None,
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
        self.posterior_mean = posterior_mean
        self.posterior_lower = posterior_lower
        self.posterior_upper = posterior_upper

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        objectives: Sequence[str] | None = None,
        *,
        reference: Mapping[str, float] | Sequence[float] | None = None,
        metric_constraints: Mapping[str, str] | None = None,
        log_scale: Iterable[str] = TIMES,
        posterior: bool = True,
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
        posterior : bool, default=True
            Whether to ask the search's own models; see `pareto_data`.
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
            posterior=posterior,
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
        error_bars: bool | str | None = None,
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
        error_bars : {"posterior", "folds"}, bool or None, default=None
            What the error bars of the front are. ``"posterior"``: 95 % of what the search's models believe, given all
            candidates; they cross where the objectives are believed to be, a dotted line away from where they were
            observed. ``"folds"`` or True: a standard deviation over the folds to either side. False: there are none.
            None: the posterior, where it is known. Bars may go beyond the axes.
        front_kw : dict, default=None
            Properties of `fronts_`, ``matplotlib.lines.Line2D``.
        step_kw : dict, default=None
            Properties of `steps_`.
        dominated_kw : dict, default=None
            Properties of `dominated_`.
        infeasible_kw : dict, default=None
            Properties of `infeasible_`.
        error_kw : dict, default=None
            Arguments of ``matplotlib.axes.Axes.errorbar``, for `errors_`.

        Returns
        -------
        display : ParetoDisplay
            Itself, with ``axes_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are not as many axes as panels, or `error_bars` is none of these.
        """
        candidates = candidates_of(self, error_bars)
        pairs = list(combinations(range(len(self.objectives)), 2))
        self.axes_ = panels_beside(ax, len(pairs))
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        styles = {
            "front": front_kw,
            "step": step_kw,
            "dominated": dominated_kw,
            "infeasible": infeasible_kw,
            "errors": error_kw,
        }
        drawn = [
            draw_pair(panel, self, candidates, pair, numbers, styles)
            for panel, pair in zip(self.axes_, pairs, strict=True)
        ]
        self.fronts_: list[Any] = [each["front"] for each in drawn]
        self.steps_: list[Any] = [each["step"] for each in drawn]
        self.dominated_: list[Any] = [each["dominated"] for each in drawn]
        self.infeasible_: list[Any] = [each["infeasible"] for each in drawn if "infeasible" in each]
        self.errors_: list[Any] = [each["errors"] for each in drawn if "errors" in each]
        self.texts_: list[Any] = [text for each in drawn for text in each["texts"]]
        n_lacking = int((~np.isfinite(candidates.values).all(axis=1)).sum())
        write_legend(ax, list(self.axes_), n_lacking)
        return self
