"""Threads of BLAS and OpenMP in the workers of a search: workers times threads should be the cores, not more.

loky's workers get their share from joblib, Dask's nannies and Ray give one thread to each core they hand out. What
nobody limits are threads of this process and the forks of multiprocessing. BLAS keeps one number of threads for the
process and OpenMP one for each thread that calls it: the first is held by whoever runs the search in threads, or by
the one task of a process, the second by each task.
"""

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from joblib import cpu_count
from joblib.parallel import BACKENDS
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

__all__ = [
    "THREAD_VARIABLES",
    "limited_threads",
    "thread_limit",
    "threads_per_worker",
    "warn_nested_jobs",
]

# The variables by which joblib limits loky's workers, in the same way.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
# Builds of BLAS on OpenMP read its variable too.
_BLAS_VARIABLES = THREAD_VARIABLES[:5]


def threads_per_worker(backend: Any, n_workers: int) -> int | None:
    """Return how many threads each worker should use, where it is for us to say.

    Parameters
    ----------
    backend : joblib back-end
        The active one.
    n_workers : int
        How many fits run side by side.

    Returns
    -------
    n_threads : int or None
        For `limited_threads`. None: one worker has all the cores; loky is limited by joblib; on a
        cluster only the workers know how many of them share a machine.
    """
    explicit = getattr(backend, "inner_max_num_threads", None)
    if n_workers < 2 or _is("loky", backend):
        return None
    if explicit is not None:
        return int(explicit)
    return max(1, cpu_count() // n_workers) if _is_local(backend) else None


def _is_local(backend: Any) -> bool:
    shares_memory = bool(getattr(backend, "supports_sharedmem", False))
    return shares_memory or _is("loky", backend) or _is("multiprocessing", backend)


def _is(name: str, backend: Any) -> bool:
    # Not isinstance: Ray's back-end is a subclass of multiprocessing's.
    return type(backend) is BACKENDS.get(name)


@contextmanager
def limited_threads(n_threads: int | None) -> Iterator[None]:
    """Let BLAS and OpenMP use so many threads.

    To be entered by each task in the thread that runs it, and around all of them by the search
    itself if they are threads of its process.

    A variable such as ``OMP_NUM_THREADS`` that the user has set is left to hold, and a smaller
    number of threads that is in force already.

    Parameters
    ----------
    n_threads : int or None
        None changes nothing.
    """
    if n_threads is None:
        yield
        return
    token = _limit.set(n_threads)
    try:
        with _blas.at_most(n_threads), _openmp_at_most(n_threads):
            yield
    finally:
        _limit.reset(token)


def thread_limit() -> int | None:
    """Return the number of threads that `limited_threads` has set around the caller, for a process to start."""
    return _limit.get()


_limit: ContextVar[int | None] = ContextVar("skbayes_threads", default=None)


class _Blas:
    """One limit for the process, of who comes first; nobody else changes it until he goes.

    Threads that each set and restore the number would restore what another has set, and
    threadpoolctl (3.8) lets OpenBLAS be changed by one thread only.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def at_most(self, n_threads: int) -> Iterator[None]:
        is_explicit = any(name in os.environ for name in _BLAS_VARIABLES)
        if is_explicit or not self._lock.acquire(blocking=False):
            yield
            return
        try:
            with _lowered("blas", n_threads):
                yield
        finally:
            self._lock.release()


_blas = _Blas()


@contextmanager
def _openmp_at_most(n_threads: int) -> Iterator[None]:
    if "OMP_NUM_THREADS" in os.environ:
        yield
        return
    with _lowered("openmp", n_threads):
        yield


def _lowered(api: str, n_threads: int) -> Any:
    """Return the context in which all libraries with this interface have at most so many threads."""
    libraries = _loaded().select(user_api=api)
    current = [library["num_threads"] for library in libraries.info()]
    return libraries.limit(limits=min([n_threads, *current]))


_controllers: dict[int, ThreadpoolController] = {}


def _loaded() -> ThreadpoolController:
    # Looking for libraries takes some milliseconds; a new one comes with new modules.
    n_modules = len(sys.modules)
    controller = _controllers.get(n_modules)
    if controller is None:
        controller = ThreadpoolController()
        _controllers.clear()
        _controllers[n_modules] = controller
    return controller


def _forget() -> None:
    """In a fork of this process: its other threads, and what they held, are gone."""
    global _blas
    _blas = _Blas()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def warn_nested_jobs(estimator: Any, n_workers: int, backend: Any = None) -> None:
    """Warn once if the estimator's own parallelism times that of the search is more than the cores.

    On a cluster nothing is said: how many workers share a machine is not known here.

    Parameters
    ----------
    estimator : estimator object
        Each parameter whose name ends with ``n_jobs`` is looked at, nested ones too.
    n_workers : int
        How many fits run side by side.
    backend : joblib back-end, default=None
        The active one; None stands for one of this machine.
    """
    if n_workers < 2 or not (backend is None or _is_local(backend)):
        return
    n_cores = cpu_count()
    jobs = {
        name: _n_jobs(value, n_cores)
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2].endswith("n_jobs") and isinstance(value, int)
    }
    name = max(jobs, key=jobs.__getitem__, default="")
    if not name or jobs[name] < 2 or n_workers * jobs[name] <= n_cores:
        return
    value = estimator.get_params(deep=True)[name]
    warnings.warn(
        f"Up to {n_workers * jobs[name]} jobs would run at once on {n_cores} cores: the search has "
        f"{n_workers} workers, and each of their fits starts {jobs[name]} ({name}={value}). They slow "
        f"each other. Set {name}=None and let the search keep the cores busy, or n_jobs=1 of the search.",
        UserWarning,
        stacklevel=2,
    )


def _n_jobs(value: int, n_cores: int) -> int:
    """Read n_jobs as joblib does: −1 is all cores, −2 all but one."""
    return max(1, n_cores + 1 + value) if value < 0 else int(value)
