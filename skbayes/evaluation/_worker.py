"""What runs on a worker: one task, with all that could go wrong in it brought back as a value."""

import os
import pickle
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from traceback import format_exc
from typing import Any

from ._shared import Handle
from ._task import Task
from ._unit import EvaluationSetup, FoldResult, fit_and_score

__all__ = ["Failure", "TaskCall", "worker_name"]

Folds = Sequence[tuple[Any, Any]]


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
        ``evaluate(setup, params, fold, label, caller, context) -> FoldResult``, wrapped for the worker.
    label : str
        Progress, printed when verbose.
    caller : estimator or None
        The search, for scikit-learn's callbacks.
    context : CallbackContext
        The leaf of this task in scikit-learn's callback tree.
    """

    task: Task
    evaluate: Callable[..., FoldResult]
    label: str
    caller: Any
    context: Any

    def __call__(self, shared: Handle) -> FoldResult | Failure:
        """Evaluate the task on the setup and folds that are shared; return what was raised as a value."""
        started = time.time()
        try:
            setup, folds = shared.get()
            fold = folds[self.task.fold]
            result = self.evaluate(
                setup, self.task.params, fold, self.label, self.caller, self.context
            )
        except BaseException as error:  # SystemExit too: it would end a thread of the pool
            return Failure(_travelling(error))
        return replace(result, started=started, worker=worker_name())


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
