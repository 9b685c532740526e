"""The Izhikevich neuron in fixed point: the one place of its arithmetic, for afferents and for populations."""

from __future__ import annotations

from typing import NamedTuple

from numba import int32, njit

V_REST = -65 << 8
V_PEAK = 30 << 8
V_LEAST = -90 << 8
U_MOST = 1 << 20


class Kind(NamedTuple):
    """Parameters of a neuron: a, b in 1/256, c, d in 1/256 mV; ranges as in `izhikevich_step`."""

    a: int
    b: int
    c: int
    d: int


REGULAR = Kind(5, 51, V_REST, 8 << 8)
BURSTING = Kind(5, 51, -55 << 8, 4 << 8)
CHATTERING = Kind(5, 51, -50 << 8, 2 << 8)
FAST = Kind(26, 51, V_REST, 2 << 8)
LOW_THRESHOLD = Kind(5, 64, V_REST, 2 << 8)


@njit(cache=True, inline="always")
def izhikevich_step(v, u, current, a, b, c, d):  # type: ignore[no-untyped-def]
    """Advance one neuron by 1 ms: v' = v + 0.04 v^2 + 5 v + 140 - u + I; u' = u + a (b v' - u).

    Args:
        v: membrane potential in 1/256 mV, V_LEAST..V_PEAK.
        u: recovery in 1/256 mV, |u| <= U_MOST.
        current: input in 1/256 mV, -65536..65535.
        a: pace of the recovery, 1..255, in 1/256.
        b: its sensitivity, 0..255, in 1/256.
        c: where the membrane returns to, V_LEAST..V_PEAK - 1.
        d: what a spike adds to the recovery, 0..32767.

    Returns:
        v, u, fired; on firing v = c and u grows by d. 0.04 is 41/1024, every >> rounds toward minus infinity, v is
        limited below to V_LEAST, u to +-U_MOST, and nothing exceeds 32 bits.

    Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, equations 1 to 3; unlike its listing, one step of v per
    ms instead of two halves.
    """
    square = int32(int32(int32(int32(v * v) >> 8) * 41) >> 10)
    v = int32(int32(v + square) + int32(int32(int32(5 * v) + int32(140 << 8)) + int32(current - u)))
    u = int32(u + int32(int32(a * int32(int32(int32(b * v) >> 8) - u)) >> 8))
    fired = v >= V_PEAK
    u = int32(u + int32(d)) if fired else u
    u = min(max(u, int32(-U_MOST)), int32(U_MOST))
    return (int32(c) if fired else max(v, int32(V_LEAST))), u, fired
