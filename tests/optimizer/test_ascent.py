import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from skbayes.optimizer._ascent import ascend


def quadratic(A, centre):
    def objective(x):
        difference = x - centre
        return -np.einsum("ki,ij,kj->k", difference, A, difference), -2 * difference @ A

    return objective


def everywhere(x):
    return np.ones(x.shape, dtype=bool)


def gap_to_lbfgsb(seed, d):
    """Largest shortfall of four starts relative to scipy's maximum, on a random concave quadratic."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(d, d))
    A = A @ A.T + 0.1 * np.eye(d)
    centre = rng.uniform(-0.5, 1.5, size=d)  # often outside: the answer lies on a face
    x, f = ascend(quadratic(A, centre), rng.random((4, d)), np.ones((4, d), dtype=bool), 200)
    assert ((x >= 0) & (x <= 1)).all()
    reference = minimize(
        lambda z: (z - centre) @ A @ (z - centre),
        np.full(d, 0.5),
        jac=lambda z: 2 * A @ (z - centre),
        bounds=[(0, 1)] * d,
        options={"ftol": 1e-15, "gtol": 1e-10},
    )
    return (-reference.fun - f).max() / max(reference.fun, 1e-3)


@pytest.mark.parametrize("d", [1, 2, 4, 6, 8])
def test_finds_what_lbfgsb_finds_on_concave_quadratics_in_the_cube(d):
    # A start stops when a step gains less than 1e-5 of its value; along a flat valley (condition
    # numbers reach 1000 here) many such steps may be left, in one problem of six hundred.
    gaps = np.array([gap_to_lbfgsb(seed, d) for seed in range(200)])
    assert np.median(gaps) < 1e-5
    assert np.mean(gaps < 1e-3) >= 0.98
    assert gaps.max() < 0.05


def test_a_start_that_slides_along_a_face_arrives():
    assert gap_to_lbfgsb(seed=4676, d=2) < 1e-3


def test_climbs_a_curved_ridge_to_its_top():
    # Rosenbrock's function on [0, 2]², maximum 0 at (1, 1) (Rosenbrock 1960)
    def objective(x):
        a, b = 2 * x[:, 0], 2 * x[:, 1]
        value = -((1 - a) ** 2) - 100 * (b - a**2) ** 2
        by_a = 2 * (1 - a) + 400 * a * (b - a**2)
        return value, 2 * np.stack([by_a, -200 * (b - a**2)], axis=1)

    x = np.random.default_rng(0).random((8, 2))
    top, _ = ascend(objective, x, everywhere(x), 100)
    np.testing.assert_allclose(top, 0.5, atol=1e-3)


@given(seed=st.integers(0, 2**32 - 1), n_iter=st.integers(0, 30))
def test_no_start_ends_lower_than_it_began(seed, n_iter):
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(1, 40, size=3)

    def objective(x):
        return np.sin(x @ frequency), np.cos(x @ frequency)[:, None] * frequency

    x = rng.random((5, 3))
    _, f = ascend(objective, x, everywhere(x), n_iter)
    assert (f >= objective(x)[0]).all()


def test_coordinates_that_are_not_free_stay():
    x = np.array([[0.9, 0.2, np.nan], [0.8, 0.3, 0.1]])
    is_free = np.array([[True, False, False], [True, False, True]])

    def objective(x):
        x = np.nan_to_num(x)
        return -(x**2).sum(axis=1), -2 * x

    top, _ = ascend(objective, x, is_free, 50)
    np.testing.assert_array_equal(top[:, 1], x[:, 1])
    assert np.isnan(top[0, 2])
    np.testing.assert_allclose(top[is_free], 0.0, atol=1e-4)


def test_no_start_enters_forbidden_ground():
    def objective(x):  # the top at 1 is forbidden from 0.6 on
        return np.where(x[:, 0] < 0.6, x[:, 0], -np.inf), np.ones_like(x)

    x = np.array([[0.1], [0.5], [0.59]])
    top, f = ascend(objective, x, everywhere(x), 50)
    assert (top < 0.6).all()
    np.testing.assert_array_equal(f, top[:, 0])
    # A step that would cross is shortened to 0.3 of itself, until it is below 1e-5.
    assert (top > 0.55).all()


def test_a_start_on_forbidden_or_flat_ground_stays():
    x = np.array([[0.3], [0.7]])
    top, f = ascend(lambda x: (np.full(len(x), -np.inf), np.ones_like(x)), x, everywhere(x), 9)
    np.testing.assert_array_equal(top, x)
    top, f = ascend(lambda x: (np.ones(len(x)), np.zeros_like(x)), x, everywhere(x), 9)
    np.testing.assert_array_equal(top, x)
    np.testing.assert_array_equal(f, 1.0)


def test_all_starts_share_each_evaluation():
    calls = []
    objective = quadratic(np.eye(2), np.array([0.3, 0.4]))

    def counted(x):
        calls.append(len(x))
        return objective(x)

    x = np.random.default_rng(0).random((8, 2))
    ascend(counted, x, everywhere(x), 100)
    assert calls[:2] == [8, 8]
    assert len(calls) < 20  # quasi-Newton needs a few steps on a quadratic, whatever the start
    assert calls == sorted(calls, reverse=True)  # starts that have arrived are not evaluated


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_the_unit_of_the_objective_does_not_matter(scale):
    objective = quadratic(np.diag([1.0, 5.0]), np.array([0.3, 0.4]))
    x = np.random.default_rng(0).random((4, 2))
    top, _ = ascend(lambda x: tuple(scale * part for part in objective(x)), x, everywhere(x), 100)
    np.testing.assert_allclose(top, [[0.3, 0.4]] * 4, atol=1e-3)
