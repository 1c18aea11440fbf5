"""What runs on a worker: one task, with all that could go wrong in it brought back as a value."""

import os
import pickle
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from traceback import format_exc
from typing import Any

from ._child import LimitedRunner
from ._limits import limited_fit_and_score
from ._shared import Handle
from ._task import Task
from ._threads import limited_threads
from ._unit import FoldResult

__all__ = ["Failure", "TaskCall", "worker_name"]


@dataclass(frozen=True)
class Failure:
    """An exception that a call raised, as a value; so any other error is one of the back-end.

    Parameters
    ----------
    error : BaseException
        What was raised.
    """

    error: BaseException


@dataclass(frozen=True)
class TaskCall:
    """One task as a call that never raises.

    Parameters
    ----------
    task : Task
        What to evaluate.
    evaluate : callable
        `fit_and_score`, with scikit-learn's configuration for the worker.
    limits : LimitedRunner or None
        Limits of time and memory; with them the fit runs in a child of the worker.
    n_threads : int or None
        Threads of BLAS and OpenMP; None to leave them as they are.
    label : str
        Progress, printed when verbose.
    context : CallbackContext
        What scikit-learn's callbacks need that are handed on to the estimator.
    """

    task: Task
    evaluate: Callable[..., FoldResult]
    limits: LimitedRunner | None
    n_threads: int | None
    label: str
    context: Any

    def __call__(self, shared: Handle) -> FoldResult | Failure:
        """Evaluate the task on the setup and folds that are shared; return what was raised as a value."""
        started = time.time()
        try:
            with limited_threads(self.n_threads):
                result = self._evaluated(shared)
        except BaseException as error:  # SystemExit too: it would end a thread of the pool
            return Failure(_travelling(error))
        return replace(result, started=started, worker=worker_name())

    def _evaluated(self, shared: Handle) -> FoldResult:
        task, rest = self.task, (self.label, self.context)
        if self.limits is not None:
            return limited_fit_and_score(
                self.limits, self.evaluate, shared, task.params, task.fold, *rest
            )
        setup, folds = shared.get()
        return self.evaluate(setup, task.params, folds[task.fold], *rest)


def worker_name() -> str:
    """Return host, process and thread, by which a worker is known: ``"host:123:456"``."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


def _travelling(error: BaseException) -> BaseException:
    """Return the error with its traceback as a note; as a RuntimeError if it cannot be pickled."""
    text = format_exc()
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # pickling runs code of others, which may raise anything
        return RuntimeError(f"{type(error).__name__}: {error}\n{text}")
    error.add_note(text)
    return error
