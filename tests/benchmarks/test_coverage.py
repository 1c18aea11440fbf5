"""The simulation of coverage: the conjugate model keeps what it promises, and a broken one would be found out."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.coverage import LEVELS, Coverage, cells, coverage, settings
from skbayes.likelihoods import Gaussian

EXACT = [s for s in settings() if s.n == 12 and s.label.startswith("gaussian")][:2]


@pytest.mark.slow
@pytest.mark.parametrize("setting", EXACT, ids=lambda setting: setting.label)
def test_exact_intervals_contain_the_truth_as_often_as_they_say(setting):
    found = coverage(setting, 2000, seed=1)
    for shares in found.parts:
        error = shares.std(axis=0) / np.sqrt(len(shares))
        # Four simulation errors: one in 16,000 for each of the 24 numbers.
        np.testing.assert_array_less(np.abs(shares.mean(axis=0) - LEVELS), 4.0 * error)


@pytest.mark.slow
def test_a_noise_taken_for_smaller_than_it_is_is_found_out():
    found = coverage(replace(EXACT[0], likelihood=Gaussian(scale=0.7)), 300, seed=2)
    texts = cells(found)
    assert all("↓" in text for text in texts[:4])


def test_cells_mark_what_is_short_by_more_than_three_errors():
    rng = np.random.default_rng(0)
    right = (rng.random((4000, 3)) < LEVELS).astype(float)
    wrong = (rng.random((4000, 3)) < np.array(LEVELS) - [0.1, 0.0, 0.0]).astype(float)
    texts = cells(Coverage(right, wrong, right, right, 0))
    assert [text.count("↓") for text in texts] == [0, 1, 0, 0, 0]
    assert texts[4] == "0.8 / 0.5 / 0.2"  # √(level (1 − level) / 4000) in per cent
