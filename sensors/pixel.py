"""The event pixel: frames of luminance in, address-events out; the only model of a dynamic vision sensor here.

Between two frames the (low-passed) log intensity is taken as a straight line and every threshold crossing on it is an
event (Rebecq et al. 2018, ESIM, section 3.1). Threshold mismatch, leak, shot noise and the intensity-dependent
photoreceptor bandwidth follow Hu et al. 2021 (v2e, sections 3.2-3.5), with these differences: the low pass is an
implicit Euler step, so it is stable at any bandwidth; a level closer than SETTLED to its target reaches it; a pixel is
held in reset while refractory and its reference is the level at the end of that time, as in the circuit; shot noise
arrives as one Poisson process over the whole array and resets the pixel it hits.

A row of pixels is visited only when its luminance changed, its levels still settle, or the earliest leak event or end
of a refractory time in it is due. What is skipped would have changed nothing, so skipping is exact.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .errors import UserError
from .signals import EVENT
from .spec import Pixel

FloatImage = NDArray[np.float32]

SETTLED = 1e-4
DARKEST = 1e-6
DIM_BANDWIDTH = 0.1  # share of the bandwidth that is left at no light (v2e, section 3.3)
BRIGHT_NOISE = 0.25  # share of the shot noise that is left at full light (v2e, section 3.5)

LAST, LEVEL, BASE, ON, OFF, LEAK = range(6)
_BINS = 4096
_LN2 = np.float32(math.log(2.0))
_FAR = 1 << 30


@njit(cache=True, inline="always", error_model="numpy")
def fast_log(value: np.float32) -> np.float32:
    """Natural logarithm of a positive normal float32; absolute error below 2e-7 + 1.2e-7 |ln value|.

    ln(2^e (1+f)) = e ln 2 + 2 (s + s^3/3 + s^5/5 + s^7/7), s = f / (2 + f), with 1+f in [0.707, 1.414].
    """
    bits = np.float32(value).view(np.int32)
    exponent = np.int32((bits - np.int32(0x3F3504F3)) >> np.int32(23))
    f = np.int32(bits - np.int32(exponent << np.int32(23))).view(np.float32) - np.float32(1.0)
    s = f / (np.float32(2.0) + f)
    z = s * s
    tail = np.float32(1 / 3) + z * (np.float32(1 / 5) + z * np.float32(1 / 7))
    return np.float32(exponent) * _LN2 + np.float32(2.0) * (s + s * z * tail)


@njit(cache=True, inline="always", error_model="numpy")
def _uniform(state: NDArray[np.uint64]) -> float:
    """splitmix64 (Steele, Lea and Flood 2014), state held in an array: a float64 in [0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True, error_model="numpy")
def _start(lum, plane, free, due, now, leaky, state):  # type: ignore[no-untyped-def]
    """Take the first frame as reference; with leak, pixels begin anywhere on their way to the next leak event."""
    height, width = lum.shape
    for y in range(height):
        for x in range(width):
            level = fast_log(max(lum[y, x], np.float32(DARKEST)))
            plane[LAST, y, x] = lum[y, x]
            plane[LEVEL, y, x] = level
            phase = np.float32(_uniform(state)) if leaky else np.float32(0.0)
            plane[BASE, y, x] = level - phase * plane[ON, y, x]
            free[y, x] = now
        due[y] = now


@njit(cache=True, inline="always", error_model="numpy")
def _emit(events, tally, t, x, y, on):  # type: ignore[no-untyped-def]
    n = tally[0]
    if n < events.size:
        events[n]["t"] = t
        events[n]["x"] = x
        events[n]["y"] = y
        events[n]["p"] = on
        tally[0] = n + 1
    else:
        tally[1] += 1


@njit(cache=True, inline="always", error_model="numpy")
def _crossings(plane, free, y, x, old, before, now, refractory, events, tally):  # type: ignore[no-untyped-def]
    """Events of one pixel from `old` at `before` to its level at `now`; sets its reference and dead time."""
    held = np.int64(free[y, x])
    if held > now:
        return
    new = np.float64(plane[LEVEL, y, x])
    slope = (new - old) / (now - before)
    base = np.float64(plane[BASE, y, x])
    begin = before
    if held > before:
        begin = held
        base = old + slope * (held - before)
    on, off, leak = np.float64(plane[ON, y, x]), np.float64(plane[OFF, y, x]), np.float64(plane[LEAK, y, x])
    while True:
        last = new - base + leak * (now - held)
        if last >= on:
            step = on
        elif last <= -off:
            step = -off
        else:
            break
        first = old + slope * (begin - before) - base + leak * (begin - held)
        share = (step - first) / (last - first) if last != first else 1.0
        crossed = begin + min(max(share, 0.0), 1.0) * (now - begin)
        stamp = min(max(np.int64(math.ceil(crossed)), begin), now)
        if stamp <= before:
            stamp = before + 1
        _emit(events, tally, stamp, x, y, step > 0.0)
        held = stamp + refractory
        if held > now:
            break
        base = old + slope * (crossed + refractory - before)
        begin = held
    plane[BASE, y, x] = base
    free[y, x] = held


