"""`tune=` of MAPRegressor: the evidence is the marginal likelihood of y, and its maximum is where scikit-learn ends."""

import numpy as np
import pytest
from scipy import sparse, stats
from sklearn.linear_model import ARDRegression, BayesianRidge

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


NO_HYPER_PRIORS = dict.fromkeys(["alpha_1", "alpha_2", "lambda_1", "lambda_2"], 0.0)
SHAPES = [(300, 5), (60, 60), (40, 120)]


def shaped(n, p):
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, p)) + 2.0
    return X, X @ rng.normal(size=p) / np.sqrt(p) + rng.normal(size=n)


@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_bayesian_ridge_ends_there_too(n, p):
    # BayesianRidge takes the means off and does not count that as a degree of freedom: without an intercept on centred
    # data ours is the same problem; with one it is integrated out, and n − 1 stands in place of n. With as many
    # features as rows theirs has no maximum then: the mean of centred y, zero, would be known without any noise.
    X, y = shaped(n, p)
    centre = n > p
    theirs = BayesianRidge(
        max_iter=20_000, tol=1e-13, compute_score=True, fit_intercept=centre, **NO_HYPER_PRIORS
    ).fit(X, y)
    X, y = (X - X.mean(axis=0), y - y.mean()) if centre else (X, y)
    ours = MAPRegressor(tune="evidence", fit_intercept=False).fit(X, y)
    assert ours.noise_scale_ == pytest.approx(theirs.alpha_**-0.5, rel=1e-6)
    assert ours.prior_.scale[0] == pytest.approx(theirs.lambda_**-0.5, rel=1e-6)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-7)
    if n >= p:  # earlier releases leave out of sigma_ what no row sees
        np.testing.assert_allclose(ours.coef_std_, np.sqrt(np.diag(theirs.sigma_)), rtol=1e-5)
    assert ours.log_evidence_ == pytest.approx(theirs.scores_[-1], rel=1e-10)


@pytest.mark.parametrize(("n", "p"), SHAPES[:2])
def test_ard_has_at_least_the_evidence_of_ard_regression(n, p):
    # There are many maxima, and two starts may end at two of them, with more features than rows at an interpolation.
    # Where few features matter and stand out it is one, but for the share of 1e-4 at which a coefficient is dropped.
    X, _ = shaped(n, p)
    y = X[:, :3] @ [2.0, -1.0, 1.0] + np.random.default_rng(1).normal(size=n)
    X, y = X - X.mean(axis=0), y - y.mean()
    theirs = ARDRegression(max_iter=3000, tol=1e-8, compute_score=True, **NO_HYPER_PRIORS).fit(X, y)
    ours = MAPRegressor(tune="ard", fit_intercept=False).fit(X, y)
    scale = np.where(theirs.coef_ == 0.0, 1e-12, theirs.lambda_**-0.5)
    at_theirs = MAPRegressor(
        Gaussian(theirs.alpha_**-0.5), Normal(scale=scale), fit_intercept=False
    )
    assert ours.log_evidence_ > at_theirs.fit(X, y).log_evidence_ - 0.02


@pytest.mark.parametrize("tune", ["evidence", "ard"])
@pytest.mark.parametrize(("n", "p"), SHAPES)
def test_log_evidence_is_that_of_the_model_found(n, p, tune):
    X, y = shaped(n, p)
    model = MAPRegressor(tune=tune).fit(X, y)
    given = MAPRegressor(Gaussian(model.noise_scale_), model.prior_).fit(X, y)
    expected = marginal(X, y, np.zeros(p), model.prior_.scale, model.noise_scale_) - 0.5 * np.log(n)
    # Of a dropped coefficient the scale found is zero and the one given a millionth of its standard error.
    assert model.log_evidence_ == pytest.approx(expected, rel=1e-10)
    assert given.log_evidence_ == pytest.approx(expected, rel=1e-10)


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
    with pytest.raises(IncompatibleModelError, match=r"normal prior.*got Laplace\(.*tune='loo'"):
        MAPRegressor(prior=Laplace(scale=2.0), tune="ard").fit(X, y)
    with pytest.raises(
        IncompatibleModelError, match=r"needs a normal prior.*got Normal\(scale=inf"
    ):
        MAPRegressor(prior=Normal(scale=np.inf), tune="evidence").fit(X, y)
    with pytest.raises(IncompatibleModelError, match="out of bounds; got bounds"):
        MAPRegressor(tune="evidence", bounds=(0, None)).fit(X, y)
    whole = Normal(covariance=np.eye(6) + 0.1)
    with pytest.raises(IncompatibleModelError, match=r"(?s)without a covariance.*finds one factor"):
        MAPRegressor(prior=whole, tune="ard").fit(X, y)
    with pytest.raises(IncompatibleModelError, match=r"(?s)without a covariance.*finds one factor"):
        MAPRegressor(prior=whole, tune="evidence", groups=[0, 0, 0, 1, 1, 1]).fit(X, y)
    for how in (None, "ard"):
        with pytest.raises(ValueError, match=f"got tune={how!r}. Use tune='evidence'"):
            MAPRegressor(tune=how, groups=[0, 0, 0, 1, 1, 1]).fit(X, y)
    with pytest.raises(ValueError, match=r"one label for each feature; got groups of shape \(2,\)"):
        MAPRegressor(tune="evidence", groups=[0, 1]).fit(X, y)
    twice = np.column_stack([X[:, 0], X])
    scale = np.array([np.inf, np.inf, 1, 1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"\[0, 1\] have a flat prior .* collinear"):
        MAPRegressor(prior=Normal(scale=scale), tune="evidence").fit(twice, y)
    with pytest.raises(ValueError, match=r"singular for every prior scale.*leave one of them out"):
        MAPRegressor("student_t", Normal(scale=scale), tune="evidence").fit(twice, y)


@pytest.mark.parametrize("p", [6, 120])
def test_groups_have_the_factors_of_highest_density(data, p):
    X, y = data
    if p > 6:  # more features than rows, in one of the groups and in none
        X = np.random.default_rng(1).normal(size=(80, p))
        y = X[:, :3].sum(axis=1) + y * 0.1
    scale, codes = np.linspace(0.5, 2.0, p), np.arange(p) * 3 // p
    groups = np.array(["one", "two", "three"])[codes]
    model = MAPRegressor(prior=Normal(scale=scale), tune="evidence", groups=groups).fit(X, y)
    best = marginal(X, y, np.zeros(p), model.prior_.scale, model.noise_scale_)
    assert model.log_evidence_ == pytest.approx(best - 0.5 * np.log(80), rel=1e-9)
    single = MAPRegressor(prior=Normal(scale=scale), tune="evidence").fit(X, y)
    assert model.log_evidence_ > single.log_evidence_ + 0.1
    for g in range(3):
        ratio = model.prior_.scale[codes == g] / scale[codes == g]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)
        for factor in (0.9, 1.1):
            other = np.where(codes == g, factor, 1.0) * model.prior_.scale
            assert marginal(X, y, np.zeros(p), other, model.noise_scale_) < best + 1e-9
    given = MAPRegressor(Gaussian(model.noise_scale_), model.prior_).fit(X, y)
    np.testing.assert_allclose(model.coef_, given.coef_, rtol=1e-6, atol=1e-7)


