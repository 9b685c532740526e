"""`run --view` shows what happens, when it happens, and changes nothing of it; without a display it says so at once."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from scenarios.grasp.animation import GRIP, LIMIT, OBJECT, palette
from tests.scenarios.photographer import ROOT, watch

SHORT = (
    "episodes=1", "world.trial.settle_s=0.5", "world.trial.lift_s=0.3", "world.trial.hold_s=0.2",
    "world.trial.shake_s=0.3", "world.trial.lower_s=0.3",
)  # fmt: skip
SHORT_S = 2.1


def test_a_trial_that_is_watched_takes_its_time_shows_the_object_and_leaves_the_same_bits(
    display, environment, tmp_path
):
    colours, took_s = watch("grasp", SHORT, 1600, tmp_path, environment(DISPLAY=display))
    assert took_s >= SHORT_S * 0.9, "faster than real time"
    table = np.array(palette()).reshape(-1, 3)
    assert {tuple(table[k].tolist()) for k in (GRIP, LIMIT)} <= colours
    assert len(colours & set(map(tuple, table[OBJECT:].tolist()))) >= 3, "tones of the object"


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
