"""A drawn picture can be pickled, as scikit-learn's displays can, and is the same afterwards."""

import pickle

import pytest

from tests.plots.test_titles import PICTURES, display_of


def texts(figure):
    figure.canvas.draw()
    ticks = (ax.get_xticklabels() + ax.get_yticklabels() for ax in figure.axes)
    return [[tick.get_text() for tick in each] for each in ticks]


@pytest.mark.parametrize("name", PICTURES)
def test_a_drawn_display_is_the_same_after_pickling(name):
    display = display_of(name).plot()
    again = pickle.loads(pickle.dumps(display))
    assert texts(again.figure_) == texts(display.figure_)
