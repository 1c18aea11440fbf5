"""Whether a likelihood keeps the contract of `Likelihood`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..likelihoods import Likelihood
from ._common import STEP, check_close, check_mean, check_parameter_object, expect

__all__ = ["check_likelihood"]

_DIFFERENCE, _ROUNDING = 1e-6, 1e-10
_N_SAMPLES, _N_DRAWS = 40, 4000
# Where distribution functions are looked at; a step for their slope, as a part of the nearer tail, in which a density
# may be a power: its square is the error.
_LEVELS, _PART_OF_TAIL = (0.02, 0.3, 0.5, 0.7, 0.98), 1e-3


def check_likelihood(
    likelihood: Likelihood, n_classes: int | None = None, random_state: int = 0
) -> None:
    """Check that a likelihood keeps the contract: derivatives, link, draws and estimates agree with its density.

    Parameters
    ----------
    likelihood : Likelihood
        The likelihood. One that has a parameter to estimate has to take 1, 2, ..., 20 as observations.
    n_classes : int or None, default=None
        Linear predictors of one sample; None: one, and eta is a vector.
    random_state : int, default=0
        Seed of the points and draws.

    Raises
    ------
    AssertionError
        If the contract is broken; the message says where, what the likelihood gives, and what is expected.

    Notes
    -----
    Checked are: parameters only stored; `start` and `update` return a fixed likelihood of the same type, at a maximum
    if no prior is involved, with weights that count as repetitions; derivatives (also `hessian_slope`) against
    differences; `curvature_bound`; draws of `sample` against `inverse_link`, `predictive`, and the mean of gradient
    and Hessian; `start_intercept` against the sum of gradients; `check_target`; tails without NaN; float32 in, float32
    out; no argument is written to. Where there are `cdf` and `quantile`: both, against the density, each other, and
    draws; a true `is_discrete` says that observations are whole numbers.

    Examples
    --------
    >>> from skbayes.checks import check_likelihood
    >>> from skbayes.likelihoods import Categorical, Poisson
    >>> check_likelihood(Poisson())
    >>> check_likelihood(Categorical(), n_classes=4)
    """
    expect(
        isinstance(likelihood, Likelihood),
        likelihood,
        "is no skbayes.likelihoods.Likelihood; derive it from that class.",
    )
    check_parameter_object(likelihood)
    fixed = likelihood if likelihood.is_fixed else _check_estimate(likelihood)
    rng = np.random.default_rng(random_state)
    shape = (_N_SAMPLES,) if n_classes is None else (_N_SAMPLES, n_classes)
    eta = 0.7 * rng.standard_normal(shape)
    y = np.asarray(fixed.sample(eta, random_state=random_state))
    expect(
        y.shape == (_N_SAMPLES,), fixed, f"draws y of shape {y.shape}; expected {(_N_SAMPLES,)}."
    )
    again = fixed.sample(eta, random_state=random_state)
    expect(np.array_equal(y, again), fixed, "draws differently with the same random_state.")
    _check_target(fixed, y)
    _check_derivatives(fixed, y, eta)
    _check_types(fixed, y, eta)
    _check_draws(fixed, eta[0], random_state)
    _check_intercept(fixed, y, eta)
    _check_quantiles(fixed, eta, random_state)


def _check_estimate(likelihood: Any) -> Any:
    y = np.arange(1.0, 21.0)
    start = likelihood.start(y)
    expect(start.is_fixed, likelihood, "is not fixed by start.")
    expect(type(start) is type(likelihood), likelihood, "is of another type after start.")
    eta = np.full(y.shape, likelihood.start_intercept(y))
    best = likelihood.update(y, eta)
    expect(best.is_fixed, likelihood, "is not fixed by update.")
    twice = likelihood.update(np.repeat(y, 2), np.repeat(eta, 2))
    weighted = likelihood.update(y, eta, weight=np.full(y.shape, 2.0))
    for name, value in twice.get_params(deep=False).items():
        if isinstance(value, float):
            got = getattr(weighted, name)
            check_close(likelihood, f"{name} at weight 2", got, value, 1e-6, "every row twice")
    given = likelihood.get_params(deep=False)
    free = [name for name, value in given.items() if value is None]
    height = best.log_density(y, eta).sum()
    for name in free:
        for factor in (0.9, 1.1):
            other = type(best)(
                **{**best.get_params(deep=False), name: factor * getattr(best, name)}
            )
            expect(
                other.log_density(y, eta).sum() <= height + _ROUNDING * abs(height),
                likelihood,
                f"is updated to {best!r}, but {other!r} is more probable.",
            )
    return best


def _check_target(likelihood: Any, y: NDArray[Any]) -> None:
    try:
        likelihood.check_target(y)
    except ValueError as error:
        raise AssertionError(f"{likelihood!r} refuses its own draws: {error}") from error
    try:
        likelihood.check_target(np.append(y.astype(float), np.nan))
    except ValueError:
        return
    raise AssertionError(f"{likelihood!r} accepts NaN as an observation; raise a ValueError.")


def _check_derivatives(likelihood: Any, y: NDArray[Any], eta: NDArray[np.float64]) -> None:
    value, gradient = likelihood.value_and_gradient(y, eta)
    density = likelihood.log_density(y, eta)
    expect(np.shape(density) == y.shape, likelihood, f"has log densities of shape {density.shape}.")
    constant = likelihood.log_constant(y)
    check_close(likelihood, "log_density", density, value + constant, _ROUNDING, "its two parts")
    slope = _by_eta(likelihood.log_density, y, eta)
    check_close(likelihood, "gradient", gradient, slope, _DIFFERENCE, "a difference")
    same = likelihood.gradient(y, eta)
    check_close(likelihood, "gradient", same, gradient, _ROUNDING, "value_and_gradient")
    hessian = likelihood.hessian(y, eta)
    curvature = _by_eta(likelihood.gradient, y, eta)
    check_close(likelihood, "hessian", hessian, curvature, _DIFFERENCE, "a difference of gradient")
    variance = (
        np.ones(eta.shape) if eta.ndim == 1 else np.eye(eta.shape[1]) + np.ones(hessian.shape)
    )
    drift = _by_eta(
        lambda y, eta: (likelihood.hessian(y, eta) * variance).reshape(len(y), -1).sum(axis=1),
        y,
        eta,
    )
    third = likelihood.hessian_slope(y, eta, variance)
    check_close(likelihood, "hessian_slope", third, drift, _DIFFERENCE, "a difference of hessian")
    if likelihood.is_quadratic:
        elsewhere = likelihood.hessian(y, eta + 1.0)
        check_close(likelihood, "hessian", elsewhere, hessian, _ROUNDING, "is_quadratic elsewhere")
    expected = likelihood.expected_hessian(y, eta)
    bound = likelihood.curvature_bound
    if eta.ndim == 2:
        expected, hessian = np.linalg.eigvalsh(expected), np.linalg.eigvalsh(hessian)
    expect(expected <= _ROUNDING, likelihood, "has an expected_hessian that is positive.")
    if bound is not None:
        size = float(np.abs(hessian).max())
        expect(
            size <= bound * (1.0 + _ROUNDING),
            likelihood,
            f"has the curvature {size:.6g}, above its curvature_bound {bound:.6g}.",
        )


def _by_eta(function: Any, y: NDArray[Any], eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return central differences by the linear predictors of each sample, along a last axis if there are several."""
    if eta.ndim == 1:
        difference = function(y, eta + STEP) - function(y, eta - STEP)
        return np.asarray(difference / (2.0 * STEP))
    units = STEP * np.eye(eta.shape[1])
    columns = [(function(y, eta + h) - function(y, eta - h)) / (2.0 * STEP) for h in units]
    return np.stack(columns, axis=-1)


