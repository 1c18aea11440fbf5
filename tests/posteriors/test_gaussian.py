"""GaussianPosterior: marginals at once, covariance when asked, draws that have both."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.posteriors import GaussianPosterior

COVARIANCE = np.array([[4.0, 1.2, 0.0], [1.2, 1.0, -0.3], [0.0, -0.3, 0.25]])


def test_draws_have_the_posterior_s_moments():
    posterior = GaussianPosterior([1.0, -2.0, 0.5], np.sqrt(np.diag(COVARIANCE)), COVARIANCE)
    draws = posterior.sample(200_000, random_state=0)
    # Five standard errors of a mean of 200,000 draws with a standard deviation of at most 2.
    np.testing.assert_allclose(draws.mean(axis=0), posterior.mean, atol=5 * 2 / np.sqrt(200_000))
    np.testing.assert_allclose(np.cov(draws.T), COVARIANCE, atol=0.05)


def test_without_a_covariance_the_quantities_are_independent():
    posterior = GaussianPosterior([0.0, 0.0], [1.0, 3.0])
    np.testing.assert_array_equal(posterior.covariance, np.diag([1.0, 9.0]))
    draws = posterior.sample(100_000, random_state=1)
    np.testing.assert_allclose(np.cov(draws.T), np.diag([1.0, 9.0]), atol=0.15)


def test_the_covariance_is_computed_once_and_only_when_asked():
    calls = []

    def covariance():
        calls.append(1)
        return COVARIANCE

    posterior = GaussianPosterior(np.zeros(3), np.sqrt(np.diag(COVARIANCE)), covariance)
    assert not calls
    np.testing.assert_array_equal(posterior.covariance, COVARIANCE)
    posterior.sample(2, random_state=0)
    assert len(calls) == 1


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_a_singular_covariance_can_be_sampled(rank, seed):
    # Draws lie in the column space of the root: what is orthogonal to it must stay at the mean.
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((6, rank))
    covariance = root @ root.T
    posterior = GaussianPosterior(np.zeros(6), np.sqrt(np.diag(covariance)), covariance)
    draws = posterior.sample(4, random_state=seed)
    basis = np.linalg.qr(root)[0]
    # Eigenvalues are known to 1e-15 of the largest, draws to its root.
    off = draws - draws @ basis @ basis.T
    assert np.abs(off).max() <= 1e-6 * np.abs(covariance).max() ** 0.5


def test_the_same_seed_gives_the_same_draws():
    posterior = GaussianPosterior([0.0, 1.0], [1.0, 1.0])
    np.testing.assert_array_equal(posterior.sample(3, 7), posterior.sample(3, 7))
    assert not np.array_equal(posterior.sample(3, 7), posterior.sample(3, 8))


def test_it_is_frozen_and_survives_pickling():
    posterior = GaussianPosterior([0.0], [1.0], [[1.0]])
    with pytest.raises(AttributeError, match="mean"):
        posterior.mean = np.ones(1)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(posterior)).covariance, [[1.0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0, 1.0], [1.0]), r"one shape \(n,\); got \(2,\) and \(1,\)"),
        (([[0.0]], [[1.0]]), r"one shape \(n,\)"),
        (([0.0], [-1.0]), r"std >= 0; got a smallest value of -1"),
        (([0.0], [np.nan]), r"std >= 0"),
    ],
)
def test_impossible_moments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianPosterior(*arguments)


def test_a_covariance_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"2 quantities needs a covariance of shape \(2, 2\)"):
        _ = GaussianPosterior([0.0, 0.0], [1.0, 1.0], np.eye(3)).covariance
