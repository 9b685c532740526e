"""From sensor coordinates to the addresses of a network: the one place where EVENTs become spikes."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .signals import Sensed, Spikes

NOWHERE = 0xFFFF


@njit(cache=True)
def _route(events, count, table, once, seen, tick, spikes, used):  # type: ignore[no-untyped-def]
    lost = 0
    for i in range(count):
        event = events[i]
        address = table[1 if event.on else 0, event.y, event.x]
        if address == NOWHERE:
            continue
        if once[address]:
            if seen[address] == tick:
                continue
            seen[address] = tick
        if used < spikes.size:
            spikes[used] = address
            used += 1
        else:
            lost += 1
    return used, lost


class AddressMap:
    """A table from (polarity, y, x) to a spike address, or to nowhere.

    Args:
        table: uint16 (2, height, width), polarity off, on; NOWHERE drops the event.
        once: addresses that speak at most once per tick however many events reach them.
    """

    def __init__(self, table: NDArray[np.uint16], once: tuple[int, ...] = ()) -> None:
        self._table = table
        self._once = np.zeros(NOWHERE + 1, np.bool_)
        self._once[list(once)] = True
        self._seen = np.zeros(NOWHERE + 1, np.int64)
        self._tick = 0

    def reset(self) -> None:
        """Forget the ticks before."""
        self._tick = 0
        self._seen[:] = 0

    def route(self, events: NDArray[np.void], count: int, sensed: Sensed) -> None:
        """Append the addresses of `events[:count]`, one tick's, to `sensed.spikes`; what does not fit is counted."""
        self._tick += 1
        spikes: Spikes = sensed.spikes
        sensed.count, lost = _route(
            events, count, self._table, self._once, self._seen, self._tick, spikes, sensed.count
        )
        sensed.overflow += lost
