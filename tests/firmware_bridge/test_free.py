"""Time that passes by itself: a brain that is late is not waited for, and a world keeps the clock's time."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from controller.network import LIFT_MAX, Network
from controller.spec import Reflex
from controller.stale import HOLD_TICKS, LIFT_FALL
from firmware_bridge.free import FreeNetwork
from firmware_bridge.link import Link
from firmware_bridge.robot import Pacemaker, RealTime
from firmware_bridge.sitl import Sitl
from firmware_bridge.toolchain import NO_COMPILER, build_sitl, compiler
from sensors.signals import Command, Sensed
from sim.bullet import GRIPPER

from .senses import anything


class Clock:
    """A clock that only moves when somebody waits, or is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(Link, "now_s", lambda: self.now)
        monkeypatch.setattr(Link, "wait_until", self.wait)

    def wait(self, until_s: float) -> None:
        self.now = max(self.now, until_s)


def test_a_tick_in_time_is_waited_for_and_a_late_one_is_counted_and_not_hurried_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, pace = Clock(monkeypatch), Pacemaker()
    for tick in range(1, 6):
        pace.wait(tick * 1000)
        assert clock.now == pytest.approx(100.0 + (tick - 1) * 1e-3)
        clock.now += 0.4e-3
    clock.now += 3e-3
    pace.wait(6000)
    assert (pace.missed, pace.ticks) == (1, 6)
    assert pace.worst_s == pytest.approx(2.4e-3)
    late = clock.now
    pace.wait(7000)
    assert clock.now == pytest.approx(late + 1e-3)
    assert pace.missed == 1


def test_a_world_that_keeps_time_is_that_world(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting:
        body, idle, spec = GRIPPER, GRIPPER.idle(), "spec"

        def __init__(self) -> None:
            self.seen: list[int] = []

        def reset(self, episode: str) -> None:
            self.seen = [len(episode)]

        def advance(self, t_us: int, _command: Command) -> Sensed:
            self.seen.append(t_us)
            return GRIPPER.empty_sensed()

    clock, inner = Clock(monkeypatch), Counting()
    world = RealTime(inner)
    world.reset("four")
    for tick in (1, 2, 3):
        world.advance(tick * 1000, world.idle)
    assert inner.seen == world.seen == [4, 1000, 2000, 3000]
    assert world.spec == "spec"
    assert clock.now == pytest.approx(100.002)


def test_while_a_target_is_silent_its_last_command_is_held_and_then_decays_and_it_goes_on_when_it_speaks() -> None:
    if compiler() is None:
        pytest.skip(NO_COMPILER)
    with Sitl(build_sitl()) as running:
        brain = FreeNetwork(Network(Reflex(), GRIPPER), running.url, GRIPPER, 1000, budget_s=2.0)
        here = Network(Reflex(), GRIPPER)
        brain.reset()
        brain.remote.pace(0, 0)  # the target's own decay is tested elsewhere; here it keeps still
        for sensed in anything(np.random.default_rng(3), 60):
            assert brain.step(sensed).effort.tolist() == here.step(sensed).effort.tolist()
        assert brain.missed == 0
        brain._held.effort[0] = LIFT_MAX
        grip = int(brain._held.effort[1])
        brain._budget_s = 0.001
        os.kill(running.pid, signal.SIGSTOP)
        lifts = [int(brain.step(GRIPPER.empty_sensed()).effort[0]) for _ in range(HOLD_TICKS + 10)]
        falling = [max(LIFT_MAX - LIFT_FALL * k, 0) for k in range(1, 11)]
        assert lifts == [LIFT_MAX] * HOLD_TICKS + falling
        assert brain._held.effort[1] == grip
        assert brain.missed == HOLD_TICKS + 10
        os.kill(running.pid, signal.SIGCONT)
        brain._budget_s = 2.0
        here.step(GRIPPER.empty_sensed())  # the one that was asked and came late
        sensed = GRIPPER.empty_sensed()
        assert brain.step(sensed).effort.tolist() == here.step(sensed).effort.tolist()
        assert brain.state_hash() == here.state_hash()
        assert brain.link()["missed"] == brain.missed
        brain.close()
