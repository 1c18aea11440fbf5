import numpy as np
import pytest

from skbayes.optimizer import Trial, minimize


def quadratic(params):
    return (params["x"] - 1.0) ** 2 + 3.0


def test_finds_the_minimum_of_a_quadratic():
    result = minimize(quadratic, {"x": (-5.0, 5.0)}, 25, random_state=0)
    assert result.x["x"] == pytest.approx(1.0, abs=0.02)
    assert result.fun == pytest.approx(3.0, abs=1e-3)
    assert result.success
    assert result.nfev == len(result.x_iters) == len(result.func_vals) == 25


def test_the_sign_turns_once():
    result = minimize(quadratic, {"x": (-5.0, 5.0)}, 8, random_state=0)
    np.testing.assert_array_equal(result.func_vals, [quadratic(p) for p in result.x_iters])
    np.testing.assert_array_equal(result.history.scores, -result.func_vals)
    assert result.fun == min(result.func_vals)
    assert result.x == result.x_iters[int(np.argmin(result.func_vals))]


def test_finds_the_minimum_of_branin():
    # Dixon and Szegő (1978): minimum 10 / (8 π) = 0.397887
    def branin(p):
        x, y = p["x"], p["y"]
        valley = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
        return valley**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10

    result = minimize(branin, {"x": (-5.0, 10.0), "y": (0.0, 15.0)}, 45, random_state=0)
    assert result.fun < 10 / (8 * np.pi) + 0.01  # random search needs about 5,000 for that


def test_the_seed_fixes_the_search():
    first, again, other = (
        minimize(quadratic, {"x": (-5.0, 5.0)}, 10, random_state=seed).x_iters for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_a_small_space_ends_early():
    result = minimize(lambda p: p["a"], {"a": (3, 7)}, 50, random_state=0)
    assert result.nfev == 5
    assert result.fun == 3
    assert "Every point" in result.message


def test_failures_are_survived():
    result = minimize(
        lambda p: np.nan if p["x"] < 0 else quadratic(p), {"x": (-5.0, 5.0)}, 25, random_state=0
    )
    assert result.fun == pytest.approx(3.0, abs=0.01)
    result = minimize(lambda p: np.inf, {"x": (-5.0, 5.0)}, 8, random_state=0)
    assert not result.success
    assert result.x is None
    assert np.isnan(result.fun)


def test_an_exception_of_the_function_is_passed_on():
    def broken(params):
        raise ZeroDivisionError("by me")

    with pytest.raises(ZeroDivisionError, match="by me"):
        minimize(broken, {"x": (-5.0, 5.0)}, 5)


def test_a_callback_sees_each_result_and_may_stop():
    seen = []

    def stop_at_seven(result):
        seen.append(result.nfev)
        return result.nfev == 7

    result = minimize(quadratic, {"x": (-5.0, 5.0)}, 50, callback=stop_at_seven, random_state=0)
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert result.nfev == 7
    assert "callback" in result.message


def test_options_reach_the_optimizer():
    result = minimize(
        quadratic,
        {"x": (-5.0, 5.0)},
        6,
        initial_points=[{"x": 4.0}],
        history=[Trial(0, {"x": 1.0}, -3.0)],
        constraint=lambda p: p["x"] > 0,
        random_state=0,
    )
    assert result.x_iters[0] == {"x": 4.0}
    assert all(p["x"] > 0 for p in result.x_iters)


@pytest.mark.parametrize("n_calls", [0, -3, 2.0, "5"])
def test_n_calls_must_be_a_positive_integer(n_calls):
    with pytest.raises(ValueError, match="n_calls must be an integer of at least 1"):
        minimize(quadratic, {"x": (-5.0, 5.0)}, n_calls)
