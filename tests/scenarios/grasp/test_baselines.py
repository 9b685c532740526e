"""Each baseline does what its name says, on real trials."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from controller.spec import PROBE, Reflex
from scenarios.grasp.baselines import BASELINES
from scenarios.grasp.score import outcome
from scenarios.loop import run
from scenarios.trace import Trace
from sensors.signals import Command, Sensed
from sim.bullet import BulletWorld
from sim.episode import draw_episode
from sim.spec import TRUTH, Bullet, Camera

HELD_UP = slice(1950, 2700)


@pytest.fixture(scope="module")
def world() -> Iterator[BulletWorld]:
    world = BulletWorld(Bullet(camera=Camera(enabled=False)))
    yield world
    world.close()


def trial(world: BulletWorld, name: str, index: int, ticks: int | None = None) -> Trace:
    episode = draw_episode(world.spec.trial, 3, index)
    world.reset(episode)
    brain = BASELINES[name](world, Reflex())
    n = ticks or round(world.script.duration_s * 1000)
    truth, probe = np.zeros(n, TRUTH), np.zeros(n, PROBE)
    analog, goal = np.zeros((n, 8), np.int16), np.zeros((n, 2), np.int16)
    effort: NDArray[np.int16] = np.zeros((n, 2), np.int16)

    def sink(t_us: int, sensed: Sensed, command: Command) -> None:
        row = t_us // 1000 - 1
        truth[row], probe[row], analog[row], goal[row] = world.truth, brain.probe[0], sensed.analog, sensed.goal
        effort[row] = command.effort

    run(world, brain, n, 1000, sink)
    none = np.zeros(n, np.uint16)
    return Trace(episode, 1000, 5000, analog, goal, effort, none, none, np.zeros(0, np.uint16), truth, probe)


@pytest.mark.parametrize(("name", "grip_n"), [("fixed 2 N", 2.0), ("fixed 8 N", 8.0), ("fixed 20 N", 20.0)])
def test_a_fixed_grip_presses_with_the_force_in_its_name(world: BulletWorld, name: str, grip_n: float) -> None:
    trace = trial(world, name, 0, 900)
    assert np.median(trace.truth["grip_n"][-50:]) == pytest.approx(grip_n, rel=0.03)


def test_the_lift_follows_the_goal_within_five_millimetres(world: BulletWorld) -> None:
    trace = trial(world, "oracle", 1)
    error_m = np.abs(trace.truth["height_m"] - trace.goal[:, 1] * 2e-5)
    assert error_m.max() < 0.005


def test_a_grip_for_one_friction_follows_the_load(world: BulletWorld) -> None:
    trace = trial(world, "fixed friction", 1, 2700)
    truth = trace.truth[HELD_UP]
    assert truth["load_n"].min() > 0
    assert np.median(truth["grip_n"] / np.maximum(1.3 * truth["load_n"], 0.4)) == pytest.approx(1.0, abs=0.1)


def test_a_slip_integrator_tightens_in_a_slip(world: BulletWorld) -> None:
    trace = trial(world, "slip integrator", 3, 4500)
    slipping = np.flatnonzero(trace.probe["slip"][900:-1]) + 900
    assert slipping.size > 0
    grip = trace.effort[:, 1].astype(np.int64)
    assert np.all(grip[slipping] > grip[slipping - 1])


def test_a_slip_integrator_does_not_tighten_on_what_is_pushed_onto_the_table(world: BulletWorld) -> None:
    """Slips of the putting down are reported, and are no reason to grip."""
    trace = trial(world, "slip integrator", 3)
    lsb = world.body.analog[5].lsb
    pushed = np.flatnonzero(
        trace.probe["slip"] & (trace.analog[:, 5] * lsb <= 0.1) & (np.arange(len(trace.goal)) > 5400)
    )
    assert pushed.size > 0
    grip = trace.effort[:, 1].astype(np.int64)
    assert np.all(grip[pushed] <= grip[pushed - 1])


@pytest.mark.slow
def test_the_oracle_holds_nearly_everything(world: BulletWorld) -> None:
    outcomes = [outcome(trial(world, "oracle", index))[0] for index in range(10)]
    assert outcomes.count("held") >= 9


def test_a_baseline_that_is_reset_repeats_itself(world: BulletWorld) -> None:
    brain = BASELINES["slip integrator"](world, Reflex())
    hashes = []
    for _ in range(2):
        world.reset(draw_episode(world.spec.trial, 3, 0))
        brain.reset()
        run(world, brain, 700, 1000, lambda *_: None)
        hashes.append(brain.state_hash())
    assert hashes[0] == hashes[1]
