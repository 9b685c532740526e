"""The afferents of a fingertip: taxel readings to address-events, in integers, as a skin's own microcontroller would.

Three kinds, after the classes of human fingertip afferents (Johansson and Flanagan 2009, Nat. Rev. Neurosci. 10:345):
SA-I tell sustained pressure, RA-I its change, vibration afferents (Pacinian-like) the flutter of a surface that slides.
A skin of P pads of R x C taxels is an event sensor of PC x 3R pixels: x = pad * C + column, y = kind * R + row.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .izhikevich import REGULAR, V_REST
from .izhikevich import izhikevich_step as neuron_step
from .signals import EVENT

SA, RA, VIBRATION = 0, 1, 2
KINDS: Final = 3

PACE, SENSITIVITY, RESET_U = REGULAR.a, REGULAR.b, REGULAR.d
SA_GAIN = 150
RA_GAIN = 420
FLUTTER_MOST = 23  # of 16: amplitude in noise units beyond which a taxel shouts no louder, so that one is no chorus
FLUTTER_QUIET = 64  # of 256: energy in squared noise units that is not told
FLUTTER_SPIKE = 1536  # of 4096: energy of one spike, as a mean over the pad
NOISE_N, NOISE_RATIO = 2e-3, 5e-3
NOISIEST = 1000.0
FLOOR_MN, SHARE = 4, 4  # the noise unit of a skin as noisy as that: 4 mN and 4 256ths of the reading
HUSH_MN = 16
RIM_LOW, RIM_HIGH = 3, 13  # of the strongest taxel, in 32nds
RIM_SHIFT = 3


@njit(cache=True)
def izhikevich_step(v, u, current):  # type: ignore[no-untyped-def]
    """Advance one afferent by 1 ms: `izhikevich.izhikevich_step` with the parameters of a regular-spiking neuron."""
    return neuron_step(v, u, current, PACE, SENSITIVITY, V_REST, RESET_U)


@njit(cache=True)
def log2_q4(value):  # type: ignore[no-untyped-def]
    """Logarithm to base 2 of 1..2^31-1 in sixteenths, linear between powers of two (Mitchell 1962); 0 below 1."""
    if value < 1:
        return 0
    exponent = 0
    scaled = value
    while scaled > 1:
        scaled >>= 1
        exponent += 1
    fraction = ((value << 4) >> exponent) - 16
    return (exponent << 4) + fraction


@njit(cache=True)
def _emit(events, count, t_us, x, y, on):  # type: ignore[no-untyped-def]
    if count < events.size:
        event = events[count]
        event.t = t_us
        event.x = x
        event.y = y
        event.on = on
    return count + 1


@njit(cache=True)
def _afferents(taxels_mn, t_us, noise, sa, ra, slow, level, energy, rim, events):  # type: ignore[no-untyped-def]
    """One tick of all afferents; returns the number of events made (more than `events` holds: the rest was lost)."""
    rows, columns = taxels_mn.shape[1], taxels_mn.shape[2]
    floor_mn, share, hush = noise[0], noise[1], noise[2]
    count = 0
    rim_normal = 0
    rim_shear = 0
    for pad in range(taxels_mn.shape[0]):
        total = 0
        flutter = 0
        most = 0
        for row in range(rows):
            for column in range(columns):
                p = np.int64(taxels_mn[pad, row, column, 0])
                most = max(most, p)
                # Two high passes of 8 ms in series: a patch that flows is a ramp, and a ramp is no flutter.
                quick = (p << 6) - slow[pad, row, column, 0]
                slow[pad, row, column, 0] += quick >> 3
                quick -= quick >> 3
                slow[pad, row, column, 1] += (quick - slow[pad, row, column, 1]) >> 3
                quick -= slow[pad, row, column, 1]
                slow[pad, row, column, 2] += (quick - slow[pad, row, column, 2]) >> 1
        for row in range(rows):
            for column in range(columns):
                p = np.int64(taxels_mn[pad, row, column, 0])
                if 4 * p > most:
                    total += p
                    flutter += slow[pad, row, column, 2] >> 4
        for row in range(rows):
            for column in range(columns):
                p = np.int64(taxels_mn[pad, row, column, 0])
                x = pad * columns + column
                # Weber's law: one skin feels 20 mN and 20 N, so afferents see the logarithm of what exceeds the noise.
                strength = log2_q4((max(p, 0) + hush) >> 3)
                current = max(strength - 24, 0) * SA_GAIN
                v, u, fired = izhikevich_step(sa[pad, row, column, 0], sa[pad, row, column, 1], current)
                sa[pad, row, column, 0] = v
                sa[pad, row, column, 1] = u
                if fired:
                    count = _emit(events, count, t_us, x, SA * rows + row, True)

                slow_level = level[pad, row, column]
                change = (strength << 4) - slow_level
                level[pad, row, column] = slow_level + (change >> 3)
                current = max(abs(change) - 64, 0) * RA_GAIN >> 4
                v, u, fired = izhikevich_step(ra[pad, row, column, 0], ra[pad, row, column, 1], min(current, 65535))
                ra[pad, row, column, 0] = v
                ra[pad, row, column, 1] = u
                if fired:
                    count = _emit(events, count, t_us, x, RA * rows + row, change > 0)

                # The rim of a contact creeps under any load: only what is pressed firmly tells of sliding.
                if 4 * p > most and p > 8:
                    own = (slow[pad, row, column, 2] >> 4) - flutter * p // total
                    strength = min((abs(own) << 4) // (floor_mn + (p * share >> 8)), FLUTTER_MOST)
                    drive = ((strength * strength - FLUTTER_QUIET) * ((p << 12) // total)) >> 8
                    energy[pad, row, column] = max(energy[pad, row, column] + drive, -FLUTTER_SPIKE)
                    while energy[pad, row, column] >= FLUTTER_SPIKE:
                        energy[pad, row, column] -= FLUTTER_SPIKE
                        count = _emit(events, count, t_us, x, VIBRATION * rows + row, own > 0)
                else:
                    energy[pad, row, column] = 0

                if 32 * p > RIM_LOW * most and 32 * p < RIM_HIGH * most:
                    rim_normal += p
                    rim_shear -= taxels_mn[pad, row, column, 2]
    rim[0] += ((rim_normal << 8) - rim[0]) >> RIM_SHIFT
    rim[1] += ((rim_shear << 8) - rim[1]) >> RIM_SHIFT
    return count


@njit(cache=True)
def common_scale(first, second):  # type: ignore[no-untyped-def]
    """Shift both by one power of two so that the larger magnitude lies in 8192..16384; zeros stay zero."""
    size = max(abs(first), abs(second))
    if size == 0:
        return 0, 0
    shift = 0
    while size >= 16384:
        size >>= 1
        shift += 1
    while size < 8192:
        size <<= 1
        shift -= 1
    if shift >= 0:
        return first >> shift, second >> shift
    return first << -shift, second << -shift


class Afferents:
    """The afferents of a skin; `sense` fills `events[:count]` and `rim`, allocating nothing.

    events: EVENT (capacity,). count: events of this tick. lost: events of this tick beyond the capacity.
    rim: (normal, shear), the lightly pressed taxels' sums, low-passed over 8 ticks, under a common power of two.
    """

    def __init__(
        self,
        taxels: int,
        capacity: int = 1024,
        columns: int = 0,
        pads: int = 2,
        noise_n: float = 0.0,
        noise_ratio: float = 0.0,
    ) -> None:
        """taxels: rows of a pad, and its columns unless they are given. noise_n, noise_ratio: see `expect`."""
        shape = (pads, taxels, columns or taxels)
        self.taxels = taxels
        self.events = np.zeros(capacity, EVENT)
        self.count = 0
        self.lost = 0
        self.rim = (0, 0)
        self._sa = np.zeros((*shape, 2), np.int64)
        self._ra = np.zeros((*shape, 2), np.int64)
        self._slow = np.zeros((*shape, 3), np.int64)
        self._energy = np.zeros(shape, np.int64)
        self._level = np.zeros(shape, np.int64)
        self._rim = np.zeros(2, np.int64)
        self.expect(noise_n, noise_ratio)
        self.reset()

    def expect(self, noise_n: float = 0.0, noise_ratio: float = 0.0) -> None:
        """Say how noisy the skin is: the standard deviation of a reading, absolute and relative.

        What does not exceed that is not told. A skin is taken to be at least as noisy as 2 mN and 0.5 %.
        """
        more = min(max(noise_n / NOISE_N, 1.0), NOISIEST)
        ratio = min(max(noise_ratio / NOISE_RATIO, 1.0), NOISIEST)
        self._noise = (round(FLOOR_MN * more), round(SHARE * ratio), round(HUSH_MN * more))

    def reset(self) -> None:
        """Return every afferent to rest."""
        for neurons in (self._sa, self._ra):
            neurons[..., 0] = V_REST
            neurons[..., 1] = (51 * V_REST) >> 8
        for array in (self._slow, self._energy, self._level, self._rim):
            array[:] = 0
        self._level[:] = log2_q4(2) << 4
        self.count = self.lost = 0
        self.rim = (0, 0)

    def sense(self, taxels_mn: NDArray[np.int16], t_us: int) -> int:
        """Advance by one tick of 1 ms on int16 (pads, rows, columns, 3) readings in mN; returns `count`."""
        made = _afferents(
            taxels_mn,
            t_us,
            self._noise,
            self._sa,
            self._ra,
            self._slow,
            self._level,
            self._energy,
            self._rim,
            self.events,
        )
        self.count = min(made, self.events.size)
        self.lost = made - self.count
        self.rim = common_scale(int(self._rim[0]), int(self._rim[1]))
        return self.count
