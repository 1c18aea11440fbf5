"""TimelineDisplay: who ran what when, by brute force, and what is drawn of it."""

import math
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import parallel_config
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV
from skbayes.optimizer import History, Trial
from skbayes.plots import TimelineDisplay, timeline_data
from tests.plots.running import EPOCH, dead, run, simulated

HOUR = 3600.0
# A double of the epoch is exact to a quarter of a microsecond.
EXACT = {"atol": 1e-6, "rtol": 0.0}


def one_each(*runs, scores=None):
    """Return a trial for each run."""
    scores = scores or [0.0] * len(runs)
    return [Trial(k, {}, scores[k], runs=(each,)) for k, each in enumerate(runs)]


# ---------------------------------------------------------------------------------------------------------- the numbers


@given(seed=st.integers(0, 10**6), n_workers=st.integers(1, 5))
def test_there_is_a_bar_for_each_run(seed, n_workers):
    history = simulated(10, n_workers, seed=seed)
    data = timeline_data(history)
    runs = [(trial.number, each) for trial in history for each in trial.runs]
    first = min(each.started for _, each in runs)
    assert data["candidate"].tolist() == [k for k, _ in runs]
    assert data["fold"].tolist() == [each.fold for _, each in runs]
    assert data["worker"] == [each.worker for _, each in runs]
    np.testing.assert_allclose(data["start"], [each.started - first for _, each in runs], **EXACT)
    ends = [each.ended - first for _, each in runs]
    np.testing.assert_allclose(data["start"] + data["duration"], ends, **EXACT)


@given(
    spans=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 30), st.integers(1, 10), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_workers_that_lived_at_one_time_have_rows_of_their_own_and_no_more_are_used(spans):
    runs = [
        run(EPOCH + begin, float(seconds), worker, k, host="ab"[is_other])
        for k, (worker, begin, seconds, is_other) in enumerate(spans)
    ]
    data = timeline_data([Trial(0, {}, 0.0, runs=tuple(runs))])
    # A worker lives from its first fit to the end of its last one.
    lives = {}
    for each, row in zip(runs, data["row"], strict=True):
        begin, end, _ = lives.get(each.worker, (math.inf, -math.inf, row))
        lives[each.worker] = min(begin, each.started), max(end, each.ended), row
    for row in range(len(data["row_names"])):
        mine = sorted(life for life in lives.values() if life[2] == row)
        assert all(end <= begin for (_, end, _), (begin, _, _) in pairwise(mine))
    at_once = 0
    for host in "ab":
        here = [life for worker, life in lives.items() if worker.startswith(host)]
        at_once += max((sum(b <= begin < e for b, e, _ in here) for begin, _, _ in here), default=0)
    assert len(data["row_names"]) == at_once


def test_utilisation_is_busy_time_over_the_time_that_there_was():
    # Two workers for 10 seconds: one busy for 10, one for 5 of them.
    data = timeline_data(one_each(run(EPOCH, 10.0, 1), run(EPOCH + 2.0, 5.0, 2)))
    assert data["utilisation"] == pytest.approx(0.75)
    np.testing.assert_allclose(data["busy"], [1.0, 0.5])


def test_a_resumed_search_is_drawn_without_its_break():
    before = [run(EPOCH, 10.0, 1), run(EPOCH, 5.0, 2)]
    after = [run(EPOCH + HOUR, 10.0, 3)]
    data = timeline_data(one_each(*before, *after))
    np.testing.assert_allclose(data["start"], [0.0, 0.0, 10.0], **EXACT)
    assert data["row"].tolist() == [0, 1, 0]
    np.testing.assert_allclose(data["break_at"], [10.0], **EXACT)
    np.testing.assert_allclose(data["break_length"], [HOUR - 10.0], **EXACT)
    # After the break there was one worker: 25 seconds of the 10 + 10 + 10 that there were.
    assert data["utilisation"] == pytest.approx(25.0 / 30.0)


def test_without_any_time_nobody_waited():
    data = timeline_data(one_each(run(EPOCH, 0.0)))
    assert (data["utilisation"], data["busy"].tolist()) == (1.0, [1.0])


