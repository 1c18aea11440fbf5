"""Coordinates and derivatives: there and back, always inside the support, right to many digits; the short way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from skbayes.density._chart import chart_of
from skbayes.density._family import family_of
from skbayes.density._objective import DensityObjective
from skbayes.density._observations import observations_of
from skbayes.density._starts import shape_grid
from skbayes.priors import Gamma

# Family and fixed parameters: ends of the support on no side, one, both; moved by loc, by scale, by shapes.
CHARTS = [
    ("norm", {}),
    ("t", {"loc": 0.3}),
    ("gamma", {}),
    ("gamma", {"scale": 2.0}),
    ("weibull_max", {}),
    ("beta", {}),
    ("beta", {"loc": -5.0}),
    ("truncnorm", {}),
    ("pareto", {}),
    ("pareto", {"loc": -5.0}),
    ("triang", {}),
    ("genextreme", {}),
]
IDS = [f"{name}-{'-'.join(fixed)}" for name, fixed in CHARTS]


def chart_for(name, fixed, x, positive=()):
    family = family_of(name)
    observed = observations_of(np.asarray(x, dtype=float))
    return chart_of(family, fixed, observed, shape_grid(family, fixed), positive), observed


@pytest.mark.parametrize(("name", "fixed"), CHARTS, ids=IDS)
@settings(max_examples=30)  # for each of twelve families
@given(data=st.data())
def test_there_and_back_and_always_around_the_data(name, fixed, data):
    x = data.draw(st.lists(st.floats(-3, 3), min_size=2, max_size=10, unique=True))
    chart, _ = chart_for(name, fixed, x)
    z = np.array([data.draw(st.lists(st.floats(-3, 3), min_size=chart.size, max_size=chart.size))])
    if name == "truncnorm":
        z[:, :2] = np.sort(z[:, :2]) + [[0.0, 0.1]]  # a < b
    theta = chart.theta(z)
    back = chart.theta(chart.coordinates(theta))
    # Gaps lose digits where the scale is large against them.
    np.testing.assert_allclose(back, theta, rtol=1e-6, atol=1e-6 * chart.unit)
    lower, upper = chart.family.dist.support(*theta[0])
    if chart.edges:
        ends = set(chart.edges.values())
        assert "lower" not in ends or lower <= min(x) + 1e-12
        assert "upper" not in ends or upper >= max(x) - 1e-12


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20, unique=True), st.data())
def test_on_an_edge_the_extreme_values_are_still_possible(x, data):
    # Rounding may put the end of a support between two values: it is moved outwards.
    name = data.draw(st.sampled_from(["beta", "pareto", "triang", "uniform", "expon"]))
    chart, _ = chart_for(name, {}, x)
    z = np.zeros((1, chart.size))
    theta = chart.theta(z, frozenset(chart.edges))[0]
    shapes, loc, scale = theta[:-2], theta[-2], theta[-1]
    a, b = chart.family.dist.support(*shapes)
    y = (np.array(x) - loc) / scale
    assert a <= y.min()
    assert "scale" not in chart.edges or y.max() <= b


def test_a_positive_prior_makes_a_logarithm_of_loc():
    chart, _ = chart_for("norm", {}, [1.0, 2.0, 5.0], positive=["loc"])
    assert np.all(chart.theta(np.array([[-30.0, 0.0], [3.0, 0.0]]))[:, 0] > 0.0)


def objective_for(name, fixed, n=100, prior=None, weight=None, **truth):
    x = getattr(stats, name).rvs(**truth, size=n, random_state=0)
    chart, _ = chart_for(name, fixed, x)
    return DensityObjective(chart, observations_of(x, weight), prior or {}, {})


def test_derivatives_of_the_normal_are_those_by_hand():
    # z = ((loc − centre)/unit, log(scale/unit)): gradient −Σ s d/σ · unit/σ and Σ s (1 − d²/σ²), d = x − loc.
    weight = np.random.default_rng(1).uniform(0.5, 2.0, 100)
    objective = objective_for("norm", {}, weight=weight, loc=3.0, scale=2.0)
    x, unit, w = objective.observed.x, objective.chart.unit, np.array([0.4, -0.2])
    loc, scale = objective.theta(w)[0]
    d = (x - loc) / scale
    value, gradient = objective.value_and_gradient(w)
    assert value == pytest.approx(-weight @ stats.norm.logpdf(x, loc, scale), rel=1e-13)
    by_hand = np.array([-(weight @ d) * unit / scale, weight @ (1 - d**2)])
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-9)
    cross = 2 * (weight @ d) * unit / scale
    hessian = np.array([[weight.sum() * (unit / scale) ** 2, cross], [cross, 2 * (weight @ d**2)]])
    # Second differences: the root of what a double has.
    np.testing.assert_allclose(objective.hessian(w), hessian, rtol=1e-6)
    np.testing.assert_allclose(objective.curvature(w), hessian, rtol=1e-6)


def test_the_prior_is_differentiated_with_the_likelihood():
    prior = {"scale": Gamma(np.array([3.0]), np.array([2.0]))}
    plain = objective_for("norm", {}, loc=3.0, scale=2.0)
    both = objective_for("norm", {}, prior=prior, loc=3.0, scale=2.0)
    w = np.array([0.4, -0.2])
    scale = plain.theta(w)[0, 1]
    # In z = log scale: d/dz [(k − 1) log s − r s] = (k − 1) − r s; no Jacobian.
    change = both.value_and_gradient(w)[1] - plain.value_and_gradient(w)[1]
    np.testing.assert_allclose(change, [0.0, -(2.0 - 2.0 * scale)], atol=1e-7)


QUICK = ["norm", "gamma", "t", "genextreme", "genpareto", "beta", "nbinom", "skewnorm", "burr12"]


@pytest.mark.parametrize("name", QUICK)
def test_the_short_way_to_a_density_is_the_long_one(name):
    family = family_of(name)
    grid = shape_grid(family, {})
    grid = grid[~np.isnan(family.ends(grid)[0])][:5]
    x = np.arange(1.0, 9.0) if family.is_discrete else np.linspace(0.1, 0.9, 8)
    if name == "genextreme":
        grid = grid[np.abs(grid[:, 0]) <= 1.0]
    np.testing.assert_allclose(
        family.quick_log_density(x, grid), family.log_density(x, grid), rtol=1e-10
    )
    assert family._road == {"is_quick": True}


def test_a_density_that_cannot_be_short_goes_the_long_way():
    class Awkward(stats.rv_continuous):
        def _pdf(self, x, k):
            return (k * np.exp(-k * x)).reshape(x.shape) * np.ones(k.shape)[x > -1]

    family = family_of(Awkward(a=0.0, name="awkward"))
    theta = np.array([[2.0, 0.0, 1.0], [3.0, 0.0, 1.0]])
    found = family.quick_log_density(np.array([0.5, 1.0, 2.0]), theta)
    assert family._road == {"is_quick": False}
    np.testing.assert_allclose(found, family.log_density(np.array([0.5, 1.0, 2.0]), theta))
