"""The Laplace approximation of the posterior of a family's parameters.

Notation: θ parameters, z their unconstrained coordinates, H the Hessian of −log p(θ(z) given data) at the mode, J =
dθ/dz. In z the posterior is about N(z, H⁻¹); of θ the covariance is J H⁻¹ Jᵀ. At a mode the gradient is zero, so that
this is the inverse of the Hessian in θ itself. A likelihood with kinks (Laplace) has no Hessian: H is then the sum of
the squared slopes of single points, which has the same expectation.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from ..posteriors import GaussianPosterior
from ..priors import Prior
from ._chart import Chart, chart_of
from ._family import Family
from ._objective import DensityObjective
from ._observations import Observations
from ._problem import Solution
from ._starts import shape_grid

__all__ = ["ParameterPosterior", "laplace"]

Array = NDArray[np.float64]

# A gap between support and data below this part of the spread is an estimate on the edge.
_ON_EDGE = 1e-9
# An eigenvalue of the scaled Hessian below this is a direction about which the data say nothing: differences of
# second order have an error of about 1e-8.
_LEAST_CURVATURE = 1e-7


@dataclass(frozen=True, init=False, eq=False)
class ParameterPosterior(GaussianPosterior):
    """Laplace approximation of the posterior of the free parameters of a distribution.

    Parameters
    ----------
    names : sequence of str
        Names of the parameters, in the order of `mean`.
    mean : array-like of shape (n,)
        The estimate.
    covariance : array-like of shape (n, n)
        Covariance, to first order.
    ranges : sequence of (float, float)
        Lower and upper bound of each, infinite where there is none.
    conditional : frozenset of str, default=frozenset()
        Parameters taken as known.
    draw : callable or None, default=None
        Of a number and a generator: draws, (number, n). None: from the Gaussian.

    Attributes
    ----------
    names : tuple of str
        Names of the parameters.
    conditional : frozenset of str
        Parameters that are taken as known, with a standard deviation of 0: at an edge of the support, at an end of
        their range, at a kink of their prior, whole numbers, or run away. The others are given these.

    See Also
    --------
    DistributionEstimator : Makes it.

    Examples
    --------
    >>> from skbayes.density import DistributionEstimator
    >>> model = DistributionEstimator("expon", fixed={"loc": 0}).fit([[1.0], [2.0], [6.0]])
    >>> model.posterior_.names, model.posterior_.std.round(3)
    (('scale',), array([1.732]))
    """

    names: tuple[str, ...]
    conditional: frozenset[str]

    def __init__(
        self,
        names: tuple[str, ...],
        mean: Array,
        covariance: Array,
        ranges: Sequence[tuple[float, float]],
        conditional: frozenset[str] = frozenset(),
        draw: Callable[[int, np.random.Generator], Array] | None = None,
    ) -> None:
        std = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        super().__init__(mean, std, covariance)
        object.__setattr__(self, "names", tuple(names))
        object.__setattr__(self, "conditional", conditional)
        object.__setattr__(self, "_ranges", tuple(ranges))
        object.__setattr__(self, "_draw", draw)

    def sample(self, n: int = 1, random_state: int | np.random.Generator | None = None) -> Array:
        """Draw parameters; every draw is possible.

        Parameters
        ----------
        n : int, default=1
            Number of draws.
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        draws : ndarray of shape (n, n_parameters)
            One set of parameters per row, in the order of `names`. They are normal in coordinates that know no bounds,
            such as the logarithm of a scale.
        """
        draw = self.__dict__["_draw"]
        if draw is None:
            return super().sample(n, random_state)
        drawn: Array = draw(n, np.random.default_rng(random_state))
        return drawn

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Return intervals of the parameters, each by itself.

        Parameters
        ----------
        level : float, default=0.95
            Probability inside, between 0 and 1.

        Returns
        -------
        lower : ndarray of shape (n_parameters,)
            Lower ends.
        upper : ndarray of shape (n_parameters,)
            Upper ends. The interval of a positive parameter is symmetric in its logarithm, that of one between bounds
            in its log odds, so that it is inside its range.

        Raises
        ------
        ValueError
            If the level is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise ValueError(
                f"interval needs a level between 0 and 1; got {level!r}. Use for example 0.95."
            )
        reach = float(ndtri(0.5 + 0.5 * level)) * self.std
        ends = [
            _stretched(mean - lower, upper - mean, mean, by)
            for (lower, upper), mean, by in zip(
                self.__dict__["_ranges"], self.mean, reach, strict=True
            )
        ]
        return np.array([end[0] for end in ends]), np.array([end[1] for end in ends])


def _stretched(low: float, high: float, mean: float, by: float) -> tuple[float, float]:
    """Return the ends of an interval that reaches `by` in coordinates without bounds, to first order.

    `low` and `high` are the distances of the mean to its bounds.
    """
    if by == 0.0 or (np.isinf(low) and np.isinf(high)):
        return mean - by, mean + by
    if np.isinf(by):
        return mean - low, mean + high
    step = np.array([-1.0, 1.0]) * by
    with np.errstate(over="ignore"):  # an end that is out of sight is infinite
        if np.isinf(high):
            below, above = mean - low + low * np.exp(step / low)
        elif np.isinf(low):
            below, above = mean + high - high * np.exp(-step / high)
        else:
            odds = np.log(low / high) + step * (low + high) / (low * high)
            below, above = mean - low + (low + high) * expit(odds)
    return float(below), float(above)


def laplace(
    family: Family,
    observed: Observations,
    fixed: Mapping[str, float],
    prior: Mapping[str, Prior],
    solution: Solution,
) -> ParameterPosterior:
    """Return the Laplace approximation at a solution."""
    names = tuple(name for name in family.names if name not in fixed)
    ranges = [(family.domains[name].lower, family.domains[name].upper) for name in names]
    columns = [family.names.index(name) for name in names]
    objective, w = _objective_at(family, observed, fixed, prior, solution, names)
    conditional = (frozenset(names) & solution.held) | (frozenset(objective.held) & set(names))
    mean = solution.theta[columns]
    if w.size == 0:
        return ParameterPosterior(names, mean, np.zeros((len(names),) * 2), ranges, conditional)
    root, unknown = _root_of_inverse(objective.curvature(w))
    J = _jacobian(objective, w)[columns]
    covariance = J @ root @ root.T @ J.T
    # What moves along a direction without curvature can be anything.
    lost = (np.abs(J @ unknown) > _LEAST_CURVATURE * np.abs(J).max(initial=0.0)).any(axis=1)
    covariance[lost, lost] = np.inf
    if lost.any():
        told = ", ".join(name for name, is_lost in zip(names, lost, strict=True) if is_lost)
        warnings.warn(
            f"The likelihood of {family.name} does not bend at the estimate in some direction, and the data do not"
            f" tell {told} apart. Their standard deviation is infinite; fix one of them or give it a prior.",
            UserWarning,
            stacklevel=3,
        )

    keep = [j for j, name in enumerate(objective.chart.free) if name not in objective.held]
    z = objective.full(w)[0]
    draw = _Draw(objective.chart, z, keep, objective.at_edge, root, columns)
    return ParameterPosterior(names, mean, covariance, ranges, conditional, draw)


@dataclass(frozen=True)
class _Draw:
    """Draws in coordinates, turned into parameters; needs no data."""

    chart: Chart
    z: Array
    keep: list[int]
    at_edge: frozenset[str]
    root: Array
    columns: list[int]

    def __call__(self, n: int, rng: np.random.Generator) -> Array:
        z = np.tile(self.z, (n, 1))
        z[:, self.keep] += rng.standard_normal((n, self.root.shape[1])) @ self.root.T
        return self.chart.theta(z, self.at_edge)[:, self.columns]


def _objective_at(
    family: Family,
    observed: Observations,
    fixed: Mapping[str, float],
    prior: Mapping[str, Prior],
    solution: Solution,
    names: tuple[str, ...],
) -> tuple[DensityObjective, Array]:
    """Return the objective with all that is taken as known held, and its free coordinates."""
    named = dict(zip(family.names, solution.theta, strict=True))
    whole = {name for name in names if family.domains[name].is_integer}
    positive = [name for name, part in prior.items() if part.is_positive]
    smooth = {name for name in names if name not in prior or prior[name].is_smooth}
    at_kink = {name for name in solution.held - smooth if name in names}
    known = {**fixed, **{name: named[name] for name in whole | at_kink}}
    chart = chart_of(family, known, observed, shape_grid(family, known), positive)
    z = chart.coordinates(solution.theta[None, :])[0]
    held, at_edge = {}, set()
    for name, value in zip(chart.free, z, strict=True):
        if name in chart.edges and not value > np.log(_ON_EDGE):
            held[name] = -np.inf
            at_edge.add(name)
        elif not np.isfinite(value) or name in solution.away:
            held[name] = float(value)
    left = {name: part for name, part in prior.items() if name not in at_kink}
    objective = DensityObjective(chart, observed, left, held, frozenset(at_edge))
    keep = np.array([name not in held for name in chart.free], dtype=bool)
    return objective, z[keep]


def _root_of_inverse(hessian: Array) -> tuple[Array, Array]:
    """Return R with R Rᵀ = H⁻¹ on the directions with curvature, and the others as columns."""
    scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(hessian * scale * scale[:, None])
    bends = values > _LEAST_CURVATURE * max(float(values.max()), 0.0)
    root = scale[:, None] * vectors[:, bends] / np.sqrt(values[bends])
    return root, scale[:, None] * vectors[:, ~bends]


def _jacobian(objective: DensityObjective, w: Array) -> Array:
    """Return dθ/dw, (n_parameters, m)."""
    # Parameters are smooth to rounding, hence ε^(1/3); of data far from zero ε is that much larger in their spread.
    far = max(1.0, abs(objective.chart.centre) / objective.chart.unit)
    step = float(np.cbrt(np.finfo(float).eps * far))
    steps = step * np.eye(w.size)
    ahead, behind = objective.theta(w + steps), objective.theta(w - steps)
    return (ahead - behind).T / (2.0 * step)
