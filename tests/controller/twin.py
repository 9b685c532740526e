"""The grip controller as plain Python, to be run on its own: `twin.py SEED TICKS`; see `plain.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sensors.signals import GRIPPER_ANALOG, MAX_SPIKES, Sensed


def senses(seed: int, ticks: int) -> Iterator[Sensed]:
    """A grasp that never was: contact grows, load follows, then it shakes, with spikes at random."""
    rng = np.random.default_rng(seed)
    spikes, analog, goal = np.zeros(MAX_SPIKES, np.uint16), np.zeros(len(GRIPPER_ANALOG)), np.zeros(2, np.int16)
    for tick in range(ticks):
        phase = min(tick / max(ticks - 1, 1), 1.0)
        grip = 400 + 900 * phase + 20 * rng.standard_normal()
        load = 2000 * max(phase - 0.2, 0) + 150 * np.sin(tick / 20) * (phase > 0.5)
        analog[:] = 3000, 0, 600 * max(phase - 0.4, 0), 300 * phase, grip, load, 12000, 9000 * phase
        spikes[:] = rng.integers(0, 110, MAX_SPIKES)
        goal[:] = tick > 3, 5000 * max(phase - 0.3, 0)
        count = int(rng.integers(0, 12))
        yield Sensed((tick + 1) * 1000, spikes, count, 0, analog.astype(np.int16), goal)


def reflex() -> tuple[Any, Callable[..., None]]:
    """The grip controller's record and tick."""
    from controller import network
    from controller.spec import Reflex

    return network.build(Reflex()), network.tick


if __name__ == "__main__":
    from plain import compute

    compute(reflex, senses(int(sys.argv[1]), int(sys.argv[2])))
