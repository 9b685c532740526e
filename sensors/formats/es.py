"""Event Stream files (.es) of type DVS, as Loris and faery write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numba import njit

from sensors.errors import UserError
from sensors.stream import Origin

from .pieces import bytes_to_packets


@njit(cache=True)
def _es(data, state, out):  # type: ignore[no-untyped-def]
    """Bytes to EVENTs: 0xFF is 127 us, 0xFE nothing, else wait and polarity, x, y; (bytes used, events, -1)."""
    n, i, t = 0, 0, state[0]
    while i < data.size and n < out.size:
        head = np.int64(data[i])
        if head >= 0xFE:
            t += 127 if head == 0xFF else 0
            i += 1
            continue
        if i + 5 > data.size:
            break
        t += head >> 1
        out[n]["t"] = np.uint64(t)
        out[n]["x"] = np.uint16(data[i + 1] | (np.int64(data[i + 2]) << 8))
        out[n]["y"] = np.uint16(state[1] - (data[i + 3] | (np.int64(data[i + 4]) << 8)))
        out[n]["p"] = (head & 1) == 1
        n += 1
        i += 5
    state[0] = t
    return i, n, -1


def open_es(path: Path) -> Origin:
    """An Event Stream file of type DVS, or ATIS read for its change events.

    Raises:
        UserError: another type or version.
    """
    with path.open("rb") as file:
        head = file.read(20)
    if len(head) < 20:
        raise UserError(f"{path}: an Event Stream header of {len(head)} bytes, expected 20; the file was cut off")
    if head[12] != 2 or head[15] != 1:
        raise UserError(f"{path}: Event Stream version {head[12]} type {head[15]}, expected version 2 type 1 (DVS)")
    width, height = int.from_bytes(head[16:18], "little"), int.from_bytes(head[18:20], "little")
    state = np.array([0, height - 1], np.int64)
    return Origin("es", bytes_to_packets(path, 20, _es, state, "an event"), (width or None, height or None))
