"""The profiled horseshoe: what its docstring says of φ, its kink, its tails and its prox."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from skbayes.priors import Horseshoe


@given(w=st.floats(1e-3, 1e3), scale=st.floats(0.1, 10.0))
def test_height_is_the_profile_over_the_local_scale(w, scale):
    # −log of exp(−u/2t)/(1 + t), minimised over log t by a search that knows nothing of the closed form.
    u = (w / scale) ** 2
    joint = lambda s: u / (2.0 * np.exp(s)) + np.log1p(np.exp(s))  # noqa: E731
    profile = minimize_scalar(joint, bounds=(-20.0, 25.0), method="bounded").fun
    prior = Horseshoe(scale)
    height = prior.log_density([0.0]) - prior.log_density([w])
    assert height == pytest.approx(profile, rel=1e-7, abs=1e-7)


def test_the_kink_has_the_slope_root_two_over_the_scale():
    prior = Horseshoe(scale=0.3)
    h = 1e-7  # the slope bends by h/2τ² over the step
    slope = (prior.log_density([0.0]) - prior.log_density([h])) / h
    assert slope == pytest.approx(np.sqrt(2.0) / 0.3, rel=1e-5)
    assert prior.majorizer([0.0])[1][0] == pytest.approx(np.sqrt(2.0) / 0.3, rel=1e-12)


def test_the_tails_fall_as_a_cauchy_s():
    prior = Horseshoe(scale=0.5)
    drop = prior.log_density([1e5]) - prior.log_density([1e6])
    assert drop == pytest.approx(2.0 * np.log(10.0), rel=1e-6)


@pytest.mark.parametrize("prior", [Horseshoe(0.7), Horseshoe(0.7, 1.5), Horseshoe(0.05, 1.5)])
@pytest.mark.parametrize("step", [0.1, 1.0, 2.0, 50.0])
def test_prox_is_the_global_minimum_also_where_there_are_two(prior, step):
    w = np.linspace(-9.0, 9.0, 37)
    grid = np.linspace(-12.0, 12.0, 2401)
    heights = np.array([-prior.log_density([z]) for z in grid])
    z = prior.prox(w, step)
    own = 0.5 * (z - w) ** 2 - step * np.array([prior.log_density([v]) for v in z])
    on_grid = (0.5 * (grid - w[:, np.newaxis]) ** 2 + step * heights).min(axis=1)
    assert np.all(own <= on_grid + 1e-12)


def test_prox_is_odd_and_shrinks_large_values_little():
    prior = Horseshoe(scale=0.1)
    w = np.array([0.05, 1.0, 100.0])
    np.testing.assert_array_equal(prior.prox(-w, 1.0), -prior.prox(w, 1.0))
    # φ' is 2/|w| in the tail, against Laplace's constant 1/b.
    assert 100.0 - prior.prox(w, 1.0)[2] == pytest.approx(0.02, rel=1e-3)
