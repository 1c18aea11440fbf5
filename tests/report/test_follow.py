"""What is told of a growing, torn, damaged or missing journal."""

import os
import threading
import time

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skbayes import GridSearchCV, HalvingBayesSearchCV
from skbayes.model_selection import load_history, save_history
from skbayes.report import _follow
from skbayes.report._follow import Follower, Shares
from tests.report.growing import N_FOLDS, n_candidates, settle, write

pytestmark = pytest.mark.usefixtures("without_haste")


@pytest.fixture
def follow(path, monkeypatch):
    """A follower that looks at the file each time it is asked."""
    monkeypatch.setattr(_follow, "_REST", 0.0)
    return Follower(str(path))


def test_before_the_search_begins_the_page_waits(follow, path, lines):
    for content in (None, b"", lines[0][:40]):
        if content is not None:
            path.write_bytes(content)
        state = follow.state()
        assert (state.kind, n_candidates(state)) == ("live", 0)
        assert state.notice == "Waiting for search.jsonl: nothing has been evaluated yet."


def test_a_header_alone_is_a_search_without_candidates(follow, path, lines):
    write(path, lines[:1])
    state = follow.state()
    assert (state.kind, n_candidates(state)) == ("live", 0)
    assert state.payload["title"] == "GridSearchCV"


@pytest.mark.parametrize("n", range(7))
def test_the_page_has_every_whole_candidate_of_the_file(follow, path, lines, n):
    write(path, lines[: 1 + n * N_FOLDS])
    state = follow.state()
    history = load_history(path)
    assert state.payload["trials"]["score"] == [trial.score for trial in history]
    assert state.kind == "live"


def test_a_torn_last_line_is_nothing_to_report(follow, path, lines):
    write(path, [*lines[: 1 + N_FOLDS], lines[1 + N_FOLDS][:50]])
    state = follow.state()
    assert state.notice == "Following search.jsonl: 1 candidate."
    assert state.kind == "live"


def test_what_is_appended_appears(follow, path, lines):
    seen = []
    for n in range(1, len(lines) + 1):
        write(path, lines[:n])
        seen.append(n_candidates(follow.state()))
    assert seen == [(n - 1) // N_FOLDS for n in range(1, len(lines) + 1)]


def test_a_candidate_under_way_is_no_pruned_one_until_it_has_waited_long(path, lines, monkeypatch):
    write(path, lines[: 1 + 2 * N_FOLDS + 1])
    follow = Follower(str(path))
    state = follow.state()
    assert state.payload["trials"]["status"] == ["complete", "complete"]
    assert state.notice == "Following search.jsonl: 2 candidates, 1 under way."
    later, clock = time.monotonic() + 7200, time.time() + 7200
    monkeypatch.setattr(time, "monotonic", lambda: later)
    monkeypatch.setattr(time, "time", lambda: clock)
    state = follow.state()
    assert state.payload["trials"]["status"] == ["complete", "complete", "pruned"]
    assert state.notice == "Following search.jsonl: 3 candidates."


def test_leaving_out_a_candidate_keeps_the_incumbent_at_its_row(follow, path, lines):
    # The second candidate lacks folds, so that rows behind it move.
    write(path, lines[: 1 + N_FOLDS] + lines[2 + N_FOLDS :])
    payload = follow.state().payload
    scores = payload["trials"]["score"]
    assert len(scores) == 5
    assert payload["incumbent"]["row"] == int(np.argmax(scores))


def test_a_damaged_line_is_said_and_the_rest_is_shown(follow, path, lines):
    broken = lines.copy()
    broken[1] = broken[1].replace(b'"fold":0', b'"fold":1')
    assert broken[1] != lines[1]
    write(path, broken)
    state = follow.state()
    assert state.kind == "error"
    assert "1 damaged lines" in state.notice
    assert n_candidates(state) == 5  # and one under way


@pytest.mark.parametrize("content", [b"not a journal\n", b'{"format":"other"}\n', b"\x00" * 70_000])
def test_a_file_that_is_no_journal_is_said_and_what_was_known_stays(follow, path, lines, content):
    write(path, lines)
    assert n_candidates(follow.state()) == 6
    path.write_bytes(content)
    state = follow.state()
    assert state.kind == "error"
    assert state.notice.startswith("search.jsonl cannot be read: ")
    assert n_candidates(state) == 6
    write(path, lines[: 1 + N_FOLDS])  # the search begins again
    state = follow.state()
    assert (state.kind, n_candidates(state)) == ("live", 1)


@pytest.fixture(scope="module")
def other_lines(tmp_path_factory):
    """The journal of another search, of as many candidates."""
    path = tmp_path_factory.mktemp("other") / "search.jsonl"
    grid = {"C": [0.2, 2.0, 20.0], "kernel": ["poly", "sigmoid"]}
    GridSearchCV(SVC(), grid, cv=N_FOLDS, journal=path).fit(*load_iris(return_X_y=True))
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("become", "said"),
    [
        (lambda path, line: path.unlink(), "is not there any more"),
        (lambda path, line: path.write_bytes(b""), "begins anew"),
        (lambda path, line: path.write_bytes(line[:40]), "begins anew"),
    ],
)
def test_what_a_journal_had_is_shown_when_it_is_gone_and_that_it_is(
    follow, path, lines, other_lines, become, said
):
    write(path, lines)
    settle(follow)
    before = follow.state()
    assert (before.kind, n_candidates(before)) == ("live", 6)
    become(path, other_lines[0])
    for _ in range(2):  # asked again the page says the same
        state = follow.state()
        assert state.kind == "error"
        assert state.notice == f"search.jsonl {said}: the page shows what was last read of it."
        assert state.payload == before.payload
        assert state.changed == before.changed  # when the last result came
    write(path, other_lines[:1])  # a new search at the same place
    state = follow.state()
    assert (state.kind, n_candidates(state)) == ("live", 0)
    assert state.notice == "Following search.jsonl: 0 candidates."
    write(path, other_lines[: 1 + 2 * N_FOLDS])
    state = follow.state()
    assert (state.kind, n_candidates(state)) == ("live", 2)
    assert state.payload["trials"]["params"]["C"] == [0.2, 0.2]


