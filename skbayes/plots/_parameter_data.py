"""Prior, likelihood and posterior of one parameter as curves on a grid.

Notation: v values of the parameter, on a grid of G.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.interpolate import CubicSpline

from ._parameter_line import Function, ParameterLine, line_of

__all__ = ["parameter_data"]

Array = NDArray[np.float64]

# A log posterior this far below its top is out of the picture: a ten-thousandth of it, 4.3 standard deviations of a
# bell.
_DEPTH = 9.2
# Doublings of a step until there, from a part of a standard deviation.
_DOUBLINGS, _FIRST = 60, 0.25
# Over how many widths of the posterior, on both sides of it, prior and likelihood are shown at most, and down to which
# part of their tops: a wide prior is not shown to its ends, which would leave no room for the posterior.
_BESIDE = {"prior": (0.6, 0.2), "likelihood": (2.5, 3e-3)}
# And this part of the picture on both sides. A step is drawn over that other part, which nobody sees.
_MARGIN, _STEP = 0.03, 1e-9
_COARSE, _GRID, _COSTLY = 61, 401, 81
# A prior's constant is found over so many e-foldings of the distance from the estimate, both ways.
_FOLDS, _FOLD_POINTS = 25.0, 2001


def parameter_data(
    estimator: Any,
    parameter: str | int | None = None,
    *,
    feature: int = 0,
    output: int = 0,
    others: str | None = None,
    level: float = 0.95,
) -> dict[str, Any]:
    """Return what `ParameterDisplay` is made of, without drawing it.

    Parameters
    ----------
    estimator : DistributionEstimator or estimator
        Fitted: a distribution, a linear model, a pipeline that ends with one, or a search over these.
    parameter : str, int or None, default=None
        Name of a free parameter of the distribution, or of a coefficient (``"intercept"`` for that); or its number.
        None: the only one.
    feature : int, default=0
        Which column of the data, of a distribution.
    output : int, default=0
        Which row of coefficients, where there is one for each class or target.
    others : {"averaged", "held"} or None, default=None
        What happens to the other parameters. ``"averaged"``: the curves are of this parameter alone, as are its
        standard deviation and interval. ``"held"``: all are given that the others are at their estimates. None: the
        first where it is known, else the second.
    level : float, default=0.95
        Probability of the interval, between 0 and 1.

    Returns
    -------
    data : dict
        ``grid`` (G,), ``prior`` (G,) or None if it is flat, ``likelihood`` (G,) scaled to an area of one over the grid
        (to the height of the posterior if it is still rising at an end), ``posterior`` (G,), ``estimate``,
        ``most_likely`` (where the likelihood is highest, or None if that is not on the grid), ``lower``, ``upper`` and
        ``level`` of the central interval, ``name`` and ``given``.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    IncompatibleModelError
        If the average that is asked for is not known.
    RuntimeError
        If a pickled linear model has left its data behind.
    ValueError
        If there is no such parameter, or the level is no probability.

    Notes
    -----
    Held: p(v | u, y) = L(v, u) p(v) / Z with the other parameters u at their estimates; nothing else is approximated.
    Averaged, of a linear model: the posterior is the marginal of `posterior_`, exact or Laplace's approximation, and
    the likelihood what that is divided by the prior: L(v) = ∫ L(v, u) p(u) du. Where the noise scale was estimated the
    likelihood is at that, and the posterior averages over it (Student's t). Averaged, of a distribution: that integral
    by the trapezoidal rule over ± 5 standard deviations of up to two other parameters; flat ones have density 1.

    Examples
    --------
    >>> from skbayes.density import DistributionEstimator
    >>> from skbayes.plots import parameter_data
    >>> from skbayes.priors import Gamma
    >>> counts = [[1], [0], [3], [2], [2]]
    >>> model = DistributionEstimator("poisson", {"mu": Gamma(shape=3.0, rate=2.0)}).fit(counts)
    >>> data = parameter_data(model, "mu")
    >>> round(data["estimate"], 3), round(data["most_likely"], 2)
    (1.429, 1.6)
    """
    if not 0.0 < level < 1.0:
        raise ValueError(
            f"level needs a probability between 0 and 1, both excluded; got {level!r}. Use 0.95."
        )
    line = line_of(estimator, parameter, feature, output, others)
    first, last = _ends(line)
    grid = _grid(line, first, last)
    log_prior, log_likelihood = line.log_prior(grid), _log_likelihood(line, grid)
    if line.posterior is None:
        posterior = _normalised(_added(log_prior, log_likelihood), grid)
        lower, upper = _interval(posterior, grid, level)
    else:
        posterior = line.posterior.pdf(grid)
        lower, upper = (float(end) for end in line.posterior.interval(level))
    likelihood = _normalised(log_likelihood, grid)
    top = int(np.argmax(likelihood))
    is_inside = 0 < top < grid.size - 1
    if not is_inside:  # the area of a part means nothing
        likelihood *= posterior.max() / likelihood[top]
    return {
        "grid": grid,
        "prior": _prior_density(line, grid, log_prior, last - first),
        "likelihood": likelihood,
        "posterior": posterior,
        "estimate": line.estimate,
        "most_likely": _peak(log_likelihood, grid, top) if is_inside else None,
        "lower": lower,
        "upper": upper,
        "level": float(level),
        "name": line.name,
        "given": line.given,
    }


def _log_posterior(line: ParameterLine) -> Function:
    if line.posterior is not None:
        return line.posterior.logpdf
    return lambda v: _added(line.log_prior(v), line.log_likelihood(v))


def _added(log_prior: Array, log_likelihood: Array) -> Array:
    with np.errstate(invalid="ignore"):  # an infinite density where data are impossible
        return np.nan_to_num(log_prior + log_likelihood, nan=-np.inf, posinf=np.inf)


def _ends(line: ParameterLine) -> tuple[float, float]:
    """Return where the posterior is over, on both sides of the estimate.

    Raises
    ------
    ValueError
        If it is not anywhere.
    """
    log_posterior, centre = _log_posterior(line), line.estimate
    top = float(log_posterior(np.array([centre]))[0])
    ends = []
    for side, bound in ((-1.0, line.lower), (1.0, line.upper)):
        for k in range(_DOUBLINGS):
            place = centre + side * _FIRST * line.unit * 2.0**k
            if not line.lower < place < line.upper:
                place = bound
                break
            found = float(np.nan_to_num(log_posterior(np.array([place]))[0], nan=-np.inf))
            top = max(top, found)
            if found < top - _DEPTH:
                break
        else:
            raise ValueError(
                f"The posterior of {line.name} does not end within {place:.3g} of its estimate {centre:.3g}: neither"
                f" the data nor the prior determine it. Give it a prior."
            )
        ends.append(float(place))
    # Doublings end too far out by up to as much again.
    coarse = _inside(np.linspace(ends[0], ends[1], _COARSE), line)
    heights = np.nan_to_num(log_posterior(coarse), nan=-np.inf)
    seen = np.flatnonzero(heights >= max(top, heights.max()) - _DEPTH)
    return (
        float(coarse[max(seen[0] - 1, 0)]),
        float(coarse[min(seen[-1] + 1, coarse.size - 1)]),
    )


def _inside(v: Array, line: ParameterLine) -> Array:
    return v[(v > line.lower) & (v < line.upper)]


def _grid(line: ParameterLine, first: float, last: float) -> Array:
    """Return the values that are shown: all of the posterior, and of prior and likelihood what is near it."""
    low, high = first, last
    for name, (beside, part) in _BESIDE.items():
        reach = beside * (last - first)
        coarse = _inside(np.linspace(first - reach, last + reach, _COARSE), line)
        log_density = line.log_prior(coarse) if name == "prior" else line.log_likelihood(coarse)
        log_density = np.nan_to_num(log_density, nan=-np.inf)
        if np.ptp(log_density) == 0.0:  # flat: nothing to be seen elsewhere
            continue
        seen = coarse[log_density > log_density.max() + np.log(part)]
        low, high = min(low, float(seen[0])), max(high, float(seen[-1]))
    low, high = low - _MARGIN * (high - low), high + _MARGIN * (high - low)
    # Kinks of priors are at zero or at the estimate, where a support can end too: a grid that steps over them would
    # cut them off.
    zero = [0.0] if low < 0.0 < high else []
    at_step = line.estimate + _STEP * (high - low) * np.array([-1.0, 0.0, 1.0])
    parts = [np.linspace(low, high, _GRID), at_step, np.array(zero)]
    return _inside(np.unique(np.concatenate(parts)), line)


def _peak(log_density: Array, grid: Array, top: int) -> float:
    """Return where a curve is highest, between points of the grid."""
    # Three apart, for beside the estimate points are too near for differences.
    near = np.clip([top - 3, top, top + 3], 0, grid.size - 1)
    if not np.isfinite(log_density[near]).all():
        return float(grid[top])
    x = (grid[near] - grid[top]) / (grid[near[2]] - grid[near[0]])
    bend, slope, _ = np.polyfit(x, log_density[near], 2)
    moved = -0.5 * slope / bend if bend < 0.0 else 0.0
    if abs(moved) > 0.5:  # a kink, of which no parabola is a picture
        return float(grid[top])
    return float(grid[top] + moved * (grid[near[2]] - grid[near[0]]))


def _log_likelihood(line: ParameterLine, grid: Array) -> Array:
    """Return the log likelihood on the grid; one that is costly and smooth at some of it, and a spline between."""
    some = np.unique(np.linspace(0, grid.size - 1, _COSTLY).round().astype(int))
    if not line.is_costly:
        return line.log_likelihood(grid)
    found = line.log_likelihood(grid[some])
    if not np.isfinite(found).all():
        return line.log_likelihood(grid)
    return np.asarray(CubicSpline(grid[some], found)(grid))


def _normalised(log_density: Array, grid: Array) -> Array:
    """Return the density with an area of one over the grid."""
    density = np.exp(np.nan_to_num(log_density - np.max(log_density), nan=-np.inf))
    return np.asarray(density / trapezoid(density, grid))


def _prior_density(
    line: ParameterLine, grid: Array, log_prior: Array, width: float
) -> Array | None:
    """Return the prior on the grid, or None where it is flat; its area is one over all values, shown or not."""
    possible = log_prior[np.isfinite(log_prior)]
    if np.ptp(possible) == 0.0:
        return None
    away = width * np.sinh(np.linspace(-_FOLDS, _FOLDS, _FOLD_POINTS))
    places = np.unique(np.concatenate([grid, _inside(line.estimate + away, line)]))
    log_density = np.nan_to_num(line.log_prior(places), nan=-np.inf)
    top = log_density.max()
    area = trapezoid(np.exp(log_density - top), places)
    return np.asarray(np.exp(log_prior - top) / area)


def _interval(density: Array, grid: Array, level: float) -> tuple[float, float]:
    """Return the central interval of a density on a grid."""
    area = np.append(0.0, np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid)))
    tail = 0.5 * (1.0 - level)
    lower, upper = np.interp([tail, 1.0 - tail], area / area[-1], grid)
    return float(lower), float(upper)
