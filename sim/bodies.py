"""The parallel gripper on a column, and what every gripper must offer to the plant."""

from __future__ import annotations

import struct
from typing import Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .client import Client, pybullet
from .episode import GRAVITY_M_PER_S2
from .objects import CENTRE_M, PAD_DAMPING_N_S_PER_M, SPINNING_FRICTION_M
from .spec import BOX, PRIMITIVE, Joints

LIFT_DAMPING_N_S_PER_M = 300.0
MOST_LIFT_N = 160.0
PREOPEN_M = 0.008
"""How far each pad stands from the object's side when an episode begins, as vision would have pre-shaped the hand."""


Point = tuple[float, float, float]
_PLACE, _ROW, _OFFSET = struct.Struct("3d"), PRIMITIVE.itemsize, PRIMITIVE.fields["position"][1]  # type: ignore[index]


class Gripper(Protocol):
    """A parallel gripper whose pads close along world x and which lifts along z.

    Attributes:
        body: pybullet's id. links: of the left (-x) and right (+x) finger.
        pad_half_m: half edge of the square pad. most_grip_n: limit of each finger.
        joints: exact joint state after the latest `read`.
        pad_centre_m: centres of the left and right pad's face, world. pad_velocity_m_per_s: likewise.
        turn_rad_per_s: angular velocity of the pads, world.
    """

    body: int
    links: tuple[int, int]
    pad_half_m: float
    most_grip_n: float
    joints: Joints
    pad_centre_m: tuple[Point, Point]
    pad_velocity_m_per_s: tuple[Point, Point]
    turn_rad_per_s: Point

    def reset(self, half_width_m: float) -> None:
        """Stand with the pads centred on the object's place, open `PREOPEN_M` wider on each side than the object."""

    def actuate(self, lift_n: float, grip_n: float) -> None:
        """Apply forces for the next physics step, clipped to the gripper's limits; `read` must have been called since
        the last step."""

    def read(self) -> None:
        """Update `joints`, `pad_centre_m` and the velocities from the physics."""

    def set_pad_stiffness(self, stiffness_n_per_m: float) -> None:
        """Set the stiffness of one contact point of each pad and every other contact parameter with it."""

    def parts(self) -> NDArray[np.void]:
        """PRIMITIVE rows of the two pads, then of the rest of the robot; updated in place."""

    def draw_on(self, rows: NDArray[np.void]) -> None:
        """Let `parts` be `rows` from now on: a part of the scene, so that nothing need be copied into it."""


def pad_contact(client: Client, body: int, link: int, stiffness_n_per_m: float) -> None:
    """Make a link a soft rubber pad; its friction is 1, so that the object's coefficient is that of the contact."""
    client.changeDynamics(
        body,
        link,
        lateralFriction=1.0,
        spinningFriction=SPINNING_FRICTION_M,
        rollingFriction=0.0,
        restitution=0.0,
        contactStiffness=stiffness_n_per_m,
        contactDamping=PAD_DAMPING_N_S_PER_M,
    )


FINGER_DAMPING_N_S_PER_M = 20.0
COULOMB_SHARE = 0.01
COULOMB_SLOPE_N_S_PER_M = 30.0
RACK_N_PER_M = 1500.0
RACK_N_S_PER_M = 15.0
STOP_N_PER_M = 2e4
WIDEST_M = 0.12


@njit(cache=True, error_model="numpy")
def finger_forces(grip_n, q1, q2, v1, v2):  # type: ignore[no-untyped-def]
    """Force on the left and right finger, which close by q1 and q2 (negative when open), under a closing force of each.

    A rack couples the two; end stops, viscous and Coulomb friction act on both.
    """
    rack = RACK_N_PER_M * (q1 - q2) + RACK_N_S_PER_M * (v1 - v2)
    opening = -(q1 + q2)
    if opening < 0:
        grip_n += STOP_N_PER_M * opening
    elif opening > WIDEST_M:
        grip_n += STOP_N_PER_M * (opening - WIDEST_M)
    most = COULOMB_SHARE * abs(grip_n)
    return (
        grip_n - rack - FINGER_DAMPING_N_S_PER_M * v1 - min(max(COULOMB_SLOPE_N_S_PER_M * v1, -most), most),
        grip_n + rack - FINGER_DAMPING_N_S_PER_M * v2 - min(max(COULOMB_SLOPE_N_S_PER_M * v2, -most), most),
    )


