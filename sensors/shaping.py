"""Filters that choose or change events without judging them: crop, flip, polarity, fewer pixels or times, a limit."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .errors import UserError
from .filters import CAPACITY, Filter


@njit(cache=True)
def _crop(events, count, region, out):  # type: ignore[no-untyped-def]
    x0, y0, width, height = region[0], region[1], region[2], region[3]
    kept = 0
    for i in range(count):
        x, y = np.int64(events[i]["x"]) - x0, np.int64(events[i]["y"]) - y0
        if 0 <= x < width and 0 <= y < height:
            out[kept] = events[i]
            out[kept]["x"] = x
            out[kept]["y"] = y
            kept += 1
    return kept


class Crop(Filter):
    """Keeps events of a region, whose upper left pixel becomes the origin."""

    def __init__(self, width: int, height: int, region: tuple[int, int, int, int], capacity: int = CAPACITY) -> None:
        """region: x, y, width, height in pixels, inside the sensor."""
        super().__init__(width, height, capacity)
        x, y, w, h = region
        if not (min(x, y) >= 0 and w >= 1 and h >= 1 and x + w <= width and y + h <= height):
            raise UserError(
                f"crop of {w} x {h} pixels at x={x} y={y} does not lie in {width} x {height}; choose a region inside"
            )
        self.out_size = (w, h)
        self._region = np.array(region, np.int64)

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        return int(_crop(events, count, self._region, out))


@njit(cache=True)
def _flip(events, count, width, height, across, down, out):  # type: ignore[no-untyped-def]
    for i in range(count):
        x, y = np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        out[i] = events[i]
        if across:
            out[i]["x"] = width - 1 - x
        if down:
            out[i]["y"] = height - 1 - y
    return count


class Flip(Filter):
    """Mirrors the image; axis "x" swaps left and right, "y" top and bottom, "xy" both (a camera upside down)."""

    def __init__(self, width: int, height: int, axis: str, capacity: int = CAPACITY) -> None:
        super().__init__(width, height, capacity)
        self._axes = ("x" in axis, "y" in axis)

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        done = int(_flip(events, count, *self.size, *self._axes, out))
        return done if done >= 0 else self.stray(events, done)


@njit(cache=True)
def _polarity(events, count, wanted, out):  # type: ignore[no-untyped-def]
    kept = 0
    for i in range(count):
        on = events[i]["p"]
        if wanted < 0:
            out[i] = events[i]
            out[i]["p"] = not on
            kept += 1
        else:
            out[kept] = events[i]
            kept += on == (wanted == 1)
    return kept


class Polarity(Filter):
    """Keeps events of one polarity, "on" or "off", or exchanges the two, "invert"."""

    def __init__(self, width: int, height: int, keep: str, capacity: int = CAPACITY) -> None:
        super().__init__(width, height, capacity)
        self._wanted = {"off": 0, "on": 1, "invert": -1}[keep]

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        return int(_polarity(events, count, self._wanted, out))


@njit(cache=True)
def _downsample(events, count, column, row, charge, least, out):  # type: ignore[no-untyped-def]
    kept = 0
    for i in range(count):
        x, y = np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= column.size or y >= row.size:
            return -1 - i
        u, v = column[x], row[y]
        sum_ = charge[v, u] + (1 if events[i]["p"] else -1)
        full = abs(sum_) >= least
        charge[v, u] = 0 if full else sum_
        out[kept] = events[i]
        out[kept]["x"] = u
        out[kept]["y"] = v
        kept += full
    return kept


class Downsample(Filter):
    """Joins `factor` x `factor` pixels to one, which fires when its ON events exceed its OFF events by `events`, or the
    other way round, and starts at 0 again. With events = 1 every event passes.

    At the right and lower edge a joined pixel may cover less.
    """

    def __init__(self, width: int, height: int, factor: int, events: int = 1, capacity: int = CAPACITY) -> None:
        super().__init__(width, height, capacity)
        self.out_size = (-(-width // factor), -(-height // factor))
        self._column = (np.arange(width) // factor).astype(np.uint16)
        self._row = (np.arange(height) // factor).astype(np.uint16)
        self._charge = np.zeros(self.out_size[::-1], np.int32)
        self._least = events

    def reset(self) -> None:
        self._charge[:] = 0

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        kept = int(_downsample(events, count, self._column, self._row, self._charge, self._least, out))
        return kept if kept >= 0 else self.stray(events, kept)


@njit(cache=True)
def _coalesce(events, count, last, step, out):  # type: ignore[no-untyped-def]
    height, width = last.shape[1], last.shape[2]
    kept = 0
    for i in range(count):
        t, x, y = np.int64(events[i]["t"]), np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        start = t - t % step
        sign = 1 if events[i]["p"] else 0
        new = last[sign, y, x] != start
        last[sign, y, x] = start
        out[kept] = events[i]
        out[kept]["t"] = start
        kept += new
    return kept


class Coalesce(Filter):
    """Rounds times down to multiples of `step_us`; of a step, one event of each pixel and polarity passes."""

    def __init__(self, width: int, height: int, step_us: int, capacity: int = CAPACITY) -> None:
        super().__init__(width, height, capacity)
        self._last = np.full((2, height, width), -1, np.int64)
        self._step_us = step_us

    def reset(self) -> None:
        self._last[:] = -1

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        kept = int(_coalesce(events, count, self._last, self._step_us, out))
        return kept if kept >= 0 else self.stray(events, kept)


@njit(cache=True)
def _limit(events, count, bucket, rate, depth, out):  # type: ignore[no-untyped-def]
    kept = 0
    level, last = bucket[0], bucket[1]
    full_us = depth // rate + 1
    for i in range(count):
        t = np.int64(events[i]["t"])
        if t > last:
            level = min(level + min(t - last, full_us) * rate, depth)
            last = t
        if level >= 1_000_000:
            level -= 1_000_000
            out[kept] = events[i]
            kept += 1
    bucket[0], bucket[1] = level, last
    return kept


class Rate(Filter):
    """Lets at most `events_per_s` pass, and at most `burst` at once, by the events' own times (a token bucket).

    Attributes:
        dropped: events that did not pass since the start or `reset`.
    """

    def __init__(self, width: int, height: int, events_per_s: int, burst: int, capacity: int = CAPACITY) -> None:
        super().__init__(width, height, capacity)
        self.dropped = 0
        self._bucket = np.array((burst * 1_000_000, -1), np.int64)
        self._settings = (events_per_s, burst * 1_000_000)

    def reset(self) -> None:
        self._bucket[:] = (self._settings[1], -1)
        self.dropped = 0

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        kept = int(_limit(events, count, self._bucket, *self._settings, out))
        self.dropped += count - kept
        return kept