def test_a_shorter_journal_in_its_place_is_shown_at_once(follow, path, lines, other_lines):
    write(path, lines)
    assert n_candidates(follow.state()) == 6
    write(path, other_lines[: 1 + N_FOLDS])
    state = follow.state()
    assert (state.kind, state.notice) == ("live", "Following search.jsonl: 1 candidate.")
    assert state.payload["trials"]["params"]["kernel"] == ["poly"]
    path.unlink()
    assert n_candidates(follow.state()) == 1


def test_a_mistake_of_ours_is_said_and_the_page_goes_on(follow, path, lines, monkeypatch, capsys):
    write(path, lines)
    with monkeypatch.context() as patch:
        patch.setattr(_follow, "material_of", lambda *args: 1 / 0)
        state = follow.state()
    assert state.kind == "error"
    assert "ZeroDivisionError: division by zero" in state.notice
    assert "ZeroDivisionError" in capsys.readouterr().err
    path.touch()
    os.utime(path, (1, 1))
    assert follow.state().kind == "live"


def test_a_file_that_did_not_change_is_not_read_again(follow, path, lines, monkeypatch):
    write(path, lines)
    tags = {follow.answer()[1]}
    settle(follow)
    tag = follow.answer()[1]
    with monkeypatch.context() as patch:
        patch.setattr(_follow, "material_of", lambda *args: pytest.fail("read again"))
        for _ in range(3):
            assert follow.answer()[1] == tag
    write(path, lines[:-1])
    assert follow.answer()[1] not in tags | {tag}


