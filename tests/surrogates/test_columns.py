"""Encoding: numbers, categories and inactive entries as coordinates of a Euclidean space."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.surrogates import KERNELS
from skbayes.surrogates._columns import Columns, PairTable

NAN = float("nan")
ENTRIES = st.one_of(st.floats(0, 1), st.just(NAN))


@st.composite
def mixed_points(draw, max_rows=12):
    """Points with numeric and categorical columns, any entry inactive."""
    categories = tuple(draw(st.lists(st.sampled_from([0, 0, 2, 5]), min_size=1, max_size=4)))
    n = draw(st.integers(1, max_rows))
    rows = draw(
        st.lists(st.tuples(*[ENTRIES] * len(categories)), min_size=n, max_size=n, unique=True)
    )
    return categories, np.array(rows, dtype=float).reshape(n, len(categories))


def by_definition(categories, U, V, length_scale):
    """r² pair by pair, as the module's docstring has it."""
    r2 = np.zeros((len(U), len(V)))
    for a, u in enumerate(U):
        for b, v in enumerate(V):
            for j, k in enumerate(categories):
                x, y = u[j], v[j]
                if k:
                    codes = [-1 if np.isnan(w) else min(int(w * k), k - 1) for w in (x, y)]
                    square = float(codes[0] != codes[1])
                elif np.isnan(x) or np.isnan(y):
                    other = y if np.isnan(x) else x
                    both = np.isnan(x) and np.isnan(y)
                    square = 0.0 if both else (other - 0.5) ** 2 + 0.25
                else:
                    square = (x - y) ** 2
                r2[a, b] += square / length_scale[j] ** 2
    return r2


@given(mixed_points(), mixed_points(), st.integers(0, 2**32 - 1))
def test_cross_distances_are_the_definition_s(points, others, seed):
    categories, U = points
    V = np.resize(others[1], (len(others[1]), len(categories)))
    length_scale = np.exp(np.random.default_rng(seed).uniform(-2, 2, len(categories)))
    columns = Columns(categories)
    r2 = columns.cross_distances(columns.encode(U), columns.encode(V), length_scale)
    # The square is expanded, so rounding is relative to the largest scaled coordinate squared.
    expected = by_definition(categories, U, V, length_scale)
    np.testing.assert_allclose(r2, expected, rtol=1e-12, atol=1e-13 / length_scale.min() ** 2)


@given(mixed_points(), st.integers(0, 12))
def test_a_grown_table_holds_the_squares_of_all_pairs(points, n_first):
    categories, U = points
    n_first = min(n_first, len(U))
    columns = Columns(categories)
    encoded = columns.encode(U)
    table = PairTable(columns, encoded[:n_first])
    for n in range(n_first + 1, len(U) + 1):
        table.grow(encoded[:n])
    length_scale = np.linspace(0.5, 2.0, len(categories))
    r2 = by_definition(categories, U, U, length_scale)
    packed = (table.squared_differences / length_scale[:, None] ** 2).sum(axis=0)
    np.testing.assert_allclose(packed, r2[np.tril_indices(len(U))], atol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
@given(points=mixed_points(), seed=st.integers(0, 2**32 - 1))
def test_kernel_matrices_are_positive_semi_definite(kernel, points, seed):
    # Distances are Euclidean in the encoding, whatever is inactive, so this must hold.
    categories, U = points
    columns = Columns(categories)
    length_scale = np.exp(np.random.default_rng(seed).uniform(-2, 2, len(categories)))
    encoded = columns.encode(U)
    K = KERNELS[kernel]().value(columns.cross_distances(encoded, encoded, length_scale))
    assert np.linalg.eigvalsh(K).min() >= -1e-10 * len(U)


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_begin_at_one_and_fall_to_zero(kernel):
    r2 = np.concatenate([[0.0], np.geomspace(1e-12, 1e6, 60)])
    value, slope = KERNELS[kernel]().value_and_slope(r2)
    assert value[0] == 1.0
    assert (np.diff(value) <= 0).all()
    assert value[-1] < 1e-100
    assert (slope[value > 0] < 0).all()


@pytest.mark.parametrize("kernel", KERNELS)
@given(r2=st.floats(1e-3, 20))
def test_kernel_slopes_match_finite_differences(kernel, r2):
    part, h = KERNELS[kernel](), 1e-6 * r2
    value, slope = part.value_and_slope(np.array([r2 - h, r2, r2 + h]))
    assert slope[1] == pytest.approx((value[2] - value[0]) / (2 * h), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("k", [2, 3, 7, 1000])
def test_every_category_has_a_code_of_its_own(k):
    U = ((np.arange(k) + 0.5) / k)[:, None]
    np.testing.assert_array_equal(Columns((k,)).encode(U).coordinates[:, 0], np.arange(k))
    assert Columns((k,)).encode(np.full((1, 1), NAN)).coordinates[0, 0] == -1


def test_points_know_their_beginning():
    columns = Columns((0, 2))
    U = np.array([[0.1, 0.25], [NAN, 0.75], [0.3, NAN]])
    points = columns.encode(U)
    assert points.starts_with(points[:2])
    assert points[:1].joined(points[1:]).starts_with(points)
    assert not points[:2].starts_with(points)
    assert not points.starts_with(columns.encode(np.array([[0.1, 0.25], [0.5, 0.75]])))
