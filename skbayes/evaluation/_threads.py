"""Threads of BLAS and OpenMP in the workers of a search: workers times threads should be the cores, not more.

loky's workers get their share from joblib, Dask's nannies and Ray give one thread to each core they hand out. What
nobody limits are threads of this process and the forks of multiprocessing. BLAS keeps one number of threads for the
process and OpenMP one for each thread that calls it, so one is held as long as any task runs, the other by each task.
"""

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from joblib import cpu_count
from joblib.parallel import BACKENDS
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

__all__ = ["THREAD_VARIABLES", "limited_threads", "threads_per_worker", "warn_nested_jobs"]

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
    if getattr(backend, "supports_sharedmem", False) or _is("multiprocessing", backend):
        return max(1, cpu_count() // n_workers)
    return None


def _is(name: str, backend: Any) -> bool:
    # Not isinstance: Ray's back-end is a subclass of multiprocessing's.
    return type(backend) is BACKENDS.get(name)


@contextmanager
def limited_threads(n_threads: int | None) -> Iterator[None]:
    """Let BLAS and OpenMP use so many threads in a task; to be entered by the thread that runs it.

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
    with _blas.at_most(n_threads), _openmp_at_most(n_threads):
        yield


class _Blas:
    """One limit for the process: set by the first task that comes and lifted by the last that goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0
        self._limiter: Any = None

    @contextmanager
    def at_most(self, n_threads: int) -> Iterator[None]:
        with self._lock:
            if self._n_inside == 0 and not any(name in os.environ for name in _BLAS_VARIABLES):
                self._limiter = _limiter("blas", n_threads)
            self._n_inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_inside -= 1
                if self._n_inside == 0 and self._limiter is not None:
                    self._limiter.restore_original_limits()
                    self._limiter = None


_blas = _Blas()


@contextmanager
def _openmp_at_most(n_threads: int) -> Iterator[None]:
    if "OMP_NUM_THREADS" in os.environ:
        yield
        return
    limiter = _limiter("openmp", n_threads)
    try:
        yield
    finally:
        limiter.restore_original_limits()


def _limiter(api: str, n_threads: int) -> Any:
    """Lower the threads of all libraries with this interface; what was is restored by the result."""
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


def warn_nested_jobs(estimator: Any, n_workers: int, n_cores: int | None = None) -> None:
    """Warn once if the estimator's own parallelism times that of the search is more than the cores.

    Parameters
    ----------
    estimator : estimator object
        Each parameter whose name ends with ``n_jobs`` is looked at, nested ones too.
    n_workers : int
        How many fits run side by side on this machine.
    n_cores : int, default=None
        Cores of the machine; None: as joblib counts them.
    """
    n_cores = cpu_count() if n_cores is None else n_cores
    jobs = {
        name: _n_jobs(value, n_cores)
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2].endswith("n_jobs") and isinstance(value, int)
    }
    name = max(jobs, key=jobs.__getitem__, default="")
    if n_workers < 2 or not name or jobs[name] < 2 or n_workers * jobs[name] <= n_cores:
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
