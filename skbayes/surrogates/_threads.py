"""One BLAS thread for small matrices.

The threads of a BLAS wait for each other in busy loops. On matrices of a few hundred rows they gain
nothing, and where other processes hold the cores, as in a search with n_jobs=-1, they take many
times as long.
"""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

__all__ = ["blas_threads_for"]

# Above, a factorisation takes some 3 ms (benchmarks/constants.py factors) and threads begin to pay.
_SMALL = 600


@cache
def _controller() -> Any:
    """Find the loaded BLAS libraries, once: it takes milliseconds, and limiting them 10 µs."""
    return ThreadpoolController().select(user_api="blas")


def blas_threads_for(n: int) -> AbstractContextManager[Any]:
    """Return a context with as many BLAS threads as matrices of n rows deserve."""
    if n > _SMALL:
        return nullcontext()
    limit: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limit
