"""How far a normal approximation can be trusted: the tail of its importance weights.

Notation: S draws w_s of the approximation q, log weights l_s = log p(w_s) − log q(w_s) up to a constant. The M largest
weights above their threshold follow a generalised Pareto distribution of shape k (Vehtari et al. 2024): the weights
have 1/k moments, and where k > 0.7 neither importance sampling nor q itself is of use. k is estimated as in Zhang and
Stephens (2009): the mean of a profile posterior over a grid of θ = −k/σ.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._forms import CovarianceForm

__all__ = ["Diagnostics", "importance_diagnostics", "pareto_smoothed_weights"]

Array = NDArray[Any]

# Vehtari et al. (2024), section 3.2.4: above it the sample size that importance sampling would need explodes.
_UNRELIABLE = 0.7
# Fewer draws leave fewer than 20 in the tail.
_FEWEST_DRAWS = 100
# Log weights that differ by less are one number but for rounding: p and q are the same.
_ALIKE = 1e-6


@dataclass(frozen=True)
class Diagnostics:
    """How near a posterior is to the density that it stands for.

    Parameters
    ----------
    pareto_k : float
        Shape of the tail of the importance weights: below 0.5 good, up to 0.7 usable, above not. Minus infinity where
        all weights are equal.
    effective_sample_size : float
        How many draws of the exact density the weighted draws are worth; at most `n_draws`.
    n_draws : int
        Number of draws.
    mean_shift : float
        The largest distance between the weighted mean and that of the posterior, in standard deviations.
    std_ratio : tuple of float
        The least and the largest ratio of the weighted standard deviations to those of the posterior.

    Examples
    --------
    >>> from skbayes.posteriors import Diagnostics
    >>> Diagnostics(0.2, 1500.0, 2000, 0.05, (0.97, 1.04)).pareto_k
    0.2
    """

    pareto_k: float
    effective_sample_size: float
    n_draws: int
    mean_shift: float
    std_ratio: tuple[float, float]


def importance_diagnostics(
    form: CovarianceForm,
    mean: Array,
    log_density: Callable[[Array], Array],
    n_draws: int,
    random_state: int | np.random.Generator | None,
) -> Diagnostics:
    """Return the diagnostics of N(mean, Σ) as an approximation of a density."""
    if n_draws < _FEWEST_DRAWS:
        raise ValueError(
            f"diagnostics needs n_draws >= {_FEWEST_DRAWS}; got {n_draws}. 2000 are the default."
        )
    steps = form.draw(n_draws, np.random.default_rng(random_state))
    log_weights = log_density(mean + steps) + 0.5 * form.squared_distance(steps)
    weights, k = pareto_smoothed_weights(log_weights)
    if k > _UNRELIABLE:
        warnings.warn(
            f"The posterior is a poor approximation: the Pareto k of its importance weights is {k:.2f}, above "
            f"{_UNRELIABLE}. Do not trust its intervals; more data, a stronger prior or a bootstrap would help.",
            UserWarning,
            stacklevel=3,
        )
    moved = steps.std(axis=0) > 0.0
    steps = steps[:, moved]
    std = steps.std(axis=0)
    # About their own weighted mean, and against the draws themselves, so that their chance cancels.
    shift = weights @ steps
    spread = np.sqrt(weights @ np.square(steps - shift))
    ratio = spread / std
    offset = np.abs(shift - steps.mean(axis=0)) / std
    return Diagnostics(
        pareto_k=k,
        effective_sample_size=float(1.0 / np.square(weights).sum()),
        n_draws=n_draws,
        mean_shift=float(offset.max(initial=0.0)),
        std_ratio=(float(ratio.min(initial=np.inf)), float(ratio.max(initial=0.0))),
    )


def pareto_smoothed_weights(log_weights: ArrayLike) -> tuple[Array, float]:
    """Importance weights with their largest ones replaced by the quantiles of a generalised Pareto distribution.

    Parameters
    ----------
    log_weights : array-like of shape (n_draws,)
        Logarithms of the raw weights, up to a constant; minus infinity for none.

    Returns
    -------
    weights : ndarray of shape (n_draws,)
        They sum to 1.
    pareto_k : float
        Shape of the tail; minus infinity if all weights are equal, infinity if fewer than five draws have a weight.

    References
    ----------
    .. [1] Vehtari, Simpson, Gelman, Yao, Gabry (2024). Pareto smoothed importance sampling. J. Mach. Learn. Res. 25,
       1-58.
    .. [2] Zhang, Stephens (2009). A new and efficient estimation method for the generalized Pareto distribution.
       Technometrics 51, 316-325. doi:10.1198/tech.2009.08017

    Examples
    --------
    >>> from skbayes.posteriors import pareto_smoothed_weights
    >>> weights, k = pareto_smoothed_weights([0.0, 0.0, 0.0, 0.0])
    >>> print(weights, k)
    [0.25 0.25 0.25 0.25] -inf
    """
    log_weights = np.array(log_weights, dtype=np.float64)
    n = log_weights.size
    possible = np.isfinite(log_weights)
    if not possible.any():
        return np.full(n, 1.0 / n), np.inf
    log_weights -= log_weights[possible].max()
    weights = np.where(possible, np.exp(np.where(possible, log_weights, 0.0)), 0.0)
    if possible.all() and np.ptp(log_weights) < _ALIKE:
        return weights / weights.sum(), -np.inf
    # The tail of Vehtari et al.: a fifth of the draws, and no more than 3 √S.
    size = int(min(np.ceil(0.2 * n), np.ceil(3.0 * np.sqrt(n))))
    order = np.argsort(weights, kind="stable")
    tail = order[n - size :]
    threshold = weights[order[n - size - 1]] if size < n else 0.0
    excess = weights[tail] - threshold
    if size < 5 or np.count_nonzero(excess > 0.0) < 5:
        return weights / weights.sum(), np.inf
    k, sigma = _pareto_fit(excess[excess > 0.0])
    levels = (np.arange(size) + 0.5) / size
    smooth = (
        -sigma * np.log1p(-levels) if k == 0.0 else sigma * np.expm1(-k * np.log1p(-levels)) / k
    )
    # No weight above the largest raw one.
    weights[tail] = np.minimum(threshold + smooth, 1.0)
    return weights / weights.sum(), float(k)


def _pareto_fit(x: Array) -> tuple[float, float]:
    """Return shape k and scale σ of ascending excesses x > 0."""
    n = x.size
    n_grid = 30 + int(np.sqrt(n))  # as many as Zhang and Stephens take, and 10 more
    quartile = x[int(n / 4.0 + 0.5) - 1]
    # θ = −k/σ < 1/max x; the prior of θ is centred by the quartile of x.
    grid = np.arange(1, n_grid + 1)
    theta = 1.0 / x[-1] + (1.0 - np.sqrt(n_grid / (grid - 0.5))) / (3.0 * quartile)
    shape = np.log1p(-np.multiply.outer(theta, x)).mean(axis=1)  # of each θ the best k
    profile = n * (np.log(-theta / shape) - shape - 1.0)
    weight = np.exp(profile - profile.max())
    best = float(weight @ theta / weight.sum())
    k = float(np.log1p(-best * x).mean())
    sigma = -k / best
    # A weak prior towards 0.5, worth ten excesses, as Vehtari et al. take it (appendix C).
    return (n * k + 10 * 0.5) / (n + 10), float(sigma)
