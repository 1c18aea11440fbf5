"""Priors as normal factors of single parameters, matched by moments: the steps of expectation propagation.

Notation: the site of w_j is exp(−½ π_j w_j² + ν_j w_j); q = N(m, Σ) is the product of all sites and the likelihood; the
cavity of w_j is q without its site; the tilted density is the cavity times the true prior p(w_j). The site is right
where q and the tilted density have the same mean and variance. Where the prior ties the coefficients of a block
together, cavity and tilted density are of the block, and each of its sites is right by its own mean and variance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import IncompatibleModelError

__all__ = ["Factor", "Sites", "Tilted", "factors_of", "first_sites", "moved", "tilted"]

Array = NDArray[Any]

# A site has at least this part of the precision of its prior. Far from the kink of a Laplace density it would have
# none, and the road by the kernel divides by it; of a prior that is not log-concave it would be negative, and q might
# be no density. A variance changes by less than this part of itself under a log-concave prior.
_FLOOR = 1e-8
# A cavity has at least this part of the precision of q: where the data say nothing it would have none.
_LEAST_CAVITY = 1e-10


@dataclass(frozen=True)
class Factor:
    """A prior with a kink and the places in w that it is of.

    Attributes
    ----------
    prior : Prior
        Has `tilted`, or `blocks` and `tilted_block`.
    index : ndarray of int of shape (k,)
        Places in w.
    blocks : list of ndarray of int, or None
        Which of the k belong together; None: each is by itself.
    """

    prior: Any
    index: Array
    blocks: list[Array] | None


@dataclass(frozen=True)
class Sites:
    """The normal factors.

    Attributes
    ----------
    precision, shift : ndarray of shape (m,)
        π and ν; zeros for parameters whose prior has no kink.
    floor : ndarray of shape (m,)
        Least precision.
    """

    precision: Array
    shift: Array
    floor: Array


@dataclass(frozen=True)
class Tilted:
    """The true factors in their cavities.

    Attributes
    ----------
    mean, variance : ndarray of shape (m,)
        Of the tilted densities; of q for parameters without a kink.
    log_ratio : float
        Sum of the logarithms of what each site integrates to in its cavity when it is the true factor, over what it
        integrates to as it is.
    """

    mean: Array
    variance: Array
    log_ratio: float


def factors_of(objective: Any) -> list[Factor]:
    """Return the priors with kinks of an objective.

    Raises
    ------
    IncompatibleModelError
        If one of them has no moments to match, or there are bounds.
    """
    if objective.prior.is_bounded:
        raise IncompatibleModelError(
            "posterior='smoothed' is a normal density, which knows no bounds; got coefficients with bounds. Use "
            "posterior='bootstrap', or 'support'."
        )
    factors = []
    for prior, index in objective.prior.kinked():
        is_joint = hasattr(prior, "tilted_block")
        if not is_joint and not hasattr(prior, "tilted"):
            raise IncompatibleModelError(
                "posterior='smoothed' needs a prior with `tilted`, the moments of its product with a normal density; "
                f"got {type(prior).__name__}. Use Laplace, ElasticNet, Group or Horseshoe, or another posterior."
            )
        factors.append(Factor(prior, index, prior.blocks(index.size) if is_joint else None))
    return factors


def first_sites(factors: list[Factor], n_parameters: int) -> Sites:
    """Return sites as wide as the priors, around zero."""
    precision = np.zeros(n_parameters)
    for factor in factors:
        precision[factor.index] = np.square(1.0 / factor.prior.spread())
    return Sites(precision, np.zeros(n_parameters), _FLOOR * precision)


def tilted(
    factors: list[Factor],
    sites: Sites,
    mean: Array,
    variance: Array,
    block: Callable[[Array], Array],
) -> Tilted:
    """Return the moments of the tilted densities; `block` gives a part of Σ, (k, k)."""
    centre, spread, log_ratio = mean.copy(), variance.copy(), 0.0
    for factor in factors:
        if factor.blocks is None:
            j = factor.index
            parts = (mean[j], variance[j], sites.precision[j], sites.shift[j])
            log_ratios, centre[j], spread[j] = _one_by_one(factor.prior, *parts)
            log_ratio += float(log_ratios.sum())
            continue
        for together in factor.blocks:
            j = factor.index[together]
            parts = (mean[j], block(j), sites.precision[j], sites.shift[j])
            added, centre[j], spread[j] = _jointly(factor.prior, together, *parts)
            log_ratio += added
    return Tilted(centre, spread, log_ratio)


def _one_by_one(
    prior: Any, mean: Array, variance: Array, precision: Array, shift: Array
) -> tuple[Array, Array, Array]:
    """Return log ratio, mean and variance of each coefficient by itself."""
    cavity = np.maximum(1.0 / variance - precision, _LEAST_CAVITY / variance)
    pull = mean / variance - shift
    log_integral, centre, spread = prior.tilted(pull / cavity, 1.0 / cavity)
    # The cavity times the site is q times a constant: completing the square gives the integral.
    of_site = np.log(cavity * variance) + mean * mean / variance - pull * pull / cavity
    return log_integral - 0.5 * of_site, centre, spread


def _jointly(
    prior: Any, together: Array, mean: Array, covariance: Array, precision: Array, shift: Array
) -> tuple[float, Array, Array]:
    """Return log ratio, means and variances of a block."""
    values, vectors = np.linalg.eigh(covariance)
    of_block = (vectors / values) @ vectors.T
    values, vectors = np.linalg.eigh(of_block - np.diag(precision))
    least = _LEAST_CAVITY * float(np.diag(of_block).min())
    values = np.maximum(values, least)
    pull = of_block @ mean - shift
    along = vectors.T @ pull
    cavity = (vectors / values) @ vectors.T
    log_integral, centre, spread = prior.tilted_block(together, cavity @ pull, cavity)
    log_det = float(np.log(values).sum()) + float(np.linalg.slogdet(covariance)[1])
    of_site = log_det + float(mean @ of_block @ mean) - float(along @ (along / values))
    return log_integral - 0.5 * of_site, centre, spread


def moved(
    sites: Sites, mean: Array, variance: Array, found: Tilted, share: float
) -> tuple[Sites, float]:
    """Return sites on the way to the moments found, and how far these are: in standard deviations of q."""
    is_site = sites.precision > 0.0
    step = np.where(is_site, 1.0 / found.variance - 1.0 / variance, 0.0)
    step = np.maximum(sites.precision + step, sites.floor) - sites.precision
    # The site with the new precision that gives the tilted mean in the cavity of the old one.
    push = found.mean * (1.0 / variance + step) - mean / variance
    push = np.where(is_site, push, 0.0)
    tension = np.abs(push - step * mean) * np.sqrt(variance)
    distance = max(
        float(tension.max(initial=0.0)), float((np.abs(step) * variance).max(initial=0.0))
    )
    moved_sites = Sites(
        np.where(is_site, sites.precision + share * step, 0.0),
        sites.shift + share * push,
        sites.floor,
    )
    return moved_sites, distance
