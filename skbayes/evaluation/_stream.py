"""The executor over a back-end that says when a single call has ended: loky, threads, Dask.

A worker that dies costs its own task only. loky loses all that ran in the pool, which is started anew; `_suspects.py`
finds out who is to blame. Dask runs the tasks of a lost worker elsewhere by itself, and gives those up that were on
several workers that died: one of them is to blame and some may be its neighbours, so each runs once more, alone.
"""

from collections import deque
from concurrent.futures import BrokenExecutor
from functools import partial
from pickle import PicklingError
from queue import Empty, SimpleQueue
from typing import Any

from ._executor import Call, Ended
from ._joblib import OpenBackend, pre_dispatched
from ._suspects import Suspects, worker_died
from ._worker import Failure

__all__ = ["StreamExecutor"]


class StreamExecutor:
    """Gives calls to the workers one at a time.

    Parameters
    ----------
    opened : OpenBackend
        A back-end that gives back each result.
    pre_dispatch : int or str
        As in joblib: how many calls are prepared ahead.
    shared : Handle
        What all calls get.
    """

    def __init__(self, opened: OpenBackend, pre_dispatch: int | str, shared: Any) -> None:
        self._opened = opened
        self._shared = shared
        self._calls: dict[int, Call] = {}
        self._running: set[int] = set()
        self._held: deque[int] = deque()
        self._lost: set[int] = set()  # those once, with their worker or the data
        self._is_abandoned = False
        # Of each pool that broke: what ends of an older one is void.
        self._generation = 0
        self._ended: SimpleQueue[tuple[int, int, Any] | None] = SimpleQueue()
        self._suspects = Suspects()
        self._pre_dispatch = pre_dispatch
        self._can_end = not opened.shares_memory

    @property
    def n_workers(self) -> int:
        """How many calls run side by side: more when workers join a cluster."""
        return self._opened.n_workers

    @property
    def most_submitted(self) -> int:
        """How many calls it makes sense to have submitted."""
        ahead = pre_dispatched(self._pre_dispatch, self.n_workers)
        return 10**9 if ahead is None else ahead

    def submit(self, key: int, call: Call) -> None:
        """Give a call to the workers, or hold it back while a culprit is looked for."""
        self._calls[key] = call
        if self._suspects.next_group():
            self._held.append(key)
        else:
            self._start([key])

    def _start(self, keys: list[int]) -> None:
        generation = self._generation
        self._running.update(keys)
        for key in keys:
            call, on_end = self._calls[key], partial(self._put, generation, key)
            if not self._can_end:
                call = partial(self._unless_abandoned, call)
            try:
                self._opened.submit(call, self._shared, on_end)
            except BrokenExecutor as error:  # a worker died after the last look at what has ended
                on_end(error)

    def _put(self, generation: int, key: int, ended: Any) -> None:
        self._ended.put((generation, key, ended))

    def _unless_abandoned(self, call: Call, shared: Any) -> Any:
        return None if self._is_abandoned else call(shared)

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Return all calls that have ended since the last time; at least one, unless woken or late."""
        results: list[Ended] = []
        while not results:
            try:
                entry = self._ended.get(timeout=timeout)
            except Empty:
                return []
            if entry is None:
                return []
            results += self._taken(entry)
            while not self._ended.empty():
                entry = self._ended.get()
                if entry is None:
                    return results
                results += self._taken(entry)
        return results

    def _taken(self, entry: tuple[int, int, Any]) -> list[Ended]:
        """What an entry of the queue comes to: one result, none, or the victims of a broken pool."""
        generation, key, ended = entry
        if generation != self._generation or key not in self._running:
            return []
        try:
            result = self._opened.outcome(ended)
        except BrokenExecutor as error:
            return self._pool_broke(error)
        except BaseException as error:  # the back-end's: a call itself does not raise
            return self._task_lost(key, error)
        self._running.discard(key)
        self._suspects.acquit([key])
        del self._calls[key]
        self._go_on()
        return [(key, result)]

    def _task_lost(self, key: int, error: BaseException) -> list[Ended]:
        self._running.discard(key)
        if isinstance(error, PicklingError):  # it would be the same again
            return self._sentenced([key], error)
        self._shared.renew()
        if key in self._lost or self._opened.has_given_up(error):
            if guilty := self._suspects.accuse([key]):
                return self._sentenced(guilty, error)
            self._go_on()
        else:
            self._lost.add(key)
            self._start([key])
        return []

    def _pool_broke(self, error: BaseException) -> list[Ended]:
        results = self._in_queue()
        guilty = self._suspects.accuse(self._running)
        self._running.clear()
        self._generation += 1
        self._opened.restart()
        return results + self._sentenced(guilty, error)

    def _in_queue(self) -> list[Ended]:
        """What ended well up to this moment."""
        results: list[Ended] = []
        while not self._ended.empty():
            if (entry := self._ended.get()) is not None:
                results += self._salvaged(entry)
        return results

    def _salvaged(self, entry: tuple[int, int, Any]) -> list[Ended]:
        generation, key, ended = entry
        if generation != self._generation or key not in self._running:
            return []
        try:
            result = self._opened.outcome(ended)
        except BaseException:  # lost with the pool
            return []
        self._running.discard(key)
        self._suspects.acquit([key])
        del self._calls[key]
        return [(key, result)]

    def _sentenced(self, guilty: list[int], error: BaseException) -> list[Ended]:
        for key in guilty:
            del self._calls[key]
        self._go_on()
        return [(key, Failure(worker_died(error))) for key in guilty]

    def _go_on(self) -> None:
        """Start the next group of suspects once nothing else runs; without any, what was held."""
        group = self._suspects.next_group()
        if not group:
            held, self._held = list(self._held), deque()
            self._start(held)
        elif not self._running:
            self._start(group)

    def wake(self) -> None:
        """Make `wait` return at once; may be called by a signal handler."""
        self._ended.put(None)

    def abandon(self) -> list[Ended]:
        """End the workers with what they run; threads are waited for. Return what ended well."""
        self._is_abandoned = True
        self._held.clear()
        results = self._in_queue()
        if self._running and self._can_end:
            self._opened.restart()
            self._running.clear()
        while self._running:
            if (entry := self._ended.get()) is not None:
                results += self._salvaged(entry)
                self._running.discard(entry[1])
        self._generation += 1
        self._calls.clear()
        self._is_abandoned = False
        return [(key, result) for key, result in results if result is not None]
