"""The scheduler of asynchronous halving: rungs against scikit-learn's formulas, promotions by property."""

from math import ceil, floor, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_classification
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV
from sklearn.tree import DecisionTreeClassifier

from skbayes.model_selection._halving_rungs import HalvingScheduler, Job, plan_ladder

FACTORS = st.sampled_from([2, 3, 4, 1.5, 2.5])
# nan and infinities are failures; few distinct scores, so that there are ties
SCORES = st.one_of(st.integers(0, 5).map(float), st.sampled_from([np.nan, np.inf, -np.inf]))


@pytest.mark.parametrize("n_candidates", [1, 2, 9, 26, 27])
@pytest.mark.parametrize("minimum", ["smallest", "exhaust", 20])
def test_the_ladder_is_scikit_learns(n_candidates, minimum):
    X, y = make_classification(200, random_state=0)
    theirs = HalvingRandomSearchCV(
        DecisionTreeClassifier(splitter="random", random_state=0), {"max_depth": list(range(1, 100))}, cv=2,
        n_candidates=n_candidates, min_resources=minimum, random_state=0,
    ).fit(X, y)  # fmt: skip
    smallest = 2 * 2 * 2  # two folds, two classes, and their factor of two
    ladder = plan_ladder(
        n_candidates,
        minimum if isinstance(minimum, int) else smallest,
        len(X),
        3,
        exhausts=minimum == "exhaust",
    )
    assert list(ladder.resources) == theirs.n_resources_
    assert ladder.n_required == theirs.n_required_iterations_
    assert ladder.n_possible == theirs.n_possible_iterations_
    assert ladder.min_resources == theirs.min_resources_
    assert ladder.max_resources == theirs.max_resources_


def test_whole_powers_are_counted_exactly():
    # log(243, 3) is 4.999999999999999 in floating point: a rung would be lost.
    assert floor(log(243, 3)) == 4
    ladder = plan_ladder(243, 1, 243, 3)
    assert ladder.resources == (1, 3, 9, 27, 81, 243)
    assert ladder.n_required == ladder.n_possible == 6


def test_counted_from_the_top_the_last_rung_is_the_largest():
    assert plan_ladder(50, 1, 5, 3, from_top=True).resources == (1, 5)
    assert plan_ladder(50, 1, 10, 3, from_top=True).resources == (1, 3, 10)
    assert plan_ladder(3, 1, 10, 3, from_top=True).resources == (3, 10)  # two rungs are enough


@given(n=st.integers(1, 500), low=st.integers(1, 50), more=st.integers(0, 500), factor=FACTORS,
       exhausts=st.booleans(), from_top=st.booleans())  # fmt: skip
def test_every_ladder_rises_between_its_ends(n, low, more, factor, exhausts, from_top):
    ladder = plan_ladder(n, low, low + more, factor, exhausts=exhausts, from_top=from_top)
    assert low <= ladder.resources[0]
    assert ladder.resources[-1] <= low + more
    assert np.all(np.diff(ladder.resources) > 0)
    assert len(ladder.resources) <= min(ladder.n_required, ladder.n_possible)
    if from_top:
        assert ladder.resources[-1] == low + more


def run(scheduler, scores, draw_ended, n_workers, check):
    """Keep the workers busy to the end; `draw_ended` says which of the running jobs ends next."""
    running: list[Job] = []
    n_jobs = 0
    while True:
        started = scheduler.next(n_workers - len(running))
        check(started, running)
        running += started
        n_jobs += len(started)
        if not running:
            return n_jobs
        job = running.pop(draw_ended(len(running)))
        scheduler.record(job, scores(job))


@settings(max_examples=200, deadline=None)
@given(data=st.data(), n_rungs=st.integers(1, 4), n_candidates=st.integers(1, 40), factor=FACTORS,
       n_workers=st.integers(1, 5))  # fmt: skip
