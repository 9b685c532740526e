"""The spiking controller in its world: it measures friction before it lifts, and finds slip by skin or by eye alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from controller.network import Network
from controller.spec import Reflex
from scenarios.grasp.phases import in_hand, phases
from scenarios.grasp.schema import SCHEMA
from scenarios.grasp.slips import true_slips
from scenarios.load import load
from scenarios.recorder import Recorder
from scenarios.run import run
from scenarios.trace import Trace
from sim.bullet import BulletWorld
from sim.episode import draw_episode
from sim.spec import Bullet

LIFTED_MS, HOLDING_MS = 1800, 2400
SEED = 3
BOX = {"shape": 0, "half_m": (0.025, 0.025, 0.03), "mass_kg": 0.5, "stiffness_n_per_m": 2e4, "crush_limit_n": 100.0}
LOSS = BOX | {"friction": 0.6, "friction_ratio": 0.7, "friction_s": 2.1, "payload_s": 9.0}


@cache
def world(camera: bool, delay_ms: int) -> BulletWorld:
    return BulletWorld(msgspec.convert({"kind": "bullet", "delay_ms": delay_ms, "camera": {"enabled": camera}}, Bullet))


def play(
    index: int, ticks: int, spec: Reflex | None = None, camera: bool = False, delay_ms: int = 5, **changes: Any
) -> Trace:
    """The first `ticks` ms of a trial, its episode's fields changed as asked."""
    here = world(camera, delay_ms)
    here.reset(replace(draw_episode(here.spec.trial, SEED, index), **changes))
    brain = Network(spec or Reflex(), here.body)
    recorder = Recorder(SCHEMA, here.plant.episode, ticks, 1000, delay_ms * 1000)
    command = here.idle
    for tick in range(1, ticks + 1):
        sensed = here.advance(tick * 1000, command)
        command = brain.step(sensed)
        recorder(sensed, command, here.truth, brain.probe)
    return recorder.trace()


@pytest.mark.parametrize("delay_ms", [5, 20])
@pytest.mark.parametrize(("shape", "friction"), [(0, 0.25), (1, 0.5), (2, 0.8)])
def test_friction_is_known_to_a_tenth_when_the_object_leaves_the_table(
    shape: int, friction: float, delay_ms: int
) -> None:
    form = BOX | {"shape": shape, "half_m": (0.025, 0.025, 0.025), "mass_kg": 0.4}
    trace = play(0, LIFTED_MS, delay_ms=delay_ms, friction=friction, **form)
    lifted = int(np.argmax(trace.truth["object_m"] > 1e-3))
    assert lifted > 0, "it stayed on the table"
    learned = 2048 / float(trace.probe["compliance"][lifted])
    assert learned == pytest.approx(friction, rel=0.1)
    assert trace.truth["slip_m"][lifted] < 5e-4
    assert trace.truth["object_m"][-1] > 0.09


def test_frozen_learning_keeps_the_prior() -> None:
    trace = play(0, 1200, Reflex(learning=False, prior_friction=0.5), friction=0.3)
    assert np.ptp(trace.probe["compliance"]) == 0


@pytest.mark.parametrize(
    ("skin", "eye"),
    [(1.0, 0.0), pytest.param(0.0, 1.0, marks=pytest.mark.slow), (1.0, 1.0)],
    ids=["skin", "eye", "both"],
)
def test_a_loss_of_friction_in_the_hand_is_felt_or_seen_and_answered(skin: float, eye: float) -> None:
    spec = Reflex(skin_weight=skin, eye_weight=eye)
    trace = play(0, HOLDING_MS, spec, camera=eye > 0, **LOSS)
    slips = [s for s in true_slips(trace, phases(trace), in_hand(trace, len(trace.truth))) if s.begin > 2000]
    assert slips, "friction fell and nothing slipped"
    assert slips[0].report is not None
    assert slips[0].latency_us is not None
    assert slips[0].latency_us <= 40_000
    assert trace.truth["slip_m"][-1] - trace.truth["slip_m"][2000] < 4e-3
    rose = float(trace.probe["compliance"][-1]) / float(trace.probe["compliance"][2000])
    assert 1.15 < rose < 1.7, "what was learned is not that friction fell to 0.7"


def test_a_deaf_and_blind_controller_does_not_notice_the_same_loss() -> None:
    spec = Reflex(skin_weight=0.0, eye_weight=0.0)
    trace = play(0, HOLDING_MS, spec, **LOSS)
    assert not trace.probe["slip"][2000:].any()


def test_the_shipped_scenario_has_both_senses() -> None:
    scenario = load("grasp")
    assert scenario.world.skin.enabled
    assert scenario.world.camera.enabled


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ("world.camera.mount=fixed",),
        ("world.camera.mount=fixed", "world.robot=panda"),
        ("world.camera.width=346", "world.camera.height=260"),
        ("world.camera.pixel.shot_noise_hz=10.0", "world.camera.filters=[{kind='background',window_us=3000}]"),
        ("world.skin.noise_n=0.02",),
        ("world.skin.noise_ratio=0.03", "world.skin.taxels=6"),
    ],
    ids=lambda settings: " ".join(settings)[6:40],
)
def test_other_cameras_and_noisier_skins_raise_no_alarm_that_crushes(tmp_path: Path, settings: tuple[str, ...]) -> None:
    """Seed 11: its first four objects are all held by the shipped scenario."""
    result = run(load("grasp", ("episodes=4", "seed=11", *settings)), tmp_path / "r", compare=False, report=False)
    assert result["held"] == 4
    assert result["false_alarms_per_min"]["hold"] < 20
