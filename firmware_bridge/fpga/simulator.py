"""The RTL as a program of this machine: Verilator's model of it, behind a pseudo-terminal (harness/serve.cpp)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path

from firmware_bridge.toolchain import build_folder
from sensors.errors import UserError

from .build import FOLDER, SIMULATED, identity, write_memories

HARNESS = FOLDER / "harness" / "serve.cpp"
CLOCK_MHZ = 12
"""Of the simulated clock; about what Verilator manages, so that under PACE time passes at its own speed."""
MODULES = ("core", "sequencer", "engine", "store", "lif", "trace", "late", "rounded", "moved", "multiply", "ram")
NEEDS = (("verilator", "verilator"), ("g++", "g++"), ("make", "make"))


def missing() -> str | None:
    """What is lacking to build the simulator, with the cure; None if nothing is."""
    lacking = [package for command, package in NEEDS if shutil.which(command) is None]
    if not lacking:
        return None
    return f"no {', '.join(lacking)} here, which simulate the FPGA; on Debian: apt-get install {' '.join(lacking)}"


def verilate(folder: Path, bits: bool = False, netlist: tuple[Path, ...] = ()) -> Path:
    """Build the model in `folder`, without memories; returns the program.

    bits: through the UART instead of byte by byte. netlist: cells of an iCE40 and what they do, instead of rtl/.

    Raises:
        UserError: a tool is missing, or Verilator or the compiler refused; with the first complaint.
    """
    lacking = missing()
    if lacking:
        raise UserError(lacking)
    top = "chip" if bits else "core"
    names = (*MODULES, "chip", "uart") if bits else MODULES
    verilog = netlist or tuple(FOLDER / "rtl" / f"{name}.v" for name in names)
    options = ["-Wall", f"-I{FOLDER / 'rtl'}", *(["-GDIVIDE=4", "-CFLAGS", "-DBITS"] if bits else [])]
    if netlist:  # its style is yosys's; Verilator 5.006 reads no inputs with defaults
        options = ["-Wno-lint", "-Wno-style", "-Wno-fatal", "-DNO_ICE40_DEFAULT_ASSIGNMENTS", "--no-timing"]
    command = ["verilator", "-O3", "--x-assign", "fast", "--cc", "--exe", "--build", "-j", "1", "--top-module", top]
    # Verilator's makefile says -Os last, which is half as fast; a netlist is compiled longer than it runs.
    command += ["-MAKEFLAGS", f"OPT_FAST={'-O1' if netlist else '-O3'}", "--Mdir", str(folder / "model")]
    command += [*options, str(HARNESS), *map(str, verilog)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    program = folder / "model" / f"V{top}"
    if done.returncode or not program.exists():
        words = (done.stderr + done.stdout).splitlines()
        complaint = next((w for w in words if w.startswith("%") or "error" in w), "it says nothing")
        raise UserError(f"verilator does not build the FPGA's model: {complaint}")
    return program


def build_simulator(bits: bool = False) -> Path:
    """The program that serves the controller's RTL; built once for each state of its sources. Raises UserError."""
    own = zlib.crc32(HARNESS.read_bytes() + Path(__file__).read_bytes(), identity())
    name = f"{'uart' if bits else 'verilator'}-{own:08x}"
    place = build_folder() / name
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            whole = Path(folder) / name
            write_memories(whole, SIMULATED, CLOCK_MHZ)
            shutil.copy2(verilate(Path(folder), bits), whole / "serve")
            try:
                whole.rename(place)
            except OSError:  # another process was faster
                if not place.exists():
                    raise
    return place / "serve"
