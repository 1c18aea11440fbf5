"""Factors: grown by rows, and with a jitter that says what it did."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.surrogates import GaussianProcess
from skbayes.surrogates._cholesky import extend_factor, factorize, solve, solve_half


def covariance(n, seed, noise=1e-3):
    x = np.random.default_rng(seed).random((n, 3))
    return np.exp(-((x[:, None] - x) ** 2).sum(axis=2)) + noise * np.eye(n)


@given(st.integers(1, 12), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_factor_grown_by_rows_equals_a_full_one(n, m, seed):
    K = covariance(n + m, seed)
    full, _ = factorize(K)
    grown = extend_factor(factorize(K[:n, :n])[0], K[:n, n:], K[n:, n:])
    np.testing.assert_allclose(np.triu(grown), np.triu(full), atol=1e-8)


def test_growing_one_row_at_a_time_for_a_hundred_rows_stays_exact():
    K = covariance(120, 0)
    grown, _ = factorize(K[:20, :20])
    for n in range(20, 120):
        grown = extend_factor(grown, K[:n, n : n + 1], K[n : n + 1, n : n + 1])
    np.testing.assert_allclose(np.triu(grown), np.triu(factorize(K)[0]), atol=1e-8)


def test_a_row_that_is_a_copy_of_another_cannot_be_grown_without_noise():
    K = covariance(6, 1, noise=0.0)
    R, _ = factorize(K)
    assert extend_factor(R, K[:, :1], K[:1, :1]) is None
    # With a noise in the last digits the pivot exists and is nothing but rounding.
    assert extend_factor(R, K[:, :1], K[:1, :1] + 1e-13) is None
    assert extend_factor(R, K[:, :1], K[:1, :1] + 1e-6) is not None


def test_solving_with_the_factor_solves_with_the_matrix():
    K, b = covariance(9, 2), np.random.default_rng(0).standard_normal((9, 4))
    R, jitter = factorize(K)
    assert jitter == 0.0
    np.testing.assert_allclose(solve(R, b), np.linalg.solve(K, b), rtol=1e-9)
    half = solve_half(R, b)
    np.testing.assert_allclose(half.T @ half, b.T @ np.linalg.solve(K, b), rtol=1e-9)
    np.testing.assert_allclose(solve_half(R, half, transposed=True), solve(R, b), rtol=1e-9)


def test_a_small_jitter_is_silent_and_returned(recwarn):
    K = np.ones((5, 5))  # rank 1: five copies of one point, no noise
    R, jitter = factorize(K)
    assert 0.0 < jitter <= 1e-6
    np.testing.assert_allclose(np.triu(R).T @ np.triu(R), K + jitter * np.eye(5), atol=1e-12)
    assert not [each for each in recwarn.list if issubclass(each.category, UserWarning)]


def test_an_unusually_large_jitter_is_named():
    K = np.eye(4)
    K[0, 1] = K[1, 0] = 1.01  # an eigenvalue of −0.01
    with pytest.warns(UserWarning, match=r"4 points .* jitter of 1\.0e-01 was added") as caught:
        _, jitter = factorize(K)
    assert jitter == pytest.approx(0.1)
    assert len(caught) == 1


def test_copies_of_one_point_without_noise_work():
    U = np.full((6, 2), 0.3)
    process = GaussianProcess(noise_variance=0.0, optimize=False, output_transform=None)
    process.fit(U, np.arange(6.0))
    posterior = process.posterior([[0.3, 0.3], [0.9, 0.9]])
    assert posterior.mean[0] == pytest.approx(2.5, rel=1e-3)  # their mean
    assert np.isfinite(posterior.std).all()
    again = process.condition(U[:1], [2.5])  # cannot be grown by a row: factorised anew
    assert again.posterior([[0.3, 0.3]]).mean[0] == pytest.approx(2.5, rel=1e-3)
