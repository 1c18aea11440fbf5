"""Racing rules: closed forms, simulation, and that nobody who may still win is given up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import t as student
from sklearn.base import clone

from skbayes._fold_pattern import FoldPattern
from skbayes.evaluation import ForgivingRule, RacingRule, WinProbability, as_racing_rule
from skbayes.evaluation._racing import _of_being_a_twin

NAN = np.nan
RULES = [WinProbability(), WinProbability(0.9), ForgivingRule()]


def scores_of(rng, n, K, spread=1.0, effect=1.0, noise=0.3):
    f, b = spread * rng.standard_normal((n, 1)), effect * rng.standard_normal(K)
    return f + b + noise * rng.standard_normal((n, K))


def race(rule, Y):
    """Run candidates one after the other; what was run, nan elsewhere."""
    seen = np.full(Y.shape, NAN)
    for i in range(len(Y)):
        for j in range(Y.shape[1]):
            seen[i, j] = Y[i, j]
            if rule.is_hopeless(seen[: i + 1], i):
                break
    return seen


def race_by_folds(rule, Y):
    """Run fold by fold all that are left: a grid in one wave."""
    seen = np.full(Y.shape, NAN)
    left = list(range(len(Y)))
    for j in range(Y.shape[1]):
        seen[left, j] = Y[left, j]
        left = [i for i in left if not rule.is_hopeless(seen, i)]
    return seen


# The probability


def test_the_probability_is_a_t_tail():
    Y = np.array([[0.9, 0.7, 0.8, 0.85], [0.8, 0.65, 0.75, 0.7], [0.75, NAN, NAN, NAN]])
    is_run = np.isfinite(Y[2])
    prediction = FoldPattern(Y[:2]).predict(Y[2, :1], is_run)
    z = (prediction.mean - Y[0].mean()) / np.sqrt(prediction.variance)
    p = student.cdf(z, 3)
    root = np.sqrt(1 / 4)  # of the share of folds
    assert WinProbability((p + 1e-6) / root).is_hopeless(Y, 2)
    assert not WinProbability((p - 1e-6) / root).is_hopeless(Y, 2)


@pytest.mark.parametrize("race_of", [race, race_by_folds])
def test_racing_rarely_gives_up_the_winner_and_saves_most_fits(race_of):
    rng = np.random.default_rng(4)
    lost, share = [], []
    for _ in range(60):
        Y = scores_of(rng, 30, 5)
        seen = race_of(WinProbability(), Y)
        means = Y.mean(axis=1)
        lost.append((means.max() - np.nanmax(seen.mean(axis=1))) / means.std())
        share.append(np.isfinite(seen).mean())
    # Random candidates with four times the scatter between as within: a third is enough.
    assert np.mean(lost) < 0.03
    assert np.mean(share) < 0.5


@pytest.mark.parametrize(
    ("race_of", "threshold", "more"),
    # A high threshold completes so few that bad ones are among the best complete ones for longer.
    [(race, 0.3, 0.1), (race, 0.7, 0.25), (race_by_folds, 0.7, 0.1)],
)
def test_heavy_scatter_of_bad_candidates_does_not_hide_good_ones(race_of, threshold, more):
    # Every other candidate is bad and scatters a hundred times as much: nearly the same folds of the
    # good ones are run as if these were alone.
    rule = WinProbability(threshold)
    rng = np.random.default_rng(5)
    shares = []
    for _ in range(40):
        Y = scores_of(rng, 30, 5)
        Y[::2] += 100.0 * (rng.standard_normal((15, 5)) - 1.0)
        alone, among = race_of(rule, Y[1::2]), race_of(rule, Y)[1::2]
        shares.append([np.isfinite(alone).mean(), np.isfinite(among).mean()])
    alone, among = np.mean(shares, axis=0)
    assert among < alone + more


def test_fold_effects_do_not_matter():
    # The same candidates on folds that differ by any amounts: the same decisions.
    rng = np.random.default_rng(6)
    Y = scores_of(rng, 25, 5)
    hard = Y + np.array([0.0, -3.0, 5.0, 1.0, 2.0])
    for race_of in (race, race_by_folds):
        np.testing.assert_array_equal(
            np.isfinite(race_of(WinProbability(), Y)), np.isfinite(race_of(WinProbability(), hard))
        )


def test_a_lower_threshold_gives_up_less():
    Y = scores_of(np.random.default_rng(7), 40, 5)
    runs = [np.isfinite(race(WinProbability(t), Y)).sum() for t in (0.02, 0.3, 0.8)]
    assert runs[0] > runs[1] > runs[2]


def test_a_twin_is_given_up_before_all_folds():
    # Continuous scores agree on two folds by being the same model only.
    rng = np.random.default_rng(8)
    Y = scores_of(rng, 12, 5)
    Y[8:11] = Y[:8][Y[:8].mean(axis=1).argmax()]
    best = int(Y[:8].mean(axis=1).argmax())
    Y[11] = np.where(np.arange(5) < 2, Y[best], NAN)
    assert WinProbability(0.3).is_hopeless(Y, 11)
    Y[11, 1] += 1e-6
    assert not WinProbability(0.3).is_hopeless(Y, 11)


def test_the_probability_of_being_a_twin_is_that_of_bayes():
    # Two of five rows are twins; of 2 x 4 scores one equals the leader's.
    good = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    prior, chance = 3.0 / 7.0, 5.0 * (2.0 / 10.0) ** 2
    expected = prior / (prior + (1.0 - prior) * chance)
    assert _of_being_a_twin(good, 2, 5, 2) == pytest.approx(expected)


# Never wrongly


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("race_of", [race, race_by_folds])
@given(
    Y=arrays(
        float,
        st.tuples(st.integers(1, 12), st.integers(1, 6)),
        elements=st.one_of(
            st.sampled_from([0.0, 0.5, 1.0, 1e300, -1e300, np.inf, -np.inf]),
            st.floats(-10.0, 10.0, width=16),
        ),
    )
)
@settings(max_examples=60, deadline=None)
def test_somebody_always_completes(rule, race_of, Y):
    # The first is the leader of its time, and by folds the best on the same folds stays.
    seen = race_of(rule, Y)
    assert not np.isnan(seen).any(axis=1).all()
    np.testing.assert_array_equal(seen[np.isfinite(seen)], Y[np.isfinite(seen)])


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_who_leads_or_has_all_folds_or_none_is_not_given_up(rule):
    rng = np.random.default_rng(9)
    for _ in range(50):
        Y = scores_of(rng, 8, 4)
        assert not any(rule.is_hopeless(Y, i) for i in range(8))
        Y[:, 2:] = NAN
        assert not rule.is_hopeless(Y, int(Y[:, :2].mean(axis=1).argmax()))
        Y[3] = NAN
        assert not rule.is_hopeless(Y, 3)


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("K", [2, 5])
def test_equal_scores_are_no_reason(rule, K):
    Y = np.full((6, K), 0.5)
    assert np.isfinite(race_by_folds(rule, Y)).all()
    seen = Y.copy()
    seen[5, 1:] = NAN
    assert not rule.is_hopeless(seen, 5)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_one_candidate_and_one_complete_one_say_nothing_of_chance(rule):
    assert not rule.is_hopeless(np.array([[0.5, NAN, NAN]]), 0)
    assert not WinProbability().is_hopeless(np.array([[0.9, 0.8, 0.7], [0.1, NAN, NAN]]), 1)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_infinite_scores(rule):
    Y = np.array([[0.9, 0.8, 0.7], [0.8, 0.75, 0.65], [-np.inf, NAN, NAN]])
    assert rule.is_hopeless(Y, 2)  # its mean cannot be finite
    Y[2, 0] = np.inf
    assert not rule.is_hopeless(Y, 2)
    Y[2, 0] = 0.9
    Y[1, 0] = -np.inf  # of another candidate: it does not count
    assert not rule.is_hopeless(Y, 2)


def test_scores_of_any_magnitude():
    rng = np.random.default_rng(10)
    Y = scores_of(rng, 15, 4)
    expected = np.isfinite(race(WinProbability(), Y))
    for unit in (2.0**-1000, 2.0**1000):
        np.testing.assert_array_equal(np.isfinite(race(WinProbability(), Y * unit)), expected)


def test_a_shift_of_all_scores_changes_nothing():
    Y = scores_of(np.random.default_rng(11), 15, 4)
    np.testing.assert_array_equal(
        np.isfinite(race(WinProbability(), Y)), np.isfinite(race(WinProbability(), Y + 10.0))
    )


def test_the_forgiving_rule_compares_with_the_worst_fold_of_the_leader():
    Y = np.array([[0.5, 0.6, 0.7], [0.9, 0.7, 0.8], [0.8, 0.65, NAN], [0.7, 0.65, NAN]])
    rule = ForgivingRule()
    assert not rule.is_hopeless(Y, 2)  # 0.725 > 0.7
    assert rule.is_hopeless(Y, 3)  # 0.675
    assert not rule.is_hopeless(Y[2:], 1)  # nobody is complete


# What `racing=` takes


def test_what_racing_takes():
    assert as_racing_rule(None) is None
    assert as_racing_rule(False) is None
    assert isinstance(as_racing_rule(True), WinProbability)
    rule = ForgivingRule()
    assert as_racing_rule(rule) is rule

    class Duck:
        def is_hopeless(self, scores, candidate):
            return False

    duck = Duck()
    assert as_racing_rule(duck) is duck


@pytest.mark.parametrize("wrong", ["yes", 1, 0.5, np.mean])
def test_what_is_no_rule_is_refused(wrong):
    with pytest.raises(TypeError, match="is_hopeless"):
        as_racing_rule(wrong)
    with pytest.raises(TypeError, match=r"WinProbability\(\)"):
        as_racing_rule(WinProbability)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, NAN, "0.3", None, True])
def test_a_wrong_threshold_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold"):
        as_racing_rule(WinProbability(threshold))


def test_rules_are_parameter_objects():
    assert isinstance(WinProbability(), RacingRule)
    assert clone(WinProbability(0.2)).get_params()["threshold"] == 0.2
