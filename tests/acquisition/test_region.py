"""The boxes of the non-dominated region: they cover it, do not overlap, and are few."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skbayes.acquisition import NonDominatedRegion

# Few distinct values, so that points share coordinates and repeat.
levels = st.integers(0, 4).map(float)
fronts = st.integers(1, 3).flatmap(
    lambda m: hnp.arrays(float, st.tuples(st.integers(0, 12), st.just(m)), elements=levels)
)


@given(points=fronts)
def test_every_score_that_nothing_dominates_lies_in_exactly_one_box_and_no_other_in_any(points):
    m = points.shape[1]
    region = NonDominatedRegion.of(points, np.full(m, 0.5))
    # Between the levels, so that no score lies on an edge.
    axes = np.arange(0.25, 5.0, 0.5)
    scores = np.stack(np.meshgrid(*[axes] * m), axis=-1).reshape(-1, m)
    counted = points[(points > 0.5).all(axis=1)]
    is_dominated = (counted[None] >= scores[:, None]).all(axis=2).any(axis=1)
    expected = (scores > 0.5).all(axis=1) & ~is_dominated
    inside = (scores[:, None] > region.lower) & (scores[:, None] <= region.upper)
    assert np.array_equal(inside.all(axis=2).sum(axis=1), expected.astype(int))


@given(points=fronts)
def test_there_are_at_most_two_boxes_a_point_and_one(points):
    assert NonDominatedRegion.of(points, np.zeros(points.shape[1])).n_boxes <= 2 * len(points) + 1


def test_the_volume_below_a_corner_is_what_the_points_leave_of_the_cube():
    # Inclusion and exclusion: 0.5³ + 0.25 · 0.75² − 0.5² · 0.25 is dominated.
    region = NonDominatedRegion.of([[0.5, 0.5, 0.5], [0.25, 0.75, 0.75]], np.zeros(3))
    dominated = 0.125 + 0.140625 - 0.0625
    assert region.volume_below(np.ones(3)) == pytest.approx(1.0 - dominated, rel=1e-14)


@pytest.mark.parametrize(
    ("scores", "reference", "message"),
    [
        ([[1.0] * 4], [0.0] * 4, "1 to 3 objectives"),
        ([[1.0, 2.0]], [0.0], r"shape \(n_points, 1\)"),
        ([[np.nan, 2.0]], [0.0, 0.0], "must be finite"),
        ([[1.0, 2.0]], [0.0, -np.inf], "must be finite"),
    ],
)
def test_what_makes_no_region_is_refused(scores, reference, message):
    with pytest.raises(ValueError, match=message):
        NonDominatedRegion.of(scores, reference)
