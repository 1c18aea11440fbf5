"""Whole spaces: points, branches, conditions, constraints."""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.svm import SVC

from skbayes.exceptions import SpaceTypeError, SpaceValueError
from skbayes.space import Categorical, Integer, Real, as_space

NAMES = "abcdef"


@st.composite
def dimensions(draw, active_if=None):
    kind = draw(st.sampled_from(["real", "integer", "log-integer", "category", "poisson"]))
    if kind == "real":
        prior = draw(st.sampled_from(["uniform", "log-uniform"]))
        return Real(0.5, draw(st.floats(1, 100)), prior, active_if=active_if)
    if kind == "integer":
        return Integer(0, draw(st.integers(1, 5)), active_if=active_if)
    if kind == "log-integer":
        return Integer(1, draw(st.integers(2, 10**6)), "log-uniform", active_if=active_if)
    if kind == "poisson" and active_if is None:
        return stats.poisson(3.0)
    return Categorical(["x", None, (1, 2), 4][: draw(st.integers(1, 4))], active_if=active_if)


def values_of(dimension):
    if isinstance(dimension, Categorical):
        return list(dimension.categories)
    if isinstance(dimension, Integer) and dimension.high <= 5:
        return list(range(dimension.low, dimension.high + 1))
    return []


@st.composite
def branches(draw):
    spec = {}
    for name in NAMES[: draw(st.integers(1, 5))]:
        parents = [p for p, d in spec.items() if values_of(d)]
        active_if = None
        if parents and draw(st.booleans()):
            chosen = draw(st.lists(st.sampled_from(parents), min_size=1, max_size=2, unique=True))
            active_if = {
                p: draw(st.lists(st.sampled_from(values_of(spec[p])), min_size=1)) for p in chosen
            }
        spec[name] = draw(dimensions(active_if))
    return spec


@st.composite
def spaces(draw):
    spec = draw(st.one_of(branches(), st.lists(branches(), min_size=1, max_size=3)))
    return as_space(spec)


def cube(space, seed, n=30):
    return np.random.default_rng(seed).random((n, space.n_dims))


seeds = st.integers(0, 2**32 - 1)


@given(spaces(), seeds)
def test_decoded_points_are_encoded_and_decoded_to_themselves(space, seed):
    for u in space.sample(10, np.random.default_rng(seed)):
        params = space.decode(u)
        again = space.encode(params)
        assert space.decode(again) == params
        assert space.key(again) == space.key(u)
        assert space.contains(params)


@given(spaces(), seeds)
def test_snapping_twice_is_snapping_once(space, seed):
    U = space.snap(cube(space, seed))
    np.testing.assert_array_equal(space.snap(U), U)
    assert ((U >= 0) & (U <= 1) | np.isnan(U)).all()


@given(spaces(), seeds)
def test_snapping_does_not_change_what_a_point_decodes_to(space, seed):
    U = cube(space, seed)
    for u, s in zip(U, space.snap(U), strict=True):
        assert space.decode(u) == space.decode(s)
        active = {name for name, x in zip(space.names, s, strict=True) if x == x} - {None}
        assert active == space.decode(s).keys()


@given(spaces(), seeds)
def test_keys_are_equal_exactly_if_the_decoded_values_are(space, seed):
    U = cube(space, seed, 12)
    for u, v in itertools.combinations(U, 2):
        assert (space.key(u) == space.key(v)) == (space.decode(u) == space.decode(v))


@given(spaces(), seeds)
def test_neighbours_are_valid_and_never_the_point_itself(space, seed):
    for u in space.sample(3, np.random.default_rng(seed)):
        U = space.neighbours(u)
        assert U.shape[1:] == (space.n_dims,)
        np.testing.assert_array_equal(space.snap(U), U)
        assert space.key(u) not in {space.key(v) for v in U}
        assert all(space.contains(space.decode(v)) for v in U)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(spaces().filter(lambda space: space.n_points <= 300))
def test_all_points_are_listed_once(space):
    points = list(space.points())
    keys = {space.key(space.encode(params)) for params in points}
    assert len(keys) == len(points) <= space.n_points
    if space.names[0] is not None:  # without branches there is no overlap to overcount
        assert len(points) == space.n_points
    U = space.sample(100, np.random.default_rng(0))
    assert {space.key(u) for u in U} <= keys


