"""What all tasks of a search share goes to each worker once; a task carries only a handle to it.

How depends on what the back-end of joblib can do, and the table `_WAYS` is the only place that asks: threads see the
object itself, processes of this machine map a file, Dask and Ray have a store of their own. Elsewhere the object is
pickled along with each task, which is slow and always right.
"""

import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from joblib.parallel import BACKENDS

from ._mapped import MappedFolder, read_mapped

__all__ = ["FetchedHandle", "Handle", "can_call_back", "share"]

# joblib's own bound: what is smaller is cheaper to copy than to map.
_MAX_NBYTES = 1_000_000


class Handle:
    """The object itself, for threads of this process; pickled, it travels along.

    Parameters
    ----------
    obj : object
        What is shared.
    """

    # Whether any process of this machine can get the object by what the pickled handle carries.
    travels_alone = False

    def __init__(self, obj: Any) -> None:
        self._obj = obj

    def get(self) -> Any:
        """Return the object: on the worker, or where it was shared."""
        return self._obj

    def renew(self) -> None:
        """Hand the object out again if the workers that held it were lost; else do nothing."""

    def close(self) -> None:
        """Free what was taken; no task may be started after it."""


def share(
    obj: Any,
    backend: Any,
    *,
    temp_folder: str | None = None,
    max_nbytes: int | None = _MAX_NBYTES,
    mmap_mode: str | None = "r",
) -> Handle:
    """Make an object available to all workers of a back-end.

    The handle must be an argument of its own in each task (Dask sees it only there).

    Parameters
    ----------
    obj : object
        Anything that can be pickled; by cloudpickle, so classes of ``__main__`` are welcome.
    backend : joblib back-end
        The active one, started or not.
    temp_folder, max_nbytes, mmap_mode
        As in `joblib.parallel_config`; used where processes of this machine map a file.

    Returns
    -------
    handle : Handle
        ``handle.get()`` on the worker is the object; to be closed at the end.
    """
    for can, way, _ in _WAYS:
        if can(backend):
            return way(obj, backend, (temp_folder, max_nbytes, mmap_mode or "r"))
    return Handle(obj)


def can_call_back(backend: Any) -> bool:
    """Return whether what runs on a worker can send messages to this process through a local socket."""
    return next((can_call for can, _, can_call in _WAYS if can(backend)), False)


class _FileHandle(Handle):
    """For processes of this machine: a file, mapped once by each."""

    def __init__(
        self, obj: Any, by_value: bool, options: tuple[str | None, int | None, str]
    ) -> None:
        super().__init__(obj)
        temp_folder, self._max_nbytes, self._mmap_mode = options
        self._folder = MappedFolder(obj, temp_folder, by_value)
        self.travels_alone = by_value

    def __reduce__(self) -> Any:
        path = self._folder.path
        args = (path, self._max_nbytes, self._mmap_mode)
        return FetchedHandle, (path, read_mapped, args, self.travels_alone)

    def close(self) -> None:
        self._folder.close()


class _DaskHandle(Handle):
    """For Dask: scattered to all workers; joblib's back-end puts the future in the handle's place.

    So the worker gets a plain `Handle`, shared by its threads, and the scheduler knows what the
    task depends on: it fetches a copy for a worker that came later.
    """

    def __init__(self, obj: Any, backend: Any) -> None:
        super().__init__(obj)
        self._backend = backend
        self._scatter()

    def _scatter(self) -> None:
        # hash=False: hashing reads all the data, and equal keys of two searches get in each
        # other's way when one of them ends.
        self._future = self._backend.client.scatter(Handle(self._obj), broadcast=True, hash=False)
        self._backend.data_futures[id(self)] = self._future

    def __reduce__(self) -> Any:  # inside something else, where Dask does not see it
        return Handle, (self._obj,)

    def renew(self) -> None:
        if self._future.status != "finished":  # all workers that held a copy were lost
            self._scatter()

    def close(self) -> None:
        self._backend.data_futures.pop(id(self), None)
        del self._future  # Dask frees the data with the last reference


class _RayHandle(Handle):
    """For Ray: one copy in the object store of each node, read once by each process."""

    def __init__(self, obj: Any) -> None:
        import ray

        super().__init__(obj)
        self._token = uuid4().hex
        if not ray.is_initialized():
            ray.init()
        self._ref: Any = ray.put(obj)

    def __reduce__(self) -> Any:
        return FetchedHandle, (self._token, _from_ray, (self._ref,))

    def close(self) -> None:
        self._ref = None


def _from_ray(ref: Any) -> Any:
    import ray

    return ray.get(ref)


class FetchedHandle(Handle):
    """What a worker process gets: fetches the object once and keeps it for the tasks to come.

    Parameters
    ----------
    token : str
        Names the object.
    fetch, args : callable, tuple
        How to get it.
    travels_alone : bool
        As of every handle.
    """

    def __init__(
        self,
        token: str,
        fetch: Callable[..., Any],
        args: tuple[Any, ...],
        travels_alone: bool = False,
    ) -> None:
        self._token, self._fetch, self._args = token, fetch, args
        self.travels_alone = travels_alone

    def __reduce__(self) -> Any:
        return FetchedHandle, (self._token, self._fetch, self._args, self.travels_alone)

    def get(self) -> Any:
        with _lock:
            if self._token not in _fetched:
                obj = self._fetch(*self._args)
                while len(_fetched) >= _N_KEPT:
                    _fetched.popitem(last=False)
                _fetched[self._token] = obj
            _fetched.move_to_end(self._token)
            return _fetched[self._token]


# A worker serves one search, or that and one inside it; one more for two that take turns.
_N_KEPT = 3
_fetched: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # a child forked while another thread fetches starts unlocked

    def _new_lock() -> None:
        global _lock
        _lock = threading.Lock()

    os.register_at_fork(after_in_child=_new_lock)


def _shares_memory(backend: Any) -> bool:
    return bool(getattr(backend, "supports_sharedmem", False))


def _has_dask_client(backend: Any) -> bool:
    return hasattr(backend, "data_futures") and hasattr(getattr(backend, "client", None), "scatter")


def _is_ray(backend: Any) -> bool:
    module = sys.modules.get("ray.util.joblib.ray_backend")  # imported by who uses it
    return module is not None and isinstance(backend, module.RayBackend)


def _is(name: str) -> Callable[[Any], bool]:
    return lambda backend: name in BACKENDS and isinstance(backend, BACKENDS[name])


# What a back-end is, how to share, whether its workers can call back. The first line that holds counts; Ray's
# back-end is a subclass of multiprocessing's. A forked worker cannot call back: with the memory of this process
# it has the registers by which scikit-learn's callbacks tell whether they are in it.
_WAYS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Any, Any], Handle], bool], ...] = (
    (_shares_memory, lambda obj, backend, options: Handle(obj), True),
    (_has_dask_client, lambda obj, backend, options: _DaskHandle(obj, backend), False),
    (_is_ray, lambda obj, backend, options: _RayHandle(obj), False),
    (_is("loky"), lambda obj, backend, options: _FileHandle(obj, True, options), True),
    (_is("multiprocessing"), lambda obj, backend, options: _FileHandle(obj, False, options), False),
)
