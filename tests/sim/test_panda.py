"""The Panda's arm: its model is the physics' own, and its hand glides on a vertical line within what the arm can do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from sim.arm import MOST_NM
from sim.client import Client, data_folder
from sim.guide import JOINTS
from sim.panda import MOST_LIFT_N, SPAN_M, Panda, lifting_line


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    made.configure(1000)
    yield made
    made.close()


def advance(panda: Panda, client: Client, lift_n: float, grip_n: float = 0.0) -> None:
    panda.actuate(lift_n, grip_n)
    client.stepSimulation()
    panda.read()


def test_the_kinematics_are_those_of_the_physics(client: Client) -> None:
    panda, rng = Panda(client), np.random.default_rng(1)
    for _ in range(5):
        q, v = rng.uniform(-1, 1, 9), rng.uniform(-1, 1, 9)
        for joint, position, speed in zip(panda._moved, q, v, strict=True):
            client.resetJointState(panda.body, joint, position, speed)
        panda.read()
        for side, link in enumerate(panda.links):
            state = client.getLinkState(panda.body, link, computeLinkVelocity=1, computeForwardKinematics=1)
            # The finger's centre of mass is that of its pad, which lies behind the pad's face.
            centre, velocity, turn = (np.array(state[k]) for k in (0, 6, 7))
            inward = np.array(panda.pad_centre_m[side]) - centre
            assert np.linalg.norm(inward) == pytest.approx(0.007, abs=1e-6)
            assert panda.pad_velocity_m_per_s[side] == pytest.approx(velocity + np.cross(turn, inward), abs=1e-6)
            assert panda.turn_rad_per_s == pytest.approx(turn, abs=1e-6)


def test_the_line_keeps_the_hand_upright_and_the_joints_within_their_limits(client: Client) -> None:
    panda, line = Panda(client), lifting_line()
    root = ElementTree.parse(Path(data_folder()) / "franka_panda" / "panda.urdf").getroot()
    safe = {j.get("name"): j.find("safety_controller") for j in root.findall("joint")}
    for row, height_m in enumerate(np.linspace(*SPAN_M, line.table.shape[0])):
        q = line.table[row, :JOINTS]
        tip = panda._chain.tip(q)
        assert tip == pytest.approx((0.0, 0.0, 0.16 + height_m), abs=1e-9)
        assert panda._chain.rotation[8, :, 2] == pytest.approx((0, 0, -1), abs=1e-9)
        for joint in range(JOINTS):
            limits = safe[f"panda_joint{joint + 1}"]
            assert limits is not None
            assert float(limits.get("soft_lower_limit", "")) < q[joint] < float(limits.get("soft_upper_limit", ""))


def test_the_arm_can_lift_with_all_its_force_at_every_height() -> None:
    table = lifting_line().table
    tangent, weight, mass = table[:, 7:14], table[:, 21:28], table[:, 35:].reshape(-1, JOINTS, JOINTS)
    push = np.einsum("rij,rj->ri", mass, tangent)
    push /= np.einsum("ri,ri->r", tangent, push)[:, None]
    for lift_n in (-MOST_LIFT_N, MOST_LIFT_N):
        assert (abs(weight + lift_n * push) < MOST_NM).all()


def test_balanced_the_arm_stays_where_it_is(client: Client) -> None:
    panda = Panda(client)
    panda.reset(0.02)
    for _ in range(1000):
        advance(panda, client, 0.0, -1.0)
    assert abs(panda.joints.height_m) < 1e-4


def test_a_push_from_the_side_hardly_moves_the_hand_and_a_push_from_below_is_met_by_the_lift_force_alone(
    client: Client,
) -> None:
    panda = Panda(client)
    panda.reset(0.02)
    for k in range(1500):
        lift_n = -20.0 - 3000.0 * panda.joints.height_m
        for link in panda.links:
            where = client.getLinkState(panda.body, link)[0]
            client.applyExternalForce(panda.body, link, (2.5, 2.5, 10.0), where, client.WORLD_FRAME)
        advance(panda, client, lift_n)
        if k > 1200:
            middle = np.mean(panda.pad_centre_m, axis=0)
            assert abs(panda.joints.height_m) < 2e-4
            assert abs(middle[1]) < 5e-4
            assert np.abs(panda.turn_rad_per_s).max() < 1e-2


@pytest.mark.parametrize("lift_n", [MOST_LIFT_N, -MOST_LIFT_N])
def test_at_the_ends_of_its_line_the_arm_stops(client: Client, lift_n: float) -> None:
    panda = Panda(client)
    panda.reset(0.02)
    for _ in range(2500):
        advance(panda, client, lift_n)
    assert SPAN_M[0] - 0.02 < panda.joints.height_m < SPAN_M[1] + 0.02
    assert abs(panda.joints.height_m_per_s) < 1e-3


def test_pads_are_numbered_from_left_to_right(client: Client) -> None:
    panda = Panda(client)
    panda.reset(0.02)
    (left, _, _), (right, _, _) = panda.pad_centre_m
    assert (left, right) == pytest.approx((-0.028, 0.028), abs=1e-6)
    assert panda.joints.opening_m == pytest.approx(0.056, abs=1e-9)


def test_two_processes_move_the_same_bits() -> None:
    program = (
        "import zlib; from sim.episode import draw_episode; from sim.plant import Plant\n"
        "from sim.spec import Bullet, Trial\n"
        "plant = Plant(Bullet(robot='panda')); plant.reset(draw_episode(Trial(), 7, 4)); crc = 0\n"
        "for k in range(900):\n"
        "    plant.advance(1000 * (k + 1), 20.0 * (k > 500), 0.005 * k); crc = zlib.crc32(plant.truth.tobytes(), crc)\n"
        "print(crc)"
    )
    seen = {subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout for _ in range(2)}
    assert len(seen) == 1
