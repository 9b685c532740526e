"""Workload W1: analog inputs, a population of LIF neurons, read-outs learned by PES in every step; as one record.

100 inputs, 1000 neurons and 7 outputs are the size of an adaptive arm controller. A step is one call from Python.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import int32, uint32
from numpy.typing import NDArray

from controller.connections import BLOCK, dense
from controller.kernels import kernel
from controller.neuron import lif_population, trace_population
from controller.plasticity import pes_population, read_out, scramble

SIZE: Final = (100, 1000, 7)
ENCODER_SHIFT, LEAK_SHIFT, THRESHOLD = 8, 5, 16384
TRACE_SHIFT, TRACE_STEP, RATE_SHIFT = 5, 512, 16


def layout(inputs: int, neurons: int, outputs: int) -> np.dtype[np.void]:
    """The record of such a network: everything its future depends on. Inputs are padded to a multiple of four."""
    return np.dtype(
        [
            ("tick", "<u4"),
            ("key", "<u4"),  # of the rounding noise
            ("learning", "<i4"),
            ("encoder", "i1", (inputs + -inputs % BLOCK, neurons)),
            ("bias", "<i4", neurons),
            ("current", "<i4", neurons),
            ("v", "<i4", neurons),
            ("alive", "u1", neurons),
            ("fired", "u1", neurons),
            ("activity", "<i2", neurons),
            ("weight", "<i4", (outputs, neurons)),
            ("output", "<i4", outputs),
            ("spikes", "<i8"),
        ],
        align=True,
    )


def build(inputs: int, neurons: int, outputs: int, seed: int = 1) -> NDArray[np.void]:
    """A network with random encoders that has learned nothing: one record."""
    rng = np.random.default_rng(seed)
    state = np.zeros(1, layout(inputs, neurons, outputs))
    s = state[0]
    s["key"] = rng.integers(1 << 32)
    s["learning"] = 1
    scale = 300 / np.sqrt(inputs)
    s["encoder"][:inputs] = np.clip(np.rint(scale * rng.standard_normal((inputs, neurons))), -127, 127)
    s["bias"] = rng.integers(-500, 2000, neurons)
    s["alive"] = 1
    return state


def inputs_and_targets(
    inputs: int, outputs: int, ticks: int, seed: int = 2
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Slow random signals x (ticks, padded inputs) of norm near 32767, and targets (ticks, outputs) made of them."""
    rng = np.random.default_rng(seed)
    time = np.arange(ticks)[:, None]
    phase, period = rng.uniform(0, 2 * np.pi, inputs), rng.uniform(200, 2000, inputs)
    x = 32767 / np.sqrt(max(inputs, 2)) * np.sin(2 * np.pi * time / period + phase)
    padded = np.pad(x, ((0, 0), (0, -inputs % BLOCK)))
    target = x @ rng.standard_normal((inputs, outputs)) / 4
    return np.rint(padded).astype(np.int16), np.clip(np.rint(target), -32768, 32767).astype(np.int16)


@kernel
def tick(state, x, target):  # type: ignore[no-untyped-def]
    """One step on record `state` (1,): x int16 (padded inputs,), target int16 (outputs,); writes state.output."""
    s = state[0]
    s.tick += uint32(1)
    current = s.current
    current[:] = 0
    dense(x, s.encoder, current)
    for i in range(current.size):
        current[i] = int32(s.bias[i] + int32(current[i] >> int32(ENCODER_SHIFT)))
    s.spikes += lif_population(s.v, current, LEAK_SHIFT, THRESHOLD, s.alive, s.fired)
    trace_population(s.activity, s.fired, TRACE_SHIFT, TRACE_STEP)
    outputs = s.output.size
    start = uint32(scramble(s.key) + uint32(s.tick * uint32(outputs)))
    for k in range(outputs):
        s.output[k] = read_out(s.weight[k], s.activity)
        if s.learning != 0:
            error = int32(int32(target[k]) - s.output[k])
            pes_population(s.weight[k], error, s.activity, RATE_SHIFT, scramble(uint32(start + uint32(k))))
