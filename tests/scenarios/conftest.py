"""What the tests of runs, pools and the command line share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from .browser import Page, find


@pytest.fixture(scope="session", autouse=True)
def _heed_ctrl_c() -> Iterator[None]:
    """Whoever runs the tests in the background has Ctrl-C ignored, and the programs under test would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
