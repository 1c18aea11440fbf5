"""What a journal holds: a header, and one record for each finished (candidate, fold).

`parse_journal` never guesses: a line that does not pass its checksum is left out with a warning, and contents that
pass it and yet contradict each other are an error.
"""

import json
import warnings
from dataclasses import dataclass
from typing import Any

from ..exceptions import JournalError
from ._journal_header import JournalHeader, check_begun, read_header
from ._journal_lines import (
    Damage,
    is_count,
    line_checksum,
    number_from_json,
    number_to_json,
    require,
    scores_from_json,
    scores_to_json,
    seal,
    unseal,
)
from ._unit import FoldResult

__all__ = ["NOTHING", "Contents", "Record", "params_key", "parse_journal"]

_LIMITS = ("timeout", "memory")
_STATUSES = ("complete", "failed", *_LIMITS)
_BOM = b"\xef\xbb\xbf"
_MAX_LISTED = 5  # lines that a warning names


@dataclass(frozen=True)
class Record:
    """One finished (candidate, fold).

    Parameters
    ----------
    candidate : int
        Number of the candidate in the journal.
    fold : int
        Position of the fold.
    params : dict
        The parameters as JSON; see the codec.
    result : FoldResult
        What it gave.
    conditions : dict or None
        Settings under which it failed, of which another run may have others; None if it did not fail.
    seed : int or None
        Seed of the search that ran it.
    """

    candidate: int
    fold: int
    params: dict[str, Any]
    result: FoldResult
    conditions: dict[str, Any] | None = None
    seed: int | None = None

    def line(self, start: int) -> bytes:
        """Return the record as a line; `start` is the checksum of the header."""
        result = self.result
        content = {
            "candidate": self.candidate,
            "fold": self.fold,
            "params": self.params,
            "test_scores": scores_to_json(result.test_scores),
            "train_scores": scores_to_json(result.train_scores),
            "fit_time": number_to_json(result.fit_time),
            "score_time": number_to_json(result.score_time),
            "n_test_samples": int(result.n_test_samples),
            "status": result.status,
            "fit_error": result.fit_error,
            "score_error": result.score_error,
            "started": number_to_json(result.started),
            "worker": result.worker,
            "seed": self.seed,
        }
        if self.conditions is not None:
            content["conditions"] = self.conditions
        return seal(content, start)

    def replaces(self, earlier: "Record") -> bool:
        """Whether it was made because the earlier record was of no use to a later run."""
        had_failed = earlier.conditions is not None
        had_less = earlier.result.train_scores is None and self.result.train_scores is not None
        return had_failed or had_less

    def agrees(self, earlier: "Record") -> bool:
        """Whether both say the same, but for times."""
        ours, theirs = (
            json.dumps([scores_to_json(r.test_scores), scores_to_json(r.train_scores)])
            for r in (self.result, earlier.result)
        )
        return ours == theirs


# What every record has; "conditions" only one that failed.
_ENTRIES = {
    "candidate", "fold", "params", "test_scores", "train_scores", "fit_time", "score_time", "n_test_samples",
    "status", "fit_error", "score_error", "started", "worker", "seed",
}  # fmt: skip


def params_key(params: dict[str, Any]) -> str:
    """Return a text that is equal for equal parameters and no others; 1, 1.0 and true differ."""
    return json.dumps(params, sort_keys=True)


@dataclass(frozen=True)
class Contents:
    """A journal as read.

    Parameters
    ----------
    header : JournalHeader or None
        None if nothing has been written yet.
    start : int
        Checksum of the header.
    records : dict of (int, int) to Record
        By candidate and fold.
    n_bytes : int
        Where the last whole line ends; what is behind it is torn.
    """

    header: JournalHeader | None
    start: int
    records: dict[tuple[int, int], Record]
    n_bytes: int


NOTHING = Contents(None, 0, {}, 0)


