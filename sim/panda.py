"""A Franka Panda with soft pads as a gripper on a lifting axis: the same body as the column, on an arm.

The arm's own controller holds the hand upright on a vertical line; along it the hand is free but for viscous friction,
and is moved by the commanded lift force alone. See `sim.guide` for the law.
"""

from __future__ import annotations

import functools
import math
import struct

import numpy as np
from numpy.typing import NDArray

from . import arm, guide
from .arm import MOST_NM, PAD_HALF_M, Chain, Line
from .bodies import LIFT_DAMPING_N_S_PER_M, PREOPEN_M, STOP_N_PER_M, Point, finger_forces, pad_contact
from .client import Client, pybullet
from .guide import JOINTS, LINE, PAD_UP_M, TIP_M
from .objects import CENTRE_M
from .spec import BOX, PRIMITIVE, Joints

BASE_M = (0.0, 0.45, 0.0)
FACING_RAD = -math.pi / 2
START_RAD = (0.0, 0.0, 0.0, -2.56, 0.0, 2.56, math.pi / 4)
SPAN_M = (-0.08, 0.36)
ROWS = 221
MOST_LIFT_N = 140.0
STIFFNESS_PER_S2 = 100.0**2
DAMPING_PER_S = 2 * 100.0
ALBEDO, PAD_ALBEDO = 0.75, 0.15
_STATE, _FINGERS = struct.Struct("18d"), ("panda_leftfinger", "panda_rightfinger")


def _stand(client: Client) -> tuple[int, Chain]:
    turn = client.getQuaternionFromEuler((0, 0, FACING_RAD))
    body = arm.load(client, BASE_M, turn)
    return body, Chain(client, body, BASE_M, np.reshape(client.getMatrixFromQuaternion(turn), (3, 3)))


@functools.cache
def lifting_line() -> Line:
    """The arm along its line, from a physics server of its own: what a nominal model knows, payload not included."""
    client = Client()
    client.configure(1000)
    try:
        _, chain = _stand(client)
        return chain.line(np.array(START_RAD), (0.0, 0.0, CENTRE_M), SPAN_M, ROWS)
    finally:
        client.close()


