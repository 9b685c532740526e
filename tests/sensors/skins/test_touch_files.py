"""Skins that are recordings or cameras: NeuTouch text files, DIGIT-like video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.skins.digit import CameraSkin
from sensors.skins.neutouch import read_neutouch


def test_a_neutouch_file_is_read_line_by_line(tmp_path: Path):
    path = tmp_path / "touch.tact"
    path.write_text("1 1 0.000125\n0 40 0.5\n1 41 1.25\n-1 80 2\n")
    assert read_neutouch(path).tolist() == [
        (125, 0, 0, True), (500_000, 39, 0, False), (1_250_000, 0, 1, True), (2_000_000, 39, 1, False)
    ]  # fmt: skip
    path.write_text("1 5 1574833700 250000000\n0 5 1574833700 250400000\n\n")
    assert read_neutouch(path)["t"].tolist() == [0, 400]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 1 0.1\n1 81 0.2\n", "line 2 is '1 81 0.2'; 1 events were read before it"),
        ("1 1 0.1\n1 2 0.", "line 2|^$"),
        ("2 1 0.1\n", "line 1"),
        ("1 1 0.1\n1 1\n", "line 2 is '1 1'"),
        ("", "holds no events"),
        ("\x00\xff\xfe", "line 1"),
        ("1 1 nan\n", "line 1"),
    ],
)
def test_a_line_that_is_no_event_is_told_by_its_number(tmp_path: Path, text: str, words: str):
    path = tmp_path / "touch.tact"
    path.write_text(text, encoding="latin-1")
    if words.endswith("|^$"):
        assert read_neutouch(path).size == 2
        return
    with pytest.raises(UserError, match=words):
        read_neutouch(path)


def test_a_gel_that_is_pressed_in_one_place_makes_events_there(tmp_path: Path):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed: pip install 'ganglion[digit]'")
    path = tmp_path / "gel.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 60.0, (160, 120))
    y, x = np.mgrid[:120, :160]
    for frame in range(30):
        push = max(0.0, min(frame - 5, 10)) / 10
        light = 120 - 80 * push * np.exp(-((x - 100) ** 2 + (y - 40) ** 2) / 200)
        writer.write(np.repeat(light.astype(np.uint8)[:, :, None], 3, axis=2))
    writer.release()
    skin = CameraSkin(str(path))
    assert skin.size == (160, 120)
    assert skin.rate_hz == pytest.approx(60)
    found = []
    while (events := skin.next()) is not None:
        found.append(events.copy())
    assert skin.frames == 30
    assert found[0].size == 0
    events = np.concatenate(found)
    assert events.size > 1000
    assert np.hypot(events["x"] - 100.0, events["y"] - 40.0).max() < 40
    assert (~events["p"]).mean() > 0.95, "the place darkens"
    assert events["t"].min() * 1e-6 >= 5 / 60
    assert events["t"].max() * 1e-6 <= 16 / 60 + 1e-3
    skin.close()


def test_a_camera_that_is_not_there_is_told():
    pytest.importorskip("cv2", reason="OpenCV is not installed: pip install 'ganglion[digit]'")
    with pytest.raises(UserError, match="opens no camera or video"):
        CameraSkin("no-such-video.avi")
