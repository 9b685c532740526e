"""What a scenario file may say about the pan-tilt world, and the values that its parts share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from sensors.filter_spec import Background, FilterSpec
from sensors.signals import Body, Channel, Region
from sensors.spec import Pixel, Settings, Spec

from .spec import Range

Positive = Annotated[float, Meta(gt=0.0, le=100.0)]


class Retina(Settings, frozen=True):
    """From events to spike addresses. Pixels are square; fov_deg is the field of view along the longer side.

    cells: along each edge, of the grid that pools events into spike addresses. threshold, leak_shift: of a cell, see
    `sensors.filters.Pool`. fovea_deg: cells at most so far from the axis are heard first when more of them speak than
    a tick carries; 0 treats all alike. filters: what events pass before they are pooled, in this order.
    """

    fov_deg: Annotated[float, Meta(ge=5.0, le=120.0)] = 40.0
    cells: Literal[8, 16, 32, 64] = 64
    threshold: Annotated[int, Meta(ge=1, le=100)] = 1
    leak_shift: Annotated[int, Meta(ge=0, le=15)] = 3
    fovea_deg: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.0
    filters: tuple[FilterSpec, ...] = (Background(3000),)


class Lens(Retina, frozen=True):
    """The simulated event camera on the head. threshold 0: as many events as its pixels are fine, see `enough`."""

    threshold: Annotated[int, Meta(ge=0, le=100)] = 0
    fovea_deg: Annotated[float, Meta(ge=0.0, le=60.0)] = 10.0
    width: Annotated[int, Meta(ge=64, le=346)] = 128
    height: Annotated[int, Meta(ge=64, le=260)] = 128
    pixel: Pixel = Pixel()


def enough(lens: Lens) -> int:
    """Events that make a cell speak: one with 3.2 pixels a degree, more with finer ones.

    Noise comes with every pixel, and an edge crosses as many more. With one event a camera of 346 x 260 pixels made the
    head tremble by 15 mN m, with four by 0.8; 240 x 180 by 12.7 and, with three, by 1 (seed 12).
    """
    if lens.threshold > 0:
        return lens.threshold
    return max(1, round(math.pow(max(lens.width, lens.height) / lens.fov_deg / 3.2, 1.5)))


class Screen(Retina, frozen=True):
    """The camera that a recording was made with: its geometry must be that of the file."""

    threshold: Annotated[int, Meta(ge=1, le=100)] = 2
    width: Annotated[int, Meta(ge=8, le=8192)] = 640
    height: Annotated[int, Meta(ge=8, le=8192)] = 480


class Motors(Settings, frozen=True):
    """Two direct-drive gimbal motors. Torque falls linearly from torque_nm at rest to nothing at speed_rad_per_s."""

    torque_nm: Positive = 0.12
    speed_rad_per_s: Positive = 12.0


class Show(Settings, frozen=True):
    """What there is to look at: an object that moves from point to point, rests in between, then swings about.

    speed_deg_per_s: of its moves, log-uniform. size_deg: its diameter as seen. background: contrast of the wall behind
    it, 0 for none, so that only the object makes events; distractors make the head's own motion visible.
    motor_ratio, payload_ratio: what motors give of the torque asked, and the camera's mass, of their nominal values.
    """

    moves: Annotated[int, Meta(ge=1, le=50)] = 4
    rest_s: Range = (0.25, 0.6)
    swing_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 2.0
    speed_deg_per_s: Range = (15.0, 80.0)
    size_deg: Range = (4.0, 9.0)
    background: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.0
    motor_ratio: Range = (0.7, 1.3)
    payload_ratio: Range = (0.8, 1.6)
    coulomb_nm: Range = (0.001, 0.006)


class Head(Spec, frozen=True, tag="pan_tilt"):
    """A pan-tilt head in PyBullet with an event camera. delay_ms: age of all that its brain senses."""

    tick_us: Literal[1000] = 1000
    delay_ms: Annotated[int, Meta(ge=0, le=40)] = 2
    camera: Lens = Lens()
    motors: Motors = Motors()
    show: Show = Show()


class Film(Spec, frozen=True, tag="recording"):
    """A recording of an event camera in place of the head: nothing that is commanded changes what is sensed.

    file: anything that `sensors.events.open_events` reads from disk. seconds: of it, from its start; 0 for all.
    """

    file: str
    seconds: Annotated[float, Meta(ge=0.0, le=3600.0)] = 0.0
    camera: Screen = Screen()
    tick_us: Literal[1000] = 1000
    delay_ms: Literal[0] = 0


ANALOG = (
    Channel("pan_rad", 1e-4),
    Channel("pan_rad_per_s", 1e-3),
    Channel("tilt_rad", 1e-4),
    Channel("tilt_rad_per_s", 1e-3),
)
"""Joint encoders: pan to the left, tilt upwards."""
GOAL = (Channel("track", 1.0),)
EFFORT = (Channel("pan_nm", 1e-5), Channel("tilt_nm", 1e-5))
TORQUE_MAX_NM = 0.3


def body(cells: int, late_ticks: int = 0) -> Body:
    """A head whose camera has cells x cells addresses, row by row from the top left, and senses so late."""
    return Body(ANALOG, GOAL, EFFORT, (Region("camera", 0, (cells, cells)),), late_ticks)


def head_body(world: Head | Film) -> Body:
    """The head of a world, or what a recording is shown to as if it were one."""
    return body(world.camera.cells, world.delay_ms * 1000 // world.tick_us)


def cell_angles(lens: Lens | Screen) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """How far to the left each column, and how far up each row of cells looks: int16 (cells,) in LSB of the angles."""
    edge = math.tan(math.radians(lens.fov_deg) / 2) / (max(lens.width, lens.height) / 2)
    centre = (np.arange(lens.cells) + 0.5) / lens.cells - 0.5
    angles = (np.arctan(-centre * side * edge) / ANALOG[0].lsb for side in (lens.width, lens.height))
    columns, rows = (np.rint(a).astype(np.int16) for a in angles)
    return columns, rows


TRUTH = np.dtype(
    [
        ("pan_rad", "<f4"),  # of the optical axis
        ("tilt_rad", "<f4"),
        ("target_pan_rad", "<f4"),  # direction in which the object's centre is
        ("target_tilt_rad", "<f4"),
        ("target_rad_per_s", "<f4"),  # speed of that direction
        ("error_rad", "<f4"),  # angle between the optical axis and the object's direction
        ("events", "<u4"),  # of the camera in this tick, before the filters
        ("visible", "?"),  # its centre is within the picture
    ]
)
"""One tick of what only the simulator knows. For scores, reports, baselines that say so: never for a controller."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One object, its way, and the head as it is built this time: drawn from (seed, index) alone.

    shape: BOX, CYLINDER or SPHERE. half_m: as PRIMITIVE's half, at distance_m. start_rad: its direction (pan, tilt) at
    first; the head looks straight ahead. legs: (from s, to s, pan, tilt) of each move, ending in that direction.
    swing: (from s, to s, pan amplitude rad, pan Hz, tilt amplitude rad, tilt Hz). motor_ratio: of pan and tilt.
    offset_m: of the camera's centre of mass before the tilt axis. payload_ratio: of the camera's mass.
    """

    seed: int
    index: int
    shape: int
    half_m: tuple[float, float, float]
    distance_m: float
    albedo: float
    roll_rad: float
    start_rad: tuple[float, float]
    legs: tuple[tuple[float, float, float, float], ...]
    swing: tuple[float, float, float, float, float, float]
    duration_s: float
    motor_ratio: tuple[float, float]
    payload_ratio: float
    offset_m: float
    coulomb_nm: tuple[float, float]
    background: float
