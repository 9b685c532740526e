"""The soft skin: what the contact forces of the physics do to the taxels of two pads.

Each pad is 16 x 16 brush cells: elastic bristles that carry shear until friction lets go of them one by one. Pressed
lightly at the rim of a contact they let go first (partial slip, Cattaneo 1938, Mindlin 1949), which is how a skin can
know friction before anything moves. Taxels are sums of cells, seen through the pad's lag, its noise and its ADC.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sensors.spec import Skin
from sim.spec import Contact

CELLS = 16
"""Along a pad's edge, for 4 or 8 taxels; as near to that as a whole number of cells to a taxel allows."""
BRISTLE_N_PER_M = 340.0  # of one of 16 x 16 cells
TEXTURE_DEPTH = 0.1
PATCH_S = 0.05  # within which a contact patch flows to where the physics has leapt
CREEP_ITERATIONS = 4
CREEP_LIMIT_M = 5e-5  # a cell cannot be carried further than this in 1 ms without true motion
SINE_STEPS = 1024
_SINE = np.sin(2 * np.pi * np.arange(SINE_STEPS) / SINE_STEPS)


@njit(cache=True, error_model="numpy")
def _spread(point_m, normal_n, count, pad_half_m, spread_m, gain, weights, patch, pressure_n):  # type: ignore[no-untyped-def]
    """Pressure of each cell: the contact points' forces as Gaussians, whose part beyond the pad's edge is kept.

    The physics moves its few contact points by leaps, a real patch flows: so the patch (cells' shares of the force)
    follows with `gain` per tick, while the force itself is not delayed. Returns the sum of the pressures.
    """
    weight_u, weight_v, side = weights[0], weights[1], weights.shape[1]
    pitch_m = 2.0 * pad_half_m / side
    total = 0.0
    for point in range(count):
        total += max(normal_n[point], 0.0)
    if total <= 0.0:
        patch[:] = 0.0
        pressure_n[:] = 0.0
        return 0.0
    if not patch.any():
        gain = 1.0
    keep = 1.0 - gain
    for cell in range(patch.size):
        patch[cell] *= keep
    for point in range(count):
        if normal_n[point] <= 0.0:
            continue
        sum_u = 0.0
        sum_v = 0.0
        for cell in range(side):
            centre_m = (cell + 0.5) * pitch_m - pad_half_m
            a = (centre_m - point_m[point, 0]) / spread_m
            b = (centre_m - point_m[point, 1]) / spread_m
            weight_u[cell] = math.exp(-0.5 * a * a)
            weight_v[cell] = math.exp(-0.5 * b * b)
            sum_u += weight_u[cell]
            sum_v += weight_v[cell]
        scale = gain * normal_n[point] / (total * max(sum_u * sum_v, 1e-12))
        for v in range(side):
            row = scale * weight_v[v]
            for u in range(side):
                patch[v * side + u] += row * weight_u[u]
    normal = 0.0
    for cell in range(patch.size):
        pressure_n[cell] = total * patch[cell]
        normal += pressure_n[cell]
    return normal


@njit(cache=True, error_model="numpy")
def _bend(before_u, before_v, creep_u, creep_v, most_m, bend_u, bend_v):  # type: ignore[no-untyped-def]
    """Carry every bristle by the creep, or as far as friction lets it; returns how many of them stick.

    Kept apart from the sums, which must be taken in order, so that the compiler can do many bristles at once.
    """
    stuck = 0
    for cell in range(before_u.size):
        u = before_u[cell] + creep_u
        v = before_v[cell] + creep_v
        held = most_m[cell] / math.sqrt(u * u + v * v)
        slips = held < 1.0  # not a number for a bristle that is neither bent nor pressed: it sticks
        shrink = held if slips else 1.0
        bend_u[cell] = u * shrink
        bend_v[cell] = v * shrink
        stuck += 0 if slips else 1
    return stuck


@njit(cache=True, error_model="numpy")
def _shear(  # type: ignore[no-untyped-def]
    bristle_n_per_m, bend_u, bend_v, before_u, before_v, most_m, path_m, normal_n, move_u, move_v, want_u, want_v
):
    """Bend the bristles by the true motion, then creep until they carry the wanted shear or all of them have let go."""
    before_u[:] = bend_u
    before_v[:] = bend_v
    creep_u = move_u
    creep_v = move_v
    limit = CREEP_LIMIT_M + math.hypot(move_u, move_v)
    for _ in range(CREEP_ITERATIONS):
        stuck = _bend(before_u, before_v, creep_u, creep_v, most_m, bend_u, bend_v)
        sum_u = 0.0
        sum_v = 0.0
        for cell in range(bend_u.size):
            sum_u += bristle_n_per_m * bend_u[cell]
            sum_v += bristle_n_per_m * bend_v[cell]
        lack_u = want_u - sum_u
        lack_v = want_v - sum_v
        if lack_u * lack_u + lack_v * lack_v < (2e-3 * normal_n) ** 2 or stuck == 0:
            break
        creep_u += lack_u / (bristle_n_per_m * stuck)
        creep_v += lack_v / (bristle_n_per_m * stuck)
        size = math.hypot(creep_u, creep_v)
        if size > limit:
            creep_u *= limit / size
            creep_v *= limit / size
    for cell in range(bend_u.size):
        u = before_u[cell] + creep_u - bend_u[cell]
        v = before_v[cell] + creep_v - bend_v[cell]
        path_m[cell] += math.sqrt(u * u + v * v)


