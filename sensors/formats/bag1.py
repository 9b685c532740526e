"""ROS 1 bags, read record by record from the front, so that a bag that was cut off still gives what it holds.

Layout: ROS wiki, "Bags/Format/2.0": a line of version, then records of header (name=value fields) and data; op 5 is a
chunk of records (plain, bz2 or lz4), 7 a connection, 2 a message.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from pathlib import Path

import lz4.frame

from sensors.errors import UserError
from sensors.stream import Counters, Damage, Origin, Packets

from .rosmsg import TYPES, MessageDecoder, MessageError, parse

MAGIC = b"#ROSBAG V2.0\n"
RECORD_MAX = 1 << 30
MESSAGE, BAG, CHUNK, CONNECTION = 2, 3, 5, 7
Record = tuple[dict[str, bytes], bytes, int]


def _fields(header: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    at = 0
    while at + 4 <= len(header):
        length = int.from_bytes(header[at : at + 4], "little")
        name, _, value = header[at + 4 : at + 4 + length].partition(b"=")
        found[name.decode("latin-1")] = value
        at += 4 + length
    return found


def _op(fields: dict[str, bytes]) -> int:
    return int.from_bytes(fields.get("op", b""), "little")


def _records(path: Path) -> Iterator[Record]:
    size, index_at = path.stat().st_size, 0
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        while (at := file.tell()) < size:
            parts = []
            for _ in range(2):
                head = file.read(4)
                length = int.from_bytes(head, "little")
                if len(head) < 4 or length > min(RECORD_MAX, size - file.tell()):
                    raise Damage("a record breaks off", at)
                parts.append(file.read(length))
            fields = _fields(parts[0])
            if _op(fields) == BAG:
                index_at = int.from_bytes(fields.get("index_pos", b""), "little")
            yield fields, parts[1], at
    if index_at > size:
        raise Damage(f"the bag ends before its index, due at byte {index_at},", size)


def _inside(fields: dict[str, bytes], data: bytes, at: int) -> Iterator[Record]:
    """The records of a chunk."""
    packing = fields.get("compression", b"")
    try:
        if packing == b"bz2":
            data = bz2.decompress(data)
        elif packing == b"lz4":
            data = lz4.frame.decompress(data)
        elif packing != b"none":
            raise ValueError(f"compression {packing!r}")
    except (OSError, ValueError, RuntimeError, EOFError, MemoryError) as error:
        raise Damage(f"a chunk cannot be unpacked ({error})", at) from None
    place = 0
    while place < len(data):
        parts = []
        for _ in range(2):
            length = int.from_bytes(data[place : place + 4], "little")
            if place + 4 + length > len(data):
                raise Damage("a record in the chunk breaks off", at)
            parts.append(data[place + 4 : place + 4 + length])
            place += 4 + length
        yield _fields(parts[0]), parts[1], at


def _messages(path: Path) -> Iterator[tuple[str, str, bytes, int]]:
    """Topic, type, bytes and place of all messages of events; raises Damage where the bag breaks off."""
    known: dict[bytes, tuple[str, str]] = {}
    for fields, data, at in _records(path):
        for inner, body, place in _inside(fields, data, at) if _op(fields) == CHUNK else [(fields, data, at)]:
            if _op(inner) == CONNECTION:
                kind = _fields(body).get("type", b"").decode("latin-1")
                known[inner.get("conn", b"")] = (inner.get("topic", b"").decode("latin-1"), kind)
            elif _op(inner) == MESSAGE:
                topic, kind = known.get(inner.get("conn", b""), ("", ""))
                if kind in TYPES:
                    yield topic, kind, body, place


def open_bag1(path: Path) -> Origin:
    """The first topic of events of a ROS 1 bag.

    Raises:
        UserError: it has none, or one whose first message cannot be read.
    """
    try:
        found = next(_messages(path), None)
        if found is None:
            raise UserError(f"{path}: a ROS bag without {' or '.join(TYPES)}; record the topic of events too")
        topic, kind, body, _ = found
        first = parse(body, kind, cdr=False)
    except Damage as damage:
        raise UserError(f"{path}: {damage.what} at byte {damage.offset}, before any events; get a whole copy") from None
    except MessageError as error:
        raise UserError(f"{path}: the first message of events cannot be read ({error}); get a whole copy") from None
    counters = Counters()
    decoder = MessageDecoder(path, first, False, counters)
    size = (first.width or None, first.height or None)
    return Origin(f"rosbag1 {first.encoding}", _packets(path, topic, decoder), size, topic, counters=counters)


def _packets(path: Path, wanted: str, decoder: MessageDecoder) -> Packets:
    for topic, kind, body, at in _messages(path):
        if topic == wanted:
            try:
                yield from decoder.decode(parse(body, kind, cdr=False))
            except (MessageError, ValueError) as error:
                raise Damage(f"a message cannot be read ({error})", at) from None
