"""One way to compile a kernel: numba without its interpreter mode, cached on disk where there is a place for it.

Importing this module imports numba, so nothing imports it before a kernel is asked for.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

__all__ = ["compiled"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

# Sums may be reordered, so that dot products use vector instructions. Not the whole of "fast": bounds are infinite.
_REORDER = {"reassoc", "contract", "nsz"}


def compiled(function: Kernel) -> Kernel:
    """Return the function, compiled at its first call."""
    dispatcher: Any  # it is called as the function is
    try:
        dispatcher = numba.njit(cache=True, fastmath=_REORDER)(function)
    except RuntimeError:  # neither beside the source nor in the user's cache may files be written
        dispatcher = numba.njit(fastmath=_REORDER)(function)
    return dispatcher