def test_an_improvement_is_the_end_of_a_candidate_better_than_all_that_ended_before():
    late = run(EPOCH, 9.0, 1)
    trials = one_each(
        late,
        run(EPOCH, 1.0, 2),
        run(EPOCH + 1.0, 1.0, 2),
        run(EPOCH + 2.0, 1.0, 2),
        scores=[0.7, 0.5, 0.8, 0.8],
    )
    # Asked first, ended last: no improvement. Nor is an equal one.
    assert timeline_data(trials)["is_improvement"].tolist() == [False, True, True, False]
    folds = (run(EPOCH, 3.0, 1, fold=0), run(EPOCH, 1.0, 2, fold=1))
    # The fold that ends last ends the candidate.
    assert timeline_data([Trial(0, {}, 0.5, runs=folds)])["is_improvement"].tolist() == [
        True,
        False,
    ]


def test_what_became_of_each_fold():
    workers = iter(range(9))

    def folds(*statuses):
        return tuple(run(EPOCH, 1.0, next(workers), k, s) for k, s in enumerate(statuses))

    trials = [
        Trial(0, {}, math.nan, "pruned", runs=folds("complete")),
        Trial(1, {}, math.nan, "failed", runs=folds("complete", "failed")),
        Trial(2, {}, math.nan, "memory", runs=folds("timeout", "memory")),
        # No number came of it, though nothing was raised.
        Trial(3, {}, math.nan, "failed", runs=folds("complete")),
        Trial(4, {}, 0.5, runs=folds("complete")),
    ]
    assert timeline_data(trials)["status"] == [
        "pruned", "complete", "failed", "timeout", "memory", "failed", "complete",
    ]  # fmt: skip


def test_hosts_are_named_if_there_are_several():
    runs = [
        run(EPOCH, 1.0, 1, host="b"),
        run(EPOCH, 1.0, 1, host="a"),
        run(EPOCH, 1.0, 2, host="a"),
    ]
    assert timeline_data(one_each(*runs[1:]))["row_names"] == ["worker 1", "worker 2"]
    data = timeline_data(one_each(*runs))
    assert data["row_names"] == ["a: worker 1", "a: worker 2", "b: worker 3"]
    assert data["row"].tolist() == [2, 0, 1]
    domains = [run(EPOCH, 1.0, host=host) for host in ("node-1.here.org", "node-2.here.org")]
    assert timeline_data(one_each(*domains))["row_names"] == [
        "node-1: worker 1",
        "node-2: worker 2",
    ]
    addresses = [run(EPOCH, 1.0, host=host) for host in ("10.0.0.1", "10.0.0.2")]
    assert timeline_data(one_each(*addresses))["row_names"][1] == "10.0.0.2: worker 2"


def test_clocks_of_several_machines_are_counted():
    runs = [run(EPOCH, 1.0, worker, host=host) for worker, host in enumerate("aab")]
    assert timeline_data(one_each(*runs))["n_hosts"] == 2
    assert timeline_data(one_each(*runs[:2]))["n_hosts"] == 1
    # A name that has colons, as an address of IPv6.
    addresses = [run(EPOCH, 1.0, host=host) for host in ("fe80::1", "fe80::1", "fe80::2")]
    assert timeline_data(one_each(*addresses))["n_hosts"] == 2


X, y = load_iris(return_X_y=True)
RANGE = {"C": (1e-2, 1e2, "log-uniform")}


def test_a_search_and_its_journal_have_one_timeline(tmp_path):
    path = tmp_path / "search.jsonl"
    search = BayesSearchCV(SVC(), RANGE, n_iter=4, cv=3, n_jobs=2, random_state=0, journal=path)
    with parallel_config("threading"):
        search.fit(X, y)
    data, again = timeline_data(search), timeline_data(path)
    assert len(data["start"]) == 12
    assert len(data["row_names"]) <= 2
    np.testing.assert_array_equal(data["start"], again["start"])
    assert 0.0 < data["utilisation"] <= 1.0
    best = data["candidate"][data["is_improvement"]]
    assert search.best_index_ in best


def test_all_rungs_of_a_halving_search_are_shown_and_each_fold_once():
    search = HalvingBayesSearchCV(
        SVC(), RANGE, n_iter=9, cv=9, resource="folds", random_state=0
    ).fit(X, y)
    data = timeline_data(search)
    # Folds of a lower rung are not run again: n candidates on each rung, with r folds more than on the last.
    steps = np.diff([0, *search.n_resources_])
    assert len(data["start"]) == sum(np.multiply(search.n_candidates_, steps))
    on_last = search.cv_results_["iter"][data["candidate"][data["is_improvement"]]]
    assert set(on_last) == {search.n_iterations_ - 1}


