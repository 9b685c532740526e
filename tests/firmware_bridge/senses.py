"""Senses to step a gripper's brain with, of no body and of every kind."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from controller.network import Network
from sensors.signals import GRIPPER_ANALOG, MAX_SPIKES, Sensed
from sim.bullet import GRIPPER

WEIGHTS = (-(2**31), -(2**30) + 1, 2**30 - 1, 2**31 - 1)
"""Read-out weights at the ends of the range that learning keeps them in, and where a flipped bit may throw them."""


def anything(rng: np.random.Generator, ticks: int) -> Iterable[Sensed]:
    """Senses that no body has, but now and then an object that is held, lifted and shaken."""
    sensed = GRIPPER.empty_sensed()
    for tick in range(ticks):
        sensed.analog[:] = rng.integers(-32768, 32768, len(GRIPPER_ANALOG))
        if tick % 200 == 0:
            sensed.goal[:] = rng.random() < 0.9, rng.integers(-32768, 32768)
        if tick % 200 < 150:
            sensed.analog[2] = tick % 200 * 100
            sensed.analog[4], sensed.analog[5] = rng.integers(100, 8000), rng.integers(0, 30000)
        yield spiking(rng, sensed)


def extremes(rng: np.random.Generator, ticks: int) -> Iterable[Sensed]:
    """Every channel at an end of its range or about zero, for 1 to 100 ticks each; mostly pressed and asked to hold."""
    sensed = GRIPPER.empty_sensed()
    ends = (-32768, -1, 0, 32767)
    until = 0
    for tick in range(ticks):
        if tick == until:
            until += int(rng.integers(1, 100))
            sensed.analog[:], sensed.goal[:] = rng.choice(ends, len(GRIPPER_ANALOG)), rng.choice(ends, 2)
            sensed.analog[4:6] = rng.choice((32767, 32767, 32767, -32768), 2)
            sensed.goal[0] = rng.random() < 0.95
        yield spiking(rng, sensed)


def spiking(rng: np.random.Generator, sensed: Sensed) -> Sensed:
    sensed.count = int(rng.integers(MAX_SPIKES + 1))
    sensed.spikes[: sensed.count] = rng.integers(GRIPPER.addresses, size=sensed.count)
    return sensed


def doomed(network: Network, share: float, from_tick: int) -> Network:
    """The same network, of whose neurons a share falls silent in a tick to come."""
    s = network.image[0]
    s["doomed"] = np.random.default_rng(7).random(s["doomed"].size) < share
    s["dead_from"] = from_tick
    return network
