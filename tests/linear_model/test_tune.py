"""`tune=` of MAPRegressor: the evidence is the marginal likelihood of y, and its maximum is where scikit-learn ends."""

import numpy as np
import pytest
from scipy import sparse, stats
from sklearn.linear_model import ARDRegression

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPRegressor
from skbayes.priors import Laplace, Normal


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6)) * [1.0, 1.0, 1.0, 3.0, 1.0, 1.0]
    return X, X @ [1.0, 0.0, -2.0, 0.0, 0.3, 0.0] + 3.0 + 0.5 * rng.normal(size=80)


def marginal(X, y, loc, scale, noise):
    """Log density of contrasts of y in which a flat intercept cancels (restricted likelihood), as N(0, C) by scipy."""
    contrasts = np.linalg.qr(np.column_stack([np.ones(len(y)), np.eye(len(y))[:, 1:]]))[0][:, 1:].T
    C = (X * scale**2) @ X.T + noise**2 * np.eye(len(y))
    return stats.multivariate_normal(cov=contrasts @ C @ contrasts.T).logpdf(
        contrasts @ (y - X @ loc)
    )


@pytest.mark.parametrize("p", [6, 120])
def test_log_evidence_is_the_marginal_likelihood_and_the_highest(data, p):
    X, y = data
    if p > 6:  # more features than rows
        X = np.random.default_rng(1).normal(size=(80, p))
        y = X[:, :3].sum(axis=1) + y * 0.1
    loc, scale = np.full(p, 0.1), np.linspace(0.5, 2.0, p)
    model = MAPRegressor(prior=Normal(loc=loc, scale=scale), tune="evidence").fit(X, y)
    # Integrating a flat intercept adds a constant to the density of the contrasts: ½ log n, for ∫ N(y; b, ·) db.
    expected = marginal(X, y, loc, model.prior_.scale, model.noise_scale_) - 0.5 * np.log(80)
    assert model.log_evidence_ == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(model.prior_.scale / scale, model.prior_.scale[0] / scale[0])
    for factor in (0.9, 1.1):
        prior = factor * model.prior_.scale
        assert marginal(X, y, loc, prior, model.noise_scale_) - 0.5 * np.log(80) < expected
        noise = factor * model.noise_scale_
        assert marginal(X, y, loc, model.prior_.scale, noise) - 0.5 * np.log(80) < expected


@pytest.mark.parametrize("tune", ["evidence", "ard"])
def test_the_coefficients_are_the_mode_at_the_scales_found(data, tune):
    X, y = data
    model = MAPRegressor(prior=Normal(loc=0.2), tune=tune).fit(X, y)
    given = MAPRegressor(Gaussian(model.noise_scale_), model.prior_).fit(X, y)
    np.testing.assert_allclose(model.coef_, given.coef_, rtol=1e-6, atol=1e-9)
    assert model.intercept_ == pytest.approx(given.intercept_, rel=1e-8)
    assert model.objective_ == pytest.approx(given.objective_, rel=1e-6)


def test_ard_drops_what_does_not_matter_as_scikit_learn_does(data):
    X, y = data
    model = MAPRegressor(tune="ard").fit(X, y)
    theirs = ARDRegression(
        alpha_1=0, alpha_2=0, lambda_1=0, lambda_2=0, tol=1e-8, max_iter=10_000
    ).fit(X, y)
    relevant = np.abs(theirs.coef_) > 1e-3
    assert set(np.flatnonzero(relevant)) <= set(np.flatnonzero(model.coef_))
    np.testing.assert_allclose(model.coef_, theirs.coef_, atol=0.02)


def test_features_without_a_prior_are_integrated_out_like_the_intercept(data):
    X, y = data
    scale = np.array([np.inf, 1.0, 1.0, 1.0, 1.0, 1.0])
    model = MAPRegressor(prior=Normal(scale=scale), tune="evidence").fit(X, y)
    assert model.prior_.scale[0] == np.inf
    # A very wide prior of that feature is the flat one, but for the constant that the width costs.
    A = np.column_stack([np.ones(80), X[:, 0]])
    Q = np.linalg.qr(np.column_stack([A, np.eye(80)[:, 2:]]))[0][:, 2:]
    X_rest, sigma = X[:, 1:], model.noise_scale_
    C = (X_rest * model.prior_.scale[1:] ** 2) @ X_rest.T + sigma**2 * np.eye(80)
    expected = stats.multivariate_normal(cov=Q.T @ C @ Q).logpdf(Q.T @ y)
    expected -= 0.5 * np.linalg.slogdet(A.T @ A)[1]
    assert model.log_evidence_ == pytest.approx(expected, rel=1e-9)
    given = MAPRegressor(Gaussian(sigma), model.prior_).fit(X, y)
    np.testing.assert_allclose(model.coef_, given.coef_, rtol=1e-8)


@pytest.mark.parametrize("tune", ["evidence", "ard"])
def test_weights_count_rows_and_sparse_is_dense(data, tune):
    X, y = data
    X = np.where(X > 0.5, X, 0.0)
    weight = np.random.default_rng(0).integers(0, 4, 80)
    repeated = MAPRegressor(tune=tune).fit(X.repeat(weight, axis=0), y.repeat(weight))
    for A in (X, sparse.csr_array(X)):
        model = MAPRegressor(tune=tune).fit(A, y, sample_weight=weight)
        np.testing.assert_allclose(model.coef_, repeated.coef_, rtol=1e-5, atol=1e-7)
        assert model.log_evidence_ == pytest.approx(repeated.log_evidence_, rel=1e-8)


def test_an_offset_is_taken_off_and_targets_are_tuned_one_by_one(data):
    X, y = data
    shift = np.linspace(-1.0, 1.0, 80)
    both = np.column_stack([y + shift, 5.0 * y + shift])
    model = MAPRegressor(tune="evidence").fit(X, both, offset=shift)
    single = MAPRegressor(tune="evidence").fit(X, y)
    np.testing.assert_allclose(model.coef_[0], single.coef_, rtol=1e-6)
    np.testing.assert_allclose(
        model.noise_scale_, single.noise_scale_ * np.array([1.0, 5.0]), rtol=1e-5
    )
    assert model.log_evidence_[0] == pytest.approx(single.log_evidence_, rel=1e-8)
    assert len(model.prior_) == 2


def test_what_cannot_be_tuned_is_said(data):
    X, y = data
    with pytest.raises(IncompatibleModelError, match=r"unknown noise; got Gaussian\(scale=0.5\)"):
        MAPRegressor(Gaussian(0.5), tune="evidence").fit(X, y)
    with pytest.raises(IncompatibleModelError, match=r"a scale for each feature; got Laplace\("):
        MAPRegressor(prior=Laplace(scale=2.0), tune="ard").fit(X, y)
    with pytest.raises(IncompatibleModelError, match="got bounds or an intercept_prior"):
        MAPRegressor(tune="evidence", bounds=(0, None)).fit(X, y)
    twice = np.column_stack([X[:, 0], X])
    scale = np.array([np.inf, np.inf, 1, 1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"\[0, 1\] have a flat prior .* collinear"):
        MAPRegressor(prior=Normal(scale=scale), tune="evidence").fit(twice, y)
