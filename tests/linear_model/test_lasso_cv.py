"""MAPLassoCV and MAPElasticNetCV: scikit-learn's numbers; folds by moments against folds by rows."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import ElasticNetCV, LassoCV
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit

from skbayes.linear_model import MAPElasticNetCV, MAPLassoCV
from skbayes.linear_model._lasso_folds import pooled, uses_moments
from skbayes.linear_model._moments import moments_of

TIGHT = {"tol": 1e-11, "max_iter": 100000}
SPLITTERS = {
    "runs": KFold(4),
    "shuffled": KFold(4, shuffle=True, random_state=0),
    "overlapping": ShuffleSplit(3, random_state=0),
    "repeated": RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
}


def made(n, p):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1)) + 2.0
    return X, X[:, :4] @ [1.0, -2.0, 0.5, 1.0] + rng.standard_normal(n) + 1.0


def assert_same(ours, theirs):
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-9)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-9)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-8)
    assert ours.intercept_ == pytest.approx(theirs.intercept_, rel=1e-6)


@pytest.mark.parametrize("shape", [(120, 8), (60, 90)])
@pytest.mark.parametrize("cv", SPLITTERS)
@pytest.mark.parametrize("weighted", [True, False])
def test_lasso_is_that_of_scikit_learn(shape, cv, weighted):
    X, y = made(*shape)
    s = np.random.default_rng(1).uniform(0.1, 3.0, len(y)) if weighted else None
    options = {"cv": SPLITTERS[cv], "alphas": np.geomspace(2.0, 0.02, 12), **TIGHT}
    assert_same(MAPLassoCV(**options).fit(X, y, s), LassoCV(**options).fit(X, y, s))


@pytest.mark.parametrize("make", [np.asarray, sparse.csc_matrix, sparse.csr_matrix])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [True, False])
def test_elastic_net_is_that_of_scikit_learn(make, fit_intercept, positive):
    X, y = made(90, 10)
    X[X < 1.0] = 0.0
    options = {
        "l1_ratio": [0.3, 0.9],
        "cv": 3,
        "alphas": np.geomspace(2.0, 0.02, 8),
        "fit_intercept": fit_intercept,
        "positive": positive,
        **TIGHT,
    }
    ours, theirs = MAPElasticNetCV(**options).fit(make(X), y), ElasticNetCV(**options).fit(X, y)
    assert_same(ours, theirs)
    assert ours.l1_ratio_ == theirs.l1_ratio_
    assert ours.mse_path_.shape == (2, 8, 3)


def test_moments_are_used_where_folds_partition_tall_data():
    X, _ = made(60, 5)
    assert uses_moments(X, list(KFold(4, shuffle=True).split(X)))
    assert not uses_moments(X, list(ShuffleSplit(3).split(X)))
    assert not uses_moments(X, list(RepeatedKFold().split(X)))
    assert not uses_moments(X.T, list(KFold(3).split(X.T)))


def test_pooled_moments_keep_their_digits_far_from_the_origin():
    # Folds of uncentred data at an offset of 1e6 standard deviations: products about the origin would lose 12 digits.
    X, y = made(400, 6)
    X = X + 1e6
    parts = [moments_of(X[i::4], y[i::4, None], None, True, np.float64) for i in range(4)]
    together = pooled(parts)
    Z, t = X - X.mean(axis=0), y - y.mean()
    np.testing.assert_allclose(together.gram, Z.T @ Z, rtol=1e-9)
    np.testing.assert_allclose(together.cross[:, 0], Z.T @ t, rtol=1e-8)
    np.testing.assert_allclose(together.power, t @ t, rtol=1e-12)


def test_test_errors_do_not_depend_on_an_offset():
    X, y = made(200, 6)
    options = {"cv": 4, "alphas": [0.5, 0.05], "tol": 1e-9, "max_iter": 10000}
    near, far = MAPLassoCV(**options).fit(X, y), MAPLassoCV(**options).fit(X + 1e6, y)
    np.testing.assert_allclose(far.mse_path_, near.mse_path_, rtol=1e-6)


def test_jobs_do_not_change_the_result():
    X, y = made(80, 100)
    options = {"alphas": np.geomspace(2.0, 0.1, 10)}
    alone, two = MAPLassoCV(**options).fit(X, y), MAPLassoCV(n_jobs=2, **options).fit(X, y)
    np.testing.assert_array_equal(alone.mse_path_, two.mse_path_)
    np.testing.assert_array_equal(alone.coef_, two.coef_)


def test_strengths_begin_where_all_coefficients_are_zero():
    X, y = made(90, 10)
    s = np.random.default_rng(1).uniform(0.1, 3.0, 90)
    model = MAPElasticNetCV(alphas=7, eps=0.01, l1_ratio=[0.5, 1.0]).fit(X, y, s)
    Z, t = X - np.average(X, axis=0, weights=s), y - np.average(y, weights=s)
    largest = np.abs(Z.T @ (s * t)).max() / s.sum()
    np.testing.assert_allclose(model.alphas_[:, 0], [2 * largest, largest])
    np.testing.assert_allclose(model.alphas_[:, -1], 0.01 * model.alphas_[:, 0])
    assert model.alphas_.shape == (2, 7)


def test_several_targets_are_refused():
    X, y = made(40, 4)
    with pytest.raises(ValueError, match=r"use MultiTask.*fits one target; got 2"):
        MAPLassoCV().fit(X, np.c_[y, y])
