"""By how much a best score overstates: closed forms, and simulations in which the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from skbayes.model_selection import Optimism, estimate_optimism


def table(folds, metric="score", **columns):
    """The columns of `cv_results_` that matter; fold scores (n, K)."""
    folds = np.asarray(folds, dtype=float)
    results = {f"split{k}_test_{metric}": column for k, column in enumerate(folds.T)}
    results[f"mean_test_{metric}"] = folds.mean(axis=1)
    results["params"] = [{"n": i} for i in range(len(folds))]
    return results | columns


def best_of(results):
    return int(np.nanargmax(results["mean_test_score"]))


def optimism(folds, index=None, **options):
    results = table(folds)
    return estimate_optimism(results, best_of(results) if index is None else index, **options)


def test_two_candidates_by_the_closed_form():
    # E = (0, e), e ~ N(0, σ²) with σ² = (1/K + 1/(K−1)) s²(d); the second wins if e > g and is then ahead by e:
    # the mean of that is σ φ(g/σ).
    d = np.array([0.03, -0.02, 0.01, -0.02, 0.05])
    K = len(d)
    sigma = np.sqrt((1 / K + 1 / (K - 1)) * d.var(ddof=1))
    for gap in (0.0, 0.01, 0.04):
        folds = np.stack([np.full(K, 0.9), 0.9 - gap + d - d.mean()])
        expected = sigma * norm.pdf(gap / sigma)
        # 2000 draws in pairs of opposite sign: the standard error of their mean is about .013 σ.
        assert optimism(folds).estimate == pytest.approx(expected, abs=0.04 * sigma)


def test_the_interval_of_a_single_candidate_by_the_closed_form():
    scores = np.array([[0.8, 0.9, 0.7, 0.85]])
    # One candidate is not chosen: no bias. t with 2 (4 − 1) degrees of freedom; 1/4 + 1/3.
    half = student.ppf(0.95, 6) * np.sqrt(7 / 12 * scores.var(ddof=1))
    found = optimism(scores)
    assert (found.estimate, found.level) == (0.0, 0.9)
    assert (found.lower, found.upper) == (pytest.approx(-half), pytest.approx(half))
    # Five repeats of five folds: as many scores, and much more that the training sets share.
    half = student.ppf(0.95, 6) * np.sqrt((1 / 4 + 1 / 9) * scores.var(ddof=1))
    assert optimism(scores, test_train_ratio=1 / 9).upper == pytest.approx(half)


scores = st.lists(
    st.lists(st.integers(0, 1024), min_size=4, max_size=4), min_size=1, max_size=10
).map(lambda rows: np.array(rows) / 1024)


@settings(max_examples=50)
@given(scores, st.lists(st.integers(-8, 8), min_size=4, max_size=4))
def test_luck_that_all_candidates_share_is_none_of_the_choice(folds, pattern):
    # Sums of these numbers have no rounding: the same folds win in every draw.
    shifted = optimism(folds + np.array(pattern) / 8)
    assert shifted.estimate == optimism(folds).estimate


@settings(max_examples=50)
@given(scores, st.sampled_from([2.0**-20, 4.0, 2.0**30]))
def test_it_is_in_the_unit_of_the_score(folds, unit):
    one, other = optimism(folds), optimism(unit * folds)
    assert other.estimate == pytest.approx(unit * one.estimate, rel=1e-9)
    assert other.upper == pytest.approx(unit * one.upper, rel=1e-9, abs=1e-12 * unit)
    assert one.lower <= one.estimate <= one.upper
    assert one.estimate >= 0.0


def test_candidates_that_move_together_are_not_chosen_by_luck():
    rng = np.random.default_rng(0)
    common = rng.normal(size=5)
    assert optimism(np.arange(8)[:, None] * 0.01 + common).estimate == 0.0


def test_a_candidate_below_the_best_has_been_less_lucky():
    rng = np.random.default_rng(1)
    folds = rng.normal(size=(10, 5))
    order = np.argsort(-folds.mean(axis=1))
    gaps = folds.mean(axis=1)[order[0]] - folds.mean(axis=1)[order]
    best = optimism(folds).estimate
    for k, gap in zip(order, gaps, strict=True):
        assert optimism(folds, k).estimate == pytest.approx(max(best - gap, 0.0))


def simulated(rng, truth, likeness, K=5):
    """Fold scores with errors that candidates share in part, and that the training sets of folds share.

    The variance of a fold's score within a search is 1, that of the error of a mean 1/K + 1/(K − 1).
    """
    n = len(truth)

    def errors(*shape):
        own, common = rng.normal(size=(*shape, n)), rng.normal(size=(*shape, 1))
        return np.sqrt(1 - likeness) * own + np.sqrt(likeness) * common

    shared = errors() / np.sqrt(K - 1)
    return (truth + shared + errors(K)).T


@pytest.mark.parametrize("likeness", [0.0, 0.8])
@pytest.mark.parametrize("spread", [0.0, 0.5, 3.0])
def test_the_estimate_is_right_on_average_and_the_interval_holds_the_truth(likeness, spread):
    rng = np.random.default_rng([int(10 * likeness), int(10 * spread)])
    true, found = [], []
    for _ in range(300):
        truth = spread * rng.normal(size=20)
        folds = simulated(rng, truth, likeness)
        i = int(folds.mean(axis=1).argmax())
        true.append(folds[i].mean() - truth[i])
        found.append(optimism(folds))
    true, estimates = np.array(true), np.array([float(each) for each in found])
    lower = np.array([each.lower for each in found])
    upper = np.array([each.upper for each in found])
    # Where all candidates are as good as each other three fifths of the bias are seen, for the shaken means still
    # know who won; where they differ, all of it. The standard error of either mean is below .04.
    assert 0.5 * true.mean() - 0.1 < estimates.mean() < 1.1 * true.mean() + 0.1
    assert np.mean((lower <= true) & (true <= upper)) > 0.85
    if spread < 1.0:
        assert np.mean((estimates - true) ** 2) < np.mean(true**2)


def test_rows_that_could_not_win_do_not_count():
    folds = np.random.default_rng(3).normal(size=(6, 5))
    worse = np.vstack([folds, folds[:2] + 9.0, folds[:2] + 9.0])
    worse[6:8, 2:] = np.nan
    status = np.array(["complete"] * 6 + ["pruned"] * 2 + ["failed", "timeout"], dtype=object)
    results = table(worse, status=status)
    assert estimate_optimism(results, int(folds.mean(axis=1).argmax())) == optimism(folds)


def test_what_cannot_be_estimated_is_refused():
    folds = np.random.default_rng(4).normal(size=(3, 4))
    with pytest.raises(ValueError, match="two folds or more; got 1"):
        optimism(folds[:, :1])
    with pytest.raises(IndexError, match="index=3, and there are 3 candidates"):
        optimism(folds, 3)
    with pytest.raises(ValueError, match=r"test_train_ratio > 0; got 0\.0"):
        optimism(folds, test_train_ratio=0.0)
    folds[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"index=1 has the status 'failed'.*Give best_index_"):
        optimism(folds, 1)
    both = table(folds) | table(folds, "other")
    with pytest.raises(ValueError, match=r"hold \['other', 'score'\]; got metric=None"):
        estimate_optimism(both, 0)
    assert estimate_optimism(both, 0, "other") == optimism(folds, 0)


def test_it_reads_as_a_number_and_as_a_sentence():
    found = Optimism(0.01234, -0.0261, 0.0508)
    assert float(found) == 0.01234
    assert str(found) == "0.012 (90 % interval -0.026 to 0.051)"
    assert str(Optimism(12.3, -126.0, 151.0, 0.8)) == "12 (80 % interval -126 to 151)"
    assert str(Optimism(0.0, 0.0, 0.0)) == "0.000 (90 % interval 0.000 to 0.000)"
