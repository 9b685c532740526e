"""Events to write and read, recordings of real sensors, and files of the formats that Ganglion itself only reads."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scenarios.bench.ecf_file import write_metavision
from sensors.signals import EVENT
from sensors.stream import TRIGGER

RECORDINGS = Path(os.environ.get("GANGLION_RECORDINGS", Path(__file__).parents[3] / "shared" / "recordings"))


def make(n: int, seed: int = 1, start_us: int = 1000, width: int = 640, height: int = 480) -> np.ndarray:
    """Sorted EVENTs in runs along rows, as sensors read them out, with silences of 30 s between some."""
    rng = np.random.default_rng(seed)
    events = np.empty(n, EVENT)
    gaps = rng.geometric(0.5, n) - 1
    gaps[rng.integers(0, n, max(1, n // 50_000))] = 30_000_000
    events["t"] = start_us + np.cumsum(gaps)
    events["x"] = (rng.integers(0, width, n) // 16 * 16 + np.arange(n) % 16) % width
    events["y"] = np.repeat(rng.integers(0, height, n // 16 + 1), 16)[:n]
    events["p"] = rng.random(n) < 0.5
    events[-1]["x"], events[-1]["y"] = width - 1, height - 1
    return events


def make_triggers(events: np.ndarray, n: int = 20) -> np.ndarray:
    """Edges of two inputs spread over the time of `events`."""
    edges = np.empty(n, TRIGGER)
    edges["t"] = np.linspace(events["t"][0], events["t"][-1], n).astype(np.uint64)
    edges["id"], edges["on"] = np.arange(n) // 2 % 2, np.arange(n) % 2 == 0
    return edges


@pytest.fixture(scope="session")
def made() -> Callable[..., np.ndarray]:
    return make


@pytest.fixture(scope="session")
def made_triggers() -> Callable[..., np.ndarray]:
    return make_triggers


@pytest.fixture(scope="session")
def recording() -> Callable[[str], Path]:
    def find(name: str) -> Path:
        path = RECORDINGS / name
        if not path.exists():
            pytest.skip(f"{path} is not there; set GANGLION_RECORDINGS")
        return path

    return find


def dat2d(path: Path, events: np.ndarray) -> None:
    """DAT of type 0, as the N-CARS data set."""
    address = events["x"].astype("<u4") | (events["y"].astype("<u4") << 9) | (events["p"].astype("<u4") << 17)
    rows = np.stack([events["t"].astype("<u4"), address], axis=1)
    path.write_bytes(b"% Data file containing Event2D events.\n% Version 2\n\x00\x08" + rows.astype("<u4").tobytes())


def aedat2(path: Path, events: np.ndarray) -> None:
    """AEDAT 2.0 of a DAVIS240."""
    x, y, p = (events[k].astype(">u4") for k in "xyp")
    address = ((179 - y) << 22) | ((239 - x) << 12) | (p << 11)
    rows = np.stack([address, events["t"].astype(">u4")], axis=1).astype(">u4")
    path.write_bytes(b"#!AER-DAT2.0\r\n# chip: eu.seebetter.ini.chips.davis.DAVIS240C\r\n" + rows.tobytes())


def aedat3(path: Path, events: np.ndarray) -> None:
    """AEDAT 3.1 of a DAVIS346: packets of 500 events, and one of two edges in front."""
    head = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DAVIS346\r\n#!END-HEADER\r\n"
    parts = [head, _packet3(0, np.array([[1 | 2 << 1, 1000], [1 | 3 << 1, 1001]], "<u4"), 0)]
    for k in range(0, events.size, 500):
        part = events[k : k + 500]
        x, y, p = (part[name].astype("<u4") for name in "xyp")
        laps = part["t"] >> np.uint64(31)
        for lap in np.unique(laps):
            rows = np.stack([1 | p << 1 | y << 2 | x << 17, part["t"].astype("<u4") & 0x7FFFFFFF], axis=1)[laps == lap]
            parts.append(_packet3(1, rows.astype("<u4"), int(lap)))
    path.write_bytes(b"".join(parts))


def _packet3(kind: int, rows: np.ndarray, laps: int) -> bytes:
    numbers = np.array([8, 4, laps, len(rows), len(rows), len(rows)], "<i4")
    return np.array([kind, 1], "<i2").tobytes() + numbers.tobytes() + rows.tobytes()


def metavision(path: Path, events: np.ndarray, chunk: int = 4096) -> None:
    """Metavision HDF5, its chunks coded in the three ways in turn."""
    pytest.importorskip("h5py", reason="h5py is not installed")
    write_metavision(path, events, ("runs", "columns", "all"), chunk)


def dsec(path: Path, events: np.ndarray) -> None:
    """DSEC HDF5, times from an offset."""
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    with h5py.File(path, "w") as file:
        start = int(events["t"][0])
        for name, form in (("t", "<u4"), ("x", "<u2"), ("y", "<u2"), ("p", "u1")):
            values = events[name] - np.uint64(start) if name == "t" else events[name]
            file.create_dataset(f"events/{name}", data=values.astype(form), chunks=(1000,), compression="gzip")
        file["t_offset"] = start


MSGS = {
    "event_camera_msgs/msg/EventPacket": "std_msgs/Header header\nuint32 height\nuint32 width\nuint64 seq\n"
    "uint64 time_base\nstring encoding\nbool is_bigendian\nuint8[] events",
    "dvs_msgs/msg/Event": "uint16 x\nuint16 y\nbuiltin_interfaces/Time ts\nbool polarity",
    "dvs_msgs/msg/EventArray": "std_msgs/Header header\nuint32 height\nuint32 width\ndvs_msgs/Event[] events",
}


def ros_types(version: int) -> object:
    """rosbags' store of message types with those of events."""
    typesys = pytest.importorskip("rosbags.typesys", reason="rosbags is not installed")
    store = typesys.get_typestore(typesys.Stores.ROS1_NOETIC if version == 1 else typesys.Stores.ROS2_HUMBLE)
    time = "time" if version == 1 else "builtin_interfaces/Time"
    for name, text in MSGS.items():
        store.register(typesys.get_types_from_msg(text.replace("builtin_interfaces/Time", time), name))
    return store


