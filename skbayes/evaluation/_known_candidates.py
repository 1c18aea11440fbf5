"""The candidates in a journal, with what is known of each."""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..exceptions import JournalError
from ._journal_header import JournalHeader
from ._journal_records import Record, parse_journal
from ._unit import FoldResult

__all__ = ["KnownCandidate", "by_candidate", "read_journal"]


@dataclass(frozen=True)
class KnownCandidate:
    """A candidate that an earlier run has evaluated, in whole or in part.

    Parameters
    ----------
    number : int
        Its number in the journal.
    params : dict of str to object
        The parameters: the user's own objects.
    folds : dict of int to FoldResult
        What is known of it, by fold.
    """

    number: int
    params: dict[str, Any]
    folds: dict[int, FoldResult] = field(default_factory=dict)


def read_journal(path: str | os.PathLike[str]) -> tuple[JournalHeader, list[KnownCandidate]]:
    """Read a journal without a search: nothing is locked, changed or decoded.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    header : JournalHeader
        Of what it is.
    candidates : list of KnownCandidate
        By number; the parameters as JSON, as they stand in the file.

    Raises
    ------
    JournalError
        If the file is no journal or damaged beyond what a warning can say.
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        contents = parse_journal(file.read(), os.fspath(path))
    if contents.header is None:
        raise JournalError(
            f"The journal {os.fspath(path)} has no header yet: nothing was evaluated. Run the search first."
        )
    return contents.header, by_candidate(contents.records.values(), dict)


def by_candidate(
    records: Iterable[Record], decode: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> list[KnownCandidate]:
    """Sort records by candidate; a candidate whose parameters cannot be decoded is left out."""
    found: dict[int, KnownCandidate] = {}
    for record in sorted(records, key=lambda record: (record.candidate, record.fold)):
        number = record.candidate
        with suppress(JournalError):
            known = found.get(number) or KnownCandidate(number, decode(record.params))
            known.folds[record.fold] = record.result
            found[number] = known
    return list(found.values())
