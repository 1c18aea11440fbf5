"""One dimension at a time: the map of its values to [0, 1] and back."""

import copy
import math
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.svm import SVC

from skbayes.exceptions import SpaceValueError
from skbayes.space import Categorical, Distribution, Integer, Real, as_space

unit = st.floats(0, 1)
LOG_SPAN = 1e-300, 1e300


def one(dimension):
    return as_space({"p": dimension})


def decoded(space, u):
    return space.decode([u])["p"]


@st.composite
def reals(draw):
    is_log = draw(st.booleans())
    ends = st.floats(*LOG_SPAN) if is_log else st.floats(-1e300, 1e300)
    low, high = sorted(draw(st.tuples(ends, ends).filter(lambda e: e[1] != e[0])))
    # Ends that are neighbours among floats have no inside to speak of.
    high = high if high - low > 1e-6 * max(abs(low), abs(high)) else low + abs(low) + 1.0
    return Real(low, high, "log-uniform" if is_log else "uniform")


@st.composite
def integers(draw):
    is_log = draw(st.booleans())
    low = draw(st.integers(1, 2**39) if is_log else st.integers(-(2**60), 2**60))
    n = draw(st.integers(1, 2**39) if is_log else st.integers(1, 2**49))
    return Integer(low, low + n, "log-uniform" if is_log else "uniform")


FROZEN = [
    stats.norm(1.0, 2.0),
    stats.gamma(0.5, scale=10.0),
    stats.beta(2.0, 3.0),
    stats.expon(scale=100.0),
    stats.cauchy(),
    stats.uniform(2.0, 3.0),
    stats.loguniform(1e-3, 1e3),
    stats.loguniform(1e-3, 1e3, loc=1.0),
    stats.poisson(4.0),
    stats.geom(0.01),
    stats.binom(20, 0.1),
    stats.randint(-3, 9),
    stats.rv_discrete(values=([1, 10, 100], [0.2, 0.3, 0.5])),
]


@given(reals(), unit)
# Rounded, these lie nearer to an end than their coordinates can say.
@example(Real(-2.225073858507e-311, 9007199254740.0), 2.605863511141475e-68)
@example(Real(-10.0, 0.1 + 0.2), 1.0 - 2.0**-52)
def test_a_decoded_real_is_decoded_again_to_the_last_bit(dimension, u):
    # What is told must be what was asked: the promise behind "never the same proposal twice".
    space = one(dimension)
    value = decoded(space, u)
    assert decoded(space, space.encode({"p": value})[0]) == value
    assert dimension.low <= value <= dimension.high


@given(reals(), unit)
def test_the_map_of_a_real_is_linear_in_its_scale(dimension, u):
    space = one(dimension)
    scale = math.log if dimension.prior == "log-uniform" else float
    low, high = scale(dimension.low), scale(dimension.high)
    value = scale(decoded(space, u))
    # Decoding rounds at 2^-46 of the largest number involved, to the next decimal place, and to a float64 at least.
    resolution = 10 * 2.0**-46 * max(abs(low), abs(high), high - low) + math.ulp(0.0)
    tolerance = resolution / (high - low)
    assert (value - low) / (high - low) == pytest.approx(u, abs=tolerance)


@given(st.one_of(reals(), integers()), unit, unit)
def test_order_and_ends_are_kept(dimension, u, v):
    space = one(dimension)
    assert decoded(space, 0.0) == dimension.low
    assert decoded(space, 1.0) == dimension.high
    if u <= v:
        assert decoded(space, u) <= decoded(space, v)


@pytest.mark.parametrize("value", [1e-3, 0.1, 0.3, 1.0, 3.0, 1e2, 123.456])
def test_short_numbers_come_back_as_they_were_given(value):
    for prior in ("uniform", "log-uniform"):
        space = one(Real(1e-4, 1e4, prior))
        assert decoded(space, space.encode({"p": value})[0]) == value


@given(integers(), unit)
def test_an_integer_is_decoded_to_itself(dimension, u):
    space = one(dimension)
    value = decoded(space, u)
    assert type(value) is int
    assert dimension.low <= value <= dimension.high
    assert decoded(space, space.encode({"p": value})[0]) == value


@given(st.integers(-5, 5), st.integers(1, 40))
def test_integers_have_equal_prior_mass(low, n):
    # Cells of width 1 / (n + 1): centres at (k + 1/2) / (n + 1), changes of value at k / (n + 1).
    space = one(Integer(low, low + n))
    width = 1 / (n + 1)
    for k in range(n + 1):
        assert space.encode({"p": low + k})[0] == pytest.approx((k + 0.5) * width)
        assert decoded(space, (k + 0.01) * width) == low + k
        assert decoded(space, (k + 0.99) * width) == low + k


