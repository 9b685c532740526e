"""Prophesee's event compression the other way: files to measure and to test its decoder with, in all its packings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.stream import Events

PACKINGS = ("runs", "columns", "all")


def ecf_chunk(events: Events, packing: str) -> bytes:
    """One chunk of Prophesee's code, written anew from its description; packing "runs", "columns" or "all"."""
    n = events.size
    out = bytearray((n << 2 | {"runs": 0, "columns": 1, "all": 2}[packing]).to_bytes(4, "little"))
    out += int(events["t"][0]).to_bytes(8, "little")
    now = int(events["t"][0])
    for t, run in _runs(events["t"]):
        step, now = t - now, t
        if step >= 15:
            while step:
                out.append(0xF0 | step & 15)
                step >>= 4
        out += bytes([step << 4 | run]) if run < 15 else bytes([step << 4 | 15, run & 255, run >> 8])
    if packing == "all":
        return bytes(out + _packed((events["y"].astype(int) << 12) | (events["x"].astype(int) << 1) | events["p"], 24))
    for y, run in _runs(events["y"]):
        words = [y << 5 | run] if run < 31 else [y << 5 | 31, run]
        out += np.array(words, "<u2").tobytes()
    if packing == "columns":
        return bytes(out + _packed((events["x"].astype(int) << 1) | events["p"], 12))
    k = 0
    columns = events["x"].tolist()
    while k < n:
        word, x, k = columns[k] << 5, columns[k], k + 1
        for j in range(5):
            if k < n and columns[k] == x + j + 1:
                word, k = word | 16 >> j, k + 1
        if k == n:
            word |= 1  # what the codec may leave behind the last event
        out += word.to_bytes(2, "little")
    for p, run in _runs(events["p"]):
        out += bytes([p << 7 | run]) if run < 127 else bytes([p << 7 | 127, run & 255, run >> 8])
    return bytes(out)


def _runs(values: NDArray[Any]) -> list[tuple[int, int]]:
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    return [(int(values[a]), int(b - a)) for a, b in zip(starts, np.r_[starts[1:], values.size], strict=True)]


def _packed(values: NDArray[Any], bits: int) -> bytes:
    """Four values of `bits` in three words, the first uppermost."""
    wide, third = (32, 8) if bits == 24 else (16, 4)
    padded = np.zeros(-(-values.size // 4) * 4, np.int64)
    padded[: values.size] = values
    a, b, c, d = padded.reshape(-1, 4).T
    words = np.stack([
        (a << third) | (b & ((1 << third) - 1)),
        ((b >> third) << (2 * third)) | (c & ((1 << 2 * third) - 1)),
        ((c >> 2 * third) << bits) | d,
    ], axis=1)  # fmt: skip
    return words.astype(f"<u{wide // 8}").tobytes()


def write_metavision(path: Path, events: Events, packings: tuple[str, ...], chunk: int = 16384) -> None:
    """A Metavision HDF5 of 640 x 480 pixels with EVENT (n,), its chunks coded in these ways in turn; needs h5py."""
    import h5py

    row = np.dtype({"names": ["x", "y", "p", "t"], "formats": ["<u2", "<u2", "<i2", "<i8"], "offsets": [0, 2, 4, 8],
                    "itemsize": 16})  # fmt: skip
    with h5py.File(path, "w") as file:
        file.attrs["geometry"] = "640x480"
        space = h5py.h5s.create_simple((events.size,), (h5py.h5s.UNLIMITED,))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((chunk,))
        plist.set_filter(36559, h5py.h5z.FLAG_OPTIONAL, ())
        group = file.create_group("CD")
        data = h5py.h5d.create(group.id, b"events", h5py.h5t.py_create(row), space, plist)
        for k, at in enumerate(range(0, events.size, chunk)):
            data.write_direct_chunk((at,), ecf_chunk(events[at : at + chunk], packings[k % len(packings)]), 0)
