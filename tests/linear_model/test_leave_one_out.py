"""`leave_one_out` against fits without each row: equal where the objective is quadratic, near it elsewhere."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Bernoulli, Categorical, Gamma, Gaussian, NegativeBinomial, Poisson
from skbayes.likelihoods import StudentT as StudentTNoise
from skbayes.linear_model import (
    LeaveOneOut,
    LinearRegressionMLE,
    MAPClassifier,
    MAPLasso,
    MAPLogisticRegression,
    MAPMultiTaskLasso,
    MAPPoissonRegressor,
    MAPRegressor,
    MAPRidge,
    MAPRidgeCV,
    MAPStudentTRegressor,
)
from skbayes.priors import ElasticNet, Flat, Group, Horseshoe, Laplace, Normal
from skbayes.priors import StudentT as StudentTPrior


def rows(n, p, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.5
    eta = X @ (rng.normal(size=p) / np.sqrt(p)) - 0.2
    return X, eta, rng


def refitted(model, X, y, weight=None, offset=None, density=True):
    """Linear predictor and log density of each row by a fit without it."""
    etas, densities = [], []
    for i in range(len(y)):
        keep = np.arange(len(y)) != i
        part = [None if a is None else a[keep] for a in (weight, offset)]
        other = clone(model).fit(X[keep], y[keep], *[a for a in part if a is not None or density])
        eta = np.atleast_1d(np.squeeze(X[i] @ other.coef_.T + other.intercept_))
        eta = eta + (0.0 if offset is None else offset[i])
        etas.append(eta)
        if not density:
            continue
        code = y[i] if not hasattr(other, "classes_") else np.searchsorted(other.classes_, y[i])
        of_row = eta[None] if eta.size > 1 else eta
        densities.append(other.likelihood_.log_density(np.array([code]), of_row)[0])
    return np.squeeze(etas), np.array(densities)


@pytest.mark.parametrize("shape", [(40, 6), (25, 60)], ids=["tall", "wide"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fit_intercept": False},
        {"intercept_prior": Normal(scale=0.5)},
        {"prior": Normal(loc=0.3, scale=[0.5, 1.0])},
    ],
    ids=["plain", "no intercept", "prior of the intercept", "loc and scales"],
)
@pytest.mark.parametrize("has_weights", [False, True])
def test_of_a_quadratic_objective_it_is_the_fit_without_the_row(shape, options, has_weights):
    X, eta, rng = rows(*shape)
    y = eta + 0.5 * rng.normal(size=shape[0])
    weight = rng.integers(0, 4, shape[0]).astype(float) if has_weights else None
    offset = rng.normal(size=shape[0])
    options = {"prior": Normal(scale=0.6), **options}
    if np.ndim(options["prior"].scale):
        options["prior"] = Normal(loc=0.3, scale=np.resize([0.5, 1.0], shape[1]))
    model = MAPRegressor(Gaussian(scale=0.5), **options).fit(X, y, weight, offset)
    found = model.leave_one_out(X, y, weight, offset)
    expected, densities = refitted(model, X, y, weight, offset)
    np.testing.assert_allclose(found.linear_predictor, expected, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.log_density, densities, rtol=1e-7)
    assert found.is_exact
    assert found.score == pytest.approx(np.sum(densities * (1.0 if weight is None else weight)))


def test_of_maximum_likelihood_it_is_the_formula_of_allen():
    X, eta, rng = rows(50, 4)
    y = eta + rng.normal(size=50)
    found = MAPRegressor(prior="flat").fit(X, y).leave_one_out(X, y)
    A = np.column_stack([X, np.ones(50)])
    hat = A @ np.linalg.solve(A.T @ A, A.T)
    # y_i − ŷ_(i) = e_i / (1 − h_ii)
    expected = y - (y - hat @ y) / (1.0 - np.diag(hat))
    np.testing.assert_allclose(found.linear_predictor, expected, rtol=1e-10)
    np.testing.assert_allclose(found.leverage, np.diag(hat), rtol=1e-10)
    assert found.leverage.sum() == pytest.approx(5.0)


def test_where_the_fit_almost_interpolates_the_digits_are_kept():
    X, eta, rng = rows(20, 60)
    y = eta + rng.normal(size=20)
    scale = 1e3  # λ / σ² is 1e6 times the smallest eigenvalue of the kernel, and 1 − h about 1e-8
    found = MAPRegressor(Gaussian(1.0), Normal(scale=scale)).fit(X, y).leave_one_out(X, y)
    kernel = scale**2 * X @ X.T + np.eye(20)
    inverse = np.linalg.inv(kernel)
    ones = np.ones(20)
    inverse -= np.outer(inverse @ ones, inverse @ ones) / (ones @ inverse @ ones)
    expected = y - (inverse @ y) / np.diag(inverse)  # of a Gaussian process with a flat level
    np.testing.assert_allclose(found.linear_predictor, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(1.0 - found.leverage, np.diag(inverse), rtol=1e-5)


MODELS = {
    "bernoulli": MAPClassifier(Normal(scale=1.0), tol=1e-10),
    "probit": MAPClassifier(Normal(scale=1.0), likelihood=Bernoulli(link="probit"), tol=1e-10),
    "poisson": MAPRegressor("poisson", Normal(scale=0.5), tol=1e-10),
    "negative binomial": MAPRegressor(NegativeBinomial(dispersion=0.5), "flat", tol=1e-10),
    "gamma": MAPRegressor(Gamma(shape=3.0), Normal(scale=0.5), tol=1e-10),
    "student t": MAPRegressor(StudentTNoise(df=3.0, scale=0.5), Normal(scale=0.5), tol=1e-10),
    "t prior": MAPRegressor(Gaussian(0.5), StudentTPrior(scale=0.1), tol=1e-10),
    "lasso": MAPRegressor(Gaussian(0.5), Laplace(scale=0.1), tol=1e-10),
    "elastic net": MAPRegressor(Gaussian(0.5), ElasticNet(l1_scale=0.2, l2_scale=0.3), tol=1e-10),
    "group": MAPRegressor(Gaussian(0.5), Group([0, 0, 0, 1, 1, 1, 2, 2], scale=0.1), tol=1e-10),
    "horseshoe": MAPRegressor(Gaussian(0.5), Horseshoe(scale=0.1), tol=1e-10),
    "bounds": MAPRegressor(Gaussian(0.5), "normal", bounds=(0.0, None), tol=1e-10),
    "sparse logistic": MAPClassifier(Laplace(scale=0.2), tol=1e-10),
    "softmax": MAPClassifier(Normal(scale=1.0), tol=1e-10),
    "sparse softmax": MAPClassifier(Laplace(scale=0.3), tol=1e-10),
}


def targets(name, eta, rng):
    if "softmax" in name:
        return np.argmax(np.column_stack([eta, -eta, 0 * eta]) + rng.gumbel(size=(eta.size, 3)), 1)
    if isinstance(MODELS[name], MAPClassifier):
        return (rng.logistic(size=eta.size) < 2 * eta).astype(int)
    if name == "poisson":
        return rng.poisson(np.exp(eta)).astype(float)
    if name == "negative binomial":
        return rng.negative_binomial(2, 2 / (2 + np.exp(eta))).astype(float)
    if name == "gamma":
        return rng.gamma(3.0, np.exp(eta) / 3.0)
    return eta + 0.5 * rng.standard_t(3 if name == "student t" else 100, size=eta.size)


@pytest.mark.parametrize("name", MODELS)
def test_of_the_others_it_is_near_the_fit_without_the_row(name):
    # One Newton step leaves what is of second order in the influence of a row: here a tenth of the change or so. Where
    # coefficients leave or reach their kink without the row it knows nothing of that: a third.
    X, eta, rng = rows(90, 8, seed=3)
    y = targets(name, eta, rng)
    model = MODELS[name].fit(X, y)
    found = model.leave_one_out(X, y)
    expected, densities = refitted(model, X, y)
    fitted = np.squeeze(X @ model.coef_.T + model.intercept_)
    change, approximate = expected - fitted, found.linear_predictor - fitted
    if change.ndim == 2:  # a shift of all classes changes nothing
        change = change - change.mean(axis=1, keepdims=True)
        approximate = approximate - approximate.mean(axis=1, keepdims=True)
    has_kinks = "sparse" in name or name in ("lasso", "elastic net", "horseshoe")
    allowed = 0.35 if has_kinks else 0.15
    assert np.sqrt(np.mean((approximate - change) ** 2)) < allowed * np.sqrt(np.mean(change**2))
    assert np.corrcoef(approximate.ravel(), change.ravel())[0, 1] > (0.95 if has_kinks else 0.995)
    codes = y if not hasattr(model, "classes_") else np.searchsorted(model.classes_, y)
    optimism = model.likelihood_.log_density(codes, fitted).sum() - densities.sum()
    assert abs(found.score - densities.sum()) < 0.25 * optimism
    assert not found.is_exact


@pytest.mark.parametrize("p", [5, 60], ids=["tall", "wide"])
def test_classes_by_rows_and_by_parameters_are_one(p):
    # Two classes of a softmax with prior scale s are one log odds with scale √2 s.
    X, eta, rng = rows(40, p)
    y = (rng.logistic(size=40) < 2 * eta).astype(int)
    both = MAPClassifier(Normal(scale=0.3), likelihood=Categorical(), tol=1e-12).fit(X, y)
    one = MAPClassifier(Normal(scale=0.3 * np.sqrt(2.0)), tol=1e-12).fit(X, y)
    of_both, of_one = both.leave_one_out(X, y), one.leave_one_out(X, y)
    odds = of_both.linear_predictor[:, 1] - of_both.linear_predictor[:, 0]
    np.testing.assert_allclose(odds, of_one.linear_predictor, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(of_both.log_density, of_one.log_density, rtol=1e-5)
    np.testing.assert_allclose(of_both.leverage, of_one.leverage, rtol=1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), likelihood=st.sampled_from(["gaussian", "poisson", "softmax"]))
def test_a_row_of_weight_zero_is_predicted_by_the_fit_and_counts_nothing(seed, likelihood):
    X, eta, rng = rows(20, 3, seed)
    weight = np.append(np.ones(19), 0.0)
    if likelihood == "softmax":
        y = np.resize([0, 1, 2], 20)
        model = MAPClassifier(tol=1e-10)
    else:
        y = rng.poisson(np.exp(eta)).astype(float)
        model = MAPRegressor(Gaussian(1.0) if likelihood == "gaussian" else Poisson(), tol=1e-10)
    found = model.fit(X, y, weight).leave_one_out(X, y, weight)
    eta = X[-1] @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(found.linear_predictor[-1], eta, rtol=1e-9, atol=1e-12)
    assert found.leverage[-1] == pytest.approx(0.0, abs=1e-12)
    alone = model.fit(X[:-1], y[:-1]).leave_one_out(X[:-1], y[:-1])
    assert found.score == pytest.approx(alone.score, rel=1e-5)


@pytest.mark.parametrize("shape", [(60, 5), (30, 80)])
@pytest.mark.parametrize("likelihood", ["student_t", "poisson"])
def test_sparse_and_dense_and_single_precision_agree(shape, likelihood):
    X, eta, rng = rows(*shape)
    X = X * (rng.random(X.shape) < 0.4)
    y = rng.poisson(np.exp(0.5 * eta)).astype(float)
    model = MAPRegressor(likelihood, Normal(scale=0.3), tol=1e-10).fit(X, y)
    dense = model.leave_one_out(X, y)
    for form in (sparse.csr_matrix, sparse.csc_matrix):
        found = model.leave_one_out(form(X), y)
        np.testing.assert_allclose(found.linear_predictor, dense.linear_predictor, rtol=1e-9)
    single = model.leave_one_out(X.astype(np.float32), y.astype(np.float32))
    # The rows themselves are rounded to 1e-7, and the fit to them amplifies that a little.
    np.testing.assert_allclose(
        single.linear_predictor, dense.linear_predictor, rtol=1e-4, atol=1e-4
    )


def test_several_targets_are_left_out_each_by_itself():
    X, eta, rng = rows(40, 4)
    Y = np.column_stack([eta, -eta]) + rng.normal(size=(40, 2))
    model = MAPRegressor().fit(X, Y)
    both = model.leave_one_out(X, Y)
    for k in range(2):
        one = MAPRegressor().fit(X, Y[:, k]).leave_one_out(X, Y[:, k])
        np.testing.assert_allclose(both.linear_predictor[:, k], one.linear_predictor, rtol=1e-9)
        assert both.score[k] == pytest.approx(one.score)


def test_a_model_from_a_pickle_or_of_several_calls_is_made_again_of_the_rows():
    X, eta, rng = rows(40, 4)
    y = eta + rng.normal(size=40)
    model = MAPRegressor(Gaussian(1.0)).fit(X, y)
    expected = model.leave_one_out(X, y)
    online = MAPRegressor(Gaussian(1.0)).partial_fit(X[:15], y[:15]).partial_fit(X[15:], y[15:])
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), online):
        found = other.leave_one_out(X, y)
        np.testing.assert_allclose(found.linear_predictor, expected.linear_predictor, rtol=1e-9)
    assert isinstance(expected, LeaveOneOut)


def test_data_that_were_not_fitted_are_noticed():
    X, eta, rng = rows(200, 4)
    y = eta + rng.normal(size=200)
    model = MAPRegressor().fit(X[:100], y[:100])
    with pytest.warns(UserWarning, match="not the mode for these rows"):
        model.leave_one_out(X[100:], y[100:])
    with pytest.raises(ValueError, match="needs the targets of the fit"):
        model.leave_one_out(X[:100], np.column_stack([y, y])[:100])
    labels = np.where(y > 0, "yes", "no")
    classifier = MAPClassifier().fit(X, labels)
    with pytest.raises(ValueError, match=r"classes of the fit; got \['maybe'\]"):
        classifier.leave_one_out(X, np.append(labels[1:], "maybe"))
    assert classifier.leave_one_out(X, labels).log_density.shape == (200,)


def test_class_weights_count_as_weights():
    X, eta, rng = rows(60, 3)
    y = (rng.logistic(size=60) < eta).astype(int)
    model = MAPClassifier(class_weight={0: 2.0, 1: 1.0}, tol=1e-10).fit(X, y)
    weight = np.where(y == 0, 2.0, 1.0)
    plain = MAPClassifier(tol=1e-10).fit(X, y, weight)
    by_class, by_row = model.leave_one_out(X, y), plain.leave_one_out(X, y, weight)
    np.testing.assert_allclose(by_class.linear_predictor, by_row.linear_predictor, rtol=1e-6)


def test_a_flat_prior_is_left_to_the_data_in_the_presence_of_others():
    X, eta, rng = rows(50, 3)
    y = eta + rng.normal(size=50)
    model = MAPRegressor(Gaussian(1.0), Normal(scale=[np.inf, 1.0, np.inf])).fit(X, y)
    found = model.leave_one_out(X, y)
    np.testing.assert_allclose(
        found.linear_predictor, refitted(model, X, y)[0], rtol=1e-8, atol=1e-9
    )
    flat = MAPRegressor(Gaussian(1.0), Flat()).fit(X, y).leave_one_out(X, y)
    assert flat.leverage.sum() == pytest.approx(4.0)


# What alpha is for the fit without one of 60 rows, if the prior stays what it is: where alpha is per row, more.
NAMED = {
    "ridge": (MAPRidge(alpha=2.0), MAPRidge(alpha=2.0)),
    "mle": (LinearRegressionMLE(), LinearRegressionMLE()),
    "lasso": (MAPLasso(alpha=0.02, tol=1e-10), MAPLasso(alpha=0.02 * 60 / 59, tol=1e-10)),
    "logistic": (MAPLogisticRegression(tol=1e-8), MAPLogisticRegression(tol=1e-8)),
    "poisson": (
        MAPPoissonRegressor(alpha=0.1, tol=1e-8),
        MAPPoissonRegressor(alpha=0.1 * 60 / 59, tol=1e-8),
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_the_named_models_leave_out_at_their_prior(name):
    X, eta, rng = rows(60, 4, seed=2)
    y = eta + 0.5 * rng.normal(size=60)
    y = (y > 0).astype(int) if name == "logistic" else np.exp(y).round() if name == "poisson" else y
    model, without = NAMED[name]
    found = model.fit(X, y).leave_one_out(X, y)
    expected = refitted(without.fit(X, y), X, y, density=False)[0]
    fitted = np.squeeze(X @ model.coef_.T + model.intercept_)
    error = np.abs(found.linear_predictor - expected).max()
    # Of the row that changes most, at which one step is worst.
    assert error < (1e-8 if found.is_exact else 0.2) * np.abs(expected - fitted).max()
    assert found.is_exact == (name in ("ridge", "mle"))
    assert found.log_density.shape == (60,)


def test_named_models_want_the_data_of_their_fit():
    X, eta, rng = rows(60, 4)
    y = eta + rng.normal(size=60)
    chosen = MAPRidgeCV(alphas=[0.1, 1.0]).fit(X, y)
    same = MAPRidge(alpha=chosen.alpha_).fit(X, y)
    expected = same.leave_one_out(X, y).linear_predictor
    np.testing.assert_allclose(chosen.leave_one_out(X, y).linear_predictor, expected, rtol=1e-8)
    with pytest.raises(ValueError, match="needs the data of the fit, and X differs"):
        same.leave_one_out(X[::-1], y)
    with pytest.raises(ValueError, match="needs the data of the fit, and y differs"):
        same.leave_one_out(X, y[::-1])
    with pytest.raises(RuntimeError, match="needs the data of the fit"):
        pickle.loads(pickle.dumps(same)).leave_one_out(X, y)
    with pytest.raises(IncompatibleModelError, match="Use MAPLasso or MAPElasticNet"):
        MAPMultiTaskLasso().fit(X, np.column_stack([y, y])).leave_one_out(X, y)
    robust = MAPStudentTRegressor(tol=1e-9).fit(X, y).leave_one_out(X, y)
    assert "n_samples=60" in repr(robust)
    assert "is_exact=False" in repr(robust)