def parse_journal(data: bytes, path: str) -> Contents:
    """Read the bytes of a journal.

    Parameters
    ----------
    data : bytes
        The whole file.
    path : str
        Its name, for messages.

    Returns
    -------
    contents : Contents
        Every record that is as it was written.

    Raises
    ------
    JournalError
        If the file is no journal, its header is damaged, it is of a format that is not known, or records
        contradict each other.
    """
    text = data.removeprefix(_BOM)
    n_bytes = len(data) - len(text) + text.rfind(b"\n") + 1
    lines = text.split(b"\n")
    torn = lines.pop()
    if not lines:
        check_begun(torn, path)
        return NOTHING
    was_edited = len(text) < len(data) or any(line.endswith(b"\r") for line in lines)
    lines = [line.removesuffix(b"\r") for line in lines]
    header = read_header(lines[0], path)
    start = line_checksum(lines[0])
    records, damaged = _read_records(lines[1:], header, start, path)
    if was_edited:
        _warn(f"The journal {path} was saved by an editor (byte order mark or carriage returns). "
              "Every line that is used still passes its checksum.")  # fmt: skip
    if damaged:
        more = ", ..." if len(damaged) > _MAX_LISTED else ""
        _warn(f"The journal {path} has {len(damaged)} damaged lines, which are left out: "
              f"{', '.join(damaged[:_MAX_LISTED])}{more}. What they held is evaluated again.")  # fmt: skip
    if torn:
        _warn(f"The last line of the journal {path} is torn ({len(torn)} bytes without an end), as after a "
              "crash, and is dropped. What it held is evaluated again.")  # fmt: skip
    return Contents(header, start, records, n_bytes)


def _read_records(
    lines: list[bytes], header: JournalHeader, start: int, path: str
) -> tuple[dict[tuple[int, int], Record], list[str]]:
    """Return the records, and which lines are damaged and how."""
    records = _Records()
    damaged = []
    for number, line in enumerate(lines, start=2):
        try:
            content = unseal(line, start)
        except Damage as damage:
            damaged.append(f"line {number} ({damage})")
            continue
        try:
            records.add(_as_record(content, header))
        except Damage as damage:
            raise JournalError(
                f"Line {number} of the journal {path} cannot be: {damage}. Its checksum is right, so it was written "
                "like this, by another program or by two searches at once. Remove the line, or give another path."
            ) from None
    return records.by_unit, damaged


class _Records:
    """Records that do not contradict each other."""

    def __init__(self) -> None:
        self.by_unit: dict[tuple[int, int], Record] = {}
        self._params: dict[int, str] = {}
        self._metrics: list[Any] = []

    def add(self, record: Record) -> None:
        unit, key = (record.candidate, record.fold), params_key(record.params)
        if self._params.setdefault(record.candidate, key) != key:
            raise Damage(f"candidate {record.candidate} has other parameters than before")
        scores = record.result.test_scores
        if record.result.status == "complete":  # a failure may hold one number for all metrics
            self._metrics = self._metrics or [sorted(scores) if isinstance(scores, dict) else None]
            if [sorted(scores) if isinstance(scores, dict) else None] != self._metrics:
                raise Damage("its metrics are not those of the records before")
        earlier = self.by_unit.get(unit)
        if earlier is None or record.replaces(earlier):
            self.by_unit[unit] = record
        elif not record.agrees(earlier):
            raise Damage(f"fold {unit[1]} of candidate {unit[0]} has other scores than before")


def _as_record(content: dict[str, Any], header: JournalHeader) -> Record:
    missing = _ENTRIES - content.keys()
    if missing:
        raise Damage(f"it has no {sorted(missing)}")
    candidate, fold, params = content["candidate"], content["fold"], content["params"]
    require(is_count(candidate), "candidate", candidate)
    require(is_count(fold) and fold < header.n_folds, f"fold (of {header.n_folds})", fold)
    require(isinstance(params, dict), "params", params)
    conditions, seed = content.get("conditions"), content["seed"]
    require(conditions is None or isinstance(conditions, dict), "conditions", conditions)
    require(seed is None or is_count(seed), "seed", seed)
    return Record(candidate, fold, params, _as_result(content), conditions, seed)


def _as_result(content: dict[str, Any]) -> FoldResult:
    train, n_rows = content["train_scores"], content["n_test_samples"]
    require(is_count(n_rows), "n_test_samples", n_rows)
    require(content["status"] in _STATUSES, "status", content["status"])
    require(isinstance(content["worker"], str), "worker", content["worker"])
    for name in ("fit_error", "score_error"):
        text = content[name]
        require(text is None or isinstance(text, str), name, text)
    return FoldResult(
        test_scores=scores_from_json(content["test_scores"]),
        train_scores=None if train is None else scores_from_json(train),
        fit_time=number_from_json(content["fit_time"]),
        score_time=number_from_json(content["score_time"]),
        n_test_samples=n_rows,
        fit_error=content["fit_error"],
        score_error=content["score_error"],
        ended_by=content["status"] if content["status"] in _LIMITS else None,
        started=number_from_json(content["started"]),
        worker=content["worker"],
    )


def _warn(message: str) -> None:
    # parse_journal, and who called it: Journal.open or read_journal.
    warnings.warn(message, UserWarning, stacklevel=4)
