"""Data under candidate curves: how likely each makes the points, one by one and together.

Notation: x the n points of one column, θ_c the candidates; a curve is p(x | θ_c), the likelihood of a candidate the
product of its heights at the points.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rv_discrete
from sklearn.utils.validation import check_is_fitted

from ._matplotlib import COLOURS, LINE_STYLES, axes

__all__ = ["LikelihoodDisplay"]

Array = NDArray[np.float64]

# More annotated heights than these cover each other.
_MOST_ANNOTATED = 8
# More stems than these are a wall.
_MOST_STEMS = 60
# Points of a smooth curve, and the part of the range of the data that is shown on either side.
_GRID, _MARGIN = 400, 0.35
# So much of the range is drawn beyond an end of the support, to show the step.
_EDGE = 0.03
# Nearer than this part of the picture's width, two annotations would touch.
_TOO_NEAR = 0.048


class LikelihoodDisplay:
    """Points of data under the densities of a few candidates, with the likelihood of each.

    Make it with `from_estimator`; the constructor takes what that computes.

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
            Whether the heights are written beside the points; None: if there are at most eight points.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.

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
        return cls(**data).plot(ax=ax, annotate=annotate)

    def plot(self, ax: Any = None, *, annotate: bool | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        annotate : bool or None, default=None
            Whether the heights are written beside the points; None: if there are at most eight points.

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
        self.ax_, self.figure_ = ax, ax.figure
        x, heights = np.asarray(self.x, dtype=float), np.asarray(self.heights, dtype=float)
        self.lines_: list[Any] = []
        self.stems_: list[Any] = []
        self.texts_: list[Any] = []
        for c, curve in enumerate(np.asarray(self.curves, dtype=float)):
            self._draw_curve(c, curve, x, heights[c])
        (self.points_,) = ax.plot(
            x, np.zeros(x.size), "|", color="black", markersize=12, clip_on=False, zorder=4
        )
        if annotate or (annotate is None and x.size <= _MOST_ANNOTATED):
            self._annotate(x, heights)
        shown = np.concatenate([np.ravel(self.curves), heights.ravel()])
        # A density can be infinite at an end of its support, or zero wherever one looks.
        highest = float(shown[np.isfinite(shown)].max(initial=0.0))
        ax.set_ylim(bottom=0.0, top=1.18 * highest if highest > 0.0 else 1.0)
        ax.set_xlabel("x" if self.name is None else self.name)
        ax.set_ylabel("probability" if self.is_discrete else "density")
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, 1.0), fontsize="small")
        ax.spines[["top", "right"]].set_visible(False)
        return self

    def _draw_curve(self, c: int, curve: Array, x: Array, heights: Array) -> None:
        colour = COLOURS[c]
        together = float(np.asarray(self.log_likelihood)[c])
        label = f"{self.labels[c]}: likelihood {np.exp(together):.3g}, log {together:.4g}"
        (line,) = self.ax_.plot(
            self.grid,
            curve,
            LINE_STYLES[c],
            color=colour,
            linewidth=2.0,
            marker="o" if self.is_discrete else None,
            markersize=4,
            label=label,
        )
        self.lines_.append(line)
        if x.size <= _MOST_STEMS:
            # Beside each other, where one would hide the other.
            shift = _shift(c, len(self.labels), np.ptp(np.asarray(self.grid, dtype=float)))
            self.stems_.append(
                self.ax_.vlines(x + shift, 0.0, heights, color=colour, linewidth=1.0, alpha=0.6)
            )
            self.ax_.plot(x + shift, heights, "o", color=colour, markersize=5, zorder=5)

    def _annotate(self, x: Array, heights: Array) -> None:
        width = np.ptp(np.asarray(self.grid, dtype=float))
        order = np.argsort(x, kind="stable")
        for c, row in enumerate(heights):
            lift, last = 0, -np.inf
            for i in order:
                # A neighbour's number is just below: one line higher.
                lift = lift + 1 if x[i] - last < _TOO_NEAR * width else 0
                last = x[i]
                self.texts_.append(
                    self.ax_.annotate(
                        f"{row[i]:.2g}",
                        (x[i] + _shift(c, len(heights), width), row[i]),
                        xytext=(-4 if c % 2 == 0 else 4, 4 + 10 * lift),
                        textcoords="offset points",
                        ha="right" if c % 2 == 0 else "left",
                        fontsize="small",
                        color=COLOURS[c],
                        zorder=3,
                        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
                    )
                )


