"""What every source of events looks like to its reader: packets, geometry, triggers, counts, and the damage found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .errors import UserError
from .signals import EVENT

TRIGGER = np.dtype([("t", "<u8"), ("id", "u1"), ("on", "?")])
"""One edge of a trigger input: t in microseconds, the input's number, rising or falling."""

PACKET = 1 << 16
"""Most events of a packet of a file, unless the format itself gathers more."""

Events = NDArray[np.void]
NO_EVENTS: Events = np.zeros(0, EVENT)
NO_TRIGGERS: Events = np.zeros(0, TRIGGER)
GeometryFrom = Literal["header", "asked", "coordinates"]
Packets = Iterator[tuple[Events, Events]]
"""What a decoder yields: EVENT (n,) and TRIGGER (m,), arrays that it does not touch again; it raises `Damage` where the
source stops making sense."""


class DamageError(UserError):
    """A source broke off or holds what cannot be events; everything readable was handed on before."""


class Damage(Exception):
    """What a decoder found wrong, and at which byte of the file."""

    def __init__(self, what: str, offset: int, lost: int = 0) -> None:
        super().__init__(what)
        self.what, self.offset, self.lost = what, offset, lost


@dataclass(slots=True)
class Counters:
    """What passed and what did not.

    Attributes:
        events: handed on. triggers: edges handed on.
        dropped: words or events that make no sense (outside the sensor, of unknown type, before the first time) or did
            not fit a queue.
        out_of_order: events earlier than the one before, handed on as they are; sensor time may step back a little.
        overflow: losses that the sensor or the sender reported itself, or that a gap in its numbering betrays.
        reconnects: times that a live source was lost and found again.
    """

    events: int = 0
    triggers: int = 0
    dropped: int = 0
    out_of_order: int = 0
    overflow: int = 0
    reconnects: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(slots=True)
class Origin:
    """A decoder and what the header of its source tells; width and height are None where it does not tell.

    Attributes:
        form: as "evt3". packets: the decoder. size: (width, height). sensor: its name, may be empty. start_us: see
        Stream.
        counters: what the decoder itself counts (dropped, overflow); the stream goes on with it.
        close: ends what runs behind the decoder, as a thread or a socket.
    """

    form: str
    packets: Packets
    size: tuple[int | None, int | None] = (None, None)
    sensor: str = ""
    start_us: int = 0
    counters: Counters = field(default_factory=Counters)
    close: Callable[[], None] = lambda: None


@njit(cache=True)
def _inspect(events, width, height, last):  # type: ignore[no-untyped-def]
    strays, first, back = 0, -1, 0
    for i in range(events.size):
        t = np.int64(events[i]["t"])
        if events[i]["x"] >= width or events[i]["y"] >= height:
            strays += 1
            if first < 0:
                first = i
        back += t < last
        last = t
    return strays, first, back, last


class Stream:
    """Iterates over the packets of one source once, and counts.

    Attributes:
        name: path or address. form: as "evt3". sensor: what the header calls it, may be empty.
        width, height: pixels. geometry_from: "header", "asked" (by the caller), or "coordinates" (the largest ones in
            the file, since its header is silent: the sensor may be larger).
        start_us: added by the source's header to all times, already contained in t; 0 where it names none.
        triggers: TRIGGER (m,), those that came with the last packet.
        counters: see Counters.
    """

    def __init__(self, name: str, origin: Origin, width: int, height: int, geometry_from: GeometryFrom) -> None:
        self.name, self.form, self.sensor, self.start_us = name, origin.form, origin.sensor, origin.start_us
        self.width, self.height, self.geometry_from = width, height, geometry_from
        self.counters = origin.counters
        self.triggers: Events = NO_TRIGGERS
        self._origin = origin
        self._last = np.int64(0)
        self._stray_at = -1

    def through(self, change: Callable[[Packets], Packets]) -> None:
        """Put something between the source and the reader, before reading begins."""
        self._origin.packets = change(self._origin.packets)

    def close(self) -> None:
        """Let go of the source; a live one stops."""
        self._origin.close()

    def __iter__(self) -> Iterator[Events]:
        """Yield EVENT (n,) packets, arrays of the caller's own; n may be 0 where only triggers came or time passed.

        Raises:
            DamageError: at the end, after all that is readable, if the source is damaged.
        """
        self._stray_at, strays = -1, 0
        try:
            for events, triggers in self._origin.packets:
                self.triggers = triggers
                self.counters.triggers += triggers.size
                kept = self._keep(events)
                strays += events.size - kept.size
                self.counters.events += kept.size
                yield kept
        except Damage as damage:
            self.counters.dropped += damage.lost
            raise DamageError(
                f"{self.name}: {damage.what} at byte {damage.offset}; {self.counters.events} events were read"
                f"{f', {self.counters.dropped} dropped' if self.counters.dropped else ''}; get a whole copy"
            ) from None
        finally:
            self._origin.close()
        if strays:
            raise DamageError(
                f"{self.name}: {strays} events lie outside {self.width}x{self.height}, the first after event "
                f"{self._stray_at}, and were dropped; {self.counters.events} were read; give the right geometry, "
                "or get a whole copy"
            )

    def _keep(self, events: Events) -> Events:
        strays, first, back, last = _inspect(events, self.width, self.height, self._last)
        if strays:
            if self._stray_at < 0:
                self._stray_at = self.counters.events + int(first)
            events = events[(events["x"] < self.width) & (events["y"] < self.height)]
            _, _, back, last = _inspect(events, self.width, self.height, self._last)
            self.counters.dropped += int(strays)
        self._last = last
        self.counters.out_of_order += int(back)
        return events
