"""HDF5 files of Prophesee (Metavision; coded chunks are read raw and decoded in `ecf.py`) and of DSEC; needs h5py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sensors.errors import UserError
from sensors.signals import EVENT
from sensors.stream import NO_EVENTS, NO_TRIGGERS, PACKET, TRIGGER, Counters, Damage, Events, Origin, Packets

from . import ecf
from .extras import need
from .hdf5_probe import probe

ECF = 36559
COLUMN_MAX = 65535
BROKEN = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, MemoryError, OverflowError)
"""What h5py raises on damaged files."""


def open_hdf5(path: Path) -> Origin:
    """A Metavision (CD/events) or DSEC (events/t, x, y, p) file.

    Raises:
        UserError: h5py is missing, the file is damaged, or holds neither.
    """
    h5py = need(path, "h5py", "hdf5")
    with suppress(ImportError):
        import_module("hdf5plugin")  # registers Blosc and its like, which DSEC uses
    try:
        file = h5py.File(path, "r")
        about = probe(path)
        if "CD/events" in file:
            wide, _, high = about["geometry"].partition("x")
            size = (int(wide), int(high)) if wide.isdigit() and high.isdigit() else (None, None)
            sensor = about["sensor_name"]
            return Origin("hdf5", _metavision(file), size, sensor, close=file.close)
        if all(f"events/{k}" in file for k in "txyp"):
            start_us = int(file["t_offset"][()]) if "t_offset" in file else 0
            counters = Counters()
            return Origin(
                "dsec", _dsec(file, start_us, counters), start_us=start_us, counters=counters, close=file.close
            )
        found = ", ".join(file) or "nothing"
    except BROKEN as error:
        raise UserError(f"{path}: not a readable HDF5 file ({_reason(error)}); get a whole copy") from None
    raise UserError(f"{path}: an HDF5 file of {found}; expected CD/events or events/t, x, y, p")


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _metavision(file: Any) -> Packets:
    try:
        events = file["CD/events"]
        filters = events.id.get_create_plist()
        coded = any(filters.get_filter(k)[0] == ECF for k in range(filters.get_nfilters()))
        edges = _edges(file)
    except BROKEN as error:
        raise Damage(f"the events cannot be found ({_reason(error)})", 0) from None
    for packet in _chunks(events) if coded else _columns(dict.fromkeys("txyp", events), 0, Counters()):
        due = edges["t"] <= packet["t"][-1] if packet.size else np.zeros(edges.size, bool)
        yield packet, edges[due]
        edges = edges[~due]
    if edges.size:
        yield NO_EVENTS, edges


def _chunks(events: Any) -> Iterator[Events]:
    """Decode the chunks in the order of their place in the data set; none may be missing between two."""
    at = 0
    try:
        length = int(events.chunks[0])
        infos: list[Any] = []
        events.id.chunk_iter(infos.append)  # asking for them one by one takes the square of their number
        infos.sort(key=lambda info: info.chunk_offset)
        for k, info in enumerate(infos):
            at = int(info.byte_offset)
            if info.chunk_offset[0] != k * length:
                raise Damage(f"chunk {k} is missing, the next", at)
            mask, chunk = events.id.read_direct_chunk(info.chunk_offset)
            if mask:
                raise Damage(f"chunk {k} was stored without its code", at)
            packet: Events = np.empty(min(int.from_bytes(chunk[:4], "little") >> 2, ecf.CHUNK_MAX), EVENT)
            if ecf.ecf_decode(np.frombuffer(chunk, np.uint8), packet) < 0:
                raise Damage(f"chunk {k} is damaged", at)
            yield packet[: int(events.shape[0]) - k * length]
    except BROKEN as error:
        raise Damage(f"the chunk cannot be read ({_reason(error)})", at) from None
    if len(infos) * length < int(events.shape[0]):
        raise Damage(f"{len(infos)} chunks of {length} for {int(events.shape[0])} events, the last", at)


def _edges(file: Any) -> Events:
    try:
        rows = file["EXT_TRIGGER/events"][:]
        edges = np.empty(rows.size, TRIGGER)
        edges["t"], edges["id"], edges["on"] = rows["t"], rows["id"], rows["p"] > 0
    except BROKEN:  # none, or coded by a plugin that is not here
        return NO_TRIGGERS
    return edges


def _dsec(file: Any, start_us: int, counters: Counters) -> Packets:
    try:
        sets = {k: file[f"events/{k}"] for k in "txyp"}
    except BROKEN as error:
        raise Damage(f"the events cannot be found ({_reason(error)})", 0) from None
    for events in _columns(sets, start_us, counters):
        yield events, NO_TRIGGERS


def _columns(sets: dict[str, Any], start_us: int, counters: Counters) -> Iterator[Events]:
    """Four data sets, or four fields of one, a piece at a time."""
    try:
        total = min(len(data) for data in sets.values())
    except BROKEN as error:
        raise Damage(f"the events cannot be found ({_reason(error)})", 0) from None
    for k in range(0, total, PACKET):
        events: Events = np.empty(min(PACKET, total - k), EVENT)
        try:
            for name, data in sets.items():
                piece = data[k : k + PACKET]
                piece = piece[name] if piece.dtype.names else piece
                if name in "xy" and piece.size and not 0 <= int(piece.min()) <= int(piece.max()) <= COLUMN_MAX:
                    raise ValueError(f"{name} outside 0 to {COLUMN_MAX}")
                events[name] = piece > 0 if name == "p" else piece
        except BROKEN as error:
            missing = "filter" in str(error) or "plugin" in str(error)
            reason = "its filter is missing: pip install hdf5plugin" if missing else _reason(error)
            raise Damage(f"events {k} to {k + events.size} cannot be read ({reason}), in the data set", 0) from None
        events["t"] += np.uint64(start_us)
        yield events
    longest = max(len(data) for data in sets.values())
    if longest > total:
        counters.dropped += longest - total
        raise Damage(f"t, x, y and p are of unlike length, {longest - total} rows have no fellow, in the data set", 0)
