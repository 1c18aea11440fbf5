"""Probabilities of intervals: against quadrature, closed forms, draws, and the intervals of a level."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from sklearn.base import clone
from sklearn.datasets import load_diabetes

from skbayes.likelihoods import Bernoulli, Gamma, Gaussian, NegativeBinomial, Poisson, StudentT
from skbayes.linear_model import MAPPoissonRegressor, MAPRegressor, MAPRidge
from skbayes.linear_model._predictive import predictive_cdf

# Linear predictors: known, noise of the same size, narrow, wide.
ETA, VARIANCE = np.array([0.5, 1.0, 3.0, -1.0]), np.array([0.0, 0.3, 0.01, 2.0])
RNG = np.random.default_rng(0)
Z = RNG.normal(size=(300, 2))
COUNTS = RNG.poisson(np.exp(0.5 + 0.3 * Z[:, 0]))


@pytest.mark.parametrize(
    "likelihood", [StudentT(4.0, 1.0), Gamma(3.0), Poisson(), NegativeBinomial(0.5)], ids=repr
)
@pytest.mark.parametrize("y", [0.0, 1.0, 2.0, 7.0])
def test_a_distribution_function_is_its_integral(likelihood, y):
    found = predictive_cdf(likelihood, np.full(4, y), ETA, VARIANCE)
    for value, eta, variance in zip(found, ETA, VARIANCE, strict=True):
        expected = float(likelihood.cdf(y, eta))
        if variance:
            posterior = stats.norm(eta, np.sqrt(variance))
            reach = eta - 9.0 * posterior.std(), eta + 9.0 * posterior.std()
            expected = quad(
                lambda t, f=posterior: f.pdf(t) * likelihood.cdf(y, t), *reach, limit=200
            )[0]
        # What the step of the sum leaves.
        assert value == pytest.approx(expected, abs=1e-6)


def test_of_a_gaussian_it_is_normal_or_students_t():
    y, std = np.array([0.0, 2.0, np.inf, -np.inf]), np.sqrt(VARIANCE + 0.5**2)
    normal = predictive_cdf(Gaussian(0.5), y, ETA, VARIANCE)
    np.testing.assert_allclose(normal, stats.norm(ETA, std).cdf(y), rtol=1e-12)
    heavy = predictive_cdf(Gaussian(0.5), y, ETA, VARIANCE, dof=3.5)
    np.testing.assert_allclose(heavy, stats.t(3.5, ETA, std).cdf(y), rtol=1e-12)


def test_nothing_known_is_half_at_either_end():
    y, unknown = np.array([-1.0, 0.0, 3.0, np.inf]), np.full(4, np.inf)
    np.testing.assert_array_equal(predictive_cdf(Poisson(), y, ETA, unknown), [0.0, 0.5, 0.5, 1.0])
    # 0 and 1 are as probable, and there is nothing above 1.
    np.testing.assert_array_equal(
        predictive_cdf(Bernoulli(), y, ETA, unknown), [0.0, 0.5, 1.0, 1.0]
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dof", [None, 3.0])
@pytest.mark.parametrize("variance", [0.3, 1e12, np.inf])
@pytest.mark.parametrize(
    "likelihood",
    [Gaussian(0.5), StudentT(4.0, 1.0), Gamma(3.0), Poisson(), NegativeBinomial(0.5), Bernoulli()],
    ids=repr,
)
def test_all_of_a_distribution_is_between_infinite_ends(likelihood, variance, dof):
    # Also where the linear predictor is so wide that means are infinite.
    ends = np.array([-np.inf, np.inf])
    found = predictive_cdf(likelihood, ends, np.zeros(2), np.full(2, variance), dof)
    np.testing.assert_array_equal(found, [0.0, 1.0])


@pytest.mark.parametrize("level", [0.1, 0.5, 0.95])
def test_the_interval_of_a_level_has_this_probability_and_of_counts_at_least_this(level):
    X, y = load_diabetes(return_X_y=True)
    for model in (MAPRidge(0.1).fit(X, y), MAPRegressor(StudentT(4.0, 50.0)).fit(X, y)):
        ends = model.predict_interval(X[:50], level)
        np.testing.assert_allclose(model.interval_probability(X[:50], *ends), level, atol=2e-4)
    model = MAPPoissonRegressor(alpha=0.0).fit(Z, COUNTS)
    lower, upper = model.predict_interval(Z, level)
    assert (model.interval_probability(Z, lower, upper) >= level - 1e-8).all()
    # And without either end less than that side's share is left: nothing smaller would do.
    tail = 0.5 * (1.0 - level)
    assert (model.interval_probability(Z, lower + 1.0, np.full(300, np.inf)) < 1.0 - tail).all()
    inside = model.interval_probability(Z, np.zeros(300), upper - 1.0)
    assert (inside < 1.0 - tail + 1e-8).all()


def test_of_counts_both_ends_belong_to_it_and_what_lies_between_counts_does_not():
    model = MAPPoissonRegressor(alpha=0.0).fit(Z, COUNTS)
    each = [model.interval_probability(Z, np.full(300, k), np.full(300, k)) for k in range(60)]
    np.testing.assert_allclose(np.sum(each, axis=0), 1.0, atol=1e-6)
    two = model.interval_probability(Z, np.full(300, 0.5), np.full(300, 2.9))
    np.testing.assert_allclose(two, each[1] + each[2], atol=1e-12)
    assert (model.interval_probability(Z, np.full(300, 2.0), np.full(300, 1.0)) == 0.0).all()


def test_draws_of_the_posterior_and_of_the_noise_say_the_same():
    model = MAPPoissonRegressor(alpha=0.0).fit(Z, COUNTS)
    coef, intercept = model.sample_posterior(4000, random_state=0)
    eta = Z[:5] @ coef.T + intercept
    expected = (stats.poisson.cdf(3, np.exp(eta)) - stats.poisson.cdf(0, np.exp(eta))).mean(axis=1)
    found = model.interval_probability(Z[:5], np.ones(5), np.full(5, 3.0))
    # Four standard errors of 4,000 draws of a probability that varies by at most .1 among them.
    np.testing.assert_allclose(found, expected, atol=4 * 0.1 / np.sqrt(4000))


def test_several_targets_and_wrong_shapes():
    X, y = load_diabetes(return_X_y=True)
    model = MAPRidge(0.1).fit(X, np.column_stack([y, -2.0 * y]))
    ends = model.predict_interval(X[:7], 0.8)
    np.testing.assert_allclose(model.interval_probability(X[:7], *ends), np.full((7, 2), 0.8))
    with pytest.raises(ValueError, match=r"of shape \(7, 2\); got \(7,\) and \(7, 2\)"):
        model.interval_probability(X[:7], ends[0][:, 0], ends[1])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shift", [0.0, 300.0, 5_000.0, 1e6])
@pytest.mark.parametrize("model", [MAPPoissonRegressor(alpha=1e-3), MAPRegressor("gamma")])
def test_far_from_the_data_where_means_are_infinite_there_is_an_answer_too(model, shift):
    model = clone(model).fit(Z, COUNTS + 1.0)
    X = np.array([[shift, 0.0], [shift, -shift], [-shift, 0.5 * shift]])
    lower, upper = model.predict_interval(X, 0.5)
    found = model.interval_probability(X, lower, upper)
    assert ((found >= 0.0) & (found <= 1.0)).all()
    inside = model.interval_probability(X, np.full(3, -np.inf), np.full(3, np.inf))
    np.testing.assert_array_equal(inside, 1.0)
