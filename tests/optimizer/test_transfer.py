"""Earlier searches of other objectives: their place in the new space, their start, their weight."""

import warnings

import numpy as np
import pytest

from skbayes import Categorical, Integer
from skbayes.optimizer import EarlierSearch, History, Optimizer, Trial, minimize
from skbayes.optimizer._earlier import split_history
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._transfer import WarmStart, as_sources
from skbayes.space import as_space
from skbayes.surrogates import RankingEnsemble

PLANE = {"x": (0.0, 1.0), "y": (0.0, 1.0)}


def bowl(p):
    return -((p["x"] - 0.3) ** 2) - (p["y"] - 0.6) ** 2


def trials(points, score=bowl):
    return [Trial(i, p, score(p)) for i, p in enumerate(points)]


def random_points(n, seed=0):
    return [{"x": x, "y": y} for x, y in np.random.default_rng(seed).random((n, 2)).tolist()]


def told(optimizer, func, n):
    for _ in range(n):
        params = optimizer.ask()
        optimizer.tell(params, func(params))
    return [trial.params for trial in optimizer.history]


# ---------------------------------------------------------------- a place in the new space


def test_a_smaller_space_is_completed_and_its_model_is_flat_in_what_it_lacked():
    past = [Trial(i, {"x": x}, x) for i, x in enumerate([0.2, 0.8])]
    [source] = as_sources([EarlierSearch(past, defaults={"y": 0.25})], as_space(PLANE))
    assert source.points == [{"x": 0.2, "y": 0.25}, {"x": 0.8, "y": 0.25}]
    np.testing.assert_array_equal(source.U, [[0.2, np.nan], [0.8, np.nan]])


@pytest.mark.parametrize("defaults", [None, {"y": 7.0}, {"y": "scale"}])
def test_without_a_usable_default_the_middle_stands_in(defaults):
    past = [Trial(i, {"x": x}, x) for i, x in enumerate([0.2, 0.8])]
    [source] = as_sources([EarlierSearch(past, defaults=defaults)], as_space(PLANE))
    assert [point["y"] for point in source.points] == [0.5, 0.5]


