"""The ray caster: which pixels have to be cast again, and casting them, on one thread.

A pixel is kept if nothing that it shows has moved and nothing that has moved can be nearer there. Its value depends on
the primitives alone, not on which others are cast with it, so what is kept is bit for bit what a new cast would give.
"""

from __future__ import annotations

import numpy as np

from .curved import chord, draw_curved
from .flat import draw_box
from .spec import BOX, SPHERE
from .surface import SKY, bit, jit

GAP = 24  # pixels worth casting again to keep a run whole


@jit
def _limits(drawn, count, moved, y, limit):  # type: ignore[no-untyped-def]
    """Set `limit` to the inverse depth that nothing that moved exceeds, for each pixel of row `y`."""
    limit[:] = 0.0
    for i in range(count):
        d = drawn[i]
        if not moved[i] or y < d.box[2] or y >= d.box[3]:
            continue
        if d.kind == BOX and d.entries == 0:
            continue
        lo, hi = d.box[0], d.box[1]
        bound = 1e30 if d.kind == BOX else d.nearest
        for e in range(d.entries):
            here = d.face[e, 0] + d.face[e, 2] * y
            bound = min(bound, max(here + d.face[e, 1] * lo, here + d.face[e, 1] * hi) * (1.0 + 1e-5))
        if bound > 0.0:
            top = np.float32(bound)
            part = limit[lo:hi]
            for x in range(part.size):
                part[x] = top if top > part[x] else part[x]


@jit
def _judge(whose, near, limit, movers, stale):  # type: ignore[no-untyped-def]
    """Say of each pixel of a run whether it must be cast again; returns whether any must."""
    found = np.int32(0)
    for x in range(stale.size):
        old = np.int32((whose[x] & movers) != np.uint64(0)) | np.int32(near[x] < limit[x])
        stale[x] = old
        found |= old
    return found != 0


@jit
def _run(drawn, count, row, depth, owner, lo, hi, y, sky, ambient, edge, share, scratch):  # type: ignore[no-untyped-def]
    row[lo:hi] = sky
    depth[lo:hi] = 0.0
    owner[lo:hi] = bit(SKY)
    n = 0
    for i in range(count):
        d = drawn[i]
        if y < d.box[2] or y >= d.box[3]:
            continue
        begin, end = max(lo, d.box[0]), min(hi, d.box[1])
        if d.kind == SPHERE:
            begin, end = chord(d, begin, end, y)
        if begin >= end:
            continue
        me = np.int32(i)
        if d.kind == BOX:
            n = draw_box(d, row, depth, owner, me, begin, end, y, edge, share, n)
        else:
            n = draw_curved(d, row, depth, owner, me, begin, end, y, ambient, edge, share, n, scratch)
    for k in range(n):
        x = edge[k, 0]
        if share[k, 2] > depth[x]:
            row[x] += share[k, 0] * (share[k, 1] - row[x])
            owner[x] |= bit(edge[k, 1])


@jit
def cast(drawn, count, moved, stale, lum, depth, owner, spans, sky, ambient, edge, share, scratch):  # type: ignore[no-untyped-def]
    """Render what must be of the pixels `spans` (height, 2: from, to) of `lum`; returns how many were cast."""
    done = 0
    limit = scratch[3]
    movers = np.uint64(0)
    for i in range(count):
        if moved[i]:
            movers |= bit(i)
    for y in range(lum.shape[0]):
        lo, hi = spans[y, 0], spans[y, 1]
        if lo >= hi:
            continue
        near, whose, row = depth[y], owner[y], lum[y]
        if moved[SKY]:
            done += hi - lo
            _run(drawn, count, row, near, whose, lo, hi, y, sky, ambient, edge, share, scratch)
            continue
        _limits(drawn, count, moved, y, limit)
        if not _judge(whose[lo:hi], near[lo:hi], limit[lo:hi], movers, stale[lo:hi]):
            continue
        x = lo
        while x < hi:
            if not stale[x]:
                x += 1
                continue
            begin = x
            end = x = x + 1
            while x < hi and x - end <= GAP:
                if stale[x]:
                    end = x + 1
                x += 1
            done += end - begin
            _run(drawn, count, row, near, whose, begin, end, y, sky, ambient, edge, share, scratch)
    return done
