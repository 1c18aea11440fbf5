"""MAPLasso, MAPElasticNet and their paths: scikit-learn's numbers, conditions of optimality, and the gap as a bound."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, Lasso
from sklearn.linear_model import enet_path as sklearn_enet_path

from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPElasticNet, MAPLasso, MAPRegressor, enet_path, lasso_path
from skbayes.priors import ElasticNet as ElasticNetPrior
from skbayes.priors import Laplace

TIGHT = {"tol": 1e-13, "max_iter": 100000}


def made(n, p, seed=0, n_true=5):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1)) + 2.0  # correlated and off centre
    w = np.zeros(p)
    w[:n_true] = rng.standard_normal(n_true)
    return X, X @ w + 0.5 * rng.standard_normal(n) + 1.0


def weights(n, seed=1):
    s = np.random.default_rng(seed).uniform(0.0, 3.0, n)
    s[: n // 10] = 0.0
    return s


def largest(X, y, s=None):
    s = np.ones(len(y)) if s is None else s
    Z, t = X - np.average(X, axis=0, weights=s), y - np.average(y, weights=s)
    return np.abs(Z.T @ (s * t)).max() / s.sum()


# 300 and 600 columns are beyond what is solved in one working set.
@pytest.mark.parametrize("shape", [(80, 10), (40, 60), (120, 300), (60, 600)])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("part", [0.3, 0.03])
@pytest.mark.parametrize("positive", [False, True])
def test_coefficients_are_those_of_scikit_learn(shape, l1_ratio, part, positive):
    X, y = made(*shape)
    options = {"alpha": part * largest(X, y), "l1_ratio": l1_ratio, "positive": positive, **TIGHT}
    ours, theirs = MAPElasticNet(**options).fit(X, y), ElasticNet(**options).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)
    assert ours.intercept_ == pytest.approx(theirs.intercept_, rel=1e-6)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "form", [np.asfortranarray, np.ascontiguousarray, sparse.csc_matrix, sparse.csr_array]
)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("p", [30, 300])
def test_every_form_of_the_data_gives_the_same(form, fit_intercept, weighted, p):
    X, y = made(90, p)
    X[np.abs(X - 2.0) < 1.2] = 0.0
    s = weights(90) if weighted else None
    options = {"alpha": 0.1 * largest(X, y, s), "fit_intercept": fit_intercept, **TIGHT}
    theirs = Lasso(**options).fit(X, y, s)
    ours = MAPLasso(**options).fit(form(X), y, s)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)
    assert ours.intercept_ == pytest.approx(theirs.intercept_, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("weighted", [True, False])
def test_the_gradient_meets_the_conditions_of_the_minimum(weighted):
    X, y = made(60, 400)
    s = weights(60) if weighted else np.ones(60)
    alpha, ratio = 0.05 * largest(X, y, s), 0.8
    model = MAPElasticNet(alpha, l1_ratio=ratio, **TIGHT).fit(X, y, s)
    w, r = model.coef_, s * (y - model.predict(X))
    pull = X.T @ r / s.sum() - alpha * (1 - ratio) * w
    on = w != 0
    assert 10 < on.sum() < 60
    np.testing.assert_allclose(pull[on], alpha * ratio * np.sign(w[on]), rtol=1e-5)
    assert np.abs(pull[~on]).max() <= alpha * ratio * (1 + 1e-5)
    assert abs(r.sum()) < 1e-9 * np.abs(r).sum()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 1000),
    st.floats(0.01, 0.9),
    st.floats(0.1, 1.0),
    st.integers(1, 8),
    st.booleans(),
)
def test_the_gap_bounds_the_distance_to_the_minimum(seed, part, ratio, max_iter, positive):
    # Weak duality: true of any point, so also of one where the descent was cut short.
    X, y = made(30, 250, seed)
    options = {"alpha": part * largest(X, y), "l1_ratio": ratio, "positive": positive}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        early = MAPElasticNet(max_iter=max_iter, tol=0.0, **options).fit(X, y)
    best = MAPElasticNet(**options, **TIGHT).fit(X, y)
    distance = early.objective_ - best.objective_
    assert -1e-11 * y.var() <= distance <= early.dual_gap_ + 1e-11 * y.var()


def test_objective_is_what_the_docstring_says():
    X, y = made(50, 20)
    model = MAPElasticNet(0.3, l1_ratio=0.4).fit(X, y)
    w, r = model.coef_, y - model.predict(X)
    expected = r @ r / 100 + 0.3 * 0.4 * np.abs(w).sum() + 0.15 * 0.6 * w @ w
    assert model.objective_ == pytest.approx(expected, rel=1e-12)


def test_conversion_to_priors():
    X, y = made(50, 12)
    sigma, alpha, ratio = 0.8, 0.2, 0.6
    lasso = MAPLasso(alpha, **TIGHT).fit(X, y)
    general = MAPRegressor(Gaussian(sigma), Laplace(scale=sigma**2 / (50 * alpha)), tol=1e-13).fit(
        X, y
    )
    np.testing.assert_allclose(general.coef_, lasso.coef_, rtol=1e-6, atol=1e-9)
    net = MAPElasticNet(alpha, l1_ratio=ratio, **TIGHT).fit(X, y)
    l1, l2 = 50 * alpha * ratio / sigma**2, 50 * alpha * (1 - ratio) / sigma**2
    prior = ElasticNetPrior(l1_scale=1 / l1, l2_scale=l2**-0.5)
    general = MAPRegressor(Gaussian(sigma), prior, tol=1e-13).fit(X, y)
    np.testing.assert_allclose(general.coef_, net.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_noise_scale_from_residuals_and_effective_parameters(ratio):
    X, y = made(100, 30)
    model = MAPElasticNet(0.1, l1_ratio=ratio, **TIGHT).fit(X, y)
    Z = (X - X.mean(axis=0))[:, model.coef_ != 0]
    G = Z.T @ Z
    gamma = 1 + np.trace(np.linalg.solve(G + 100 * 0.1 * (1 - ratio) * np.eye(len(G)), G))
    r = y - model.predict(X)
    assert model.noise_scale_ == pytest.approx(np.sqrt(r @ r / (100 - gamma)), rel=1e-9)


@pytest.mark.parametrize("p", [20, 300])
def test_copies_of_a_column_are_no_obstacle(p):
    X, y = made(80, p)
    X[:, 1] = X[:, 0]
    X[:, 7] = 5.0  # and a constant one
    options = {"alpha": 0.05 * largest(X, y), **TIGHT}
    ours, theirs = MAPLasso(**options).fit(X, y), Lasso(**options).fit(X, y)
    assert ours.converged_
    assert ours.coef_[7] == 0.0
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6)


def test_a_large_offset_costs_no_digits_that_it_does_not_take_from_the_data():
    X, y = made(200, 12)
    options = {"alpha": 0.05 * largest(X, y), "tol": 1e-11, "max_iter": 100000}
    plain = MAPLasso(**options).fit(X, y)
    far = MAPLasso(**options | {"tol": 1e-9}).fit(X + 1e6, y)
    # A column that is 1e6 standard deviations off keeps ten of sixteen digits, its products with residuals too.
    assert far.converged_
    np.testing.assert_allclose(far.coef_, plain.coef_, rtol=1e-4, atol=1e-5)
    distance = far.objective_ - plain.objective_
    assert abs(distance) < 1e-8 * y.var()


@pytest.mark.parametrize("p", [20, 300])
def test_single_precision_stays_single_precision(p):
    X, y = made(100, p)
    alpha = 0.1 * largest(X, y)
    double = MAPLasso(alpha, tol=1e-8).fit(X, y)
    single = MAPLasso(alpha, tol=1e-8).fit(X.astype(np.float32), y.astype(np.float32))
    assert single.coef_.dtype == np.float32
    assert single.predict(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(single.coef_, double.coef_, atol=1e-3)


def test_x_is_neither_copied_over_nor_changed():
    X, y = made(60, 300)
    for order in "CF":
        given = np.array(X, order=order)
        given.flags.writeable = False
        MAPLasso(0.1, copy_X=False).fit(given, y)
        np.testing.assert_array_equal(given, X)


def test_several_targets_are_fitted_one_by_one():
    X, y = made(60, 300)
    Y = np.c_[y, -2.0 * y, y + X[:, 7]]
    model = MAPElasticNet(0.1, tol=1e-10, max_iter=10000).fit(X, Y)
    for j in range(3):
        single = MAPElasticNet(0.1, tol=1e-10, max_iter=10000).fit(X, Y[:, j])
        np.testing.assert_allclose(model.coef_[j], single.coef_, rtol=1e-9)
        assert model.dual_gap_[j] == pytest.approx(single.dual_gap_, rel=1e-6)
    assert model.sparse_coef_.shape == (3, 300)


@pytest.mark.parametrize("shape", [(300, 40), (300, 250), (50, 400)])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("positive", [False, True])
def test_paths_are_those_of_scikit_learn(shape, l1_ratio, positive):
    X, y = made(*shape)
    X, y = X - X.mean(axis=0), y - y.mean()
    options = {
        "l1_ratio": l1_ratio,
        "positive": positive,
        "tol": 1e-12,
        "max_iter": 100000,
        "eps": 0.03,
    }
    grid, theirs, _ = sklearn_enet_path(
        X, y, alphas=np.geomspace(1.0, 0.03, 12) * largest(X, y), **options
    )
    alphas, coefs, gaps = enet_path(X, y, alphas=grid[::-1], **options)
    np.testing.assert_allclose(alphas, grid)
    np.testing.assert_allclose(coefs, theirs, rtol=1e-6, atol=1e-8)
    assert np.all(gaps <= 1e-12 * y @ y / len(y) * 1.01)


def test_a_path_begins_where_all_coefficients_are_zero():
    X, y = made(100, 250)
    alphas, coefs, _ = lasso_path(X, y, alphas=20, tol=1e-8)
    assert alphas[0] == pytest.approx(np.abs(X.T @ y).max() / 100)
    assert alphas[-1] == pytest.approx(1e-3 * alphas[0])
    assert not coefs[:, 0].any()
    assert coefs[:, 1].any()


def test_a_path_from_the_gram_matrix_alone():
    X, y = made(100, 20)
    alphas = [0.5, 0.1]
    _, expected, _ = lasso_path(X, y, alphas=alphas, precompute=False, tol=1e-12)
    _, coefs, _ = lasso_path(X, y, alphas=alphas, precompute=X.T @ X, Xy=X.T @ y, tol=1e-12)
    np.testing.assert_allclose(coefs, expected, rtol=1e-6, atol=1e-9)


def test_not_converged_says_tolerance_and_what_to_do():
    X, y = made(40, 300)
    with pytest.warns(
        ConvergenceWarning,
        match=r"Duality gap: .*, tolerance: .*max_iter=2 passes; raise max_iter or tol",
    ):
        model = MAPLasso(1e-3, max_iter=2, tol=1e-12).fit(X, y)
    assert not model.converged_
    assert model.n_iter_ == 2


def test_no_filter_is_left_behind():
    X, y = made(40, 300)
    before = list(warnings.filters)
    MAPLasso(0.1).fit(X, y)
    assert list(warnings.filters) == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda X, y: MAPLasso(precompute=np.eye(3)).fit(X, y),
            r"shape \(20, 20\).*got shape \(3, 3\)",
        ),
        (lambda X, y: enet_path(X, y, alphas=3, l1_ratio=0.0), "not supported for l1_ratio=0"),
        (lambda X, y: enet_path(X, np.c_[y, y], positive=True), "not allowed for multi-output"),
        (lambda X, y: lasso_path(X, y, normalize=True), "Unexpected parameters"),
        (lambda X, y: lasso_path(X, y, selection="best"), "needs 'cyclic' or 'random'"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(*made(30, 20))
