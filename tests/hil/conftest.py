"""The target under test: those named by --target, else the C firmware here and on each emulated board, and the RTL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from controller.network import Network
from controller.spec import Reflex
from firmware_bridge import flash, targets
from firmware_bridge.boards import board, build_elf
from firmware_bridge.deployed import DeployedNetwork
from sim.bullet import GRIPPER

USUAL = (
    "sitl",
    "qemu:mps2-an386",
    "verilator",
    *(pytest.param(f"qemu:{name}", marks=pytest.mark.slow) for name in ("f405", "sf2", "microbit")),
)


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
    lacking = targets.missing(where)
    if lacking and not request.config.getoption("--target"):
        pytest.skip(lacking)
    name = request.config.getoption("--board")
    if name and targets.is_device(where):
        flash.flash(board(name), build_elf(board(name)))
    with targets.serve(where) as url:
        yield Target(where, url)


@pytest.fixture
def ticks(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--ticks"))
