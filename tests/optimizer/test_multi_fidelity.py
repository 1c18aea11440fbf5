"""The optimizer with rungs: which scores the surrogate sees, and that it finds what the last rung wants."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skbayes.optimizer import History, MultiFidelityOptimizer, Optimizer, Trial

SPACE = {"x": (0.0, 1.0), "y": (0.0, 1.0)}


def seen(optimizer):
    observations = optimizer._told.observations()
    return {
        (trial.params["x"], score): trial
        for trial, score in zip(observations.trials, observations.scores, strict=True)
    }


def test_with_one_rung_it_is_the_plain_optimizer():
    plain = Optimizer(SPACE, random_state=0)
    one = MultiFidelityOptimizer(SPACE, n_rungs=1, random_state=0)
    for k in range(15):
        params = plain.ask()
        assert one.ask() == params
        score = -((params["x"] - 0.3) ** 2) + params["y"] if k != 5 else None
        status = None if k != 5 else "failed"
        plain.tell(params, np.nan if score is None else score, status=status)
        one.tell(params, np.nan if score is None else score, status=status, rung=0)


def test_it_learns_from_the_highest_rung_with_more_scores_than_dimensions():
    optimizer = MultiFidelityOptimizer(SPACE, n_rungs=3, random_state=0)
    points = [{"x": k / 10, "y": 0.5} for k in range(8)]
    for k, point in enumerate(points):
        optimizer.tell(point, float(k), rung=0)
    assert {score for _, score in seen(optimizer)} == set(map(float, range(8)))
    for k in (0, 1):
        optimizer.tell(points[k], 10.0 + k, rung=1)
    assert len(seen(optimizer)) == 8  # two scores make no model of two dimensions
    optimizer.tell(points[2], 12.0, rung=1)
    assert {score for _, score in seen(optimizer)} == {10.0, 11.0, 12.0}
    optimizer.tell(points[0], 20.0, rung=2)  # its score on rung 1 stays in use
    assert {score for _, score in seen(optimizer)} == {10.0, 11.0, 12.0}
    assert len(optimizer.history) == 12


def test_what_fails_on_a_higher_rung_has_failed():
    optimizer = MultiFidelityOptimizer(SPACE, n_rungs=2, random_state=0)
    for k in range(6):
        optimizer.tell({"x": k / 10, "y": 0.5}, float(k), rung=0)
    optimizer.tell({"x": 0.5, "y": 0.5}, np.nan, status="timeout", rung=1)
    observations = optimizer._told.observations()
    assert len(observations.scores) == 6
    assert_array_equal(np.isnan(observations.scores), [False] * 5 + [True])
    # Also when the others are known from a rung where it has no score.
    for k in range(4):
        optimizer.tell({"x": k / 10, "y": 0.5}, 10.0 + k, rung=1)
    assert_array_equal(np.sort(optimizer._told.observations().scores), [10, 11, 12, 13, np.nan])


def test_no_point_is_proposed_again_whatever_its_rung():
    choices = {"x": [0.0, 0.5, 1.0], "y": [0.0, 1.0]}
    optimizer = MultiFidelityOptimizer(choices, n_rungs=2, random_state=0)
    asked = optimizer.ask(4)
    for params in asked:
        optimizer.tell(params, params["x"], rung=0)
    optimizer.tell(asked[0], 0.1, rung=1)
    rest = optimizer.ask(4)
    assert len(rest) == 2
    assert all(params not in asked for params in rest)


def test_the_cost_of_a_point_is_that_of_its_first_rung():
    optimizer = MultiFidelityOptimizer({"x": (0.0, 1.0)}, n_rungs=2, random_state=0)
    for x in (0.1, 0.2, 0.3):
        optimizer.tell({"x": x}, x, rung=0, fit_time=1.0)
        optimizer.tell({"x": x}, x, rung=1, fit_time=50.0)
    assert [trial.fit_time for trial in seen(optimizer).values()] == [1.0, 1.0, 1.0]
    assert optimizer.history.trials[1].fit_time == 50.0


def test_earlier_trials_are_of_the_last_rung():
    history = History(tuple(Trial(k, {"x": k / 10, "y": 0.1}, float(k)) for k in range(5)))
    optimizer = MultiFidelityOptimizer(SPACE, n_rungs=2, history=history, random_state=0)
    optimizer.tell({"x": 0.9, "y": 0.9}, 99.0, rung=0)
    assert {score for _, score in seen(optimizer)} == {0.0, 1.0, 2.0, 3.0, 4.0}


def test_an_earlier_pruned_trial_enters_by_its_folds():
    trials = [
        Trial(k, {"x": k / 10, "y": 0.1}, k + 0.5, fold_scores=(k, k + 1.0)) for k in range(6)
    ]
    pruned = Trial(6, {"x": 0.7, "y": 0.1}, np.nan, "pruned", fold_scores=(3.0, np.nan))
    optimizer = MultiFidelityOptimizer(SPACE, n_rungs=2, history=[*trials, pruned], random_state=0)
    observations = optimizer._told.observations()
    # All others are half a point above their first fold on both folds together.
    assert observations.scores[6] == pytest.approx(3.5, abs=1e-12)  # rounding


def test_a_rung_that_is_none_is_refused():
    optimizer = MultiFidelityOptimizer(SPACE, n_rungs=2, random_state=0)
    with pytest.raises(ValueError, match="There are 2 rungs, and rung=2 is none"):
        optimizer.tell({"x": 0.1, "y": 0.1}, 1.0, rung=2)


def test_it_finds_the_optimum_of_the_last_rung():
    # That of the first rung is elsewhere. Told half of the points on the last one, it finds the last one's.
    optimizer = MultiFidelityOptimizer({"x": (0.0, 1.0)}, n_rungs=2, random_state=0)
    for k in range(24):
        [params] = optimizer.ask(1)
        optimizer.tell(params, -((params["x"] - 0.2) ** 2), rung=0)
        if k % 2:
            optimizer.tell(params, 3.0 - (params["x"] - 0.7) ** 2, rung=1)
    grid = [{"x": x} for x in np.linspace(0.0, 1.0, 101)]
    best = grid[int(optimizer.score_posterior(grid).mean.argmax())]["x"]
    # Between the points told on the last rung; the first rung's optimum is half a range away.
    assert abs(best - 0.7) < 0.05
