"""The ray caster's kernels: convex primitives to linear luminance, a row of pixels at a time, on one thread.

Everything is done in inverse depth q = 1/t along the ray d = (X, Y, 1) of a pixel. The plane of a box's face has q linear
in the pixel's coordinates, so a ray enters a box where the least q of the faces that look at the eye exceeds the largest
q of the others, and each pair of such faces bounds the silhouette by one straight line: the spans of pixels inside, on an
edge and outside follow from the lines, and signed distance to a line is the share of an edge pixel that is covered. The
same holds between faces. Patterns are square waves filtered over the pixel's footprint by a box, in closed form, so that
nothing flickers unless something moves. A pixel's value depends on the primitives alone, never on which others are cast.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .spec import BOX, CYLINDER

NEAR_M = 1e-3
SOFT = 0.15  # width of the pattern's edges, in patches
LINES = 9

DRAWN = np.dtype(
    [
        ("kind", "<i4"),
        ("entries", "<i4"),  # box: faces that look at the eye, 0..3
        ("lines", "<i4"),  # box: lines that bound the silhouette
        ("box", "<i4", 4),  # pixels it may touch: x from, to, y from, to
        ("axis", "<i4", 3),  # box: local axis of each entry face
        ("face", "<f8", (3, 3)),  # box: q of each entry face as constant, per x, per y
        ("light", "<f8", 3),  # box: albedo times irradiance of each entry face
        ("line", "<f8", (LINES, 4)),  # box: pixels inside the silhouette's lines, and 1 / their slope along x
        ("between", "<f8", (3, 3, 4)),  # box: pixels by which face i lies before face j, likewise
        ("wave", "<f8", (3, 2, 4)),  # patches along both waves: (constant, per x, per y) / q - offset, of each entry face
        ("eye", "<f8", 3),  # local coordinates of the eye
        ("ray", "<f8", (3, 3)),  # local direction of the ray: constant, per x, per y
        ("sun", "<f8", 3),  # local direction towards the light
        ("half", "<f8", 3),
        ("albedo", "<f8"),
        ("texture", "<f8"),
        ("pitch", "<f8"),
    ]
)
"""One primitive made ready for one pose of the eye."""

jit = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", inline="always")

_COS, _SIN = math.cos(math.pi / 6), math.sin(math.pi / 6)


@jit
def bounds(box, place, half, scale, width, height):  # type: ignore[no-untyped-def]
    """Set the pixels that a box of half edges `half` may touch; all of them, and True, if it reaches behind the eye."""
    left, right, top, bottom = 1e30, -1e30, 1e30, -1e30
    box[0], box[1], box[2], box[3] = 0, width, 0, height
    for corner in range(8):
        x, y, z = place[0, 0], place[0, 1], place[0, 2]
        for axis in range(3):
            h = half[axis] if corner >> axis & 1 else -half[axis]
            x += place[1 + axis, 0] * h
            y += place[1 + axis, 1] * h
            z += place[1 + axis, 2] * h
        if z < NEAR_M:
            return True
        left, right = min(left, x / z), max(right, x / z)
        top, bottom = min(top, y / z), max(bottom, y / z)
    box[0] = int(max(0.0, min(width * 1.0, math.floor(left / scale + 0.5 * width - 1.0))))
    box[1] = int(max(0.0, min(width * 1.0, math.ceil(right / scale + 0.5 * width + 1.0))))
    box[2] = int(max(0.0, min(height * 1.0, math.floor(top / scale + 0.5 * height - 1.0))))
    box[3] = int(max(0.0, min(height * 1.0, math.ceil(bottom / scale + 0.5 * height + 1.0))))
    return False


@inlined
def _line(out, a, b):  # type: ignore[no-untyped-def]
    """Signed distance in pixels from where the linear functions `a` and `b` of the pixel are equal, positive if a > b."""
    slope = math.sqrt((a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)
    gain = 1.0 / slope if slope > 1e-12 else 1e12
    for k in range(3):
        out[k] = (a[k] - b[k]) * gain
    out[3] = 1.0 / out[1] if abs(out[1]) > 1e-9 else 0.0


@jit
def prepare(drawn, row, place, sun, ambient, scale, width, height, exits, axes):  # type: ignore[no-untyped-def]
    """Fill `drawn` for PRIMITIVE `row` at `place` (4, 3): its centre and its local axes, in the eye's coordinates, m."""
    drawn.kind = row.kind
    drawn.albedo, drawn.texture, drawn.pitch = row.albedo, row.texture, row.pitch
    behind = bounds(drawn.box, place, row.half, scale, width, height)
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
            for wave in range(2):
                a, b = (_COS, _SIN) if wave == 0 else (-_SIN, _COS)
                for j in range(3):
                    drawn.wave[e, wave, j] = (a * drawn.ray[u, j] + b * drawn.ray[v, j]) / row.pitch
                drawn.wave[e, wave, 3] = -(a * drawn.eye[u] + b * drawn.eye[v]) / row.pitch
    for e in range(drawn.entries):
        for f in range(0 if behind else 1, n + 1):
            if f == 0 or axes[f] != drawn.axis[e]:  # opposite faces share no edge
                _line(drawn.line[drawn.lines], drawn.face[e], exits[f])
                drawn.lines += 1
        for other in range(drawn.entries):
            if other != e:
                _line(drawn.between[e, other], drawn.face[other], drawn.face[e])


