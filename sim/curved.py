"""Spheres and capped cylinders, drawn a row of pixels at a time in float32, without branches so that it vectorises."""

from __future__ import annotations

import math

import numpy as np

from .spec import CYLINDER
from .surface import SOFT, bit, inlined, jit, mean_wave, pick, show, whole


@inlined
def _solid(p, facing, far, pitch, contrast):  # type: ignore[no-untyped-def]
    """Pattern factor at local point p of a surface that is cut from a patterned solid.

    The footprint is taken as round: `far` (patches a pixel spans across the ray) over the cosine `facing`.
    """
    f = np.float32
    a, b, c = f(0.6), f(0.35), f(0.72)
    facing = facing if facing > f(0.05) else f(0.05)
    footprint = far / facing
    width = np.sqrt(footprint * footprint + f(SOFT * SOFT))
    first = mean_wave((a * p[0] + b * p[1] + c * p[2]) * pitch, width)
    return f(1.0) + contrast * first * mean_wave((a * p[1] - b * p[0] - c * p[2]) * pitch, width)


@inlined
def _lambert(n, sun, albedo, ambient):  # type: ignore[no-untyped-def]
    facing = n[0] * sun[0] + n[1] * sun[1] + n[2] * sun[2]
    facing = facing if facing > np.float32(0.0) else np.float32(0.0)
    return albedo * (ambient + (np.float32(1.0) - ambient) * facing)


@inlined
def _share(inside, gx, gy):  # type: ignore[no-untyped-def]
    """Share of a pixel inside a curve, from a function positive inside and half its gradient per pixel, (gx, gy)."""
    f = np.float32
    share = f(0.5) + f(0.5) * inside / np.sqrt(gx * gx + gy * gy + f(1e-30))
    share = share if share > f(0.0) else f(0.0)
    return share if share < f(1.0) else f(1.0)


@inlined
def _sphere(e, r, rx, ry, sun, out, albedo, ambient, pitch, contrast, pixel):  # type: ignore[no-untyped-def]
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
    facing = -(n[0] * r[0] + n[1] * r[1] + n[2] * r[2])
    value = _lambert(n, sun, albedo, ambient) * _solid(p, facing, t * pixel, pitch, contrast)
    return covered, value, q


@inlined
def _disc(e, r, rx, ry, radius, level):  # type: ignore[no-untyped-def]
    """(covered, q) of the disc of a cylinder at local z = `level` above the eye for one ray; 0 if it lies behind.

    Its outline is where q^2 (radius^2 - x^2 - y^2) = 0, a conic in the pixel's coordinates and smooth at the horizon.
    """
    f = np.float32
    q, qx, qy = r[2] / level, rx[2] / level, ry[2] / level
    a, b = e[0] * q + r[0], e[1] * q + r[1]
    out = radius * radius
    gx = out * q * qx - a * (e[0] * qx + rx[0]) - b * (e[1] * qx + rx[1])
    gy = out * q * qy - a * (e[0] * qy + ry[0]) - b * (e[1] * qy + ry[1])
    share = _share(out * q * q - a * a - b * b, gx, gy)
    ahead = q > f(1e-6)
    return share if ahead else f(0.0), q if ahead else f(1.0)


@inlined
def _cylinder(e, r, rx, ry, sun, half, out, albedo, ambient, pitch, contrast, pixel):  # type: ignore[no-untyped-def]
    """(covered, luminance, q) of a capped cylinder: outlined by both discs and the strip between its limbs."""
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
    side_q = (-b + np.sqrt(inside if inside > zero else zero)) / (out if out > zero else one)
    side_q = side_q if side_q > f(1e-6) else f(1e-6)
    cap = cap if out > zero else covered
    share = cap / (covered if covered > zero else one)
    lid = share > f(0.5)
    q = q if lid else side_q
    t = one / q
    p = (e[0] + r[0] * t, e[1] + r[1] * t, e[2] + r[2] * t)
    s = one / np.sqrt(p[0] * p[0] + p[1] * p[1] + f(1e-30))
    wall = (p[0] * s, p[1] * s, zero)
    facing = -up * r[2] if lid else -(wall[0] * r[0] + wall[1] * r[1])
    light = share * _lambert((zero, zero, up), sun, albedo, ambient)
    light += (one - share) * _lambert(wall, sun, albedo, ambient)
    return covered, light * _solid(p, facing, t * pixel, pitch, contrast), q


