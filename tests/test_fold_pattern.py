"""The pattern of the good candidates: closed forms, conditioning of a normal distribution, simulation."""

import numpy as np
import pytest

from skbayes._fold_pattern import FoldPattern, best_first, good_ones, row_means

NAN = np.nan


def scores_of(rng, n, K, spread=1.0, effect=1.0, noise=0.3):
    f, b = spread * rng.standard_normal((n, 1)), effect * rng.standard_normal(K)
    return f + b + noise * rng.standard_normal((n, K))


def test_two_candidates_give_the_paired_t_of_the_final_difference():
    # One other candidate: the pattern is the leader's, and with S ∝ I − 11'/K the prediction that of
    # independent differences to the leader, of whose mean over all folds m are known: s² (1/m − 1/K).
    leader, other = np.array([0.9, 0.7, 0.8, 0.85]), np.array([0.8, 0.65, 0.75, 0.7])
    is_run = np.array([True, True, False, False])
    pattern = FoldPattern(np.array([leader, other]))
    d = other - leader
    s2 = d.var(ddof=1)
    assert pattern.variance == pytest.approx(s2)
    assert pattern.n_free == 3.0
    pattern.S = s2 * (np.eye(4) - 0.25)
    own = np.array([0.85, 0.6])
    prediction = pattern.predict(own, is_run)
    behind = own - leader[:2]
    assert prediction.mean == pytest.approx(leader.mean() + behind.mean(), rel=1e-7)
    scale = (3.0 * s2 + behind.var(ddof=1)) / 4.0
    assert prediction.variance == pytest.approx(scale * (1 / 2 - 1 / 4), rel=1e-6)
    assert prediction.n_free == 4.0


def test_the_prediction_is_the_conditional_of_a_normal_distribution():
    # With F ~ N(0, V), V → ∞, conditioning y = F + r + e on the folds run is generalised least squares.
    rng = np.random.default_rng(0)
    pattern = FoldPattern(scores_of(rng, 12, 6))
    is_run = np.array([True, False, True, True, False, False])
    own = rng.standard_normal(3)
    V = 1e6
    joint = V + pattern.S[np.ix_(is_run, is_run)]
    gain = np.linalg.solve(joint, np.full(3, V))
    prediction = pattern.predict(own, is_run)
    y = own - pattern.pattern[is_run]
    assert prediction.mean == pytest.approx(gain @ y, rel=1e-4)
    # The covariance, not yet in the scale that the candidate's own deviations contribute to.
    deviations = y - gain @ y
    own_squares = deviations @ np.linalg.solve(pattern.S[np.ix_(is_run, is_run)], deviations)
    scale = (pattern.n_free + own_squares) / (pattern.n_free + 2.0)
    assert prediction.variance == pytest.approx(scale * (V - gain @ np.full(3, V)), rel=1e-3)


def test_the_variance_is_that_of_the_folds_and_of_what_is_unknown_of_the_pattern():
    # Deviations about the others' pattern: half the leader's, half the mean of k − 2 others, whose
    # variance s² (1 + 1/4 + 1/4/(k − 2)) the average over many draws must show.
    rng = np.random.default_rng(1)
    k, K = 8, 5
    found = [FoldPattern(scores_of(rng, k, K, noise=1.0)).variance for _ in range(2000)]
    # Without the weighing of wild ones, which takes 1 in 1000 of them down a little.
    assert np.mean(found) == pytest.approx(1.25 + 0.25 / (k - 2), rel=0.03)


def test_covariance_learnt_from_relatives_predicts_better_than_independence():
    # Candidates that deviate along one direction: the difference of two folds tells the rest.
    rng = np.random.default_rng(2)
    direction = np.array([1.0, -1.0, 1.0, 1.0, -2.0])
    errors = []
    for _ in range(200):
        Y = rng.standard_normal((21, 1)) * direction + 0.1 * rng.standard_normal((21, 5))
        pattern = FoldPattern(Y[:20])
        is_run = np.array([True, False, False, False, True])
        learnt = pattern.predict(Y[20, is_run], is_run).mean
        plain = (Y[20] - pattern.pattern)[is_run].mean()
        errors.append((learnt - Y[20].mean(), plain - Y[20].mean()))
    learnt, plain = np.sqrt(np.mean(np.square(errors), axis=0))
    assert learnt < 0.7 * plain


def test_one_wild_candidate_does_not_hide_the_scatter_of_the_others():
    rng = np.random.default_rng(3)
    Y = scores_of(rng, 10, 5, noise=0.1)
    calm = FoldPattern(Y).variance
    Y[5, 2] -= 100.0
    assert FoldPattern(Y).variance < 2.0 * calm


@pytest.mark.parametrize("k", [1, 2, 12])
def test_the_weights_give_the_predicted_means(k):
    rng = np.random.default_rng(k)
    pattern = FoldPattern(scores_of(rng, k, 6))
    is_run = rng.random((40, 6)) < 0.5
    is_run[np.arange(40), rng.integers(6, size=40)] = True
    weights = pattern.weights(is_run)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert not weights[~is_run].any()
    Y = rng.standard_normal((40, 6))
    one_by_one = [pattern.predict(y[run], run).mean for y, run in zip(Y, is_run, strict=True)]
    # What makes S regular, 1e-9 of it, is all that the two roads differ by: where all folds were run.
    np.testing.assert_allclose(
        (weights * (Y - pattern.pattern)).sum(axis=1), one_by_one, rtol=1e-6, atol=1e-8
    )


def test_all_folds_weigh_the_same():
    pattern = FoldPattern(scores_of(np.random.default_rng(5), 12, 6))
    np.testing.assert_array_equal(pattern.weights(np.ones((1, 6), dtype=bool)), 1 / 6)
    np.testing.assert_array_equal(FoldPattern(np.ones((3, 1))).weights(np.array([[True]])), 1.0)


# Who is good


def test_the_best_distinct_rows_are_the_good_ones():
    Y = np.array([[1.0, 3.0], [NAN, 9.0], [3.0, 3.0], [3.0, 1.0], [0.0, -np.inf], [1.0, 0.0]])
    means = row_means(Y)
    np.testing.assert_array_equal(means, [2.0, NAN, 3.0, 2.0, -np.inf, 0.5])
    rows, distinct = best_first(means)
    assert rows.tolist() == [2, 0, 3, 5]
    assert distinct.tolist() == [2, 0, 5]
    # Three tenths of them, at least 4 and at most 64.
    assert [len(good_ones(np.arange(n))) for n in (0, 3, 10, 20, 100, 1000)] == [0, 3, 4, 6, 30, 64]
    assert good_ones(np.arange(20)).tolist() == list(range(6))


def test_no_rows_are_none():
    rows, distinct = best_first(row_means(np.empty((0, 3))))
    assert len(rows) == len(distinct) == 0