def test_a_group_larger_than_the_data_is_rotated_and_nothing_else_changes():
    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(30, 50)) + 5.0, np.linspace(0.5, 1.5, 30)
    y = X[:, 0] + X[:, 45] + rng.normal(size=30)
    options = {"prior": Normal(loc=0.1, scale=np.r_[np.inf, np.ones(49)]), "tune": "evidence"}
    groups = np.r_[np.zeros(45), np.ones(5)]
    dense = MAPRegressor(groups=groups, **options).fit(X, y, sample_weight=weight)
    C = (X[:, 1:] * dense.prior_.scale[1:] ** 2) @ X[:, 1:].T + dense.noise_scale_**2 * np.diag(
        1 / weight
    )
    A = np.column_stack([np.ones(30), X[:, 0]])
    # The scores of least squares under C vanish for the flat columns.
    rest = y - X @ dense.coef_ - dense.intercept_
    np.testing.assert_allclose(A.T @ (weight * rest), 0.0, atol=1e-6)
    dual = np.linalg.solve(
        C, y - 0.1 * X[:, 1:].sum(axis=1) - A @ [dense.intercept_, dense.coef_[0]]
    )
    expected = 0.1 + dense.prior_.scale[1:] ** 2 * (X[:, 1:].T @ dual)
    np.testing.assert_allclose(dense.coef_[1:], expected, atol=1e-7)
    for A in (sparse.csr_array(X), sparse.csc_array(X)):
        model = MAPRegressor(groups=groups, **options).fit(A, y, sample_weight=weight)
        np.testing.assert_allclose(model.coef_, dense.coef_, atol=1e-6)


def test_one_group_is_no_group_and_each_its_own_is_ard(data):
    X, y = data
    one = MAPRegressor(tune="evidence", groups=np.zeros(6)).fit(X, y)
    assert one.log_evidence_ == MAPRegressor(tune="evidence").fit(X, y).log_evidence_
    X, y = X[:, [0, 2, 4]], y + X[:, 4]  # features that all matter: neither drops one
    every = MAPRegressor(tune="evidence", groups=np.arange(3)).fit(X, y)
    ard = MAPRegressor(tune="ard").fit(X, y)
    np.testing.assert_allclose(every.prior_.scale, ard.prior_.scale, rtol=1e-3)
    assert every.log_evidence_ == pytest.approx(ard.log_evidence_, abs=1e-6)


def test_groups_by_name(data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    named = MAPRegressor(tune="evidence", groups={"a": 1, "c": 1}).fit(frame, y)
    listed = MAPRegressor(tune="evidence", groups=[0, 1, 0, 2, 3, 4]).fit(X, y)
    np.testing.assert_allclose(named.prior_.scale, listed.prior_.scale, rtol=1e-6)


@pytest.mark.parametrize("p", [6, 120])
def test_a_covariance_has_one_factor(data, p):
    X, y = data
    rng = np.random.default_rng(1)
    if p > 6:
        X = rng.normal(size=(80, p))
        y = X[:, :3].sum(axis=1) + y * 0.1
    root = rng.normal(size=(p, 2))
    C, scale = root @ root.T + np.eye(p), np.linspace(0.5, 2.0, p)
    prior = Normal(loc=0.1, scale=scale, covariance=C)
    model = MAPRegressor(prior=prior, tune="evidence").fit(X, y)
    found = model.prior_.scale[:, None] * model.prior_.covariance * model.prior_.scale
    given = scale[:, None] * C * scale
    np.testing.assert_allclose(found / given, found[0, 0] / given[0, 0], rtol=1e-9)
    at_mode = MAPRegressor(Gaussian(model.noise_scale_), model.prior_).fit(X, y)
    np.testing.assert_allclose(model.coef_, at_mode.coef_, rtol=1e-6, atol=1e-9)
    # In features whose coefficients are independent it is the problem without a covariance.
    white = X @ np.linalg.cholesky(given)
    other = MAPRegressor(tune="evidence").fit(white, y - X.sum(axis=1) * 0.1)
    assert model.log_evidence_ == pytest.approx(other.log_evidence_, rel=1e-10)
