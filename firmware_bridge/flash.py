"""Putting a firmware or a bitstream on a board, by the first tool of the machine that can."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from sensors.errors import UserError

from .boards import Board, flat
from .fpga.synthesis import Fpga

PATIENCE_S = 120


def commands(board: Board, elf: Path) -> list[list[str]]:
    """The commands that would flash it, best first; whether their tools are here is not asked."""
    parts = {
        "f405": ("stm32f405rgtx", "interface/stlink.cfg", "target/stm32f4x.cfg"),
        "microbit": ("nrf51", "interface/cmsis-dap.cfg", "target/nrf51.cfg"),
    }
    if board.name not in parts:
        return []
    part, interface, target = parts[board.name]
    program = f"program {{{elf}}} verify reset exit"
    known = [
        ["pyocd", "flash", "--target", part, str(elf)],
        ["openocd", "-f", interface, "-f", target, "-c", program],
    ]
    if board.name == "f405":
        address = flat(elf)[0]
        binary = str(elf.with_suffix(".bin"))
        known.append(["dfu-util", "-a", "0", "-s", f"{address:#x}:leave", "-D", binary])
    return known


def flash(board: Board, elf: Path) -> str:
    """Flash a microcontroller; returns the tool's name.

    Raises:
        UserError: the board needs its vendor's tool, none of the tools is here, or the tool fails, with its last line.
    """
    known = commands(board, elf)
    if not known:
        raise UserError(f"{board.name} is flashed by its vendor's tool only; put {elf} on it, then say --no-flash")
    elf.with_suffix(".bin").write_bytes(flat(elf)[1])
    return _first_of(known, board.name, "pip install pyocd, or on Debian: apt-get install openocd")


def configure(board: Fpga, bitstream: Path) -> str:
    """Write an FPGA's flash, from which it configures itself; returns the tool's name. Raises UserError as `flash`."""
    known = [["openFPGALoader", "-b", board.loader, "-f", str(bitstream)]]
    if board.family == "ice40":
        known.append(["iceprog", str(bitstream)])
    return _first_of(known, board.name, "on Debian: apt-get install openfpgaloader")


def _first_of(known: list[list[str]], name: str, cure: str) -> str:
    command = next((c for c in known if shutil.which(c[0])), None)
    if command is None:
        tools = [c[0] for c in known]
        lacking = f"none of {', '.join(tools)} is" if len(tools) > 1 else f"{tools[0]} is not"
        raise UserError(f"{lacking} on PATH; {cure}")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        raise UserError(f"{command[0]} did not end within {PATIENCE_S} s; is the probe connected?") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise UserError(f"{command[0]} did not flash {name}: {said}; is the probe connected?")
    return command[0]
