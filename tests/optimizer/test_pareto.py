"""Fronts and hypervolumes against brute force and known values."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skbayes.optimizer import hypervolume, non_dominated
from skbayes.optimizer._pareto import reference_of

levels = st.integers(0, 4).map(float)
tables = st.integers(1, 3).flatmap(
    lambda m: hnp.arrays(float, st.tuples(st.integers(0, 9), st.just(m)), elements=levels)
)


def dominates(p, q):
    return (p >= q).all() and (p > q).any()


@given(Y=tables)
def test_the_front_is_what_no_other_point_dominates(Y):
    wanted = [not any(dominates(p, q) for p in Y) for q in Y]
    assert non_dominated(Y).tolist() == wanted


@given(Y=tables)
def test_every_point_is_on_the_front_or_dominated_by_one_that_is(Y):
    is_on = non_dominated(Y)
    assert all(any(dominates(p, q) for p in Y[is_on]) for q in Y[~is_on])


@given(Y=tables, seed=st.integers(0, 99))
def test_the_order_of_the_points_does_not_matter(Y, seed):
    order = np.random.default_rng(seed).permutation(len(Y))
    assert np.array_equal(non_dominated(Y[order]), non_dominated(Y)[order])


def test_a_point_with_a_nan_is_not_on_the_front():
    assert non_dominated([[np.nan, 9.0], [1.0, 1.0]]).tolist() == [False, True]


def test_scores_that_are_no_table_are_refused():
    with pytest.raises(ValueError, match="n_points, n_objectives"):
        non_dominated([1.0, 2.0])
    with pytest.raises(ValueError, match=r"got \(2,\) and \(2,\)"):
        hypervolume([1.0, 2.0], [0.0, 0.0])
    with pytest.raises(ValueError, match=r"got \(1, 3\) and \(2,\)"):
        hypervolume([[1.0, 2.0, 3.0]], [0.0, 0.0])


def by_inclusion_and_exclusion(Y):
    volume = 0.0
    for k in range(1, len(Y) + 1):
        for some in combinations(Y, k):
            volume -= (-1) ** k * np.prod(np.min(some, axis=0))
    return volume


@given(Y=tables)
def test_the_hypervolume_is_that_of_inclusion_and_exclusion(Y):
    wanted = by_inclusion_and_exclusion(Y)
    assert hypervolume(Y, np.zeros(Y.shape[1])) == pytest.approx(wanted, abs=1e-11)


@given(Y=tables)
def test_only_the_front_adds_to_the_hypervolume(Y):
    reference = np.full(Y.shape[1], -1.0)
    assert hypervolume(Y[non_dominated(Y)], reference) == pytest.approx(hypervolume(Y, reference))


def test_the_hypervolume_of_zdt1_is_the_known_one():
    # f2 = 1 − √f1 above the reference (1.1, 1.1): 0.1 + 2/3 + 0.11, less half a step of the staircase.
    f1 = np.linspace(0.0, 1.0, 4001)
    volume = hypervolume(-np.stack([f1, 1.0 - np.sqrt(f1)], axis=1), [-1.1, -1.1])
    assert volume == pytest.approx(0.1 + 2 / 3 + 0.11, abs=2e-4)


def test_points_below_the_reference_or_with_a_nan_add_nothing():
    Y = [[2.0, 2.0], [5.0, 0.5], [np.nan, 9.0]]
    assert hypervolume(Y, [1.0, 1.0]) == 1.0
    assert hypervolume(Y[1:], [1.0, 1.0]) == 0.0
    assert hypervolume([], [1.0, 1.0]) == 0.0


def test_an_objective_that_is_the_same_everywhere_leaves_a_volume_to_the_others():
    Y = np.array([[0.0, 0.3], [1.0, 0.1 + 0.2]])  # the second but for rounding
    reference = reference_of(Y)
    np.testing.assert_allclose(reference, [-0.1, -0.7])
    assert hypervolume(Y, reference) == pytest.approx(1.1)
