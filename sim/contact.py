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
BRISTLE_N_PER_M = 340.0
TEXTURE_DEPTH = 0.1
PATCH_S = 0.05  # within which a contact patch flows to where the physics has leapt
CREEP_ITERATIONS = 4
CREEP_LIMIT_M = 5e-5  # a cell cannot be carried further than this in 1 ms without true motion
SINE_STEPS = 1024
_SINE = np.sin(2 * np.pi * np.arange(SINE_STEPS) / SINE_STEPS)


@njit(cache=True)
def _spread(point_m, normal_n, count, pad_half_m, spread_m, gain, weight_u, weight_v, patch, pressure_n):  # type: ignore[no-untyped-def]
    """Pressure of each cell: the contact points' forces as Gaussians, whose part beyond the pad's edge is kept.

    The physics moves its few contact points by leaps, a real patch flows: so the patch (cells' shares of the force)
    follows with `gain` per tick, while the force itself is not delayed.
    """
    pitch_m = 2.0 * pad_half_m / CELLS
    total = 0.0
    for point in range(count):
        total += max(normal_n[point], 0.0)
    if total <= 0.0:
        patch[:] = 0.0
        pressure_n[:] = 0.0
        return
    known = 0.0
    for cell in range(patch.size):
        known += patch[cell]
    if known == 0.0:
        gain = 1.0
    patch *= 1.0 - gain
    for point in range(count):
        if normal_n[point] <= 0.0:
            continue
        sum_u = 0.0
        sum_v = 0.0
        for cell in range(CELLS):
            centre_m = (cell + 0.5) * pitch_m - pad_half_m
            a = (centre_m - point_m[point, 0]) / spread_m
            b = (centre_m - point_m[point, 1]) / spread_m
            weight_u[cell] = math.exp(-0.5 * a * a)
            weight_v[cell] = math.exp(-0.5 * b * b)
            sum_u += weight_u[cell]
            sum_v += weight_v[cell]
        scale = gain * normal_n[point] / (total * max(sum_u * sum_v, 1e-12))
        for v in range(CELLS):
            row = scale * weight_v[v]
            for u in range(CELLS):
                patch[v * CELLS + u] += row * weight_u[u]
    for cell in range(patch.size):
        pressure_n[cell] = total * patch[cell]


@njit(cache=True)
def _shear(bend_m, pressure_n, friction, move_u, move_v, want_u, want_v, path_m, before):  # type: ignore[no-untyped-def]
    """Bend the bristles by the true motion, then creep until they carry the wanted shear or all of them have let go."""
    cells = CELLS * CELLS
    before[:] = bend_m
    normal = 0.0
    for cell in range(cells):
        normal += pressure_n[cell]
    creep_u = move_u
    creep_v = move_v
    limit = CREEP_LIMIT_M + math.hypot(move_u, move_v)
    for _ in range(CREEP_ITERATIONS):
        sum_u = 0.0
        sum_v = 0.0
        stuck = 0
        for cell in range(cells):
            u = before[cell, 0] + creep_u
            v = before[cell, 1] + creep_v
            bend = math.sqrt(u * u + v * v)
            most = friction * pressure_n[cell] / BRISTLE_N_PER_M
            if bend > most:
                shrink = most / bend
                u *= shrink
                v *= shrink
            else:
                stuck += 1
            bend_m[cell, 0] = u
            bend_m[cell, 1] = v
            sum_u += BRISTLE_N_PER_M * u
            sum_v += BRISTLE_N_PER_M * v
        lack_u = want_u - sum_u
        lack_v = want_v - sum_v
        if lack_u * lack_u + lack_v * lack_v < (2e-3 * normal) ** 2 or stuck == 0:
            break
        creep_u += lack_u / (BRISTLE_N_PER_M * stuck)
        creep_v += lack_v / (BRISTLE_N_PER_M * stuck)
        size = math.hypot(creep_u, creep_v)
        if size > limit:
            creep_u *= limit / size
            creep_v *= limit / size
    for cell in range(cells):
        u = before[cell, 0] + creep_u - bend_m[cell, 0]
        v = before[cell, 1] + creep_v - bend_m[cell, 1]
        path_m[cell] += math.sqrt(u * u + v * v)