def _check_types(likelihood: Any, y: NDArray[Any], eta: NDArray[np.float64]) -> None:
    kept_y, kept_eta, single = y.copy(), eta.copy(), eta.astype(np.float32)
    for name in ("log_density", "gradient", "hessian", "expected_hessian"):
        method = getattr(likelihood, name)
        method(y, eta)
        unchanged = np.array_equal(y, kept_y) and np.array_equal(eta, kept_eta)
        expect(unchanged, likelihood, f"writes to an argument of {name}.")
        kind = method(y, single).dtype
        expect(kind == np.float32, likelihood, f"gives {name} as {kind} for eta in float32.")
    for far in (-50.0, 50.0):
        value, gradient = likelihood.value_and_gradient(y, np.full(eta.shape, far))
        has_nan = np.isnan(value).any() or np.isnan(gradient).any()
        expect(not has_nan, likelihood, f"gives NaN at eta = {far}.")


def _check_draws(likelihood: Any, eta: NDArray[np.float64], random_state: int) -> None:
    """Compare the moments of many draws at one eta (of each class) with what the likelihood says of them."""
    many = np.repeat(np.asarray(eta)[np.newaxis], _N_DRAWS, axis=0)
    y = np.asarray(likelihood.sample(many, random_state=random_state + 1))
    gradient, hessian = likelihood.gradient(y, many), likelihood.hessian(y, many)
    check_mean(likelihood, "gradient", gradient, 0.0, "0")
    expected = likelihood.expected_hessian(y[:1], many[:1])[0]
    check_mean(likelihood, "hessian", hessian, expected, "expected_hessian")
    mean, std = likelihood.predictive(many[:1], np.zeros_like(many[:1]))
    link = likelihood.inverse_link(many[:1])
    check_close(likelihood, "predictive mean without uncertainty", mean, link, 1e-8, "inverse_link")
    values = y.astype(float) if many.ndim == 1 else np.eye(many.shape[1])[y]
    if np.all(np.isfinite(std)):
        check_mean(likelihood, "y", values, mean[0], "inverse_link")
        check_mean(
            likelihood, "(y − mean)²", (values - mean[0]) ** 2, std[0] ** 2, "predictive's std²"
        )


