"""The journal: what was recorded is known again, in any later run, and in no other search."""

import errno
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes.evaluation import FoldResult, Journal, JournalHeader, Task, _journal_file, read_journal
from skbayes.exceptions import JournalError

HEADER = JournalHeader(
    "SomeSearchCV",
    {"data X": "aa", "target y": "bb", "folds": "cc", "space": "dd"},
    3,
    "ee",
    seed=7,
)
PARAMS = [{"C": 1}, {"C": 1.0}, {"C": True}, {"C": "1"}, {"C": None}]


class PlainCodec:
    """Parameters that are JSON already."""

    def encode(self, params):
        return dict(params)

    def decode(self, view):
        return dict(view)


def open_journal(path, header=HEADER, **options):
    return Journal.open(path, header, PlainCodec(), **options)


def scored(score, **others):
    return FoldResult(score, None, 0.5, 0.25, 10, **others)


def record(path, *units, header=HEADER, **options):
    """Record (candidate, fold, params, result) in a run of their own."""
    with open_journal(path, header, **options) as journal:
        for candidate, fold, params, result in units:
            journal.record(Task(candidate, fold, params), result)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.jsonl"


# --- what is written is read ---------------------------------------------------------------------------------------

number = st.floats() | st.integers()
text = st.none() | st.text()
results = st.builds(
    FoldResult,
    st.dictionaries(st.text(), number, min_size=1) | number,
    st.none() | number | st.dictionaries(st.text(), number),
    st.floats(0),
    st.floats(0),
    st.integers(0),
    fit_error=text,
    score_error=text,
    ended_by=st.sampled_from([None, "timeout", "memory"]),
    started=st.floats(0),
    worker=st.text(),
)
values = st.none() | st.booleans() | number.filter(math.isfinite) | st.text()


