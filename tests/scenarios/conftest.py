"""What the tests of runs, pools and the command line share."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from .browser import Page, find


@pytest.fixture(scope="session", autouse=True)
def _heed_ctrl_c() -> Iterator[None]:
    """Whoever runs the tests in the background has Ctrl-C ignored, and the programs under test would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A display of its own that nobody looks at."""
    pytest.importorskip("tkinter", reason="this Python has no tkinter (Debian: apt-get install python3-tk)")
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("no Xvfb on this machine (Debian: apt-get install xvfb)")
    read, write = os.pipe()
    process = subprocess.Popen(
        [server, "-displayfd", str(write), "-screen", "0", "900x500x24", "-nolisten", "tcp"],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def environment() -> Callable[..., dict[str, str]]:
    """This process's environment without a display, and more: `environment(DISPLAY=":7")`."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")}
    return lambda **more: {**kept, **more}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page in a browser of its own."""
    browser, missing = find()
    if browser is None:
        pytest.skip(missing)
    with Page(browser, tmp_path_factory.mktemp("profile")) as shown:
        yield shown
