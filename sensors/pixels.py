"""Filters that find pixels which lie: hot ones, that fire without cause, and those that only see a lamp flicker."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .errors import UserError
from .filters import CAPACITY, Filter


@njit(cache=True)
def _learn(events, first, count, counts, clock, until, out):  # type: ignore[no-untyped-def]
    """Count and pass events until one is of time `until`; (where it stopped, or -1 - index of a stray one)."""
    height, width = counts.shape
    for i in range(first, count):
        t, x, y = np.int64(events[i]["t"]), np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        if clock[0] < 0:
            clock[0] = t
        if t - clock[0] >= until:
            return i
        counts[y, x] += np.uint32(1)
        out[i] = events[i]
    return count


@njit(cache=True)
def _judge(counts, most, ratio, hot):  # type: ignore[no-untyped-def]
    """Mark pixels with more than `most` events and more than `ratio` times the third busiest of their neighbours."""
    height, width = counts.shape
    for y in range(height):
        for x in range(width):
            hot[y, x] = False
            own = np.float64(counts[y, x])
            if own <= most:
                continue
            first = second = third = 0.0
            for v in range(max(y - 1, 0), min(y + 2, height)):
                for u in range(max(x - 1, 0), min(x + 2, width)):
                    if u == x and v == y:
                        continue
                    near = np.float64(counts[v, u])
                    if near > first:
                        first, second, third = near, first, second
                    elif near > second:
                        second, third = near, second
                    elif near > third:
                        third = near
            hot[y, x] = own > ratio * third


@njit(cache=True)
def _masked(events, first, count, hot, kept, out):  # type: ignore[no-untyped-def]
    height, width = hot.shape
    for i in range(first, count):
        x, y = np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        out[kept] = events[i]
        kept += not hot[y, x]
    return kept


class HotPixels(Filter):
    """Watches for `learn_us` from the first event on, then drops the events of pixels that were hot in that time.

    Hot is a pixel that fired more often than `most_hz` and more than `ratio` times as often as the third busiest of its
    8 neighbours: an edge makes neighbours fire alike, and a cluster of three hot pixels is still found. While it
    learns, everything passes.

    Attributes:
        mask: bool (height, width), True where events are dropped. Copy one in with `use` to learn nothing.
        learning: whether it still watches.
    """

    def __init__(
        self, width: int, height: int, learn_us: int, most_hz: float, ratio: float, capacity: int = CAPACITY
    ) -> None:
        super().__init__(width, height, capacity)
        self.mask = np.zeros((height, width), np.bool_)
        self.learning = True
        self._counts = np.zeros((height, width), np.uint32)
        self._clock = np.full(1, -1, np.int64)
        self._learn_us, self._most, self._ratio = learn_us, most_hz * learn_us * 1e-6, ratio

    def reset(self) -> None:
        """Learn anew."""
        self.mask[:] = False
        self._counts[:] = 0
        self._clock[:] = -1
        self.learning = True

    def use(self, mask: NDArray[np.bool_]) -> None:
        """Drop the events of these pixels from now on.

        Raises:
            UserError: the mask has another shape than the sensor.
        """
        if mask.shape != self.mask.shape:
            raise UserError(f"hot pixel mask of shape {mask.shape}, the sensor has {self.mask.shape}; learn it there")
        self.mask[:] = mask
        self.learning = False

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        first = 0
        if self.learning:
            first = int(_learn(events, 0, count, self._counts, self._clock, self._learn_us, out))
            if first < 0:
                self.stray(events, first)
            if first == count:
                return count
            _judge(self._counts, self._most, self._ratio, self.mask)
            self.learning = False
        kept = int(_masked(events, first, count, self.mask, first, out))
        return kept if kept >= 0 else self.stray(events, kept)


PULSE = np.dtype([("up", "<i8"), ("gap", "<i8"), ("seen", "<i4"), ("on", "<i4")])
"""What a pixel remembers: when its last brightening began, the gap before, regular gaps seen, its last polarity."""


@njit(cache=True)
def _steady(events, count, pulse, shortest, longest, jitter, length, out):  # type: ignore[no-untyped-def]
    height, width = pulse.shape
    kept = 0
    for i in range(count):
        t, x, y = np.int64(events[i]["t"]), np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        cell = pulse[y, x]
        on = np.int32(1 if events[i]["p"] else 0)
        if on != 0 and cell.on == 0:
            gap = t - cell.up
            regular = shortest <= gap <= longest and abs(gap - cell.gap) <= jitter
            cell.seen = min(cell.seen + 1, length) if regular else max(cell.seen - 1, 0)
            cell.gap = gap
            cell.up = t
        elif t - cell.up > longest + jitter:
            cell.seen = 0
        cell.on = on
        out[kept] = events[i]
        kept += cell.seen < length
    return kept


class AntiFlicker(Filter):
    """Drops the events of pixels that see a light flicker between `low_hz` and `high_hz`.

    A period is the time between two beginnings of brightening (an ON event after an OFF one) of a pixel. After `length`
    periods within the band, each within `jitter_us` of the one before, the pixel is silent until its periods become
    irregular or stop. An irregular period takes back one regular one.
    """

    def __init__(
        self,
        width: int,
        height: int,
        low_hz: float,
        high_hz: float,
        length: int = 6,
        jitter_us: int = 1500,
        capacity: int = CAPACITY,
    ) -> None:
        super().__init__(width, height, capacity)
        if not 0 < low_hz < high_hz:
            raise UserError(f"anti_flicker from {low_hz:g} to {high_hz:g} Hz; expected low_hz below high_hz")
        self._pulse = np.zeros((height, width), PULSE)
        self._settings = (int(1e6 / high_hz), int(1e6 / low_hz), jitter_us, length)

    def reset(self) -> None:
        self._pulse[:] = np.zeros((), PULSE)

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        kept = int(_steady(events, count, self._pulse, *self._settings, out))
        return kept if kept >= 0 else self.stray(events, kept)
