"""Every file of Verilog, tops too, is read without a warning by Verilator and Icarus; by yosys when it is built."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_bridge.fpga import build, synthesis

HERE = Path(__file__).parent
RTL = build.FOLDER / "rtl"
TOPS = {board.top: [build.FOLDER / "boards" / f"{board.top}.v", HERE / "plls.v"] for board in synthesis.BOARDS.values()}
READERS = {
    "verilator": ["verilator", "--lint-only", "-Wall", "-Wno-DECLFILENAME", "-Wno-UNUSED", "--top-module"],
    "iverilog": ["iverilog", "-g2005", "-Wall", "-t", "null", "-s"],
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("top", ["core", "chip", "pes", *TOPS])
def test_the_verilog_is_read_without_a_warning(reader: str, top: str) -> None:
    if shutil.which(reader) is None:
        pytest.skip(f"no {reader}: on Debian apt-get install {reader}")
    options = list(READERS[reader])
    if reader == "verilator" and top not in TOPS:  # whose stand-ins for clocks are no style guide
        options = [o for o in options if not o.startswith("-Wno")]
    sources = [*sorted(RTL.glob("*.v")), *TOPS.get(top, ())]
    name = "top" if top in TOPS else top
    command = [*options, name, f"-I{RTL}", *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
