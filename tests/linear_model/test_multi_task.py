"""The multi-task models: scikit-learn's numbers, the conditions of a minimum, and data that scikit-learn lacks."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.exceptions import ConvergenceWarning

from skbayes.linear_model import MAPElasticNet, MAPMultiTaskElasticNet, MAPMultiTaskLasso


def problem(n, p, k, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1:] += 0.5 * X[:, :-1]
    W = np.zeros((p, k))
    W[: min(8, p)] = rng.normal(size=(min(8, p), k))
    return X, X @ W + rng.normal(size=(n, k)) + 3.0


SIZES = {"small": (60, 10, 3), "wide": (50, 150, 2), "many rows of coefficients": (200, 150, 7)}


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.1, 0.5), (0.5, 1.0), (0.05, 0.9)])
@pytest.mark.parametrize("size", SIZES)
def test_the_numbers_are_those_of_scikit_learn(size, alpha, l1_ratio, fit_intercept):
    X, Y = problem(*SIZES[size])
    arguments = {
        "alpha": alpha,
        "l1_ratio": l1_ratio,
        "fit_intercept": fit_intercept,
        "tol": 1e-11,
        "max_iter": 100_000,
    }
    expected = theirs.MultiTaskElasticNet(**arguments).fit(X, Y)
    model = MAPMultiTaskElasticNet(**arguments).fit(X, Y)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(model.intercept_, expected.intercept_, rtol=1e-6, atol=1e-7)
    assert model.converged_


@pytest.mark.parametrize("size", SIZES)
def test_rows_are_zero_exactly_where_the_data_do_not_pull_hard_enough(size):
    X, Y = problem(*SIZES[size])
    model = MAPMultiTaskLasso(alpha=0.3, tol=1e-12, max_iter=10_000).fit(X, Y)
    pull = X.T @ (Y - model.predict(X)) / len(Y)
    strength, is_in = np.linalg.norm(pull, axis=1), np.any(model.coef_, axis=0)
    # To first order the error of a pull is the root of the duality gap: 1e-6.
    assert np.all(strength[~is_in] <= 0.3 * (1 + 1e-6))
    unit = model.coef_.T[is_in] / np.linalg.norm(model.coef_.T[is_in], axis=1)[:, None]
    np.testing.assert_allclose(pull[is_in], 0.3 * unit, atol=3e-6)


def test_without_a_kink_it_is_ridge():
    X, Y = problem(60, 10, 3)
    ridge = theirs.Ridge(alpha=0.2 * 60).fit(X, Y)
    model = MAPMultiTaskElasticNet(alpha=0.2, l1_ratio=0.0).fit(X, Y)
    np.testing.assert_allclose(model.coef_, ridge.coef_, rtol=1e-8)


def test_one_target_is_the_elastic_net():
    X, Y = problem(60, 10, 1)
    model = MAPMultiTaskElasticNet(alpha=0.1, tol=1e-10).fit(X, Y)
    single = MAPElasticNet(alpha=0.1, tol=1e-10).fit(X, Y[:, 0])
    np.testing.assert_allclose(model.coef_[0], single.coef_, rtol=1e-6, atol=1e-8)


def test_a_weight_counts_rows_and_sparse_is_dense():
    X, Y = problem(60, 10, 3)
    X = np.where(X > 0.3, X, 0.0)
    weight = np.random.default_rng(0).integers(0, 3, 60)
    repeated = MAPMultiTaskLasso(alpha=0.1, tol=1e-10).fit(X.repeat(weight, 0), Y.repeat(weight, 0))
    for A in (X, sparse.csr_array(X), sparse.csc_matrix(X)):
        model = MAPMultiTaskLasso(alpha=0.1, tol=1e-10).fit(A, Y, sample_weight=weight)
        np.testing.assert_allclose(model.coef_, repeated.coef_, rtol=1e-5, atol=1e-8)
        assert model.objective_ == pytest.approx(repeated.objective_, rel=1e-8)


def test_what_is_not_reached_is_said():
    X, Y = problem(60, 10, 3)
    with pytest.warns(ConvergenceWarning, match=r"gap: .*, reached: .* after 1 iterations\. Raise"):
        MAPMultiTaskLasso(alpha=0.1, tol=1e-12, max_iter=1).fit(X, Y)
    with pytest.raises(ValueError, match=r"use MAPLasso; got y of shape \(60,\)"):
        MAPMultiTaskLasso().fit(X, Y[:, 0])
