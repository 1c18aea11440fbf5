"""Densities integrate to one and are those of scipy.stats; draws have their moments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from skbayes.priors import (
    ElasticNet,
    Gamma,
    Group,
    HalfCauchy,
    Horseshoe,
    Laplace,
    Normal,
    StudentT,
)

LOCS, SCALES, POINTS = st.floats(-3, 3), st.floats(0.1, 3), st.floats(-20, 20)


def total_mass(prior):
    pieces = [(-np.inf, -1.0), (-1.0, 0.0), (0.0, 1.0), (1.0, np.inf)]
    density = lambda w: np.exp(prior.log_density([w]))  # noqa: E731
    return sum(integrate.quad(density, *piece, limit=200)[0] for piece in pieces)


@pytest.mark.parametrize(
    "prior",
    [
        Normal(0.3, 0.8),
        Laplace(0.3, 0.8),
        ElasticNet(0.0, 0.5, 2.0),
        ElasticNet(0.0, 0.01, 2.0),
        ElasticNet(0.0, np.inf, 2.0),
        ElasticNet(0.0, 0.5, np.inf),
        StudentT(3.0, 0.3, 0.5),
        Horseshoe(0.7),
        Horseshoe(0.7, 1.5),
        Horseshoe(0.01, 1.5),
        Horseshoe(1.0, 0.1),
        Gamma(2.5, 3.0),
        HalfCauchy(2.0),
    ],
    ids=repr,
)
def test_density_integrates_to_one(prior):
    assert total_mass(prior) == pytest.approx(1.0, abs=1e-8)  # what quad promises


@given(w=POINTS, loc=LOCS, scale=SCALES)
def test_densities_are_those_of_scipy(w, loc, scale):
    close = {"rel": 1e-10, "abs": 1e-10}
    assert Normal(loc, scale).log_density([w]) == pytest.approx(
        stats.norm(loc, scale).logpdf(w), **close
    )
    assert Laplace(loc, scale).log_density([w]) == pytest.approx(
        stats.laplace(loc, scale).logpdf(w), **close
    )
    assert StudentT(3.5, loc, scale).log_density([w]) == pytest.approx(
        stats.t(3.5, loc, scale).logpdf(w), **close
    )
    positive = abs(w) + 0.1
    assert Gamma(scale, 2.0).log_density([positive]) == pytest.approx(
        stats.gamma(scale, scale=0.5).logpdf(positive), **close
    )
    assert HalfCauchy(scale).log_density([positive]) == pytest.approx(
        stats.halfcauchy(scale=scale).logpdf(positive), **close
    )


def test_normal_with_a_covariance_is_scipy_s_multivariate_normal():
    C = np.array([[2.0, 0.5], [0.5, 1.0]])
    prior = Normal(loc=[1.0, -1.0], scale=[3.0, 0.5], covariance=C).for_features(None, 2)
    S = np.diag([3.0, 0.5])
    reference = stats.multivariate_normal([1.0, -1.0], S @ C @ S)
    w = np.array([0.3, 0.2])
    assert prior.log_density(w) == pytest.approx(reference.logpdf(w), rel=1e-12)
    np.testing.assert_allclose(prior.quadratic()[1], np.linalg.inv(S @ C @ S), rtol=1e-12)


@given(w=POINTS, scale=SCALES)
def test_elastic_net_without_one_of_its_factors_is_the_other(w, scale):
    laplace, normal = ElasticNet(1.0, scale, np.inf), ElasticNet(1.0, np.inf, scale)
    assert laplace.log_density([w]) == pytest.approx(
        Laplace(1.0, scale).log_density([w]), rel=1e-12
    )
    assert normal.log_density([w]) == pytest.approx(Normal(1.0, scale).log_density([w]), rel=1e-12)


@given(w=st.lists(POINTS, min_size=3, max_size=3), scale=SCALES)
def test_groups_of_one_are_laplace(w, scale):
    laplace, group = Laplace(0.5, scale), Group(None, 0.5, scale)
    assert group.log_density(w) == pytest.approx(laplace.log_density(w), rel=1e-10, abs=1e-10)
    # Where |w − loc| and the step nearly agree, rounding of either is all that is left.
    np.testing.assert_allclose(group.prox(w, 0.7), laplace.prox(w, 0.7), atol=1e-13)


@given(
    w=st.lists(POINTS, min_size=4, max_size=4),
    step=st.lists(st.floats(0.01, 10.0), min_size=4, max_size=4),
)
def test_prox_of_a_group_with_a_step_for_each_coefficient_is_stationary(w, step):
    w, step, loc = np.array(w), np.array(step), 0.5
    prior = Group([0, 0, 0, 1], loc, [2.0, 2.0, 2.0, np.inf])
    z = prior.prox(w, step)
    assert z[3] == w[3]
    d, u, rate = (w - loc)[:3], (z - loc)[:3], np.sqrt(3.0) / 2.0
    r = np.linalg.norm(u)
    if r > 0.0:  # (z − w)/step + rate (z − m)/r = 0
        np.testing.assert_allclose(u * (1.0 + rate * step[:3] / r), d, rtol=1e-9, atol=1e-12)
    else:  # the subgradient at the kink reaches as far as its rate
        assert np.linalg.norm(d / step[:3]) <= rate * (1.0 + 1e-12)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_coefficient_has_the_variance_that_group_s_notes_say(size):
    # Of 40,000 draws the variance errs by about 1.6 %; five standard errors.
    draws = Group([0] * size, scale=2.0).sample(40_000, random_state=0)
    assert draws.shape == (40_000, size)
    assert draws[:, 0].var() == pytest.approx(4.0 * (size + 1) / size, rel=0.08)


@pytest.mark.parametrize("w", [-1.0, 0.0])
def test_outside_the_support_the_log_density_is_minus_infinity(w):
    assert Gamma().log_density([1.0, w]) == -np.inf
    assert HalfCauchy().log_density([1.0, -1.0]) == -np.inf


@pytest.mark.parametrize(
    "prior", [Normal(), Laplace(), StudentT(), ElasticNet(), Horseshoe(), Group()]
)
def test_a_feature_of_infinite_scale_counts_nothing(prior):
    names = [name for name in prior.get_params() if name.endswith("scale") and name != "slab_scale"]
    half = type(prior)(**{name: [1.0, np.inf] for name in names})
    alone = prior.log_density([0.7])
    for far in (0.0, 1e6):
        assert half.log_density([0.7, far]) == pytest.approx(alone, rel=1e-12)
    if hasattr(half, "prox"):
        assert half.prox(np.array([0.1, 5.0]), 1.0)[1] == 5.0
