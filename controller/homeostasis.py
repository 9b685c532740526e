"""The homeostatic threshold: a neuron that fires more often than it should becomes harder to fire, and the reverse."""

from __future__ import annotations

from numba import int32, njit

from .neuron import lif_step
from .plasticity import dither
from .rounding import nudged


@njit(cache=True, inline="always")
def homeostasis_step(threshold, fired, target, rate_shift, low, high, noise):  # type: ignore[no-untyped-def]
    """Move one threshold: T' = T + rounded((2^15 * fired - target) / 2^rate_shift), within low..high.

    Args:
        threshold: firing level, low..high.
        fired: whether the neuron fired in this tick.
        target: spikes per tick it should fire, in 1/32768, 0..32768.
        rate_shift: 1..16; at 16 a spike costs half a level.
        low, high: 1..32767.
        noise: 0..65535, from `plasticity.dither`.

    Source: intrinsic plasticity of Lazar, Pipa and Triesch 2009, Front. Comput. Neurosci. 3:23, T' = T + eta (x - H).
    """
    surplus = int32(int32(32768 if fired else 0) - target)
    return nudged(threshold, surplus, rate_shift, low, high, noise)


@njit(cache=True)
def homeostasis_population(threshold, fired, target, rate_shift, low, high, start, learning):  # type: ignore[no-untyped-def]
    """`homeostasis_step` for int32 (N,) threshold and uint8 (N,) fired; learning 0 freezes. Returns the updates."""
    if learning == 0:
        return 0
    target, rate_shift, low, high = int32(target), int32(rate_shift), int32(low), int32(high)
    for i in range(threshold.size):
        threshold[i] = homeostasis_step(threshold[i], fired[i] != 0, target, rate_shift, low, high, dither(start, i))
    return threshold.size


@njit(cache=True)
def own_threshold_population(v, current, leak_shift, threshold, fired):  # type: ignore[no-untyped-def]
    """`neuron.lif_step` where each neuron has a threshold of its own, int32 (N,). Returns the number of spikes."""
    spikes = int32(0)
    for i in range(v.size):
        after, fires = lif_step(v[i], current[i], leak_shift, threshold[i])
        v[i] = int32(after)
        fired[i] = fires
        spikes = int32(spikes + int32(fires))
    return spikes
