"""The RTL against the controller in Python: commands, spikes and thoughts of every tick, and the record behind them."""

from __future__ import annotations

import runpy
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from controller.image import IMAGE
from controller.network import Network
from controller.spec import Reflex
from firmware_bridge.remote import RemoteBrain
from firmware_bridge.sitl import Sitl
from sensors.signals import Sensed
from sim.bullet import GRIPPER
from tests.firmware_bridge.senses import WEIGHTS, anything, doomed, extremes

HERE = Path(__file__).parent

TWIN = runpy.run_path(str(HERE.parents[1] / "controller" / "twin.py"))
MOST_CYCLES = 12_000  # of any tick, with MAX_SPIKES and extreme senses too


def differing(here: NDArray[np.void], there: NDArray[np.void]) -> list[str]:
    return [n for n in IMAGE.names or () if here[n].tobytes() != there[n].tobytes()]


def assert_same(
    chip: Sitl, network: Network, senses: Iterable[Sensed], every: int, cycles_most: int
) -> NDArray[np.void]:
    """Step both from the network's record; compares commands always, the hash every so many ticks, at last all."""
    brain = RemoteBrain(chip.url, GRIPPER, timeout_s=1.0, patience_s=20.0)
    brain.load(network.image.tobytes())
    brain.subscribe(1)
    most = 0
    for tick, sensed in enumerate(senses):
        here, there = network.step(sensed).effort, brain.step(sensed).effort
        assert here.tolist() == there.tolist(), f"tick {tick}"
        assert brain.probe.tobytes() == network.probe.tobytes(), f"tick {tick}: {brain.probe} for {network.probe}"
        if tick % every == 0:
            same = brain.state_hash() == network.state_hash()
            assert same, f"tick {tick}: {differing(network.image, np.frombuffer(brain.save(), IMAGE))} differ"
        most = max(most, brain.cycles)
    record = np.frombuffer(brain.save(), IMAGE)
    assert differing(network.image, record) == []
    assert most <= cycles_most
    print(f"{tick + 1} ticks alike, at most {most} cycles each")
    brain.close()
    return record


def grasp(seed: int, ticks: int) -> Iterator[Sensed]:
    """A grasp that never was, with spikes that a gripper has."""
    for sensed in TWIN["senses"](seed, ticks):
        sensed.spikes %= GRIPPER.addresses
        yield sensed


def test_a_short_grasp_with_damage_leaves_the_same_record(chip: Sitl) -> None:
    network = doomed(Network(Reflex(), GRIPPER), 0.3, 150)
    record = assert_same(chip, network, grasp(5, 300), 60, MOST_CYCLES)
    assert record["ledger"][0, 2] > 1000
    assert record["probed"][0] > 0


def test_random_and_saturating_senses_leave_the_same_record(chip: Sitl) -> None:
    rng = np.random.default_rng(4)
    assert_same(chip, Network(Reflex(boost=1.0), GRIPPER), anything(rng, 250), 50, MOST_CYCLES)
    loud = Reflex(margin=4.0, boost=8.0, prior_friction=0.1, skin_weight=8.0, eye_weight=8.0)
    assert_same(chip, Network(loud, GRIPPER), extremes(rng, 250), 50, MOST_CYCLES)


def test_a_record_full_of_extremes_goes_the_same_way(chip: Sitl) -> None:
    rng = np.random.default_rng(3)
    for _ in range(6):
        network = Network(Reflex(), GRIPPER)
        s = network.image[0]
        for name in ("friction_weight", "ahead_weight"):
            s[name] = rng.choice(WEIGHTS, s[name].shape)
        for name in ("friction_trace", "ahead_trace", "ahead_late"):
            s[name] = rng.choice((0, 32767), s[name].shape)
        for name in ("normal_mn", "load_mn", "load_slow", "innate_late", "goal_speed"):
            s[name] = rng.choice((-(2**27), 2**27))
        s["speed_slow"] = rng.choice((-(2**17), 2**17))  # twice what SPEED_MAX leads to; the machine has 48 bits
        s["carried"], s["touch"], s["probed"], s["slipping"] = 1, 500, 64, 1
        assert_same(chip, network, extremes(rng, 5), 1, MOST_CYCLES)


@pytest.mark.slow
def test_ten_thousand_random_ticks_leave_the_same_record(chip: Sitl) -> None:
    network = doomed(Network(Reflex(boost=1.0), GRIPPER), 0.2, 3000)
    record = assert_same(chip, network, anything(np.random.default_rng(1), 10_000), 500, MOST_CYCLES)
    assert record["ledger"][0, 2] > 100_000


@pytest.mark.slow
def test_ten_thousand_saturating_ticks_leave_the_same_record(chip: Sitl) -> None:
    network = Network(Reflex(margin=4.0, boost=8.0, prior_friction=0.1, skin_weight=8.0, eye_weight=8.0), GRIPPER)
    record = assert_same(chip, network, extremes(np.random.default_rng(2), 10_000), 500, MOST_CYCLES)
    assert record["ledger"][0, 2] > 100_000


@pytest.mark.slow
def test_a_grasp_of_five_thousand_ticks_is_the_same_with_learning_on(chip: Sitl) -> None:
    record = assert_same(chip, Network(Reflex(), GRIPPER), grasp(5, 5000), 250, MOST_CYCLES)
    assert record["carried"][0] == 1
    assert record["ledger"][0, 2] > 100_000
