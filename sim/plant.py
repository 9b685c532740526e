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
from .episode import GRAVITY_M_PER_S2
from .objects import CENTRE_M, FLOOR_HALF_M, Object, pad_stiffness_per_point
from .panda import Panda
from .spec import BOX, MAX_CONTACTS, PRIMITIVE, TRUTH, Bullet, Contact, Episode, Joints

CRUSH_FILTER_S = 0.005
ACCELERATION_FILTER_S = 0.010
Vector = NDArray[np.float64]
_TWO, _TEN, _TRUTH = struct.Struct("2q"), struct.Struct("10d"), struct.Struct("<10fB?")  # one call each for many values
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
        self._tick_s = tick_s
        self._crush_gain = 1.0 - math.exp(-tick_s / CRUSH_FILTER_S)
        self._acceleration_gain = 1.0 - math.exp(-tick_s / ACCELERATION_FILTER_S)
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
        self._normal_n, self._point_m = contact.normal_n.reshape(-1).data, contact.point_m.reshape(-1).data
        self._count_to, self._motion_to = contact.count.data, self._motion.data
        self.normal_n = self.load_n = 0.0
        self.truth = np.zeros((), TRUTH)
        self._truth_to = self.truth.reshape(1).view(np.uint8).data
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
        self._acceleration = self._speed_before = self._grip_n = 0.0
        self._held_from_m: float | None = None
        self._crush_limit_n = episode.crush_limit_n
        contact = self.contact
        contact.friction = episode.friction
        for array in (contact.count, contact.point_m, contact.normal_n, self._motion):
            array.fill(0)
        self.normal_n = self.load_n = 0.0
        self.truth[()] = 0
        self.truth["crush_limit_n"] = episode.crush_limit_n
        self.truth["mass_kg"], self.truth["friction"] = episode.mass_kg, episode.friction
        self.truth["on_table"] = True
        (_, _, self._object_from_m), _ = p.getBasePositionAndOrientation(self._object.body)
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
        """Read contacts and motion out of the physics: few calls, plain floats, nothing allocated in numpy."""
        gripper = self._gripper
        server, thing = self._client.server, self._object.body
        left, right = gripper.links
        hand = gripper.body
        normal, point = self._normal_n, self._point_m
        pads = gripper.pad_centre_m
        (_, y0, z0), (_, y1, z1) = pads
        y, z = (y0, y1), (z0, z1)
        count = [0, 0]
        force = [0.0, 0.0]
        moment_u, moment_v, shear_u, shear_v = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
        on_table = False
        touching = pybullet.getContactPoints(thing, -1, -2, -2, server)
        for _, _, other, _, link, _, (_, at_y, at_z), _, _, fn, f1, (_, d1y, d1z), f2, (_, d2y, d2z) in touching:
            if fn <= 0.0:
                continue
            if other != hand:
                on_table = True
                continue
            if link == left:
                side = 0
            elif link == right:
                side = 1
            else:
                continue
            k = count[side]
            if k == MAX_CONTACTS:
                continue
            count[side] = k + 1
            u, v = at_y - y[side], at_z - z[side]
            k += side * MAX_CONTACTS
            normal[k] = fn
            point[2 * k] = u
            point[2 * k + 1] = v
            force[side] += fn
            moment_u[side] += fn * u
            moment_v[side] += fn * v
            shear_u[side] -= f1 * d1y + f2 * d2y
            shear_v[side] -= f1 * d1z + f2 * d2z
        (px, py, pz), _ = pybullet.getBasePositionAndOrientation(thing, server)
        (_, vy, vz), (wx, wy, wz) = pybullet.getBaseVelocity(thing, server)
        slide = [0.0, 0.0, 0.0, 0.0]
        spin = [0.0, 0.0]
        fastest = 0.0
        for side in (0, 1):
            if count[side]:
                # Velocity of the object's surface at the centre of pressure, less that of the pad.
                _, pad_vy, pad_vz = gripper.pad_velocity_m_per_s[side]
                ax = pads[side][0] - px
                ay = y[side] + moment_u[side] / force[side] - py
                az = z[side] + moment_v[side] / force[side] - pz
                du = vy + wz * ax - wx * az - pad_vy
                dv = vz + wx * ay - wy * ax - pad_vz
                slide[2 * side] = du
                slide[2 * side + 1] = dv
                spin[side] = wx - gripper.turn_rad_per_s[0]
                fastest = max(fastest, math.sqrt(du * du + dv * dv))
        _TWO.pack_into(self._count_to, 0, *count)
        _TEN.pack_into(self._motion_to, 0, shear_u[0], shear_v[0], shear_u[1], shear_v[1], *slide, *spin)
        joints = self.joints
        height, speed = joints.height_m, joints.height_m_per_s
        rate = (speed - self._speed_before) / self._tick_s
        self._acceleration += (rate - self._acceleration) * self._acceleration_gain
        self._speed_before = speed
        self.normal_n = 0.5 * (force[0] + force[1])
        self._grip_n += (self.normal_n - self._grip_n) * self._crush_gain
        self.load_n = load = -(shear_v[0] + shear_v[1])  # a hanging object pulls the pads down
        up = pz - self._object_from_m
        sunk = height - up
        held = (count[0] > 0) + (count[1] > 0)
        if held == 2 and self._held_from_m is None:
            self._held_from_m = sunk
        carried = load if on_table else self._mass_kg * (GRAVITY_M_PER_S2 + self._acceleration)
        _TRUTH.pack_into(
            self._truth_to,
            0,
            height,
            up,
            self._grip_n,
            max(carried, 0.0) / (2 * self._friction),
            self._crush_limit_n,
            load,
            fastest,
            0.0 if self._held_from_m is None else sunk - self._held_from_m,
            self._friction,
            self._mass_kg,
            held,
            on_table,
        )

    def scene(self) -> NDArray[np.void]:
        """Return PRIMITIVE rows: object, pads, the rest of the robot, pedestal, floor; updated in place."""
        where, turn = pybullet.getBasePositionAndOrientation(self._object.body, self._client.server)
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
