"""The verb build for FPGAs: a bitstream made, its cells, memories and clock told, its cycles counted in simulation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from controller.image import AHEAD, FRICTION, SENSES
from firmware_bridge import targets
from firmware_bridge.deployed import DeployedNetwork
from firmware_bridge.fpga import simulator, synthesis
from firmware_bridge.fpga.build import identity
from sensors.errors import UserError
from sim.bullet import GRIPPER

from .parity import network_of, parity
from .spec import Scenario

COUNTED_TICKS = 100


def build(scenario: Scenario, name: str) -> Iterator[str]:
    """Build a board's bitstream; yields the lines that tell what came out.

    Raises:
        UserError: a tool is missing, it does not fit or is too slow, or the scenario's controller has no bitstream.
    """
    board = synthesis.BOARDS[name]
    network_of(scenario)
    neurons = FRICTION + AHEAD + SENSES
    yield f"{scenario.name} for {board.name}   {board.says} | {neurons} neurons | build {identity():08x}"
    placed = synthesis.build_bitstream(board)
    yield (
        f"  cells {placed.cells[0]} of {placed.cells[1]}   block RAMs {placed.memories[0]} of {placed.memories[1]}   "
        f"{placed.fmax_mhz:.1f} MHz possible, {board.clock_mhz} MHz used"
    )
    yield f"  {_counted(scenario, board.clock_mhz)}"
    yield f"saved {placed.bitstream}   to be put on it: ganglion deploy {scenario.name} --to {name} PORT"


def _counted(scenario: Scenario, clock_mhz: int) -> str:
    lacking = simulator.missing()
    if lacking:
        return f"cycles not counted: {lacking}"
    with targets.serve("verilator") as url:
        deployed = DeployedNetwork(network_of(scenario), url, GRIPPER, timeout_s=2.0, patience_s=20.0)
        found = parity(scenario, deployed, COUNTED_TICKS)
        deployed.close()
    if found.difference is not None:
        raise UserError(f"the RTL computes otherwise than the controller here: {found.difference}")
    half, most = float(np.median(found.cycles)), float(found.cycles.max())
    ms = [cycles / clock_mhz / 1e3 for cycles in (half, most)]
    return (
        f"{half:.0f} cycles a tick p50, {most:.0f} most: {ms[0]:.2f} and {ms[1]:.2f} ms\n"
        f"  over {found.ticks} ticks of an object held, in Verilator, each bit as here"
    )
