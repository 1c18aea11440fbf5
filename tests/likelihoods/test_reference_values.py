"""Log densities and predictive moments from closed forms, one row for each registered likelihood; tails."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import expit

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

ROWS = {
    # residual 2, scale 2
    "gaussian": (Gaussian(2.0), 3.0, 1.0, -0.5 - math.log(2.0) - 0.5 * math.log(2.0 * math.pi)),
    # 1 / (1 + 1/3)
    "bernoulli": (Bernoulli(), 1.0, math.log(3.0), math.log(0.75)),
    # exp 2 of exp 1 + exp 2 + exp 0
    "categorical": (
        Categorical(),
        1,
        [1.0, 2.0, 0.0],
        2.0 - math.log(math.e + math.e**2 + 1.0),
    ),
    # 2³ exp(−2) / 3!
    "poisson": (Poisson(), 3.0, math.log(2.0), math.log(8.0 / 6.0) - 2.0),
    # shape 2, rate 2/3: (2/3)² 3 exp(−2)
    "gamma": (Gamma(2.0), 3.0, math.log(3.0), math.log(4.0 / 3.0) - 2.0),
    # r = 2, probability of success 2 / (2 + 4) = 1/3: C(4, 3) (1/3)² (2/3)³ = 32/243
    "negative_binomial": (NegativeBinomial(0.5), 3.0, math.log(4.0), math.log(32.0 / 243.0)),
    # Cauchy with scale 2 at distance 2: 1 / (2π · 2)
    "student_t": (StudentT(1.0, 2.0), 3.0, 1.0, -math.log(4.0 * math.pi)),
}


def test_every_registered_likelihood_has_a_reference_row():
    assert ROWS.keys() == LIKELIHOODS.keys()


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_log_density_has_its_reference_value(name):
    likelihood, y, eta, expected = ROWS[name]
    assert likelihood.log_density([y], [eta])[0] == pytest.approx(expected, rel=1e-12)
    assert type(likelihood) is LIKELIHOODS[name]


def test_probit_has_its_reference_value():
    # Φ(1) = 0.841344746068543 (Abramowitz and Stegun, table 26.1)
    density = Bernoulli("probit").log_density([1.0, 0.0], [1.0, -1.0])
    np.testing.assert_allclose(density, math.log(0.841344746068543), rtol=1e-13)


@given(
    eta=st.floats(-3, 3), scale=st.floats(0.1, 5), y=st.floats(-10, 10), count=st.integers(0, 50)
)
def test_densities_are_those_of_scipy(eta, scale, y, count):
    mean, positive = np.exp(eta), abs(y) + 0.01
    pairs = [
        (Gaussian(scale), y, stats.norm(eta, scale).logpdf(y)),
        (StudentT(3.5, scale), y, stats.t(3.5, eta, scale).logpdf(y)),
        (Poisson(), count, stats.poisson(mean).logpmf(count)),
        (Gamma(scale), positive, stats.gamma(scale, scale=mean / scale).logpdf(positive)),
        (
            NegativeBinomial(scale),
            count,
            stats.nbinom(1.0 / scale, 1.0 / (1.0 + scale * mean)).logpmf(count),
        ),
    ]
    for likelihood, value, expected in pairs:
        got = likelihood.log_density([value], [eta])[0]
        assert got == pytest.approx(expected, rel=1e-9, abs=1e-9), likelihood


@pytest.mark.parametrize("likelihood", [Poisson(), NegativeBinomial(0.3)], ids=repr)
def test_probabilities_of_counts_sum_to_one(likelihood):
    y = np.arange(0.0, 2000.0)
    total = np.exp(likelihood.log_density(y, np.full(y.shape, 1.5))).sum()
    assert total == pytest.approx(1.0, rel=1e-12)


@given(eta=st.lists(st.floats(-30, 30), min_size=2, max_size=6))
def test_probabilities_of_classes_sum_to_one_and_a_shift_changes_nothing(eta):
    y = np.arange(len(eta))
    density = Categorical().log_density(y, np.tile(eta, (len(eta), 1)))
    assert np.exp(density).sum() == pytest.approx(1.0, rel=1e-12)
    shifted = Categorical().log_density(y, np.tile(np.add(eta, 100.0), (len(eta), 1)))
    np.testing.assert_allclose(shifted, density, atol=1e-12)


@given(eta=st.floats(-30, 30))
def test_two_classes_by_softmax_are_logistic(eta):
    pair = Categorical().log_density([0, 1], [[0.0, eta], [0.0, eta]])
    # Where one class is certain η_y and log Σ exp η cancel: eps of 30 is all that is left.
    logistic = Bernoulli().log_density([0, 1], [eta, eta])
    np.testing.assert_allclose(pair, logistic, rtol=1e-12, atol=1e-14)


def test_a_negative_binomial_of_little_dispersion_is_a_poisson():
    y, eta = np.arange(0.0, 30.0), np.full(30, 2.0)
    # The log densities differ by a (y² + …)/2 and less.
    np.testing.assert_allclose(
        NegativeBinomial(1e-8).log_density(y, eta), Poisson().log_density(y, eta), atol=1e-5
    )


def test_a_student_t_of_many_degrees_of_freedom_is_normal():
    y, eta = np.linspace(-3.0, 3.0, 7), np.zeros(7)
    # They differ by r⁴/4ν and less.
    np.testing.assert_allclose(
        StudentT(1e8, 2.0).log_density(y, eta), Gaussian(2.0).log_density(y, eta), atol=1e-6
    )


# ------------------------------------------------------------------------------------------------------------- tails


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_both_tails_of_a_binary_likelihood_keep_their_digits(link):
    # −exp(−z) for logit; log φ(z)/z (1 − 1/z²) for probit (Abramowitz and Stegun 26.2.12)
    value = Bernoulli(link).log_density([1.0, 1.0], [-40.0, 40.0])
    far = {"logit": (-40.0, -math.exp(-40.0)), "probit": (-804.608442, -0.0)}[link]
    assert value[0] == pytest.approx(far[0], rel=1e-8)
    assert value[1] == pytest.approx(far[1], rel=1e-8, abs=1e-300)
    gradient = Bernoulli(link).gradient([1.0], [-1e8])
    assert gradient[0] == pytest.approx({"logit": 1.0, "probit": 1e8}[link], rel=1e-12)


def test_the_curvature_of_probit_is_smooth_where_its_series_begins():
    z = np.linspace(-110.0, -90.0, 2001)
    curvature = -Bernoulli("probit").hessian(np.ones(z.size), z)
    # 1 − 1/z² + 6/z⁴: four more terms are below 1e-10 here.
    np.testing.assert_allclose(curvature, 1.0 - z**-2.0 + 6.0 * z**-4.0, atol=1e-10)
    assert -Bernoulli("probit").hessian([1.0], [-1e8])[0] == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("likelihood", [Poisson(), Gamma(2.0)], ids=repr)
def test_a_step_too_far_is_told_minus_infinity_and_no_warning(likelihood):
    value = likelihood.log_density([1.0], [1000.0 if isinstance(likelihood, Poisson) else -1000.0])
    assert value[0] == -np.inf


# -------------------------------------------------------------------------------------------------------- predictive


@given(eta=st.floats(-8, 8), variance=st.floats(0.0, 60.0))
def test_logistic_probability_under_uncertainty_is_the_integral(eta, variance):
    mean, _ = Bernoulli().predictive([eta], [variance])
    std = math.sqrt(variance)
    expected, _ = integrate.quad(
        lambda z: expit(eta + std * z) * stats.norm.pdf(z), -9.0, 9.0, points=[0.0], limit=200
    )
    assert mean[0] == pytest.approx(expected, abs=1e-8)


def moments_by_quadrature(likelihood, eta, variance):
    """Mean and standard deviation of y, from those given eta and 60 points of Gauss-Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    at = eta + math.sqrt(variance) * nodes
    mean, std = likelihood.predictive(at, np.zeros(at.size))
    total = weights @ mean
    return total, math.sqrt(weights @ (std**2 + mean**2) - total**2)


