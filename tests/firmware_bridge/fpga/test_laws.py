"""The laws in Verilog, against golden files and every state of a small neuron; scalar laws as the machine runs them."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import serial

from controller import guard, plasticity
from firmware_bridge.fpga import build
from firmware_bridge.fpga.compiler import Compiler
from firmware_bridge.fpga.machine import PORTS, Program
from firmware_bridge.sitl import Sitl

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "golden"
RTL = build.FOLDER / "rtl"


def simulated(tmp_path: Path, bench: str, *arguments: str) -> list[list[str]]:
    """The lines that a bench prints under Icarus, each cut into words."""
    if shutil.which("iverilog") is None:
        pytest.skip("no iverilog: on Debian apt-get install iverilog")
    out = tmp_path / "bench"
    sources = [HERE / bench, *(RTL / f"{name}.v" for name in ("lif", "trace", "pes", "rounded", "moved"))]
    subprocess.run(["iverilog", "-g2005", "-o", out, *sources], check=True, capture_output=True)
    done = subprocess.run(["vvp", "-n", out, *arguments], check=True, capture_output=True, text=True)
    return [line.split() for line in done.stdout.splitlines()]


def test_verilog_answers_every_line_of_the_golden_files(tmp_path: Path) -> None:
    lines = {name: len((GOLDEN / f"{name}.hex").read_text().splitlines()) for name in ("lif", "trace", "pes")}
    found = simulated(tmp_path, "laws.v", f"+folder={GOLDEN}")
    assert found == [[name, str(lines[name]), "0"] for name in ("lif", "trace", "pes")]


def test_a_neuron_of_five_bits_obeys_the_law_in_every_state_and_for_every_input(tmp_path: Path) -> None:
    assert simulated(tmp_path, "neuron.v") == [[str(32 * 128 * 7 * 15), "0"]]


SERVER = """
def byte():
    while read(RX_READY) == 0:
        pass
    return read(RX)


def word():
    half = byte()
    half += byte() << 8
    half += byte() << 16
    return int32(half + (byte() << 24))


def answer(value):
    write(TX, value)
    write(TX, value >> 8)
    write(TX, value >> 16)
    write(TX, value >> 24)


def main():
    while 1:
        if byte():
            answer(guard_step(word(), word(), word(), word(), word()))
        else:
            answer(scramble(word()))
"""


def test_the_sequencer_answers_every_line_of_the_golden_files_of_scalar_laws(model: Path, tmp_path: Path) -> None:
    program = Program()
    compiler = Compiler(program, {}, {}, {}, {}, {})
    for module in (guard, plasticity):
        compiler.add(inspect.getsource(module), vars(module), inline=True)
    compiler.add(SERVER, {}, inline=False)
    compiler.compile("main")
    build.write_program(program, tmp_path)
    with Sitl(Path(shutil.copy2(model, tmp_path / "serve"))) as running, serial.Serial(running.url, timeout=5) as port:
        for code, name, given in ((1, "guard", 5), (0, "scramble", 1)):
            lines = (GOLDEN / f"{name}.hex").read_text().splitlines()
            assert len(lines) > 400
            for line in lines:
                words = [bytes.fromhex(w)[::-1] for w in line.split()]
                port.write(bytes([code]) + b"".join(words[:given]))
                assert port.read(4) == words[given], f"{name}: {line}"


def test_the_program_and_the_verilog_number_the_ports_alike() -> None:
    numbers = re.findall(r"`define PORT_(\w+) (\d+)", (RTL / "ports.vh").read_text())
    assert {name: int(number) for name, number in numbers} == PORTS
