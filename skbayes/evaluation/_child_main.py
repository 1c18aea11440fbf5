"""What runs in the child process of limited fits: one call after the other comes in on a pipe, its result goes back.

Each call is answered twice. ``("begun", bytes in use, None)`` says that everything is imported and loaded: from there
on time and memory count. Then comes ``(kind, value, warnings)`` with a kind of `KINDS`.
"""

import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from traceback import format_exc
from typing import Any

from joblib import parallel_config
from sklearn import config_context

from ._joblib import cloudpickle
from ._memory import can_read_memory, data_in_use, memory_in_use
from ._processes import open_pipe
from ._shared import Handle

__all__ = ["KINDS", "CallContext", "main", "warning_filters"]

KINDS = ("result", "error", "memory", "unreadable", "exit")
# Starting again costs about two seconds (benchmarks/constants.py child), a small part of a minute; a child without
# work gives its memory back.
_IDLE_SECONDS = 60.0
# How often a child asks whether its parent lives, where the pipe is held open by a fork of the parent.
_WATCH_SECONDS = 0.5
# Of memory reserved in one go. Stacks of threads and arenas of the allocator are reserved and hardly touched, so
# the bar for reserved memory is twice that for memory in use.
_RESERVED_PER_USED = 2


@dataclass(frozen=True)
class CallContext:
    """What the call has to find as it was where it was asked for.

    Parameters
    ----------
    sklearn_config : dict
        As of `sklearn.get_config`.
    filters : list
        Of warnings.
    backend : tuple or None
        Class and nesting level of joblib's back-end, and the number of jobs, for a `Parallel` inside;
        None: the default.
    memory_limit : int or None
        Bytes.
    """

    sklearn_config: dict[str, Any]
    filters: list[Any]
    backend: tuple[Any, int, int | None] | None
    memory_limit: int | None


def warning_filters() -> list[Any]:
    """Return the list of filters in force."""
    # Python 3.14 may keep them per context, and then `warnings.filters` is not the list in force.
    get_filters: Callable[[], list[Any]] | None = getattr(warnings, "_get_filters", None)
    return warnings.filters if get_filters is None else get_filters()  # type: ignore[return-value]


def main(channel_handle: int, lifeline_handle: int) -> None:
    """Serve calls until the parent has gone or asks for nothing any more.

    Parameters
    ----------
    channel_handle, lifeline_handle : int
        The inherited pipes.
    """
    channel = open_pipe(channel_handle, writable=True)
    _end_with_parent(open_pipe(lifeline_handle, writable=False))
    with suppress(EOFError, OSError):  # the parent has closed the pipe
        while channel.poll(_IDLE_SECONDS):
            answer = _answer(channel.recv_bytes(), channel)
            for stream in (sys.stdout, sys.stderr):
                with suppress(Exception):  # the user's own object, or closed
                    stream.flush()
            channel.send_bytes(answer)


def _answer(order: bytes, channel: Any) -> bytes:
    try:
        function, args, context = pickle.loads(order)
        for arg in args:
            if isinstance(arg, Handle):
                arg.get()  # loads the data before the clock starts
    except BaseException:
        return pickle.dumps(("unreadable", format_exc(), []))
    caught: list[warnings.WarningMessage] = []
    with _as_in(context, caught):
        n_bytes = memory_in_use(os.getpid()) if can_read_memory() else 0
        channel.send_bytes(pickle.dumps(("begun", n_bytes, None)))
        try:
            with _reserving_at_most(context.memory_limit):
                answer = "result", function(*args)
        except MemoryError:
            limited = context.memory_limit is not None
            answer = ("memory", format_exc()) if limited else ("error", _exception())
        except Exception:
            answer = "error", _exception()
        except BaseException:  # SystemExit ends this process alone, as any other death
            answer = "exit", format_exc()
    return _packed(*answer, [_plain(record) for record in caught])


@contextmanager
def _as_in(context: CallContext, caught: list[warnings.WarningMessage]) -> Iterator[None]:
    parallel = {}
    if context.backend is not None:
        kind, level, n_jobs = context.backend
        parallel = {"backend": kind(nesting_level=level), "n_jobs": n_jobs}
    with (
        config_context(**context.sklearn_config),
        parallel_config(**parallel),
        warnings.catch_warnings(record=True) as records,
    ):
        warnings.resetwarnings()
        warning_filters().extend(context.filters)
        try:
            yield
        finally:
            caught += records


@contextmanager
def _reserving_at_most(memory_limit: int | None) -> Iterator[None]:
    """Let one allocation far above the limit fail at once; looking at the memory now and then is too slow for it.

    RLIMIT_DATA and not RLIMIT_AS: it leaves out what is mapped from files and reserved without
    being writable, of which a small fit may have many gigabytes.
    """
    if memory_limit is None or sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = data_in_use() + _RESERVED_PER_USED * memory_limit
    lowest = min((limit for limit in (allowed, soft, hard) if limit >= 0), default=allowed)
    resource.setrlimit(resource.RLIMIT_DATA, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _exception() -> tuple[Any, str]:
    """Return (the exception in flight, or None if it cannot travel, its traceback)."""
    error, text = sys.exc_info()[1], format_exc()
    try:
        pickle.loads(cloudpickle.dumps(error))
    except Exception:
        return None, text
    return error, text


def _plain(record: warnings.WarningMessage) -> tuple[Any, str, int]:
    message = record.message
    try:
        pickle.loads(cloudpickle.dumps(message))
    except Exception:
        message = UserWarning(f"{record.category.__name__}: {message}")
    return message, record.filename, record.lineno


def _packed(kind: str, value: Any, messages: list[Any]) -> bytes:
    try:
        return cloudpickle.dumps((kind, value, messages))
    except Exception:
        reason = f"The result of the call cannot be pickled.\n{format_exc()}"
        return pickle.dumps(("error", (None, reason), []))


def _end_with_parent(lifeline: Any) -> None:
    """Let this process and its group end when the parent does, even in the middle of a call."""
    if sys.platform == "linux":
        import fcntl

        # The kernel itself kills the group when the other end closes: no thread of a fit that
        # holds the interpreter lock could.
        fcntl.fcntl(lifeline.fileno(), fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline.fileno(), fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(lifeline.fileno(), fcntl.F_GETFL)
        fcntl.fcntl(lifeline.fileno(), fcntl.F_SETFL, flags | os.O_ASYNC)
    thread = threading.Thread(target=_watch, args=(lifeline, os.getppid()), daemon=True)
    thread.start()


def _watch(lifeline: Any, parent: int) -> None:
    is_alive = True
    while is_alive:
        try:
            is_alive = not lifeline.poll(_WATCH_SECONDS) and os.getppid() == parent
        except OSError:
            is_alive = False
    if sys.platform == "win32":
        os._exit(1)
    else:
        os.killpg(os.getpgrp(), signal.SIGKILL)
