"""A thread that empties a device into a bounded queue, and finds the device again when it was unplugged.

A slow consumer loses the oldest packets and is told how many events that were: what is old is of no use to a
controller, and a queue without a bound ends in a machine without memory.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sensors.errors import UserError
from sensors.stream import NO_EVENTS, NO_TRIGGERS, Counters, Events, Packets

ROOM = 1 << 22
"""Most events that wait for the consumer: 52 MB."""
READ_S = 0.1
"""Longest wait for a device, and for the queue: so soon is a stop noticed."""
RETRY_S = 0.5
"""Between two attempts to find a lost device."""


class LostError(Exception):
    """The device is gone; it may come back."""


class EndedError(Exception):
    """The sender said that this was all."""


@dataclass(slots=True)
class Taken:
    """What one read of a device gave; overflow: losses that it reports itself."""

    events: Events
    triggers: Events = field(default_factory=lambda: NO_TRIGGERS)
    overflow: int = 0


class Device(Protocol):
    """An open device. size: (width, height), None where it does not tell. sensor: its name."""

    @property
    def size(self) -> tuple[int | None, int | None]: ...

    @property
    def sensor(self) -> str: ...

    def read(self, timeout_s: float) -> Taken | None:
        """Wait for events; None when none came in time. Raises LostError, EndedError."""

    def close(self) -> None: ...


class Pump:
    """Reads `device` in a thread from the first call of `packets` on.

    Args:
        again: opens the device anew after it was lost; raises UserError while it is not there. None: losing it is the
        end.
        room: most events that wait.
    """

    def __init__(
        self,
        name: str,
        device: Device,
        again: Callable[[], Device] | None,
        counters: Counters,
        room: int = ROOM,
        retry_s: float = RETRY_S,
    ) -> None:
        self._name, self._device, self._again, self._counters = name, device, again, counters
        self._room, self._retry_s = room, retry_s
        self._queue: deque[Taken] = deque()
        self._held = self._dropped = self._overflow = self._reconnects = 0
        self._change = threading.Condition()
        self._stop = threading.Event()
        self._ended = False
        self._failure: str | None = None
        self._thread: threading.Thread | None = None

    def packets(self) -> Packets:
        """Yield what comes, and an empty packet whenever nothing came for READ_S.

        Raises:
            UserError: the driver failed, or the device was lost and is not to be looked for.
        """
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        while True:
            with self._change:
                self._change.wait_for(lambda: self._queue or self._ended, READ_S)
                taken = self._queue.popleft() if self._queue else None
                if taken is not None:
                    self._held -= taken.events.size
                ended = self._ended and taken is None
                self._count()
            if taken is not None:
                yield taken.events, taken.triggers
            elif not ended:
                yield NO_EVENTS, NO_TRIGGERS
            elif self._failure:
                raise UserError(f"{self._name}: {self._failure}")
            else:
                return

    def close(self) -> None:
        """Stop the thread and let go of the device."""
        self._stop.set()
        if self._thread is None:
            self._device.close()
        elif self._thread is not threading.current_thread():
            self._thread.join(timeout=5)
        with self._change:
            self._count()

    def _count(self) -> None:
        self._counters.dropped += self._dropped
        self._counters.overflow += self._overflow
        self._counters.reconnects += self._reconnects
        self._dropped = self._overflow = self._reconnects = 0

    def _run(self) -> None:
        device: Device | None = self._device
        try:
            while device is not None and not self._stop.is_set():
                try:
                    taken = device.read(READ_S)
                except LostError as error:
                    device.close()
                    device = self._find(str(error))
                    continue
                if taken is not None:
                    self._put(taken)
        except EndedError:
            pass
        except Exception as error:  # a driver's own, of any kind: the consumer is told in its own thread
            self._failure = f"the driver failed ({type(error).__name__}: {error}); plug it out and in, and start again"
        finally:
            if device is not None:
                device.close()
            with self._change:
                self._ended = True
                self._change.notify_all()

    def _find(self, why: str) -> Device | None:
        if self._again is None:
            self._failure = f"the device was lost ({why}); connect it and start again"
            return None
        while not self._stop.wait(self._retry_s):
            try:
                device = self._again()
            except UserError:
                continue
            with self._change:
                self._reconnects += 1
            return device
        return None

    def _put(self, taken: Taken) -> None:
        with self._change:
            self._overflow += taken.overflow
            if taken.events.size or taken.triggers.size:
                self._queue.append(taken)
                self._held += taken.events.size
            while self._held > self._room and self._queue:
                oldest = self._queue.popleft()
                self._held -= oldest.events.size
                self._dropped += oldest.events.size
            self._change.notify_all()
