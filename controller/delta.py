"""The delta rule: a read-out of analog inputs that learns from its error."""

from __future__ import annotations

from numba import int32, njit

from .plasticity import ERROR_MAX, WEIGHT_MAX, dither
from .rounding import nudged


@njit(cache=True, inline="always")
def delta_step(weight, error, x, rate_shift, noise):  # type: ignore[no-untyped-def]
    """Move one weight: w' = sat(w + rounded(error * x / 2^rate_shift)).

    Args:
        weight: 16 fractional bits, |w| <= plasticity.WEIGHT_MAX.
        error: target - output, -32767..32767.
        x: input, int16 range; with a trace for it this is `plasticity.pes_step`.
        rate_shift: learning rate 2^-rate_shift, 1..16.
        noise: 0..65535, from `plasticity.dither`.

    Source: Widrow and Hoff 1960, IRE WESCON 4:96 (least mean squares).
    """
    return nudged(weight, int32(error * x), rate_shift, -WEIGHT_MAX, WEIGHT_MAX, noise)


@njit(cache=True)
def delta_population(weight, error, x, rate_shift, start, learning):  # type: ignore[no-untyped-def]
    """`delta_step` for int32 (outputs, inputs) weight, int32 (outputs,) error, int16 (inputs,) x.

    start: of the rounding noise, from `rounding.noise_start`. learning: 0 freezes. Returns the number of updates.
    """
    if learning == 0:
        return 0
    rate_shift = int32(rate_shift)
    updates = 0
    for row in range(weight.shape[0]):
        limited = int32(min(max(error[row], int32(-ERROR_MAX)), int32(ERROR_MAX)))
        if limited != 0:
            first = row * x.size
            for i in range(x.size):
                noise = dither(start, first + i)
                weight[row, i] = delta_step(weight[row, i], limited, int32(x[i]), rate_shift, noise)
            updates += x.size
    return updates
