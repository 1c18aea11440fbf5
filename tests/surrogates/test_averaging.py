"""Posteriors averaged over hyper-parameters: moments, gradients, draws, and what they are for."""

import numpy as np
import pytest
from scipy import stats

from skbayes.surrogates import GaussianProcess, _averaging
from skbayes.surrogates._averaging import AVERAGES
from skbayes.surrogates._columns import Columns
from skbayes.surrogates._covariance import Covariance
from skbayes.surrogates._hyperparameters import Hyperparameters
from skbayes.surrogates._kernels import Matern52
from skbayes.surrogates._mixture import Mixture
from skbayes.surrogates._process import Process
from skbayes.surrogates._slice import slice_sample

RNG = np.random.default_rng(8)
CATEGORIES = (0, 3, 0)
U = RNG.random((20, 3))
U[:, 1] = (RNG.integers(0, 3, 20) + 0.5) / 3
U[::4, 2] = np.nan
SCORES = np.sin(5 * U[:, 0]) + (U[:, 1] > 0.5) * np.nan_to_num(U[:, 2])
V = RNG.random((6, 3))
V[:, 1] = (RNG.integers(0, 3, 6) + 0.5) / 3
V[:2, 2] = np.nan
WEIGHTS = np.array([0.2, 0.5, 0.3])
AVERAGING = [name for name in AVERAGES if name != "map"]


def a_mixture(n=20):
    columns = Columns(CATEGORIES)
    points = columns.encode(U[:n])
    members = [
        Hyperparameters(np.array([0.2, 1.0, 0.5]), 1.0, 0.1),
        Hyperparameters(np.array([0.5, 0.4, 2.0]), 2.0, 0.01),
        Hyperparameters(np.array([1.5, 2.0, 0.3]), 0.5, 0.3),
    ]
    processes = tuple(
        Process.of(
            Covariance(Matern52(), columns, member),
            points,
            np.full(n, member.noise_variance),
            SCORES[:n],
        )
        for member in members
    )
    return Mixture(processes, WEIGHTS), columns.encode(V)


