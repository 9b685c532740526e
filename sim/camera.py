"""What a camera sees of a scene: PRIMITIVE rows to linear luminance, at the pace of the physics.

A primitive's pose relative to the camera is followed in steps: what of it is off by more than GRAIN_M or GRAIN is taken
over (about a hundredth of a pixel at arm's length), since physics never stands quite still. Only the rows and columns
around what has taken a step are cast again, and not even those if it looks as it did, like a column beside which the
camera rises; the result is bit for bit that of casting everything from the same poses.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .flat import prepare
from .render import cast
from .spec import BOX, PRIMITIVE
from .surface import DRAWN, LANES, MOST, SKY, jit

GRAIN_M = 4e-6
GRAIN = 2e-5

SUN = (-0.35, -0.75, 0.56)  # towards the light, world


@jit
def _turn(rotation, vector, out):  # type: ignore[no-untyped-def]
    for j in range(3):
        out[j] = rotation[0, j] * vector[0] + rotation[1, j] * vector[1] + rotation[2, j] * vector[2]


@jit
def _pose(row, position, rotation, place):  # type: ignore[no-untyped-def]
    """Centre and axes of a primitive in the camera's coordinates."""
    for j in range(3):
        s = 0.0
        for k in range(3):
            s += rotation[k, j] * (row.position[k] - position[k])
        place[0, j] = s
        for axis in range(3):
            s = 0.0
            for k in range(3):
                s += rotation[k, j] * row.rotation[k, axis]
            place[1 + axis, j] = s


@jit
def _copy(source, out):  # type: ignore[no-untyped-def]
    """Copy a small array; an assignment would have the compiler build the words of an error that cannot happen."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = source[i, j]


@jit
def _follow(place, kept):  # type: ignore[no-untyped-def]
    """Let the pose that is drawn follow, if it is too far off; each coordinate of the centre by itself."""
    turned = moved = False
    for j in range(3):
        for axis in range(1, 4):
            turned = turned or abs(place[axis, j] - kept[axis, j]) > GRAIN
    for j in range(3):
        if turned or abs(place[0, j] - kept[0, j]) > GRAIN_M:
            kept[0, j] = place[0, j]
            moved = True
    if turned:
        _copy(place[1:4], kept[1:4])
    return moved


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
def _far(line, box):  # type: ignore[no-untyped-def]
    """Whether a line of a silhouette passes a pixel or more beside all pixels of `box`: there it bounds nothing."""
    x, y = line[1], line[2]
    return line[0] + min(x * box[0], x * (box[1] - 1)) + min(y * box[2], y * (box[3] - 1)) >= 1.0


@jit
def _alike(a, b):  # type: ignore[no-untyped-def]
    """Whether a box without pattern looks the same, to the bit, from two poses: one that slides along its own edges."""
    if a.kind != BOX or b.kind != BOX or a.texture != 0.0 or b.texture != 0.0:
        return False
    same = a.entries == b.entries and a.lines == b.lines and a.nearest == b.nearest
    for k in range(4):
        same = same and a.box[k] == b.box[k]
    if not same:
        return False
    for e in range(a.entries):
        same = same and a.axis[e] == b.axis[e] and a.light[e] == b.light[e]
        for k in range(3):
            same = same and a.face[e, k] == b.face[e, k]
        for other in range(a.entries):
            for k in range(4):
                same = same and (other == e or a.between[e, other, k] == b.between[e, other, k])
    for i in range(a.lines):
        equal = True
        for k in range(4):
            equal = equal and a.line[i, k] == b.line[i, k]
        same = same and (equal or (_far(a.line[i], a.box) and _far(b.line[i], b.box)))
    return same


@jit
def _render(  # type: ignore[no-untyped-def]
    scene,
    position,
    rotation,
    everything,
    known,
    kept,
    place,
    fresh,
    sun,
    drawn,
    ready,
    moved,
    stale,
    lum,
    depth,
    owner,
    spans,
    optics,
    edge,
    share,
    scratch,
    exits,
    axes,
):
    height, width = lum.shape
    scale, sky, ambient = optics[0], optics[1], optics[2]
    everything = everything or known != scene.size
    _turn(rotation, optics[3:6], sun[1])
    for k in range(3):
        everything = everything or abs(sun[0, k] - sun[1, k]) > GRAIN
    if everything:
        _copy(sun[1:2], sun[0:1])
    for y in range(height):
        spans[y, 0] = 0 if everything else width
        spans[y, 1] = width if everything else 0
    moved[SKY] = everything
    for i in range(scene.size):
        _pose(scene[i], position, rotation, fresh)
        other = everything or not _same(scene[i], kept[i])
        if other:
            _copy(fresh, place[i])
            kept[i] = scene[i]
        moved[i] = other or _follow(fresh, place[i])
        if moved[i]:
            prepare(ready[0], scene[i], place[i], sun[0], ambient, scale, width, height, exits, axes)
            moved[i] = everything or not _alike(drawn[i], ready[0])
            if moved[i]:
                _mark(spans, drawn[i].box)
                _mark(spans, ready[0].box)
            drawn[i] = ready[0]
    return cast(drawn, scene.size, moved, stale, lum, depth, owner, spans, sky, ambient, edge, share, scratch)


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
        self._place = np.zeros((MOST, 4, 3))
        self._fresh = np.zeros((4, 3))
        self._sun = np.zeros((2, 3))
        self._drawn = np.zeros(MOST, DRAWN)
        self._ready = np.zeros(1, DRAWN)
        self._moved = np.zeros(SKY + 1, np.bool_)
        self._stale = np.zeros(width, np.int32)
        self._depth = np.zeros((height, width), np.float32)
        self._owner = np.zeros((height, width), np.uint64)  # sets of the primitives that each pixel shows
        self._spans = np.zeros((height, 2), np.int64)
        self._edge = np.zeros((width * 8, 2), np.int64)
        self._share = np.zeros((width * 8, 3))
        self._scratch = np.zeros((4, width + LANES), np.float32)
        self._exits = np.zeros((7, 3))
        self._axes = np.zeros(7, np.int64)
        self._known = -1

    def shows(self, primitive: int) -> NDArray[np.bool_]:
        """(height, width), the pixels of the last picture of which a primitive is a part."""
        shown: NDArray[np.bool_] = (self._owner & np.uint64(1 << primitive)) != 0
        return shown

    def forget(self) -> None:
        """Cast every pixel at the next `render`, from exact poses."""
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
            self._place,
            self._fresh,
            self._sun,
            self._drawn,
            self._ready,
            self._moved,
            self._stale,
            self.luminance,
            self._depth,
            self._owner,
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
    """Write `luminance` as uint8 into `out`, both (height, width); the square root is a display's gamma."""
    for y in range(luminance.shape[0]):
        for x in range(luminance.shape[1]):
            out[y, x] = np.uint8(255.0 * math.sqrt(min(max(luminance[y, x], np.float32(0.0)), np.float32(1.0))) + 0.5)