def test_who_goes_on(data, n_rungs, n_candidates, factor, n_workers):
    scheduler = HalvingScheduler(n_rungs, n_candidates, factor)
    table = data.draw(
        st.lists(st.lists(SCORES, min_size=n_rungs, max_size=n_rungs),
                 min_size=n_candidates, max_size=n_candidates)
    )  # fmt: skip
    ended: list[dict[int, float]] = [{} for _ in range(n_rungs)]
    promoted: list[list[int]] = [[] for _ in range(n_rungs)]

    def score(job):
        ended[job.rung][job.candidate] = table[job.candidate][job.rung]
        return table[job.candidate][job.rung]

    def check(started, running):
        for job in started:
            assert job not in running
            if job.rung == 0:
                continue
            below = ended[job.rung - 1]
            mine = below[job.candidate]  # KeyError: it never ended on the rung below
            assert np.isfinite(mine), "a failed candidate went on"
            assert job.candidate not in promoted[job.rung - 1]
            promoted[job.rung - 1].append(job.candidate)
            share = len(below) / factor
            # Only when no other can come is the share rounded up.
            is_over = (
                len(ended[0]) == n_candidates
                and min(
                    [other.rung for other in [*running, *started] if other != job], default=n_rungs
                )
                >= job.rung
            )
            share = ceil(share) if is_over else floor(share)
            n_better = sum(np.isfinite(s) and s > mine for s in below.values())
            assert n_better < share, "others of its rung were better, and too many"
            assert len(promoted[job.rung - 1]) <= share

    draw = data.draw(st.randoms(use_true_random=False))
    n_jobs = run(scheduler, score, draw.randrange, n_workers, check)
    assert scheduler.n_ended == [len(rung) for rung in ended]
    assert scheduler.n_ended[0] == n_candidates
    assert n_jobs == sum(scheduler.n_ended)
    assert scheduler.n_running == 0
    assert scheduler.next(n_workers) == []


@pytest.mark.parametrize("n_workers", [1, 4, 50])
@pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
@pytest.mark.parametrize("n", [27, 50])
def test_the_cost_does_not_depend_on_the_order(n, n_workers, order):
    # What scikit-learn's halving runs, rounding up; and the best one of all is run to the end.
    scores = np.arange(float(n))
    scores = {"rising": scores, "falling": scores[::-1], "mixed": scores * 11 % n}[order]
    scheduler = HalvingScheduler(4, n, 3)
    on_top = []

    def score(job):
        if job.rung == 3:
            on_top.append(scores[job.candidate])
        return scores[job.candidate]

    run(scheduler, score, lambda n: 0, n_workers, lambda started, running: None)
    assert scheduler.n_ended == {27: [27, 9, 3, 1], 50: [50, 17, 6, 2]}[n]
    assert max(on_top) == n - 1


def test_promotions_come_before_new_candidates_and_from_the_highest_rung():
    scheduler = HalvingScheduler(3, 100, 2)
    for job in scheduler.next(8):
        scheduler.record(job, float(job.candidate))
    first = scheduler.next(4)
    assert first == [Job(7, 1), Job(6, 1), Job(5, 1), Job(4, 1)]
    for job in first[:2]:
        scheduler.record(job, float(job.candidate))
    assert scheduler.next(3) == [Job(7, 2), Job(8, 0), Job(9, 0)]


def test_while_others_run_there_may_be_nothing_to_start():
    scheduler = HalvingScheduler(2, 3, 3)
    jobs = scheduler.next(5)
    assert len(jobs) == 3
    assert scheduler.next(5) == []
    for job in jobs:
        scheduler.record(job, float(job.candidate))
    assert scheduler.next(5) == [Job(2, 1)]


def test_without_new_candidates_the_best_goes_to_the_top_alone():
    scheduler = HalvingScheduler(3, 50, 3)
    first, second, third = scheduler.next(3)
    scheduler.record(first, 0.5)
    scheduler.record(second, 0.7)
    scheduler.withdraw(third)  # a space with two points
    assert scheduler.next(3) == [Job(1, 1)]
    scheduler.record(Job(1, 1), 0.8)
    assert scheduler.next(3) == [Job(1, 2)]
    scheduler.record(Job(1, 2), None)  # and fails there: that is the end
    assert scheduler.next(3) == []


def test_failed_candidates_do_not_go_on_whatever_the_room():
    scheduler = HalvingScheduler(2, 6, 2)
    scores = [np.nan, None, np.inf, 0.1, -np.inf, np.nan]
    for job in scheduler.next(6):
        scheduler.record(job, scores[job.candidate])
    assert scheduler.next(6) == [Job(3, 1)]