def test_neighbours_reach_every_value():
    space = as_space({"n": (1, 300), "k": ["a", "b", "c"], "x": (0.0, 1.0)})
    u = space.encode({"n": 150, "k": "a", "x": 0.3})
    moves = [space.decode(v) for v in space.neighbours(u)]
    assert {p["k"] for p in moves} == {"a", "b", "c"}
    assert {149, 151} < {p["n"] for p in moves}
    assert max(p["n"] for p in moves) > 180
    assert {p["x"] for p in moves} == {0.3}
    assert all((p["n"] != 150) + (p["k"] != "a") == 1 for p in moves)


# -- conditions


def kernels():
    return as_space(
        {
            "degree": Integer(2, 4, active_if={"kernel": "poly"}),
            "kernel": Categorical(["linear", "poly", "rbf"], active_if={"model": "svc"}),
            "model": ["svc", "ridge"],
            "gamma": Real(0.1, 1.0, active_if={"kernel": ["poly", "rbf"]}),
        }
    )


def test_conditions_follow_their_parents_whatever_the_order():
    space = kernels()
    decoded = [space.decode(u) for u in cube(space, 0, 200)]
    names = {("model", p["model"], p.get("kernel"), tuple(p)) for p in decoded}
    assert names == {
        ("model", "ridge", None, ("model",)),
        ("model", "svc", "linear", ("kernel", "model")),
        ("model", "svc", "rbf", ("kernel", "model", "gamma")),
        ("model", "svc", "poly", ("degree", "kernel", "model", "gamma")),
    }


def test_counting_under_conditions():
    space = as_space(
        {
            "a": Integer(1, 10),
            "b": Categorical(["x", "y"], active_if={"a": [1, 2, 3]}),
            "c": Integer(0, 4, active_if={"a": [3, 4], "b": "x"}),
        }
    )
    # a > 3: 7; a in {1, 2}: 2 * 2; a = 3: b = y 1, b = x 5
    assert space.n_points == 7 + 4 + 6
    assert sum(1 for _ in space.points()) == 17


def test_huge_counts_stay_integers():
    space = as_space({f"p{i}": list(range(1000)) for i in range(200)})
    assert space.n_points == 1000**200
    assert as_space({"a": [1], "b": (0.0, 1.0)}).n_points == math.inf


def test_a_list_may_be_a_category_of_the_parent():
    space = as_space({"layers": [[1, 2], [3]], "rate": Real(0, 1, active_if={"layers": [1, 2]})})
    assert not space.contains({"layers": [3], "rate": 0.5})
    assert space.contains({"layers": [1, 2], "rate": 0.5})


@pytest.mark.parametrize(
    ("spec", "error", "match"),
    [
        ({"a": Real(0, 1, active_if={"b": 1})}, SpaceValueError, "'a' names the unknown .* 'b'"),
        ({"a": Real(0, 1, active_if={"b": 2}), "b": [1]}, SpaceValueError, "never happens"),
        ({"a": Real(0, 1, active_if={"b": []}), "b": [1]}, SpaceValueError, "never happens"),
        ({"a": Real(0, 1, active_if={"b": [1, 9]}), "b": [1]}, SpaceValueError, "b=9"),
        ({"a": Real(0, 1, active_if="b"), "b": [1]}, SpaceTypeError, "'a' needs a dict"),
        ({"a": Real(0, 1, active_if={"b": 0.5}), "b": (0.0, 1.0)}, SpaceTypeError, "separate"),
        ({"a": Integer(0, 2, active_if={"a": 1})}, SpaceValueError, "circle"),
        (
            {"a": Integer(0, 2, active_if={"b": 1}), "b": Integer(0, 2, active_if={"a": 1})},
            SpaceValueError,
            r"\['a', 'b'\].*circle",
        ),
    ],
)
def test_impossible_conditions(spec, error, match):
    with pytest.raises(error, match=match):
        as_space(spec)


# -- branches


def models():
    return [
        {"model": [SVC()], "C": (0.1, 10.0), "shared": [1, 2]},
        {"model": [Ridge()], "alpha": (0.1, 10.0), "shared": [1, 2]},
        {},
    ]


def test_branches_share_equal_columns():
    space = as_space(models())
    assert space.names == (None, "model", "C", "shared", "model", "alpha")
    assert space.n_categories == (3, 1, 0, 2, 1, 0)
    assert space.encode({}).tolist()[0] == pytest.approx(5 / 6)
    shares = space.sample(3000, np.random.default_rng(0))[:, 0]
    # Binomial standard error sqrt(2 / 9 / 3000) = .009
    assert [(shares == (k + 0.5) / 3).mean() for k in range(3)] == pytest.approx(
        [1 / 3] * 3, abs=0.04
    )


