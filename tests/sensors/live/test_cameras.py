"""Camera drivers against fakes that keep the contract of their libraries, as far as that is written down; no camera was
tried on hardware. The network of DV is tried for real, on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.events import open_events
from sensors.formats import extras
from sensors.live.pump import LostError
from sensors.live.usb import UsbCamera
from sensors.signals import EVENT


def events(first: int, n: int = 5) -> np.ndarray:
    found = np.zeros(n, EVENT)
    found["t"] = first + np.arange(n)
    return found


def packet(polarity: np.ndarray | None, triggers: np.ndarray | None = None, marks: np.ndarray | None = None) -> Any:
    """As neuromorphic_drivers.Evt3Packet: arrays or None."""
    return SimpleNamespace(
        polarity_events=polarity,
        trigger_events=triggers,
        polarity_events_overflow_indices=marks,
        trigger_events_overflow_indices=None,
    )


def ring(dropped: int = 0) -> Any:
    return SimpleNamespace(ring=SimpleNamespace(dropped_packets=dropped))


NOTHING = SimpleNamespace(ring=None), None
"""What the iterator yields when nothing came within iterator_timeout."""


class Library:
    """The part of neuromorphic_drivers that we use: open() gives an iterator of (status, packet), a context too."""

    def __init__(self, *runs: list) -> None:
        self.runs, self.asked, self.exits = list(runs), [], 0

    def open(self, serial: str | None = None, iterator_timeout: float | None = None) -> Any:
        assert iterator_timeout is not None, "without it the iterator blocks for ever"
        self.asked.append(serial)
        if not self.runs:
            raise RuntimeError("no device found")
        library, steps = self, iter(self.runs.pop(0))

        class Device:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                library.exits += 1

            def close(self) -> None:
                self.__exit__(None, None, None)

            def properties(self) -> Any:
                return SimpleNamespace(width=1280, height=720)

            def name(self) -> Any:
                return SimpleNamespace(value="Prophesee EVK4")

            def serial(self) -> str:
                return "00050423"

            def __next__(self) -> Any:
                step = next(steps)
                if isinstance(step, Exception):
                    raise step
                return step

        return Device()


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(*runs: list) -> Library:
        library = Library(*runs)
        monkeypatch.setitem(sys.modules, "neuromorphic_drivers", library)  # type: ignore[arg-type]
        return library

    return use


def test_a_usb_camera_gives_events_triggers_and_losses(plug: Any) -> None:
    edges = np.array([(7, 1, True), (8, 1, False)], [("t", "<u8"), ("id", "u1"), ("rising", "?")])
    run = [(ring(), packet(events(0))), NOTHING, (ring(2), packet(events(10), edges)), (ring(2), packet(None))]
    library = plug(run)
    camera = UsbCamera("00050423")
    assert (camera.size, camera.sensor) == ((1280, 720), "Prophesee EVK4 00050423")
    assert library.asked == ["00050423"]
    first = camera.read(0.1)
    assert first is not None
    assert np.array_equal(first.events, events(0))
    assert camera.read(0.1) is None
    second = camera.read(0.1)
    assert second is not None
    assert second.overflow == 2
    assert second.triggers.tolist() == [(7, 1, True), (8, 1, False)]
    third = camera.read(0.1)
    assert third is not None
    assert (third.events.size, third.overflow) == (0, 0)
    with pytest.raises(LostError):
        camera.read(0.1)
    camera.close()
    assert library.exits == 1


def test_overflow_marks_count_where_the_ring_does_not(plug: Any) -> None:
    plug([(ring(), packet(events(0), marks=np.array([2, 3])))])
    taken = UsbCamera().read(0.1)
    assert taken is not None
    assert taken.overflow == 2


def test_a_usb_camera_that_is_unplugged_and_plugged_in_again_goes_on(plug: Any) -> None:
    plug([(ring(), packet(events(0))), RuntimeError("Pipe error")], [(ring(), packet(events(100)))])
    stream = open_events("usb:")
    seen: list[int] = []
    for found in stream:
        seen += found["t"].tolist()
        if len(seen) == 10:
            break
    stream.close()
    assert seen == [*range(5), *range(100, 105)]
    assert (stream.width, stream.height, stream.form) == (1280, 720, "usb")
    assert stream.counters.reconnects == 1


def test_no_usb_camera_is_said_with_the_next_move(plug: Any) -> None:
    plug()
    with pytest.raises(UserError, match=r"usb:: no camera could be opened \(no device found\); connect one, see"):
        open_events("usb:")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("usb:", r"usb: needs neuromorphic-drivers: pip install 'ganglion\[usb\]'"),
        ("inivation:", r"inivation: needs dv-processing: pip install 'ganglion\[inivation\]'"),
        ("dv://127.0.0.1:7777", r"dv://127\.0\.0\.1:7777 needs dv-processing"),
    ],
)
def test_a_missing_driver_is_named_with_its_extra(url: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", without)
    with pytest.raises(UserError, match=says):
        open_events(url)


@pytest.mark.parametrize("url", ["http://x", "udp:/127", "dvs://1:2"])
def test_a_url_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(UserError, match=r"no source of events; URLs begin with usb:|No such file"):
        open_events(url)


class Capture:
    """The part of dv_processing's capture classes that we use: None when there is nothing, isRunning() ends."""

    def __init__(self, steps: list, resolution: tuple[int, int] = (346, 260)) -> None:
        self.steps, self.resolution = steps, resolution

    def isEventStreamAvailable(self) -> bool:
        return True

    def isTriggerStreamAvailable(self) -> bool:
        return True

    def getEventResolution(self) -> tuple[int, int]:
        return self.resolution

    def getCameraName(self) -> str:
        return "DAVIS346_00000001"

    def isRunning(self) -> bool:
        return bool(self.steps)

    def getNextEventBatch(self) -> Any:
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, Exception):
            raise step
        return step

    def getNextTriggerBatch(self) -> list:
        return [SimpleNamespace(timestamp=9, type=1), SimpleNamespace(timestamp=9, type=6)] if self.steps else []


