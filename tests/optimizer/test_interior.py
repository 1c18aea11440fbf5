"""The weak prior that the best point of a range lies inside it."""

import numpy as np
import pytest
from scipy import stats

from skbayes.optimizer import Optimizer
from skbayes.optimizer._interior import InteriorWeight, towards_middle
from skbayes.space import as_space

MIXED = as_space(
    {"x": (0.0, 1.0), "k": ["a", "b", "c"], "s": stats.norm(0.0, 1.0), "n": (1, 9), "m": (0, 5)}
)


def test_the_weight_is_the_relative_density_of_beta_2_2_but_for_a_floor_at_the_ends():
    weight = InteriorWeight(as_space({"x": (0.0, 1.0), "y": (1e-3, 1.0, "log-uniform")}))
    U = np.random.default_rng(0).uniform(0.1, 0.9, (50, 2))
    beta = stats.beta(2, 2)
    expected = (beta.logpdf(U) - beta.logpdf(0.5)).sum(axis=1)
    np.testing.assert_allclose(weight.value(U), expected, atol=2 * 0.02 / 0.36)
    assert np.all(np.isfinite(weight.value(np.array([[0.0, 0.5], [1.0, 0.0]]))))
    assert weight.value(np.array([[0.5, 0.5]])) == 0.0


def test_choices_distributions_and_inactive_columns_play_no_part():
    weight = InteriorWeight(MIXED)
    U = np.array([[0.5, 0.01, 0.01, 0.5, np.nan], [0.5, 0.99, 0.99, 0.5, 0.5]])
    value, gradient = weight.value_and_gradient(U)
    np.testing.assert_array_equal(value, 0.0)
    np.testing.assert_array_equal(gradient, 0.0)
    assert InteriorWeight(as_space({"k": ["a", "b"]})).is_flat
    assert not weight.is_flat


def test_the_gradient_agrees_with_finite_differences():
    weight = InteriorWeight(MIXED)
    U = np.random.default_rng(1).uniform(0.01, 0.99, (20, 5))
    _, gradient = weight.value_and_gradient(U)
    h = 1e-6
    for j in range(5):
        step = h * np.eye(5)[j]
        slope = (weight.value(U + step) - weight.value(U - step)) / (2 * h)
        np.testing.assert_allclose(gradient[:, j], slope, rtol=1e-5, atol=1e-6)


def test_a_design_moves_off_the_ends_of_ranges_alone_and_keeps_its_order():
    cube = np.random.default_rng(2).random((200, 5))
    moved = towards_middle(cube, MIXED)
    np.testing.assert_array_equal(moved[:, [1, 2]], cube[:, [1, 2]])
    for j in (0, 3, 4):
        np.testing.assert_array_equal(np.argsort(moved[:, j]), np.argsort(cube[:, j]))
        assert stats.kstest(moved[:, j], stats.beta(1.5, 1.5).cdf).pvalue > 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_a_best_point_in_a_corner_is_found_all_the_same(seed):
    optimizer = Optimizer({"x": (0.0, 1.0), "y": (0.0, 1.0), "n": (1, 20)}, random_state=seed)
    for _ in range(40):
        params = optimizer.ask()
        optimizer.tell(params, params["x"] - params["y"] + 0.05 * params["n"])
    assert optimizer.history.incumbent.score > 1.99  # of 2, at x = 1, y = 0, n = 20


def test_fewer_suggestions_go_to_the_corners_than_without_the_prior():
    """A score that says little leaves the choice to the uncertainty, which is largest in corners."""
    shares = {}
    for prior_weight in (0.0, 10.0):
        at_ends = []
        for seed in range(3):
            optimizer = Optimizer(
                {f"x{j}": (0.0, 1.0) for j in range(4)},
                prior_weight=prior_weight,
                random_state=seed,
            )
            rng = np.random.default_rng(seed)
            for i in range(25):
                params = optimizer.ask()
                optimizer.tell(params, rng.standard_normal())
                if i >= 10:
                    u = np.array(list(params.values()))
                    at_ends.append(np.mean((u < 0.01) | (u > 0.99)))
        shares[prior_weight] = np.mean(at_ends)
    assert shares[10.0] < 0.5 * shares[0.0]
