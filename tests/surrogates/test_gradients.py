"""Gradients of the posterior and of the log posterior of the hyper-parameters."""

import numpy as np
import pytest
from scipy import stats

from skbayes.surrogates import KERNELS, GaussianProcess
from skbayes.surrogates._columns import Columns, PairTable
from skbayes.surrogates._hyperparameters import Hyperparameters, LogPosterior, prior_of

RNG = np.random.default_rng(1)
# Column 1 holds three categories, column 3 is inactive in a third of the observations.
CATEGORIES = (0, 3, 0, 0)
U = RNG.random((25, 4))
U[:, 1] = (RNG.integers(0, 3, 25) + 0.5) / 3
U[::3, 3] = np.nan
Z = np.sin(5 * U[:, 0]) + U[:, 2] * (U[:, 1] > 0.5) + 0.1 * RNG.standard_normal(25)
V = RNG.random((6, 4))
V[:, 1] = (RNG.integers(0, 3, 6) + 0.5) / 3
V[:2, 3] = np.nan
STEP = 1e-6


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("transform", [None, "auto"])
def test_posterior_gradients_match_finite_differences(kernel, transform):
    process = GaussianProcess(kernel, output_transform=transform, categories=CATEGORIES)
    process.fit(U, Z)
    mean, std, d_mean, d_std = process.value_and_gradient(V)
    posterior = process.posterior(V)
    np.testing.assert_allclose(mean, posterior.mean, atol=1e-12)
    np.testing.assert_allclose(std, posterior.std, atol=1e-12)
    for j in (0, 2, 3):
        shift = STEP * np.eye(4)[j]
        up, down = process.posterior(V + shift), process.posterior(V - shift)
        active = ~np.isnan(V[:, j])
        by_mean = (up.mean - down.mean) / (2 * STEP)
        by_std = (up.std - down.std) / (2 * STEP)
        # Rounding of 1e-14 over a step of 1e-6, and curvature times its square.
        np.testing.assert_allclose(d_mean[active, j], by_mean[active], atol=1e-6)
        np.testing.assert_allclose(d_std[active, j], by_std[active], atol=1e-6)


def test_inactive_entries_and_categories_have_no_gradient():
    process = GaussianProcess(categories=CATEGORIES).fit(U, Z)
    for gradient in process.posterior_gradient(V):
        assert gradient.shape == V.shape
        assert (gradient[:, 1] == 0.0).all()
        assert (gradient[:2, 3] == 0.0).all()
        assert (gradient[2:, 3] != 0.0).all()


def test_the_gradient_at_an_observation_without_noise_is_finite():
    process = GaussianProcess(noise_variance=0.0, optimize=False, categories=CATEGORIES)
    for gradient in process.fit(U, Z).posterior_gradient(U):
        assert np.isfinite(gradient).all()


def log_posterior(kernel, known_noise):
    columns = Columns(CATEGORIES)
    pairs = PairTable(columns, columns.encode(U))
    return LogPosterior(
        KERNELS[kernel](), pairs.squared_differences, Z, known_noise, prior_of(len(CATEGORIES))
    )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("known_noise", [None, RNG.random(25)])
def test_log_posterior_gradient_matches_finite_differences(kernel, known_noise):
    objective = log_posterior(kernel, known_noise)
    for theta in np.random.default_rng(2).normal(-0.5, 1.0, (3, 6)):
        _, gradient = objective.value_and_gradient(theta)
        steps = 1e-5 * np.eye(6)
        differences = [
            objective.value_and_gradient(theta + h)[0] - objective.value_and_gradient(theta - h)[0]
            for h in steps
        ]
        np.testing.assert_allclose(gradient, np.array(differences) / 2e-5, rtol=1e-6, atol=1e-5)


def test_log_posterior_is_likelihood_plus_priors_on_the_natural_scale():
    # Independently: scipy's normal and log-normal densities, of ℓ, s and σ², not of their logs.
    length_scale, signal, noise = np.array([0.4, 0.9, 0.5, 2.0]), 1.3, 0.05
    differ = U[:, None] - U
    inactive = np.isnan(U[:, 3])
    squares = differ**2
    squares[:, :, 1] = differ[:, :, 1] != 0
    # (u − ½, 0) where active, (0, ½) where not
    x, y = np.where(inactive, 0.0, U[:, 3] - 0.5), 0.5 * inactive
    squares[:, :, 3] = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    r = np.sqrt((squares / length_scale**2).sum(axis=2))
    K = signal * (1 + np.sqrt(5) * r + 5 * r**2 / 3) * np.exp(-np.sqrt(5) * r) + noise * np.eye(25)
    # Hvarfner et al. (2024): √2 + log(d)/2 and √3
    shape = stats.lognorm(s=np.sqrt(3), scale=np.exp(np.sqrt(2) + np.log(4) / 2))
    expected = (
        stats.multivariate_normal(np.zeros(25), K).logpdf(Z)
        + shape.logpdf(length_scale).sum()
        + stats.lognorm(s=1, scale=np.exp(-4)).logpdf(noise)
        + stats.lognorm(s=1, scale=np.exp(1)).logpdf(signal)
    )
    theta = Hyperparameters(length_scale, signal, noise).theta
    value, _ = log_posterior("matern52", None).value_and_gradient(theta)
    assert value == pytest.approx(expected, rel=1e-9)
