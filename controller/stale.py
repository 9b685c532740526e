"""A tick in which no senses came: the grip stays, for what is held must not fall, and lifting ends."""

from __future__ import annotations

from numba import int16, int32, njit

from .guard import stale_step

HOLD_TICKS = 5
"""Ticks for which the last efforts are held, since one that is late may still come."""
LIFT_FALL = 2000
"""LSB of the lifting effort per tick: from its limit to none in 8 ticks, so that with HOLD_TICKS it takes 13."""


@njit(cache=True)
def stale_tick(state):  # type: ignore[no-untyped-def]
    """Decay the efforts of record `state`, IMAGE (1,), by one tick; returns whether all of them are safe now."""
    s = state[0]
    s.effort[0] = int16(stale_step(int32(s.effort[0]), int32(0), int32(LIFT_FALL)))
    return s.effort[0] == 0