@njit(cache=True, error_model="numpy")
def _ripple(path_m, phase, pressure_n, wavelength_m, texture_n):  # type: ignore[no-untyped-def]
    """What the surface's texture adds to each cell's pressure after it has slid along `path_m`."""
    for cell in range(path_m.size):
        turn = path_m[cell] / wavelength_m + phase[cell]
        step = np.int32((turn - math.floor(turn)) * SINE_STEPS) & np.int32(SINE_STEPS - 1)
        texture_n[cell] = pressure_n[cell] * TEXTURE_DEPTH * _SINE[step]


@njit(cache=True, error_model="numpy")
def _feel(  # type: ignore[no-untyped-def]
    cells, weights, lagged, noise, cursor, settings, count, point_m, normal_n, shear_n, slide_m_per_s, taxels_mn
):
    spread_m, keep, flow, noise_n, noise_ratio, wavelength_m, friction, pad_half_m, dt_s = settings
    taxels = taxels_mn.shape[1]
    side = weights.shape[1]
    group = side // taxels
    bristle_n_per_m = BRISTLE_N_PER_M * (CELLS / side) ** 2
    mask = noise.size - 1
    # Two pads leave the split of the vertical force undetermined; only its sum is physical.
    want_v = 0.5 * (shear_n[0, 1] + shear_n[1, 1])
    for pad in range(2):
        bend_u, bend_v, pressure_n, texture_n = cells[pad, 0], cells[pad, 1], cells[pad, 2], cells[pad, 3]
        path_m, most_m = cells[pad, 4], cells[pad, 5]
        normal = _spread(
            point_m[pad], normal_n[pad], count[pad], pad_half_m, spread_m, flow, weights, cells[pad, 6], pressure_n
        )
        for cell in range(pressure_n.size):
            most_m[cell] = friction * pressure_n[cell] / bristle_n_per_m
        _shear(
            bristle_n_per_m, bend_u, bend_v, cells[pad, 7], cells[pad, 8], most_m, path_m, normal,
            slide_m_per_s[pad, 0] * dt_s, slide_m_per_s[pad, 1] * dt_s, shear_n[pad, 0], want_v,
        )  # fmt: skip
        _ripple(path_m, cells[pad, 9], pressure_n, wavelength_m, texture_n)
        for row in range(taxels):
            for column in range(taxels):
                p = 0.0
                texture = 0.0
                q_u = 0.0
                q_v = 0.0
                for v in range(row * group, (row + 1) * group):
                    for u in range(column * group, (column + 1) * group):
                        cell = v * side + u
                        p += pressure_n[cell]
                        q_u += bristle_n_per_m * bend_u[cell]
                        q_v += bristle_n_per_m * bend_v[cell]
                        texture += texture_n[cell]
                lag = lagged[pad, row, column]
                lag[0] += keep * (p - lag[0])
                lag[1] += keep * (q_u - lag[1])
                lag[2] += keep * (q_v - lag[2])
                for channel in range(3):
                    value = lag[channel] + (texture if channel == 0 else 0.0)
                    cursor = (cursor * 5 + 1234567) & 0x7FFFFFFF
                    value += noise[(cursor >> 8) & mask] * noise_n
                    value += noise[(cursor >> 12) & mask] * noise_ratio * value
                    taxels_mn[pad, row, column, channel] = min(max(round(value * 1e3), -32768), 32767)
    return cursor


class SoftSkin:
    """Two pads of taxels. `read` turns the contact of one tick into readings; nothing is allocated while it runs.

    taxels_mn: int16 (2, n, n, 3), pad (left, right), row v (upward), column u: normal, shear u, shear v in millinewton;
    shear is the force of the object on the pad, so a hanging object gives negative v.
    """

    def __init__(self, spec: Skin) -> None:
        self.spec = spec
        n = spec.taxels
        self.taxels_mn = np.zeros((2, n, n, 3), np.int16)
        # Bend u and v, pressure, texture, path, most bend, patch, bend before u and v, phase: one array, one argument.
        side = n * round(CELLS / n)
        self._cells = np.zeros((2, 10, side * side))
        self._phase = self._cells[:, 9]
        self._weights = np.zeros((2, side))
        self._lagged = np.zeros((2, n, n, 3))
        self._noise = np.zeros(1 << 16)
        self._cursor = 1
        self._wavelength_m = 1.5e-4
        self._set_rates(1e-3)

    def _set_rates(self, dt_s: float) -> None:
        lag_ms = self.spec.lag_ms
        self._dt_s = dt_s
        self._keep = 1.0 if lag_ms == 0 else 1.0 - math.exp(-1e3 * dt_s / lag_ms)
        self._flow = 1.0 - math.exp(-dt_s / PATCH_S)

    def reset(self, rng: np.random.Generator, wavelength_m: float) -> None:
        """Relax the pads and draw this episode's texture phases and noise from `rng`."""
        for array in (self._cells, self._lagged, self.taxels_mn):
            array.fill(0)
        self._phase[:] = rng.random(self._phase.shape)
        self._noise[:] = rng.standard_normal(self._noise.size)
        self._cursor = int(rng.integers(1, 1 << 30))
        self._wavelength_m = wavelength_m

    def read(self, contact: Contact, dt_s: float) -> NDArray[np.int16]:
        """Advance the pads by `dt_s` under `contact`; returns `taxels_mn`."""
        if dt_s != self._dt_s:
            self._set_rates(dt_s)
        spec = self.spec
        settings = (
            spec.spread_m, self._keep, self._flow, spec.noise_n, spec.noise_ratio, self._wavelength_m, contact.friction,
            contact.pad_half_m, dt_s,
        )  # fmt: skip
        self._cursor = _feel(
            self._cells, self._weights, self._lagged, self._noise, self._cursor, settings,
            contact.count, contact.point_m, contact.normal_n, contact.shear_n, contact.slide_m_per_s, self.taxels_mn,
        )  # fmt: skip
        return self.taxels_mn
