"""The ray caster: which pixels have to be cast again, and casting them, on one thread.

A pixel is kept if nothing that it shows has moved and nothing that has moved can be nearer there. Its value depends on
the primitives alone, not on which others are cast with it, so what is kept is bit for bit what a new cast would give.
"""

from __future__ import annotations

import numpy as np

from .curved import chord, draw_curved
from .flat import draw_box
from .spec import BOX, SPHERE
from .surface import SKY, bit, inlined, jit, pick

GAP = 24  # pixels worth casting again to keep a run whole


@inlined
def _limits(drawn, count, moved, y, limit):  # type: ignore[no-untyped-def]
    """Set `limit` to the inverse depth that nothing that moved exceeds, for each pixel of row `y`."""
    for x in range(limit.size):
        limit[x] = np.float32(0.0)
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
            for x in range(np.uintp(lo), np.uintp(hi)):
                limit[x] = pick(top > limit[x], top, limit[x])


@inlined
def _judge(owner, depth, limit, movers, stale, lo, hi, y):  # type: ignore[no-untyped-def]
    """Say of each pixel of a run whether it must be cast again; returns from where to where any must."""
    first, last = np.int32(hi), np.int32(lo)
    for x in range(np.uintp(lo), np.uintp(hi)):
        old = np.int32((owner[y, x] & movers) != np.uint64(0)) | np.int32(depth[y, x] < limit[x])
        stale[x] = old
        here = np.int32(np.int32(x) | np.int32(np.int32(old - 1) & np.int32(0x3FFFFFFF)))
        after = np.int32(np.int32(np.int32(x) + 1) & np.int32(-old))
        first = here if here < first else first
        last = after if after > last else last
    return np.int64(first), np.int64(last)


@inlined
def _clear(lum, depth, owner, lo, hi, y, sky):  # type: ignore[no-untyped-def]
    light, nobody = np.float32(sky), bit(SKY)
    for x in range(np.uintp(lo), np.uintp(hi)):
        lum[y, x] = light
        depth[y, x] = np.float32(0.0)
        owner[y, x] = nobody


@jit
def _run(drawn, count, lum, depth, owner, lo, hi, y, sky, ambient, edge, share, scratch):  # type: ignore[no-untyped-def]
    _clear(lum, depth, owner, lo, hi, y, sky)
    n = np.int64(0)  # a literal would have everything that takes it compiled twice
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
            n = draw_box(d, lum, depth, owner, me, begin, end, y, edge, share, n, scratch)
        else:
            n = draw_curved(d, lum, depth, owner, me, begin, end, y, ambient, edge, share, n, scratch)
    for k in range(n):
        x = edge[k, 0]
        if share[k, 2] > depth[y, x]:
            lum[y, x] += share[k, 0] * (share[k, 1] - lum[y, x])
            owner[y, x] |= bit(edge[k, 1])


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
        everything = moved[SKY]
        if not everything:
            _limits(drawn, count, moved, y, limit)
            lo, hi = _judge(owner, depth, limit, movers, stale, lo, hi, y)
        x = lo
        while x < hi:
            if not everything and stale[x] == 0:
                x += 1
                continue
            begin = x
            end = x = hi if everything else x + 1
            while x < hi and x - end <= GAP:
                if stale[x]:
                    end = x + 1
                x += 1
            done += end - begin
            _run(drawn, count, lum, depth, owner, begin, end, y, sky, ambient, edge, share, scratch)
    return done
