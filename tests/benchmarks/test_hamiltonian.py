"""The sampler that the documentation's tables trust, on densities whose moments are known."""

import numpy as np
import pytest

from benchmarks.hamiltonian import effective_sample_size, hamiltonian, split_r_hat


def gaussian(mean, covariance):
    precision = np.linalg.inv(covariance)

    def density(W):
        slope = -(W - mean) @ precision
        return 0.5 * np.sum((W - mean) * slope, axis=1), slope

    return density


def test_a_correlated_normal_has_its_mean_and_covariance():
    rng = np.random.default_rng(0)
    mean = np.array([1.0, -2.0, 30.0])
    half = np.array([[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [5.0, 2.0, 20.0]])
    covariance = half @ half.T
    start = mean + rng.standard_normal((4, 3)) * 3.0 * np.sqrt(np.diag(covariance))
    chains = hamiltonian(gaussian(mean, covariance), start, 3000, rng)
    size = effective_sample_size(chains.draws)
    std = np.sqrt(np.diag(covariance))
    assert size.min() > 3000
    assert split_r_hat(chains.draws).max() < 1.005
    # Four standard errors: a mean has std / √size, a standard deviation std / √(2 size). Those of a squared draw are
    # the wider ones here, for a whole half turn comes back to the mirrored place; hence a size of a third.
    np.testing.assert_array_less(np.abs(chains.flat.mean(axis=0) - mean) / std, 4 / np.sqrt(size))
    np.testing.assert_allclose(chains.flat.std(axis=0), std, rtol=4 / np.sqrt(2 * size.min() / 3))
    correlation = covariance / np.outer(std, std)
    np.testing.assert_allclose(np.corrcoef(chains.flat.T), correlation, atol=0.03)


def test_a_density_with_a_kink_has_its_moments():
    # Laplace of scale 2 beside an independent normal: standard deviations 2 √2 and 1, mean |w| = 2.
    def density(W):
        value = -np.abs(W[:, 0]) / 2.0 - 0.5 * W[:, 1] ** 2
        return value, np.column_stack([-np.sign(W[:, 0]) / 2.0, -W[:, 1]])

    rng = np.random.default_rng(1)
    chains = hamiltonian(density, rng.standard_normal((4, 2)) * 5.0, 5000, rng)
    assert np.abs(chains.flat[:, 0]).mean() == pytest.approx(2.0, rel=0.05)
    np.testing.assert_allclose(chains.flat.std(axis=0), [2.0 * np.sqrt(2.0), 1.0], rtol=0.05)


def test_the_effective_sample_size_of_an_autoregression():
    # Correlation ρᵏ at lag k: n (1 − ρ) / (1 + ρ).
    rng = np.random.default_rng(2)
    rho, n = 0.8, 20_000
    draws = np.empty((4, n, 1))
    draws[:, 0] = rng.standard_normal((4, 1))
    for i in range(1, n):
        draws[:, i] = rho * draws[:, i - 1] + np.sqrt(1 - rho**2) * rng.standard_normal((4, 1))
    assert effective_sample_size(draws)[0] == pytest.approx(4 * n * (1 - rho) / (1 + rho), rel=0.1)


@pytest.mark.parametrize(
    "change", [lambda d: d + [[[0.5]], [[0.0]]], lambda d: d * [[[1.5]], [[1.0]]]]
)
def test_chains_at_other_places_or_of_other_widths_are_seen(change):
    draws = np.random.default_rng(3).standard_normal((2, 2000, 1))
    assert split_r_hat(draws)[0] < 1.005
    assert split_r_hat(change(draws))[0] > 1.02
