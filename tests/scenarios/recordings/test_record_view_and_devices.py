from __future__ import annotations

import contextlib
import io
import json
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenarios.cli import main
from scenarios.recordings import devices
from scenarios.recordings.painting import COLOURS, Painter, scaled, surface
from scenarios.recordings.screens import Terminal, shrunk
from sensors.events import open_events
from sensors.live.udp import UdpSender
from sensors.signals import EVENT
from sensors.stream import TRIGGER
from sensors.write import EventWriter


def moving(n: int = 2000) -> np.ndarray:
    """A dot that walks over 64x48 for 0.2 s."""
    events = np.zeros(n, EVENT)
    events["t"] = 5_000 + 100 * np.arange(n)
    events["x"], events["y"], events["p"] = np.arange(n) // 40 % 64, np.arange(n) // 60 % 48, np.arange(n) % 2 == 0
    return events


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    path = tmp_path / "drive.raw"
    with EventWriter(path, 64, 48) as writer:
        writer.write(moving(), np.array([(6000, 3, True)], TRIGGER))
    return path


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_record_takes_what_comes_over_udp_until_the_sender_ends(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    port, target, stop = free_port(), tmp_path / "got.npz", threading.Event()
    url = f"udp://127.0.0.1:{port}?layout=own"

    def listens() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # an empty datagram, which is of no layout
            probe.connect(("127.0.0.1", port))
            try:
                probe.send(b"")
                stop.wait(0.05)
                probe.send(b"")
            except ConnectionRefusedError:
                return False
            return True

    def send() -> None:
        while not stop.is_set():
            if listens():
                sender = UdpSender(url, 64, 48)
                sender.write(moving(), np.array([(6000, 3, True)], TRIGGER))
                sender.close()
                return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        assert main(["record", url, "-o", str(target), "--geometry", "64x48"]) == 0
    finally:
        stop.set()
        thread.join()
    said = capsys.readouterr().out
    stream = open_events(target)
    found = np.concatenate(list(stream))
    assert (stream.width, stream.height) == (64, 48)
    assert np.array_equal(found, moving())
    assert "udp own   64x48 (as asked)   to npz" in said
    assert "overflow 0" in said


def test_record_sends_a_recording_to_who_listens_at_its_own_pace(drive: Path, capsys: pytest.CaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        assert (
            main(["record", str(drive), "-o", f"udp://127.0.0.1:{wire.getsockname()[1]}?layout=13", "--pace", "5"]) == 0
        )
        wire.setblocking(False)
        parts = []
        with contextlib.suppress(BlockingIOError):
            while True:
                parts.append(wire.recv(65535))
    assert len(parts) >= 100  # a datagram a millisecond, not all at once
    assert np.array_equal(np.frombuffer(b"".join(parts), EVENT), moving())
    assert "lost in writing: 1 triggers" in capsys.readouterr().out


def test_record_for_some_seconds_of_a_silent_source_ends_and_leaves_a_whole_file(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    url = f"udp://127.0.0.1:{free_port()}?layout=13"
    target = tmp_path / "none.aedat4"
    assert main(["record", url, "-o", str(target), "--seconds", "0.2", "--geometry", "64x48"]) == 0
    assert "0 events" in capsys.readouterr().out
    assert sum(p.size for p in open_events(target)) == 0


def test_record_saves_what_came_before_ctrl_c(
    drive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from sensors import stream as streams

    keep, calls = streams.Stream._keep, []

    def interrupted(self: streams.Stream, events: np.ndarray) -> np.ndarray:
        calls.append(events.size)
        if len(calls) > 50:
            raise KeyboardInterrupt
        return keep(self, events)

    monkeypatch.setattr(streams.Stream, "_keep", interrupted)
    target = drive.with_suffix(".npz")
    assert main(["record", str(drive), "-o", str(target), "--pace", "1000"]) == 0
    monkeypatch.undo()
    assert "ended: stopped from outside" in capsys.readouterr().out
    found = np.concatenate(list(open_events(target)))
    assert np.array_equal(found, moving()[: found.size])
    assert 0 < found.size < 2000


def test_record_refuses_what_cannot_be(drive: Path, capsys: pytest.CaptureFixture) -> None:
    for arguments, says in (
        (["udp://127.0.0.1", "-o", "x.raw"], "has no port"),
        ([str(drive), "-o", "x.foo"], "no format of this ending is written"),
        ([str(drive), "-o", str(drive)], "written over itself"),
        ([str(drive), "-o", "x.raw", "--seconds", "0"], "--seconds 0 is out of range"),
        ([str(drive), "-o", "nowhere/x.raw"], "No such file or directory; give a folder that is there"),
        (["udp://127.0.0.1:5", "-o", "x.raw", "--pace", "1"], "is live and has its own pace"),
    ):
        assert main(["record", *arguments]) == 2
        assert says in capsys.readouterr().err


def test_a_full_disk_is_noticed_before_recording(
    drive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("scenarios.recordings.copying.SPARE", 1 << 62)
    assert main(["record", str(drive), "-o", str(drive.with_suffix(".npz"))]) == 2
    assert "MB are free, expected" in capsys.readouterr().err


def test_view_makes_a_moving_picture_of_the_right_length(drive: Path) -> None:
    target = drive.with_suffix(".gif")
    assert main(["view", str(drive), "--out", str(target), "--fps", "50"]) == 0
    with Image.open(target) as film:
        assert film.n_frames == 10  # 0.2 s at 50 a second
        assert film.size == (256, 192)  # small sensors are enlarged
        colours = {tuple(c) for c in np.asarray(film.convert("RGB")).reshape(-1, 3).tolist()}
    assert colours <= {tuple(c) for c in COLOURS.tolist()}
    assert len(colours) >= 2


def test_view_makes_one_picture_of_all_events(drive: Path) -> None:
    target = drive.with_suffix(".png")
    assert main(["view", str(drive), "--out", str(target), "--filter", "crop(0,0,32,32)"]) == 0
    with Image.open(target) as picture:
        assert picture.size == (256, 256)


def test_view_without_a_screen_asks_for_a_file(
    drive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["view", str(drive)]) == 2
    assert "name a file: --out x.gif" in capsys.readouterr().err


def test_view_in_the_terminal_draws_and_restores_the_cursor(drive: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["view", str(drive), "--live", "terminal", "--speed", "20"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("\x1b[?25l")
    assert "\u2580" in said
    assert said.rstrip().endswith("2000 events shown")
    assert "\x1b[?25h" in said


def test_view_refuses_what_cannot_be(drive: Path, capsys: pytest.CaptureFixture) -> None:
    for arguments, says in (
        (["--out", "x.tiff"], "no picture of this ending is made; use .png, .gif or .mp4"),
        (["--fps", "0"], "--fps 0 is out of range"),
        (["--out", "x.gif", "--filter", "crop(1)"], "crop"),
    ):
        assert main(["view", str(drive), *arguments]) == 2
        assert says in capsys.readouterr().err


def test_painter_cuts_by_the_events_time_and_jumps_over_silence() -> None:
    events = np.zeros(4, EVENT)
    events["t"], events["x"], events["p"] = [0, 9, 10, 100_000], [0, 1, 2, 3], [0, 1, 0, 1]
    painter = Painter(4, 1, 10)
    pictures = [(end, picture[0].tolist()) for end, picture in painter.add(events)]
    assert pictures == [(10, [1, 2, 0, 0]), (20, [0, 0, 1, 0]), (30, [0, 0, 0, 0])]
    assert painter.rest()[1][0].tolist() == [0, 0, 0, 2]
    assert painter.rest()[0] == 100_010


def test_pictures_grow_and_shrink_without_losing_a_lone_event() -> None:
    picture = np.zeros((48, 64), np.uint8)
    picture[47, 63] = 2
    assert scaled(picture, 256).shape == (192, 256)
    assert shrunk(picture, 20, 20).max() == 2
    assert surface(np.zeros((2, 4, 5), np.int64)).shape == (4, 5, 3)
    out = io.StringIO()
    Terminal(out, (20, 10)).show(picture, "title")
    assert "8;2;255;176;64" in out.getvalue()


def test_devices_says_what_is_connected_needed_and_untried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    camera = tmp_path / "1-2"
    camera.mkdir()
    (camera / "idVendor").write_text("152a\n")
    (camera / "idProduct").write_text("841a\n")
    monkeypatch.setattr(devices, "find_spec", lambda _: None)
    found, troubles = devices.survey(tmp_path)
    assert troubles == []
    assert [(f.name, f.needs) for f in found] == [
        ("iniVation (152a:841a)", "pip install 'ganglion[inivation,usb]'"),
    ]
    assert main(["devices"]) == 0
    said = capsys.readouterr().out
    assert "tried on hardware: none of the cameras yet" in said
    assert "to use usb: cameras: pip install 'ganglion[usb]'" in said
    assert main(["devices", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert not any(model["tried"] for model in document["supported"])
