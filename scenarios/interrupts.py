"""Ctrl-C at moments when it must wait: what is begun there is finished first, and the signal is not lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Keep Ctrl-C until the block is over; a process started in it is deaf to Ctrl-C for good.

    The mask is what a process inherits. It alone would not do here: another thread may be handed the signal, and Python
    then interrupts this one. Outside the main thread, which alone is interrupted, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        handler(signal.SIGINT, None)
