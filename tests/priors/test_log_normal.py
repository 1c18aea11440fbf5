"""LogNormal against scipy.stats, and what follows from its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from sklearn.base import clone

from skbayes.priors import LogNormal

LOCS, SCALES = st.floats(-3, 3), st.floats(0.1, 3)


@given(w=st.floats(1e-3, 1e3), loc=LOCS, scale=SCALES)
def test_density_is_scipy_s(w, loc, scale):
    expected = stats.lognorm(s=scale, scale=np.exp(loc)).logpdf(w)
    assert LogNormal(loc, scale).log_density([w]) == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_density_integrates_to_one():
    prior = LogNormal(0.3, 0.8)
    total, _ = integrate.quad(lambda w: np.exp(prior.log_density([w])), 0.0, np.inf)
    assert total == pytest.approx(1.0, abs=1e-7)


def test_log_densities_of_several_parameters_add_up():
    prior = LogNormal([0.0, 1.0], [1.0, 2.0])
    apart = LogNormal(0.0, 1.0).log_density([2.0]) + LogNormal(1.0, 2.0).log_density([3.0])
    assert prior.log_density([2.0, 3.0]) == pytest.approx(apart, rel=1e-14)


@given(loc=LOCS, scale=SCALES)
def test_gradient_vanishes_at_the_mode_and_the_density_falls_beside_it(loc, scale):
    prior = LogNormal(loc, scale)
    mode = np.atleast_1d(prior.mode())
    # In units of 1/w, in which the gradient's two terms are of order 1 and (1/s).
    assert abs(prior.gradient(mode)[0] * mode[0]) < 1e-10 * (1 + 1 / scale**2)
    for factor in (0.9, 1.1):
        assert prior.log_density(factor * mode) < prior.log_density(mode)


def test_draws_have_its_quantiles():
    draws = LogNormal([0.5, -1.0], [0.3, 2.0]).sample(50_000, random_state=0)
    assert draws.shape == (50_000, 2)
    # Medians of 50,000 draws: five standard errors are 1.25 s · 5 / √50,000 in the logarithm.
    np.testing.assert_allclose(np.median(np.log(draws), axis=0), [0.5, -1.0], atol=0.06)
    np.testing.assert_allclose(np.log(draws).std(axis=0), [0.3, 2.0], rtol=0.02)


@pytest.mark.parametrize("w", [0.0, -1.0])
def test_outside_the_support_the_log_density_is_minus_infinity(w):
    assert LogNormal().log_density([1.0, w]) == -np.inf


def test_a_scale_that_is_not_positive_is_refused_when_used():
    prior = LogNormal(scale=0.0)  # __init__ only stores
    with pytest.raises(ValueError, match=r"scale > 0; got scale=0\.0"):
        prior.log_density([1.0])


def test_it_is_a_parameter_object():
    prior = LogNormal(loc=2.0, scale=0.5)
    assert clone(prior).get_params() == {"loc": 2.0, "scale": 0.5}
