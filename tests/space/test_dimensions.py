"""Each dimension's map to the unit interval and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_spaces import categoricals, dimensions, integers, reals
from scipy.stats import loguniform, norm, poisson, randint, uniform
from sklearn.base import clone
from sklearn.svm import SVC

from skbayes.space import Categorical, Distribution, Integer, Real, as_space

unit = st.floats(0, 1)


@given(reals(), unit)
def test_a_real_comes_back_and_stays_inside(real, u):
    value = real.decode(u)
    assert type(value) is float
    assert real.contains(value)
    # one part in 1e12 of the range: rounding of a logarithm and an exponential
    assert real.encode(value) == pytest.approx(u, abs=1e-9)


@given(reals())
def test_the_ends_of_a_real_are_kept(real):
    assert real.decode(0.0) == real.low
    assert real.decode(1.0) == real.high
    assert real.encode(real.low) == 0.0
    assert real.encode(real.high) == 1.0


@given(dimensions, unit, unit)
def test_order_is_kept(dimension, u, v):
    if dimension.n_categories:
        return
    low, high = sorted([u, v])
    assert dimension.decode(low) <= dimension.decode(high)


@given(integers(), st.data())
def test_an_integer_comes_back_exactly(integer, data):
    value = data.draw(st.integers(integer.low, integer.high))
    assert integer.decode(integer.encode(value)) == value
    assert type(integer.decode(integer.encode(value))) is int


@pytest.mark.parametrize("low", [0, -3, 7])
def test_every_integer_has_equal_mass_with_both_ends(low):
    integer = Integer(low, low + 4)
    # 5 values over 1,000 cells: 200 each, exactly
    values = [integer.decode((k + 0.5) / 1000) for k in range(1000)]
    assert {v: values.count(v) for v in set(values)} == dict.fromkeys(range(low, low + 5), 200)


def test_log_integers_have_the_mass_of_their_cell_on_the_log_scale():
    integer = Integer(1, 100, "log-uniform")
    values = np.array([integer.decode(u) for u in np.random.default_rng(0).random(50_000)])
    span = math.log(100.5 / 0.5)
    for v in (1, 2, 10, 100):
        expected = math.log((v + 0.5) / (v - 0.5)) / span
        # four standard errors of a frequency of 50,000
        assert abs((values == v).mean() - expected) < 4 * math.sqrt(expected / 50_000)


@given(dimensions, st.lists(unit, min_size=1, max_size=20))
def test_snapping_is_idempotent_and_changes_no_value(dimension, us):
    u = np.array(us)
    snapped = dimension.snap(u)
    np.testing.assert_allclose(dimension.snap(snapped), snapped, atol=1e-12)
    for before, after in zip(u, snapped, strict=True):
        assert dimension.key(before) == dimension.key(after)


@given(dimensions, unit)
def test_steps_lead_to_other_values_inside(dimension, u):
    steps = dimension.steps(float(dimension.snap(np.array([u]))[0]))
    assert ((steps >= 0) & (steps <= 1)).all()
    assert all(dimension.key(s) != dimension.key(u) for s in steps)
    n = dimension.n_values
    if not math.isinf(n):
        assert len(steps) > 0 or n == 1


@given(categoricals())
def test_categories_are_the_users_own_objects(categorical):
    for k, choice in enumerate(categorical.categories):
        assert categorical.decode((k + 0.5) / len(categorical.categories)) is choice
        assert categorical.key(categorical.encode(choice)) == k


def test_categories_are_told_apart_by_type_and_found_by_equality():
    array, other = np.array([1, 2]), np.array([1, 3])
    model = SVC(C=2.0)
    choices = Categorical(
        [1, 1.0, True, "1", None, array, other, model, len, float("nan"), [array]]
    )
    choices.check("x")
    for k, choice in enumerate(choices.categories):
        assert choices.key(choices.encode(choice)) == k
    assert choices.key(choices.encode(clone(model))) == 7  # searches are cloned, and their spaces
    assert not choices.contains(SVC(C=3.0))
    assert choices.key(choices.encode(np.array([1, 3]))) == 6
    assert choices.key(choices.encode(float("nan"))) == 9
    assert Categorical([1.0, 2.0]).contains(1)
    assert not Categorical([1.0, 2.0]).contains(True)


def test_numpy_scalars_become_native():
    space = as_space({"a": np.logspace(0, 2, 3), "b": [np.int64(3)], "c": np.array(["x", "y"])})
    params = space.decode([0.0, 0.0, 0.0])
    assert {name: type(value) for name, value in params.items()} == {"a": float, "b": int, "c": str}


def test_probabilities_of_categories_shape_samples():
    space = as_space({"a": Categorical(["x", "y", "z"], prior=[0.7, 0.3, 0.0])})
    drawn = [space.decode(u)["a"] for u in space.sample(4000, np.random.default_rng(0))]
    # four standard errors of a frequency of 4,000 draws at 0.7
    assert abs(drawn.count("x") / 4000 - 0.7) < 0.03
    assert "z" not in drawn


@pytest.mark.parametrize(
    "frozen", [norm(2, 3), poisson(4), loguniform(1e-3, 1e3), uniform(2, 3), randint(2, 9)]
)
def test_samples_follow_the_distribution(frozen):
    space = as_space({"a": frozen})
    drawn = np.array([space.decode(u)["a"] for u in space.sample(4000, np.random.default_rng(0))])
    for p in (0.1, 0.5, 0.9):
        cut = frozen.ppf(p)
        # four standard errors of a frequency of 4,000 draws
        assert abs((drawn <= cut).mean() - frozen.cdf(cut)) < 0.032
    native = int if hasattr(frozen, "pmf") else float
    assert all(
        type(space.decode(u)["a"]) is native for u in space.sample(3, np.random.default_rng(1))
    )


def test_unbounded_tails_are_cut_and_finite():
    dimension = Distribution(norm(0, 1))
    assert np.isfinite([dimension.decode(0.0), dimension.decode(1.0)]).all()
    assert not dimension.contains(50.0)


def test_shifted_loguniform_is_taken_as_it_is():
    frozen = loguniform(1, 10, loc=5)
    assert as_space({"a": frozen}).decode([0.5])["a"] == pytest.approx(frozen.ppf(0.5))


def test_skopts_arguments_are_accepted_and_change_nothing():
    plain = Real(1, 10, "log-uniform")
    decorated = Real(1, 10, "log-uniform", base=2, transform="normalize", name="a")
    assert plain.decode(0.3) == decorated.decode(0.3)
    assert Categorical(["a", "b"], transform="onehot").decode(0.0) == "a"
