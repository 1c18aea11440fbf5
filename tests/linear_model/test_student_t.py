"""Robust regression: its two conditions at the solution, its limits, and what an outlier does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import optimize, sparse, stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, Ridge

from skbayes.linear_model import MAPStudentTRegressor

TIGHT = {"tol": 1e-10, "max_iter": 5000}
COEF = np.array([1.0, -2.0, 0.5, 0.0])


def noisy(seed=0, n=150, outliers=0):
    """Return X and y with noise of scale 0.5, and some rows moved by 50."""
    rng = np.random.default_rng(seed)
    X = rng.normal(1.0, 1.0, size=(n, 4))
    y = X @ COEF + 3.0 + 0.5 * rng.standard_t(4.0, size=n)
    y[:outliers] += 50.0
    return X, y


@pytest.mark.parametrize("alpha", [0.0, 1.0, 40.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_of_many_degrees_of_freedom_it_is_ridge_regression(alpha, fit_intercept):
    X, y = noisy()
    model = MAPStudentTRegressor(df=1e10, alpha=alpha, fit_intercept=fit_intercept, **TIGHT)
    ridge = Ridge(alpha=alpha, fit_intercept=fit_intercept).fit(X, y)
    model.fit(X, y)
    assert_allclose(model.coef_, ridge.coef_, rtol=1e-6, atol=1e-8)
    assert_allclose(model.intercept_, ridge.intercept_, rtol=1e-6)
    if alpha == 0.0:  # then the scale is the textbook's
        residual = y - ridge.predict(X)
        dof = 4 + fit_intercept
        assert model.noise_scale_ == pytest.approx(
            np.sqrt(residual @ residual / (150 - dof)), rel=1e-6
        )


@pytest.mark.parametrize("df", [1.0, 4.0, 30.0])
@pytest.mark.parametrize("alpha", [0.0, 5.0])
def test_coefficients_and_scale_meet_their_conditions(df, alpha):
    X, y = noisy(outliers=10)
    weight = np.linspace(0.5, 2.0, len(y))
    model = MAPStudentTRegressor(df=df, alpha=alpha, **TIGHT).fit(X, y, sample_weight=weight)
    s = model.noise_scale_

    def cost(w):  # of the definition, with scipy's density
        of_rows = stats.t(df, loc=X @ w[:4] + w[4], scale=s).logpdf(y)
        return -weight @ of_rows + 0.5 * alpha * w[:4] @ w[:4] / s**2

    w = np.append(model.coef_, model.intercept_)
    slope = optimize.approx_fprime(w, cost, 1e-6)
    # Forward differences of step 1e-6 with curvature of about n / s² = 1e3 are wrong by about 1e-3.
    assert_allclose(slope, 0.0, atol=5e-3)
    square = np.square(y - model.predict(X))
    pull = (df + 1.0) * weight @ (square / (df * s**2 + square))
    gamma = weight.sum() - pull  # effective parameters that the scale was corrected by
    if alpha == 0.0:
        assert gamma == pytest.approx(5.0, abs=1e-6)
    else:
        assert 1.0 < gamma < 5.0


def test_the_objective_is_the_negative_log_posterior():
    X, y = noisy()
    model = MAPStudentTRegressor(df=3.0, alpha=2.0, **TIGHT).fit(X, y)
    s = model.noise_scale_
    of_rows = stats.t(3.0, loc=model.predict(X), scale=s).logpdf(y).sum()
    of_prior = stats.norm(scale=s / np.sqrt(2.0)).logpdf(model.coef_).sum()
    assert model.objective_ == pytest.approx(-of_rows - of_prior, rel=1e-9)


def test_outliers_pull_little():
    X, y = noisy(outliers=30)
    clean = LinearRegression().fit(X[30:], y[30:])
    model = MAPStudentTRegressor(alpha=0.0, df=2.0).fit(X, y)
    # Standard error of a coefficient without the outliers: about 0.7 / √120 = 0.06.
    assert_allclose(model.coef_, clean.coef_, atol=0.2)
    assert abs(LinearRegression().fit(X, y).intercept_ - clean.intercept_) > 5.0
    assert abs(model.intercept_ - clean.intercept_) < 0.5


def test_an_outlier_pulls_the_less_the_farther_it_is():
    X, y = noisy()
    pulls = []
    for shift in (5.0, 50.0, 5000.0):
        moved = y.copy()
        moved[0] += shift
        model = MAPStudentTRegressor(alpha=0.0, scale=0.5, **TIGHT)
        pulls.append(abs(model.fit(X, moved).intercept_ - model.fit(X[1:], y[1:]).intercept_))
    assert pulls[0] > pulls[1] > pulls[2]


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-100.0, 100.0))
def test_the_unit_of_y_does_not_matter(factor, shift):
    # Equivariance: alpha is a ratio of scales, and the intercept is free.
    X, y = noisy(outliers=5)
    plain = MAPStudentTRegressor(**TIGHT).fit(X, y)
    other = MAPStudentTRegressor(**TIGHT).fit(X, factor * y + shift)
    # The shift costs digits of a small y.
    atol = 1e-6 * factor + 1e-9 * abs(shift)
    assert_allclose(other.coef_, factor * plain.coef_, rtol=1e-6, atol=atol)
    assert other.intercept_ == pytest.approx(factor * plain.intercept_ + shift, rel=1e-6, abs=atol)
    assert other.noise_scale_ == pytest.approx(factor * plain.noise_scale_, rel=1e-6, abs=atol)


def test_a_weight_counts_as_rows():
    X, y = noisy(outliers=5)
    counts = np.arange(len(y)) % 3
    weighted = MAPStudentTRegressor(**TIGHT).fit(X, y, sample_weight=counts)
    repeated = MAPStudentTRegressor(**TIGHT).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-7)
    assert weighted.noise_scale_ == pytest.approx(repeated.noise_scale_, rel=1e-7)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("form", [np.asfortranarray, sparse.csr_array, sparse.csc_array])
def test_solvers_and_forms_of_X_agree(solver, form):
    X, y = noisy(outliers=5)
    expected = MAPStudentTRegressor(**TIGHT).fit(X, y)
    model = MAPStudentTRegressor(solver=solver, **TIGHT).fit(form(X), y)
    assert_allclose(model.coef_, expected.coef_, rtol=1e-6)
    assert model.noise_scale_ == pytest.approx(expected.noise_scale_, rel=1e-6)


def test_a_given_scale_is_kept():
    X, y = noisy()
    model = MAPStudentTRegressor(scale=0.7).fit(X, y)
    assert model.noise_scale_ == 0.7
    assert model.likelihood_.get_params() == {"df": 4.0, "scale": 0.7}


def test_an_offset_is_taken_off_y():
    X, y = noisy(outliers=5)
    offset = np.linspace(-30.0, 30.0, len(y))
    plain = MAPStudentTRegressor(**TIGHT).fit(X, y)
    shifted = MAPStudentTRegressor(**TIGHT).fit(X, y + offset, offset=offset)
    assert_allclose(shifted.coef_, plain.coef_, rtol=1e-7)
    assert_allclose(shifted.predict(X, offset=offset), plain.predict(X) + offset)
    assert shifted.score(X, y + offset, offset=offset) > 0


def test_warm_start_begins_at_coefficients_and_scale():
    X, y = noisy(outliers=5)
    model = MAPStudentTRegressor(warm_start=True, **TIGHT).fit(X, y)
    coef, n_iter = model.coef_, model.n_iter_
    assert model.fit(X, y).n_iter_ < n_iter / 2
    assert_allclose(model.coef_, coef, rtol=1e-7)


def test_float32_stays_float32():
    X, y = noisy()
    model = MAPStudentTRegressor().fit(X.astype(np.float32), y.astype(np.float32))
    assert model.coef_.dtype == np.float32
    assert_allclose(model.coef_, MAPStudentTRegressor().fit(X, y).coef_, atol=1e-3)


def test_y_on_a_plane_leaves_a_scale_above_zero():
    X, _ = noisy()
    model = MAPStudentTRegressor(alpha=0.0).fit(X, X @ COEF)
    assert 0.0 < model.noise_scale_ < 1e-6
    assert_allclose(model.coef_, COEF, atol=1e-6)


def test_no_convergence_says_what_was_reached():
    X, y = noisy(outliers=20)
    model = MAPStudentTRegressor(max_iter=2)
    with pytest.warns(
        ConvergenceWarning, match=r"noise scale still moved .* tolerance 0.0001, after 2"
    ):
        model.fit(X, y)
    assert not model.converged_


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"df": 0.0}, "'df'"), ({"alpha": -1.0}, "'alpha'"), ({"scale": 0.0}, "'scale'")],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MAPStudentTRegressor(**arguments).fit(*noisy())
