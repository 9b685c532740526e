"""NumPy's .npy and .npz of EVENT, read and written a bounded piece at a time.

An .npz holds `events`, and where we wrote it `width`, `height` and `triggers` (TRIGGER).
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from sensors.errors import UserError
from sensors.signals import EVENT
from sensors.stream import NO_EVENTS, NO_TRIGGERS, PACKET, TRIGGER, Damage, Events, Origin, Packets

from .text import COLUMNS

COLUMN_MAX = 65535
HEAD = 256
"""Bytes of the header that we write: room for any number of events, which is known at the end."""
BROKEN = (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error, SyntaxError, MemoryError, TypeError,
          RuntimeError, OverflowError, TokenError)  # fmt: skip


def _head(file: IO[bytes]) -> tuple[int, np.dtype[Any], int]:
    """Number of rows, dtype, bytes of the header."""
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version[0]}.{version[1]} of .npy, expected 1.0 or 2.0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names of types that NumPy is about to drop
        shape, _, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)
    if dtype.hasobject or not dtype.itemsize:
        raise ValueError(f"an array of {dtype}")
    return int(np.prod(shape, dtype=object)), dtype, file.tell()


def _fields(path: Path, dtype: np.dtype[Any]) -> tuple[str, str, str, str]:
    """Names of its fields for t, x, y and p."""
    names = {COLUMNS[name.lower()]: name for name in dtype.names or () if name.lower() in COLUMNS}
    if set(names) != {0, 1, 2, 3}:
        raise UserError(f"{path}: an array of {dtype}, expected fields t, x, y and p; save it with dtype EVENT")
    if any(dtype[name].kind not in "uifb" or dtype[name].shape for name in names.values()):
        raise UserError(f"{path}: an array of {dtype}, expected numbers in t, x, y and p; save it with dtype EVENT")
    return names[0], names[1], names[2], names[3]


def _as_events(rows: np.ndarray, fields: tuple[str, str, str, str]) -> Events:
    if rows.dtype == EVENT:
        if rows.size and rows.view(np.uint8).reshape(rows.size, -1)[:, -1].max() > 1:
            raise Damage(f"polarity beyond 0 and 1 among the next {rows.size} events,", 0, rows.size)
        return rows
    events: Events = np.empty(rows.size, EVENT)
    for field in fields[1:3]:
        if rows.size and not 0 <= rows[field].min() <= rows[field].max() <= COLUMN_MAX:
            raise Damage(f"{field} outside 0 to {COLUMN_MAX} among the next {rows.size} events,", 0, rows.size)
    for name, field in zip("txyp", fields, strict=True):
        events[name] = rows[field] > 0 if name == "p" else rows[field]
    return events


def _rows(file: IO[bytes], total: int, dtype: np.dtype[Any], head: int) -> Iterator[np.ndarray]:
    """Rows, PACKET at a time; raises Damage where they end too early."""
    done = 0
    while done < total:
        want = min(PACKET, total - done)
        try:
            rows = np.empty(want, dtype)
            got = file.readinto(rows.view(np.uint8)) // dtype.itemsize  # type: ignore[attr-defined]
        except BROKEN as error:
            raise Damage(f"the array breaks off ({_reason(error)})", head + done * dtype.itemsize) from None
        rows = rows[:got]
        if rows.size:
            yield rows
        done += rows.size
        if rows.size < want:
            raise Damage(f"the array breaks off after {done} of {total} events", head + done * dtype.itemsize)


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _damaged(path: Path, error: BaseException) -> UserError:
    return UserError(f"{path}: not a readable NumPy file ({_reason(error)}); get a whole copy")


def open_npy(path: Path) -> Origin:
    """An .npy of EVENT or of fields t, x, y, p.

    Raises:
        UserError: other arrays, or a damaged header.
    """
    try:
        with path.open("rb") as file:
            total, dtype, head = _head(file)
    except BROKEN as error:
        raise _damaged(path, error) from None
    return Origin("npy", _npy(path, total, dtype, head, _fields(path, dtype)))


def _npy(path: Path, total: int, dtype: np.dtype[Any], head: int, fields: tuple[str, str, str, str]) -> Packets:
    with path.open("rb") as file:
        file.seek(head)
        for rows in _rows(file, total, dtype, head):
            yield _as_events(rows, fields), NO_TRIGGERS


def open_npz(path: Path) -> Origin:
    """An .npz with an array `events` (else the first with fields t, x, y, p), perhaps `width`, `height`, `triggers`.

    Raises:
        UserError: other arrays, or a damaged file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            if not names:
                raise ValueError("no arrays in it")
            name = "events.npy" if "events.npy" in names else names[0]
            with archive.open(name) as member:
                dtype = _head(member)[1]
            size = (_number(archive, "width.npy"), _number(archive, "height.npy"))
    except BROKEN as error:
        raise _damaged(path, error) from None
    return Origin("npz", _npz(path, name, _fields(path, dtype)), size)


