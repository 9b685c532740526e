"""A skin is read as a camera is: a stream of EVENT packets with a geometry and counters."""

from __future__ import annotations

import time

import numpy as np

from sensors.events import open_events
from sensors.skins.device import PRESETS, is_skin
from sensors.skins.simulator import Faults, PtySkin
from sensors.taxel import RA, SA


def pressed_at(taxel: int):
    """A skin that is pressed at one taxel in every other 0.25 s from 1 s on, at 1000 frames a second."""
    device = PRESETS["anyskin"]

    def scene(frame: int) -> np.ndarray:
        values = np.full((device.taxels, 3), 500.0, np.float32)
        if frame > 1000 and frame % 500 < 250:
            values[taxel] += (100, 100, 2000)
        return values

    return scene


def test_a_press_on_a_skin_arrives_as_events_of_a_very_small_camera():
    device = PtySkin(PRESETS["anyskin"], pressed_at(3), 1000, Faults(0.02)).start()
    stream = open_events(f"anyskin:{device.path}")
    assert (stream.width, stream.height, stream.form) == (3, 9, "anyskin")
    got, end = [], time.monotonic() + 20
    for events in stream:
        got.append(events)
        seen = np.concatenate(got)
        if (seen.size > 60 and stream.counters.dropped > 5) or time.monotonic() > end:
            stream.close()
    device.stop()
    assert set(seen["x"].tolist()) == {1}, "the fourth chip is above the middle"
    assert set((seen["y"] % 3).tolist()) == {0}
    kinds = seen["y"] // 3
    assert {SA, RA} <= set(kinds.tolist())
    assert {True, False} == set(seen["p"][kinds == RA].tolist()), "it is loaded and unloaded"
    assert (np.diff(seen["t"].astype(np.int64)) >= 0).all()
    assert stream.counters.events == seen.size


def test_urls_of_skins_are_told_from_files_and_cameras():
    assert is_skin("anyskin:/dev/ttyACM0")
    assert is_skin("digit:0")
    assert not is_skin("usb:")
    assert not is_skin("anyskin.csv")
