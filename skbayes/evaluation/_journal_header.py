"""The first line of a journal: of what it is, and what must be the same for a search to continue it."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..exceptions import JournalError
from ._fingerprint import fingerprint
from ._journal_lines import Damage, is_count, require, seal, unseal

__all__ = ["JournalHeader", "check_begun", "is_journal", "read_header"]

_FORMAT = "skbayes-journal"
_VERSION = 1
# What every header begins with, so that no file of another kind is ever written to.
_FIRST_BYTES = f'{{"format":"{_FORMAT}",'.encode()


@dataclass(frozen=True)
class JournalHeader:
    """Of what a journal is.

    Parameters
    ----------
    search : str
        Name of the class of the search.
    fingerprint : mapping of str to str
        Digest of each part that a score or the meaning of the parameters hangs on, by its name in messages: the
        data, folds, scorers, estimator, space, ...
    n_folds : int
        Number of folds; a record of another one is refused.
    proposals : str, default=""
        Digest of what decides which candidates are proposed; may change between runs.
    random_state : str, default=""
        Digest of the argument `random_state`: in a directory, searches that differ in it have their own files.
    seed : int, default=None
        Seed of the search, so that ``random_state=None`` can be continued; None if it has none.
    objective : str, default=None
        The metric that is searched for; None if there is only one.
    origin : str, default=None
        `History.origin` of the search.
    n_splits : int, default=None
        Folds of one candidate where `n_folds` counts those of all rungs of a halving search, one rung after the other.
        None: all of them.
    rungs : mapping of str to list of int, default=None
        Of a halving search: the name of its resource, and how much of it each rung gives, strictly rising. None:
        it is none, or of an older version.
    skbayes : str, default=""
        The version that wrote the journal.
    created : str, default=""
        When the journal was begun, in ISO 8601; set when it is.
    """

    search: str
    fingerprint: Mapping[str, str]
    n_folds: int
    proposals: str = ""
    random_state: str = ""
    seed: int | None = None
    objective: str | None = None
    origin: str | None = None
    n_splits: int | None = None
    rungs: Mapping[str, Sequence[int]] | None = None
    skbayes: str = ""
    created: str = ""

    @property
    def file_name(self) -> str:
        """Name of the file in a directory of journals: one for each search on the same data."""
        parts = [self.search, dict(self.fingerprint), self.n_folds, self.random_state]
        return f"{fingerprint(parts)}.jsonl"

    def line(self) -> bytes:
        """Return the header as the first line of a journal that begins now."""
        begun = replace(self, created=datetime.now(UTC).isoformat())
        content = asdict(replace(begun, fingerprint=dict(self.fingerprint)))
        return seal({"format": _FORMAT, "version": _VERSION, **content})

    def differences(self, other: "JournalHeader") -> list[str]:
        """Return the names of the parts in which another header is of something else.

        Parameters
        ----------
        other : JournalHeader
            That of the file.

        Returns
        -------
        names : list of str
            Empty if this search may go on from the file.
        """
        names = dict.fromkeys([*self.fingerprint, *other.fingerprint])
        different = [n for n in names if self.fingerprint.get(n) != other.fingerprint.get(n)]
        if self.search != other.search:
            different.insert(0, f"search ({other.search} there, {self.search} here)")
        if self.n_folds != other.n_folds and "folds" not in different:
            different.append("number of folds")
        return different


def is_journal(beginning: bytes) -> bool:
    """Whether a file that begins so is a journal."""
    return beginning.startswith(_FIRST_BYTES)


def check_begun(torn: bytes, path: str) -> None:
    """Refuse a file without a whole line, unless it is empty or the beginning of a header."""
    n = min(len(torn), len(_FIRST_BYTES))
    if torn[:n] != _FIRST_BYTES[:n]:
        raise JournalError(
            f"{path} is no journal: it begins with {torn[:20]!r}. Give another path, or remove the file."
        )
    what = "has a torn first line" if torn else "is empty"
    warnings.warn(
        f"The journal {path} {what}: there is nothing to continue, and it begins anew.",
        UserWarning,
        stacklevel=5,
    )


def read_header(line: bytes, path: str) -> JournalHeader:
    try:
        content = unseal(line)
    except Damage as damage:
        raise JournalError(
            f"The first line of {path} is not the header of a journal: {damage}. Without it nobody knows of what "
            "the journal is. Give another path, or restore the file from a copy."
        ) from None
    if content.pop("format", None) != _FORMAT:
        raise JournalError(
            f"{path} has lost its header, or is no journal: its first line has the entries {sorted(content)}. "
            "Give another path, or restore the file from a copy."
        )
    version = content.pop("version", None)
    if version != _VERSION:
        raise JournalError(
            f"The journal {path} has format version {version!r}, and this skbayes reads version {_VERSION}. Use the "
            f"skbayes that wrote it ({content.get('skbayes')!r}), or give another path."
        )
    try:
        header = JournalHeader(**content)
        _check_header(header)
    except (TypeError, Damage) as error:
        raise JournalError(
            f"The header of the journal {path} is not one of format version {_VERSION}: {error}. Give another path, "
            "or restore the file from a copy."
        ) from None
    return header


def _check_header(header: JournalHeader) -> None:
    require(isinstance(header.fingerprint, dict), "fingerprint", header.fingerprint)
    for name, digest in header.fingerprint.items():
        require(isinstance(digest, str), name, digest)
    require(is_count(header.n_folds) and header.n_folds > 0, "n_folds", header.n_folds)
    for name in ("search", "proposals", "random_state", "skbayes", "created"):
        require(isinstance(getattr(header, name), str), name, getattr(header, name))
    require(header.seed is None or is_count(header.seed), "seed", header.seed)
    n_splits = header.n_splits
    divides = n_splits is None or (
        is_count(n_splits) and n_splits > 0 and header.n_folds % n_splits == 0
    )
    require(divides, f"n_splits (of {header.n_folds})", n_splits)
    require(header.rungs is None or _are_rungs(header.rungs), "rungs", header.rungs)
    for name in ("objective", "origin"):
        value = getattr(header, name)
        require(value is None or isinstance(value, str), name, value)


def _are_rungs(rungs: Any) -> bool:
    if not isinstance(rungs, dict) or len(rungs) != 1:
        return False
    [resources] = rungs.values()
    are_counts = isinstance(resources, list) and all(map(is_count, resources))
    return are_counts and len(resources) > 0 and sorted(set(resources)) == resources
