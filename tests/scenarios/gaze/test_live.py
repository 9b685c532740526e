"""`run gaze --view` shows the head follow its object, and a recording go by, and changes nothing of either."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scenarios import load
from scenarios.gaze.animation import CROSS, LINE, OFF, ON, palette
from scenarios.recording import NAME
from scenarios.run import run
from sensors.signals import EVENT
from sensors.write import write_events

ROOT = Path(load.__file__).parent.parent
SHORT = ("episodes=1", "seed=3", "world.show.moves=1", "world.show.swing_s=0.3")
SEEN = """
import os, sys
from pathlib import Path
from PIL import ImageGrab
from scenarios import load
from scenarios.gaze.live import GazeSpectator
from scenarios.run import run

class Photographer(GazeSpectator):
    def look(self, world, recorder, ticks):
        super().look(world, recorder, ticks)
        if recorder.ticks == 1000:
            ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).save(sys.argv[2])

scenario = load.load("gaze", tuple(sys.argv[3:]))
spectator = Photographer(scenario)
run(scenario, Path(sys.argv[1]), compare=False, report=False, spectator=spectator)
spectator.close()
"""


def film(path: Path) -> str:
    """A recording of 1.2 s in which a ring goes from left to right."""
    rng = np.random.default_rng(3)
    events = np.zeros(24_000, EVENT)
    events["t"] = np.sort(rng.integers(0, 1_200_000, events.size))
    angle = rng.uniform(0, 2 * np.pi, events.size)
    events["x"] = 40 + events["t"] // 20_000 + 12 * np.cos(angle)
    events["y"] = 60 + 12 * np.sin(angle)
    events["on"] = rng.random(events.size) < 0.5
    write_events(path, [events], 128, 128)
    return str(path)


@pytest.mark.parametrize("filmed", [False, True])
def test_what_is_watched_shows_its_events_and_leaves_the_same_bits(display, environment, tmp_path, filmed):
    from PIL import Image

    settings = SHORT
    if filmed:
        file = film(tmp_path / "ring.npz")
        settings = ("episodes=1", f"world={{kind='recording', file='{file}', camera={{width=128, height=128}}}}")
    picture = tmp_path / "seen.png"
    seen = subprocess.run(
        [sys.executable, "-c", SEEN, tmp_path / "seen", picture, *settings],
        capture_output=True, text=True, cwd=ROOT, env=environment(DISPLAY=display), check=False, timeout=100,
    )  # fmt: skip
    assert seen.returncode == 0, seen.stderr
    with Image.open(picture) as grabbed:
        colours = {colour for _, colour in grabbed.convert("RGB").getcolors(1 << 20)}
    table = np.array(palette()).reshape(-1, 3)
    assert {tuple(table[k].tolist()) for k in (ON, OFF, CROSS, LINE)} <= colours
    run(load.load("gaze", settings), tmp_path / "unseen", compare=False, report=False)
    assert (tmp_path / "seen" / NAME).read_bytes() == (tmp_path / "unseen" / NAME).read_bytes()
