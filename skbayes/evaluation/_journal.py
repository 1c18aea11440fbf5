"""The journal of a search: a file to which every finished (candidate, fold) is added, and from which a search goes on.

    with Journal.open(path, header, codec, conditions={"error_score": ...}) as journal:
        result = journal.known(number, params, fold)      # a FoldResult of an earlier run, or None
        ...
        journal.record(Task(number, fold, params), result)  # on disk when it returns

What an earlier run evaluated is found by number and parameters, or else by the parameters alone: a run that
proposes in another order, or other candidates, still finds what is there and never mixes two candidates up.
"""

import os
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol

from ..exceptions import JournalError
from ._journal_file import JournalFile, place_of
from ._journal_header import JournalHeader
from ._journal_lines import line_checksum, number_to_json
from ._journal_records import NOTHING, Contents, Record, params_key, parse_journal
from ._known_candidates import KnownCandidate, by_candidate
from ._task import Task
from ._unit import FoldResult

__all__ = ["Journal", "ParamsCodec"]


class ParamsCodec(Protocol):
    """Parameters as JSON and back."""

    def encode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters as JSON, equal for equal parameters."""

    def decode(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters: the user's own objects."""


class Journal:
    """The open journal of one search; use `Journal.open` and a ``with`` block.

    Parameters
    ----------
    file : JournalFile
        Open and locked.
    header : JournalHeader
        Of this run.
    contents : Contents
        What the file has.
    codec : ParamsCodec
        How parameters are written.
    conditions : mapping
        As in `open`.
    needs_train_scores, needs_predictions : bool
        As in `open`.

    Attributes
    ----------
    path : str
        The file.
    header : JournalHeader
        That of the run which began the journal; its `seed` is the one to go on with.
    is_new : bool
        Whether this run began it.
    same_proposals : bool
        Whether what decides the proposals is as it was. If not, a search should take `candidates` as evaluated
        instead of expecting to propose them again.
    """

    def __init__(
        self,
        file: JournalFile,
        header: JournalHeader,
        contents: Contents,
        codec: ParamsCodec,
        conditions: Mapping[str, Any],
        needs_train_scores: bool,
        needs_predictions: bool,
    ) -> None:
        self.path = file.path
        self.header = contents.header or header
        self.is_new = contents.header is None
        self.same_proposals = self.header.proposals == header.proposals
        self._file = file
        self._codec = codec
        self._conditions = {name: _as_json(value) for name, value in conditions.items()}
        self._needs_train_scores = needs_train_scores
        self._needs_predictions = needs_predictions
        self._seed = header.seed
        self._start = contents.start
        self._records = dict(contents.records)
        self._has_warned = False
        # In the journal: candidate -> parameters, and the other way round, lowest number first.
        self._params: dict[int, str] = {}
        self._numbers: dict[str, list[int]] = {}
        for record in sorted(self._records.values(), key=lambda record: record.candidate):
            self._add_params(record.candidate, params_key(record.params))
        # This run's candidates -> those of the journal.
        self._claims: dict[int, int] = {}
        self._claimed: set[int] = set()

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        header: JournalHeader,
        codec: ParamsCodec,
        *,
        conditions: Mapping[str, Any] | None = None,
        needs_train_scores: bool = False,
        needs_predictions: bool = False,
    ) -> "Journal":
        """Open the journal of a search, or begin it; lock it, read it, and cut off a torn last line.

        Parameters
        ----------
        path : str or path-like
            A file; or a directory, or a path that ends with a separator: the file in it is named by the header.
        header : JournalHeader
            Of what this search is.
        codec : ParamsCodec
            How parameters are written.
        conditions : mapping of str to float, str or None, default=None
            Settings on which it hangs what a failed fold counts as and whether it fails: `error_score`, limits. A
            fold that failed under others is not known, and is evaluated again.
        needs_train_scores : bool, default=False
            A fold without training scores is not known.
        needs_predictions : bool, default=False
            A fold of an earlier run is not known unless it failed: a journal holds no predictions.

        Returns
        -------
        journal : Journal
            Open and locked; a context manager.

        Raises
        ------
        JournalError
            If the file cannot be opened, is in use by another search, is damaged beyond what a warning can say, or is
            of something else.
        """
        file = JournalFile(place_of(path, header.file_name))
        try:
            contents = NOTHING if file.is_new else parse_journal(file.read(), file.path)
            if contents.header is not None:
                _refuse_others(header, contents.header, file.path)
            needs = (needs_train_scores, needs_predictions)
            journal = cls(file, header, contents, codec, conditions or {}, *needs)
            file.cut(contents.n_bytes)
            if journal.is_new:
                journal._begin()
        except BaseException:
            file.close()
            raise
        return journal

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def __reduce__(self) -> Any:
        raise TypeError("A journal stays in the process that opened it and cannot be pickled.")

    @property
    def candidates(self) -> list[KnownCandidate]:
        """What earlier runs evaluated, by number; folds that are no use to this run are left out."""
        usable = [record for record in self._records.values() if self._is_usable(record)]
        return by_candidate(usable, self._codec.decode)

    def known(self, candidate: int, params: Mapping[str, Any], fold: int) -> FoldResult | None:
        """Return what an earlier run found of one (candidate, fold).

        Parameters
        ----------
        candidate : int
            Its number in this run.
        params : mapping of str to object
            Its parameters.
        fold : int
            Position of the fold.

        Returns
        -------
        result : FoldResult or None
            None if it is to be evaluated.
        """
        number = self._number_of(candidate, params_key(self._codec.encode(params)))
        record = self._records.get((number, fold))
        return record.result if record is not None and self._is_usable(record) else None

    def record(self, task: Task, result: FoldResult) -> None:
        """Add a finished task; when this returns it is on disk.

        A line that cannot be written (a full disk) costs itself only: the search goes on, with one warning.

        Parameters
        ----------
        task : Task
            What was evaluated.
        result : FoldResult
            What it gave.
        """
        view = self._codec.encode(task.params)
        number = self._number_of(task.candidate, params_key(view))
        has_failed = result.status != "complete" or result.fit_error or result.score_error
        conditions = self._conditions if has_failed else None
        record = Record(number, task.fold, view, result, conditions, self._seed)
        earlier = self._records.get((number, task.fold))
        if earlier is None or record.replaces(earlier):  # else it was run again for its predictions
            try:
                self._file.append(record.line(self._start))
            except OSError as error:
                self._warn_not_written(error)
                return
        self._records[number, task.fold] = record

    def _number_of(self, candidate: int, key: str) -> int:
        """Return the number in the journal of a candidate of this run."""
        if candidate not in self._claims:
            same = self._numbers.get(key, [])
            free = [number for number in same if number not in self._claimed]
            if candidate in free or (not free and candidate not in self._params):
                number = candidate
            else:
                number = free[0] if free else max(self._params) + 1
            self._claims[candidate] = number
            self._claimed.add(number)
            if number not in self._params:
                self._add_params(number, key)
        return self._claims[candidate]

    def _add_params(self, number: int, key: str) -> None:
        if number not in self._params:
            self._params[number] = key
            self._numbers.setdefault(key, []).append(number)

    def _is_usable(self, record: Record) -> bool:
        result = record.result
        if record.conditions is not None and record.conditions != self._conditions:
            return False
        if self._needs_predictions and result.status == "complete" and result.predictions is None:
            return False
        return not (self._needs_train_scores and result.train_scores is None)

    def _begin(self) -> None:
        line = self.header.line()
        try:
            self._file.append(line)
            self._file.sync_entry()
        except OSError as error:
            raise JournalError(
                f"The journal {self.path} cannot be written: {error.strerror}. Make room, or give another path."
            ) from error
        self._start = line_checksum(line)

    def _warn_not_written(self, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"A result could not be written to the journal {self.path}: {error.strerror}. The search goes on; what "
                "is not in the journal is evaluated again by a run that continues it. Make room.",
                UserWarning,
                stacklevel=3,
            )


def _refuse_others(ours: JournalHeader, theirs: JournalHeader, path: str) -> None:
    names = ours.differences(theirs)
    if not names:
        return
    listed = names[0] if len(names) == 1 else f"{', the '.join(names[:-1])} and the {names[-1]}"
    verb = "differs" if len(names) == 1 and not names[0].endswith("s") else "differ"
    # Folds of a shuffling splitter change from run to run without anyone wanting it.
    is_shuffled = "folds" in names and "data X" not in names
    hint = (
        " Folds that are shuffled need a fixed random_state to be the same again."
        if is_shuffled
        else ""
    )
    raise JournalError(
        f"The journal {path} is of something else: the {listed} {verb}. Give another path, or the arguments and data "
        f"with which it was begun ({theirs.created[:16]}).{hint}"
    )


def _as_json(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else number_to_json(value)
