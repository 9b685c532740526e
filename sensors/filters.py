"""Event filters with a memory of their own pixel or neighbourhood, and the one shape all filters have (`Filter`).

A filter owns its arrays and loops in one kernel; state is carried from packet to packet, nothing is allocated per
packet, and survivors are written to an output array inside the kernel, which may be the input. Those that find bad
pixels are in `pixels.py`, those that do not judge in `shaping.py`; `chain.py` strings them together, and `address.py`
makes addresses.
"""

from __future__ import annotations

from typing import NoReturn

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .errors import UserError
from .signals import EVENT, Sensed

CAPACITY = 8192


class Filter:
    """What every filter is.

    Attributes:
        size: (width, height) in pixels of the events that come in. out_size: of those that come out.
        events: EVENT (capacity,), the first n of the last `filter` are valid until the next call.
    """

    def __init__(self, width: int, height: int, capacity: int = CAPACITY) -> None:
        if not (1 <= width <= 65535 and 1 <= height <= 65535):
            raise UserError(f"a sensor of {width} x {height} pixels; expected 1 to 65535 each way")
        self.size = (width, height)
        self.out_size = (width, height)
        self.events = np.zeros(capacity, EVENT)

    def reset(self) -> None:
        """Forget all events."""

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        """Write what passes of `events[:count]` to `out`, which holds as many and may be `events` itself; how many.

        Raises:
            UserError: an event lies outside the sensor.
        """
        raise NotImplementedError

    def filter(self, events: NDArray[np.void], count: int) -> int:
        """`apply` to `self.events`.

        Raises:
            UserError: more events than the capacity, or one outside the sensor.
        """
        if count > self.events.size:
            raise UserError(f"packet of {count} events, the filter holds {self.events.size}; raise its capacity")
        return self.apply(events, count, self.events)

    def stray(self, events: NDArray[np.void], code: int) -> NoReturn:
        """Tell which event lies outside: kernels return -1 - index for the first that does."""
        index = -1 - code
        x, y = int(events[index]["x"]), int(events[index]["y"])
        width, height = self.size
        raise UserError(
            f"event {index} of the packet lies at x={x} y={y}, outside {width} x {height}; give the sensor's true size"
        )


@njit(cache=True)
def _supported(events, count, last, window, out):  # type: ignore[no-untyped-def]
    height, width = last.shape[0] - 2, last.shape[1] - 2
    kept = 0
    for i in range(count):
        t, x, y = np.int64(events[i]["t"]), np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        near = t - last[y + 1, x + 1] < window
        for dy in range(3):
            for dx in range(3):
                if dx != 1 or dy != 1:
                    last[y + dy, x + dx] = t
        out[kept] = events[i]  # without a branch, which would be mispredicted as often as noise comes
        kept += near
    return kept


class BackgroundActivity(Filter):
    """Keeps events that one of the 8 neighbours announced less than `window_us` before (Delbruck 2008).

    Each event writes its time to its neighbours' places in a map with a margin of one pixel, so an event has to look at
    one place only. The map starts at 0, as if every pixel had fired at time 0; time may step back. Equal, event for
    event, to dv-processing's BackgroundActivityNoiseFilter.
    """

    def __init__(self, width: int, height: int, window_us: int, capacity: int = CAPACITY) -> None:
        super().__init__(width, height, capacity)
        self._last = np.zeros((height + 2, width + 2), np.int64)
        self._window_us = window_us

    def reset(self) -> None:
        self._last[:] = 0

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        kept = int(_supported(events, count, self._last, self._window_us, out))
        return kept if kept >= 0 else self.stray(events, kept)


@njit(cache=True)
def _rested(events, count, last, period, out):  # type: ignore[no-untyped-def]
    height, width = last.shape
    kept = 0
    for i in range(count):
        t, x, y = np.int64(events[i]["t"]), np.int64(events[i]["x"]), np.int64(events[i]["y"])
        if x >= width or y >= height:
            return -1 - i
        before = last[y, x]
        rested = t - before >= period
        last[y, x] = t if rested else before
        out[kept] = events[i]
        kept += rested
    return kept


class Refractory(Filter):
    """Keeps an event when its pixel has let none pass for `period_us`, of whatever polarity.

    Every pixel may speak at once in the beginning. Time that steps back keeps its pixel silent until it has caught up.
    """

    def __init__(self, width: int, height: int, period_us: int, capacity: int = CAPACITY) -> None:
        super().__init__(width, height, capacity)
        self._last = np.full((height, width), -(2**62), np.int64)
        self._period_us = period_us

    def reset(self) -> None:
        self._last[:] = -(2**62)

    def apply(self, events: NDArray[np.void], count: int, out: NDArray[np.void]) -> int:
        kept = int(_rested(events, count, self._last, self._period_us, out))
        return kept if kept >= 0 else self.stray(events, kept)


