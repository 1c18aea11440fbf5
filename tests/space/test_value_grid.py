"""Values of a parameter from end to end, and points of the prior that have given values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm, norm, poisson, rv_discrete

from skbayes.exceptions import SpaceValueError
from skbayes.space import Categorical, Integer, as_space, prior_points, value_grid

DIMENSIONS = {
    "real": (-2.0, 5.0),
    "log": (1e-4, 1e2, "log-uniform"),
    "integer": (3, 900),
    "log integer": Integer(1, 1000, prior="log-uniform"),
    "few": (1, 4),
    "normal": norm(3.0, 2.0),
    "lognormal": lognorm(2.0),
    "poisson": poisson(4.0),
    "table": rv_discrete(values=([1, 2.5, 8], [0.2, 0.3, 0.5])),
    "choices": ["a", None, (1, 2), True],
    "numbers": [10.0, 0.1, 1.0],
}


@pytest.mark.parametrize("name", DIMENSIONS)
@pytest.mark.parametrize("n", [2, 7, 50])
def test_all_values_are_of_the_space_each_once_and_in_order(name, n):
    space = as_space({name: DIMENSIONS[name]})
    grid = value_grid(space, name, n)
    assert all(space.contains({name: value}) for value in grid.values)
    assert len({repr(value) for value in grid.values}) == len(grid.values)
    if grid.scale == "choices":
        assert grid.is_complete
    else:
        assert len(grid.values) <= n or grid.is_complete
        assert list(grid.values) == sorted(grid.values)


def test_a_range_is_even_on_its_own_scale_with_both_ends():
    space = as_space({"x": (-2.0, 5.0), "C": (1e-4, 1e2, "log-uniform")})
    np.testing.assert_allclose(value_grid(space, "x", 8).values, np.linspace(-2.0, 5.0, 8))
    np.testing.assert_allclose(value_grid(space, "C", 7).values, 10.0 ** np.arange(-4.0, 3.0))
    assert (value_grid(space, "x").scale, value_grid(space, "C").scale) == ("linear", "log")


def test_a_distribution_goes_from_one_quantile_to_the_other():
    space = as_space({"x": norm(3.0, 2.0), "s": lognorm(2.0)})
    grid = value_grid(space, "x", 5)
    np.testing.assert_allclose(
        grid.values, 3.0 + 2.0 * norm.ppf(0.99) * np.linspace(-1, 1, 5), rtol=1e-6
    )
    # exp(±2 · 2.33): four decades, and so even in the logarithm.
    assert value_grid(space, "s").scale == "log"
    np.testing.assert_allclose(np.diff(np.log(value_grid(space, "s", 9).values), 2), 0.0, atol=1e-6)


def test_what_was_tried_beyond_the_quantiles_is_included():
    space = as_space({"x": norm(0.0, 1.0)})
    grid = value_grid(
        space, "x", 11, including=[-4.0, 0.1, 1e9, "odd"]
    )  # the last two are no values of it
    assert grid.values[0] == pytest.approx(-4.0)
    assert grid.values[-1] == pytest.approx(norm.ppf(0.99))


def test_few_whole_numbers_are_all_listed():
    space = as_space({"few": (1, 4), "p": poisson(4.0)})
    grid = value_grid(space, "few")
    assert (grid.values, grid.is_complete) == ((1, 2, 3, 4), True)
    assert all(isinstance(value, int) for value in value_grid(space, "p", 30).values)


def test_a_parameter_of_several_branches_has_the_values_of_all():
    space = as_space([{"m": ["a", "b"], "x": (0.0, 1.0)}, {"m": ["b", "c"], "x": (0.5, 3.0)}])
    assert value_grid(space, "m").values == ("a", "b", "c")
    values = value_grid(space, "x", 5).values
    assert (values[0], values[-1]) == (0.0, 3.0)
    assert list(values) == sorted(set(values))


def test_the_objects_are_the_users_own():
    choices = [np.array([1.0]), np.array([2.0]), object()]
    values = value_grid(as_space({"k": Categorical(choices)}), "k").values
    assert all(value is choice for value, choice in zip(values, choices, strict=True))


def test_an_unknown_parameter_is_named():
    with pytest.raises(SpaceValueError, match=r"no parameter 'z'. Choose one of \['x'\]"):
        value_grid(as_space({"x": (0.0, 1.0)}), "z")
    with pytest.raises(SpaceValueError, match="no parameter 'z'"):
        prior_points(as_space({"x": (0.0, 1.0)}), [[0.5]], {"z": 1.0})


CONDITIONAL = as_space(
    {
        "kernel": Categorical(["rbf", "poly"], prior=[0.75, 0.25]),
        "C": (0.1, 10.0, "log-uniform"),
        "degree": Integer(2, 5, active_if={"kernel": "poly"}),
    }
)


@given(st.integers(0, 2**32 - 1))
def test_given_values_are_had_and_the_other_entries_stay(seed):
    V = np.random.default_rng(seed).random((40, CONDITIONAL.n_dims))
    free, held = prior_points(CONDITIONAL, V), prior_points(CONDITIONAL, V, {"C": 1.0})
    j = CONDITIONAL.names.index("C")
    assert {CONDITIONAL.decode(u)["C"] for u in held} == {1.0}
    np.testing.assert_array_equal(np.delete(held, j, axis=1), np.delete(free, j, axis=1))


@given(st.integers(0, 2**32 - 1))
def test_only_points_where_the_parameter_is_active_are_left(seed):
    V = np.random.default_rng(seed).random((40, CONDITIONAL.n_dims))
    free, held = prior_points(CONDITIONAL, V), prior_points(CONDITIONAL, V, {"degree": 3})
    active = ~np.isnan(free[:, CONDITIONAL.names.index("degree")])
    assert len(held) == active.sum()
    assert all(CONDITIONAL.decode(u)["degree"] == 3 for u in held)


def test_values_that_no_point_has_leave_none():
    V = np.random.default_rng(0).random((50, CONDITIONAL.n_dims))
    assert len(prior_points(CONDITIONAL, V, {"kernel": "rbf", "degree": 3})) == 0
    assert len(prior_points(CONDITIONAL, V, {"C": 99.0})) == 0
