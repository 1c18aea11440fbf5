"""The prior `Dropout`: ridge regression for Gaussian noise, elsewhere where the information of the data has settled."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Bernoulli, Categorical, Gaussian, Poisson
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import Dropout, Normal


def rows(n=60, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * [1.0, 10.0, 0.1, 1.0][:p] + [0.5, 3.0, 0.0, 1.0][:p]
    return X, X @ [1.0, -0.1, 3.0, 0.0][:p] - 0.2, rng


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), rate=st.floats(0.01, 0.95), has_weights=st.booleans())
def test_under_gaussian_noise_it_is_a_ridge_whatever_the_noise(seed, rate, has_weights):
    # The precision of coefficient j is δ/(1 − δ) Σ s x_ij² / σ²: σ cancels against that of the likelihood.
    X, eta, rng = rows(seed=seed)
    y = eta + rng.normal(size=len(eta))
    s = rng.integers(0, 4, len(y)).astype(float) if has_weights else np.ones(len(y))
    model = MAPRegressor(prior=Dropout(rate)).fit(X, y, s if has_weights else None)
    centred = X - np.average(X, axis=0, weights=s)
    penalty = rate / (1.0 - rate) * (s @ X**2)
    gram = (centred.T * s) @ centred + np.diag(penalty)
    expected = np.linalg.solve(gram, centred.T @ (s * (y - np.average(y, weights=s))))
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-6, atol=1e-10)
    # And so it is with noise that is known, in any amount.
    for scale in (0.1, 10.0):
        other = MAPRegressor(Gaussian(scale), Dropout(rate)).fit(X, y, s)
        np.testing.assert_allclose(other.coef_, expected, rtol=1e-6, atol=1e-10)
        information = s @ X**2 / scale**2
        np.testing.assert_allclose(other.prior_.information, information, rtol=1e-10)


MODELS = {
    "bernoulli": lambda rate: MAPClassifier(Dropout(rate), tol=1e-10),
    "probit": lambda rate: MAPClassifier(Dropout(rate), likelihood=Bernoulli("probit"), tol=1e-10),
    "poisson": lambda rate: MAPRegressor("poisson", Dropout(rate), tol=1e-10),
    "student_t": lambda rate: MAPRegressor("student_t", Dropout(rate), tol=1e-10),
}


def target(name, eta, rng):
    if name in ("bernoulli", "probit"):
        return (rng.logistic(size=eta.size) < eta).astype(int)
    if name == "poisson":
        return rng.poisson(np.exp(0.5 * eta)).astype(float)
    return eta + rng.standard_t(3, size=eta.size)


@pytest.mark.parametrize("name", MODELS)
def test_the_information_is_that_at_the_mode(name):
    X, eta, rng = rows(150)
    y = target(name, eta, rng)
    weight = rng.integers(1, 3, len(y)).astype(float)
    model = MODELS[name](0.2).fit(X, y, weight)
    fitted = np.ravel(X @ model.coef_.T + model.intercept_)
    d = -weight * model.likelihood_.expected_hessian(y.astype(float), fitted)
    # The fit ends when w moves by 1e-7 of itself.
    np.testing.assert_allclose(model.prior_.information, d @ X**2, rtol=1e-5)
    scale = 1.0 / np.sqrt(0.25 * model.prior_.information)
    np.testing.assert_allclose(model.prior_.scale, scale)
    # A normal prior of those scales has the same mode.
    same = model.__class__(**{**model.get_params(deep=False), "prior": Normal(scale=scale)})
    np.testing.assert_allclose(same.fit(X, y, weight).coef_, model.coef_, rtol=1e-4)


@pytest.mark.parametrize("name", ["bernoulli", "poisson"])
def test_a_weight_of_two_is_the_row_twice_and_units_do_not_matter(name):
    X, eta, rng = rows(80)
    y = target(name, eta, rng)
    weight = rng.integers(0, 3, len(y))
    weighted = MODELS[name](0.3).fit(X, y, weight.astype(float))
    repeated = MODELS[name](0.3).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-5, atol=1e-8)
    unit = np.array([1.0, 1e-3, 50.0, 2.0])
    other = MODELS[name](0.3).fit(X * unit, y, weight.astype(float))
    np.testing.assert_allclose(other.coef_ * unit, weighted.coef_, rtol=1e-4, atol=1e-6)


def test_two_classes_of_a_softmax_are_as_one_log_odds():
    # w and −w each get the information of their log odds 2 w: tr D / (K − 1) = 2 p (1 − p).
    X, eta, rng = rows(150)
    y = target("bernoulli", eta, rng)
    one = MAPClassifier(Dropout(0.3), tol=1e-10).fit(X, y)
    both = MAPClassifier(Dropout(0.3), likelihood=Categorical(), tol=1e-10).fit(X, y)
    np.testing.assert_allclose(both.coef_[1] - both.coef_[0], one.coef_[0], rtol=1e-4, atol=1e-6)


def test_of_more_classes_the_information_is_that_of_the_mean_class_against_the_others():
    X, eta, rng = rows(150)
    y = np.argmax(np.column_stack([eta, -eta, 0.0 * eta]) + rng.gumbel(size=(150, 3)), axis=1)
    model = MAPClassifier(Dropout(0.2), tol=1e-10).fit(X, y)
    p = model.predict_proba(X)
    expected = np.sum(p * (1.0 - p), axis=1) / 2.0 @ X**2
    np.testing.assert_allclose(model.prior_.information, expected, rtol=1e-5)


def test_sparse_rows_give_the_same_and_several_targets_a_prior_each():
    X, eta, rng = rows(80)
    X = X * (rng.random(X.shape) < 0.5)
    Y = np.column_stack([eta, eta**2]) + rng.normal(size=(80, 2))
    dense = MAPRegressor(prior=Dropout(0.2)).fit(X, Y)
    for form in (sparse.csr_matrix, sparse.csc_matrix):
        model = MAPRegressor(prior=Dropout(0.2)).fit(form(X), Y)
        np.testing.assert_allclose(model.coef_, dense.coef_, rtol=1e-6)
    assert not np.allclose(dense.prior_[0].information, dense.prior_[1].information)
    y = rng.poisson(np.exp(0.3 * eta)).astype(float)
    counts = MAPRegressor(Poisson(), Dropout(0.2), tol=1e-10).fit(X, y)
    thin = MAPRegressor(Poisson(), Dropout(0.2), tol=1e-10).fit(sparse.csr_matrix(X), y)
    np.testing.assert_allclose(thin.coef_, counts.coef_, rtol=1e-5, atol=1e-8)


def test_a_rate_of_zero_is_maximum_likelihood_and_a_feature_of_zeros_is_left_alone():
    X, eta, rng = rows(80)
    y = eta + rng.normal(size=80)
    flat = MAPRegressor(prior="flat").fit(X, y)
    np.testing.assert_allclose(MAPRegressor(prior=Dropout(0.0)).fit(X, y).coef_, flat.coef_)
    X[:, 2] = 0.0
    model = MAPRegressor(prior=Dropout(0.5)).fit(X, y)
    assert model.coef_[2] == 0.0
    assert np.isinf(model.prior_.scale[2])


def test_classes_that_a_plane_divides_have_finite_coefficients():
    # Maximum likelihood is at infinity; there the penalty of dropout vanishes too, but not relative to the slope.
    X = np.linspace(-1.0, 1.0, 20)[:, None]
    model = MAPClassifier(Dropout(0.5)).fit(X, (X[:, 0] > 0).astype(int))
    assert model.converged_
    assert 1.0 < model.coef_[0, 0] < 20.0


def test_partial_fit_of_sums_knows_the_information_and_a_stream_refuses():
    X, eta, rng = rows(80)
    y = eta + rng.normal(size=80)
    whole = MAPRegressor(prior=Dropout(0.3)).fit(X, y)
    parts = MAPRegressor(prior=Dropout(0.3)).partial_fit(X[:30], y[:30]).partial_fit(X[30:], y[30:])
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-8)
    with pytest.raises(IncompatibleModelError, match=r"follows what all rows say.*SGD\(dropout"):
        MAPRegressor(prior=Dropout(0.3), solver="sgd").partial_fit(X, y)


def test_tuning_refuses_a_prior_that_has_no_scale_of_its_own():
    X, eta, rng = rows(80)
    with pytest.raises(IncompatibleModelError, match="tune='loo' finds a factor for the scales"):
        MAPRegressor(prior=Dropout(), tune="loo").fit(X, eta + rng.normal(size=80))
