"""The closed form: the normal equations, on both sides of the matrix, where they are hard."""

import numpy as np
import pytest
from scipy import sparse

from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPRegressor
from skbayes.priors import Flat, Normal

PRIORS = {
    "flat": Flat(),
    "normal": Normal(loc=0.3, scale=0.5),
    "some flat": Normal(loc=0.3, scale=[np.inf] + [0.5] * 7),
    "correlated": Normal(loc=0.3, covariance=0.25 * (0.5 * np.eye(8) + 0.5)),
}


def augmented(X, y, prior, sigma=0.7, weight=None, intercept=True):
    """Return the mode by least squares on rows of the data and rows of the prior: no normal equations."""
    root = np.ones(len(y)) if weight is None else np.sqrt(weight)
    A = np.column_stack([X, np.ones(len(y))]) if intercept else X
    loc, precision = prior.for_features(None, X.shape[1]).quadratic()
    P = np.diag(precision) if precision.ndim == 1 else precision
    values, vectors = np.linalg.eigh(P)
    R = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    R = np.column_stack([R, np.zeros(len(R))]) if intercept else R
    rows = np.vstack([A * root[:, None] / sigma, R])
    target = np.append(y * root / sigma, R[:, : X.shape[1]] @ loc)
    return np.linalg.lstsq(rows, target, rcond=None)[0]


def fitted(X, y, prior, **fit):
    model = MAPRegressor(Gaussian(0.7), prior, solver="closed_form").fit(X, y, **fit)
    return np.append(model.coef_, model.intercept_)


@pytest.mark.parametrize("n", [5, 60])  # fewer rows than the 8 features, and more
@pytest.mark.parametrize("prior", PRIORS)
def test_it_is_least_squares_on_data_and_prior(prior, n):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, 8)), rng.normal(size=n) + 2.0
    weight = rng.uniform(0.0, 2.0, n) * (rng.random(n) > 0.2)
    expected = augmented(X, y, PRIORS[prior], weight=weight)
    found = fitted(X, y, PRIORS[prior], sample_weight=weight)
    if (
        prior == "flat" and n == 5
    ):  # of the many solutions the one of least norm without the intercept's share
        A = np.column_stack([X, np.ones(n)]) * np.sqrt(weight)[:, None]
        np.testing.assert_allclose(A @ found, A @ expected, atol=1e-9)
        Z = X - np.average(X, axis=0, weights=weight)
        np.testing.assert_allclose(
            found[:8],
            np.linalg.lstsq(
                Z * np.sqrt(weight)[:, None],
                (y - np.average(y, weights=weight)) * np.sqrt(weight),
                rcond=1e-10,
            )[0],
            atol=1e-9,
        )
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("n", [6, 60])
def test_sparse_is_dense_and_without_an_intercept_too(n):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(n, 8)) * (rng.random((n, 8)) < 0.5), rng.normal(size=n)
    for fit_intercept in (True, False):
        models = [
            MAPRegressor(Gaussian(0.7), "normal", fit_intercept=fit_intercept).fit(A, y)
            for A in (X, sparse.csr_array(X), sparse.csc_matrix(X))
        ]
        for model in models[1:]:
            np.testing.assert_allclose(model.coef_, models[0].coef_, rtol=1e-9, atol=1e-12)
    expected = augmented(X, y, Normal(), intercept=False)
    np.testing.assert_allclose(models[0].coef_, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [6, 200])
def test_an_offset_of_a_million_standard_deviations_costs_no_digits(n):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(n, 8)), rng.normal(size=n)
    near, far = (fitted(A, y, Normal(scale=0.5)) for A in (X, X + 1e6))
    # X + 1e6 itself is rounded to 1e-10 of a standard deviation; what the fit adds is of that order.
    np.testing.assert_allclose(far[:8], near[:8], atol=1e-8)


def test_collinear_and_constant_columns_have_the_solution_of_least_norm():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(50, 3))
    X = np.column_stack([X, X[:, 0], np.full(50, 7.0)])
    y = X[:, 0] - X[:, 1] + 1.0
    w = fitted(X, y, Flat())
    np.testing.assert_allclose(w, [0.5, -1.0, 0.0, 0.5, 0.0, 1.0], atol=1e-9)


def test_a_prior_of_the_intercept_is_a_row_of_its_own():
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40) + 5.0
    model = MAPRegressor(Gaussian(0.7), "flat", intercept_prior=Normal(loc=1.0, scale=0.1))
    model.fit(X, y)
    A = np.vstack([np.column_stack([X, np.ones(40)]) / 0.7, [0.0, 0.0, 0.0, 10.0]])
    expected = np.linalg.lstsq(A, np.append(y / 0.7, 10.0), rcond=None)[0]
    np.testing.assert_allclose(np.append(model.coef_, model.intercept_), expected, rtol=1e-9)


def test_ill_conditioned_columns_are_refined():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(100, 4))
    X[:, 3] = X[:, 0] + 1e-6 * rng.normal(size=100)
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    w = fitted(X, X @ truth, Flat())
    # The Gram's condition is 1e12: without refinement four digits. With it ‖X (w − truth)‖ ends at the tolerance, 1e-14
    # of ‖X truth‖, which along the two columns that are nearly one is 1e-7 of w; twice that, for rounding.
    smallest = np.linalg.svd(np.column_stack([X, np.ones(100)]), compute_uv=False)[-1]
    allowed = 1e-14 * np.linalg.norm(X @ truth) / smallest
    assert allowed < 2e-7
    np.testing.assert_allclose(w[:4], truth, atol=2.0 * allowed)