def test_moments_are_those_of_draws_from_the_mixture():
    mixture, points = a_mixture()
    counts = (400_000 * WEIGHTS).astype(int)
    rng = np.random.default_rng(0)
    draws = np.concatenate(
        [
            rng.multivariate_normal(p.mean_and_std(points)[0], p.posterior_covariance(points), k)
            for p, k in zip(mixture.processes, counts, strict=True)
        ]
    )
    mean, std = mixture.mean_and_std(points)
    # Six standard errors of 400,000 draws of variance about 1.
    np.testing.assert_allclose(mean, draws.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(std, draws.std(axis=0), atol=0.01)
    np.testing.assert_allclose(mixture.posterior_covariance(points), np.cov(draws.T), atol=0.01)


def test_the_diagonal_of_the_covariance_is_the_variance():
    mixture, points = a_mixture()
    diagonal = np.diagonal(mixture.posterior_covariance(points))
    np.testing.assert_allclose(np.sqrt(diagonal), mixture.mean_and_std(points)[1], rtol=1e-9)


def test_fantasies_are_observations_of_every_member():
    mixture, points = a_mixture(15)
    new = Columns(CATEGORIES).encode(U[15:])
    grown = mixture.with_fantasies(new, SCORES)
    alone = [p.with_fantasies(new, SCORES).mean_and_std(points)[0] for p in mixture.processes]
    np.testing.assert_allclose(grown.mean_and_std(points)[0], WEIGHTS @ alone, atol=1e-12)
    assert (len(mixture), len(grown)) == (15, 20)
    # At a fantasy no member doubts it, nor do they differ.
    mean, std = grown.mean_and_std(new)
    np.testing.assert_allclose(mean, SCORES[15:], atol=1e-3)
    assert (std < 0.01).all()


@pytest.mark.parametrize("name", AVERAGING)
def test_gradients_match_finite_differences(name):
    process = GaussianProcess(hyperparameters=name, categories=CATEGORIES, random_state=0)
    process.fit(U, SCORES)
    assert isinstance(process.process_, Mixture)
    mean, std, d_mean, d_std = process.value_and_gradient(V)
    posterior = process.posterior(V)
    np.testing.assert_allclose(mean, posterior.mean, atol=1e-12)
    np.testing.assert_allclose(std, posterior.std, atol=1e-12)
    step = 1e-6
    for j in (0, 2):
        shift = step * np.eye(3)[j]
        up, down = process.posterior(V + shift), process.posterior(V - shift)
        active = ~np.isnan(V[:, j])
        by_mean, by_std = (up.mean - down.mean) / (2 * step), (up.std - down.std) / (2 * step)
        np.testing.assert_allclose(d_mean[active, j], by_mean[active], atol=1e-6)
        np.testing.assert_allclose(d_std[active, j], by_std[active], atol=1e-6)
    assert (d_mean[:, 1] == 0.0).all()
    assert (d_std[:2, 2] == 0.0).all()


@pytest.mark.parametrize("name", AVERAGING)
def test_conditioning_keeps_the_original_and_shrinks_the_uncertainty(name):
    process = GaussianProcess(hyperparameters=name, categories=CATEGORIES, random_state=0)
    before = process.fit(U, SCORES).posterior(V)
    conditioned = process.condition(V[:1], before.mean[:1])
    assert conditioned.posterior(V[:1]).std[0] < before.std[0]
    np.testing.assert_array_equal(process.posterior(V).mean, before.mean)


@pytest.mark.parametrize("name", AVERAGING)
def test_the_same_seed_gives_the_same_posterior_and_weights_sum_to_one(name):
    one, two = (
        GaussianProcess(hyperparameters=name, random_state=5).fit(U[:, :1], SCORES)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.posterior(V[:, :1]).std, two.posterior(V[:, :1]).std)
    assert one.process_.weights.sum() == pytest.approx(1.0)
    assert (one.process_.weights > 0.0).all()


@pytest.mark.parametrize("name", AVERAGING)
def test_the_mean_of_the_members_is_near_the_optimum_of_a_clear_posterior(name, monkeypatch):
    monkeypatch.setattr(_averaging, "_N_MEMBERS", 64)  # so that their spread can be measured
    rng = np.random.default_rng(0)
    u = rng.random((200, 1))
    scores = np.sin(12 * u[:, 0]) + 0.1 * rng.standard_normal(200)
    process = GaussianProcess(hyperparameters=name, random_state=0).fit(u, scores)
    noises = [p.covariance.hyperparameters.noise_variance for p in process.process_.processes]
    # A variance is known from 200 residuals to within √(2 / 200) = 0.1 of its logarithm, and 64
    # members of a chain know that spread within a third.
    assert np.std(np.log(noises)) == pytest.approx(0.1, rel=0.4)
    assert np.mean(np.log(noises)) == pytest.approx(np.log(process.noise_variance_), abs=0.15)


@pytest.mark.parametrize("name", AVERAGING)
@pytest.mark.parametrize("scores", [[0.7], [0.7, 0.7, 0.7]])
def test_nothing_to_learn_from_leaves_one_process(name, scores):
    process = GaussianProcess(hyperparameters=name).fit(U[: len(scores), :1], scores)
    assert isinstance(process.process_, Process)


@pytest.mark.parametrize("name", AVERAGING)
def test_given_hyperparameters_and_many_observations_are_not_averaged(name, monkeypatch):
    fixed = GaussianProcess(hyperparameters=name, optimize=False).fit(U[:, :1], SCORES)
    assert isinstance(fixed.process_, Process)
    monkeypatch.setattr(_averaging, "_LARGEST", 19)
    many = GaussianProcess(hyperparameters=name, random_state=0)
    assert isinstance(many.fit(U[:19, :1], SCORES[:19]).process_, Mixture)
    assert isinstance(many.fit(U[:, :1], SCORES).process_, Process)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"hyperparameters='mcmc' is not known\. .* 'ensemble'"):
        GaussianProcess(hyperparameters="mcmc").fit(U[:, :1], SCORES)


def test_slice_draws_have_the_moments_of_a_correlated_normal():
    covariance = np.array([[1.0, 0.8], [0.8, 4.0]])
    mean, precision = np.array([1.0, -2.0]), np.linalg.inv(covariance)

    def log_density(x):
        return -0.5 * float((x - mean) @ precision @ (x - mean))

    rng = np.random.default_rng(0)
    draws = slice_sample(log_density, np.zeros(2), np.ones(2), 6000, rng)[100:]
    # Some 2,000 independent draws' worth: a standard error of 0.02 and of 0.05 of the variances.
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.15)
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.4)


@pytest.mark.parametrize("width", [0.05, 1.0, 50.0])
def test_slice_draws_follow_a_skewed_density_whatever_the_width(width):
    def log_density(x):
        return -float(x[0]) if x[0] >= 0.0 else -np.inf

    rng = np.random.default_rng(1)
    chain = slice_sample(log_density, np.ones(1), np.array([width]), 12_000, rng)
    thinned = chain[::20, 0]  # steps of a twentieth need so many to forget
    # Of the exponential distribution: Kolmogorov's 0.1 % quantile is 1.95 / √600 = 0.08.
    assert stats.kstest(thinned, "expon").statistic < 0.08


def test_the_chain_finds_both_modes():
    def log_density(x):
        return float(
            np.logaddexp(stats.norm.logpdf(x[0], -2, 0.5), stats.norm.logpdf(x[0], 2, 0.5))
        )

    rng = np.random.default_rng(2)
    chain = slice_sample(log_density, np.array([-2.0]), np.array([2.0]), 4000, rng)
    assert np.mean(chain > 0) == pytest.approx(0.5, abs=0.1)
