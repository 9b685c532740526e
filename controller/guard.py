"""The last word before the motors: whatever the network says, effort and slew stay within limits.

A stale command decays to a safe one: for a gripper that holds, safe is to keep the last grip and to stop lifting.
"""

from __future__ import annotations

from numba import int32, njit


@njit(cache=True, inline="always")
def clamp(x, low, high):  # type: ignore[no-untyped-def]
    """Return x limited to low..high."""
    return min(max(x, low), high)


@njit(cache=True, inline="always")
def guard_step(last, asked, low, high, slew):  # type: ignore[no-untyped-def]
    """Limit one actuator's effort: clamp `asked` to low..high, then let it move at most `slew` from `last` per tick.

    All int16 range, low <= high, slew >= 1. If `last` itself is out of range, it moves toward the range by `slew`.
    """
    return clamp(clamp(asked, low, high), last - slew, last + slew)


@njit(cache=True, inline="always")
def stale_step(last, safe, fall):  # type: ignore[no-untyped-def]
    """Effort when no command came this tick: move from `last` toward `safe` by at most `fall`, 1..32767."""
    return clamp(safe, last - fall, last + fall)


@njit(cache=True)
def guard_efforts(last, asked, low, high, slew):  # type: ignore[no-untyped-def]
    """`guard_step` for each of int16 (E,) `last`, in place; `asked` is int32 (E,)."""
    for i in range(last.size):
        last[i] = guard_step(int32(last[i]), asked[i], int32(low[i]), int32(high[i]), int32(slew[i]))
