"""The RTL of the grasp controller, simulated once a session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.fpga import simulator
from firmware_bridge.sitl import Sitl


def needs_verilator() -> None:
    lacking = simulator.missing()
    if lacking:
        pytest.skip(lacking)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core's model without memories; copy it beside those it shall run with."""
    needs_verilator()
    return simulator.verilate(tmp_path_factory.mktemp("model"))


@pytest.fixture
def chip(model: Path, tmp_path: Path) -> Iterator[Sitl]:
    """The grasp controller's RTL on a pseudo-terminal, byte by byte."""
    simulator.write_memories(tmp_path, "verilator", simulator.CLOCK_MHZ)
    with Sitl(Path(shutil.copy2(model, tmp_path / "serve"))) as running:
        yield running
