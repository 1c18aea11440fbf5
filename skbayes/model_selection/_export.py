"""A history as a file of JSON lines, and back: a header, then a trial on each line.

    {"format":"skbayes-history","version":2,"n_trials":2,"origin":null,"choices":{},"skbayes":"0.4","crc":"..."}
    {"number":0,"params":{"C":0.1},"score":0.93,"status":"complete",...,"crc":"..."}

Numbers are written with all their digits, so a float comes back to the last bit; nan and the infinities are
``{"float": "nan"}``. An object among the parameters is written by its position in the table of the header,
``choices``, which has the fingerprint and the repr of each. When the file is read, it is looked up among the choices
of the space by the fingerprint, then by the repr. Nothing in the file can run code.
"""

import math
import numbers
import os
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from typing import Any

from .._version import __version__
from ..evaluation import read_sealed, write_sealed
from ..exceptions import JournalError
from ..optimizer import STATUSES, History, Run, Trial
from ..space import as_space, split_budget
from ._journal_codec import JournalCodec, codec_of_spaces, readable

__all__ = ["codec_of", "is_export", "read_export", "save_history"]

_FORMAT = "skbayes-history"
# The first version has no runs; who reads it alone refuses a line with an entry that it does not know.
_VERSION, _VERSIONS = 2, (1, 2)
_FIRST_BYTES = f'{{"format":"{_FORMAT}",'.encode()
_BOM = b"\xef\xbb\xbf"
_SECONDS = ("started", "fit_time", "score_time")
_HEADER = {"format", "version", "n_trials", "origin", "choices", "skbayes"}


def save_history(history: Any, path: str | os.PathLike[str], space: Any = None) -> None:
    """Write a history of trials as a file of JSON lines, for `load_history`.

    Parameters
    ----------
    history : History, iterable of Trial, or a finished search
        The trials; of a search its ``history_``.
    path : str or path-like
        The file. One that is there is replaced in one step, unless it is the journal of a search.
    space : dict, list of dicts, list of (dict, int) or Space, default=None
        The space of the search. It is needed only for objects among the choices that no fingerprint can tell
        apart, such as two lambdas: these are known by their position in the space.

    Raises
    ------
    TypeError
        If `history` is none of these.
    JournalError
        If the file is the journal of a search.
    OSError
        If it cannot be written.

    See Also
    --------
    load_history : Reads the file.

    Notes
    -----
    The file holds everything that a `Trial` does and the `origin` of the history: a search on the same data with the
    same folds, scorer and estimator knows it for its own. An object (an estimator, a tuple, a function) is written as a
    fingerprint and its repr, not by its content.

    Examples
    --------
    >>> import os, tempfile
    >>> from skbayes.model_selection import load_history, save_history
    >>> from skbayes.optimizer import History, Trial
    >>> path = os.path.join(tempfile.mkdtemp(), "history.jsonl")
    >>> save_history(History((Trial(0, {"C": 0.1}, 0.93),)), path)
    >>> load_history(path).trials[0].params
    {'C': 0.1}
    """
    history = _as_history(history)
    codec = _codec_of_all(history, space)
    lines = [_as_entry(trial, codec) for trial in history]
    header = {
        "format": _FORMAT,
        "version": _VERSION,
        "n_trials": len(lines),
        "origin": history.origin,
        "choices": {
            name: [{"object": digest, "shown": shown} for _, digest, shown in objects]
            for name, objects in codec.objects.items()
        },
        "skbayes": __version__,
    }
    write_sealed(path, header, lines)


def _codec_of_all(history: History, space: Any) -> JournalCodec:
    """A codec that has the objects of the space, by their positions, and after them others that were tried."""
    choices: list[tuple[str, Sequence[Any]]] = []
    if space is not None:
        listed = codec_of(space).objects.items()
        choices = [(name, [value for value, _, _ in objects]) for name, objects in listed]
    tried: list[tuple[str, Sequence[Any]]] = [
        (name, [value]) for trial in history for name, value in trial.params.items()
    ]
    return JournalCodec("space", None, choices + tried)


