"""The problems of the benchmark suite: known maxima, spaces and folds."""

import math

import numpy as np
import pytest

from benchmarks.suite.dimensions import Cat, Float, Int, canonical, is_active, sample
from benchmarks.suite.own_functions import ACKLEY_CENTRE, METHODS
from benchmarks.suite.problems import GROUPS, PROBLEMS, named
from benchmarks.suite.public_functions import GRIEWANK_CENTRE, SPARSE_CENTRE


def at(*values):
    return {f"x{k}": float(value) for k, value in enumerate(values)}


def turned_back(x, y):
    """Where the turned function has what the plain one has at (x, y)."""
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    a, b = x - 2.5, y - 7.5
    return at(2.5 + c * a + s * b, 7.5 - s * a + c * b)


# Where each function has its maximum, from its source. Tolerances: the digits that the source gives
# of the place, squared by the flat top, times the curvature.
MAXIMA = {
    "camel": (at(0.0898420131, -0.7126564032), 1e-9),
    "hartmann3": (at(0.114614, 0.555649, 0.852547), 1e-6),
    "griewank6": (at(*GRIEWANK_CENTRE), 1e-12),
    "michalewicz5": (at(2.202906, 1.570796, 1.284992, 1.923058, 1.720470), 1e-5),
    "styblinski6": (at(*6 * [-2.903534]), 1e-8),
    "noisy_hartmann3": (at(0.114614, 0.555649, 0.852547), 1e-6),
    "branches": ({"kind": "c", "rate": 10 ** (5 * 0.55 - 5), "w": 0.9, "n": 9}, 1e-12),
    "sparse15": (at(*[SPARSE_CENTRE.get(k, 0.5) for k in range(15)]), 1e-12),
    "turned_branin": (turned_back(math.pi, 2.275), 1e-9),
    "ackley6": (at(*ACKLEY_CENTRE), 1e-12),
    "levy4": (at(*4 * [1.0]), 1e-12),
    "rosenbrock8": (at(*8 * [1.0]), 1e-12),
    "six_methods": ({"method": "b", "rate": 0.01, "size": 32, "mix": 0.6, "switch": True}, 1e-12),
    "uneven_goldstein_price": (at(0.5, 0.25), 1e-9),
}


def test_every_function_has_a_row():
    assert MAXIMA.keys() == set(GROUPS["synthetic"])


@pytest.mark.parametrize("name", MAXIMA)
def test_the_known_maximum_is_reached_inside_the_space_and_nowhere_exceeded(name):
    problem, (params, tolerance) = PROBLEMS[name], MAXIMA[name]
    assert canonical(problem.space, params) == params
    assert problem.score(params) == pytest.approx(problem.optimum, abs=tolerance)
    rng = np.random.default_rng(0)
    drawn = [problem.score(sample(problem.space, rng)) for _ in range(500)]
    for scale in (1e-1, 1e-2, 1e-3):  # near the top too
        for _ in range(100):
            moved = {
                d.name: params[d.name] + scale * (d.high - d.low) * rng.standard_normal()
                if isinstance(d, Float) and not d.log
                else params[d.name]
                for d in problem.space
            }
            drawn.append(problem.score(canonical(problem.space, moved)))
    assert max(drawn) <= problem.optimum + 1e-12


def test_six_methods_have_their_floor_where_they_say():
    score = PROBLEMS["six_methods"].score
    for method, (floor, exponent, octave) in METHODS.items():
        params = {"method": method, "rate": 10**exponent, "mix": 0.6, "switch": True}
        assert score({**params, "size": 2**octave}) == pytest.approx(-floor, abs=1e-12)


@pytest.mark.parametrize("name", ["kernels_circles", "three_models_wine"])
def test_the_score_of_a_live_task_is_the_mean_of_its_folds_and_repeats(name):
    problem = PROBLEMS[name]
    params = canonical(problem.space, sample(problem.space, np.random.default_rng(3)))
    result = problem.evaluate(params, np.random.default_rng(0))
    folds = [problem.fold_score(params, fold) for fold in range(problem.n_splits)]
    assert result.fold_scores == tuple(folds)
    assert len(set(folds)) > 1
    assert result.observed == result.true == np.mean(folds) == problem.score(params)


def test_a_candidate_without_its_inactive_parameters_scores_the_same():
    problem = PROBLEMS["families_digits"]
    params = {**sample(problem.space, np.random.default_rng(0)), "model": "logistic"}
    active = {d.name: params[d.name] for d in problem.space if is_active(d, params)}
    assert set(active) == {"model", "logistic_C", "logistic_weight"}
    assert problem.score(canonical(problem.space, active)) == problem.score(params) > 0.5


def test_noise_has_its_standard_deviation_and_no_mean():
    problem, params = PROBLEMS["uneven_goldstein_price"], at(1.0, 0.3)
    rng = np.random.default_rng(0)
    noise = [problem.evaluate(params, rng).observed - problem.score(params) for _ in range(2000)]
    # 0.5 at the right edge; four standard errors of a mean and of a standard deviation.
    assert abs(np.mean(noise)) < 4 * 0.5 / math.sqrt(2000)
    assert np.std(noise) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(4000))


def test_canonical_makes_plain_values_within_the_bounds():
    space = [
        Float("a", 1, 2),
        Int("b", 1, 9),
        Cat("c", ("x", None)),
        Int("d", 0, 5, False, ("c", ("x",))),
    ]
    point = canonical(space, {"a": np.float64(2.5), "b": np.float64(3.6), "c": None})
    assert point == {"a": 2.0, "b": 4, "c": None}
    assert type(point["a"]) is float
    assert type(point["b"]) is int
    with pytest.raises(ValueError, match="lacks d, which is active"):
        canonical(space, {"a": 1.5, "b": 3, "c": "x"})


def test_log_integers_are_drawn_by_the_width_of_their_cells():
    rng = np.random.default_rng(0)
    drawn = np.array([Int("n", 1, 8, log=True).sample(rng) for _ in range(4000)])
    share = math.log(1.5 / 0.5) / math.log(8.5 / 0.5)  # of n = 1
    assert (drawn == 1).mean() == pytest.approx(share, abs=4 * math.sqrt(share / 4000))
    assert set(drawn) == set(range(1, 9))


def test_groups_and_names_may_be_mixed_and_a_wrong_one_is_refused():
    assert named(["camel", "synthetic"])[:2] == ["camel", "hartmann3"]
    assert len(named(["live", "all"])) == len(PROBLEMS)
    with pytest.raises(SystemExit, match="no problem 'nothing'"):
        named(["nothing"])
