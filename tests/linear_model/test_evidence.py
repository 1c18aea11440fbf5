"""Evidence of ridge regression: against the normal density of y, scikit-learn's fixed point, and its other form."""

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.stats import multivariate_normal
from sklearn.linear_model import BayesianRidge, Ridge

from skbayes.linear_model import MAPRegressor
from skbayes.linear_model._evidence import ridge_evidence, ridge_evidence_wide


def problem(n=60, p=8, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.exp(rng.normal(size=p))
    y = X @ (rng.normal(size=p) * (rng.random(p) < 0.5)) + noise * rng.normal(size=n) + 5.0
    return X, y


def centred(X, y, weight=None):
    s = np.ones(y.size) if weight is None else weight
    root = np.sqrt(s)
    X, y = X - np.average(X, axis=0, weights=s), y - np.average(y, weights=s)
    return root[:, np.newaxis] * X, root * y


def tall(X, y, n, **kwargs):
    return ridge_evidence(X.T @ X, X.T @ y, y @ y, n, **kwargs)


def log_density_of_contrasts(X, y, flat, noise_scale, prior_scale):
    """log p of what is left of y when the flat columns are integrated out, from the density of contrasts."""
    K = null_space(flat.T)  # orthonormal: Kᵀ flat = 0
    cov = noise_scale**2 * np.eye(y.size) + prior_scale**2 * X @ X.T
    left = multivariate_normal(np.zeros(K.shape[1]), K.T @ cov @ K).logpdf(K.T @ y)
    # Integrating over the flat coefficients divides by √|flatᵀ flat| (Harville 1974).
    return left - 0.5 * np.linalg.slogdet(flat.T @ flat)[1]


@pytest.mark.parametrize(("n", "p"), [(60, 8), (20, 35)])
def test_log_evidence_is_the_density_of_y_with_the_intercept_integrated_out(n, p):
    X, y = problem(n, p)
    Xc, yc = centred(X, y)
    found = tall(Xc, yc, n)
    expected = log_density_of_contrasts(X, y, np.ones((n, 1)), found.noise_scale, found.prior_scale)
    assert found.log_evidence == pytest.approx(expected, rel=1e-10)


def test_log_evidence_with_two_flat_coefficients():
    X, y = problem(40, 6)
    flat = np.column_stack([np.ones(40), X[:, 0]])
    K = null_space(flat.T)
    Q = K @ K.T  # least squares on the flat columns taken out
    Xq, yq = Q @ X[:, 1:], Q @ y
    log_det = np.linalg.slogdet(flat.T @ flat)[1]
    found = tall(Xq, yq, 40, n_flat=2, log_det_flat=log_det)
    expected = log_density_of_contrasts(X[:, 1:], y, flat, found.noise_scale, found.prior_scale)
    assert found.log_evidence == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, -1.0)])
def test_no_other_scales_have_a_higher_density(direction):
    X, y = problem()
    found = tall(*centred(X, y), 60)
    for step in (-0.05, 0.05):
        noise, prior = np.array([found.noise_scale, found.prior_scale]) * np.exp(
            step * np.asarray(direction)
        )
        other = log_density_of_contrasts(X, y, np.ones((60, 1)), noise, prior)
        assert other < found.log_evidence


def bayesian_ridge(X, y):
    flat = dict.fromkeys(["alpha_1", "alpha_2", "lambda_1", "lambda_2"], 0.0)
    return BayesianRidge(
        max_iter=10_000, tol=1e-14, fit_intercept=False, compute_score=True, **flat
    ).fit(X, y)


@pytest.mark.parametrize("seed", range(5))
def test_without_flat_coefficients_it_is_the_fixed_point_of_bayesian_ridge(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 8))  # columns of one size: the evidence has one maximum
    X, y = centred(X, X @ rng.normal(size=8) + rng.normal(size=60))
    found, peer = tall(X, y, 60, n_flat=0), bayesian_ridge(X, y)
    # A maximum is placed to the root of the rounding of its value.
    assert found.noise_scale == pytest.approx(peer.alpha_**-0.5, rel=1e-6)
    assert found.prior_scale == pytest.approx(peer.lambda_**-0.5, rel=1e-6)
    np.testing.assert_allclose(found.solution, peer.coef_, rtol=1e-6)
    model = MAPRegressor(tune="evidence", fit_intercept=False).fit(X, y)
    np.testing.assert_allclose(model.coef_std_**2, np.diag(peer.sigma_), rtol=1e-6)
    assert found.log_evidence == pytest.approx(peer.scores_[-1], rel=1e-10)


def test_of_two_maxima_it_is_the_higher():
    # Columns of very different size: BayesianRidge climbs to the maximum that is nearer to its start.
    Xc, yc = centred(*problem())
    found, peer = tall(Xc, yc, 60, n_flat=0), bayesian_ridge(Xc, yc)
    cov = np.eye(60) / peer.alpha_ + Xc @ Xc.T / peer.lambda_
    nearer = multivariate_normal(np.zeros(60), cov).logpdf(yc)
    assert nearer == pytest.approx(peer.scores_[-1], rel=1e-9)
    assert found.log_evidence > nearer + 0.05


