"""What a camera sees of a scene: PRIMITIVE rows to linear luminance, at the pace of the physics.

Poses are rounded to GRAIN_M and GRAIN before casting (a thousandth of a pixel at arm's length), so that what has not
moved relative to the camera is found to be the same and only the rows and columns around what has moved are cast again;
the result is bit for bit that of casting everything.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .render import DRAWN, cast, jit, prepare
from .spec import PRIMITIVE

GRAIN_M = 2.0**-20
GRAIN = 2.0**-20
MOST = 64

SUN = (-0.35, -0.75, 0.56)  # towards the light, world


@jit
def _pose(scene, position, rotation, place, sun_from, sun):  # type: ignore[no-untyped-def]
    """Centre and axes of each primitive, and the light, in the camera's coordinates, rounded."""
    for j in range(3):
        s = 0.0
        for k in range(3):
            s += rotation[k, j] * sun_from[k]
        sun[j] = round(s / GRAIN) * GRAIN
    for i in range(scene.size):
        row = scene[i]
        for j in range(3):
            s = 0.0
            for k in range(3):
                s += rotation[k, j] * (row.position[k] - position[k])
            place[i, 0, j] = round(s / GRAIN_M) * GRAIN_M
            for axis in range(3):
                s = 0.0
                for k in range(3):
                    s += rotation[k, j] * row.rotation[k, axis]
                place[i, 1 + axis, j] = round(s / GRAIN) * GRAIN


@jit
def _mark(spans, box):  # type: ignore[no-untyped-def]
    for y in range(box[2], box[3]):
        spans[y, 0] = min(spans[y, 0], box[0])
        spans[y, 1] = max(spans[y, 1], box[1])


@jit
def _same(a, b):  # type: ignore[no-untyped-def]
    same = a.kind == b.kind and a.albedo == b.albedo and a.texture == b.texture and a.pitch == b.pitch
    for k in range(3):
        same = same and a.half[k] == b.half[k]
    return same


@jit
def _render(  # type: ignore[no-untyped-def]
    scene, position, rotation, everything, known, kept, place, old_place, sun, drawn, lum, depth, spans, optics, edge, share, scratch, exits, axes
):
    height, width = lum.shape
    scale, sky, ambient = optics[0], optics[1], optics[2]
    _pose(scene, position, rotation, place, optics[3:6], sun[0])
    for k in range(3):
        everything = everything or sun[0, k] != sun[1, k]
        sun[1, k] = sun[0, k]
    everything = everything or known != scene.size
    for y in range(height):
        spans[y, 0] = 0 if everything else width
        spans[y, 1] = width if everything else 0
    for i in range(scene.size):
        moved = everything or not _same(scene[i], kept[i])
        for j in range(4):
            for k in range(3):
                moved = moved or place[i, j, k] != old_place[i, j, k]
                old_place[i, j, k] = place[i, j, k]
        if moved:
            if not everything:
                _mark(spans, drawn[i].box)
            kept[i] = scene[i]
            prepare(drawn[i], scene[i], place[i], sun[0], ambient, scale, width, height, exits, axes)
            if not everything:
                _mark(spans, drawn[i].box)
    return cast(drawn, scene.size, lum, depth, spans, sky, ambient, edge, share, scratch)


class Renderer:
    """A pinhole camera without lens errors or exposure; 1 is the luminance of white in full light.

    Args:
        width, height: pixels. fov_deg: horizontal field of view, 1..150 degrees.
        sky: luminance of what lies behind everything, at infinity. ambient: share of light that comes from everywhere.

    Attributes:
        luminance: float32 (height, width), the last picture; overwritten by the next `render`.
        cast: pixels that the last `render` computed anew.
    """

    def __init__(self, width: int, height: int, fov_deg: float, sky: float = 0.8, ambient: float = 0.35) -> None:
        if not 1.0 <= fov_deg <= 150.0:
            raise UserError(f"field of view is {fov_deg:g} degrees, expected 1 to 150; choose a lens in that range")
        self.width, self.height = width, height
        self.luminance = np.zeros((height, width), np.float32)
        self.cast = 0
        scale = 2.0 * math.tan(math.radians(fov_deg) / 2.0) / width
        self._optics = np.array([scale, sky, ambient, *(np.array(SUN) / np.linalg.norm(SUN))])
        self._kept = np.zeros(MOST, PRIMITIVE)
        self._place = np.zeros((2, MOST, 4, 3))
        self._sun = np.zeros((2, 3))
        self._drawn = np.zeros(MOST, DRAWN)
        self._depth = np.zeros(width, np.float32)
        self._spans = np.zeros((height, 2), np.int64)
        self._edge = np.zeros(width * 8, np.int64)
        self._share = np.zeros((width * 8, 3))
        self._scratch = np.zeros((3, width), np.float32)
        self._exits = np.zeros((7, 3))
        self._axes = np.zeros(7, np.int64)
        self._known = -1

    def forget(self) -> None:
        """Cast every pixel at the next `render`."""
        self._known = -1

    def render(
        self, scene: NDArray[np.void], position: NDArray[np.float64], rotation: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return the luminance, float32 (height, width), of a `scene` seen from `position` with `rotation`.

        Args:
            scene: PRIMITIVE (n,), n <= MOST; one that the camera is inside of is not seen.
            position: (3,) world, m. rotation: (3, 3) camera to world; camera x right, y down, z forward.

        Raises:
            UserError: more primitives than MOST.
        """
        if scene.size > MOST:
            raise UserError(f"scene has {scene.size} primitives, the camera draws {MOST}; merge parts of the robot")
        self.cast = _render(
            scene,
            position,
            rotation,
            self._known < 0,
            self._known,
            self._kept,
            self._place[0],
            self._place[1],
            self._sun,
            self._drawn,
            self.luminance,
            self._depth,
            self._spans,
            self._optics,
            self._edge,
            self._share,
            self._scratch,
            self._exits,
            self._axes,
        )
        self._known = scene.size
        return self.luminance


@jit
def picture(luminance, out):  # type: ignore[no-untyped-def]
    """Write `luminance` (height, width) as uint8 for the eye into `out`, of its shape: square root as a display's gamma."""
    for y in range(luminance.shape[0]):
        for x in range(luminance.shape[1]):
            out[y, x] = np.uint8(255.0 * math.sqrt(min(max(luminance[y, x], np.float32(0.0)), np.float32(1.0))) + 0.5)
