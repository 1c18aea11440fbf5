"""The room where a family, its priors and the solvers meet: the negative log posterior over unconstrained coordinates.

Notation: z (m,) coordinates, θ(z) parameters, l_i(θ) the log likelihood of point i, s_i its weight; F(z) = −Σ_i s_i
l_i(θ(z)) − log p(θ(z)), the prior a density of θ. scipy's families have no derivatives. Each l_i is differenced by
itself, and the differences are summed: rounding errors of single points cancel, where those of the sum would not.

References
----------
.. [1] Berndt, Hall, Hall, Hausman (1974). Estimation and inference in nonlinear structural models. Ann. Econ. Soc.
   Meas. 3, 653-665.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ..priors import Prior
from ..solvers import Objective
from ._chart import Chart
from ._observations import Observations

__all__ = ["DensityObjective", "RanAwayError", "log_prior"]

Array = NDArray[Any]

# Steps of central differences, first and second, that balance truncation and rounding where a function changes over
# a unit of its coordinate: ε^(1/3) and ε^(1/4).
_FIRST = float(np.cbrt(np.finfo(float).eps))
_SECOND = float(np.finfo(float).eps ** 0.25)
# Hessians by two steps that differ by more than this part belong to a function with kinks.
_ROUGH = 0.1
# So does one whose curvature is less than this part of what the slopes of its points let expect.
_STRAIGHT = 0.01
# A search may go beyond a mark of the chart by so much, e^6 = 400 times, and not further.
_BEYOND = 6.0
# So many better values beyond the mark, and the search is ended: one may be a long step of the line search.
_VISITS = 2


class RanAwayError(Exception):
    """A search went where no maximum is; `z` is the best point so far. Never leaves this room."""

    def __init__(self, z: Array) -> None:
        super().__init__("ran away")
        self.z = z


class DensityObjective(Objective):
    """Negative log posterior of the free parameters of a family, in the coordinates of a chart.

    Parameters
    ----------
    chart : Chart
        The coordinates.
    observed : Observations
        The data.
    prior : dict of str to Prior
        Priors of free parameters, densities of the parameters themselves.
    held : dict of str to float
        Coordinates that are kept where they are; the others are those of `w`.
    at_edge : frozenset of str, default=frozenset()
        Coordinates among those held whose gap is zero.
    """

    def __init__(
        self,
        chart: Chart,
        observed: Observations,
        prior: Mapping[str, Prior],
        held: Mapping[str, float],
        at_edge: frozenset[str] = frozenset(),
    ) -> None:
        self.chart = chart
        self.observed = observed
        self.prior = prior
        self.held = dict(held)
        self.at_edge = at_edge
        self.total_weight = observed.total_weight
        self._free = np.array([name not in self.held for name in chart.free], dtype=bool)
        marks = np.array([chart.marks(name) for name in chart.free]).reshape(-1, 2)
        self._low, self._high = marks.T
        self._wall = np.max(np.abs(marks), axis=1, initial=0.0) + _BEYOND
        self._best, self._visits = np.inf, 0
        self.lower = np.full(self.n_parameters, -np.inf)
        self.upper = np.full(self.n_parameters, np.inf)

    #: What every such objective offers.
    has: ClassVar[frozenset[str]] = frozenset({"gradient", "hessian", "smooth", "bounds"})

    @property
    def offers(self) -> frozenset[str]:
        return self.has

    @property
    def n_parameters(self) -> int:
        return int(self._free.sum())

    def full(self, w: Array) -> Array:
        """Return all coordinates, rows of w completed by those held: (k, m)."""
        w = np.atleast_2d(w)
        z = np.empty((w.shape[0], self.chart.size))
        z[:, self._free] = w
        for name, value in self.held.items():
            z[:, self.chart.free.index(name)] = value
        return z

    def theta(self, w: Array) -> Array:
        """Return the parameters for rows of w, (k, n_parameters)."""
        return self.chart.theta(self.full(w), self.at_edge)

    def far(self, z: Array) -> list[str]:
        """Return the names of the free coordinates that are so far out that no maximum is there."""
        beyond = ((z < self._low) | (z > self._high)) & self._free
        return [name for name, is_far in zip(self.chart.free, beyond, strict=True) if is_far]

    def terms(self, w: Array) -> tuple[Array, Array]:
        """Return log likelihoods (k, n) and log prior (k,) for rows of w."""
        theta = self.theta(w)
        return self.observed.log_terms(self.chart.family, theta), log_prior(
            self.prior, self.chart.family.names, theta
        )

    def value(self, w: Array) -> float:
        return float(self.values(w[None, :])[0])

    def values(self, w: Array) -> Array:
        """Return F for rows of w, infinite where data are impossible or a density is infinite."""
        beyond = (np.abs(w) > self._wall[self._free]).any(axis=1)
        found = np.full(w.shape[0], np.inf)
        if not beyond.all():
            terms, prior = self.terms(w[~beyond])
            found[~beyond] = self._sum(terms, prior)
        return found

    def _sum(self, terms: Array, prior: Array) -> Array:
        # An infinite density at one point and a zero one at another: NaN, no place to be either.
        with np.errstate(invalid="ignore"):
            found = -(terms @ self.observed.weight) - prior
        return np.where(np.isfinite(found), found, np.inf)

    def value_and_gradient(self, w: Array) -> tuple[float, Array]:
        value, slopes, prior_slope = self._slopes(w)
        gradient = -(slopes @ self.observed.weight) - prior_slope
        if np.isfinite(value) and value < self._best:
            self._best = value
            self._note_if_far(w)
        return value, gradient

    def _note_if_far(self, w: Array) -> None:
        z = self.full(w)[0]
        self._visits += bool(self.far(z))
        if self._visits > _VISITS:
            raise RanAwayError(z)

    def _slopes(self, w: Array) -> tuple[float, Array, Array]:
        """Return F, the derivatives of each point's log likelihood (m, n), and of the log prior (m,)."""
        m = w.size
        if (np.abs(w) > self._wall[self._free]).any():
            return np.inf, np.zeros((m, self.observed.n)), np.zeros(m)
        steps = _FIRST * np.eye(m)
        terms, prior = self.terms(w + np.vstack([np.zeros((1, m)), steps, -steps]))
        value = float(self._sum(terms[:1], prior[:1])[0])
        return (
            value,
            _central(terms[0], terms[1 : m + 1], terms[m + 1 :]),
            _central(prior[0], prior[1 : m + 1], prior[m + 1 :]),
        )

    def hessian(self, w: Array, step: float = _SECOND) -> Array:
        """Return the second derivative of F at w, by central differences of each point's log likelihood.

        Parameters
        ----------
        w : ndarray of shape (m,)
            Where.
        step : float, default=ε^(1/4)
            Of the differences.

        Returns
        -------
        hessian : ndarray of shape (m, m)
            Symmetric.
        """
        m = w.size
        first, second = np.triu_indices(m, 1)
        single = step * np.eye(m)
        pairs = single[first] + single[second]
        steps = np.vstack([np.zeros((1, m)), single, -single, pairs, -pairs])
        terms, prior = self.terms(w + steps)
        with np.errstate(invalid="ignore"):
            centred = np.where(np.isfinite(terms - terms[0]), terms - terms[0], 0.0)
            change = centred @ self.observed.weight + np.nan_to_num(prior - prior[0], nan=0.0)
        both = change[1 : m + 1] + change[m + 1 : 2 * m + 1]
        cross = change[2 * m + 1 :].reshape(2, -1).sum(axis=0)
        hessian = np.diag(both)
        hessian[first, second] = 0.5 * (cross - both[first] - both[second])
        hessian[second, first] = hessian[first, second]
        return -hessian / step**2

    def curvature(self, w: Array) -> Array:
        """Return the Hessian; of coordinates with kinks, the information, whose expectation is the same."""
        hessian, information = self.hessian(w), self.information(w)
        fine, coarse = np.diag(hessian), np.diag(self.hessian(w, 8.0 * _SECOND))
        # Between two kinks a function is straight, or nearly: two steps agree, and the slopes tell.
        size = np.maximum(np.abs(coarse), _STRAIGHT * np.diag(information))
        is_rough = np.abs(fine - coarse) > _ROUGH * size
        is_rough |= np.abs(fine) < _STRAIGHT * np.diag(information)
        return np.where(is_rough | is_rough[:, None], information, hessian)

    def hessian_operator(self, w: Array) -> Callable[[Array], Array]:
        """Return v -> H v.

        Parameters
        ----------
        w : ndarray of shape (m,)
            Where.

        Returns
        -------
        multiply : callable
            A function of v (m,).
        """
        matrix = self.hessian(w)
        return lambda v: matrix @ v

    def information(self, w: Array) -> Array:
        """Return the sum of squares of the slopes of single points, (m, m), which needs no second derivatives."""
        _, slopes, prior_slope = self._slopes(w)
        return (slopes * self.observed.weight) @ slopes.T + np.outer(prior_slope, prior_slope)

    def precondition(self, w: Array) -> Callable[[Array], Array]:
        # The sum of squares of the slopes of single points has the expectation of the Hessian [1]_, costs nothing
        # beyond the gradient and is never indefinite.
        products = self.information(w)
        diagonal = np.diag(products)
        floor = 1e-10 * max(float(diagonal.max(initial=0.0)), 1e-10)
        matrix = products + np.diag(np.maximum(1e-8 * diagonal, floor))
        factor = linalg.cho_factor(matrix, lower=True, check_finite=False)
        return lambda r: linalg.cho_solve(factor, r, check_finite=False)


def _central(here: Array, ahead: Array, behind: Array) -> Array:
    """Return (f(z + h) − f(z − h)) / 2h, or one side of it where the other is outside the support."""
    with np.errstate(invalid="ignore"):
        forward, backward = (ahead - here) / _FIRST, (here - behind) / _FIRST
    forward = np.where(np.isfinite(forward), forward, backward)
    backward = np.where(np.isfinite(backward), backward, forward)
    slope = 0.5 * (forward + backward)
    return np.where(np.isfinite(slope), slope, 0.0)


def log_prior(prior: Mapping[str, Prior], names: tuple[str, ...], theta: Array) -> Array:
    """Return the log prior density of each row of parameters, (k,)."""
    total = np.zeros(theta.shape[0])
    for name, part in prior.items():
        column = theta[:, names.index(name)]
        total += [part.log_density(value[None]) for value in column]
    return total
