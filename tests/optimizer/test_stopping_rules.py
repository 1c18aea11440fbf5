"""Stopping rules on histories made by hand, and what `stopping=` accepts and refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from skbayes.exceptions import IncompatibleModelError
from skbayes.optimizer import (
    STOPPING_RULES,
    History,
    NoImprovement,
    Progress,
    RegretBound,
    StoppingRule,
    TargetScore,
    Trial,
    as_stopping_rules,
    first_reason,
    minimize,
)
from skbayes.optimizer._regret_rule import standard_error

NAN = float("nan")


def history(*scores, **more):
    """Trials with these scores; nan is a failed one."""
    return History(
        tuple(
            Trial(i, {"i": i}, s, status="failed" if np.isnan(s) else "complete", **more)
            for i, s in enumerate(scores)
        )
    )


class Bounded:
    """An optimizer that knows its regret bound: ``bounds[kappa]``."""

    def __init__(self, bounds):
        self.bounds = bounds

    def regret_bound(self, kappa):
        return self.bounds[kappa]


# Folds .8, .9, 1: s = .1, so SE = sqrt(1/3 + 1/2) .1 = .0912871 with three folds.
FOLDS = {"fold_scores": (0.8, 0.9, 1.0)}
ROWS = {
    # name: (rule, progress where it speaks, progress where it does not)
    "no_improvement": (
        NoImprovement(2),
        Progress(history(0.1, 0.5, 0.5, 0.4)),
        Progress(history(0.1, 0.4, 0.5, 0.5)),
    ),
    "target_score": (TargetScore(0.5), Progress(history(0.5)), Progress(history(0.49))),
    "regret_bound": (
        RegretBound(min_trials=2),
        Progress(history(0.9, 0.7, **FOLDS), Bounded({3.0: 0.09128})),
        Progress(history(0.9, 0.7, **FOLDS), Bounded({3.0: 0.09130})),
    ),
}


def test_every_registered_rule_has_a_row_and_its_own_name():
    assert ROWS.keys() == STOPPING_RULES.keys()
    assert all(rule.name == name for name, rule in STOPPING_RULES.items())


@pytest.mark.parametrize("name", ROWS)
def test_a_rule_speaks_where_it_should_and_nowhere_else(name):
    rule, end, on = ROWS[name]
    assert isinstance(rule.reason(end), str)
    assert rule.reason(on) is None
    assert rule.reason(Progress(History(), Bounded({3.0: 0.0}))) is None
    again = clone(rule)
    assert type(again) is STOPPING_RULES[name]
    assert again.get_params() == rule.get_params()


@pytest.mark.parametrize(
    ("scores", "n_trials", "ends"),
    [
        ([0.5, 0.5], 1, True),  # as good is no improvement
        ([0.5, 0.6], 1, False),
        ([0.5], 1, False),  # the first score improves on nothing
        ([0.5, NAN, NAN], 2, True),  # a failed trial is one
        ([NAN, NAN, NAN], 2, False),  # nothing to improve on yet
        ([NAN, NAN, 0.1], 2, False),
        ([NAN, 0.1, NAN, NAN], 2, True),
        ([-3.0, -2.0, -4.0], 2, False),
        ([-3.0, -3.5, -4.0], 2, True),
    ],
)
def test_no_improvement_counts_trials(scores, n_trials, ends):
    assert (NoImprovement(n_trials).reason(Progress(history(*scores))) is not None) == ends


def test_small_gains_count_together():
    # Three steps of 1/16 (exact in floats) are more than 1/8, two are not.
    steps = history(0.0, 0.0625, 0.125, 0.1875)
    assert NoImprovement(3, min_gain=0.125).reason(Progress(steps)) is None
    assert NoImprovement(2, min_gain=0.125).reason(Progress(steps)) is not None


@given(
    st.lists(st.integers(-4, 4) | st.just(NAN), max_size=12),
    st.integers(1, 5),
    st.integers(0, 3),
)
def test_no_improvement_is_its_definition(scores, n_trials, min_gain):
    def best(part):
        return max((s for s in part if s == s), default=None)

    n = len(scores) - n_trials
    before = best(scores[:n]) if n > 0 else None
    ends = before is not None and best(scores) - before <= min_gain
    spoken = NoImprovement(n_trials, min_gain).reason(Progress(history(*map(float, scores))))
    assert (spoken is not None) == ends


@given(st.lists(st.integers(-8, 8), min_size=1, max_size=10), st.integers(1, 4))
def test_what_a_rule_says_of_scores_it_says_of_shifted_ones(scores, n_trials):
    # Dyadic numbers: the shift is exact.
    shifted = [s / 8 + 16.0 for s in scores]
    plain = [s / 8 for s in scores]
    for rule, moved in [
        (NoImprovement(n_trials), NoImprovement(n_trials)),
        (TargetScore(0.25), TargetScore(16.25)),
    ]:
        said = [r.reason(Progress(history(*s))) for r, s in ((rule, plain), (moved, shifted))]
        assert (said[0] is None) == (said[1] is None)


def test_pruned_trials_are_no_improvement():
    trials = [Trial(0, {}, 0.5), Trial(1, {}, 0.9, status="pruned"), Trial(2, {}, 0.4)]
    progress = Progress(History(tuple(trials)))
    assert NoImprovement(2).reason(progress) is not None
    assert TargetScore(0.8).reason(progress) is None


def test_the_standard_error_is_that_of_the_incumbent_and_of_its_folds():
    # s² of (0, 1) is 1/2; with n_test / n_train = 1/4: SE = sqrt((1/2 + 1/4) / 2) = .6123724.
    told = history(0.2, 0.3, fold_scores=(9.0, 9.0)).trials[:1] + (
        Trial(1, {}, 0.5, fold_scores=(0.0, 1.0)),
    )
    rule = RegretBound(min_trials=1, kappa=2.0)
    for bound, ends in ((0.6123, True), (0.6124, False)):
        progress = Progress(History(told), Bounded({2.0: bound}), test_train_ratio=0.25)
        assert (rule.reason(progress) is not None) == ends


def test_the_standard_error_is_the_spread_of_repeated_estimates():
    # Model of Nadeau and Bengio: fold scores of unit variance whose correlation is the share of
    # the test samples, here 1/5; then the variance of the mean of K is E[(1/K + 1/(K−1)) s²].
    rng = np.random.default_rng(0)
    share, n_folds, n_draws = 1 / 5, 5, 40_000
    common = np.sqrt(share) * rng.standard_normal((n_draws, 1))
    folds = common + np.sqrt(1 - share) * rng.standard_normal((n_draws, n_folds))
    squares = [standard_error(Trial(0, {}, 0.0, fold_scores=tuple(f))) ** 2 for f in folds[:10_000]]
    # Relative standard errors: .007 of the variance, .007 of the mean square.
    assert np.mean(squares) == pytest.approx(folds.mean(axis=1).var(), rel=0.04)


def test_regret_bound_waits_and_takes_a_threshold():
    told = history(0.9, 0.7)  # no folds
    assert RegretBound(0.1, min_trials=3).reason(Progress(told, Bounded({3.0: 0.0}))) is None
    assert RegretBound(0.1, min_trials=2).reason(Progress(told, Bounded({3.0: 0.1})))
    assert RegretBound(0.1, min_trials=2).reason(Progress(told, Bounded({3.0: 0.11}))) is None
    unknown = Progress(told, Bounded({3.0: np.inf}))
    assert RegretBound(1e9, min_trials=2).reason(unknown) is None
    with pytest.raises(IncompatibleModelError, match="two fold scores or more; trial 0 has 0"):
        RegretBound(min_trials=2).reason(Progress(told, Bounded({3.0: 0.0})))
    with pytest.raises(IncompatibleModelError, match="there is none"):
        RegretBound(0.1, min_trials=2).reason(Progress(told))


def rules_of(stopping, has_model=True, n_folds=5):
    return as_stopping_rules(stopping, has_model=has_model, n_folds=n_folds, owner="This search")


def test_stopping_is_a_name_a_rule_or_a_list():
    assert rules_of(None) == rules_of([]) == ()
    assert [type(rule) for rule in rules_of("regret_bound")] == [RegretBound]
    mine = NoImprovement(7)
    assert rules_of(mine) == (mine,)
    target = TargetScore(0.9)
    # What ends all spaces comes first, so that nothing else hides it.
    assert rules_of([mine, "regret_bound", target])[0] is target


def test_any_rule_of_a_list_may_speak_and_the_first_does():
    rules = [TargetScore(0.9), NoImprovement(1), NoImprovement(2)]
    rule, reason = first_reason(rules, Progress(history(0.5, 0.4, 0.4)))
    assert rule is rules[1]
    assert "last 1 trials" in reason
    assert first_reason(rules, Progress(history(0.5))) is None


@pytest.mark.parametrize(
    ("stopping", "error", "match"),
    [
        ("no_improvment", ValueError, "stopping='no_improvment' is not known. Choose one of"),
        ("target_score", ValueError, "needs a target; got None.*TargetScore"),
        (0.95, TypeError, r"no rule in 0.95. Give TargetScore\(0.95\)"),
        (lambda state: True, TypeError, "as callback="),
        ([NoImprovement(), {}], TypeError, "no rule in {}"),
        (NoImprovement, TypeError, r"stopping is the class NoImprovement; give an instance"),
        (NoImprovement(0), ValueError, "NoImprovement needs n_trials, .* at least 1; got 0"),
        (NoImprovement(2.5), ValueError, "n_trials.*got 2.5"),
        (NoImprovement(5, min_gain=-1.0), ValueError, "min_gain.* at least 0; got -1.0"),
        (TargetScore(NAN), ValueError, "needs target, a finite number; got nan"),
        (TargetScore("high"), ValueError, "needs target.*'high'"),
        (TargetScore(True), ValueError, "needs target.*True"),
        (RegretBound(threshold=-0.1), ValueError, "threshold.*got -0.1"),
        (RegretBound(min_trials=0), ValueError, "min_trials.*got 0"),
        (RegretBound(kappa=np.inf), ValueError, "kappa.*got inf"),
    ],
)
def test_what_is_no_rule_is_refused(stopping, error, match):
    with pytest.raises(error, match=match):
        rules_of(stopping)


def test_a_rule_that_cannot_work_here_is_refused():
    with pytest.raises(IncompatibleModelError, match="This search has none"):
        rules_of("regret_bound", has_model=False)
    with pytest.raises(IncompatibleModelError, match=r"This search has 1\. Give it a threshold"):
        rules_of(["no_improvement", "regret_bound"], n_folds=1)
    assert rules_of(RegretBound(0.1), n_folds=0)


def quadratic(params):
    return (params["x"] - 1.0) ** 2 - 3.0  # from −3


SPACE = {"x": (-5.0, 5.0)}


def test_the_target_of_minimize_is_a_value_of_the_function():
    result = minimize(quadratic, SPACE, 50, stopping=TargetScore(-2.5), random_state=0)
    assert result.stopped_by == "target_score"
    assert result.fun <= -2.5
    assert min(result.func_vals[:-1]) > -2.5
    assert "Stopped by target_score" in result.message
    out_of_reach = minimize(quadratic, SPACE, 9, stopping=TargetScore(-3.5), random_state=0)
    assert (out_of_reach.nfev, out_of_reach.stopped_by) == (9, "budget")


def test_minimize_stops_without_improvement():
    values = iter([5.0, 3.0, 4.0, 3.0, 3.5, 1.0])
    result = minimize(lambda p: next(values), SPACE, 6, stopping=NoImprovement(3), random_state=0)
    assert result.nfev == 5
    assert result.stopped_by == "no_improvement"


def test_minimize_says_what_else_ended_it():
    assert minimize(lambda p: p["a"], {"a": (1, 3)}, 9, random_state=0).stopped_by == "exhausted"
    stopped = minimize(quadratic, SPACE, 9, callback=lambda r: True, stopping="no_improvement")
    assert stopped.stopped_by == "callback"
    with pytest.raises(ValueError, match="minimize has 0"):
        minimize(quadratic, SPACE, 9, stopping="regret_bound")


def test_a_rule_of_ones_own():
    class Enough(StoppingRule):
        name = "enough"

        def reason(self, progress):
            return "four are enough" if len(progress.history) == 4 else None

    result = minimize(quadratic, SPACE, 9, stopping=Enough(), random_state=0)
    assert (result.nfev, result.stopped_by) == (4, "enough")
    assert result.message == "Stopped by enough: four are enough."
