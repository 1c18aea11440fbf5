"""posterior="support": the curvature of the density off its kinks and bounds, by finite differences of the density."""

import numpy as np
import pytest

from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPClassifier, MAPElasticNet, MAPLasso, MAPRegressor
from skbayes.priors import ElasticNet, Group, Horseshoe, Laplace

PRIORS = {
    "laplace": Laplace(scale=0.05),
    "elastic_net": ElasticNet(l1_scale=0.05, l2_scale=0.3),
    "group": Group([0, 0, 0, 1, 1, 2], scale=0.05),
    "horseshoe": Horseshoe(scale=0.05),
    "horseshoe_with_slab": Horseshoe(scale=0.05, slab_scale=0.5),
}


def data(n=60, p=6):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1)) + 3.0
    return X, X[:, :3] @ [1.0, -0.6, 0.4] + rng.standard_normal(n)


def curvature(f, w, index, step=1e-4):
    """Return second differences of f in some of its arguments, (k, k)."""
    E = step * np.eye(w.size)[index]
    return np.array(
        [
            [
                (f(w + a + b) - f(w + a - b) - f(w - a + b) + f(w - a - b)) / (4.0 * step**2)
                for b in E
            ]
            for a in E
        ]
    )


@pytest.mark.parametrize("name", PRIORS)
def test_covariance_is_the_inverse_curvature_of_the_free_parameters(name):
    X, y = data()
    model = MAPRegressor(Gaussian(scale=1.0), PRIORS[name], tol=1e-10).fit(X, y)
    posterior = model.posterior_
    assert (posterior.kind, posterior.is_conditional) == ("support", True)
    objective, w = model._records[0].objective, model._records[0].w
    free = np.append(model.coef_ != 0.0, True)
    assert 1 < free.sum() < 7
    expected = np.zeros((7, 7))
    index = np.flatnonzero(free)
    expected[np.ix_(index, index)] = np.linalg.inv(curvature(objective.value, w, index))
    # Second differences with a step of 1e-4 lose half of the digits.
    np.testing.assert_allclose(posterior.covariance, expected, rtol=1e-4, atol=1e-6)


def test_coefficients_at_a_bound_are_held_and_the_others_are_free():
    X, y = data()
    model = MAPRegressor(Gaussian(scale=1.0), "flat", bounds=(0.0, None)).fit(X, y)
    held = model.coef_ == 0.0
    assert 0 < held.sum() < 6
    assert model.posterior_.is_conditional
    np.testing.assert_array_equal(model.coef_std_ == 0.0, held)
    A = np.column_stack([X[:, ~held], np.ones(60)])
    expected = np.sqrt(np.diag(np.linalg.inv(A.T @ A)))
    np.testing.assert_allclose(model.coef_std_[~held], expected[:-1], rtol=1e-8)


@pytest.mark.parametrize(("l1_ratio", "alpha"), [(1.0, 0.1), (0.5, 0.1)])
def test_the_named_models_have_the_textbook_covariance(l1_ratio, alpha):
    X, y = data()
    if l1_ratio == 1.0:
        model = MAPLasso(alpha=alpha).fit(X, y)
    else:
        model = MAPElasticNet(alpha=alpha, l1_ratio=l1_ratio).fit(X, y)
    S = model.coef_ != 0.0
    A = np.column_stack([X[:, S], np.ones(60)])
    ridge = np.diag(np.append(np.full(S.sum(), 60.0 * alpha * (1.0 - l1_ratio)), 0.0))
    covariance = model.noise_scale_**2 * np.linalg.inv(A.T @ A + ridge)
    std = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(model.coef_std_[S], std[:-1], rtol=1e-6)
    np.testing.assert_array_equal(model.coef_std_[~S], 0.0)
    assert model.intercept_std_ == pytest.approx(std[-1], rel=1e-6)


def test_a_model_without_any_coefficient_still_has_an_uncertain_intercept():
    X, y = data()
    model = MAPRegressor(Gaussian(scale=1.0), Laplace(scale=1e-6)).fit(X, y)
    np.testing.assert_array_equal(model.coef_std_, 0.0)
    assert model.intercept_std_ == pytest.approx(60.0**-0.5)


def test_classes_are_free_where_their_own_coefficient_is():
    X, y = data(n=90)
    labels = np.digitize(y, np.quantile(y, [0.3, 0.7]))
    model = MAPClassifier(Laplace(scale=0.2)).fit(X, labels)
    assert model.posterior_.is_conditional
    np.testing.assert_array_equal(model.coef_std_ == 0.0, model.coef_ == 0.0)
