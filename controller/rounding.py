"""Stochastic rounding, and the move of a bounded weight by a rounded step: what the learning rules have in common."""

from __future__ import annotations

from numba import int32, njit, uint32

from .plasticity import scramble


@njit(cache=True, inline="always")
def rounded(product, shift, noise):  # type: ignore[no-untyped-def]
    """product / 2^shift, rounded down or up so that it is exact on average over `noise`; a product of 0 stays 0.

    Args:
        product: -2^30..2^30.
        shift: 1..16.
        noise: 0..65535, from `plasticity.dither`; 32768 would be rounding to nearest.

    Source: Gupta et al. 2015, ICML 37:1737 (stochastic rounding).
    """
    return int32(int32(product + int32(noise >> int32(16 - shift))) >> shift)


@njit(cache=True, inline="always")
def nudged(weight, product, shift, low, high, noise):  # type: ignore[no-untyped-def]
    """A weight moved by `rounded(product, shift, noise)` and kept within low..high, all of them within +-(2^30 - 1)."""
    return min(max(int32(weight + rounded(product, shift, noise)), int32(low)), int32(high))


@njit(cache=True, inline="always")
def noise_start(key, tick, stream):  # type: ignore[no-untyped-def]
    """Where `plasticity.dither` starts: a hash of tick and stream, so that draws of one tick are independent.

    key: seed, uint32. tick: uint32. stream: 0..3, which draw of the tick.
    """
    return scramble(uint32(scramble(key) + uint32(uint32(uint32(tick) << uint32(2)) + uint32(stream))))
