"""What an optimizer says without being changed: the value of its acquisition, intervals, copies."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.svm import SVC

from skbayes.acquisition import LogExpectedImprovement
from skbayes.optimizer import MultiFidelityOptimizer, MultiObjectiveOptimizer, Optimizer

SPACE = {"x": (0.0, 1.0)}


def told(n=8, space=SPACE, f=lambda p: -((p["x"] - 0.3) ** 2), **options):
    optimizer = Optimizer(space, random_state=0, **options)
    for _ in range(n):
        params = optimizer.ask()
        optimizer.tell(params, f(params))
    return optimizer


GRID = [{"x": float(x)} for x in np.linspace(0.0, 1.0, 401)]


@pytest.mark.parametrize("acquisition", ["log_ei", "ei", "pi", "ucb", "mes", "portfolio"])
@pytest.mark.parametrize("n_pending", [0, 2])
def test_ask_proposes_what_has_the_highest_value(acquisition, n_pending):
    optimizer = told(acquisition=acquisition)
    if n_pending:
        optimizer.ask(n_pending)
    values = optimizer.acquisition_value(GRID)
    following = optimizer.copy().ask()
    [at_next] = optimizer.acquisition_value([following])
    # A grid of 400 steps is not finer than what the ascent finds; flat maxima are missed by less than this.
    assert at_next >= values.max() - 1e-3 * np.ptp(values)


def test_of_a_drawn_acquisition_it_is_the_draw_of_the_next_ask():
    # The members of a portfolio want different points: by chance the draws would agree on few of these.
    optimizer = told(f=lambda p: math.sin(9 * p["x"]), acquisition="portfolio")
    for _ in range(8):
        values = optimizer.acquisition_value(GRID)
        params = optimizer.ask()
        fresh = [values[k] for k, p in enumerate(GRID) if abs(p["x"] - params["x"]) < 0.003]
        assert max(fresh) >= values.max() - 0.05 * np.ptp(values)
        optimizer.tell(params, math.sin(9 * params["x"]))


def test_without_weights_it_is_the_acquisition_of_the_surrogates_moments():
    optimizer = told(prior_weight=0.0)
    points = GRID[::40]
    fitted = optimizer._model()
    U = np.array([[p["x"]] for p in points])
    posterior, seen = fitted.posterior(U), np.array([[t.params["x"]] for t in optimizer.history])
    incumbent = fitted.posterior(seen).mean.max()
    expected = LogExpectedImprovement().value(posterior.mean, posterior.std, incumbent)
    np.testing.assert_allclose(optimizer.acquisition_value(points), expected)


def test_the_prior_weighs_as_for_ask():
    # Beta(2, 2) to the power weight / n falls to nothing at the ends; without it they are as good as any.
    ends = [{"x": 0.0}, {"x": 1.0}]
    weighed = told(prior_weight=50.0).acquisition_value(ends)
    plain = told(prior_weight=0.0).acquisition_value(ends)
    assert (weighed < plain - 5.0).all()


def test_a_pending_point_is_no_longer_wanted():
    optimizer = told()
    [before] = optimizer.acquisition_value([following := optimizer.copy().ask()])
    assert optimizer.ask() == following
    [after] = optimizer.acquisition_value([following])
    assert after < before - 1.0


@pytest.mark.parametrize("acquisition", ["thompson", "kg"])
def test_a_joint_acquisition_has_no_value_of_a_point(acquisition):
    with pytest.raises(ValueError, match="no value of a point by itself"):
        told(acquisition=acquisition).acquisition_value(GRID[:2])


def test_there_is_a_value_for_several_objectives_and_rungs_too():
    several = MultiObjectiveOptimizer(SPACE, ["a", "-b"], random_state=0)
    rungs = MultiFidelityOptimizer(SPACE, n_rungs=2, random_state=0)
    for _ in range(8):
        x = several.ask()["x"]
        several.tell({"x": x}, {"a": x, "b": x * x})
        rungs.tell(params := rungs.ask(), -abs(params["x"] - 0.4), rung=0)
    for optimizer in (several, rungs):
        values = optimizer.acquisition_value(GRID)
        [at_next] = optimizer.acquisition_value([optimizer.copy().ask()])
        assert at_next >= values.max() - 1e-2 * np.ptp(values)
    with pytest.raises(ValueError, match="score_interval is of one score"):
        several.score_interval(GRID[:1])


def test_questions_change_no_proposal():
    asked, left_alone = told(), told()
    asked.acquisition_value(GRID)
    asked.score_interval(GRID)
    asked.copy().ask(3)
    for _ in range(3):
        params = asked.ask()
        assert params == left_alone.ask()
        asked.tell(params, 0.0)
        left_alone.tell(params, 0.0)


def test_a_copy_proposes_the_same_and_then_goes_its_own_way():
    choices = [SVC(), SVC(C=2.0)]
    optimizer = Optimizer({"model": choices, "x": (0.0, 1.0)}, random_state=0)
    for _ in range(10):
        other = optimizer.copy()
        params = optimizer.ask()
        theirs = other.ask()
        assert theirs["x"] == params["x"]
        assert theirs["model"] is params["model"]
        assert any(theirs["model"] is choice for choice in choices)
        other.tell(theirs, 99.0)
        optimizer.tell(params, -params["x"])
    assert len(optimizer.history) == 10
    assert max(optimizer.history.scores) < 1.0


def test_the_opening_ends_with_the_initial_design():
    optimizer = Optimizer(SPACE, n_initial_points=3, random_state=0)
    seen = []
    for _ in range(5):
        seen.append(optimizer.is_opening)
        optimizer.tell(params := optimizer.ask(), -params["x"])
    assert seen == [True, True, True, False, False]


def test_an_interval_holds_what_its_level_says():
    # With a transform that is a scale and a shift the quantiles are those of a normal distribution.
    from skbayes.surrogates import GaussianProcess

    process = GaussianProcess(output_transform="standardize")
    optimizer = told(surrogate=process)
    posterior = optimizer.score_posterior(GRID[::50])
    for level in (0.5, 0.9):
        lower, upper = optimizer.score_interval(GRID[::50], level)
        half = norm.ppf(0.5 + level / 2) * posterior.std
        np.testing.assert_allclose(lower, posterior.mean - half, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(upper, posterior.mean + half, rtol=1e-6, atol=1e-12)


def test_intervals_grow_with_the_level_and_hold_the_median_of_any_transform():
    optimizer = told(f=lambda p: -math.exp(8 * p["x"]))
    narrow, wide = (optimizer.score_interval(GRID[::20], level) for level in (0.5, 0.95))
    assert (wide[0] <= narrow[0]).all()
    assert (narrow[0] <= narrow[1]).all()
    assert (narrow[1] <= wide[1]).all()


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 95])
def test_a_level_is_a_probability(level):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        told().score_interval(GRID[:1], level)


@pytest.mark.parametrize("question", ["score_posterior", "score_interval", "acquisition_value"])
def test_without_a_score_there_is_no_answer(question):
    optimizer = Optimizer(SPACE, random_state=0)
    optimizer.tell({"x": 0.5}, math.nan)
    with pytest.raises(ValueError, match="got 0 finite scores"):
        getattr(optimizer, question)([{"x": 0.1}])
