"""The queue behind every live source, against devices that wait, stall, unplug, fail and flood as real ones do."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.live.pump import EndedError, LostError, Taken
from sensors.live.urls import open_live
from sensors.signals import EVENT
from sensors.stream import Stream


def packet(first: int, n: int = 10) -> np.ndarray:
    events = np.zeros(n, EVENT)
    events["t"] = first + np.arange(n)
    return events


class Script:
    """A device that does what it is told: an array, None (timeout), an exception; it ends when it has done it all."""

    size = (64, 48)
    sensor = "script"

    def __init__(self, steps: list, gate: threading.Event | None = None) -> None:
        self.steps: Iterator = iter(steps)
        self.closed, self.gate, self.done = False, gate, threading.Event()

    def read(self, _timeout_s: float) -> Taken | None:
        assert not self.closed, "read after close"
        step = next(self.steps, EndedError())
        if isinstance(step, EndedError):
            self.done.set()
            if self.gate is not None:
                assert self.gate.wait(10)
        if isinstance(step, BaseException):
            raise step
        return Taken(step) if isinstance(step, np.ndarray) else step

    def close(self) -> None:
        self.closed = True


def stream_of(*devices: Script, **options: object) -> Stream:
    """Opens the devices in turn; a UserError in place of one is raised."""
    order = iter(devices)

    def again() -> Script:
        found = next(order)
        if isinstance(found, UserError):
            raise found
        return found

    return open_live("fake:", device=again, **options)  # type: ignore[arg-type]


def times(stream: Stream) -> list[int]:
    return np.concatenate(list(stream))["t"].tolist()


def test_what_the_device_gives_arrives_in_order_and_the_device_is_closed() -> None:
    device = Script([packet(0), None, packet(10), packet(20)])
    stream = stream_of(device)
    assert times(stream) == list(range(30))
    assert stream.counters.events == 30
    assert device.closed


def test_a_silent_device_yields_empty_packets_so_that_its_reader_can_go_home() -> None:
    gate = threading.Event()
    stream = stream_of(Script([], gate))
    packets = iter(stream)
    assert [next(packets).size, next(packets).size] == [0, 0]
    gate.set()
    stream.close()


def test_a_camera_that_was_unplugged_is_found_again_and_counted() -> None:
    first, last = Script([packet(0), LostError("pulled")]), Script([packet(100)])
    stream = stream_of(first, UserError("not there yet"), UserError("not there yet"), last, retry_s=0.01)  # type: ignore[arg-type]
    assert times(stream) == [*range(10), *range(100, 110)]
    assert stream.counters.reconnects == 1
    assert first.closed
    assert last.closed


def test_without_reconnecting_a_lost_camera_is_the_end_and_says_so() -> None:
    stream = stream_of(Script([packet(0), LostError("pulled")]), reconnect=False)
    seen: list[np.ndarray] = []
    with pytest.raises(UserError, match=r"fake:: the device was lost \(pulled\); connect it and start again"):
        seen.extend(stream)
    assert sum(p.size for p in seen) == 10


def test_a_failing_driver_is_told_in_one_line_after_all_that_came_before() -> None:
    stream = stream_of(Script([packet(0), ZeroDivisionError("inside")]))
    seen: list[np.ndarray] = []
    with pytest.raises(UserError, match=r"the driver failed \(ZeroDivisionError: inside\); plug it out and in"):
        seen.extend(stream)
    assert sum(p.size for p in seen) == 10


def test_a_slow_reader_loses_the_oldest_and_is_told_how_many() -> None:
    gate = threading.Event()
    device = Script([packet(10 * k) for k in range(100)], gate)
    stream = stream_of(device, room=200)
    packets = iter(stream)
    first = next(packets)
    while not first.size:
        first = next(packets)
    assert device.done.wait(10)
    gate.set()
    rest = np.concatenate(list(packets))
    assert rest["t"][-1] == 999
    assert np.array_equal(rest["t"], np.arange(1000 - rest.size, 1000))
    assert stream.counters.dropped + rest.size + first.size == 1000
    assert stream.counters.dropped > 0
    assert 180 <= rest.size <= 220


def test_overflow_that_the_device_reports_is_counted() -> None:
    stream = stream_of(Script([Taken(packet(0), overflow=3), Taken(packet(10)[:0], overflow=4), packet(10)]))
    assert len(times(stream)) == 20
    assert stream.counters.overflow == 7


def test_a_source_that_does_not_tell_its_geometry_is_asked_about() -> None:
    device = Script([])
    device.size = (None, None)  # type: ignore[assignment]
    with pytest.raises(UserError, match="does not tell its geometry; give it: --geometry 640x480"):
        stream_of(device)
    assert device.closed


def test_closing_stops_a_device_that_never_ends() -> None:
    class Endless(Script):
        def read(self, _timeout_s: float) -> Taken | None:
            assert not self.closed
            return Taken(packet(0, 1))

    device = Endless([])
    stream = stream_of(device, room=1000)
    assert next(iter(stream)) is not None
    stream.close()
    assert device.closed