class Batch:
    def __init__(self, n: int) -> None:
        rows = np.zeros(n, [("timestamp", "<i8"), ("x", "<i2"), ("y", "<i2"), ("polarity", "i1")])
        rows["timestamp"], rows["x"], rows["polarity"] = np.arange(n), 5, 1
        self.rows = rows

    def __len__(self) -> int:
        return self.rows.size

    def numpy(self) -> np.ndarray:
        return self.rows


def test_an_inivation_camera_gives_events_and_the_edges_of_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = Capture([Batch(3), None, RuntimeError("device disconnected")])
    camera = SimpleNamespace(discover=lambda: ["one"], open=lambda *_: capture)
    monkeypatch.setitem(sys.modules, "dv_processing", SimpleNamespace(io=SimpleNamespace(camera=camera)))  # type: ignore[arg-type]
    stream = open_events("inivation:", reconnect=False)
    assert (stream.width, stream.height, stream.sensor) == (346, 260, "DAVIS346_00000001")
    packets, edges = iter(stream), []
    seen = next(packets)
    while not seen.size:
        seen = next(packets)
    edges += stream.triggers.tolist()
    assert seen.tolist() == [(0, 5, 0, True), (1, 5, 0, True), (2, 5, 0, True)]
    assert edges == [(9, 0, True)]
    with pytest.raises(UserError, match=r"the device was lost \(device disconnected\)"):
        list(packets)


def test_no_inivation_camera_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = SimpleNamespace(discover=list)
    monkeypatch.setitem(sys.modules, "dv_processing", SimpleNamespace(io=SimpleNamespace(camera=camera)))  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"no camera could be opened \(none is connected\)"):
        open_events("inivation:")


SERVER = """
import sys, threading
import dv_processing as dv
import numpy as np
port, path = int(sys.argv[1]), sys.argv[2]
server = dv.io.NetworkWriter("127.0.0.1", port, dv.io.Stream.EventStream(0, "events", "TEST", (640, 480)))
store = dv.EventStore()
for t, x, y, p in np.load(path).tolist():
    store.push_back(t, x, y, p)
print("ready", flush=True)
sys.stdin.readline()
server.writeEvents(store)
sys.stdin.readline()
"""
"""In a process of its own: when a client leaves, the server calls back into Python from a thread of its own."""


def test_events_of_a_real_dv_server_arrive(made: Any, tmp_path: Path) -> None:
    pytest.importorskip("dv_processing", reason="dv-processing is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sent = made(2000)
    np.save(tmp_path / "sent.npy", sent)
    command = [sys.executable, "-c", SERVER, str(port), str(tmp_path / "sent.npy")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        stream = open_events(f"dv://127.0.0.1:{port}", reconnect=False)
        assert (stream.width, stream.height, stream.form) == (640, 480, "dv")
        found: list[np.ndarray] = []
        asked = False
        for got in stream:
            found.append(got)
            if not asked:  # the pump runs: now there is a client for sure
                server.stdin.write("go\n")
                server.stdin.flush()
                asked = True
            if sum(f.size for f in found) >= sent.size:
                break
        stream.close()
        server.kill()
    assert np.array_equal(np.concatenate(found), sent)


def test_a_dv_server_that_is_not_there_is_said() -> None:
    pytest.importorskip("dv_processing", reason="dv-processing is not installed")
    with pytest.raises(UserError, match=r"dv://127\.0\.0\.1:9: nobody answers .*; start the sending side"):
        open_events("dv://127.0.0.1:9")
