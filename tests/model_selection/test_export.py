"""Histories as files: everything comes back to the last bit, and damage or foreign files are told."""

import json
import math
import os
import struct
import sys
import threading
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from skbayes import BayesSearchCV, GridSearchCV
from skbayes.evaluation import read_sealed, write_sealed
from skbayes.exceptions import JournalError
from skbayes.model_selection import load_history, save_history
from skbayes.optimizer import History, Run, Trial
from skbayes.space import Categorical, Integer, Real, as_space

NAN, INF = math.nan, math.inf


def bits(value):
    """What two values share exactly if they are the same, nan and the sign of zero included."""
    if isinstance(value, float):
        # The sign and the payload of a nan mean nothing.
        return struct.pack("d", NAN if math.isnan(value) else value)
    if isinstance(value, dict):
        return [(key, bits(entry)) for key, entry in value.items()]
    if isinstance(value, tuple):
        return [bits(entry) for entry in value]
    if isinstance(value, Run):
        return [bits(getattr(value, f.name)) for f in fields(Run)]
    return type(value), value if type(value) in (int, str, bool, type(None)) else id(value)


def content(history):
    rows = [[(f.name, bits(getattr(t, f.name))) for f in fields(Trial)] for t in history]
    return history.origin, rows


class Locked:
    """Cannot be pickled, and two of them have one repr."""

    def __init__(self):
        self.lock = threading.Lock()


FIRST, SECOND = SVC(), SVC(C=2.0)
ODD = [FIRST, SECOND, (50, 50), (50,), None, True, 1, 1.0, "1", "é\n", 10**30, NAN, INF, -INF, -0.0]
RUNS = (
    Run(0, 1.7e9 + 0.1, 0.1 + 0.2, 1e-300, "é:1:2", "memory"),
    Run(2, NAN, 0.0, -0.0, "", "failed"),
)
FULL = History(
    (
        Trial(
            0, {"a": FIRST, "C": 0.1 + 0.2}, 0.1, "complete", 1e-300, (0.1, NAN), 3.5, {"f1": -INF}
        ),
        Trial(1, {"a": (50,)}, NAN, "failed"),
        Trial(2, {}, -0.0, "pruned", None, (NAN, INF), 0.0, {}, RUNS),
    ),
    origin="abc",
)
RUN = asdict(RUNS[0])
SPACE = {"a": Categorical(ODD), "C": (0.0, 1.0)}


def test_every_field_of_every_trial_comes_back(tmp_path):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path)
    assert content(load_history(path, SPACE)) == content(FULL)


@pytest.mark.parametrize("with_space", [True, False])
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_a_choice_comes_back_as_the_users_own_object(tmp_path, value, with_space):
    path = tmp_path / "history.jsonl"
    save_history([Trial(0, {"a": value}, 1.0)], path, SPACE if with_space else None)
    [trial] = load_history(path, SPACE)
    assert bits(trial.params["a"]) == bits(value)


def test_without_a_space_an_object_is_a_text(tmp_path):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path)
    assert load_history(path).trials[0].params["a"] == "<0: SVC()>"


def test_choices_may_be_reordered_and_added_to(tmp_path):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path, SPACE)
    other = {**SPACE, "a": Categorical([LogisticRegression(), *ODD[::-1]])}
    assert load_history(path, other).trials[0].params["a"] is FIRST


def test_what_no_fingerprint_tells_apart_is_known_by_its_position_in_the_same_list(tmp_path):
    path = tmp_path / "history.jsonl"
    twins = [Locked(), Locked()]
    space = {"lock": Categorical(twins)}
    save_history([Trial(0, {"lock": twins[1]}, 1.0)], path, space)
    assert load_history(path, space).trials[0].params["lock"] is twins[1]
    with pytest.raises(JournalError, match=r"space has 2 such choices among 3 objects for lock"):
        load_history(path, {"lock": Categorical([(1, 2), *twins])})


def test_an_object_that_the_space_has_not_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path)
    with pytest.raises(JournalError, match=r"has a=SVC\(\), and space has no such choice"):
        load_history(path, {"a": Categorical([(50, 50), (50,)]), "C": (0.0, 1.0)})


# ---------------------------------------------------------------------------------------------- random histories

OBJECTS = [None, "a", 1.5, (1, 2), len, [1], np.arange(3), True, 1, 1.0, FIRST]
DIMENSIONS = st.one_of(
    st.integers(-20, 20).map(lambda low: Real(float(low), low + 3.0)),
    st.integers(-20, 20).map(lambda low: Integer(low, low + 9)),
    st.just(Real(1e-9, 1e9, "log-uniform")),
    st.integers(1, len(OBJECTS)).map(lambda n: Categorical(OBJECTS[:n])),
)
BRANCHES = st.dictionaries(st.sampled_from("pqrs"), DIMENSIONS, min_size=1)
SPACES = st.lists(BRANCHES, min_size=1, max_size=3).map(lambda b: b[0] if len(b) == 1 else b)
ANY = st.floats() | st.integers(-5, 5).map(float)

