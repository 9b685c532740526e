"""What is grasped, and what it stands on: the bodies that are made anew for each episode."""

from __future__ import annotations

import math
from typing import Any

from .episode import GRAVITY_M_PER_S2
from .spec import BOX, CYLINDER, SPHERE, Episode

CENTRE_M = 0.16
"""Height of the object's centre, hence of the pads, above the floor at the start of every episode."""
PEDESTAL_SHARE = 0.6
"""Half width of the pedestal's top, in half widths of the object: the pads pass beside it."""
FLOOR_HALF_M = (0.6, 0.6, 0.05)
PAD_STIFFNESS_N_PER_M = 3e4
PAD_DAMPING_N_S_PER_M = 100.0
SPINNING_FRICTION_M = 3e-3
TABLE_STIFFNESS_N_PER_M = 5e4
TABLE_DAMPING_N_S_PER_M = 200.0
TABLE_ROLLING_M = 2e-3
"""Rolling friction of what objects stand on; without it a sphere on a flat top rolls away at the first touch."""
CONTACT_POINTS = {BOX: 4, CYLINDER: 2, SPHERE: 1}
"""Points through which Bullet lets each shape touch a pad; each has its own spring."""


def pad_stiffness_per_point(episode: Episode) -> float:
    """Stiffness for one contact point, N/m: pad and object in series, shared among the points of this shape."""
    series = 1.0 / (1.0 / PAD_STIFFNESS_N_PER_M + 1.0 / episode.stiffness_n_per_m)
    return series / CONTACT_POINTS[episode.shape]


class Object:
    """The object and its pedestal in one pybullet client; made by `create`, gone after `remove`."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.body = -1
        self.pedestal = -1
        self.pedestal_half_m = (0.0, 0.0, 0.0)

    def create(self, episode: Episode) -> None:
        p = self._client
        half = episode.half_m
        match episode.shape:
            case 0:
                shape = p.createCollisionShape(p.GEOM_BOX, halfExtents=half)
            case 1:
                shape = p.createCollisionShape(p.GEOM_CYLINDER, radius=half[0], height=2 * half[2])
            case _:
                shape = p.createCollisionShape(p.GEOM_SPHERE, radius=half[0])
        top = CENTRE_M - half[2]
        self.pedestal_half_m = (PEDESTAL_SHARE * half[0], PEDESTAL_SHARE * half[1], top / 2)
        post = p.createCollisionShape(p.GEOM_BOX, halfExtents=self.pedestal_half_m)
        self.pedestal = p.createMultiBody(0.0, post, basePosition=(0, 0, top / 2))
        p.changeDynamics(
            self.pedestal,
            -1,
            lateralFriction=1.0,
            rollingFriction=TABLE_ROLLING_M,
            spinningFriction=0.0,
            contactStiffness=TABLE_STIFFNESS_N_PER_M,
            contactDamping=TABLE_DAMPING_N_S_PER_M,
        )
        points = 1 if episode.shape == SPHERE else 4
        sink = episode.mass_kg * GRAVITY_M_PER_S2 / (TABLE_STIFFNESS_N_PER_M * points)
        yaw = (0.0, 0.0, math.sin(episode.yaw_rad / 2), math.cos(episode.yaw_rad / 2))
        self.body = p.createMultiBody(episode.mass_kg, shape, basePosition=(0, 0, CENTRE_M - sink), baseOrientation=yaw)
        p.changeDynamics(
            self.body,
            -1,
            rollingFriction=0.0,
            spinningFriction=0.0,
            restitution=0.0,
            linearDamping=0.0,
            angularDamping=0.0,
            activationState=p.ACTIVATION_STATE_DISABLE_SLEEPING,
        )
        self.set_mass(episode, episode.mass_kg)
        self.set_friction(episode.friction)

    def set_mass(self, episode: Episode, mass_kg: float) -> None:
        """Change mass and inertia, as a payload spread through the object would."""
        x, y, z = episode.half_m
        match episode.shape:
            case 0:
                inertia = (mass_kg / 3 * (y * y + z * z), mass_kg / 3 * (x * x + z * z), mass_kg / 3 * (x * x + y * y))
            case 1:
                side = mass_kg * (x * x / 4 + z * z / 3)
                inertia = (side, side, mass_kg * x * x / 2)
            case _:
                inertia = (0.4 * mass_kg * x * x,) * 3
        self._client.changeDynamics(self.body, -1, mass=mass_kg, localInertiaDiagonal=inertia)

    def set_friction(self, friction: float) -> None:
        self._client.changeDynamics(self.body, -1, lateralFriction=friction)

    def remove(self) -> None:
        if self.body < 0:
            return
        self._client.removeBody(self.body)
        self._client.removeBody(self.pedestal)
        self.body = -1
