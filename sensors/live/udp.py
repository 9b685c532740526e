"""Events over UDP: a receiver that never waits for its consumer, and a sender."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from secrets import randbits
from urllib.parse import parse_qs, urlsplit

import numpy as np

from sensors.errors import UserError
from sensors.signals import EVENT
from sensors.stream import NO_TRIGGERS, TRIGGER, Events

from . import layouts
from .pump import EndedError, Taken

RECEIVE_BUFFER = 32 << 20
"""Bytes that the system is asked to hold for us; it may grant fewer."""
BATCH = 4 << 20
"""Bytes gathered before they are decoded."""
DATAGRAM_MAX = 65535
SO_RCVBUFFORCE, SO_RXQ_OVFL = 33, 40
"""Options of Linux: a receive buffer over the limit (for root), and the count of datagrams that found it full."""
LAYOUTS = ("own", "13", "8")
WAIT_S = 60.0
"""Longest wait for the first datagram."""


@dataclass(frozen=True, slots=True)
class Address:
    """udp://host:port?layout=own|13|8&size=BYTES; layout None: from the first datagram."""

    host: str
    port: int
    layout: str | None
    size: int


def parse_url(url: str) -> Address:
    """Take a udp:// URL apart; without a host it is this machine.

    Raises:
        UserError: it has no port, or says something else.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if not port:
        raise UserError(f"{url} has no port from 1 to 65535; write it as udp://127.0.0.1:3333")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    for key in query:
        if key not in ("layout", "size"):
            raise UserError(f"{url}: {key} is not a setting of udp; there are layout and size")
    layout, size = query.get("layout"), query.get("size", str(layouts.DATAGRAM))
    if layout is not None and layout not in LAYOUTS:
        raise UserError(f"{url}: {layout} is not a layout; choose one of {', '.join(LAYOUTS)}")
    if not size.isdigit() or not 64 <= int(size) <= 65_000:
        raise UserError(f"{url}: size {size} is out of range; datagrams have 64 to 65000 bytes")
    return Address(parts.hostname or "127.0.0.1", port, layout, int(size))


class UdpReceiver:
    """A device that listens; see `pump.Device`. malformed: datagrams that were of no layout, dropped."""

    def __init__(self, url: str, wait_s: float = WAIT_S, ready: Callable[[], None] = lambda: None) -> None:
        """Bind; without a layout in the URL, or without geometry in it, wait for the first datagram.

        Raises:
            UserError: the address cannot be listened to, or nothing comes in `wait_s`.
        """
        address = parse_url(url)
        layouts.warm()
        self.url, self.layout, self.sensor = url, address.layout, ""
        self.size: tuple[int | None, int | None] = (None, None)
        self.malformed = 0
        self._account = layouts.fresh_account()
        self._laps = np.zeros(2, np.int64)
        self._full = 0
        self._ended = False
        self._buffer = bytearray(BATCH + DATAGRAM_MAX)
        self._view = memoryview(self._buffer)
        self._first: bytes | None = None
        try:
            family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family[0], socket.SOCK_DGRAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            for option, value in ((SO_RCVBUFFORCE, RECEIVE_BUFFER), (SO_RXQ_OVFL, 1)):
                with suppress(OSError):
                    self._socket.setsockopt(socket.SOL_SOCKET, option, value)
            self._socket.bind(family[4])
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{url} cannot be listened to ({reason}); choose an address of this machine") from None
        self._socket.setblocking(False)
        ready()
        if self.layout in (None, "own"):
            self._greet(wait_s)

    def _greet(self, wait_s: float) -> None:
        if not select.select([self._socket], [], [], wait_s)[0]:
            self.close()
            raise UserError(
                f"{self.url}: nothing came in {wait_s:g} s; start the sender, or name its layout: ?layout=13"
            )
        self._first = self._socket.recv(DATAGRAM_MAX)
        layout = self.layout or layouts.guess(self._first)
        if layout is None:
            self.close()
            raise UserError(
                f"{self.url}: a datagram of {len(self._first)} bytes could be of more than one layout or of none; "
                "name it: ?layout=13 or ?layout=8"
            )
        self.layout = layout
        if layout == "own" and len(self._first) >= layouts.HEAD.itemsize:
            head = np.frombuffer(self._first, layouts.HEAD, 1)[0]
            self.size = (int(head["width"]) or None, int(head["height"]) or None)

    def read(self, timeout_s: float) -> Taken | None:
        """Gather what has come and decode it; None when nothing came in time. Raises EndedError."""
        if self._ended:
            raise EndedError
        lengths: list[int] = []
        at = 0
        if self._first is not None:
            at = len(self._first)
            self._view[:at] = self._first
            lengths.append(at)
            self._first = None
        elif not select.select([self._socket], [], [], timeout_s)[0]:
            return None
        overflow = 0
        receive, view = self._socket.recv_into, self._view
        with suppress(BlockingIOError):
            if (
                self.layout != "own"
            ):  # our own layout counts the events that are missing; others only what the system tells
                size, overflow = self._receive_and_count(view[at : at + DATAGRAM_MAX])
                lengths.append(size)
                at += size
            while at < BATCH:
                size = receive(view[at : at + DATAGRAM_MAX])
                lengths.append(size)
                at += size
        taken = self._own(lengths) if self.layout == "own" else self._rows(lengths)
        taken.overflow += overflow
        return taken

    def _receive_and_count(self, room: memoryview) -> tuple[int, int]:
        """Size of the next datagram, and how many found the system's buffer full since the last time."""
        size, ancillary, _, _ = self._socket.recvmsg_into([room], 64)
        for level, kind, value in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL:
                now = int.from_bytes(value[:4], "little")
                dropped, self._full = now - self._full, now
                return size, dropped
        return size, 0

    def _rows(self, lengths: list[int]) -> Taken:
        step = int(self.layout or 13)
        if any(size % step for size in lengths):
            at, parts = 0, []
            for size in lengths:
                if size % step:
                    self.malformed += 1
                else:
                    parts.append(bytes(self._view[at : at + size]))
                at += size
            data = b"".join(parts)
            malformed = len(lengths) - len(parts)
        else:
            data, malformed = bytes(self._view[: sum(lengths)]), 0
        if step == 13:
            events: Events = np.frombuffer(bytearray(data), EVENT)
            if events.size:
                events["p"] = np.frombuffer(data, np.uint8)[12::13] != 0
            return Taken(events, overflow=malformed)
        events = np.empty(len(data) // 8, EVENT)
        layouts.rows8_to_events(np.frombuffer(data, layouts.ROW8), self._laps, events)
        return Taken(events, overflow=malformed)

    def _own(self, lengths: list[int]) -> Taken:
        events: Events = np.empty(sum(lengths) // 8, EVENT)
        edges: Events = np.empty(events.size, TRIGGER)
        before = int(self._account[layouts.LOST])
        n, m, malformed, self._ended = layouts.decode_own(
            np.frombuffer(self._buffer, np.uint8), np.array(lengths, np.int64), self._account, events, edges
        )
        self.malformed += malformed
        return Taken(events[:n], edges[:m].copy(), int(self._account[layouts.LOST]) - before)

    def close(self) -> None:
        self._socket.close()


class UdpSender:
    """Sends EVENT packets to an address, never waiting for a receiver.

    Attributes:
        events, triggers: sent. dropped: events that the system refused.
    """

    def __init__(self, url: str, width: int, height: int) -> None:
        address = parse_url(url)
        if height > 1 << 15 and address.layout != "13":
            raise UserError(f"{url}: rows over 32767 of {height} do not fit; use ?layout=13")
        self.layout, self._url, self._geometry = address.layout or "own", url, (width, height)
        self.events = self.triggers = self.dropped = self.lost_triggers = 0
        self._session, self._sequence = randbits(32), 0
        step = {"own": 8, "13": 13, "8": 8}[self.layout]
        head = layouts.HEAD.itemsize if self.layout == "own" else 0
        self._most = (address.size - head) // step
        self._rows = np.empty(self._most, layouts.ROW)
        try:
            family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family[0], socket.SOCK_DGRAM)
            self._socket.connect(family[4])
        except OSError as error:
            raise UserError(f"{url} cannot be reached ({error.strerror or error}); give another address") from None

    def write(self, events: Events, triggers: Events = NO_TRIGGERS) -> None:
        """Send EVENT (n,) and TRIGGER (m,)."""
        if self.layout != "own":
            self.lost_triggers += triggers.size
            for k in range(0, events.size, self._most):
                part = events[k : k + self._most]
                self._send(layouts.events_to_bytes(part, self.layout), part.size)
            return
        at = 0
        while at < events.size:
            t0 = int(events["t"][at])
            n = int(layouts.events_to_rows(events[at : at + self._most], t0, self._rows))
            self._send(self._head(layouts.EVENTS, n, t0) + self._rows[:n].tobytes(), n)
            at += n
        for k in range(0, triggers.size, self._most):
            part = triggers[k : k + self._most]
            rows = np.zeros(part.size, layouts.EDGE)
            t0 = int(part["t"][0])
            rows["dt"] = (part["t"].astype(np.int64) - t0).astype(np.int32)
            rows["id"], rows["on"] = part["id"], part["on"]
            self._send(self._head(layouts.TRIGGERS, part.size, t0) + rows.tobytes(), 0)
            self.triggers += part.size

    def _head(self, kind: int, count: int, t0: int) -> bytes:
        row = (layouts.MAGIC, layouts.VERSION, kind, count, self._session, self._sequence, self.events,
               self.dropped & 0xFFFFFFFF, *self._geometry, t0)  # fmt: skip
        self._sequence = (self._sequence + 1) % (1 << 32)
        return np.array([row], layouts.HEAD).tobytes()

    def _send(self, data: bytes, events: int) -> None:
        try:
            self._socket.send(data)
        except ConnectionRefusedError:  # of an earlier datagram: nobody listened; this one was not sent either
            self.dropped += events
        except OSError as error:
            raise UserError(
                f"{self._url}: cannot send ({error.strerror or error}); give another address or size"
            ) from None
        else:
            self.events += events

    @property
    def losses(self) -> list[str]:
        """What of the source was not sent, in words."""
        found = [f"{self.lost_triggers} triggers"] if self.lost_triggers else []
        if self.dropped:
            found.append(f"{self.dropped} events to which nobody listened")
        return found

    def abandon(self) -> None:
        """Stop without a word."""
        self._socket.close()

    def close(self) -> None:
        """Say that this was all."""
        if self.layout == "own":
            for _ in range(3):
                with suppress(UserError):
                    self._send(self._head(layouts.END, 0, 0), 0)
        self._socket.close()
