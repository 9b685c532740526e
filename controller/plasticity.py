"""The laws of the integer learning rules, and the counter-based generator that their rounding is made of.

A read-out weight is int32 with 16 fractional bits. Round-to-nearest stalls as soon as an update is smaller than half a
bit, so updates are rounded stochastically, by a generator that is part of the law: same counter, same bits, everywhere.
"""

from __future__ import annotations

from numba import int16, int32, int64, njit, uint32

WEIGHT_MAX = (1 << 30) - 1
NARROW_MAX = 32767
ERROR_MAX = 32767
WEYL = 0x9E3779B1


@njit(cache=True, inline="always")
def scramble(counter):  # type: ignore[no-untyped-def]
    """Hash a uint32 counter into a uniform uint32; a bijection, so no seed is lost.

    Source: lowbias32 of C. Wellons, "Prospecting for Hash Functions" (2018), public domain.
    """
    x = uint32(counter)
    x = uint32(x ^ (x >> uint32(16)))
    x = uint32(x * uint32(0x7FEB352D))
    x = uint32(x ^ (x >> uint32(15)))
    x = uint32(x * uint32(0x846CA68B))
    return uint32(x ^ (x >> uint32(16)))


@njit(cache=True, inline="always")
def dither(start, index):  # type: ignore[no-untyped-def]
    """Rounding noise of neuron `index`, 0..65535: the high half of start + index * WEYL.

    `start` is `scramble` of the tick, so each neuron's noise is uniform over ticks; within a tick the golden-ratio
    sequence (Weyl 1916) spreads it evenly over the population, which leaves the summed rounding error small.
    """
    return int32(uint32(start + uint32(index) * uint32(WEYL)) >> uint32(16))


@njit(cache=True, inline="always")
def pes_step(weight, error, trace, rate_shift, noise):  # type: ignore[no-untyped-def]
    """Move one read-out weight: w' = sat(w + floor((error * trace + (noise >> (16 - rate_shift))) / 2^rate_shift)).

    Args:
        weight: 16 fractional bits, |w| <= WEIGHT_MAX.
        error: what the read-out lacks, target - output, int16 range.
        trace: the neuron's activity, 0..32767.
        rate_shift: learning rate 2^-rate_shift, 1..16; the update is exact on average.
        noise: 0..65535, from `dither`.

    Source: prescribed error sensitivity, MacNeil and Eliasmith 2011, PLoS ONE 6:e22885, eq. 8.
    """
    step = int32(int32(int32(error * trace) + int32(noise >> int32(16 - rate_shift))) >> rate_shift)
    return min(max(int32(weight + step), int32(-WEIGHT_MAX)), int32(WEIGHT_MAX))


@njit(cache=True)
def pes_population(weight, error, trace, rate_shift, start):  # type: ignore[no-untyped-def]
    """`pes_step` for int32 (N,) `weight` wherever the trace is not zero. Returns the number of updates."""
    limited = int32(min(max(error, -ERROR_MAX), ERROR_MAX))
    rate_shift = int32(rate_shift)
    updates = int32(0)
    for i in range(weight.size):  # a choice of two values, not a branch, so that many are computed at once
        moved = pes_step(weight[i], limited, int32(trace[i]), rate_shift, dither(start, i))
        weight[i] = moved if trace[i] != 0 else weight[i]
        updates = int32(updates + int32(trace[i] != 0))
    return updates


@njit(cache=True)
def read_out(weight, trace):  # type: ignore[no-untyped-def]
    """Decode a population: floor(sum(w * a) / 2^16), saturated to +-(2^30); the sum is held in 64 bits."""
    total = int64(0)
    for i in range(weight.size):
        total += int64(weight[i]) * int64(trace[i])
    return int32(min(max(total >> 16, -(1 << 30)), 1 << 30))


@njit(cache=True)
def pes_narrow(weight, error, trace, rate_shift, start):  # type: ignore[no-untyped-def]
    """`pes_population` on weights of 16 bits in words of 32: w' = sat16(pes_step(int16(w))), sat16 to +-NARROW_MAX.

    A bit that flips in the upper half of a word is not read, so it changes nothing, and the next step clears it.
    """
    limited = int32(min(max(error, -ERROR_MAX), ERROR_MAX))
    rate_shift = int32(rate_shift)
    updates = int32(0)
    for i in range(weight.size):
        moved = pes_step(int32(int16(weight[i])), limited, int32(trace[i]), rate_shift, dither(start, i))
        moved = min(max(moved, int32(-NARROW_MAX)), int32(NARROW_MAX))
        weight[i] = moved if trace[i] != 0 else weight[i]
        updates = int32(updates + int32(trace[i] != 0))
    return updates


@njit(cache=True)
def read_narrow(weight, trace):  # type: ignore[no-untyped-def]
    """`read_out` of weights of 16 bits in words of 32: floor(sum(int16(w) * a) / 2^16), of at most 65536 neurons."""
    total = int64(0)
    for i in range(weight.size):
        total += int64(int32(int32(int16(weight[i])) * int32(trace[i])))
    return int32(total >> 16)


@njit(cache=True)
def pes_nearest(weight, error, trace, rate_shift):  # type: ignore[no-untyped-def]
    """`pes_population` rounded to nearest: it stalls where an update is below half a bit. For comparison only."""
    error = int64(min(max(error, -ERROR_MAX), ERROR_MAX))
    updates = int32(0)
    for i in range(weight.size):
        if trace[i] != 0:
            weight[i] = int32(pes_step(int64(weight[i]), error, int64(trace[i]), rate_shift, int64(32768)))
            updates += int32(1)
    return updates
