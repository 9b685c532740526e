"""The arm of a Franka Panda: its file made fit for soft pads, its kinematics, and the line along which it lifts.

The hand only ever moves up and down one vertical line, so the whole model of the arm (posture, inertia, gravity) is a
table over the height, made once; the control of a tick is an interpolation and one product of a 7 x 7 matrix.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from .client import Client, data_folder
from .guide import JOINTS, LINE, PAD_UP_M, TIP_M, place
from .spec import BOX, CYLINDER

Vector = NDArray[np.float64]

MOST_NM = (87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0)
PAD_HALF_M = (0.011, 0.007, 0.011)
Y = "y"
SHAPES: dict[str, tuple[tuple[int, tuple[float, float, float], str, tuple[float, float, float]], ...]] = {
    "panda_link0": ((BOX, (-0.041, 0, 0.07), "", (0.113, 0.095, 0.07)),),
    "panda_link1": ((CYLINDER, (0, 0, -0.069), "", (0.055, 0.055, 0.123)),),
    "panda_link2": (
        (CYLINDER, (0, -0.07, 0), Y, (0.055, 0.055, 0.125)),
        (CYLINDER, (0, 0, 0.037), "", (0.055, 0.055, 0.092)),
    ),
    "panda_link3": (
        (CYLINDER, (0, 0, -0.033), "", (0.055, 0.055, 0.088)),
        (CYLINDER, (0.083, 0.028, 0), Y, (0.055, 0.055, 0.083)),
    ),
    "panda_link4": (
        (CYLINDER, (0, 0, 0.028), "", (0.055, 0.055, 0.083)),
        (CYLINDER, (-0.083, 0.034, 0), Y, (0.055, 0.055, 0.09)),
    ),
    "panda_link5": ((CYLINDER, (0, 0.02, -0.107), "", (0.055, 0.055, 0.158)),),
    "panda_link6": ((BOX, (0.042, 0.015, 0.005), "", (0.09, 0.05, 0.05)),),
    "panda_link7": ((CYLINDER, (0, 0, 0.08), "", (0.05, 0.05, 0.027)),),
    "panda_hand": ((BOX, (0, 0, 0.02), "", (0.032, 0.102, 0.046)),),
    "panda_leftfinger": ((BOX, (0, 0.013, 0.019), "", (0.01, 0.013, 0.019)),),
    "panda_rightfinger": ((BOX, (0, -0.013, 0.019), "", (0.01, 0.013, 0.019)),),
}
"""What each link looks like, in its own frame: kind, centre, axis along y or as it is, half sizes as PRIMITIVE's."""


def load(client: Client, position_m: tuple[float, float, float], turn: tuple[float, float, float, float]) -> int:
    """Load pybullet_data's Panda with soft-pad fingers, without pictures, and with only the pads able to touch.

    Masses are the file's. The inertias, for which it has a placeholder, are those of solid boxes the size of the links.
    The real hand opens to 80 mm, the largest object with clearance asks for 96: the rail is longer here, see
    `bodies.WIDEST_M`.
    """
    tree = ElementTree.parse(Path(data_folder()) / "franka_panda" / "panda.urdf")
    root = tree.getroot()
    for link in root.findall("link"):
        name = link.get("name", "")
        for tag in ("visual", "collision", "contact"):
            for element in link.findall(tag):
                link.remove(element)
        shapes = SHAPES.get(name)
        inertial = link.find("inertial")
        assert inertial is not None
        if shapes is not None:
            _set_inertia(inertial, shapes[0][2], shapes[0][3])
        if name.endswith("finger"):
            side = 1.0 if "left" in name else -1.0
            centre = f"0 {side * PAD_HALF_M[1]} {PAD_UP_M}"
            pad = ElementTree.SubElement(link, "collision")
            ElementTree.SubElement(pad, "origin", xyz=centre, rpy="0 0 0")
            # A shape away from the centre of mass becomes a compound, for which Bullet turns friction's sign around.
            origin = inertial.find("origin")
            assert origin is not None
            origin.set("xyz", centre)
            size = " ".join(str(2 * half) for half in PAD_HALF_M)
            ElementTree.SubElement(ElementTree.SubElement(pad, "geometry"), "box", size=size)
    for joint in root.findall("joint"):
        limit = joint.find("limit")
        if limit is not None:
            limit.set("lower", "1")  # above the upper one: no limit
            limit.set("upper", "-1")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panda.urdf"
        tree.write(path)
        flags = client.URDF_USE_INERTIA_FROM_FILE
        return int(client.loadURDF(str(path), position_m, turn, useFixedBase=True, flags=flags))


