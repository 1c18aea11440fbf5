"""`tune=` for every likelihood: its end is a maximum of the Laplace evidence, computed here at given scales."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import (
    Bernoulli,
    Categorical,
    Gamma,
    Gaussian,
    NegativeBinomial,
    Poisson,
    StudentT,
)
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.linear_model._design import Design
from skbayes.linear_model._laplace_evidence import log_evidence_of
from skbayes.linear_model._objective import LinearObjective
from skbayes.priors import HalfCauchy, Normal
from skbayes.solvers import Newton

N = 150


def draws(seed=0, n=N, p=5):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    eta = X[:, :3] @ [0.8, -0.5, 0.3] + 0.3
    labels = (rng.random(n) < 1.0 / (1.0 + np.exp(-eta))) * 1
    mixed = rng.poisson(np.exp(eta) * rng.gamma(2.0, size=n) / 2.0)
    return X, {
        "gaussian": (Gaussian(), eta + rng.normal(size=n)),
        "noise known": (Gaussian(1.0), eta + rng.normal(size=n)),
        "noise with a prior": (Gaussian(HalfCauchy(0.1)), eta + rng.normal(size=n)),
        "poisson": (Poisson(), rng.poisson(np.exp(eta))),
        "gamma": (Gamma(), rng.gamma(2.0, size=n) * np.exp(eta)),
        "negative binomial": (NegativeBinomial(), mixed),
        "student t": (StudentT(df=3.0), eta + rng.standard_t(3, size=n)),
        "logit": (Bernoulli(), labels),
        "probit": (Bernoulli("probit"), labels),
    }


X, DRAWS = draws()
UNKNOWN = {"gaussian": "scale", "noise with a prior": "scale", "gamma": "shape",
           "negative binomial": "dispersion", "student t": "scale"}  # fmt: skip


def evidence(X, y, likelihood, scale, loc=0.0, **options):
    """The Laplace evidence of a model of which everything is given."""
    prior = Normal(loc=loc, scale=scale).for_features(None, X.shape[1])
    objective = LinearObjective(Design(X), y, likelihood, prior, **options)
    w = Newton(max_iter=300, tol=1e-11).solve(objective, objective.start()).w
    return log_evidence_of(objective, w)


def moved(likelihood, name, factor):
    return clone(likelihood).set_params(**{name: getattr(likelihood, name) * factor})


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("how", ["evidence", "groups", "ard"])
def test_it_ends_at_a_maximum_of_the_laplace_evidence(name, how):
    likelihood, y = DRAWS[name]
    codes = {
        "evidence": np.zeros(5, int),
        "groups": np.array([0, 0, 1, 1, 1]),
        "ard": np.arange(5),
    }[how]
    groups = codes if how == "groups" else None
    tune = "ard" if how == "ard" else "evidence"
    # A prior of the intercept, so that the Gaussian takes this road too.
    level = Normal(loc=0.1, scale=3.0)
    model = MAPRegressor(likelihood, tune=tune, groups=groups, intercept_prior=level).fit(X, y)
    assert model.converged_
    scale, found = model.prior_.scale, model.likelihood_

    def at(scale, likelihood):
        value = evidence(X, y, likelihood, scale, intercept_prior=level)
        return value + (HalfCauchy(0.1).log_density([likelihood.scale]) if "with" in name else 0.0)

    best = at(scale, found)
    hyper = HalfCauchy(0.1).log_density([found.scale]) if "with" in name else 0.0
    assert model.log_evidence_ == pytest.approx(best - hyper, rel=1e-8)
    for g in range(codes.max() + 1):
        for factor in (0.8, 1.25):
            assert at(np.where(codes == g, factor, 1.0) * scale, found) <= best + 1e-7
    if name in UNKNOWN:
        for factor in (0.9, 1.1):
            assert at(scale, moved(found, UNKNOWN[name], factor)) < best


@pytest.mark.parametrize("name", DRAWS)
def test_the_coefficients_are_the_mode_at_the_scales_found(name):
    likelihood, y = DRAWS[name]
    model = MAPRegressor(likelihood, Normal(loc=0.2), tune="evidence").fit(X, y)
    given = MAPRegressor(model.likelihood_, model.prior_, solver=Newton(tol=1e-10)).fit(X, y)
    np.testing.assert_allclose(model.coef_, given.coef_, rtol=1e-5, atol=1e-7)
    assert model.intercept_ == pytest.approx(given.intercept_, rel=1e-5)
    expected = evidence(X, y, model.likelihood_, model.prior_.scale, loc=0.2)
    assert model.log_evidence_ == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("how", ["evidence", "groups", "ard"])
def test_the_general_road_ends_where_the_gaussian_one_does(how):
    # A very wide prior of the intercept is a flat one, but for the constant that its width costs.
    _, y = DRAWS["gaussian"]
    rest = {"tune": "ard" if how == "ard" else "evidence"}
    rest["groups"] = [0, 0, 1, 1, 1] if how == "groups" else None
    closed = MAPRegressor(**rest).fit(X, y)
    general = MAPRegressor(intercept_prior=Normal(scale=1e4), **rest).fit(X, y)
    # ARD by moments ends at 1e-4 of the fitted values.
    tolerance = 0.03 if how == "ard" else 1e-4
    np.testing.assert_allclose(general.coef_, closed.coef_, atol=0.01 * tolerance + 1e-6)
    assert general.noise_scale_ == pytest.approx(closed.noise_scale_, rel=tolerance)
    constant = np.log(1e4 * np.sqrt(2.0 * np.pi))
    assert general.log_evidence_ + constant == pytest.approx(closed.log_evidence_, abs=1e-2)


def test_orthogonal_columns_have_a_closed_form():
    # With XᵀX = n I and noise σ: d² = (q/n)² − σ²/n where that is positive, else 0 (Tipping and Faul 2003).
    rng = np.random.default_rng(1)
    A = np.linalg.qr(rng.normal(size=(64, 6)))[0] * 8.0
    y = A @ [1.0, -0.5, 0.3, 0.0, 0.0, 0.0] + 0.5 * rng.normal(size=64)
    model = MAPRegressor(Gaussian(0.5), tune="ard", fit_intercept=False).fit(A, y)
    square = (A.T @ y / 64) ** 2 - 0.25 / 64
    np.testing.assert_allclose(model.prior_.scale**2, np.maximum(square, 0.0), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("tune", ["evidence", "ard"])
@pytest.mark.parametrize("name", ["poisson", "student t", "gamma"])
def test_weights_count_rows_and_sparse_is_dense(tune, name):
    likelihood, y = DRAWS[name]
    A = np.where(X > 0.3, X, 0.0)
    weight = np.random.default_rng(0).integers(0, 4, N)
    repeated = MAPRegressor(likelihood, tune=tune).fit(A.repeat(weight, axis=0), y.repeat(weight))
    for B in (A, sparse.csr_array(A), sparse.csc_array(A)):
        model = MAPRegressor(likelihood, tune=tune).fit(B, y, sample_weight=weight)
        np.testing.assert_allclose(model.coef_, repeated.coef_, rtol=1e-3, atol=1e-5)
        assert model.log_evidence_ == pytest.approx(repeated.log_evidence_, abs=1e-5)


@pytest.mark.parametrize("name", ["poisson", "student t"])
def test_an_offset_and_a_location_are_taken_into_account(name):
    likelihood, y = DRAWS[name]
    shift = np.linspace(-0.5, 0.5, N)
    moved = MAPRegressor(likelihood, Normal(loc=0.3), tune="evidence").fit(X, y, offset=shift)
    plain = MAPRegressor(likelihood, tune="evidence").fit(X, y, offset=shift + 0.3 * X.sum(axis=1))
    np.testing.assert_allclose(moved.coef_ - 0.3, plain.coef_, rtol=1e-4, atol=1e-6)
    assert moved.log_evidence_ == pytest.approx(plain.log_evidence_, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "grouped"),
    # The labels are separated by one of two groups, and there is no maximum.
    [
        ("poisson", False),
        ("student t", False),
        ("logit", False),
        ("poisson", True),
        ("student t", True),
    ],
)
def test_more_features_than_rows(name, grouped):
    A, wide = draws(seed=2, n=40, p=90)
    likelihood, y = wide[name]
    groups = np.r_[np.zeros(50), np.ones(40)] if grouped else None
    prior = Normal(loc=0.05, scale=np.r_[np.inf, np.full(89, 0.5)])
    model = MAPRegressor(likelihood, prior, tune="evidence", groups=groups).fit(A, y)
    given = MAPRegressor(model.likelihood_, model.prior_, solver=Newton(tol=1e-10)).fit(A, y)
    np.testing.assert_allclose(model.coef_, given.coef_, atol=1e-5)
    expected = evidence(A, y, model.likelihood_, model.prior_.scale, loc=0.05)
    assert model.log_evidence_ == pytest.approx(expected, rel=1e-8)
    for factor in (0.8, 1.25):
        assert (
            evidence(A, y, model.likelihood_, factor * model.prior_.scale, loc=0.05)
            < expected + 1e-7
        )


def test_a_covariance_has_one_factor():
    likelihood, y = DRAWS["poisson"]
    root = np.random.default_rng(0).normal(size=(5, 5))
    C = root @ root.T + np.eye(5)
    model = MAPRegressor(likelihood, Normal(loc=0.1, covariance=C), tune="evidence").fit(X, y)
    found = model.prior_.scale[:, None] * model.prior_.covariance * model.prior_.scale
    np.testing.assert_allclose(found / C, found[0, 0] / C[0, 0], rtol=1e-9)
    white = X @ np.linalg.cholesky(C)
    other = MAPRegressor(likelihood, tune="evidence").fit(white, y, offset=0.1 * X.sum(axis=1))
    assert model.log_evidence_ == pytest.approx(other.log_evidence_, rel=1e-8)
    np.testing.assert_allclose(
        X @ model.coef_, white @ other.coef_ + 0.1 * X.sum(axis=1), atol=1e-4
    )


def test_two_classes_are_a_regression_of_their_log_odds():
    likelihood, y = DRAWS["logit"]
    for tune in ("evidence", "ard"):
        model = MAPRegressor(likelihood, tune=tune).fit(X, y)
        names = MAPClassifier(tune=tune).fit(X, np.array(["no", "yes"])[y])
        np.testing.assert_allclose(names.coef_[0], model.coef_, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(names.prior_.scale, model.prior_.scale)


@pytest.mark.parametrize("how", ["evidence", "groups", "ard"])
def test_three_classes_end_at_a_maximum(how):
    A, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    A = np.column_stack([A[:, :2], rng.normal(size=(150, 2))])
    codes = {"evidence": np.zeros(4, int), "groups": np.array([0, 0, 1, 1]), "ard": np.arange(4)}[
        how
    ]
    groups = codes if how == "groups" else None
    model = MAPClassifier(tune="ard" if how == "ard" else "evidence", groups=groups).fit(A, y)
    assert model.converged_
    best = evidence(A, y, Categorical(), model.prior_.scale)
    for g in range(codes.max() + 1):
        for factor in (0.8, 1.25):
            other = np.where(codes == g, factor, 1.0) * model.prior_.scale
            assert evidence(A, y, Categorical(), other) <= best + 1e-7
    if how != "evidence":  # noise is told from signal
        assert model.prior_.scale[2:].max() < 0.1 * model.prior_.scale[:2].min()
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-6)


@pytest.mark.parametrize("name", ["poisson", "gamma", "student t", "logit"])
@pytest.mark.parametrize("tune", ["evidence", "ard"])
def test_without_a_signal_nothing_is_left_and_nobody_complains(name, tune):
    likelihood, y = DRAWS[name]
    # Columns of which the scores at the model without features vanish: the evidence falls with any scale.
    A = X - X.mean(axis=0)
    score = MAPRegressor(likelihood, prior="flat").fit(np.zeros((N, 1)), y)
    residual = score.likelihood_.gradient(y, np.full(N, score.intercept_))
    basis = np.linalg.qr(np.column_stack([np.ones(N), residual]))[0]
    A -= basis @ (basis.T @ A)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = MAPRegressor(likelihood, tune=tune).fit(A, y)
    assert np.all(model.prior_.scale > 0.0)
    assert np.abs(model.coef_).max() < 1e-6
    assert np.isfinite(model.log_evidence_)


def test_counts_without_overdispersion_are_poisson():
    _, y = DRAWS["poisson"]
    poisson = MAPRegressor("poisson", tune="evidence").fit(X, y)
    binomial = MAPRegressor("negative_binomial", tune="evidence").fit(X, np.minimum(y, 4))
    assert binomial.likelihood_.dispersion < 1e-3
    capped = MAPRegressor("poisson", tune="evidence").fit(X, np.minimum(y, 4))
    np.testing.assert_allclose(binomial.coef_, capped.coef_, rtol=2e-3, atol=1e-4)
    assert poisson.converged_
    assert binomial.converged_


def test_classes_that_a_plane_separates_are_told():
    y = (X[:, 0] > 0.0) * 1
    with pytest.warns(ConvergenceWarning, match="rises with the prior scale without end"):
        model = MAPClassifier(tune="evidence").fit(X[:, :2], y)
    assert model.score(X[:, :2], y) == 1.0
    # Where the approximation ends to be one, some log odds from nothing: not as far as one looks.
    assert 1.0 < model.prior_.scale[0] < 1e3
    with pytest.warns(ConvergenceWarning, match="rises with the prior scale without end"):
        model = MAPClassifier(tune="ard").fit(X[:, :2], y)
    assert np.all(np.isfinite(model.coef_))
    assert np.all(model.prior_.scale < 1e3)


def test_a_known_noise_far_below_the_signal():
    model = MAPRegressor(Gaussian(1e-6), tune="evidence").fit(X, X @ [1.0, -0.5, 0.3, 0.0, 0.2])
    # So well are the coefficients known that the best prior variance is their mean square.
    assert model.prior_.scale[0] == pytest.approx(np.sqrt(1.38 / 5), rel=1e-4)
    assert model.converged_


def test_too_many_parameters_are_refused():
    A = sparse.random(20, 20_001, density=0.001, random_state=0, format="csr")
    y = np.arange(20) % 3
    with pytest.raises(IncompatibleModelError, match=r"up to 10000 of them; got 20002.*tune='loo'"):
        MAPRegressor("poisson", tune="ard").fit(A, y)
    assert MAPRegressor("poisson", tune="evidence").fit(A, y).converged_


def test_ard_finds_what_matters():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(400, 20))
    y = rng.poisson(np.exp(A[:, :3] @ [0.8, -0.6, 0.4]))
    model = MAPRegressor("poisson", tune="ard").fit(A, y)
    kept = np.abs(model.coef_) > 0.1
    np.testing.assert_array_equal(np.flatnonzero(kept), [0, 1, 2])
    np.testing.assert_allclose(model.coef_[:3], [0.8, -0.6, 0.4], atol=0.1)


def test_another_solver_ends_at_the_same_mode_and_float32_stays():
    likelihood, y = DRAWS["poisson"]
    exact = MAPRegressor(likelihood, tune="evidence").fit(X, y)
    other = MAPRegressor(likelihood, tune="evidence", solver="lbfgs").fit(X, y)
    np.testing.assert_allclose(other.coef_, exact.coef_, atol=1e-4)
    single = MAPRegressor(likelihood, tune="evidence").fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, exact.coef_, atol=1e-4)
    assert single.log_evidence_ == pytest.approx(exact.log_evidence_, rel=1e-5)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
@pytest.mark.parametrize("name", ["poisson", "student t"])
def test_the_scales_follow_the_units(unit, name):
    likelihood, y = DRAWS[name]
    found = MAPRegressor(likelihood, tune="evidence").fit(X, y)
    other = MAPRegressor(likelihood, tune="evidence").fit(unit * X, y)
    np.testing.assert_allclose(unit * other.prior_.scale, found.prior_.scale, rtol=1e-4)