def test_a_large_journal_is_read_seldom(path, lines, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    made = _follow.Follower._made
    monkeypatch.setattr(
        _follow.Follower, "_made", lambda *args: now.__setitem__(0, now[0] + 2.0) or made(*args)
    )
    write(path, lines[:4])
    follow = Follower(str(path))
    assert n_candidates(follow.state()) == 1
    write(path, lines)
    now[0] += 4 * 2.0 - 0.1  # reading took two seconds, and four times as long is rest
    assert n_candidates(follow.state()) == 1
    now[0] += 0.2
    assert n_candidates(follow.state()) == 6


def test_importances_come_later_and_again_when_there_is_half_as_much_more(
    follow, path, lines, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        _follow,
        "importance_of",
        lambda m: asked.append(len(m.trials)) or {"n_trials": len(m.trials)},
    )
    for n in range(1, 7):
        write(path, lines[: 1 + n * N_FOLDS])
        follow.state()
        if follow._shares._thread is not None:
            follow._shares._thread.join()
    assert asked == [1, 2, 3, 5]
    assert follow.state().payload["importance"] == {"n_trials": 5}


def test_importances_of_a_search_are_not_shown_for_another_at_the_same_place(follow, path, lines):
    for n in (6, 2):
        write(path, lines[: 1 + n * N_FOLDS])
        follow.state()
        follow._shares._thread.join()
        assert follow.state().payload["importance"] == {"n_trials": n}


def test_nor_if_the_other_one_has_as_many_candidates(follow, path, lines, other_lines, monkeypatch):
    write(path, lines)
    follow.state()
    follow._shares._thread.join()
    assert follow.state().payload["importance"] == {"n_trials": 6}
    monkeypatch.setattr(_follow, "importance_of", lambda material: {"n_trials": "of the other"})
    write(path, other_lines)
    follow.state()
    follow._shares._thread.join()
    assert follow.state().payload["importance"] == {"n_trials": "of the other"}


def test_importances_that_come_later_need_no_second_reading(path, lines, monkeypatch):
    write(path, lines)
    follow, go = Follower(str(path)), threading.Event()
    monkeypatch.setattr(_follow, "importance_of", lambda material: go.wait() and {"n_trials": 6})
    before = follow.answer()
    assert "being computed" in follow.state().payload["importance"]["missing"]
    monkeypatch.setattr(_follow, "material_of", lambda *args: pytest.fail("read again"))
    go.set()
    follow._shares._thread.join()
    assert follow.state().payload["importance"] == {"n_trials": 6}
    assert n_candidates(follow.state()) == 6
    assert follow.answer()[1] != before[1]


def test_in_the_end_the_importances_are_of_all_candidates(follow, path, lines, monkeypatch):
    computed = []

    def shares(material):
        computed.append(len(material.trials))
        return {"n_trials": len(material.trials)}

    def shown():
        found = follow.state().payload["importance"]
        follow._shares._thread.join()
        return found

    monkeypatch.setattr(_follow, "importance_of", shares)
    write(path, lines[: 1 + 5 * N_FOLDS])
    shown()
    write(path, lines)  # not half as many again
    assert [shown() for _ in range(3)] == [{"n_trials": 5}] * 3
    follow._rests_at = -np.inf  # as after waiting for more
    shown()
    assert [shown() for _ in range(3)] == [{"n_trials": 6}] * 3
    assert computed == [5, 6]


def test_candidates_that_came_while_importances_were_computed_are_not_forgotten(
    follow, path, lines, monkeypatch
):
    go = threading.Event()
    monkeypatch.setattr(
        _follow, "importance_of", lambda material: go.wait() and {"n_trials": len(material.trials)}
    )
    write(path, lines[: 1 + N_FOLDS])
    follow.state()
    write(path, lines)
    follow.state()
    go.set()
    follow._shares._thread.join()
    follow.state()  # the next one begins
    follow._shares._thread.join()
    assert follow.state().payload["importance"] == {"n_trials": 6}


def test_importances_that_cannot_be_computed_do_not_take_the_page_with_them(monkeypatch):
    monkeypatch.setattr(_follow, "importance_of", lambda material: 1 / 0)
    shares = Shares()
    shares._compute(None)
    assert "ZeroDivisionError" in shares.found["missing"]


def test_an_exported_history_is_shown_too_and_its_pruned_trials_are_pruned(lines, path, tmp_path):
    write(path, lines[:-1])
    exported = tmp_path / "history.jsonl"
    save_history(load_history(path), exported)
    state = Follower(str(exported), title="mine").state()
    assert (state.kind, n_candidates(state), state.payload["title"]) == ("live", 6, "mine")
    assert state.payload["trials"]["status"] == ["complete"] * 5 + ["pruned"]


def test_of_folds_as_the_resource_a_candidate_is_under_way_until_it_has_those_of_its_rung(path):
    ranges = {"C": (1e-2, 1e2, "log-uniform")}
    search = HalvingBayesSearchCV(
        SVC(), ranges, n_iter=9, cv=9, resource="folds", random_state=0, journal=path
    ).fit(*load_iris(return_X_y=True))
    assert search.n_resources_ == [1, 3, 9]
    state = Follower(str(path)).state()
    assert state.notice == f"Following search.jsonl: {len(search.rung_history_)} candidates."
    lines = path.read_bytes().splitlines(keepends=True)
    write(path, lines[:-1])
    state = Follower(str(path)).state()
    n_left = len(search.rung_history_) - 1
    assert state.notice == f"Following search.jsonl: {n_left} candidates, 1 under way."
    assert set(state.payload["trials"]["status"]) == {"pruned"}
    assert state.payload["remark"] == (
        "A row for each rung: those pruned are on lower ones, where their scores are of fewer folds."
    )
