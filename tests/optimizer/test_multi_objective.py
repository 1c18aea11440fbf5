"""Several objectives at once: the surface, the models, and ask and tell."""

import numpy as np
import pytest

from skbayes.acquisition import LogExpectedHypervolumeImprovement, NonDominatedRegion
from skbayes.optimizer import (
    History,
    MultiObjectiveOptimizer,
    Trial,
    hypervolume,
    non_dominated,
)
from skbayes.optimizer._front_batch import FrontTask
from skbayes.optimizer._front_batch import _surface as front_surface
from skbayes.optimizer._objective_models import FrontSurface, ObjectiveModels
from skbayes.optimizer._objectives import Objective, as_objectives, inner_scores
from skbayes.optimizer._weights import Scaled
from skbayes.space import PriorWeight, as_space
from skbayes.surrogates import GaussianProcess, RandomForest

SQUARE = {"x": (0.0, 1.0), "y": (0.0, 1.0)}


def two(params):
    """Best at (0.2, 0.5) and at (0.8, 0.5): the front is the line between them."""
    x, y = params["x"], params["y"]
    return {"left": -((x - 0.2) ** 2) - (y - 0.5) ** 2, "cost": (x - 0.8) ** 2 + (y - 0.5) ** 2}


def search(n, objectives=("left", "-cost"), function=two, space=SQUARE, **options):
    optimizer = MultiObjectiveOptimizer(space, list(objectives), random_state=0, **options)
    for _ in range(n):
        params = optimizer.ask()
        optimizer.tell(params, function(params))
    return optimizer


def test_it_finds_the_front_and_more_of_it_than_the_initial_design():
    optimizer = search(30, reference={"left": -0.5, "cost": 0.5})
    f = np.linspace(0.0, 0.6, 2001)
    best = hypervolume(np.stack([-(f**2), -((0.6 - f) ** 2)], axis=1), [-0.5, -0.5])
    assert optimizer.hypervolume() > 0.95 * best
    assert all(abs(trial.params["y"] - 0.5) < 0.15 for trial in optimizer.pareto_front())


def test_the_same_seed_gives_the_same_search():
    first, second = search(14), search(14)
    assert [t.params for t in first.history] == [t.params for t in second.history]


def test_a_minimised_objective_is_the_negative_one_maximised():
    def negated(params):
        return {"left": two(params)["left"], "cost": -two(params)["cost"]}

    plain = search(14)
    other = search(14, objectives=("left", "cost"), function=negated)
    assert [t.params for t in plain.history] == [t.params for t in other.history]


def test_the_unit_of_an_objective_does_not_matter():
    def scaled(params):
        return {"left": 1024.0 * two(params)["left"], "cost": two(params)["cost"]}

    plain, other = search(14), search(14, function=scaled)
    assert [t.params for t in plain.history] == [t.params for t in other.history]


def test_scores_may_be_told_in_order_and_metrics_beside_them():
    optimizer = MultiObjectiveOptimizer(SQUARE, ["a", "-b"], random_state=0)
    optimizer.tell({"x": 0.5, "y": 0.5}, [1.0, 2.0], metrics={"c": 3.0}, fit_time=0.5)
    [trial] = optimizer.history
    assert trial.metrics == {"a": 1.0, "b": 2.0, "c": 3.0, "fit_time": 0.5}
    assert trial.score == 1.0
    assert trial.is_complete


def test_a_trial_without_one_of_the_scores_has_failed():
    optimizer = MultiObjectiveOptimizer(SQUARE, ["a", "-b"], random_state=0)
    optimizer.tell({"x": 0.5, "y": 0.5}, [1.0, np.nan])
    optimizer.tell({"x": 0.6, "y": 0.5})
    assert [trial.is_failed for trial in optimizer.history] == [True, True]
    assert optimizer.pareto_front() == []
    assert optimizer.hypervolume() == 0.0
    assert optimizer.ask() is not None


