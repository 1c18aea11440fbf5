"""Hyper-parameters: where the optimisation ends, when it runs, what it is started from."""

import pickle
from copy import copy, deepcopy

import numpy as np
import pytest

from skbayes.surrogates import GaussianProcess, _learning
from skbayes.surrogates._columns import Columns, PairTable
from skbayes.surrogates._hyperparameters import (
    Hyperparameters,
    LogPosterior,
    bounds_of,
    maximize,
    prior_of,
)
from skbayes.surrogates._kernels import Matern52

RNG = np.random.default_rng(3)


def bumpy(U):
    return np.sin(6 * U[:, 0]) + (U[:, 1] - 0.3) ** 2


def observations(n, seed=0):
    rng = np.random.default_rng(seed)
    U = rng.random((n, 3))
    return U, bumpy(U) + 0.05 * rng.standard_normal(n)


def log_posterior_and_gradient(process, U, z):
    columns = Columns.of(process.categories, U.shape[1])
    pairs = PairTable(columns, columns.encode(U))
    objective = LogPosterior(Matern52(), pairs.squared_differences, z, None, prior_of(U.shape[1]))
    theta = Hyperparameters(
        process.length_scale_, process.signal_variance_, process.noise_variance_
    ).theta
    return theta, *objective.value_and_gradient(theta)


@pytest.mark.parametrize("n", [3, 10, 40, 120])
@pytest.mark.parametrize("warm", [False, True])
def test_the_fit_ends_at_a_stationary_point(n, warm):
    U, scores = observations(n)
    process = GaussianProcess(output_transform="standardize", random_state=0)
    if warm:
        process.fit(U[:-1], scores[:-1])
    process.fit(U, scores)
    z = (scores - scores.mean()) / scores.std()
    theta, _, gradient = log_posterior_and_gradient(process, U, z)
    bounds = bounds_of(3)
    outwards = ((theta <= bounds[:, 0] + 1e-9) & (gradient < 0)) | (
        (theta >= bounds[:, 1] - 1e-9) & (gradient > 0)
    )
    # The maximiser stops at 1e-4 for each observation: a tenth of a nat for a factor of e at 1000.
    assert np.abs(np.where(outwards, 0.0, gradient)).max() <= 2e-3 * n


def test_the_optimum_beats_random_hyperparameters():
    U, scores = observations(30)
    z = (scores - scores.mean()) / scores.std()
    process = GaussianProcess(output_transform="standardize", random_state=0).fit(U, scores)
    _, best, _ = log_posterior_and_gradient(process, U, z)
    pairs = PairTable(Columns((0, 0, 0)), Columns((0, 0, 0)).encode(U))
    objective = LogPosterior(Matern52(), pairs.squared_differences, z, None, prior_of(3))
    for theta in RNG.normal(-1.0, 2.0, (200, 5)):
        assert objective.value_and_gradient(theta)[0] <= best + 1e-6


def test_columns_that_do_not_matter_get_long_length_scales_and_the_noise_is_found():
    U, scores = observations(150)
    process = GaussianProcess(output_transform="standardize", random_state=0).fit(U, scores)
    assert process.length_scale_[0] < process.length_scale_[1] < process.length_scale_[2]
    # The truth is 0.05² over the variance of the scores; 150 observations know it within a third.
    assert process.noise_variance_ == pytest.approx(0.05**2 / scores.var(), rel=0.35)


def test_raw_scores_of_any_unit_give_the_same_process():
    # Without a transform the priors are still meant in units of the scores' mean square.
    U, scores = observations(20)
    one = GaussianProcess(output_transform=None, random_state=0).fit(U, scores)
    thousand = GaussianProcess(output_transform=None, random_state=0).fit(U, 1000 * scores)
    np.testing.assert_allclose(one.length_scale_, thousand.length_scale_, rtol=1e-6)
    assert thousand.signal_variance_ == pytest.approx(1e6 * one.signal_variance_, rel=1e-6)


def test_a_warm_fit_ends_where_a_cold_one_does():
    U, scores = observations(60)
    warm = GaussianProcess(random_state=0)
    for n in range(50, 61):
        warm.fit(U[:n], scores[:n])
    cold = GaussianProcess(random_state=0).fit(U, scores)
    np.testing.assert_allclose(warm.noise_variance_, cold.noise_variance_, rtol=0.05)
    V = RNG.random((50, 3))
    np.testing.assert_allclose(warm.posterior(V).mean, cold.posterior(V).mean, atol=0.01)
    np.testing.assert_allclose(warm.posterior(V).std, cold.posterior(V).std, rtol=0.05)


def counted(monkeypatch):
    calls = []
    maximize = _learning.maximize

    def counting(objective, starts, *arguments):
        calls.append(len(objective.targets))
        return maximize(objective, starts, *arguments)

    monkeypatch.setattr(_learning, "maximize", counting)
    return calls


