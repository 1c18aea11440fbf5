"""The one gate to what joblib does not export: a back-end to which single calls can be given one at a time.

`joblib.Parallel` pulls its input `n_jobs` at a time, from a thread of the back-end, before the results of those that
ended are known. A search must choose the next evaluation when a worker is free, so it gives the calls to the back-end itself.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

import joblib

# Private, and what joblib itself evaluates ``pre_dispatch="2*n_jobs"`` with: arithmetic only.
from joblib._utils import eval_expr
from joblib.parallel import BatchedCalls

__all__ = ["OpenBackend", "pre_dispatched"]


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
        """How many calls run side by side."""
        return max(1, int(self.backend.effective_n_jobs(self._parallel.n_jobs)))

    @property
    def gives_back_each(self) -> bool:
        """Whether it says when a single call has ended (loky, threads, Dask)."""
        return bool(self.backend.supports_retrieve_callback)

    @property
    def shares_memory(self) -> bool:
        """Whether the calls run in this process."""
        return bool(getattr(self.backend, "supports_sharedmem", False))

    def submit(self, call: Callable[..., Any], shared: Any, on_end: Callable[[Any], None]) -> None:
        """Give ``call(shared)`` to the workers.

        When it has ended `on_end` is called from another thread, perhaps twice, with what `outcome`
        takes.
        """
        backend = self.backend
        batch = BatchedCalls([(call, (shared,), {})], backend.get_nested_backend(), self._set_context)
        # joblib 1.4 says apply_async.
        given = getattr(backend, "submit", backend.apply_async)(batch, on_end)

        def on_done(future: Any) -> None:
            if future.cancelled() or future.exception() is not None:
                on_end(future)

        # The Dask back-end is silent about a call that ended in an error, but for its future.
        if hasattr(given, "add_done_callback"):
            given.add_done_callback(on_done)

    def outcome(self, ended: Any) -> Any:
        """Return what the call returned, or raise what became of it or of its worker."""
        if isinstance(ended, Future):
            if ended.cancelled():
                raise CancelledError
            if error := ended.exception():
                raise error
        return self.backend.retrieve_result_callback(ended)[0]

    def run(self, calls: list[Callable[..., Any]], shared: Any) -> list[Any]:
        """Run some calls side by side and return their results: for a back-end without more."""
        return list(self._parallel(joblib.delayed(call)(shared) for call in calls))

    def restart(self) -> None:
        """End all workers with what they run, and start new ones."""
        self._call("stop_call")
        self.backend.abort_everything(ensure_ready=True)
        self._call("start_call")

    def _call(self, name: str) -> None:
        getattr(self.backend, name, lambda: None)()

    def _set_context(self) -> None:
        # Called when a call is pickled: loky keeps the arrays that it maps to memory by Parallel object.
        manager = getattr(getattr(self.backend, "_workers", None), "_temp_folder_manager", None)
        if manager is not None:
            manager.set_current_context(self._parallel._id)


def pre_dispatched(pre_dispatch: int | str, n_workers: int) -> int | None:
    """Return how many calls to prepare, as joblib reads it; None for all."""
    if pre_dispatch == "all":
        return None
    if isinstance(pre_dispatch, str):
        pre_dispatch = eval_expr(pre_dispatch.replace("n_jobs", str(n_workers)))
    return max(n_workers, int(pre_dispatch))
