"""Whether an acquisition keeps the contract of `MarginalAcquisition` or `JointAcquisition`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..acquisition import AcquisitionContext, JointAcquisition, MarginalAcquisition
from ..posteriors import GaussianPosterior
from ._common import STEP, check_close, check_parameter_object, expect

__all__ = ["check_acquisition"]

# Agreement of derivatives with central differences of doubles (6e-6 apart), and of scalars with arrays.
_DIFFERENCE, _ROUNDING = 1e-5, 1e-10
_N_POINTS = 12


def check_acquisition(
    acquisition: MarginalAcquisition | JointAcquisition, random_state: int = 0
) -> None:
    """Check that an acquisition keeps the contract: shapes, derivatives, weights, and no randomness of its own.

    Parameters
    ----------
    acquisition : MarginalAcquisition or JointAcquisition
        The acquisition.
    random_state : int, default=0
        Seed of the posteriors that it is asked about.

    Raises
    ------
    AssertionError
        If the contract is broken; the message says where, what the acquisition gives, and what is expected.

    Notes
    -----
    Checked are: parameters only stored; a value for each point, never NaN, also where the posterior is certain;
    the same rng, the same values; a larger weight is worth more, and `weigh` against differences; no argument is
    written to. Of a marginal one also: both partial derivatives against differences, numbers as arrays, and `value`
    against `value_and_partials`.

    Examples
    --------
    >>> from skbayes.acquisition import ExpectedImprovement, ThompsonSampling
    >>> from skbayes.checks import check_acquisition
    >>> check_acquisition(ExpectedImprovement(margin=0.1))
    >>> check_acquisition(ThompsonSampling())
    """
    is_known = isinstance(acquisition, MarginalAcquisition | JointAcquisition)
    expect(
        is_known, acquisition, "is neither a MarginalAcquisition nor a JointAcquisition; derive it."
    )
    check_parameter_object(acquisition)
    rng = np.random.default_rng(random_state)
    mean, std = rng.standard_normal(_N_POINTS), rng.uniform(0.2, 2.0, _N_POINTS)
    incumbent = float(np.quantile(mean, 0.7))
    if isinstance(acquisition, MarginalAcquisition):
        value = _check_marginal(acquisition, mean, std, incumbent)
    else:
        value = _check_joint(acquisition, mean, std, incumbent, random_state)
    _check_weights(acquisition, value, incumbent)


def _check_marginal(
    acquisition: Any, mean: NDArray[np.float64], std: NDArray[np.float64], incumbent: float
) -> NDArray[np.float64]:
    given = mean.copy(), std.copy()
    parts = acquisition.value_and_partials(mean, std, incumbent)
    expect(len(parts) == 3, acquisition, "gives no (value, d_mean, d_std).")
    for name, part in zip(("value", "d_mean", "d_std"), parts, strict=True):
        expect(np.shape(part) == mean.shape, acquisition, f"gives {name} of another shape.")
    is_kept = np.array_equal(mean, given[0]) and np.array_equal(std, given[1])
    expect(is_kept, acquisition, "writes to the mean or std that it is given.")
    value, d_mean, d_std = (np.asarray(part, dtype=float) for part in parts)
    alone = acquisition.value(mean, std, incumbent)
    check_close(acquisition, "value", alone, value, _ROUNDING, "value_and_partials")
    up, down = (acquisition.value(mean + h, std, incumbent) for h in (STEP, -STEP))
    by_mean = (np.asarray(up) - down) / (2.0 * STEP)
    check_close(acquisition, "d_mean", d_mean, by_mean, _DIFFERENCE, "a difference of value")
    up, down = (acquisition.value(mean, std + h, incumbent) for h in (STEP, -STEP))
    by_std = (np.asarray(up) - down) / (2.0 * STEP)
    check_close(acquisition, "d_std", d_std, by_std, _DIFFERENCE, "a difference of value")
    for i in range(mean.size):
        single = acquisition.value(float(mean[i]), float(std[i]), incumbent)
        check_close(acquisition, "value of numbers", single, value[i], _ROUNDING, "that of arrays")
    certain = np.asarray(acquisition.value(mean, np.zeros_like(std), incumbent))
    expect(~np.isnan(certain), acquisition, "is NaN where std is 0; give the limit.")
    return value


def _check_joint(
    acquisition: Any,
    mean: NDArray[np.float64],
    std: NDArray[np.float64],
    incumbent: float,
    random_state: int,
) -> NDArray[np.float64]:
    near = np.exp(-np.abs(np.subtract.outer(np.arange(mean.size), np.arange(mean.size))) / 3.0)
    covariance = near * np.outer(std, std)

    def value(std: NDArray[np.float64], covariance: NDArray[np.float64]) -> NDArray[np.float64]:
        posterior = GaussianPosterior(mean, std, covariance)
        rng = np.random.default_rng(random_state)
        context = AcquisitionContext(incumbent=incumbent, rng=rng, noise_variance=0.01)
        return np.asarray(acquisition.value(posterior, context))

    given = mean.copy(), std.copy(), covariance.copy()
    first = value(std, covariance)
    kept = (mean, std, covariance)
    is_kept = all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True))
    expect(is_kept, acquisition, "writes to the posterior that it is given.")
    expect(
        first.shape == mean.shape,
        acquisition,
        f"gives values of shape {first.shape} for {mean.size} points.",
    )
    expect(~np.isnan(first), acquisition, "is NaN at a point.")
    again = value(std, covariance)
    expect(
        np.array_equal(first, again),
        acquisition,
        "differs under the same rng; draw from context.rng alone.",
    )
    certain = value(np.zeros_like(std), np.zeros_like(covariance))
    expect(
        ~np.isnan(certain), acquisition, "is NaN where the posterior is certain; give the limit."
    )
    return first.astype(float)


def _check_weights(acquisition: Any, value: NDArray[np.float64], incumbent: float) -> None:
    value = value[np.isfinite(value)]
    weight = np.linspace(-2.0, -0.5, value.size)
    light, d_value, d_weight = acquisition.weigh(value, incumbent, weight)
    heavy = np.asarray(acquisition.weigh(value, incumbent, weight + 0.3)[0])
    expect(
        heavy >= np.asarray(light) - _ROUNDING, acquisition, "is worth less under a larger weight."
    )
    up, down = (
        np.asarray(acquisition.weigh(value + h, incumbent, weight)[0]) for h in (STEP, -STEP)
    )
    slope = (up - down) / (2.0 * STEP)
    check_close(
        acquisition, "d_value of weigh", d_value + 0.0 * value, slope, _DIFFERENCE, "a difference"
    )
    up, down = (
        np.asarray(acquisition.weigh(value, incumbent, weight + h)[0]) for h in (STEP, -STEP)
    )
    slope = (up - down) / (2.0 * STEP)
    check_close(
        acquisition,
        "d_log_weight of weigh",
        d_weight + 0.0 * value,
        slope,
        _DIFFERENCE,
        "a difference",
    )