def test_a_warm_fit_starts_from_the_last_optimum(monkeypatch):
    first_starts = []
    maximize = _learning.maximize

    def recording(objective, starts, *arguments):
        first_starts.append(starts[0])
        return maximize(objective, starts, *arguments)

    monkeypatch.setattr(_learning, "maximize", recording)
    U, scores = observations(21)
    process = GaussianProcess(output_transform="normal_scores", random_state=0)
    process.fit(U[:20], scores[:20])
    last = Hyperparameters(
        process.length_scale_, process.signal_variance_, process.noise_variance_
    ).theta
    process.fit(U, scores)
    np.testing.assert_allclose(first_starts[1], last, atol=1e-6)
    assert np.abs(first_starts[1] - first_starts[0]).max() > 0.1


def test_with_many_observations_it_optimises_on_a_schedule_and_on_a_part(monkeypatch):
    monkeypatch.setattr(_learning, "_ALWAYS", 20)
    monkeypatch.setattr(_learning, "_LARGEST", 30)
    calls = counted(monkeypatch)
    U, scores = observations(45)
    process = GaussianProcess(random_state=0)
    for n in range(18, 46):
        process.fit(U[:n], scores[:n])
    # Every fit up to 20, then whenever n has grown by a tenth: 22, 25, 28, 31, 35, 39, 43.
    assert calls == [18, 19, 20, 22, 25, 28, 30, 30, 30, 30]
    assert len(process.process_.noise) == 45  # the posterior is of all observations


def test_between_optimisations_the_grown_factor_equals_a_full_factorisation(monkeypatch):
    monkeypatch.setattr(_learning, "_ALWAYS", 20)
    U, scores = observations(34)
    process = GaussianProcess(random_state=0).fit(U[:32], scores[:32])
    for n in (33, 34):
        process.fit(U[:n], scores[:n])
    fixed = GaussianProcess(
        length_scale=process.length_scale_,
        signal_variance=process.signal_variance_,
        noise_variance=process.noise_variance_,
        optimize=False,
    ).fit(U, scores)
    V = RNG.random((20, 3))
    np.testing.assert_allclose(process.posterior(V).mean, fixed.posterior(V).mean, atol=1e-8)
    np.testing.assert_allclose(process.posterior(V).std, fixed.posterior(V).std, atol=1e-8)


def test_other_observations_or_columns_start_afresh(monkeypatch):
    U, scores = observations(20)
    V, others = observations(20, seed=9)
    fresh = GaussianProcess(random_state=0).fit(V, others)
    used = GaussianProcess(random_state=0).fit(U, scores).fit(V, others)
    np.testing.assert_array_equal(used.length_scale_, fresh.length_scale_)
    rounded = np.column_stack([V[:, :2], (np.floor(3 * V[:, 2]) + 0.5) / 3])
    used.fit(rounded, others)
    used.set_params(categories=(0, 0, 3)).fit(rounded, others)
    fresh = GaussianProcess(random_state=0, categories=(0, 0, 3)).fit(rounded, others)
    np.testing.assert_array_equal(used.length_scale_, fresh.length_scale_)


def test_a_copy_does_not_disturb_the_original():
    # Both grow the shared table of differences, each by points of its own.
    U, scores = observations(40)
    original = GaussianProcess(random_state=0).fit(U[:30], scores[:30])
    apart = [deepcopy(original), pickle.loads(pickle.dumps(original))]
    shallow = [copy(original), original.condition(U[30:32], [0.0, 0.0])]
    for twin in shallow:
        twin.fit(np.vstack([U[:30], U[35:]]), np.concatenate([scores[:30], scores[35:]]))
    for twin in (original, *apart):
        twin.fit(U[:31], scores[:31])
        # The table's memory layout may differ, and with it the rounding of a sum.
        np.testing.assert_allclose(twin.length_scale_, original.length_scale_, rtol=1e-9)


def test_of_several_starts_the_best_maximum_is_kept():
    U, scores = observations(30)
    columns = Columns((0, 0, 0))
    pairs = PairTable(columns, columns.encode(U))
    z = (scores - scores.mean()) / scores.std()
    objective = LogPosterior(Matern52(), pairs.squared_differences, z, None, prior_of(3))
    optimum, value = maximize(objective, [np.zeros(5)])
    for starts in ([optimum, np.full(5, 3.0)], [np.full(5, 3.0), optimum]):
        # One evaluation leaves the far start where it is.
        theta, best = maximize(objective, starts, max_evaluations=1)
        assert best == pytest.approx(value, abs=1e-3)
        np.testing.assert_allclose(theta, optimum, atol=1e-2)


@pytest.mark.parametrize("scores", [[0.7], [0.7, 0.7, 0.7]])
def test_nothing_to_learn_from_leaves_the_prior_s_modes(scores):
    process = GaussianProcess(random_state=0).fit(RNG.random((len(scores), 2)), scores)
    mode = prior_of(2).mode()
    np.testing.assert_allclose(process.length_scale_, mode[:2])
    assert process.signal_variance_ == pytest.approx(mode[2])
    assert process.noise_variance_ == pytest.approx(mode[3])


def test_the_same_seed_gives_the_same_fit():
    U, scores = observations(12)
    first = GaussianProcess(random_state=5).fit(U, scores)
    second = GaussianProcess(random_state=5).fit(U, scores)
    np.testing.assert_array_equal(first.length_scale_, second.length_scale_)
