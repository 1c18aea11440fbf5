"""What the posteriors of all linear models owe to the textbook: means, covariances, predictions."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from skbayes import linear_model
from skbayes.linear_model import LinearRegressionMLE, MAPRegressor, MAPRidge
from skbayes.priors import Normal
from tests.linear_model.posterior_cases import (
    CASES,
    NUMBERS,
    SINGLE,
    TARGETS,
    A,
    N,
    P,
    X,
    first,
    fitted,
)


def test_every_linear_model_has_a_case():
    public = {
        name
        for name in linear_model.__all__
        if isinstance(getattr(linear_model, name), type)
        and hasattr(getattr(linear_model, name), "fit")
    }
    assert public == CASES.keys()


# -- numbers


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.reference])
def test_the_covariance_is_that_of_the_textbook(name):
    case, model = CASES[name], fitted(name)
    posterior = first(model.posterior_)
    expected = case.reference(model, TARGETS[case.target])
    std = np.sqrt(np.diag(expected))
    assert posterior.kind == case.kind
    assert posterior.is_conditional == (case.kind == "support")
    # In units of the standard deviations; what the mode's own tolerance leaves is below 1e-5.
    unit = np.where(std > 0.0, std, 1.0)
    np.testing.assert_allclose(
        posterior.covariance / np.outer(unit, unit), expected / np.outer(unit, unit), atol=1e-5
    )
    np.testing.assert_allclose(posterior.std, std, rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_the_mean_is_the_coefficients_and_the_intercept(name):
    model = fitted(name)
    posteriors = model.posterior_ if isinstance(model.posterior_, list) else [model.posterior_]
    coef = np.atleast_2d(model.coef_)
    rows = np.column_stack([coef, np.broadcast_to(model.intercept_, len(coef))])
    means = np.concatenate([posterior.mean for posterior in posteriors])
    np.testing.assert_allclose(means, rows.ravel(), rtol=1e-12)
    assert model.coef_std_.shape == model.coef_.shape
    assert np.shape(model.intercept_std_) == np.shape(model.intercept_)


def test_gamma_s_covariance_is_scaled_by_the_shape():
    model = fitted("MAPGammaRegressor")
    ratio = _gamma_of_shape_one(model) / model.posterior_.covariance
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-5)
    assert ratio[0, 0] == pytest.approx(3.0, rel=0.6)  # the true shape, from sixty rows


@pytest.mark.parametrize("name", SINGLE)
def test_draws_have_the_mean_and_the_covariance(name):
    posterior = first(fitted(name).posterior_)
    draws = posterior.sample(40_000, random_state=0)
    unit = np.where(posterior.std > 0.0, posterior.std, 1.0)
    # A correlation of 40,000 draws has an error of at most 1/√40000 = 0.005; five of them.
    scaled = (draws - posterior.mean) / unit
    scale = 1.0
    if posterior.dof is not None:  # draws of a Student t vary more than their scale says
        scale = float(np.mean(scaled[:, posterior.std > 0].var(axis=0)))
        assert scale == pytest.approx(1.0, abs=0.15)
    target = posterior.covariance / np.outer(unit, unit)
    np.testing.assert_allclose(scaled.T @ scaled / len(draws) / scale, target, atol=0.03)


@pytest.mark.parametrize(
    "model", [LinearRegressionMLE(), MAPRegressor(prior="flat"), MAPRidge(alpha=0.0)], ids=str
)
def test_columns_that_repeat_the_intercept_cost_no_degree_of_freedom(model):
    # One column for each of three groups, and an intercept: the rank is 3, and the noise that of the groups.
    group = np.random.default_rng(3).integers(0, 3, N)
    y = TARGETS["number"]
    fit = clone(model).fit(np.eye(3)[group], y)
    means = np.array([y[group == k].mean() for k in range(3)])
    noise = np.sqrt(np.sum((y - means[group]) ** 2) / (N - 3))
    assert fit.noise_scale_ == pytest.approx(noise, rel=1e-9)
    assert fit.posterior_.dof == pytest.approx(N - 3, rel=1e-9)
    _, std = fit.predict(np.eye(3), return_std=True)
    np.testing.assert_allclose(std, noise * np.sqrt(1.0 + 1.0 / np.bincount(group)), rtol=1e-6)
    assert np.all(np.isinf(fit.coef_std_))


def test_an_offset_is_in_the_curvature_and_in_predictions():
    y, offset = TARGETS["count"], np.random.default_rng(4).uniform(-1.0, 1.0, N)
    model = MAPRegressor("poisson", Normal(scale=0.5), tol=1e-10).fit(X, y, offset=offset)
    mean = np.exp(A @ model.posterior_.mean + offset)
    expected = np.linalg.inv(A.T @ (mean[:, None] * A) + np.diag([4.0] * P + [0.0]))
    std = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(model.posterior_.std, std, rtol=1e-6)
    v = np.einsum("ni,ij,nj->n", A, expected, A)
    center = mean * np.exp(0.5 * v)
    _, spread = model.predict(X, return_std=True, offset=offset)
    np.testing.assert_allclose(spread, np.sqrt(center + center**2 * np.expm1(v)), rtol=1e-5)


@pytest.mark.parametrize("model", [LinearRegressionMLE(), MAPRegressor(), MAPRidge()], ids=str)
def test_each_of_several_targets_has_the_posterior_that_it_has_alone(model):
    Y = TARGETS["several"]
    together = clone(model).fit(X, Y)
    assert len(together.posterior_) == 2
    _, std = together.predict(X, return_std=True)
    for k, posterior in enumerate(together.posterior_):
        alone = clone(model).fit(X, Y[:, k])
        np.testing.assert_allclose(posterior.covariance, alone.posterior_.covariance, rtol=1e-7)
        np.testing.assert_allclose(std[:, k], alone.predict(X, return_std=True)[1], rtol=1e-9)


# -- standard deviations of predictions


@pytest.mark.parametrize("name", NUMBERS)
def test_the_predictive_std_has_the_intercept_in_it(name):
    model = fitted(name)
    new = np.vstack([X[:3], X.mean(axis=0)])
    B = np.column_stack([new, np.ones(len(new))])
    v = np.einsum("ni,ij,nj->n", B, model.posterior_.covariance, B)
    eta = B @ model.posterior_.mean
    mean = np.exp(eta + 0.5 * v)
    if name == "MAPPoissonRegressor":
        expected = mean + mean**2 * np.expm1(v)
    elif name == "MAPGammaRegressor":
        shape = (_gamma_of_shape_one(model) / model.posterior_.covariance)[0, 0]
        expected = mean**2 * (np.exp(v) * (1.0 + 1.0 / shape) - 1.0)
    else:
        df = getattr(model, "df", np.inf)
        expected = v + model.noise_scale_**2 * (1.0 if np.isinf(df) else df / (df - 2.0))
    predicted, std = model.predict(new, return_std=True)
    np.testing.assert_array_equal(predicted, model.predict(new))
    np.testing.assert_allclose(std, np.sqrt(expected), rtol=1e-6)


def _gamma_of_shape_one(model: Any) -> np.ndarray:
    """Return the covariance for the shape 1; shape and prior precision scale its inverse alike."""
    d = TARGETS["positive"] * np.exp(-X @ model.coef_ - model.intercept_)
    return np.linalg.inv(A.T @ (d[:, None] * A) + np.diag([0.1 * N] * P + [0.0]))


@pytest.mark.parametrize("name", [n for n in NUMBERS if CASES[n].target == "number"])
def test_features_may_be_moved_without_a_change_of_the_predictive_std(name):
    # A flat intercept takes up any shift; a variance around the origin of the features would not.
    moved = X + [1000.0, -50.0, 3.0, 0.0]
    _, std = fitted(name).predict(X, return_std=True)
    _, std_moved = fitted(name, moved).predict(moved, return_std=True)
    np.testing.assert_allclose(std_moved, std, rtol=1e-5)


@pytest.mark.parametrize("name", ["LinearRegressionMLE", "MAPRidge", "MAPRidgeCV", "MAPLasso"])
def test_at_the_mean_of_the_features_only_noise_and_intercept_vary(name):
    model = fitted(name)
    _, std = model.predict(X.mean(axis=0)[None], return_std=True)
    assert std[0] == pytest.approx(model.noise_scale_ * np.sqrt(1.0 + 1.0 / N), rel=1e-6)


@pytest.mark.parametrize("name", NUMBERS)
def test_intervals_of_predictions_are_nested_and_around_the_median(name):
    model = fitted(name)
    narrow, wide = (model.predict_interval(X, level) for level in (0.5, 0.99))
    assert np.all(wide[0] <= narrow[0])
    assert np.all(narrow[0] <= narrow[1])
    assert np.all(narrow[1] <= wide[1])
    y = TARGETS[CASES[name].target]
    inside = np.mean((wide[0] <= y) & (y <= wide[1]))
    assert (
        inside > 0.9
    )  # of sixty rows that the model has seen; two standard errors below 0.99 would be 0.96
