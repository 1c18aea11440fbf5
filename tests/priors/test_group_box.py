"""The prox of a group prior within a box: the minimum of its own objective, found another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPRegressor
from skbayes.priors import Group

BOXES = {
    "orthant": (np.zeros(4), np.full(4, np.inf)),
    "around": (np.full(4, -0.5), np.array([0.3, 2.0, np.inf, 0.1])),
    "away from the location": (np.full(4, 0.4), np.full(4, 2.0)),
    "no box": (np.full(4, -np.inf), np.full(4, np.inf)),
}


def cost(z, w, step, prior):
    return np.sum((z - w) ** 2 / (2 * step)) - prior.log_density(z)


@pytest.mark.parametrize("loc", [0.0, 0.2])
@pytest.mark.parametrize("box", BOXES)
@given(seed=st.integers(0, 1000))
def test_nothing_within_the_box_is_better(box, loc, seed):
    rng = np.random.default_rng(seed)
    lower, upper = BOXES[box]
    prior = Group(groups=[0, 0, 1, 1], loc=loc, scale=rng.uniform(0.3, 3.0)).for_features(None, 4)
    w, step = 2.0 * rng.normal(size=4), rng.uniform(0.2, 2.0, 4)
    z = prior.prox_within(w, step, lower, upper)
    assert np.all((lower <= z) & (z <= upper))
    best = cost(z, w, step, prior)
    for _ in range(50):  # convex: a better point is near as well as far
        near = np.clip(z + rng.normal(size=4) * 10.0 ** rng.uniform(-6, 0), lower, upper)
        assert cost(near, w, step, prior) >= best - 1e-12


def test_without_bounds_it_is_the_prox():
    rng = np.random.default_rng(0)
    prior = Group(groups=[0, 0, 1, 1], scale=0.5).for_features(None, 4)
    for _ in range(20):
        w, step = 3.0 * rng.normal(size=4), rng.uniform(0.2, 2.0, 4)
        free = prior.prox_within(w, step, *BOXES["no box"])
        np.testing.assert_allclose(free, prior.prox(w, step), atol=1e-12)


def test_a_regression_of_groups_within_a_box_is_optimal():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(80, 4))
    y = X @ [1.0, -0.5, 0.05, 0.0] + 0.3 * rng.normal(size=80)
    prior = Group(groups=[0, 0, 1, 1], scale=0.05)
    model = MAPRegressor(Gaussian(0.3), prior, bounds=(0.0, 0.8), tol=1e-10).fit(X, y)
    resolved = prior.for_features(None, 4)

    def objective(w):
        residual = y - X @ w[:4] - w[4]
        return residual @ residual / (2 * 0.09) - resolved.log_density(w[:4])

    bounds = optimize.Bounds([0.0] * 4 + [-np.inf], [0.8] * 4 + [np.inf])
    w = np.append(model.coef_, model.intercept_)
    found = optimize.minimize(
        objective, w, method="Nelder-Mead", bounds=bounds, options={"xatol": 1e-9, "fatol": 1e-12}
    )
    assert found.fun >= objective(w) - 1e-7
    assert np.all((model.coef_ >= 0.0) & (model.coef_ <= 0.8))
    assert model.coef_[1] == 0.0
