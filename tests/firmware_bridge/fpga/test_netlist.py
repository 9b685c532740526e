"""What synthesis makes of the RTL computes the same: the netlist of iCE40 cells, simulated."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from controller.network import Network
from controller.spec import Reflex
from firmware_bridge.fpga import simulator
from firmware_bridge.fpga.build import RTL
from firmware_bridge.remote import RemoteBrain
from firmware_bridge.sitl import Sitl
from sim.bullet import GRIPPER
from tests.firmware_bridge.senses import anything


@pytest.mark.slow
def test_the_netlist_after_synthesis_leaves_the_same_record(tmp_path: Path) -> None:
    lacking = simulator.missing()
    if lacking:
        pytest.skip(lacking)
    if shutil.which("yosys") is None:
        pytest.skip("no yosys: on Debian apt-get install yosys")
    simulator.write_memories(tmp_path, "verilator", simulator.CLOCK_MHZ)
    sources = " ".join(map(str, RTL))
    script = f"read_verilog -defer -I{RTL[0].parent} {sources}; synth_ice40 -top core; write_verilog -noattr net.v"
    subprocess.run(["yosys", "-q", "-p", script], cwd=tmp_path, check=True, capture_output=True)
    cells = Path(shutil.which("yosys") or "").resolve().parents[1] / "share" / "yosys" / "ice40" / "cells_sim.v"
    netlist = (tmp_path / "net.v", cells)
    program = Path(shutil.copy2(simulator.verilate(tmp_path, sources=netlist), tmp_path / "serve"))
    network = Network(Reflex(dead=0.2, dead_from_ms=30), GRIPPER)
    with Sitl(program) as running:
        brain = RemoteBrain(running.url, GRIPPER, timeout_s=20.0, patience_s=100.0)
        brain.load(network.image.tobytes())
        for sensed in anything(np.random.default_rng(11), 60):
            assert network.step(sensed).effort.tolist() == brain.step(sensed).effort.tolist()
        assert brain.save() == network.image.tobytes()
        brain.close()
