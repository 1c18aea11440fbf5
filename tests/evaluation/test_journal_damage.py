"""More than a hundred kinds of damaged journal: a clear error, or a warning, and never a wrong result."""

import gzip
import json
import math
import os
import stat
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skbayes.evaluation import FoldResult, Journal, JournalHeader, Task
from skbayes.exceptions import JournalError

N_FOLDS = 3
HEADER = JournalHeader("SomeSearchCV", {"data X": "aa", "folds": "cc"}, N_FOLDS, "ee", seed=7)
CANDIDATES = [
    {"C": 0.1 + 0.2, "kernel": "rbf"},
    {"C": 1e-300, "kernel": "poly", "degree": 3},
    {"C": 5e-324, "kernel": "größer\n"},
    {"C": 12345678901234567890, "kernel": None},
]
UNITS = [(k, fold) for k in range(len(CANDIDATES)) for fold in range(N_FOLDS)]


class PlainCodec:
    """Parameters that are JSON already."""

    def encode(self, params):
        return dict(params)

    def decode(self, view):
        return dict(view)


def result_of(candidate: int, fold: int) -> FoldResult:
    """Return what a unit gives: a number that no short decimal stands for, or a failure."""
    if (candidate, fold) == (2, 1):
        return FoldResult(math.nan, None, 0.25, 0.0, 7, fit_error="boo\udc80\n\x00", started=3.5)
    score = math.sqrt(2 + candidate) / (3 + fold)
    return FoldResult(score, None, score / 7, score / 9, 10 + fold, started=1e9, worker="a:1:2")


def open_journal(path: Path) -> Journal:
    return Journal.open(path, HEADER, PlainCodec())


def write(path: Path, scale: float = 1.0) -> bytes:
    with open_journal(path) as journal:
        for unit in UNITS:
            result = result_of(*unit)
            if scale != 1.0:
                result = FoldResult(result.test_scores * scale, None, 1.0, 1.0, 5)
            journal.record(Task(*unit, CANDIDATES[unit[0]]), result)
    return path.read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    return write(tmp_path_factory.mktemp("whole") / "a.jsonl")


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> bytes:
    """A journal of the same search that scored otherwise."""
    return write(tmp_path_factory.mktemp("other") / "a.jsonl", scale=0.5)