def _number(archive: zipfile.ZipFile, name: str) -> int | None:
    if name not in archive.namelist() or archive.getinfo(name).file_size > 4096:
        return None
    with archive.open(name) as member:
        value = int(npy.read_array(member, allow_pickle=False))
    return value if 0 < value <= 65536 else None


def _npz(path: Path, name: str, fields: tuple[str, str, str, str]) -> Packets:
    at = 0
    try:
        with zipfile.ZipFile(path) as archive:
            at = archive.getinfo(name).header_offset
            edges = NO_TRIGGERS
            if "triggers.npy" in archive.namelist():
                with archive.open("triggers.npy") as member:
                    total, dtype, head = _head(member)
                    if dtype == TRIGGER:
                        edges = np.concatenate([NO_TRIGGERS, *_rows(member, total, dtype, head)])
            with archive.open(name) as member:
                total, dtype, head = _head(member)
                for rows in _rows(member, total, dtype, head):
                    events = _as_events(rows, fields)
                    due = int(np.searchsorted(edges["t"], events["t"][-1], side="right"))
                    yield events, edges[:due]
                    edges = edges[due:]
            if edges.size:
                yield NO_EVENTS, edges
    except BROKEN as error:
        raise Damage(f"the archive is damaged ({_reason(error)})", at) from None


class NpyWriter:
    """Streams rows of one dtype; the header is put right at the end."""

    def __init__(self, path: Path, dtype: np.dtype[Any] = EVENT) -> None:
        self._file = path.open("wb")
        self._dtype, self._total = dtype, 0
        self._file.write(self._header())

    def _header(self) -> bytes:
        text = f"{{'descr': {npy.dtype_to_descr(self._dtype)!r}, 'fortran_order': False, 'shape': ({self._total},), }}"
        return b"\x93NUMPY\x01\x00" + (HEAD - 10).to_bytes(2, "little") + text.ljust(HEAD - 11).encode() + b"\n"

    def write(self, events: Events, triggers: Events = NO_TRIGGERS) -> None:  # noqa: ARG002 - an .npy has no place for them
        self._file.write(np.ascontiguousarray(events, self._dtype).tobytes())
        self._total += events.size

    def close(self) -> None:
        if not self._file.closed:
            self._file.seek(0)
            self._file.write(self._header())
            self._file.close()


class NpzWriter:
    """Streams events into an .npy beside the archive, which then takes it in."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self._path, self._size = path, (width, height)
        self._part = path.with_name(path.name + ".npy")
        self._events = NpyWriter(self._part)
        self._triggers: list[Events] = []

    def write(self, events: Events, triggers: Events = NO_TRIGGERS) -> None:
        self._events.write(events)
        if triggers.size:
            self._triggers.append(triggers)

    def close(self) -> None:
        self._events.close()
        try:
            with zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.write(self._part, "events.npy")
                extra = {"width": np.array(self._size[0]), "height": np.array(self._size[1])}
                for name, array in (extra | {"triggers": np.concatenate([NO_TRIGGERS, *self._triggers])}).items():
                    with archive.open(f"{name}.npy", "w") as member:
                        npy.write_array(member, array, allow_pickle=False)
        finally:
            self._part.unlink(missing_ok=True)
