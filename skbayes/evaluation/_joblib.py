"""The one gate to what joblib does not export: a back-end to which single calls can be given one at a time.

`joblib.Parallel` pulls its input `n_jobs` at a time, from a thread of the back-end, before the results of those that
ended are known. A search must choose the next evaluation when a worker is free, so it gives the calls
to the back-end itself.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pickle import PicklingError
from queue import Queue
from typing import Any

import joblib

# Private, and what joblib itself evaluates ``pre_dispatch="2*n_jobs"`` with: arithmetic only.
from joblib._utils import eval_expr
from joblib.parallel import BatchedCalls

try:
    from joblib.externals import cloudpickle  # joblib up to 1.5 brings its own
except ImportError:
    import cloudpickle  # and then depends on it

__all__ = ["OpenBackend", "cloudpickle", "pre_dispatched"]

# Workers of a cluster come and go; asking how many there are is a call to its scheduler.
_SECONDS_BETWEEN_COUNTS = 5.0


class OpenBackend:
    """joblib's active back-end with its workers; a context manager.

    Parameters
    ----------
    n_jobs : int or None
        As in joblib.
    """

    def __init__(self, n_jobs: int | None) -> None:
        # The constructor reads parallel_config; entering it starts the workers.
        self._parallel = joblib.Parallel(n_jobs=n_jobs)
        self._counted: tuple[float, int] = (-_SECONDS_BETWEEN_COUNTS, 1)

    def __enter__(self) -> "OpenBackend":
        self._parallel.__enter__()
        self._call("start_call")
        return self

    def __exit__(self, *_: object) -> None:
        self._call("stop_call")
        self._parallel.__exit__(None, None, None)

    @property
    def backend(self) -> Any:
        """joblib's own object; a fallback may have replaced it on entering."""
        return self._parallel._backend

    @property
    def n_workers(self) -> int:
        """How many calls run side by side, at present."""
        when, n = self._counted
        if (now := time.monotonic()) - when >= _SECONDS_BETWEEN_COUNTS:
            n = max(1, int(self.backend.effective_n_jobs(self._parallel.n_jobs)))
            self._counted = (now, n)
        return n

    @property
    def gives_back_each(self) -> bool:
        """Whether it says when a single call has ended (loky, threads, Dask)."""
        # multiprocessing has the first only: it calls back, but forgets the call of a worker that died.
        # Ray, built on it, gives its calls to the workers in turn, whether they are free or not.
        backend = self.backend
        return bool(backend.supports_retrieve_callback and backend.supports_return_generator)

    @property
    def shares_memory(self) -> bool:
        """Whether the calls run in this process."""
        return bool(getattr(self.backend, "supports_sharedmem", False))

    def submit(self, call: Callable[..., Any], shared: Any, on_end: Callable[[Any], None]) -> None:
        """Give ``call(shared)`` to the workers.

        When it has ended `on_end` is called from another thread, perhaps twice, with what `outcome`
        takes.

        Raises
        ------
        ConnectionError
            If the cluster is gone.
        """
        backend = self.backend
        if (client := getattr(backend, "client", None)) is not None:
            # Joblib's Dask back-end submits from another thread, where nobody sees an error.
            _check_connection(client)
            if (error := _pickling_error(call)) is not None:
                on_end(error)
                return
        calls: list[Any] = [(evaluate, (shared, call), {})]
        batch = BatchedCalls(calls, backend.get_nested_backend(), self._set_context)
        # joblib 1.4 says apply_async.
        submit = getattr(backend, "submit", None) or backend.apply_async
        given = submit(batch, on_end)

        def on_done(future: Any) -> None:
            if future.cancelled() or future.exception() is not None:
                on_end(future)

        # The Dask back-end is silent about a call that ended in an error, but for its future.
        if hasattr(given, "add_done_callback"):
            given.add_done_callback(on_done)

    def outcome(self, ended: Any) -> Any:
        """Return what the call returned, or raise what became of it or of its worker."""
        if isinstance(
            ended, BaseException
        ):  # Dask's own, of a call whose data were lost, is no result
            raise ended
        if isinstance(ended, Future):
            if ended.cancelled():
                raise CancelledError
            if error := ended.exception():
                raise error
        return self.backend.retrieve_result_callback(ended)[0]

    def has_given_up(self, error: BaseException) -> bool:
        """Whether the back-end itself ran a call again and again before this error."""
        module = sys.modules.get("distributed")
        return module is not None and isinstance(error, module.KilledWorker)

    def run(self, calls: list[Callable[..., Any]], shared: Any) -> list[Any]:
        """Run some calls side by side and return their results: for a back-end without more."""
        try:
            return list(self._parallel(joblib.delayed(call)(shared) for call in calls))
        except BaseException:
            # joblib leaves what was prepared and not started, and its next call would run that first
            # and mix up the results.
            self._parallel._ready_batches = Queue()
            raise

    def restart(self) -> None:
        """End all workers with what they run, and start new ones."""
        self._call("stop_call")
        client = getattr(self.backend, "client", None)
        if client is not None:
            if client.status != "running":  # nothing is left to end
                return
            # A thread of a Dask worker cannot be ended; but what still waits need not begin.
            client.cancel(list(self.backend._callbacks))
            self.backend._callbacks.clear()
            self.backend._results.clear()
        self.backend.abort_everything(ensure_ready=True)
        self._call("start_call")

    def _call(self, name: str) -> None:
        getattr(self.backend, name, lambda: None)()

    def _set_context(self) -> None:
        # Called when a call is pickled: loky keeps the arrays that it maps to memory by Parallel object.
        manager = getattr(getattr(self.backend, "_workers", None), "_temp_folder_manager", None)
        if manager is not None:
            manager.set_current_context(self._parallel._id)


def evaluate(shared: Any, call: Callable[..., Any]) -> Any:
    """Return ``call(shared)``: what runs on the worker, by a name that Dask's dashboard can show."""
    return call(shared)


def _check_connection(client: Any) -> None:
    while client.status == "connecting":  # again; Dask gives up after a while of its own
        time.sleep(0.1)
    if client.status != "running":
        raise ConnectionError(
            f"The connection to the Dask scheduler is {client.status!r}: the cluster has ended or cannot "
            "be reached. Start it again and call fit; with journal= what was evaluated is kept."
        )


def _pickling_error(call: Callable[..., Any]) -> PicklingError | None:
    try:
        cloudpickle.dumps(call)
    except Exception as error:  # pickling runs code of others, which may raise anything
        return PicklingError(f"{type(error).__name__}: {error}")
    return None


def pre_dispatched(pre_dispatch: int | str, n_workers: int) -> int | None:
    """Return how many calls to prepare, as joblib reads it; None for all."""
    if pre_dispatch == "all":
        return None
    if isinstance(pre_dispatch, str):
        pre_dispatch = eval_expr(pre_dispatch.replace("n_jobs", str(n_workers)))
    return max(n_workers, int(pre_dispatch))
