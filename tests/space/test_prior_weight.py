"""The density of a distribution as a weight: against scipy's densities, and flat where it must be."""

import numpy as np
import pytest
from scipy import stats

from skbayes.space import Categorical, Distribution, Integer, PriorWeight, Real, as_space

LEVELS = np.linspace(0.002, 0.998, 101)


def weight_of(distribution):
    return PriorWeight(as_space({"x": distribution}))


@pytest.mark.parametrize(
    "distribution",
    [
        stats.norm(3.0, 2.0),
        stats.t(3),
        stats.gumbel_r(1.0, 2.0),
        stats.uniform(-1, 2),
        stats.expon(-1),
    ],
)
def test_without_a_sign_it_is_the_density_over_its_maximum(distribution):
    x = distribution.ppf(LEVELS)
    truth = distribution.logpdf(x) - np.max(
        distribution.logpdf(distribution.ppf(np.linspace(1e-6, 1 - 1e-6, 9999)))
    )
    # Linear interpolation between 257 knots, and the maximum between two of them; a heavy tail bends more.
    np.testing.assert_allclose(weight_of(distribution).value(LEVELS[:, None]), truth, atol=3e-3)


@pytest.mark.parametrize(
    "distribution", [stats.gamma(2.0), stats.lognorm(0.7, scale=5.0), stats.beta(2, 5)]
)
def test_of_positive_values_the_logarithm_has_the_density(distribution):
    x = distribution.ppf(LEVELS)
    log_density = distribution.logpdf(x) + np.log(x)
    value = weight_of(distribution).value(LEVELS[:, None])
    np.testing.assert_allclose(value - value.max(), log_density - log_density.max(), atol=2e-3)


def test_a_log_normal_scale_weighs_like_its_normal_logarithm():
    log_normal, normal = weight_of(stats.lognorm(0.7, scale=5.0)), weight_of(stats.norm(0.0, 1.0))
    U = LEVELS[:, None]
    np.testing.assert_allclose(log_normal.value(U), normal.value(U), atol=1e-9)


@pytest.mark.parametrize(
    "flat",
    [
        stats.uniform(2.0, 5.0), stats.loguniform(1e-4, 1e2), stats.randint(2, 9), Real(0.1, 1.0),
        Real(0.1, 1.0, "log-uniform"), Integer(1, 9), Integer(1, 9, "log-uniform"),
        Categorical(["a", "b"], prior=[0.9, 0.1]),
    ],
)  # fmt: skip
def test_everything_else_weighs_the_same_everywhere(flat):
    weight = weight_of(flat)
    assert weight.is_flat
    value, gradient = weight.value_and_gradient(LEVELS[:, None])
    assert not value.any()
    assert not gradient.any()


def test_a_density_that_is_flat_in_the_logarithm_weighs_the_same_everywhere():
    # A loguniform under another name, which therefore takes the general road.
    class Disguised:
        def __init__(self):
            frozen = stats.loguniform(1e-3, 1e3)
            self.ppf, self.cdf, self.logpdf = frozen.ppf, frozen.cdf, frozen.logpdf
            self.support = frozen.support

    np.testing.assert_allclose(
        weight_of(Distribution(Disguised())).value(LEVELS[:, None]), 0, atol=1e-9
    )


@pytest.mark.parametrize("distribution", [stats.norm(), stats.gamma(2.0), stats.poisson(4.0)])
def test_the_slope_is_that_of_the_values(distribution):
    weight = weight_of(distribution)
    u = np.random.default_rng(0).uniform(0.01, 0.99, (200, 1))
    step = 1e-9  # a knot between the two points is improbable
    difference = (weight.value(u + step) - weight.value(u - step)) / (2 * step)
    _, gradient = weight.value_and_gradient(u)
    # Rounding of the values (2e-16 of about 10) over the step.
    np.testing.assert_allclose(gradient[:, 0], difference, rtol=1e-5, atol=1e-5)


def test_of_a_discrete_distribution_it_is_the_probability():
    distribution = stats.poisson(4.0)
    space = as_space({"n": distribution})
    U = np.array([space.encode({"n": n}) for n in range(12)])
    truth = distribution.logpmf(np.arange(12)) - distribution.logpmf(4)
    np.testing.assert_allclose(PriorWeight(space).value(U), truth, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "distribution", [stats.beta(0.5, 0.5), stats.gamma(0.3), stats.arcsine(-1, 2), stats.cauchy()]
)
def test_poles_and_heavy_tails_give_finite_weights(distribution):
    u = np.concatenate([[0.0, 2.0**-20, 1.0 - 2.0**-20, 1.0], LEVELS])[:, None]
    value, gradient = weight_of(distribution).value_and_gradient(u)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    assert value.max() <= 0.0


def test_inactive_entries_weigh_nothing_and_active_ones_add_up():
    space = as_space(
        {
            "kind": ["a", "b"],
            "s": Distribution(stats.norm(), active_if={"kind": "a"}),
            "t": stats.norm(),
        }
    )
    weight = PriorWeight(space)
    one, two = (norm for norm in (stats.norm.cdf(1.0), stats.norm.cdf(2.0)))
    value, gradient = weight.value_and_gradient(np.array([[0.25, one, two], [0.75, np.nan, two]]))
    np.testing.assert_allclose(value, [-0.5 - 2.0, -2.0], atol=2e-3)
    assert gradient[1, 1] == 0.0
    assert not gradient[:, 0].any()


def test_a_distribution_that_does_not_tell_its_density_is_flat():
    class Quantiles:
        def ppf(self, u):
            return stats.norm.ppf(u)

        def cdf(self, x):
            return stats.norm.cdf(x)

    assert weight_of(Distribution(Quantiles())).is_flat
