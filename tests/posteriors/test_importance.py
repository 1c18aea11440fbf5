"""Pareto-smoothed importance sampling, against distributions whose tail is known."""

import numpy as np
import pytest
from scipy import stats

from skbayes.posteriors import CoefficientPosterior, DenseForm, PosteriorFacts
from skbayes.posteriors import pareto_smoothed_weights as smoothed


@pytest.mark.parametrize("shape", [-0.3, 0.2, 0.5, 0.9])
def test_the_shape_of_a_pareto_tail_is_found(shape):
    n = 100_000
    weights = stats.genpareto(shape).rvs(n, random_state=0)
    _, k = smoothed(np.log(weights))
    # The tail has 3 sqrt(n) = 949 draws; the prior towards 0.5 is worth ten of them. Asymptotically the maximum
    # likelihood estimate of k has the standard deviation (1 + k) / sqrt(tail).
    tail = 3 * np.sqrt(n)
    expected = (tail * shape + 5.0) / (tail + 10.0)
    assert k == pytest.approx(expected, abs=4.0 * (1.0 + shape) / np.sqrt(tail))


# Normal log weights of a standard deviation, at the 500 midpoint quantiles: k and the largest log weight as the
# implementation of ArviZ 0.19 (psislw) gives them.
ARVIZ = {
    0.5: (0.12214727380965133, -4.7968358670445905),
    1.5: (0.49736301602575633, -2.6825251131185017),
    3.0: (1.0844003401765876, -0.9752156886814207),
}


@pytest.mark.parametrize("scale", ARVIZ)
def test_weights_are_those_of_arviz(scale):
    log_weights = scale * stats.norm.ppf((np.arange(500) + 0.5) / 500)
    weights, k = smoothed(log_weights)
    assert k == pytest.approx(ARVIZ[scale][0], rel=1e-10)
    assert np.log(weights.max()) == pytest.approx(ARVIZ[scale][1], rel=1e-10)


@pytest.mark.parametrize("ratio", [1.2, 2.0, 4.0])
def test_the_shape_for_two_normal_scales_is_the_theory(ratio):
    # Proposal N(0, 1), target N(0, r^2): weights exp(x^2 (1 - 1/r^2) / 2) have the tail index 1 - 1/r^2.
    x = np.random.default_rng(0).normal(size=100_000)
    _, k = smoothed(0.5 * x**2 * (1.0 - ratio**-2))
    assert k == pytest.approx(1.0 - ratio**-2, abs=0.12)  # log corrections of the normal tail


def test_weights_are_probabilities_and_keep_their_order():
    raw = np.random.default_rng(0).normal(scale=3.0, size=1000)
    weights, _ = smoothed(raw - 500.0)  # exp of it would be zero
    assert weights.sum() == pytest.approx(1.0)
    assert np.all(np.diff(weights[np.argsort(raw)]) >= -1e-15)
    assert weights.max() <= np.exp(raw - raw.max()).max() / np.exp(raw - raw.max()).sum() * 1.5


def test_smoothing_makes_the_estimate_steadier():
    # E x^2 under N(0, 2^2) by draws of N(0, 1): 4. Raw weights have an infinite variance.
    errors = []
    for seed in range(40):
        x = np.random.default_rng(seed).normal(size=2000)
        log_weights = 0.375 * x**2
        raw = np.exp(log_weights - log_weights.max())
        weights, _ = smoothed(log_weights)
        errors.append([weights @ x**2 - 4.0, raw @ x**2 / raw.sum() - 4.0])
    smooth, plain = np.sqrt(np.mean(np.square(errors), axis=0))
    assert smooth < plain


def test_equal_and_impossible_weights():
    weights, k = smoothed(np.full(50, 3.0))
    assert k == -np.inf
    np.testing.assert_allclose(weights, 1.0 / 50.0)
    weights, k = smoothed(np.full(50, -np.inf))
    assert k == np.inf
    log_weights = np.full(500, -np.inf)
    log_weights[:3] = 0.0
    weights, k = smoothed(log_weights)
    assert k == np.inf
    np.testing.assert_allclose(weights[:3], 1.0 / 3.0)
    assert np.all(weights[3:] == 0.0)


def diagnostics_of(scale, n_draws=4000):
    """N(0, 1) in three dimensions for a posterior that is N(0, scale^2)."""
    posterior = CoefficientPosterior(
        PosteriorFacts(np.zeros(3), DenseForm.of_precision(np.eye(3)), "laplace"),
        log_density=lambda W: -0.5 * (W**2).sum(axis=1) / scale**2,
    )
    return posterior.diagnostics(n_draws, random_state=0)


def test_diagnostics_say_by_how_much_the_scale_is_wrong():
    found = diagnostics_of(0.8)
    assert found.pareto_k < 0.5
    np.testing.assert_allclose(found.std_ratio, 0.8, rtol=0.05)
    assert found.mean_shift < 0.1
    # Of the two normals (E w)^2 / E w^2 is s^2 sqrt(2/s^2 - 1) for each dimension.
    efficiency = (0.64 * np.sqrt(2.0 / 0.64 - 1.0)) ** 3
    assert found.effective_sample_size == pytest.approx(4000 * efficiency, rel=0.03)


def test_too_narrow_a_posterior_is_warned_of():
    with pytest.warns(UserWarning, match=r"Pareto k .* above 0.7"):
        found = diagnostics_of(4.0)
    assert found.pareto_k > 0.7


def test_few_draws_are_refused():
    with pytest.raises(ValueError, match="n_draws >= 100"):
        diagnostics_of(1.0, n_draws=50)