@given(result=results, params=st.dictionaries(st.text(), values), fold=st.integers(0, 2))
def test_any_result_is_read_as_it_was(result, params, fold, tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "a.jsonl"
    record(path, (4, fold, params, result))
    with open_journal(path) as journal:
        assert repr(journal.known(4, params, fold)) == repr(result)  # every digit; nan is nan
        [candidate] = journal.candidates
        assert repr(candidate.params) == repr(params)
    for line in path.read_bytes().splitlines():
        json.loads(line, parse_constant=pytest.fail)  # strict JSON: neither NaN nor Infinity


def test_numbers_of_numpy_are_read_as_python_s(path):
    record(path, (0, 0, {}, scored(np.float32(0.1))), (0, 1, {}, scored(np.int64(3))))
    with open_journal(path) as journal:
        assert journal.known(0, {}, 0).test_scores == float(np.float32(0.1))
        assert journal.known(0, {}, 1).test_scores == 3


def test_a_record_is_on_disk_when_record_returns(path):
    with open_journal(path) as journal:
        journal.record(Task(0, 1, {"C": 1}), scored(0.5))
        header, [candidate] = read_journal(path)
    assert header.seed == 7
    assert candidate.folds == {1: scored(0.5)}
    assert candidate.params == {"C": 1}


def test_every_line_is_flushed_to_the_disk_in_one_write(path, monkeypatch):
    calls = []
    write, fsync = os.write, os.fsync
    monkeypatch.setattr(os, "write", lambda fd, line: calls.append(line) or write(fd, line))
    monkeypatch.setattr(os, "fsync", lambda fd: calls.append("fsync") or fsync(fd))
    with open_journal(path) as journal:
        calls.clear()
        journal.record(Task(0, 0, {}), scored(0.5))
    [line, synced] = calls
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert synced == "fsync"


# --- which candidate is which --------------------------------------------------------------------------------------


def test_1_and_1_0_and_true_are_three_candidates(path):
    record(path, *((k, 0, params, scored(0.1 * k)) for k, params in enumerate(PARAMS)))
    with open_journal(path) as journal:
        assert [journal.known(k, p, 0).test_scores for k, p in enumerate(PARAMS)] == [
            pytest.approx(0.1 * k, abs=0) for k in range(len(PARAMS))
        ]


def test_a_candidate_is_found_under_another_number(path):
    # For example because n_iter is larger and a list is drawn from in another order.
    record(path, *((k, 0, {"C": k}, scored(0.1 * k)) for k in range(4)))
    with open_journal(path) as journal:
        found = [journal.known(k, {"C": c}, 0) for k, c in enumerate([3, 9, 1, 0, 2])]
    assert [each and each.test_scores for each in found] == [0.1 * 3, None, 0.1 * 1, 0.0, 0.1 * 2]


def test_two_candidates_of_the_same_parameters_keep_their_own_scores(path):
    # An estimator without a seed scores them differently.
    record(path, *((k, 0, {"C": 1}, scored(0.1 * k)) for k in range(3)))
    with open_journal(path) as journal:
        assert [journal.known(k, {"C": 1}, 0).test_scores for k in range(3)] == [0.0, 0.1, 0.2]
        assert journal.known(3, {"C": 1}, 0) is None


def test_a_run_that_proposes_otherwise_leaves_a_journal_that_can_be_read(path):
    record(path, (0, 0, {"C": 0}, scored(0.0)), (1, 0, {"C": 1}, scored(0.1)))
    with open_journal(path) as journal:
        for k, c in enumerate([0, 5, 6]):
            if journal.known(k, {"C": c}, 0) is None:
                journal.record(Task(k, 0, {"C": c}), scored(c / 10))
    with open_journal(path) as journal:
        assert {c.params["C"]: c.folds[0].test_scores for c in journal.candidates} == {
            0: 0.0, 1: 0.1, 5: 0.5, 6: 0.6,
        }  # fmt: skip
        assert [journal.known(k, {"C": c}, 0).test_scores for k, c in enumerate([0, 5, 6])] == [
            0.0,
            0.5,
            0.6,
        ]


@given(runs=st.lists(st.lists(st.integers(0, 4), max_size=8), max_size=4))
def test_no_run_repeats_what_another_has_recorded(runs, tmp_path_factory):
    # Whatever is proposed, in whatever order: each parameter set is evaluated as often as the run with most of them
    # asks for it, and what comes back is a score of the same parameters.
    path = tmp_path_factory.mktemp("journal") / "a.jsonl"
    n_evaluated = dict.fromkeys(range(5), 0)
    for run in runs:
        with open_journal(path) as journal:
            for number, c in enumerate(run):
                result = journal.known(number, {"C": c}, 0)
                if result is None:
                    n_evaluated[c] += 1
                    journal.record(Task(number, 0, {"C": c}), scored(float(c)))
                else:
                    assert result.test_scores == c
    assert n_evaluated == {c: max((run.count(c) for run in runs), default=0) for c in range(5)}


# --- what of an earlier run is of use ------------------------------------------------------------------------------


def test_what_failed_is_known_under_the_same_conditions_only(path):
    now = {"error_score": math.nan, "fit_timeout": 1.0}
    failures = [scored(math.nan, fit_error="boo"), scored(math.nan, ended_by="timeout")]
    record(
        path,
        *((0, k, {}, f) for k, f in enumerate(failures)),
        (0, 2, {}, scored(0.5)),
        conditions=now,
    )
    with open_journal(path, conditions=now) as journal:
        assert [repr(journal.known(0, {}, k)) for k in range(2)] == [repr(f) for f in failures]
    for other in ({**now, "error_score": 0.0}, {**now, "fit_timeout": 2.0}):
        with open_journal(path, conditions=other) as journal:
            assert [journal.known(0, {}, k) for k in range(3)] == [None, None, scored(0.5)]
            assert list(journal.candidates[0].folds) == [2]


def test_a_failure_is_replaced_by_what_came_of_it_later(path):
    record(path, (0, 0, {}, scored(math.nan, ended_by="timeout")), conditions={"fit_timeout": 1.0})
    record(path, (0, 0, {}, scored(0.5)), conditions={"fit_timeout": 9.0})
    with open_journal(path, conditions={"fit_timeout": 1.0}) as journal:
        assert journal.known(0, {}, 0) == scored(0.5)


def test_a_fold_without_training_scores_is_of_no_use_where_they_are_wanted(path):
    record(path, (0, 0, {}, scored(0.5)))
    with_train = replace(scored(0.5), train_scores=0.75)
    with open_journal(path, needs_train_scores=True) as journal:
        assert journal.known(0, {}, 0) is None
        journal.record(Task(0, 0, {}), with_train)
    with open_journal(path, needs_train_scores=True) as journal:
        assert journal.known(0, {}, 0) == with_train


# --- of what it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data X": "ab"}, "the data X differs"),
        ({"data X": "ab", "folds": "cd"}, "the data X and the folds differ"),
        (
            {"data X": "ab", "target y": "", "folds": "cd"},
            "the data X, the target y and the folds differ",
        ),
        ({"folds": "cd"}, "the folds differ.*fixed random_state"),
        ({"metadata": "xx"}, "the metadata differ"),
    ],
)
def test_a_journal_of_something_else_is_refused_and_says_what_differs(path, changes, words):
    record(path, (0, 0, {}, scored(0.5)))
    before = path.read_bytes()
    with pytest.raises(JournalError, match=words):
        open_journal(path, replace(HEADER, fingerprint={**HEADER.fingerprint, **changes}))
    assert path.read_bytes() == before


