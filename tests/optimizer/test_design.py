import numpy as np
import pytest
from scipy.stats import beta

from skbayes.optimizer._design import DESIGNS, _in_equal_shares, default_n_initial, initial_design
from skbayes.optimizer._unseen import unseen
from skbayes.space import Integer, Real, as_space

SPACES = {
    "real": {"x": (0.0, 1.0), "y": (1e-3, 1e3, "log-uniform")},
    "mixed": {"x": (0.0, 1.0), "n": (1, 100, "log-uniform"), "kind": ["a", "b", None]},
    "branches": [{"kind": ["a"], "x": (0.0, 1.0)}, {"kind": ["b"], "n": (1, 50)}],
    "conditional": {
        "kernel": ["rbf", "poly"],
        "degree": Integer(2, 5, active_if={"kernel": "poly"}),
        "C": (0.0, 1.0),
    },
}


def decoded(space, U):
    return [space.decode(u) for u in U]


@pytest.mark.parametrize("method", DESIGNS)
@pytest.mark.parametrize("spec", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("n", [1, 6, 13])
def test_a_design_has_n_distinct_points_of_the_space(method, spec, n):
    space = as_space(spec)
    U = initial_design(space, n, method, np.random.default_rng(0))
    points = decoded(space, U)
    assert len({space.key(u) for u in U}) == n
    assert all(space.contains(params) for params in points)


@pytest.mark.parametrize("method", DESIGNS)
def test_a_design_respects_the_constraint(method):
    space = as_space(
        {"x": (0.0, 1.0), "n": (1, 9)}, constraint=lambda p: p["x"] < 0.2 and p["n"] != 5
    )
    points = decoded(space, initial_design(space, 12, method, np.random.default_rng(0)))
    assert len(points) == 12
    assert all(params["x"] < 0.2 and params["n"] != 5 for params in points)


@pytest.mark.parametrize("method", DESIGNS)
def test_a_small_space_is_listed_in_full_and_no_more(method):
    space = as_space({"a": [1, 2, 3], "b": (0, 1)}, constraint=lambda p: p["a"] != 2 or p["b"])
    points = decoded(space, initial_design(space, 50, method, np.random.default_rng(0)))
    assert sorted((p["a"], p["b"]) for p in points) == [(1, 0), (1, 1), (2, 1), (3, 0), (3, 1)]


@pytest.mark.parametrize("method", DESIGNS)
def test_excluded_points_do_not_come(method):
    space = as_space({"a": [1, 2, 3], "b": (0, 1)})
    exclude = {space.key(space.encode({"a": a, "b": 1})) for a in (1, 2, 3)}
    U = initial_design(space, 6, method, np.random.default_rng(0), exclude=exclude)
    assert sorted(p["a"] for p in decoded(space, U)) == [1, 2, 3]
    assert {p["b"] for p in decoded(space, U)} == {0}


@pytest.mark.parametrize("method", DESIGNS)
def test_the_seed_fixes_the_design(method):
    space = as_space(SPACES["mixed"])
    first, again, other = (
        initial_design(space, 8, method, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("method", "n"), [("sobol", 16), ("latin_hypercube", 11)])
def test_every_nth_of_the_prior_of_every_range_has_one_point(method, n):
    # Sobol: a scrambled net in base 2 (Owen 1998); Latin hypercube: by definition (McKay 1979).
    space = as_space({f"x{i}": (0.0, 1.0) for i in range(5)})
    U = initial_design(space, n, method, np.random.default_rng(1))
    for column in beta(1.5, 1.5).cdf(U.T):  # the ranges' prior
        assert sorted(np.floor(column * n)) == list(range(n))


@pytest.mark.parametrize("n", [9, 8])
def test_a_grid_is_regular(n):
    space = as_space({"x": (0.0, 1.0), "y": (0.0, 1.0)})
    U = initial_design(space, n, "grid", np.random.default_rng(0))
    # 3 levels are the fewest with at least 8 points in two dimensions
    assert {tuple(np.round(u * 6)) for u in U} <= {(i, j) for i in (1, 3, 5) for j in (1, 3, 5)}
    assert len({tuple(u) for u in U}) == n


def test_a_grid_in_many_dimensions_is_drawn_and_not_listed():
    space = as_space({f"x{i}": (0.0, 1.0) for i in range(70)})
    U = initial_design(space, 10, "grid", np.random.default_rng(0))
    assert U.shape == (10, 70)
    assert set(np.unique(U)) == {0.25, 0.75}


def test_every_branch_is_in_the_default_design():
    # four branches get a fourth of the Sobol points each
    branches = [{"kind": [kind], f"x{kind}": (0.0, 1.0)} for kind in "abcd"]
    space = as_space(branches)
    points = decoded(space, initial_design(space, 8, "sobol", np.random.default_rng(0)))
    assert sorted(params["kind"] for params in points) == sorted("abcd" * 2)


@pytest.mark.parametrize("method", sorted(DESIGNS))
@pytest.mark.parametrize(("n", "k"), [(4, 3), (6, 5), (7, 7), (12, 11), (13, 4)])
def test_no_branch_starves(method, n, k):
    branches = [{"kind": [i], "x": (0.0, 1.0), f"y{i}": (0.0, 1.0)} for i in range(k)]
    space = as_space(branches)
    for seed in range(5):
        U = initial_design(space, n, method, np.random.default_rng(seed))
        kinds = [params["kind"] for params in decoded(space, U)]
        # n points in equal shares: the share n / k rounded, up or down
        assert {kinds.count(i) for i in range(k)} <= {n // k, -(-n // k)}


@pytest.mark.parametrize("method", ["sobol", "latin_hypercube"])
@pytest.mark.parametrize("form", ["branches", "conditions"])
def test_every_branch_is_covered_from_end_to_end(method, form):
    space = as_space(
        [{"kind": [k], f"x{k}": (0.0, 1.0), f"y{k}": (0.0, 1.0)} for k in "abc"]
        if form == "branches"
        else {
            "kind": ["a", "b", "c"],
            **{f"{v}{k}": Real(0.0, 1.0, active_if={"kind": k}) for v in "xy" for k in "abc"},
        }
    )
    for seed in range(5):
        rng = np.random.default_rng(seed)
        U = space.snap(_in_equal_shares(DESIGNS[method](12, space.n_dims, rng), space, rng))
        for kind in "abc":
            points = [params for params in decoded(space, U) if params["kind"] == kind]
            for name in (f"x{kind}", f"y{kind}"):
                # four points, one in each quarter
                assert sorted(int(4 * params[name]) for params in points) == [0, 1, 2, 3]


def test_no_branch_starves_under_a_constraint():
    branches = [{"kind": [i], "x": (0.0, 1.0)} for i in "abc"]
    # a tenth of the points of branch a are left
    space = as_space(branches, lambda p: p["kind"] != "a" or p["x"] > 0.9)
    for seed in range(5):
        U = initial_design(space, 6, "sobol", np.random.default_rng(seed))
        assert {params["kind"] for params in decoded(space, U)} == set("abc")


def test_there_is_an_initial_point_for_every_branch():
    space = as_space([{"kind": [i], "x": (0.0, 1.0)} for i in range(20)])
    assert default_n_initial(space) == 20


@pytest.mark.parametrize("n", [3, 5, 6, 11])
def test_every_choice_is_in_the_design(n):
    space = as_space({"x": (0.0, 1.0), "kind": ["a", "b", "c"]})
    for seed in range(10):
        U = initial_design(space, n, "sobol", np.random.default_rng(seed))
        assert {params["kind"] for params in decoded(space, U)} == set("abc")


def test_an_unknown_design_is_refused():
    with pytest.raises(ValueError, match=r"initial_design='halton' is not known.*'sobol'"):
        initial_design(as_space({"x": (0.0, 1.0)}), 3, "halton", np.random.default_rng(0))


@pytest.mark.parametrize("n_left", [0, 1, 5])
def test_unseen_finds_the_last_points_of_a_space(n_left):
    space = as_space({"a": list(range(40)), "b": (1, 50)})  # 2000 points
    everything = [space.encode(params) for params in space.points()]
    left = everything[700 : 700 + n_left]
    exclude = {space.key(u) for u in everything} - {space.key(u) for u in left}
    U = unseen(space, 3, exclude, np.random.default_rng(0))
    assert len(U) == min(n_left, 3)
    assert {space.key(u) for u in U} <= {space.key(u) for u in left}
    assert len({space.key(u) for u in U}) == len(U)


@pytest.mark.parametrize(
    "forbidden", [(0.0, 1.0), (1, 10**9)], ids=["infinite", "too many to list"]
)
def test_unseen_finds_all_that_a_constraint_leaves_of_a_large_space(forbidden):
    space = as_space([{"x": forbidden}, {"kind": list("abcdef")}], lambda p: "kind" in p)
    U = unseen(space, 10, set(), np.random.default_rng(0))
    assert sorted(space.decode(u)["kind"] for u in U) == list("abcdef")
    left = unseen(space, 1, {space.key(u) for u in U[:5]}, np.random.default_rng(0))
    assert space.key(left[0]) == space.key(U[5])
