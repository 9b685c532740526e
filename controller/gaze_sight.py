"""Where the target is: a spiking map attends to it, its spikes vote on how far it has moved, and votes are followed.

A map of LIF neurons, one a camera cell, hears the cells' spikes the louder the nearer they are to where the target is
expected. Those that fire vote: against the remembered outline (`gaze_outline.py`) when the network is sure of its
target, for its middle as long as it is not. All in the head's own angles, so that nothing is lost as the head turns.
"""

from __future__ import annotations

from numba import int32, int64, njit

from .gaze_outline import KNOWN, SIDE, deposit, fade, nearby, recentre
from .guard import clamp
from .neuron import lif_step

THRESHOLD, MAP_LEAK_SHIFT = 16384, 3
WEIGHT = 17000
"""Of a cell's spike in the window of attention: one is enough."""
SURE = 4096
SURER = 12
"""How much surer a vote within twice the window makes it, and one outside less sure: about 170 to trust the outline."""
ELSEWHERE = 4
"""Spikes of a tick, none of which is near the target, that make it less sure: fewer may be noise."""
FULL_VOTES = 32
"""Votes that move the estimate by alpha and beta; fewer by as much less."""
WIDE_ALPHA, WIDE_VOTES = 491, 8
"""Share, in 1/4096, of a mean offset from the middle that position takes while unsure, at so many votes."""
RESTING = 34000  # U / 65536 per tick: 3 degrees a second
"""Slower than this a target is taken to rest, and the estimated speed, then mere noise, fades: the head is calm."""
FASTEST = 1 << 20  # U / 65536 per tick: 1.6 rad/s
WIDEST = 15000 << 8  # U / 256


@njit(cache=True)
def look(s, spikes, count, pan, tilt):  # type: ignore[no-untyped-def]
    """One tick of sight: expect, attend, vote, follow, remember. Returns the number of votes.

    spikes[:count]: addresses of cells. pan, tilt: of the head when they were made, U.
    """
    for k in range(2):
        s.frame[k] = clamp(s.frame[k] + ((s.speed[k] + 128) >> 8), -WIDEST, WIDEST)
    votes = attend(s, spikes, count, pan, tilt)
    s.quiet = 0 if votes != 0 else min(s.quiet + 1, 1 << 20)
    if votes != 0:
        known = vote(s, votes, pan, tilt)
        follow(s, votes, known)
        remember(s, votes, pan, tilt)
    elif count >= ELSEWHERE or (s.quiet > s.patience and max(abs(s.speed[0]), abs(s.speed[1])) >= RESTING):
        s.surety = max(s.surety - SURER, 0)
    recentre(s)
    for k in range(2):
        if abs(s.speed[k]) < RESTING or (votes == 0 and s.surety <= SURE >> 1):
            s.speed[k] -= s.speed[k] >> 3
        s.where[k] = clamp(s.frame[k] + s.middle[k], -WIDEST, WIDEST)
    return votes


@njit(cache=True)
def attend(s, spikes, count, pan, tilt):  # type: ignore[no-untyped-def]
    """One tick of the map; lists the neurons that fired in `s.voter`, and returns how many.

    A neuron fully hears its cell within the window's radius, and not at all from twice that on; unless the network is
    unsure, when it hears the more of all cells.
    """
    cells = s.column.size
    left, up = ((s.frame[0] + s.middle[0]) >> 8) - pan, ((s.frame[1] + s.middle[1]) >> 8) - tilt
    broad = (SURE - s.surety) >> 4
    for k in range(count):
        address = int32(spikes[k])
        if address >= s.map_current.size:
            continue
        a = abs(int32(s.column[address % cells]) - left)
        b = abs(int32(s.row[address // cells]) - up)
        far = max(a, b) + (min(a, b) >> 1)
        gain = clamp(((2 * s.window - far) << 8) // s.window, broad, 256)
        s.map_current[address] = (WEIGHT * gain) >> 8
    votes = int32(0)
    for i in range(s.map_v.size):
        v, fires = lif_step(s.map_v[i], s.map_current[i], MAP_LEAK_SHIFT, THRESHOLD)
        s.map_v[i] = v
        s.map_current[i] = 0
        s.map_fired[i] = fires
        if fires and votes < s.voter.size:
            s.voter[votes] = i
            votes += int32(1)
    s.ledger[1] += count
    return votes


@njit(cache=True)
def vote(s, votes, pan, tilt):  # type: ignore[no-untyped-def]
    """Sum what the neurons in `s.voter` say; returns how many of them the outline knows.

    s.moved: of those, how far the target moved, U / 256. s.off: of all, how far they are from its middle, U.
    """
    cells = s.column.size
    left, up = (s.frame[0] >> 8) - pan, (s.frame[1] >> 8) - tilt
    known = inside = int32(0)
    for k in range(2):
        s.moved[k] = s.off[k] = 0
    for n in range(votes):
        a = int32(s.column[s.voter[n] % cells]) - left
        b = int32(s.row[s.voter[n] // cells]) - up
        across, along = a - (s.middle[0] >> 8), b - (s.middle[1] >> 8)
        inside += int32(max(abs(across), abs(along)) < 2 * s.window)
        s.off[0] += across
        s.off[1] += along
        if s.surety > SURE >> 1 and nearby(s.outline, a, b, s.near) >= KNOWN:
            known += int32(1)
            s.moved[0] -= s.near[0]
            s.moved[1] -= s.near[1]
    s.surety = clamp(s.surety + SURER * (2 * inside - votes), 0, s.surest)
    return known


@njit(cache=True)
def follow(s, votes, known):  # type: ignore[no-untyped-def]
    """Correct the frame's direction and speed by what was voted (alpha-beta filter, its gain by the votes).

    Rounded to nearest: a frame has nothing that would pull it back, so every floor would add up.
    """
    for k in range(2):
        if known != 0:
            off = (int64(s.moved[k]) * min(known, FULL_VOTES)) // known
            s.frame[k] += int32((off * s.alpha + (FULL_VOTES << 11)) // (FULL_VOTES << 12))
            s.speed[k] = clamp(
                s.speed[k] + int32((off * s.beta + FULL_VOTES * 128) // (FULL_VOTES * 256)), -FASTEST, FASTEST
            )
        if s.surety <= SURE >> 1:
            off = clamp(s.off[k] // votes, -4000, 4000) << 8
            s.frame[k] += int32((off * WIDE_ALPHA * min(votes, WIDE_VOTES)) // (WIDE_VOTES << 12))


@njit(cache=True)
def remember(s, votes, pan, tilt):  # type: ignore[no-untyped-def]
    """Add what was seen to the outline; forget all of it when unsure."""
    if s.surety <= SURE >> 1:
        for k in range(2):
            s.frame[k] += s.middle[k]
            s.middle[k] = s.speed[k] = 0
        for j in range(SIDE):
            for i in range(SIDE):
                s.outline[j, i] = 0
        s.met = s.fresh = 0
        return
    fade(s.outline, votes, s.memory_shift)
    cells = s.column.size
    left, up = (s.frame[0] >> 8) - pan, (s.frame[1] >> 8) - tilt
    for n in range(votes):
        deposit(s.outline, int32(s.column[s.voter[n] % cells]) - left, int32(s.row[s.voter[n] // cells]) - up)
    s.fresh += votes
