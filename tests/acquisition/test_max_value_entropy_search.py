"""Max-value entropy search against the entropies that it is a closed form of."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from skbayes.acquisition import AcquisitionContext, MaxValueEntropySearch
from skbayes.acquisition._max_value_entropy_search import MaxValueInformation
from skbayes.posteriors import GaussianPosterior

means = st.floats(-5, 5)


def context(incumbent=0.0, seed=0):
    return AcquisitionContext(incumbent, np.random.default_rng(seed))


def smooth_posterior(n=40, seed=0):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.random(n))
    covariance = np.exp(-0.5 * ((x[:, None] - x) / 0.2) ** 2) + 1e-9 * np.eye(n)
    mean = np.linalg.cholesky(covariance) @ rng.standard_normal(n)
    return GaussianPosterior(mean, np.sqrt(np.diag(covariance)), covariance)


def entropy_below(y, mean, std):
    """Entropy of N(mean, std²) given that it is below y, by quadrature."""
    mass = norm.cdf(y, mean, std)

    def integrand(t):
        density = norm.pdf(t, mean, std) / mass
        return -density * np.log(density) if density > 0 else 0.0

    low = min(mean, y) - 12 * std
    return quad(integrand, low, min(y, mean + 12 * std), epsabs=1e-12, limit=200)[0]


@pytest.mark.parametrize("y", [[-1.5], [0.0], [0.7], [3.0], [-0.5, 0.2, 1.9]])
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.4, 0.5), (-1.0, 2.0)])
def test_the_value_is_the_fall_of_the_entropy(y, mean, std):
    value = MaxValueInformation(np.array(y)).value(mean, std, 0.0)
    before = 0.5 * np.log(2 * np.pi * np.e * std**2)
    fall = before - np.mean([entropy_below(one, mean, std) for one in y])
    assert value == pytest.approx(fall, rel=1e-7, abs=1e-9)  # of the quadrature


@given(mean=means, std=st.floats(0.1, 5), y=st.lists(means, min_size=1, max_size=4))
def test_partials_match_central_differences(mean, std, y):
    information = MaxValueInformation(np.array(y))
    step = 1e-5 * std
    value, d_mean, d_std = information.value_and_partials(mean, std, 0.0)
    by_mean = information.value(mean + step, std, 0) - information.value(mean - step, std, 0)
    by_std = information.value(mean, std + step, 0) - information.value(mean, std - step, 0)
    # Differences lose eps·|value| / step to rounding and step² to curvature.
    rounding = 1e-15 * (1 + abs(value)) / step
    assert d_mean == pytest.approx(by_mean / (2 * step), rel=1e-5, abs=1e-7 + rounding)
    assert d_std == pytest.approx(by_std / (2 * step), rel=1e-5, abs=1e-7 + rounding)


@pytest.mark.parametrize("gamma", [-1.0, -50.0])
def test_the_branches_meet(gamma):
    at = np.array([gamma * (1 + 1e-12), gamma * (1 - 1e-12)])
    values, d_mean, d_std = MaxValueInformation(np.zeros(1)).value_and_partials(-at, 1.0, 0.0)
    assert values[0] == pytest.approx(values[1], rel=1e-10)
    # At −50 the closed form of the slope has lost γ² = 2500 roundings, twice.
    assert d_mean[0] == pytest.approx(d_mean[1], rel=1e-9)
    assert d_std[0] == pytest.approx(d_std[1], rel=1e-9)


@pytest.mark.parametrize("z", [1e3, 1e6, 1e12, 1e100])
def test_far_above_the_maximum_the_value_grows_by_the_logarithm(z):
    # −log Φ(−z) → z²/2 + log z + log √2π and z r / 2 → z²/2 + ½, both to 1 / z²
    value, d_mean, _ = MaxValueInformation(np.zeros(1)).value_and_partials(z, 1.0, 0.0)
    expected = np.log(z) + 0.5 * np.log(2 * np.pi) - 0.5
    assert value == pytest.approx(expected, abs=5 / z**2 + 1e-12 * expected)
    assert d_mean == pytest.approx(1 / z, rel=10 / z**2 + 1e-9)


@pytest.mark.parametrize("std", [0.0, 5e-324, 1e-200])
@pytest.mark.parametrize("mean", [-1e100, -1.0, 0.0, 1.0, 1e100])
def test_a_certain_score_tells_nothing(mean, std):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = MaxValueInformation(np.array([0.0, 1.0])).value_and_partials(mean, std, 0.0)
    assert parts == (0.0, 0.0, 0.0)


@given(mean=means, std=st.floats(0.01, 5), more=st.floats(0.01, 3), y=means)
def test_more_can_be_learnt_where_the_mean_is_higher(mean, std, more, y):
    low, high = MaxValueInformation(np.array([y])).value(np.array([mean, mean + more]), std, 0.0)
    assert 0.0 <= low <= high


@pytest.mark.parametrize("how", ["gumbel", "thompson"])
def test_value_is_the_marginal_with_the_same_draws(how):
    posterior = smooth_posterior()
    acquisition = MaxValueEntropySearch(max_values=how)
    marginal = acquisition.marginal(posterior, context(1.0, seed=4))
    expected = marginal.value(posterior.mean, posterior.std, 1.0)
    np.testing.assert_array_equal(acquisition.value(posterior, context(1.0, seed=4)), expected)


@pytest.mark.parametrize("how", ["gumbel", "thompson"])
@pytest.mark.parametrize(("scale", "shift"), [(1e-6, 0.0), (3.0, -7.0), (1e6, 1e6)])
def test_the_unit_of_the_score_does_not_matter(how, scale, shift):
    before = smooth_posterior()
    after = GaussianPosterior(
        scale * before.mean + shift, scale * before.std, scale**2 * before.covariance
    )
    acquisition = MaxValueEntropySearch(max_values=how)
    values = acquisition.value(before, context(0.5))
    # Twenty bisections stop at a millionth of the bracket, wherever that begins.
    np.testing.assert_allclose(
        acquisition.value(after, context(scale * 0.5 + shift)), values, rtol=1e-4
    )


def test_the_median_gumbel_draw_is_the_median_of_the_maximum():
    rng = np.random.default_rng(1)
    mean, std = rng.standard_normal(30), rng.uniform(0.1, 1.0, 30)
    marginal = MaxValueEntropySearch(n_max_values=1).marginal(
        GaussianPosterior(mean, std), context(-100.0)
    )
    # P(max < y) = Π Φ((y − mean) / std) for independent scores
    assert norm.cdf(marginal.max_values[0], mean, std).prod() == pytest.approx(0.5, abs=1e-4)


def test_gumbel_draws_spread_as_the_maximum_of_many_independent_scores_does():
    maxima = np.random.default_rng(2).standard_normal((4000, 200)).max(axis=1)
    posterior = GaussianPosterior(np.zeros(200), np.ones(200))
    drawn = MaxValueEntropySearch(n_max_values=200).marginal(posterior, context()).max_values
    # A standard error of 0.007; and the maximum of 200 is nearly, not quite, Gumbel distributed.
    assert drawn.mean() == pytest.approx(maxima.mean(), abs=0.03)
    assert drawn.std() == pytest.approx(maxima.std(), rel=0.1)


def test_thompson_draws_know_that_near_scores_are_alike():
    # Fifty copies of one score have the maximum of one, N(0, 1), and not that of fifty.
    one = GaussianPosterior(np.zeros(50), np.ones(50), np.ones((50, 50)))
    joint = MaxValueEntropySearch(400, "thompson").marginal(one, context(-100.0)).max_values
    assert joint.mean() == pytest.approx(0.0, abs=4 / np.sqrt(400))
    alone = MaxValueEntropySearch(400, "gumbel").marginal(one, context(-100.0)).max_values
    assert alone.mean() > 2.0


@pytest.mark.parametrize("how", ["gumbel", "thompson"])
def test_the_maximum_is_above_the_incumbent(how):
    marginal = MaxValueEntropySearch(max_values=how).marginal(smooth_posterior(), context(50.0))
    assert (marginal.max_values > 50.0).all()


def test_parameters_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"max_values 'gumbel' or 'thompson'; got 'exact'"):
        MaxValueEntropySearch(max_values="exact").value(smooth_posterior(), context())
    with pytest.raises(ValueError, match=r"n_max_values >= 1; got 0"):
        MaxValueEntropySearch(n_max_values=0).value(smooth_posterior(), context())


@pytest.mark.parametrize("part", [MaxValueEntropySearch(), MaxValueInformation(np.ones(2))])
def test_a_weight_multiplies_the_information(part):
    # Half the information at twice the weight is the same, whatever the incumbent.
    weighted, by_value, _ = part.weigh([2.0, 1.0, 0.0], 5.0, np.log([1.0, 2.0, 9.0]))
    assert weighted.tolist() == pytest.approx([2.0, 2.0, 0.0])
    assert by_value.tolist() == pytest.approx([1.0, 2.0, 9.0])
