import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.optimizer import STATUSES, History, Trial

scores = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), max_size=20)


def history_of(scores):
    history = History()
    for number, score in enumerate(scores):
        history = history.append(Trial(number, {"x": number}, score))
    return history


def test_appending_gives_a_new_history_and_keeps_the_old():
    old = history_of([1.0])
    new = old.append(Trial(1, {"x": 1}, 2.0))
    assert (len(old), len(new)) == (1, 2)
    assert [trial.number for trial in new] == [0, 1]


@pytest.mark.parametrize("datum", [Trial(0, {"x": 1}, 0.5), History()])
def test_data_are_frozen(datum):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(datum, dataclasses.fields(datum)[0].name, None)


@given(scores)
def test_incumbent_is_the_first_of_the_best_and_never_gets_worse(scores):
    best_so_far = -np.inf
    for n in range(len(scores) + 1):
        incumbent = history_of(scores[:n]).incumbent
        finite = [s for s in scores[:n] if not np.isnan(s)]
        if not finite:
            assert incumbent is None
            continue
        assert incumbent.number == scores.index(max(finite))
        assert incumbent.score >= best_so_far
        best_so_far = incumbent.score


@pytest.mark.parametrize("status", ["failed", "pruned", "timeout", "memory"])
def test_only_complete_trials_can_be_the_incumbent(status):
    history = history_of([0.1]).append(Trial(1, {"x": 1}, 0.9, status=status))
    assert history.incumbent.number == 0


def test_scores_are_nan_where_a_trial_failed():
    np.testing.assert_array_equal(history_of([1.0, np.nan, 3.0]).scores, [1.0, np.nan, 3.0])
    assert history_of([]).scores.shape == (0,)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("score", [0.5, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("fold_scores", [None, (0.5, np.nan)])
def test_what_claims_to_be_complete_and_has_no_finite_score_has_failed(status, score, fold_scores):
    outcome = Trial(0, {}, score, status, fold_scores=fold_scores).outcome
    assert outcome == ("failed" if status == "complete" and score != 0.5 else status)


@pytest.mark.parametrize(
    ("metrics", "outcome"),
    [
        ({"accuracy": 0.5, "f1": 0.4}, "complete"),
        ({"accuracy": np.nan, "f1": 0.4}, "complete"),
        ({"accuracy": np.nan, "f1": np.inf}, "failed"),
        ({"fit_time": 1.0, "score_time": 0.1}, "failed"),  # seconds of the way to an error
        ({}, "failed"),
    ],
)
def test_what_has_no_score_because_none_was_chosen_among_its_metrics_is_complete(metrics, outcome):
    trial = Trial(0, {}, np.nan, metrics=metrics)
    assert trial.outcome == outcome
    assert not trial.is_complete
    assert Trial(0, {}, np.nan, "timeout", metrics=metrics).outcome == "timeout"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("score", [0.5, np.nan])
def test_a_trial_as_pruned_teaches_nothing_and_keeps_what_went_wrong(status, score):
    trial = Trial(
        3,
        {"x": 1},
        score,
        status,
        0.1,
        fold_scores=(0.5,),
        fit_time=2.0,
        metrics={"a": 0.5},
        runs=(),
    )
    pruned = trial.as_pruned()
    expected = {"complete": "pruned", "pruned": "pruned"}.get(status, status)
    assert (pruned.status, pruned.outcome) == (expected, expected)
    assert np.isnan(pruned.score)
    assert (pruned.fold_scores, pruned.metrics) == (None, None)
    assert not pruned.is_complete
    assert not pruned.is_partial
    assert (pruned.number, pruned.params, pruned.fit_time) == (3, {"x": 1}, 2.0)
    assert pruned.runs is trial.runs


def test_a_trial_that_failed_without_saying_so_is_not_pruned():
    assert Trial(0, {}, np.nan).as_pruned().status == "failed"