def check_damaged(path: Path, *, is_silent_loss: bool = False) -> str:
    """Open a damaged journal, finish the search with it, and read it again; return what happened."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            journal = open_journal(path)
        except JournalError as error:
            return "error" if str(path) in str(error) else f"a message without the file: {error}"
    with journal:
        found = {u: journal.known(u[0], CANDIDATES[u[0]], u[1]) for u in UNITS}
        for unit, result in found.items():
            assert result is None or repr(result) == repr(result_of(*unit)), "a wrong result"
        if None in found.values() and not is_silent_loss:
            assert caught, "results were lost without a word"
        for unit in (unit for unit, result in found.items() if result is None):
            journal.record(Task(*unit, CANDIDATES[unit[0]]), result_of(*unit))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the damage is still in the file
        with open_journal(path) as journal:
            for unit in UNITS:
                again = journal.known(unit[0], CANDIDATES[unit[0]], unit[1])
                assert repr(again) == repr(result_of(*unit)), (
                    "the second run lost or changed something"
                )
    return "warning" if caught else "nothing"


# --- the kinds of damage -------------------------------------------------------------------------------------------

Damage = Callable[[bytes], bytes]


def lines_of(data: bytes) -> list[bytes]:
    return data.split(b"\n")[:-1]


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def sealed(body: bytes, header: bytes | None) -> bytes:
    """Write the checksum anew, as a program would that knows the format."""
    start = 0 if header is None else int(header[-10:-2], 16)
    return body[:-1] + b',"crc":"%08x"}' % zlib.crc32(body[:-1], start)


def forged(number: int, change: Callable[[dict[str, Any]], None]) -> Damage:
    """Change an entry of a line and let its checksum fit."""

    def damage(data: bytes) -> bytes:
        lines = lines_of(data)
        content = json.loads(lines[number])
        del content["crc"]
        change(content)
        body = json.dumps(content, separators=(",", ":")).encode()
        lines[number] = sealed(body, lines[0] if number else None)
        return joined(lines)

    return damage


def with_entry(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content[name] = value

    return change


def without(name: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        del content[name]

    return change


def on_lines(change: Callable[[list[bytes]], list[bytes]]) -> Damage:
    return lambda data: joined(change(lines_of(data)))


def edited(number: int, old: bytes, new: bytes) -> Damage:
    """Change a line as with an editor: the checksum stays."""

    def damage(data: bytes) -> bytes:
        lines = lines_of(data)
        assert old in lines[number], (old, lines[number])
        lines[number] = lines[number].replace(old, new, 1)
        return joined(lines)

    return damage


def flipped(place: float, bit: int) -> Damage:
    def damage(data: bytes) -> bytes:
        at = int(place * (len(data) - 1))
        return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]

    return damage


def cut_after(mark: bytes, number: int, n_more: int = 0) -> Damage:
    """Cut the file behind a mark in a line."""

    def damage(data: bytes) -> bytes:
        lines = lines_of(data)
        before = sum(len(line) + 1 for line in lines[:number])
        return data[: before + lines[number].index(mark) + len(mark) + n_more]

    return damage


def inserted(number: int, line: bytes) -> Damage:
    return on_lines(lambda lines: [*lines[:number], line, *lines[number:]])


DAMAGES: dict[str, Damage] = {}

# Torn: in every kind of place that a line has, in the first, a middle and the last line.
for mark in (b"{", b'"candidate"', b'"candidate":', b'"params":{', b'"C":', b'"test_scores":', b'"test_scores":0.',
             b'"fit_time":', b'"status":"com', b'"fit_error":nu', b'"worker":"a:1', b'"crc"', b'"crc":"', b"}",
             ):  # fmt: skip
    for number in (5, 12):
        DAMAGES[f"cut in line {number} after {mark!r}"] = cut_after(mark, number)
for mark in (
    b"{",
    b'{"format',
    b'{"format":"skbayes-journal"',
    b'"version":1',
    b'"fingerprint":{',
    b'"crc":"',
):
    DAMAGES[f"cut in the header after {mark!r}"] = cut_after(mark, 0)
DAMAGES["cut before the last line feed"] = lambda data: data[:-1]
DAMAGES["cut before the line feed of the header"] = lambda data: lines_of(data)[0]
DAMAGES["cut after the header"] = on_lines(lambda lines: lines[:1])  # as if just begun
DAMAGES["empty"] = lambda data: b""

# Flipped bits, spread over the file; those in the first tenth hit the header.
for k in range(32):
    DAMAGES[f"bit {k % 8} flipped at {k}/31"] = flipped(k / 31, k % 8)
for k in range(6):
    DAMAGES[f"bit {k} flipped in the header"] = flipped(0.01 * (k + 1), k)

# Lines at other places.
DAMAGES["two lines swapped"] = on_lines(lambda ls: [*ls[:3], ls[4], ls[3], *ls[5:]])
DAMAGES["records reversed"] = on_lines(lambda ls: [ls[0], *ls[:0:-1]])
DAMAGES["header last"] = on_lines(lambda ls: [*ls[1:], ls[0]])
DAMAGES["header missing"] = on_lines(lambda ls: ls[1:])
DAMAGES["header twice"] = on_lines(lambda ls: [ls[0], *ls])
DAMAGES["header again in the middle"] = on_lines(lambda ls: [*ls[:5], ls[0], *ls[5:]])
DAMAGES["file twice"] = lambda data: data + data
DAMAGES["a line twice"] = on_lines(lambda ls: [*ls, ls[3]])
DAMAGES["every line twice"] = on_lines(
    lambda ls: [ls[0], *(each for line in ls[1:] for each in (line, line))]
)
DAMAGES["two lines on one"] = on_lines(lambda ls: [*ls[:4], ls[4] + ls[5], *ls[6:]])
DAMAGES["a line in two"] = on_lines(lambda ls: [*ls[:4], ls[4][:50], ls[4][50:], *ls[5:]])
DAMAGES["half a line, then more"] = on_lines(lambda ls: [*ls[:4], ls[4][:60] + ls[5], *ls[6:]])
DAMAGES["a tail of another line"] = on_lines(lambda ls: [*ls[:4], ls[4][:60] + ls[5][60:], *ls[6:]])

# Other bytes.
DAMAGES["NUL bytes at the end"] = lambda data: data + b"\0" * 4096
DAMAGES["NUL bytes in place of the end"] = lambda data: data[:-300] + b"\0" * 300
DAMAGES["NUL bytes in the middle"] = lambda data: data[:900] + b"\0" * 512 + data[1412:]
DAMAGES["a line of NUL bytes"] = inserted(4, b"\0" * 100)
DAMAGES["NUL bytes, then a line"] = on_lines(lambda ls: [*ls[:-1], b"\0" * 100 + ls[-1]])
DAMAGES["NUL bytes only"] = lambda data: b"\0" * len(data)
DAMAGES["NUL bytes in the header"] = lambda data: b"\0" * 20 + data[20:]
DAMAGES["0xFF in the middle"] = lambda data: data[:1000] + b"\xff" * 40 + data[1040:]
DAMAGES["not UTF-8"] = edited(2, b"rbf", b"r\xe9f")
DAMAGES["not UTF-8 in the header"] = edited(0, b"SomeSearch", b"Some\xe9earch")
DAMAGES["carriage returns"] = lambda data: data.replace(b"\n", b"\r\n")
DAMAGES["carriage returns only"] = lambda data: data.replace(b"\n", b"\r")
DAMAGES["a byte order mark"] = lambda data: b"\xef\xbb\xbf" + data
DAMAGES["a byte order mark and nothing else"] = lambda data: b"\xef\xbb\xbf"
DAMAGES["byte order mark and carriage returns"] = lambda data: (
    b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
)
DAMAGES["UTF-16"] = lambda data: data.decode().encode("utf-16")
DAMAGES["gzip"] = gzip.compress
DAMAGES["blank lines at the end"] = lambda data: data + b"\n\n"
DAMAGES["a blank first line"] = lambda data: b"\n" + data
DAMAGES["spaces at the ends"] = lambda data: data.replace(b"\n", b"  \n")
DAMAGES["indented"] = on_lines(
    lambda ls: [json.dumps(json.loads(line), indent=1).encode() for line in ls]
)
DAMAGES["written again with other spaces"] = on_lines(
    lambda ls: [json.dumps(json.loads(line)).encode() for line in ls]
)
DAMAGES["one JSON array"] = lambda data: b"[" + b",".join(lines_of(data)) + b"]\n"

# Lines of something else.
for name, line in {
    "garbage": b"garbage", "a conflict mark": b"<<<<<<< HEAD", "an empty object": b"{}", "a list": b"[1,2]",
    "a number": b"3", "null": b"null", "an object with a checksum": b'{"a":1,"crc":"00000000"}',
    "a sealed object of nothing": b'{"crc":"00000000"}',
}.items():  # fmt: skip
    DAMAGES[f"{name} in the middle"] = inserted(4, line)
    DAMAGES[f"{name} as header"] = on_lines(lambda ls, line=line: [line, *ls[1:]])
DAMAGES["nested deep"] = lambda data: (
    data + sealed(b'{"a":' + b"[" * 100_000 + b"}", lines_of(data)[0]) + b"\n"
)
DAMAGES["a text without line feed"] = lambda data: b"my diary, not a journal"
DAMAGES["a header in capitals without line feed"] = lambda data: lines_of(data)[0].upper()

# Edited by hand: the checksum tells.
for old, new in {
    b'"candidate":1': b'"candidate":2', b'"fold":0': b'"fold":1', b'"kernel":"poly"': b'"kernel":"rbf"',
    b'"test_scores":0.': b'"test_scores":1.', b'"complete"': b'"failed"', b'"n_test_samples":10': b'"n_test_samples":9',
    b'"seed":7': b'"seed":8', b'"train_scores":null': b'"train_scores":0.5', b'"degree":3': b'"degree":3.0',
    b'"crc":"': b'"CRC":"',
}.items():  # fmt: skip
    DAMAGES[f"edited {old!r} to {new!r}"] = edited(4, old, new)
for old, new in {
    b'"version":1': b'"version":2', b'"data X":"aa"': b'"data X":"ab"', b'"n_folds":3': b'"n_folds":5',
    b'"seed":7': b'"seed":8', b'"skbayes-journal"': b'"skbayes-Journal"',
}.items():  # fmt: skip
    DAMAGES[f"header edited {old!r} to {new!r}"] = edited(0, old, new)

# Written by another program: the checksum fits, and the content cannot be.
IMPOSSIBLE: dict[str, list[Any]] = {
    "candidate": [-1, 1.0, "1", None, True, [1]],
    "fold": [3, -1, 0.0, "0", None],
    "params": [[], None, "C=1", {"C": 2.0}, {}],
    "test_scores": [None, "0.5", "NaN", True, [0.5], {"acc": "x"}, 0.125],
    "train_scores": ["0.5", {"a": None}],
    "fit_time": [None, "1", {}],
    "score_time": [None, True],
    "n_test_samples": [-1, 1.5, None],
    "status": ["done", None, 1],
    "fit_error": [1, ["a"]],
    "score_error": [False],
    "started": [None, "now"],
    "worker": [None, 3],
    "seed": [-1, 0.5, "7"],
    "conditions": [[], "none"],
}
FORGED: dict[str, Damage] = {}
for name, values in IMPOSSIBLE.items():
    for value in values:
        # Line 5 is fold 1 of candidate 1: what contradicts must contradict another line.
        FORGED[f"{name}={value!r}"] = forged(5, with_entry(name, value))
    if name != "conditions":
        FORGED[f"no {name}"] = forged(5, without(name))
FORGED["test_scores=0.125"] = lambda data: (
    data + lines_of(forged(5, with_entry("test_scores", 0.125))(data))[5] + b"\n"
)
FORGED["two sorts of metrics"] = forged(4, with_entry("test_scores", {"a": 1.0}))
for name in ("format", "version", "search", "fingerprint", "n_folds", "proposals"):
    if name != "proposals":
        FORGED[f"header without {name}"] = forged(0, without(name))
    for value in (None, 2, "2", [1], {"a": 1}):
        FORGED[f"header with {name}={value!r}"] = forged(0, with_entry(name, value))
FORGED["header with n_folds=0"] = forged(0, with_entry("n_folds", 0))
FORGED["header with one entry more"] = forged(0, with_entry("colour", "red"))
FORGED["header of other data"] = forged(
    0, with_entry("fingerprint", {"data X": "ab", "folds": "cc"})
)
for name in ("header with proposals='2'",):
    del FORGED[name]  # a digest like any other


def test_there_are_more_than_a_hundred_kinds(whole):
    assert len({damage(whole) for damage in DAMAGES.values()} - {whole}) >= 100


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_journal_never_gives_a_wrong_result(kind, whole, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(DAMAGES[kind](whole))
    # A file that ends with a whole line may be one of a run that had got no further.
    outcome = check_damaged(
        path, is_silent_loss=kind == "cut after the header" or kind.endswith("b'}'")
    )
    harmless = ("swapped", "reversed", "line twice", "file twice", "cut after the header")
    if not any(word in kind for word in harmless) and DAMAGES[kind](whole) != whole:
        assert outcome in ("error", "warning")


@pytest.mark.parametrize("kind", FORGED)
def test_a_line_that_passes_its_checksum_and_cannot_be_is_an_error(kind, whole, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(FORGED[kind](whole))
    before = path.read_bytes()
    assert check_damaged(path) == "error"
    assert path.read_bytes() == before  # nobody's file is touched


def test_lines_of_another_journal_of_the_same_search_are_not_believed(whole, other, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(joined([*lines_of(whole)[:6], *lines_of(other)[3:]]))
    assert check_damaged(path) == "warning"


@pytest.mark.parametrize(
    "text", [b"my diary", b"my diary\n", b"{}\n", b'{"a":1}', b"\0\0\0", b"\n", b"a,b\n1,2\n"]
)
def test_a_file_of_another_kind_is_left_alone(text, tmp_path):
    path = tmp_path / "diary.txt"
    path.write_bytes(text)
    with pytest.raises(JournalError, match=r"diary\.txt"):
        open_journal(path)
    assert path.read_bytes() == text


def test_a_torn_line_is_cut_off_and_named(whole, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(whole[:-20])
    with pytest.warns(UserWarning, match="last line .* is torn"), open_journal(path):
        pass
    assert path.read_bytes() == joined(lines_of(whole)[:-1])


def test_the_warning_names_the_damaged_lines(whole, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(edited(4, b'"test_scores":0.', b'"test_scores":1.')(whole))
    with (
        pytest.warns(UserWarning, match=r"1 damaged lines.*line 5 \(the checksum"),
        open_journal(path),
    ):
        pass


splices = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40)), min_size=1, max_size=4
)


@settings(max_examples=150)
@given(splices=splices)
def test_any_bytes_at_any_place(splices, whole, tmp_path_factory):
    # A checksum of 32 bits that fits by chance is not to be expected in so few tries.
    data = whole
    for place, n_lost, new in splices:
        at = int(place * len(data))
        data = data[:at] + new + data[at + n_lost :]
    path = tmp_path_factory.mktemp("spliced") / "a.jsonl"
    path.write_bytes(data)
    # Whole lines may go without a trace: as if they had not been evaluated.
    assert check_damaged(path, is_silent_loss=True) in ("error", "warning", "nothing")


def test_a_directory_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(JournalError, match="No such file or directory"):
        open_journal(tmp_path / "no" / "a.jsonl")


def test_a_file_in_place_of_the_directory_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be opened"):
        open_journal(tmp_path / "file" / "a.jsonl")


@pytest.mark.skipif(
    not hasattr(os, "mkfifo"), reason="makes a named pipe in a folder, which Windows has not"
)
def test_a_pipe_is_an_error_and_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(JournalError, match="not a regular file"):
        open_journal(tmp_path / "pipe")


def test_a_file_that_must_not_be_written_is_an_error(tmp_path, whole, monkeypatch):
    path = tmp_path / "a.jsonl"
    path.write_bytes(whole)
    path.chmod(stat.S_IRUSR)
    if os.access(path, os.W_OK):  # the superuser may write anything: say what the system would say

        def refuse(*args: Any) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(JournalError, match="Permission denied"):
        open_journal(path)
