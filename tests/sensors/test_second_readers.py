"""What other libraries read from our files, and we from theirs: each is skipped where that library is not installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sensors.events import open_events
from sensors.formats.sinks import FORMATS
from sensors.signals import EVENT
from sensors.stream import NO_TRIGGERS
from sensors.write import EventWriter, write_events

Made = Callable[..., np.ndarray]
REAL = ("evt3_640x480.raw", "evt3_1280x720_trigger.raw")


def other(name: str) -> object:
    return pytest.importorskip(name, reason=f"{name} is not installed")


def read_all(path: Path) -> tuple[np.ndarray, np.ndarray]:
    stream, found, edges = open_events(path), [np.zeros(0, EVENT)], [NO_TRIGGERS]
    for packet in stream:
        found.append(packet)
        edges.append(stream.triggers)
    return np.concatenate(found), np.concatenate(edges)


@pytest.mark.parametrize("form", ["evt2", "evt3", "dat", "es", "csv", "aedat4"])
def test_faery_reads_the_same_from_our_files(tmp_path: Path, form: str, made: Made) -> None:
    faery = other("faery")
    events, path = made(100_000), tmp_path / f"a{FORMATS[form].ending}"
    write_events(path, [events], 640, 480, form)
    fallback = (640, 480) if form == "csv" else (1280, 720)  # it writes the size into .csv, and does not read it
    stream = faery.events_stream_from_file(path, dimensions_fallback=fallback)  # type: ignore[attr-defined]
    assert stream.dimensions() == (640, 480)
    theirs = np.concatenate([packet.copy() for packet in stream]).astype(EVENT)
    assert np.array_equal(theirs, events)


@pytest.mark.parametrize("form", ["evt2", "evt3", "dat2", "es", "csv", "aedat4"])
def test_we_read_the_same_from_files_of_faery(tmp_path: Path, form: str, made: Made) -> None:
    faery = other("faery")
    events = made(100_000)
    path = tmp_path / f"a{FORMATS[{'dat2': 'dat'}.get(form, form)].ending}"
    version = form if form in ("evt2", "evt3", "dat2") else None
    faery.events_stream_from_array(events, (640, 480)).to_file(path, version=version)  # type: ignore[attr-defined]
    back, _ = read_all(path)
    if form == "es":  # its header has no place for the first time, which faery puts to 0
        back["t"] += events["t"][0]
    assert np.array_equal(back, events)


@pytest.mark.parametrize("name", REAL)
def test_faery_sees_the_same_in_real_recordings(name: str, recording: Callable) -> None:
    faery, path = other("faery"), recording(name)
    theirs = np.concatenate([packet.copy() for packet in faery.events_stream_from_file(path)])  # type: ignore[attr-defined]
    assert np.array_equal(theirs.astype(EVENT), read_all(path)[0])


def of_evt3(path: Path) -> tuple[np.ndarray, np.ndarray]:
    theirs, edges = other("evt3").decode_file_with_triggers(str(path))  # type: ignore[attr-defined]
    events = np.empty(len(theirs), EVENT)
    for name in "txyp":
        events[name] = getattr(theirs, name)
    return events, np.stack([edges.timestamp, edges.id, edges.value]).T


@pytest.mark.parametrize("name", REAL)
def test_evt3_sees_the_same_events_and_triggers_in_real_recordings(name: str, recording: Callable) -> None:
    events, edges = of_evt3(recording(name))
    ours, found = read_all(recording(name))
    assert np.array_equal(events, ours)
    assert np.array_equal(edges, np.stack([found["t"], found["id"], found["on"]]).T)


def test_evt3_reads_the_same_from_our_files(tmp_path: Path, made: Made, made_triggers: Made) -> None:
    events, path = made(100_000), tmp_path / "a.raw"
    edges = made_triggers(events)
    with EventWriter(path, 640, 480) as writer:
        writer.write(events, edges)
    theirs, found = of_evt3(path)
    assert np.array_equal(theirs, events)
    assert np.array_equal(found, np.stack([edges["t"], edges["id"], edges["on"]]).T)


def test_dv_processing_reads_the_same_events_and_triggers(tmp_path: Path, made: Made, made_triggers: Made) -> None:
    dv = other("dv_processing")
    events, path = made(50_000), tmp_path / "a.aedat4"
    edges = made_triggers(events)
    with EventWriter(path, 640, 480) as writer:
        writer.write(events, edges)
    recording = dv.io.MonoCameraRecording(str(path))  # type: ignore[attr-defined]
    assert recording.getEventResolution() == (640, 480)
    batches = []
    while (batch := recording.getNextEventBatch()) is not None:
        batches.append(batch.numpy())
    theirs = np.concatenate(batches)
    for name, field in zip("txyp", ("timestamp", "x", "y", "polarity"), strict=True):
        assert np.array_equal(theirs[field], events[name])
    recording, found = dv.io.MonoCameraRecording(str(path)), []  # type: ignore[attr-defined]
    while (batch := recording.getNextTriggerBatch()) is not None:
        found += [(edge.timestamp, edge.type.value == 1) for edge in batch]
    assert found == [(int(t), bool(on)) for t, on in zip(edges["t"], edges["on"], strict=True)]


def test_we_read_the_same_from_files_of_dv_processing(tmp_path: Path, made: Made) -> None:
    dv = other("dv_processing")
    events, path = made(20_000), tmp_path / "a.aedat4"
    writer = dv.io.MonoCameraWriter(str(path), dv.io.MonoCameraWriter.EventOnlyConfig("camera", (640, 480)))  # type: ignore[attr-defined]
    store = dv.EventStore()  # type: ignore[attr-defined]
    for t, x, y, p in events.tolist():
        store.push_back(t, x, y, p)
    writer.writeEvents(store)
    del writer
    back, _ = read_all(path)
    assert np.array_equal(back, events)


def test_aedat_reads_the_same_events_and_triggers(tmp_path: Path, made: Made, made_triggers: Made) -> None:
    aedat = other("aedat")
    events, path = made(50_000), tmp_path / "a.aedat4"
    edges = made_triggers(events)
    with EventWriter(path, 640, 480) as writer:
        writer.write(events, edges)
    packets = list(aedat.Decoder(str(path)))  # type: ignore[attr-defined]
    theirs = np.concatenate([packet["events"] for packet in packets if "events" in packet])
    found = np.concatenate([packet["triggers"] for packet in packets if "triggers" in packet])
    for name, field in zip("txyp", ("t", "x", "y", "on"), strict=True):
        assert np.array_equal(theirs[field], events[name])
    assert np.array_equal(found["t"], edges["t"])


def test_rosbags_reads_the_same_payload_from_a_real_bag(recording: Callable) -> None:
    other("rosbags")
    from rosbags.rosbag1 import Reader
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    from sensors.formats import words
    from sensors.formats.prophesee import WordDecoder

    store = get_typestore(Stores.ROS1_NOETIC)
    payload = b""
    with Reader(recording("evt3_640x480_ros1.bag")) as bag:
        for connection, _, raw in bag.messages():
            name = connection.msgtype
            if not payload:
                store.register(get_types_from_msg(connection.msgdef.data, name))
            payload += store.deserialize_ros1(raw, name).events.tobytes()
    packets = WordDecoder(words.evt3).decode(np.frombuffer(payload, "<u2"))
    theirs = np.concatenate([events for events, _ in packets])
    assert np.array_equal(theirs, read_all(recording("evt3_640x480_ros1.bag"))[0])
