"""ARD: against the normal density of y, scikit-learn's fixed point, and the closed form of orthogonal columns."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.linear_model import ARDRegression

from skbayes.linear_model._relevance import ard_evidence, ard_evidence_wide


def problem(n=80, p=10, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.exp(rng.normal(size=p))
    w = np.where(np.arange(p) < 4, rng.normal(size=p), 0.0)
    y = X @ w + rng.normal(size=n)
    return X - X.mean(axis=0), y - y.mean()


def fit(X, y, n=None, **kwargs):
    options = {"n_flat": 0, "max_iter": 20_000, "tol": 1e-12, "smallest_share": 1e-10, **kwargs}
    return ard_evidence(X.T @ X, X.T @ y, y @ y, y.size if n is None else n, **options)


def log_density(X, y, noise_scale, prior_scale):
    cov = noise_scale**2 * np.eye(y.size) + (X * prior_scale**2) @ X.T
    return multivariate_normal(np.zeros(y.size), cov).logpdf(y)


def test_it_is_the_fixed_point_of_ard_regression():
    X, y = problem()
    found = fit(X, y)
    flat = dict.fromkeys(["alpha_1", "alpha_2", "lambda_1", "lambda_2"], 0.0)
    peer = ARDRegression(
        max_iter=20_000, tol=1e-12, threshold_lambda=1e9, fit_intercept=False, **flat
    ).fit(X, y)
    assert found.converged
    np.testing.assert_allclose(found.coef, peer.coef_, rtol=1e-6, atol=1e-8)
    assert found.noise_scale == pytest.approx(peer.alpha_**-0.5, rel=1e-6)
    kept = found.kept
    np.testing.assert_allclose(found.prior_scale[kept], peer.lambda_[kept] ** -0.5, rtol=1e-5)


def test_log_evidence_is_the_density_of_y():
    X, y = problem()
    found = fit(X, y)
    expected = log_density(X, y, found.noise_scale, found.prior_scale)
    assert found.log_evidence == pytest.approx(expected, rel=1e-12)


def test_an_intercept_is_integrated_out():
    X, y = problem()
    found = fit(X, y, n_flat=1)
    cov = found.noise_scale**2 * np.eye(y.size) + (X * found.prior_scale**2) @ X.T
    # The mean is independent of the contrasts: N(mean | 0, σ²/n) without its exponent, less its own integral.
    whole = multivariate_normal(np.zeros(y.size), cov).logpdf(y)
    constant = 0.5 * np.log(2.0 * np.pi * found.noise_scale**2) - 0.5 * np.log(y.size)
    assert found.log_evidence == pytest.approx(whole + constant, rel=1e-12)


def test_no_scale_of_those_kept_has_a_higher_density():
    X, y = problem()
    found = fit(X, y)
    best = log_density(X, y, found.noise_scale, found.prior_scale)
    for factor in (0.95, 1.05):
        assert log_density(X, y, factor * found.noise_scale, found.prior_scale) < best
        for j in found.kept:
            scales = found.prior_scale.copy()
            scales[j] *= factor
            assert log_density(X, y, found.noise_scale, scales) < best


def test_orthogonal_columns_have_a_closed_form():
    # With XᵀX = n I and noise σ: d² = (q/n)² − σ²/n where that is positive, else 0 (Tipping and Faul 2003).
    rng = np.random.default_rng(1)
    n = 64
    X = np.linalg.qr(rng.normal(size=(n, 6)))[0] * np.sqrt(n)
    y = X @ np.array([1.0, -0.5, 0.3, 0.0, 0.0, 0.0]) + rng.normal(size=n)
    found = fit(X, y)
    square = (X.T @ y / n) ** 2 - found.noise_scale**2 / n
    np.testing.assert_allclose(found.prior_scale**2, np.maximum(square, 0.0), rtol=1e-6, atol=1e-9)
    assert set(found.kept) <= set(np.flatnonzero(square > 0.0))


def test_the_result_follows_the_units():
    X, y = problem()
    found = fit(X, y, tol=1e-10, smallest_share=1e-4)
    factors = np.exp(np.linspace(-6.0, 6.0, X.shape[1]))
    scaled = fit(X * factors, 1e3 * y, tol=1e-10, smallest_share=1e-4)
    assert 0 < found.kept.size < 10
    np.testing.assert_array_equal(scaled.kept, found.kept)
    np.testing.assert_allclose(scaled.coef, 1e3 * found.coef / factors, rtol=1e-6)


def test_a_weight_of_two_is_the_row_twice():
    X, y = problem()
    weight = np.arange(y.size) % 3.0
    rows = np.repeat(np.arange(y.size), weight.astype(int))
    root = np.sqrt(weight)
    weighted = fit(root[:, np.newaxis] * X, root * y, weight.sum())
    repeated = fit(X[rows], y[rows])
    np.testing.assert_allclose(weighted.coef, repeated.coef, rtol=1e-7, atol=1e-12)
    assert weighted.log_evidence == pytest.approx(repeated.log_evidence, rel=1e-10)


def test_constant_columns_are_dropped_and_duplicates_do_no_harm():
    X, y = problem()
    X = np.column_stack([X, np.zeros(y.size), X[:, 0]])
    found = fit(X, y, tol=1e-6)
    assert found.coef[10] == 0.0
    assert found.coef[0] + found.coef[11] == pytest.approx(fit(X[:, :10], y).coef[0], rel=0.05)
    assert np.isfinite(found.log_evidence)


def test_targets_that_are_constant_keep_nothing(capfd):
    X, _ = problem()
    found = fit(X, np.zeros(80), tol=1e-6)
    np.testing.assert_array_equal(found.coef, np.zeros(10))
    assert capfd.readouterr().err == ""  # LAPACK complains there
    assert 0.0 < found.noise_scale < np.inf


def test_too_few_updates_are_told():
    X, y = problem()
    found = fit(X, y, max_iter=2)
    assert not found.converged
    assert found.n_iter == 2


def test_fewer_observations_than_flat_coefficients_are_refused():
    with pytest.raises(ValueError, match="got n_samples=1 and 1 of these"):
        ard_evidence(np.zeros((2, 2)), np.zeros(2), 0.0, 1.0)


@pytest.mark.parametrize(("n", "p"), [(30, 60), (40, 40), (60, 20)])
def test_by_rows_it_is_the_same_as_by_columns(n, p):
    X, y = problem(n, p)
    X, y = np.column_stack([X - X.mean(axis=0), np.zeros(n)]), y - y.mean()
    options = {"n_flat": 1, "tol": 1e-6, "max_iter": 2000}
    one, other = fit(X, y, **options), ard_evidence_wide(X, y, n, smallest_share=1e-10, **options)
    np.testing.assert_array_equal(other.kept, one.kept)
    assert other.log_evidence == pytest.approx(one.log_evidence, rel=1e-9)
    assert other.n_iter == one.n_iter
    np.testing.assert_allclose(other.coef, one.coef, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.prior_scale, one.prior_scale, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("n", "p"), [(200, 8), (40, 40), (30, 45)])
def test_where_ard_regression_ends_our_update_changes_nothing(n, p):
    X, y = problem(n, p)
    X, y = X - X.mean(axis=0), y - y.mean()
    flat = dict.fromkeys(["alpha_1", "alpha_2", "lambda_1", "lambda_2"], 0.0)
    peer = ARDRegression(max_iter=3000, tol=1e-8, fit_intercept=False, **flat).fit(X, y)
    kept = peer.coef_ != 0.0
    # d² = w²/γ and σ² = ‖y − X w‖² / (n − Σ γ), γ from their own covariance: what ours iterates.
    d, w = peer.lambda_[kept] ** -0.5, peer.coef_[kept]
    gamma = 1.0 - np.diag(peer.sigma_)[-kept.sum() :] / d**2
    np.testing.assert_allclose(d**2, w**2 / gamma, rtol=1e-4)
    rest = np.sum((y - X @ peer.coef_) ** 2)
    assert 1.0 / peer.alpha_ == pytest.approx(rest / (n - gamma.sum()), rel=1e-4)