def rosbag(path: Path, events: np.ndarray, version: int, encoding: str = "rows") -> None:
    """A bag of dvs_msgs ("rows") or of event_camera_msgs ("evt3", "evt21") through rosbags, 1000 events a message."""
    store = ros_types(version)
    from rosbags import rosbag1, rosbag2
    from rosbags.rosbag2 import StoragePlugin

    types = store.types  # type: ignore[attr-defined]
    name = "dvs_msgs/msg/EventArray" if encoding == "rows" else "event_camera_msgs/msg/EventPacket"
    plugin = StoragePlugin.MCAP if path.suffix == ".mcap" else StoragePlugin.SQLITE3
    writer = rosbag1.Writer(path) if version == 1 else rosbag2.Writer(path, version=9, storage_plugin=plugin)
    with writer:
        connection = writer.add_connection("/events", name, typestore=store)
        payload = _payload(events, encoding)
        for k in range(0, events.size, 1000):
            stamp = types["builtin_interfaces/msg/Time"](1, 2)
            head = {"seq": k} if version == 1 else {}
            header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="cam", **head)
            if encoding == "rows":
                time = types["builtin_interfaces/msg/Time"]
                rows = [
                    types["dvs_msgs/msg/Event"](x, y, time(t // 10**6, t % 10**6 * 1000), p)
                    for t, x, y, p in events[k : k + 1000].tolist()
                ]  # fmt: skip
                message = types[name](header, 480, 640, rows)
            else:
                share = -(-len(payload) * 1000 // events.size // 8) * 8
                part = payload[k // 1000 * share :][: share if k + 1000 < events.size else None]
                message = types[name](header, 480, 640, k // 1000, 0, encoding, False, np.frombuffer(part, np.uint8))
            raw = store.serialize_ros1(message, name) if version == 1 else store.serialize_cdr(message, name)  # type: ignore[attr-defined]
            writer.write(connection, k + 1, raw)


def _payload(events: np.ndarray, encoding: str) -> bytes:
    if encoding == "rows":
        return b""
    from sensors.formats import encode
    from sensors.stream import NO_TRIGGERS

    out = np.empty(events.size * 8 + 100_000, {"evt3": "<u2", "evt21": "<u8"}[encoding])
    used, _, n = getattr(encode, encoding)(events, NO_TRIGGERS, encode.fresh_state(), out)
    assert used == events.size
    return out[:n].tobytes()


FOREIGN: dict[str, tuple[str, Callable[[Path, np.ndarray], None]]] = {
    "dat2d": ("a.dat", dat2d),
    "aedat2": ("a.aedat", aedat2),
    "aedat3": ("a.aedat", aedat3),
    "hdf5": ("a.hdf5", metavision),
    "dsec": ("a.h5", dsec),
    "rosbag1 rows": ("a.bag", lambda path, events: rosbag(path, events, 1)),
    "rosbag1 evt3": ("a.bag", lambda path, events: rosbag(path, events, 1, "evt3")),
    "rosbag2 rows": ("a", lambda path, events: rosbag(path, events, 2)),
    "rosbag2 evt3": ("a", lambda path, events: rosbag(path, events, 2, "evt3")),
    "rosbag2 evt21": ("a.mcap", lambda path, events: rosbag(path, events, 2, "evt21")),
}
"""Formats that are read but not written: file name, and a writer for the tests."""
SIZES = {"dat2d": (304, 240), "aedat2": (240, 180), "aedat3": (346, 260)}


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, np.ndarray]]:
    """Write a file of one of FOREIGN; returns its path and what it holds."""

    def write(form: str, n: int = 10_000) -> tuple[Path, np.ndarray]:
        name, writer = FOREIGN[form]
        width, height = SIZES.get(form, (640, 480))
        path, events = tmp_path_factory.mktemp("foreign") / name, make(n, width=width, height=height)
        if "dat2d" in form:
            events["t"] %= np.uint64(1 << 31)
        writer(path, events)
        return path, events

    return write
