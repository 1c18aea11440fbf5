"""Where tasks run: in this process, or in the workers of joblib's back-end.

Three executors with one face. `submit` gives a call to the workers, `wait` returns what has ended. A back-end that
says when a single call has ended (loky, threads, Dask) is used as a stream, see `_stream.py`; any other one
(multiprocessing, Ray, Spark) in batches; a single worker in this process runs one call at a time.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from ._joblib import OpenBackend
from ._suspects import Suspects, worker_died
from ._worker import Failure

__all__ = ["BatchExecutor", "Call", "Ended", "Executor", "InlineExecutor"]

# Called with what all calls share, as a handle.
Call = Callable[[Any], Any]
# (what submit was given as key, what the call returned)
Ended = tuple[int, Any]

# Several tasks for each worker in a batch, so that one slow task does not make all the others wait.
_TASKS_PER_WORKER = 8


class Executor(Protocol):
    """Runs calls, and says which have ended."""

    @property
    def n_workers(self) -> int:
        """How many calls run side by side."""

    @property
    def most_submitted(self) -> int:
        """How many calls it makes sense to have submitted."""

    def submit(self, key: int, call: Call) -> None:
        """Give a call to the workers."""

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Return calls that have ended since the last time, at least one; none after the timeout."""

    def wake(self) -> None:
        """Make `wait` return at once, from a signal handler."""

    def abandon(self) -> list[Ended]:
        """Forget all that was submitted, and end what runs or wait for it; return what ended well."""


class InlineExecutor:
    """Runs each call in this process, when waited for.

    Parameters
    ----------
    shared : Handle
        What all calls get.
    """

    n_workers = 1
    most_submitted = 1

    def __init__(self, shared: Any) -> None:
        self._shared = shared
        self._calls: deque[tuple[int, Call]] = deque()
        self._is_running = False
        self._is_woken = False

    def submit(self, key: int, call: Call) -> None:
        """Queue a call."""
        self._calls.append((key, call))

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Run the next call; none if woken before, and out of it with KeyboardInterrupt if woken in it."""
        self._is_running = True  # first, so that no signal comes between the two
        try:
            if self._is_woken:
                return []
            key, call = self._calls.popleft()
            return [(key, call(self._shared))]
        finally:
            self._is_running = self._is_woken = False

    def wake(self) -> None:
        """Leave the call that runs; without one, the next does not begin."""
        self._is_woken = True
        if self._is_running:
            raise KeyboardInterrupt

    def abandon(self) -> list[Ended]:
        """Forget the queued calls: nothing runs but within `wait`."""
        self._calls.clear()
        return []


class BatchExecutor:
    """Runs all that was submitted side by side, when waited for.

    Parameters
    ----------
    opened : OpenBackend
        A back-end that returns its results all together.
    shared : Handle
        What all calls get.
    """

    def __init__(self, opened: OpenBackend, shared: Any) -> None:
        self._opened = opened
        self._shared = shared
        self._calls: dict[int, Call] = {}
        self._suspects = Suspects()
        self.n_workers = opened.n_workers
        self.most_submitted = _TASKS_PER_WORKER * self.n_workers

    def submit(self, key: int, call: Call) -> None:
        """Queue a call."""
        self._calls[key] = call

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Run a batch of calls; several, one after the other, while a culprit is looked for."""
        ended: list[Ended] = []
        while not ended:
            ended = self._batch()
        return ended

    def _batch(self) -> list[Ended]:
        keys = self._suspects.next_group() or list(self._calls)
        try:
            results = self._opened.run([self._calls[key] for key in keys], self._shared)
        except Exception as error:  # of a worker or of the back-end: a call itself does not raise
            lost = self._suspects.accuse(keys)
            return [(key, self._lost(key, error)) for key in lost]
        self._suspects.acquit(keys)
        for key in keys:
            del self._calls[key]
        return list(zip(keys, results, strict=True))

    def _lost(self, key: int, error: Exception) -> Failure:
        del self._calls[key]
        return Failure(worker_died(error))

    def wake(self) -> None:
        """Do nothing: a batch that runs is waited for."""

    def abandon(self) -> list[Ended]:
        """Forget the queued calls: nothing runs but within `wait`."""
        self._calls.clear()
        return []
