from __future__ import annotations

import time

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.skin import open_skin
from sensors.skins.device import PRESETS
from sensors.skins.xela_server import XelaServer

pytest.importorskip("websocket", reason="websocket-client is not installed: pip install 'ganglion[xela]'")
DEVICE = PRESETS["xela"]


def scene(frame: int) -> np.ndarray:
    values = np.full((16, 3), 32_000.0, np.float32)
    values[0, 0] = frame
    return values


def collect(skin, span: int, patience_s: float = 20.0) -> list[int]:
    """Frames from the first that comes until `span` later ones were sent."""
    got: list[int] = []
    end = time.monotonic() + patience_s
    while (not got or got[-1] - got[0] < span) and time.monotonic() < end:
        frames, t_us = skin.poll()
        assert (np.diff(t_us) > 0).all()
        got += frames[:, 0].astype(int).tolist()
        skin.wait(0.002)
    return got


def test_frames_come_whole_and_in_order_and_what_is_cut_lost_or_late_is_counted():
    server = XelaServer(DEVICE, scene, 2000.0, damage=0.05).start()
    skin = open_skin(f"xela://127.0.0.1:{server.port}")
    before = skin.counters.damaged + skin.counters.dropped
    got = collect(skin, 500)
    expected = [k for k in range(got[0], got[-1] + 1) if k not in server.hit]
    assert got == expected
    assert skin.device.unit == "count"
    hit = [k for k in server.hit if got[0] <= k <= got[-1]]
    # one cut short is damaged and missing in the numbers, one left out is missing, one late is missing and then late
    assert skin.counters.damaged + skin.counters.dropped - before >= len(hit) > 10
    assert skin.counters.frames == len(got)
    skin.close()
    server.stop()


def test_a_calibrated_server_speaks_newtons():
    server = XelaServer(DEVICE, lambda k: np.full((16, 3), 0.25 + k * 0, np.float32), 500.0, calibrated=True).start()
    skin = open_skin(f"xela://127.0.0.1:{server.port}")
    assert (skin.device.unit, skin.device.mn_per_unit) == ("N", 1000.0)
    skin.wait(0.05)
    assert (skin.poll()[0] == 0.25).all()
    skin.close()
    server.stop()


def test_a_server_that_goes_away_and_comes_back_is_found_again():
    server = XelaServer(DEVICE, scene, 500.0).start()
    skin = open_skin(f"xela://127.0.0.1:{server.port}")
    collect(skin, 5)
    server.stop()
    collect(skin, 10**9, 0.3)
    again = XelaServer(DEVICE, scene, 500.0, port=server.port).start()
    assert collect(skin, 20)[-1] >= 20
    assert skin.counters.reconnects == 1
    skin.close()
    again.stop()


def test_no_server_and_a_wrong_sensor_are_told():
    with pytest.raises(UserError, match="no XELA server answers"):
        open_skin("xela://127.0.0.1:9")
    server = XelaServer(DEVICE, scene, 500.0).start()
    with pytest.raises(UserError, match="no frames of sensor 7"):
        open_skin(f"xela://127.0.0.1:{server.port}?sensor=7")
    server.stop()
