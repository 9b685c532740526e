"""The physics of a trial: a gripper, an object, and everything true about them once a tick."""

from __future__ import annotations

import math
import struct
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .bodies import Column, Gripper
from .client import Client, pybullet
from .objects import CENTRE_M, FLOOR_HALF_M, Object, pad_stiffness_per_point
from .panda import Panda
from .spec import BOX, PRIMITIVE, TRUTH, Bullet, Contact, Episode, Joints
from .survey import CRUSH_LIMIT_N, HELD_FROM_M, LOAD_N, MOST_POINTS, NORMAL_N, OBJECT_FROM_M, POINT, STATE, survey

CRUSH_FILTER_S = 0.005
ACCELERATION_FILTER_S = 0.010
Vector = NDArray[np.float64]
_THREE, _POSE, _POSE_AT = struct.Struct("3d"), struct.Struct("12d"), PRIMITIVE.fields["position"][1]  # type: ignore[index]


class Plant:
    """One gripper and one object in a pybullet server of their own.

    Attributes:
        joints: exact joint state, updated in place. opening: between the pads; height: of the gripper above its start.
        contact: how the object touches the pads. Both pads share one frame: u along world y, v up, spin turns u to v.
        truth: TRUTH (), updated in place. normal_n: mean of both pads; load_n: sum of both pads' shear, downward.

    Raises:
        UserError: the tick is not a whole number of physics steps.
    """

    def __init__(self, spec: Bullet) -> None:
        if spec.tick_us % spec.physics_step_us:
            raise UserError(
                f"world.tick_us = {spec.tick_us} is not a whole number of physics steps of {spec.physics_step_us} us; "
                "change world.tick_us or world.physics_step_us"
            )
        self._substeps = spec.tick_us // spec.physics_step_us
        tick_s = spec.tick_us * 1e-6
        p = self._client = Client()
        p.configure(spec.physics_step_us)
        self._gripper: Gripper = Panda(p) if spec.robot == "panda" else Column(p)
        self._floor = p.createMultiBody(
            0.0,
            p.createCollisionShape(p.GEOM_BOX, halfExtents=FLOOR_HALF_M),
            basePosition=(0, 0, -FLOOR_HALF_M[2]),
        )
        p.changeDynamics(self._floor, -1, lateralFriction=1.0, rollingFriction=0.01)
        self._links = list(range(-1, p.getNumJoints(self._gripper.body)))
        for link in self._links:
            p.setCollisionFilterPair(self._gripper.body, self._floor, link, -1, 0)
        self._object = Object(p)
        self._start = p.saveState()
        self.joints: Joints = self._gripper.joints
        self.contact = contact = Contact.empty(self._gripper.pad_half_m)
        self._motion = np.zeros(10)
        contact.shear_n = self._motion[0:4].reshape(2, 2)
        contact.slide_m_per_s = self._motion[4:8].reshape(2, 2)
        contact.spin_rad_per_s = self._motion[8:10]
        self._points, self._state = np.zeros((MOST_POINTS, POINT.size // 8)), np.zeros(STATE.size // 8)
        self._points_to, self._state_to, self._points_end = self._points.data, self._state.data, self._points.nbytes
        hand = (self._gripper.body, *self._gripper.links)
        rates = (tick_s, 1.0 - math.exp(-tick_s / CRUSH_FILTER_S), 1.0 - math.exp(-tick_s / ACCELERATION_FILTER_S))
        self._fixed = np.array((*hand, *rates, 0.0, 0.0))
        self._memory = np.zeros(6)
        self._totals = self._memory[NORMAL_N : LOAD_N + 1].data
        self.normal_n = self.load_n = 0.0
        self._truths = np.zeros(1, TRUTH)
        self.truth = self._truths.reshape(())
        self._episode: Episode | None = None
        parts = self._gripper.parts().size
        self._scene = np.zeros(parts + 3, PRIMITIVE)
        self._gripper.draw_on(self._scene[1 : 1 + parts])
        self._scene_to = self._scene.view(np.uint8).data
        self._eye_m = np.zeros(3)
        self._eye_to = self._eye_m.data

    def reset(self, episode: Episode) -> None:
        """Begin an episode: a new object on its pedestal, the gripper open around it, everything at rest."""
        p = self._client
        self._object.remove()
        p.restoreState(stateId=self._start)
        self._object.create(episode)
        for link in self._links:
            p.setCollisionFilterPair(self._gripper.body, self._object.pedestal, link, -1, 0)
        self._gripper.set_pad_stiffness(pad_stiffness_per_point(episode))
        self._gripper.reset(episode.half_m[0])
        self._episode = episode
        self._mass_kg, self._friction = episode.mass_kg, episode.friction
        self._payload_us, self._friction_us = round(episode.payload_s * 1e6), round(episode.friction_s * 1e6)
        self._memory[:] = 0.0
        self._memory[HELD_FROM_M] = math.nan
        self._fixed[CRUSH_LIMIT_N] = episode.crush_limit_n
        contact = self.contact
        contact.friction = episode.friction
        for array in (contact.count, contact.point_m, contact.normal_n, self._motion):
            array.fill(0)
        self.normal_n = self.load_n = 0.0
        self.truth[()] = 0
        self.truth["crush_limit_n"] = episode.crush_limit_n
        self.truth["mass_kg"], self.truth["friction"] = episode.mass_kg, episode.friction
        self.truth["on_table"] = True
        self._pose = (_, _, self._fixed[OBJECT_FROM_M]), _ = p.getBasePositionAndOrientation(self._object.body)
        self._draw(episode)

    @property
    def episode(self) -> Episode:
        """The episode under way; there is none before the first `reset`."""
        assert self._episode is not None, "reset the plant with an episode first"
        return self._episode

    def advance(self, t_us: int, lift_n: float, grip_n: float) -> None:
        """Let one tick pass, which ends at `t_us`, under a lifting force and a closing force of each finger."""
        if t_us >= self._payload_us or t_us >= self._friction_us:
            self._disturb(t_us)
        gripper, server = self._gripper, self._client.server
        for _ in range(self._substeps):
            gripper.actuate(lift_n, grip_n)
            pybullet.stepSimulation(server)
            gripper.read()
        self._observe()

    def _disturb(self, t_us: int) -> None:
        episode = self._episode
        assert episode is not None
        if t_us >= self._payload_us:
            self._payload_us = 1 << 62
            self._mass_kg = episode.mass_kg * episode.payload_ratio
            self._object.set_mass(episode, self._mass_kg)
        if t_us >= self._friction_us:
            self._friction_us = 1 << 62
            self._friction = episode.friction * episode.friction_ratio
            self._object.set_friction(self._friction)
            self.contact.friction = self._friction

    def _observe(self) -> None:
        """Read contacts and motion out of the physics, few calls and plain floats, and let `survey` work them up."""
        gripper = self._gripper
        server, thing = self._client.server, self._object.body
        at = 0
        touching = pybullet.getContactPoints(thing, -1, -2, -2, server)
        for _, _, other, _, link, _, (_, y, z), _, _, fn, f1, (_, d1y, d1z), f2, (_, d2y, d2z) in touching:
            if at == self._points_end:
                break
            POINT.pack_into(self._points_to, at, other, link, y, z, fn, f1, d1y, d1z, f2, d2y, d2z)
            at += POINT.size
        self._pose = (px, py, pz), _ = pybullet.getBasePositionAndOrientation(thing, server)
        (_, vy, vz), turn = pybullet.getBaseVelocity(thing, server)
        left, right = gripper.pad_centre_m
        (_, left_vy, left_vz), (_, right_vy, right_vz) = gripper.pad_velocity_m_per_s
        joints = self.joints
        STATE.pack_into(
            self._state_to, 0, *left, *right, left_vy, left_vz, right_vy, right_vz, gripper.turn_rad_per_s[0],
            px, py, pz, vy, vz, *turn, joints.height_m, joints.height_m_per_s, self._mass_kg, self._friction,
        )  # fmt: skip
        contact, memory = self.contact, self._memory
        survey(
            self._points, at // POINT.size, self._state, self._fixed, memory,
            contact.count, contact.normal_n, contact.point_m, self._motion, self._truths,
        )  # fmt: skip
        self.normal_n, self.load_n = self._totals

    def scene(self) -> NDArray[np.void]:
        """Return PRIMITIVE rows: object, pads, the rest of the robot, pedestal, floor; updated in place."""
        where, turn = self._pose
        _POSE.pack_into(self._scene_to, _POSE_AT, *where, *pybullet.getMatrixFromQuaternion(turn))
        self._gripper.parts()
        return self._scene

    def _draw(self, episode: Episode) -> None:
        rows = self._scene
        rows[0] = (episode.shape, (0, 0, CENTRE_M), np.eye(3), episode.half_m, episode.albedo, 0.5, 0.003)
        self._gripper.parts()
        half = self._object.pedestal_half_m
        rows[-2] = (BOX, (0, 0, half[2]), np.eye(3), half, 0.55, 0.0, 0.01)
        rows[-1] = (BOX, (0, 0, -FLOOR_HALF_M[2]), np.eye(3), FLOOR_HALF_M, 0.6, 0.25, 0.05)

    def camera_pose(self, mount: Literal["gripper", "fixed"]) -> tuple[Vector, Vector]:
        """Return position (3,) in m and rotation (3, 3), camera to world, of a camera with x right, y down, z forward.

        "gripper": rides in front of the hand and looks between the pads, upright whatever the hand does; "fixed":
        stands beside the robot. The position is updated in place by the next call; the rotation is shared: do not
        write to it.
        """
        if mount == "fixed":
            self._eye_m[:] = EYE_BESIDE_M
            return self._eye_m, _BESIDE
        (ax, ay, az), (bx, by, bz) = self._gripper.pad_centre_m
        x, y, z = EYE_RIDING_M
        _THREE.pack_into(self._eye_to, 0, (ax + bx) / 2 + x, (ay + by) / 2 + y, (az + bz) / 2 + z)
        return self._eye_m, _RIDING

    def close(self) -> None:
        """End the physics server; the plant is of no use afterwards."""
        self._client.close()


def look_at(position: Vector, target: Vector) -> Vector:
    """Return the rotation (3, 3), camera to world, of an upright camera that looks from `position` at `target`."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    return np.column_stack((right, np.cross(forward, right), forward))


EYE_RIDING_M = (0.0, -0.16, 0.0)
"""Where the camera on the gripper is, from the middle between the pads: level, so that little but sky moves behind."""
EYE_BESIDE_M, BESIDE_TARGET_M = (0.22, -0.40, CENTRE_M + 0.15), (0.0, 0.0, CENTRE_M + 0.05)
_RIDING = look_at(np.array(EYE_RIDING_M), np.zeros(3))
_BESIDE = look_at(np.array(EYE_BESIDE_M), np.array(BESIDE_TARGET_M))
