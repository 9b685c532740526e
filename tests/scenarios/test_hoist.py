"""A network declared in a scenario file is a brain like any other: it runs, learns, replays, and errors are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenarios import load
from scenarios.build import build_brain, build_world
from scenarios.replay import replay
from scenarios.run import run
from scenarios.tasks import task_of
from scenarios.trial import run_trial
from sensors.errors import UserError


def sag_mm(*settings: str) -> float:
    """How far the hand is below its goal, on average, in the last second before it lowers."""
    scenario = load.load("hoist", ("seed=3", *settings))
    world = build_world(scenario)
    task = task_of(scenario)
    trace, _ = run_trial(task.schema, world, build_brain(scenario, world.body), task.draw(scenario, 0))
    world.close()
    lag = trace.goal[:, 1] * 2e-5 - trace.truth["height_m"]
    return float(np.abs(lag[2400:3400]).mean() * 1e3)


def test_a_network_from_a_scenario_file_learns_what_it_carries() -> None:
    learned, frozen = sag_mm(), sag_mm("controller.learning=false")
    assert frozen > 4
    assert learned < 1


def test_a_run_of_it_can_be_replayed_and_gone_on_from(tmp_path: Path) -> None:
    scenario = load.load("hoist", ("episodes=2", "seed=5"))
    result = run(scenario, tmp_path / "out", compare=False, report=False)
    assert result["held"] == 2
    assert replay(tmp_path / "out").identical
    state = tmp_path / "out" / "state.bin"
    again = run(scenario, tmp_path / "again", state, compare=False, report=False)
    assert again["commands_crc32"] != result["commands_crc32"]
    assert replay(tmp_path / "again").identical
    with pytest.raises(UserError, match="not a brain state"):
        run(load.load("grasp", ("episodes=1",)), tmp_path / "bad", state)


def test_the_file_survives_being_written_and_read() -> None:
    scenario = load.load("hoist")
    assert load.parse(load.dump(scenario), "hoist") == scenario


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "controller.populations.learner.size=0",
            "populations.learner.size = 0 is out of range; expected 1 to 1048576",
        ),
        ("controller.populations.learner.leak=3", 'leak is not a setting of kind "lif"; did you mean leak_shift'),
        ('controller.populations.learner.kind="lff"', "expected lif or adaptive or izhikevich or cuba"),
        ("controller.populations.Big.size=3", "populations.Big = {...} does not match"),
        ("controller.readouts.load.learning.eror=1", "did you mean error"),
        ("controller.kind=netwrk", "expected reflex or network"),
    ],
)
def test_a_mistake_in_it_is_told_in_one_line(setting: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        load.load("hoist", (setting,))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_network_too_large_for_its_target_is_not_built() -> None:
    scenario = load.load("hoist", ("controller.populations.learner.size=9000",))
    with pytest.raises(UserError, match="target f405 has 196608"):
        build_brain(scenario, build_world(scenario).body)
