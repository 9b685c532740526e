"""ROS 2 bags (a folder, or its .db3 or .mcap) through rosbags, which finds the messages; we take them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sensors.errors import UserError
from sensors.stream import Counters, Damage, Origin, Packets

from .extras import need
from .rosmsg import TYPES, MessageDecoder, MessageError, parse


def _kind(connection: Any) -> str:
    return str(connection.msgtype).replace("/msg/", "/")


def open_bag2(path: Path) -> Origin:
    """The first topic of events of a ROS 2 bag.

    Raises:
        UserError: rosbags is missing, the bag is damaged, or it has no such topic.
    """
    rosbag2 = need(path, "rosbags.rosbag2", "ros", "rosbags")
    try:
        reader = rosbag2.Reader(path)
        reader.open()
    except Exception as error:  # rosbags lets those of YAML, SQLite and MCAP through
        raise UserError(f"{path}: the bag cannot be opened ({_reason(error)}); get a whole copy") from None
    try:
        return _origin(path, reader)
    except UserError:
        reader.close()
        raise


def _origin(path: Path, reader: Any) -> Origin:
    connection = next((c for c in reader.connections if _kind(c) in TYPES), None)
    if connection is None:
        found = ", ".join(sorted({c.msgtype for c in reader.connections})) or "nothing"
        raise UserError(f"{path}: a ROS bag of {found}, without {' or '.join(TYPES)}; record the topic of events too")
    kind = _kind(connection)
    try:
        raw = next(iter(reader.messages(connections=[connection])), None)
        first = parse(bytes(raw[2]), kind, cdr=True) if raw is not None else None
    except Exception as error:
        raise UserError(
            f"{path}: the first message of events cannot be read ({_reason(error)}); get a whole copy"
        ) from None
    if first is None:
        raise UserError(f"{path}: the topic {connection.topic} holds no message; nothing to read")
    counters = Counters()
    decoder = MessageDecoder(path, first, True, counters)
    size = (first.width or None, first.height or None)
    packets = _packets(reader, connection, kind, decoder)
    return Origin(f"rosbag2 {first.encoding}", packets, size, connection.topic, counters=counters, close=reader.close)


def _packets(reader: Any, connection: Any, kind: str, decoder: MessageDecoder) -> Packets:
    number = 0
    try:
        for _, _, raw in reader.messages(connections=[connection]):
            yield from decoder.decode(parse(bytes(raw), kind, cdr=True))
            number += 1
    except MessageError as error:
        raise Damage(f"message {number} cannot be read ({error}), in the topic", 0) from None
    except GeneratorExit:
        raise
    except Exception as error:
        raise Damage(f"the bag breaks off after message {number} ({_reason(error)}), in the topic", 0) from None
    if number < connection.msgcount:
        raise Damage(f"{number} of {connection.msgcount} messages are there, in the topic", 0)


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