@pytest.mark.parametrize("failures", ["auto", "worst", "weigh"])
def test_it_keeps_away_from_where_evaluations_fail(failures):
    def failing(params):
        return two(params) if params["x"] < 0.6 else {"left": np.nan, "cost": np.nan}

    optimizer = search(30, function=failing, failures=failures)
    late = list(optimizer.history)[15:]
    # Two fifths of the square fail, and more of the places where the left objective is good.
    assert np.mean([trial.is_failed for trial in late]) <= 0.4


def test_points_of_a_batch_differ_and_pending_ones_are_not_asked_again():
    optimizer = search(10)
    batch = optimizer.ask(4) + optimizer.ask(3) + [optimizer.ask()]
    points = np.array([[p["x"], p["y"]] for p in batch])
    distances = np.linalg.norm(points[:, None] - points, axis=2)[np.triu_indices(8, 1)]
    assert distances.min() > 1e-3


def test_of_many_points_several_are_chosen_by_one_surface_as_if_by_one_each():
    space = as_space({"x": (0.0, 1.0), "y": (0.0, 1.0)})
    rng = np.random.default_rng(0)
    U, at = rng.random((12, 2)), rng.random((40, 2))
    scores = np.stack([np.sin(5 * U[:, 0]) + U[:, 1], np.cos(4 * U[:, 1]) * U[:, 0]], axis=1)
    models = ObjectiveModels(
        tuple(GaussianProcess(output_transform="standardize").fit(U, s) for s in scores.T)
    )
    means, weights = models.posterior(U).mean, (Scaled(PriorWeight(space), 1.0),)
    surface = FrontSurface(
        models, LogExpectedHypervolumeImprovement(), means, np.array([-2.0, -2.0]), weights
    )
    together = surface.choose_together(at, 4)
    for chosen in together:
        values = surface.value(at)
        np.testing.assert_array_equal(chosen, at[values.argmax()])
        expected = surface.models.posterior(chosen[None]).mean
        surface = FrontSurface(
            surface.models.condition(chosen[None], expected),
            surface.acquisition,
            np.vstack([surface.front, expected]),
            surface.reference,
            weights,
        )


@pytest.mark.parametrize("surrogate", ["auto", "forest"])
def test_a_large_batch_has_distinct_points(surrogate):
    optimizer = search(12, surrogate=surrogate)
    batch = optimizer.ask(24)
    assert len({(p["x"], p["y"]) for p in batch}) == 24


def test_a_finite_space_is_exhausted_without_repetition():
    space = {"x": [0.1, 0.5, 0.9], "y": (1, 4)}
    optimizer = MultiObjectiveOptimizer(space, ["left", "-cost"], random_state=0)
    seen = set()
    while points := optimizer.ask(2):
        for params in points:
            seen.add(tuple(params.values()))
            optimizer.tell(params, two(params))
    assert len(seen) == len(optimizer.history) == 12


def test_branches_and_categories_are_searched():
    space = [{"kind": ["a"], "x": (0.0, 1.0)}, {"kind": ["b"], "n": (1, 9)}]

    def function(params):
        size = params.get("x", params.get("n", 0) / 10)
        return {"left": size, "cost": size**2 + (params["kind"] == "a")}

    optimizer = search(25, function=function, space=space)
    assert {trial.params["kind"] for trial in optimizer.pareto_front()} >= {"b"}


@pytest.mark.parametrize("surrogate", ["forest", "gp", GaussianProcess(kernel="rbf")])
def test_any_surrogate_can_model_the_objectives(surrogate):
    assert len(search(12, surrogate=surrogate).pareto_front()) > 0


def test_with_one_objective_it_is_the_optimizer_of_one():
    def left(params):
        return {"left": two(params)["left"]}

    best = max(search(25, objectives=["left"], function=left).history, key=lambda t: t.score)
    assert best.params["x"] == pytest.approx(0.2, abs=0.05)
    assert best.params["y"] == pytest.approx(0.5, abs=0.05)


def test_three_objectives():
    def three(params):
        return {**two(params), "low": -params["y"]}

    optimizer = search(25, objectives=["left", "-cost", "low"], function=three)
    assert len(optimizer.pareto_front()) > 5


