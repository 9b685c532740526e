"""The current-based LIF neuron of the Loihi profile: bit for bit what Lava's bit-accurate models of the chip compute.

Other models called Loihi differ: nengo-loihi wraps in two's complement and has a refractory time, brian2_loihi leaves
the offset of the current's decay out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import int32, njit
from numpy.typing import NDArray

from sensors.errors import UserError

UNITY = 4096
V_MOST = (1 << 23) - 1
U_WRAP = 1 << 23


@njit(cache=True, inline="always")
def decay_step(x, keep):  # type: ignore[no-untyped-def]
    """sgn(x) * floor(|x| * keep / 4096) for int32 x and keep 0..4096, within 32 bits.

    The high and the low 12 bits are multiplied apart; adding 4095 to the low product of a negative x turns the floor of
    the shift into truncation toward zero.
    """
    upward = int32(4095) if x < 0 else int32(0)
    low = int32(int32(int32(x & 4095) * keep) + upward)
    return int32(int32(int32(x >> 12) * keep) + int32(low >> 12))


@njit(cache=True, inline="always")
def loihi_step(u, v, a, bias, keep_u, keep_v, threshold):  # type: ignore[no-untyped-def]
    """Advance one neuron: u' = wrap(decay(u) + (a << 6)); v' = sat(decay(v) + u' + bias); fire above, reset to 0.

    Args:
        u: current; -2^23 < u <= 2^23 unless inputs beyond 2^17 drove it further, for the wrap adds 2^24 only once.
        v: membrane, |v| <= 2^23 - 1.
        a: weighted spikes of the step before, from `synapses`; |a| <= 2^24.
        bias: mantissa << exponent, |bias| <= 2^24.
        keep_u: 4095 - du, 0..4095: du = 0 still loses one part in 4096.
        keep_v: 4096 - dv, 0..4096.
        threshold: mantissa * 64; the neuron fires above it, not at it.

    Returns:
        u', v', fired. Sums are taken modulo 2^32, as int32 arrays do.

    Source: the current-based LIF of Davies et al. 2018, IEEE Micro 38:82; widths, shifts and rounding as in the
    fixed-point LIF of Lava (Intel, BSD-3).
    """
    u = int32(decay_step(u, keep_u) + int32(a << 6))
    turn = int32(2 * U_WRAP)
    u = int32(u - turn) if u > U_WRAP else (int32(u + turn) if u <= -U_WRAP else u)
    v = int32(int32(decay_step(v, keep_v) + u) + bias)
    v = int32(min(max(v, int32(-V_MOST)), int32(V_MOST)))
    fired = v > threshold
    return u, (int32(0) if fired else v), fired


@njit(cache=True)
def loihi_population(u, v, a, bias, keep_u, keep_v, threshold, fired):  # type: ignore[no-untyped-def]
    """`loihi_step` for int32 (N,) u, v, a, bias; writes u, v and uint8 (N,) fired, clears a. Returns the spikes."""
    keep_u, keep_v, threshold = int32(keep_u), int32(keep_v), int32(threshold)
    spikes = int32(0)
    for i in range(u.size):
        u[i], v[i], fires = loihi_step(u[i], v[i], a[i], bias[i], keep_u, keep_v, threshold)
        fired[i] = fires
        a[i] = 0
        spikes = int32(spikes + int32(fires))
    return spikes


@njit(cache=True)
def synapses(weight, spikes, exponent, a):  # type: ignore[no-untyped-def]
    """Input of the next step: a = (sum of weights whose input spiked) << exponent, >> after the sum if it is negative.

    weight: int16 (inputs, N), a row per input, from `quantise`. spikes: uint8 (inputs,). exponent: -31..15.
    a: int32 (N,), written. Returns the number of synaptic events.
    """
    a[:] = 0
    events = 0
    for source in range(weight.shape[0]):
        if spikes[source] != 0:
            row = weight[source]
            for i in range(a.size):
                a[i] = int32(a[i] + int32(row[i]))
            events += a.size
    for i in range(a.size):
        a[i] = int32(a[i] << exponent) if exponent >= 0 else int32(a[i] >> -exponent)
    return events


def quantise(weight: NDArray[np.integer], bits: int) -> NDArray[np.int16]:
    """What the chip stores of weights of any shape: 8 bits of magnitude, fewer if asked, one less if signs are mixed.

    Mixed signs are limited to -256..255, all >= 0 to 0..255, all <= 0 to -255..0; then 8 - bits low bits (one more
    if mixed) are cleared, toward minus infinity if mixed, toward zero otherwise.

    Raises:
        UserError: bits is not 0..8.
    """
    if not 0 <= bits <= 8:
        raise UserError(f"weight_bits = {bits} is out of range; expected 0 to 8")
    wide = np.asarray(weight, np.int64)
    mixed = bool((wide > 0).any() and (wide < 0).any())
    sign = -1 if (wide < 0).any() and not mixed else 1
    drop = 8 - bits + mixed
    kept = np.clip(sign * wide, -256 if mixed else 0, 255) >> drop << drop
    rounded: NDArray[np.int16] = (sign * kept).astype(np.int16)
    return rounded


@dataclass(frozen=True, slots=True)
class Loihi:
    """Parameters of one population behind one dense connection, in the chip's terms.

    weight: (N, inputs) as given, before `quantise`. bits, exponent: of all weights. du, dv: decays of 4096. vth:
    threshold mantissa. bias: int32 (N,), mantissa already shifted by its exponent.

    Raises:
        UserError: a parameter that the chip does not have.
    """

    weight: NDArray[np.integer]
    bits: int
    exponent: int
    du: int
    dv: int
    vth: int
    bias: NDArray[np.int32]

    def __post_init__(self) -> None:
        for name, low, high in (("exponent", -31, 15), ("du", 0, 4095), ("dv", 0, 4096), ("vth", 0, (1 << 25) - 1)):
            if not low <= getattr(self, name) <= high:
                raise UserError(f"{name} = {getattr(self, name)} is out of range; expected {low} to {high}")
        if self.weight.ndim != 2 or self.bias.shape != self.weight.shape[:1]:
            raise UserError(f"weight {self.weight.shape} does not fit bias {self.bias.shape}; expected (N, M) and (N,)")

    def run(self, spikes: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]:
        """u, v, fired (T, N) after each step, from rest, for uint8 (T, inputs) spikes."""
        rows = np.ascontiguousarray(quantise(self.weight, self.bits).T)
        steps, n = len(spikes), len(self.bias)
        u, v, fired = (np.zeros((steps, n), dtype) for dtype in (np.int32, np.int32, np.uint8))
        now_u, now_v, a = np.zeros((3, n), np.int32)
        for step in range(steps):
            loihi_population(
                now_u, now_v, a, self.bias, UNITY - 1 - self.du, UNITY - self.dv, self.vth << 6, fired[step]
            )
            u[step], v[step] = now_u, now_v
            synapses(rows, spikes[step], self.exponent, a)
        return u, v, fired
