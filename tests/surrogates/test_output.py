"""Output transforms: increasing, invertible, with the derivative that they claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from skbayes.surrogates import OUTPUT_TRANSFORMS
from skbayes.surrogates._output import fit_output
from skbayes.surrogates._output_maps import LogLosers

NAMES = [None, *OUTPUT_TRANSFORMS]
# Values a hair apart are told apart by rounding alone, so the grid is coarse.
SCORES = st.lists(st.integers(-1000, 1000), min_size=2, max_size=60).map(
    lambda values: np.array(values) / 37.0
)


@pytest.mark.parametrize("name", NAMES)
@given(scores=SCORES)
def test_the_map_increases_and_its_inverse_returns_the_score(name, scores):
    output = fit_output(name, scores)
    y = np.unique(np.concatenate([scores, np.linspace(-40, 40, 23)]))
    z = output.forward(y)
    assert (np.diff(z) > 0).all()
    np.testing.assert_allclose(output.inverse(z), y, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
@given(scores=SCORES)
def test_latent_variance_is_the_squared_derivative_s(name, scores):
    output = fit_output(name, scores)
    # Between the kinks: a third of the way between neighbouring scores, and outside.
    nodes = np.unique(scores)
    y = np.concatenate([nodes[:-1] + np.diff(nodes) / 3, [nodes[0] - 1, nodes[-1] + 1]])
    h = 1e-6
    slope = (output.forward(y + h) - output.forward(y - h)) / (2 * h)
    variance = output.latent_variance(y, np.full_like(y, 0.09))
    np.testing.assert_allclose(np.sqrt(variance), 0.3 * slope, rtol=1e-4)


@pytest.mark.parametrize("name", OUTPUT_TRANSFORMS)
@given(scores=SCORES)
def test_latent_scores_have_mean_zero_and_variance_one(name, scores):
    z = fit_output(name, scores).forward(scores)
    assert z.mean() == pytest.approx(0.0, abs=1e-9)
    if np.ptp(scores) > 0:
        assert z.var() == pytest.approx(1.0, rel=1e-9)
    else:
        assert (z == 0.0).all()


@pytest.mark.parametrize("name", ["log_losers", "normal_scores", "auto"])
@given(scores=SCORES, floor=st.sampled_from([1e4, 1e6, 1e12, 1e300]))
def test_a_diverged_score_leaves_the_winners_apart(name, scores, floor):
    # Standardised, the winners would lie within (max − median) / floor of each other.
    scores = np.concatenate([scores, np.linspace(0.0, 1.0, 9), [-floor]])
    z = fit_output(name, scores).forward(scores)
    assert z.max() - np.median(z) > 0.1


def test_no_transform_leaves_the_scores_alone():
    scores = np.array([3.0, -1e300, 5.0])
    np.testing.assert_array_equal(fit_output(None, scores).forward(scores), scores)


def test_log_losers_is_linear_above_the_knee_then_logarithmic_then_level():
    rule = LogLosers(knee=2.0, scale=0.5, last=1.0 - 4.0 * np.e**3)
    # t = 2, 0, −1, 1 − e; 1 − e³ where the logarithm ends, 1 − 2e³ and 1 − 4e³ on the hyperbola
    # −4 + e³/(1 − t); twice the last on the line through the last
    t = np.array([2.0, 0.0, -1.0, 1.0 - np.e, *(1.0 - np.array([1.0, 2.0, 4.0]) * np.e**3)])
    t = np.append(t, 2.0 * t[-1])
    expected = [2.0, 0.0, -np.log(2.0), -1.0, -3.0, -3.5, -3.75, -7.5]
    np.testing.assert_allclose(rule.forward(2.0 + 0.5 * t), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n_diverged", [1, 20, 30])
def test_of_two_values_of_diverged_scores_and_a_cluster_the_cluster_is_seen(n_diverged):
    # Even where most have diverged, the median of the others is the knee.
    good = np.linspace(0.9, 0.95, 20)
    scores = np.concatenate([np.full(n_diverged, -1e6), good])
    z = fit_output("log_losers", scores).forward(scores)
    assert np.ptp(z[n_diverged:]) > 0.8
    assert z[0] < z[n_diverged:].min()


def test_log_losers_breaks_at_the_median_and_measures_by_the_winners():
    scores = np.array([-1e9, 0.0, 1.0, 2.0, 4.0])  # median 1, winners 1 and 3 above it: scale 2
    z = fit_output("log_losers", scores).forward(scores)
    t = np.array([-4.0 + np.e**3 / (1 + (1e9 + 1) / 2), -np.log1p(0.5), 0.0, 0.5, 1.5])
    np.testing.assert_allclose(z, (t - t.mean()) / t.std(), rtol=1e-9)


def test_normal_scores_are_blom_s_quantiles_with_ties_shared():
    scores = np.array([10.0, -5.0, 10.0, 0.0])
    z = fit_output("normal_scores", scores).forward(scores)
    blom = ndtri((np.array([3.5, 1.0, 3.5, 2.0]) - 0.375) / 4.25)
    np.testing.assert_allclose(z, (blom - blom.mean()) / blom.std(), rtol=1e-12)


@pytest.mark.parametrize(("n", "name"), [(14, "normal_scores"), (15, "log_losers")])
def test_auto_is_ranks_for_few_scores_and_the_logarithm_for_more(n, name):
    scores = np.random.default_rng(n).standard_normal(n)
    np.testing.assert_array_equal(
        fit_output("auto", scores).forward(scores), fit_output(name, scores).forward(scores)
    )


@pytest.mark.parametrize("name", OUTPUT_TRANSFORMS)
def test_rounding_errors_are_no_differences(name):
    scores = np.array([0.1 + 0.2, 0.3, 0.3, 0.6 / 2])
    assert (fit_output(name, scores).forward(scores) == 0.0).all()


@pytest.mark.parametrize("name", OUTPUT_TRANSFORMS)
@given(
    scores=st.lists(
        st.sampled_from([0.0, 1e-310, -1e-310, 1e-300, -1e-300, 1.0, 1e12, -1e12, -1e300]),
        min_size=1,
        max_size=30,
    ).map(np.array),
    noise=st.sampled_from([0.0, 1e-4, 1e300]),
)
def test_scores_of_wildly_different_sizes_stay_finite(name, scores, noise):
    # Warnings are errors here: nothing may overflow on the way.
    output = fit_output(name, scores)
    z = output.forward(scores)
    assert np.isfinite(z).all()
    assert (np.diff(z[np.argsort(scores, kind="stable")]) >= 0).all()
    assert np.isfinite(output.latent_variance(scores, np.full_like(scores, noise))).all()
    center, spread = output.score_moments(z, np.ones_like(z))
    assert not np.isnan(center).any()
    assert (spread >= 0.0).all()


def test_normal_scores_tie_what_rounding_parts():
    scores = np.array([0.1 + 0.2, 0.3, 1.0, -1.0])
    z = fit_output("normal_scores", scores).forward(scores)
    assert z[0] == pytest.approx(z[1], abs=1e-12)
    assert z[2] - z[0] == pytest.approx(z[0] - z[3], abs=1e-12)  # the pair is in the middle


def test_rounding_errors_above_the_median_are_no_winners():
    # Were they the winners, they would be the unit of everything.
    scores = np.array([0.3] * 10 + [0.1 + 0.2] * 3 + [-1.0, -2.0])
    z = fit_output("log_losers", scores).forward(scores)
    assert np.ptp(z[:13]) < 1e-12
    assert z[-2] - z[-1] > 0.3


@pytest.mark.parametrize("name", NAMES)
@given(mean=st.floats(-2, 2), std=st.floats(0, 2))
def test_score_moments_are_the_inverse_s(name, mean, std):
    scores = np.random.default_rng(0).standard_normal(30) ** 3
    output = fit_output(name, scores)
    center, spread = output.score_moments(np.array([mean]), np.array([std]))
    draws = output.inverse(mean + std * ndtri((np.arange(20_000) + 0.5) / 20_000))
    # 121 nodes against 20,000 quantiles, of a map with kinks and steep ends.
    assert center[0] == pytest.approx(draws.mean(), abs=0.01 * (1 + draws.std()))
    assert spread[0] == pytest.approx(draws.std(), rel=0.02, abs=0.02)


def test_log_outliers_leaves_scores_linear_unless_some_lie_far_below():
    scores = np.linspace(-1.0, 1.0, 40)
    standard = fit_output("standardize", scores).forward(scores)
    np.testing.assert_allclose(fit_output("log_outliers", scores).forward(scores), standard)
    # The quartiles are −1 and 1, and so the fence is 3 · 2 below −1.
    scores = np.array([-7.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, -1.0, -0.2, 1.0, -1e6, -40.0])
    ordered = np.unique(scores)
    z = fit_output("log_outliers", scores).forward(ordered)
    slopes = np.diff(z) / np.diff(ordered)
    assert (slopes > 0.0).all()
    np.testing.assert_allclose(slopes[2:], slopes[-1], rtol=1e-12)
    assert slopes[0] < 1e-4 * slopes[-1]
    # The scores in line keep more than a fourth of the spread, whatever the outliers are.
    assert np.ptp(z[2:]) > 0.25 * np.ptp(z)
