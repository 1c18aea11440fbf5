"""The ranking-weighted ensemble: its weights, its posterior, what it does with columns and sources."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from skbayes.surrogates import GaussianProcess, RandomForest, RankingEnsemble
from skbayes.surrogates._leave_one_out import leave_one_out
from skbayes.surrogates._ranking_ensemble import _misranked, _most_telling, weights_of

RNG = np.random.default_rng(3)
U, V = RNG.random((12, 2)), RNG.random((7, 2))


def hill(u):
    return -((u[:, 0] - 0.3) ** 2) - 0.5 * (u[:, 1] - 0.6) ** 2


PAST = RNG.random((30, 2))
ALIKE, OPPOSITE = (PAST, 50.0 * hill(PAST)), (PAST, -hill(PAST))


def ensemble(*sources, **options):
    return RankingEnsemble(sources=sources, random_state=0, **options)


# ---------------------------------------------------------------- weights


def test_weights_are_the_shares_of_draws_in_which_a_member_is_best():
    # Two sources and the target in four draws: first, tie of both sources, target, first.
    n_wrong = np.array([[0, 1, 4, 0], [2, 1, 5, 3], [3, 6, 2, 5]])
    np.testing.assert_allclose(weights_of(n_wrong), [2.5 / 4, 0.5 / 4, 1 / 4])


def test_a_source_worse_than_the_target_is_left_out_even_where_it_is_best_by_luck():
    # Median 9 is above the 95 % quantile of (4, 4, 4, 5), by linear interpolation 4.85.
    n_wrong = np.array([[0, 9, 9, 9], [4, 4, 4, 5]])
    np.testing.assert_array_equal(weights_of(n_wrong), [0.0, 1.0])


def test_pairs_are_counted_in_both_directions_and_ties_are_never_wrong():
    f, z = np.array([[1.0, 2.0, 3.0, 0.0]]), np.array([1.0, 3.0, 2.0, 2.0])
    wrong = [
        (j, k)
        for j in range(4)
        for k in range(4)
        if z[j] != z[k] and (f[0, j] < f[0, k]) != (z[j] < z[k])
    ]
    assert _misranked(f, f, z)[0] == len(wrong) == 4  # {0, 3} and {1, 2}


def test_an_objective_alike_weighs_most_and_its_opposite_nothing():
    weights = ensemble(ALIKE, OPPOSITE).fit(U, hill(U)).weights_
    assert weights[0] > 0.5
    assert weights[1] == 0.0
    assert weights.sum() == pytest.approx(1.0)


def test_a_misleading_source_fades_as_scores_come_in():
    noise = (PAST, np.random.default_rng(5).standard_normal(30))
    grid = np.random.default_rng(6).random((40, 2))
    weights = [ensemble(noise).fit(grid[:n], hill(grid[:n])).weights_[0] for n in (2, 40)]
    assert weights[0] == 0.5  # two scores have no order to speak of
    assert weights[1] == 0.0


@settings(max_examples=20, deadline=None)
@given(exponent=st.integers(-60, 60), shift=st.sampled_from([0.0, 1.0]))
def test_the_unit_of_a_source_does_not_matter(exponent, shift):
    # Only its order and its shape count: every transform standardises.
    scores = np.ldexp(ALIKE[1] + shift, exponent)
    weights = ensemble((PAST, scores), OPPOSITE).fit(U, hill(U)).weights_
    expected = ensemble(ALIKE, OPPOSITE).fit(U, hill(U)).weights_
    np.testing.assert_allclose(weights, expected, atol=0.02)  # rounding of the shift


def test_many_scores_are_ranked_in_bounded_time():
    many = np.random.default_rng(0).random((400, 2))
    process = GaussianProcess(optimize=False, length_scale=0.5, noise_variance=0.01)
    assert ensemble(ALIKE, target=process).fit(many, hill(many)).weights_.shape == (2,)


# ---------------------------------------------------------------- leave one out


@pytest.mark.parametrize("noise", [None, 1e-3])
def test_leave_one_out_is_what_a_process_without_the_point_says(noise):
    process = GaussianProcess().fit(U, hill(U), noise_variance=noise)
    latent = process.output_.forward(hill(U))
    known = 0.0 if noise is None else process.output_.latent_variance(hill(U), np.full(12, noise))
    posterior = leave_one_out(process, U, latent)
    for j in range(12):
        others = np.arange(12) != j
        without = GaussianProcess(
            length_scale=process.length_scale_,
            signal_variance=process.signal_variance_,
            noise_variance=process.noise_variance_,
            optimize=False,
            output_transform=None,
        ).fit(U[others], latent[others], noise_variance=np.broadcast_to(known, 12)[others])
        expected = without.posterior(U[j : j + 1])
        assert posterior.mean[j] == pytest.approx(expected.mean[0], abs=1e-6)
        assert posterior.std[j] == pytest.approx(expected.std[0], abs=1e-6)


def test_leave_one_out_of_a_part_keeps_the_hyperparameters():
    process = GaussianProcess().fit(U, hill(U))
    part = process.output_.forward(hill(U))[:8]
    alone = GaussianProcess(
        length_scale=process.length_scale_,
        signal_variance=process.signal_variance_,
        noise_variance=process.noise_variance_,
        optimize=False,
        output_transform=None,
    ).fit(U[:8], part)
    expected, found = leave_one_out(alone, U[:8], part), leave_one_out(process, U[:8], part)
    np.testing.assert_allclose(found.mean, expected.mean)


# ---------------------------------------------------------------- posterior


def test_the_posterior_is_the_weighted_sum_of_its_members():
    fitted = ensemble(ALIKE, (PAST, hill(PAST)[::-1])).fit(U, hill(U))
    parts = [member.posterior(V) for member in fitted.models_]
    weights = fitted.weights_
    posterior = fitted.posterior(V)
    mean = sum(w * part.mean for w, part in zip(weights, parts, strict=True))
    covariance = sum(w**2 * part.covariance for w, part in zip(weights, parts, strict=True))
    np.testing.assert_allclose(posterior.mean, mean)
    np.testing.assert_allclose(posterior.covariance, covariance)
    np.testing.assert_allclose(posterior.std**2, np.diagonal(covariance), atol=1e-12)


def test_without_sources_it_is_its_target():
    process = GaussianProcess(random_state=0).fit(U, hill(U))
    fitted = ensemble().fit(U, hill(U))
    np.testing.assert_array_equal(fitted.posterior(V).mean, process.posterior(V).mean)
    score = fitted.score_posterior(V)
    np.testing.assert_allclose(score.std, process.score_posterior(V).std)


def test_gradients_match_finite_differences():
    past = PAST.copy()
    past[:, 1] = np.nan  # that source is flat in the second column
    fitted = ensemble(ALIKE, (past, PAST[:, 0])).fit(U, hill(U))
    fitted.weights_ = np.array([0.3, 0.5, 0.2])
    mean, std, d_mean, d_std = fitted.value_and_gradient(V)
    np.testing.assert_allclose(mean, fitted.posterior(V).mean)
    np.testing.assert_allclose(std, fitted.posterior(V).std)
    for j in range(2):
        shift = 1e-6 * np.eye(2)[j]
        up, down = fitted.posterior(V + shift), fitted.posterior(V - shift)
        # Rounding of 1e-14 over a step of 1e-6, and curvature times its square.
        np.testing.assert_allclose(d_mean[:, j], (up.mean - down.mean) / 2e-6, atol=1e-6)
        np.testing.assert_allclose(d_std[:, j], (up.std - down.std) / 2e-6, atol=1e-6)


def test_a_source_is_flat_in_a_column_that_it_lacks():
    past = PAST.copy()
    past[:, 1] = np.nan
    fitted = ensemble((past, hill(PAST))).fit(U, hill(U))
    moved = V.copy()
    moved[:, 1] = RNG.random(7)
    source = fitted.models_[0]
    np.testing.assert_array_equal(source.posterior(moved).mean, source.posterior(V).mean)
    assert np.ptp(source.posterior(V).mean) > 0.1


def test_a_fantasy_is_believed_by_every_member():
    fitted = ensemble(ALIKE).fit(U, hill(U))
    before = fitted.posterior(V)
    conditioned = fitted.condition(V[:1], before.mean[:1] + 1.0)
    assert conditioned.posterior(V).mean[0] == pytest.approx(before.mean[0] + 1.0, abs=0.1)
    believed = fitted.condition(V[:1], before.mean[:1]).posterior(V)
    np.testing.assert_allclose(believed.mean, before.mean, atol=1e-6)
    assert believed.std[0] < 0.2 * before.std[0]
    np.testing.assert_array_equal(fitted.posterior(V).std, before.std)


# ---------------------------------------------------------------- sources


def test_of_a_long_source_the_best_and_a_spread_of_the_others_are_kept():
    many = np.random.default_rng(1).random((3000, 2))
    order = np.argsort(-hill(many))
    kept = set(_most_telling(hill(many), 200).tolist())
    assert len(kept) == 200
    assert set(order[:100].tolist()) < kept
    places = np.flatnonzero([i in kept for i in order])
    assert places[-1] == 2999
    assert np.ptp(np.diff(places[100:])) <= 1  # as even as whole numbers can be
    fitted = ensemble((many, hill(many))).fit(U, hill(U))
    assert len(fitted.models_[0].model.process_) == 200


def test_sources_are_fitted_once():
    fitted = ensemble(ALIKE).fit(U[:6], hill(U[:6]))
    source = fitted.models_[0].model
    assert fitted.fit(U, hill(U)).models_[0].model is source


def test_categories_and_forests_work():
    u = np.column_stack([U[:, 0], (np.arange(12) % 3 + 0.5) / 3])
    past = np.column_stack([PAST[:, 0], (np.arange(30) % 3 + 0.5) / 3])
    fitted = ensemble((past, past[:, 1]), target=RandomForest(20), categories=(0, 3))
    assert not fitted.has_gradient
    fitted.fit(u, u[:, 1])
    assert fitted.models_[1].model.categories == (0, 3)
    assert fitted.weights_[0] > 0.5
    assert np.corrcoef(fitted.posterior(u).mean, u[:, 1])[0, 1] > 0.9


def test_the_same_seed_gives_the_same_weights_and_a_pickle_keeps_them():
    one, other = (ensemble(ALIKE, OPPOSITE).fit(U, hill(U)) for _ in range(2))
    np.testing.assert_array_equal(one.weights_, other.weights_)
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(again.posterior(V).mean, one.posterior(V).mean)
    np.testing.assert_array_equal(clone(one).fit(U, hill(U)).weights_, one.weights_)


def test_sources_with_other_columns_are_refused():
    with pytest.raises(ValueError, match="the 2 columns of the new observations; got 3 in source"):
        ensemble((np.ones((4, 3)), np.arange(4))).fit(U, hill(U))
    with pytest.raises(ValueError, match="finite scores; got nan"):
        ensemble((PAST, np.full(30, np.nan))).fit(U, hill(U))
