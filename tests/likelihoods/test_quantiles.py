"""Distribution functions and quantiles: against scipy.stats, at the ends of the support, and far out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, ndtr

from skbayes.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    Gamma,
    Gaussian,
    NegativeBinomial,
    Poisson,
    StudentT,
)

RNG = np.random.default_rng(0)
ETA, LEVEL = RNG.normal(0.0, 2.0, 500), RNG.uniform(0.0, 1.0, 500)
MEAN = np.exp(ETA)
PAIRS = {
    "gaussian": (Gaussian(2.0), stats.norm(ETA, 2.0)),
    "student_t": (StudentT(3.0, 0.5), stats.t(3.0, ETA, 0.5)),
    "gamma": (Gamma(0.7), stats.gamma(0.7, scale=MEAN / 0.7)),
    "poisson": (Poisson(), stats.poisson(MEAN)),
    "negative_binomial": (NegativeBinomial(2.0), stats.nbinom(0.5, 1.0 / (1.0 + 2.0 * MEAN))),
    "bernoulli": (Bernoulli(), stats.bernoulli(expit(ETA))),
    "probit": (Bernoulli("probit"), stats.bernoulli(ndtr(ETA))),
}
pairs = pytest.mark.parametrize(("likelihood", "other"), PAIRS.values(), ids=PAIRS)


def test_every_likelihood_of_numbers_is_compared():
    of_numbers = {name for name, kind in LIKELIHOODS.items() if hasattr(kind, "cdf")}
    assert of_numbers == PAIRS.keys() - {"probit"}
    assert not hasattr(Categorical(), "cdf")  # classes have no order
    assert not hasattr(Categorical(), "quantile")


@pairs
def test_they_are_those_of_scipy(likelihood, other):
    y = likelihood.quantile(LEVEL, ETA)
    np.testing.assert_allclose(y, other.ppf(LEVEL), rtol=1e-9, atol=1e-12)
    for at in (y, y - 0.3, y + 1.0):
        np.testing.assert_allclose(likelihood.cdf(at, ETA), other.cdf(at), rtol=1e-9, atol=1e-13)


@pairs
def test_the_ends_are_those_of_the_support(likelihood, other):
    lowest = {"Gaussian": -np.inf, "StudentT": -np.inf}.get(type(likelihood).__name__, 0.0)
    highest = 1.0 if isinstance(likelihood, Bernoulli) else np.inf
    eta = np.array([-1.0, 0.0, 2.0])
    assert np.all(likelihood.quantile(0.0, eta) == lowest)
    assert np.all(likelihood.quantile(1.0, eta) == highest)
    assert np.all(likelihood.cdf(-1e200, eta) == 0.0)
    assert np.all(likelihood.cdf(1e200, eta) == 1.0)


@pairs
def test_they_are_formed_for_all_pairs_of_a_row_and_a_column(likelihood, other):
    y, eta = np.array([[0.0], [1.0], [3.5]]), np.array([-1.0, 0.0, 0.5, 1.0])
    table = likelihood.cdf(y, eta)
    assert table.shape == (3, 4)
    np.testing.assert_array_equal(table[1], likelihood.cdf(np.ones(4), eta))
    assert likelihood.quantile(np.array([[0.2], [0.9]]), eta).shape == (2, 4)


@pairs
@pytest.mark.parametrize("level", [-0.1, 1.1, np.nan])
def test_what_is_no_probability_is_refused(likelihood, other, level):
    with pytest.raises(ValueError, match="probabilities from 0 to 1; got"):
        likelihood.quantile(level, ETA)


@pytest.mark.parametrize("likelihood", [Poisson(), NegativeBinomial(0.5), Gamma(2.0)], ids=repr)
def test_means_beyond_the_doubles_have_quantiles_to_match(likelihood):
    y = likelihood.quantile(0.5, np.array([-800.0, 60.0, 800.0]))
    assert y[0] == 0.0
    assert y[2] == np.inf
    # e^60 has no whole neighbours among the doubles: the median of a count is that of the gamma mixture behind it.
    middle = {"Poisson": 1.0, "NegativeBinomial": stats.gamma(2.0, scale=0.5).median()}
    expected = middle.get(type(likelihood).__name__, stats.gamma(2.0, scale=0.5).median())
    assert y[1] / np.exp(60.0) == pytest.approx(expected, rel=1e-9)


def test_a_negative_binomial_of_no_dispersion_is_a_poisson():
    y = np.arange(20.0)
    close = NegativeBinomial(1e-8).cdf(y, np.full(20, 1.5))
    np.testing.assert_allclose(close, Poisson().cdf(y, np.full(20, 1.5)), atol=1e-7)


@given(level=st.floats(0.0, 1.0), eta=st.floats(-5.0, 8.0))
def test_a_count_is_the_least_that_reaches_the_level(level, eta):  # the definition
    for likelihood in (Poisson(), NegativeBinomial(0.7)):
        count = likelihood.quantile(level, np.array([eta]))[0]
        if np.isinf(count):
            assert level == 1.0
            continue
        assert likelihood.cdf(count, np.array([eta]))[0] >= level
        assert count == 0.0 or likelihood.cdf(count - 1.0, np.array([eta]))[0] < level


@given(low=st.floats(-30.0, 30.0), step=st.floats(0.0, 5.0), y=st.floats(-3.0, 50.0))
def test_the_distribution_moves_up_with_the_linear_predictor(low, step, y):  # all links increase
    for likelihood, _ in PAIRS.values():
        before, after = likelihood.cdf(y, np.array([low, low + step]))
        assert after <= before + 1e-12