def _set_inertia(inertial: ElementTree.Element, axis: str, half: tuple[float, float, float]) -> None:
    mass, inertia = inertial.find("mass"), inertial.find("inertia")
    assert mass is not None
    assert inertia is not None
    x, y, z = (half[0], half[2], half[1]) if axis == Y else half
    third = float(mass.get("value", "0")) / 3
    for name, value in (("ixx", y * y + z * z), ("iyy", x * x + z * z), ("izz", x * x + y * y)):
        inertia.set(name, repr(third * value))


@dataclass(frozen=True, slots=True)
class Line:
    """The arm along its vertical line.

    table: (rows, LINE), for each height: posture q (7), dq/dh (7), d2q/dh2 (7), torques against gravity (7), torques of
    motion at 1 m/s less those of acceleration (7), inertia (7, 7). lowest_m, step_m: heights of the rows.
    """

    table: Vector
    lowest_m: float
    step_m: float


class Chain:
    """Where the arm's links are: frames of base, links 1 to 7 and hand, world; updated in place by `place`."""

    def __init__(self, client: Client, body: int, base_m: tuple[float, float, float], base_turn: Vector) -> None:
        root = ElementTree.parse(Path(data_folder()) / "franka_panda" / "panda.urdf").getroot()
        origins = {j.get("name"): j.find("origin") for j in root.findall("joint")}
        rotations, positions = [], []
        for name in (*(f"panda_joint{k}" for k in range(1, JOINTS + 2)), "panda_hand_joint"):
            origin = origins[name]
            assert origin is not None
            rpy = [float(x) for x in origin.get("rpy", "0 0 0").split()]
            rotations.append(np.reshape(client.getMatrixFromQuaternion(client.getQuaternionFromEuler(rpy)), (3, 3)))
            positions.append(np.array([float(x) for x in origin.get("xyz", "0 0 0").split()]))
        positions[JOINTS] = positions[JOINTS] + rotations[JOINTS] @ positions.pop()
        rotations[JOINTS] = rotations[JOINTS] @ rotations.pop()
        self.fixed_rotation, self.fixed_position = np.array(rotations), np.array(positions)
        self.rotation, self.position = np.zeros((9, 3, 3)), np.zeros((9, 3))
        self.rotation[0], self.position[0] = base_turn, base_m
        self._client, self._body = client, body

    def tip(self, q: Vector) -> Vector:
        """Place the links; returns the point between the pads (3,)."""
        place(q, self.fixed_rotation, self.fixed_position, self.rotation, self.position)
        return np.asarray(self.position[8] + TIP_M * self.rotation[8, :, 2])

    def jacobian(self, q: Vector) -> Vector:
        """Velocity of the tip and angular velocity of the hand per joint velocity, (6, 7)."""
        tip = self.tip(q)
        axes = self.rotation[1:8, :, 2]
        return np.vstack((np.cross(axes, tip - self.position[1:8]).T, axes.T))

    def line(self, start: Vector, tip_m: tuple[float, float, float], span_m: tuple[float, float], rows: int) -> Line:
        """Tabulate the arm for tip heights `tip_m[2]` + span_m, hand upright, in the plane of joints 2, 4 and 6.

        start: (7,) a posture near the first; its joints 1, 3, 5 and 7 are kept.
        """
        p, body = self._client, self._body
        lowest, step = span_m[0], (span_m[1] - span_m[0]) / (rows - 1)
        table = np.zeros((rows, LINE))
        q = start.copy()
        moving = [1, 3, 5]
        rest = [0.0, 0.0]
        for row in range(rows):
            wanted = np.array((tip_m[0], tip_m[1], tip_m[2] + lowest + row * step))
            for _ in range(30):
                jacobian = self.jacobian(q)[1:4, moving]
                lack = wanted - self.tip(q)
                tilt = math.atan2(self.rotation[8, 1, 2], -self.rotation[8, 2, 2])
                error = np.array((lack[1], lack[2], -tilt))
                q[moving] += np.linalg.solve(jacobian, error)
                if np.abs(error).max() < 1e-12:
                    break
            else:
                raise ArithmeticError(f"the arm cannot reach {wanted} m upright")
            table[row, :JOINTS] = q
            table[row, JOINTS + np.array(moving)] = np.linalg.solve(jacobian, (0.0, 1.0, 0.0))
        table[:, 14:21] = np.gradient(table[:, 7:14], step, axis=0)
        for row in range(rows):
            full, tangent, bend = ([*table[row, at : at + JOINTS].tolist(), *rest] for at in (0, 7, 14))
            weight = np.array(p.calculateInverseDynamics(body, full, [0.0] * 9, [0.0] * 9))
            motion = np.array(p.calculateInverseDynamics(body, full, tangent, bend))
            mass = np.array(p.calculateMassMatrix(body, full))
            table[row, 21:28] = weight[:JOINTS]
            table[row, 28:35] = (motion - weight - mass @ bend)[:JOINTS]
            table[row, 35:] = mass[:JOINTS, :JOINTS].reshape(-1)
        return Line(table, lowest, step)
