"""Files cut off, with bits flipped, or that never were recordings: no reader crashes, hangs, or is silent about it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.events import open_events
from sensors.formats import hdf5_probe
from sensors.formats.sinks import FORMATS
from sensors.signals import EVENT
from sensors.write import write_events

FOREIGN = ("dat2d", "aedat2", "aedat3", "hdf5", "dsec", "rosbag1 rows", "rosbag1 evt3", "rosbag2 rows",
           "rosbag2 evt21")  # fmt: skip
OPEN_ENDED = {"evt2": 4, "evt21": 8, "evt3": 2, "dat": 8, "dat2d": 8, "es": 1, "csv": 1, "aedat2": 8, "aedat3": 1}
"""Formats that do not tell where they end, and the bytes of their parts: a cut between parts leaves a whole file."""
FLIPS = int(os.environ.get("GANGLION_FLIPS", "30"))
"""Damaged copies of each format's file in the slow test; GANGLION_FLIPS=10000 takes minutes."""
LIMIT_S = 60
"""Of CPU time, compiling included, so that a busy machine is no hang; what hangs here spins, for files do not block."""


@contextmanager
def time_limit() -> Iterator[None]:
    def expire(*_: object) -> None:
        raise AssertionError(f"{LIMIT_S} s of CPU time, it hangs")

    before = signal.signal(signal.SIGPROF, expire)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def outcome(path: Path) -> tuple[np.ndarray, str]:
    """Events that could be read, and the one line of complaint or nothing; any other error goes on up."""
    found, complaint = [np.zeros(0, EVENT)], ""
    with time_limit():
        try:
            stream = open_events(path)
            for packet in stream:
                found.append(packet)
        except UserError as error:
            complaint = str(error)
            assert "\n" not in complaint
            assert complaint.startswith(str(path))
    return np.concatenate(found), complaint


@pytest.fixture
def whole(tmp_path: Path, made: Callable, foreign: Callable) -> Callable[[str, int], tuple[Path, np.ndarray]]:
    """A copy of a whole file of a format; of a bag that is a folder, the file in it."""

    def write(form: str, n: int) -> tuple[Path, np.ndarray]:
        if form in FORMATS:
            events, path = made(n), tmp_path / f"whole{FORMATS[form].ending}"
            write_events(path, [events], 640, 480, form)
            return path, events
        source, events = foreign(form, n)
        if source.is_dir():
            source = next(p for p in source.iterdir() if p.suffix in (".db3", ".mcap"))
        return Path(shutil.copy(source, tmp_path / f"whole{source.suffix}")), events

    return write


def check_cut(path: Path, data: bytes, cut: int, form: str, events: np.ndarray) -> None:
    path.write_bytes(data[:cut])
    found, complaint = outcome(path)
    assert np.array_equal(found, events[: found.size]), f"{form} cut at {cut}: events that were never there"
    if found.size < events.size and form not in OPEN_ENDED:
        assert complaint, f"{form} cut at {cut}: {events.size - found.size} events lost in silence"
    if form in OPEN_ENDED and not complaint:
        assert cut % OPEN_ENDED[form] == len(data) % OPEN_ENDED[form], f"{form} cut at {cut} within a part: silent"


@pytest.mark.parametrize("form", [*FORMATS, *FOREIGN])
def test_a_file_that_was_cut_off_gives_what_it_holds_and_says_so(form: str, whole: Callable) -> None:
    path, events = whole(form, 3000)
    data = path.read_bytes()
    for cut in np.linspace(1, len(data) - 1, 12).astype(int).tolist():
        check_cut(path, data, cut, form, events)


@pytest.mark.parametrize("form", [*FORMATS, *FOREIGN])
def test_flipped_bits_neither_crash_nor_hang_a_reader(form: str, whole: Callable) -> None:
    path, _ = whole(form, 2000)
    flip(path, 25)


def flip(path: Path, times: int) -> None:
    data, rng = np.frombuffer(path.read_bytes(), np.uint8), np.random.default_rng(5)
    for k in range(times):
        damaged = data.copy()
        reach = min(400, data.size) if k % 2 else data.size  # half of them in the header
        for at in rng.integers(0, reach, 1 + k % 3):
            damaged[at] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(damaged.tobytes())
        outcome(path)


HEADS = {
    "evt2": b"% evt 2.0\n% format EVT2;height=480;width=640\n% end\n",
    "evt21": b"% evt 2.1\n% format EVT21;height=480;width=640\n% end\n",
    "evt3": b"% evt 3.0\n% format EVT3;height=480;width=640\n% end\n",
    "dat": b"% Version 2\n% Width 640\n% Height 480\n\x0c\x08",
    "es": b"Event Stream\x02\x00\x00\x01\x80\x02\xe0\x01",
    "csv": b"t,x@640,y@480,on\n",
    "aedat2": b"#!AER-DAT2.0\r\n# DAVIS240C\r\n",
    "aedat3": b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n",
    "aedat4": b"#!AER-DAT4.0\r\n",
    "hdf5": b"\x89HDF\r\n\x1a\n",
    "npy": b"\x93NUMPY\x01\x00",
    "npz": b"PK\x03\x04",
    "rosbag1": b"#ROSBAG V2.0\n",
    "rosbag2": b"SQLite format 3\0",
}


