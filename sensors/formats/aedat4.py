"""AEDAT 4 (DV) files: packets of events and triggers, packed by LZ4 or Zstandard, read one after another from the
front.

Layout: iniVation, "AEDAT file formats", 4.0: a line of version, a FlatBuffer of the header (compression, place of the
table of packets, description of the streams as XML), then packets (stream, size, packed FlatBuffer), then that table.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

import lz4.frame
import numpy as np
from numba import njit

from sensors.errors import UserError
from sensors.signals import EVENT
from sensors.stream import NO_EVENTS, NO_TRIGGERS, TRIGGER, Damage, Events, Origin, Packets

from . import flat
from .extras import need

MAGIC = b"#!AER-DAT4.0\r\n"
ELEMENT = np.dtype(
    {"names": ["t", "x", "y", "p"], "formats": ["<i8", "<i2", "<i2", "?"], "offsets": [0, 8, 10, 12], "itemsize": 16}
)
PACKET_MAX = 1 << 28
"""Longest packet believed, in bytes, packed or not."""
RISING, FALLING = 1, 2
"""Kinds of trigger that are edges of the external input."""
Unpack = Callable[[bytes], bytes]


@dataclass(slots=True)
class Header:
    """compression: 0 none, 1 and 2 LZ4, 3 and 4 Zstandard. table_at: byte of the table of packets, -1 if unknown.
    streams: type ("EVTS") and size by number. end: first byte after the header."""

    compression: int
    table_at: int
    streams: dict[int, tuple[str, tuple[int | None, int | None], str]]
    end: int


def read_header(path: Path) -> Header:
    """Read what stands before the packets.

    Raises:
        UserError: it is cut off, or is no such header.
    """
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        prefix = file.read(4)
        data = prefix + file.read(min(int.from_bytes(prefix, "little"), PACKET_MAX))
        end = file.tell()
    try:
        if len(data) < 4 + int.from_bytes(prefix, "little") or len(prefix) < 4:
            raise flat.FlatError("it breaks off")
        table, identifier = flat.root(data)
        if identifier != b"IOHE":
            raise flat.FlatError(f"it is a {identifier!r}, not a header")
        at, length = table.vector(2)
        tree = ElementTree.fromstring(data[at : at + length])
        streams = dict(_stream(node) for node in tree.findall(".//node[@name='outInfo']/node"))
        return Header(table.number(0, "<i", 0), table.number(1, "<q", -1), streams, end)
    except (flat.FlatError, ElementTree.ParseError, ValueError) as error:
        raise UserError(f"{path}: the AEDAT 4 header cannot be read ({error}); get a whole copy") from None


def _stream(node: ElementTree.Element) -> tuple[int, tuple[str, tuple[int | None, int | None], str]]:
    about = {attr.get("key", ""): attr.text or "" for attr in node.iter("attr")}
    size = tuple(int(about[k]) if about.get(k, "").isdigit() else None for k in ("sizeX", "sizeY"))
    return int(node.get("name", "")), (about.get("typeIdentifier", ""), (size[0], size[1]), about.get("source", ""))


def open_aedat4(path: Path) -> Origin:
    """The first stream of events of an AEDAT 4 file, and the edges of its streams of triggers.

    Raises:
        UserError: the header is damaged, no stream holds events, or the packing needs a library that is missing.
    """
    header = read_header(path)
    chosen = next((k for k, about in sorted(header.streams.items()) if about[0] == "EVTS"), None)
    if chosen is None:
        kinds = ", ".join(sorted({about[0] for about in header.streams.values()})) or "nothing"
        raise UserError(f"{path}: an AEDAT 4 file of {kinds}, expected a stream of events (EVTS)")
    _, size, sensor = header.streams[chosen]
    edges = {k for k, about in header.streams.items() if about[0] == "TRIG"}
    return Origin("aedat4", _packets(path, header, chosen, edges, _unpacker(path, header.compression)), size, sensor)


def _unpacker(path: Path, compression: int) -> Unpack:
    if compression == 0:
        return lambda data: data
    if compression in (1, 2):
        # no max_length, for which it would allocate each time; LZ4 cannot say more than 255 bytes by one
        return lambda data: bytes(lz4.frame.LZ4FrameDecompressor().decompress(data))
    if compression in (3, 4):
        zstd = need(path, "backports.zstd", "zstd")
        return lambda data: bytes(zstd.ZstdDecompressor().decompress(data, max_length=PACKET_MAX))
    raise UserError(f"{path}: AEDAT 4 compression {compression}, expected 0 to 4; get a whole copy")


def _packets(path: Path, header: Header, chosen: int, edges: set[int], unpack: Unpack) -> Packets:
    size = path.stat().st_size
    end = header.table_at if header.end <= header.table_at <= size else size
    with path.open("rb") as file:
        file.seek(header.end)
        while (at := file.tell()) < end:
            stream, length = _packet_head(file, at, end)
            if stream not in header.streams:
                raise Damage(f"a packet of stream {stream}, which the header does not name", at)
            if stream != chosen and stream not in edges:
                file.seek(length, 1)
            else:
                packed = file.read(min(length, end - at - 8))
                try:
                    data = unpack(packed)
                    packet = _events(data) if stream == chosen else (_edges(data), len(packed) == length)
                except Exception as error:  # FlatError, and what each library raises on damaged data
                    reason = (str(error) or type(error).__name__).splitlines()[0]
                    raise Damage(f"a packet cannot be unpacked ({reason})", at) from None
                yield (packet[0], NO_TRIGGERS) if stream == chosen else (NO_EVENTS, packet[0])
                if len(packed) < length or not packet[1]:
                    raise Damage("a packet breaks off", at)
            if file.tell() > end:
                raise Damage("a packet breaks off", at)
    if header.table_at > size:
        raise Damage(f"the file ends before its table of packets, due at byte {header.table_at},", size)


def _packet_head(file: BinaryIO, at: int, end: int) -> tuple[int, int]:
    head = file.read(8)
    if len(head) < 8 or at + 8 > end:
        raise Damage("a packet's head breaks off", at)
    stream, length = struct.unpack("<ii", head)
    if not 0 < length <= PACKET_MAX:
        raise Damage(f"a packet of {length} bytes", at)
    return stream, length


@njit(cache=True)
def _narrow(rows, out):  # type: ignore[no-untyped-def]
    """ELEMENT (n,) to EVENT (n,)."""
    for i in range(rows.size):
        out[i]["t"] = np.uint64(rows[i]["t"])
        out[i]["x"] = np.uint16(rows[i]["x"])
        out[i]["y"] = np.uint16(rows[i]["y"])
        out[i]["p"] = rows[i]["p"]


def _events(data: bytes) -> tuple[Events, bool]:
    """The events of a packet, and whether all that it announces are there."""
    table, identifier = flat.root(data)
    if identifier != b"EVTS":
        raise flat.FlatError(f"it is a {identifier!r}, not events")
    at, number = table.vector(0)
    there = min(number, max(0, len(data) - at) // ELEMENT.itemsize)
    rows = np.frombuffer(data, ELEMENT, there, at) if there else np.zeros(0, ELEMENT)
    events: Events = np.empty(there, EVENT)
    _narrow(rows, events)
    return events, there == number


def _edges(data: bytes) -> Events:
    table, identifier = flat.root(data)
    if identifier != b"TRIG":
        raise flat.FlatError(f"it is a {identifier!r}, not triggers")
    at, number = table.vector(0)
    found = []
    for k in range(min(number, len(data) // 4)):
        place = at + 4 * k
        edge = flat.Table(data, place + int.from_bytes(data[place : place + 4], "little"))
        kind = edge.number(1, "<b", 0)
        if kind in (RISING, FALLING):
            found.append((max(0, edge.number(0, "<q", 0)), 0, kind == RISING))
    return np.array(found, TRIGGER)
