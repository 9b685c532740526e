"""One writer a format behind two calls, write and close; what the formats can say and what not is the table FORMATS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from sensors.stream import NO_TRIGGERS, Events

from . import encode
from .aedat4_write import Aedat4Writer
from .arrays import NpyWriter, NpzWriter

Kernel = Callable[..., tuple[int, int, int]]
SILENCE_MAX_US = 1 << 36
"""Longest silence, 19 hours, that formats spell out bit by bit; a longer one would fill the disk."""


class Sink(Protocol):
    def write(self, events: Events, triggers: Events) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Form:
    """What a format can say.

    Attributes:
        ending: of its files. most: columns and rows that it can count. triggers: whether it keeps them, and inputs: the
            numbers of their inputs too.
        geometry: whether its header tells width and height.
        span_us: times from 0 to this fit it; later ones count from a start.
        start: whether its header can tell that start.
        back_us, ahead_us: longest steps of time from one event to the next, None without limit.
    """

    ending: str
    most: int
    triggers: bool = False
    inputs: bool = True
    geometry: bool = True
    span_us: int = 1 << 62
    start: bool = True
    back_us: int | None = None
    ahead_us: int | None = None


FORMATS: dict[str, Form] = {
    "evt3": Form(".raw", 2048, triggers=True, span_us=1 << 24, back_us=1 << 20, ahead_us=SILENCE_MAX_US),
    "evt2": Form(".raw", 2048, triggers=True, span_us=1 << 34, back_us=1 << 30),
    "evt21": Form(".raw", 2048, triggers=True, span_us=1 << 34, back_us=1 << 30),
    "dat": Form(".dat", 1 << 14, span_us=1 << 32, back_us=1 << 29, ahead_us=1 << 31),
    "es": Form(".es", 1 << 16, span_us=1 << 24, start=False, back_us=0, ahead_us=SILENCE_MAX_US),
    "csv": Form(".csv", 1 << 16),
    "aedat4": Form(".aedat4", 1 << 15, triggers=True, inputs=False),
    "npz": Form(".npz", 1 << 16, triggers=True),
    "npy": Form(".npy", 1 << 16, geometry=False),
}
"""All that is written; what is readable only is not here."""


class Words:
    """Runs a kernel of `encode` over packets. head: bytes before the data, given the time that counts as 0."""

    def __init__(self, path: Path, kernel: Kernel, word: str, head: Callable[[int], bytes], span_us: int) -> None:
        self._kernel, self._head, self._span_us = kernel, head, span_us
        self._file: BinaryIO = path.open("wb")
        self._out = np.empty(1 << 18, word)
        self._state = encode.fresh_state()
        self.start_us = -1

    def _begin(self, first_us: int) -> None:
        room = 1 << 16  # for times that step back before the first
        self.start_us = first_us - room if first_us >= self._span_us else 0
        self._file.write(self._head(self.start_us))

    def write(self, events: Events, triggers: Events = NO_TRIGGERS) -> None:
        if not events.size and not triggers.size:
            return
        if self.start_us < 0:
            self._begin(min(int(a["t"][0]) for a in (events, triggers) if a.size))
        if self.start_us:
            events, triggers = events.copy(), triggers.copy()
            events["t"] -= np.uint64(self.start_us)
            triggers["t"] -= np.uint64(self.start_us)
        while events.size or triggers.size:
            used, edges, n = self._kernel(events, triggers, self._state, self._out)
            self._file.write(self._out[:n].tobytes())
            events, triggers = events[used:], triggers[edges:]

    def close(self) -> None:
        if self._file.closed:
            return
        if self.start_us < 0:
            self._begin(0)
        self._file.close()


def _raw_head(form: str, width: int, height: int) -> Callable[[int], bytes]:
    number = {"evt2": "2.0", "evt21": "2.1", "evt3": "3.0"}[form]
    little = ";endianness=little" if form == "evt21" else ""

    def head(start_us: int) -> bytes:
        start = f"% t0 {start_us}\n" if start_us else ""
        lines = f"% evt {number}\n% format {form.upper()}{little};height={height};width={width}\n"
        return f"{lines}% geometry {width}x{height}\n{start}% end\n".encode()

    return head


def _dat_head(width: int, height: int) -> Callable[[int], bytes]:
    def head(start_us: int) -> bytes:
        start = f"% T0 {start_us}\n" if start_us else ""
        return f"% Version 2\n% Width {width}\n% Height {height}\n{start}% end\n".encode() + b"\x0c\x08"

    return head


def sink(path: Path, form: str, width: int, height: int, sensor: str = "") -> Sink:  # noqa: PLR0911 - one a format
    """A writer of one of FORMATS.

    Raises:
        OSError: the file cannot be made.
    """
    span_us = FORMATS[form].span_us
    match form:
        case "evt2" | "evt21" | "evt3":
            word = {"evt2": "<u4", "evt21": "<u8", "evt3": "<u2"}[form]
            return Words(path, getattr(encode, form), word, _raw_head(form, width, height), span_us)
        case "dat":
            return Words(path, encode.dat, "<u8", _dat_head(width, height), span_us)
        case "es":
            head = b"Event Stream\x02\x00\x00\x01" + width.to_bytes(2, "little") + height.to_bytes(2, "little")
            return Words(path, encode.es, "<u1", lambda _: head, span_us)
        case "csv":
            return Words(path, encode.csv, "<u1", lambda _: f"t,x@{width},y@{height},on\n".encode(), span_us)
        case "aedat4":
            return Aedat4Writer(path, width, height, sensor)
        case "npz":
            return NpzWriter(path, width, height)
    return NpyWriter(path)


def start_of(writer: Sink) -> Any:
    """The time that a Words writer counts as 0; 0 for others."""
    return max(0, getattr(writer, "start_us", 0))
