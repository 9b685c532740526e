"""The remembered outline of the target: a leaky density of where its spikes were seen, in a frame that moves with it.

Events come from all of a target's edges, so where one is seen says little of where the middle is: a spread of degrees.
Held against the remembered outline it says how far the target has moved: its offset from the mean of what is remembered
nearby (mean shift, Fukunaga and Hostetler 1975), which is a fraction of a cell across an edge and nothing along it. The
frame so followed drifts; the middle is found anew from the outline's own two sides, chord by chord, each side by half
of its own height, so that a bright side with few events counts as much as a dark one with many.
"""

from __future__ import annotations

from numba import int32, int64, njit

SIDE, BIN_SHIFT = 32, 7
"""Bins along each edge, each of 2^BIN_SHIFT U: 0.73 degrees, 23 degrees in all."""
HALF = (SIDE << BIN_SHIFT) >> 1
BIN_HALF = 1 << (BIN_SHIFT - 1)
REACH = 2 << BIN_SHIFT
"""U: what is remembered farther away than this is not nearby."""
DEPOSIT_SHIFT = 12
KNOWN = 1 << (DEPOSIT_SHIFT - 2)
"""Density nearby below which a spike is a stranger: a quarter of one spike's deposit."""
FLOOR_SHIFT = 3
"""Sides lower than 2^-3 of the highest bin are noise."""
LOOK_TICKS = 8
SOON = 64
"""Votes after which the middle is first believed; then it is a running mean, over 2^settle votes at most."""


@njit(cache=True)
def nearby(outline, a, b, found):  # type: ignore[no-untyped-def]
    """Density around offset (a, b), U, of int32 (SIDE, SIDE) `outline`, and how far off its mean is.

    Weights fall in a tent to nothing at REACH, so that found (2,), in U / 256, does not jump as the offset moves.
    """
    x, y = a + HALF, b + HALF
    total = across = along = int64(0)
    i0, j0 = (x >> BIN_SHIFT) - 2, (y >> BIN_SHIFT) - 2
    for j in range(max(j0, 0), min(j0 + 5, SIDE)):
        dy = (j << BIN_SHIFT) + BIN_HALF - y
        tall = REACH - abs(dy)
        if tall <= 0:
            continue
        for i in range(max(i0, 0), min(i0 + 5, SIDE)):
            dx = (i << BIN_SHIFT) + BIN_HALF - x
            wide = REACH - abs(dx)
            if wide <= 0:
                continue
            weight = int64(outline[j, i]) * wide * tall
            total += weight
            across += weight * dx
            along += weight * dy
    if total == 0:
        found[0] = found[1] = 0
        return int32(0)
    half = total >> 1
    found[0], found[1] = (256 * across + half) // total, (256 * along + half) // total
    return int32(total // (REACH * REACH))


@njit(cache=True)
def fade(outline, votes, memory_shift):  # type: ignore[no-untyped-def]
    """Forget 2^-memory_shift for each vote; rounded up, so that nothing stays for ever."""
    most = (1 << memory_shift) - 1
    for j in range(SIDE):
        for i in range(SIDE):
            outline[j, i] -= (outline[j, i] * votes + most) >> memory_shift


@njit(cache=True)
def deposit(outline, a, b):  # type: ignore[no-untyped-def]
    """Remember a spike at offset (a, b), U, shared among the four bins around it; none beyond the edges."""
    x, y = a + HALF - BIN_HALF, b + HALF - BIN_HALF
    i, j = x >> BIN_SHIFT, y >> BIN_SHIFT
    if i < 0 or j < 0 or i + 1 >= SIDE or j + 1 >= SIDE:
        return
    fx, fy = x & ((1 << BIN_SHIFT) - 1), y & ((1 << BIN_SHIFT) - 1)
    gx, gy = (1 << BIN_SHIFT) - fx, (1 << BIN_SHIFT) - fy
    down = 2 * BIN_SHIFT - DEPOSIT_SHIFT
    outline[j, i] += (gx * gy) >> down
    outline[j, i + 1] += (fx * gy) >> down
    outline[j + 1, i] += (gx * fy) >> down
    outline[j + 1, i + 1] += (fx * fy) >> down


@njit(cache=True)
def side(outline, k, line, floor, back):  # type: ignore[no-untyped-def]
    """Where a line of the outline first rises to half of its first peak above `floor`, in 1/256 bins; -1 if nowhere.

    k: 0 along a row, 1 along a column. back: 1 from the far end.
    """
    best = int32(0)
    for n in range(SIDE):
        i = SIDE - 1 - n if back else n
        value = outline[line, i] if k == 0 else outline[i, line]
        if best > floor and value < best - (best >> 4):
            break
        best = max(best, value)
    if best <= floor:
        return int32(-1)
    half = (best + 1) >> 1
    before = int32(0)
    for n in range(SIDE):
        i = SIDE - 1 - n if back else n
        value = outline[line, i] if k == 0 else outline[i, line]
        if value >= half:
            part = int32((int64(value - half) << 8) // (value - before))
            return (i << 8) + part if back else (i << 8) - part
        before = value
    return int32(-1)


@njit(cache=True)
def middle(outline, k):  # type: ignore[no-untyped-def]
    """Mean middle of the outline's chords along axis k, offset from the frame's middle in U / 256; (it, chords)."""
    most = int32(0)
    for j in range(SIDE):
        for i in range(SIDE):
            most = max(most, outline[j, i])
    total = chords = int32(0)
    for line in range(SIDE):
        low = side(outline, k, line, most >> FLOOR_SHIFT, 0)
        if low < 0:
            continue
        high = side(outline, k, line, most >> FLOOR_SHIFT, 1)
        if high > low:
            total += low + high
            chords += int32(1)
    if chords == 0:
        return int32(0), chords
    return (total // chords + 256 - (SIDE << 8)) << (BIN_SHIFT - 1), chords


@njit(cache=True)
def shift(outline, k, step):  # type: ignore[no-untyped-def]
    """Move the frame by one bin along axis k, step = 1 or -1: what was in bin i + step is in bin i after it."""
    last = SIDE - 1 if step > 0 else 0
    for line in range(SIDE):
        for n in range(SIDE - 1):
            i = n if step > 0 else SIDE - 1 - n
            if k == 0:
                outline[line, i] = outline[line, i + step]
            else:
                outline[i, line] = outline[i + step, line]
        if k == 0:
            outline[line, last] = 0
        else:
            outline[last, line] = 0


@njit(cache=True)
def recentre(s):  # type: ignore[no-untyped-def]
    """Bring the outline's middle up to date, and the frame to within a bin of it."""
    one = 1 << (BIN_SHIFT + 8)
    if s.tick & (LOOK_TICKS - 1) == 0 and s.fresh != 0:
        s.met = min(s.met + s.fresh, 1 << s.settle_shift)
        for k in range(2):
            found, chords = middle(s.outline, k)
            if chords != 0:
                s.middle[k] += int32(int64(found - s.middle[k]) * s.fresh // max(s.met, SOON + s.fresh))
        s.fresh = 0
    for k in range(2):
        if abs(s.middle[k]) > one:
            step = 1 if s.middle[k] > 0 else -1
            s.frame[k] += step * one
            s.middle[k] -= step * one
            shift(s.outline, k, step)
