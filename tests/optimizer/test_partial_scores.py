"""Scores of some folds on the scale of the mean over all: closed forms, properties, simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skbayes._fold_pattern import FoldPattern
from skbayes.evaluation import CandidateResult, FoldResult, WinProbability
from skbayes.model_selection._extended import add_model_columns
from skbayes.model_selection._model_proposals import ModelProposals
from skbayes.optimizer import History, Optimizer, Trial
from skbayes.optimizer._observations import encode_trials
from skbayes.optimizer._partial_scores import predict_means, with_predictions
from skbayes.space import as_space
from skbayes.surrogates import GaussianProcess

NAN = np.nan


def scores_of(rng, n, K, spread=1.0, effect=1.0, noise=0.3):
    f, b = spread * rng.standard_normal(n), effect * rng.standard_normal(K)
    return f[:, None] + b + noise * rng.standard_normal((n, K))


def split(Y):
    """The complete rows and the others."""
    complete = np.isfinite(Y).all(axis=1)
    return Y[complete], Y[~complete]


def test_without_scatter_some_folds_say_all():
    rng = np.random.default_rng(4)
    Y = rng.standard_normal(12)[:, None] + np.array([0.0, 3.0, -1.0, 0.5])
    full = Y.mean(axis=1)
    best = full.max()
    Y[3, 1:], Y[7, :2], Y[8, 2:] = NAN, NAN, NAN
    means, variance = predict_means(*split(Y))
    complete_best = np.delete(full, [3, 7, 8]).max()
    assert complete_best == best  # else it would limit what follows
    np.testing.assert_allclose(means, full[[3, 7, 8]], atol=1e-12)
    np.testing.assert_allclose(variance, 0.0, atol=1e-24)


def test_one_complete_candidate_is_the_pattern():
    # The paired difference to it on the folds run, from its own mean.
    means, variance = predict_means(np.array([[1.0, 2.0, 6.0]]), np.array([[0.5, 1.0, NAN]]))
    np.testing.assert_allclose(means, 3.0 - 0.75)
    np.testing.assert_array_equal(variance, 0.0)


def test_without_complete_candidates_there_are_plain_means():
    means, variance = predict_means(
        np.empty((0, 4)), np.array([[0.2, 0.6, NAN, NAN], [NAN, NAN, -np.inf, 0.9]])
    )
    np.testing.assert_allclose(means, [0.4, 0.9])
    np.testing.assert_array_equal(variance, 0.0)


def test_the_mean_is_that_of_the_rule_and_the_variance_what_it_misses_of_complete_candidates():
    rng = np.random.default_rng(5)
    Y = scores_of(rng, 10, 5, noise=0.5)
    order = np.argsort(-Y.mean(axis=1))
    pattern = FoldPattern(Y[order[:4]])
    is_run = np.array([True, False, True, True, False])
    own = np.where(is_run, Y[order[5]] - 9.0, NAN)  # so far behind that no limit is near
    means, variance = predict_means(Y, own[None])
    assert means[0] == pytest.approx(pattern.predict(own[is_run], is_run).mean, rel=1e-6)
    missed = [pattern.predict(y[is_run], is_run).mean - y.mean() for y in Y]
    assert variance[0] == pytest.approx(np.mean(np.square(missed)), rel=1e-6)


def test_hard_folds_spared_to_candidates_make_no_bias():
    # Given up at random after the two easy folds: told by plain means they would look too good by 1.5.
    errors, plain = [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        b = np.array([2.0, 1.0, -1.0, -2.0])
        Y = rng.standard_normal((40, 1)) + b + 0.3 * rng.standard_normal((40, 4))
        full = Y.mean(axis=1)
        is_pruned = rng.random(40) < 0.5
        is_pruned[full.argmax()] = False  # what promises more than the best is limited to it
        Y[is_pruned, 2:] = NAN
        complete, partial = split(Y)
        # The better half, but not so near to the best that the limit cuts errors off.
        counts = (full[is_pruned] > np.median(full)) & (full[is_pruned] < full.max() - 1.0)
        error = predict_means(complete, partial)[0] - full[is_pruned]
        errors.append(error[counts].mean() if counts.any() else NAN)
        plain.append((np.nanmean(partial, axis=1) - full[is_pruned]).mean())
    standard_error = np.nanstd(errors) / np.sqrt(np.isfinite(errors).sum())
    assert abs(np.nanmean(errors)) < 3.0 * standard_error
    assert standard_error < 0.02
    assert np.mean(plain) == pytest.approx(1.5, abs=0.02)


def test_in_a_race_the_errors_are_hardly_larger_than_with_known_fold_effects():
    # Who is given up had unkind folds: regression to the mean, which knowing the folds does not take away.
    # From few candidates, which won by kind folds, the effects must come out nearly as well.
    bias, size = [], []
    rule = WinProbability()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        b = rng.standard_normal(5)
        F = 0.5 * rng.standard_normal((40, 1)) + b + 0.3 * rng.standard_normal((40, 5))
        Y = np.full(F.shape, NAN)
        for i in range(len(F)):
            for j in range(5):
                Y[i, j] = F[i, j]
                if rule.is_hopeless(Y[: i + 1], i):
                    break
        complete, partial = split(Y)
        full = F[np.isnan(Y).any(axis=1)].mean(axis=1)
        estimates = (
            predict_means(complete, partial)[0],
            np.nanmean(partial - b, axis=1) + b.mean(),
            np.nanmean(partial, axis=1),
        )
        errors = [estimate - full for estimate in estimates]
        bias.append([error.mean() for error in errors])
        size.append([np.sqrt((error**2).mean()) for error in errors])
    ours, known, plain = np.mean(size, axis=0)
    # The pattern, half the leader's and half of three others, adds 1/4 + 1/12 to the variance; learning
    # the covariance from as few as much again.
    assert ours < np.sqrt(1.0 + 2.0 / 3.0) * known
    assert ours < 0.5 * plain
    # Those that lead did so by kind folds in part, which makes the others look worse: by less than what
    # single candidates are off by anyway.
    ours, kind, _ = np.mean(bias, axis=0)
    assert -0.5 * known < ours < 0.02
    assert -0.5 * known < kind < 0.02


def test_the_variance_is_of_the_size_of_the_errors():
    # Given up at random, far behind the best: 60 seeds of about 15 errors, 5 % standard error.
    squares = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        Y = scores_of(rng, 40, 5)
        Y[0] += 20.0
        full = Y.mean(axis=1)
        is_pruned = rng.random(40) < 0.4
        is_pruned[0] = False
        Y[is_pruned, 2:] = NAN
        means, variance = predict_means(*split(Y))
        squares.append(((means - full[is_pruned]) ** 2 / variance).mean())
    # The pattern rests on few candidates: that its errors are shared does not average out.
    assert np.mean(squares) == pytest.approx(1.0, abs=0.25)


def test_losers_with_wild_folds_leave_the_winners_alone():
    rng = np.random.default_rng(6)
    calm = scores_of(rng, 40, 5, spread=0.05, noise=0.01)
    full = calm.mean(axis=1)
    calm[5:15, 1:] = NAN
    wild = -1e3 - 1e6 * rng.random((15, 5))
    means, variance = predict_means(*split(np.vstack([calm, wild])))
    best = np.delete(full, range(5, 15)).max()
    assert np.abs(means - full[5:15]).max() < 4 * 0.01
    assert (np.sqrt(variance) <= 0.5 * (best - means) + 1e-12).all()


@st.composite
def fold_scores(draw):
    shape = draw(st.tuples(st.integers(1, 14), st.integers(1, 6)))
    Y = draw(arrays(float, shape, elements=st.floats(-10.0, 10.0, width=32)))
    is_run = draw(arrays(bool, shape))
    complete = draw(arrays(bool, shape[0]))[:, None]
    Y = np.where(is_run | complete, Y, NAN)
    return Y[np.isfinite(Y).any(axis=1)]


@settings(max_examples=100)
@given(fold_scores())
def test_what_was_given_up_promises_nothing_better_than_the_best(Y):
    complete, partial = split(Y)
    means, variance = predict_means(complete, partial)
    assert np.isfinite(means).all()
    assert np.isfinite(variance).all()
    assert (variance >= 0.0).all()
    if len(complete):
        best = complete.mean(axis=1).max()
        assert (means + 2.0 * np.sqrt(variance) <= best + 1e-9).all()


# A power of two and a shift that float32 scores take without rounding.
@settings(max_examples=50)
@given(fold_scores(), st.sampled_from([0.25, 1.0, 1024.0, 2.0**600, 2.0**-600]))
def test_the_unit_of_the_scores_does_not_matter(Y, factor):
    complete, partial = split(Y)
    one, other = (
        predict_means(complete, partial)[0],
        predict_means(factor * complete, factor * partial)[0],
    )
    np.testing.assert_array_equal(other, factor * one)


def test_candidates_and_folds_in_another_order_have_the_same_scores():
    # Without ties nothing can flip.
    rng = np.random.default_rng(8)
    Y = scores_of(rng, 25, 5)
    for i in range(8, 25):
        Y[i, rng.permutation(5)[: rng.integers(1, 5)]] = NAN
    complete, partial = split(Y)
    rows, others, columns = rng.permutation(8), rng.permutation(17), rng.permutation(5)
    one = predict_means(complete, partial)
    other = predict_means(complete[rows][:, columns], partial[others][:, columns])
    np.testing.assert_allclose(other[0], one[0][others], rtol=1e-9)
    np.testing.assert_allclose(other[1], one[1][others], rtol=1e-6, atol=1e-12)


def test_only_candidates_with_as_many_folds_share_them():
    folds = [(0.5, 0.7, 0.9), (0.4, 0.6, 0.8), (0.5, NAN, NAN), None, (0.1, NAN), ()]
    told = np.array([0.7, 0.6, NAN, 0.3, NAN, NAN])
    is_partial = np.array([False, False, True, False, True, False])
    scores, noise = with_predictions(told, folds, is_partial)
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
def test_the_surrogate_sees_no_promise_in_what_was_given_up(score):
    rng = np.random.default_rng(11)
    Y = rng.standard_normal((9, 3))
    trials = [
        Trial(i, {"x": i / 10}, float(np.mean(y)), fold_scores=tuple(y)) for i, y in enumerate(Y)
    ]
    pruned = Trial(9, {"x": 0.95}, NAN, status="pruned", fold_scores=(score, NAN, NAN))
    seen = encode_trials(History((*trials, pruned)), as_space({"x": (0.0, 1.0)}))
    mean, variance = predict_means(Y, np.array([pruned.fold_scores]))
    assert (seen.scores[9], seen.fold_noise[9]) == (mean[0], variance[0])
    assert mean[0] + 2.0 * np.sqrt(variance[0]) <= Y.mean(axis=1).max() + 1e-12
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
