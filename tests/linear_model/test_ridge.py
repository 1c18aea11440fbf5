"""MAPRidge: scikit-learn's numbers, the normal equations, and the places where those lose digits."""

import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPRegressor, MAPRidge
from skbayes.priors import Normal

SHAPES = {"tall": (60, 8), "square": (20, 20), "wide": (15, 40)}


@parametrize_with_checks([MAPRidge(), MAPRidge(solver="lsqr"), MAPRidge(positive=True)])
def test_it_is_an_estimator(estimator, check):
    check(estimator)


def data(shape, n_targets=None, offset=1.0, seed=0):
    n, p = SHAPES[shape]
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 10.0, p) + offset
    y = rng.normal(size=n if n_targets is None else (n, n_targets)) + X[:, 0].reshape(
        -1, *[1] * bool(n_targets)
    )
    weight = rng.uniform(0.0, 2.0, n)
    weight[::7] = 0.0
    return X, y, weight


def augmented(X, y, alpha, weight=None, fit_intercept=True):
    """Return (coef, intercept) by least squares on the data and rows √alpha: no Gram matrix is formed."""
    s = np.ones(len(X)) if weight is None else weight
    mu = s @ X / s.sum() if fit_intercept else np.zeros(X.shape[1])
    nu = s @ y / s.sum() if fit_intercept else 0.0
    root = np.sqrt(s)
    A = np.vstack([root[:, None] * (X - mu), np.eye(X.shape[1]) * np.sqrt(alpha)])
    coef = np.linalg.lstsq(A, np.append(root * (y - nu), np.zeros(X.shape[1])), rcond=1e-15)[0]
    return coef, nu - mu @ coef


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("n_targets", [None, 1, 3])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 1e4])
def test_the_numbers_of_scikit_learn(alpha, shape, n_targets, is_weighted, fit_intercept):
    X, y, weight = data(shape, n_targets)
    weight = weight if is_weighted else None
    theirs = Ridge(alpha, fit_intercept=fit_intercept, solver="svd").fit(X, y, weight)
    for solver in ("auto", "svd", "cholesky", "closed_form"):
        for form in (X, np.asfortranarray(X)):
            ours = MAPRidge(alpha, fit_intercept=fit_intercept, solver=solver).fit(form, y, weight)
            assert ours.coef_.shape == theirs.coef_.shape
            assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)
            np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "container", [sparse.csr_array, sparse.csc_array, sparse.coo_array, sparse.csr_matrix]
)
@pytest.mark.parametrize("solver", ["auto", "closed_form", "sparse_cg", "lsqr", "sag"])
@pytest.mark.parametrize("shape", SHAPES)
def test_sparse_data_give_the_numbers_of_dense_data(shape, solver, container):
    X, y, weight = data(shape, 2)
    X = X * (np.random.default_rng(1).random(X.shape) < 0.3)
    dense = MAPRidge(0.5).fit(X, y, weight)
    thin = MAPRidge(0.5, solver=solver, tol=1e-12).fit(container(X), y, weight)
    np.testing.assert_allclose(thin.coef_, dense.coef_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(thin.intercept_, dense.intercept_, rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_float32_stays_and_is_right_to_its_digits(shape):
    X, y, weight = data(shape)
    exact = MAPRidge(1.0).fit(X, y, weight)
    for solver in ("auto", "svd", "sparse_cg"):
        model = MAPRidge(1.0, solver=solver, tol=1e-6).fit(
            X.astype(np.float32), y.astype(np.float32), weight
        )
        assert model.coef_.dtype == model.predict(X.astype(np.float32)).dtype == np.float32
        np.testing.assert_allclose(
            model.coef_, exact.coef_, rtol=1e-3, atol=1e-3 * np.abs(exact.coef_).max()
        )


def test_each_target_may_have_its_own_strength():
    X, Y, weight = data("tall", 3)
    alphas = [0.0, 1.0, 50.0]
    for solver in ("auto", "svd", "sparse_cg"):
        model = MAPRidge(alphas, solver=solver, tol=1e-12).fit(X, Y, weight)
        for alpha, y, coef in zip(alphas, Y.T, model.coef_, strict=True):
            np.testing.assert_allclose(
                coef, MAPRidge(alpha).fit(X, y, weight).coef_, rtol=1e-6, atol=1e-10
            )
    many = np.geomspace(1e-2, 1e2, 30)  # so many strengths go through one eigendecomposition
    y = np.tile(Y[:, :1], 30)
    singles = [Ridge(alpha).fit(X, Y[:, 0], weight).coef_ for alpha in many]
    np.testing.assert_allclose(
        MAPRidge(many).fit(X, y, weight).coef_, singles, rtol=1e-6, atol=1e-10
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_weight_of_two_is_the_row_twice_and_of_zero_no_row(shape):
    X, y, _ = data(shape)
    weight = np.random.default_rng(2).integers(0, 3, len(X)).astype(float)
    index = np.repeat(np.arange(len(X)), weight.astype(int))
    weighted, repeated = MAPRidge(2.0).fit(X, y, weight), MAPRidge(2.0).fit(X[index], y[index])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(weighted.noise_scale_, repeated.noise_scale_, rtol=1e-7)
    np.testing.assert_allclose(weighted.objective_, repeated.objective_, rtol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_an_offset_of_a_million_standard_deviations(offset, shape):
    rng = np.random.default_rng(0)
    n, p = SHAPES[shape]
    X, y = rng.normal(size=(n, p)), rng.normal(size=n)
    shifted = X + offset
    X = shifted - offset  # what the rounding of the shifted data has left
    expected = augmented(X, y, 0.1)[0]
    for solver in ("auto", "svd"):
        model = MAPRidge(0.1, solver=solver).fit(shifted, y)
        # The mean of a shifted column is known to 1e-10 of its standard deviation.
        np.testing.assert_allclose(model.coef_, expected, atol=1e-8 * np.abs(expected).max())
    with_full_columns = MAPRidge(0.1, solver="closed_form").fit(sparse.csr_array(shifted), y)
    np.testing.assert_allclose(
        with_full_columns.coef_, expected, atol=1e-8 * np.abs(expected).max()
    )


@pytest.mark.parametrize("alpha", [1e-10, 1e-6])
@pytest.mark.parametrize("n", [300, 30])
def test_ill_conditioned_columns(n, alpha):
    # Condition 1e7: the Gram matrix would know its least eigenvalue to no digit.
    rng = np.random.default_rng(0)
    left, right = (
        np.linalg.qr(rng.normal(size=(n, 30)))[0],
        np.linalg.qr(rng.normal(size=(30, 30)))[0],
    )
    X = (left * np.geomspace(1.0, 1e-7, 30)) @ right.T
    y = rng.normal(size=n)
    expected = augmented(X, y, alpha, fit_intercept=False)[0]
    for solver in ("auto", "svd"):
        model = MAPRidge(alpha, solver=solver, fit_intercept=False).fit(X, y)
        np.testing.assert_allclose(model.coef_, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("alpha", [0.0, 1e-12, 1.0])
def test_duplicate_and_constant_columns(alpha):
    # Two equal columns share what one with half the strength would have; so does the solution of least norm.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 4)), rng.normal(size=50)
    doubled = np.column_stack([X, X[:, :2], np.full(50, 0.1)])
    model = MAPRidge(alpha).fit(doubled, y)
    np.testing.assert_allclose(model.coef_[:2], model.coef_[4:6], rtol=1e-6)
    assert abs(model.coef_[6]) < 1e-12
    single = augmented(X, y, alpha * np.array([0.5, 0.5, 1.0, 1.0]))[0]
    np.testing.assert_allclose(model.coef_[:4], single * [0.5, 0.5, 1.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(
        model.noise_scale_, MAPRidge(alpha, solver="svd").fit(doubled, y).noise_scale_
    )


def test_the_solution_of_least_norm_without_a_prior():
    X, y, _ = data("wide")
    expected = augmented(X, y, 0.0)[0]
    for solver in ("auto", "svd", "sparse_cg"):
        model = MAPRidge(0.0, solver=solver, tol=1e-13).fit(X, y)
        np.testing.assert_allclose(model.coef_, expected, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(model.predict(X), y, atol=1e-8)


@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_noise_scale_and_objective(shape, is_weighted):
    X, y, weight = data(shape)
    s = 3.0 * weight if is_weighted else np.ones(len(X))
    model = MAPRidge(3.0).fit(X, y, s if is_weighted else None)
    Z = X - s @ X / s.sum()
    hat = Z @ np.linalg.solve(Z.T @ (s[:, None] * Z) + 3.0 * np.eye(X.shape[1]), Z.T * s)
    r = y - model.predict(X)
    left = s.sum() - np.trace(hat) - 1.0
    np.testing.assert_allclose(model.noise_scale_, np.sqrt(s @ r**2 / left), rtol=1e-7)
    np.testing.assert_allclose(
        model.objective_, s @ r**2 + 3.0 * model.coef_ @ model.coef_, rtol=1e-9
    )


def test_no_rows_left_for_the_noise():
    X, y, _ = data("wide")
    assert np.isnan(MAPRidge(0.0).fit(X, y).noise_scale_)


@settings(max_examples=25, deadline=None)
@given(alpha=st.floats(1e-3, 1e3), tau=st.floats(0.1, 10.0), seed=st.integers(0, 50))
def test_alpha_is_noise_variance_over_prior_variance(alpha, tau, seed):
    # Decision 8 of the design: exact conversion between alpha and the scale of the prior.
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    ridge = MAPRidge(alpha).fit(X, y)
    general = MAPRegressor(Gaussian(tau * np.sqrt(alpha)), Normal(scale=tau)).fit(X, y)
    np.testing.assert_allclose(general.coef_, ridge.coef_, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(general.intercept_, ridge.intercept_, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("n_targets", [None, 2])
@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("shape", SHAPES)
def test_coefficients_of_at_least_zero_satisfy_the_conditions_of_a_minimum(shape, alpha, n_targets):
    X, y, weight = data(shape, n_targets)
    weight[weight == 0] = 1.0
    for form in (X, sparse.csr_array(X)):
        model = MAPRidge(alpha, positive=True, tol=1e-8).fit(form, y, weight)
        coef = np.atleast_2d(model.coef_)
        r = (y - model.predict(X)).reshape(len(X), -1)
        gradient = alpha * coef - (weight[:, None] * r).T @ X
        unit = np.abs((weight[:, None] * y.reshape(len(X), -1)).T @ X).max()
        assert np.all(coef >= 0)
        assert coef.any()
        assert np.all(gradient[coef > 0] / unit < 1e-6)
        assert np.all(gradient / unit > -1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_loose_tolerance_begins_the_exact_search_elsewhere(shape):
    X, y, _ = data(shape)
    loose, tight = (MAPRidge(0.1, positive=True, tol=tol).fit(X, y) for tol in (0.9, 1e-10))
    np.testing.assert_allclose(loose.coef_, tight.coef_, rtol=1e-8, atol=1e-11)


def test_iterations_and_their_end():
    X, y, _ = data("tall")
    with pytest.warns(
        ConvergenceWarning,
        match=r"tolerance 1e-12, reached .* after 2\s+iterations. Raise max_iter",
    ):
        model = MAPRidge(1e-3, solver="lsqr", max_iter=2, tol=1e-12).fit(X, y)
    assert not model.converged_
    assert model.n_iter_.tolist() == [2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert MAPRidge(1e-3, solver="lsqr", tol=1e-12).fit(X, y).converged_
    assert MAPRidge().fit(X, y).n_iter_.tolist() == [1]
    assert MAPRidge(solver="cholesky").fit(X, y).n_iter_ is None


def test_a_noise_scale_of_an_earlier_fit_is_forgotten():
    X, y, _ = data("tall")
    model = MAPRidge().fit(X, y)
    assert not hasattr(model.set_params(solver="sparse_cg").fit(X, y), "noise_scale_")


@pytest.mark.parametrize(
    ("arguments", "container", "error", "message"),
    [
        ({"alpha": [1.0, -1.0]}, np.asarray, ValueError, "alpha needs finite numbers >= 0"),
        ({"alpha": [1.0] * 3}, np.asarray, ValueError, "penalties do not correspond: 3 != 2"),
        ({"solver": "lbfgs"}, np.asarray, ValueError, "only when positive=True"),
        ({"solver": "svd", "positive": True}, np.asarray, ValueError, "does not support positive"),
        (
            {"solver": "cholesky"},
            sparse.csr_array,
            ValueError,
            "does not support fitting the intercept on sparse",
        ),
        (
            {"solver": "svd", "fit_intercept": False},
            sparse.csr_array,
            TypeError,
            "SVD solver does not support sparse",
        ),
    ],
)
def test_what_cannot_be_fitted(arguments, container, error, message):
    X, Y, _ = data("tall", 2)
    with pytest.raises(error, match=message):
        MAPRidge(**arguments).fit(container(X), Y)


@pytest.mark.parametrize("shape", [(40000, 50), (300, 6000)])
def test_memory_beside_x(shape):
    X = np.random.default_rng(0).normal(size=shape)
    y = X[:, 0].copy()
    before = X.copy()
    tracemalloc.start()
    MAPRidge().fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.7 * X.nbytes
    assert np.array_equal(X, before)
