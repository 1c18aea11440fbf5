"""LinearRegressionMLE: least squares, of least norm where there is a choice."""

import numpy as np
import pytest
from scipy import linalg, optimize, sparse
from sklearn.linear_model import LinearRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes.linear_model import LinearRegressionMLE, MAPRegressor


@parametrize_with_checks([LinearRegressionMLE(), LinearRegressionMLE(positive=True)])
def test_it_is_an_estimator(estimator, check):
    check(estimator)


def data(kind, n_targets=None, seed=0):
    rng = np.random.default_rng(seed)
    n, p = {"tall": (50, 5), "square": (9, 9), "wide": (8, 20), "very wide": (8, 60)}.get(
        kind, (40, 6)
    )
    X = rng.normal(size=(n, p)) + 3.0
    if kind == "duplicate":
        X[:, 4] = X[:, 1]
    if kind == "constant":
        X[:, 2] = 0.1
    if kind == "ill-conditioned":
        X[:, 3] = X[:, 2] + 1e-5 * X[:, 3]
    y = rng.normal(size=n if n_targets is None else (n, n_targets))
    return X, y, rng.uniform(0.1, 2.0, n)


KINDS = ["tall", "square", "wide", "very wide", "duplicate", "constant", "ill-conditioned"]


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("n_targets", [None, 1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_of_scikit_learn(kind, n_targets, is_weighted, fit_intercept):
    X, y, weight = data(kind, n_targets)
    weight = weight if is_weighted else None
    theirs = LinearRegression(fit_intercept=fit_intercept).fit(X, y, weight)
    for form in (X, np.asfortranarray(X)):
        ours = LinearRegressionMLE(fit_intercept=fit_intercept).fit(form, y, weight)
        assert ours.coef_.shape == theirs.coef_.shape
        np.testing.assert_allclose(
            ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-8 * np.abs(theirs.coef_).max()
        )
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6, atol=1e-8)
        assert ours.rank_ == theirs.rank_
        top = theirs.singular_.max()
        np.testing.assert_allclose(ours.singular_, theirs.singular_, rtol=1e-6, atol=1e-12 * top)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.coo_array])
@pytest.mark.parametrize("kind", KINDS)
def test_sparse_data_give_the_numbers_of_dense_data(kind, container):
    X, y, weight = data(kind, 2)
    dense = LinearRegressionMLE().fit(X, y, weight)
    thin = LinearRegressionMLE(tol=1e-13).fit(container(X), y, weight)
    np.testing.assert_allclose(
        thin.coef_, dense.coef_, rtol=1e-5, atol=1e-7 * np.abs(dense.coef_).max()
    )
    assert not hasattr(thin, "rank_")


def test_nonnegative_coefficients():
    X, y, weight = data("tall", 3)
    model = LinearRegressionMLE(positive=True).fit(X, y, weight)
    root = np.sqrt(weight)[:, None]
    Z, V = root * (X - np.average(X, 0, weight)), root * (y - np.average(y, 0, weight))
    np.testing.assert_allclose(model.coef_, [optimize.nnls(Z, v)[0] for v in V.T], atol=1e-9)


def test_noise_scale_is_that_of_the_textbook():
    X, y, weight = data("duplicate")
    model = LinearRegressionMLE().fit(X, y, weight)
    left = weight.sum() - 5 - 1  # rank 5 of 6 columns, and the intercept
    expected = np.sqrt(weight @ (y - model.predict(X)) ** 2 / left)
    np.testing.assert_allclose(model.noise_scale_, expected, rtol=1e-9)
    assert np.isnan(LinearRegressionMLE().fit(*data("wide")[:2]).noise_scale_)


def test_it_is_the_flat_prior():
    X, y, weight = data("tall")
    flat = MAPRegressor(prior="flat").fit(X, y, weight)
    model = LinearRegressionMLE().fit(X, y, weight)
    np.testing.assert_allclose(model.coef_, flat.coef_, rtol=1e-8)
    np.testing.assert_allclose(model.noise_scale_, flat.noise_scale_, rtol=1e-6)


def test_the_tolerance_cuts_small_singular_values():
    X, y, _ = data("ill-conditioned")
    assert LinearRegressionMLE(tol=1e-9).fit(X, y).rank_ == 6
    cut = LinearRegressionMLE(tol=1e-3).fit(X, y)
    assert cut.rank_ == 5
    expected = linalg.lstsq(X - X.mean(axis=0), y - y.mean(), cond=1e-3)[0]
    np.testing.assert_allclose(cut.coef_, expected, rtol=1e-6)
