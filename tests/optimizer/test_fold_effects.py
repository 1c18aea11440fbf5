"""Scores of some folds on the scale of the mean over all: closed forms, a dense mixed model, simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skbayes.evaluation import CandidateResult, FoldResult
from skbayes.model_selection._extended import add_model_columns
from skbayes.model_selection._model_proposals import ModelProposals
from skbayes.optimizer import History, Optimizer, Trial
from skbayes.optimizer._fold_effects import _Contrasts, adjust_fold_scores, adjust_partial
from skbayes.optimizer._observations import encode_trials
from skbayes.space import as_space
from skbayes.surrogates import GaussianProcess

NAN = np.nan


def fitted(Y, weights=None):
    """The effects that one window of all candidates gives."""
    Y = np.asarray(Y, dtype=float)
    is_run = np.isfinite(Y)
    contrasts = _Contrasts(np.where(is_run, Y, 0.0), is_run)
    return contrasts.effects(np.ones((1, len(Y))) if weights is None else weights[None])


def anova(Y):
    """Mean squares of the balanced two-way layout: (fold effects, s², τ²), as in any textbook."""
    n, K = Y.shape
    b = Y.mean(axis=0) - Y.mean()
    rest = Y - Y.mean(axis=1, keepdims=True) - b
    s2 = (rest**2).sum() / ((n - 1) * (K - 1))
    return b, s2, max(0.0, (b**2).sum() / (K - 1) - s2 / n)


def dense_posterior(Y, s2, tau2):
    """Mean and variance of each mean over all folds, by one linear system in all unknowns.

    θ = (f, b), flat prior on f, b ~ N(0, τ²); the mean over all folds is made of the scores that are
    known and of f_i + b_j + e_ij for those that are not.
    """
    n, K = Y.shape
    rows, columns = np.nonzero(np.isfinite(Y))
    X = np.zeros((len(rows), n + K))
    X[np.arange(len(rows)), rows] = 1.0
    X[np.arange(len(rows)), n + columns] = 1.0
    covariance = np.linalg.inv(X.T @ X / s2 + np.diag(np.r_[np.zeros(n), np.full(K, 1.0 / tau2)]))
    theta = covariance @ X.T @ Y[rows, columns] / s2
    means, variances = [], []
    for i in range(n):
        missing = np.flatnonzero(np.isnan(Y[i]))
        a = np.zeros(n + K)
        a[i], a[n + missing] = len(missing), 1.0
        means.append((np.nansum(Y[i]) + a @ theta) / K)
        variances.append((a @ covariance @ a + len(missing) * s2) / K**2)
    return np.array(means), np.array(variances)


def scores_of(rng, n, K, spread=1.0, effect=1.0, noise=0.3):
    f, b = spread * rng.standard_normal(n), effect * rng.standard_normal(K)
    return f[:, None] + b + noise * rng.standard_normal((n, K))


@pytest.mark.parametrize(("n", "K"), [(2, 2), (5, 3), (12, 10)])
def test_balanced_effects_are_those_of_the_analysis_of_variance(n, K):
    Y = scores_of(np.random.default_rng(n), n, K)
    b, s2, tau2 = anova(Y)
    effects = fitted(Y)
    assert effects.s2[0] == pytest.approx(s2)
    np.testing.assert_allclose(
        effects.centered[0], b * tau2 / (tau2 + s2 / n), rtol=1e-9, atol=1e-12
    )


def test_effects_that_do_not_exceed_the_scatter_are_none():
    # Rows sum to zero by folds but for less than the scatter: the textbook's τ² is negative.
    Y = np.array([[1.0, -1.0, 0.1], [-1.0, 1.0, 0.0], [0.5, -0.5, 0.0], [-0.5, 0.5, 0.0]])
    assert anova(Y)[2] == 0.0
    np.testing.assert_array_equal(fitted(Y).mean, 0.0)


@pytest.mark.parametrize("K", [2, 3, 5, 10])
def test_adjusted_scores_are_the_posterior_of_a_dense_mixed_model(K):
    rng = np.random.default_rng(K)
    Y = scores_of(rng, 15, K)
    Y[4:][rng.random((11, K)) < 0.5] = NAN
    Y = Y[np.isfinite(Y).any(axis=1)]
    effects = fitted(Y)
    # The two variances are this module's own estimates; all else is done again.
    s2 = float(effects.s2[0])
    is_known = effects.variance[0] > 0.0
    b2, v = (effects.axes[0].T @ unshrunk(Y)) ** 2, spreads(Y, s2)
    tau2 = float((b2 - v)[v > 0.0].sum() / (v > 0.0).sum())
    assert tau2 > 0.0
    assert is_known.any()
    is_run = np.isfinite(Y)
    shift, variance = effects.of(np.zeros(len(Y), dtype=int), is_run)
    means, variances = dense_posterior(Y, s2, tau2)
    np.testing.assert_allclose(np.nanmean(Y, axis=1) - shift, means, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(variance, variances, rtol=1e-8, atol=1e-12)


def unshrunk(Y):
    """Least squares for the fold effects, f and b both free: the smallest of all solutions."""
    n, K = Y.shape
    rows, columns = np.nonzero(np.isfinite(Y))
    X = np.zeros((len(rows), n + K))
    X[np.arange(len(rows)), rows] = 1.0
    X[np.arange(len(rows)), n + columns] = 1.0
    b = np.linalg.lstsq(X, Y[rows, columns], rcond=None)[0][n:]
    return b - b.mean()


def spreads(Y, s2):
    """Sampling variances of those effects along the eigenvectors of their information."""
    p = np.isfinite(Y).astype(float)
    A = sum(np.diag(row) - np.outer(row, row) / row.sum() for row in p)
    values = np.linalg.eigvalsh(A)
    return np.where(values > 1e-9 * values[-1], s2 / np.maximum(values, 1e-12), 0.0)


def test_a_weight_of_two_counts_as_two_candidates():
    # For the effects; they are shrunk otherwise, by one factor where all folds were run.
    Y = scores_of(np.random.default_rng(0), 6, 4)
    weights = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 1.0])
    weighted = fitted(Y, weights).centered[0]
    repeated = fitted(np.repeat(Y, weights.astype(int), axis=0)).centered[0]
    np.testing.assert_allclose(
        weighted / np.linalg.norm(weighted), repeated / np.linalg.norm(repeated), rtol=1e-9
    )


def test_complete_candidates_keep_the_mean_of_their_folds_exactly():
    rng = np.random.default_rng(3)
    Y = scores_of(rng, 30, 7)
    Y[20:, 2:] = NAN
    adjusted = adjust_fold_scores(Y)
    assert adjusted.scores[:20].tolist() == Y[:20].mean(axis=1).tolist()
    assert not adjusted.noise_variance[:20].any()
    assert (adjusted.noise_variance[20:] > 0.0).all()


def test_without_scatter_some_folds_say_all():
    rng = np.random.default_rng(4)
    Y = rng.standard_normal(12)[:, None] + np.array([0.0, 3.0, -1.0, 0.5])
    full = Y.mean(axis=1)
    Y[3, 1:], Y[7, :2], Y[8, 2:] = NAN, NAN, NAN
    adjusted = adjust_fold_scores(Y)
    np.testing.assert_allclose(adjusted.scores, full, atol=1e-12)
    # The squares left are a difference of squares of about 50: rounding.
    np.testing.assert_allclose(adjusted.noise_variance, 0.0, atol=1e-13)


def test_the_noise_is_that_of_the_folds_not_run():
    # Without fold effects, and with so many candidates that the effects cost nothing: s² (1/m − 1/K).
    rng = np.random.default_rng(5)
    n, K = 3000, 5
    Y = rng.standard_normal((n, 1)) + 0.5 * rng.standard_normal((n, K))
    Y[0, 1:], Y[1, 2:], Y[2, 4:] = NAN, NAN, NAN
    noise = adjust_fold_scores(Y).noise_variance[:3]
    expected = 0.25 * (1.0 / np.array([1, 2, 4]) - 1.0 / K)
    # s² rests on about 500 candidates of 4 degrees each: 3 % standard error, three of them.
    np.testing.assert_allclose(noise, expected, rtol=0.1)


def test_nothing_is_known_of_a_candidate_without_folds():
    adjusted = adjust_fold_scores([[0.5, 0.7], [NAN, NAN], [0.6, NAN]])
    assert np.isnan(adjusted.scores).tolist() == [False, True, False]
    assert np.isnan(adjusted.noise_variance).tolist() == [False, True, False]


def test_no_candidates_and_no_folds_that_were_run():
    assert adjust_fold_scores(np.empty((0, 3))).scores.shape == (0,)
    assert np.isnan(adjust_fold_scores(np.full((2, 3), NAN)).scores).all()


def test_a_single_fold_is_the_score():
    adjusted = adjust_fold_scores([[0.4], [0.9]])
    assert adjusted.scores.tolist() == [0.4, 0.9]
    assert adjusted.noise_variance.tolist() == [0.0, 0.0]


def test_one_incomplete_candidate_alone_has_its_mean_and_its_own_scatter():
    adjusted = adjust_fold_scores([[0.2, 0.6, NAN, NAN]])
    assert adjusted.scores[0] == pytest.approx(0.4)
    # Sample variance 0.08 of two folds: 0.08 (1/2 − 1/4).
    assert adjusted.noise_variance[0] == pytest.approx(0.02)


def test_one_fold_each_gives_the_scores_and_no_noise_variance():
    adjusted = adjust_fold_scores([[0.2, NAN, NAN], [0.6, NAN, NAN]])
    assert adjusted.scores.tolist() == pytest.approx([0.2, 0.6])
    assert np.isnan(adjusted.noise_variance).all()


def test_candidates_without_a_fold_in_common_tell_nothing_of_each_other():
    Y = [[0.2, 0.4, NAN, NAN], [NAN, NAN, 0.5, 0.9]]
    adjusted = adjust_fold_scores(Y)
    np.testing.assert_allclose(adjusted.scores, [0.3, 0.7])


def test_hard_folds_spared_to_bad_candidates_make_no_bias():
    # Most of those that look bad on the two easy folds are spared the hard ones: told by plain means
    # they would look too good by 1.5.
    errors, plain, squares = [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        b = np.array([2.0, 1.0, -1.0, -2.0])
        Y = rng.standard_normal((40, 1)) + b + 0.3 * rng.standard_normal((40, 4))
        full, first = Y.mean(axis=1), Y[:, :2].mean(axis=1)
        is_pruned = rng.random(40) < np.where(first < np.median(first), 0.7, 0.2)
        Y[is_pruned, 2:] = NAN
        adjusted = adjust_fold_scores(Y)
        error = (adjusted.scores - full)[is_pruned]
        errors.append(error.mean())
        plain.append((np.nanmean(Y, axis=1) - full)[is_pruned].mean())
        squares.append((error**2 / adjusted.noise_variance[is_pruned]).mean())
    standard_error = np.std(errors) / np.sqrt(60)
    assert abs(np.mean(errors)) < 3.0 * standard_error
    assert standard_error < 0.02
    assert np.mean(plain) == pytest.approx(1.5, abs=0.02)
    # The variances are of the size of the errors: 60 seeds of 18 errors, 6 % standard error.
    assert np.mean(squares) == pytest.approx(1.0, abs=0.2)


def test_giving_up_for_the_scores_so_far_makes_little_bias():
    # A candidate that goes on had kind first folds; compared with those that are as good in the end
    # the others would look too bad. Neighbours by the folds in common take most of that away.
    errors = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        Y = scores_of(rng, 40, 5, spread=0.5, effect=0.3, noise=0.5)
        full = Y.mean(axis=1)
        first = Y[:, :2].mean(axis=1)
        gives_up = first < np.quantile(first, 0.5)
        Y[gives_up, 2:] = NAN
        errors.append((adjust_fold_scores(Y).scores - full)[gives_up].mean())
    # What is left is regression to the mean beyond the window: with f ~ N(0, .25) and two folds'
    # noise of variance .125, the worse half's mean error is a third of E|N(0, .375)| = .49, .16, of
    # the scores told as they are; the adjusted ones must not be worse than that.
    assert -0.17 < np.mean(errors) < 0.02


def test_losers_with_wild_folds_leave_the_winners_alone():
    rng = np.random.default_rng(6)
    calm = scores_of(rng, 40, 5, spread=0.05, noise=0.01)
    full = calm.mean(axis=1)
    calm[5:15, 1:] = NAN
    wild = -1e3 - 1e6 * rng.random((15, 5))
    adjusted = adjust_fold_scores(np.vstack([calm, wild]))
    error, noise = (adjusted.scores[:40] - full)[5:15], adjusted.noise_variance[5:15]
    is_good = full[5:15] > np.median(full)
    assert np.abs(error[is_good]).max() < 4 * 0.01
    assert noise[is_good].max() < 3.0 * 0.01**2
    # Among the neighbours of the worst are wild ones, and their noise says so.
    assert (np.abs(error) < 4.0 * np.sqrt(noise)).all()


@st.composite
def fold_scores(draw):
    shape = draw(st.tuples(st.integers(1, 14), st.integers(1, 6)))
    Y = draw(arrays(float, shape, elements=st.floats(-10.0, 10.0, width=32)))
    is_run = draw(arrays(bool, shape))
    return np.where(is_run, Y, NAN)


@settings(max_examples=50)
@given(fold_scores())
def test_scores_are_finite_where_a_fold_was_run_and_noise_is_not_negative(Y):
    adjusted = adjust_fold_scores(Y)
    some = np.isfinite(Y).any(axis=1)
    assert np.isfinite(adjusted.scores).tolist() == some.tolist()
    known = adjusted.noise_variance[~np.isnan(adjusted.noise_variance)]
    assert (known >= 0.0).all()
    assert np.isfinite(known).all()


# A power of two and a shift that float32 scores take without rounding: ranks and windows stay.
@settings(max_examples=50)
@given(fold_scores(), st.sampled_from([0.25, 1.0, 1024.0, 2.0**600, 2.0**-600]))
def test_the_unit_of_the_scores_does_not_matter(Y, factor):
    one, other = adjust_fold_scores(Y), adjust_fold_scores(factor * Y)
    np.testing.assert_array_equal(other.scores, factor * one.scores)


@settings(max_examples=50)
@given(fold_scores(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_and_folds_does_not_matter(Y, random):
    rows, columns = list(range(len(Y))), list(range(Y.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    one, other = adjust_fold_scores(Y), adjust_fold_scores(Y[np.ix_(rows, columns)])
    complete = np.isfinite(Y).all(axis=1)
    # Sums in another order: rounding may move a tie in rank, and with it an incomplete candidate's
    # window; what must agree to rounding is the mean of a complete one, and who has a score.
    np.testing.assert_allclose(
        other.scores[complete[rows]], one.scores[rows][complete[rows]], rtol=1e-12
    )
    assert np.isnan(other.scores).tolist() == np.isnan(one.scores[rows]).tolist()


def test_candidates_and_folds_in_another_order_have_the_same_scores():
    # Without ties nothing can flip.
    rng = np.random.default_rng(8)
    Y = scores_of(rng, 25, 5)
    for i in range(8, 25):
        Y[i, rng.permutation(5)[: rng.integers(1, 5)]] = NAN
    rows, columns = rng.permutation(25), rng.permutation(5)
    one, other = adjust_fold_scores(Y), adjust_fold_scores(Y[np.ix_(rows, columns)])
    np.testing.assert_allclose(other.scores, one.scores[rows], rtol=1e-9)
    np.testing.assert_allclose(other.noise_variance, one.noise_variance[rows], rtol=1e-6)


def test_only_candidates_with_as_many_folds_share_them():
    folds = [(0.5, 0.7, 0.9), (0.4, 0.6, 0.8), (0.5, NAN, NAN), None, (0.1, NAN), ()]
    told = np.array([0.7, 0.6, NAN, 0.3, NAN, NAN])
    is_partial = np.array([False, False, True, False, True, True])
    scores, noise = adjust_partial(told, folds, is_partial)
    np.testing.assert_allclose(scores, [0.7, 0.6, 0.7, 0.3, 0.1, NAN], atol=1e-12)
    assert noise.tolist() == pytest.approx([0.0] * 6)
    np.testing.assert_array_equal(told, [0.7, 0.6, NAN, 0.3, NAN, NAN])


# --- what a surrogate has to know of the folds ------------------------------------------------


def test_score_and_noise_variance_are_sufficient_for_a_gaussian_process():
    """All fold scores in one dense Gaussian, against the adjusted scores in the Gaussian process."""
    rng = np.random.default_rng(9)
    n, K, s2, b = 12, 4, 0.3, np.array([0.8, 0.1, -0.2, -0.7])
    U = rng.random((n, 2))
    Y = np.sin(5.0 * U[:, :1]) + b + np.sqrt(s2) * rng.standard_normal((n, K))
    is_run = np.ones((n, K), dtype=bool)
    is_run[4:8, 1:], is_run[8:, 3:] = False, False
    V = rng.random((5, 2))
    prior = {"output_transform": None, "optimize": False, "length_scale": 0.5}
    m = is_run.sum(axis=1)
    # What the folds share is b, known here; the noise of a complete mean is s²/K.
    adjusted = np.where(is_run, Y - b, 0.0).sum(axis=1) / m + b.mean()
    process = GaussianProcess(signal_variance=1.0, noise_variance=s2 / K, **prior)
    ours = process.fit(U, adjusted, noise_variance=s2 * (1.0 / m - 1.0 / K)).posterior(V)

    rows, columns = np.nonzero(is_run)
    kernel = GaussianProcess(signal_variance=1.0, noise_variance=0.0, **prior).fit(
        np.full((1, 2), 1e3), [0.0]
    )  # so far away that its posterior covariance is the prior's
    both = kernel.posterior(np.vstack([U, V])).covariance
    k, cross = both[:n, :n], both[n:, :n]
    dense = k[np.ix_(rows, rows)] + s2 * np.eye(len(rows))
    gain = np.linalg.solve(dense, cross[:, rows].T).T
    np.testing.assert_allclose(ours.mean, gain @ (Y - b + b.mean())[rows, columns], rtol=1e-7)
    covariance = both[n:, n:] - gain @ cross[:, rows].T
    np.testing.assert_allclose(ours.std**2, np.diag(covariance), rtol=1e-6)


# --- in the optimizer ---------------------------------------------------------------------------


def told(*trials, n=8):
    """An optimizer with n complete candidates of three additive folds, and some more."""
    optimizer = Optimizer({"x": (0.0, 1.0)}, n_initial_points=4, random_state=0)
    b = np.array([0.3, 0.0, -0.3])
    for i in range(n):
        x = (i + 0.5) / n
        optimizer.tell({"x": x}, fold_scores=-((x - 0.4) ** 2) + b)
    for params, options in trials:
        optimizer.tell(params, **options)
    return optimizer


def test_scores_of_all_folds_make_a_complete_trial():
    optimizer = told(({"x": 0.33}, {"fold_scores": np.array([1.0, 2.0, 6.0])}))
    trial = optimizer.history.incumbent
    assert (trial.score, trial.status, trial.fold_scores) == (3.0, "complete", (1.0, 2.0, 6.0))


def test_scores_of_some_folds_make_a_pruned_trial_without_a_score():
    optimizer = told(({"x": 0.33}, {"fold_scores": [9.0, NAN, NAN]}))
    trial = optimizer.history.trials[-1]
    assert np.isnan(trial.score)
    assert (trial.status, trial.fold_scores[0]) == ("pruned", 9.0)
    assert optimizer.history.incumbent is not trial


def test_scores_of_no_fold_make_a_failed_trial():
    optimizer = told(({"x": 0.33}, {"fold_scores": [NAN, NAN]}))
    assert optimizer.history.trials[-1].status == "failed"


def test_a_trial_needs_a_score_or_those_of_its_folds():
    with pytest.raises(TypeError, match=r"got None of type NoneType\. Give a number, or fold"):
        told(({"x": 0.33}, {}))
    with pytest.raises(ValueError, match="without a finite score is not complete"):
        told(({"x": 0.33}, {"fold_scores": [1.0, NAN], "status": "complete"}))
    assert told(({"x": 0.33}, {"status": "timeout"})).history.trials[-1].status == "timeout"


def test_the_surrogate_sees_a_pruned_trial_on_the_scale_of_the_others():
    # The first fold is easier by 0.3 than the mean of all; told as it is, x = 0.9 would look best.
    params = {"x": 0.9}
    pruned = {"fold_scores": [-(0.5**2) + 0.3, NAN, NAN], "status": "pruned"}
    mean = told((params, pruned)).score_posterior([params, {"x": 0.4}]).mean
    np.testing.assert_allclose(mean, [-0.25, 0.0], atol=0.05)
    biased = {"score": -(0.5**2) + 0.3, "status": "pruned"}
    assert told((params, biased)).score_posterior([params]).mean[0] > -0.15


def test_a_score_given_with_a_pruned_trial_gives_way_to_its_folds():
    trials = [
        Trial(i, {"x": i / 10}, 0.1 * i, fold_scores=(0.1 * i + 1.0, 0.1 * i - 1.0))
        for i in range(9)
    ]
    pruned = Trial(9, {"x": 0.95}, 1.5, status="pruned", fold_scores=(1.5, NAN))
    seen = encode_trials(History((*trials, pruned)), as_space({"x": (0.0, 1.0)}))
    assert seen.scores[-1] == pytest.approx(0.5)
    assert seen.fold_noise[-1] == pytest.approx(0.0, abs=1e-13)


def test_failed_trials_stay_failed_whatever_folds_they_have():
    trials = [Trial(i, {"x": i / 10}, 0.1 * i, fold_scores=(0.1 * i,) * 2) for i in range(9)]
    failed = Trial(9, {"x": 0.95}, NAN, status="failed", fold_scores=(9.0, NAN))
    seen = encode_trials(History((*trials, failed)), as_space({"x": (0.0, 1.0)}))
    assert np.isnan(seen.scores[-1])
    assert seen.fold_noise is None
    assert seen.training_data()[1][-1] == 0.0  # the worst


def test_the_noise_of_folds_not_run_comes_on_top_of_the_known_one():
    rng = np.random.default_rng(10)
    trials = [
        Trial(i, {"x": i / 10}, float(np.mean(y)), noise_variance=0.5, fold_scores=tuple(y))
        for i, y in enumerate(rng.standard_normal((9, 3)))
    ]
    pruned = Trial(
        9, {"x": 0.95}, NAN, status="pruned", noise_variance=0.25, fold_scores=(-2.0, NAN, NAN)
    )
    seen = encode_trials(History((*trials, pruned)), as_space({"x": (0.0, 1.0)}))
    noise = seen.training_data()[2]
    assert noise[:9].tolist() == [0.5] * 9
    assert noise[9] == pytest.approx(0.25 + seen.fold_noise[9])
    assert seen.fold_noise[9] > 0.0


@pytest.mark.parametrize("score", [-30.0, -1.0, -0.1, 0.0, 5.0])
def test_what_was_given_up_does_not_promise_to_beat_the_best(score):
    rng = np.random.default_rng(11)
    Y = rng.standard_normal((9, 3))
    trials = [
        Trial(i, {"x": i / 10}, float(np.mean(y)), fold_scores=tuple(y)) for i, y in enumerate(Y)
    ]
    pruned = Trial(9, {"x": 0.95}, NAN, status="pruned", fold_scores=(score, NAN, NAN))
    seen = encode_trials(History((*trials, pruned)), as_space({"x": (0.0, 1.0)}))
    estimate = adjust_fold_scores([*Y, pruned.fold_scores])
    best = Y.mean(axis=1).max()
    assert seen.scores[9] == min(estimate.scores[9], best)
    assert seen.scores[9] + 2.0 * np.sqrt(seen.fold_noise[9]) <= best + 1e-12
    # Far behind, the noise of the folds not run is all there is.
    if score == -30.0:
        assert seen.fold_noise[9] == estimate.noise_variance[9]
    np.testing.assert_array_equal(seen.scores[:9], Y.mean(axis=1))


def test_without_pruned_trials_nothing_is_known_of_the_noise():
    assert told()._told.observations().training_data()[2] is None


def test_a_pruned_trial_is_not_proposed_again_and_the_search_goes_on():
    optimizer = told(({"x": 0.9}, {"fold_scores": [0.05, NAN, NAN]}))
    asked = [optimizer.ask()["x"] for _ in range(3)]
    assert 0.9 not in asked
    assert abs(asked[0] - 0.4) < 0.1


# --- in a search --------------------------------------------------------------------------------


def test_a_search_reports_pruned_candidates_on_the_scale_of_all_folds():
    optimizer = Optimizer({"x": (0.0, 1.0)}, n_initial_points=4, random_state=0)
    proposals = ModelProposals([optimizer], [10], 1)
    b = np.array([0.3, 0.0, -0.3])
    for number in range(10):
        [candidate] = proposals.ask(None)
        params = candidate.params
        folds = -((params["x"] - 0.4) ** 2) + b
        status = "complete"
        if number in (6, 8):
            folds[1:], status = NAN, "pruned"
        trial = Trial(number, params, float(folds.mean()), status, None, tuple(folds))
        proposals.tell(trial, candidate)
    [history] = proposals.histories()
    mean, _ = proposals.score_posterior()
    truth = [-((trial.params["x"] - 0.4) ** 2) for trial in history]
    # Told as it is, the first fold would be off by 0.3; what is left is the smoothing of ten scores.
    np.testing.assert_allclose(mean, truth, atol=0.05)

    results = {"mean_test_score": history.scores}
    evaluated = [
        CandidateResult(
            trial.params,
            tuple(
                None if np.isnan(y) else FoldResult(y, None, 0.0, 0.0, 1) for y in trial.fold_scores
            ),
        )
        for trial in history
    ]
    add_model_columns(results, evaluated, proposals.score_posterior(), None)
    assert results["n_splits_evaluated"].tolist() == [3, 3, 3, 3, 3, 3, 1, 3, 1, 3]
    assert np.isnan(results["mean_test_score"][[6, 8]]).all()
