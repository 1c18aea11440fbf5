"""The table of the lasso's intervals counts what it says."""

import numpy as np
import pytest

from benchmarks.kinks import SETTINGS, Setting, Tally, cells, simulate


def test_zeros_and_non_zeros_are_counted_apart():
    tally = Tally([], [])
    w = np.array([1.0, 2.0, 0.0, 0.0, 0.0])
    lower = np.array([0.5, 2.5, -1.0, 0.0, 0.1])
    upper = np.array([1.5, 3.0, 1.0, 0.0, 0.2])
    tally.add(w, lower, upper, unit=2.0)
    assert tally.others == [(0.5, pytest.approx(0.375))]
    # An interval of length zero at the truth contains it.
    assert tally.zeros == [(pytest.approx(2.0 / 3.0), pytest.approx(0.35))]
    assert cells(tally, 1)[0] == "50 ± 0 % (0.38)"


def test_a_setting_without_zeros_has_no_cell_for_them():
    setting = Setting("all", 40, 3, 3)
    tallies = simulate(setting, 2, ("support", "smoothed"))
    assert set(tallies) == {"support", "smoothed"}
    assert cells(tallies["smoothed"], 2)[1] == "–"
    assert all(len(tally.others) == 2 for tally in tallies.values())


def test_data_sets_have_the_non_zeros_that_they_say():
    for setting in SETTINGS:
        _, _, w = setting.draw(np.random.default_rng(0))
        assert np.count_nonzero(w) == (setting.p if setting.k is None else setting.k)
