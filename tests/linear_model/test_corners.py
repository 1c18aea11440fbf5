"""Corners of the general estimators, each of which was wrong once."""

import numpy as np
import pytest

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.priors import Gamma, Group, HalfCauchy, Laplace, LogNormal, Normal


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    return X, 0.4 + X @ [0.8, 0.0, -0.6, 0.3] + 0.5 * rng.normal(size=60)


@pytest.mark.parametrize("solver", ["coordinate_descent", "lbfgs", "proximal_gradient"])
def test_single_precision_stays_inside_bounds_that_it_cannot_write(data, solver):
    # float32(0.3) is above 0.3, where the density is zero and the objective infinite.
    X, y = data
    bounds = (-0.2, 0.3)
    double = MAPRegressor(prior="flat", bounds=bounds, solver=solver).fit(X, y)
    single = MAPRegressor(prior="flat", bounds=bounds, solver=solver).fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    assert np.all((single.coef_ >= np.float64(-0.2)) & (single.coef_ <= np.float64(0.3)))
    np.testing.assert_allclose(single.objective_, double.objective_, rtol=1e-5)
    np.testing.assert_allclose(single.noise_scale_, double.noise_scale_, rtol=1e-5)


@pytest.mark.parametrize("solver", ["lbfgs", "proximal_gradient", "proximal_newton"])
def test_a_coefficient_at_its_bound_is_no_degree_of_freedom(data, solver):
    # Solvers that work in other units come back to a bound but for rounding.
    X, y = data
    bounds = (-0.25, [0.3, 0.4, 0.5, 0.1])
    exact = MAPRegressor(prior="flat", bounds=bounds, solver="coordinate_descent").fit(X, y)
    other = MAPRegressor(prior="flat", bounds=bounds, solver=solver, tol=1e-8).fit(X, y)
    assert np.count_nonzero(np.isin(exact.coef_, [-0.25, 0.3, 0.1])) == 3
    dof = 1 + 1  # one coefficient inside, and the intercept
    rest = np.sum((y - exact.predict(X)) ** 2)
    np.testing.assert_allclose(exact.noise_scale_, np.sqrt(rest / (60 - dof)), rtol=1e-7)
    np.testing.assert_allclose(other.noise_scale_, exact.noise_scale_, rtol=1e-6)


def test_proximal_gradient_ends_on_the_bound_and_on_the_kink(data):
    X, y = data
    prior = Laplace(loc=0.1, scale=[0.5, 0.001, 0.5, 0.5])
    bounds = (-0.25, [0.3, 0.4, 0.5, 0.1])
    model = MAPRegressor(
        Gaussian(0.5), prior, bounds=bounds, solver="proximal_gradient", tol=1e-10
    ).fit(X * [1.7, 0.3, 2.3, 0.9], y)
    assert model.coef_[1] == 0.1
    assert np.all(model.coef_ <= bounds[1])
    assert model.coef_[0] == 0.3


def test_groups_that_are_zero_are_no_degrees_of_freedom():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 120))
    y = rng.normal(size=60)
    groups = np.repeat(np.arange(40), 3)
    model = MAPRegressor(prior=Group(groups=groups, scale=1e-3)).fit(X, y)
    assert not model.coef_.any()
    np.testing.assert_allclose(model.noise_scale_, np.std(y, ddof=1), rtol=1e-6)


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_the_constant_of_a_density_does_not_move_the_tolerance(data, scale):
    # −log p of a narrow normal density is negative: a tolerance that is a part of it would be zero.
    X, y = data
    descent = MAPRegressor(Gaussian(0.5), Normal(scale=scale), bounds=(0, None)).fit(X, y)
    other = MAPRegressor(
        Gaussian(0.5), Normal(scale=scale), bounds=(0, None), solver="lbfgs", tol=1e-9
    ).fit(X, y)
    assert descent.n_iter_ < 100
    # A gap of 1e-8 of F, about 100, leaves √2e-6 posterior standard deviations: of the prior, or 0.5 / √60.
    np.testing.assert_allclose(descent.coef_, other.coef_, atol=2e-3 * min(scale, 0.065))


@pytest.mark.parametrize("prior", [Gamma(2.0, 1.0), HalfCauchy(), LogNormal()])
def test_a_prior_of_scales_is_refused_for_coefficients(data, prior):
    X, y = data
    with pytest.raises(
        IncompatibleModelError, match=r"^prior needs a density for negative numbers"
    ):
        MAPRegressor(prior=prior).fit(X, y)
    with pytest.raises(IncompatibleModelError, match=r"^intercept_prior needs"):
        MAPClassifier(intercept_prior=prior).fit(X, y > 0)


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_noise_that_jumps_with_the_number_of_parameters_settles_at_the_jump():
    # With 18 parameters the noise is so large that a 19th comes in, with 19 so small that it goes.
    rng = np.random.default_rng(5)
    n, p = int(rng.integers(30, 200)), int(rng.integers(3, 80))
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p)) / np.sqrt(p))
    b = rng.normal(size=p) * (rng.random(p) < 0.3)
    y = X @ b + rng.normal(size=n)
    scale = 10 ** rng.uniform(-2.5, 0)
    model = MAPRegressor("student_t", Laplace(scale=scale)).fit(X, y)
    assert model.converged_
    assert 0.8973 < model.noise_scale_ < 0.9013  # between what either number would make of it


@pytest.mark.parametrize("unit", [1e-8, 1e8])
def test_the_unit_of_y_changes_nothing(data, unit):
    # A scale of 1e-8 is small beside the degrees of freedom, which stay: it has to settle all the same.
    X, y = data
    model = MAPRegressor("student_t", "flat").fit(X, y)
    other = MAPRegressor("student_t", "flat").fit(X, y * unit)
    np.testing.assert_allclose(other.noise_scale_ / unit, model.noise_scale_, rtol=1e-5)
    np.testing.assert_allclose(other.coef_ / unit, model.coef_, atol=1e-4)
