"""Is the brain on a target the brain here? A part of a simulated episode under both, compared to the bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from controller.network import Network
from firmware_bridge.deployed import DeployedNetwork
from sensors.errors import UserError

from .build import build_brain, build_world
from .spec import Scenario
from .tasks import task_of

BEFORE = 2000
"""Ticks that pass here first, so that an object is held and lifted when the comparison begins."""


@dataclass(frozen=True, slots=True)
class Parity:
    """What was found.

    difference: the first one in one line, None if there is none. crc: of both records after the last tick.
    cycles: int64 (ticks,), as the target counted them. ticks: compared.
    """

    difference: str | None
    crc: int
    cycles: NDArray[np.int64]

    @property
    def ticks(self) -> int:
        return len(self.cycles)


def network_of(scenario: Scenario) -> Network:
    """The scenario's controller. Raises UserError if it has no firmware, or is to be damaged, which is for runs."""
    world = build_world(scenario)
    brain = build_brain(scenario, world.body)
    world.close()
    if not isinstance(brain, Network) or brain.replicas > 1:
        raise UserError(f"{scenario.name} has no single grip controller, and no other has firmware; name grasp")
    if not brain.damage.harmless:
        raise UserError("controller.damage is for `ganglion run`, also on a target; leave it out here")
    return brain


def parity(scenario: Scenario, deployed: DeployedNetwork, ticks: int) -> Parity:
    """Step the scenario's controller here through an episode, and the target through its last `ticks` ticks.

    The target's record is replaced. Raises UserError as `DeployedNetwork` does.
    """
    world, task = build_world(scenario), task_of(scenario)
    network = build_brain(scenario, world.body)
    world.reset(task.draw(scenario, 0))
    command, cycles = world.idle, np.zeros(ticks, np.int64)
    try:
        for tick in range(1, BEFORE + ticks + 1):
            sensed = world.advance(tick * world.spec.tick_us, command)
            command = network.step(sensed)
            at = tick - BEFORE - 1
            if at < 0:
                if at == -1:
                    deployed.remote.load(network.image.tobytes())
                continue
            there = deployed.step(sensed).effort.tolist()
            cycles[at] = deployed.remote.cycles
            if there != command.effort.tolist() or deployed.probe != network.probe:
                said = f"here {command.effort.tolist()} {network.probe[0]}, there {there} {deployed.probe[0]}"
                return Parity(f"tick {at + 1}: {said}", 0, cycles[: at + 1])
    finally:
        world.close()
    here, there_crc = network.state_hash(), deployed.state_hash()
    difference = (
        None if here == there_crc else f"state hash after {ticks} ticks: here {here:08x}, there {there_crc:08x}"
    )
    return Parity(difference, here, cycles)
