"""The last word on the target: limits, slew, and what becomes of efforts when commands stay away."""

from __future__ import annotations

import numpy as np

from controller.network import GRIP_MAX, GRIP_SLEW, LIFT_MAX, LIFT_SLEW, OPEN_GRIP
from controller.stale import HOLD_TICKS
from firmware_bridge.remote import RemoteBrain
from sim.bullet import GRIPPER
from tests.firmware_bridge.senses import extremes

from .conftest import Target


def test_whatever_is_sensed_efforts_stay_within_limits_and_slew(target: Target, ticks: int) -> None:
    _, there = target.deployed()
    last = np.zeros(2, int)
    for sensed in extremes(np.random.default_rng(7), ticks):
        effort = there.step(sensed).effort.astype(int)
        assert abs(effort[0]) <= LIFT_MAX
        assert OPEN_GRIP <= effort[1] <= GRIP_MAX
        assert (np.abs(effort - last) <= (LIFT_SLEW, GRIP_SLEW)).all()
        last = effort
    there.close()


def test_when_the_host_dies_in_mid_grasp_lifting_ends_within_twenty_ms_and_the_grip_stays(target: Target) -> None:
    _, there = target.deployed()
    sensed = GRIPPER.empty_sensed()
    sensed.analog[4], sensed.analog[5], sensed.analog[2], sensed.goal[:] = 2000, 500, -32768, (1, 32767)
    for _ in range(40):
        effort = there.step(sensed).effort.tolist()
    assert effort[0] == LIFT_MAX
    assert effort[1] > 50
    there.remote.pace(1000, HOLD_TICKS)
    there.close()  # no farewell: as if the host were killed
    after = RemoteBrain(target.url, GRIPPER, timeout_s=0.2, patience_s=10.0)
    before = after.now_s()
    report, still = after.status()
    while not report["settled"]:
        assert after.now_s() - before < 5.0, report
        report, still = after.status()
    after.pace(0, 0)
    after.close()
    assert HOLD_TICKS < report["settled"] <= 20
    assert still.tolist() == [0, effort[1]]