def test_a_reference_keeps_the_search_where_it_matters():
    # Above the reference in `left` lie only points within 0.1 of (0.2, 0.5).
    optimizer = search(30, reference={"left": -0.01})
    late = [trial.metrics["left"] for trial in optimizer.history][15:]
    assert np.median(late) > -0.02


def test_constraints_bound_objectives_and_other_metrics():
    optimizer = MultiObjectiveOptimizer(
        SQUARE, ["left", "-cost"], metric_constraints={"size": "<= 0.4"}, random_state=0
    )
    for _ in range(30):
        params = optimizer.ask()
        optimizer.tell(params, two(params), metrics={"size": params["x"]})
    late = [trial.params["x"] for trial in optimizer.history][15:]
    assert np.mean(np.array(late) <= 0.4) > 0.6
    front = optimizer.pareto_front()
    assert len(front) > 3
    assert all(trial.params["x"] <= 0.4 for trial in front)


def test_times_are_modelled_by_their_logarithm():
    def timed(params):
        return {"left": two(params)["left"], "fit_time": 10.0 ** (6 * params["x"] - 4)}

    optimizer = search(20, objectives=["left", "-fit_time"], function=timed)
    posterior = optimizer.objective_posteriors([{"x": 0.1, "y": 0.5}, {"x": 0.4, "y": 0.5}])
    assert (posterior["fit_time"].mean > 0.0).all()
    np.testing.assert_allclose(
        np.log10(posterior["fit_time"].mean), [6 * 0.1 - 4, 6 * 0.4 - 4], atol=0.2
    )


def test_posteriors_have_the_sign_and_unit_of_the_objective():
    optimizer = search(25)
    points = [{"x": 0.5, "y": 0.5}, {"x": 0.3, "y": 0.6}]
    posteriors = optimizer.objective_posteriors(points)
    for name in ("left", "cost"):
        wanted = [two(p)[name] for p in points]
        np.testing.assert_allclose(posteriors[name].mean, wanted, atol=0.03)
    np.testing.assert_allclose(
        optimizer.score_posterior(points).mean, posteriors["left"].mean, rtol=1e-12
    )


def test_moments_of_a_modelled_logarithm_are_those_of_the_log_normal_distribution():
    objective = Objective("fit_time", is_minimised=True, is_log=True)
    z = np.random.default_rng(0).normal(-0.3, 0.5, 400_000)
    mean, std = objective.outer(np.array([0.3]), np.array([0.5]))
    assert mean == pytest.approx([np.exp(z).mean()], rel=5e-3)
    assert std == pytest.approx([np.exp(z).std()], rel=2e-2)


def test_earlier_trials_of_the_same_objectives_are_learnt_from_and_not_proposed_again():
    earlier = search(15)
    optimizer = MultiObjectiveOptimizer(
        SQUARE, ["left", "-cost"], history=earlier.history, random_state=1
    )
    params = optimizer.ask()
    assert params not in [trial.params for trial in earlier.history]
    # The initial design is over: it goes straight to the front.
    assert abs(params["y"] - 0.5) < 0.3
    assert len(optimizer.history) == 0


def test_the_surface_has_the_gradient_of_its_value():
    space = as_space({"x": (0.0, 1.0), "y": (0.0, 1.0)})
    rng = np.random.default_rng(0)
    U = rng.random((12, 2))
    scores = np.stack([np.sin(5 * U[:, 0]) + U[:, 1], np.cos(4 * U[:, 1]) * U[:, 0]], axis=1)
    models = ObjectiveModels(
        tuple(GaussianProcess(output_transform="standardize").fit(U, s) for s in scores.T)
    )
    means, weights = models.posterior(U).mean, (Scaled(PriorWeight(space), 1.0),)
    acquisition = LogExpectedHypervolumeImprovement()
    surface = FrontSurface(models, acquisition, means, np.array([-1.0, -1.0]), weights)
    at = rng.random((20, 2))
    value, gradient = surface.value_and_gradient(at)
    np.testing.assert_allclose(value, surface.value(at), rtol=1e-10)
    for j in range(2):
        step = 1e-6 * np.eye(2)[j]
        slope = (surface.value(at + step) - surface.value(at - step)) / 2e-6
        np.testing.assert_allclose(gradient[:, j], slope, rtol=1e-3, atol=1e-4)