def test_the_journal_of_another_kind_of_search_is_refused(path):
    record(path)
    with pytest.raises(
        JournalError, match=r"the search \(SomeSearchCV there, OtherCV here\) differs"
    ):
        open_journal(path, replace(HEADER, search="OtherCV"))


def test_other_proposals_are_accepted_and_told(path):
    record(path)
    with open_journal(path, replace(HEADER, proposals="ef", seed=8)) as journal:
        assert not journal.same_proposals
        assert journal.header.seed == 7  # that of the first run
    with open_journal(path) as journal:
        assert journal.same_proposals
        assert not journal.is_new


def test_a_refused_journal_is_unlocked(path):
    record(path)
    with pytest.raises(JournalError, match="something else"):
        open_journal(path, replace(HEADER, search="OtherCV"))
    with open_journal(path):
        pass


@pytest.mark.parametrize("end", ["", os.sep])
def test_a_directory_gives_each_search_its_own_file(tmp_path, end):
    directory = tmp_path / "journals"
    if not end:
        directory.mkdir()
    place = str(directory) + end
    headers = [
        HEADER,
        replace(HEADER, fingerprint={"data X": "zz"}),
        replace(HEADER, random_state="11"),
        replace(HEADER, search="OtherCV"),
    ]
    for k, header in enumerate(headers):
        record(place, (0, 0, {}, scored(float(k))), header=header)
    assert len(list(directory.iterdir())) == len(headers)
    for k, header in enumerate(headers):
        # Neither the seed drawn nor what decides proposals names the file.
        with open_journal(place, replace(header, proposals="xx", seed=1)) as journal:
            assert journal.known(0, {}, 0) == scored(float(k))


@pytest.mark.parametrize("place", [3, None, b"a.jsonl", True])
def test_what_is_no_path_is_refused(place):
    with pytest.raises(TypeError, match="A journal needs a path; got"):
        open_journal(place)


def test_a_journal_does_not_travel(path):
    with open_journal(path) as journal, pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(journal)


def test_a_journal_that_has_just_been_made_by_a_killed_run_is_begun_with_a_warning(path):
    path.touch()
    with pytest.warns(UserWarning, match="is empty"):
        record(path, (0, 0, {}, scored(0.5)))
    with open_journal(path) as journal:
        assert journal.known(0, {}, 0) == scored(0.5)


