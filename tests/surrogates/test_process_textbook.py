"""The posterior against textbook formulas written out here, and against scikit-learn's process."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF as SklearnRBF
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from skbayes.surrogates import KERNELS, GaussianProcess

RNG = np.random.default_rng(0)
U, Z, V = RNG.random((15, 3)), RNG.standard_normal(15), RNG.random((7, 3))
LENGTH_SCALE = np.array([0.3, 0.7, 1.5])
SIGNAL, NOISE = 1.7, 0.02

# Rasmussen & Williams (2006), eqs. 4.9 and 4.17, as functions of the scaled distance r.
TEXTBOOK = {
    "matern52": lambda r: (1 + np.sqrt(5) * r + 5 * r**2 / 3) * np.exp(-np.sqrt(5) * r),
    "matern32": lambda r: (1 + np.sqrt(3) * r) * np.exp(-np.sqrt(3) * r),
    "rbf": lambda r: np.exp(-0.5 * r**2),
}


def textbook_kernel(name, A, B):
    r = np.sqrt((((A[:, None] - B) / LENGTH_SCALE) ** 2).sum(axis=2))
    return SIGNAL * TEXTBOOK[name](r)


def fixed(kernel="matern52", **changes):
    parameters = {
        "length_scale": LENGTH_SCALE,
        "signal_variance": SIGNAL,
        "noise_variance": NOISE,
        "optimize": False,
        "output_transform": None,
    }
    return GaussianProcess(kernel, **{**parameters, **changes})


def test_every_kernel_has_a_textbook_row():
    assert TEXTBOOK.keys() == KERNELS.keys()


@pytest.mark.parametrize("kernel", KERNELS)
def test_posterior_is_the_textbook_s(kernel):
    posterior = fixed(kernel).fit(U, Z).posterior(V)
    K = textbook_kernel(kernel, U, U) + NOISE * np.eye(15)
    C = textbook_kernel(kernel, V, U)
    mean = C @ np.linalg.inv(K) @ Z
    covariance = textbook_kernel(kernel, V, V) - C @ np.linalg.inv(K) @ C.T
    np.testing.assert_allclose(posterior.mean, mean, atol=1e-8)
    np.testing.assert_allclose(posterior.covariance, covariance, atol=1e-8)
    np.testing.assert_allclose(posterior.std, np.sqrt(np.diag(covariance)), atol=1e-8)


@pytest.mark.parametrize(
    ("kernel", "theirs"),
    [
        ("matern52", Matern(LENGTH_SCALE, nu=2.5)),
        ("matern32", Matern(LENGTH_SCALE, nu=1.5)),
        ("rbf", SklearnRBF(LENGTH_SCALE)),
    ],
)
def test_posterior_is_scikit_learn_s(kernel, theirs):
    peer = GaussianProcessRegressor(ConstantKernel(SIGNAL) * theirs, alpha=NOISE, optimizer=None)
    mean, covariance = peer.fit(U, Z).predict(V, return_cov=True)
    posterior = fixed(kernel).fit(U, Z).posterior(V)
    np.testing.assert_allclose(posterior.mean, mean, atol=1e-8)
    np.testing.assert_allclose(posterior.covariance, covariance, atol=1e-8)


def test_a_known_noise_variance_per_observation_adds_to_the_diagonal():
    known = RNG.uniform(0.0, 1.0, 15)
    posterior = fixed().fit(U, Z, noise_variance=known).posterior(V)
    K = textbook_kernel("matern52", U, U) + np.diag(NOISE + known)
    C = textbook_kernel("matern52", V, U)
    np.testing.assert_allclose(posterior.mean, C @ np.linalg.solve(K, Z), atol=1e-8)
    variance = SIGNAL - np.einsum("ij,ji->i", C, np.linalg.solve(K, C.T))
    np.testing.assert_allclose(posterior.std, np.sqrt(variance), atol=1e-8)


def test_one_noisy_observation_has_the_closed_form():
    # At the observed point: mean = s z / (s + v), variance = s v / (s + v), with v all the noise.
    process = fixed(noise_variance=0.5).fit([[0.2, 0.4, 0.6]], [2.0], noise_variance=0.25)
    posterior = process.posterior([[0.2, 0.4, 0.6]])
    assert posterior.mean[0] == pytest.approx(SIGNAL * 2.0 / (SIGNAL + 0.75), rel=1e-12)
    variance = SIGNAL * 0.75 / (SIGNAL + 0.75)
    assert posterior.std[0] == pytest.approx(np.sqrt(variance), rel=1e-12)


def test_without_noise_the_mean_interpolates():
    process = fixed(noise_variance=0.0).fit(U, Z)
    posterior = process.posterior(U)
    np.testing.assert_allclose(posterior.mean, Z, atol=1e-8)
    # √eps of the signal's standard deviation is where the variance drowns in rounding.
    np.testing.assert_allclose(posterior.std, 0.0, atol=1e-6)


def test_given_hyperparameters_are_kept_to_the_last_digit():
    process = fixed(output_transform="standardize").fit(U, 1e3 * Z)
    np.testing.assert_array_equal(process.length_scale_, LENGTH_SCALE)
    assert (process.signal_variance_, process.noise_variance_) == (SIGNAL, NOISE)


def test_a_scalar_length_scale_is_for_every_column():
    one = fixed(length_scale=0.4).fit(U, Z).posterior(V)
    each = fixed(length_scale=[0.4, 0.4, 0.4]).fit(U, Z).posterior(V)
    np.testing.assert_array_equal(one.mean, each.mean)


def test_standardized_scores_give_the_posterior_of_scaled_and_shifted_scores():
    scores = 5.0 + 3.0 * Z
    z = (scores - scores.mean()) / scores.std()
    process = fixed(output_transform="standardize").fit(U, scores)
    latent = fixed().fit(U, z).posterior(V)
    np.testing.assert_allclose(process.posterior(V).mean, latent.mean, atol=1e-10)
    in_scores = process.score_posterior(V)
    np.testing.assert_allclose(in_scores.mean, scores.mean() + scores.std() * latent.mean)
    np.testing.assert_allclose(in_scores.std, scores.std() * latent.std)
    np.testing.assert_allclose(in_scores.covariance, scores.var() * latent.covariance, atol=1e-9)


@pytest.mark.parametrize("m", [1, 4])
def test_conditioning_equals_a_fit_with_the_same_hyperparameters(m):
    process = fixed().fit(U[:10], Z[:10])
    before = process.posterior(V).mean.copy()
    conditioned = process.condition(U[10 : 10 + m], Z[10 : 10 + m]).posterior(V)
    # The further scores have no noise but a millionth of the signal, for the factorisation.
    noise = np.repeat([NOISE, 1e-6 * process.signal_variance_], [10, m])
    noiseless = fixed(noise_variance=0.0)
    refitted = noiseless.fit(U[: 10 + m], Z[: 10 + m], noise_variance=noise).posterior(V)
    np.testing.assert_allclose(conditioned.mean, refitted.mean, atol=1e-8)
    np.testing.assert_allclose(conditioned.covariance, refitted.covariance, atol=1e-8)
    np.testing.assert_array_equal(process.posterior(V).mean, before)  # untouched


def test_conditioning_on_the_posterior_mean_moves_no_mean_and_shrinks_every_std():
    process = fixed().fit(U, Z)
    before = process.posterior(V)
    after = process.condition(V[:2], before.mean[:2]).posterior(V)
    np.testing.assert_allclose(after.mean, before.mean, atol=1e-10)
    assert (after.std <= before.std).all()
    assert (after.std[:2] < 0.01 * before.std[:2]).all()  # a fantasy has no noise


def test_draws_of_the_posterior_have_its_covariance():
    posterior = fixed().fit(U, Z).posterior(V[:3])
    draws = posterior.sample(100_000, random_state=0)
    np.testing.assert_allclose(np.cov(draws.T), posterior.covariance, atol=0.02)
