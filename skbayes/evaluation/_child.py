"""Calls with a limit on time and memory, in a warm child process of whoever asks: a worker, a thread, the main process.

A call that passes its limit cannot be stopped from inside (C code that never returns, memory that is already gone),
so it runs in a process of its own, which is ended. The children outlive the call: imports are paid once per child.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any

from joblib.parallel import BACKENDS, get_active_backend
from sklearn import get_config

from ._child_main import CallContext, warning_filters
from ._children import (
    ChildError,
    FitMemoryExceeded,
    FitTimeout,
    NotBegun,
    WorkerDied,
    end_children,
    put_back,
    take_child,
)
from ._joblib import cloudpickle
from ._threads import thread_limit

__all__ = [
    "ChildError",
    "FitMemoryExceeded",
    "FitTimeout",
    "LimitedRunner",
    "WorkerDied",
    "end_children",
]


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
    """

    def __init__(self, timeout: float | None, memory_limit: int | None) -> None:
        self.timeout = timeout
        self.memory_limit = memory_limit

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
            child = take_child(thread_limit(), new=is_last)
            try:
                kind, value, messages = child.call(order, self.timeout, self.memory_limit)
            except NotBegun as error:  # ended while it was idle; a new one is not idle
                child.end()
                if is_last:
                    raise ChildError(str(error)) from None
                continue
            except BaseException:
                child.end()
                raise
            break
        if child.is_worn(self.memory_limit):
            child.end()
        else:
            put_back(child)
        _reissue(messages)
        if kind == "result":
            return value
        if kind == "unreadable":
            raise ChildError(
                "A child process cannot read the call. Classes and functions must be defined in "
                f"__main__ or in a module that can be imported.\n{value}"
            )
        raised, text = value
        if raised is None:
            raise RuntimeError(f"The call failed with an error that cannot travel.\n{text}")
        raise raised from _ChildTraceback(text)


class _ChildTraceback(Exception):
    """Shows the traceback of the child where an exception of a call is printed."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def _order(function: Callable[..., Any], args: tuple[Any, ...], memory_limit: int | None) -> bytes:
    backend, n_jobs = get_active_backend()
    # Inside a worker joblib has a back-end for what is nested: threads, then one after the other.
    nested = None
    if type(backend) in BACKENDS.values() and getattr(backend, "supports_sharedmem", False):
        nested = type(backend), backend.nesting_level, n_jobs
    context = CallContext(get_config(), list(warning_filters()), nested, memory_limit)
    if "__mp_main__" in sys.modules:
        # In a worker that multiprocessing has spawned, the user's script goes by a name that no
        # other process knows.
        cloudpickle.register_pickle_by_value(sys.modules["__mp_main__"])
    return cloudpickle.dumps((function, args, context))


def _reissue(messages: list[Any]) -> None:
    """Issue the warnings of a call here; the filters that let them pass are the same."""
    if len(_seen) > _MOST_SEEN:
        _seen.clear()
    for message, filename, lineno in messages:
        warnings.warn_explicit(message, None, filename, lineno, registry=_seen)


# What was issued, so that each warning is shown once; texts with numbers in them are all different, and a long
# search must not grow by them.
_seen: dict[Any, Any] = {}
_MOST_SEEN = 1000
