"""A normal approximation of the whole posterior under a prior with kinks: expectation propagation.

A prior with a kink is a scale mixture of normals (Laplace: an exponential one, the Bayesian lasso [1]_), and so has
finite moments with any normal density. The factor p(w_j) of each coefficient is replaced by a normal one, its *site*,
such that mean and variance of w_j are the same with the true factor in the place of this one site (expectation
propagation [2]_; of the sparse linear model [3]_). Where every coefficient is by itself (one feature, orthogonal
columns) mean, variance and evidence are exact. A likelihood that is not Gaussian enters by its second-order expansion
at the mean, which is made again in each round.

References
----------
.. [1] Park, Casella (2008). The Bayesian lasso. J. Amer. Statist. Assoc. 103, 681-686. doi:10.1198/016214508000000337
.. [2] Minka (2001). Expectation propagation for approximate Bayesian inference. UAI 17, 362-369.
.. [3] Seeger (2008). Bayesian inference and optimal design for the sparse linear model. J. Mach. Learn. Res. 9,
   759-813.
"""

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from ..exceptions import IncompatibleModelError
from ..posteriors import CoefficientPosterior, PosteriorFacts
from ._site_systems import SiteSystem, Solution, system_at
from ._sites import Sites, factors_of, first_sites, moved, tilted

__all__ = ["Smoothed", "smooth", "smoothed_posterior"]

Array = NDArray[Any]

# With the damping below 20 to 40 rounds are the rule.
_MAX_ROUNDS = 500
# The sites have settled when a mean would move by less than this part of its standard deviation, and a variance by less
# than this part of itself: far below what the approximation leaves out.
_SETTLED = 1e-6
# All sites are refreshed at once, and together they overshoot: they go this share of the way, and half of it from where
# so many rounds have brought them no nearer.
_SHARE, _PATIENCE = 0.7, 10
_LEAST_SHARE = 0.02


@dataclass(frozen=True)
class Smoothed:
    """Where the sites settled.

    Attributes
    ----------
    mean, variance : ndarray of shape (m,)
        Of the approximation.
    sites : Sites
        The normal factors that stand for the priors with kinks.
    system : SiteSystem
        The data's part at the mean, with its last solution.
    log_evidence : float
        Logarithm of the marginal likelihood, flat directions integrated out; NaN where `system` does not know its
        determinant.
    n_iter : int
        Rounds.
    converged : bool
        Whether the sites settled.
    """

    mean: Array
    variance: Array
    sites: Sites
    system: SiteSystem
    log_evidence: float
    n_iter: int
    converged: bool


def smoothed_posterior(record: Any, covariance: str = "auto") -> CoefficientPosterior:
    """Return the approximation as a posterior: its mean is not the mode.

    Raises
    ------
    IncompatibleModelError
        If a prior with a kink has no moments to match, there are bounds, or the covariance is to be robust.
    """
    if covariance == "robust":
        raise IncompatibleModelError(
            "covariance='robust' is of an estimate, and posterior='smoothed' is no estimate but a density; got both. "
            "Use posterior='support' with it, or 'bootstrap', which is robust by itself."
        )
    found = smooth(record.objective, record.w, covariance)
    facts = PosteriorFacts(
        found.mean,
        found.system.form(found.sites.precision),
        "smoothed",
        dof=record.dof,
        n_outputs=record.layout.n_classes,
    )
    return CoefficientPosterior(facts, log_evidence=partial(_evidence_of, found.log_evidence))


def _evidence_of(log_evidence: float, facts: PosteriorFacts) -> float:
    if np.isnan(log_evidence):
        raise AttributeError(
            "log_evidence needs the determinant of the whole covariance, and this posterior has its diagonal only. Use "
            "covariance='full'."
        )
    return log_evidence


def smooth(objective: Any, w: Array, covariance: str = "auto") -> Smoothed:
    """Return the approximation, looked for from the mode w on.

    Raises
    ------
    IncompatibleModelError
        If a prior with a kink has no moments to match, or there are bounds.
    """
    factors = factors_of(objective)
    sites = first_sites(factors, w.size)
    at = np.asarray(w, dtype=np.float64)
    system = system_at(objective, at, covariance)
    share, least, waited, n_iter, distance = _SHARE, np.inf, 0, 0, np.inf
    while n_iter < _MAX_ROUNDS:
        n_iter += 1
        solution = system.solve(sites.precision, sites.shift)
        mean, variance = solution.mean, solution.variance
        found = tilted(factors, sites, mean, variance, system.block)
        refreshed, distance = moved(sites, mean, variance, found, share)
        if not objective.is_quadratic:
            distance = max(distance, float(np.max(np.abs(mean - at) / np.sqrt(variance))))
        if distance <= _SETTLED:
            break
        waited = 0 if distance < least else waited + 1
        least = min(least, distance)
        if waited == _PATIENCE:
            share, waited = max(0.5 * share, _LEAST_SHARE), 0
        sites = refreshed
        if not objective.is_quadratic:
            at = at + share * (mean - at)
            system = system_at(objective, at, covariance)
    if distance > _SETTLED:
        _warn(distance)
    evidence = _log_integral(objective, solution, sites) + found.log_ratio
    return Smoothed(mean, variance, sites, system, evidence, n_iter, distance <= _SETTLED)


def _log_integral(objective: Any, solution: Solution, sites: Sites) -> float:
    """Return log of the integral of likelihood, smooth priors and sites over all parameters."""
    w = solution.mean
    value = objective.smooth_value(w) + objective.constant
    height = -value - 0.5 * float(sites.precision @ (w * w)) + float(sites.shift @ w)
    return height + 0.5 * (w.size * float(np.log(2.0 * np.pi)) - solution.log_det)


def _warn(distance: float) -> None:
    warnings.warn(
        f"posterior='smoothed' did not settle: tolerance {_SETTLED:g} standard deviations, reached {distance:.2g} "
        f"after {_MAX_ROUNDS} rounds. Scale the features, leave out collinear ones, or use posterior='bootstrap'.",
        ConvergenceWarning,
        stacklevel=3,
    )
