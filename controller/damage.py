"""Damage on purpose: neurons that fall silent and weight bits that flip, in the memory of a controller that is at work.

What is struck is drawn from the damage's seed and the state at that moment, so every trial has damage of its own, a
replay has the same, and more of it strikes all that less of it struck.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from .image import AHEAD, FRICTION, SENSES
from .spec import Damage

WEIGHTS = ("friction_encoder", "ahead_encoder", "friction_weight", "ahead_weight")
"""Fields of the record whose bits may flip: int8 input weights, and read-out weights of 16 bits in words of 32."""
WEIGHT_BITS = 8 * (2 * (FRICTION + AHEAD)) + 32 * (FRICTION + AHEAD)


def strike(record: NDArray[np.void], damage: Damage, replica: int = 0) -> None:
    """Damage record IMAGE (1,) in place, between two ticks; the doomed fall silent in the next one.

    replica: of a controller with several, each of which is struck on its own; the first is struck as a single one is.
    Bits flip wherever they lie, also in the upper half of a read-out weight's word, which no law reads.
    """
    draws = damage.seed, zlib.crc32(record.tobytes()), replica
    s = record[0]
    s["doomed"] = np.random.default_rng([*draws, 0]).random(FRICTION + AHEAD + SENSES) < damage.killed
    s["dead_from"] = s["tick"] + 1
    rng = np.random.default_rng([*draws, 1])
    for name in WEIGHTS:
        memory = s[name].reshape(-1).view(np.uint8)
        memory ^= np.packbits(rng.random(8 * memory.size) < damage.flipped)
    if not damage.learning:
        s["learning"] = 0


def struck(before: NDArray[np.void], after: NDArray[np.void]) -> tuple[int, int]:
    """(neurons doomed, weight bits flipped) between two records IMAGE (1,) of one tick."""
    flips = sum(int(np.bitwise_count(before[n].view(np.uint8) ^ after[n].view(np.uint8)).sum()) for n in WEIGHTS)
    return int(after["doomed"].sum()), flips
