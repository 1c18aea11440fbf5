"""Files of sealed JSON lines that are written at once: a header, then entries; never half of it.

The lines are those of a journal, with checksums. A journal grows and forgives a torn last line; such a file is
whole, and anything else in it is damage.
"""

import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ..exceptions import JournalError
from ._journal_header import is_journal
from ._journal_lines import Damage, line_checksum, seal, unseal

__all__ = ["read_sealed", "write_sealed"]

_BOM = b"\xef\xbb\xbf"


def write_sealed(
    path: str | os.PathLike[str], header: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]
) -> None:
    """Write a header and entries as lines of JSON, each with a checksum; all or nothing.

    Parameters
    ----------
    path : str or path-like
        The file. One that is there is replaced when the new one is complete, unless it is a journal.
    header : mapping
        First line: strict JSON, at least one entry.
    entries : iterable of mapping
        The other lines: strict JSON, each with at least one entry.

    Raises
    ------
    JournalError
        If the file is the journal of a search.
    OSError
        If it cannot be written; what was there is then still there.
    """
    name = os.fspath(path)
    _check_place(name)
    first = seal(dict(header))
    start = line_checksum(first)
    # In the same directory: only within a file system is it replaced in one step.
    temporary = f"{name}.{os.getpid()}-{threading.get_ident()}.tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(first)
            for entry in entries:
                file.write(seal(dict(entry), start))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, name)
    except BaseException:
        with suppress(OSError):
            os.remove(temporary)
        raise


def _check_place(name: str) -> None:
    if os.path.isdir(name):
        raise IsADirectoryError(f"{name!r} is a directory. Give the path of a file in it.")
    directory = os.path.dirname(os.path.abspath(name))
    if not os.path.isdir(directory):
        raise FileNotFoundError(
            f"There is no directory {directory!r}. Make it, or give another path."
        )
    if os.path.exists(name):
        with open(name, "rb") as file:
            if is_journal(file.read(100)):
                raise JournalError(
                    f"{name!r} is the journal of a search, which could not be continued without it. Give another path."
                )


def read_sealed(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read the header and the entries of a file that `write_sealed` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    lines : list of dict
        The header first.

    Raises
    ------
    JournalError
        If a line is not as it was written.
    OSError
        If the file cannot be read.
    """
    name = os.fspath(path)
    with open(name, "rb") as file:
        lines = file.read().removeprefix(_BOM).split(b"\n")
    found: list[dict[str, Any]] = []
    start = 0
    for number, line in enumerate(lines[:-1], start=1):
        line = line.removesuffix(b"\r")
        try:
            found.append(unseal(line, start))
        except Damage as damage:
            raise JournalError(
                f"Line {number} of {name!r} is damaged: {damage}. Restore the file from a copy, or write it anew; "
                "such files are not to be edited."
            ) from None
        start = start or line_checksum(line)
    if lines[-1] or not found:
        what = f"ends in the middle of line {len(lines)}" if found else "has no whole line"
        raise JournalError(f"{name!r} {what}. Restore the file from a copy, or write it anew.")
    return found