@inlined
def _triangle(u):  # type: ignore[no-untyped-def]
    return abs(u - np.float32(2.0) * np.floor(u * np.float32(0.5) + np.float32(0.5)))


@inlined
def _wave(u, gx, gy):  # type: ignore[no-untyped-def]
    """A square wave of +-1 and period 2 at `u`, averaged over the footprint that its gradient per pixel spans."""
    width = np.sqrt(gx * gx + gy * gy + np.float32(SOFT * SOFT))
    reach = width * np.float32(0.5)
    return (_triangle(u + reach) - _triangle(u - reach)) / width


@inlined
def _pattern(q, qx, qy, a, ax, ay, offset_a, b, bx, by, offset_b):  # type: ignore[no-untyped-def]
    """Checker of two waves whose phases are a/q - offset_a and b/q - offset_b; x and y: derivatives by pixel."""
    t = np.float32(1.0) / q
    u, v = a * t, b * t
    first = _wave(u - offset_a, (ax - u * qx) * t, (ay - u * qy) * t)
    return first * _wave(v - offset_b, (bx - v * qx) * t, (by - v * qy) * t)


@jit
def _face(lum, depth, lo, hi, y, q, wave, light, texture):  # type: ignore[no-untyped-def]
    """Fill pixels lo..hi of a row with one face of a box where it is nearest."""
    f = np.float32
    q0, qx, qy = f(q[0] + q[2] * y), f(q[1]), f(q[2])
    a0, ax, ay, ao = f(wave[0, 0] + wave[0, 2] * y), f(wave[0, 1]), f(wave[0, 2]), f(wave[0, 3])
    b0, bx, by, bo = f(wave[1, 0] + wave[1, 2] * y), f(wave[1, 1]), f(wave[1, 2]), f(wave[1, 3])
    plain, contrast = f(light), f(light * texture)
    out, near, first = lum[lo:hi], depth[lo:hi], f(lo)
    if texture == 0.0:
        for i in range(out.size):
            here = q0 + qx * (first + f(np.int32(i)))
            nearer = here > near[i]
            out[i] = plain if nearer else out[i]
            near[i] = here if nearer else near[i]
        return
    for i in range(out.size):
        x = first + f(np.int32(i))
        here = q0 + qx * x
        nearer = here > near[i]
        value = plain + contrast * _pattern(here, qx, qy, a0 + ax * x, ax, ay, ao, b0 + bx * x, bx, by, bo)
        out[i] = value if nearer else out[i]
        near[i] = here if nearer else near[i]


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
        return max(lo, int(math.ceil(at))), hi
    return lo, min(hi, int(math.floor(at)) + 1)


