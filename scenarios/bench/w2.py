"""Workload W2: a recurrent network of current-based LIF neurons (the Loihi profile), sparse at random, as one record.

Four fifths of the neurons excite, one fifth inhibits four times as strongly, each reaches 2 % of all; a steady drive
that differs from neuron to neuron keeps them at 10 to 13 Hz. The same in physical terms, for other systems:
tau_m dv/dt = i - v + g, tau_s dg/dt = -g, a spike at v > 1 resets v to 0 and adds `weight` to g of its targets, one
step later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from controller.connections import compact, sparse
from controller.kernels import kernel
from controller.loihi import UNITY, loihi_population

TAU_M_MS, TAU_S_MS, DENSITY, INHIBITORY, STRENGTH = 20.0, 5.0, 0.02, 0.2, 0.02
DRIVE: Final = (0.955, 1.065)
SCALE_BITS: Final = {1.0: 20, 0.1: 22}
"""v = 1 is 2^bits; finer for short steps, in which less is added."""


@dataclass(frozen=True, slots=True)
class Physics:
    """The network in physical terms. drive: float64 (N,). excite, inhibit: jump of g. fan: targets of each neuron."""

    neurons: int
    dt_ms: float
    drive: NDArray[np.float64]
    excite: float
    inhibit: float
    fan: int

    @property
    def excitatory(self) -> int:
        """How many neurons, the first ones, excite."""
        return self.neurons - round(INHIBITORY * self.neurons)


@dataclass(frozen=True, slots=True)
class Recurrent:
    """The network in integers. state: one record. target: uint16 (synapses,). weight: int8 (synapses,)."""

    state: NDArray[np.void]
    target: NDArray[np.uint16]
    weight: NDArray[np.int8]


def layout(neurons: int) -> np.dtype[np.void]:
    """The record of such a network without its synapses, which do not change."""
    return np.dtype(
        [
            ("fired", "u1", neurons),  # first, so that it is aligned to 8 bytes
            ("addresses", "<u2", neurons),
            ("keep_u", "<i4"),
            ("keep_v", "<i4"),
            ("threshold", "<i4"),
            ("u", "<i4", neurons),
            ("v", "<i4", neurons),
            ("a", "<i4", neurons),
            ("bias", "<i4", neurons),
            ("start", "<u4", neurons + 1),
            ("spikes", "<i8"),
            ("events", "<i8"),
        ],
        align=True,
    )


def unit(dt_ms: float) -> float:
    """Jump of g per unit of an integer weight."""
    return float(64 / (1 << SCALE_BITS[dt_ms]) * TAU_M_MS / dt_ms)


def physics(neurons: int, dt_ms: float, seed: int = 1) -> Physics:
    """The network's parameters, weights as far as integers can hold them."""
    fan = max(round(DENSITY * neurons), 1)
    excite = min(max(round(STRENGTH * np.sqrt(80 / fan) / unit(dt_ms)), 1), 31)  # four times as much fits int8
    drive = np.random.default_rng(seed).uniform(*DRIVE, neurons)
    return Physics(neurons, dt_ms, drive, excite * unit(dt_ms), -4 * excite * unit(dt_ms), fan)


def build(neurons: int, dt_ms: float, seed: int = 1) -> Recurrent:
    """The network at random membranes; neurons is a multiple of 8, at most 65536."""
    p = physics(neurons, dt_ms, seed)
    rng = np.random.default_rng(seed + 1)
    one = 1 << SCALE_BITS[dt_ms]
    state = np.zeros(1, layout(neurons))
    s = state[0]
    s["keep_u"] = UNITY - 1 - round(UNITY * -np.expm1(-dt_ms / TAU_S_MS))
    s["keep_v"] = UNITY - round(UNITY * -np.expm1(-dt_ms / TAU_M_MS))
    s["threshold"] = one
    s["bias"] = np.rint(p.drive * one * (UNITY - s["keep_v"]) / UNITY)
    s["v"] = rng.integers(0, one, neurons)
    s["start"] = np.arange(neurons + 1) * p.fan
    target = np.empty((neurons, p.fan), np.uint16)
    for source in range(neurons):
        target[source] = rng.integers(0, neurons, p.fan)
    target.sort(axis=1)  # nearer in memory
    weight = np.full((neurons, p.fan), round(p.excite / unit(dt_ms)), np.int8)
    weight[p.excitatory :] = round(p.inhibit / unit(dt_ms))
    return Recurrent(state, target.reshape(-1), weight.reshape(-1))


@kernel
def run(state, target, weight, ticks):  # type: ignore[no-untyped-def]
    """Advance record `state` (1,) by `ticks` steps."""
    s = state[0]
    for _ in range(ticks):
        s.spikes += loihi_population(s.u, s.v, s.a, s.bias, s.keep_u, s.keep_v, s.threshold, s.fired)
        count = compact(s.fired, s.addresses)
        s.events += sparse(s.addresses, count, s.start, target, weight, 0, s.a)
