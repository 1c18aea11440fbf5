"""Seconds as a weight: expected from fit times, and a search that gets more for them."""

import numpy as np
import pytest
from scipy import stats

from skbayes.acquisition import LogExpectedImprovement, PerSecond, ThompsonSampling
from skbayes.optimizer import Optimizer
from skbayes.optimizer._cost import CostModel, LogSeconds
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._trial import Trial
from skbayes.space import as_space

SPACE = as_space({"x": (0.0, 1.0), "n": (1, 100, "log-uniform")})


def seconds(params):
    return 0.02 * params["n"] * (1.0 + params["x"])


def observed(n=30, times=seconds):
    points = [SPACE.decode(u) for u in SPACE.sample(n, np.random.default_rng(0))]
    trials = [Trial(i, p, 0.5, fit_time=times(p)) for i, p in enumerate(points)]
    return encode_trials(trials, SPACE)


class Known:
    def mean_and_std(self, U):
        return np.array([0.3, -2.0]), np.array([0.5, 1.2])


def test_it_is_the_mean_of_a_log_normal():
    expected = stats.lognorm([0.5, 1.2], scale=np.exp([0.3, -2.0])).mean()
    value = LogSeconds(Known()).value(np.zeros((2, 1)))
    np.testing.assert_allclose(np.exp(value), expected, rtol=1e-12)


def test_the_seconds_of_other_points_are_foreseen():
    cost = CostModel(SPACE, 0).fitted(observed())
    U = SPACE.sample(50, np.random.default_rng(1))
    truth = np.log([seconds(SPACE.decode(u)) for u in U])
    # The times span a factor of 200; 0.2 in the logarithm is a fifth off.
    assert np.abs(cost.value(U) - truth).mean() < 0.2


def test_the_gradient_is_that_of_the_values():
    cost = CostModel(SPACE, 0).fitted(observed(12))
    U = np.random.default_rng(2).random((20, 2))
    value, gradient = cost.value_and_gradient(U)
    np.testing.assert_allclose(value, cost.value(U), rtol=1e-9)
    step = 1e-5
    for j in range(2):
        moved = step * np.eye(2)[j]
        difference = (cost.value(U + moved) - cost.value(U - moved)) / (2 * step)
        # Rounding of the posterior (1e-9 through the Cholesky factor) over the step.
        np.testing.assert_allclose(gradient[:, j], difference, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("times", [lambda p: None, lambda p: np.nan, lambda p: -1.0])
def test_without_fit_times_there_is_no_weight(times):
    assert CostModel(SPACE, 0).fitted(observed(times=times)) is None


def test_a_time_of_zero_is_a_short_one():
    cost = CostModel(SPACE, 0).fitted(observed(times=lambda p: 0.0))
    assert np.isfinite(cost.value(SPACE.sample(3, np.random.default_rng(0)))).all()


def search(acquisition, n=20, seed=0, timed=True):
    """Two equal hills, at 0.2 and 0.8; the second takes thirty times as long."""
    optimizer = Optimizer({"x": (0.0, 1.0)}, acquisition=acquisition, random_state=seed)
    for _ in range(n):
        params = optimizer.ask()
        x = params["x"]
        score = max(np.exp(-30 * (x - 0.2) ** 2), np.exp(-30 * (x - 0.8) ** 2))
        optimizer.tell(params, score, fit_time=30.0**x if timed else None)
    return [trial.params["x"] for trial in optimizer.history]


@pytest.mark.parametrize("dear_side", ["left", "right"])
def test_of_two_equal_hills_the_cheaper_is_climbed(dear_side):
    """Mirrored scores with hills at 0.2 and 0.8: only the seconds tell the sides apart."""
    for seed in range(3):
        optimizer = Optimizer(
            {"x": (0.0, 1.0)},
            acquisition="log_ei_per_second",
            n_initial_points=0,
            random_state=seed,
        )
        for x in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0):
            fit_time = 30.0 ** (x if dear_side == "right" else 1.0 - x)
            optimizer.tell({"x": x}, -((abs(x - 0.5) - 0.3) ** 2), fit_time=fit_time)
        assert (optimizer.ask()["x"] < 0.5) == (dear_side == "right")


def test_without_times_or_with_exponent_zero_it_is_the_acquisition_itself():
    plain = search("log_ei")
    assert search("log_ei_per_second", timed=False) == search("log_ei", timed=False)
    assert search(PerSecond(exponent=0.0)) == plain
    assert search(PerSecond(LogExpectedImprovement(margin=0.0), 1.0)) == search("log_ei_per_second")
    assert search("log_ei_per_second") != plain


@pytest.mark.parametrize("exponent", [-0.5, np.nan, np.inf])
def test_a_wrong_exponent_is_refused_at_the_door(exponent):
    with pytest.raises(ValueError, match=r"exponent >= 0; got"):
        Optimizer({"x": (0.0, 1.0)}, acquisition=PerSecond(exponent=exponent))


def test_a_joint_acquisition_cannot_be_divided():
    with pytest.raises(TypeError, match=r"PerSecond divides.*ThompsonSampling"):
        Optimizer({"x": (0.0, 1.0)}, acquisition=PerSecond(ThompsonSampling()))
