"""Curvature away from kinks: second differences of the log density, in the parameters that are not at one."""

import numpy as np
import pytest

from skbayes.priors import Group, Horseshoe

STEP = 1e-4


def second_differences(prior, w):
    unit = STEP * np.eye(w.size)
    f = prior.log_density
    return np.array(
        [
            [
                (f(w + a + b) - f(w + a - b) - f(w - a + b) + f(w - a - b)) / (4 * STEP**2)
                for b in unit
            ]
            for a in unit
        ]
    )


@pytest.mark.parametrize(
    "prior",
    [
        Group([0, 0, 1, 0, 2], loc=[0.1, 0.0, 0.2, 0.0, 0.0], scale=[0.5, 0.5, 2.0, 0.5, 1.0]),
        Group([0, 0, 1, 0, 1], scale=[np.inf, np.inf, 0.3, np.inf, 0.3]),
        Horseshoe(scale=0.3, slab_scale=2.0),
        Horseshoe(scale=[0.3, np.inf, 1.0, 0.1, 2.0]),
    ],
    ids=repr,
)
def test_it_is_the_second_difference(prior):
    prior = prior.for_features(None, 5)
    w = np.array([0.7, -0.4, 1.1, 0.3, -2.0])
    hessian = prior.hessian_off_kinks(w)
    matrix = np.diag(hessian) if hessian.ndim == 1 else hessian
    # Differences of doubles over 1e-8: seven digits of a number near one.
    np.testing.assert_allclose(matrix, second_differences(prior, w), rtol=1e-4, atol=1e-5)
    assert not prior.at_kink(w).any()


def test_at_a_kink_nothing_is_said_of_the_others():
    group = Group([0, 0, 1]).for_features(None, 3)
    w = np.array([0.0, 0.0, 2.0])
    np.testing.assert_array_equal(group.at_kink(w), [True, True, False])
    assert np.all(group.hessian_off_kinks(w)[:2] == 0.0)
    horseshoe = Horseshoe(scale=[1.0, np.inf, 1.0])
    np.testing.assert_array_equal(horseshoe.at_kink(np.array([0.0, 0.0, 1.0])), [1, 0, 0])
