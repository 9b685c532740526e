from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from sensors.errors import UserError
from sensors.skin import Skin, device_of, open_skin
from sensors.skins.device import PRESETS, Device
from sensors.skins.simulator import Faults, PtySkin, pressing

SERIAL = ["anyskin", "reskin", "matrix+cobs", "matrix+slip", "matrix+csv", "matrix+raw"]


def small(name: str) -> Device:
    """The device, a matrix of 6 x 5 taxels."""
    return replace(PRESETS[name], rows=6, columns=5) if name.startswith("matrix") else PRESETS[name]


def numbered(name: str):
    """A scene whose first and last values are the frame's number."""
    device = small(name)

    def scene(frame: int) -> np.ndarray:
        values = np.full((device.taxels, len(device.axes)), 100.0, np.float32)
        values.flat[0], values.flat[-1] = frame % 200, frame // 200
        return values

    return scene


def collect(skin: Skin, most: int, over: Callable[[], bool] = lambda: False, patience_s: float = 20.0) -> list[int]:
    """Numbers of frames until there are `most`, or until it is over and nothing comes any more."""
    got: list[int] = []
    end = time.monotonic() + patience_s
    quiet = 0
    while len(got) < most and time.monotonic() < end and quiet < 100:
        frames, t_us = skin.poll()
        assert (np.diff(t_us) > 0).all()
        got += (frames[:, 0] + 200 * frames[:, -1]).astype(int).tolist()
        quiet = quiet + 1 if over() and not len(frames) else 0
        skin.wait(0.001)
    return got


@pytest.mark.parametrize("name", SERIAL)
def test_a_skin_on_a_pty_loses_no_frame_but_the_damaged_ones(name):
    count = 100 if name == "matrix+raw" else 600
    faults = Faults(0.05)
    device = PtySkin(small(name), numbered(name), 0, faults, count)
    skin = open_skin(f"{name}:{device.path}{'?rows=6&columns=5' if name.startswith('matrix') else ''}")
    device.start()
    got = collect(skin, count, lambda: device.sent == count)
    expected = [k for k in range(count) if k not in faults.hit]
    assert len(faults.hit) >= 2
    assert got == expected
    unseen = int(faults.hit[-1] == count - 1)  # of a last frame that is cut short nothing tells that it will not go on
    assert len(faults.hit) - unseen <= skin.counters.damaged <= len(faults.hit)
    skin.close()
    device.stop()


def test_a_skin_that_is_unplugged_comes_back_by_itself_and_is_counted(tmp_path: Path):
    port = tmp_path / "skin"
    first = PtySkin(PRESETS["anyskin"], numbered("anyskin"), 0, frames=50)
    port.symlink_to(first.path)
    skin = open_skin(f"anyskin:{port}")
    first.start()
    assert collect(skin, 50) == list(range(50))
    first.stop()
    port.unlink()
    assert collect(skin, 1, patience_s=0.3) == []
    second = PtySkin(PRESETS["anyskin"], numbered("anyskin"), 2000)
    port.symlink_to(second.path)
    second.start()
    again = collect(skin, 50)
    assert again == list(range(again[0], again[0] + len(again)))
    assert skin.counters.reconnects == 1
    skin.close()
    second.stop()


@pytest.mark.parametrize(("library", "cls"), [("anyskin", "AnySkinBase"), ("reskin_sensor", "ReSkinBase")])
def test_the_vendors_own_library_reads_our_simulator_and_reads_the_same(library, cls):
    vendor = pytest.importorskip(library, reason=f"{library} is not installed: pip install {library}")
    name = library.partition("_")[0]
    device = PtySkin(PRESETS[name], numbered(name), 100).start()  # it drops what it has not read of 4000 bytes
    theirs = getattr(vendor, cls)(num_mags=5, port=device.path, temp_filtered=True)
    samples = theirs.get_data(30)
    theirs.close()
    device.stop()
    values = [np.asarray(s.data if name == "reskin" else s[1:]) for s in samples]
    numbers = [int(v[0] + 200 * v[-1]) for v in values]
    assert numbers == list(range(numbers[0], numbers[0] + 30))
    assert all((v == numbered(name)(k).ravel()).all() for v, k in zip(values, numbers, strict=True))


def test_the_simulator_is_a_program_that_says_what_to_open():
    command = [sys.executable, "-m", "sensors.skins.simulator", "matrix+csv", "--hz", "500", "--rows", "4"]
    with subprocess.Popen([*command, "--columns", "5"], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        skin = open_skin(url)
        assert (skin.device.rows, skin.device.columns) == (4, 5)
        assert len(collect(skin, 20)) >= 20
        skin.close()
        program.terminate()


def test_a_url_changes_the_preset():
    device, place, _ = device_of("matrix+cobs:/dev/ttyUSB0?rows=8&columns=12&baud=2000000&mn_per_unit=0.5")
    assert (device.taxels, device.baud, device.mn_per_unit, place) == (96, 2_000_000, 0.5, "/dev/ttyUSB0")
    assert device_of("xela://10.0.0.2:5001?sensor=2")[1:] == ("10.0.0.2:5001", {"sensor": "2"})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("anyskn:/dev/ttyACM0", "did you mean anyskin"),
        ("/dev/ttyACM0", "write it as in anyskin:/dev/ttyACM0"),
        ("anyskin:", "does not say where the skin is"),
        ("matrix+csv:/dev/ttyUSB0?row=3", "did you mean rows"),
        ("matrix+csv:/dev/ttyUSB0?rows=0", "rows = 0 is out of range; expected 1 to 256"),
        ("anyskin:/dev/is-not-there", "does not open: No such file or directory; serial ports found: "),
    ],
)
def test_a_mistake_in_a_url_is_told_with_the_next_move(url, words):
    with pytest.raises(UserError, match="(?i)" + words):
        open_skin(url)


def test_the_simulated_finger_presses_and_lets_go():
    device = PRESETS["matrix+cobs"]
    scene = pressing(device, 100.0)
    rest, pressed = scene(50), scene(125)
    assert abs(rest - scene(60)).max() < device.touch
    assert (pressed - rest).max() > 20 * device.touch
