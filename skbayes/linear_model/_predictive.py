"""What a posterior of the coefficients says of an observation: quantiles, and probabilities of classes.

Notation: the linear predictor of a new row has the posterior N(η, v), z is standard normal; F(y | η) the distribution
function of the likelihood, F̄(y) = E F(y | η + √v z) that of the observation.

The expectation is a sum over evenly spaced z. For an analytic function that falls off on both sides it converges faster
than any power of the step, once the step resolves the function (Trefethen, Weideman 2014, doi:10.1137/130932132): a
Gauss-Hermite rule of fixed order would turn into a staircase where the noise is narrow beside √v.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit
from scipy.stats import qmc

from ..likelihoods import Bernoulli

__all__ = ["averaged_probabilities", "predictive_cdf", "predictive_quantile"]

Array = NDArray[Any]

# Beyond, the normal distribution holds 3e-12: far below the levels of intervals.
_REACH = 7.0
# Steps of z: at most this, which integrates the normal density itself to 1e-15, and half of what z needs to move y by
# the width of the noise, which leaves an error of 1e-6 for noise of Student's t with two degrees of freedom.
_LARGEST_STEP, _SHARE_OF_WIDTH = 0.75, 0.5
# Above it the width of the noise does not matter for the step.
_WIDE = 10.0
# With more nodes the noise is below 3 % of the spread, and so near to a part of it that levels are met to 2e-4.
_MOST_NODES = 1025
# Entries of a block of rows times nodes: 8 MB.
_BLOCK = 1 << 20
# The search for a quantile ends when it moves less, in posterior standard deviations of the linear predictor.
_SETTLED = 1e-9
# Counts beyond it are called infinite: their mean is near the end of what doubles can hold.
_LARGEST_COUNT = 1e300
# Draws for the softmax, in pairs z and −z: the low discrepancy leaves errors of about 1e-4 in a probability.
_LOG2_DRAWS = 10


def predictive_quantile(
    likelihood: Any, q: float, eta: Array, variance: Array, dof: float | None = None
) -> Array:
    """Return the quantile of an observation of each row, (n,).

    Parameters
    ----------
    likelihood : Likelihood
        Without unknowns, with `cdf` and `quantile`.
    q : float
        Probability, inside (0, 1).
    eta, variance : ndarray of shape (n,)
        Means and variances of the linear predictors.
    dof : float or None, default=None
        Degrees of freedom of an estimated scale of Gaussian noise, with which the quantile is that of Student's t.
    """
    if likelihood.is_quadratic:
        _, std = likelihood.predictive(eta, variance)
        unit = ndtri(q) if dof is None else stdtrit(dof, q)
        return np.asarray(eta + unit * std, dtype=eta.dtype)
    center = eta.astype(np.float64)
    std = np.sqrt(np.asarray(variance, dtype=np.float64))
    # Of a linear predictor that nothing determines the quantiles are the ends of the support.
    unknown = np.isinf(std)
    center[unknown], std[unknown] = np.copysign(np.inf, q - 0.5), 0.0
    share = _noise_share(likelihood, q, center, std)
    # Beside a wide linear predictor the noise adds to its variance.
    found: Array = likelihood.quantile(0.5, center + ndtri(q) * std * np.hypot(1.0, share))
    counts = np.where(unknown, 2 * _MOST_NODES, _node_counts(share))
    for count in np.unique(counts[counts <= _MOST_NODES]):
        rows = np.flatnonzero(counts == count)
        for block in np.array_split(rows, 1 + rows.size * int(count) // _BLOCK):
            mixture = _Mixture(likelihood, center[block], std[block], int(count))
            search = _least_whole if likelihood.is_discrete else _root
            found[block] = search(mixture, q)
    return found.astype(eta.dtype, copy=False)


def predictive_cdf(
    likelihood: Any, y: Array, eta: Array, variance: Array, dof: float | None = None
) -> Array:
    """Return the probability that an observation of each row is at most some number, (n,).

    Parameters
    ----------
    likelihood : Likelihood
        Without unknowns, with `cdf` and `quantile`.
    y : ndarray of shape (n,)
        Any numbers, also infinite.
    eta, variance : ndarray of shape (n,)
        Means and variances of the linear predictors.
    dof : float or None, default=None
        Degrees of freedom of an estimated scale of Gaussian noise, as for `predictive_quantile`.
    """
    center, y = eta.astype(np.float64), np.asarray(y, dtype=np.float64)
    variance = np.asarray(variance, dtype=np.float64)
    unknown = np.isinf(variance)
    # What is known without a sum, and would be ∞ − ∞ or ∞ / ∞ in it.
    inside = np.where(np.isinf(y), 0.0, y)
    if likelihood.is_quadratic:
        _, spread = likelihood.predictive(center, variance)
        unit = (inside - center) / spread
        found = np.asarray(ndtr(unit) if dof is None else stdtr(dof, unit))
    else:
        std = np.sqrt(np.where(unknown, 0.0, variance))
        found = _mixed_cdf(likelihood, inside, center, std)
        # A linear predictor that nothing determines is as probably at either end.
        ends = [likelihood.cdf(inside, np.full(y.shape, end)) for end in (-np.inf, np.inf)]
        found = np.where(unknown, 0.5 * (ends[0] + ends[1]), found)
    return np.where(np.isinf(y), y > 0.0, found)


def _mixed_cdf(likelihood: Any, y: Array, eta: Array, std: Array) -> Array:
    """Return F̄(y) of finite y, (n,)."""
    # The node counts that its quantiles need, from one tail to the other.
    shares = [_noise_share(likelihood, q, eta, std) for q in (0.05, 0.5, 0.95)]
    counts = np.minimum(_node_counts(np.min(shares, axis=0)), _MOST_NODES)
    found = np.empty(eta.shape)
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        for block in np.array_split(rows, 1 + rows.size * int(count) // _BLOCK):
            found[block] = _Mixture(likelihood, eta[block], std[block], int(count)).cdf(y[block])
    return found


def _noise_share(likelihood: Any, q: float, eta: Array, std: Array) -> Array:
    """Return the width of the noise over that of the linear predictor, where the quantile will be, (n,)."""
    there = eta + ndtri(q) * std
    with np.errstate(invalid="ignore"):  # ∞ − ∞ of an infinite mean
        high, low = (likelihood.quantile(level, there) for level in (ndtr(1.0), ndtr(-1.0)))
        half = 0.5 * (high - low)
        middles = [likelihood.quantile(0.5, there + step * std) for step in (0.5, -0.5)]
        move = middles[0] - middles[1]
    width = np.maximum(half, 0.5) if likelihood.is_discrete else half
    widest = np.divide(width, move, out=np.full(width.shape, np.inf), where=move > 0.0)
    # Where both are infinite nothing is left to be resolved.
    return np.fmin(widest, _WIDE)


def _node_counts(share: Array) -> Array:
    """Return how many nodes each row needs: one more than a power of two, (n,)."""
    step = np.clip(_SHARE_OF_WIDTH * share, _REACH / _MOST_NODES, _LARGEST_STEP)
    counts: Array = 1 + 2 ** np.ceil(np.log2(2.0 * _REACH / step)).astype(int)
    return counts


class _Mixture:
    """The distributions of the observations of some rows."""

    def __init__(self, likelihood: Any, eta: Array, std: Array, n_nodes: int) -> None:
        z = np.linspace(-_REACH, _REACH, n_nodes)
        density = np.exp(-0.5 * np.square(z))
        self.likelihood, self.eta, self.std = likelihood, eta, std
        self._weights = density / density.sum()
        self._nodes = eta[:, None] + std[:, None] * z

    def cdf(self, y: Array) -> Array:
        """Return F̄(y), (n,)."""
        by_node: Array = self.likelihood.cdf(y[:, None], self._nodes)
        return by_node @ self._weights

    def conditional(self, q: float, t: Array) -> Array:
        """Return the quantile given that the linear predictor is t standard deviations above its mean, (n,)."""
        y: Array = self.likelihood.quantile(q, self.eta + t * self.std)
        return y


def _root(mixture: _Mixture, q: float) -> Array:
    """Return the quantile of continuous distributions, by the rule of false position in its form of Illinois.

    It is one of the conditional quantiles, and is looked for among these: in t, and on the scale of normal quantiles,
    the distribution function is nearly a straight line.
    """

    def excess(t: Array) -> Array:
        probability = mixture.cdf(mixture.conditional(q, t))
        return ndtri(np.clip(probability, 1e-300, 1.0 - 1e-16)) - ndtri(q)

    # No conditional distribution beyond these ends has weight: there F̄ is below q, and above it.
    low, high = (np.full(mixture.eta.shape, end) for end in (-_REACH, _REACH))
    of_low, of_high = excess(low), excess(high)
    for _ in range(100):  # five or six suffice, and halving alone would need fewer
        with np.errstate(invalid="ignore", divide="ignore"):
            t = high - of_high * (high - low) / (of_high - of_low)
        t = np.where(np.isfinite(t), t, high)
        of_t = excess(t)
        moved = np.abs(t - high)
        crossed = np.sign(of_t) != np.sign(of_high)
        low, of_low = np.where(crossed, high, low), np.where(crossed, of_high, 0.5 * of_low)
        high, of_high = t, of_t
        if np.all((moved < _SETTLED) | (of_t == 0.0)):
            break
    return mixture.conditional(q, high)


def _least_whole(mixture: _Mixture, q: float) -> Array:
    """Return the quantile of distributions over whole numbers: the least that is not exceeded with probability q."""
    reach = np.full(mixture.eta.shape, _REACH)
    low, high = mixture.conditional(q, -reach) - 1.0, mixture.conditional(q, reach)
    is_infinite = (high > _LARGEST_COUNT) & (mixture.cdf(np.full(high.shape, _LARGEST_COUNT)) < q)
    low, high = np.minimum(low, _LARGEST_COUNT), np.minimum(high, _LARGEST_COUNT)
    while True:
        # Between numbers of different size the geometric middle, so that as many halvings reach zero as a large one.
        base = np.maximum(low, 0.0) + 1.0
        halves = np.where(high > 4.0 * base, np.sqrt(base) * np.sqrt(high), 0.5 * low + 0.5 * high)
        middle = np.floor(halves)
        is_between = (low < middle) & (middle < high)
        if not is_between.any():
            return np.where(is_infinite, np.inf, high)
        is_short = mixture.cdf(middle) < q
        low = np.where(is_between & is_short, middle, low)
        high = np.where(is_between & ~is_short, middle, high)


def averaged_probabilities(eta: Array, covariance: Array) -> Array:
    """Return the softmax of linear predictors averaged over their posterior, (n, K).

    Parameters
    ----------
    eta : ndarray of shape (n, K)
        Means.
    covariance : ndarray of shape (n, K, K)
        Covariances over the classes.
    """
    n, K = eta.shape
    if K == 2:  # one log odds, and a sum that is exact to nine digits
        variance = covariance[:, 0, 0] + covariance[:, 1, 1] - 2.0 * covariance[:, 0, 1]
        second, _ = Bernoulli().predictive(eta[:, 1] - eta[:, 0], np.maximum(variance, 0.0))
        first, _ = Bernoulli().predictive(eta[:, 0] - eta[:, 1], np.maximum(variance, 0.0))
        return np.column_stack([first, second])
    z = _spread_normals(K)
    # What is added to all classes alike changes nothing, and the points fill their first axes best.
    covariance = covariance - covariance.mean(axis=1, keepdims=True)
    covariance = covariance - covariance.mean(axis=2, keepdims=True)
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])[:, :, ::-1]
    mean = np.empty((n, K))
    for rows in np.array_split(np.arange(n), 1 + n * z.size // _BLOCK):
        draws = root[rows] @ z.T  # (n, K, S), all that follows within this array
        draws += eta[rows][:, :, None]
        draws -= draws.max(axis=1, keepdims=True)
        np.exp(draws, out=draws)
        draws /= draws.sum(axis=1, keepdims=True)
        mean[rows] = draws.mean(axis=2)
    return mean


def _spread_normals(K: int) -> Array:
    """Return points that fill the standard normal distribution evenly, the same in each call, (S, K)."""
    corners = qmc.Sobol(K, scramble=False).random_base2(_LOG2_DRAWS)
    z = ndtri(corners + 0.5 ** (_LOG2_DRAWS + 1))  # the middles of the cells
    return np.concatenate([z, -z])
