"""A lock on an open file that vanishes with its process, whatever ends it.

POSIX: ``flock`` belongs to the open file, so a second `open` in the same process is refused too. A child made by
`fork` would hold it as well and outlive the parent: there the descriptor is closed at birth. Windows: one byte far
behind the end is locked, where no reader comes along. A network file system may have no locks: a warning says so.
"""

import errno
import os
import sys
import warnings

__all__ = ["close_file", "lock_file"]

# Descriptors that no forked child may keep.
_held: set[int] = set()

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
_TAKEN = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}


def lock_file(descriptor: int, path: str) -> bool:
    """Lock an open file until `close_file`, or until the process ends.

    Parameters
    ----------
    descriptor : int
        Of the open file.
    path : str
        Its name, for the warning.

    Returns
    -------
    is_locked : bool
        False if another holds the lock. True also where there are no locks, with a warning.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        if error.errno not in _NO_LOCKS:
            raise
        warnings.warn(
            f"The file system of the journal {path} has no locks ({error.strerror}): a second search that writes "
            "to it would not be refused. Use it in one search at a time, or put it on a local disk.",
            UserWarning,
            stacklevel=2,
        )
    _held.add(descriptor)
    return True


def close_file(descriptor: int) -> None:
    """Close a file and so unlock it; in a forked child it is closed already."""
    if descriptor in _held:
        _held.discard(descriptor)
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 2**62, os.SEEK_SET)  # appending goes to the end from anywhere
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _let_go() -> None:
        while _held:
            os.close(_held.pop())

    os.register_at_fork(after_in_child=_let_go)