def codec_of(space: Any) -> JournalCodec:
    """Return the codec of a space in any notation of `search_spaces`."""
    return codec_of_spaces("space", [as_space(part) for part, _ in split_budget(space, 1)])


def is_export(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as `save_history` writes it."""
    with open(path, "rb") as file:
        return file.read(len(_BOM + _FIRST_BYTES)).removeprefix(_BOM).startswith(_FIRST_BYTES)


def read_export(path: str | os.PathLike[str], space: Any = None) -> History:
    """Read a file of `save_history`; see `load_history`."""
    name = os.fspath(path)
    header, *lines = read_sealed(path)
    _check_header(header, len(lines), name)
    objects = None if space is None else _Objects(header["choices"], codec_of(space), name)
    trials = []
    for number, line in enumerate(lines, start=2):
        try:
            trials.append(_as_trial(line, objects))
        except _Wrong as wrong:
            raise JournalError(
                f"Line {number} of {name!r} is no trial: {wrong}. Its checksum is right, so it was written like this, "
                "by another program or by a later skbayes. Write the file anew."
            ) from None
    return History(tuple(trials), header["origin"])


class _Wrong(ValueError):
    """A line is not what it must be."""


def _as_history(history: Any) -> History:
    history = getattr(history, "history_", history)
    if isinstance(history, History):
        return history
    trials = tuple(history) if hasattr(history, "__iter__") else (history,)
    if not all(isinstance(trial, Trial) for trial in trials):
        raise TypeError(
            f"save_history needs a History, trials or a finished search; got {history!r}. "
            "Give search.history_ or optimizer.history."
        )
    return History(trials)


def _as_entry(trial: Trial, codec: JournalCodec) -> dict[str, Any]:
    entry = {field.name: getattr(trial, field.name) for field in fields(Trial)}
    entry["params"] = None
    entry["runs"] = None if trial.runs is None else [asdict(run) for run in trial.runs]
    return {**_to_json(entry), "params": codec.encode(trial.params)}


def _to_json(value: Any) -> Any:
    """Return numbers, texts and containers of them as strict JSON."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _to_json(entry) for key, entry in value.items()}
    if isinstance(value, Sequence):
        return [_to_json(entry) for entry in value]
    if isinstance(value, numbers.Integral):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else {"float": str(number)}


def _from_json(value: Any) -> Any:
    """Return what `_to_json` got; sequences are tuples."""
    if isinstance(value, list):
        return tuple(map(_from_json, value))
    if not isinstance(value, dict):
        return value
    if list(value) == ["float"] and value["float"] in ("nan", "inf", "-inf"):
        return float(value["float"])
    return {key: _from_json(entry) for key, entry in value.items()}


def _check_header(header: dict[str, Any], n_lines: int, name: str) -> None:
    if header.get("version") not in _VERSIONS:
        raise JournalError(
            f"The history {name!r} has format version {header.get('version')!r}, and this skbayes reads versions "
            f"{_VERSIONS[0]} to {_VERSIONS[-1]}. Use the skbayes that wrote it ({header.get('skbayes')!r})."
        )
    tables = header.get("choices")
    is_right = header.keys() == _HEADER and isinstance(header["origin"], str | None)
    is_right = is_right and isinstance(tables, dict) and all(map(_is_table, tables.values()))
    if not is_right:
        raise JournalError(
            f"The first line of {name!r} is not the header of a history of format version {header['version']}: it has "
            f"{sorted(header)}. Write the file anew."
        )
    if header["n_trials"] != n_lines:
        raise JournalError(
            f"The history {name!r} was written with {header['n_trials']} trials and has {n_lines}: lines were lost or "
            "added. Restore the file from a copy, or write it anew."
        )


def _is_table(table: Any) -> bool:
    return isinstance(table, list) and all(
        isinstance(entry, dict)
        and isinstance(entry.get("object"), str)
        and isinstance(entry.get("shown"), str)
        for entry in table
    )


class _Objects:
    """Finds the objects of a file among those of a space."""

    def __init__(
        self, tables: dict[str, list[dict[str, str]]], codec: JournalCodec, path: str
    ) -> None:
        self._tables, self._ours, self._path = tables, codec.objects, path

    def at(self, name: str, position: Any) -> Any:
        """Return the space's object for a position in the table of a parameter."""
        table, ours = self._tables.get(name, []), self._ours.get(name, [])
        if not isinstance(position, int) or not 0 <= position < len(table):
            raise _Wrong(f"{name} has no choice {position!r} in the header")
        digest, shown = table[position]["object"], table[position]["shown"]
        # A digest by name is no proof, unless the whole list is the same.
        if [entry["object"] for entry in table] == [ours_digest for _, ours_digest, _ in ours]:
            return ours[position][0]
        same = [value for value, other, _ in ours if other == digest and not digest.startswith("~")]
        # What a package computes may change its fingerprint from one version to the next.
        same = same or [value for value, _, text in ours if text == shown]
        if len(same) != 1:
            raise JournalError(
                f"The history {self._path!r} has {name}={shown}, and space has {len(same) or 'no'} "
                f"such {'choices' if same else 'choice'} among {len(ours)} objects for {name}. Give the space of the "
                "search that it is of, or space=None for a text in its place."
            )
        return same[0]


def _as_trial(line: dict[str, Any], objects: _Objects | None) -> Trial:
    known = {field.name for field in fields(Trial)}
    needed = {field.name for field in fields(Trial) if field.default is MISSING}
    if not needed <= line.keys() <= known:
        raise _Wrong(f"it has {sorted(line)}, and a trial has {sorted(known)}")
    params = line["params"]
    if not isinstance(params, dict):
        raise _Wrong(f"params is {params!r}")
    values = {key: _from_json(value) for key, value in line.items() if key != "params"}
    if values.get("status", STATUSES[0]) not in STATUSES:
        raise _Wrong(f"status is {values['status']!r}")
    for key in ("number", "score", "noise_variance", "fit_time"):
        value = values.get(key)
        is_optional = key not in needed
        if not _is_number(value) and not (value is None and is_optional):
            raise _Wrong(f"{key} is {value!r}")
    folds = values.get("fold_scores")
    if folds is not None and not (isinstance(folds, tuple) and all(map(_is_number, folds))):
        raise _Wrong(f"fold_scores is {folds!r}")
    metrics = values.get("metrics")
    if metrics is not None and not (
        isinstance(metrics, dict) and all(map(_is_number, metrics.values()))
    ):
        raise _Wrong(f"metrics is {metrics!r}")
    if values.get("runs") is not None:
        values["runs"] = _as_runs(values["runs"])
    decoded = {name: _parameter(name, value, objects) for name, value in params.items()}
    return Trial(params=decoded, **values)


def _as_runs(entries: Any) -> tuple[Run, ...]:
    names = {field.name for field in fields(Run)}
    if not isinstance(entries, tuple):
        raise _Wrong(f"runs is {entries!r}")
    for entry in entries:
        is_right = isinstance(entry, dict) and entry.keys() == names
        is_right = is_right and type(entry["fold"]) is int and entry["status"] in STATUSES
        is_right = is_right and isinstance(entry["worker"], str)
        if not (is_right and all(_is_number(entry[name]) for name in _SECONDS)):
            raise _Wrong(f"a run is {entry!r}")
    return tuple(Run(**entry) for entry in entries)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _parameter(name: str, value: Any, objects: _Objects | None) -> Any:
    if isinstance(value, dict) and "choice" in value and objects is not None:
        return objects.at(name, value["choice"])
    return readable(value)
