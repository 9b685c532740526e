"""Events as arrays that a frame-based method can read: time surface, voxel grid, event image.

Each adds packets in a kernel to an array it owns; what it shows is written to an array of the caller's.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .filters import Filter

Image = NDArray[np.float32]


@njit(cache=True)
def _stamp(events, count, last):  # type: ignore[no-untyped-def]
    height, width = last.shape[1], last.shape[2]
    for i in range(count):
        x, y = np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        last[1 if events[i]["p"] else 0, y, x] = np.int64(events[i]["t"])
    return count


@njit(cache=True)
def _decayed(last, t, tau, image):  # type: ignore[no-untyped-def]
    for sign in range(last.shape[0]):
        for y in range(last.shape[1]):
            for x in range(last.shape[2]):
                age = t - last[sign, y, x]
                image[sign, y, x] = (
                    np.exp(-np.float32(age) / tau) if age >= 0 else np.float32(1.0 if age > -tau else 0.0)
                )


class TimeSurface(Filter):
    """The time of the last event of each pixel and polarity (Lagorce et al. 2017, IEEE TPAMI 39:1346).

    Attributes:
        last: int64 (2, height, width) in microseconds, OFF then ON; far in the past where there was none.
    """

    NEVER = -(2**62)

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height, 0)
        self.last = np.full((2, height, width), self.NEVER, np.int64)

    def reset(self) -> None:
        self.last[:] = self.NEVER

    def add(self, events: NDArray[np.void], count: int) -> None:
        """Take `events[:count]`.

        Raises:
            UserError: an event lies outside the sensor.
        """
        if (code := int(_stamp(events, count, self.last))) < 0:
            self.stray(events, code)

    def show(self, t_us: int, tau_us: float, image: Image) -> None:
        """Write exp(-(t_us - last) / tau_us) to float32 (2, height, width) `image`: 1 just now, 0 never.

        t_us may lie up to tau_us before the last event, which then counts as just now.
        """
        _decayed(self.last, t_us, np.float32(tau_us), image)


@njit(cache=True)
def _deposit(events, count, first, span, grid):  # type: ignore[no-untyped-def]
    bins, height, width = grid.shape
    lost = 0
    for i in range(count):
        t, x, y = np.int64(events[i]["t"]), np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        if not 0 <= t - first < span:
            lost += 1
            continue
        place = np.float32((bins - 1) * (t - first)) / np.float32(span)
        low = np.int64(place)
        share = place - np.float32(low)
        sign = np.float32(1.0 if events[i]["p"] else -1.0)
        grid[low, y, x] += sign * (np.float32(1.0) - share)
        if low + 1 < bins:
            grid[low + 1, y, x] += sign * share
    return lost


class VoxelGrid(Filter):
    """Signed events of a window of time in `bins` planes, each event shared between the two nearest planes
    (Zhu et al. 2019, CVPR, equations 1 and 2).

    Attributes:
        grid: float32 (bins, height, width); plane b is the moment first_us + span_us * b / (bins - 1).
    """

    def __init__(self, width: int, height: int, bins: int) -> None:
        super().__init__(width, height, 0)
        self.grid = np.zeros((bins, height, width), np.float32)
        self._window = (0, 1)

    def start(self, first_us: int, span_us: int) -> None:
        """Empty the grid and let it stand for `span_us` from `first_us` on."""
        self.grid[:] = 0
        self._window = (first_us, span_us)

    def reset(self) -> None:
        self.grid[:] = 0

    def add(self, events: NDArray[np.void], count: int) -> int:
        """Take `events[:count]`; how many lay outside the window and were left out.

        Raises:
            UserError: an event lies outside the sensor.
        """
        lost = int(_deposit(events, count, *self._window, self.grid))
        return lost if lost >= 0 else self.stray(events, lost)


@njit(cache=True)
def _tally(events, count, counts):  # type: ignore[no-untyped-def]
    height, width = counts.shape[1], counts.shape[2]
    for i in range(count):
        x, y = np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        counts[1 if events[i]["p"] else 0, y, x] += 1
    return count


@njit(cache=True)
def _picture(counts, full, image):  # type: ignore[no-untyped-def]
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            net = np.int64(counts[1, y, x]) - np.int64(counts[0, y, x])
            image[y, x] = min(max(128 + (127 * net) // full, 0), 255)


class EventImage(Filter):
    """How many events of each polarity each pixel fired.

    Attributes:
        counts: int32 (2, height, width), OFF then ON.
    """

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height, 0)
        self.counts = np.zeros((2, height, width), np.int32)

    def reset(self) -> None:
        self.counts[:] = 0

    def add(self, events: NDArray[np.void], count: int) -> None:
        """Take `events[:count]`.

        Raises:
            UserError: an event lies outside the sensor.
        """
        if (code := int(_tally(events, count, self.counts))) < 0:
            self.stray(events, code)

    def show(self, full: int, image: NDArray[np.uint8]) -> None:
        """Write uint8 (height, width) `image`: 128 for nothing, 255 for `full` more ON than OFF, 1 for the reverse."""
        _picture(self.counts, full, image)
