"""Memory of one fit: how a limit is written, and how much a process and all that it started hold.

What counts is resident memory that belongs to the process alone. Pages of files are left out: the training data of a
search are one memory-mapped file for all workers, and the kernel may drop such pages whenever it needs room.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from numbers import Real
from typing import Any

__all__ = ["as_bytes", "can_read_memory", "data_in_use", "memory_in_use"]

# SI for kB, MB, ... and IEC for KiB, MiB, ...; a bare letter is SI, as in Dask's `memory_limit`.
_UNITS = {"": 1} | {
    letter + ending: base**power
    for power, letter in enumerate("kmgt", start=1)
    for ending, base in (("", 1000), ("b", 1000), ("ib", 1024))
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?i?b?)\s*", re.IGNORECASE)


def as_bytes(limit: Any, name: str = "fit_memory_limit") -> int:
    """Read an amount of memory.

    Parameters
    ----------
    limit : int or str
        Bytes, or a number with a unit: ``"500MB"``, ``"2GB"`` (powers of 1000), ``"1.5GiB"`` (of 1024).
    name : str, default="fit_memory_limit"
        What the argument is called in an error.

    Returns
    -------
    n_bytes : int
        Positive.

    Raises
    ------
    TypeError
        If `limit` is neither a number nor a string.
    ValueError
        If it is not positive and finite, no whole number of bytes, or its unit is unknown.

    Examples
    --------
    >>> as_bytes("500MB"), as_bytes("1.5GiB"), as_bytes(2_000_000)
    (500000000, 1610612736, 2000000)
    """
    advice = 'Give bytes as an integer, or a string such as "500MB", "2GB", "1.5GiB".'
    if isinstance(limit, bool) or not isinstance(limit, Real | str):
        raise TypeError(f"{name} must be an amount of memory; got {limit!r}. {advice}")
    if isinstance(limit, str):
        match = _SIZE.fullmatch(limit)
        unit = match[2].lower() if match else None
        if match is None or (unit not in _UNITS and unit != "b"):
            raise ValueError(f"{name} has no known unit; got {limit!r}. {advice}")
        n_bytes = float(match[1]) * _UNITS.get(unit or "", 1)
    else:
        n_bytes = float(limit)
        if n_bytes != n_bytes // 1:  # also of nan and inf: inf // 1 is nan
            raise ValueError(f"{name} must be a whole number of bytes; got {limit!r}. {advice}")
    if not n_bytes >= 1:
        raise ValueError(f"{name} must be positive; got {limit!r}. {advice}")
    return int(n_bytes)


def can_read_memory() -> bool:
    """Return whether the memory of another process can be read here."""
    return _HAS_PROC or find_spec("psutil") is not None


def memory_in_use(pid: int) -> int:
    """Return the bytes that a process and its descendants hold; 0 when it is gone.

    Parameters
    ----------
    pid : int
        The process.

    Returns
    -------
    n_bytes : int
        Resident memory without the pages of files; where only psutil can tell, with them.
    """
    if _HAS_PROC:
        return sum(_own_memory(member) for member in (pid, *_descendants(pid)))
    return _memory_by_psutil(pid)


def data_in_use() -> int:
    """Return the bytes of private memory that this process has reserved, touched or not (Linux)."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[5]) * _PAGE


_HAS_PROC = sys.platform == "linux" and os.path.exists("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGESIZE") if _HAS_PROC else 0


def _own_memory(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            _, resident, shared, *_ = file.read().split()
    except (OSError, ValueError):  # it has ended
        return 0
    return (int(resident) - int(shared)) * _PAGE


def _descendants(pid: int) -> Iterator[int]:
    # The kernel lists the children by the thread that started them.
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                for child in file.read().split():
                    yield int(child)
                    yield from _descendants(int(child))


def _memory_by_psutil(pid: int) -> int:
    import psutil

    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += member.memory_info().rss
    return total