RUNNING = st.builds(
    Run,
    fold=st.integers(0, 99),
    started=ANY,
    fit_time=ANY,
    score_time=ANY,
    worker=st.text(max_size=5),
    status=st.sampled_from(["complete", "failed", "timeout", "memory"]),
)


@st.composite
def histories(draw):
    spec = draw(SPACES)
    space = as_space(spec)
    n = draw(st.integers(0, 5))
    U = space.sample(n, np.random.default_rng(draw(st.integers(0, 2**32))))
    trials = [
        Trial(
            number=draw(st.integers(0, 10**6)),
            params=space.decode(u),
            score=draw(ANY),
            status=draw(st.sampled_from(["complete", "failed", "pruned", "timeout", "memory"])),
            noise_variance=draw(st.none() | ANY),
            fold_scores=draw(st.none() | st.lists(ANY, max_size=3).map(tuple)),
            fit_time=draw(st.none() | ANY),
            metrics=draw(st.none() | st.dictionaries(st.text(max_size=5), ANY, max_size=3)),
            runs=draw(st.none() | st.lists(RUNNING, max_size=2).map(tuple)),
        )
        for u in U
    ]
    return spec, History(tuple(trials), draw(st.none() | st.text(max_size=8)))


@given(case=histories())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_history_of_any_space_survives(case, tmp_path_factory):
    spec, history = case
    path = tmp_path_factory.mktemp("export") / "history.jsonl"
    save_history(history, path, spec)
    assert content(load_history(path, spec)) == content(history)
    # A second export of what was read is the same file, byte for byte.
    again = path.with_name("again.jsonl")
    save_history(load_history(path, spec), again, spec)
    assert again.read_bytes() == path.read_bytes()


# ----------------------------------------------------------------------------------------------- damage, foreign files


@given(where=st.integers(0, 10**6), bit=st.integers(0, 7))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_flipped_bit_passes(where, bit, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "history.jsonl"
    save_history(FULL, path)
    data = bytearray(path.read_bytes())
    data[where % len(data)] ^= 1 << bit
    path.write_bytes(bytes(data))
    with pytest.raises(JournalError):  # of what kind hangs on the place
        load_history(path)


def test_a_lost_line_is_missed(tmp_path):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(JournalError, match=r"written with 3 trials and has 2"):
        load_history(path)
    path.write_bytes(b"".join(lines)[:-5])
    with pytest.raises(JournalError, match=r"ends in the middle of line 4"):
        load_history(path)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], lines[3]]).replace(b"\n", b"\r\n"))
    assert [trial.number for trial in load_history(path)] == [1, 0, 2]


def test_a_line_of_another_file_does_not_pass(tmp_path):
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    save_history(History(FULL.trials, "one"), one)
    save_history(History(FULL.trials, "other"), other)
    lines = [*one.read_bytes().splitlines()[:-1], other.read_bytes().splitlines()[-1], b""]
    one.write_bytes(b"\n".join(lines))
    with pytest.raises(JournalError, match=r"Line 4 .* the checksum does not fit"):
        load_history(one)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"hello", b'{"a": 1}\n', b"PK\x03\x04\x00", b'{"format":"skbayes-his']
)
@pytest.mark.filterwarnings("ignore:The journal .* is empty:UserWarning")
def test_a_foreign_file_is_refused(tmp_path, data):
    path = tmp_path / "foreign"
    path.write_bytes(data)
    with pytest.raises(
        JournalError, match=r"no journal|no header yet|not the header|lost its header"
    ) as caught:
        load_history(path)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "done"}, "status is 'done'"),
        ({"score": "0.5"}, "score is '0.5'"),
        ({"score": None}, "score is None"),
        ({"number": True}, "number is True"),
        ({"fold_scores": [0.1, "x"]}, "fold_scores is"),
        ({"metrics": [0.1]}, r"metrics is \(0.1,\)"),
        ({"metrics": {"f1": "high"}}, "metrics is {'f1': 'high'}"),
        ({"params": [1]}, "params is"),
        ({"later": 1}, "it has .*later"),
        ({"runs": 1}, "runs is 1"),
        ({"runs": [1]}, "a run is 1"),
        ({"runs": [{}]}, "a run is {}"),
        ({"runs": [{**RUN, "later": 1}]}, "a run is .*later"),
        ({"runs": [{**RUN, "fold": 0.5}]}, "a run is .*0.5"),
        ({"runs": [{**RUN, "fold": True}]}, "a run is .*True"),
        ({"runs": [{**RUN, "status": "well"}]}, "a run is .*well"),
        ({"runs": [{**RUN, "worker": 7}]}, "a run is .*7"),
        ({"runs": [{**RUN, "started": "now"}]}, "a run is .*now"),
        ({"params": {"a": {"choice": 9, "shown": "x"}}}, "no choice 9"),
    ],
)
def test_a_line_that_is_no_trial_is_named(tmp_path, change, message):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path)
    header, first, *rest = read_sealed(path)
    write_sealed(path, header, [{**first, **change}, *rest])
    with pytest.raises(JournalError, match=f"Line 2 .*{message}"):
        load_history(path, SPACE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 3}, r"format version 3, .* versions 1 to 2"),
        ({"choices": {"a": [1]}}, "not the header"),
        ({"origin": 3}, "not the header"),
        ({"more": 3}, "not the header"),
    ],
)
def test_a_header_of_another_version_is_refused(tmp_path, change, message):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path)
    header, *lines = read_sealed(path)
    write_sealed(path, {**header, **change}, lines)
    with pytest.raises(JournalError, match=message):
        load_history(path)


