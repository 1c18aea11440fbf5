"""The moments of a prior times a normal density: against integrals by another road, and what must hold of any."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from skbayes.priors import ElasticNet, Group, Horseshoe, Laplace

SEPARATE = {
    "laplace": Laplace(loc=0.3, scale=0.5),
    "elastic_net": ElasticNet(loc=0.3, l1_scale=0.5, l2_scale=0.7),
    "normal_factor_alone": ElasticNet(loc=0.3, l1_scale=np.inf, l2_scale=0.7),
    "horseshoe": Horseshoe(scale=0.2),
    "horseshoe_with_slab": Horseshoe(scale=0.2, slab_scale=1.5),
}


def moments(density, breaks):
    """Return integral, mean and variance of a density of one variable, piece by piece."""

    def integral(f):
        return sum(
            quad(f, low, high, limit=200, epsabs=0.0, epsrel=1e-11)[0]
            for low, high in pairwise(breaks)
        )

    total = integral(density)
    mean = integral(lambda x: x * density(x)) / total
    return total, mean, integral(lambda x: (x - mean) ** 2 * density(x)) / total


@pytest.mark.parametrize("name", SEPARATE)
@pytest.mark.parametrize(
    ("mean", "variance"),
    [(0.0, 1.0), (1.0, 0.5), (-2.0, 0.01), (0.0, 100.0), (0.3, 1e-6), (8.0, 0.2)],
)
def test_moments_are_those_of_the_integrals(name, mean, variance):
    prior, s = SEPARATE[name], np.sqrt(variance)

    def density(x):
        normal = np.exp(-0.5 * (x - mean) ** 2 / variance) / (s * np.sqrt(2.0 * np.pi))
        return np.exp(prior.log_density([x])) * normal

    # The product may lie well beside the normal factor: as far as the kink.
    low, high = min(0.0, mean - 12.0 * s), max(0.3, mean + 12.0 * s)
    inner = [x for x in (0.0, 0.3, mean - 3 * s, mean, mean + 3 * s, -0.3, 0.6) if low < x < high]
    total, centre, spread = moments(density, sorted({low, high, *inner}))
    found = [float(part[0]) for part in prior.tilted([mean], [variance])]
    # 1e-8: at a normal density of twenty scales a truncated normal's variance loses half of the digits.
    assert found[0] == pytest.approx(np.log(total), abs=1e-8)
    assert found[1] == pytest.approx(centre, abs=1e-8 * np.sqrt(spread))
    assert found[2] == pytest.approx(spread, rel=1e-8)


@pytest.mark.parametrize("mean", [0.0, 0.4, -3.0])
def test_a_group_of_one_is_a_laplace_coefficient(mean):
    one = Group(loc=0.3, scale=0.5).tilted_block(np.array([0]), [mean], [[0.8]])
    other = Laplace(loc=0.3, scale=0.5).tilted([mean], [0.8])
    for part, expected in zip(one, other, strict=True):
        assert np.ravel(part)[0] == pytest.approx(expected[0], rel=1e-10)


def test_moments_of_a_group_are_those_of_a_fine_grid():
    prior = Group([0, 0], scale=0.5)
    mean, covariance = np.array([0.5, 1.0]), np.array([[1.0, 0.5], [0.5, 0.6]])
    # The product has fallen to 1e-12 at ±6; the kink costs the grid about its cell.
    axis = np.linspace(-6.0, 6.0, 1201)
    W = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    d = W - mean
    normal = np.exp(-0.5 * np.einsum("...i,ij,...j", d, np.linalg.inv(covariance), d))
    normal /= 2.0 * np.pi * np.sqrt(np.linalg.det(covariance))
    height = np.exp(prior.log_density([0.0, 0.0]))
    density = height * np.exp(-np.sqrt(2.0) / 0.5 * np.linalg.norm(W, axis=-1)) * normal
    total = density.sum()
    centre = np.einsum("ij,ijk", density, W) / total
    spread = np.einsum("ij,ijk", density, (W - centre) ** 2) / total
    found = prior.tilted_block(np.array([0, 1]), mean, covariance)
    assert found[0] == pytest.approx(np.log(total * (axis[1] - axis[0]) ** 2), abs=1e-4)
    np.testing.assert_allclose(found[1], centre, atol=1e-4)
    np.testing.assert_allclose(found[2], spread, rtol=1e-4)


@pytest.mark.parametrize("name", SEPARATE)
@given(mean=st.floats(-50.0, 50.0), log_variance=st.floats(-20.0, 20.0))
def test_tilted_densities_are_proper(name, mean, log_variance):
    _, centre, spread = SEPARATE[name].tilted([mean], [np.exp(log_variance)])
    assert np.isfinite(centre).all()
    assert (spread > 0.0).all()


@given(mean=st.floats(-50.0, 50.0), log_variance=st.floats(-20.0, 20.0))
def test_a_log_concave_factor_never_widens_a_normal_density(mean, log_variance):
    # Brascamp and Lieb (1976): the variance is at most that without the factor.
    for name in ("laplace", "elastic_net"):
        _, _, spread = SEPARATE[name].tilted([mean], [np.exp(log_variance)])
        assert spread[0] <= np.exp(log_variance) * (1.0 + 1e-9)


@pytest.mark.parametrize(
    "prior",
    [Laplace(scale=np.inf), ElasticNet(l1_scale=np.inf, l2_scale=np.inf), Horseshoe(scale=np.inf)],
)
def test_an_unpenalised_coefficient_keeps_its_normal_density(prior):
    log_integral, mean, variance = prior.tilted([2.0], [3.0])
    assert (log_integral[0], mean[0], variance[0]) == pytest.approx((0.0, 2.0, 3.0), abs=1e-12)
    assert np.isinf(prior.spread()).all()


def test_the_moments_of_a_prior_alone_are_its_own():
    # A very wide normal density is flat: Laplace has the variance 2b², a group of k b² (k + 1)/k.
    _, mean, variance = Laplace(loc=1.0, scale=0.5).tilted([0.0], [1e8])
    assert (mean[0], variance[0]) == pytest.approx((1.0, 0.5), rel=1e-6)
    _, _, variance = Group([0, 0], scale=0.5).tilted_block(
        np.array([0, 1]), np.zeros(2), 1e8 * np.eye(2)
    )
    np.testing.assert_allclose(variance, 0.25 * 3.0 / 2.0, rtol=1e-6)
    assert Laplace(scale=0.5).spread() ** 2 == pytest.approx(0.5)
    np.testing.assert_allclose(Group([0, 0], scale=0.5).spread() ** 2, variance, rtol=1e-6)


def test_blocks_are_the_groups():
    blocks = Group(["a", "b", "a"]).for_features(None, 3).blocks(3)
    assert [list(block) for block in blocks] == [[0, 2], [1]]
