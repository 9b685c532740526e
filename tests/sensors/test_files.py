from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.events import open_events
from sensors.files import sniff
from sensors.formats.sinks import FORMATS
from sensors.signals import EVENT
from sensors.stream import NO_TRIGGERS, DamageError
from sensors.write import EventWriter, write_events

Made = Callable[..., np.ndarray]
FOREIGN = ("dat2d", "aedat2", "aedat3", "hdf5", "dsec", "rosbag1 rows", "rosbag1 evt3", "rosbag2 rows", "rosbag2 evt3",
           "rosbag2 evt21")  # fmt: skip


def packets(events: np.ndarray) -> list[np.ndarray]:
    return [events[k : k + 30_011] for k in range(0, events.size, 30_011)]


def read(path: Path, **options: object) -> np.ndarray:
    return np.concatenate([np.empty(0, EVENT), *open_events(path, **options)])  # type: ignore[arg-type]


def read_all(path: Path) -> tuple[np.ndarray, np.ndarray]:
    stream, found, edges = open_events(path), [], [NO_TRIGGERS]
    for packet in stream:
        found.append(packet)
        edges.append(stream.triggers)
    return np.concatenate(found), np.concatenate(edges)


def target(folder: Path, form: str, name: str = "a") -> Path:
    return folder / f"{name}{FORMATS[form].ending}"


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_written_is_read_back_event_for_event(tmp_path: Path, form: str, made: Made) -> None:
    events, path = made(100_000), target(tmp_path, form)
    assert write_events(path, packets(events), 640, 480, form) == events.size
    assert sniff(path) == form
    stream = open_events(path)
    assert (stream.form, stream.width, stream.height) == (form, 640, 480)
    back = np.concatenate(list(stream))
    assert np.array_equal(back, events)
    wanted = {"events": events.size, "triggers": 0, "dropped": 0, "out_of_order": 0, "overflow": 0, "reconnects": 0}
    assert stream.counters.as_dict() == wanted
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("first", FORMATS)
def test_every_format_turns_into_every_other_and_loses_nothing(tmp_path: Path, first: str, made: Made) -> None:
    events, source = made(5_000), target(tmp_path, first)
    write_events(source, [events], 640, 480, first)
    for second in FORMATS:
        path = target(tmp_path, second, "b")
        write_events(path, open_events(source), 640, 480, second)
        assert np.array_equal(read(path), events), second


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_ten_million_events_survive_every_format(tmp_path: Path, form: str, made: Made) -> None:
    events, path = made(10_000_000), target(tmp_path, form)
    write_events(path, packets(events), 640, 480, form)
    at = 0
    for packet in open_events(path):
        assert np.array_equal(packet, events[at : at + packet.size])
        at += packet.size
    assert at == events.size


@pytest.mark.parametrize("form", FOREIGN)
def test_formats_that_are_only_read_give_what_others_wrote(form: str, foreign: Callable) -> None:
    path, events = foreign(form)
    stream = open_events(path)
    back = np.concatenate(list(stream))
    assert stream.form.startswith(form.split(maxsplit=1)[0])
    assert np.array_equal(back, events)
    assert stream.counters.dropped == 0
    assert stream.geometry_from == ("coordinates" if form in ("dat2d", "dsec") else "header")


@pytest.mark.parametrize("form", ["evt2", "evt21", "evt3", "aedat4", "npz"])
def test_triggers_survive_where_the_format_has_a_place(
    tmp_path: Path, form: str, made: Made, made_triggers: Made
) -> None:
    events, path = made(50_000), target(tmp_path, form)
    edges = made_triggers(events)
    if form == "aedat4":
        edges["id"] = 0  # it has one input
    with EventWriter(path, 640, 480, form) as writer:
        middle = int(np.searchsorted(edges["t"], events["t"][25_000]))
        writer.write(events[:25_000], edges[:middle])
        writer.write(events[25_000:], edges[middle:])
    assert writer.losses == []
    back, found = read_all(path)
    assert np.array_equal(back, events)
    assert np.array_equal(found, edges)


@pytest.mark.parametrize("form", ["dat", "es", "csv", "npy"])
def test_triggers_without_a_place_are_counted_as_lost(
    tmp_path: Path, form: str, made: Made, made_triggers: Made
) -> None:
    events = made(100)
    with EventWriter(target(tmp_path, form), 640, 480, form) as writer:
        writer.write(events, made_triggers(events, 6))
    assert "6 triggers" in writer.losses


