"""Writes AEDAT 4 files: a stream of events and one of triggers, packed by LZ4 with a checksum, and their table."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import lz4.frame
import numpy as np

from sensors.stream import NO_TRIGGERS, Events

from . import flat
from .aedat4 import ELEMENT, FALLING, MAGIC, RISING

LZ4 = 1
MOST = 8192
"""Most events of a packet; DV itself writes packets of some thousands."""
ENTRY = np.dtype(
    {"names": ["vtable", "at", "stream", "size", "number", "first", "last"],
     "formats": ["<i4", "<i8", "<i4", "<i4", "<i8", "<i8", "<i8"],
     "offsets": [0, 4, 12, 16, 20, 28, 36], "itemsize": 48}
)  # fmt: skip
"""A row of the table of packets as it stands in the FlatBuffer: a table of five fields and padding."""


def _node(name: str, path: str, attributes: dict[str, str | int], inside: str = "") -> str:
    rows = "".join(
        f'<attr key={quoteattr(key)} type="{"int" if isinstance(value, int) else "string"}">{escape(str(value))}</attr>'
        for key, value in attributes.items()
    )
    return f"<node name={quoteattr(name)} path={quoteattr(path)}>{rows}{inside}</node>"


def _about(width: int, height: int, sensor: str) -> bytes:
    base = "/mainloop/Recorder/outInfo/"
    size: dict[str, str | int] = {"sizeX": width, "sizeY": height, "source": sensor}
    streams = ""
    for number, kind, what in ((0, "EVTS", "events"), (1, "TRIG", "triggers")):
        about: dict[str, str | int] = {
            "compression": "LZ4",
            "originalModuleName": "capture",
            "originalOutputName": what,
            "typeDescription": "Array of events (polarity ON/OFF)." if number == 0 else "Array of triggers.",
            "typeIdentifier": kind,
        }
        info = _node("info", f"{base}{number}/info/", size if number == 0 else {"source": sensor})
        streams += _node(str(number), f"{base}{number}/", about, info)
    return f'<dv version="2.0">{_node("outInfo", base, {}, streams)}</dv>'.encode()


def header(width: int, height: int, sensor: str, table_at: int) -> bytes:
    """The FlatBuffer before the packets; its length does not depend on `table_at`."""
    text = _about(width, height, sensor)
    head = struct.pack("<I4s5H2x", 20, b"IOHE", 10, 20, 4, 8, 16)
    table = struct.pack("<iiqI", 12, LZ4, table_at, 4)
    body = head + table + struct.pack("<I", len(text)) + text + b"\0"
    return struct.pack("<I", len(body)) + body


def _triggers(edges: Events) -> bytes:
    """Tables of time and kind (fields 0 and 1), which share one vtable behind the vector of their offsets."""
    count = edges.size
    tables_at = (
        -(-4 * count // 8) * 8 + 8 + 4
    )  # from the first offset: padding, the vtable, and 4 so that times fall on 8
    offsets = (tables_at + 24 * np.arange(count) - 4 * np.arange(count)).astype("<u4").tobytes()
    rows = np.zeros(count, np.dtype({"names": ["vtable", "t", "kind"], "formats": ["<i4", "<i8", "i1"],
                                     "offsets": [0, 4, 12], "itemsize": 24}))  # fmt: skip
    rows["vtable"] = 12 + 24 * np.arange(count)
    rows["t"], rows["kind"] = edges["t"], np.where(edges["on"], RISING, FALLING)
    gap = bytes(tables_at - 12 - len(offsets))
    return flat.one_vector(b"TRIG", count, offsets + gap + struct.pack("<4H", 8, 13, 4, 12) + bytes(4) + rows.tobytes())


class Aedat4Writer:
    """Appends packets; the place of their table is put into the header at the end."""

    def __init__(self, path: Path, width: int, height: int, sensor: str = "") -> None:
        self._file = path.open("wb")
        self._about = (width, height, sensor or "camera")
        self._file.write(MAGIC + header(*self._about, -1))
        self._table: list[tuple[int, int, int, int, int, int, int]] = []

    def write(self, events: Events, triggers: Events = NO_TRIGGERS) -> None:
        for k in range(0, events.size, MOST):
            part = events[k : k + MOST]
            rows = np.zeros(part.size, ELEMENT)
            for name in "txyp":
                rows[name] = part[name]
            self._packet(0, flat.one_vector(b"EVTS", part.size, rows.tobytes()), part["t"])
        if triggers.size:
            self._packet(1, _triggers(triggers), triggers["t"])

    def _packet(self, stream: int, data: bytes, times: np.ndarray) -> None:
        packed = lz4.frame.compress(data, content_checksum=True, store_size=False)
        at = self._file.tell() + 8  # the table tells where the packed bytes begin, behind their head
        self._table.append((0, at, stream, len(packed), times.size, int(times.min()), int(times.max())))
        self._file.write(struct.pack("<ii", stream, len(packed)) + packed)

    def close(self) -> None:
        if self._file.closed:
            return
        at = self._file.tell()
        rows = np.array(self._table, ENTRY)
        count = rows.size
        tables_at = -(-4 * count // 8) * 8 + 16 + 4  # padding, the vtable of 14 bytes, and 4 so that i64 fall on 8
        offsets = (tables_at + 48 * np.arange(count) - 4 * np.arange(count)).astype("<u4").tobytes()
        rows["vtable"] = 20 + 48 * np.arange(count)
        gap = bytes(tables_at - 20 - len(offsets))
        vtable = struct.pack("<7H", 14, 44, 4, 12, 20, 28, 36) + bytes(6)
        table = flat.one_vector(b"FTAB", count, offsets + gap + vtable + rows.tobytes())
        self._file.write(lz4.frame.compress(table, content_checksum=True, store_size=False))
        self._file.seek(len(MAGIC))
        self._file.write(header(*self._about, at))
        self._file.close()
