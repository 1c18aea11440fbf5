"""Calls with a limit on time and memory, in a warm child process of whoever asks: a worker, a thread, the main process.

A call that passes its limit cannot be stopped from inside (C code that never returns, memory that is already gone),
so it runs in a process of its own, which is ended. The children outlive the call: imports are paid once per child.
"""

import atexit
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from joblib.parallel import get_active_backend
from sklearn import get_config

from ._child_main import CallContext, warning_filters
from ._memory import memory_in_use
from ._processes import close_pipes, end_tree, spawn
from ._threads import THREAD_VARIABLES

try:
    from joblib.externals import cloudpickle  # joblib up to 1.5 brings its own
except ImportError:
    import cloudpickle  # and then depends on it

__all__ = [
    "ChildError",
    "FitMemoryExceeded",
    "FitTimeout",
    "LimitedRunner",
    "WorkerDied",
    "end_children",
]

# Between two looks at the memory a fit can touch some 0.1 GB; a look takes about 0.1 ms.
_SECONDS_BETWEEN_LOOKS = 0.03
# How soon a dead child is noticed whose pipe is held open by something that it forked.
_SECONDS_TO_NOTICE = 0.5
# Of the room between a child at rest and its limit, what earlier calls may leave behind (caches, fragments) before
# a new child takes over: later fits must have nearly the room of the first.
_LEFTOVER = 0.25


class FitTimeout(Exception):
    """A call was ended because it took too long.

    Parameters
    ----------
    seconds : float
        The limit.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"The fit was ended after fit_timeout={self.seconds:g} seconds."


class FitMemoryExceeded(Exception):
    """A call was ended because it took too much memory.

    Parameters
    ----------
    limit : int
        Bytes.
    details : str
        What was seen.
    """

    def __init__(self, limit: int, details: str) -> None:
        super().__init__(limit, details)
        self.limit = limit
        self.details = details

    def __str__(self) -> str:
        return f"The fit was ended at fit_memory_limit={self.limit} bytes: {self.details}"


class WorkerDied(RuntimeError):
    """The process of a call ended by itself."""


class ChildError(RuntimeError):
    """No call can be run in a child process: it does not start, or cannot read what it is given."""


class _NotBegun(Exception):
    """The child was gone before the call began."""


class LimitedRunner:
    """Runs calls in child processes that are ended at a limit.

    It holds the limits alone and can be pickled; the children belong to the process that calls
    `run` and are shared by its threads, one for each call that is running.

    Parameters
    ----------
    timeout : float or None
        Seconds of one call, counted from when the child has loaded everything.
    memory_limit : int or None
        Bytes that the child and all that it starts may hold, imports and data included that are
        not mapped from a file.
    n_threads : int or None, default=None
        Threads of BLAS and OpenMP, and cores that joblib finds, in a new child; None: as here.
    """

    def __init__(
        self, timeout: float | None, memory_limit: int | None, n_threads: int | None = None
    ) -> None:
        self.timeout = timeout
        self.memory_limit = memory_limit
        self.n_threads = n_threads

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return ``function(*args)``, computed in a child.

        Parameters
        ----------
        function : callable
            Travels by cloudpickle, so it may be a lambda or be defined in ``__main__``.
        *args : object
            Handles of shared objects are loaded before the clock starts.

        Returns
        -------
        result : object
            What the function returned.

        Raises
        ------
        FitTimeout, FitMemoryExceeded
            If the call passed its limit; the child and all its descendants have been ended.
        WorkerDied
            If the child ended for another reason.
        ChildError
            If no child can be started, or it cannot read the call.
        Exception
            Whatever the call raised, with the traceback of the child as its cause.
        """
        order = _order(function, args, self.memory_limit)
        for is_last in (False, True):
            child = _take(self.n_threads, new=is_last)
            try:
                kind, value, messages = child.call(order, self.timeout, self.memory_limit)
            except _NotBegun as error:  # ended while it was idle; a new one is not idle
                child.end()
                if is_last:
                    raise ChildError(str(error)) from None
                continue
            except BaseException:
                child.end()
                raise
            break
        if kind in ("memory", "exit") or child.is_worn(self.memory_limit):
            child.end()
        else:
            _put_back(child)
        _reissue(messages)
        if kind == "result":
            return value
        raise self._error(kind, value)

    def _error(self, kind: str, value: Any) -> BaseException:
        if kind == "memory":
            return FitMemoryExceeded(self.memory_limit or 0, f"an allocation failed.\n{value}")
        if kind == "exit":
            return WorkerDied(f"The call ended its own process.\n{value}")
        if kind == "unreadable":
            return ChildError(
                "A child process cannot read the call. Classes and functions must be defined in "
                f"__main__ or in a module that can be imported.\n{value}"
            )
        error, text = value
        if error is None:
            return RuntimeError(f"The call failed with an error that cannot travel.\n{text}")
        error.__cause__ = _ChildTraceback(text)
        return error


