"""The whole controller: it repeats, remembers, survives bad files and wild senses, and allocates nothing."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.image import IMAGE, LEARNED
from controller.network import GRIP_MAX, GRIP_SLEW, LIFT_MAX, LIFT_SLEW, OPEN_GRIP, Network
from controller.spec import Damage, Reflex
from sensors.errors import UserError
from sensors.signals import Body
from sim.bullet import GRIPPER

from .memory import assert_nothing_is_allocated

TWIN = Path(__file__).with_name("twin.py")
senses = runpy.run_path(str(TWIN))["senses"]


def history(network: Network, seed: int = 5, ticks: int = 400) -> list[tuple[int, ...]]:
    return [(*network.step(sensed).effort.tolist(), network.state_hash()) for sensed in senses(seed, ticks)]


@pytest.fixture
def network() -> Network:
    return Network(Reflex(), GRIPPER)


@pytest.fixture
def learned() -> Network:
    network = Network(Reflex(), GRIPPER)
    history(network, ticks=600)
    assert any(network.image[name].any() for name in LEARNED), "these senses teach nothing"
    return network


def test_the_same_senses_twice_give_the_same_commands_and_state(network: Network) -> None:
    first = history(network)
    assert first == history(Network(Reflex(), GRIPPER))
    network.reset()
    assert first == history(network)
    assert len(set(first)) == len(first)


def test_another_seed_is_another_network(network: Network) -> None:
    assert Network(Reflex(seed=2), GRIPPER).state_hash() != network.state_hash()


def test_one_changed_sense_changes_the_state(network: Network) -> None:
    other = Network(Reflex(), GRIPPER)
    for sensed in senses(1, 30):
        network.step(sensed)
        sensed.analog[4] += 1
        other.step(sensed)
    assert network.state_hash() != other.state_hash()


def test_the_state_hash_covers_every_field(network: Network) -> None:
    before = network.state_hash()
    for name in IMAGE.names or ():
        field = network.image[name].reshape(-1)
        field[-1] ^= 1
        assert network.state_hash() != before, name
        field[-1] ^= 1
    assert network.state_hash() == before


def test_what_was_learned_outlives_the_process(learned: Network, tmp_path: Path) -> None:
    file = tmp_path / "state.bin"
    learned.save(file)
    assert [p.name for p in tmp_path.iterdir()] == ["state.bin"]
    fresh = Network(Reflex(), GRIPPER)
    untaught = history(Network(Reflex(), GRIPPER), seed=6)
    fresh.load(file)
    for name in LEARNED:
        np.testing.assert_array_equal(fresh.image[name], learned.image[name])
    assert fresh.image["tick"][0] == 0
    taught = history(fresh, seed=6)
    assert taught != untaught
    fresh.reset()
    assert history(fresh, seed=6) == taught
    again = Network(Reflex(), GRIPPER)
    again.load(file)
    assert history(again, seed=6) == taught


def test_saving_twice_writes_the_same_bytes(learned: Network, tmp_path: Path) -> None:
    learned.save(tmp_path / "a")
    learned.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "harm", ["missing", "folder", "empty", "foreign", "cut", "longer", "newer", "layout", "flipped"]
)
def test_a_bad_state_file_is_refused_and_changes_nothing(harm: str, learned: Network, tmp_path: Path) -> None:
    file = tmp_path / "state.bin"
    learned.save(file)
    data = bytearray(file.read_bytes())
    if harm == "missing":
        file.unlink()
    elif harm == "folder":
        file = tmp_path
    elif harm == "empty":
        file.write_bytes(b"")
    elif harm == "foreign":
        file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(data[8:]))
    elif harm == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif harm == "longer":
        file.write_bytes(data + b"\0")
    else:
        data[{"newer": 8, "layout": 12, "flipped": 4000}[harm]] ^= 0x10
        file.write_bytes(data)
    before = learned.state_hash()
    with pytest.raises(UserError) as caught:
        learned.load(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert learned.state_hash() == before
    untaught = Network(Reflex(), GRIPPER)
    learned.reset()
    assert learned.state_hash() == untaught.state_hash()


@pytest.mark.parametrize("byte", range(0, 24 + IMAGE.itemsize, 997))
def test_no_flipped_byte_goes_unnoticed(byte: int, learned: Network, tmp_path: Path) -> None:
    file = tmp_path / "state.bin"
    learned.save(file)
    data = bytearray(file.read_bytes())
    data[byte] ^= 1
    file.write_bytes(data)
    with pytest.raises(UserError):
        learned.load(file)


def test_frozen_learning_keeps_the_weights(learned: Network, tmp_path: Path) -> None:
    learned.save(tmp_path / "state.bin")
    frozen = Network(Reflex(learning=False), GRIPPER)
    history(frozen)
    assert not any(frozen.image[name].any() for name in LEARNED)
    frozen.load(tmp_path / "state.bin")
    history(frozen)
    for name in LEARNED:
        np.testing.assert_array_equal(frozen.image[name], learned.image[name])
    assert frozen.image["ledger"][0, 2] == 0


def test_silenced_neurons_stay_silent_and_the_others_fire() -> None:
    damaged = Network(Reflex(damage=Damage(killed=0.2, from_tick=100)), GRIPPER)
    size = damaged.image["doomed"].size
    before, after = np.zeros(size, int), np.zeros(size, int)
    for tick, sensed in enumerate(senses(5, 400), 1):
        damaged.step(sensed)
        (before if tick < 100 else after)[:] += damaged.image["fired"][0]
    doomed = damaged.image["doomed"][0].astype(bool)
    assert 0.1 < doomed.mean() < 0.3
    assert before[doomed].sum() > 0
    assert after[doomed].sum() == 0
    assert after[~doomed].sum() > 0


def test_a_body_without_a_gripper_is_refused() -> None:
    with pytest.raises(UserError, match="drives a gripper"):
        Network(Reflex(), Body(GRIPPER.analog[:3], GRIPPER.goal, GRIPPER.effort))


def test_nothing_is_allocated_per_tick(network: Network) -> None:
    # senses() itself allocates, so its values are laid out before and fed through one Sensed, as a world does.
    steps = [(s.spikes.copy(), s.count, s.analog, s.goal.copy()) for s in senses(5, 1000)]
    sensed = GRIPPER.empty_sensed()

    def run() -> None:
        for sensed.spikes, sensed.count, sensed.analog, sensed.goal in steps:
            network.step(sensed)

    assert_nothing_is_allocated(run)


def check_efforts(network: Network, seed: int, ticks: int, extreme: float) -> None:
    rng = np.random.default_rng(seed)
    sensed = GRIPPER.empty_sensed()
    low, high = np.array([-LIFT_MAX, OPEN_GRIP]), np.array([LIFT_MAX, GRIP_MAX])
    slew, last = np.array([LIFT_SLEW, GRIP_SLEW]), np.zeros(2, int)
    for tick in range(ticks):
        sensed.spikes[:] = rng.integers(0, 65536, sensed.spikes.size)
        sensed.count = int(rng.integers(0, sensed.spikes.size + 1))
        sensed.analog[:] = rng.integers(-32768, 32768, sensed.analog.size)
        ends = rng.random(sensed.analog.size) < extreme
        sensed.analog[ends] = rng.choice(np.array([-32768, 32767], np.int16), int(ends.sum()))
        if rng.random() < 0.5:  # a long time at one goal now and then, so that the grip has something to reach
            sensed.goal[:] = rng.choice(np.array([-32768, 0, 1, 32767])), rng.integers(-32768, 32768)
        effort = network.step(sensed).effort.astype(int)
        assert (low <= effort).all(), (tick, effort)
        assert (effort <= high).all(), (tick, effort)
        assert (abs(effort - last) <= slew).all(), (tick, last, effort)
        last = effort


def test_ten_thousand_wild_senses_never_get_past_the_guard(network: Network) -> None:
    check_efforts(network, seed=1, ticks=10_000, extreme=0.3)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**31), st.floats(0, 1), st.floats(1, 4), st.integers(0, 2**31 - 1))
def test_no_setting_opens_the_guard(seed: int, extreme: float, margin: float, network_seed: int) -> None:
    check_efforts(Network(Reflex(margin=margin, seed=network_seed, boost=8.0), GRIPPER), seed, 200, extreme)


@pytest.mark.parametrize("end", [-32768, 32767])
def test_senses_stuck_at_an_end_never_get_past_the_guard(end: int, network: Network) -> None:
    sensed = GRIPPER.empty_sensed()
    sensed.analog[:], sensed.goal[:] = end, (1, end)
    last = np.zeros(2, int)
    for _ in range(5000):
        effort = network.step(sensed).effort.astype(int)
        assert (abs(effort - last) <= (LIFT_SLEW, GRIP_SLEW)).all()
        assert abs(effort[0]) <= LIFT_MAX
        assert OPEN_GRIP <= effort[1] <= GRIP_MAX
        last = effort


def test_an_overloaded_grip_is_at_its_limit_and_not_wrapped() -> None:
    # 65 N on a surface of friction 0.1, four times over, needs 1300 N: eight times what the gripper has.
    network = Network(Reflex(learning=False, prior_friction=0.1, margin=4.0), GRIPPER)
    sensed = GRIPPER.empty_sensed()
    sensed.analog[:] = 3000, 0, 0, 0, 4000, 32767, 8192, 16383
    sensed.goal[:] = 1, 0
    grips = [int(network.step(sensed).effort[1]) for _ in range(3000)]
    assert grips[-1] == GRIP_MAX
    assert np.diff(grips[200:]).min() >= 0


def test_an_open_hand_opens(network: Network) -> None:
    sensed = GRIPPER.empty_sensed()
    for _ in range(50):
        command = network.step(sensed)
    assert command.effort[1] == OPEN_GRIP


@pytest.mark.parametrize("ticks", [60, pytest.param(10_000, marks=pytest.mark.slow)])
def test_machine_code_computes_what_plain_python_computes(ticks: int, network: Network) -> None:
    seed = 11
    answer = subprocess.run(
        [sys.executable, str(TWIN), str(seed), str(ticks)], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    twin = [tuple(map(int, line.split())) for line in answer.stdout.splitlines()]
    here = []
    for sensed in senses(seed, ticks):
        effort = network.step(sensed).effort.tolist()
        here.append((network.state_hash(), *effort))
    wrong = [tick for tick, (a, b) in enumerate(zip(twin, here, strict=True), 1) if a != b]
    assert not wrong, f"first differs in tick {wrong[0]}"
    assert network.image["ledger"][0, 2] > 0, "nothing was learned, so learning was not compared"
