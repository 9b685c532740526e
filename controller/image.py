"""A network as one flat integer record: what is stepped, saved, hashed, compared and, later, deployed.

Everything the future of a network depends on is a field of IMAGE, so a CRC over its bytes is its state hash.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

MAGIC = b"GANGLION"
VERSION = 1
FRICTION, AHEAD, FEELERS, EYE, SLIP = 160, 256, 32, 48, 16
"""Neurons of each population, 512 in all: friction estimate, load feed-forward, tactile and visual slip, slip burst."""
SENSES = FEELERS + EYE + SLIP

IMAGE = np.dtype(
    [
        ("tick", "<u4"),
        ("key", "<u4"),  # of the rounding noise
        ("learning", "<i4"),
        ("margin", "<i4"),  # 1/256
        ("prior", "<i4"),  # compliance before the first touch, 1/2048
        ("touch_grip", "<i4"),  # LSB of the grip effort
        ("boost", "<i4"),  # most that slip adds to the grip, 1/256
        ("feeler_weight", "<i4"),
        ("eye_weight", "<i4"),
        ("dead_from", "<u4"),  # tick from which `doomed` neurons are silent
        ("friction_encoder", "i1", (FRICTION, 2)),
        ("friction_bias", "<i4", FRICTION),
        ("friction_v", "<i4", FRICTION),
        ("friction_alive", "u1", FRICTION),
        ("friction_trace", "<i2", FRICTION),
        ("friction_weight", "<i4", FRICTION),
        ("ahead_encoder", "i1", (AHEAD, 2)),
        ("ahead_bias", "<i4", AHEAD),
        ("ahead_v", "<i4", AHEAD),
        ("ahead_alive", "u1", AHEAD),
        ("ahead_trace", "<i2", AHEAD),
        ("ahead_late", "<i2", AHEAD),  # the trace as old as what is sensed: what errors are credited to
        ("ahead_weight", "<i4", AHEAD),
        ("innate_late", "<i4"),  # what inertia alone foresees, as old as the senses, 1/16 mN
        ("sense_v", "<i4", SENSES),
        ("sense_alive", "u1", SENSES),
        ("doomed", "u1", FRICTION + AHEAD + SENSES),
        ("current", "<i4", AHEAD),
        ("fired", "u1", FRICTION + AHEAD + SENSES),
        ("normal_mn", "<i4"),  # low-passed, 1/16 mN
        ("load_mn", "<i4"),  # low-passed, 1/16 mN
        ("load_slow", "<i4"),  # low-passed over 16 ticks in the tug, over 128 in the hand, 1/256 mN
        ("compliance", "<i4"),
        ("peak", "<i4", (2, 2)),  # (normal, load) of the largest load per grip in this and the last 16 ticks
        ("burst", "<i4"),
        ("slipping", "<i4"),
        ("boosted", "<i4"),
        ("grip", "<i4"),  # 1/256 of the effort's LSB
        ("touch", "<i4"),
        ("probed", "<i4"),  # ticks since the tug first moved the hand, 0 before
        ("foothold", "<i4"),  # height at which the tug began, and from which the lift counts once friction is probed
        ("carried", "<i4"),
        ("raised", "<i4"),
        ("height", "<i4"),  # reference, 1/256 of the height's LSB
        ("speed", "<i4"),  # reference, per tick
        ("speed_slow", "<i4"),
        ("goal", "<i4"),
        ("goal_speed", "<i4"),
        ("effort", "<i2", 2),
        ("ledger", "<i8", 4),  # neuron updates, synaptic events, learning updates, spikes
    ],
    align=True,
)
LEARNED = ("friction_weight", "ahead_weight")


def layout(dtype: np.dtype[np.void]) -> int:
    """What tells one kind of record from another: CRC-32 of its fields."""
    return zlib.crc32(json.dumps([(n, str(dtype.fields[n])) for n in dtype.names or ()]).encode())  # type: ignore[index]


LAYOUT = layout(IMAGE)


def state_hash(image: NDArray[np.void]) -> int:
    """CRC-32 of the whole record; the ledger counts as state, so a shortcut that computes less is found as well."""
    return zlib.crc32(image.tobytes())


def encode(image: NDArray[np.void]) -> bytes:
    """The record behind magic, version, layout and CRC."""
    body = image.tobytes()
    return MAGIC + np.array([VERSION, layout(image.dtype), len(body), zlib.crc32(body)], "<u4").tobytes() + body


def save(image: NDArray[np.void], path: Path) -> None:
    """Write what `encode` makes of the record; the file appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(encode(image))
    part.replace(path)


def load(path: Path, dtype: np.dtype[np.void] = IMAGE) -> NDArray[np.void]:
    """Read what `save` wrote, a record of `dtype`.

    Raises:
        UserError: missing, not a brain state, of another version or layout, cut or damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a state.bin of an earlier run") from None
    return decode(data, str(path), dtype)


def decode(data: bytes, source: str, dtype: np.dtype[np.void] = IMAGE) -> NDArray[np.void]:
    """Check and unwrap what `encode` made; `source` is what errors call it.

    Raises:
        UserError: not a brain state, of another version or layout, cut or damaged.
    """
    if data[:8] != MAGIC or len(data) < 24:
        raise UserError(f"{source} is not a brain state; name a state.bin of an earlier run")
    version, found, size, crc = np.frombuffer(data[8:24], "<u4").tolist()
    wanted = layout(dtype)
    if version != VERSION or found != wanted:
        raise UserError(
            f"{source} has brain layout {version}:{found:08x}, this program {VERSION}:{wanted:08x}; learn it anew"
        )
    if len(data) - 24 != size or zlib.crc32(data[24:]) != crc:
        raise UserError(f"{source} is damaged: {len(data) - 24} of {size} bytes, CRC differs; use another copy")
    return np.frombuffer(data[24:], dtype).copy()
