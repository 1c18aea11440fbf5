"""Prior, likelihood and posterior of one parameter: what was believed, what the data say, and what follows."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ._legend import legend_above
from ._matplotlib import COLOURS, LINE_STYLES, axes, styled
from ._parameter_data import parameter_data
from ._text import literal, shortened
from ._widths import is_narrow

__all__ = ["ParameterDisplay"]

Style = Mapping[str, Any] | None

_NAME = 40
# Above the highest curve; and so far may a prior that is infinite somewhere, or a spike, be above the posterior.
_ABOVE, _PRIOR_ABOVE = 1.06, 1.3


class ParameterDisplay:
    """Prior, likelihood and posterior of one parameter of a distribution or a linear model.

    Make it with `from_estimator`; the constructor takes what `parameter_data` returns.

    Parameters
    ----------
    grid : array-like of shape (n_grid,)
        Values of the parameter.
    prior : array-like of shape (n_grid,) or None
        Prior density; None: flat.
    likelihood : array-like of shape (n_grid,)
        Likelihood, scaled to an area of one over the grid.
    posterior : array-like of shape (n_grid,)
        Posterior density.
    estimate : float
        The estimate of the model.
    most_likely : float or None
        Where the likelihood is highest.
    lower, upper : float
        Ends of the central posterior interval.
    level : float
        Its probability.
    name : str
        What the parameter is called.
    given : str, default=""
        What the curves are given; empty: nothing.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn; after `plot`.
    figure_ : matplotlib.figure.Figure
        Its figure.
    lines_ : dict of str to matplotlib.lines.Line2D
        The curves ``"prior"`` (unless flat), ``"likelihood"`` and ``"posterior"``.
    interval_ : matplotlib.collections.PolyCollection
        The area of the interval.
    estimate_ : matplotlib.lines.Line2D
        The mark of the estimate.

    See Also
    --------
    LikelihoodDisplay : How likely single points are under a few candidates.
    CoefficientDisplay : Intervals of all coefficients.

    Notes
    -----
    Posterior ∝ likelihood × prior, at each value. A likelihood is no density of the parameter and has no unit: it is
    drawn with an area of one in the picture, and only its shape means something. With a flat prior it is the posterior.

    Examples
    --------
    >>> from skbayes.density import DistributionEstimator
    >>> from skbayes.plots import ParameterDisplay
    >>> from skbayes.priors import Gamma
    >>> counts = [[1], [0], [3], [2], [2]]
    >>> model = DistributionEstimator("poisson", {"mu": Gamma(shape=3.0, rate=2.0)}).fit(counts)
    >>> display = ParameterDisplay.from_estimator(model, "mu", level=0.9)
    >>> round(display.lower, 2), round(display.upper, 2)  # of Gamma(11, 7)
    (0.88, 2.42)
    """

    def __init__(
        self,
        *,
        grid: ArrayLike,
        prior: ArrayLike | None,
        likelihood: ArrayLike,
        posterior: ArrayLike,
        estimate: float,
        most_likely: float | None,
        lower: float,
        upper: float,
        level: float,
        name: str,
        given: str = "",
    ) -> None:
        self.grid = grid
        self.prior = prior
        self.likelihood = likelihood
        self.posterior = posterior
        self.estimate = estimate
        self.most_likely = most_likely
        self.lower = lower
        self.upper = upper
        self.level = level
        self.name = name
        self.given = given

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        parameter: str | int | None = None,
        *,
        feature: int = 0,
        output: int = 0,
        others: str | None = None,
        level: float = 0.95,
        ax: Any = None,
        line_kw: Style = None,
        interval_kw: Style = None,
    ) -> Self:
        """Compute and draw.

        Parameters
        ----------
        estimator : DistributionEstimator or estimator
            Fitted: a distribution, a linear model, a pipeline that ends with one, or a search over these.
        parameter : str, int or None, default=None
            Name of a free parameter of the distribution, or of a coefficient (``"intercept"`` for that); or its
            number. None: the only one.
        feature : int, default=0
            Which column of the data, of a distribution.
        output : int, default=0
            Which row of coefficients, where there is one for each class or target.
        others : {"averaged", "held"} or None, default=None
            What happens to the other parameters: averaged over, or held at their estimates, which the label of the
            axis says. None: the first where it is known.
        level : float, default=0.95
            Probability of the interval, between 0 and 1.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        line_kw : dict, default=None
            Properties of the curves, of `matplotlib.lines.Line2D`.
        interval_kw : dict, default=None
            Properties of the interval, of `matplotlib.collections.PolyCollection`.

        Returns
        -------
        display : ParameterDisplay
            With what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the model is not fitted.
        IncompatibleModelError
            If the average that is asked for is not known.
        RuntimeError
            If a pickled linear model has left its data behind.
        ValueError
            If there is no such parameter, or the level is no probability.
        """
        data = parameter_data(
            estimator, parameter, feature=feature, output=output, others=others, level=level
        )
        return cls(**data).plot(ax, line_kw=line_kw, interval_kw=interval_kw)

    def plot(self, ax: Any = None, *, line_kw: Style = None, interval_kw: Style = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None: a new figure.
        line_kw : dict, default=None
            Properties of the curves, of `matplotlib.lines.Line2D`.
        interval_kw : dict, default=None
            Properties of the interval, of `matplotlib.collections.PolyCollection`.

        Returns
        -------
        display : ParameterDisplay
            Itself, with ``ax_``, ``figure_`` and what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes(ax, "ParameterDisplay")
        from matplotlib.collections import PolyCollection
        from matplotlib.lines import Line2D

        self.ax_, self.figure_ = ax, ax.figure
        grid, posterior = np.asarray(self.grid), np.asarray(self.posterior)
        curves = {"posterior": posterior, "likelihood": self.likelihood, "prior": self.prior}
        labels = self._labels()
        self.lines_: dict[str, Any] = {}
        for k, (what, curve) in enumerate(curves.items()):
            style = {"color": COLOURS[k], "linestyle": LINE_STYLES[k], "linewidth": 2.0}
            style |= {"label": labels[what], "zorder": 3 + (what == "likelihood")}
            if curve is not None:
                (line,) = ax.plot(grid, curve, **styled(Line2D, style, line_kw))
                self.lines_[what] = line
        inside = np.unique(np.clip(grid, self.lower, self.upper))
        shade = {"color": COLOURS[0], "alpha": 0.18, "linewidth": 0.0, "label": labels["interval"]}
        shade = styled(PolyCollection, shade, interval_kw)
        heights = np.interp(inside, grid, posterior)
        self.interval_ = ax.fill_between(inside, heights, **shade)
        top = float(np.interp(self.estimate, grid, posterior))
        (self.estimate_,) = ax.plot(
            [self.estimate] * 2, [0.0, top], color="0.2", linewidth=1.0, label=labels["estimate"]
        )
        ax.set_xlim(float(grid[0]), float(grid[-1]))
        ax.set_ylim(0.0, _ABOVE * self._highest())
        given = f"\n({self.given})" if self.given else ""
        ax.set_xlabel(literal(shortened(self.name, _NAME) + given))
        ax.set_ylabel("density")
        ax.spines[["top", "right"]].set_visible(False)
        legend_above(ax, columns=1 if is_narrow(ax) else 2)
        return self

    def _highest(self) -> float:
        both = np.concatenate([np.ravel(self.posterior), np.ravel(self.likelihood)])
        highest = float(both[np.isfinite(both)].max())
        if self.prior is None:
            return highest
        return max(highest, min(float(np.max(self.prior)), _PRIOR_ABOVE * highest))

    def _labels(self) -> dict[str, str]:
        flat = ", the same (flat prior)" if self.prior is None else ""
        where = ", still rising at an end"
        if self.most_likely is not None:
            where = f", highest at {self.most_likely:.3g}"
        kind = "" if self.prior is None else "MAP "
        return {
            "prior": "prior",
            "likelihood": f"likelihood (scaled){flat or where}",
            "posterior": "posterior",
            "interval": f"{100 * self.level:.4g} % from {self.lower:.3g} to {self.upper:.3g}",
            "estimate": f"{kind}estimate {self.estimate:.3g}",
        }
