"""What a notation means: the guesses of as_space, split_budget and space_of, and what they refuse."""

import math
from importlib import import_module

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats
from sklearn.svm import SVC

from skbayes.exceptions import SpaceTypeError, SpaceValueError
from skbayes.space import (
    Categorical,
    Distribution,
    Integer,
    Real,
    Space,
    as_space,
    space_of,
    split_budget,
)


def understood(value):
    return as_space({"p": value}).describe().removeprefix("p: ")


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ((1, 10), "integer from 1 to 10, uniform"),
        ((1, 10.0), "float from 1.0 to 10.0, uniform"),
        ((np.int64(1), np.int64(10)), "integer from 1 to 10, uniform"),
        ((1e-3, 1e3, "log-uniform"), "float from 0.001 to 1000.0, log-uniform"),
        ((1, 100, "log-uniform", 10), "integer from 1 to 100, log-uniform"),
        ((1, 10, "uniform"), "integer from 1 to 10, uniform"),
        ([1, 10], "one of 1, 10"),
        (np.array([1, 10]), "one of 1, 10"),
        (range(1, 3), "one of 1, 2"),
        (pd.Series([1, 10]), "one of 1, 10"),
        (pl.Series([1, 10]), "one of 1, 10"),
        ((1, 2, 3), "one of 1, 2, 3, ordered"),
        ((1, 5, "sqrt"), "one of 1, 5, 'sqrt'"),
        ((True, False), "one of True, False"),
        (("a", "b"), "one of 'a', 'b'"),
        ((None, 3), "one of None, 3"),
        ([(1, 2), (3, 4)], "one of (1, 2), (3, 4)"),
        (["only"], "always 'only'"),
        (list(range(50)), "one of 0, 1, 2, 3, 4, 5, ... (50 choices), ordered"),
        (stats.norm(0.0, 2.0), "float from norm(0.0, 2.0)"),
        (stats.poisson(mu=3), "discrete value from poisson(mu=3)"),
        (stats.loguniform(1e-3, 1.0), "float from 0.001 to 1.0, log-uniform"),
        (stats.uniform(loc=1.0, scale=2.0), "float from 1.0 to 3.0, uniform"),
        (stats.randint(1, 4), "integer from 1 to 3, uniform"),
        ([3, 0.5, 1], "one of 0.5, 1, 3, ordered"),
        ([1, 1.0, 2], "one of 1, 1.0, 2"),
        ([0, 1, True], "one of 0, 1, True"),
        (Categorical([1, 2, 3], ordered=False), "one of 1, 2, 3"),
        (Categorical(["b", "a"], ordered=True), "one of 'b', 'a', ordered"),
        (Categorical(["a", "b"], prior=[0.1, 0.9]), "one of 'a', 'b', with given probabilities"),
    ],
)
def test_meaning(value, meaning):
    assert understood(value) == meaning


class RandomVariatesAlone:
    def rvs(self, random_state=None):
        return 1.0


@pytest.mark.parametrize(
    ("value", "error", "match"),
    [
        (Real(math.nan, 1), SpaceValueError, "finite bounds; got low=nan"),
        (Real(0, math.inf), SpaceValueError, "finite bounds; got high=inf"),
        (Real(2, 1), SpaceValueError, "low < high; got low=2"),
        (Real(1, 1), SpaceValueError, "low < high"),
        (Real("1", 2), SpaceTypeError, "numbers as bounds; got low='1'"),
        (Real(False, True), SpaceTypeError, "numbers as bounds; got low=False"),
        (Real(0.0, 1, "log-uniform"), SpaceValueError, r"low > 0 .* got low=0\.0"),
        (Real(0, 1, "normal"), SpaceValueError, "unknown prior; got prior='normal'"),
        (Real(-1e308, 1e308), SpaceValueError, "cannot hold"),
        (Real(1, 10**400), SpaceValueError, "finite bounds"),
        (Integer(1, 2.5), SpaceValueError, "integers as bounds; got high=2.5"),
        (Integer(3, 3), SpaceValueError, "low < high"),
        (Integer(0, 5, "log-uniform"), SpaceValueError, "low >= 1"),
        (
            (0, 1, "log-uniform"),
            SpaceValueError,
            r"\(0\.001, 1\.0, 'log-uniform'\) if real numbers",
        ),
        (Integer(0, 2**60), SpaceValueError, "more values than float64"),
        (Integer(1, 2**50, "log-uniform"), SpaceValueError, r"above 2\*\*40"),
        ([], SpaceValueError, "no choices"),
        ((), SpaceValueError, "no choices"),
        ([1, 2, 1], SpaceValueError, "same choice twice; got 1 at positions 0 and 2"),
        ([math.nan, float("nan")], SpaceValueError, "same choice twice"),
        ([np.zeros(2), np.zeros(2)], SpaceValueError, "same choice twice"),
        (np.zeros((2, 2)), SpaceTypeError, "one-dimensional"),
        (Categorical("abc"), SpaceTypeError, "needs a list"),
        (Categorical([1, 2], [0.5, 0.6]), SpaceValueError, "summing to 1; got prior="),
        (Categorical([1, 2], [1.0]), SpaceValueError, "each of its 2 choices"),
        (Categorical(["a", "b"], ordered="up"), SpaceTypeError, "got ordered='up'"),
        (Categorical([1, 2], [-1.0, 2.0]), SpaceValueError, "at least 0"),
        (Categorical([1, 2], [math.nan, 1.0]), SpaceValueError, "at least 0"),
        ((5, 1), SpaceValueError, r"low < high.*these are choices: \[5, 1\]"),
        ((1, 10, "loguniform"), SpaceValueError, "unknown prior"),
        ((1, 10, "log"), SpaceValueError, "unknown prior"),
        ("rbf", SpaceTypeError, r"got 'rbf'. Write \[value\]"),
        (3, SpaceTypeError, "got 3"),
        (None, SpaceTypeError, "got None"),
        ({1, 2}, SpaceTypeError, "list of choices"),
        (Real, SpaceTypeError, "got <class"),
        (RandomVariatesAlone(), SpaceTypeError, "RandomizedSearchCV takes anything that has rvs"),
        (stats.multivariate_normal([0.0, 0.0]), SpaceTypeError, "ppf and cdf"),
        (stats.gamma, SpaceTypeError, "needs a frozen distribution"),
        (stats.norm(0, -1), SpaceValueError, "proper distribution"),
        (stats.geom(1e-9), SpaceValueError, "too many values"),
    ],
)
def test_refused_by_name(value, error, match):
    with pytest.raises(error, match=f"(?s)'the_name'.*{match}"):
        as_space({"the_name": value})


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        ({}, "at least one parameter"),
        ([{}], "at least one parameter"),
        ([Real(0, 1, name="a"), Real(0, 2, name="a")], "'a' has two meanings"),
        ([Real(0, 1)], "needs a name"),
    ],
)
def test_impossible_spaces(spec, match):
    with pytest.raises(SpaceValueError, match=match):
        as_space(spec)


