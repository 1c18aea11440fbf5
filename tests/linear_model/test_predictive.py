"""Quantiles of observations and averaged probabilities: against fine sums, closed forms and draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, softmax

from skbayes.likelihoods import Bernoulli, Gamma, Gaussian, NegativeBinomial, Poisson, StudentT
from skbayes.linear_model._predictive import averaged_probabilities, predictive_quantile

# Linear predictors: known, noise of the same size, narrow, wide, and very wide beside the noise.
ETA = np.array([0.5, 1.0, 3.0, -1.0, 2.0])
VARIANCE = np.array([0.0, 0.3, 0.01, 2.0, 6.0])
LIKELIHOODS = [
    StudentT(4.0, 1.0),
    StudentT(2.0, 0.1),
    Gamma(3.0),
    Gamma(200.0),
    Poisson(),
    NegativeBinomial(0.5),
    Bernoulli(),
]


def mixture_cdf(likelihood, y, eta, variance):
    """Return E F(y | eta + √v z) by a sum over forty thousand z, within 9 standard deviations."""
    z = np.linspace(-9.0, 9.0, 40_001)
    weight = np.exp(-0.5 * z**2)
    return likelihood.cdf(y, eta + np.sqrt(variance) * z) @ weight / weight.sum()


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=repr)
@pytest.mark.parametrize("q", [0.005, 0.05, 0.5, 0.9, 0.995])
def test_a_quantile_reaches_its_level(likelihood, q):
    found = predictive_quantile(likelihood, q, ETA, VARIANCE)
    # Where the noise is below 3 % of the spread, as in the last row of some, levels are met to 2e-4; Student's t with
    # two degrees of freedom is the one that the step of the sum is chosen for.
    for y, eta, variance, allowed in zip(found, ETA, VARIANCE, [1e-8] * 4 + [2e-4], strict=True):
        reached = mixture_cdf(likelihood, y, eta, variance)
        if likelihood.is_discrete:
            assert y == np.floor(y)
            assert reached >= q - allowed
            assert mixture_cdf(likelihood, y - 1.0, eta, variance) < q + allowed
        else:
            assert reached == pytest.approx(q, abs=2e-5 if "df=2" in repr(likelihood) else allowed)


def test_of_a_gaussian_it_is_normal_or_students_t():
    std = np.sqrt(VARIANCE + 0.5**2)
    normal = predictive_quantile(Gaussian(0.5), 0.9, ETA, VARIANCE)
    np.testing.assert_allclose(normal, stats.norm(ETA, std).ppf(0.9), rtol=1e-12)
    heavy = predictive_quantile(Gaussian(0.5), 0.9, ETA, VARIANCE, dof=3.5)
    np.testing.assert_allclose(heavy, stats.t(3.5, ETA, std).ppf(0.9), rtol=1e-12)


def test_noise_of_student_t_with_many_degrees_of_freedom_is_gaussian():
    # Two roads: a root of a sum, and a formula. At 1e7 degrees of freedom the two distributions agree to 1e-7.
    sums = predictive_quantile(StudentT(1e7, 0.5), 0.975, ETA, VARIANCE)
    formula = predictive_quantile(Gaussian(0.5), 0.975, ETA, VARIANCE)
    np.testing.assert_allclose(sums, formula, rtol=1e-6)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=repr)
def test_without_uncertainty_it_is_the_quantile_of_the_likelihood(likelihood):
    found = predictive_quantile(likelihood, 0.8, ETA, np.zeros(5))
    np.testing.assert_allclose(found, likelihood.quantile(0.8, ETA), rtol=1e-9)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=repr)
def test_of_an_undetermined_predictor_the_ends_are_those_of_the_support(likelihood):
    eta, variance = np.zeros(1), np.array([np.inf])
    ends = [predictive_quantile(likelihood, q, eta, variance)[0] for q in (0.1, 0.9)]
    assert ends[0] == (-np.inf if isinstance(likelihood, StudentT) else 0.0)
    assert ends[1] == (1.0 if isinstance(likelihood, Bernoulli) else np.inf)


def test_narrow_noise_beside_a_wide_predictor_leaves_no_staircase():
    # Of noise of a thousandth the quantiles are those of the predictor, one after the other, and none twice.
    levels = np.linspace(0.1, 0.9, 81)
    found = [
        predictive_quantile(StudentT(5.0, 1e-3), q, np.zeros(1), np.ones(1))[0] for q in levels
    ]
    np.testing.assert_allclose(found, stats.norm.ppf(levels), atol=1e-5)


@given(
    eta=st.floats(-3.0, 6.0),
    std=st.floats(0.0, 2.0),
    low=st.floats(0.01, 0.98),
    step=st.floats(0.0, 0.5),
)
def test_quantiles_grow_with_the_level(
    eta, std, low, step
):  # a distribution function has no other inverse
    high = min(low + step, 0.99)
    row = np.array([eta]), np.array([std**2])
    for likelihood in (Poisson(), Gamma(2.0), StudentT(3.0, 0.3)):
        before, after = (predictive_quantile(likelihood, q, *row)[0] for q in (low, high))
        assert after >= before - 1e-8 * (1.0 + abs(before))


def test_single_precision_stays():
    eta, variance = ETA.astype(np.float32), VARIANCE.astype(np.float32)
    for likelihood in [*LIKELIHOODS, Gaussian(1.0)]:
        assert predictive_quantile(likelihood, 0.3, eta, variance).dtype == np.float32


# -- probabilities of classes


def test_two_classes_are_those_of_the_log_odds():
    eta = np.array([[0.3, -1.2], [4.0, 1.0]])
    covariance = np.array([[[1.0, 0.3], [0.3, 0.5]], [[9.0, -2.0], [-2.0, 4.0]]])
    found = averaged_probabilities(eta, covariance)
    z = np.linspace(-9.0, 9.0, 40_001)
    weight = np.exp(-0.5 * z**2) / np.exp(-0.5 * z**2).sum()
    for row, mean, C in zip(found, eta, covariance, strict=True):
        std = np.sqrt(C[0, 0] + C[1, 1] - 2.0 * C[0, 1])
        assert row[1] == pytest.approx(expit(mean[1] - mean[0] + std * z) @ weight, abs=1e-9)
        assert row.sum() == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("K", [3, 5])
def test_several_classes_are_the_mean_over_draws(K):
    rng = np.random.default_rng(K)
    root = rng.standard_normal((K, K))
    eta, covariance = rng.standard_normal((1, K)), (root @ root.T)[None]
    draws = softmax(eta[0] + rng.standard_normal((200_000, K)) @ root.T, axis=1)
    # Six standard errors of the draws are 0.004 or less, and the points err by some 1e-4.
    error = 6.0 * draws.std(axis=0) / np.sqrt(len(draws)) + 5e-4
    assert np.all(np.abs(averaged_probabilities(eta, covariance)[0] - draws.mean(axis=0)) < error)


def test_what_all_classes_share_changes_nothing():
    eta = np.array([[0.5, -0.5, 1.0]])
    covariance = np.diag([1.0, 2.0, 0.5])[None]
    shared = averaged_probabilities(eta + 7.0, covariance + 1e4)
    np.testing.assert_allclose(shared, averaged_probabilities(eta, covariance), atol=1e-9)


def test_without_uncertainty_they_are_the_softmax():
    eta = np.array([[0.5, -0.5, 1.0], [2.0, 0.0, 0.0]])
    np.testing.assert_allclose(
        averaged_probabilities(eta, np.zeros((2, 3, 3))), softmax(eta, axis=1), rtol=1e-12
    )


@pytest.mark.parametrize("likelihood", [Poisson(), NegativeBinomial(1.0)])
def test_counts_of_a_very_wide_predictor_are_those_of_its_quantiles(likelihood):
    # Beside such a spread the noise is nothing: the quantiles are exp(η + z √v), from zero to infinity.
    eta, std = np.array([5.0, -20.0, 800.0]), np.array([400.0, 1e4, 2.0])
    low, high = (predictive_quantile(likelihood, q, eta, std**2) for q in (0.05, 0.95))
    np.testing.assert_array_equal(low, [0.0, 0.0, np.inf])
    np.testing.assert_array_equal(high[1:], [np.inf, np.inf])
    # The noise of the negative binomial moves the logarithm by little more than one.
    assert np.log(high[0]) == pytest.approx(5.0 + stats.norm.ppf(0.95) * 400.0, abs=3.0)
