"""Plans are pure logic: which (candidate, fold) comes next, and which candidates are done."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.evaluation import Candidate, FoldResult, RacingRule
from skbayes.evaluation._plans import RacingWaves, Referee, Stream, Waves

N_FOLDS = 3


def source(*sizes):
    """A source of candidates 0, 1, ... in waves of these sizes, or n at a time; and what it was asked."""
    left = [Candidate({"x": k}) for k in range(sum(sizes))]
    waves, asked = list(sizes), []

    def ask(n):
        asked.append(n)
        size = (waves.pop(0) if waves else 0) if n is None else n
        taken, left[:] = left[:size], left[size:]
        return taken

    return ask, asked


def result(score=0.5, **more):
    return FoldResult(score, None, 1.0, 0.0, 10, **more)


def drain(plan, score_of=lambda task: 0.5, n_workers=1, rng=None):
    """Run a plan on `n_workers`, ending tasks in a random order; return tasks and results in their order."""
    running, tasks, done = [], [], []
    while True:
        while len(running) < n_workers and (task := plan.next_task(n_workers - len(running))):
            running.append(task)
            tasks.append((task.candidate, task.fold))
        if not running:
            return tasks, done
        task = running.pop(0 if rng is None else rng.integers(len(running)))
        plan.record(task, result(score_of(task)))
        done += plan.finished()


class BelowHalf(RacingRule):
    """Hopeless when the mean of the folds run is below one half."""

    def is_hopeless(self, scores, candidate):
        return bool(np.nanmean(scores[candidate]) < 0.5)


def referee():
    return Referee(BelowHalf(), "score", N_FOLDS)


@pytest.mark.parametrize("n_workers", [1, 2, 7])
def test_waves_give_results_in_the_order_of_asking(n_workers):
    ask, asked = source(2, 3)
    plan = Waves(ask, N_FOLDS)
    tasks, done = drain(plan, n_workers=n_workers, rng=np.random.default_rng(0))
    assert sorted(tasks) == [(c, f) for c in range(5) for f in range(N_FOLDS)]
    assert [each.params["x"] for each in done] == [0, 1, 2, 3, 4]
    assert [each.number for each in done] == [0, 1, 2, 3, 4]
    assert set(asked) == {None}
    # No candidate of the second wave starts before the first wave is done.
    assert {c for c, _ in tasks[: 2 * N_FOLDS]} == {0, 1}


def test_a_candidate_may_name_its_folds():
    left = [[Candidate({"x": 0}, folds=(4, 5))]]
    plan = Waves(lambda n: left.pop() if left else [], N_FOLDS)
    tasks, done = drain(plan)
    assert tasks == [(0, 4), (0, 5)]
    assert len(done[0].folds) == 2


@given(seed=st.integers(0, 10**6), n_workers=st.integers(1, 8))
def test_a_race_in_waves_does_not_depend_on_the_workers(seed, n_workers):
    scores = np.random.default_rng(seed).random((6, N_FOLDS))

    def score_of(task):
        return scores[task.candidate, task.fold]

    rng = np.random.default_rng(seed)
    ask, _ = source(4, 2)
    tasks, done = drain(RacingWaves(ask, N_FOLDS, referee()), score_of, n_workers, rng)
    for each, row in zip(done, scores, strict=True):
        # Given up after the first fold whose mean so far is below one half; the last decides nothing.
        means = np.cumsum(row) / np.arange(1, N_FOLDS + 1)
        expected = next((k + 1 for k in range(N_FOLDS - 1) if means[k] < 0.5), N_FOLDS)
        assert len(each.folds_run) == expected
        assert each.status == ("complete" if expected == N_FOLDS else "pruned")
    # Fold by fold within a wave.
    first_wave = [fold for candidate, fold in tasks if candidate < 4]
    assert first_wave == sorted(first_wave)


@given(seed=st.integers(0, 10**6), n_workers=st.integers(1, 8), races=st.booleans())
def test_a_stream_evaluates_everything_and_leaves_no_worker_idle(seed, n_workers, races):
    ask, _ = source(6)
    plan = Stream(ask, N_FOLDS, referee() if races else None)
    rng = np.random.default_rng(seed)
    running, done, n_started = [], [], 0
    while True:
        while len(running) < n_workers and (task := plan.next_task(n_workers - len(running))):
            running.append(task)
            n_started += 1
        assert len(running) == n_workers or n_started == 6 * N_FOLDS
        if not running:
            break
        task = running.pop(rng.integers(len(running)))
        plan.record(task, result(0.9))
        done += plan.finished()
    assert sorted(each.params["x"] for each in done) == list(range(6))
    assert all(each.status == "complete" for each in done)


def test_a_stream_asks_for_as_many_candidates_as_there_is_room_for():
    ask, asked = source(20)
    Stream(ask, N_FOLDS).next_task(7)
    assert asked == [3]  # 7 tasks are the folds of three candidates
    ask, asked = source(20)
    Stream(ask, N_FOLDS, referee()).next_task(7)
    assert asked == [7]  # in a race each runs one fold at a time


def test_a_racing_stream_runs_one_fold_of_each_and_all_of_the_last():
    ask, _ = source(2)
    plan = Stream(ask, N_FOLDS, referee())
    tasks = [plan.next_task(4) for _ in range(4)]
    # Both candidates are there at once; without more of them no worker waits for a verdict.
    assert [(t.candidate, t.fold) for t in tasks] == [(0, 0), (1, 0), (0, 1), (0, 2)]


@pytest.mark.parametrize("make", [Waves, Stream])
def test_what_broke_a_limit_is_not_tried_on_the_other_folds(make):
    ask, _ = source(1)
    plan = make(ask, N_FOLDS)
    plan.record(plan.next_task(1), result(np.nan, fit_error="too long", ended_by="timeout"))
    done = plan.finished()
    assert plan.next_task(1) is None
    assert [each.status for each in done] == ["timeout"]


def test_a_failed_fold_ends_a_candidate_in_a_race():
    ask, _ = source(2)
    plan = RacingWaves(ask, N_FOLDS, referee())
    failed, whole = plan.next_task(2), plan.next_task(1)
    plan.record(failed, result(np.nan, fit_error="no"))
    plan.record(whole, result(0.7))
    assert plan.finished() == []
    for _ in range(2):
        plan.record(plan.next_task(1), result(0.7))
        done = plan.finished()
    assert [each.status for each in done] == ["failed", "complete"]
    assert len(done[0].folds_run) == 1


@pytest.mark.parametrize(
    "plan",
    [Waves(source(2)[0], 3), RacingWaves(source(2)[0], 3, referee()), Stream(source(2)[0], 3)],
    ids=lambda plan: type(plan).__name__,
)
def test_what_is_cut_short_keeps_its_folds(plan):
    first = plan.next_task(6)
    plan.next_task(5)
    plan.record(first, result(0.8))
    plan.finished()
    left = plan.unfinished()
    assert [each.status for each in left] == ["pruned"]
    assert left[0].fold_scores("score")[0] == 0.8
    assert plan.unfinished() == []


class Strict(BelowHalf):
    """Gives up below one half, and looks again at what is at most 0.3 behind the best."""

    def second_look(self):
        return Behind()


class Behind(RacingRule):
    """Hopeless when more than 0.3 behind the best complete candidate on the folds run."""

    def is_hopeless(self, scores, candidate):
        best = scores[np.nanargmax(scores.mean(axis=1))]
        return bool(np.nanmean(best - scores[candidate]) > 0.3)


@pytest.mark.parametrize("make", [RacingWaves, Stream])
def test_what_may_still_win_gets_its_other_folds_when_there_are_no_more_candidates(make):
    # The first is the best on the whole and unlucky on its first fold; the last one is far behind.
    scores = np.array([[0.4, 0.9, 0.9], [0.6, 0.6, 0.6], [0.1, 0.1, 0.1]])
    left = [Candidate({"x": k}) for k in range(3)]
    plan = make(
        lambda n: [left.pop(0)] if left else [], N_FOLDS, Referee(Strict(), "score", N_FOLDS)
    )
    tasks, done = drain(plan, lambda task: scores[task.candidate, task.fold])
    assert tasks == [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (0, 1), (0, 2)]
    statuses = [(each.number, each.status, len(each.folds_run)) for each in done]
    assert statuses == [
        (0, "pruned", 1),
        (1, "complete", 3),
        (2, "pruned", 1),
        (0, "pruned", 2),
        (0, "complete", 3),
    ]


def test_the_second_look_goes_to_the_most_promising_first():
    scores = np.array([[0.6, 0.6, 0.6], [0.4, 0.8, 0.9], [0.45, 0.1, 0.1]])
    left = [Candidate({"x": k}) for k in range(3)]
    plan = RacingWaves(
        lambda n: [left.pop(0)] if left else [], N_FOLDS, Referee(Strict(), "score", N_FOLDS)
    )
    tasks, _ = drain(plan, lambda task: scores[task.candidate, task.fold])
    # The third leads the second by its first fold, and falls back by its next one.
    assert tasks[5:] == [(2, 1), (1, 1), (1, 2)]


@given(
    seed=st.integers(0, 10**6),
    n_workers=st.integers(1, 8),
    make=st.sampled_from([RacingWaves, Stream]),
)
def test_the_second_look_ends_when_nobody_left_may_win(seed, n_workers, make):
    scores = np.random.default_rng(seed).random((7, N_FOLDS))
    ask, _ = source(3, 2, 2)
    plan = make(ask, N_FOLDS, Referee(Strict(), "score", N_FOLDS))
    rng = np.random.default_rng(seed)
    _, done = drain(plan, lambda task: scores[task.candidate, task.fold], n_workers, rng)
    last = {each.number: each.fold_scores("score") for each in done}
    seen = np.array([last[number] for number in range(7)])
    if np.isfinite(seen.mean(axis=1)).any():
        for number in np.flatnonzero(np.isnan(seen).any(axis=1)):
            assert Behind().is_hopeless(seen, number)
