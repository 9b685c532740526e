"""AEDAT 2.0 (jAER) and AEDAT 3.1 (cAER) files of DVS128 and DAVIS cameras.

Layouts: iniVation, "AEDAT file formats"; the mirrored columns and rows of AEDAT 2.0 are jAER's (DVS128 and DavisChip
event extractors), whose origin is the lower right pixel; events here count from the upper left.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numba import njit

from sensors.errors import UserError
from sensors.signals import EVENT
from sensors.stream import NO_EVENTS, NO_TRIGGERS, TRIGGER, Damage, Events, Origin, Packets

from .pieces import bytes_to_packets

SIZES = {"DVS128": (128, 128), "DAVIS128": (128, 128), "DAVIS208": (208, 192), "DAVIS240": (240, 180),
         "DAVIS346": (346, 260), "DAVIS640": (640, 480)}  # fmt: skip
HEAD = np.dtype([(n, "<i2") for n in ("kind", "source")]
                + [(n, "<i4") for n in ("size", "time_at", "laps", "capacity", "number", "valid")])  # fmt: skip
SPECIAL, POLARITY = 0, 1
PAYLOAD_MAX = 1 << 28


def read_header(file: BinaryIO) -> list[str]:
    """Lines that begin with '#', up to "#!END-HEADER" or the first other one; leaves the file at the data."""
    lines: list[str] = []
    while file.tell() < 1 << 20:
        start = file.tell()
        line = file.readline(1 << 16)
        if not line.startswith(b"#") or not line.endswith(b"\n"):
            file.seek(start)
            break
        lines.append(line.decode("latin-1").strip())
        if lines[-1] == "#!END-HEADER":
            break
    return lines


def _camera(lines: list[str]) -> tuple[str, int, int] | None:
    text = "\n".join(lines[1:])
    found = re.search(r"(DVS128|DAVIS\d{3})", text, re.IGNORECASE)
    name = found[1].upper() if found else ""
    return (name, *SIZES[name]) if name in SIZES else None


@njit(cache=True)
def _aedat2(data, state, out):  # type: ignore[no-untyped-def]
    """Big-endian address and time; state: lap, last low time, davis, width - 1, height - 1; returns as `es._es`."""
    n, i = 0, 0
    while i + 8 <= data.size and n < out.size:
        address, low = np.int64(0), np.int64(0)
        for k in range(4):
            address = (address << 8) | np.int64(data[i + k])
            low = (low << 8) | np.int64(data[i + 4 + k])
        i += 8
        if low < state[1] - (np.int64(1) << 31):
            state[0] += 1
        state[1] = low
        if state[2]:
            if address & 0x80000400:  # samples of frames and the inertial unit, and external edges
                continue
            x, y, on = (address >> 12) & 1023, (address >> 22) & 511, (address >> 11) & 1
        else:
            if address >> 15:
                continue
            x, y, on = (address >> 1) & 127, (address >> 8) & 127, 1 - (address & 1)
        out[n]["t"] = np.uint64((state[0] << 32) | low)
        out[n]["x"] = np.uint16(state[3] - x)  # what lies outside wraps to a large number, which the stream refuses
        out[n]["y"] = np.uint16(state[4] - y)
        out[n]["p"] = on == 1
        n += 1
    return i, n, -1


def open_aedat2(path: Path, geometry: tuple[int, int] | None) -> Origin:
    """An AEDAT 2.0 file; `geometry` (128, 128) means the layout of a DVS128 where the header names no camera, others
    DAVIS.

    Raises:
        UserError: neither the header nor the caller tells the camera.
    """
    with path.open("rb") as file:
        lines = read_header(file)
        offset = file.tell()
    camera = _camera(lines)
    if camera is None and geometry is None:
        raise UserError(
            f"{path}: the AEDAT 2.0 header names no camera, on which the layout depends; give --geometry 128x128 for a "
            "DVS128, 240x180 or 346x260 for a DAVIS"
        )
    name, width, height = camera if camera is not None else ("", *(geometry or (0, 0)))
    davis = (width, height) != (128, 128)
    state = np.array([0, 0, davis, width - 1, height - 1], np.int64)
    packets = bytes_to_packets(path, offset, _aedat2, state, "an event")
    return Origin("aedat2", packets, (width, height) if camera else (None, None), name)


def open_aedat3(path: Path) -> Origin:
    """An AEDAT 3.1 file, events and external edges of its first source.

    Raises:
        UserError: a header without its end or of compressed data.
    """
    with path.open("rb") as file:
        lines = read_header(file)
        offset = file.tell()
    if not lines or lines[-1] != "#!END-HEADER":
        raise UserError(f"{path}: the AEDAT 3.1 header has no end; the file was cut off")
    form = next((line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("#format:")), "RAW")
    if form.upper() != "RAW":
        raise UserError(f"{path}: AEDAT 3.1 of format {form}, expected RAW; convert it with cAER first")
    camera = _camera(lines)
    size = camera[1:] if camera else (None, None)
    return Origin("aedat3", _aedat3(path, offset), size, camera[0] if camera else "")


def _aedat3(path: Path, offset: int) -> Packets:
    with path.open("rb") as file:
        file.seek(offset)
        while raw := file.read(HEAD.itemsize):
            start = file.tell() - len(raw)
            if len(raw) < HEAD.itemsize:
                raise Damage("a packet's head breaks off", start)
            head = np.frombuffer(raw, HEAD)[0]
            size, number = int(head["size"]), int(head["number"])
            odd = head["kind"] in (SPECIAL, POLARITY) and (size != 8 or int(head["time_at"]) != 4)
            if size <= 0 or number < 0 or head["laps"] < 0 or size * number > PAYLOAD_MAX or odd:
                raise Damage("a packet's head makes no sense", start)
            body = file.read(size * number)
            if head["kind"] in (SPECIAL, POLARITY):
                rows = np.frombuffer(body[: len(body) // 8 * 8], "<u4").reshape(-1, 2)
                laps = int(head["laps"]) << 31
                yield _polarity(rows, laps) if head["kind"] == POLARITY else _special(rows, laps)
            if len(body) < size * number:
                raise Damage(f"a packet has {len(body)} of {size * number} bytes", start)


def _times(rows: np.ndarray, laps: int) -> np.ndarray:
    return (rows[:, 1] & 0x7FFFFFFF).astype(np.uint64) + np.uint64(laps)


def _polarity(rows: np.ndarray, laps: int) -> tuple[Events, Events]:
    rows = rows[(rows[:, 0] & 1) == 1]
    events: Events = np.empty(len(rows), EVENT)
    events["t"] = _times(rows, laps)
    events["x"] = rows[:, 0] >> 17
    events["y"] = (rows[:, 0] >> 2) & 0x7FFF
    events["p"] = (rows[:, 0] >> 1) & 1
    return events, NO_TRIGGERS


def _special(rows: np.ndarray, laps: int) -> tuple[Events, Events]:
    """Kinds 2 and 3 are a rising and a falling edge of the external input."""
    kind = (rows[:, 0] >> 1) & 127
    rows = rows[((rows[:, 0] & 1) == 1) & ((kind == 2) | (kind == 3))]
    edges: Events = np.empty(len(rows), TRIGGER)
    edges["t"], edges["id"], edges["on"] = _times(rows, laps), 0, ((rows[:, 0] >> 1) & 127) == 2
    return NO_EVENTS, edges
