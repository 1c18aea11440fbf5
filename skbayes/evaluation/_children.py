"""The children of this process: warm interpreters that run limited calls, one for each call that is running.

They outlive the calls, so that imports are paid once, and end with this process, in whatever way it ends.
"""

import atexit
import os
import pickle
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import Any

from ._memory import memory_in_use
from ._processes import close_pipes, end_tree, spawn
from ._threads import THREAD_VARIABLES

__all__ = [
    "Child",
    "ChildError",
    "FitMemoryExceeded",
    "FitTimeout",
    "NotBegun",
    "WorkerDied",
    "end_children",
    "put_back",
    "take_child",
]

# Between two looks at the memory a fit can touch some 0.1 GB; a look takes less than 0.1 ms (benchmarks/constants.py
# small).
_SECONDS_BETWEEN_LOOKS = 0.03
# How soon a dead child is noticed whose pipe is held open by something that it forked.
_SECONDS_TO_NOTICE = 0.5
# From the end of its pipe to the end of a process it is milliseconds on an idle machine.
_SECONDS_TO_DIE = 5.0
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
    seconds : float
        How long it had run.
    """

    def __init__(self, limit: int, details: str, seconds: float) -> None:
        super().__init__(limit, details, seconds)
        self.limit = limit
        self.details = details
        self.seconds = seconds

    def __str__(self) -> str:
        return f"The fit was ended at fit_memory_limit={self.limit} bytes: {self.details}"


class WorkerDied(RuntimeError):
    """The process of a call ended by itself."""


class ChildError(RuntimeError):
    """No call can be run in a child process: it does not start, or cannot read what it is given."""


class NotBegun(Exception):
    """The child was gone before the call began."""


class Child:
    """One child process, idle or in a call.

    Parameters
    ----------
    n_threads : int or None
        As of `take_child`.
    """

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
        """Whether the process runs."""
        return self._spawned.process.poll() is None

    def call(
        self, order: bytes, timeout: float | None, memory_limit: int | None
    ) -> tuple[str, Any, list[Any]]:
        """Return (kind, value, warnings), or raise what ended the call; then the child is of no use."""
        try:
            self._spawned.channel.send_bytes(order)
            kind, value, messages = self._receive()
        except (OSError, EOFError):
            raise NotBegun(f"A child process ended at its start: {self._death()}") from None
        if kind != "begun":
            return kind, value, messages
        if memory_limit is not None:
            self._check_at_rest(value, memory_limit)
        begun = time.monotonic()
        self._watch(begun, timeout, memory_limit)
        try:
            kind, value, messages = self._receive()
        except (OSError, EOFError):
            raise WorkerDied(f"The process of the fit ended: {self._death()}") from None
        if kind == "memory":
            details = f"an allocation failed.\n{value}"
            raise FitMemoryExceeded(memory_limit or 0, details, time.monotonic() - begun)
        if kind == "exit":
            raise WorkerDied(f"The fit ended its own process.\n{value}")
        return kind, value, messages

    def is_worn(self, memory_limit: int | None) -> bool:
        """Return whether earlier calls have left so much behind that the next has less room."""
        if memory_limit is None or self._at_rest is None:
            return False
        left = memory_in_use(self._spawned.process.pid) - self._at_rest
        return left > _LEFTOVER * (memory_limit - self._at_rest)

    def end(self) -> None:
        """End it with all that it has started."""
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

    def _watch(self, begun: float, timeout: float | None, memory_limit: int | None) -> None:
        """Return when there is an answer, or nothing to wait for any more."""
        pause = _SECONDS_TO_NOTICE if memory_limit is None else _SECONDS_BETWEEN_LOOKS
        deadline = float("inf") if timeout is None else begun + timeout
        while not self._poll(max(0.0, min(pause, deadline - time.monotonic()))):
            if memory_limit is not None:
                used = memory_in_use(self._spawned.process.pid)
                if used > memory_limit:
                    seconds = time.monotonic() - begun
                    raise FitMemoryExceeded(memory_limit, f"{used} bytes were in use.", seconds)
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
            self._spawned.process.wait(timeout=_SECONDS_TO_DIE)
        return _reason(self._spawned.process.returncode)


def _reason(code: int | None) -> str:
    if code is None:
        return "it closed its pipe."
    if code >= 0:
        return f"exit code {code}."
    name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
    hint = " The system may have run out of memory." if name == "SIGKILL" else ""
    return f"killed by {name}.{hint}"


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
_children: set[Child] = set()
_idle: list[Child] = []


def take_child(n_threads: int | None, *, new: bool) -> Child:
    """Return a child that is idle, or a new one.

    Parameters
    ----------
    n_threads : int or None
        Threads of BLAS and OpenMP, and cores that joblib finds in it; None: as here.
    new : bool
        Do not take an idle one.

    Returns
    -------
    child : Child
        To be given to `put_back`, or ended.
    """
    with _lock:
        for child in [child for child in _idle if not child.is_alive]:
            child.forget()
        if fitting := [child for child in _idle if child.n_threads == n_threads and not new]:
            _idle.remove(fitting[-1])
            return fitting[-1]
    child = Child(n_threads)
    with _lock:
        _children.add(child)
    return child


def put_back(child: Child) -> None:
    """Let the next call have a child, unless it has been ended meanwhile."""
    with _lock:
        if child in _children:
            _idle.append(child)


def end_children(*, idle_only: bool = False) -> None:
    """End the children of this process; calls that still run in one raise `WorkerDied`.

    Parameters
    ----------
    idle_only : bool, default=False
        Leave those that run a call.
    """
    with _lock:
        children = list(_idle if idle_only else _children)
        _children.difference_update(children)
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
