"""Boxes, drawn a row of pixels at a time.

In inverse depth q = 1/t along a pixel's ray d = (X, Y, 1) the plane of a face is linear in the pixel's coordinates.
A ray enters a box where the least q of the faces that look at the eye exceeds the largest q of the others, so each pair
of adjacent such faces bounds the silhouette by one straight line: spans of pixels inside, on an edge and outside follow
from the lines, and the signed distance to a line is the share of an edge pixel that is covered. The same holds between
the faces that are seen.
"""

from __future__ import annotations

import math

import numpy as np

from .spec import BOX, SPHERE
from .surface import bit, bounds, inlined, jit, show, tighten, wave, whole

_COS, _SIN = math.cos(math.pi / 6), math.sin(math.pi / 6)  # patterns are turned, or a row of pixels would fire at once


@inlined
def _line(out, a, b):  # type: ignore[no-untyped-def]
    """Signed distance in pixels from where the linear functions `a` and `b` of a pixel are equal, positive if a > b."""
    slope = math.sqrt((a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)
    gain = 1.0 / slope if slope > 1e-12 else 1e12
    for k in range(3):
        out[k] = (a[k] - b[k]) * gain
    out[3] = 1.0 / out[1] if abs(out[1]) > 1e-9 else 0.0


@inlined
def _lower(box, line, height):  # type: ignore[no-untyped-def]
    """Take off `box` the rows wholly outside a line of the silhouette: a body partly behind the eye has no corners."""
    most = line[0] + 0.5 + max(line[1] * box[0], line[1] * (box[1] - 1))
    if line[2] > 1e-9:
        box[2] = max(box[2], int(min(max(math.floor(-most / line[2]) - 1.0, 0.0), height * 1.0)))
    elif line[2] < -1e-9:
        box[3] = min(box[3], int(min(max(math.ceil(most / -line[2]) + 2.0, 0.0), height * 1.0)))


@jit
def prepare(drawn, row, place, sun, ambient, scale, width, height, exits, axes):  # type: ignore[no-untyped-def]
    """Fill `drawn` for PRIMITIVE `row` at `place` (4, 3): its centre and local axes in the eye's coordinates, m."""
    drawn.kind = row.kind
    drawn.albedo, drawn.texture, drawn.pitch = row.albedo, row.texture, row.pitch
    if not drawn.pitch > 0.0:  # a pattern of no size is none
        drawn.texture, drawn.pitch = 0.0, 1.0
    least_m = bounds(drawn.box, place, row.half, scale, width, height)
    if row.kind == SPHERE and least_m > 0.0:
        tighten(drawn.box, 0, place[0, 0], place[0, 2], row.half[0], scale, width)
        tighten(drawn.box, 2, place[0, 1], place[0, 2], row.half[0], scale, height)
    behind = least_m == 0.0
    drawn.nearest = 1e30 if behind else 1.01 / least_m
    x0, y0 = (0.5 - 0.5 * width) * scale, (0.5 - 0.5 * height) * scale
    for k in range(3):
        axis = place[1 + k]
        drawn.half[k] = row.half[k]
        drawn.eye[k] = -(axis[0] * place[0, 0] + axis[1] * place[0, 1] + axis[2] * place[0, 2])
        drawn.sun[k] = axis[0] * sun[0] + axis[1] * sun[1] + axis[2] * sun[2]
        drawn.ray[k, 0] = axis[0] * x0 + axis[1] * y0 + axis[2]
        drawn.ray[k, 1] = axis[0] * scale
        drawn.ray[k, 2] = axis[1] * scale
    drawn.entries = drawn.lines = 0
    if row.kind != BOX:
        return
    n = 0
    exits[0, :] = 0.0  # the horizon: nothing is met behind the eye
    for k in range(3):
        for side in range(2):
            sign = 1.0 if side else -1.0
            room = sign * row.half[k] - drawn.eye[k]
            if sign * room >= 0.0:  # the eye is on the inner side of this face: rays leave through it
                n += 1
                axes[n] = k
                room = room if abs(room) > 1e-9 else sign * 1e-9
                for j in range(3):
                    exits[n, j] = drawn.ray[k, j] / room
                continue
            e = drawn.entries
            drawn.entries = e + 1
            drawn.axis[e] = k
            for j in range(3):
                drawn.face[e, j] = drawn.ray[k, j] / room
            drawn.light[e] = row.albedo * (ambient + (1.0 - ambient) * max(0.0, sign * drawn.sun[k]))
            u, v = (k + 1) % 3, (k + 2) % 3
            for w in range(2):
                a, b = (_COS, _SIN) if w == 0 else (-_SIN, _COS)
                for j in range(3):
                    drawn.wave[e, w, j] = (a * drawn.ray[u, j] + b * drawn.ray[v, j]) / drawn.pitch
                drawn.wave[e, w, 3] = -(a * drawn.eye[u] + b * drawn.eye[v]) / drawn.pitch
    for e in range(drawn.entries):
        for f in range(0 if behind else 1, n + 1):
            if f == 0 or axes[f] != drawn.axis[e]:  # opposite faces share no edge
                _line(drawn.line[drawn.lines], drawn.face[e], exits[f])
                _lower(drawn.box, drawn.line[drawn.lines], height)
                drawn.lines += 1
        for other in range(drawn.entries):
            if other != e:
                _line(drawn.between[e, other], drawn.face[other], drawn.face[e])


@inlined
def _pattern(q, qx, qy, a, ax, ay, offset_a, b, bx, by, offset_b):  # type: ignore[no-untyped-def]
    """Checker of two waves whose phases are a/q - offset_a and b/q - offset_b; x and y: derivatives by pixel."""
    t = np.float32(1.0) / q
    u, v = a * t, b * t
    first = wave(u - offset_a, (ax - u * qx) * t, (ay - u * qy) * t)
    return first * wave(v - offset_b, (bx - v * qx) * t, (by - v * qy) * t)


@jit
def _face(lum, depth, owner, me, lo, hi, y, q, waves, light, texture, scratch):  # type: ignore[no-untyped-def]
    """Fill pixels lo..hi of a row with one face of a box where it is nearest."""
    f = np.float32
    q0, qx, qy = f(q[0] + q[2] * y), f(q[1]), f(q[2])
    a0, ax, ay, ao = f(waves[0, 0] + waves[0, 2] * y), f(waves[0, 1]), f(waves[0, 2]), f(waves[0, 3])
    b0, bx, by, bo = f(waves[1, 0] + waves[1, 2] * y), f(waves[1, 1]), f(waves[1, 2]), f(waves[1, 3])
    plain, contrast = f(light), f(light * texture)
    first, mine, start = f(lo), bit(me), np.uintp(lo)
    if texture == 0.0:
        for x in range(start, np.uintp(hi)):
            show(lum, depth, owner, mine, y, x, q0 + qx * f(np.int32(x)), plain)
        return
    for i in range(np.uintp(whole(hi - lo))):
        x = first + f(np.int32(i))
        here = q0 + qx * x
        scratch[0, i] = plain + contrast * _pattern(here, qx, qy, a0 + ax * x, ax, ay, ao, b0 + bx * x, bx, by, bo)
    for i in range(np.uintp(hi - lo)):
        show(lum, depth, owner, mine, y, start + i, q0 + qx * (first + f(np.int32(i))), scratch[0, i])


@jit
def _face_at(d, e, x, y, q):  # type: ignore[no-untyped-def]
    """Luminance of entry face `e` of box `d` at one pixel whose inverse depth is `q`."""
    if d.texture == 0.0:
        return d.light[e]
    f, w, q_e = np.float32, d.wave[e], d.face[e]
    a, b = w[0, 0] + w[0, 1] * x + w[0, 2] * y, w[1, 0] + w[1, 1] * x + w[1, 2] * y
    p = _pattern(
        f(q), f(q_e[1]), f(q_e[2]), f(a), f(w[0, 1]), f(w[0, 2]), f(w[0, 3]), f(b), f(w[1, 1]), f(w[1, 2]), f(w[1, 3])
    )
    return d.light[e] * (1.0 + d.texture * p)


@inlined
def _clip(value, slope, inverse, lo, hi):  # type: ignore[no-untyped-def]
    """Pixels x of lo..hi at which value + slope * x >= 0."""
    if inverse == 0.0:
        return lo, hi if value >= 0.0 else lo
    at = min(max(-value * inverse, -2.0), 1e6)
    if slope > 0.0:
        return max(lo, math.ceil(at)), hi
    return lo, min(hi, math.floor(at) + 1)


@jit
def _open(depth, lo, hi, y, most):  # type: ignore[no-untyped-def]
    """Whether any pixel of a run shows nothing nearer than inverse depth `most`."""
    found = np.int32(0)
    for x in range(np.uintp(lo), np.uintp(hi)):
        found |= np.int32(depth[y, x] <= most)
    return found != 0


@jit
def draw_box(d, lum, depth, owner, me, lo, hi, y, edge, share, n, scratch):  # type: ignore[no-untyped-def]
    """Draw row `y` of a box into pixels lo..hi; what is covered in part is appended to `edge` and `share` at `n`."""
    inner_lo, inner_hi = lo, hi
    for i in range(d.lines):
        value, slope, inverse = d.line[i, 0] + d.line[i, 2] * y, d.line[i, 1], d.line[i, 3]
        lo, hi = _clip(value + 0.5, slope, inverse, lo, hi)
        if lo >= hi:
            return n
        inner_lo, inner_hi = _clip(value - 0.5, slope, inverse, inner_lo, inner_hi)
    from0 = to0 = from1 = to1 = from2 = to2 = 0
    for e in range(d.entries):
        begin, end = max(inner_lo, lo), min(inner_hi, hi)
        for other in range(d.entries):
            if other != e:
                ahead = d.between[e, other]
                begin, end = _clip(ahead[0] + ahead[2] * y - 0.5, ahead[1], ahead[3], begin, end)
        if begin < end:
            q = d.face[e]
            here = q[0] + q[2] * y
            most = np.float32(max(here + q[1] * begin, here + q[1] * (end - 1)) * (1.0 + 1e-5))
            if _open(depth, begin, end, y, most):  # most of what lies behind is hidden
                _face(lum, depth, owner, me, begin, end, y, q, d.wave[e], d.light[e], d.texture, scratch)
            if e == 0:
                from0, to0 = begin, end
            elif e == 1:
                from1, to1 = begin, end
            else:
                from2, to2 = begin, end
    x = lo
    while x < hi:
        if from0 <= x < to0:
            x = to0
        elif from1 <= x < to1:
            x = to1
        elif from2 <= x < to2:
            x = to2
        else:
            n = _edge_of_box(d, lum, depth, owner, me, x, y, edge, share, n)
            x += 1
    return n


@jit
def _edge_of_box(d, lum, depth, owner, me, x, y, edge, share, n):  # type: ignore[no-untyped-def]
    covered = 1.0
    for i in range(d.lines):
        covered = min(covered, 0.5 + d.line[i, 0] + d.line[i, 1] * x + d.line[i, 2] * y)
    if covered <= 0.0:
        return n
    first, second, q, q2 = np.int64(0), np.int64(-1), 1e30, 1e30
    for e in range(d.entries):
        here = d.face[e, 0] + d.face[e, 1] * x + d.face[e, 2] * y
        if here < q:
            second, q2, first, q = first if q < 1e30 else -1, q, e, here
        elif here < q2:
            second, q2 = e, here
    q = max(q, 1e-6)
    if np.float32(q) <= depth[y, x]:
        return n
    value = _face_at(d, first, x, y, q)
    if second >= 0:
        ahead = d.between[first, second]
        mine = min(1.0, 0.5 + ahead[0] + ahead[1] * x + ahead[2] * y)
        if mine < 1.0:
            value = mine * value + (1.0 - mine) * _face_at(d, second, x, y, max(q2, 1e-6))
    if covered >= 1.0:
        lum[y, x], depth[y, x], owner[y, x] = value, q, bit(me)
    elif n < share.shape[0]:
        edge[n, 0], edge[n, 1] = x, me
        share[n, 0], share[n, 1], share[n, 2] = covered, value, q
        n += 1
    return n