def test_one_dict_in_a_list_needs_no_branch():
    assert as_space([{"a": [1, 2]}]).names == ("a",)


def test_overlapping_branches_hold_each_point_once():
    space = as_space([{"a": [1, 2, None, (1,)]}, {"a": [2, (1,), 3, None]}, {"a": (2, 4)}])
    assert [p["a"] for p in space.points()] == [1, 2, None, (1,), 3, 4]
    # The same values in other positions of another branch.
    for value in (2, None, (1,), 3):
        mine = [
            u for u in space.sample(300, np.random.default_rng(0)) if space.decode(u)["a"] == value
        ]
        assert len({space.key(u) for u in mine}) == 1
        assert len({u[0] for u in mine}) > 1


def test_different_objects_in_the_same_position_have_different_keys():
    space = as_space([{"model": [SVC()]}, {"model": [Ridge()]}])
    assert len({space.key(u) for u in space.sample(50, np.random.default_rng(0))}) == 2


def test_conditions_belong_to_their_branch():
    degree = Integer(2, 3, active_if={"kernel": "poly"})
    space = as_space(
        [
            {"kernel": ["rbf", "poly"], "degree": degree},
            {"kernel": ["poly", "rbf"], "degree": degree},
        ]
    )
    assert sum(1 for _ in space.points()) == 3
    for u in cube(space, 0):
        params = space.decode(u)
        assert ("degree" in params) == (params["kernel"] == "poly")


def test_an_estimators_parameters_are_restricted_to_the_space():
    space = as_space(models())
    given = {"model": SVC(), "C": 1.0, "shared": 2, "other": 3}
    mine, as_it_is = space.restrict(given)
    assert as_it_is == {}  # the third branch asks for nothing
    assert list(mine) == ["model", "C", "shared"]
    assert mine["model"] is space.decode(space.encode(mine))["model"] is not given["model"]
    assert (mine["C"], mine["shared"]) == (1.0, 2)
    assert as_space({"C": (2.0, 3.0)}).restrict(given) == []
    assert as_space({"C": (0.0, 3.0)}, lambda p: p["C"] > 2).restrict(given) == []


# -- errors at points


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"model": "svc"}, SpaceValueError, "no value for 'kernel'"),
        (
            {"model": "ridge", "kernel": "rbf"},
            SpaceValueError,
            "'kernel' is inactive.*model = 'svc'",
        ),
        ({"model": "ridge", "C": 1}, SpaceValueError, "no parameter 'C'"),
        ({"model": "lasso"}, SpaceValueError, r"Categorical\('model'\) takes .* got 'lasso'"),
        (
            {"model": "svc", "kernel": "rbf", "gamma": 2.0},
            SpaceValueError,
            r"Real\('gamma'\).*got 2",
        ),
        (
            {"model": "svc", "kernel": "rbf", "gamma": "a"},
            SpaceTypeError,
            r"Real\('gamma'\).*got 'a'",
        ),
        ({"model": "svc", "kernel": "rbf", "gamma": math.nan}, SpaceTypeError, "got nan"),
        (
            {"model": "svc", "kernel": "poly", "gamma": 0.5, "degree": 2.5},
            SpaceValueError,
            r"Integer\('degree'\) takes integers; got 2.5",
        ),
        ([1], SpaceTypeError, "needs a dict"),
    ],
)
def test_points_outside_are_refused_by_name(params, error, match):
    space = kernels()
    with pytest.raises(error, match=match):
        space.encode(params)
    assert not space.contains(params)


def test_a_point_that_fits_no_branch():
    space = as_space([{"a": (0.0, 1.0)}, {"b": (0.0, 1.0)}])
    with pytest.raises(SpaceValueError, match=r"no branch.*Real\('b'\).*got 7"):
        space.encode({"b": 7})


def test_wrong_shapes():
    space = as_space({"a": (0.0, 1.0)})
    with pytest.raises(SpaceValueError, match="1 coordinates; got an array of shape"):
        space.decode([0.1, 0.2])
    with pytest.raises(SpaceValueError, match="1 coordinates; got an array of shape"):
        space.snap([[0.1, 0.2]])


