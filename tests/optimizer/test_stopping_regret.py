"""The bound on the remaining regret: by brute force, by its properties, and by how often it holds."""

import numpy as np
import pytest

from skbayes.optimizer import NoImprovement, Optimizer, RegretBound, minimize
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._regret import regret_bound
from skbayes.space import as_space
from skbayes.surrogates import GaussianProcess, RandomForest


def told(space, func, n, seed=0):
    """An optimizer that was told n random points of a function."""
    optimizer = Optimizer(space, n_initial_points=n, random_state=seed)
    rng = np.random.default_rng(seed)
    for u in optimizer.space.sample(n, rng):
        params = optimizer.space.decode(u)
        optimizer.tell(params, func(params))
    return optimizer


def wave(params):
    return float(np.sin(12 * params["x"]) * params["x"])


def wave_2d(params):
    return float(np.sin(5 * params["x"]) + np.cos(4 * params["y"]))


@pytest.mark.parametrize("transform", ["standardize", "log_losers", None])
@pytest.mark.parametrize("kappa", [0.0, 1.0, 1.96, 4.0])
def test_the_bound_is_that_of_a_fine_grid(transform, kappa):
    space = as_space({"x": (0.0, 1.0)})
    observations = encode_trials(told(space, wave, 7).history, space)
    model = GaussianProcess(output_transform=transform).fit(observations.U, observations.scores)
    grid = np.linspace(0.0, 1.0, 20_001)[:, None]
    everywhere, there = model.posterior(grid), model.posterior(observations.U)
    ends = [
        (there.mean - kappa * there.std).max(),
        (everywhere.mean + kappa * everywhere.std).max(),
    ]
    low, high = model.output_.inverse(np.array(ends))
    bound = regret_bound(model, observations, space, kappa, np.random.default_rng(0))
    # A dozen steps of ascent end within a thousandth of the spread of the scores of the top.
    assert bound == pytest.approx(high - low, abs=1e-3 * np.ptp(observations.scores))


def test_the_bound_grows_with_kappa_from_what_the_mean_promises():
    optimizer = told({"x": (0.0, 1.0), "y": (0.0, 1.0)}, wave_2d, 12)
    bounds = [optimizer.regret_bound(kappa) for kappa in (0.0, 0.5, 1.0, 2.0, 4.0)]
    assert bounds[0] >= 0.0
    assert np.all(np.diff(bounds) > 0.0)  # both ends move outwards where a std is positive


def test_the_bound_is_in_the_unit_of_the_score():
    space = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    plain = told(space, wave_2d, 12).regret_bound()
    # A power of two and an exact shift: the same latent scores but for rounding.
    scaled = told(space, lambda p: 64.0 * wave_2d(p) - 512.0, 12).regret_bound()
    assert scaled == pytest.approx(64.0 * plain, rel=1e-3)


def test_asking_changes_nothing_and_asking_again_says_the_same():
    space = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    asked, left = told(space, wave_2d, 12), told(space, wave_2d, 12)
    assert asked.regret_bound() == asked.regret_bound()
    assert asked.ask() == left.ask()


def test_a_rule_that_has_not_spoken_leaves_the_search_as_it_is():
    rules = [RegretBound(threshold=0.0, min_trials=1), NoImprovement(500)]
    plain, watched = (
        minimize(lambda p: -wave_2d(p), {"x": (0.0, 1.0), "y": (0.0, 1.0)}, 18,
                 stopping=stopping, random_state=3)
        for stopping in (None, rules)
    )  # fmt: skip
    assert watched.x_iters == plain.x_iters


def test_there_is_no_bound_before_the_surrogate_chooses():
    optimizer = Optimizer({"x": (0.0, 1.0)}, n_initial_points=3, random_state=0)
    for _ in range(3):
        assert optimizer.regret_bound() == np.inf
        optimizer.tell(params := optimizer.ask(), wave(params))
    assert 0.0 <= optimizer.regret_bound() < np.inf
    failed = Optimizer({"x": (0.0, 1.0)}, n_initial_points=1, random_state=0)
    failed.tell(failed.ask(), np.nan)
    assert failed.regret_bound() == np.inf  # no score, no posterior


def test_failed_points_are_not_the_answer():
    # The best score lies at .5; the failed neighbour has no score, and leaves the bound finite.
    optimizer = told({"x": (0.0, 1.0)}, lambda p: np.nan if p["x"] > 0.6 else wave(p), 12)
    assert 0.0 < optimizer.regret_bound() < np.inf


def test_a_space_that_is_known_through_and_through_leaves_little():
    space = {"a": (0, 9), "b": ["p", "q"]}
    score = {"p": 0.0, "q": 0.5}
    optimizer = Optimizer(space, n_initial_points=4, random_state=0)
    while points := optimizer.ask(1):
        [params] = points
        optimizer.tell(params, score[params["b"]] + params["a"] / 10)
    assert len(optimizer.history) == 20
    # Nothing is left to find but what the noise that the model must allow for hides.
    assert optimizer.regret_bound() < 0.1 * np.ptp(optimizer.history.scores)


def test_the_bound_shrinks_as_a_search_goes_on():
    optimizer = Optimizer({"x": (0.0, 1.0), "y": (0.0, 1.0)}, random_state=0)
    bounds = []
    for _ in range(40):
        params = optimizer.ask()
        optimizer.tell(params, wave_2d(params))
        bounds.append(optimizer.regret_bound())
    finite = [bound for bound in bounds if np.isfinite(bound)]
    assert finite[-1] < 0.1 * max(finite)


def test_surrogates_without_a_gradient_have_a_bound_too():
    space = as_space({"x": (0.0, 1.0), "y": (0.0, 1.0)})
    observations = encode_trials(told(space, wave_2d, 30).history, space)
    model = RandomForest(random_state=0).fit(observations.U, observations.scores)
    wide, narrow = (
        regret_bound(model, observations, space, kappa, np.random.default_rng(0))
        for kappa in (2.0, 0.0)
    )
    assert wide > narrow >= 0.0


def test_the_bound_holds_on_most_random_functions():
    # Sums of random waves, 20 random points; the true maximum from a fine grid.
    axis = np.linspace(0.0, 1.0, 101)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    n_held, n_functions = 0, 30
    for seed in range(n_functions):
        rng = np.random.default_rng(seed)
        frequency, phase = rng.normal(0.0, 4.0, (2, 20)), rng.uniform(0.0, 2 * np.pi, 20)

        def func(points, frequency=frequency, phase=phase):
            return np.cos(points @ frequency + phase).sum(axis=-1)

        optimizer = told(
            {"x": (0.0, 1.0), "y": (0.0, 1.0)},
            lambda p, func=func: float(func(np.array([p["x"], p["y"]]))),
            20,
            seed,
        )
        regret = func(grid).max() - optimizer.history.scores.max()
        n_held += optimizer.regret_bound() >= regret
    # Three standard deviations; what is left is the error of the fitted hyper-parameters.
    assert n_held >= 0.9 * n_functions


def test_the_rule_ends_a_search_that_has_found_what_there_is():
    rule = RegretBound(threshold=0.02)
    result = minimize(
        lambda p: -wave_2d(p), {"x": (0.0, 1.0), "y": (0.0, 1.0)}, 60, stopping=rule, random_state=0
    )
    assert result.stopped_by == "regret_bound"
    assert 20 <= result.nfev < 60
    assert -result.fun > 2.0 - 0.02  # the maximum: 1 at 5 x = π/2, and 1 at y = 0