class Panda:
    """Seven joints driven by torque and two fingers by force; see `bodies.Gripper` for what it offers.

    Torques stay within the arm's limits; the fingers' force within the hand's 140 N.
    """

    body: int
    links: tuple[int, int]
    pad_half_m = PAD_HALF_M[0]
    most_grip_n = 140.0

    def __init__(self, client: Client) -> None:
        self._line = lifting_line()
        self._client = client
        self.body, self._chain = _stand(client)
        chain = self._chain
        names = [client.getJointInfo(self.body, k)[12].decode() for k in range(client.getNumJoints(self.body))]
        chain.tip(self._line.table[0, :JOINTS].copy())
        self._first = 1.0 if chain.rotation[8, 0, 1] < 0 else -1.0
        left, right = (names.index(name) for name in _FINGERS)
        self.links = (left, right) if self._first > 0 else (right, left)
        self._moved = (*range(JOINTS), left, right)
        for link in range(-1, len(names)):
            client.changeDynamics(
                self.body, link, linearDamping=0, angularDamping=0, jointDamping=0, maxJointVelocity=100.0
            )
        for joint in self._moved:
            client.setJointMotorControl2(self.body, joint, client.VELOCITY_CONTROL, force=0)
        self._torque_control = client.TORQUE_CONTROL
        self._state, self._felt, self._work = np.zeros(18), np.zeros(21), np.zeros(LINE + 2 * JOINTS)
        self._torque, self._most = np.zeros(JOINTS), np.array(MOST_NM)
        self.joints = Joints()
        self.pad_centre_m: tuple[Point, Point] = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        self.pad_velocity_m_per_s = self.pad_centre_m
        self.turn_rad_per_s: Point = (0.0, 0.0, 0.0)
        self._fingers = (0.0, 0.0, 0.0, 0.0)
        self._parts = self._draw()

    def reset(self, half_width_m: float) -> None:
        opening = half_width_m + PREOPEN_M
        line = self._line
        row = round(-line.lowest_m / line.step_m)
        for joint, q in zip(self._moved, (*line.table[row, :JOINTS].tolist(), opening, opening), strict=True):
            self._client.resetJointState(self.body, joint, q, 0.0)
        self.read()

    def set_pad_stiffness(self, stiffness_n_per_m: float) -> None:
        for link in self.links:
            pad_contact(self._client, self.body, link, stiffness_n_per_m)

    def actuate(self, lift_n: float, grip_n: float) -> None:
        lift = min(max(lift_n, -MOST_LIFT_N), MOST_LIFT_N)
        grip = min(max(grip_n, -self.most_grip_n), self.most_grip_n)
        height, speed = self.joints.height_m, self.joints.height_m_per_s
        lift -= LIFT_DAMPING_N_S_PER_M * speed
        if height < SPAN_M[0]:
            lift += STOP_N_PER_M * (SPAN_M[0] - height)
        elif height > SPAN_M[1]:
            lift += STOP_N_PER_M * (SPAN_M[1] - height)
        line, state = self._line, self._state
        guide.follow(
            line.table, line.lowest_m, line.step_m, state, height, speed, lift,
            STIFFNESS_PER_S2, DAMPING_PER_S, self._work, self._most, self._torque,
        )  # fmt: skip
        q1, q2, v1, v2 = self._fingers
        f1, f2 = finger_forces(grip, -q1, -q2, -v1, -v2)
        pybullet.setJointMotorControlArray(
            self.body,
            self._moved,
            self._torque_control,
            forces=[*self._torque.tolist(), -f1, -f2],
            physicsClientId=self._client.server,
        )

    def read(self) -> None:
        states = pybullet.getJointStates(self.body, self._moved, self._client.server)
        position = [state[0] for state in states]
        velocity = [state[1] for state in states]
        _STATE.pack_into(self._state.data, 0, *position, *velocity)
        chain = self._chain
        guide.feel(
            self._state,
            chain.fixed_rotation,
            chain.fixed_position,
            chain.rotation,
            chain.position,
            self._first,
            self._felt,
        )
        x0, y0, z0, x1, y1, z1, vx0, vy0, vz0, vx1, vy1, vz1, wx, wy, wz, _, _, z, _, _, vz = self._felt.tolist()
        self.pad_centre_m = ((x0, y0, z0), (x1, y1, z1))
        self.pad_velocity_m_per_s = ((vx0, vy0, vz0), (vx1, vy1, vz1))
        self.turn_rad_per_s = (wx, wy, wz)
        q1, q2, v1, v2 = self._fingers = position[7], position[8], velocity[7], velocity[8]
        joints = self.joints
        joints.opening_m = q1 + q2
        joints.opening_m_per_s = v1 + v2
        joints.height_m = z - CENTRE_M
        joints.height_m_per_s = vz

    def _draw(self) -> NDArray[np.void]:
        """Pads, then the links as cylinders and boxes."""
        shapes: list[tuple[int, Point, str, Point]] = []
        frames: list[tuple[int, float]] = []  # 0 to 8 as in Chain, and on which side of the hand a finger slides
        for side in (self._first, -self._first):
            shapes.append((BOX, (0.0, side * PAD_HALF_M[1], PAD_UP_M), "", PAD_HALF_M))
            frames.append((8, side))
        for at, (name, drawn) in enumerate(arm.SHAPES.items()):
            side = {"panda_leftfinger": 1.0, "panda_rightfinger": -1.0}.get(name, 0.0)
            for shape in drawn:
                shapes.append(shape)
                frames.append((min(at, 8), side))
        self._frame = np.array([frame for frame, _ in frames])
        self._side = np.array([side for _, side in frames])
        lying = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))  # a cylinder along the link's y axis
        self._local_turn = np.array([lying if axis == arm.Y else np.eye(3) for _, _, axis, _ in shapes])
        self._local = np.array([centre for _, centre, _, _ in shapes])
        self._local[self._side != 0, 2] += TIP_M - PAD_UP_M
        parts = np.zeros(len(shapes), PRIMITIVE)
        parts["kind"] = [kind for kind, _, _, _ in shapes]
        parts["half"] = [half for _, _, _, half in shapes]
        parts["albedo"] = ALBEDO
        parts["albedo"][:2] = PAD_ALBEDO
        parts["pitch"] = 0.01
        return parts

    def parts(self) -> NDArray[np.void]:
        chain, local = self._chain, self._local.copy()
        q1, q2, _, _ = self._fingers
        local[:, 1] += np.where(self._side > 0, q1, np.where(self._side < 0, -q2, 0.0))
        turn = chain.rotation[self._frame]
        self._parts["rotation"] = turn @ self._local_turn
        self._parts["position"] = chain.position[self._frame] + np.einsum("nij,nj->ni", turn, local)
        return self._parts

    def draw_on(self, rows: NDArray[np.void]) -> None:
        rows[:] = self._parts
        self._parts = rows