@pytest.mark.parametrize(
    ("thing", "error", "message"),
    [
        ([], ValueError, "at least one trial"),
        ([Trial(0, {}, 0.5)], ValueError, r"no trial of this search has `runs`"),
        ([Trial(0, {}, 0.5, runs=(dead(),))], ValueError, "1 fits whose workers died"),
        (3, TypeError, "got int"),
    ],
)
def test_wrong_arguments(thing, error, message):
    with pytest.raises(error, match=message):
        timeline_data(thing)


def test_a_search_of_scikit_learn_does_not_know_its_times():
    theirs = TheirGridSearchCV(SVC(), {"C": [1.0]}).fit(X, y)
    with pytest.raises(ValueError, match="of this GridSearchCV has `runs`"):
        timeline_data(theirs)


# -------------------------------------------------------------------------------------------------------- what is drawn


def words(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def title(display):
    """The line above the legend, which may be broken."""
    return " ".join(display.ax_.get_legend().get_title().get_text().split())


def test_bars_lie_where_the_runs_were():
    display = TimelineDisplay.from_history(simulated(20, n_workers=3))
    status = np.array(display.status)
    for word, bars in display.bars_.items():
        mine = status == word
        boxes = [path.get_extents() for path in bars.get_paths()]
        np.testing.assert_allclose([box.x0 for box in boxes], display.start[mine])
        ends = (display.start + display.duration)[mine]
        np.testing.assert_allclose([box.x1 for box in boxes], ends)
        corners = [
            {(box.x0, box.y0), (box.x0, box.y1), (box.x1, box.y1), (box.x1, box.y0)}
            for box in boxes
        ]
        assert [set(map(tuple, path.vertices)) for path in bars.get_paths()] == corners
        middles = [0.5 * (box.y0 + box.y1) for box in boxes]
        np.testing.assert_allclose(middles, display.row[mine], atol=1e-12)
    assert sum(len(bars.get_paths()) for bars in display.bars_.values()) == len(status)


def test_status_is_told_by_colour_and_by_hatch():
    trials = [
        Trial(k, {}, math.nan, status, runs=(run(EPOCH + k, 1.0, 1, 0, ended),))
        for k, (status, ended) in enumerate(
            [("complete", "complete"), ("pruned", "complete"), ("failed", "failed")]
            + [("timeout", "timeout"), ("memory", "memory")]
        )
    ]
    trials[0] = Trial(0, {}, 0.5, runs=trials[0].runs)
    display = TimelineDisplay.from_history(trials)
    assert list(display.bars_) == ["complete", "pruned", "failed", "timeout", "memory"]
    marks = [(tuple(bars.get_facecolor()[0]), bars.get_hatch()) for bars in display.bars_.values()]
    assert len({colour for colour, _ in marks}) == len({hatch for _, hatch in marks}) == 5
    assert words(display) == [
        "complete (1)", "pruned (1)", "failed (1)", "timeout (1)", "out of memory (1)", "new best (1)",
    ]  # fmt: skip


def test_neighbours_are_told_apart_by_their_shade():
    display = TimelineDisplay.from_history(one_each(run(EPOCH, 1.0), run(EPOCH + 1.0, 1.0)))
    first, second = display.bars_["complete"].get_facecolor()
    assert tuple(first) != tuple(second)


def test_stars_stand_at_the_ends_of_the_improvements():
    display = TimelineDisplay.from_history(simulated(30, n_workers=3))
    chosen = display.is_improvement
    expected = (display.start + display.duration)[chosen]
    np.testing.assert_array_equal(display.improvements_.get_xdata(), expected)
    np.testing.assert_array_equal(display.improvements_.get_ydata(), display.row[chosen])
    assert f"new best ({chosen.sum()})" in words(display)
    failed = [Trial(0, {}, math.nan, "failed", runs=(run(EPOCH, 1.0, status="failed"),))]
    assert TimelineDisplay.from_history(failed).improvements_ is None


def test_labels_say_what_it_cost():
    runs = [run(EPOCH, 600.0, 1), run(EPOCH, 300.0, 2)]
    display = TimelineDisplay.from_history(
        [*one_each(*runs), Trial(2, {}, math.nan, "failed", runs=(dead(),))]
    )
    assert title(display) == (
        "2 fits in 10 minutes on 2 workers, busy 75% of the time; 1 more of unknown time"
    )
    ticks = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert ticks == ["worker 1\n100% busy", "worker 2\n50% busy"]
    assert display.ax_.get_xlabel() == "minutes since the first fit began (numbers: candidates)"
    bottom, top = display.ax_.get_ylim()
    assert bottom > top  # the first worker is on top


def test_of_several_machines_the_axis_says_whose_time_it_is():
    runs = [run(EPOCH, 1.0, host=host) for host in "ab"]
    label = TimelineDisplay.from_history(one_each(*runs)).ax_.get_xlabel()
    assert label.splitlines()[1] == "by the clock of each machine"
    label = TimelineDisplay.from_history(one_each(*runs[:1])).ax_.get_xlabel()
    assert "clock" not in label


def test_the_numbers_are_those_of_the_candidates_if_they_have_room():
    display = TimelineDisplay.from_history(
        one_each(run(EPOCH, 10.0), run(EPOCH + 10.0, 0.01), run(EPOCH + 11.0, 10.0))
    )
    assert [text.get_text() for text in display.texts_] == ["0", "2"]
    assert display.texts_[0].get_position() == (pytest.approx(5.0, abs=1e-6), 0.0)
    many = TimelineDisplay.from_history(simulated(200, n_workers=3))
    assert many.texts_ == []


def test_a_break_is_a_line_and_says_how_long_it_was():
    display = TimelineDisplay.from_history(
        one_each(run(EPOCH, 10.0, 1), run(EPOCH + 10.0 + 6 * HOUR, 10.0, 2))
    )
    [segment] = display.break_lines_.get_segments()
    np.testing.assert_allclose(segment[:, 0], [10.0, 10.0], **EXACT)
    assert "resumed, 6 hours later" in words(display)


@pytest.mark.parametrize(("n", "n_workers"), [(1, 1), (2, 4), (30, 64), (1000, 8)])
def test_any_number_of_candidates_and_of_workers(n, n_workers):
    display = TimelineDisplay.from_history(simulated(n, n_workers, n_folds=5))
    display.figure_.canvas.draw()
    assert len(display.ax_.collections) <= 5  # one for each status, however many bars
    assert len(display.ax_.get_yticks()) <= 24
    low, high = display.ax_.get_xlim()
    assert low <= display.start.min()
    assert (display.start + display.duration).max() < high


def test_names_of_hosts_are_short_and_no_formulas():
    host = "$a_very^long_{name$_of_a_host_" + 60 * "x"
    runs = [run(EPOCH, 1.0, 1, host=host), run(EPOCH, 1.0, 1, host="b")]
    display = TimelineDisplay.from_history(one_each(*runs))
    display.figure_.canvas.draw()
    assert max(len(label.get_text()) for label in display.ax_.get_yticklabels()) < 45


def test_the_callers_style_wins_by_any_alias():
    display = TimelineDisplay.from_history(
        one_each(run(EPOCH, 1.0)),
        bar_kw={"fc": "red", "lw": 3},
        marker_kw={"ms": 20, "mfc": "green"},
        text_kw={"size": 20, "c": "black"},
    )
    np.testing.assert_allclose(display.bars_["complete"].get_facecolor()[0, :3], [1, 0, 0])
    assert display.bars_["complete"].get_linewidth()[0] == 3
    assert display.improvements_.get_markersize() == 20
    assert display.improvements_.get_markerfacecolor() == "green"
    assert (display.texts_[0].get_fontsize(), display.texts_[0].get_color()) == (20, "black")


def test_it_draws_where_it_is_told_and_again():
    from matplotlib import pyplot

    _, (left, right) = pyplot.subplots(1, 2)
    history = simulated(4)
    display = TimelineDisplay.from_history(history, ax=right)
    assert (display.ax_, display.figure_, len(left.collections)) == (right, right.figure, 0)
    assert display.plot(ax=left) is display
    again = pickle.loads(pickle.dumps(TimelineDisplay(**timeline_data(history)))).plot()
    assert again.bars_.keys() == display.bars_.keys()


def test_any_order_of_the_trials_gives_the_same_picture():
    history = simulated(12, n_workers=3)
    data, other = timeline_data(history), timeline_data(History(history.trials[::-1]))
    key = ("start", "row", "candidate", "fold", "is_improvement")
    assert sorted(zip(*(data[k].tolist() for k in key), strict=True)) == sorted(
        zip(*(other[k].tolist() for k in key), strict=True)
    )


def test_a_search_of_several_metrics_without_an_objective_is_not_asked_for_one():
    scoring = ["accuracy", "f1_macro"]
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, scoring=scoring, refit=False)
    search.fit(*load_iris(return_X_y=True))
    with pytest.raises(ValueError, match="needs to know when each fold was run"):
        timeline_data(search)