@jit
def chord(d, lo, hi, y):  # type: ignore[no-untyped-def]
    """Pixels of lo..hi in row `y` that a sphere may touch: where (e r)^2 > r^2 (e^2 - radius^2), and two around."""
    er = er_x = rr = rr_x = rr_xx = 0.0
    ee = -(d.half[0] ** 2)
    for k in range(3):
        e, r, rx = d.eye[k], d.ray[k, 0] + d.ray[k, 2] * y, d.ray[k, 1]
        ee += e * e
        er += e * r
        er_x += e * rx
        rr += r * r
        rr_x += r * rx
        rr_xx += rx * rx
    a, b, c = er_x * er_x - ee * rr_xx, er * er_x - ee * rr_x, er * er - ee * rr
    if a >= 0.0:  # the eye is so near that the outline is no ellipse
        return lo, hi
    middle, reach = -b / a, math.sqrt(max(b * b - a * c, 0.0)) / -a
    return max(lo, int(max(middle - reach - 2.0, -1.0))), min(hi, int(min(middle + reach + 3.0, 1e6)))


@jit
def draw_curved(d, lum, depth, owner, me, lo, hi, y, ambient, edge, share, n, scratch):  # type: ignore[no-untyped-def]
    """Draw row `y` of a sphere or cylinder into pixels lo..hi, as `draw_box` does."""
    f = np.float32
    e = (f(d.eye[0]), f(d.eye[1]), f(d.eye[2]))
    r0 = (f(d.ray[0, 0] + d.ray[0, 2] * y), f(d.ray[1, 0] + d.ray[1, 2] * y), f(d.ray[2, 0] + d.ray[2, 2] * y))
    rx = (f(d.ray[0, 1]), f(d.ray[1, 1]), f(d.ray[2, 1]))
    ry = (f(d.ray[0, 2]), f(d.ray[1, 2]), f(d.ray[2, 2]))
    sun = (f(d.sun[0]), f(d.sun[1]), f(d.sun[2]))
    half = (f(d.half[0]), f(d.half[1]), f(d.half[2]))
    albedo, amb, pitch, contrast = f(d.albedo), f(ambient), f(1.0 / d.pitch), f(d.texture)
    pixel = pitch * np.sqrt(rx[0] * rx[0] + rx[1] * rx[1] + rx[2] * rx[2])
    across = d.eye[0] ** 2 + d.eye[1] ** 2 - d.half[0] ** 2
    first, size = f(lo), np.uintp(whole(hi - lo))
    if d.kind == CYLINDER:
        if across <= 0.0 and abs(d.eye[2]) <= d.half[2]:
            return n
        out = f(across)
        for i in range(size):
            x = first + f(np.int32(i))
            r = (r0[0] + rx[0] * x, r0[1] + rx[1] * x, r0[2] + rx[2] * x)
            scratch[0, i], scratch[1, i], scratch[2, i] = _cylinder(
                e, r, rx, ry, sun, half, out, albedo, amb, pitch, contrast, pixel
            )
    else:
        if across + d.eye[2] ** 2 <= 0.0:
            return n
        out = f(across + d.eye[2] ** 2)
        for i in range(size):
            x = first + f(np.int32(i))
            r = (r0[0] + rx[0] * x, r0[1] + rx[1] * x, r0[2] + rx[2] * x)
            scratch[0, i], scratch[1, i], scratch[2, i] = _sphere(
                e, r, rx, ry, sun, out, albedo, amb, pitch, contrast, pixel
            )
    return _write(scratch, lum, depth, owner, me, lo, hi, y, edge, share, n)


@jit
def _write(scratch, lum, depth, owner, me, lo, hi, y, edge, share, n):  # type: ignore[no-untyped-def]
    """Write what is covered whole and nearest; append what is covered in part to `edge` and `share` at `n`."""
    one, zero, mine, start = np.float32(1.0), np.float32(0.0), bit(me), np.uintp(lo)
    for i in range(np.uintp(hi - lo)):
        full = scratch[0, i] >= one
        show(lum, depth, owner, mine, y, start + i, pick(full, scratch[2, i], np.float32(-1.0)), scratch[1, i])
    for i in range(hi - lo):
        if zero < scratch[0, i] < one and n < share.shape[0]:
            edge[n, 0], edge[n, 1] = lo + i, me
            share[n, 0], share[n, 1], share[n, 2] = scratch[0, i], scratch[1, i], scratch[2, i]
            n += 1
    return n
