"""Options of the hardware tests, see tests/hil; and a display for the tests that open a window."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hardware")
    group.addoption(
        "--target", action="append", metavar="URL", help="test this one: a serial port, sitl, qemu:BOARD, verilator"
    )
    group.addoption("--board", metavar="NAME", help="flash the --target with this board's firmware first")
    group.addoption("--ticks", type=int, default=400, metavar="N", help="ticks of each comparison (default 400)")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A display of its own that nobody looks at.

    Without -noreset the server starts over whenever its last client leaves, and refuses who comes meanwhile.
    """
    pytest.importorskip("tkinter", reason="this Python has no tkinter (Debian: apt-get install python3-tk)")
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("no Xvfb on this machine (Debian: apt-get install xvfb)")
    read, write = os.pipe()
    process = subprocess.Popen(
        [server, "-displayfd", str(write), "-noreset", "-screen", "0", "900x500x24", "-nolisten", "tcp"],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    process.terminate()
    process.wait(10)
