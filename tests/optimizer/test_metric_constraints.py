"""Bounds that metrics must keep to: how they are read, what is learnt of them, and the search under them."""

import numpy as np
import pytest
from scipy.stats import norm

from skbayes.optimizer import (
    MetricConstraint,
    Optimizer,
    as_metric_constraints,
    violations,
)
from skbayes.optimizer._metric_constraints import ConstraintModels, Kept, keeps_to
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._seek import KeepingAlone
from skbayes.optimizer._trial import Trial
from skbayes.space import as_space

LINE = {"x": (0.0, 1.0)}


@pytest.mark.parametrize(
    ("written", "is_upper", "bound"),
    [
        ("<= 0.1", True, 0.1),
        (">=0.8", False, 0.8),
        ("  <=  -1.5e-3 ", True, -1.5e-3),
        (">= .5", False, 0.5),
        (">= +2.", False, 2.0),
    ],
)
def test_a_bound_is_read(written, is_upper, bound):
    assert as_metric_constraints({"m": written}) == (MetricConstraint("m", is_upper, bound, False),)


@pytest.mark.parametrize(
    "written",
    ["< 0.1", "0.1", "<= ", "<= 0.1s", "<= nan", "<= inf", "== 1", "0.1 <= m", "<= 1e999"],
)
def test_what_is_no_bound_is_refused(written):
    with pytest.raises(ValueError, match='Write "<=" or ">=" and a number'):
        as_metric_constraints({"m": written})


@pytest.mark.parametrize("given", [["m <= 1"], "m <= 1", {"m": 0.1}, {1: "<= 0.1"}])
def test_what_is_no_dict_of_strings_is_refused(given):
    with pytest.raises(TypeError, match="metric_constraints"):
        as_metric_constraints(given)


def test_a_time_needs_a_positive_bound():
    with pytest.raises(ValueError, match="always positive"):
        as_metric_constraints({"fit_time": "<= 0"})


def test_the_slack_of_a_time_is_a_difference_of_logarithms():
    [upper] = as_metric_constraints({"fit_time": "<= 0.1"})
    np.testing.assert_allclose(upper.slack(np.array([0.1, 0.01, 1.0])), np.log([1.0, 10.0, 0.1]))
    [lower] = as_metric_constraints({"recall": ">= 0.8"})
    np.testing.assert_allclose(lower.slack(np.array([0.9, 0.7])), [0.1, -0.1])


def test_who_keeps_to_all_bounds_and_by_how_much_the_others_miss_them():
    bounds = as_metric_constraints({"a": "<= 1", "b": ">= 0"})
    metrics = [{"a": 1.0, "b": 0.0}, {"a": 3.0, "b": 1.0}, {"a": 0.0, "b": -1.0}, {"a": 0.0}, None]
    assert keeps_to(bounds, metrics).tolist() == [True, False, False, False, False]
    unit_a, unit_b = np.std([1.0, 3.0, 0.0, 0.0]), np.std([0.0, 1.0, -1.0])
    wanted = [0.0, 2.0 / unit_a, 1.0 / unit_b, np.inf, np.inf]
    np.testing.assert_allclose(violations(bounds, metrics), wanted)


def test_the_weight_is_the_probability_of_keeping_to_the_bound():
    space = as_space(LINE)
    x = np.linspace(0.0, 1.0, 11)
    trials = [Trial(k, {"x": v}, 0.0, metrics={"m": 2.0 * v}) for k, v in enumerate(x)]
    models = ConstraintModels(space, as_metric_constraints({"m": "<= 1"}), seed=0)
    kept = models.kept(encode_trials(trials, space))
    assert kept.rows.tolist() == (2.0 * x <= 1.0).tolist()
    U = np.array([[0.2], [0.45], [0.8]])
    [weight] = kept.weights
    mean, std = weight.model.mean_and_std(U)
    np.testing.assert_allclose(mean, 1.0 - 2.0 * U[:, 0], atol=0.1)
    np.testing.assert_allclose(weight.value(U), norm.logcdf(mean / std))
    assert kept.is_likely(U).tolist() == [True, True, False]
    assert np.exp(weight.value(U[2:])) < 0.25
    assert Kept(kept.rows, ()).is_likely(U).all()


def test_without_two_different_values_there_is_no_weight():
    space = as_space(LINE)
    models = ConstraintModels(space, as_metric_constraints({"m": "<= 1"}), seed=0)
    same = [Trial(k, {"x": v}, 0.0, metrics={"m": 0.5}) for k, v in enumerate([0.1, 0.9])]
    assert models.kept(encode_trials(same, space)).weights == ()
    assert ConstraintModels(space, (), seed=0).kept(encode_trials(same, space)) is None


def constrained(n, bound, n_points=1, seed=0):
    """Scores rise with x, and so does the metric: the best that keeps to the bound is at it."""
    optimizer = Optimizer(LINE, metric_constraints={"m": bound}, random_state=seed)
    while len(optimizer.history) < n:
        for params in optimizer.ask(n_points):
            x = params["x"]
            optimizer.tell(params, np.sin(2.0 * x), metrics={"m": x**2})
    return optimizer


@pytest.mark.parametrize("n_points", [1, 3])
def test_the_search_goes_to_the_bound_and_hardly_beyond(n_points):
    trials = constrained(21, "<= 0.25", n_points).history.trials
    late = [trial.params["x"] for trial in trials][9:]
    kept = [x for x in late if x <= 0.5]
    assert len(kept) >= len(late) / 4  # half of those at the bound miss it
    assert min(abs(np.diff(np.sort(late)))) > 1e-6
    assert max(kept) == pytest.approx(0.5, abs=0.01)
    assert np.median(late) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("n_points", [1, 3])
def test_while_none_keeps_to_the_bound_it_looks_for_one_that_does(n_points):
    optimizer = Optimizer({"x": (0.0, 1.0), "y": (0.0, 1.0)}, n_initial_points=4,
                          metric_constraints={"m": "<= 0.03"}, random_state=0)  # fmt: skip
    distances = []
    while len(optimizer.history) < 16:
        for params in optimizer.ask(n_points):
            distance = np.hypot(params["x"] - 0.93, params["y"] - 0.9)
            distances.append(distance)
            # The scores lead away from there.
            optimizer.tell(params, -params["x"], metrics={"m": distance})
    assert min(distances[:4]) > 0.1
    assert min(distances) <= 0.03


def test_the_same_seed_gives_the_same_search():
    first, second = (constrained(12, "<= 0.25", n_points=2) for _ in range(2))
    assert [t.params for t in first.history] == [t.params for t in second.history]


def test_without_constraints_metrics_change_nothing():
    plain, told = Optimizer(LINE, random_state=0), Optimizer(LINE, random_state=0)
    for _ in range(10):
        params = plain.ask()
        assert told.ask() == params
        plain.tell(params, params["x"])
        told.tell(params, params["x"], metrics={"m": 1.0})


def test_while_none_keeps_to_the_bounds_only_the_weight_counts_and_in_a_batch_the_spread():
    weight = np.array([-1.0, -2.0])
    alone, spread = KeepingAlone(spreads=False), KeepingAlone(spreads=True)
    std = np.array([0.5, 2.0])
    assert alone.weigh(alone.value(0.0, std, 9.0), 9.0, weight)[0].tolist() == [-1.0, -2.0]
    value, d_mean, d_std = spread.value_and_partials(np.zeros(2), std, 9.0)
    np.testing.assert_allclose(spread.weigh(value, 9.0, weight)[0], np.log(std) + weight)
    assert d_mean.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(d_std, 1.0 / std)
