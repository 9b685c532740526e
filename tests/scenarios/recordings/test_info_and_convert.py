from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scenarios.cli import main
from sensors.events import open_events
from sensors.signals import EVENT
from sensors.stream import TRIGGER
from sensors.write import EventWriter


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """A recording of 64x48: an event each 100 us for 100 ms, half a second of silence, as much again; two edges."""
    events = np.zeros(2000, EVENT)
    events["t"] = 5_000 + 100 * np.arange(2000)
    events["t"][1000:] += np.uint64(500_000)
    events["x"], events["y"], events["p"] = np.arange(2000) % 64, np.arange(2000) % 48, np.arange(2000) % 4 == 0
    path = tmp_path / "drive.raw"
    with EventWriter(path, 64, 48) as writer:
        writer.write(events, np.array([(6000, 3, True), (7000, 3, False)], TRIGGER))
    return path


def test_info_tells_what_a_recording_holds(drive: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["info", str(drive), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["width"], found["height"], found["geometry_from"]) == ("evt3", 64, 48, "header")
    assert (found["events"], found["first_us"], found["duration_us"]) == (2000, 5000, 699_900)
    assert found["rate_hz"] == pytest.approx(2000 / 0.6999, rel=1e-3)
    assert found["busiest_hz"] == 10_000
    assert found["on_share"] == 0.25
    assert (found["gaps"], found["longest_gaps"]) == (1, [[104_900, 500_100]])
    assert (found["counters"]["triggers"], found["trigger_inputs"]) == (2, [3])
    assert found["damage"] is None


def test_info_in_words_names_sensor_silence_and_damage(drive: Path, capsys: pytest.CaptureFixture) -> None:
    drive.write_bytes(drive.read_bytes()[:-1])
    assert main(["info", str(drive)]) == 1
    said = capsys.readouterr().out
    assert "evt3   64x48" in said
    assert "1 silences over 100 ms, the longest 0.5001 s at 0.1049 s" in said
    assert "damage: " in said
    assert "the last word has 1 of 2 bytes at byte " in said


def test_info_of_nothing_readable_is_the_users_mistake(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["info", str(tmp_path / "none.raw")]) == 2
    assert "No such file or directory; give the path of a recording" in capsys.readouterr().err


def test_convert_keeps_every_event_and_says_what_is_lost(drive: Path, capsys: pytest.CaptureFixture) -> None:
    wanted = np.concatenate(list(open_events(drive)))
    assert main(["convert", str(drive), str(drive.with_suffix(".npz"))]) == 0
    assert "2 000 events, 2 triggers   lost: nothing" in capsys.readouterr().out
    assert main(["convert", str(drive), str(drive.with_suffix(".dat"))]) == 0
    assert "2 000 events   lost: 2 triggers" in capsys.readouterr().out
    for ending in (".npz", ".dat"):
        assert np.array_equal(np.concatenate(list(open_events(drive.with_suffix(ending)))), wanted)


def test_convert_through_a_filter_writes_the_geometry_that_is_left(drive: Path, capsys: pytest.CaptureFixture) -> None:
    target = drive.with_suffix(".csv")
    assert main(["convert", str(drive), str(target), "--filter", "crop(8,8,16,16)"]) == 0
    stream = open_events(target)
    events = np.concatenate(list(stream))
    assert (stream.width, stream.height) == (16, 16)
    assert f"{2000 - events.size} events by the filters, as asked" in capsys.readouterr().out


def test_convert_neither_overwrites_nor_leaves_half_a_file(drive: Path, capsys: pytest.CaptureFixture) -> None:
    target = drive.with_suffix(".csv")
    target.write_text("mine")
    assert main(["convert", str(drive), str(target)]) == 2
    assert "is there already; give another name, or --force" in capsys.readouterr().err
    assert target.read_text() == "mine"
    assert main(["convert", str(drive), str(drive), "--force"]) == 2
    assert "would be written over itself" in capsys.readouterr().err
    assert main(["convert", str(drive), str(drive.with_name("b.es")), "--filter", "crop(1,1,900,900)"]) == 2
    assert {p.name for p in drive.parent.iterdir()} == {"drive.raw", "drive.csv"}


def test_convert_of_a_damaged_recording_saves_what_there_is(drive: Path, capsys: pytest.CaptureFixture) -> None:
    drive.write_bytes(drive.read_bytes()[:-1])
    assert main(["convert", str(drive), str(drive.with_suffix(".npz"))]) == 1
    said = capsys.readouterr().out
    assert "1 999 events" in said
    assert "damage: " in said
    assert open_events(drive.with_suffix(".npz")).width == 64


def test_a_mistaken_geometry_is_named(drive: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["info", str(drive), "--geometry", "640*480"]) == 2
    assert "--geometry 640*480 is not width x height; write it as 640x480" in capsys.readouterr().err
