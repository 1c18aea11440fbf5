import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.optimizer import History, Trial

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