# The other one sees the empty file of the first.
@pytest.mark.filterwarnings("ignore:.*is empty:UserWarning")
def test_a_journal_that_another_search_begins_meanwhile_is_not_overwritten(path, monkeypatch):
    lock_file = _journal_file.lock_file

    def late(descriptor, name):
        monkeypatch.undo()
        record(path, (0, 0, {"C": 1}, scored(0.5)))  # a whole search, between the look and the lock
        return lock_file(descriptor, name)

    monkeypatch.setattr(_journal_file, "lock_file", late)
    with open_journal(path) as journal:
        assert journal.known(0, {"C": 1}, 0) == scored(0.5)
        journal.record(Task(0, 1, {"C": 1}), scored(0.6))
    assert read_journal(path)[1][0].folds == {0: scored(0.5), 1: scored(0.6)}


def test_an_empty_journal_cannot_be_loaded(path):
    path.touch()
    with (
        pytest.warns(UserWarning, match="is empty"),
        pytest.raises(JournalError, match="no header yet"),
    ):
        read_journal(path)


# --- a disk that is full -------------------------------------------------------------------------------------------


def test_a_full_disk_costs_the_lines_it_has_no_room_for(path, monkeypatch):
    with open_journal(path) as journal:
        journal.record(Task(0, 0, {}), scored(0.0))
        write = os.write

        def write_half(descriptor, line):
            monkeypatch.setattr(os, "write", refuse)
            return write(descriptor, line[: len(line) // 2])

        def refuse(descriptor, line):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", write_half)
        with pytest.warns(UserWarning, match="No space left on device"):
            journal.record(Task(0, 1, {}), scored(0.1))
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # said once
            journal.record(Task(1, 0, {"C": 1}), scored(0.2))
        monkeypatch.setattr(os, "write", write)
        journal.record(Task(0, 2, {}), scored(0.3))
    with open_journal(path) as journal:  # no warning: there is no torn line
        assert [journal.known(0, {}, k) for k in range(3)] == [scored(0.0), None, scored(0.3)]
        assert journal.known(1, {"C": 1}, 0) is None


# --- the lock ------------------------------------------------------------------------------------------------------


def test_a_second_search_in_the_same_process_is_refused(path):
    with open_journal(path), pytest.raises(JournalError, match="in use by another search"):
        open_journal(path)
    with open_journal(path):
        pass


HOLDER = """
    import os, sys, time
    from skbayes.evaluation import Journal, JournalHeader

    class Codec:
        encode = decode = dict

    header = JournalHeader("SomeSearchCV", {"data X": "aa", "target y": "bb", "folds": "cc", "space": "dd"}, 3, "ee")
    journal = Journal.open(sys.argv[1], header, Codec())
    if sys.argv[2] == "fork" and os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(60)
    elif sys.argv[2] == "plain":
        print("open", flush=True)
    time.sleep(60)
"""


def holder(path, kind):
    """Start a process that holds the journal, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(path), kind],
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def test_a_second_process_is_refused_until_the_first_is_killed(path):
    process, said = holder(path, "plain")
    assert said == "open"
    with pytest.raises(JournalError, match="in use by another search"):
        open_journal(path)
    process.kill()
    process.wait()
    with open_journal(path):
        pass
    process.stdout.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a worker, which Windows cannot")
def test_a_forked_worker_that_outlives_the_search_does_not_hold_the_lock(path):
    process, child = holder(path, "fork")
    with pytest.raises(JournalError, match="in use by another search"):
        open_journal(path)
    process.kill()
    process.wait()
    try:
        os.kill(int(child), 0)  # it is still there
        with open_journal(path):
            pass
    finally:
        os.kill(int(child), signal.SIGKILL)
        process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="replaces flock, which Windows has not")
def test_a_file_system_without_locks_is_used_with_a_warning(path, monkeypatch):
    import fcntl

    def no_locks(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.warns(UserWarning, match="has no locks"):
        record(path, (0, 0, {}, scored(0.5)))
    with pytest.warns(UserWarning, match="has no locks"), open_journal(path) as journal:
        assert journal.known(0, {}, 0) == scored(0.5)
