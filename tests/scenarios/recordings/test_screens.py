"""`ganglion view` on real screens: a window of an X server, a terminal of tmux, a film that OpenCV reads back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageGrab

from scenarios import load
from scenarios.cli import main
from scenarios.recordings.painting import COLOURS
from sensors.signals import EVENT
from sensors.write import write_events

ROOT = Path(load.__file__).parent.parent
SECONDS = 2.0
FPS = 25
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a ring of 40 pixels that goes from left to right over 129 x 96."""
    rng = np.random.default_rng(3)
    events = np.zeros(60_000, EVENT)
    events["t"] = np.sort(rng.integers(0, int(SECONDS * 1e6), events.size))
    angle = rng.uniform(0, 2 * np.pi, events.size)
    events["x"] = 30 + events["t"] // 40_000 + 20 * np.cos(angle)
    events["y"] = 48 + 20 * np.sin(angle)
    events["p"] = rng.random(events.size) < 0.5
    path = tmp_path_factory.mktemp("ring") / "ring.npz"
    write_events(path, [events], 129, 96)
    return path


def until(seen: Callable[[], bool]) -> bool:
    """Whether it is seen before patience ends."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if seen():
            return True
        threading.Event().wait(0.1)
    return False


def colours(picture: Image.Image) -> dict[tuple[int, ...], int]:
    return {colour: n for n, colour in picture.convert("RGB").getcolors(1 << 24) or []}  # type: ignore[misc]


def test_a_window_shows_the_events_and_closes_when_they_end(display, environment, ring):
    command = [sys.executable, "-m", "scenarios", "view", ring, "--live", "window"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(DISPLAY=display), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as viewer:
        off, on = (tuple(c) for c in COLOURS[1:].tolist())
        most: dict[tuple[int, ...], int] = {}

        def seen() -> bool:
            found = colours(ImageGrab.grab(xdisplay=display))
            most.update({c: max(found.get(c, 0), most.get(c, 0)) for c in (off, on)})
            return min(most.values()) > 100 or viewer.poll() is not None

        assert until(seen)
        out, error = viewer.communicate(timeout=PATIENCE_S)
    assert (viewer.returncode, error) == (0, "")
    assert "60000 events shown" in out
    assert most[off] > 100 < most[on], "the ring, in both colours"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A terminal of 80 x 30 characters in a tmux of its own: call it with tmux's words."""
    program = shutil.which("tmux")
    if program is None:
        pytest.skip("no tmux on this machine (Debian: apt-get install tmux)")
    socket = tmp_path / "tmux"

    def tmux(*words: str) -> str:
        done = subprocess.run(
            [program, "-S", str(socket), "-f", "/dev/null", *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    tmux("new-session", "-d", "-x", "80", "-y", "30", "sh")
    yield tmux
    tmux("kill-server")


def test_a_terminal_shows_the_ring_in_two_pixels_a_character_and_gets_its_cursor_back(terminal, ring):
    command = f"cd {ROOT} && {sys.executable} -m scenarios view {ring} --live terminal; echo left with $?"
    terminal("send-keys", command, "Enter")

    def drawn() -> bool:
        return terminal("capture-pane", "-p").count("\u2580") > 500

    assert until(drawn), terminal("capture-pane", "-p")
    lines = terminal("capture-pane", "-p", "-e").splitlines()
    text = "\n".join(lines)
    assert all("8;2;" + ";".join(map(str, c)) in text for c in COLOURS.tolist()), "ground, off and on"
    assert terminal("display-message", "-p", "#{cursor_flag}").strip() == "0", "hidden while it draws"
    assert until(lambda: "left with 0" in terminal("capture-pane", "-p")), terminal("capture-pane", "-p")
    assert "60000 events shown" in terminal("capture-pane", "-p")
    assert terminal("display-message", "-p", "#{cursor_flag}").strip() == "1"


def test_a_film_has_every_picture_at_its_time_and_shows_the_ring_where_it_was(ring, tmp_path):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed: pip install 'ganglion[digit]'")
    target = tmp_path / "ring.mp4"
    assert main(["view", str(ring), "--out", str(target)]) == 0
    film = cv2.VideoCapture(str(target))
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(FPS)
    pictures = []
    while True:
        more, picture = film.read()
        if not more:
            break
        pictures.append(picture[..., ::-1].astype(int))
    film.release()
    assert len(pictures) == pytest.approx(SECONDS * FPS, abs=1)
    factor = pictures[0].shape[1] // 129
    middles = []
    for picture in (pictures[5], pictures[40]):
        bright = np.abs(picture - COLOURS[0]).sum(2) > 150
        assert bright.sum() > 60 * factor
        middles.append(np.nonzero(bright)[1].mean() / factor)
    assert middles[1] - middles[0] == pytest.approx(35, abs=3), "it went one pixel a picture"
    assert os.listdir(tmp_path) == ["ring.mp4"]
