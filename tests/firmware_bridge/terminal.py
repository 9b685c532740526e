"""A device on a pseudo-terminal that is a function of this process: bytes heard to bytes said."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def device(hear: Callable[[bytes], bytes]) -> Iterator[str]:
    """Let `hear` answer whatever a host writes; yields the path of its port."""
    ours, theirs = pty.openpty()

    def serve() -> None:
        try:
            while data := os.read(ours, 512):
                if answer := hear(data):
                    os.write(ours, answer)
        except OSError:
            return  # hung up

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        os.close(theirs)
        thread.join(2)
        os.close(ours)
