"""The file of a journal: found, opened, locked, and added to in whole lines that are on disk when they are added."""

import os
import stat

from ..exceptions import JournalError
from ._lock import close_file, lock_file

__all__ = ["JournalFile", "place_of"]


def place_of(path: str | os.PathLike[str], name: str) -> str:
    """Return the file that a path means: itself, or `name` in a directory, which is made if need be."""
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else path
    if not isinstance(text, str):
        raise TypeError(f"A journal needs a path; got {path!r}. Give for example 'search.jsonl'.")
    separators = tuple(filter(None, (os.sep, os.altsep)))
    if not text.endswith(separators) and not os.path.isdir(text):
        return text
    try:
        os.makedirs(text, exist_ok=True)
    except OSError as error:
        raise _cannot("directory for journals", text, error) from error
    return os.path.join(text, name)


class JournalFile:
    """An open and locked file that grows by whole lines.

    Parameters
    ----------
    path : str
        The file; made if it does not exist.

    Attributes
    ----------
    is_new : bool
        Whether there was no such file, and nothing is in it.

    Raises
    ------
    JournalError
        If it cannot be opened, is no regular file, or another search holds its lock.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            self.is_new = not os.path.exists(path)
            if not self.is_new and not stat.S_ISREG(os.stat(path).st_mode):
                raise OSError(0, "it is not a regular file")
            self._descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise _cannot("journal", path, error) from error
        try:
            is_locked = lock_file(self._descriptor, path)
        except BaseException:
            os.close(self._descriptor)
            raise
        if not is_locked:
            os.close(self._descriptor)
            raise JournalError(
                f"The journal {path} is in use by another search, in this process or another one. Wait until that "
                "has ended, or give another path; a directory gives each search a file of its own."
            )
        # Between the look above and the lock another search may have begun it, and ended.
        self.is_new = self.is_new and os.fstat(self._descriptor).st_size == 0
        self._n_bytes = 0

    def close(self) -> None:
        """Close and unlock the file."""
        close_file(self._descriptor)

    def read(self) -> bytes:
        """Return the whole contents."""
        pieces = []
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        while piece := os.read(self._descriptor, 1 << 20):
            pieces.append(piece)
        return b"".join(pieces)

    def cut(self, n_bytes: int) -> None:
        """Drop what is behind the first `n_bytes`; lines are added there."""
        self._n_bytes = n_bytes
        if os.fstat(self._descriptor).st_size > n_bytes:
            os.ftruncate(self._descriptor, n_bytes)

    def append(self, line: bytes) -> None:
        """Add a line and wait until it is on disk; an OSError leaves the file as it was."""
        try:
            n_written = os.write(self._descriptor, line)
            while n_written < len(line):  # a disk that has just become full says so at the next try
                n_written += os.write(self._descriptor, line[n_written:])
            os.fsync(self._descriptor)
        except OSError:
            self.cut(self._n_bytes)  # half a line would spoil the next one
            raise
        self._n_bytes += len(line)

    def sync_entry(self) -> None:
        """Wait until the file's own entry in its directory is on disk; POSIX only."""
        if os.name == "posix":
            directory = os.open(os.path.dirname(os.path.abspath(self.path)), os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)


def _cannot(what: str, path: str, error: OSError) -> JournalError:
    return JournalError(
        f"The {what} {path!r} cannot be opened: {error.strerror}. Give a path in an existing directory that can be "
        "written to."
    )
