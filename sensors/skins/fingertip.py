"""From a skin's readings to EVENTs: the baseline is taken off, and afferents tell the rest, tick by tick of 1 ms."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sensors.signals import EVENT
from sensors.taxel import KINDS, Afferents

from .device import Device
from .framing import Frames

TICK_US = 1000
LEFT, TOUCHED = 0, 1


@njit(cache=True)
def _settle(frame, base, spread, deviation, state, touch, seconds, drift_s):  # type: ignore[no-untyped-def]
    """One frame against its baseline; state: (seconds of learning left, touched, frames learned)."""
    state[LEFT] -= seconds
    if state[LEFT] >= 0.0 or state[2] == 0.0:
        state[2] += 1.0
        for k in range(frame.size):
            off = frame[k] - base[k]
            base[k] += off / state[2]
            spread[k] += off * (frame[k] - base[k])
            deviation[k] = 0.0
        return
    most = 0.0
    for k in range(frame.size):
        deviation[k] = frame[k] - base[k]
        most = max(most, abs(deviation[k]))
    state[TOUCHED] = most > touch
    if most <= touch:
        share = min(seconds / drift_s, 1.0)
        for k in range(frame.size):
            base[k] += share * deviation[k]


class Baseline:
    """What the skin reads when nothing touches it, and how that drifts; `Fingertip` keeps it.

    The mean of the first `learn_s` seconds, which must be untouched; later it follows the readings with a time constant
    of `drift_s` as long as no reading deviates by more than `touch`. A drift faster than touch / drift_s looks like a
    touch.

    Attributes:
        state: float64 (seconds of learning left, touched, frames learned).
        level: float64 (values,), the baseline. deviation: float64 (values,), of the last frame from it.
        spread: float64 (values,), sum of squared deviations while it was learned (Welford 1962).
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.level = np.zeros(device.values)
        self.deviation = np.zeros(device.values)
        self.spread = np.zeros(device.values)
        self.state = np.array((device.learn_s, 0.0, 0.0))

    @property
    def touched(self) -> bool:
        """Whether the last frame was beyond `touch`."""
        return bool(self.state[TOUCHED])

    @property
    def learning(self) -> bool:
        """Whether the baseline is still being learned; deviations are 0 until then."""
        return bool(self.state[LEFT] >= 0.0)

    @property
    def noise(self) -> float:
        """Standard deviation of a reading while the baseline was learned, over all values, in the device's unit."""
        return float(np.sqrt(self.spread.mean() / max(self.state[2] - 1.0, 1.0)))

    def reset(self) -> None:
        """Learn anew."""
        self.level[:] = self.deviation[:] = self.spread[:] = 0.0
        self.state[:] = (self.device.learn_s, 0.0, 0.0)


@njit(cache=True)
def _press(deviation, places, which, length, gain, grid):  # type: ignore[no-untyped-def]
    """Deviations (taxels * axes) to int16 (1, rows, columns, 3) pressures and shears in mN, saturated."""
    axes = which.size
    for taxel in range(places.shape[0]):
        cell = grid[0, places[taxel, 0], places[taxel, 1]]
        square = 0.0
        for k in range(axes):
            value = deviation[taxel * axes + k] * gain
            square += value * value
            cell[which[k]] = np.int16(min(max(value, -32767.0), 32767.0))
        if length:
            cell[0] = np.int16(min(np.sqrt(square), 32767.0))


@njit(cache=True)
def _until(frames, t_us, at, tick_us, clock, base, spread, deviation, state, settings, places, which, grid):  # type: ignore[no-untyped-def]
    """Take the frames from `at` on that come before a tick; settings: (touch, drift_s, length, gain)."""
    first = at
    while at < t_us.size and t_us[at] < tick_us:
        seconds = max(t_us[at] - clock[0], 0) * 1e-6
        _settle(frames[at], base, spread, deviation, state, settings[0], seconds, settings[1])
        clock[0] = t_us[at]
        at += 1
    if at > first:
        _press(deviation, places, which, settings[2] != 0.0, settings[3], grid)
    return at


class Fingertip:
    """A skin as a very small, very fast camera: `feel` turns readings into EVENTs of (columns x 3 rows) pixels.

    How noisy the skin is, its afferents are told when the baseline has been learned.
    Rows from the top: SA-I (sustained pressure), RA-I (its change, ON when loading), vibration; see `sensors.taxel`.

    Attributes:
        size: (width, height) in pixels. pressed: int16 (1, rows, columns, 3), pressure and shears (x, y) in mN as told.
        baseline: see Baseline. lost: events beyond the room of one tick, since the start.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.size = (device.columns, KINDS * device.rows)
        self.baseline = Baseline(device)
        self.pressed = np.zeros((1, device.rows, device.columns, 3), np.int16)
        self.lost = 0
        self._afferents = Afferents(device.rows, device.rows * device.columns * 12, device.columns, 1)
        self._places = np.array(device.grid(), np.int64)
        self._axes = np.array([{"z": 0, "x": 1, "y": 2}[a] for a in device.axes], np.int64)
        self._events = np.zeros(1 << 14, EVENT)
        self._settings = np.array((device.touch, device.drift_s, float(device.normal == "length"), device.mn_per_unit))
        self._clock = np.zeros(1, np.int64)
        self._next_us = 0
        self._deaf = True

    def reset(self) -> None:
        """Learn the baseline anew; time starts at 0 again."""
        self.baseline.reset()
        self._afferents.reset()
        self.pressed[:] = 0
        self._clock[0] = self._next_us = self.lost = 0
        self._deaf = True

    def feel(self, frames: Frames, t_us: NDArray[np.int64]) -> NDArray[np.void]:
        """EVENT (n,), valid until the next call, of float32 (m, values) `frames` at `t_us`, which does not step back.

        Between two frames the skin is held to read what it read at the first. After a gap of more than 0.1 s the
        afferents are at rest.
        """
        count = at = 0
        base = self.baseline
        while at < t_us.size:
            t = int(t_us[at])
            if t - self._next_us > 100 * TICK_US:
                self._next_us = t - t % TICK_US
                self._afferents.reset()
            while self._next_us <= t:
                count = self._tick(count)
                self._next_us += TICK_US
            at = _until(
                frames,
                t_us,
                at,
                self._next_us,
                self._clock,
                base.level,
                base.spread,
                base.deviation,
                base.state,
                self._settings,
                self._places,
                self._axes,
                self.pressed,
            )
            if self._deaf and not base.learning:
                self._afferents.expect(base.noise * self.device.mn_per_unit * 1e-3)
                self._deaf = False
        return self._events[:count]

    def _tick(self, count: int) -> int:
        made = self._afferents.sense(self.pressed, self._next_us)
        self.lost += self._afferents.lost
        if count + made > self._events.size:
            self._events = np.resize(self._events, 2 * self._events.size)
        self._events[count : count + made] = self._afferents.events[:made]
        return count + made