@njit(cache=True, error_model="numpy")
def _row(lum, plane, free, y, row, wake, before, now, gain, refractory, events, tally):  # type: ignore[no-untyped-def]
    """Advance the pixels of row `y` to `now` and return when, at constant light, it must be looked at again."""
    light, last, free_row = lum[y], plane[LAST, y], free[y]
    level, base, above, below, leak = plane[LEVEL, y], plane[BASE, y], plane[ON, y], plane[OFF, y], plane[LEAK, y]
    width = light.size
    dim, slope = np.float32(gain * DIM_BANDWIDTH), np.float32(gain * (1.0 - DIM_BANDWIDTH))
    one, zero, settled, darkest = np.float32(1.0), np.float32(0.0), np.float32(SETTLED), np.float32(DARKEST)
    instant = np.int32(gain <= 0.0)
    moving = np.int32(0)
    for x in range(width):
        seen = light[x]
        last[x] = seen
        seen = seen if seen > darkest else darkest
        target = fast_log(seen)
        rate = dim + slope * (seen if seen < one else one)
        old = level[x]
        gap = target - old
        new = old + gap * (rate / (one + rate))
        rest = target - new
        rest = rest if rest > zero else -rest
        still = np.int32(rest < settled) | instant
        row[x] = old
        level[x] = target if still else new
        moving |= np.int32(1) - still
    busy = np.int32(0)
    for x in range(width):
        d = level[x] - base[x] + leak[x] * np.float32(np.float64(now) - free_row[x])
        wake[x] = np.int32(d >= above[x]) | np.int32(d <= -below[x]) | np.int32(free_row[x] > np.float64(before))
        busy |= wake[x]
    if busy:
        for x in range(width):
            if wake[x]:
                _crossings(plane, free, y, x, np.float64(row[x]), before, now, refractory, events, tally)
    if moving:
        return now
    # Whole microseconds from now, rounded down and at most FAR: looking too early changes nothing, a branch costs more.
    wait, begun, far = np.int32(_FAR), np.float64(now), np.float64(_FAR)
    for x in range(width):
        held = free_row[x] - begun
        left = np.float64(above[x]) - (np.float64(level[x]) - np.float64(base[x]))
        until = held + left / np.float64(leak[x]) * (1.0 - 1e-5) - 2.0  # without leak: infinite, or no number at all
        until = until if until < far else far
        until = held if held > 0.0 else until
        soon = np.int32(until if until > 0.0 else 0.0)
        wait = soon if soon < wait else wait
    return now + np.int64(wait)


@njit(cache=True, error_model="numpy")
def _shots(lum, plane, free, due, before, now, mean_us, refractory, clock, state, events, tally):  # type: ignore[no-untyped-def]
    """Spurious events of either sign at random pixels; `clock[0]` is the time of the next candidate."""
    height, width = lum.shape
    while clock[0] <= now:
        t = max(np.int64(math.ceil(clock[0])), before + 1)
        clock[0] -= mean_us * math.log(1.0 - _uniform(state))
        where = np.int64(_uniform(state) * (height * width))
        y, x = where // width, where % width
        on = _uniform(state) < 0.5
        keep = 1.0 - (1.0 - BRIGHT_NOISE) * min(max(np.float64(lum[y, x]), 0.0), 1.0)
        if _uniform(state) < keep and free[y, x] <= t:
            _emit(events, tally, t, x, y, on)
            plane[BASE, y, x] = plane[LEVEL, y, x]
            free[y, x] = t + refractory
            if free[y, x] > now:
                due[y] = min(due[y], t + refractory)


@njit(cache=True, error_model="numpy")
def _sort(events, spare, n, before, now, bins):  # type: ignore[no-untyped-def]
    """Order `events[:n]` by time, equals as they were: counting sort, then insertion if bins are wider than 1 us."""
    shift = 0
    while (now - before) >> shift >= _BINS:
        shift += 1
    top = (now - before) >> shift
    bins[: top + 1] = 0
    for i in range(n):
        spare[i] = events[i]
        bins[(np.int64(events[i]["t"]) - before) >> shift] += 1
    total = 0
    for b in range(top + 1):
        count = bins[b]
        bins[b] = total
        total += count
    for i in range(n):
        b = (np.int64(spare[i]["t"]) - before) >> shift
        events[bins[b]] = spare[i]
        bins[b] += 1
    if shift:
        for i in range(1, n):
            spare[0] = events[i]
            j = i
            while j > 0 and events[j - 1]["t"] > spare[0]["t"]:
                events[j] = events[j - 1]
                j -= 1
            events[j] = spare[0]