@jit
def draw_box(d, lum, depth, lo, hi, y, edge, share, n):  # type: ignore[no-untyped-def]
    """Draw row `y` of a box into pixels lo..hi; pixels partly covered are appended to `edge` and `share` from `n` on."""
    inner_lo, inner_hi = lo, hi
    for i in range(d.lines):
        value, slope, inverse = d.line[i, 0] + d.line[i, 2] * y, d.line[i, 1], d.line[i, 3]
        lo, hi = _clip(value + 0.5, slope, inverse, lo, hi)
        inner_lo, inner_hi = _clip(value - 0.5, slope, inverse, inner_lo, inner_hi)
    from0 = to0 = from1 = to1 = from2 = to2 = 0
    for e in range(d.entries):
        begin, end = max(inner_lo, lo), min(inner_hi, hi)
        for other in range(d.entries):
            if other != e:
                ahead = d.between[e, other]
                begin, end = _clip(ahead[0] + ahead[2] * y - 0.5, ahead[1], ahead[3], begin, end)
        if begin < end:
            _face(lum, depth, begin, end, y, d.face[e], d.wave[e], d.light[e], d.texture)
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
            n = _edge_of_box(d, lum, depth, x, y, edge, share, n)
            x += 1
    return n


@jit
def _edge_of_box(d, lum, depth, x, y, edge, share, n):  # type: ignore[no-untyped-def]
    covered = 1.0
    for i in range(d.lines):
        covered = min(covered, 0.5 + d.line[i, 0] + d.line[i, 1] * x + d.line[i, 2] * y)
    if covered <= 0.0:
        return n
    first, second, q, q2 = 0, -1, 1e30, 1e30
    for e in range(d.entries):
        here = d.face[e, 0] + d.face[e, 1] * x + d.face[e, 2] * y
        if here < q:
            second, q2, first, q = first if q < 1e30 else -1, q, e, here
        elif here < q2:
            second, q2 = e, here
    q = max(q, 1e-6)
    if np.float32(q) <= depth[x]:
        return n
    value = _face_at(d, first, x, y, q)
    if second >= 0:
        ahead = d.between[first, second]
        mine = min(1.0, 0.5 + ahead[0] + ahead[1] * x + ahead[2] * y)
        if mine < 1.0:
            value = mine * value + (1.0 - mine) * _face_at(d, second, x, y, max(q2, 1e-6))
    return put(lum, depth, x, q, value, covered, edge, share, n)


@inlined
def put(lum, depth, x, q, value, covered, edge, share, n):  # type: ignore[no-untyped-def]
    """Write a pixel that is covered whole, or keep one that is covered in part until all whole ones are known."""
    if covered >= 1.0:
        if np.float32(q) > depth[x]:
            lum[x] = value
            depth[x] = q
    elif n < edge.size:
        edge[n] = x
        share[n, 0], share[n, 1], share[n, 2] = covered, value, q
        n += 1
    return n


@inlined
def _solid(p, n, r, rx, ry, t, pitch, contrast):  # type: ignore[no-untyped-def]
    """Pattern factor of a curved surface at local point p with normal n, seen along r; it is cut from a solid."""
    facing = n[0] * r[0] + n[1] * r[1] + n[2] * r[2]
    facing = facing if facing < np.float32(-1e-6) else np.float32(-1e-6)
    nx = n[0] * rx[0] + n[1] * rx[1] + n[2] * rx[2]
    ny = n[0] * ry[0] + n[1] * ry[1] + n[2] * ry[2]
    t = t * pitch
    a, b, c = np.float32(0.6), np.float32(0.35), np.float32(0.72)
    along = (a * r[0] + b * r[1] + c * r[2]) / facing
    gx, gy = a * rx[0] + b * rx[1] + c * rx[2] - along * nx, a * ry[0] + b * ry[1] + c * ry[2] - along * ny
    first = _wave((a * p[0] + b * p[1] + c * p[2]) * pitch, t * gx, t * gy)
    along = (a * r[1] - b * r[0] - c * r[2]) / facing
    gx, gy = a * rx[1] - b * rx[0] - c * rx[2] - along * nx, a * ry[1] - b * ry[0] - c * ry[2] - along * ny
    return np.float32(1.0) + contrast * first * _wave((a * p[1] - b * p[0] - c * p[2]) * pitch, t * gx, t * gy)


@inlined
def _lambert(n, sun, albedo, ambient):  # type: ignore[no-untyped-def]
    facing = n[0] * sun[0] + n[1] * sun[1] + n[2] * sun[2]
    facing = facing if facing > np.float32(0.0) else np.float32(0.0)
    return albedo * (ambient + (np.float32(1.0) - ambient) * facing)


