"""One (candidate, fold) within limits of time and memory: what a user may ask for, and what becomes of a unit at one.

A unit that was ended is a result, not an error: it is what the user asked for, so it does not raise under
``error_score="raise"`` either. It has the error score, NaN in that case.
"""

import math
import re
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from numbers import Real
from typing import Any

from .._sklearn import no_callback_context
from ..exceptions import WorkerDiedError
from ._child import (
    ChildError,
    FitMemoryExceeded,
    FitTimeout,
    LimitedRunner,
    WorkerDied,
    end_children,
)
from ._mapped import MappedFolder, read_mapped
from ._memory import as_bytes, can_read_memory
from ._processes import can_spawn
from ._shared import FetchedHandle, Handle
from ._unit import FoldResult, failed_result

__all__ = ["as_limits", "check_limits", "limited_fit_and_score"]


def as_limits(fit_timeout: Any, fit_memory_limit: Any) -> LimitedRunner | None:
    """Read the limits of a search; None if it has none.

    Parameters
    ----------
    fit_timeout : float or None
        Seconds for one fit with its scores.
    fit_memory_limit : int, str or None
        As `as_bytes` reads it.

    Returns
    -------
    runner : LimitedRunner or None
        For `limited_fit_and_score`.

    Raises
    ------
    TypeError, ValueError
        If a limit is not an amount of time or memory.
    RuntimeError
        If it cannot be enforced here.
    """
    if fit_timeout is None and fit_memory_limit is None:
        return None
    if fit_timeout is not None:
        _check_seconds(fit_timeout)
    memory_limit = None if fit_memory_limit is None else as_bytes(fit_memory_limit)
    if not can_spawn():
        raise RuntimeError(
            "fit_timeout and fit_memory_limit run each fit in a process of its own, and this "
            f"interpreter (on {sys.platform}) cannot start one. Set both to None."
        )
    if memory_limit is not None and not can_read_memory():
        raise RuntimeError(
            f"fit_memory_limit={fit_memory_limit!r} needs the memory of other processes, which on "
            f"{sys.platform} only psutil can read, and it is not installed. Run `pip install psutil`, "
            "or set fit_memory_limit=None."
        )
    return LimitedRunner(fit_timeout, memory_limit)


def _check_seconds(fit_timeout: Any) -> None:
    is_number = isinstance(fit_timeout, Real) and not isinstance(fit_timeout, bool)
    if not is_number:
        raise TypeError(
            f"fit_timeout must be a number of seconds; got {fit_timeout!r}. Give a number above 0, or None."
        )
    if not 0 < float(fit_timeout) < math.inf:
        raise ValueError(
            f"fit_timeout must be positive and finite; got {fit_timeout!r}. Give seconds, or None."
        )


def check_limits(runner: LimitedRunner, shared: Handle) -> None:
    """Start a child, let it load what the fits share, and refuse if that does not work.

    Parameters
    ----------
    runner : LimitedRunner
        The limits.
    shared : Handle
        Of (setup, folds).

    Raises
    ------
    TypeError
        If the estimator, the scorer or the data cannot be pickled.
    RuntimeError
        If no child can be started, or it cannot load them.
    ValueError
        If the memory limit leaves no room for any fit.
    """
    try:
        of_file = _for_child(shared)
    except Exception as error:  # pickling runs code of others, which may raise anything
        raise TypeError(
            "fit_timeout and fit_memory_limit run each fit in a process of its own, and the estimator, "
            f"the scorer or the data cannot be pickled: {error!r}. Make them picklable, or set both to None."
        ) from error
    try:
        LimitedRunner(None, runner.memory_limit).run(_nothing, of_file)
    except ChildError as error:
        raise RuntimeError(
            "fit_timeout and fit_memory_limit run each fit in a process of its own, which does not work "
            f"here. Mend what the error below says, or set both to None.\n{error}"
        ) from error
    finally:
        if type(shared) is not Handle:  # the fits are elsewhere and have children of their own
            end_children(idle_only=True)


def _nothing(shared: Handle) -> None:
    """Do nothing: the data were loaded before."""