@given(st.integers(1, 50), st.integers(1, 10**6))
def test_log_integers_own_the_cell_between_half_steps(low, n):
    high = low + n
    space = one(Integer(low, high, "log-uniform"))
    a, b = math.log(low - 0.5), math.log(high + 0.5)
    for v in {low, low + 1, (low + high) // 2, high}:
        below, above = (math.log(v - 0.5) - a) / (b - a), (math.log(v + 0.5) - a) / (b - a)
        assert space.encode({"p": v})[0] == pytest.approx((below + above) / 2, abs=1e-12)
        assert decoded(space, below + 0.01 * (above - below)) == v
        assert decoded(space, above - 0.01 * (above - below)) == v


@given(st.one_of(reals(), integers(), st.sampled_from(FROZEN)), st.lists(unit, min_size=1))
def test_the_vector_and_the_scalar_map_agree(dimension, us):
    space = one(dimension)
    snapped = space.snap(np.array(us)[:, None])[:, 0]
    for u, s in zip(us, snapped, strict=True):
        assert decoded(space, u) == decoded(space, s)


@given(st.sampled_from(FROZEN), unit)
def test_a_distribution_is_decoded_to_itself(frozen, u):
    space = one(frozen)
    value = decoded(space, u)
    assert type(value) is (int if hasattr(frozen, "pmf") else float)
    assert frozen.support()[0] <= value <= frozen.support()[1]
    assert decoded(space, space.encode({"p": value})[0]) == value


@pytest.mark.parametrize("frozen", [f for f in FROZEN if not hasattr(f, "pmf")])
def test_a_continuous_distribution_is_mapped_by_its_cdf(frozen):
    for u in (0.01, 0.3, 0.5, 0.99):
        space = one(frozen)
        assert decoded(space, u) == pytest.approx(frozen.ppf(u), rel=1e-6)
        assert space.encode({"p": frozen.ppf(u)})[0] == pytest.approx(u, abs=1e-10)


def test_a_discrete_value_lies_in_the_middle_of_its_mass():
    # P(X < 2) = 0.5, P(X = 2) = 0.3 for a table of three values.
    frozen = stats.rv_discrete(values=([0, 2, 7], [0.5, 0.3, 0.2]))
    space = one(frozen)
    assert [space.encode({"p": v})[0] for v in (0, 2, 7)] == pytest.approx([0.25, 0.65, 0.9])
    assert [decoded(space, u) for u in (0.49, 0.51, 0.79, 0.81)] == [0, 2, 2, 7]
    assert space.n_points == 3


def test_open_ends_of_a_distribution_are_not_proposed():
    # The end of an exponential is 0, which no estimator takes as a penalty.
    space = one(stats.expon(scale=100.0))
    assert 0.0 < decoded(space, 0.0) < 1e-3
    assert decoded(space, 1.0) == pytest.approx(-100 * math.log(2.0**-20), rel=1e-3)


def test_uniform_distributions_are_exact_at_their_ends():
    assert decoded(one(stats.loguniform(1e-3, 1e3)), 1.0) == 1e3
    assert decoded(one(stats.uniform(1.0, 2.0)), 0.0) == 1.0
    assert one(stats.randint(2, 5)).n_points == 3


@pytest.mark.parametrize(
    "categories",
    [
        [None, "a", 1, 1.0, True, (1, 2), [1, 2], {"a": np.zeros(2)}, math.nan, b"x"],
        [SVC(), SVC(C=2.0), Ridge(), SVC, len, lambda x: x],
        [np.zeros(2), np.zeros(3), np.ones(2), (np.zeros(2), 1), (np.zeros(2), 2)],
        [pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]}), pl.DataFrame({"a": [1]})],
        [(1,), (True,), (1.0,), [], (), {}, ""],
    ],
)
def test_any_objects_are_categories_and_come_back_themselves(categories):
    space = one(categories)
    for i, category in enumerate(categories):
        u = space.encode({"p": category})
        assert u[0] == (i + 0.5) / len(categories)
        assert space.decode(u)["p"] is category


def test_copies_of_estimators_are_found():
    # clone(search) deep-copies the space and the initial points one by one.
    space = one([SVC(C=1.0), SVC(C=2.0), np.arange(3)])
    assert space.encode({"p": SVC(C=2.0)})[0] == 0.5
    assert space.contains({"p": copy.deepcopy(np.arange(3))})
    assert not space.contains({"p": SVC(C=3.0)})