@njit(cache=True)
def _feel(  # type: ignore[no-untyped-def]
    state, phase, noise, cursor, settings, wavelength_m, friction, pad_half_m,
    count, point_m, normal_n, want_n, slide_m_per_s, dt_s, taxels_mn,
):  # fmt: skip
    bend_m, path_m, patch, pressure_n, before, weights, lagged = state
    spread_m, keep, flow, noise_n, noise_ratio = settings
    taxels = taxels_mn.shape[1]
    group = CELLS // taxels
    mask = noise.size - 1
    for pad in range(2):
        _spread(
            point_m[pad], normal_n[pad], count[pad], pad_half_m, spread_m, flow, weights[0], weights[1], patch[pad],
            pressure_n[pad],
        )  # fmt: skip
        _shear(
            bend_m[pad], pressure_n[pad], friction, slide_m_per_s[pad, 0] * dt_s, slide_m_per_s[pad, 1] * dt_s,
            want_n[pad, 0], want_n[pad, 1], path_m[pad], before,
        )  # fmt: skip
        for row in range(taxels):
            for column in range(taxels):
                p = 0.0
                texture = 0.0
                q_u = 0.0
                q_v = 0.0
                for v in range(row * group, (row + 1) * group):
                    for u in range(column * group, (column + 1) * group):
                        cell = v * CELLS + u
                        force = pressure_n[pad, cell]
                        p += force
                        q_u += BRISTLE_N_PER_M * bend_m[pad, cell, 0]
                        q_v += BRISTLE_N_PER_M * bend_m[pad, cell, 1]
                        turn = path_m[pad, cell] / wavelength_m + phase[pad, cell]
                        step = int((turn - math.floor(turn)) * SINE_STEPS) & (SINE_STEPS - 1)
                        texture += force * TEXTURE_DEPTH * _SINE[step]
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
        cells = CELLS * CELLS
        self.spec = spec
        n = spec.taxels
        self.taxels_mn = np.zeros((2, n, n, 3), np.int16)
        self._state = (
            np.zeros((2, cells, 2)), np.zeros((2, cells)), np.zeros((2, cells)), np.zeros((2, cells)),
            np.zeros((cells, 2)),
            np.zeros((2, CELLS)), np.zeros((2, n, n, 3)),
        )  # fmt: skip
        self._phase = np.zeros((2, cells))
        self._noise = np.zeros(1 << 16)
        self._cursor = 1
        self._want_n = np.zeros((2, 2))
        self._wavelength_m = 1.5e-4

    def reset(self, rng: np.random.Generator, wavelength_m: float) -> None:
        """Relax the pads and draw this episode's texture phases and noise from `rng`."""
        for array in self._state:
            array[:] = 0.0
        self.taxels_mn[:] = 0
        self._phase[:] = rng.random(self._phase.shape)
        self._noise[:] = rng.standard_normal(self._noise.size)
        self._cursor = int(rng.integers(1, 1 << 30))
        self._wavelength_m = wavelength_m

    def read(self, contact: Contact, dt_s: float) -> NDArray[np.int16]:
        """Advance the pads by `dt_s` under `contact`; returns `taxels_mn`."""
        # Two pads leave the split of the tangential force undetermined; only its sum is physical.
        self._want_n[:, 0] = contact.shear_n[:, 0]
        self._want_n[:, 1] = 0.5 * (contact.shear_n[0, 1] + contact.shear_n[1, 1])
        spec = self.spec
        keep = 1.0 if spec.lag_ms == 0 else 1.0 - math.exp(-1e3 * dt_s / spec.lag_ms)
        self._cursor = _feel(
            self._state, self._phase, self._noise, self._cursor,
            (spec.spread_m, keep, 1.0 - math.exp(-dt_s / PATCH_S), spec.noise_n, spec.noise_ratio), self._wavelength_m,
            contact.friction, contact.pad_half_m, contact.count, contact.point_m, contact.normal_n, self._want_n,
            contact.slide_m_per_s, dt_s, self.taxels_mn,
        )  # fmt: skip
        return self.taxels_mn
