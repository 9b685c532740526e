"""Named flat arrays as bytes and back: how a state is saved, restored and rolled back, whole or not at all."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

MAGIC = b"GANGSTAT"
HEAD = 20
Arrays = Mapping[str, NDArray]


def pack(arrays: Arrays) -> bytes:
    """Magic, CRC-32 of the layout, size and CRC-32 of the values, then the values in the order of the mapping."""
    values = b"".join(array.tobytes() for array in arrays.values())
    return MAGIC + np.array([_layout(arrays), len(values), zlib.crc32(values)], "<u4").tobytes() + values


def restore(arrays: Arrays, data: bytes, source: str = "the state") -> None:
    """Put what `pack` made back into the same arrays; `source` is what errors call it.

    Raises:
        UserError: not a packed state, of other arrays, cut or damaged; then no array has changed.
    """
    if data[: len(MAGIC)] != MAGIC or len(data) < HEAD:
        raise UserError(f"{source} is not a packed state; name one that this program saved")
    layout, size, crc = np.frombuffer(data[len(MAGIC) : HEAD], "<u4").tolist()
    if layout != _layout(arrays):
        raise UserError(f"{source} has layout {layout:08x}, these arrays {_layout(arrays):08x}; learn it anew")
    if len(data) - HEAD != size or zlib.crc32(data[HEAD:]) != crc:
        raise UserError(f"{source} is damaged: {len(data) - HEAD} of {size} bytes, CRC differs; use another copy")
    at = HEAD
    for array in arrays.values():
        array[...] = np.frombuffer(data, array.dtype, array.size, at).reshape(array.shape)
        at += array.nbytes


def state_hash(arrays: Arrays) -> int:
    """CRC-32 of all values."""
    crc = 0
    for array in arrays.values():
        crc = zlib.crc32(array.tobytes(), crc)
    return crc


def _layout(arrays: Arrays) -> int:
    return zlib.crc32(json.dumps([(name, str(a.dtype), a.shape) for name, a in arrays.items()]).encode())
