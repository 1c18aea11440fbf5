"""The design space: every notation, branches and conditions, the constraint, and clear errors."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_spaces import specs
from scipy.stats import norm
from sklearn.svm import SVC

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


def rng():
    return np.random.default_rng(0)


@given(specs(), st.integers(0, 5))
@settings(deadline=None)
def test_a_point_comes_back_from_its_candidate(spec, seed):
    space = as_space(spec)
    for u in space.sample(5, np.random.default_rng(seed)):
        params = space.decode(u)
        assert space.contains(params)
        # Two branches may hold the same candidate; then the first is as good as the second.
        back = space.encode(params)
        assert space.decode(back).keys() == params.keys()
        if not isinstance(spec, list):
            assert space.key(back) == space.key(u) or np.allclose(back, u, equal_nan=True)


@given(specs())
@settings(deadline=None)
def test_snapped_points_are_valid_and_stay(spec):
    space = as_space(spec)
    U = space.snap(rng().random((8, space.n_dims)))
    np.testing.assert_allclose(space.snap(U), U, atol=1e-12)
    assert U.shape == (8, space.n_dims)
    for u in U:
        assert space.contains(space.decode(u))


@given(specs())
@settings(deadline=None)
def test_neighbours_are_valid_and_different(spec):
    space = as_space(spec)
    for u in space.sample(3, rng()):
        for v in space.neighbours(u):
            assert space.key(v) != space.key(u)
            assert space.contains(space.decode(v))


def test_what_each_notation_means():
    space = as_space(
        {
            "range": (0.1, 2.0),
            "integers": (1, 5),
            "mixed": (1, 5.0),
            "log": (1e-3, 1.0, "log-uniform"),
            "log integers": (1, 100, "log-uniform"),
            "skopt base": (1e-3, 1.0, "log-uniform", 10),
            "list of two": [1, 5],
            "booleans": (True, False),
            "words": ("a", "b"),
            "three": (1, 2, 3),
            "array": np.arange(3),
            "norm": norm(0, 1),
            "layers": [(10,), (10, 10)],
        }
    )
    kinds = dict(zip(space.names, space.dimensions, strict=True))
    expected = {
        "range": Real, "integers": Integer, "mixed": Real, "log": Real, "log integers": Integer,
        "skopt base": Real, "list of two": Categorical, "booleans": Categorical,
        "words": Categorical, "three": Categorical, "array": Categorical, "norm": Distribution,
        "layers": Categorical,
    }  # fmt: skip
    assert {name: type(kind) for name, kind in kinds.items()} == expected
    assert kinds["log integers"].prior == kinds["skopt base"].prior == "log-uniform"
    assert space.n_categories == (0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 0, 2)


def test_branches_share_equal_dimensions_and_exist_alone():
    space = as_space(
        [
            {"kernel": ["rbf"], "C": (0.1, 10.0), "gamma": (0.1, 1.0)},
            {"kernel": ["poly"], "C": (0.1, 10.0), "degree": (1, 4)},
            {},
        ]
    )
    assert space.names.count("C") == 1
    assert space.names.count("kernel") == 2
    seen = {frozenset(space.decode(u)) for u in space.sample(60, rng())}
    assert seen == {
        frozenset({"kernel", "C", "gamma"}), frozenset({"kernel", "C", "degree"}), frozenset(),
    }  # fmt: skip
    assert space.contains({})
    assert not space.contains({"kernel": "rbf", "C": 1.0, "degree": 2})


def test_conditions_may_be_nested():
    space = as_space(
        {
            "use": [True, False],
            "kernel": Categorical(["rbf", "poly", "linear"], active_if={"use": True}),
            "degree": Integer(1, 3, active_if={"kernel": "poly"}),
            "coef0": Real(0, 1, active_if={"kernel": ["poly", "rbf"], "use": True}),
        }
    )
    for u in space.sample(100, rng()):
        params = space.decode(u)
        assert ("kernel" in params) == params["use"]
        assert ("degree" in params) == (params.get("kernel") == "poly")
        assert ("coef0" in params) == (params.get("kernel") in ("poly", "rbf"))
        np.testing.assert_array_equal(space.encode(params), space.snap(u)[0])
    text = space.describe()
    assert "degree: Integer from 1 to 3, uniform, if kernel is 'poly'" in text


def test_a_dimension_that_comes_into_being_starts_in_the_middle():
    space = as_space({"k": ["a", "b"], "x": Real(0, 4, active_if={"k": "b"})})
    assert [space.decode(v) for v in space.neighbours(space.encode({"k": "a"}))] == [
        {"k": "b", "x": 2.0}
    ]


def test_points_are_counted_and_listed():
    space = as_space(
        {
            "k": ["a", "b"],
            "d": Integer(1, 3, active_if={"k": "b"}),
            "e": Categorical(["x", "y"], active_if={"k": ["a", "b"]}),
        }
    )
    points = list(space.points())
    assert space.n_points == len(points) == 2 + 3 * 2
    assert len({space.key(space.encode(p)) for p in points}) == 8
    limited = as_space({"a": (1, 4), "b": (1, 4)}, constraint=lambda p: p["a"] < p["b"])
    assert [(p["a"], p["b"]) for p in limited.points()] == [
        (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4),
    ]  # fmt: skip
    assert as_space({"a": (0.0, 1.0)}).n_points == math.inf
    with pytest.raises(ValueError, match="infinitely many"):
        next(as_space({"a": (0.0, 1.0)}).points())


def test_the_constraint_holds_everywhere():
    space = as_space({"a": (0.0, 1.0), "b": (1, 9)}, constraint=lambda p: p["a"] * p["b"] < 1)
    U = space.sample(200, rng())
    assert U.shape == (200, 2)
    assert all(space.decode(u)["a"] * space.decode(u)["b"] < 1 for u in U)
    assert not space.contains({"a": 0.9, "b": 9})
    with pytest.raises(ValueError, match="forbidden by the constraint"):
        space.encode({"a": 0.9, "b": 9})
    assert all(space.is_allowed(v) for u in U[:20] for v in space.neighbours(u))
    with pytest.raises(ValueError, match="allowed none of"):
        as_space({"a": (0.0, 1.0)}, constraint=lambda p: False).sample(1, rng())
    with pytest.raises(TypeError, match="KeyError"):
        as_space({"a": (0.0, 1.0)}, constraint=lambda p: p["no"] > 0).sample(1, rng())


def test_restrict_finds_the_estimators_own_parameters():
    params = SVC(C=2.0, kernel="poly", degree=3).get_params()
    space = as_space({"C": (0.1, 10.0), "kernel": ["rbf", "poly"]})
    assert space.restrict(params) == [{"C": 2.0, "kernel": "poly"}]
    branches = as_space(
        [{"kernel": ["rbf"], "C": (0.1, 1.0)}, {"kernel": ["poly"], "degree": (1, 4)}]
    )
    assert branches.restrict(params) == [{"kernel": "poly", "degree": 3}]
    assert as_space({"gamma": (0.1, 1.0)}).restrict(params) == []  # gamma="scale" is no number


def test_space_of_candidates_holds_them_all():
    candidates = [{"C": 0.01, "k": "a"}, {"C": 100, "k": "b"}, {"n": 3}, {"n": 5}, {}]
    space = space_of(candidates)
    assert all(space.contains(c) for c in candidates)
    assert space_of([{"x": 1}]).n_points == 1
    assert space_of([{"x": float("inf")}, {"x": 2.0}]).n_points == 2


def test_budgets_are_split_as_in_scikit_optimize():
    a, b = {"x": [1, 2]}, {"y": [1, 2]}
    assert split_budget(a, 7) == [(a, 7)]
    assert split_budget([a, b], 7) == [([a, b], 7)]
    assert split_budget([(a, 3), b], 7) == [(a, 3), (b, 7)]
    with pytest.raises(ValueError, match="positive integer"):
        split_budget([(a, 0)], 7)


BAD = {
    "empty": ({}, "empty"),
    "empty list": ([], "empty list"),
    "all empty": ([{}, {}], "empty"),
    "no dict": (3, "dict of parameter names"),
    "list of lists": ([[1]], "holds dicts"),
    "number as name": ({3: [1]}, "names are strings"),
    "scalar": ({"C": 3}, "'C': 3 is no search space"),
    "string": ({"C": "rbf"}, "'C': 'rbf' is no search space"),
    "reversed": ({"C": (2.0, 1.0)}, "'C': Real needs low < high"),
    "equal": ({"C": (1, 1)}, "'C': Integer needs low < high"),
    "log of zero": ({"C": (0.0, 1.0, "log-uniform")}, "'C': Real needs low > 0"),
    "log of zero, integer": ({"C": (0, 5, "log-uniform")}, "'C': Integer needs low > 0"),
    "nan": ({"C": (math.nan, 1.0)}, "'C': Real needs finite bounds"),
    "inf": ({"C": (1.0, math.inf)}, "'C': Real needs finite bounds"),
    "prior": ({"C": (1.0, 2.0, "normal")}, "'C': Real needs prior="),
    "text bound": ({"C": Real("a", 2)}, "'C': Real needs a number as low"),
    "boolean bound": ({"C": Real(False, 2)}, "'C': Real needs a number as low"),
    "fraction": ({"C": Integer(1.5, 3)}, "'C': Integer needs an integer as low"),
    "huge": ({"C": Integer(0, 2**60)}, r"'C': Integer needs bounds within"),
    "no choice": ({"C": []}, "'C': Categorical has no choices"),
    "twice": ({"C": ["a", "b", "a"]}, "'C': Categorical has the choice 'a' twice"),
    "twice, arrays": ({"C": [np.ones(2), np.ones(2)]}, "'C': Categorical has the choice"),
    "string of choices": ({"C": Categorical("abc")}, "'C': Categorical needs a list"),
    "two-dimensional": ({"C": np.ones((2, 2))}, "'C': choices must be one-dimensional"),
    "probabilities": ({"C": Categorical([1, 2], prior=[0.5, 0.6])}, "'C': Categorical needs as prior"),
    "probabilities, length": ({"C": Categorical([1, 2], prior=[1.0])}, "'C': Categorical needs as prior"),
    "unknown parent": ({"C": Real(0, 1, active_if={"k": 1})}, "'C': active_if names"),
    "impossible parent": (
        {"k": ["a"], "C": Real(0, 1, active_if={"k": "b"})},
        "'C': active_if wants k='b'",
    ),
    "continuous parent": (
        {"k": (0.0, 1.0), "C": Real(0, 1, active_if={"k": 0.5})},
        "'C': active_if depends on 'k', which is continuous",
    ),
    "circle": (
        {"a": Integer(0, 1, active_if={"b": 1}), "b": Integer(0, 1, active_if={"a": 1})},
        "circle",
    ),
    "condition": ({"a": Integer(0, 1, active_if=3)}, "'a': active_if must be a dict"),
    "nameless": ([Real(0, 1)], "no name"),
    "same name": ([Real(0, 1, name="a"), Real(0, 2, name="a")], "named 'a'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(case):
    spec, message = BAD[case]
    with pytest.raises((ValueError, TypeError), match=message):
        as_space(spec)


def test_a_distribution_with_rvs_alone_is_for_random_search():
    class Draws:
        def rvs(self, random_state=None):
            return 1.0

    with pytest.raises(TypeError, match="RandomizedSearchCV takes one with rvs alone"):
        as_space({"C": Draws()})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"C": 0.5}, r"lacks \['k'\]"),
        ({"C": 0.5, "k": "a", "x": 1}, r"unknown parameters \['x'\]"),
        ({"C": 5.0, "k": "a"}, "C=5.0 is not in Real from 0.0 to 1.0"),
        ({"C": 0.5, "k": "c"}, "k='c' is not in one of 'a', 'b'"),
        ({"C": "0.5", "k": "a"}, "C='0.5' is not in"),
        ({"C": math.nan, "k": "a"}, "C=nan is not in"),
    ],
)
def test_points_outside_are_refused_with_the_reason(params, message):
    space = as_space({"C": (0.0, 1.0), "k": ["a", "b"]})
    assert not space.contains(params)
    with pytest.raises(ValueError, match=message):
        space.encode(params)


def test_huge_spaces():
    many = as_space({f"x{k}": (0.0, 1.0) for k in range(60)})
    assert many.sample(3, rng()).shape == (3, 60)
    thousand = as_space({"c": list(range(1000)), "n": (1, 10**6, "log-uniform")})
    assert thousand.n_points == 1000 * 10**6
    assert len(thousand.neighbours(thousand.encode({"c": 7, "n": 12}))) < 30
    assert isinstance(as_space(thousand), Space)
