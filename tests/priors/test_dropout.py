"""Dropout without data: a normal prior by rate and information."""

import numpy as np
import pytest
from sklearn.base import clone

from skbayes.checks import check_prior
from skbayes.priors import Dropout, Normal


@pytest.mark.parametrize(
    "prior",
    [
        Dropout(0.2),
        Dropout(0.0),
        Dropout(0.9, [1.0, 0.0, 100.0]),
    ],
    ids=repr,
)
def test_it_keeps_the_contract(prior):
    check_prior(prior)


def test_it_is_the_normal_prior_of_its_scale():
    prior = Dropout(0.75, [1.0, 4.0]).for_features(None, 2)
    normal = Normal(scale=[1.0 / np.sqrt(3.0), 1.0 / np.sqrt(12.0)])
    w = [0.3, -0.2]
    assert prior.log_density(w) == pytest.approx(normal.log_density(w))
    np.testing.assert_allclose(prior.gradient(w), normal.gradient(w))
    np.testing.assert_allclose(prior.quadratic()[1], [3.0, 12.0])


def test_its_parameters_are_its_own_and_go_by_name():
    prior = Dropout(0.3, {"b": 5.0})
    assert set(prior.get_params()) == {"rate", "information"}
    assert clone(prior).get_params() == prior.get_params()
    np.testing.assert_allclose(prior.for_features(["a", "b"], 2).information, [1.0, 5.0])
    moved = prior.at_information(np.array([2.0, 3.0]))
    assert moved.rate == 0.3
    np.testing.assert_allclose(moved.information, [2.0, 3.0])


@pytest.mark.parametrize(
    ("prior", "match"),
    [
        (Dropout(1.0), r"Dropout needs rate in \[0, 1\); got rate=1.0"),
        (Dropout(-0.1), r"Dropout needs rate in \[0, 1\); got rate=-0.1"),
        (Dropout(0.5, -1.0), "Dropout needs information >= 0; got information=-1.0"),
        (Dropout(0.5, np.nan), "Dropout needs finite information"),
    ],
)
def test_numbers_out_of_range_are_refused(prior, match):
    with pytest.raises(ValueError, match=match):
        prior.log_density([0.0])
