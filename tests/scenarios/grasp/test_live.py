"""`run --view` shows what happens, when it happens, and changes nothing of it; without a display it says so at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scenarios import load
from scenarios.grasp.animation import GRIP, LIMIT, OBJECT, palette
from scenarios.recording import NAME
from scenarios.run import run

ROOT = Path(load.__file__).parent.parent
SHORT = (
    "episodes=1", "world.trial.settle_s=0.5", "world.trial.lift_s=0.3", "world.trial.hold_s=0.2",
    "world.trial.shake_s=0.3", "world.trial.lower_s=0.3",
)  # fmt: skip
SHORT_S = 2.1
SEEN = """
import os, sys
from pathlib import Path
from time import perf_counter
from PIL import ImageGrab
from scenarios import load
from scenarios.grasp.live import GraspSpectator
from scenarios.run import run

class Photographer(GraspSpectator):
    def look(self, world, recorder, ticks):
        if recorder.ticks == 1:
            self.since = perf_counter()
        super().look(world, recorder, ticks)
        if recorder.ticks == 1600:
            ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).save(sys.argv[2])
        if recorder.ticks == ticks:
            print(perf_counter() - self.since)

scenario = load.load("grasp", tuple(sys.argv[3:]))
spectator = Photographer(scenario)
run(scenario, Path(sys.argv[1]), compare=False, report=False, spectator=spectator)
spectator.close()
"""


def test_a_trial_that_is_watched_takes_its_time_shows_the_object_and_leaves_the_same_bits(
    display, environment, tmp_path
):
    from PIL import Image

    picture = tmp_path / "seen.png"
    seen = subprocess.run(
        [sys.executable, "-c", SEEN, tmp_path / "seen", picture, *SHORT],
        capture_output=True, text=True, cwd=ROOT, env=environment(DISPLAY=display), check=False, timeout=100,
    )  # fmt: skip
    assert seen.returncode == 0, seen.stderr
    assert float(seen.stdout) >= SHORT_S * 0.9, "faster than real time"
    with Image.open(picture) as grabbed:
        colours = {colour for _, colour in grabbed.convert("RGB").getcolors(1 << 20)}
    table = np.array(palette()).reshape(-1, 3)
    assert {tuple(table[k].tolist()) for k in (GRIP, LIMIT)} <= colours
    assert len(colours & set(map(tuple, table[OBJECT:].tolist()))) >= 3, "tones of the object"
    run(load.load("grasp", SHORT), tmp_path / "unseen", compare=False, report=False)
    assert (tmp_path / "seen" / NAME).read_bytes() == (tmp_path / "unseen" / NAME).read_bytes()


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS always has a display")
@pytest.mark.parametrize(
    ("more", "words", "said"),
    [
        ({}, [], "neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"DISPLAY": ":987"}, [], "could not open a window on :987"),
        ({"DISPLAY": ":987", "MPLBACKEND": "nonsense"}, [], "does not know MPLBACKEND=nonsense"),
        ({"DISPLAY": ":987", "MPLBACKEND": "agg"}, [], "(agg: it opens no windows)"),
        ({}, ["--workers", "2"], "--view shows the trials of one process"),
    ],
)
def test_without_a_window_one_line_says_why_and_nothing_is_run(environment, tmp_path, more, words, said):
    done = subprocess.run(
        [sys.executable, "-m", "scenarios", "run", "grasp", "--view", "--out", tmp_path / "r", *words],
        capture_output=True, text=True, cwd=ROOT, env=environment(**more), check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert said in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
