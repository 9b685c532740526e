"""Skins that are recordings or cameras: NeuTouch text files, DIGIT-like video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.events import open_events
from sensors.skins.digit import CameraSkin
from sensors.stream import DamageError


def read(path: Path) -> list[tuple[int, int, int, bool]]:
    return [e for packet in open_events(path) for e in packet.tolist()]


def test_a_neutouch_file_is_known_by_its_three_columns_and_read_line_by_line(tmp_path: Path):
    path = tmp_path / "touch.txt"
    path.write_text("1 1 0.000125\n0 40 0.5\n1 41 1.25\n-1 80 2")
    stream = open_events(path)
    assert (stream.form, stream.width, stream.height) == ("neutouch", 40, 2)
    assert read(path) == [
        (125, 0, 0, True), (500_000, 39, 0, False), (1_250_000, 0, 1, True), (2_000_000, 39, 1, False)
    ]  # fmt: skip


def test_times_since_1970_count_from_the_first_event(tmp_path: Path):
    path = tmp_path / "touch.tact"
    path.write_text("1 5 1574833700 250000000\n0 5 1574833700 250400000\n\n")
    stream = open_events(path, form="neutouch")
    assert [t for packet in stream for t in packet["t"].tolist()] == [0, 400]
    assert stream.start_us == 1_574_833_700_250_000


@pytest.mark.parametrize(
    "bad", ["1 81 0.2", "2 1 0.3", "1 1", "1 1 nan", "1 0 0.3", "\x00\xff\xfe", "1 1 -1", "1 1 1e300"]
)
def test_events_before_a_line_that_is_none_are_read_and_then_it_is_told(tmp_path: Path, bad: str):
    path = tmp_path / "touch.tact"
    path.write_text(f"1 1 0.1\n0 2 0.2\n{bad}\n1 3 0.3\n", encoding="latin-1")
    packets = iter(open_events(path, form="neutouch"))
    assert next(packets).size == 2
    with pytest.raises(DamageError, match=r"line 3 is not an event .* at byte 16; 2 events were read"):
        next(packets)


def test_a_file_that_begins_with_something_else_is_refused(tmp_path: Path):
    path = tmp_path / "touch.tact"
    path.write_text("t,x,y,p\n")
    with pytest.raises(UserError, match="begins with 't,x,y,p'"):
        open_events(path, form="neutouch")


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