@pytest.mark.parametrize("form", HEADS)
@pytest.mark.parametrize("rest", ["nothing", "zeros", "ones", "random"])
def test_a_header_with_rubbish_behind_it_is_read_or_refused(tmp_path: Path, form: str, rest: str) -> None:
    path = tmp_path / "a.bin"
    noise = np.random.default_rng(3).integers(0, 256, 100_000, np.uint8).tobytes()
    behind = {"nothing": b"", "zeros": bytes(100_000), "ones": b"\xff" * 100_000, "random": noise}[rest]
    path.write_bytes(HEADS[form] + behind)
    found, complaint = outcome(path)
    if rest == "random":
        assert complaint
    if rest == "nothing":
        assert found.size == 0


def test_an_hdf5_file_on_which_its_library_spins_is_refused(foreign: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = foreign("hdf5", 1000)
    server = hdf5_probe.SERVER.replace("def look(path):", "def look(path):\n    while path: pass")
    monkeypatch.setattr(hdf5_probe, "SERVER", server)
    monkeypatch.setattr(hdf5_probe, "PROBE_S", 1)
    monkeypatch.setattr(hdf5_probe, "_PROBER", prober := hdf5_probe._Prober())
    for _ in range(2):  # the second is tried by the same process as the first
        found, complaint = outcome(path)
        assert found.size == 0
        assert complaint.endswith("the HDF5 library does not come back from it, so it is damaged; get a whole copy")
    prober.close()


def test_the_process_that_tries_hdf5_files_is_started_again_if_it_was_killed(foreign: Callable) -> None:
    path, events = foreign("hdf5", 1000)
    assert len(outcome(path)[0]) == len(events)
    assert hdf5_probe._PROBER._process is not None
    hdf5_probe._PROBER._process.kill()
    hdf5_probe._PROBER._process.wait()
    found, complaint = outcome(path)
    assert (len(found), complaint) == (len(events), "")


@pytest.mark.parametrize("content", [b"", bytes(5000), bytes(range(256)) * 40, b"hello\n", b"\n", b"%", b"% end\n"])
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(content)
    found, complaint = outcome(path)
    assert found.size == 0
    assert complaint


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"t,x,x,p\n5,3,4,7\n", "no column of 0 and 1 where polarity should be"),  # a header that names x twice
        (b"t,x,y,p\n9999999999999.5,3,4,1\n", "what should be a row of t, x, y, p is not at byte 8"),
        (b"t,x,y,p\n5,3,4,1\n5,-3,4,1\n", "is not at byte 16; 1 events were read"),
        (b"t,x,y,p\n5,3,4,1\n5,3,4\n", "is not at byte 16; 1 events were read"),
    ],
)
def test_lines_that_make_no_sense_are_pointed_at(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert says in outcome(path)[1]


def test_an_array_of_what_is_no_event_is_refused(tmp_path: Path) -> None:
    for dtype, says in (
        ([("t", "<u8"), ("x", "<i4"), ("y", "<i4"), ("p", "<i1")], "x outside 0 to 65535"),
        ([("t", "<U8"), ("x", "<i4"), ("y", "<i4"), ("p", "<i1")], "expected numbers in t, x, y and p"),
        ([("t", "<u8"), ("x", "<i4")], "expected fields t, x, y and p"),
    ):
        rows = np.zeros(3, dtype)
        rows["x"] = -1
        np.save(tmp_path / "a.npy", rows)
        assert says in outcome(tmp_path / "a.npy")[1]


def test_the_complaint_names_the_place_and_the_counts(tmp_path: Path, made: Callable) -> None:
    path = tmp_path / "a.raw"
    write_events(path, [made(1000)], 640, 480, "evt2")
    data = path.read_bytes()
    path.write_bytes(data[:-2])
    found, complaint = outcome(path)
    assert found.size == 999
    assert complaint == (
        f"{path}: the last word has 2 of 4 bytes at byte {len(data) - 4}; 999 events were read; get a whole copy"
    )


@pytest.mark.slow
@pytest.mark.parametrize("form", [*FORMATS, *FOREIGN])
def test_a_cut_at_every_kilobyte_loses_nothing_in_silence(form: str, whole: Callable) -> None:
    path, events = whole(form, 20_000)
    data = path.read_bytes()
    for cut in [*range(1, 300, 7), *range(1024, len(data), 1024), *range(1023, len(data), 8 * 1024)]:
        check_cut(path, data, cut, form, events)


@pytest.mark.slow
@pytest.mark.parametrize("form", [*FORMATS, *FOREIGN])
def test_flips_neither_crash_nor_hang(form: str, whole: Callable) -> None:
    path, _ = whole(form, 1000)
    flip(path, FLIPS)
