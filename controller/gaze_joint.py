"""A joint of the head as its controller imagines it: an inertia that is learned, and a copy of what it was told.

Senses are late. A forward model says from the efforts sent meanwhile where the joint must be by now, so that nothing is
corrected twice (Miall, Weir, Wolpert and Stein 1993, "Is the cerebellum a Smith predictor?"). What an effort does to a
joint, its response, differs from head to head: it is learned while the head moves.
"""

from __future__ import annotations

from numba import int32, int64, njit, uint32

from .gaze_sight import SURE
from .guard import clamp

SENT = 64
"""Efforts that are remembered, a power of two: senses may be less late by two ticks."""
RATE_MOST = 1 << 24  # U / 65536 per tick: 25 rad/s
MOVING = 65536  # likewise: 0.1 rad/s, above which friction no longer swallows what is sent
WAY_MOST = 1 << 24  # U / 256: far above what an offset may be
PULL_MOST = 1 << 20  # effort LSB: far above what any guard lets pass
TREMOR_TICKS = 120
PACE = 32
"""Of the error that one change of effort shows, the response takes a 32nd at most."""


@njit(cache=True)
def catch_up(s, joint, angle, rate):  # type: ignore[no-untyped-def]
    """Where a joint is by now, U / 256, and its rate, by what was sensed and what was sent since.

    angle: U. rate: U / 65536 per tick.
    """
    way = int32(0)
    for ago in range(s.late, 0, -1):
        push = int64(s.sent[joint, (s.tick - uint32(ago)) & uint32(SENT - 1)])
        rate = int32(clamp(rate + ((s.response[joint] * push) >> 12), -RATE_MOST, RATE_MOST))
        way += rate
    return (angle << 8) + (way >> 8), rate


@njit(cache=True)
def braking(s, joint, fast):  # type: ignore[no-untyped-def]
    """The way, U / 256, in which all the effort there is would end a speed `fast`, U / 65536 per tick.

    Added to an offset it lets a spring brake in time, however far the target was: a glance without swinging past.
    """
    fall = (int64(s.response[joint]) * s.most) >> 12
    return int32(clamp(((int64(fast) * abs(fast)) // (2 * fall + 1)) >> 8, -WAY_MOST, WAY_MOST))


@njit(cache=True, inline="always")
def swing(phase, ticks, size):  # type: ignore[no-untyped-def]
    """A triangle wave of period `ticks` between -size and size."""
    half = ticks >> 1
    there = phase % ticks
    return (there if there < half else ticks - there) * 2 * size // half - size


@njit(cache=True)
def draw(s, joint, angle, rate):  # type: ignore[no-untyped-def]
    """Effort that draws a joint to where the target is; as sensed, angle in U and rate in U / 65536 per tick.

    A spring and a damper say how fast to accelerate, the joint's response what effort that takes: so heads of any
    inertia move alike. One that knows of no target trembles.
    """
    now, rate = catch_up(s, joint, angle, rate)
    ahead = s.where[joint] + (((s.late + s.sight) * s.speed[joint] + s.lead * (s.speed[joint] - rate)) >> 8)
    fast = clamp(s.speed[joint] - rate, -RATE_MOST, RATE_MOST)
    off = clamp((ahead - now + braking(s, joint, fast)) >> 8, -6000, 6000)
    if s.quiet > s.patience and s.surety <= SURE >> 1:
        off += swing(int32(s.tick) + joint * (TREMOR_TICKS >> 2), TREMOR_TICKS, s.tremor)
    wanted = int64(s.stiff) * off + ((int64(s.damp) * fast) >> 16)
    return int32(clamp((wanted << 12) // s.response[joint], -PULL_MOST, PULL_MOST))


@njit(cache=True)
def learn_response(s, joint, rate):  # type: ignore[no-untyped-def]
    """Correct a joint's response by how its acceleration changed with the effort (NLMS; Nagumo and Noda 1967).

    Changes, for what friction and weight add to either hardly changes as long as the joint moves.
    rate: U / 65536 per tick, that of `s.late` ticks ago.
    """
    then = s.tick - uint32(s.late + 1)
    push = int64(s.sent[joint, then & uint32(SENT - 1)]) - s.sent[joint, (then - uint32(1)) & uint32(SENT - 1)]
    gained = int32(rate - s.rate[joint])
    error = int64(gained) - s.gained[joint] - ((s.response[joint] * push) >> 12)
    slowest = min(abs(rate), abs(s.rate[joint]), abs(s.rate[joint] - s.gained[joint]))
    s.rate[joint], s.gained[joint] = rate, gained
    if s.learning != 0 and slowest > MOVING:
        moved = s.response[joint] + ((error * push) << 12) // (PACE * (push * push + s.noise[joint]))
        s.response[joint] = int32(clamp(moved, int64(s.least[joint]), int64(s.least[joint]) << 4))
        s.ledger[2] += 1


@njit(cache=True)
def remember_push(s, joint, push):  # type: ignore[no-untyped-def]
    """Keep what was sent in this tick, without what only holds against weight and friction; effort LSB."""
    s.sent[joint, s.tick & uint32(SENT - 1)] = clamp(push, -32767, 32767)