def test_the_further_parameters_of_a_larger_space_are_ignored():
    past = trials([{**p, "z": "what"} for p in random_points(5)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [source] = as_sources([EarlierSearch(past)], as_space(PLANE))
    assert source.points == random_points(5)


def test_values_outside_and_unknown_categories_are_counted_in_one_warning():
    space = as_space({"x": (0.0, 1.0), "kind": ["a", "b"]})
    inside = [Trial(i, {"x": x, "kind": "a"}, x) for i, x in enumerate([0.1, 0.9])]
    outside = [Trial(2, {"x": 1.5, "kind": "a"}, 9.0), Trial(3, {"x": 0.5, "kind": "c"}, 9.0)]
    with pytest.warns(UserWarning, match="2 of the 6 trials of earlier searches lie outside") as w:
        first, second = as_sources([EarlierSearch(inside + outside), EarlierSearch(inside)], space)
    assert len(w) == 1
    assert first.points == second.points
    assert first.scores.tolist() == [0.1, 0.9]


def test_a_failed_trial_is_as_bad_as_the_worst_and_a_search_without_scores_is_none():
    past = trials(random_points(4))
    failed = Trial(4, {"x": 0.5, "y": 0.5}, float("nan"), "failed")
    [source] = as_sources([EarlierSearch([*past, failed])], as_space(PLANE))
    assert source.scores[-1] == min(trial.score for trial in past)
    with pytest.warns(UserWarning, match="1 of the 1"):
        assert as_sources([EarlierSearch([failed])], as_space(PLANE)) == []


def test_a_branch_is_found_by_the_values_that_it_uses():
    space = as_space([{"kernel": ["rbf"], "g": (0.0, 1.0)}, {"kernel": ["poly"], "d": (1, 5)}])
    past = [
        Trial(0, {"kernel": "poly", "d": 3}, 1.0),
        Trial(1, {"kernel": "rbf", "g": 0.5}, 0.0),
    ]
    [source] = as_sources([EarlierSearch(past)], space)
    assert source.points == [trial.params for trial in past]
    np.testing.assert_array_equal(source.U, encode_trials(past, space).U)


def test_an_inactive_parameter_is_left_out():
    degree = Integer(2, 5, active_if={"kernel": "poly"})
    space = as_space({"kernel": Categorical(["rbf", "poly"]), "degree": degree})
    past = [
        Trial(0, {"kernel": "rbf", "degree": 3}, 1.0),
        Trial(1, {"kernel": "poly", "degree": 4}, 0.0),
    ]
    [source] = as_sources([EarlierSearch(past)], space)
    assert source.points == [{"kernel": "rbf"}, {"kernel": "poly", "degree": 4}]


def test_the_constraint_is_respected():
    space = as_space(PLANE, constraint=lambda p: p["x"] < p["y"])
    with pytest.warns(UserWarning, match="of the 20 trials"):
        [source] = as_sources([EarlierSearch(trials(random_points(20)))], space)
    assert all(point["x"] < point["y"] for point in source.points)


# ---------------------------------------------------------------- the start


def test_the_best_points_come_first_while_they_lead():
    past = trials(random_points(30))
    best = [t.params for t in sorted(past, key=lambda t: -t.score)]
    asked = told(Optimizer(PLANE, history=EarlierSearch(past), random_state=0), bowl, 6)
    assert asked[0] == best[0]
    assert all(params not in best for params in asked[1:4])  # something to compare with
    assert asked[4:] == best[1:3]


def test_a_misleading_search_costs_one_evaluation_of_the_design():
    negated = trials(random_points(30), lambda p: -bowl(p))
    cold = told(Optimizer(PLANE, random_state=0), bowl, 6)
    misled = told(Optimizer(PLANE, history=EarlierSearch(negated), random_state=0), bowl, 6)
    assert bowl(misled[0]) == min(bowl(trial.params) for trial in negated)
    assert misled[1:] == cold[:5]


def test_several_searches_take_turns():
    first = trials(random_points(10, seed=1))
    second = trials(random_points(10, seed=2))
    sources = as_sources([EarlierSearch(first), EarlierSearch(second)], as_space(PLANE))
    best = [max(past, key=lambda t: t.score).params for past in (first, second)]
    assert WarmStart(sources, as_space(PLANE)).queue[:2] == best


def test_the_users_points_come_before():
    optimizer = Optimizer(
        PLANE,
        initial_points=[{"x": 0.0, "y": 0.0}],
        history=EarlierSearch(trials(random_points(9))),
    )
    assert optimizer.ask() == {"x": 0.0, "y": 0.0}


def test_a_batch_compares_and_repeats_nothing():
    optimizer = Optimizer(PLANE, history=EarlierSearch(trials(random_points(9))), random_state=0)
    batch = optimizer.ask(4) + optimizer.ask(8)
    assert len({tuple(p.values()) for p in batch}) == 12


# ---------------------------------------------------------------- the whole loop


def test_only_other_objectives_join_the_surrogate():
    past = trials(random_points(9))
    assert isinstance(Optimizer(PLANE, history=EarlierSearch(past))._surrogate, RankingEnsemble)
    same = EarlierSearch(past, same_objective=True)
    for history in (past, History(tuple(past)), same, [same, past]):
        assert not isinstance(Optimizer(PLANE, history=history)._surrogate, RankingEnsemble)


def test_the_same_objective_is_evidence_and_not_tried_again():
    grid = {"a": (1, 3), "b": (1, 2)}
    past = [Trial(i, {"a": a}, float(a)) for i, a in enumerate([1, 2, 3])]
    optimizer = Optimizer(
        grid, history=EarlierSearch(past, same_objective=True, defaults={"b": 2}), random_state=0
    )
    assert [p["b"] for p in optimizer.ask(9)] == [1, 1, 1]


def test_a_further_parameter_at_another_value_is_another_objective():
    space = as_space({"a": (1, 3)})
    past = [Trial(i, {"a": 2, "c": c}, 0.0) for i, c in enumerate([5, 6])]
    search = EarlierSearch(past, same_objective=True, defaults={"c": 5})
    assert [t.params for t in split_history(search, space)[0]] == [{"a": 2}, {"a": 2, "c": 6}]


def test_a_search_alike_helps_and_its_opposite_does_little_harm():
    # A bowl found within 1e-3 of its best takes a cold search about ten evaluations.
    past = trials(random_points(30), lambda p: bowl(p) * 50 + 3)
    alike = told(Optimizer(PLANE, history=EarlierSearch(past), random_state=0), bowl, 8)
    cold = told(Optimizer(PLANE, random_state=0), bowl, 8)
    assert max(map(bowl, alike)) > max(map(bowl, cold))
    negated = [Trial(t.number, t.params, -t.score) for t in past]
    optimizer = Optimizer(PLANE, history=[EarlierSearch(negated)], random_state=0)
    assert max(map(bowl, told(optimizer, bowl, 16))) > -1e-3


def test_the_seed_fixes_the_proposals():
    def run():
        past = EarlierSearch(trials(random_points(12)))
        return told(Optimizer(PLANE, history=past, random_state=4), bowl, 9)

    assert run() == run()


def test_minimize_takes_earlier_searches():
    past = EarlierSearch(trials(random_points(30)))
    assert minimize(lambda p: -bowl(p), PLANE, 9, history=past, random_state=0).fun < 0.01


@pytest.mark.parametrize("history", [3, "abc", [3], {"x": 1}])
def test_anything_else_is_refused(history):
    with pytest.raises(TypeError, match="history must be a History, trials, an EarlierSearch"):
        Optimizer(PLANE, history=history)