def test_coefficients_are_those_of_ridge_at_the_ratio_of_the_variances():
    X, y = problem()
    found = tall(*centred(X, y), 60)
    ridge = Ridge(alpha=(found.noise_scale / found.prior_scale) ** 2).fit(X, y)
    np.testing.assert_allclose(found.solution, ridge.coef_, rtol=1e-8)


@pytest.mark.parametrize(("n", "p"), [(60, 8), (20, 35), (20, 19)])
def test_both_forms_are_one(n, p):
    Xc, yc = centred(*problem(n, p))
    one, other = tall(Xc, yc, n), ridge_evidence_wide(Xc @ Xc.T, yc, n)
    assert other.log_evidence == pytest.approx(one.log_evidence, rel=1e-9)
    assert other.noise_scale == pytest.approx(one.noise_scale, rel=1e-8)
    assert other.prior_scale == pytest.approx(one.prior_scale, rel=1e-8)
    assert other.effective_dof == pytest.approx(one.effective_dof, rel=1e-8)
    scale = np.abs(one.solution).max()
    np.testing.assert_allclose(Xc.T @ other.solution, one.solution, atol=1e-8 * scale)


@pytest.mark.parametrize("form", ["tall", "wide"])
def test_a_weight_of_two_is_the_row_twice_and_of_zero_is_no_row(form):
    X, y = problem(30, 5)
    weight = np.random.default_rng(1).integers(0, 3, size=30).astype(float)
    rows = np.repeat(np.arange(30), weight.astype(int))

    def fit(X, y, n):
        return tall(X, y, n) if form == "tall" else ridge_evidence_wide(X @ X.T, y, n)

    weighted = fit(*centred(X, y, weight), weight.sum())
    repeated = fit(*centred(X[rows], y[rows]), rows.size)
    for name in ("noise_scale", "prior_scale", "log_evidence", "effective_dof"):
        assert getattr(weighted, name) == pytest.approx(getattr(repeated, name), rel=1e-6), name


def test_the_scales_follow_the_units():
    X, y = problem()
    found = tall(*centred(X, y), 60)
    scaled = tall(*centred(1e-3 * X, 1e4 * y), 60)
    assert scaled.noise_scale == pytest.approx(1e4 * found.noise_scale, rel=1e-6)
    assert scaled.prior_scale == pytest.approx(1e7 * found.prior_scale, rel=1e-6)
    assert scaled.effective_dof == pytest.approx(found.effective_dof, rel=1e-6)


def test_noise_alone_leaves_no_coefficients():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(400, 5)), rng.normal(size=400)
    y -= X @ np.linalg.lstsq(X - X.mean(axis=0), y, rcond=None)[0]  # nothing at all to be seen
    found = tall(*centred(X, y), 400)
    assert found.effective_dof < 1e-6
    assert found.noise_scale == pytest.approx(y.std(ddof=1), rel=1e-6)


def test_exact_data_have_coefficients_of_least_squares_and_almost_no_noise():
    X, y = problem(60, 8, noise=0.0)
    found = tall(*centred(X, y), 60)
    np.testing.assert_allclose(X @ found.solution, y - 5.0, atol=1e-5 * np.abs(y).max())
    assert 0.0 < found.noise_scale < 1e-6 * y.std()


def test_constant_targets_and_columns_have_finite_scales():
    X, y = problem(20, 3)
    X[:, 1] = 2.0
    for target in (y, np.zeros(20)):
        found = tall(*centred(X, target), 20)
        assert np.all(np.isfinite(found.solution))
        assert found.solution[1] == 0.0
        assert 0.0 < found.noise_scale < np.inf
        assert 0.0 < found.prior_scale < np.inf
    blank = tall(np.zeros((20, 2)), y - y.mean(), 20)
    assert blank.effective_dof == 0.0
    assert blank.noise_scale == pytest.approx(y.std(ddof=1), rel=1e-12)


def test_duplicate_columns_share():
    X, y = problem(60, 4)
    twice = tall(*centred(np.column_stack([X, X[:, 0]]), y), 60)
    assert twice.solution[0] == pytest.approx(twice.solution[4], rel=1e-9)


def test_fewer_observations_than_flat_coefficients_are_refused():
    with pytest.raises(ValueError, match="got n_samples=1 and 1 of these"):
        tall(np.zeros((1, 2)), np.zeros(1), 1)


def test_no_columns_leave_the_noise_alone():
    y = np.array([1.0, 2.0, 4.0])
    found = tall(np.zeros((3, 0)), y - y.mean(), 3)
    assert found.solution.shape == (0,)
    assert found.noise_scale == pytest.approx(y.std(ddof=1), rel=1e-12)
