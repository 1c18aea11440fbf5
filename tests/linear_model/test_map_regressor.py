"""MAPRegressor: closed forms, stationary points, and what belongs to rows and features."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, sparse, stats

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Gaussian, NegativeBinomial
from skbayes.likelihoods import StudentT as StudentTLikelihood
from skbayes.linear_model import MAPRegressor
from skbayes.priors import ElasticNet, Flat, HalfCauchy, Horseshoe, Laplace, Normal
from skbayes.priors import StudentT as StudentTPrior

TIGHT = 1e-12


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    return X, X @ [1.0, 0.0, -2.0, 0.3] + 3.0 + 0.5 * rng.normal(size=60)


def test_gaussian_and_normal_are_the_closed_form(data):
    X, y = data
    m, s, sigma = np.array([0.5, 0.0, -1.0, 0.0]), np.array([0.1, 1.0, 2.0, np.inf]), 0.7
    A = np.column_stack([X, np.ones(60)])
    precision = np.append(1.0 / s**2, 0.0)
    expected = np.linalg.solve(
        A.T @ A / sigma**2 + np.diag(precision), A.T @ y / sigma**2 + precision * np.append(m, 0.0)
    )
    model = MAPRegressor(Gaussian(sigma), Normal(loc=m, scale=s)).fit(X, y)
    np.testing.assert_allclose(np.append(model.coef_, model.intercept_), expected, rtol=1e-9)
    assert model.noise_scale_ == sigma


def test_objective_is_the_negative_log_posterior_of_normalised_densities(data):
    X, y = data
    model = MAPRegressor(Gaussian(0.7), Laplace(scale=0.3)).fit(X, y)
    expected = -stats.norm(model.predict(X), 0.7).logpdf(y).sum()
    expected -= stats.laplace(0.0, 0.3).logpdf(model.coef_).sum()
    assert model.objective_ == pytest.approx(expected, rel=1e-12)


def test_estimated_noise_solves_its_equation(data):
    X, y = data
    model = MAPRegressor("gaussian", Normal(scale=0.3)).fit(X, y)
    sigma, residual = model.noise_scale_, y - model.predict(X)
    Z = X - X.mean(axis=0)
    eigenvalues = np.linalg.eigvalsh(Z.T @ Z) / sigma**2
    gamma = 1.0 + np.sum(eigenvalues / (eigenvalues + 1.0 / 0.3**2))
    assert sigma**2 == pytest.approx(residual @ residual / (60 - gamma), rel=1e-6)


def test_noise_of_a_flat_prior_is_the_unbiased_one(data):
    X, y = data
    model = MAPRegressor(prior="flat").fit(X, y)
    residual = y - model.predict(X)
    assert model.noise_scale_ == pytest.approx(np.sqrt(residual @ residual / (60 - 5)), rel=1e-9)


def test_noise_with_a_prior_of_its_own_is_pulled_towards_it(data):
    X, y = data
    free = MAPRegressor(prior="flat").fit(X, y).noise_scale_
    small = MAPRegressor(Gaussian(scale=HalfCauchy(0.001)), "flat").fit(X, y).noise_scale_
    assert 0.5 * free < small < free


def test_noise_of_more_features_than_rows_agrees_with_the_wide_formula():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 50))
    y = X[:, 0] + 0.1 * rng.normal(size=30)
    model = MAPRegressor(prior=Normal(scale=0.2)).fit(X, y)
    sigma, residual = model.noise_scale_, y - model.predict(X)
    Z = X - X.mean(axis=0)
    eigenvalues = np.linalg.eigvalsh(Z @ Z.T) * 0.2**2 / sigma**2
    gamma = 1.0 + np.sum(eigenvalues / (eigenvalues + 1.0))
    assert sigma**2 == pytest.approx(residual @ residual / (30 - gamma), rel=1e-5)


LIKELIHOODS = {
    "student_t": lambda eta, rng: eta + 0.3 * rng.standard_t(3, eta.size),
    "poisson": lambda eta, rng: rng.poisson(np.exp(eta)),
    "gamma": lambda eta, rng: rng.gamma(2.0, np.exp(eta) / 2.0),
    "negative_binomial": lambda eta, rng: rng.poisson(np.exp(eta) * rng.gamma(2.0, 0.5, eta.size)),
}
PRIORS = {
    "flat": Flat(),
    "normal": Normal(scale=0.3),
    "student_t": StudentTPrior(scale=0.1),
    "laplace": Laplace(scale=0.05),
    "elastic_net": ElasticNet(l1_scale=0.1, l2_scale=0.2),
}


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("prior", PRIORS)
def test_no_small_step_lowers_the_objective(likelihood, prior):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(150, 4))
    y = LIKELIHOODS[likelihood](X @ [0.5, 0.0, -0.7, 0.0] + 0.4, rng)
    model = MAPRegressor(likelihood, PRIORS[prior], tol=1e-10).fit(X, y)
    assert model.converged_

    def objective(w):
        prior_term = model.prior_.log_density(w[:4])
        return -model.likelihood_.log_density(y, X @ w[:4] + w[4]).sum() - prior_term

    w = np.append(model.coef_, model.intercept_)
    best = objective(w)
    assert model.objective_ == pytest.approx(best, rel=1e-10)
    for j in range(5):
        for step in (1e-3, -1e-3, 1e-2, -1e-2):
            assert objective(w + step * np.eye(5)[j]) > best


def test_nuisance_parameter_is_found_with_the_coefficients():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(2000, 2))
    y = rng.poisson(np.exp(0.5 * X[:, 0]) * rng.gamma(2.0, 0.5, 2000))  # dispersion 1 / 2
    model = MAPRegressor("negative_binomial", "flat").fit(X, y)

    def negative_log_likelihood(parameters):
        likelihood = NegativeBinomial(dispersion=float(np.exp(parameters[0])))
        return -likelihood.log_density(y, X @ parameters[1:3] + parameters[3]).sum()

    joint = optimize.minimize(negative_log_likelihood, np.zeros(4), method="BFGS")
    assert model.likelihood_.dispersion == pytest.approx(np.exp(joint.x[0]), rel=1e-2)
    np.testing.assert_allclose(model.coef_, joint.x[1:3], atol=1e-3)


def test_student_t_is_not_moved_by_outliers(data):
    X, y = data
    spoilt = y.copy()
    spoilt[:5] += 100.0
    robust = MAPRegressor(StudentTLikelihood(df=3.0), "flat").fit(X, spoilt)
    np.testing.assert_allclose(robust.coef_, [1.0, 0.0, -2.0, 0.3], atol=0.4)


@pytest.mark.parametrize("prior", [Normal(scale=0.3), Laplace(scale=0.05)])
@pytest.mark.parametrize("likelihood", ["gaussian", "poisson", "student_t"])
def test_a_weight_counts_rows(data, likelihood, prior):
    X, y = data
    y = np.floor(np.exp(y / 4)) if likelihood == "poisson" else y
    weight = np.random.default_rng(0).integers(0, 4, 60)
    weighted = MAPRegressor(likelihood, prior, tol=TIGHT).fit(X, y, sample_weight=weight)
    repeated = MAPRegressor(likelihood, prior, tol=TIGHT).fit(X.repeat(weight, 0), y.repeat(weight))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-5, atol=1e-8)
    assert weighted.objective_ == pytest.approx(repeated.objective_, rel=1e-6)


@pytest.mark.parametrize("prior", [Normal(scale=0.3), Laplace(scale=0.05), Horseshoe(scale=0.1)])
@pytest.mark.parametrize("layout", [sparse.csr_array, sparse.csc_matrix, np.asfortranarray])
def test_every_layout_of_the_data_is_the_same_model(data, prior, layout):
    X, y = data
    X = np.where(X > 0.5, X, 0.0)
    dense = MAPRegressor(prior=prior, tol=1e-10).fit(X, y)
    other = MAPRegressor(prior=prior, tol=1e-10).fit(layout(X), y)
    np.testing.assert_allclose(other.coef_, dense.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(other.predict(layout(X)), dense.predict(X), rtol=1e-6)


@pytest.mark.parametrize(
    "prior", [Normal(scale=0.3), Laplace(scale=0.05), StudentTPrior(scale=0.2)]
)
@pytest.mark.parametrize("likelihood", ["gaussian", "poisson", "student_t"])
def test_float32_stays_float32(data, likelihood, prior):
    X, y = data
    y = np.floor(np.exp(y / 4)) if likelihood == "poisson" else y
    double = MAPRegressor(likelihood, prior).fit(X, y)
    single = MAPRegressor(likelihood, prior).fit(X.astype(np.float32), y)
    assert single.coef_.dtype == single.predict(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(single.coef_, double.coef_, atol=2e-3)


def test_dicts_speak_of_features_by_name(data):
    X, y = data
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    prior = Normal(loc={"a": 5.0}, scale={"a": 1e-4, "b": 2.0})
    model = MAPRegressor(prior=prior, bounds={"c": (0.0, None)}).fit(frame, y)
    assert model.coef_[0] == pytest.approx(5.0, abs=1e-3)
    assert model.coef_[2] == 0.0
    np.testing.assert_allclose(model.prior_.scale, [1e-4, 2.0, 1.0, 1.0])


@pytest.mark.parametrize("prior", [Flat(), Normal(scale=0.5), Laplace(scale=0.1)])
@pytest.mark.parametrize("likelihood", ["gaussian", "poisson"])
def test_bounds_are_kept_and_the_rest_is_optimal(data, likelihood, prior):
    X, y = data
    y = np.floor(np.exp(y / 4)) if likelihood == "poisson" else y
    box = (np.array([0.0, 0.0, -0.1, -np.inf]), np.array([0.2, np.inf, 0.0, np.inf]))
    part = Gaussian(0.5) if likelihood == "gaussian" else likelihood
    model = MAPRegressor(part, prior, bounds=box, tol=1e-10).fit(X, y)

    def objective(w):
        fit = model.likelihood_.log_density(y, X @ w[:4] + w[4])
        return -fit.sum() - prior.for_features(None, 4).log_density(w[:4])

    bounds = optimize.Bounds(np.append(box[0], -np.inf), np.append(box[1], np.inf))
    # Nelder-Mead needs no gradient, which a Laplace prior has not; from the answer it finds nothing better.
    w = np.append(model.coef_, model.intercept_)
    found = optimize.minimize(
        objective, w, method="Nelder-Mead", bounds=bounds, options={"xatol": 1e-9, "fatol": 1e-12}
    )
    assert np.all((box[0] <= model.coef_) & (model.coef_ <= box[1]))
    assert found.fun >= objective(w) - 1e-7


def test_several_targets_are_fitted_one_by_one(data):
    X, y = data
    Y = np.column_stack([y, -2.0 * y])
    model = MAPRegressor().fit(X, Y)
    for k in range(2):
        single = MAPRegressor().fit(X, Y[:, k])
        np.testing.assert_allclose(model.coef_[k], single.coef_, rtol=1e-8)
        assert model.noise_scale_[k] == pytest.approx(single.noise_scale_, rel=1e-8)
    assert model.predict(X).shape == (60, 2)
    assert model.score(X, Y) > 0.8


def test_offset_is_a_coefficient_fixed_at_one(data):
    X, _ = data
    counts = np.random.default_rng(5).poisson(np.exp(0.5 * X[:, 0] + X[:, 3]))
    model = MAPRegressor("poisson", "flat").fit(X[:, :3], counts, offset=X[:, 3])
    pinned = MAPRegressor("poisson", Normal(loc=[0, 0, 0, 1], scale=[np.inf] * 3 + [1e-7]))
    pinned.fit(X, counts)
    np.testing.assert_allclose(model.coef_, pinned.coef_[:3], rtol=1e-5)
    np.testing.assert_allclose(
        model.predict(X[:, :3], offset=X[:, 3]), pinned.predict(X), rtol=1e-5
    )


def test_horseshoe_keeps_the_large_and_drops_the_small():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(100, 40))
    y = 3.0 * X[:, 0] - 2.0 * X[:, 1] + rng.normal(size=100)
    model = MAPRegressor(Gaussian(1.0), Horseshoe(scale=0.05)).fit(X, y)
    lasso = MAPRegressor(Gaussian(1.0), Laplace(scale=0.05)).fit(X, y)
    assert set(np.flatnonzero(model.coef_)) >= {0, 1}
    assert np.count_nonzero(model.coef_) < 10
    error = np.abs(model.coef_[:2] - [3.0, -2.0])
    assert np.all(error < np.abs(lasso.coef_[:2] - [3.0, -2.0]))


def test_warm_start_begins_where_the_last_fit_ended(data):
    X, y = data
    y = np.floor(np.exp(y / 4))
    model = MAPRegressor("poisson", "normal", warm_start=True, solver="lbfgs").fit(X, y)
    first, n_iter = model.coef_.copy(), model.n_iter_
    model.fit(X, y)
    assert model.n_iter_ < n_iter
    np.testing.assert_allclose(model.coef_, first, rtol=1e-5)


def test_the_sentence_for_an_impossible_pair(data):
    with pytest.raises(
        IncompatibleModelError,
        match=r"Newton needs a gradient everywhere and prior Laplace\(scale=0\.1\) has none "
        r"\(its log density has a kink\)\. Use solver='coordinate_descent' or .*'proximal_gradient'",
    ):
        MAPRegressor(prior=Laplace(scale=0.1), solver="newton").fit(*data)
    with pytest.raises(IncompatibleModelError, match=r"ClosedForm needs .* likelihood Poisson"):
        MAPRegressor("poisson", solver="closed_form").fit(data[0], np.ones(60))


def test_of_two_noises_that_agree_with_their_coefficients_the_more_probable_is_taken():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    y = 2.0 + X @ [1.0, 0.0, -2.0, 0.0, 0.5] + 0.3 * rng.normal(size=200)
    # From a noise as large as y all coefficients are zero, which explains a noise as large as y.
    zero = MAPRegressor(Gaussian(float(y.std(ddof=1))), Laplace(scale=0.01)).fit(X, y)
    assert not np.any(zero.coef_)
    model = MAPRegressor("gaussian", Laplace(scale=0.01)).fit(X, y)
    assert model.objective_ < zero.objective_
    np.testing.assert_allclose(model.coef_, [1.0, 0.0, -2.0, 0.0, 0.5], atol=0.1)


def test_no_interpolation_is_taken_for_the_more_probable_noise():
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(20, 40)), rng.normal(size=20)
    weight = rng.integers(1, 5, 20)
    weighted = MAPRegressor(prior=Laplace(scale=0.02)).fit(X, y, sample_weight=weight)
    repeated = MAPRegressor(prior=Laplace(scale=0.02)).fit(X.repeat(weight, 0), y.repeat(weight))
    # y is noise; 19 of 40 coefficients would fit it exactly, with a noise of 1e-7.
    assert weighted.noise_scale_ == pytest.approx(np.sqrt(np.cov(y, fweights=weight)), rel=1e-6)
    assert weighted.noise_scale_ == pytest.approx(repeated.noise_scale_, rel=1e-9)
