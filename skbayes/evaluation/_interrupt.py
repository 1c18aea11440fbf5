"""Ctrl-C: the first one ends a search cleanly, the second one is an ordinary KeyboardInterrupt."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["first_interrupt"]


@contextmanager
def first_interrupt(call: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C in this block call a function in place of raising KeyboardInterrupt.

    Only where Python's own handler is in place, and in the main thread, which alone gets signals; elsewhere
    nothing is changed.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def handle(*_: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        call()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is handle:
            signal.signal(signal.SIGINT, signal.default_int_handler)
