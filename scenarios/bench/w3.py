"""Workload W3: address-events of a 128 x 128 sensor into 32768 LIF neurons by convolution, and a pooled read-out.

Kernel 5 x 5, stride 2, eight channels; spikes are summed over 8 x 8 outputs, and a linear read-out adds the weights of
the cells they fall into.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import int32
from numpy.typing import NDArray

from controller.connections import compact, convolve, dense_few, patches, pool, pool_places
from controller.kernels import kernel
from controller.neuron import lif_narrow

SIDE: Final = 128
KERNEL, STRIDE, PAD, CHANNELS, POOL, OUTPUTS = 5, 2, 2, 8, 8, 4
LEAK_SHIFT, THRESHOLD = 5, 500
EVENTS_MOST: Final = 32767 // 127
"""Events of a tick whose patches cannot leave int16, even if all fell on one pixel; more are handed on in parts."""


def layout(side: int, size: int = POOL) -> np.dtype[np.void]:
    """The record for a sensor of side x side pixels, outputs pooled size x size."""
    out = side // STRIDE
    neurons, cells = out * out * CHANNELS, (out // size) ** 2 * CHANNELS
    return np.dtype(
        [
            ("fired", "u1", neurons),  # first, so that it is aligned to 8 bytes
            ("patch", "<i2", (2, KERNEL, STRIDE, -(-KERNEL // STRIDE) * CHANNELS)),
            ("current", "<i2", (out, out * CHANNELS)),
            ("v", "<i2", neurons),
            ("alive", "u1", neurons),
            ("addresses", "<u2", neurons),
            ("place", "<u4", neurons),
            ("pooled", "<i2", cells + 1),  # what fills no cell falls into the last, which no weight reads
            ("readout", "i1", (OUTPUTS, cells + 1)),
            ("output", "<i4", OUTPUTS),
            ("spikes", "<i8"),
            ("events", "<i8"),
        ],
        align=True,
    )


def kernels(seed: int = 1) -> NDArray[np.int64]:
    """Random kernels (CHANNELS, 2, KERNEL, KERNEL) whose sum is positive."""
    return np.random.default_rng(seed).integers(-60, 110, (CHANNELS, 2, KERNEL, KERNEL))


def build(side: int = SIDE, size: int = POOL, seed: int = 1) -> NDArray[np.void]:
    """The network at rest: one record."""
    state = np.zeros(1, layout(side, size))
    s = state[0]
    out = side // STRIDE
    s["patch"] = patches(kernels(seed), STRIDE)
    s["alive"] = 1
    s["place"] = pool_places(out, out, CHANNELS, size)
    s["readout"][:, :-1] = np.random.default_rng(seed + 1).integers(-127, 128, s["readout"][:, :-1].shape)
    return state


def events(side: int, each: int, ticks: int, seed: int = 3) -> NDArray[np.void]:
    """Records (ticks, each) of fields x, y <u2 and p u1, anywhere on the sensor, as if a textured scene moved."""
    rng = np.random.default_rng(seed)
    out = np.zeros((ticks, each), [("x", "<u2"), ("y", "<u2"), ("p", "u1")])
    out["x"], out["y"] = rng.integers(0, side, (2, ticks, each))
    out["p"] = rng.integers(0, 2, (ticks, each))
    return out


def fields(records: NDArray[np.void]) -> tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint8]]:
    """Their columns x, y and p, each in memory of its own, as `tick` reads them."""
    x, y, p = (np.ascontiguousarray(records[name]) for name in ("x", "y", "p"))
    return x, y, p


@kernel
def tick(state, xs, ys, ps):  # type: ignore[no-untyped-def]
    """One millisecond on record `state` (1,): xs, ys uint16 and ps uint8 (events,); writes state.output."""
    s = state[0]
    s.events += convolve(xs, ys, ps, xs.size, s.patch, STRIDE, PAD, s.current)
    lif_narrow(s.v, s.current.reshape(-1), LEAK_SHIFT, THRESHOLD, s.alive, s.fired)
    count = compact(s.fired, s.addresses)
    s.spikes += count
    s.pooled[:] = 0
    pool(s.addresses, count, s.place, s.pooled)
    for k in range(s.output.size):
        s.output[k] = int32(s.output[k] - int32(s.output[k] >> int32(LEAK_SHIFT)))
    dense_few(s.pooled, s.readout, s.output)
