"""The progress line of ``verbose=1``: what it says, when it is printed, and how well it knows the time left."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV, HalvingBayesSearchCV, ManualSearchCV
from skbayes.evaluation import RacingRule
from skbayes.model_selection import _progress
from skbayes.model_selection._progress import (
    ProgressReport,
    Standing,
    progress_line,
    seconds_left,
)

X, y = load_iris(return_X_y=True)
GRID = {"C": [0.1, 1.0, 10.0]}
LINE = re.compile(r"^\d+/\d+ candidates.* elapsed")

seconds = st.floats(0.0, 1e6)


def lines(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if LINE.match(line)]


# The text


def test_the_line_of_a_search_on_its_way():
    standing = Standing(12, 50, 35.2, 110.4, (0.97123, 9))
    assert progress_line(standing) == (
        "12/50 candidates, best 0.9712 (candidate 9), 0:35 elapsed, about 1:50 left"
    )


def test_the_line_counts_what_did_not_end_well():
    statuses = Counter(complete=3, pruned=5, memory=1, failed=2, timeout=1)
    standing = Standing(12, 50, 3700.0, 36_000.0, (-12.3456, 0), statuses)
    assert progress_line(standing) == (
        "12/50 candidates (5 pruned, 2 failed, 1 timed out, 1 out of memory), "
        "best -12.35 (candidate 0), 1:01:40 elapsed, about 10:00:00 left"
    )


def test_what_is_unknown_is_not_mentioned():
    assert progress_line(Standing(3, 3, 0.2)) == "3/3 candidates, 0:00 elapsed"
    assert progress_line(Standing(3, 9, 59.7, ended_by="callback")) == (
        "3/9 candidates, 1:00 elapsed, ended by callback"
    )


@given(elapsed=seconds)
def test_a_time_is_read_back_to_the_second(elapsed):
    text = progress_line(Standing(1, 2, elapsed)).split(", ")[1].removesuffix(" elapsed")
    parts = [int(part) for part in text.split(":")]
    assert all(part < 60 for part in parts[1:])
    read = sum(part * 60**power for power, part in enumerate(reversed(parts)))
    assert abs(read - elapsed) <= 0.5


# The time left


def test_equal_durations_are_foretold_exactly():
    # 4 workers, 40 evaluations of 3 s: after 5 rounds 20 are done in 15 s, and 15 s are left.
    assert seconds_left(15.0, 20, 20) == 15.0


def test_the_time_budget_bounds_it_and_nothing_is_said_of_nothing():
    assert seconds_left(15.0, 20, 20, time_budget=20.0) == 5.0
    assert seconds_left(15.0, 20, 20, time_budget=10.0) == 0.0
    assert seconds_left(15.0, 0, 20, 4, time_budget=20.0) is None


@given(
    elapsed=st.floats(1e-3, 1e6), n=st.integers(1, 1000), running=st.integers(0, 64),
    to_come=st.floats(0, 1e5), spread=seconds, budget=seconds, pace=st.floats(0.1, 10.0),
)  # fmt: skip
def test_the_time_left_scales_with_the_pace_and_is_bounded(
    elapsed, n, running, to_come, spread, budget, pace
):
    left = seconds_left(elapsed, n, to_come, running, spread)
    assert left >= 0.0
    assert seconds_left(elapsed, n, to_come + 1, running, spread) >= left
    # Everything takes `pace` times longer.
    slower = seconds_left(pace * elapsed, n, to_come, running, pace * spread)
    assert slower == pytest.approx(pace * left, rel=1e-9)
    bounded = seconds_left(elapsed, n, to_come, running, spread, budget)
    assert bounded == min(left, max(0.0, budget - elapsed))


DURATIONS = {
    "log-normal 0.3": lambda rng: rng.lognormal(0.0, 0.3, 100),
    "exponential": lambda rng: rng.exponential(1.0, 100),
    "log-normal 1": lambda rng: rng.lognormal(0.0, 1.0, 100),
}


@pytest.mark.parametrize("sort", DURATIONS)
def test_the_time_left_of_parallel_workers_has_the_right_size(sort):
    # Simulated: 8 workers, each takes the next of 100 evaluations; looked at when 25 have ended.
    rng = np.random.default_rng(0)
    errors, errors_without_the_last = [], []
    for _ in range(200):
        durations, free, ends = DURATIONS[sort](rng), np.zeros(8), []
        for duration in durations:
            worker = free.argmin()
            free[worker] += duration
            ends.append(free[worker])
        now = np.sort(ends)[24]
        real, spread = free.max() - now, durations[ends <= now].std()
        errors.append(np.log(seconds_left(now, 25, 75, 7, spread) / real))
        errors_without_the_last.append(np.log(seconds_left(now, 25, 75) / real))
    # By a quarter too much or too little in the middle: the pace of 25 of them is not known better.
    assert abs(np.median(errors)) < np.log(1.25)
    if sort != "log-normal 0.3":  # where the last are not much longer than the others
        assert np.mean(np.square(errors)) < np.mean(np.square(errors_without_the_last))


# The report


class Log:
    """As much of a SearchLog as a report looks at, with k of n candidates of two folds."""

    def __init__(self, n):
        from skbayes.evaluation import CandidateResult, FoldResult
        from skbayes.optimizer import History

        self.proposals = type("Proposals", (), {"n_candidates": n})()
        self.fold = FoldResult(0.5, None, 0.5, 0.0, 10)
        self.kind = CandidateResult
        self.evaluated = []
        self.history = History()
        self.incumbent = None
        self.n_new = 0

    def add(self):
        self.evaluated.append(self.kind({}, (self.fold, self.fold)))
        self.n_new += 1


class Pool:
    n_evaluated = n_replayed = n_running = 0


def printed(capsys, durations, n, ended_by="budget", **options):
    """Run a report on candidates that take the given seconds."""
    now = [0.0]
    log, pool = Log(n), Pool()
    report = ProgressReport(log, None, False, clock=lambda: now[0], **options)
    for duration in durations:
        now[0] += duration
        log.add()
        pool.n_evaluated += 2
        report.update(pool)
    report.end(ended_by)
    return capsys.readouterr().out.splitlines()


def test_one_line_a_second_and_always_the_last(capsys):
    # 4 candidates a second for 10 seconds.
    out = printed(capsys, [0.25] * 40, 40)
    assert len(out) == 10
    assert out[0] == "4/40 candidates, 0:01 elapsed, about 0:09 left"
    assert out[-1] == "40/40 candidates, 0:10 elapsed"
    out = printed(capsys, [0.25] * 42, 42)
    assert len(out) == 11
    assert out[-1].startswith("42/42")


def test_a_quick_search_prints_its_last_line_only(capsys):
    assert printed(capsys, [0.01] * 5, 5) == ["5/5 candidates, 0:00 elapsed"]


def test_a_search_that_ends_early_says_why(capsys):
    assert printed(capsys, [2.0], 5, "interrupt") == [
        "1/5 candidates, 0:02 elapsed, about 0:08 left",
        "1/5 candidates, 0:02 elapsed, ended by interrupt",
    ]


# Searches


def test_a_search_prints_its_line_and_its_best(capsys):
    search = GridSearchCV(SVC(), GRID, cv=3, verbose=1).fit(X, y)
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "Fitting 3 folds for each of 3 candidates, totalling 9 fits"
    best = f"best {search.best_score_:.4g} (candidate {search.best_index_})"
    assert re.fullmatch(rf"3/3 candidates, {re.escape(best)}, [\d:]+ elapsed", out[-1])


def test_silent_without_verbose(capsys):
    GridSearchCV(SVC(), GRID, cv=3).fit(X, y)
    assert capsys.readouterr().out == ""


@pytest.fixture
def every_line(monkeypatch):
    monkeypatch.setattr(_progress, "_SECONDS_BETWEEN", 0.0)


@pytest.mark.parametrize("options", [{}, {"n_jobs": 2}, {"n_jobs": 2, "asynchronous": True}])
def test_a_line_for_each_candidate_if_there_is_time(every_line, options, capsys):
    space = {"C": (1e-2, 1e2, "log-uniform")}
    search = BayesSearchCV(SVC(), space, n_iter=5, cv=3, random_state=0, verbose=1, **options)
    with parallel_config("threading"):
        search.fit(X, y)
    shown = lines(capsys)
    assert [line.split("/")[0] for line in shown] == list("12345")
    scores = search.cv_results_["mean_test_score"]
    for k, line in enumerate(shown):
        best = int(np.argmax(scores[: k + 1]))
        assert f"best {scores[best]:.4g} (candidate {best})" in line
    assert all("left" in line for line in shown[:-1])
    assert "left" not in shown[-1]


class Fails(ClassifierMixin, BaseEstimator):
    def __init__(self, fails=False):
        self.fails = fails

    def fit(self, X, y):
        if self.fails:
            raise RuntimeError("no fit here")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_failed_and_pruned_candidates_are_counted(capsys):
    search = ManualSearchCV(Fails(), [{"fails": True}, {"fails": False}], cv=3, verbose=1)
    search.fit(X, y)
    assert lines(capsys)[-1].startswith("2/2 candidates (1 failed), best 0.3333 (candidate 1)")

    class LosesAfterOneFold(RacingRule):
        def is_hopeless(self, scores, candidate):
            return candidate > 0

    GridSearchCV(SVC(), GRID, cv=3, verbose=1, racing=LosesAfterOneFold()).fit(X, y)
    assert lines(capsys)[-1].startswith("3/3 candidates (2 pruned), best ")


def test_several_metrics_without_one_that_decides_have_no_best(capsys):
    scoring = ["accuracy", "f1_macro"]
    GridSearchCV(SVC(), GRID, cv=3, verbose=1, scoring=scoring, refit=False).fit(X, y)
    assert re.fullmatch(r"3/3 candidates, [\d:]+ elapsed", lines(capsys)[-1])


def test_what_a_journal_knows_does_not_make_the_rest_look_quick(every_line, tmp_path, capsys):
    journal = tmp_path / "search.jsonl"

    def stop_at_three(state):
        return len(state.x_iters) == 3

    search = GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0, 100.0]}, cv=3, journal=journal, verbose=1)
    search.fit(X, y, callback=stop_at_three)
    assert lines(capsys)[-1].endswith("ended by callback")
    search.fit(X, y)
    shown = lines(capsys)
    # The first three took no time: nothing can be said of the fourth.
    assert [line.split("/")[0] for line in shown] == list("1234")
    assert not any("left" in line for line in shown)


def test_the_best_of_a_halving_search_is_of_its_last_rung(capsys):
    space = {"C": (1e-2, 1e2, "log-uniform")}
    search = HalvingBayesSearchCV(SVC(), space, n_iter=6, cv=3, random_state=0, verbose=1)
    search.fit(X, y)
    results = search.cv_results_
    assert results["mean_test_score"].max() > search.best_score_  # on a lower rung, of fewer rows
    best = f"best {search.best_score_:.4g} (candidate {search.best_index_})"
    n = len(results["params"])
    assert lines(capsys)[-1].startswith(f"{n}/{n} candidates, {best}")


def test_try_candidate_counts_what_it_evaluates(capsys):
    search = ManualSearchCV(SVC(), [{"C": 1.0}, {"C": 2.0}], cv=3, verbose=1).fit(X, y)
    capsys.readouterr()
    search.try_candidate(X, y, C=1e-4)
    assert lines(capsys)[-1].startswith("1/1 candidates, best")
