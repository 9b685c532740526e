"""Options of the hardware tests; see tests/hil."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hardware")
    group.addoption(
        "--target", action="append", metavar="URL", help="test this one: a serial port, sitl, qemu:BOARD, verilator"
    )
    group.addoption("--board", metavar="NAME", help="flash the --target with this board's firmware first")
    group.addoption("--ticks", type=int, default=400, metavar="N", help="ticks of each comparison (default 400)")
