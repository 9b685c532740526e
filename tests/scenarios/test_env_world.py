"""The spiking controller on the Gymnasium environment is the spiking controller: same loop, same bits."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from functools import partial
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from scenarios import loop
from scenarios.build import build_brain, build_world
from scenarios.env_world import EnvWorld
from scenarios.gaze.schema import SCHEMA as GAZE_SCHEMA
from scenarios.grasp import score
from scenarios.grasp.baselines import FixedGrip, Oracle
from scenarios.grasp.schema import SCHEMA
from scenarios.load import load
from scenarios.spec import Scenario
from scenarios.trace import Trace
from scenarios.trial import run_trial
from sensors.errors import UserError
from sensors.signals import Command, Sensed
from sensors.spec import Skin
from sim.bullet import BulletWorld
from sim.env import GraspEnv
from sim.episode import draw_episode
from sim.referee import Referee
from sim.spec import Bullet
from sim.target import draw_sight

ID = "sim.env:ganglion/Grasp-v0"
README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("grasp")


def direct(scenario: Scenario, seed: int, episodes: tuple[int, ...]) -> list[Trace]:
    world = build_world(scenario)
    traces = [
        run_trial(SCHEMA, world, build_brain(scenario, world.body), draw_episode(scenario.world.trial, seed, k))[0]
        for k in episodes
    ]
    world.close()
    return traces


@pytest.mark.parametrize(("settings", "episodes"), [((), (0, 5)), (("world.camera.enabled=true",), (1,))])
def test_the_controller_commands_the_same_bits_on_the_environment_as_without(
    settings: tuple[str, ...], episodes: tuple[int, ...]
) -> None:
    scenario = load("grasp", settings)
    env = gymnasium.make(ID, world=scenario.world)
    world = EnvWorld(env)
    for trace, episode in zip(direct(scenario, 1000, episodes), episodes, strict=True):
        commands: list[bytes] = []
        spikes: list[int] = []

        def sink(_t_us: int, sensed: Sensed, command: Command, commands=commands, spikes=spikes) -> None:  # type: ignore[no-untyped-def]
            commands.append(command.effort.astype("<i2").tobytes())
            spikes.extend(sensed.spikes[: sensed.count].tolist())

        brain = build_brain(scenario, world.body)
        world.reset(1000, episode)
        loop.run(world, brain, world.ticks, world.tick_us, sink)
        assert len(commands) == len(trace.effort)
        assert zlib.crc32(b"".join(commands)) == zlib.crc32(trace.effort.astype("<i2").tobytes())
        assert np.array_equal(spikes, trace.spikes)
        assert brain.state_hash() == trace.brain_after
        assert world.info["truth"]["outcome"] == score.outcome(trace)[0]
    env.close()


def test_the_gaze_network_commands_the_same_bits_on_its_environment_as_without() -> None:
    scenario = load("gaze", ("world.show.moves=1", "world.show.swing_s=0.3"))
    world = EnvWorld(gymnasium.make("sim.env:ganglion/Gaze-v0", world=scenario.world))
    brain = build_brain(scenario, world.body)
    world.reset(1000, 1)
    commands: list[bytes] = []
    loop.run(world, brain, world.ticks, world.tick_us, lambda _t, _s, c: commands.append(c.effort.tobytes()))
    assert not world.over
    direct_world = build_world(scenario)
    direct_brain = build_brain(scenario, direct_world.body)
    trace = run_trial(GAZE_SCHEMA, direct_world, direct_brain, draw_sight(scenario.world, 1000, 1))[0]
    direct_world.close()
    assert b"".join(commands) == trace.effort.astype("<i2").tobytes()
    assert brain.state_hash() == trace.brain_after


@pytest.mark.slow
def test_the_environment_and_the_score_agree_on_how_trials_end(scenario: Scenario) -> None:
    seen = set()
    world = BulletWorld(Bullet(skin=Skin(enabled=False)))
    brain = FixedGrip(8.0, world, scenario.controller)
    for k in range(12):
        brain.reset()
        trace = run_trial(SCHEMA, world, brain, draw_episode(scenario.world.trial, 11, k))[0]
        referee = Referee(world.script, 1e-3)
        ended = len(trace.truth)
        for row, truth in enumerate(trace.truth):
            referee.judge((row + 1) * 1e-3, truth)
            if referee.over:
                ended = row
                break
        outcome, reason, row = score.outcome(trace)
        assert referee.outcome == outcome, (k, reason)
        if referee.over:
            # That no pad touches counts from its end here and from its start there, and the goal is up a little early.
            assert abs(ended - row) <= 25, (k, reason)
        seen.add(outcome)
    world.close()
    assert seen == {"held", "dropped", "crushed"}


def test_a_better_grip_earns_more(scenario: Scenario) -> None:
    env = gymnasium.make(ID)
    world = EnvWorld(env)
    inner = env.unwrapped
    assert isinstance(inner, GraspEnv)
    earned = {}
    grips = {"oracle": Oracle, "fixed 2 N": partial(FixedGrip, 2.0), "fixed 20 N": partial(FixedGrip, 20.0)}
    for name, make in grips.items():
        brain = make(inner.world, scenario.controller)
        earned[name] = 0.0
        for episode in (0, 4):
            brain.reset()
            world.reset(1000, episode)
            command = world.idle
            for tick in range(1, world.ticks + 1):
                command = brain.step(world.advance(tick * world.tick_us, command))
                if world.over:
                    break
            earned[name] += world.reward
    assert earned["oracle"] > 2 * 25
    assert earned["oracle"] > 1.5 * max(earned["fixed 2 N"], earned["fixed 20 N"])
    env.close()


def test_a_world_is_made_of_the_right_environment_only() -> None:
    other = gymnasium.make("CartPole-v1")
    with pytest.raises(UserError, match="CartPoleEnv is not ganglion/Grasp-v0 or ganglion/Gaze-v0"):
        EnvWorld(other)
    other.close()
    long = gymnasium.make(ID, frame_skip=4)
    with pytest.raises(UserError, match="frame_skip = 4, but a brain steps every tick"):
        EnvWorld(long)
    long.close()


def test_a_loop_out_of_step_with_the_environment_is_told() -> None:
    env = gymnasium.make(ID)
    world = EnvWorld(env)
    world.reset(1)
    world.advance(1000, world.idle)
    with pytest.raises(UserError, match="the environment is at 2000 us, the loop at 1000 us"):
        world.advance(1000, world.idle)
    env.close()


def test_the_examples_in_the_readme_run() -> None:
    section = README.read_text(encoding="utf-8").partition("## Gymnasium")[2].partition("\n## ")[0]
    examples = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", example], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), example
    assert re.fullmatch(r"(held|dropped|crushed) -?\d+\.\d\n", done.stdout)