class _ChildTraceback(Exception):
    """Shows the traceback of the child where an exception of a call is printed."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


class _Child:
    """One child process, idle or in a call."""

    def __init__(self, n_threads: int | None) -> None:
        self.n_threads = n_threads
        self._at_rest: int | None = None  # bytes before its first call
        package = __name__.rpartition(".")[0]
        try:
            self._spawned = spawn(f"{package}._child_main", _environment(n_threads))
        except OSError as error:
            raise ChildError(f"The system starts no further process: {error}") from error

    @property
    def is_alive(self) -> bool:
        return self._spawned.process.poll() is None

    def call(
        self, order: bytes, timeout: float | None, memory_limit: int | None
    ) -> tuple[str, Any, list[Any]]:
        """Return the answer to one call, or raise what ended it."""
        try:
            self._spawned.channel.send_bytes(order)
            kind, value, messages = self._receive()
        except (OSError, EOFError):
            raise _NotBegun(f"A child process ended at its start: {self._death()}") from None
        if kind != "begun":
            return kind, value, messages
        if memory_limit is not None:
            self._check_at_rest(value, memory_limit)
        self._watch(timeout, memory_limit)
        try:
            return self._receive()
        except (OSError, EOFError):
            raise WorkerDied(f"The process of the fit ended: {self._death()}") from None

    def is_worn(self, memory_limit: int | None) -> bool:
        """Return whether earlier calls have left so much behind that the next has less room."""
        if memory_limit is None or self._at_rest is None:
            return False
        left = memory_in_use(self._spawned.process.pid) - self._at_rest
        return left > _LEFTOVER * (memory_limit - self._at_rest)

    def end(self) -> None:
        with _lock:
            _children.discard(self)
        end_tree(self._spawned)

    def forget(self) -> None:
        """Drop a child that ended while it was idle; the lock is held."""
        _children.discard(self)
        _idle.remove(self)
        close_pipes(self._spawned)

    def _check_at_rest(self, n_bytes: int, memory_limit: int) -> None:
        if self._at_rest is None:
            self._at_rest = n_bytes
        if n_bytes >= memory_limit:
            raise ValueError(
                f"fit_memory_limit={memory_limit} bytes is less than a process holds before any fit: "
                f"{n_bytes} bytes of imported libraries and data. Raise the limit."
            )

    def _watch(self, timeout: float | None, memory_limit: int | None) -> None:
        """Return when there is an answer, or nothing to wait for any more."""
        pause = _SECONDS_TO_NOTICE if memory_limit is None else _SECONDS_BETWEEN_LOOKS
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while not self._poll(max(0.0, min(pause, deadline - time.monotonic()))):
            if memory_limit is not None:
                used = memory_in_use(self._spawned.process.pid)
                if used > memory_limit:
                    raise FitMemoryExceeded(memory_limit, f"{used} bytes were in use.")
            if not self.is_alive and not self._poll(0.0):
                raise WorkerDied(f"The process of the fit ended: {self._death()}")
            if timeout is not None and time.monotonic() >= deadline:
                raise FitTimeout(timeout)

    def _poll(self, seconds: float) -> bool:
        try:
            return self._spawned.channel.poll(seconds)
        except OSError:  # Windows says here that the other end has closed
            return True

    def _receive(self) -> tuple[str, Any, list[Any]]:
        return pickle.loads(self._spawned.channel.recv_bytes())

    def _death(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._spawned.process.wait(timeout=1)
        return _reason(self._spawned.process.returncode)


def _reason(code: int | None) -> str:
    if code is None:
        return "it closed its pipe."
    if code >= 0:
        return f"exit code {code}."
    name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
    hint = " The system may have run out of memory." if name == "SIGKILL" else ""
    return f"killed by {name}.{hint}"


def _order(function: Callable[..., Any], args: tuple[Any, ...], memory_limit: int | None) -> bytes:
    backend, n_jobs = get_active_backend()
    # Inside a worker joblib has a back-end for what is nested: threads, then one after the other.
    nested = (backend, n_jobs) if getattr(backend, "supports_sharedmem", False) else None
    context = CallContext(get_config(), list(warning_filters()), nested, memory_limit)
    main = sys.modules.get("__mp_main__")
    if main is None:
        return cloudpickle.dumps((function, args, context))
    # In a worker that multiprocessing has spawned, the user's script goes by a name that no
    # other process knows.
    cloudpickle.register_pickle_by_value(main)
    try:
        return cloudpickle.dumps((function, args, context))
    finally:
        cloudpickle.unregister_pickle_by_value(main)


def _reissue(messages: list[Any]) -> None:
    """Issue the warnings of a call here; the filters that let them pass are the same."""
    for message, filename, lineno in messages:
        warnings.warn_explicit(message, None, filename, lineno, registry=_seen)


_seen: dict[Any, Any] = {}

# When a fit is ended that had processes of its own, their tracker removes what they left, and says so.
_QUIET_TRACKER = "ignore:resource_tracker:UserWarning"


def _environment(n_threads: int | None) -> dict[str, str]:
    given = os.environ.get("PYTHONWARNINGS")
    variables = {"PYTHONWARNINGS": f"{given},{_QUIET_TRACKER}" if given else _QUIET_TRACKER}
    if n_threads is not None:
        names = (*THREAD_VARIABLES, "LOKY_MAX_CPU_COUNT")
        variables |= {name: str(n_threads) for name in names if name not in os.environ}
    return variables


_lock = threading.Lock()
_children: set[_Child] = set()
_idle: list[_Child] = []


def _take(n_threads: int | None, *, new: bool) -> _Child:
    with _lock:
        for child in [child for child in _idle if not child.is_alive]:
            child.forget()
        if fitting := [child for child in _idle if child.n_threads == n_threads and not new]:
            _idle.remove(fitting[-1])
            return fitting[-1]
    child = _Child(n_threads)
    with _lock:
        _children.add(child)
    return child


def _put_back(child: _Child) -> None:
    with _lock:
        if child in _children:
            _idle.append(child)


def end_children() -> None:
    """End all children of this process; calls that still run in one raise `WorkerDied`."""
    with _lock:
        children = list(_children)
        _children.clear()
        _idle.clear()
    for child in children:
        child.end()


def _forget() -> None:
    """In a fork of this process: its children are the parent's."""
    global _lock
    _lock = threading.Lock()
    _children.clear()
    _idle.clear()


atexit.register(end_children)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