@pytest.mark.parametrize("form", ["evt2", "evt21", "evt3", "dat", "aedat4", "csv", "npz"])
def test_wall_clock_times_survive_formats_of_few_bits(tmp_path: Path, form: str, made: Made) -> None:
    events, path = made(1000, start_us=1_760_000_000_000_000), target(tmp_path, form)
    write_events(path, [events], 640, 480, form)
    assert np.array_equal(read(path), events)


def test_event_stream_says_that_it_lost_the_start(tmp_path: Path, made: Made) -> None:
    events = made(1000, start_us=1_760_000_000_000_000)
    with EventWriter(tmp_path / "a.es", 640, 480) as writer:
        writer.write(events)
    back = read(tmp_path / "a.es")
    start = int(events["t"][0]) - int(back["t"][0])
    assert writer.losses == [f"the start: its time 0 is {start} us"]
    assert np.array_equal(back["t"] + np.uint64(start), events["t"])


@pytest.mark.parametrize("form", ["evt2", "evt21", "evt3", "dat", "csv", "npz", "npy", "aedat4"])
def test_time_that_steps_back_is_kept_and_counted(tmp_path: Path, form: str, made: Made) -> None:
    events, path = made(1000), target(tmp_path, form)
    events["t"] = (1 << 24) - 500 + np.arange(1000)  # over the end of a lap of EVT3, and back again
    events["t"][505] -= 11
    write_events(path, [events], 640, 480, form)
    stream = open_events(path)
    assert np.array_equal(np.concatenate(list(stream)), events)
    assert stream.counters.out_of_order == 1


def test_event_stream_refuses_what_it_cannot_say_and_leaves_nothing_behind(tmp_path: Path, made: Made) -> None:
    events = made(10)
    events["t"] = np.arange(100, 110)
    events["t"][5] = 3
    with pytest.raises(UserError, match="event 5 at t=3 us is -101 us after"):
        write_events(tmp_path / "a.es", [events], 640, 480)
    assert not list(tmp_path.iterdir())


def test_a_silence_of_a_year_is_refused_where_it_would_fill_the_disk(tmp_path: Path, made: Made) -> None:
    events = made(10)
    events["t"][5:] += np.uint64(31_536_000_000_000)
    for form in ("evt3", "es"):
        with pytest.raises(UserError, match=r"which .* cannot say; write another format"):
            write_events(target(tmp_path, form), [events], 640, 480, form)
    write_events(tmp_path / "a.raw", [events], 640, 480, "evt2")
    assert np.array_equal(read(tmp_path / "a.raw"), events)


def test_a_sensor_too_large_for_a_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="evt3 holds 2048 columns and rows, not 4096x10"):
        write_events(tmp_path / "a.raw", [], 4096, 10)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_without_events_is_whole(tmp_path: Path, form: str) -> None:
    path = target(tmp_path, form)
    write_events(path, [], 640, 480, form)
    if form == "csv":
        with pytest.raises(UserError, match="no rows of t, x, y, p"):
            read(path)
    else:
        assert read(path).size == 0


def test_swapped_words_of_evt21_are_told_from_straight_ones(tmp_path: Path, made: Made) -> None:
    events, path = made(50_000), tmp_path / "a.raw"
    write_events(path, [events], 640, 480, "evt21")
    data = path.read_bytes()
    end = data.index(b"% end\n") + 6
    words = np.frombuffer(data[end:], "<u4").reshape(-1, 2)
    path.write_bytes(data[:end] + words[:, ::-1].tobytes())
    assert np.array_equal(read(path), events)


