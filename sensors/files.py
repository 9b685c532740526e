"""Recordings of event cameras: opens any by its path as a stream of packets, its format found from the content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .errors import UserError
from .formats import aedat, aedat4, arrays, bag1, bag2, es, hdf5, prophesee, text
from .skins import neutouch
from .stream import DamageError, Origin, Stream

Geometry = tuple[int, int]
Opener = Callable[[Path, Geometry | None], Origin]
OPENERS: dict[str, Opener] = {
    "evt2": lambda path, _: prophesee.open_raw(path, "evt2"),
    "evt21": lambda path, _: prophesee.open_raw(path, "evt21"),
    "evt3": lambda path, _: prophesee.open_raw(path, "evt3"),
    "raw": lambda path, _: prophesee.open_raw(path, None),
    "dat": lambda path, _: prophesee.open_dat(path),
    "aedat2": aedat.open_aedat2,
    "aedat3": lambda path, _: aedat.open_aedat3(path),
    "aedat4": lambda path, _: aedat4.open_aedat4(path),
    "es": lambda path, _: es.open_es(path),
    "csv": lambda path, _: text.open_text(path),
    "hdf5": lambda path, _: hdf5.open_hdf5(path),
    "npy": lambda path, _: arrays.open_npy(path),
    "npz": lambda path, _: arrays.open_npz(path),
    "neutouch": lambda path, _: neutouch.open_neutouch(path),
    "rosbag1": lambda path, _: bag1.open_bag1(path),
    "rosbag2": lambda path, _: bag2.open_bag2(path),
}
READABLE = tuple(form for form in OPENERS if form != "raw")
MAGICS = (
    (b"#!AER-DAT4", "aedat4"), (b"#!AER-DAT3", "aedat3"), (b"#!AER-DAT2", "aedat2"), (b"Event Stream", "es"),
    (b"\x89HDF\r\n", "hdf5"), (b"\x93NUMPY", "npy"), (b"PK\x03\x04", "npz"), (b"#ROSBAG V2", "rosbag1"),
    (b"SQLite format 3", "rosbag2"), (b"\x89MCAP0\r\n", "rosbag2"),
)  # fmt: skip
KNOWN = "EVT2, EVT2.1, EVT3, DAT, AEDAT 2.0, 3.1, 4, ES, CSV, HDF5, npy, npz, ROS bags, NeuTouch"


def sniff(path: Path) -> str:
    """One of READABLE, or "raw" for Prophesee words whose header does not tell which.

    Raises:
        UserError: no file, an empty one, or content that is none of them.
    """
    if path.is_dir():
        if (path / "metadata.yaml").exists():
            return "rosbag2"
        raise UserError(f"{path} is a folder without the metadata.yaml of a ROS 2 bag; give the path of a recording")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            file.seek(0)
            header = prophesee.read_header(file) if head.startswith(b"%") else {}
            kind = file.read(2) if header else b""
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}; give the path of a recording") from None
    if not head:
        raise UserError(f"{path}: the file is empty; get a whole copy")
    form = next((form for magic, form in MAGICS if head.startswith(magic)), None)
    if form is not None:
        return form
    if header:
        if named := prophesee.form_of(header):
            return named
        if kind in (b"\x0c\x08", b"\x00\x08", b"\x0e\x08"):
            return "dat"
    if _is_text(head):
        return "neutouch" if neutouch.looks_like(head) else "csv"
    if header:
        return "raw"
    raise UserError(
        f"{path}: the content is none of {KNOWN}; for raw words without a header name them with --format evt3"
    )


def _is_text(head: bytes) -> bool:
    return all(32 <= b < 127 or b in (9, 10, 13) for b in head) and any(48 <= b <= 57 for b in head)


def open_file(path: Path, form: str | None = None, geometry: Geometry | None = None) -> Stream:
    """Open a recording; see `events.open_events`.

    Without geometry in the header or from the caller, the file is read once before, for its largest coordinates;
    `Stream.geometry_from` then says "coordinates".

    Raises:
        UserError: the file cannot be read, is of no known format, or needs a library that is not installed.
    """
    form = form or sniff(path)
    if form not in OPENERS:
        raise UserError(f"{form} is not a format; choose one of {', '.join(READABLE)}")
    try:
        origin = OPENERS[form](path, geometry)
        if geometry is not None:
            return Stream(str(path), origin, *geometry, "asked")
        if origin.size[0] and origin.size[1]:
            return Stream(str(path), origin, origin.size[0], origin.size[1], "header")
        width, height = _largest(str(path), origin)
        origin.close()
        return Stream(str(path), OPENERS[form](path, geometry), width, height, "coordinates")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}; give the path of a recording") from None


def _largest(name: str, origin: Origin) -> Geometry:
    width = height = 1
    try:
        for events in Stream(name, origin, 1 << 16, 1 << 16, "asked"):
            if events.size:
                width, height = max(width, int(events["x"].max()) + 1), max(height, int(events["y"].max()) + 1)
    except DamageError:
        pass  # said again when the caller reads
    return width, height
