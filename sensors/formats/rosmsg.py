"""Messages of events in ROS: dvs_msgs/EventArray and event_camera_msgs/EventPacket, as ROS 1 and as CDR of ROS 2.

Layouts: the message definitions of those packages; ROS 1 packs fields without gaps, CDR (little-endian) aligns each to
its own size, counted from behind the four bytes of encapsulation.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensors.errors import UserError
from sensors.signals import EVENT
from sensors.stream import NO_EVENTS, NO_TRIGGERS, Counters, Events, Packets

from . import words
from .prophesee import Kernel, WordDecoder, is_swapped, unswap

TYPES = ("dvs_msgs/EventArray", "event_camera_msgs/EventPacket")
ROW = np.dtype([("x", "<u2"), ("y", "<u2"), ("s", "<u4"), ("ns", "<u4"), ("p", "u1")])
ROW_CDR = np.dtype({"names": ["x", "y", "s", "ns", "p"], "formats": ["<u2", "<u2", "<u4", "<u4", "u1"],
                    "offsets": [0, 2, 6, 10, 14], "itemsize": 16})  # fmt: skip
"""An event of CDR from the second on; each begins two bytes before a multiple of four."""
ENCODINGS: dict[str, tuple[str, Kernel]] = {"evt3": ("<u2", words.evt3), "evt21": ("<u8", words.evt21)}


class MessageError(ValueError):
    """The bytes are no such message."""


class _Reader:
    def __init__(self, data: bytes, cdr: bool) -> None:
        self.data, self.at, self.cdr = data, 0, cdr
        if cdr:
            if data[:2] not in (b"\0\1", b"\0\0"):
                raise MessageError("not CDR")
            if data[1] == 0:
                raise MessageError("big-endian CDR")
            self.data = data[4:]

    def number(self, form: str) -> int:
        size = struct.calcsize(form)
        if self.cdr:
            self.at += -self.at % size
        try:
            value = struct.unpack_from(form, self.data, self.at)[0]
        except struct.error:
            raise MessageError("it breaks off") from None
        self.at += size
        return int(value)

    def take(self) -> bytes:
        """A string or an array of bytes."""
        length = self.number("<I")
        self.at += length
        if self.at > len(self.data):
            raise MessageError("it breaks off")
        return self.data[self.at - length : self.at]

    def header(self) -> None:
        """std_msgs/Header: sequence number (ROS 1 only), time, frame."""
        for _ in range(2 if self.cdr else 3):
            self.number("<I")
        self.take()


@dataclass(slots=True)
class Message:
    """A message of either type; encoding "rows" for dvs_msgs, seq -1 where there is none, number of rows."""

    width: int
    height: int
    encoding: str
    seq: int
    payload: bytes
    number: int = 0


def parse(data: bytes, kind: str, cdr: bool) -> Message:
    """Take a message of type `kind`, one of TYPES, apart.

    Raises:
        MessageError: it breaks off.
    """
    reader = _Reader(data, cdr)
    reader.header()
    height, width = reader.number("<I"), reader.number("<I")
    if kind == TYPES[0]:
        number = reader.number("<I")
        return Message(width, height, "rows", -1, reader.data[reader.at :], number)
    seq, _ = reader.number("<Q"), reader.number("<Q")
    encoding = reader.take().rstrip(b"\0").decode("latin-1")
    reader.number("<B")
    return Message(width, height, encoding, seq, reader.take())


class MessageDecoder:
    """Messages of one topic to packets."""

    def __init__(self, path: Path, first: Message, cdr: bool, counters: Counters) -> None:
        if first.encoding != "rows" and first.encoding not in ENCODINGS:
            known = ", ".join(ENCODINGS)
            raise UserError(
                f"{path}: events of encoding {first.encoding}, expected {known}; decode them with its own node"
            )
        self._cdr, self._counters = cdr, counters
        self._seq = -1
        self._words: WordDecoder | None = None
        self._seen = (0, 0)
        if first.encoding in ENCODINGS:
            self._form, kernel = ENCODINGS[first.encoding]
            sample = np.frombuffer(first.payload[: len(first.payload) // 8 * 8], "<u8")
            swapped = first.encoding == "evt21" and is_swapped(sample)
            self._words = WordDecoder(kernel, unswap if swapped else None)

    def decode(self, message: Message) -> Packets:
        """Yield the packets of one message.

        Raises:
            MessageError: it breaks off or is of another encoding.
        """
        if self._seq >= 0 and message.seq > self._seq + 1:
            self._counters.overflow += message.seq - self._seq - 1
        self._seq = message.seq
        if self._words is None:
            yield self._rows(message), NO_TRIGGERS
            return
        step = np.dtype(self._form).itemsize
        yield from self._words.decode(np.frombuffer(message.payload[: len(message.payload) // step * step], self._form))
        bad, early = int(self._words.state[words.BAD]), int(self._words.state[words.EARLY])
        self._counters.dropped += early - self._seen[1]
        if bad > self._seen[0]:
            lost, self._seen = bad - self._seen[0], (bad, early)
            self._counters.dropped += lost
            raise MessageError(f"{lost} words make no sense")
        self._seen = (bad, early)
        if len(message.payload) % step:
            raise MessageError(f"the last word has {len(message.payload) % step} of {step} bytes")

    def _rows(self, message: Message) -> Events:
        number, payload = message.number, message.payload
        if not number:
            return NO_EVENTS
        if not self._cdr:
            rows = np.frombuffer(payload[: len(payload) // ROW.itemsize * ROW.itemsize], ROW)[:number]
            events = _from_rows(rows)
        else:
            first = np.frombuffer(payload[: ROW.itemsize].ljust(ROW.itemsize, b"\0"), ROW)[
                : len(payload) // ROW.itemsize
            ]
            rest = payload[14:] + b"\0"
            rows = np.frombuffer(rest[: len(rest) // 16 * 16], ROW_CDR)[: number - 1]
            events = np.concatenate([_from_rows(first), _from_rows(rows)])
        if events.size < number:
            raise MessageError(f"it holds {events.size} of {number} events")
        return events


def _from_rows(rows: np.ndarray) -> Events:
    events: Events = np.empty(rows.size, EVENT)
    events["t"] = rows["s"].astype(np.uint64) * np.uint64(1_000_000) + rows["ns"].astype(np.uint64) // np.uint64(1000)
    events["x"], events["y"], events["p"] = rows["x"], rows["y"], rows["p"] > 0
    return events