@pytest.mark.parametrize("spec", [None, 3, "C", [], [{"a": [1]}, 3], [({"a": [1]}, 3)], {1: [2]}])
def test_what_is_no_space(spec):
    with pytest.raises(SpaceTypeError, match=r"needs? (a dict|strings)"):
        as_space(spec)


def test_a_list_of_named_dimensions_is_a_dict():
    space = as_space([Real(0, 1, name="a"), Categorical(["x"], name="b")])
    assert space.names == ("a", "b")


def test_the_key_of_a_dict_is_the_name():
    assert as_space({"svc__C": Real(0, 1, name="C")}).names == ("svc__C",)


def test_a_finished_space_passes_through():
    space = as_space({"a": [1, 2]})
    assert as_space(space) is space
    limited = as_space(space, lambda p: p["a"] == 1)
    assert list(limited.points()) == [{"a": 1}]
    assert space.constraint is None
    with pytest.raises(SpaceValueError, match="has a constraint already"):
        as_space(limited, lambda p: True)
    with pytest.raises(SpaceTypeError, match="constraint needs a callable"):
        as_space(space, "a < 2")


@pytest.mark.slow  # CI installs scikit-optimize for the slow tests; it is no dependency
def test_scikit_optimize_dimensions_are_understood():
    space = import_module("skopt.space")
    given = {
        "a": space.Real(1e-3, 1.0, "log-uniform"),
        "b": space.Integer(1, 9),
        "c": space.Categorical(["x", "y"]),
    }
    assert as_space(given).describe().splitlines() == [
        "a: float from 0.001 to 1.0, log-uniform",
        "b: integer from 1 to 9, uniform",
        "c: one of 'x', 'y'",
    ]


def test_budgets():
    a, b = {"a": [1, 2]}, {"b": [1, 2]}
    assert split_budget(a, 7) == [(a, 7)]
    assert split_budget([a, b], 7) == [([a, b], 7)]
    assert split_budget([(a, 3), b], 7) == [(a, 3), (b, 7)]
    assert split_budget([(a, np.int64(3))], 7) == [(a, 3)]
    dimensions = [Real(0, 1, name="a")]
    assert split_budget(dimensions, 7) == [(dimensions, 7)]


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3"])
def test_impossible_budgets(n):
    with pytest.raises(SpaceValueError, match="positive integer; got"):
        split_budget([({"a": [1]}, n)], 7)


def test_entries_that_are_no_space_with_a_budget():
    with pytest.raises(SpaceTypeError, match=r"entries \(dict, n\)"):
        split_budget([({"a": [1]}, 1, 2)], 7)


def test_space_of_candidates_contains_them():
    candidates = [{"C": 0.01, "k": "rbf"}, {"C": 100, "k": None}, {"n": 3}, {"n": 5}, {}]
    space = space_of(candidates)
    assert all(space.contains(candidate) for candidate in candidates)
    keys = {space.key(space.encode(candidate)) for candidate in candidates}
    assert len(keys) == len(candidates)
    assert "C: float from 0.01 to 100.0, log-uniform" in space.describe()
    assert "n: integer from 3 to 5, uniform" in space.describe()


def test_a_range_written_as_a_list_is_choices_and_a_warning():
    with pytest.warns(UserWarning, match=r"range.*tuple, \(1, 10, 'log-uniform'\)"):
        space = as_space({"C": [1, 10, "log-uniform"]})
    assert space.describe() == "C: one of 1, 10, 'log-uniform'"


def test_space_of_candidates_with_equal_objects_has_each_once():
    # A clone is the same choice, though another object.
    tried = [{"m": SVC(), "C": 1.0}, {"m": SVC(), "C": 9.0}, {"m": SVC(kernel="linear")}]
    space = space_of(tried)
    assert all(space.contains(params) for params in tried)
    assert "m: one of SVC(), SVC(kernel='linear')" in space.describe()


def test_space_of_odd_candidates():
    assert space_of([{}]).encode({}).shape == (1,)
    mixed = [{"a": 1}, {"a": "auto"}, {"a": True}, {"a": math.nan}, {"a": 10**400}]
    assert all(space_of(mixed).contains(candidate) for candidate in mixed)
    with pytest.raises(SpaceValueError, match="empty list"):
        space_of([])


def test_a_named_distribution_part():
    space = Space([{"a": Distribution(stats.norm())}])
    assert space.decode([0.5]) == {"a": 0.0}
