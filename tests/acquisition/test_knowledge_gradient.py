"""Knowledge gradient against quadrature, simulation, and the cases with a closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.stats import norm

from skbayes.acquisition import AcquisitionContext, ExpectedImprovement, KnowledgeGradient
from skbayes.acquisition._knowledge_gradient import expected_rise
from skbayes.posteriors import GaussianPosterior


def context(noise_variance=0.0):
    return AcquisitionContext(0.0, np.random.default_rng(0), noise_variance)


def random_posterior(n=12, seed=0):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((n, 4))
    covariance = root @ root.T + np.diag(rng.uniform(0.01, 0.5, n))
    return GaussianPosterior(rng.standard_normal(n), np.sqrt(np.diag(covariance)), covariance)


def rise_by_quadrature(a, b):
    """E max (a + b Z) − max a, by the trapezoidal rule; its error is a kink's, step² / 12."""
    z = np.linspace(-9, 9, 9001)
    highest = (a[:, None] + b[:, None] * z).max(axis=0)
    return trapezoid(highest * norm.pdf(z), z) - a.max()


# Round numbers make ties: equal slopes, equal lines, three lines through one point.
line = st.tuples(
    st.one_of(st.integers(-3, 3), st.floats(-3, 3)), st.one_of(st.integers(-2, 2), st.floats(-2, 2))
)


@given(rows=st.lists(st.lists(line, min_size=5, max_size=5), min_size=1, max_size=3))
def test_the_envelope_is_that_of_quadrature(rows):
    lines = np.array(rows, dtype=float)
    rises = expected_rise(lines[:, :, 0], lines[:, :, 1])
    for row, rise in zip(lines, rises, strict=True):
        assert rise == pytest.approx(rise_by_quadrature(*row.T), abs=1e-5)


def test_many_lines_against_quadrature():
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((20, 80)), rng.standard_normal((20, 80))
    expected = [rise_by_quadrature(*both) for both in zip(a, b, strict=True)]
    np.testing.assert_allclose(expected_rise(a, b), expected, atol=1e-5)


@given(difference=st.floats(-4, 4), slope=st.floats(0.01, 5))
def test_of_two_lines_it_is_the_expected_improvement(difference, slope):
    # E max(0, d + s Z) − max(0, d)
    rise = expected_rise(np.array([[0.0, difference]]), np.array([[0.0, slope]]))[0]
    ei = ExpectedImprovement().value(difference, slope, 0.0)
    assert rise == pytest.approx(ei - max(difference, 0.0), abs=1e-12)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_value_is_the_mean_rise_of_simulated_observations(noise):
    posterior = random_posterior()
    values = KnowledgeGradient().value(posterior, context(noise))
    rng, n = np.random.default_rng(1), 40_000
    for x in (0, 5, 11):
        # The textbook update of the mean of a Gaussian vector by one observation y of entry x.
        total = posterior.covariance[x, x] + noise
        y = posterior.mean[x] + np.sqrt(total) * rng.standard_normal(n)
        gain = posterior.covariance[:, x] / total
        updated = posterior.mean + (y - posterior.mean[x])[:, None] * gain
        rise = updated.max(axis=1) - posterior.mean.max()
        assert values[x] == pytest.approx(rise.mean(), abs=4 * rise.std() / np.sqrt(n))


def test_noise_takes_from_the_value():
    values = [KnowledgeGradient().value(random_posterior(), context(v)) for v in (0.0, 0.1, 1.0)]
    assert (values[0] > values[1]).all()
    assert (values[1] > values[2]).all()


def test_where_all_is_known_nothing_is_gained():
    certain = GaussianPosterior([0.0, 1.0, 1.0], np.zeros(3), np.zeros((3, 3)))
    assert KnowledgeGradient().value(certain, context()).tolist() == [0.0, 0.0, 0.0]
    assert KnowledgeGradient().value(GaussianPosterior([], []), context()).shape == (0,)


def test_the_value_goes_to_zero_with_the_uncertainty():
    start = random_posterior()
    for shrink in (1e-3, 1e-8, 1e-150):
        posterior = GaussianPosterior(start.mean, shrink * start.std, shrink**2 * start.covariance)
        values = KnowledgeGradient().value(posterior, context())
        assert np.isfinite(values).all()
        assert (values >= 0).all()
        assert values.max() <= shrink * start.std.max()  # E max(0, s Z) = 0.4 s at most


@given(scale=st.floats(0.01, 100), shift=st.floats(-50, 50), seed=st.integers(0, 20))
def test_it_is_in_the_unit_of_the_score(scale, shift, seed):
    before = random_posterior(seed=seed)
    after = GaussianPosterior(
        scale * before.mean + shift, scale * before.std, scale**2 * before.covariance
    )
    values = KnowledgeGradient().value(before, context(0.2))
    moved = KnowledgeGradient().value(after, context(scale**2 * 0.2))
    # a shift by 50 loses digits of the differences of means
    np.testing.assert_allclose(moved, scale * values, rtol=1e-9, atol=1e-11 * (scale + 1))


def test_points_may_come_in_any_order():
    posterior, order = random_posterior(), np.random.default_rng(2).permutation(12)
    shuffled = GaussianPosterior(
        posterior.mean[order], posterior.std[order], posterior.covariance[np.ix_(order, order)]
    )
    np.testing.assert_allclose(
        KnowledgeGradient().value(shuffled, context()),
        KnowledgeGradient().value(posterior, context())[order],
        rtol=1e-10,
    )


def test_the_promising_points_are_nearly_all_that_matters():
    rng = np.random.default_rng(4)
    x = rng.random((300, 2))
    covariance = np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(axis=2) / 0.15**2) + 1e-8 * np.eye(300)
    mean = 2.0 * np.linalg.cholesky(covariance) @ rng.standard_normal(300)
    posterior = GaussianPosterior(mean, np.ones(300), covariance)
    full = KnowledgeGradient(n_promising=300).value(posterior, context())
    few = KnowledgeGradient().value(posterior, context())
    # Fewer lines have a lower envelope; the point they choose loses hardly anything.
    assert (few <= full + 1e-12).all()
    assert full[few.argmax()] > 0.9 * full.max()


def test_a_weight_multiplies_the_gain():  # half the gain at twice the weight is the same
    weighted, by_value, _ = KnowledgeGradient().weigh([2.0, 1.0, 0.0], 5.0, np.log([1.0, 2.0, 9.0]))
    assert weighted.tolist() == pytest.approx([2.0, 2.0, 0.0])
    assert by_value.tolist() == pytest.approx([1.0, 2.0, 9.0])
