"""What a scenario file may say about a simulated world, and the arrays that its physics shares with its sensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from sensors.filter_spec import FilterSpec
from sensors.spec import Pixel, Settings, Skin, Spec

Range = tuple[float, float]


class Trial(Settings, frozen=True):
    """What happens in one episode: close, lift, shake while payload and friction change, put down. Times in seconds."""

    settle_s: Annotated[float, Meta(ge=0.1, le=5.0)] = 0.9
    lift_s: Annotated[float, Meta(ge=0.2, le=5.0)] = 1.0
    lift_height_m: Annotated[float, Meta(ge=0.02, le=0.3)] = 0.1
    hold_s: Annotated[float, Meta(ge=0.1, le=20.0)] = 1.0
    shake_s: Annotated[float, Meta(ge=0.0, le=20.0)] = 1.5
    shake_hz: Annotated[float, Meta(ge=0.5, le=8.0)] = 4.0
    shake_amplitude_m: Annotated[float, Meta(ge=0.0, le=0.02)] = 0.004
    lower_s: Annotated[float, Meta(ge=0.2, le=5.0)] = 0.9
    mass_kg: Range = (0.02, 2.0)
    friction: Range = (0.15, 1.0)
    half_size_m: Range = (0.01, 0.04)
    stiffness_n_per_m: Range = (2e3, 1e5)
    crush_ratio: Range = (2.0, 6.0)
    payload_ratio: Range = (1.0, 1.5)
    friction_ratio: Range = (0.75, 1.0)


class Camera(Settings, frozen=True):
    """A simulated event camera, off unless asked for.

    mount: moving with the gripper, or fixed beside the robot, where it is not listened to while the hand moves, since
    all that it sees then is that. filters: what events pass before they are pooled, in this order.
    """

    enabled: bool = False
    width: Annotated[int, Meta(ge=64, le=346)] = 128
    height: Annotated[int, Meta(ge=64, le=260)] = 128
    mount: Literal["gripper", "fixed"] = "gripper"
    pixel: Pixel = Pixel()
    filters: tuple[FilterSpec, ...] = ()


class Bullet(Spec, frozen=True, tag="bullet"):
    """A PyBullet world. The tick is a whole number of physics steps of 1 ms or less.

    delay_ms: from the moment a thing is sensed to the moment a brain sees it. force_noise: standard deviation of the
    pad force totals, relative.
    """

    robot: Literal["column", "panda"] = "column"
    tick_us: Annotated[int, Meta(ge=250, le=4000)] = 1000
    physics_step_us: Annotated[int, Meta(ge=250, le=1000)] = 1000
    delay_ms: Annotated[int, Meta(ge=0, le=40)] = 5
    force_noise: Annotated[float, Meta(ge=0.0, le=0.2)] = 0.02
    camera: Camera = Camera()
    skin: Skin = Skin()
    trial: Trial = Trial()


TRUTH = np.dtype(
    [
        ("height_m", "<f4"),  # gripper above its start
        ("object_m", "<f4"),  # object above its start
        ("grip_n", "<f4"),  # mean normal force of the pads, filtered at 5 ms; what crushes
        ("needed_n", "<f4"),  # least normal force per pad that holds the object now: m |g + a| / (2 mu)
        ("crush_limit_n", "<f4"),
        ("load_n", "<f4"),  # sum of both pads' shear, positive when the object pulls the gripper down
        ("slip_m_per_s", "<f4"),  # speed of the object's surface along the pads, the faster pad
        ("slip_m", "<f4"),  # how far the object has sunk in the hand since both pads first touched it
        ("friction", "<f4"),
        ("mass_kg", "<f4"),
        ("contacts", "u1"),  # pads that touch the object, 0..2
        ("on_table", "?"),
    ]
)
"""One tick of what only the simulator knows. For scores, reports, baselines that say so: never for a controller."""

BOX, CYLINDER, SPHERE = 0, 1, 2
PRIMITIVE = np.dtype(
    [
        ("kind", "<i4"),  # BOX, CYLINDER (axis = local z) or SPHERE
        ("position", "<f8", 3),  # world, m
        ("rotation", "<f8", (3, 3)),  # local to world
        ("half", "<f8", 3),  # half edges | (radius, radius, half height) | (radius, radius, radius), m
        ("albedo", "<f8"),  # 0..1
        ("texture", "<f8"),  # contrast of the surface pattern, 0 none .. 1
        ("pitch", "<f8"),  # size of one patch of the pattern, m; no pattern if it is 0
    ]
)
"""One body as the renderer sees it; row 0 is always the object, rows 1 and 2 the pads, then the rest of the robot."""

MAX_CONTACTS = 8


@dataclass(frozen=True, slots=True)
class Episode:
    """One object and what befalls it, drawn from (seed, index) alone: the same whoever controls, whatever is sensed.

    shape: BOX, CYLINDER (upright) or SPHERE. half_m: (3,) as PRIMITIVE's half. payload and friction change once, at
    `payload_s` and `friction_s` after the episode began, to `mass_kg * payload_ratio` and `friction * friction_ratio`.
    crush_limit_n: 5 ms-filtered pad force that destroys it. wavelength_m: of its surface's texture.
    """

    seed: int
    index: int
    shape: int
    half_m: tuple[float, float, float]
    mass_kg: float
    friction: float
    stiffness_n_per_m: float
    crush_limit_n: float
    payload_ratio: float
    payload_s: float
    friction_ratio: float
    friction_s: float
    wavelength_m: float
    albedo: float
    yaw_rad: float


@dataclass(slots=True)
class Contact:
    """How the object touches the pads now; index 0 is the left pad. The arrays are overwritten each tick.

    Pad frame: u is horizontal, v points up, both in the pad's face, origin in its centre. The face is a square.
    """

    pad_half_m: float
    friction: float
    count: NDArray[np.int64]  # (2,) contact points
    point_m: NDArray[np.float64]  # (2, MAX_CONTACTS, 2) u, v of each point
    normal_n: NDArray[np.float64]  # (2, MAX_CONTACTS) normal force, >= 0
    shear_n: NDArray[np.float64]  # (2, 2) u, v force the object exerts on the pad
    slide_m_per_s: NDArray[np.float64]  # (2, 2) u, v velocity of the object relative to the pad, at the contact
    spin_rad_per_s: NDArray[np.float64]  # (2,) rotation of the object relative to the pad about the pad's normal

    @staticmethod
    def empty(pad_half_m: float) -> Contact:
        m = MAX_CONTACTS
        return Contact(
            pad_half_m,
            0.0,
            np.zeros(2, np.int64),
            np.zeros((2, m, 2)),
            np.zeros((2, m)),
            np.zeros((2, 2)),
            np.zeros((2, 2)),
            np.zeros(2),
        )


@dataclass(slots=True)
class Joints:
    """The gripper's joints now, exact: SI units."""

    opening_m: float = 0.0
    opening_m_per_s: float = 0.0
    height_m: float = 0.0
    height_m_per_s: float = 0.0
