"""One row for each registered prior: a log density from a closed form, and its gradient."""

import math

import numpy as np
import pytest

from skbayes.priors import PRIORS, LogNormal

ROWS = {
    # w = e² and loc = 1, scale = 2: t = 1/2, so −2 − log 2 − log √2π − 1/8
    "log_normal": (
        LogNormal(loc=1.0, scale=2.0),
        [math.e**2],
        -2.0 - math.log(2.0) - 0.5 * math.log(2.0 * math.pi) - 0.125,
    ),
}


def test_every_registered_prior_has_a_reference_row():
    assert ROWS.keys() == PRIORS.keys()


@pytest.mark.parametrize("name", PRIORS)
def test_log_density_has_its_reference_value(name):
    prior, w, expected = ROWS[name]
    assert prior.log_density(w) == pytest.approx(expected, rel=1e-12)
    assert type(prior) is PRIORS[name]


@pytest.mark.parametrize("name", PRIORS)
def test_gradient_matches_finite_differences(name):
    prior, w, _ = ROWS[name]
    w, h = np.asarray(w), 1e-5
    slope = (prior.log_density(w + h) - prior.log_density(w - h)) / (2 * h)
    # Central differences err by h² times the third derivative.
    assert prior.gradient(w)[0] == pytest.approx(slope, rel=1e-7)