def test_points_beside_the_cube_are_drawn_in():
    space = as_space({"a": (0.0, 1.0), "b": ["x", "y"]})
    np.testing.assert_array_equal(
        space.snap([[-1.0, 2.0], [math.nan, math.inf]]), [[0, 0.75], [0.5, 0.75]]
    )
    assert space.snap(np.empty((0, 2))).shape == (0, 2)


def test_an_infinite_space_is_not_listed():
    with pytest.raises(SpaceValueError, match="Only a finite space"):
        as_space({"a": (0.0, 1.0)}).points()


# -- constraints


@given(seeds)
def test_samples_respect_the_constraint(seed):
    space = as_space({"a": (0.0, 1.0), "b": (0.0, 1.0)}, lambda p: p["a"] < p["b"])
    U = space.sample(50, np.random.default_rng(seed))
    assert U.shape == (50, 2)
    assert (U[:, 0] < U[:, 1]).all()
    assert all(space.is_allowed(u) for u in U)


def test_a_constraint_holds_everywhere():
    space = as_space({"a": (1, 9), "b": (1, 9)}, lambda p: p["a"] * p["b"] <= 9)
    assert all(p["a"] * p["b"] <= 9 for p in space.points())
    u = space.encode({"a": 3, "b": 3})
    assert all(space.is_allowed(v) for v in space.neighbours(u))
    assert not space.contains({"a": 4, "b": 3})
    with pytest.raises(SpaceValueError, match="constraint forbids the point"):
        space.encode({"a": 4, "b": 3})


@pytest.mark.parametrize("wide", [Real(0.0, 1.0), Real(1e-9, 1.0, "log-uniform"), stats.beta(2, 3)])
def test_the_border_belongs_to_what_is_allowed(wide):
    # All digits of these count, though a coordinate carries but ten or thirteen of them.
    for border in np.random.default_rng(0).uniform(0.01, 0.9, 100):
        space = as_space({"x": wide}, lambda p, border=border: p["x"] <= border)
        assert space.contains({"x": border})
        assert not space.contains({"x": np.nextafter(border, 1)})
        assert space.restrict({"x": border}) == [{"x": border}]


def test_the_constraint_sees_the_spaces_own_objects():
    svc = SVC()
    space = as_space({"model": [svc, Ridge()], "C": (0.1, 1.0)}, lambda p: p["model"] is svc)
    assert space.contains({"model": SVC(), "C": 0.5})
    assert not space.contains({"model": Ridge(), "C": 0.5})


def test_few_allowed_points_are_found_by_listing():
    space = as_space({"a": (1, 100), "b": (1, 100)}, lambda p: p["a"] == 77 and p["b"] == 3)
    U = space.sample(4, np.random.default_rng(0))
    assert [space.decode(u) for u in U] == [{"a": 77, "b": 3}] * 4
    assert space.sample(0, np.random.default_rng(0)).shape == (0, 2)


@pytest.mark.parametrize(
    ("constraint", "error", "match"),
    [
        (lambda p: False, SpaceValueError, "hardly any point"),
        (lambda p: None, SpaceTypeError, "returned None"),
        (lambda p: p["b"] > 1, SpaceTypeError, "raised KeyError: 'b'"),
    ],
)
def test_constraints_that_cannot_be_used(constraint, error, match):
    with pytest.raises(error, match=match):
        as_space({"a": (0.0, 1.0)}, constraint).sample(3, np.random.default_rng(0))


# -- sizes and copies


def test_sixty_dimensions():
    space = as_space({f"p{i}": Real(0, 1) if i % 2 else Integer(1, 9) for i in range(60)})
    u = space.sample(1, np.random.default_rng(0))[0]
    assert space.n_dims == len(space.decode(u)) == 60
    assert space.decode(space.encode(space.decode(u))) == space.decode(u)


def test_one_point_spaces_work_everywhere():
    space = as_space({"a": ["only"]})
    assert space.n_points == 1
    assert space.sample(3, np.random.default_rng(0)).tolist() == [[0.5]] * 3
    assert space.neighbours([0.5]).shape == (0, 1)
    assert list(space.points()) == [{"a": "only"}]


def test_copies_and_pickles_mean_the_same():
    space = as_space(models())
    for other in (copy.deepcopy(space), pickle.loads(pickle.dumps(space))):
        for u in space.sample(20, np.random.default_rng(0)):
            assert space.key(space.encode(other.decode(u))) == other.key(u) == space.key(u)


def test_sampling_follows_the_seed():
    space = kernels()
    first, second = (space.sample(20, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
