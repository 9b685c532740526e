"""The target under test: those named by --target, else the C firmware here, and on an emulated Cortex-M4."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from controller.network import Network
from controller.spec import Reflex
from firmware_bridge import flash, targets
from firmware_bridge.boards import board, build_elf, cross_compiler
from firmware_bridge.deployed import DeployedNetwork
from firmware_bridge.qemu import QEMU
from sensors.errors import UserError
from sim.bullet import GRIPPER

USUAL = ("sitl", "qemu:mps2-an386")


@dataclass(frozen=True, slots=True)
class Target:
    """What is tested: `where` as --brain has it, `url` of its port."""

    where: str
    url: str

    def deployed(self, spec: Reflex | None = None) -> tuple[Network, DeployedNetwork]:
        """A controller here and the same on the target, both before their first tick."""
        spec = spec or Reflex()
        there = DeployedNetwork(Network(spec, GRIPPER), self.url, GRIPPER, timeout_s=0.2, patience_s=10.0)
        there.reset()
        return Network(spec, GRIPPER), there


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        named = metafunc.config.getoption("--target") or USUAL
        metafunc.parametrize("target", named, indirect=True, scope="module")


@pytest.fixture(scope="module")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    where: str = request.param
    asked_for = bool(request.config.getoption("--target"))
    if where.startswith("qemu:") and not asked_for and shutil.which(QEMU) is None:
        pytest.skip(f"{QEMU} is not on PATH; on Debian: apt-get install qemu-system-arm")
    if where.startswith("qemu:") and not asked_for:
        try:
            cross_compiler()
        except UserError as error:
            pytest.skip(str(error))
    name = request.config.getoption("--board")
    if name and targets.is_device(where):
        flash.flash(board(name), build_elf(board(name)))
    with targets.serve(where) as url:
        yield Target(where, url)


@pytest.fixture
def ticks(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--ticks"))