def test_a_file_of_the_first_version_has_no_runs_and_is_read(tmp_path):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path)
    header, *lines = read_sealed(path)
    old = [{key: entry for key, entry in line.items() if key != "runs"} for line in lines]
    write_sealed(path, {**header, "version": 1}, old)
    history = load_history(path, SPACE)
    assert content(history) == content(
        History(tuple(replace(trial, runs=None) for trial in FULL), FULL.origin)
    )


def test_the_lines_are_plain_json(tmp_path):
    path = tmp_path / "history.jsonl"
    save_history(FULL, path)
    header, first, *_ = [json.loads(line) for line in path.read_text().splitlines()]
    assert header["format"], header["n_trials"] == ("skbayes-history", 3)
    assert first["score"], first["fold_scores"] == (0.1, [0.1, {"float": "nan"}])


# ------------------------------------------------------------------------------------------------------------ writing


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "history.jsonl"
    write_sealed(path, {"format": "x"}, [{"a": 1}])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="Out of range"):
        write_sealed(path, {"format": "x"}, [{"a": 1}, {"a": NAN}])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["history.jsonl"]


def test_places_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a directory"):
        save_history(FULL, tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no directory"):
        save_history(FULL, tmp_path / "none" / "history.jsonl")
    with pytest.raises(TypeError, match="save_history needs a History"):
        save_history(3, tmp_path / "history.jsonl")


def test_a_journal_is_not_overwritten(tmp_path):
    path = tmp_path / "search.jsonl"
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=3, journal=path).fit(X, y)
    with pytest.raises(JournalError, match="is the journal of a search"):
        save_history(search, path)


@pytest.mark.skipif(sys.platform == "win32", reason="looks at POSIX modes, which Windows has not")
def test_the_file_has_the_mode_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    save_history(FULL, tmp_path / "history.jsonl")
    assert (tmp_path / "history.jsonl").stat().st_mode == (tmp_path / "plain").stat().st_mode


# ------------------------------------------------------------------------------------------------------------ searches


def test_a_search_goes_on_from_an_export_as_from_the_history_itself(tmp_path):
    X, y = load_iris(return_X_y=True)
    space = {"C": (1e-2, 1e2, "log-uniform"), "class_weight": [None, {0: 1.0, 1: 2.0}]}
    earlier = BayesSearchCV(SVC(), space, n_iter=8, cv=3, random_state=0).fit(X, y)
    path = tmp_path / "history.jsonl"
    save_history(earlier, path)
    loaded = load_history(path, space)
    assert content(loaded)[0] == earlier.history_.origin is not None
    results = [
        BayesSearchCV(SVC(), space, n_iter=4, cv=3, history=history, random_state=1).fit(X, y)
        for history in (earlier.history_, loaded)
    ]
    assert results[0].cv_results_["params"] == results[1].cv_results_["params"]
    tried = [trial.params for trial in earlier.history_]
    assert not any(params in tried for params in results[1].cv_results_["params"])


def test_two_threads_may_write_one_file(tmp_path):
    path = tmp_path / "history.jsonl"
    other = threading.Thread(target=write_sealed, args=(path, {"who": "other"}, [{"a": 1}]))

    def entries():
        other.start()
        other.join()
        yield {"b": 2}

    write_sealed(path, {"who": "one"}, entries())
    assert [line.get("who") for line in read_sealed(path)] == ["one", None]
    assert os.listdir(tmp_path) == ["history.jsonl"]