@njit(cache=True)
def _pool(events, count, roi, grid, charge, later, shift, threshold, first, spikes, used):  # type: ignore[no-untyped-def]
    x0, y0, width, height = roi[0], roi[1], roi[2], roi[3]
    signs, rows, columns = grid[0], grid[1], grid[2]
    for cell in range(charge.size):
        charge[cell] -= charge[cell] >> shift
    for i in range(count):
        x, y = np.int64(events[i]["x"]) - x0, np.int64(events[i]["y"]) - y0
        if 0 <= x < width and 0 <= y < height:
            sign = 1 if signs == 2 and events[i]["p"] else 0
            charge[(sign * rows + y * rows // height) * columns + x * columns // width] += 256
    near = far = lost = 0
    for cell in range(charge.size):
        speaks = charge[cell] >= threshold << 8
        far += speaks and later[cell]
        near += speaks and not later[cell]
    for turn in range(2):  # the fovea first
        eager = far if turn else near
        if eager == 0:
            continue
        room = spikes.size - used
        credit = eager >> 1
        for cell in range(charge.size):
            if charge[cell] >= threshold << 8 and later[cell] == turn:
                charge[cell] = 0
                credit += room
                if credit >= eager or room >= eager:
                    credit -= eager
                    spikes[used] = first + cell
                    used += 1
        lost += max(eager - room, 0)
    return used, lost


class Pool:
    """Gathers the events of a region of interest in cells; each cell speaks at most once per tick.

    A cell is a leaky counter in 1/256 events: c -= c >> leak_shift each tick, += 256 for each event; at `threshold`
    events it emits its address and starts at 0. A slip of a few mm/s moves the image by hundredths of a pixel a tick,
    so its events are spread over tens of ticks: counting within one tick (leak_shift = 0, which empties the cell) would
    never see it, while noise spread over the same time stays below a threshold of a few events.

    Addresses: first + row * columns + column, rows from the top; by polarity, those of ON events follow those of OFF.

    Args:
        region: x, y, width, height in pixels. rows, columns: of cells, at most one a pixel.
        threshold: events that make a cell speak, 1..8191. leak_shift: 0..15; the time constant is 2**leak_shift ticks.
        fovea_pixels: cells at most so far from the region's middle go first where there is not room for all; 0: none.
    """

    def __init__(
        self,
        region: tuple[int, int, int, int],
        rows: int,
        columns: int,
        threshold: int,
        leak_shift: int,
        first: int = 0,
        by_polarity: bool = False,
        fovea_pixels: float = 0.0,
    ) -> None:
        if not (1 <= rows <= region[3] and 1 <= columns <= region[2]):
            raise UserError(f"{rows} x {columns} cells on {region[3]} x {region[2]} pixels; use a pixel or more a cell")
        if not 1 <= threshold <= 8191:
            raise UserError(f"pool threshold is {threshold} events, expected 1 to 8191; choose one in that range")
        if not 0 <= leak_shift <= 15:
            raise UserError(f"pool leak_shift is {leak_shift}, expected 0 to 15; choose one in that range")
        signs = 2 if by_polarity else 1
        self.size = signs * rows * columns
        self._region = np.array(region, np.int64)
        self._grid = np.array((signs, rows, columns), np.int64)
        self._charge = np.zeros(self.size, np.int64)
        self._settings = (leak_shift, threshold, first)
        up, across = np.mgrid[0:rows, 0:columns] + 0.5
        off = np.hypot((up / rows - 0.5) * region[3], (across / columns - 0.5) * region[2])
        self._later = np.tile(off.ravel() > fovea_pixels, signs) if fovea_pixels > 0 else np.zeros(self.size, np.bool_)

    def reset(self) -> None:
        """Empty all cells."""
        self._charge[:] = 0

    def move(self, x: int, y: int) -> None:
        """Put the region's upper left corner there, from the next events on; part of it may lie beside the sensor."""
        self._region[:2] = x, y

    def route(self, events: NDArray[np.void], count: int, sensed: Sensed) -> None:
        """Take one tick's `events[:count]`; append the cells that speak to `sensed`, and count those without room.

        Cells are left out evenly, in the order of addresses, after the fovea's: a picture cut short would seem to lie
        higher than it does.
        Call once every tick, also without events, since the cells leak.
        """
        sensed.count, lost = _pool(
            events,
            count,
            self._region,
            self._grid,
            self._charge,
            self._later,
            *self._settings,
            sensed.spikes,
            sensed.count,
        )
        sensed.overflow += lost
