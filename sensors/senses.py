"""Live sources beside a robot's own senses: cameras and skins, polled once a tick into the spikes of a Sensed."""

from __future__ import annotations

from collections import deque
from threading import Lock, Thread
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .chain import Chain
from .errors import UserError
from .signals import EVENT, Sensed
from .stream import Stream


class Route(Protocol):
    """Turns one tick's events into spike addresses, as `address.AddressMap` and `filters.Pool` do."""

    def route(self, events: NDArray[np.void], count: int, sensed: Sensed) -> None:
        """Append the addresses of `events[:count]` to `sensed`."""


class Sense:
    """One stream, its filters and its way into the network. A thread reads it, so that no tick ever waits for it.

    Args:
        stream: from `events.open_events`. filters: of its geometry, or None. route: to addresses of the body.
        room: most events of a tick; of more that wait, the oldest are dropped and counted.

    Attributes:
        dropped: events that no tick had room for.
    """

    def __init__(self, stream: Stream, filters: Chain | None, route: Route, room: int = 1 << 16) -> None:
        if filters is not None and filters.size != (stream.width, stream.height):
            raise UserError(
                f"{stream.name} has {stream.width} x {stream.height} pixels, its filters were made for "
                f"{filters.size[0]} x {filters.size[1]}; make them for the stream's"
            )
        self.stream, self.dropped = stream, 0
        self._filters, self._route = filters, route
        self._events = np.zeros(room, EVENT)
        self._waiting: deque[NDArray[np.void]] = deque()
        self._held = 0
        self._lock = Lock()
        self._failure: UserError | None = None
        self._thread = Thread(target=self._read, name=stream.name, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for events in self.stream:
                if not events.size:
                    continue
                with self._lock:
                    self._waiting.append(events[-self._events.size :])
                    self.dropped += max(events.size - self._events.size, 0)
                    self._held += self._waiting[-1].size
                    while self._held > self._events.size:
                        oldest = self._waiting.popleft()
                        self._held -= oldest.size
                        self.dropped += oldest.size
        except UserError as error:
            self._failure = error

    def into(self, sensed: Sensed) -> None:
        """Route what has come since the last tick; call once every tick.

        Raises:
            UserError: the source failed or was found damaged; what came before has been routed.
        """
        count = 0
        with self._lock:
            while self._waiting:
                packet = self._waiting.popleft()
                self._events[count : count + packet.size] = packet
                count += packet.size
            self._held = 0
        events = self._events[:count]
        if self._filters is not None:
            events = self._filters(events)
        self._route.route(events, events.size, sensed)
        if self._failure is not None and not count:
            raise self._failure

    def close(self) -> None:
        """Let go of the source."""
        self.stream.close()
        self._thread.join(timeout=5)
