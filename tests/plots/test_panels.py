"""Several panels: in a new figure, in the place of one axes, or in axes given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skbayes.plots import ParetoDisplay
from skbayes.plots._panels import panel_grid, panels
from skbayes.plots._widths import columns_of, width_of

BOX = (0.2, 0.1, 0.6, 0.5)  # left, bottom, width, height


def in_a_grid(**options):
    return plt.figure(**options).subplots(2, 2)[1, 0]


def by_hand():
    return plt.figure().add_axes(BOX)


def drawn_in(make):
    """Return axes with panels in their place, by each of the roads."""
    results = {
        "params": [{"C": k} for k in range(5)],
        **{f"mean_test_{name}": np.linspace(0.0, 1.0, 5) for name in "abc"},
    }
    results["mean_fit_time"] = np.ones(5)
    first, second, third = make(), make(), make()
    yield first, panels(first, "It", [3.0, 1.0])
    yield second, panel_grid(second, "It", 5, 3, (7.0, 4.0))
    yield third, ParetoDisplay.from_cv_results(results, list("abc"), ax=third).axes_


@pytest.mark.parametrize("make", [in_a_grid, by_hand])
def test_panels_lie_in_the_place_of_the_axes_given(make):
    for ax, found in drawn_in(make):
        assert not ax.axison
        place = ax.get_position()
        boxes = [panel.get_position() for panel in found]
        # The edges are added up in another order.
        np.testing.assert_allclose(min(box.x0 for box in boxes), place.x0, atol=1e-9)
        np.testing.assert_allclose(max(box.x1 for box in boxes), place.x1, atol=1e-9)
        np.testing.assert_allclose(min(box.y0 for box in boxes), place.y0, atol=1e-9)
        assert max(box.y1 for box in boxes) <= place.y1 + 1e-9
        assert all(panel.figure is ax.figure for panel in found)


def test_of_an_array_there_are_as_many_as_panels():
    given = plt.figure().subplots(2, 2)
    assert panels(given, "It", [1.0] * 4) == list(given.ravel())
    for make in (lambda: panels(given, "It", [1.0]), lambda: panel_grid(given, "It", 3, 3, (7, 4))):
        with pytest.raises(ValueError, match=r"It needs \d axes, one for each panel; got 4"):
            make()


@pytest.mark.parametrize(
    "labels",
    [
        [
            "by itself",
            "with others: up to the total",
            "± 1 deviation",
            "a pair: beyond the two alone",
        ],
        ["complete (51)", "pruned (2)", "failed (15)", "timeout (3)", "new best (4)"],
        ["a name of some forty letters, " + letter for letter in "abcde"],
    ],
)
def test_the_columns_of_a_legend_fit_and_one_more_would_be_tight(labels):
    ax = plt.figure(figsize=(7.0, 4.5)).add_subplot()
    for label in labels:
        ax.plot([], [], label=label)

    def inches(n_columns):
        legend = ax.legend(ncols=n_columns, frameon=False, fontsize="small")
        return legend.get_window_extent().width / ax.figure.dpi

    n = columns_of(labels, width_of(ax))
    assert inches(n) <= width_of(ax)
    # Letters are counted, not measured: a fifth of the width is left for wide ones.
    assert n == len(labels) or inches(n + 1) > 0.8 * width_of(ax)
