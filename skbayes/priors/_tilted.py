"""Moments of a prior times a normal density: what a Gaussian approximation of a posterior needs to know of its prior.

Notation: d = w − m the distance from the kink; the normal density N(d; μ, v), s = √v; I = ∫ q(d) N(d; μ, v) dd for a
prior factor q, and the mean and the variance of the density q(d) N(d; μ, v)/I.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, log_ndtr

__all__ = ["tilted_by_kink", "tilted_by_norm", "tilted_by_quadrature"]

Floats = NDArray[np.float64]
Moments = tuple[Floats, Floats, Floats]

# From here on the two moments of a truncated normal lose more digits to cancellation (μ⁴ roundings) than the four terms
# of their asymptotic series leave out (4000/μ⁸): both are about 1e-10.
_FAR = 50.0
_LOG_ROOT_2PI = 0.5 * np.log(2.0 * np.pi)
# Nodes of Gauss and Legendre on each piece between two break points; they are exact for polynomials of degree 19.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)
# The normal density has fallen by 1e-22 at 10 standard deviations; between these points it is as a polynomial.
_NORMAL_BREAKS = np.array([-10.0, -7.0, -5.0, -3.5, -2.0, -1.0, 0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 10.0])
# Nodes of the trapezoidal rule in the logarithm of a mixture's variance, once to find where its mass is, once there.
_MIXTURE_NODES = 200
# What lies this far below the largest logarithm does not count: exp(−40) is 4e-18.
_NEGLIGIBLE = 40.0


def tilted_by_kink(l1: Floats, l2: Floats, mean: Floats, variance: Floats) -> Moments:
    """Return log I, mean and variance for q(d) = exp(−l1 |d| − l2 d²/2), all (n,).

    The normal factor is taken into N; what is left on either side of the kink is a truncated normal.
    """
    shrink = 1.0 + l2 * variance
    log_integral = -0.5 * np.log(shrink) - 0.5 * l2 * mean * mean / shrink
    v = variance / shrink
    s = np.sqrt(v)
    a, k = mean / shrink / s, l1 * s
    above, below = log_ndtr(a - k) - k * a, log_ndtr(-a - k) + k * a
    both = np.logaddexp(above, below)
    right, left = np.exp(above - both), np.exp(below - both)
    mean_above, variance_above = _positive_part(a - k)
    mean_below, variance_below = _positive_part(-a - k)
    centre = right * mean_above - left * mean_below
    spread = right * variance_above + left * variance_below
    spread += right * left * np.square(mean_above + mean_below)
    return log_integral + 0.5 * k * k + both, s * centre, v * spread


def _positive_part(mu: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of N(mu, 1) given that it is positive."""
    is_far = mu < -_FAR
    near = np.where(is_far, 0.0, mu)
    mean = near + np.exp(-0.5 * near * near - _LOG_ROOT_2PI - log_ndtr(near))
    variance = 1.0 + mean * (near - mean)
    x = np.where(is_far, -mu, _FAR)
    u = x**-2.0
    far_mean = (1.0 - 2.0 * u + 10.0 * u**2 - 74.0 * u**3) / x
    far_variance = u * (1.0 - 6.0 * u + 50.0 * u**2 - 518.0 * u**3)
    return np.where(is_far, far_mean, mean), np.where(is_far, far_variance, variance)


def tilted_by_quadrature(
    log_factor: Callable[[Floats], Floats], breaks: Floats, mean: Floats, variance: Floats
) -> Moments:
    """Return log I, mean and variance for log q(d) = log_factor(d), d (n, any); `breaks` (n, b) are where q bends."""
    s = np.sqrt(variance)
    normal = mean[:, None] + s[:, None] * _NORMAL_BREAKS
    edges = np.concatenate([normal, np.clip(breaks, normal[:, :1], normal[:, -1:])], axis=1)
    edges.sort(axis=1)
    half = 0.5 * np.diff(edges, axis=1)[:, :, None]
    d = (edges[:, :-1, None] + half * (1.0 + _NODES)).reshape(
        len(mean), edges.shape[1] * _NODES.size - _NODES.size
    )
    width = (half * _WEIGHTS).reshape(d.shape)
    z = (d - mean[:, None]) / s[:, None]
    log_mass = log_factor(d) - 0.5 * z * z
    top = log_mass.max(axis=1)
    mass = width * np.exp(log_mass - top[:, None])
    total = mass.sum(axis=1)
    centre = (mass * z).sum(axis=1) / total
    spread = (mass * np.square(z - centre[:, None])).sum(axis=1) / total
    return top + np.log(total / s) - _LOG_ROOT_2PI, mean + s * centre, variance * spread


def tilted_by_norm(rate: float, mean: Floats, covariance: Floats) -> tuple[float, Floats, Floats]:
    """Return log I, means and variances (k,) for q(d) = exp(−rate ‖d‖)/Z in k dimensions.

    q is a normal density of variance t in every direction, where t has the gamma distribution of shape (k + 1)/2 and
    rate rate²/2 (Kyung, Gill, Ghosh, Casella 2010, doi:10.1214/10-BA607); for each t the product is normal.
    """
    shape, slope = 0.5 * (mean.size + 1.0), 0.5 * rate * rate
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, np.finfo(float).tiny)
    along = vectors.T @ mean

    def log_mass(log_t: Floats) -> Floats:
        total = values + np.exp(log_t)[:, None]
        normal = np.square(along) / total + np.log(total) + 2.0 * _LOG_ROOT_2PI
        logs: Floats = shape * (np.log(slope) + log_t) - slope * np.exp(log_t) - gammaln(shape)
        return logs - 0.5 * normal.sum(axis=1)

    nodes = _nodes_with_mass(log_mass)
    heights = log_mass(nodes)
    top = float(heights.max())
    mass = np.exp(heights - top)
    log_integral = top + float(np.log(mass.sum() * (nodes[1] - nodes[0])))
    mass /= mass.sum()
    t = np.exp(nodes)[:, None]
    share = t / (values + t)
    means = share * along
    centre = mass @ means
    # Of the mean of the variances and the variance of the means the second is no diagonal in these directions.
    away = means - centre
    within = (vectors * (mass @ (share * values))) @ vectors.T
    between = vectors @ (away.T * mass) @ away @ vectors.T
    return log_integral, vectors @ centre, np.diag(within + between)


def _nodes_with_mass(log_mass: Callable[[Floats], Floats]) -> Floats:
    """Return evenly spaced nodes over where a density of log t is not negligible."""
    low, high = -80.0, 80.0  # 1e-35 to 1e35
    # Each round narrows the range to the nodes that count and one on either side; three reach a width of 1e-4.
    for _ in range(3):
        nodes = np.linspace(low, high, _MIXTURE_NODES)
        heights = log_mass(nodes)
        counts = np.flatnonzero(heights > heights.max() - _NEGLIGIBLE)
        low = nodes[max(counts[0] - 1, 0)]
        high = nodes[min(counts[-1] + 1, _MIXTURE_NODES - 1)]
    return np.linspace(low, high, _MIXTURE_NODES)