@njit(cache=True, error_model="numpy")
def _observe(lum, plane, free, due, row, wake, times, setup, clock, state, events, spare, bins, tally):  # type: ignore[no-untyped-def]
    before, now, refractory, every_row = times[0], times[1], times[2], times[3] != 0
    height, width = lum.shape
    gain = setup[0] * (now - before) * 1e-6
    tally[0] = 0
    for y in range(height):
        changed = np.int32(every_row or due[y] <= now)
        if not changed:
            for x in range(width):
                changed |= np.int32(lum[y, x] != plane[LAST, y, x])
        if changed:
            due[y] = _row(lum, plane, free, y, row, wake, before, now, gain, refractory, events, tally)
    if setup[1] > 0.0:
        _shots(lum, plane, free, due, before, now, setup[1], refractory, clock, state, events, tally)
    if tally[0] > 1:
        _sort(events, spare, tally[0], before, now, bins)
    times[0] = now
    return tally[0]


class EventPixels:
    """An array of event pixels.

    Attributes:
        events: EVENT (capacity,); the first n of the last `observe` are valid, ordered by t, until the next call.
        overflow: events since `reset` that did not fit into `events`.
        skipping: leave rows alone in which nothing can happen; False visits every row, with the same events.
    """

    def __init__(self, spec: Pixel, width: int, height: int, seed: int, capacity: int = 0) -> None:
        """Args: `seed` fixes the threshold mismatch, which belongs to the chip, and the noise until `reset`."""
        self.spec, self.width, self.height = spec, width, height
        self.events = np.zeros(capacity or max(8192, width * height), EVENT)
        self.skipping = True
        self._spare = np.zeros_like(self.events)
        self._plane = np.zeros((6, height, width), np.float32)
        rng = np.random.default_rng(seed)
        spread = rng.normal(spec.threshold, spec.threshold_sigma, (2, height, width))
        self._plane[ON : OFF + 1] = np.maximum(spread, 0.05 * spec.threshold)
        self._plane[LEAK] = self._plane[ON] * (spec.leak_hz * 1e-6)
        self._free = np.zeros((height, width))  # whole microseconds; float64 because it vectorises
        self._due = np.zeros(height, np.int64)
        self._row = np.zeros(width, np.float32)
        self._wake = np.zeros(width, np.int32)
        self._times = np.zeros(4, np.int64)
        shots = spec.shot_noise_hz * width * height
        self._setup = np.array([2.0 * math.pi * spec.bandwidth_hz, 1e6 / shots if shots > 0.0 else 0.0])
        self._clock = np.zeros(1)
        self._state = np.zeros(1, np.uint64)
        self._bins = np.zeros(_BINS, np.int64)
        self._tally = np.zeros(2, np.int64)
        self.reset(seed)

    @property
    def overflow(self) -> int:
        return int(self._tally[1])

    def reset(self, seed: int) -> None:
        """Forget the past: the next frame is the reference, and noise is drawn from `seed`."""
        self._state[0] = np.uint64((seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % 2**64)
        self._tally[:] = 0
        self._started = False

    def observe(self, luminance: FloatImage, t_us: int) -> int:
        """See a frame and return how many `events` it made, with before < t <= t_us.

        Args:
            luminance: float32 (height, width), linear, 1 = full light; below 1e-6 counts as 1e-6.
            t_us: time of the frame, later than the last one's.

        Raises:
            UserError: a frame of another shape or dtype, or time that does not go on.
        """
        if luminance.shape != (self.height, self.width) or luminance.dtype != np.float32:
            raise UserError(
                f"frame is {luminance.dtype} {luminance.shape}, the pixels are float32 {(self.height, self.width)}; "
                "render at the sensor's size"
            )
        if not self._started:
            self._begin(luminance, t_us)
            return 0
        if t_us <= self._times[0]:
            raise UserError(
                f"frame at t={t_us} us does not follow the last at t={self._times[0]} us; reset between runs"
            )
        self._times[1] = t_us
        self._times[3] = not self.skipping
        return int(
            _observe(
                luminance,
                self._plane,
                self._free,
                self._due,
                self._row,
                self._wake,
                self._times,
                self._setup,
                self._clock,
                self._state,
                self.events,
                self._spare,
                self._bins,
                self._tally,
            )
        )

    def _begin(self, luminance: FloatImage, t_us: int) -> None:
        _start(luminance, self._plane, self._free, self._due, t_us, self.spec.leak_hz > 0.0, self._state)
        self._times[:] = t_us, t_us, self.spec.refractory_us, 0
        wait = np.random.default_rng(int(self._state[0])).exponential(self._setup[1]) if self._setup[1] > 0.0 else 0.0
        self._clock[0] = t_us + wait
        self._started = True