def limited_fit_and_score(
    runner: LimitedRunner,
    evaluate: Callable[..., FoldResult],
    shared: Handle,
    params: Mapping[str, Any],
    fold: int,
    label: str = "",
    context: Any = no_callback_context,
) -> FoldResult:
    """Fit one candidate on one fold and score it, in a process that is ended at a limit.

    Parameters
    ----------
    runner : LimitedRunner
        The limits.
    evaluate : callable
        `fit_and_score`, wrapped or not.
    shared : Handle
        Of (setup, folds).
    params : mapping of str to object
        The candidate.
    fold : int
        Position in the folds.
    label, context
        As of `fit_and_score`.

    Returns
    -------
    result : FoldResult
        With `ended_by` ``"timeout"`` or ``"memory"`` if a limit was reached, and the error score.

    Raises
    ------
    WorkerDiedError
        If ``error_score="raise"`` and the process of the fit died twice by itself.
    Exception
        If ``error_score="raise"``, whatever the fit raised.
    """
    call = (_evaluated, _for_child(shared), evaluate, runner.memory_limit is not None)
    unit = (dict(params), fold, label) + (() if context is no_callback_context else (context,))
    start = time.time()
    for is_last in (False, True):
        try:
            return runner.run(*call, *unit)
        except (FitTimeout, FitMemoryExceeded) as error:
            ended_by = "timeout" if isinstance(error, FitTimeout) else "memory"
            return _ended(shared, fold, label, str(error), error.seconds, ended_by)
        except WorkerDied as error:
            if is_last:
                return _died(shared, fold, label, error, time.time() - start)
    raise AssertionError("unreachable")


# `format_exc` starts the line of an exception with its type, also of one that another replaced.
_MEMORY_ERROR = re.compile(r"^[\w.]*MemoryError\b.*$", re.MULTILINE)


def _evaluated(
    shared: Handle,
    evaluate: Callable[..., FoldResult],
    is_limited: bool,
    params: dict[str, Any],
    fold: int,
    *rest: Any,
) -> FoldResult:
    """In the child: evaluate, and raise a failed allocation that the unit recorded as a failed fit."""
    setup, folds = shared.get()
    result = evaluate(setup, params, folds[fold], *rest)
    found = _MEMORY_ERROR.search(f"{result.fit_error or ''}\n{result.score_error or ''}")
    if is_limited and found:
        raise MemoryError(found[0])
    return result


def _ended(
    shared: Handle, fold: int, label: str, error: str, seconds: float, ended_by: str | None
) -> FoldResult:
    setup, folds = shared.get()
    if setup.verbose > 1:
        print(f"[CV{label}] ENDED {error.splitlines()[0]}")
    if setup.error_score == "raise":
        setup = replace(setup, error_score=math.nan)
    return failed_result(setup, error, seconds, len(folds[fold][1]), ended_by)


def _died(shared: Handle, fold: int, label: str, error: WorkerDied, seconds: float) -> FoldResult:
    text = f"The process of this fit died twice. {error}"
    if shared.get()[0].error_score == "raise":
        raise WorkerDiedError(text) from error
    return _ended(shared, fold, label, text, seconds, None)


# By id of the setup, as long as it lives: the file and the handle that the children get.
_files: dict[int, tuple[MappedFolder, Handle]] = {}
_lock = threading.Lock()


def _for_child(shared: Handle) -> Handle:
    """Return a handle that a child can resolve by itself, for a file that all children map."""
    if shared.travels_alone:
        return shared
    obj = shared.get()
    setup = obj[0]
    with _lock:
        if id(setup) not in _files:
            folder = MappedFolder(obj, None, by_value=True)
            # Copied where it is written to ("c"), as a fit in this process may write to its data.
            # Nothing is too small to be mapped: what is mapped does not count as memory of a fit.
            handle = FetchedHandle(folder.path, read_mapped, (folder.path, 0, "c"), True)
            _files[id(setup)] = folder, handle
            weakref.finalize(setup, _files.pop, id(setup), None)
        return _files[id(setup)][1]
