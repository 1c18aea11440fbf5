"""Max-value entropy search: what an evaluation tells about how high the best score is.

Notation: y the unknown maximum; γ = (y − mean) / std; φ, Φ the standard normal density and
distribution function; r(γ) = φ(γ) / Φ(γ); Mills' ratio m(z) = Φ(−z) / φ(z); g(−z) = 1 − z m(z).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr

from ..posteriors import GaussianPosterior
from ._base import (
    AcquisitionContext,
    Floats,
    JointAcquisition,
    MarginalAcquisition,
    standardize,
)
from ._expected_improvement import scaled_improvement
from ._weighing import multiply_by_weight

__all__ = ["MaxValueEntropySearch"]

_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)
# Below, everything is taken relative to Mills' ratio, because γ r(γ) / 2 and log Φ(γ) cancel; from
# the second on the slope by its series too (its first term left out is 4725 / γ⁸, relatively).
_DIRECT_ABOVE, _SERIES_BELOW = -1.0, -50.0
# Bisections of the bracket of a quantile: below a millionth of its width.
_BISECTIONS = 20
# The maximum exceeds the incumbent by at least this, in units of the largest posterior standard
# deviation: with a maximum that is the incumbent itself, the search would go on learning at the
# incumbent, where little is unknown. (The authors add five standard deviations of the noise. The
# learnt noise variance has a prior that is far from 0, and after 40 evaluations of Branin's function,
# which has no noise, the regret was 0.15 instead of 0.001.)
_LEAST_GAIN = 0.01


class MaxValueEntropySearch(JointAcquisition):
    """Expected information about the largest score there is.

    It looks for points that say how high the maximum is, be it by reaching it or by ruling it out.
    Given some draws of the maximum it needs the posterior of each point alone, so that it is
    maximised by gradient like a marginal acquisition.

    Parameters
    ----------
    n_max_values : int, default=16
        Number of draws of the maximum; positive.
    max_values : {"gumbel", "thompson"}, default="gumbel"
        How they are drawn. ``"gumbel"``: quantiles, equally spaced in probability, of a Gumbel
        distribution fitted to the maximum of the points as if these were independent, which is
        fast, not random, and a little too high. ``"thompson"``: maxima of joint draws over the
        points, a little too low where the points lie far apart.

    Raises
    ------
    ValueError
        If `max_values` has another value, or `n_max_values` is not positive, when it is used.

    See Also
    --------
    KnowledgeGradient : Values what the evaluation does to the best posterior mean.

    Notes
    -----
    With γ = (y − mean) / std: MES = average over draws y of γ φ(γ) / (2 Φ(γ)) − log Φ(γ), the fall
    of the entropy of a noise-free score when it is truncated at y. A certain score (std = 0) tells
    nothing, MES = 0.

    References
    ----------
    .. [1] Wang, Jegelka (2017). Max-value entropy search for efficient Bayesian optimization.
       ICML. arXiv 1703.01968

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.acquisition import AcquisitionContext, MaxValueEntropySearch
    >>> from skbayes.posteriors import GaussianPosterior
    >>> posterior = GaussianPosterior([0.0, 1.0, 1.0], [0.1, 0.1, 1.0])
    >>> context = AcquisitionContext(incumbent=1.0, rng=np.random.default_rng(0))
    >>> int(MaxValueEntropySearch().value(posterior, context).argmax())
    2
    """

    def __init__(self, n_max_values: int = 16, max_values: str = "gumbel") -> None:
        self.n_max_values = n_max_values
        self.max_values = max_values

    def value(self, posterior: GaussianPosterior, context: AcquisitionContext) -> Floats:
        information = self.marginal(posterior, context)
        return information.value(posterior.mean, posterior.std, context.incumbent)

    def marginal(
        self, posterior: GaussianPosterior, context: AcquisitionContext
    ) -> MarginalAcquisition:
        """Return the acquisition given draws of the maximum over these points.

        Parameters
        ----------
        posterior : GaussianPosterior
            Joint posterior over the scores of points that represent the space.
        context : AcquisitionContext
            The incumbent and the source of randomness.

        Returns
        -------
        acquisition : MarginalAcquisition
            Information about the maximum, a function of mean and std.

        Raises
        ------
        ValueError
            If a parameter is out of its range.
        """
        if self.max_values not in ("gumbel", "thompson"):
            raise ValueError(
                "MaxValueEntropySearch needs max_values 'gumbel' or 'thompson'; "
                f"got {self.max_values!r}."
            )
        if not self.n_max_values >= 1:
            raise ValueError(
                f"MaxValueEntropySearch needs n_max_values >= 1; got {self.n_max_values!r}."
            )
        if self.max_values == "gumbel":
            drawn = _gumbel_quantiles(posterior, self.n_max_values)
        else:
            drawn = posterior.sample(self.n_max_values, context.rng).max(axis=1)
        least = context.incumbent + _LEAST_GAIN * posterior.std.max()
        return MaxValueInformation(np.maximum(drawn, least))

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        return multiply_by_weight(value, log_weight)


class MaxValueInformation(MarginalAcquisition):
    """Information about the maximum, of which some draws are given; see MaxValueEntropySearch."""

    def __init__(self, max_values: Floats) -> None:
        self.max_values = max_values

    def value_and_partials(
        self, mean: ArrayLike, std: ArrayLike, incumbent: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        mean, std = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(std, dtype=float))
        y = np.asarray(self.max_values).reshape(-1, *[1] * mean.ndim)
        _, std, u = standardize(mean, std, y)
        is_certain = std == 0
        gamma = np.where(is_certain, 0.0, -u)
        value, slope = _information(gamma)
        per_std = -slope / np.where(is_certain, 1.0, std)  # γ falls by 1 / std with the mean
        parts = value, per_std, gamma * per_std
        value, d_mean, d_std = (np.where(is_certain, 0.0, p).mean(axis=0) for p in parts)
        return value[()], d_mean[()], d_std[()]

    def weigh(
        self, value: ArrayLike, incumbent: ArrayLike, log_weight: ArrayLike
    ) -> tuple[Floats, Floats, Floats]:
        return multiply_by_weight(value, log_weight)


def _information(gamma: Floats) -> tuple[Floats, Floats]:
    """γ r / 2 − log Φ and its derivative −r (1 + γ² + γ r) / 2."""
    near = np.maximum(gamma, _DIRECT_ABOVE)
    r = np.exp(-0.5 * near**2 - _LOG_SQRT_2PI - log_ndtr(near))
    value = 0.5 * near * r - log_ndtr(near)
    slope = -0.5 * r * (1.0 + near * (near + r))
    is_tail = gamma < _DIRECT_ABOVE
    if is_tail.any():
        z = np.where(is_tail, -gamma, 1.0)
        mills, g = scaled_improvement(-z)
        # −log Φ(−z) = z²/2 + log √2π − log m(z), r = 1 / m(z), and z² − z / m = −z g / m
        ratio = z * g / mills
        q = np.minimum(z, 1e100) ** -2.0  # only its square has to be a number
        series = 2 * q * (1 - q * (6 - q * (45 - q * 420))) / (1.0 - g)
        bracket = np.where(gamma < _SERIES_BELOW, series, 1.0 - ratio)
        value = np.where(is_tail, _LOG_SQRT_2PI - np.log(mills) - 0.5 * ratio, value)
        slope = np.where(is_tail, -0.5 / mills * bracket, slope)
    return value, slope


def _gumbel_quantiles(posterior: GaussianPosterior, n: int) -> Floats:
    """Quantiles (k + ½) / n of a Gumbel distribution with the quartiles of the maximum."""
    mean, std = posterior.mean, np.maximum(posterior.std, 1e-12 * posterior.std.max() + 1e-300)
    quartiles = np.array([0.25, 0.5, 0.75])
    # The maximum is above each score's own quartile, and below the largest of their distant ones.
    low, high = np.full(3, (mean - 0.7 * std).max()), np.full(3, (mean + 8.0 * std).max())
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        probability = ndtr((middle[:, None] - mean) / std).prod(axis=1)
        is_below = probability < quartiles
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    y = 0.5 * (low + high)
    # P(max < y) = exp(−exp(−(y − a) / b)), so y = a − b log(−log P)
    inner = -np.log(-np.log(quartiles))
    b = (y[2] - y[0]) / (inner[2] - inner[0])
    levels = (np.arange(n) + 0.5) / n
    return np.asarray(y[1] + b * (-np.log(-np.log(levels)) - inner[1]))
