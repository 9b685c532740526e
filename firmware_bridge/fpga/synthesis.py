"""From rtl/ to a bitstream: yosys, nextpnr and the packer of each family, as the system or PyPI (YoWASP) has them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.toolchain import build_folder
from sensors.errors import UserError

from .build import FOLDER, RTL, identity, write_memories

SEEDS = (1, 2, 3)
"""Placements that are tried until one is quick enough."""


@dataclass(frozen=True, slots=True)
class Fpga:
    """One board with an FPGA.

    Attributes:
        says: board and part, for people. clock_mhz: of its top, boards/<top>.v. family: of the tools' names.
        device: nextpnr's options for the part. options: of yosys. cells, memory: names of what is counted, and how
        many bits a memory has. pins: the constraints in boards/. loader: openFPGALoader's name for the board.
    """

    name: str
    says: str
    top: str
    clock_mhz: int
    family: str
    device: tuple[str, ...]
    options: str
    cells: str
    memory: str
    pins: str
    loader: str


BOARDS = {
    board.name: board
    for board in (
        Fpga("ice40-up5k", "iCEBreaker, iCE40 UP5K", "icebreaker", 24, "ice40", ("--up5k", "--package", "sg48"), "-dsp",
             "ICESTORM_LC", "ICESTORM_RAM", "icebreaker.pcf", "ice40_generic"),
        Fpga("ice40-hx8k", "iCE40-HX8K breakout board", "hx8k", 48, "ice40", ("--hx8k", "--package", "ct256"), "",
             "ICESTORM_LC", "ICESTORM_RAM", "hx8k.pcf", "ice40_generic"),
        Fpga("ecp5-25", "ULX3S, ECP5 LFE5U-25F", "ulx3s", 60, "ecp5", ("--25k", "--package", "CABGA381"), "",
             "TRELLIS_COMB", "DP16KD", "ulx3s.lpf", "ulx3s"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """What a bitstream takes of its part: (used, there are) cells and memories; the clock it could have; its file."""

    cells: tuple[int, int]
    memories: tuple[int, int]
    fmax_mhz: float
    bitstream: Path


def tool(name: str) -> str:
    """A tool's program, the system's or YoWASP's of this environment. Raises UserError if there is neither."""
    beside = Path(sys.executable).parent / f"yowasp-{name}"
    found = shutil.which(name) or (str(beside) if beside.exists() else shutil.which(f"yowasp-{name}"))
    if found is None:
        raise UserError(f"there is no {name}, which makes the bitstream; pip install 'ganglion[fpga]'")
    return found


def _run(command: Sequence[str], folder: Path, what: str) -> str:
    # YoWASP spends minutes on compiling itself at its first call, and keeps the result.
    environment = os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    said = done.stdout + done.stderr
    (folder / f"{what}.log").write_text(said)
    if done.returncode:
        lines = (
            [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()[-1:] or ["nothing"]
        )
        raise UserError(f"{Path(command[0]).name} fails: {lines[0].removeprefix('ERROR: ')}")
    return said


def synthesise(which: Fpga, folder: Path) -> Path:
    """Turn rtl/ and the memories into a netlist, `folder`/net.json. Raises UserError."""
    write_memories(folder, which.name, which.clock_mhz)
    sources = " ".join(str(file) for file in RTL)
    script = (
        f"read_verilog -defer -I{FOLDER / 'rtl'} {sources}; "
        f"read_verilog {FOLDER / 'boards' / f'{which.top}.v'}; "
        f"synth_{which.family} {which.options} -top top -json net.json"
    )
    _run([tool("yosys"), "-q", "-p", script], folder, "yosys")
    return folder / "net.json"


def place(which: Fpga, folder: Path) -> Placed:
    """Place and route net.json with the board's pins and clock; tries SEEDS until the clock is reached.

    Raises:
        UserError: it does not fit, or no placement reaches the clock; with both numbers.
    """
    pins = str(FOLDER / "boards" / which.pins)
    constraints = (
        ["--pcf", pins, "--asc", "chip.txt"] if which.family == "ice40" else ["--lpf", pins, "--textcfg", "chip.txt"]
    )
    best = 0.0
    for seed in SEEDS:
        command = [
            tool(f"nextpnr-{which.family}"),
            *which.device,
            "--json",
            "net.json",
            *constraints,
            "--seed",
            str(seed),
        ]
        command += ["--freq", str(which.clock_mhz), "--timing-allow-fail", "--report", "report.json"]
        _run(command, folder, "nextpnr")
        report = json.loads((folder / "report.json").read_text())
        fmax = min(float(clock["achieved"]) for clock in report["fmax"].values())
        best = max(best, fmax)
        if fmax >= which.clock_mhz:
            packer, out = ("icepack", "chip.bin") if which.family == "ice40" else ("ecppack", "chip.bit")
            _run([tool(packer), "chip.txt", out], folder, packer)
            used = report["utilization"]
            cells, memories = ((int(used[n]["used"]), int(used[n]["available"])) for n in (which.cells, which.memory))
            return Placed(cells, memories, fmax, folder / out)
    raise UserError(f"{which.name} reaches {best:.1f} MHz in {len(SEEDS)} placements, its clock has {which.clock_mhz}")


def build_bitstream(which: Fpga) -> Placed:
    """The bitstream of a board; built once for each state of the sources. Raises UserError."""
    own = identity()
    for file in (f"{which.top}.v", which.pins):
        own = zlib.crc32((FOLDER / "boards" / file).read_bytes(), own)
    final = build_folder() / f"{which.name}-{own:08x}"
    facts = final / "placed.json"
    if not facts.exists():
        with tempfile.TemporaryDirectory(dir=final.parent) as temporary:
            folder = Path(temporary) / final.name
            synthesise(which, folder)
            placed = place(which, folder)
            found = {"cells": placed.cells, "memories": placed.memories, "fmax_mhz": placed.fmax_mhz}
            (folder / facts.name).write_text(json.dumps(found | {"bitstream": placed.bitstream.name}))
            try:
                folder.rename(final)
            except OSError:  # another process was faster
                if not facts.exists():
                    raise
    found = json.loads(facts.read_text())
    return Placed(tuple(found["cells"]), tuple(found["memories"]), found["fmax_mhz"], final / found["bitstream"])
