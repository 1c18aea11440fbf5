"""How much each parameter matters to the score, as bars: what it does alone, and what it does with others."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..optimizer import Importances
from ._importance_data import importance_data
from ._importance_errors import draw_share_errors
from ._legend import legend_above
from ._matplotlib import COLOURS, axes, styled
from ._text import literal, short_names, shortened

__all__ = ["ImportanceDisplay"]

Floats = NDArray[np.float64]

# Half the height of a bar, in rows.
_HALF = 0.36
# The error bars of the two shares of a row lie beside each other.
_ASIDE = 0.15
# A name beside the bars takes at most so many letters, each name of a pair so many.
_NAME_LENGTH, _PAIR_LENGTH = 34, 17
# The name of the score takes at most so many.
_SCORE_LENGTH = 46
# A pair that explains less is not seen.
_SMALLEST = 0.005


class ImportanceDisplay:
    """Shares of the parameters in the variance of the score, with their uncertainty.

    Make it with `from_estimator`, `from_history` or `from_importances`; the constructor takes what `importance_data`
    computes.

    Parameters
    ----------
    names : sequence of str
        The parameters, the largest total first.
    first_order, total : array-like of shape (n_params,)
        Share of each parameter by itself, and with all terms in which it takes part; nan if the score does not vary.
    first_order_std, total_std : array-like of shape (n_params,)
        Their posterior standard deviations; nan where unknown.
    pair_names : sequence of (str, str), default=()
        Pairs of parameters, the largest first.
    pairs, pairs_std : array-like of shape (n_pairs,), default=()
        What each pair explains beyond its parameters by themselves, and its standard deviation.
    n_trials : int, default=0
        How many candidates it was computed from; 0: unknown.
    explained : float, default=nan
        Sum of the first order and of all pairs.
    score_name : str, default="score"
        Of what the variance is.
    unit : {"score", "latent"}, default="score"
        Whether of the score, or of it after the surrogate's output transform.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    bars_ : matplotlib.container.BarContainer
        First-order shares.
    interactions_ : matplotlib.container.BarContainer
        From the first order to the total.
    pair_bars_ : matplotlib.container.BarContainer or None
        Of the pairs; None if none is shown.
    errors_ : list of matplotlib.container.ErrorbarContainer
        One standard deviation to either side: of the first order, of the total, of the pairs.

    See Also
    --------
    importance_data : The numbers behind it.
    skbayes.optimizer.importances : How they are computed.
    PartialDependenceDisplay : In what way a parameter matters.

    Examples
    --------
    >>> from skbayes.optimizer import Importances
    >>> from skbayes.plots import ImportanceDisplay
    >>> shares, stds = {"C": 0.3, "gamma": 0.6}, {"C": 0.05, "gamma": 0.04}
    >>> display = ImportanceDisplay.from_importances(
    ...     Importances(
    ...         ("C", "gamma"), shares, stds, {("C", "gamma"): 0.1}, {("C", "gamma"): 0.02},
    ...         {"C": 0.4, "gamma": 0.7}, stds, explained=1.0, n_trials=30,
    ...     )
    ... )  # fmt: skip
    >>> display.names, [float(bar.get_width()) for bar in display.bars_]
    (['gamma', 'C'], [0.6, 0.3])
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        first_order: ArrayLike,
        total: ArrayLike,
        first_order_std: ArrayLike,
        total_std: ArrayLike,
        pair_names: Sequence[tuple[str, str]] = (),
        pairs: ArrayLike = (),
        pairs_std: ArrayLike = (),
        n_trials: int = 0,
        explained: float = np.nan,
        score_name: str = "score",
        unit: str = "score",
    ) -> None:
        self.names = names
        self.first_order = first_order
        self.first_order_std = first_order_std
        self.total = total
        self.total_std = total_std
        self.pair_names = pair_names
        self.pairs = pairs
        self.pairs_std = pairs_std
        self.n_trials = n_trials
        self.explained = explained
        self.score_name = score_name
        self.unit = unit

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        *,
        space: Any = None,
        metric: str | None = None,
        score_name: str | None = None,
        surrogate: Any = None,
        n_functions: int = 64,
        unit: str = "score",
        random_state: Any = 0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute and draw for a finished search.

        Parameters
        ----------
        search : fitted search or Optimizer
            Of ours or of scikit-learn.
        space : dict, list of dict, list of Dimension, or Space, default=None
            The design space, in any notation; None: that of the search.
        metric : str, default=None
            Another metric than the one searched for.
        score_name : str, default=None
            What to call the score. None: by the metric.
        surrogate : str or Surrogate, default=None
            As for `skbayes.optimizer.importances`; None: that of the search, if it has one.
        n_functions : int, default=64
            How many functions to draw from the posterior; positive.
        unit : {"score", "latent"}, default="score"
            Of what the variance is: as for `skbayes.optimizer.importances`.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default=0
            Seed.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Arguments of `plot`.

        Returns
        -------
        display : ImportanceDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the search has not been fitted.
        TypeError, ValueError
            As for `importance_data` and `plot`.
        """
        data = importance_data(
            search,
            space=space,
            metric=metric,
            score_name=score_name,
            surrogate=surrogate,
            n_functions=n_functions,
            unit=unit,
            random_state=random_state,
        )
        return cls(**data).plot(ax=ax, **kwargs)

    @classmethod
    def from_history(
        cls, history: Any, *, space: Any = None, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Compute and draw for a history of trials.

        Parameters
        ----------
        history : History, iterable of Trial, or path-like
            A path is that of a journal or of an exported history.
        space : dict, list of dict, list of Dimension, or Space, default=None
            The design space, in any notation; None: what the trials span.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Further arguments of `from_estimator`.

        Returns
        -------
        display : ImportanceDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for `importance_data` and `plot`.
        """
        return cls.from_estimator(history, space=space, ax=ax, **kwargs)

    @classmethod
    def from_importances(
        cls,
        importances: Importances,
        *,
        score_name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what has been computed, as the ``importances_`` of a search.

        Parameters
        ----------
        importances : Importances
            The shares.
        score_name : str, default=None
            What to call the score. None: by the metric.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            Arguments of `plot`.

        Returns
        -------
        display : ImportanceDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As for `importance_data` and `plot`.
        """
        return cls(**importance_data(importances, score_name=score_name)).plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        n_parameters: int | None = 12,
        n_pairs: int | None = 5,
        bar_kw: Mapping[str, Any] | None = None,
        interaction_kw: Mapping[str, Any] | None = None,
        pair_kw: Mapping[str, Any] | None = None,
        error_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        n_parameters : int or None, default=12
            How many parameters to show, those of the largest totals, at least 1; None: all.
        n_pairs : int or None, default=5
            How many pairs to show below them, at least 0; None: all that explain half a hundredth or more.
        bar_kw : dict, default=None
            Properties of the bars of the first order, ``matplotlib.patches.Rectangle``.
        interaction_kw, pair_kw : dict, default=None
            Properties of the bars from there to the total, and of those of the pairs.
        error_kw : dict, default=None
            Arguments of ``matplotlib.axes.Axes.errorbar``.

        Returns
        -------
        display : ImportanceDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `n_parameters` or `n_pairs` is too small.
        """
        for name, value, least in (("n_parameters", n_parameters, 1), ("n_pairs", n_pairs, 0)):
            if value is not None and value < least:
                raise ValueError(
                    f"{name} counts bars; got {value}. Give {least} or more, or None for all."
                )
        ax = axes(ax, "ImportanceDisplay")
        self.ax_, self.figure_ = ax, ax.figure
        self.errors_: list[Any] = []
        rows = self._draw_parameters(n_parameters, bar_kw, interaction_kw, error_kw)
        rows += self._draw_pairs(len(rows), n_pairs, pair_kw, error_kw)
        ax.set_yticks(range(len(rows)), rows)
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xlim(left=0.0)
        of = f" ({self.n_trials} candidates)" if self.n_trials else ""
        score = literal(shortened(self.score_name, _SCORE_LENGTH))
        unit = " in the latent unit" if self.unit == "latent" else ""
        ax.set_xlabel(f"share of the variance{unit}{of}\n{score}")
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right"]].set_visible(False)
        if np.isnan(np.asarray(self.total, dtype=float)).all():
            ax.set_xlim(0.0, 1.0)
            words = "no shares: all scores are equal"
            ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center")
        else:
            legend_above(ax)
        return self

    def _draw_parameters(
        self, n: int | None, bar_kw: Any, interaction_kw: Any, error_kw: Any
    ) -> list[str]:
        """Draw the bars of the parameters and return the labels of their rows."""
        from matplotlib.patches import Rectangle

        first, total = (
            np.asarray(each, dtype=float)[:n] for each in (self.first_order, self.total)
        )
        rows = np.arange(len(first))
        colour = {"facecolor": COLOURS[0], "edgecolor": COLOURS[0], "linewidth": 1.0}
        alone = {**colour, "label": "by itself"}
        beyond = {
            **colour,
            "facecolor": self.ax_.get_facecolor(),
            "hatch": "////",
            "label": "with others: up to the total",
        }
        self.bars_ = self.ax_.barh(rows, first, 2 * _HALF, **styled(Rectangle, alone, bar_kw))
        self.interactions_ = self.ax_.barh(
            rows,
            # Estimates of the two differ in the third digit, where there is no interaction.
            np.maximum(total - first, 0.0),
            2 * _HALF,
            left=first,
            **styled(Rectangle, beyond, interaction_kw),
        )
        self._draw_errors(rows - _ASIDE, first, self.first_order_std, error_kw)
        self._draw_errors(rows + _ASIDE, total, self.total_std, error_kw)
        labels = list(map(literal, short_names(list(self.names), _NAME_LENGTH)[:n]))
        left = np.asarray(self.total, dtype=float)[len(rows) :]
        if not len(left):
            return labels
        # Not more than the largest of them, which is rounded up: a share of 0.001 is less than 0.01.
        most = np.ceil(100.0 * np.nanmax(left, initial=0.0)) / 100.0
        return [*labels, f"and {len(left)} more, each ≤ {max(most, 0.01):.2f}"]

    def _draw_pairs(self, start: int, n: int | None, pair_kw: Any, error_kw: Any) -> list[str]:
        """Draw the bars of the pairs from a row on and return their labels."""
        from matplotlib.patches import Rectangle

        shares = np.asarray(self.pairs, dtype=float)
        shares = shares[shares >= _SMALLEST][:n]
        self.pair_bars_ = None
        if not len(shares):
            return []
        rows = start + np.arange(len(shares))
        together = {
            "facecolor": COLOURS[1],
            "edgecolor": COLOURS[1],
            "linewidth": 1.0,
            "label": "a pair: beyond the two by themselves",
        }
        self.pair_bars_ = self.ax_.barh(
            rows, shares, 2 * _HALF, **styled(Rectangle, together, pair_kw)
        )
        self._draw_errors(rows, shares, self.pairs_std, error_kw)
        short = dict(zip(self.names, short_names(list(self.names), _PAIR_LENGTH), strict=True))
        return [
            literal(" × ".join(short[name] for name in pair))
            for pair in list(self.pair_names)[: len(shares)]
        ]

    def _draw_errors(self, rows: ArrayLike, shares: Floats, stds: ArrayLike, given: Any) -> None:
        std = np.asarray(stds, dtype=float)[: len(shares)]
        label = None if self.errors_ else "± 1 standard deviation"
        error = draw_share_errors(
            self.ax_, np.asarray(rows, dtype=float), shares, std, label, given
        )
        if error is not None:
            self.errors_.append(error)