@pytest.mark.parametrize(
    "likelihood",
    [
        Gaussian(0.5),
        Bernoulli("probit"),
        Poisson(),
        Gamma(2.0),
        NegativeBinomial(0.3),
        StudentT(4.0, 0.5),
    ],
    ids=repr,
)
def test_predictive_moments_are_those_of_the_mixture_over_eta(likelihood):
    got = likelihood.predictive([0.4], [0.3])
    expected = moments_by_quadrature(likelihood, 0.4, 0.3)
    assert (got[0][0], got[1][0]) == pytest.approx(expected, rel=1e-8)


def test_uncertain_classes_move_towards_equal_probabilities():
    # MacKay's approximation errs by some hundredths; the certain probability, 0.844, is 0.14 away from the integral.
    eta, variance = np.array([[2.0, 0.0, -1.0]]), np.full((1, 3), 2.0)
    mean, _ = Categorical().predictive(eta, variance)
    rng = np.random.default_rng(0)
    draws = Categorical().inverse_link(eta + np.sqrt(2.0) * rng.standard_normal((200_000, 3)))
    np.testing.assert_allclose(mean[0], draws.mean(axis=0), atol=0.05)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_large_and_small_linear_predictors_are_one_softmax(kind):
    # Beside a row beyond the range of plain exponentials all rows are shifted; the others must not notice.
    rng = np.random.default_rng(0)
    eta, y = rng.normal(size=(5, 3)).astype(kind), np.array([0, 2, 1, 1, 0])
    far = np.concatenate([eta, np.array([[1000.0, -1000.0, 0.0]], dtype=kind)])
    for order in ("C", "F"):
        plain = Categorical().value_and_gradient(y, np.asarray(eta, order=order))
        shifted = Categorical().value_and_gradient(np.append(y, 0), np.asarray(far, order=order))
        for one, other in zip(plain, shifted, strict=True):
            assert one.dtype == kind
            np.testing.assert_allclose(other[:5], one, atol=8 * np.finfo(kind).eps)
            np.testing.assert_array_equal(other[5], 0.0)
        mean = Categorical().inverse_link(np.asarray(far, order=order))
        np.testing.assert_allclose(mean.sum(axis=1), 1.0, rtol=4 * np.finfo(kind).eps)


def test_student_t_without_a_variance_says_so():
    assert StudentT(2.0, 1.0).predictive([0.0], [0.0])[1][0] == np.inf