def test_an_equality_that_raises_is_no_error():
    class Stubborn:
        def __eq__(self, other):
            raise RuntimeError("not comparable")

        __hash__ = None

    first, second = Stubborn(), Stubborn()
    space = one([first, second])
    assert space.decode(space.encode({"p": second}))["p"] is second


def test_arrays_give_native_scalars():
    values = list(one(np.array([1, 2])).points()) + list(one(np.logspace(0, 1, 2)).points())
    assert [type(v["p"]) for v in values] == [int, int, float, float]
    assert [type(decoded(one([np.str_("a")]), 0.0))] == [str]
    assert one(np.array([1, 2])).contains({"p": np.int64(2)})


def test_probabilities_shape_sampling_only():
    space = one(Categorical(["a", "b", "c"], prior=[0.0, 0.25, 0.75]))
    U = space.sample(4000, np.random.default_rng(0))
    shares = [np.mean(np.round(U * 3 - 0.5) == i) for i in range(3)]
    # Binomial standard error sqrt(.25 * .75 / 4000) = .007
    assert shares == pytest.approx([0.0, 0.25, 0.75], abs=0.03)
    assert space.encode({"p": "a"})[0] == pytest.approx(1 / 6)


def test_a_thousand_categories():
    space = one([f"c{i}" for i in range(1000)])
    assert space.encode({"p": "c999"})[0] == pytest.approx(0.9995)
    assert space.n_categories == (1000,)
    assert len(space.neighbours(space.encode({"p": "c3"}))) == 20


def test_numbers_lie_by_value_whatever_their_order():
    space = one([100, 1, 0.01, 5])
    assert space.n_categories == (0,)
    centres = [float(space.encode({"p": v})[0]) for v in (0.01, 1, 5, 100)]
    assert centres == [0.125, 0.375, 0.625, 0.875]
    assert [decoded(space, u) for u in centres] == [0.01, 1, 5, 100]
    # The same point twice is met by the order of the list too.
    assert space.key(space.encode({"p": 5})) == one([0.01, 1, 5, 100]).key([0.625])


def test_neighbours_of_ordered_choices_are_steps():
    space = one(Categorical([f"s{i}" for i in range(100)], ordered=True))
    moves = sorted(int(space.decode(u)["p"][1:]) for u in space.neighbours([0.505]))
    # One step, 1 / 32 and 1 / 8 of the range: from s50 at 0.505.
    assert moves == [38, 47, 49, 51, 53, 63]


def test_ordered_choices_are_the_users_own_objects():
    sizes = [(10,), (10, 10), (50, 50)]
    space = one(Categorical(sizes, ordered=True))
    assert space.decode(space.encode({"p": (10, 10)}))["p"] is sizes[1]
    assert space.restrict({"p": (50, 50), "q": 1})[0]["p"] is sizes[2]
    # Of numbers too the listed one comes back: 1 finds the choice 1.0.
    [point] = one([0.5, 1.0, 2.0]).restrict({"p": 1})
    assert type(point["p"]) is float


def test_probabilities_follow_their_numbers():
    space = one(Categorical([3, 1, 2], prior=[0.7, 0.0, 0.3]))
    values = [space.decode(u)["p"] for u in space.sample(4000, np.random.default_rng(0))]
    # Binomial standard error sqrt(.3 * .7 / 4000) = .007
    assert values.count(3) / 4000 == pytest.approx(0.7, abs=0.03)
    assert values.count(1) == 0


def test_integers_beyond_the_floats_keep_their_last_digit():
    space = one(Integer(2**60, 2**60 + 2))
    assert [decoded(space, u) for u in (0.0, 0.5, 1.0)] == [2**60, 2**60 + 1, 2**60 + 2]


def test_parts_have_scikit_learns_parameters_and_store_only():
    part = Real("anything", None, prior=3, active_if={"a": 1})
    assert part.get_params()["low"] == "anything"
    assert part.set_params(low=0.0).low == 0.0
    for dimension in (Integer(1, 3), Categorical(["a"]), Distribution(stats.poisson(2.0))):
        assert (
            pickle.loads(pickle.dumps(dimension)).get_params().keys()
            == dimension.get_params().keys()
        )


def test_a_space_does_not_change_with_its_parts():
    part = Integer(1, 3)
    space = one(part)
    part.set_params(high=30)
    assert decoded(space, 1.0) == 3
    with pytest.raises(SpaceValueError, match=r"Integer\('p'\) takes values from 1 to 3"):
        space.encode({"p": 4})
