"""The verb build for microcontrollers, and deploy for all boards: made, measured, put on its board and compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from controller.image import AHEAD, FRICTION, SENSES
from firmware_bridge import boards, flash, qemu, targets
from firmware_bridge.boards import KIB, Board
from firmware_bridge.deployed import DeployedNetwork
from firmware_bridge.fpga import synthesis
from firmware_bridge.fpga.build import SIMULATED, identity
from firmware_bridge.identity import build_id
from firmware_bridge.link import open_port
from firmware_bridge.stack import stack_bound
from sensors.errors import UserError
from sim.bullet import GRIPPER

from .parity import network_of, parity
from .spec import Scenario

CYCLES_PER_INSTRUCTION = 1.5
"""Of a Cortex-M3 or M4 running from flash with its caches: a guess, since loads and taken branches cost 2 to 4."""
COUNTED_TICKS, DEPLOY_TICKS = 200, 1000


def build(scenario: Scenario, name: str) -> Iterator[str]:
    """Build a board's firmware; yields the lines that tell what came out.

    Raises:
        UserError: no such board, no compiler, it does not fit, or the scenario's controller has no firmware.
    """
    board = boards.board(name)
    network_of(scenario)
    elf = boards.build_elf(board)
    address, image = boards.flat(elf)
    binary = elf.with_suffix(".bin")
    binary.write_bytes(image)
    size, stack = boards.size_of(elf), stack_bound(board)
    neurons = FRICTION + AHEAD + SENSES
    yield f"{scenario.name} for {board.name}   {board.says} | {neurons} neurons | build {build_id('mcu'):08x}"
    yield (
        f"  flash {size.flash / KIB:.1f} of {board.flash_bytes // KIB} KiB   "
        f"RAM {size.ram / KIB:.1f} of {board.ram_bytes // KIB} KiB, and a stack of "
        + (f"at most {stack} bytes" if stack is not None else "2 KiB (arm-none-eabi-gcc would bound it)")
    )
    yield f"  {_counted(scenario, board, elf)}"
    yield f"saved {elf}   to be flashed at {address:#x}: {binary}"


def _counted(scenario: Scenario, board: Board, elf: Path) -> str:
    if shutil.which(qemu.QEMU) is None:
        return f"instructions not counted: {qemu.QEMU} is not on PATH; on Debian: apt-get install qemu-system-arm"
    with qemu.Qemu(board, elf, counted=True) as emulated:
        deployed = DeployedNetwork(network_of(scenario), emulated.url, GRIPPER, timeout_s=2.0, patience_s=20.0)
        found = parity(scenario, deployed, COUNTED_TICKS)
        deployed.close()
    if found.difference is not None:
        raise UserError(f"the firmware computes otherwise than the controller here: {found.difference}")
    instructions = found.cycles * (1e9 / board.hz)
    most = float(instructions.max())
    ms = most * CYCLES_PER_INSTRUCTION / board.hz * 1e3
    return (
        f"{np.median(instructions) / 1e3:.1f} k instructions a tick p50, {most / 1e3:.1f} k most, over {found.ticks} "
        f"ticks of an object held, in QEMU\n  about {ms:.2f} ms at {board.hz / 1e6:.0f} MHz: an estimate, of "
        f"{CYCLES_PER_INSTRUCTION:g} cycles an instruction"
    )


def deploy(scenario: Scenario, name: str, url: str, *, write: bool = True) -> Iterator[str]:
    """Build, flash, greet and compare over `DEPLOY_TICKS` ticks; yields a line when each is done.

    write: whether to flash; a target that `targets.serve` starts is never flashed.

    Raises:
        UserError: as `build`; nothing can be opened at the URL, no tool can flash the board, the tool fails, or another
            than the board answers.
        ParityError: the target computes something else.
    """
    network = network_of(scenario)
    fpga = name in synthesis.BOARDS
    board = synthesis.BOARDS[name] if fpga else boards.board(name)
    yield f"{scenario.name} to {name} at {url}   {board.says} | build {identity() if fpga else build_id('mcu'):08x}"
    if targets.is_device(url) and write:
        open_port(url, 0.1).close()  # before minutes are spent on building and flashing
        if isinstance(board, Board):
            tool = flash.flash(board, boards.build_elf(board))
        else:
            tool = flash.configure(board, synthesis.build_bitstream(board).bitstream)
        yield f"  flashed by {tool}"
    expected = SIMULATED if fpga and url == SIMULATED else name
    with targets.serve(url) as place:
        deployed = DeployedNetwork(network, place, GRIPPER, patience_s=5.0)
        try:
            answers = deployed.link()["target"]
            if answers != expected:
                instead = f", or --to {answers}" if answers in (*boards.BOARDS, *synthesis.BOARDS) else ""
                raise UserError(f"{url} is {answers}, not {name}; name its port{instead}")
            yield f"  {place} answers: {answers}"
            found = parity(scenario, deployed, DEPLOY_TICKS)
            if found.difference is not None:
                raise ParityError(f"{url} computes something else: {found.difference}")
            deployed.reset()
        finally:
            deployed.close()
    took = f", {int(np.median(found.cycles))} cycles a tick p50" if targets.is_device(url) or fpga else ""
    yield f"  {found.ticks} ticks identical, state {found.crc:08x}{took}"


class ParityError(Exception):
    """The target is not the controller: where the first difference is, in one line."""
