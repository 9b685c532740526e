"""The pan-tilt head's physics: two revolute joints in PyBullet, their motors and their friction.

Gimbal-class figures: yoke and tilt motor 0.25 kg, camera 0.15 kg nominal, rotors 5e-5 kg m2 each. Motors give less the
faster they turn (back-EMF); joints have viscous and Coulomb friction. The URDF is written anew for each episode, since
payload and centre of mass are drawn.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from .client import Client, pybullet
from .gaze_spec import Motors, Sight

CAMERA_KG, YOKE_KG = 0.15, 0.25
CAMERA_M = (0.06, 0.05, 0.05)
YOKE_KG_M2, ROTOR_KG_M2 = 5e-4, 5e-5
PAN_LIMIT_RAD, TILT_LIMIT_RAD = math.radians(100.0), math.radians(50.0)
VISCOUS_NM_S = 1e-3
STICTION_RAD_PER_S = 0.03
"""Coulomb friction grows to its full value over this speed."""

URDF = """<robot name="head">
<link name="base"><inertial><mass value="0"/>
 <inertia ixx="0" ixy="0" ixz="0" iyy="0" iyz="0" izz="0"/></inertial></link>
<link name="yoke"><inertial><mass value="{yoke_kg}"/>
 <inertia ixx="{yoke}" ixy="0" ixz="0" iyy="{yoke}" iyz="0" izz="{yoke}"/></inertial></link>
<link name="camera"><inertial><origin xyz="0 {offset_m} 0"/><mass value="{camera_kg}"/>
 <inertia ixx="{pitch}" ixy="0" ixz="0" iyy="{roll}" iyz="0" izz="{yaw}"/></inertial></link>
<joint name="pan" type="revolute"><parent link="base"/><child link="yoke"/><axis xyz="0 0 1"/>
 <limit lower="-{pan}" upper="{pan}" effort="1" velocity="100"/><dynamics damping="0" friction="0"/></joint>
<joint name="tilt" type="revolute"><parent link="yoke"/><child link="camera"/><axis xyz="1 0 0"/>
 <limit lower="-{tilt}" upper="{tilt}" effort="1" velocity="100"/><dynamics damping="0" friction="0"/></joint>
</robot>
"""


class Gimbal:
    """The head in a physics server of its own.

    Attributes:
        angle_rad, rate_rad_per_s: [pan, tilt], pan to the left, tilt upwards.
    """

    def __init__(self, motors: Motors) -> None:
        self._motors = motors
        self._client = Client()
        self._body = -1
        self._ratio, self._coulomb_nm = (1.0, 1.0), (0.0, 0.0)
        self.angle_rad = [0.0, 0.0]
        self.rate_rad_per_s = [0.0, 0.0]

    def reset(self, sight: Sight, step_us: int) -> None:
        """Build the head of an episode; it looks straight ahead, at rest."""
        p = self._client
        p.resetSimulation()
        p.configure(step_us)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "head.urdf"
            path.write_text(urdf(sight))
            self._body = p.loadURDF(str(path), useFixedBase=True, flags=pybullet.URDF_USE_INERTIA_FROM_FILE)
        for joint in range(2):
            p.setJointMotorControl2(self._body, joint, pybullet.VELOCITY_CONTROL, force=0)
        for link in (-1, 0, 1):
            p.changeDynamics(self._body, link, linearDamping=0, angularDamping=0, jointDamping=0)
        self._ratio, self._coulomb_nm = sight.motor_ratio, sight.coulomb_nm
        self.angle_rad[:] = self.rate_rad_per_s[:] = [0.0, 0.0]

    def advance(self, asked_nm: tuple[float, float]) -> None:
        """One step of the physics under the torques that are asked of the motors, N m."""
        forces = [self._torque_nm(joint, asked_nm[joint]) for joint in range(2)]
        server = self._client.server
        pybullet.setJointMotorControlArray(
            self._body, (0, 1), pybullet.TORQUE_CONTROL, forces=forces, physicsClientId=server
        )
        pybullet.stepSimulation(server)
        for joint, state in enumerate(pybullet.getJointStates(self._body, (0, 1), server)):
            self.angle_rad[joint], self.rate_rad_per_s[joint] = state[0], state[1]

    def _torque_nm(self, joint: int, asked_nm: float) -> float:
        rate, motors = self.rate_rad_per_s[joint], self._motors
        driven = asked_nm * self._ratio[joint]
        most = motors.torque_nm * min(max(1 - rate / motors.speed_rad_per_s, 0.0), 1.0)
        least = -motors.torque_nm * min(max(1 + rate / motors.speed_rad_per_s, 0.0), 1.0)
        driven = min(max(driven, least), most)
        return driven - VISCOUS_NM_S * rate - self._coulomb_nm[joint] * math.tanh(rate / STICTION_RAD_PER_S)

    def close(self) -> None:
        """Let go of the physics server."""
        self._client.close()


def urdf(sight: Sight) -> str:
    """The head of an episode as URDF."""
    kg = CAMERA_KG * sight.payload_ratio
    x, y, z = CAMERA_M
    pitch, roll, yaw = (kg / 12 * (a * a + b * b) for a, b in ((y, z), (x, z), (x, y)))
    return URDF.format(
        yoke_kg=YOKE_KG, yoke=YOKE_KG_M2 + ROTOR_KG_M2, offset_m=sight.offset_m, camera_kg=kg,
        pitch=pitch + ROTOR_KG_M2, roll=roll, yaw=yaw, pan=PAN_LIMIT_RAD, tilt=TILT_LIMIT_RAD,
    )  # fmt: skip
