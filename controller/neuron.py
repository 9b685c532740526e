"""The laws of the integer neurons: each a scalar function that C and Verilog mirror, and its population kernel.

Membranes are int32 that stay in the int16 range, traces int16. `>>` rounds toward minus infinity everywhere.
"""

from __future__ import annotations

from numba import int16, int32, njit, uint8

V_MIN = -32768
V_MAX = 32767
TRACE_MAX = 32767


@njit(cache=True, inline="always")
def lif_step(v, current, leak_shift, threshold):  # type: ignore[no-untyped-def]
    """Advance one neuron by one tick: v' = sat16(v - (v >> leak_shift) + current); fire and subtract at threshold.

    Args:
        v: membrane state, int16 range.
        current: summed synaptic input of this tick, -2^24..2^24.
        leak_shift: time constant of 2^leak_shift ticks, 1..15.
        threshold: firing level, 1..32767.

    Returns:
        v', fired.

    Source: leaky integrate-and-fire, Gerstner et al. 2014, Neuronal Dynamics, eq. 1.9, forward Euler; unlike it, reset
    subtracts the threshold, so that the residue is kept and the rate stays proportional to the drive.
    """
    v = int32(min(max(int32(int32(v - int32(v >> leak_shift)) + current), int32(V_MIN)), int32(V_MAX)))
    fired = v >= threshold
    return (int32(v - threshold) if fired else v), fired


@njit(cache=True, inline="always")
def trace_step(trace, fired, decay_shift, step):  # type: ignore[no-untyped-def]
    """Advance a spike trace by one tick: a' = min(a - (a >> decay_shift) + step * fired, 32767), a in 0..32767.

    decay_shift: time constant of 2^decay_shift ticks, 1..14. step: 1..32767. Traces below 2^decay_shift stay where they
    are (floor of the shift), less than one part in a hundred of a firing neuron's.
    """
    more = int32(step) if fired else int32(0)
    return min(int32(int32(trace - int32(trace >> decay_shift)) + more), int32(TRACE_MAX))


@njit(cache=True)
def lif_population(v, current, leak_shift, threshold, alive, fired):  # type: ignore[no-untyped-def]
    """`lif_step` for each neuron of int32 (N,) `v`; dead ones (alive == 0) never fire. Returns the number of spikes."""
    leak_shift, threshold = int32(leak_shift), int32(threshold)
    spikes = int32(0)
    for i in range(v.size):
        next_v, fires = lif_step(int32(v[i]), int32(current[i]), leak_shift, threshold)
        v[i] = next_v
        spike = uint8(fires) & uint8(alive[i] != 0)
        fired[i] = spike
        spikes = int32(spikes + int32(spike))
    return spikes


@njit(cache=True)
def lif_narrow(v, current, leak_shift, threshold, alive, fired):  # type: ignore[no-untyped-def]
    """`lif_population` on int16 (N,) v and current, for large populations: half the memory, twice the neurons at once.

    current is cleared for the next tick. alive is 0 or 1. leak_shift: 2..15, since v >> k is computed as the high half
    of v * 2^(16 - k), which machines have for vectors; so they have the saturated sum. Spikes are not counted here:
    `connections.compact` does.
    """
    keep, threshold = int16(int32(1) << int32(16 - leak_shift)), int16(threshold)
    for i in range(v.size):
        leaked = int16(v[i] - int16(int32(int32(v[i]) * int32(keep)) >> 16))
        next_v = int16(min(max(int32(int32(leaked) + int32(current[i])), int32(V_MIN)), int32(V_MAX)))
        fires = next_v >= threshold
        v[i] = int16(next_v - (threshold if fires else int16(0)))
        current[i] = 0
        fired[i] = uint8(fires) & alive[i]


@njit(cache=True)
def trace_population(trace, fired, decay_shift, step):  # type: ignore[no-untyped-def]
    """`trace_step` for each of int16 (N,) `trace`."""
    decay_shift, step = int32(decay_shift), int32(step)
    for i in range(trace.size):
        trace[i] = trace_step(int32(trace[i]), fired[i], decay_shift, step)


@njit(cache=True)
def encode(x, encoder, bias, shift, current):  # type: ignore[no-untyped-def]
    """Drive of a population code: current = bias + (encoder . x >> shift); x int16 (D,), encoder int8 (N, D)."""
    shift = int32(shift)
    if x.size == 2:  # all neurons of a plane at once, which a loop within the loop would forbid
        along, across = int32(x[0]), int32(x[1])
        for i in range(current.size):
            total = int32(int32(int32(encoder[i, 0]) * along) + int32(int32(encoder[i, 1]) * across))
            current[i] = int32(bias[i] + int32(total >> shift))
        return
    for i in range(current.size):
        total = int32(0)
        for d in range(x.size):
            total = int32(total + int32(int32(encoder[i, d]) * int32(x[d])))
        current[i] = int32(bias[i] + int32(total >> shift))
