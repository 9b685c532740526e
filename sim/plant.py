"""The physics of a trial: a gripper, an object, and everything true about them once a tick."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .bodies import Column, Gripper
from .client import Client
from .episode import GRAVITY_M_PER_S2
from .objects import CENTRE_M, FLOOR_HALF_M, Object, pad_stiffness_per_point
from .spec import BOX, MAX_CONTACTS, PRIMITIVE, TRUTH, Bullet, Contact, Episode, Joints

CRUSH_FILTER_S = 0.005
ACCELERATION_FILTER_S = 0.010
Vector = NDArray[np.float64]


class Plant:
    """One gripper and one object in a pybullet server of their own.

    Attributes:
        joints: exact joint state, updated in place. opening: between the pads; height: of the gripper above its start.
        contact: how the object touches the pads. Both pads share one frame: u along world y, v up, spin turns u to v.
        truth: TRUTH (), updated in place.

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
        self._gripper: Gripper = Column(p)
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
        self.contact = Contact.empty(self._gripper.pad_half_m)
        self.truth = np.zeros((), TRUTH)
        self._episode: Episode | None = None
        self._scene = np.zeros(0, PRIMITIVE)

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
        self._held_from_m = math.nan
        contact = self.contact
        contact.friction = episode.friction
        for array in (contact.count, contact.point_m, contact.normal_n, contact.shear_n, contact.slide_m_per_s):
            array.fill(0)
        contact.spin_rad_per_s.fill(0)
        self.truth[()] = 0
        self.truth["crush_limit_n"] = episode.crush_limit_n
        self.truth["mass_kg"], self.truth["friction"] = episode.mass_kg, episode.friction
        self.truth["on_table"] = True
        (_, _, self._object_from_m), _ = p.getBasePositionAndOrientation(self._object.body)
        self._scene = self._draw(episode)

    @property
    def episode(self) -> Episode:
        """The episode under way; there is none before the first `reset`."""
        assert self._episode is not None, "reset the plant with an episode first"
        return self._episode

    def advance(self, t_us: int, lift_n: float, grip_n: float) -> None:
        """Let one tick pass, which ends at `t_us`, under a lifting force and a closing force of each finger."""
        if t_us >= self._payload_us or t_us >= self._friction_us:
            self._disturb(t_us)
        gripper, step = self._gripper, self._client.stepSimulation
        for _ in range(self._substeps):
            gripper.actuate(lift_n, grip_n)
            step()
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
        p, gripper, contact, truth = self._client, self._gripper, self.contact, self.truth
        left, right = gripper.links
        hand = gripper.body
        normal, point, centre = contact.normal_n, contact.point_m, gripper.pad_centre_m
        (lx, ly, lz), (rx, ry, rz) = centre.tolist()
        count = [0, 0]
        force = [0.0, 0.0]
        moment_u, moment_v, shear_u, shear_v = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
        on_table = False
        for c in p.getContactPoints(self._object.body):
            fn = c[9]
            if fn <= 0.0:
                continue
            if c[2] != hand:
                on_table = True
                continue
            link = c[4]
            if link == left:
                side, y, z = 0, ly, lz
            elif link == right:
                side, y, z = 1, ry, rz
            else:
                continue
            k = count[side]
            if k == MAX_CONTACTS:
                continue
            count[side] = k + 1
            where, f1, d1, f2, d2 = c[6], c[10], c[11], c[12], c[13]
            u, v = where[1] - y, where[2] - z
            normal[side, k] = fn
            point[side, k, 0] = u
            point[side, k, 1] = v
            force[side] += fn
            moment_u[side] += fn * u
            moment_v[side] += fn * v
            shear_u[side] -= f1 * d1[1] + f2 * d2[1]
            shear_v[side] -= f1 * d1[2] + f2 * d2[2]
        (px, py, pz), _ = p.getBasePositionAndOrientation(self._object.body)
        (_, vy, vz), (wx, wy, wz) = p.getBaseVelocity(self._object.body)
        (_, ply, plz), (_, pry, prz) = gripper.pad_velocity_m_per_s.tolist()
        turn_x = gripper.turn_rad_per_s.item(0)
        fastest = 0.0
        for side, y, z, x, pvy, pvz in ((0, ly, lz, lx, ply, plz), (1, ry, rz, rx, pry, prz)):
            n = count[side]
            contact.count[side] = n
            contact.shear_n[side, 0] = shear_u[side]
            contact.shear_n[side, 1] = shear_v[side]
            if n == 0:
                contact.slide_m_per_s[side] = 0.0
                contact.spin_rad_per_s[side] = 0.0
                continue
            # Velocity of the object's surface at the centre of pressure, less that of the pad.
            ax = x - px
            ay = y + moment_u[side] / force[side] - py
            az = z + moment_v[side] / force[side] - pz
            du = vy + wz * ax - wx * az - pvy
            dv = vz + wx * ay - wy * ax - pvz
            contact.slide_m_per_s[side, 0] = du
            contact.slide_m_per_s[side, 1] = dv
            contact.spin_rad_per_s[side] = wx - turn_x
            fastest = max(fastest, math.sqrt(du * du + dv * dv))
        joints = self.joints
        height, speed = joints.height_m, joints.height_m_per_s
        self._acceleration += (
            (speed - self._speed_before) / self._tick_s - self._acceleration
        ) * self._acceleration_gain
        self._speed_before = speed
        self._grip_n += ((force[0] + force[1]) / 2 - self._grip_n) * self._crush_gain
        load = shear_v[0] + shear_v[1]  # of the object on the pads: negative when it hangs
        load = -load
        up = pz - self._object_from_m
        held = (count[0] > 0) + (count[1] > 0)
        if held == 2 and self._held_from_m != self._held_from_m:
            self._held_from_m = height - up
        carried = load if on_table else self._mass_kg * (GRAVITY_M_PER_S2 + self._acceleration)
        truth[()] = (
            height,
            up,
            self._grip_n,
            max(carried, 0.0) / (2 * self._friction),
            truth["crush_limit_n"],
            load,
            fastest,
            0.0 if self._held_from_m != self._held_from_m else height - up - self._held_from_m,
            self._friction,
            self._mass_kg,
            held,
            on_table,
        )

    def scene(self) -> NDArray[np.void]:
        """Return PRIMITIVE rows: object, pads, the rest of the robot, pedestal, floor; updated in place."""
        p, rows = self._client, self._scene
        rows["position"][0], turn = p.getBasePositionAndOrientation(self._object.body)
        rows["rotation"][0] = np.reshape(p.getMatrixFromQuaternion(turn), (3, 3))
        parts = self._gripper.parts()
        rows[1 : 1 + len(parts)] = parts
        return rows

    def _draw(self, episode: Episode) -> NDArray[np.void]:
        parts = self._gripper.parts()
        rows = np.zeros(len(parts) + 3, PRIMITIVE)
        rows["rotation"] = np.eye(3)
        rows[0] = (episode.shape, (0, 0, CENTRE_M), np.eye(3), episode.half_m, episode.albedo, 0.5, 0.004)
        rows[1 : 1 + len(parts)] = parts
        half = self._object.pedestal_half_m
        rows[-2] = (BOX, (0, 0, half[2]), np.eye(3), half, 0.55, 0.0, 0.01)
        rows[-1] = (BOX, (0, 0, -FLOOR_HALF_M[2]), np.eye(3), FLOOR_HALF_M, 0.6, 0.25, 0.05)
        return rows

    def camera_pose(self, mount: Literal["gripper", "fixed"]) -> tuple[Vector, Vector]:
        """Return position (3,) in m and rotation (3, 3), camera to world, of a camera with x right, y down, z forward.

        "gripper": rides in front of the hand and looks between the pads; "fixed": stands beside the robot.
        """
        if mount == "gripper":
            target = self._gripper.pad_centre_m.mean(axis=0)
            position = target + np.array((0.0, -0.15, 0.05))
        else:
            target = np.array((0.0, 0.0, CENTRE_M + 0.05))
            position = np.array((0.22, -0.40, CENTRE_M + 0.15))
        return position, look_at(position, target)

    def close(self) -> None:
        """End the physics server; the plant is of no use afterwards."""
        self._client.close()


def look_at(position: Vector, target: Vector) -> Vector:
    """Return the rotation (3, 3), camera to world, of an upright camera that looks from `position` at `target`."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    return np.column_stack((right, np.cross(forward, right), forward))
