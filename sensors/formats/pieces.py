"""Bytes of a file, a bounded piece at a time, through a kernel to packets of EVENTs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sensors.signals import EVENT
from sensors.stream import NO_TRIGGERS, PACKET, Damage, Events, Packets

READ = 1 << 20
"""Bytes read at a time."""


def bytes_to_packets(
    path: Path, offset: int, kernel: Callable[..., tuple[int, int, int]], state: Any, what: str, ending: bytes = b""
) -> Packets:
    """Decode bytes of a file from `offset` on a piece at a time; what a kernel leaves over goes before the next piece.

    what: of which an unfinished one at the end is damage. ending: put behind the last byte if it is not there.
    """
    out: Events = np.empty(PACKET, EVENT)
    done, rest, last = offset, b"", False
    with path.open("rb") as file:
        file.seek(offset)
        while not last:
            piece = file.read(READ)
            last = len(piece) < READ
            rest += piece
            if last and ending and rest and not rest.endswith(ending):
                rest += ending
            data = np.frombuffer(rest, np.uint8)
            at = 0
            while True:
                used, n, fault = kernel(data[at:], state, out)
                if 2 * n > out.size:  # its reader's from now on; a copy would cost as much as decoding
                    yield out[:n], NO_TRIGGERS
                    out = np.empty(PACKET, EVENT)
                elif n:
                    yield out[:n].copy(), NO_TRIGGERS
                if fault >= 0:
                    raise Damage(f"what should be {what} is not", done + at + int(fault))
                at += used
                if n < out.size:
                    break
            rest, done = rest[at:], done + at
            if len(rest) > READ:
                raise Damage(f"what should be {what} is not", done)
    if rest:
        raise Damage(f"{what} breaks off", done)