@inlined
def _share(inside, gx, gy):  # type: ignore[no-untyped-def]
    """Share of a pixel inside a curve, from a function positive inside, half of whose gradient per pixel is (gx, gy)."""
    f = np.float32
    share = f(0.5) + f(0.5) * inside / np.sqrt(gx * gx + gy * gy + f(1e-30))
    share = share if share > f(0.0) else f(0.0)
    return share if share < f(1.0) else f(1.0)


@inlined
def _sphere(e, r, rx, ry, sun, half, out, albedo, ambient, pitch, contrast):  # type: ignore[no-untyped-def]
    """(covered, luminance, q) of a sphere for the ray r from the eye e; out: |e|^2 - radius^2."""
    f = np.float32
    b = -(e[0] * r[0] + e[1] * r[1] + e[2] * r[2])
    inside = b * b - out * (r[0] * r[0] + r[1] * r[1] + r[2] * r[2])
    sx, sy, sz = -b * e[0] - out * r[0], -b * e[1] - out * r[1], -b * e[2] - out * r[2]
    covered = _share(inside, sx * rx[0] + sy * rx[1] + sz * rx[2], sx * ry[0] + sy * ry[1] + sz * ry[2])
    covered = covered if b > f(0.0) else f(0.0)
    q = (b + np.sqrt(inside if inside > f(0.0) else f(0.0))) / out
    q = q if q > f(1e-6) else f(1e-6)
    t = f(1.0) / q
    p = (e[0] + r[0] * t, e[1] + r[1] * t, e[2] + r[2] * t)
    s = f(1.0) / np.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2])
    n = (p[0] * s, p[1] * s, p[2] * s)
    value = _lambert(n, sun, albedo, ambient) * _solid(p, n, r, rx, ry, t, pitch, contrast)
    return covered, value, q


@inlined
def _disc(e, r, rx, ry, radius, level):  # type: ignore[no-untyped-def]
    """(covered, q) of the disc of a cylinder at local z = level for one ray; 0 if it lies behind the eye."""
    f = np.float32
    q = r[2] / level  # here measured from the eye
    ahead = q > f(1e-6)
    q = q if ahead else f(1.0)
    t = f(1.0) / q
    x, y = e[0] + r[0] * t, e[1] + r[1] * t
    u, v = r[0] * t / level, r[1] * t / level
    gx = t * (x * (rx[0] - u * rx[2]) + y * (rx[1] - v * rx[2]))
    gy = t * (x * (ry[0] - u * ry[2]) + y * (ry[1] - v * ry[2]))
    share = _share(radius * radius - x * x - y * y, gx, gy)
    return share if ahead else f(0.0), q


@inlined
def _cylinder(e, r, rx, ry, sun, half, out, albedo, ambient, pitch, contrast):  # type: ignore[no-untyped-def]
    """(covered, luminance, q) of a capped cylinder: its outline is that of both discs and the strip between its limbs."""
    f = np.float32
    zero, one = f(0.0), f(1.0)
    across = r[0] * r[0] + r[1] * r[1] + f(1e-20)
    b = e[0] * r[0] + e[1] * r[1]
    inside = b * b - across * out
    top, top_q = _disc(e, r, rx, ry, half[0], half[2] - e[2])
    bottom, bottom_q = _disc(e, r, rx, ry, half[0], -half[2] - e[2])
    sx, sy = b * e[0] - out * r[0], b * e[1] - out * r[1]
    strip = _share(inside, sx * rx[0] + sy * rx[1], sx * ry[0] + sy * ry[1])
    middle = e[2] - b / across * r[2]
    strip = strip if (out > zero) & (b < zero) & (middle <= half[2]) & (middle >= -half[2]) else zero
    covered = top if top > bottom else bottom
    covered = covered if covered > strip else strip
    over, under = e[2] > half[2], e[2] < -half[2]
    cap = top if over else (bottom if under else zero)
    q = top_q if over else bottom_q
    up = one if over else -one
    t = one / q
    normal = (zero, zero, up)
    p = (e[0] + r[0] * t, e[1] + r[1] * t, up * half[2])
    lid = _lambert(normal, sun, albedo, ambient) * _solid(p, normal, r, rx, ry, t, pitch, contrast)
    side_q = (-b + np.sqrt(inside if inside > zero else zero)) / (out if out > zero else one)
    side_q = side_q if side_q > f(1e-6) else f(1e-6)
    t = one / side_q
    x, y = e[0] + r[0] * t, e[1] + r[1] * t
    s = one / np.sqrt(x * x + y * y + f(1e-30))
    normal = (x * s, y * s, zero)
    wall = _lambert(normal, sun, albedo, ambient) * _solid(
        (x, y, e[2] + r[2] * t), normal, r, rx, ry, t, pitch, contrast
    )
    cap = cap if out > zero else covered
    share = cap / (covered if covered > zero else one)
    return covered, share * lid + (one - share) * wall, q if share > f(0.5) else side_q


