"""Values of a parameter on an axis of matplotlib: numbers as they are, choices in equal steps."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from skbayes.plots._parameter_scale import edges_of, is_line, name_text, places, set_scale
from skbayes.space import ValueGrid


def grid(values, scale="linear", is_complete=True, name="x"):
    return ValueGrid(name, tuple(values), scale, is_complete)


def test_choices_are_told_apart_as_a_space_does():
    array, other = np.array([1.0, 2.0]), np.array([1.0, 3.0])
    choices = grid([1, 1.0, True, None, array, (1, 2)], "choices")
    found = places(choices, [True, 1.0, 1, array, other, None, (1, 2), "no"])
    np.testing.assert_array_equal(found, [2, 1, 0, 4, np.nan, 3, 5, np.nan])


def test_numbers_are_where_they_are_and_have_no_place_beyond_the_ends():
    found = places(grid([1.0, 10.0]), [1, 2.5, np.float64(10.0), 11.0, "a", True])
    np.testing.assert_array_equal(found, [1.0, 2.5, 10.0, np.nan, np.nan, np.nan])


@pytest.mark.parametrize(
    ("values", "scale", "expected"),
    [
        ([1.0, 2.0, 4.0], "linear", [0.5, 1.5, 3.0, 5.0]),
        ([1.0, 100.0], "log", [0.1, 10.0, 1000.0]),
        ([3], "linear", [2.5, 3.5]),
    ],
)
def test_cells_end_half_way_on_the_scale(values, scale, expected):
    np.testing.assert_allclose(edges_of(grid(values, scale), values), expected)


def test_a_line_is_for_ranges_and_for_many_whole_numbers():
    assert is_line(grid([0.0, 1.0], is_complete=False))
    assert is_line(grid(range(13)))
    assert not is_line(grid(range(12)))
    assert not is_line(grid(range(99), "choices"))


def test_long_names_take_two_lines_and_formulas_are_no_formulas():
    assert name_text(grid([0], name="C")) == "C"
    assert name_text(grid([0], name="pipeline__svc__gamma"), 12) == "pipeline__\nsvc__gamma"
    assert name_text(grid([0], name="a$b$")) == r"a\$b\$"
    long = name_text(grid([0], name="n" * 300), 20)
    assert max(map(len, long.split("\n"))) <= 20
    assert long.count("\n") == 1


def test_choices_are_called_as_in_parallel_coordinates():
    import matplotlib.pyplot as plt

    ax = plt.figure().add_subplot()
    models = [LogisticRegression(C=3.0, solver="newton-cholesky"), SVC(C=3.0), SVC(C=4.0), "$"]
    set_scale(ax.xaxis, grid(models, "choices"), 5.0)
    texts = [label.get_text() for label in ax.get_xticklabels()]
    assert texts == ["LogisticRegression", "SVC(C=3.0)", "SVC(C=4.0)", r"\$"]


def test_of_many_choices_some_are_named_and_wide_labels_are_slanted():
    import matplotlib.pyplot as plt

    ax = plt.figure().add_subplot()
    set_scale(ax.xaxis, grid([f"number {k}" for k in range(40)], "choices"), 5.0)
    assert len(ax.get_xticks()) <= 16
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {30.0}
    assert ax.get_xlim() == pytest.approx((-0.6, 39.6))
    set_scale(ax.xaxis, grid(["a", "b"], "choices"), 5.0, is_filled=True)
    assert ax.get_xlim() == (-0.5, 1.5)
