"""`run gaze --view` shows the head follow its object, and a recording go by, and changes nothing of either."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenarios.gaze.animation import CROSS, LINE, OFF, ON, palette
from sensors.signals import EVENT
from sensors.write import write_events
from tests.scenarios.photographer import watch

SHORT = ("episodes=1", "seed=3", "world.show.moves=1", "world.show.swing_s=0.3")


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
    settings = SHORT
    if filmed:
        file = film(tmp_path / "ring.npz")
        settings = ("episodes=1", f"world={{kind='recording', file='{file}', camera={{width=128, height=128}}}}")
    colours, _ = watch("gaze", settings, 1000, tmp_path, environment(DISPLAY=display))
    table = np.array(palette()).reshape(-1, 3)
    assert {tuple(table[k].tolist()) for k in (ON, OFF, CROSS, LINE)} <= colours