def test_neighbours_share_a_word_of_evt21(tmp_path: Path) -> None:
    events = np.array([(5, x, 7, True) for x in range(640)], EVENT)
    path = tmp_path / "a.raw"
    write_events(path, [events], 640, 480, "evt21")
    data = path.read_bytes()
    assert len(data) - data.index(b"% end\n") - 6 == 8 * (1 + 640 // 32)
    assert np.array_equal(read(path), events)


def test_words_before_the_first_time_are_dropped_and_counted(tmp_path: Path) -> None:
    words = np.array([0x0003, 0x2004, 0x8001, 0x6002, 0x0003, 0x2804], "<u2")  # as when a recording begins midway
    path = tmp_path / "a.raw"
    path.write_bytes(b"% format EVT3;height=480;width=640\n% end\n" + words.tobytes())
    stream = open_events(path)
    assert np.concatenate(list(stream)).tolist() == [(4098, 4, 3, True)]
    assert stream.counters.dropped == 1


def test_geometry_without_a_header_is_the_largest_coordinates_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t,x,y,p\n5,3,4,1\n6,7,2,0\n")
    stream = open_events(path)
    assert (stream.width, stream.height, stream.geometry_from) == (8, 5, "coordinates")
    asked = open_events(path, geometry=(20, 10))
    assert (asked.width, asked.height, asked.geometry_from) == (20, 10, "asked")


@pytest.mark.parametrize(
    "text",
    [
        "t,x,y,p\n5,3,4,1\n6,7,2,0\n",
        "x,y,p,t\n3,4,1,5\n7,2,0,6\n",
        "%geometry:640,480\n3,4,1,5\n7,2,0,6\n",
        "5 3 4 1\n6 7 2 -1",
        "0.000005 3 4 1\r\n0.000006 7 2 0\r\n",
        "timestamp;x;y;polarity\n5;3;4;1\n\n6;7;2;0\n",
    ],
)
def test_text_is_read_in_the_orders_and_units_that_are_about(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert read(path).tolist() == [(5, 3, 4, True), (6, 7, 2, False)]


def test_events_outside_the_sensor_are_dropped_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t,x@10,y@10,p\n5,3,4,1\n6,70,2,0\n7,9,9,0\n")
    stream = open_events(path)
    seen: list[tuple] = []
    with pytest.raises(DamageError, match="1 events lie outside 10x10, the first after event 1"):
        seen.extend(e for packet in stream for e in packet.tolist())
    assert [e[0] for e in seen] == [5, 7]
    assert stream.counters.dropped == 1


def test_a_missing_library_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sensors.formats import extras

    def without(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", without)
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "a.mcap").write_bytes(b"\x89MCAP0\r\n")
    with pytest.raises(UserError, match=r"a\.h5 needs h5py: pip install 'ganglion\[hdf5\]'"):
        open_events(tmp_path / "a.h5")
    with pytest.raises(UserError, match=r"a\.mcap needs rosbags: pip install 'ganglion\[ros\]'"):
        open_events(tmp_path / "a.mcap")


@pytest.mark.parametrize(
    ("name", "events", "triggers"), [("evt3_640x480.raw", 343_474, 4157), ("evt3_1280x720_trigger.raw", 82_469, 2)]
)
def test_real_recordings_hold_the_events_that_others_count(
    name: str, events: int, triggers: int, recording: Callable
) -> None:
    stream = open_events(recording(name))
    assert sum(packet.size for packet in stream) == events
    assert stream.counters.triggers == triggers
    assert stream.counters.dropped == 0


def test_a_real_bag_holds_the_same_as_its_raw_file(recording: Callable) -> None:
    bag, raw = read_all(recording("evt3_640x480_ros1.bag")), read_all(recording("evt3_640x480.raw"))
    assert np.array_equal(bag[0], raw[0])
    assert np.array_equal(bag[1], raw[1])


@pytest.mark.parametrize("form", FORMATS)
def test_real_recordings_survive_every_format(tmp_path: Path, form: str, recording: Callable) -> None:
    source = recording("evt3_640x480.raw")
    (events, edges), path = read_all(source), target(tmp_path, form)
    stream = open_events(source)
    with EventWriter(path, 640, 480, form) as writer:
        for packet in stream:
            writer.write(packet, stream.triggers)
    back, found = read_all(path)
    assert np.array_equal(back, events)
    if form == "aedat4":
        assert writer.losses == ["the input of 4157 triggers (all are 0 now)"]
        edges["id"] = 0
    if FORMATS[form].triggers:
        assert np.array_equal(np.sort(found, order="t"), np.sort(edges, order="t"))
    else:
        assert writer.lost_triggers == edges.size


def test_no_library_of_an_extra_is_imported_before_a_file_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Made
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        assert name.split(".", maxsplit=1)[0] not in (
            "faery",
            "h5py",
            "rosbags",
            "dv_processing",
            "neuromorphic_drivers",
        )
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    write_events(tmp_path / "a.aedat4", [made(100)], 640, 480)
    assert read(tmp_path / "a.aedat4").size == 100