def _shift(c: int, n: int, width: float) -> float:
    # 0.4 % of the width: seen, and still at its point.
    return 0.004 * width * (c - 0.5 * (n - 1))


def likelihood_data(
    estimator: Any,
    candidates: Sequence[Mapping[str, float]],
    X: Any = None,
    *,
    labels: Sequence[str] | None = None,
    feature: int = 0,
) -> dict[str, Any]:
    """Return what `LikelihoodDisplay` is made of, without drawing it.

    Raises
    ------
    NotFittedError
        Before `fit`.
    TypeError
        If the candidates are one dict and not a sequence of them.
    ValueError
        If there is no candidate or more than four, the labels are not as many, a parameter is impossible, or the
        column does not exist.
    """
    check_is_fitted(estimator)
    if isinstance(candidates, Mapping):
        raise TypeError(
            f"candidates needs a list of dicts, one for each curve; got {candidates!r}. Put it into a list."
        )
    candidates = list(candidates)
    if not 1 <= len(candidates) <= len(COLOURS):
        raise ValueError(
            f"LikelihoodDisplay needs one to {len(COLOURS)} candidates; got {len(candidates)}. Draw the others in a"
            f" picture of their own."
        )
    if labels is not None and len(labels) != len(candidates):
        raise ValueError(
            f"labels needs a name for each of {len(candidates)} candidates; got {len(labels)}. Give as many, or None."
        )
    n_features = estimator.n_features_in_
    if not 0 <= feature < n_features:
        raise ValueError(
            f"feature is the number of a column, 0 to {n_features - 1}; got {feature}. Correct it."
        )
    given = [_of_column(candidate, feature, n_features) for candidate in candidates]
    tables = [estimator.likelihood(params, X) for params in given]
    chosen = [t.params if n_features == 1 else t.params[feature] for t in tables]
    fitted = estimator.distribution_ if n_features == 1 else estimator.distribution_[feature]
    x = tables[0].x[:, feature]
    if np.isnan(x).any():
        raise ValueError(
            "LikelihoodDisplay draws values, and some of these are censored; got NaN in X. Give X without them."
        )
    is_discrete = isinstance(fitted.dist, rv_discrete)
    drawn = [fitted.dist(**params) for params in chosen]
    grid = _grid(x, [frozen.support() for frozen in drawn], is_discrete=is_discrete)
    densities = [frozen.pmf if is_discrete else frozen.pdf for frozen in drawn]
    heights = np.array([density(x) for density in densities])
    logarithms = [frozen.logpmf if is_discrete else frozen.logpdf for frozen in drawn]
    # Not of the heights, which are zero where their logarithm is still a number.
    together = np.array([logarithm(x).sum() for logarithm in logarithms])
    names = getattr(estimator, "feature_names_in_", None)
    return {
        "x": x,
        "heights": heights,
        "log_likelihood": together,
        "grid": grid,
        "curves": np.array([density(grid) for density in densities]),
        "labels": [_label(params) for params in chosen] if labels is None else list(labels),
        "is_discrete": is_discrete,
        "name": None if names is None else str(names[feature]),
    }


def _of_column(candidate: Mapping[str, float], feature: int, n_features: int) -> Any:
    return [dict(candidate) if j == feature else {} for j in range(n_features)]


def _label(params: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:.3g}" for name, value in params.items())


def _grid(x: Array, supports: list[tuple[float, float]], *, is_discrete: bool) -> Array:
    """Return where curves are computed: beyond the data on both sides, but hardly beyond what is possible."""
    spread = max(float(np.ptp(x)), 1.0 if is_discrete else 1e-3 * float(np.abs(x).max(initial=1.0)))
    beyond = 0.0 if is_discrete else _EDGE * spread
    first = min(*(float(end[0]) for end in supports), float(x.min())) - beyond
    last = max(*(float(end[1]) for end in supports), float(x.max())) + beyond
    low = max(float(x.min()) - _MARGIN * spread, first)
    high = min(float(x.max()) + _MARGIN * spread, last)
    if is_discrete:
        return np.unique(np.round(np.linspace(np.floor(low), np.ceil(high), _GRID)))
    return np.linspace(low, high, _GRID)
