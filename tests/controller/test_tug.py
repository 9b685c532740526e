"""The tug: pads that slide are told from pads that stick by what the load does while the hand rises."""

from __future__ import annotations

import numpy as np
import pytest

from controller.network import Network
from controller.spec import Reflex
from sim.bullet import EYE_FIRST, GRIPPER

TOUCH, TUG = 100, 200
"""Ticks of contact before the hand rises, and of the tug."""
STUCK_N_PER_MM = 40.0
"""What pads that stick pull the load up by, as the world's do; sliding ones less than 4."""


def reports(speed: int, newton_per_mm: float, feelers: int, seen: int = 0, seed: int = 0) -> list[int]:
    """Ticks of a tug in which slip is told; the hand rises by `speed` (0.1 mm/s), the load from 0.1 N.

    feelers: spikes of each tick, of feelers drawn anew. seen: ticks between spikes of an eye cell, 0 = none.
    """
    rng = np.random.default_rng(seed)
    network, sensed = Network(Reflex(), GRIPPER), GRIPPER.empty_sensed()
    told = []
    for tick in range(TOUCH + TUG):
        tug = max(tick - TOUCH, 0)
        load_n = 0.1 + newton_per_mm * speed * 1e-4 * tug
        height, rate = speed * tug // 200, speed if tug else 0
        sensed.analog[:] = 3000, 0, height, rate, 80, round(load_n / 2e-3), 12000, 9000
        sensed.goal[:] = 1, 10 if tug else 0
        spikes = rng.choice(32, feelers, replace=False).tolist() if tug else []
        if seen and tug and tug % seen == 0:
            spikes.append(EYE_FIRST + 20)
        sensed.count = len(spikes)
        sensed.spikes[: sensed.count] = spikes
        network.step(sensed)
        assert network.image["carried"][0] == 0
        if tug and network.probe["slip"][0]:
            told.append(tug)
    return told


@pytest.mark.parametrize("speed", [8, 12, 20])
def test_sliding_pads_are_told_while_the_hand_rises_and_the_load_does_not(speed: int) -> None:
    told = reports(speed, 0.0, feelers=4)
    assert told
    assert told[0] <= 30


@pytest.mark.parametrize("speed", [8, 12, 20])
def test_the_same_flutter_is_no_slip_while_the_load_rises_with_the_hand(speed: int) -> None:
    assert reports(speed, STUCK_N_PER_MM, feelers=4) == []


def test_the_same_flutter_is_no_slip_of_a_hand_at_rest() -> None:
    assert reports(0, 0.0, feelers=4) == []


def test_a_quiet_skin_tells_no_slip_though_the_hand_rises_alone() -> None:
    """A light object that has left the table rises with the hand, and its weight stays what it is."""
    assert reports(12, 0.0, feelers=1) == []


def test_the_eye_alone_tells_of_sliding_in_the_tug() -> None:
    assert reports(12, 0.0, feelers=1, seen=6)
    assert reports(12, STUCK_N_PER_MM, feelers=1, seen=6) == []