def _check_intercept(likelihood: Any, y: NDArray[Any], eta: NDArray[np.float64]) -> None:
    level = np.asarray(likelihood.start_intercept(y))
    expect(
        level.shape == eta.shape[1:], likelihood, f"has a start_intercept of shape {level.shape}."
    )
    slope = likelihood.gradient(y, np.broadcast_to(level, eta.shape)).sum(axis=0)
    size = np.abs(likelihood.gradient(y, np.broadcast_to(level, eta.shape))).sum()
    check_close(
        likelihood, "Σ gradient at start_intercept", slope, 0.0 * slope, 1e-6 * max(size, 1.0), "0"
    )
    weight = np.arange(y.size) % 3
    repeated = likelihood.start_intercept(np.repeat(y, weight))
    weighted = likelihood.start_intercept(y, weight.astype(float))
    check_close(
        likelihood, "start_intercept with weights", weighted, repeated, 1e-6, "repeated rows"
    )


def _check_quantiles(likelihood: Any, eta: NDArray[np.float64], random_state: int) -> None:
    """Check `cdf` and `quantile`, of a likelihood of numbers that has them."""
    has_cdf, has_quantile = hasattr(likelihood, "cdf"), hasattr(likelihood, "quantile")
    expect(has_cdf == has_quantile, likelihood, "has one of cdf and quantile; define both or none.")
    if not has_cdf:
        return
    is_discrete = bool(getattr(likelihood, "is_discrete", False))
    for level in _LEVELS:
        y = likelihood.quantile(level, eta)
        reached = likelihood.cdf(y, eta)
        density = np.exp(likelihood.log_density(y, eta))
        if is_discrete:
            before = likelihood.cdf(y - 1.0, eta)
            expect(y == np.floor(y), likelihood, f"has a quantile at {level} that is no count.")
            is_least = (before < level) & (reached >= level)
            expect(is_least, likelihood, f"has a quantile at {level} that is not the least count.")
            slope, against = reached - before, "a difference of cdf"
        else:
            check_close(likelihood, "cdf of quantile", reached, 0.0 * y + level, 1e-8, "its level")
            share = _PART_OF_TAIL * min(level, 1.0 - level)
            low, high = (likelihood.quantile(level + step, eta) for step in (-share, share))
            slope = (likelihood.cdf(high, eta) - likelihood.cdf(low, eta)) / (high - low)
            against = "the slope of cdf"
        check_close(likelihood, f"density at {level}", density, slope, 1e-5, against)
        single = likelihood.quantile(level, eta.astype(np.float32))
        kinds = {single.dtype, likelihood.cdf(y, eta.astype(np.float32)).dtype}
        expect(kinds == {np.dtype(np.float32)}, likelihood, "gives cdf or quantile not in float32.")
    middle = np.full(_N_DRAWS, eta[0])
    is_below = likelihood.sample(middle, random_state=random_state + 2) <= (
        at := likelihood.quantile(0.5, middle)
    )
    wanted = float(likelihood.cdf(at, middle)[0])
    check_mean(likelihood, "y ≤ quantile(0.5)", is_below.astype(float), wanted, "cdf")
    try:
        likelihood.quantile(1.5, eta)
    except ValueError:
        return
    raise AssertionError(f"{likelihood!r} accepts 1.5 as a probability; raise a ValueError.")
