"""Subsamples of folds: nested, inside their fold, classes in proportion, evenly likely."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skbayes.model_selection._subsamples import subsampled_folds


def one_fold(n_train, n_test):
    rows = np.random.default_rng(7).permutation(n_train + n_test)
    return [(rows[:n_train], rows[n_train:])]


@settings(deadline=None)
@given(n=st.integers(1, 60), n_test=st.integers(1, 30), seed=st.integers(0, 99),
       fractions=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4), n_classes=st.integers(0, 4))  # fmt: skip
def test_they_are_nested_sorted_and_of_the_size_asked_for(n, n_test, seed, fractions, n_classes):
    folds = one_fold(n, n_test)
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n + n_test) if n_classes else None
    smaller = subsampled_folds(folds, sorted(fractions), labels, rng)
    assert len(smaller) == len(fractions)
    for part in (0, 1):
        before: set[int] = set()
        for fraction, fold in zip(sorted(fractions), smaller, strict=True):
            rows = fold[part]
            if fraction < 1:
                assert len(rows) == max(1, round(fraction * len(folds[0][part])))
                assert np.all(np.diff(rows) > 0)
            assert before <= set(rows) <= set(folds[0][part])
            before = set(rows)


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5), fraction=st.floats(0.05, 0.95),
       seed=st.integers(0, 99))  # fmt: skip
def test_classes_keep_their_proportions(sizes, fraction, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(seed)
    [(train, _)] = subsampled_folds([(np.arange(len(labels)), [0])], [fraction], labels, rng)
    drawn = np.bincount(labels[train], minlength=len(sizes))
    # Of each class as many stand before a position, give or take one; and one for each class
    # through the position itself, which the size fixes.
    share = len(train) / len(labels)
    assert np.all(np.abs(drawn - share * np.array(sizes)) <= 2.0 + 1e-9)


def test_every_row_is_as_likely():
    labels = np.repeat([0, 1], [5, 15])
    counts = np.zeros(20)
    n = 4000
    for seed in range(n):
        [(train, _)] = subsampled_folds(
            [(np.arange(20), [0])], [0.3], labels, np.random.default_rng(seed)
        )
        counts[train] += 1
    # 6 of 20 rows: a binomial share of 0.3 has the standard error 0.0072; 4.5 of them, for 20 rows.
    assert np.abs(counts / n - 0.3).max() < 4.5 * np.sqrt(0.3 * 0.7 / n)


def test_the_whole_is_the_very_fold():
    folds = one_fold(10, 5)
    assert subsampled_folds(folds, [0.5, 1.0], None, np.random.default_rng(0))[1] is folds[0]


def test_masks_are_folds_too():
    mask = np.array([True, False, True, True, False])
    [(train, test)] = subsampled_folds([(mask, ~mask)], [0.99], None, np.random.default_rng(0))
    assert_array_equal(train, [0, 2, 3])
    assert_array_equal(test, [1, 4])


@pytest.mark.parametrize("labels", [None, np.array(["a", "b"] * 10)])
def test_another_seed_other_rows(labels):
    folds = one_fold(15, 5)
    first, again, other = (
        subsampled_folds(folds, [0.4], labels, np.random.default_rng(seed))[0][0]
        for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert set(first) != set(other)
