"""The gaze network: an outline says how far a target moved, and its two sides where its middle is, however strong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from controller import gaze_outline as outline
from controller.gaze import RISE_TICKS, GazeNetwork
from controller.spec import Gaze
from sensors.signals import Sensed
from sim.gaze_spec import Lens, body, cell_angles

from . import gaze_twin
from .memory import assert_nothing_is_allocated

BODY = body(64)
COLUMNS, ROWS = cell_angles(Lens())


def disc(radius: int, right: int = 4) -> np.ndarray:
    """An outline of a disc of `radius` U, its right half deposited `right` times, the left 4 times."""
    memory = np.zeros((outline.SIDE, outline.SIDE), np.int32)
    for angle in np.linspace(0, 2 * np.pi, 400, endpoint=False):
        a, b = round(radius * np.cos(angle)), round(radius * np.sin(angle))
        for _ in range(right if a > 0 else 4):
            outline.deposit(memory, a, b)
    return memory


@pytest.mark.parametrize("right", [4, 1, 16])
def test_the_middle_is_where_it_is_however_many_events_one_side_makes(right):
    memory = disc(700, right)
    weight = memory.sum(0, dtype=np.int64)
    mean = ((np.arange(outline.SIDE) * 128 + 64 - 2048) * weight).sum() / weight.sum()
    for axis in range(2):
        found, chords = outline.middle(memory, axis)
        assert chords > 8
        assert abs(found / 256) < 40, f"U, axis {axis}"
    assert right == 4 or abs(mean) > 200, "while the mean is pulled aside"


@pytest.mark.parametrize("moved", [-60, 30, 90])
def test_spikes_of_an_outline_that_moved_say_across_an_edge_how_far_and_nothing_along_it(moved):
    memory, found = disc(700), np.zeros(2, np.int32)
    assert outline.nearby(memory, 700 + moved, 0, found) > outline.KNOWN
    across, along = -found / 256
    assert across == pytest.approx(moved, abs=0.6 * abs(moved))
    assert np.sign(across) == np.sign(moved)
    assert abs(along) < 10
    assert outline.nearby(memory, 0, 0, found) < outline.KNOWN, "inside there is nothing to know"


def test_a_frame_that_is_shifted_keeps_what_is_remembered():
    memory = disc(500)
    for axis in range(2):
        for step in (1, -1):
            before, moved = outline.middle(memory, axis)[0], memory.copy()
            outline.shift(moved, axis, step)
            assert outline.middle(moved, axis)[0] == before - step * (128 << 8)
            assert moved.sum() == memory.sum()


def test_what_is_not_seen_again_is_forgotten_entirely():
    memory = disc(500)
    for _ in range(4000):
        outline.fade(memory, 40, 13)
    assert not memory.any()


def senses(ticks: int, speed: float, seed: int = 1) -> Iterator[Sensed]:
    """What a head at rest senses of a disc of 3 degrees that rests for 1 s, then moves left, `speed` U a tick."""
    rng = np.random.default_rng(seed)
    sensed = BODY.empty_sensed()
    sensed.goal[0] = 1
    for tick in range(ticks):
        middle = max(tick - 1000, 0) * speed
        angle = rng.uniform(0, 2 * np.pi, 12)
        x, y = middle + 520 * np.cos(angle), 520 * np.sin(angle)
        column = np.abs(COLUMNS[None, :] - x[:, None]).argmin(1)
        row = np.abs(ROWS[None, :] - y[:, None]).argmin(1)
        addresses = np.unique(row * 64 + column)
        sensed.count = addresses.size
        sensed.spikes[: addresses.size] = addresses
        sensed.t_us = (tick + 1) * 1000
        yield sensed


def test_a_target_is_found_and_followed_within_a_fifth_of_a_degree():
    brain = GazeNetwork(Gaze(), BODY, COLUMNS, ROWS)
    off = []
    for tick, sensed in enumerate(senses(2000, 1.0)):
        brain.step(sensed)
        off.append(int(brain.probe["pan"][0]) - max(tick - 1000, 0))
    assert np.abs(off[500:1000]).max() < 35, "U, at rest"
    assert np.abs(off[1200:]).max() < 70, "U, while it moves by 5.7 degrees a second"
    assert int(brain.probe["surety"][0]) == 4096


def test_a_target_that_is_elsewhere_all_at_once_is_given_up_and_found_again():
    brain = GazeNetwork(Gaze(), BODY, COLUMNS, ROWS)
    where = []
    for tick, sensed in enumerate(senses(1400, 0.0)):
        if tick >= 1000:  # 12 degrees to the left: 19 columns
            there = sensed.spikes[: sensed.count].astype(int)
            sensed.spikes[: sensed.count] = np.maximum(there - 19, there // 64 * 64)
        brain.step(sensed)
        where.append(int(brain.probe["pan"][0]))
    assert abs(where[990]) < 60
    assert where[-1] == pytest.approx(19 * 107, abs=250), "U"


def test_the_integrator_learns_as_much_a_tick_as_the_populations_would():
    """One pull held for long, in one posture: once their traces are level, both learn at the same rate."""
    learned = {}
    for name, integrator in (("populations", False), ("integrator", True)):
        brain = GazeNetwork(Gaze(integrator=integrator, most_nm=0.3), BODY, COLUMNS, ROWS)
        for tick, sensed in enumerate(senses(1000, 0.0)):
            sensed.analog[0] = -300  # held there: the pull stays the same
            brain.step(sensed)
            if tick == 500:
                learned[name] = -int(brain.probe["learned_pan"][0])
        learned[name] += int(brain.probe["learned_pan"][0])
    assert learned["integrator"] > 100
    assert learned["populations"] == pytest.approx(learned["integrator"], rel=0.1)


def test_frozen_means_that_no_weight_and_no_integrator_moves():
    for integrator in (False, True):
        brain = GazeNetwork(Gaze(learning=False, integrator=integrator), BODY, COLUMNS, ROWS)
        for sensed in senses(500, 1.0):
            sensed.analog[0] = -300
            brain.step(sensed)
        assert not brain.image["adapt_weight"].any()
        assert not brain.image["integral"].any()


@pytest.mark.parametrize("ticks", [150, pytest.param(1500, marks=pytest.mark.slow)])
def test_machine_code_computes_what_plain_python_computes(ticks):
    answer = subprocess.run(
        [sys.executable, str(gaze_twin.__file__), "11", str(ticks)], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    twin = [tuple(map(int, line.split())) for line in answer.stdout.splitlines()]
    brain = GazeNetwork(Gaze(), gaze_twin.BODY, gaze_twin.COLUMNS, gaze_twin.ROWS)
    here = []
    for sensed in gaze_twin.senses(11, ticks):
        effort = brain.step(sensed).effort.tolist()
        here.append((brain.state_hash(), *effort))
    wrong = [tick for tick, (a, b) in enumerate(zip(twin, here, strict=True), 1) if a != b]
    assert not wrong, f"first differs in tick {wrong[0]}"
    assert brain.image["ledger"][0, 2] > 0, "nothing was learned, so learning was not compared"
    assert brain.image["outline"].any(), "no outline was remembered, so none was compared"


def test_wild_senses_never_get_past_the_guard():
    rng = np.random.default_rng(5)
    brain = GazeNetwork(Gaze(most_nm=0.1), BODY, COLUMNS, ROWS)
    sensed, last = BODY.empty_sensed(), np.zeros(2, int)
    for _ in range(5000):
        sensed.spikes[:] = rng.integers(0, 65536, sensed.spikes.size)
        sensed.count = int(rng.integers(0, sensed.spikes.size + 1))
        sensed.analog[:] = rng.choice([-32768, 32767, 0, 1000], 4)
        sensed.goal[0] = int(rng.integers(0, 2))
        effort = brain.step(sensed).effort.astype(int)
        assert np.abs(effort).max() <= 10_000, "0.1 N m"
        assert np.abs(effort - last).max() <= 10_000 // RISE_TICKS
        last = effort


def test_nothing_is_allocated_per_tick():
    brain = GazeNetwork(Gaze(), BODY, COLUMNS, ROWS)
    steps = [(s.spikes.copy(), s.count) for s in senses(1000, 1.0)]
    sensed = BODY.empty_sensed()
    sensed.goal[0] = 1

    def run() -> None:
        for sensed.spikes, sensed.count in steps:
            brain.step(sensed)

    assert_nothing_is_allocated(run)