class Column:
    """Two fingers on a carriage that slides up and down a column; the carriage's weight is balanced.

    Each finger is closed by the commanded force against viscous and Coulomb friction; a rack couples the two.
    """

    CARRIAGE_KG = 1.5
    FINGER_KG = 0.1
    PAD_HALF_M = (0.006, 0.012, 0.012)

    body: int
    links = (1, 2)
    pad_half_m = 0.012
    most_grip_n = 160.0

    def __init__(self, client: Client) -> None:
        p = self._client = client
        pad = p.createCollisionShape(p.GEOM_BOX, halfExtents=self.PAD_HALF_M)
        thick = self.PAD_HALF_M[0]
        self.body = p.createMultiBody(
            baseMass=0,
            basePosition=(0, 0, CENTRE_M),
            linkMasses=[self.CARRIAGE_KG, self.FINGER_KG, self.FINGER_KG],
            linkCollisionShapeIndices=[-1, pad, pad],
            linkVisualShapeIndices=[-1, -1, -1],
            linkPositions=[(0, 0, 0), (-thick, 0, 0), (thick, 0, 0)],
            linkOrientations=[(0, 0, 0, 1)] * 3,
            linkInertialFramePositions=[(0, 0, 0)] * 3,
            linkInertialFrameOrientations=[(0, 0, 0, 1)] * 3,
            linkParentIndices=[0, 1, 1],
            linkJointTypes=[p.JOINT_PRISMATIC] * 3,
            linkJointAxis=[(0, 0, 1), (1, 0, 0), (-1, 0, 0)],
        )
        for link in range(3):
            p.changeDynamics(self.body, link, linearDamping=0, angularDamping=0, jointDamping=0, maxJointVelocity=100.0)
            p.setJointMotorControl2(self.body, link, p.VELOCITY_CONTROL, force=0)
        self._torque_control = p.TORQUE_CONTROL
        self._weight_n = (self.CARRIAGE_KG + 2 * self.FINGER_KG) * GRAVITY_M_PER_S2
        self._forces = [0.0, 0.0, 0.0]
        self._q = (0.0, 0.0, 0.0)
        self._v = (0.0, 0.0, 0.0)
        self.joints = Joints()
        self.pad_centre_m: tuple[Point, Point] = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        self.pad_velocity_m_per_s = self.pad_centre_m
        self.turn_rad_per_s: Point = (0.0, 0.0, 0.0)
        self.draw_on(self._draw())

    def reset(self, half_width_m: float) -> None:
        p = self._client
        opening = half_width_m + PREOPEN_M
        for link, q in enumerate((0.0, -opening, -opening)):
            p.resetJointState(self.body, link, q, 0.0)
        self.read()

    def set_pad_stiffness(self, stiffness_n_per_m: float) -> None:
        for link in self.links:
            pad_contact(self._client, self.body, link, stiffness_n_per_m)

    def actuate(self, lift_n: float, grip_n: float) -> None:
        lift = min(max(lift_n, -MOST_LIFT_N), MOST_LIFT_N)
        grip = min(max(grip_n, -self.most_grip_n), self.most_grip_n)
        _, q1, q2 = self._q
        v0, v1, v2 = self._v
        self._forces[0] = lift + self._weight_n - LIFT_DAMPING_N_S_PER_M * v0
        self._forces[1], self._forces[2] = finger_forces(grip, q1, q2, v1, v2)
        pybullet.setJointMotorControlArray(
            self.body, (0, 1, 2), self._torque_control, forces=self._forces, physicsClientId=self._client.server
        )

    def read(self) -> None:
        states = pybullet.getJointStates(self.body, (0, 1, 2), self._client.server)
        (q0, v0, _, _), (q1, v1, _, _), (q2, v2, _, _) = states
        self._q = (q0, q1, q2)
        self._v = (v0, v1, v2)
        joints = self.joints
        joints.opening_m = -(q1 + q2)
        joints.opening_m_per_s = -(v1 + v2)
        joints.height_m = q0
        joints.height_m_per_s = v0
        z = CENTRE_M + q0
        self.pad_centre_m = ((q1, 0.0, z), (-q2, 0.0, z))
        self.pad_velocity_m_per_s = ((v1, 0.0, v0), (-v2, 0.0, v0))

    def _draw(self) -> NDArray[np.void]:
        """Pads, the two jaws that carry them, the carriage and the column behind it."""
        parts = self._parts = np.zeros(6, PRIMITIVE)
        parts["kind"] = BOX
        parts["rotation"] = np.eye(3)
        parts["half"] = (
            self.PAD_HALF_M,
            self.PAD_HALF_M,
            (0.006, 0.010, 0.035),
            (0.006, 0.010, 0.035),
            (0.09, 0.02, 0.02),
            (0.03, 0.03, 0.30),
        )
        parts["albedo"] = (0.15, 0.15, 0.45, 0.45, 0.5, 0.35)
        parts["position"][5] = (0, 0.10, 0.30)
        return parts

    def parts(self) -> NDArray[np.void]:
        thick = self.PAD_HALF_M[0]
        (x0, y0, z), (x1, y1, _) = self.pad_centre_m
        x0, x1 = x0 - thick, x1 + thick
        rows = self._rows
        _PLACE.pack_into(rows, _OFFSET, x0, y0, z)
        _PLACE.pack_into(rows, _OFFSET + _ROW, x1, y1, z)
        _PLACE.pack_into(rows, _OFFSET + 2 * _ROW, x0 - 2 * thick, y0, z + 0.023)
        _PLACE.pack_into(rows, _OFFSET + 3 * _ROW, x1 + 2 * thick, y1, z + 0.023)
        _PLACE.pack_into(rows, _OFFSET + 4 * _ROW, 0.0, 0.0, z + 0.075)
        return self._parts

    def draw_on(self, rows: NDArray[np.void]) -> None:
        rows[:] = self._parts
        self._parts, self._rows = rows, rows.view(np.uint8).data
