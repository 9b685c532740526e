"""A joint as its controller imagines it: told late, it knows where it is by now, and what an effort does to it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from controller import gaze_joint
from controller.gaze import build
from controller.spec import Gaze
from sim.gaze_spec import ANALOG, EFFORT, Lens, body, cell_angles

TICK_S = 1e-3
U_RAD, LSB_NM = ANALOG[0].lsb, EFFORT[0].lsb
RATE_LSB = ANALOG[1].lsb
COLUMNS, ROWS = cell_angles(Lens(cells=16))


class Joint:
    """A wheel with Coulomb friction whose angle and rate are told `late` ticks after."""

    def __init__(self, inertia_kg_m2: float, friction_nm: float, late: int) -> None:
        self.angle_rad = self.rate_rad_per_s = 0.0
        self._inertia, self._friction = inertia_kg_m2, friction_nm
        self.told = [(0.0, 0.0)] * (late + 1)

    def push(self, effort_nm: float) -> None:
        pushed = self.rate_rad_per_s + effort_nm / self._inertia * TICK_S
        self.rate_rad_per_s = math.copysign(max(abs(pushed) - self._friction / self._inertia * TICK_S, 0.0), pushed)
        self.angle_rad += self.rate_rad_per_s * TICK_S
        self.told = [*self.told[1:], (self.angle_rad, self.rate_rad_per_s)]

    @property
    def sensed(self) -> tuple[int, int]:
        """Angle in U and rate in U / 65536 per tick, as their channels have them."""
        angle_rad, rate_rad_per_s = self.told[0]
        return round(angle_rad / U_RAD), round(rate_rad_per_s / RATE_LSB) * 65536 // 100


def move(
    late: int, ticks: int, inertia_kg_m2: float, friction_nm: float = 0.0, learning: bool = True
) -> SimpleNamespace:
    """Swing a joint by a noisy effort of up to 40 mN m; its record at the end, the joint and the last foresight."""
    record = build(Gaze(learning=learning), body(16, late), COLUMNS, ROWS)
    s, joint, rng = record[0], Joint(inertia_kg_m2, friction_nm, late), np.random.default_rng(late)
    wrong = []
    for tick in range(1, ticks + 1):
        s["tick"] = tick
        angle, rate = joint.sensed
        gaze_joint.learn_response(s, 0, np.int32(rate))
        now, now_rate = gaze_joint.catch_up(s, 0, np.int32(angle), np.int32(rate))
        wrong.append((now / 256 * U_RAD - joint.angle_rad, now_rate / 65536 * U_RAD / TICK_S - joint.rate_rad_per_s))
        effort = round((0.02 * math.sin(tick / 30) + rng.normal(0, 0.005)) / LSB_NM)
        gaze_joint.remember_push(s, 0, np.int32(effort))
        joint.push(effort * LSB_NM)
    told = 1e-5 / inertia_kg_m2 * TICK_S * TICK_S / U_RAD * 65536 * 4096
    return SimpleNamespace(s=s, share=s["response"][0] / told, wrong=np.abs(wrong))


@pytest.mark.parametrize("late", [0, 1, 5, 40])
def test_where_a_joint_of_known_inertia_is_by_now_is_known_however_late_it_is_told(late):
    found = move(late, 2000, 6.3e-4, learning=False)
    assert found.share == pytest.approx(1.0, abs=1e-4)
    angle_rad, rate_rad_per_s = found.wrong.max(0)
    assert angle_rad <= U_RAD * (0.6 + late * 0.06), "half a unit of the angle, and of the rate in each tick since"
    assert rate_rad_per_s <= RATE_LSB * 1.1


@pytest.mark.parametrize("late", [2, 10])
@pytest.mark.parametrize("share", [0.4, 0.7, 1.5, 3.0])
def test_what_an_effort_does_is_learned_within_a_second_despite_friction(late, share):
    found = move(late, 1000, 6.3e-4 / share, friction_nm=0.004)
    assert found.share == pytest.approx(1.0, abs=0.05), "of the true response"
    assert found.s["ledger"][2] > 100


def test_a_joint_that_stands_still_or_is_frozen_teaches_nothing():
    before = build(Gaze(), body(16, 2), COLUMNS, ROWS)[0]["response"].tolist()
    assert move(2, 1000, 6.3e-4, friction_nm=1.0).s["response"].tolist() == before, "held by its friction"
    assert move(2, 1000, 3e-4, learning=False).s["response"].tolist() == before


def test_a_response_stays_within_a_quarter_to_four_times_of_what_was_assumed():
    for inertia, bound in ((6.3e-4 / 6, 4.0), (6.3e-4 * 6, 0.25)):
        s = move(1, 5000, inertia).s
        assumed = build(Gaze(), body(16, 1), COLUMNS, ROWS)[0]["response"][0]
        assert s["response"][0] == pytest.approx(bound * assumed, rel=1e-3)