@jit
def draw_curved(d, lum, depth, lo, hi, y, ambient, edge, share, n, scratch):  # type: ignore[no-untyped-def]
    """Draw row `y` of a sphere or cylinder into pixels lo..hi, as `draw_box` does."""
    f = np.float32
    e = (f(d.eye[0]), f(d.eye[1]), f(d.eye[2]))
    r0 = (f(d.ray[0, 0] + d.ray[0, 2] * y), f(d.ray[1, 0] + d.ray[1, 2] * y), f(d.ray[2, 0] + d.ray[2, 2] * y))
    rx = (f(d.ray[0, 1]), f(d.ray[1, 1]), f(d.ray[2, 1]))
    ry = (f(d.ray[0, 2]), f(d.ray[1, 2]), f(d.ray[2, 2]))
    sun = (f(d.sun[0]), f(d.sun[1]), f(d.sun[2]))
    half = (f(d.half[0]), f(d.half[1]), f(d.half[2]))
    albedo, amb, pitch, contrast = f(d.albedo), f(ambient), f(1.0 / d.pitch), f(d.texture)
    across = d.eye[0] ** 2 + d.eye[1] ** 2 - d.half[0] ** 2
    covers, values, qs = scratch[0, lo:hi], scratch[1, lo:hi], scratch[2, lo:hi]
    first = f(lo)
    if d.kind == CYLINDER:
        if across <= 0.0 and abs(d.eye[2]) <= d.half[2]:
            return n
        out = f(across)
        for i in range(covers.size):
            x = first + f(np.int32(i))
            r = (r0[0] + rx[0] * x, r0[1] + rx[1] * x, r0[2] + rx[2] * x)
            covers[i], values[i], qs[i] = _cylinder(e, r, rx, ry, sun, half, out, albedo, amb, pitch, contrast)
    else:
        if across + d.eye[2] ** 2 <= 0.0:
            return n
        out = f(across + d.eye[2] ** 2)
        for i in range(covers.size):
            x = first + f(np.int32(i))
            r = (r0[0] + rx[0] * x, r0[1] + rx[1] * x, r0[2] + rx[2] * x)
            covers[i], values[i], qs[i] = _sphere(e, r, rx, ry, sun, half, out, albedo, amb, pitch, contrast)
    for i in range(covers.size):
        if covers[i] > 0.0:
            n = put(lum, depth, lo + i, qs[i], values[i], covers[i], edge, share, n)
    return n


@jit
def cast(drawn, count, lum, depth, spans, sky, ambient, edge, share, scratch):  # type: ignore[no-untyped-def]
    """Render the pixels `spans` (height, 2: from, to) of `lum` anew and return how many they were."""
    done = 0
    for y in range(lum.shape[0]):
        lo, hi = spans[y, 0], spans[y, 1]
        if lo >= hi:
            continue
        done += hi - lo
        row = lum[y]
        row[lo:hi] = sky
        depth[lo:hi] = 0.0
        n = 0
        for i in range(count):
            d = drawn[i]
            if y < d.box[2] or y >= d.box[3]:
                continue
            begin, end = max(lo, d.box[0]), min(hi, d.box[1])
            if begin >= end:
                continue
            if d.kind == BOX:
                n = draw_box(d, row, depth, begin, end, y, edge, share, n)
            else:
                n = draw_curved(d, row, depth, begin, end, y, ambient, edge, share, n, scratch)
        for k in range(n):
            x = edge[k]
            if share[k, 2] > depth[x]:
                row[x] += share[k, 0] * (share[k, 1] - row[x])
    return done
