"""What all surfaces share when they are drawn: the form they are drawn from, their bounds, filtered patterns.

Patterns are square waves averaged over the pixel's footprint in closed form, so nothing flickers unless it moves.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

SOFT = 0.15  # width of the pattern's edges, in patches
MOST = 62  # primitives
SKY = 62  # what lies behind all of them, as if it were one more
LINES = 9
NEAR_M = 1e-3
LANES = 8

DRAWN = np.dtype(
    [
        ("kind", "<i4"),
        ("entries", "<i4"),  # box: faces that look at the eye, 0..3
        ("lines", "<i4"),  # box: lines that bound the silhouette
        ("nearest", "<f8"),  # inverse depth that none of its points exceeds
        ("box", "<i4", 4),  # pixels it may touch: x from, to, y from, to
        ("axis", "<i4", 3),  # box: local axis of each entry face
        ("face", "<f8", (3, 3)),  # box: q of each entry face as constant, per x, per y
        ("light", "<f8", 3),  # box: albedo times irradiance of each entry face
        ("line", "<f8", (LINES, 4)),  # box: pixels inside the silhouette's lines, and 1 / their slope along x
        ("between", "<f8", (3, 3, 4)),  # box: pixels by which face i lies before face j, likewise
        ("wave", "<f8", (3, 2, 4)),  # box: patches along both waves of each face: (constant, per x, per y) / q - offset
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
inlined = njit(cache=True, error_model="numpy", forceinline=True)


@inlined
def pick(yes, a, b):  # type: ignore[no-untyped-def]
    """`a` if `yes` else `b`, both float32, without a branch: of one, compilers make masked stores, which are slow."""
    mask = np.int32(-np.int32(yes))
    kept = np.int32(np.float32(b).view(np.int32) & np.int32(~mask))
    return np.int32(np.int32(np.float32(a).view(np.int32) & mask) | kept).view(np.float32)


@inlined
def whole(n):  # type: ignore[no-untyped-def]
    """Pixels, at least `n`, that leave no rest when many are done at once; the scratch has LANES more."""
    return (n + LANES - 1) // LANES * LANES


@inlined
def bit(i):  # type: ignore[no-untyped-def]
    """Primitive `i` in a set of primitives."""
    return np.uint64(1) << np.uint64(i)


@inlined
def show(lum, depth, owner, mine, y, x, here, value):  # type: ignore[no-untyped-def]
    """Let pixel x of row y show `value` at inverse depth `here`, if that is nearer than what it shows."""
    nearer = here > depth[y, x]
    lum[y, x] = pick(nearer, value, lum[y, x])
    depth[y, x] = pick(nearer, here, depth[y, x])
    mask = np.uint64(0) - np.uint64(nearer)
    owner[y, x] = (owner[y, x] & (mine | ~mask)) | (mine & mask)


@inlined
def _triangle(u):  # type: ignore[no-untyped-def]
    return abs(u - np.float32(2.0) * np.floor(u * np.float32(0.5) + np.float32(0.5)))


@inlined
def mean_wave(u, width):  # type: ignore[no-untyped-def]
    """A square wave of +-1 and period 2, averaged from u - width / 2 to u + width / 2."""
    reach = width * np.float32(0.5)
    return (_triangle(u + reach) - _triangle(u - reach)) / width


@inlined
def wave(u, gx, gy):  # type: ignore[no-untyped-def]
    """The same at `u`, averaged over the footprint that its gradient per pixel spans, and softened."""
    return mean_wave(u, np.sqrt(gx * gx + gy * gy + np.float32(SOFT * SOFT)))


@jit
def bounds(box, place, half, scale, width, height):  # type: ignore[no-untyped-def]
    """Set the pixels that a box of half edges `half` may touch; return its depth, 0 if it is behind the eye."""
    left, right, top, bottom, nearest = 1e30, -1e30, 1e30, -1e30, 1e30
    box[0], box[1], box[2], box[3] = 0, width, 0, height
    for corner in range(8):
        x, y, z = place[0, 0], place[0, 1], place[0, 2]
        for axis in range(3):
            h = half[axis] if corner >> axis & 1 else -half[axis]
            x += place[1 + axis, 0] * h
            y += place[1 + axis, 1] * h
            z += place[1 + axis, 2] * h
        if z < NEAR_M:
            return 0.0
        nearest = min(nearest, z)
        left, right = min(left, x / z), max(right, x / z)
        top, bottom = min(top, y / z), max(bottom, y / z)
    box[0] = int(max(0.0, min(width * 1.0, math.floor(left / scale + 0.5 * width - 1.0))))
    box[1] = int(max(0.0, min(width * 1.0, math.ceil(right / scale + 0.5 * width + 1.0))))
    box[2] = int(max(0.0, min(height * 1.0, math.floor(top / scale + 0.5 * height - 1.0))))
    box[3] = int(max(0.0, min(height * 1.0, math.ceil(bottom / scale + 0.5 * height + 1.0))))
    return nearest


@jit
def tighten(box, at, across, ahead, radius, scale, size):  # type: ignore[no-untyped-def]
    """Set the pixels of one direction that a sphere may touch: between the tangents from the eye."""
    out = ahead * ahead - radius * radius
    middle = across * ahead / out
    reach = radius * math.sqrt(across * across + out) / out
    box[at] = int(max(0.0, min(size * 1.0, math.floor((middle - reach) / scale + 0.5 * size - 1.0))))
    box[at + 1] = int(max(0.0, min(size * 1.0, math.ceil((middle + reach) / scale + 0.5 * size + 1.0))))
