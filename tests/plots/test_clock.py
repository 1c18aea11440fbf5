"""What a search cost until when, from its runs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.optimizer import History, Trial
from skbayes.plots._clock import (
    breaks_in,
    new_runs,
    seconds_at_ends,
    spent,
    time_text,
)
from tests.plots.running import EPOCH, dead, run, simulated

HOUR = 3600.0


def test_a_break_is_when_nothing_ran_and_none_of_the_processes_ran_again():
    before = [run(EPOCH, 10.0, worker=1), run(EPOCH, 12.0, worker=2)]
    after = [run(EPOCH + HOUR, 10.0, worker=3)]
    assert breaks_in(before + after) == [(EPOCH + 12.0, EPOCH + HOUR)]
    # The same process: it was waiting for whoever chooses the next candidate.
    assert breaks_in([*before, run(EPOCH + HOUR, 10.0, worker=2)]) == []
    # Another one was at work meanwhile.
    assert breaks_in([*before, run(EPOCH, 2 * HOUR, worker=4), *after]) == []
    # Too short for somebody to have come back.
    assert breaks_in([*before, run(EPOCH + 13.0, 1.0, worker=3)]) == []


def test_a_process_on_another_host_may_have_the_same_number():
    runs = [run(EPOCH, 1.0, host="a"), run(EPOCH + HOUR, 1.0, host="b")]
    assert breaks_in(runs) == [(EPOCH + 1.0, EPOCH + HOUR)]


def test_breaks_do_not_count_as_seconds():
    trials = tuple(
        Trial(k, {}, 0.0, runs=(run(EPOCH + k * HOUR, 10.0, worker=k),)) for k in range(3)
    )
    np.testing.assert_allclose(seconds_at_ends(History(trials)), [10.0, 20.0, 30.0])


@given(order=st.permutations(range(8)), seed=st.integers(0, 99))
def test_the_order_of_the_trials_does_not_matter_for_the_clock(order, seed):
    history = simulated(8, seed=seed)
    seconds = seconds_at_ends(history)
    ends = [max(each.ended for each in trial.runs) - EPOCH for trial in history]
    # A double of the epoch is exact to a quarter of a microsecond.
    np.testing.assert_allclose(seconds, ends, atol=1e-6)
    shuffled = History(tuple(history.trials[k] for k in order))
    np.testing.assert_array_equal(seconds_at_ends(shuffled), seconds[order])


def test_of_a_worker_that_died_nothing_is_known():
    history = History(
        (Trial(0, {}, 1.0, runs=(run(EPOCH, 1.0),)), Trial(1, {}, 0.0, runs=(dead(),)))
    )
    np.testing.assert_array_equal(np.isnan(seconds_at_ends(history)), [False, True])
    assert seconds_at_ends(History((*history.trials, Trial(2, {}, 0.0)))) is None
    assert seconds_at_ends(History()) is None


def test_folds_that_a_candidate_brings_along_are_those_of_the_rung_below():
    first, second = run(EPOCH, 1.0, fold=0), run(EPOCH + 1.0, 1.0, fold=1)
    below, above = Trial(0, {}, 0.0, runs=(first,)), Trial(1, {}, 0.0, runs=(first, second))
    assert new_runs([below, above]) == [(first,), (second,)]
    died = dead()
    assert new_runs(Trial(k, {}, 0.0, runs=(died,)) for k in range(2)) == [(died,), (died,)]


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        (Trial(0, {}, 0.5), (1, math.nan)),
        (Trial(0, {}, 0.5, fit_time=2.0), (1, 2.0)),
        (Trial(0, {}, 0.5, fold_scores=(0.4, 0.6), fit_time=2.0), (2, 4.0)),
        (
            Trial(0, {}, 0.5, fold_scores=(0.4, 0.6), fit_time=2.0, metrics={"score_time": 0.5}),
            (2, 5.0),
        ),
        (Trial(0, {}, math.nan, "pruned", fold_scores=(0.4, math.nan), fit_time=2.0), (1, 2.0)),
        # A failed one was tried on each fold.
        (Trial(0, {}, math.nan, "failed", fold_scores=(math.nan,) * 2, fit_time=2.0), (2, 4.0)),
    ],
)
def test_without_runs_the_cost_is_told_by_folds_and_times(trial, expected):
    assert spent(trial, ()) == pytest.approx(expected, nan_ok=True)


def test_with_runs_the_cost_is_theirs():
    trial = Trial(0, {}, 0.5, fit_time=99.0, runs=(run(EPOCH, 2.0), run(EPOCH, 3.0, fold=1)))
    assert spent(trial, trial.runs) == (2, pytest.approx(5.0))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 seconds"),
        (0.0123, "0.0123 seconds"),
        (299.0, "299 seconds"),
        (300.0, "5 minutes"),
        (18_000.0, "5 hours"),
        (864_000.0, "10 days"),
    ],
)
def test_times_as_texts(seconds, text):
    assert time_text(seconds) == text
