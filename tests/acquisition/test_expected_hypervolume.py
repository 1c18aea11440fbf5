"""Log expected hypervolume improvement against simulation, closed forms and finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from skbayes.acquisition import (
    MULTI_OBJECTIVE_ACQUISITIONS,
    ExpectedImprovement,
    LogExpectedHypervolumeImprovement,
    LogExpectedImprovement,
    NonDominatedRegion,
)

LOG_EHVI = LogExpectedHypervolumeImprovement()


def case(m, seed, n_front=8, n_points=5):
    """A region of random scores, and random posteriors around it."""
    rng = np.random.default_rng([m, seed])
    region = NonDominatedRegion.of(rng.normal(size=(n_front, m)), np.full(m, -1.5))
    return region, rng.normal(0.5, 0.7, (n_points, m)), rng.uniform(0.2, 1.0, (n_points, m))


def gains(Y, region):
    """Hypervolume that each of the scores adds, box by box."""
    sides = np.minimum(Y[:, None], region.upper) - region.lower
    return np.maximum(sides, 0.0).prod(axis=2).sum(axis=1)


def test_every_name_of_the_registry_makes_the_part():
    assert {name: cls().get_params() for name, cls in MULTI_OBJECTIVE_ACQUISITIONS.items()} == {
        "log_ehvi": {}
    }


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_the_mean_gain_of_simulated_scores(m, seed):
    region, mean, std = case(m, seed)
    z = np.random.default_rng(seed).standard_normal((100_000, m))
    for k, log_value in enumerate(LOG_EHVI.value(mean, std, region)):
        simulated = gains(mean[k] + std[k] * z, region)
        error = simulated.std() / np.sqrt(len(z))
        assert np.exp(log_value) == pytest.approx(simulated.mean(), abs=4.5 * error + 1e-6)


def test_of_one_objective_it_is_log_ei():
    region, mean, std = case(1, 0, n_points=50)
    best = region.lower[0, 0]
    for shift in (0.0, -40.0, -4000.0):
        value, d_mean, d_std = LOG_EHVI.value_and_partials(mean + shift, std, region)
        expected = LogExpectedImprovement().value_and_partials(mean[:, 0] + shift, std[:, 0], best)
        for found, wanted in zip((value, d_mean[:, 0], d_std[:, 0]), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_without_a_front_it_is_the_product_of_the_expected_improvements_over_the_reference():
    mean, std = np.array([[0.3, -0.2, 1.0]]), np.array([[0.5, 1.0, 0.2]])
    region = NonDominatedRegion.of(np.empty((0, 3)), np.zeros(3))
    product = np.prod(ExpectedImprovement().value(mean[0], std[0], 0.0))
    assert np.exp(LOG_EHVI.value(mean, std, region)) == pytest.approx([product], rel=1e-13)


def test_with_a_front_of_one_point_it_is_the_difference_of_two_products():
    # The gain above r less what lies below the point p: Π EI(r) − Π (EI(r) − EI(p)).
    mean, std, p = np.array([[0.4, 0.7]]), np.array([[0.6, 0.3]]), [0.5, 0.6]
    region = NonDominatedRegion.of([p], np.zeros(2))
    above_r = ExpectedImprovement().value(mean[0], std[0], 0.0)
    above_p = ExpectedImprovement().value(mean[0], std[0], np.array(p))
    wanted = np.prod(above_r) - np.prod(above_r - above_p)
    assert np.exp(LOG_EHVI.value(mean, std, region)) == pytest.approx([wanted], rel=1e-13)


def test_it_is_the_integral_of_the_gain_over_the_posterior():
    region = NonDominatedRegion.of([[1.0, 0.2], [0.4, 0.6]], np.zeros(2))
    mean, std = np.array([0.5, 0.5]), np.array([0.3, 0.4])

    nodes = np.linspace(-7.0, 7.0, 701)
    weights = norm.pdf(nodes) * (nodes[1] - nodes[0])
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    integral = gains(mean + std * grid, region) @ np.outer(weights, weights).ravel()
    # The gain has kinks between the nodes, each of which costs the square of their distance.
    value = LOG_EHVI.value(mean[None], std[None], region)
    assert np.exp(value) == pytest.approx([integral], rel=1e-4)


@pytest.mark.parametrize("m", [2, 3])
@pytest.mark.parametrize("shift", [0.0, -30.0, -1000.0])
def test_partials_match_central_differences(m, shift):
    region, mean, std = case(m, 0)
    mean = mean + shift
    value, d_mean, d_std = LOG_EHVI.value_and_partials(mean, std, region)
    for j in range(m):
        step = 1e-6 * np.eye(m)[j]
        by_mean = LOG_EHVI.value(mean + step, std, region) - LOG_EHVI.value(
            mean - step, std, region
        )
        by_std = LOG_EHVI.value(mean, std + step, region) - LOG_EHVI.value(mean, std - step, region)
        # A difference of two values loses eps·|value| / step.
        rounding = 4e-16 * np.abs(value).max() / 1e-6
        np.testing.assert_allclose(d_mean[:, j], by_mean / 2e-6, rtol=1e-5, atol=1e-8 + rounding)
        np.testing.assert_allclose(d_std[:, j], by_std / 2e-6, rtol=1e-5, atol=1e-8 + rounding)


@given(distance=st.floats(10.0, 1e6))
def test_far_in_the_tail_value_and_slope_stay_finite_and_point_at_the_front(distance):
    region, mean, std = case(3, 1)
    value, d_mean, d_std = LOG_EHVI.value_and_partials(mean - distance, std, region)
    assert np.isfinite(value).all()
    assert (d_mean > 0.0).all()
    assert (d_std > 0.0).all()
    assert np.isfinite(d_std).all()


def test_in_the_tail_the_leading_box_alone_counts():
    # A front of one far point: the box above the reference is left, and its product is known.
    region = NonDominatedRegion.of([[500.0, 500.0]], [0.0, 0.0])
    mean, std = np.array([[-40.0, -60.0]]), np.ones((1, 2))
    wanted = sum(LogExpectedImprovement().value(mean[0], std[0], np.array([500.0, 0.0])))
    other = sum(LogExpectedImprovement().value(mean[0], std[0], np.array([0.0, 500.0])))
    assert LOG_EHVI.value(mean, std, region)[0] == pytest.approx(
        np.logaddexp(wanted, other), rel=1e-12
    )


def test_a_certain_score_gains_its_volume_or_nothing():
    region = NonDominatedRegion.of([[0.5, 0.5]], [0.0, 0.0])
    mean = np.array([[1.0, 1.0], [0.4, 0.3], [0.5, 0.5]])
    value, d_mean, d_std = LOG_EHVI.value_and_partials(mean, np.zeros((3, 2)), region)
    np.testing.assert_allclose(value, [np.log(0.75), -np.inf, -np.inf], rtol=1e-14)
    # ∂ log gain/∂y1 at (1, 1): one more unit of y1 adds a column of height 1 to the 0.75.
    np.testing.assert_allclose(d_mean, [[1 / 0.75, 1 / 0.75], [0, 0], [0, 0]], rtol=1e-14)
    assert np.isfinite(d_std).all()


def test_cutting_a_box_in_two_changes_nothing():
    lower, upper = np.array([[0.0, 0.0]]), np.array([[1.0, np.inf]])
    whole = NonDominatedRegion(lower, upper)
    halves = NonDominatedRegion(
        np.array([[0.0, 0.0], [1e-9, 0.0]]), np.array([[1e-9, np.inf], [1.0, np.inf]])
    )
    rng = np.random.default_rng(0)
    mean, std = rng.normal(-5.0, 10.0, (100, 2)), rng.uniform(0.1, 2.0, (100, 2))
    np.testing.assert_allclose(
        LOG_EHVI.value(mean, std, halves), LOG_EHVI.value(mean, std, whole), rtol=1e-8
    )


def test_many_points_are_taken_in_parts_without_a_difference(monkeypatch):
    region, mean, std = case(3, 2, n_points=40)
    whole = LOG_EHVI.value_and_partials(mean, std, region)
    monkeypatch.setattr("skbayes.acquisition._expected_hypervolume._MOST_AT_ONCE", 100)
    for found, wanted in zip(LOG_EHVI.value_and_partials(mean, std, region), whole, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_a_weight_is_added_to_the_logarithm():
    value, d_value, d_weight = LOG_EHVI.weigh(np.array([-1.0, -2.0]), np.array([0.5, 0.0]))
    assert value.tolist() == [-0.5, -2.0]
    assert d_value.tolist() == d_weight.tolist() == [1.0, 1.0]