def test_the_front_to_extend_is_that_of_the_posterior_means():
    rng = np.random.default_rng(0)
    U = rng.random((30, 1))
    exact = np.hstack([U, 1.0 - U])
    scores = exact + 0.3 * rng.standard_normal(exact.shape)
    models = ObjectiveModels(
        tuple(GaussianProcess(output_transform=None).fit(U, s) for s in (scores - 0.5).T)
    )
    task = FrontTask(
        U=U,
        kept=np.ones(30, dtype=bool),
        space=as_space({"x": (0.0, 1.0)}),
        acquisition=LogExpectedHypervolumeImprovement(),
        reference=np.array([np.nan, -2.0]),
        weights=(),
        keeping=None,
    )
    surface, front = front_surface(models, task, U, task.kept)
    means = models.posterior(U).mean
    bottom = means[:, 0].min() - 0.1 * np.ptp(means[:, 0])
    expected = NonDominatedRegion.of(means, [bottom, -2.0])
    np.testing.assert_allclose(surface.region.lower, expected.lower)
    np.testing.assert_array_equal(front, U[non_dominated(means)])
    # The luckiest of the noisy scores would make a front far above it.
    of_means, of_scores, of_exact = (
        hypervolume(Y, [-1.0, -1.0]) for Y in (means, scores - 0.5, exact - 0.5)
    )
    assert abs(of_means - of_exact) < 0.75 * (of_scores - of_exact)


def test_a_forest_has_no_gradient_and_neither_has_its_surface():
    models = ObjectiveModels((GaussianProcess(), RandomForest()))
    assert not models.has_gradient


def test_objectives_are_read_with_their_signs_and_scales():
    first, second = as_objectives(["roc_auc", "-fit_time"])
    assert first == Objective("roc_auc", is_minimised=False, is_log=False)
    assert second == Objective("fit_time", is_minimised=True, is_log=True)
    inner = inner_scores([{"roc_auc": 0.9, "fit_time": np.e}, None], (first, second))
    np.testing.assert_allclose(inner, [[0.9, -1.0], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("objectives", "error", "message"),
    [
        ("accuracy", TypeError, "must be a list of names"),
        ([1, 2], TypeError, "must be a list of names"),
        ([], ValueError, "1 to 3 objectives"),
        (["a", "b", "c", "d"], ValueError, "metric_constraints="),
        (["a", "-a"], ValueError, "name of its own"),
        (["a", "-"], ValueError, "name of its own"),
    ],
)
def test_objectives_that_cannot_be_are_refused(objectives, error, message):
    with pytest.raises(error, match=message):
        MultiObjectiveOptimizer(SQUARE, objectives)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": [1.0]}, "one number for each objective"),
        ({"reference": {"z": 1.0}}, r"reference names \['z'\]"),
        ({"acquisition": "ei"}, "acquisition='ei' is not known"),
        ({"history": History((Trial(0, {"x": 0.1, "y": 0.2}, 1.0),))}, "without the objectives"),
        ({"metric_constraints": {"b": "small"}}, "cannot be read"),
    ],
)
def test_options_that_do_not_go_with_objectives_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MultiObjectiveOptimizer(SQUARE, ["a", "-b"], **options)


def test_scores_that_do_not_fit_the_objectives_are_refused():
    optimizer = MultiObjectiveOptimizer(SQUARE, ["a", "-b"], random_state=0)
    point = {"x": 0.5, "y": 0.5}
    with pytest.raises(ValueError, match=r"lacks the objectives \['b'\]"):
        optimizer.tell(point, {"a": 1.0})
    with pytest.raises(ValueError, match="one number for each objective"):
        optimizer.tell(point, [1.0])
    with pytest.raises(TypeError, match="in the order of"):
        optimizer.tell(point, 1.0)
    with pytest.raises(ValueError, match="There is no posterior"):
        optimizer.objective_posteriors([point])
    with pytest.raises(ValueError, match="regret_bound is of one score"):
        optimizer.regret_bound()
    assert len(optimizer.history) == 0
