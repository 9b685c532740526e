"""Files of Prophesee cameras (.raw in EVT2, EVT2.1, EVT3; .dat): header, word order, and packets of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import EVENT
from sensors.stream import PACKET, TRIGGER, Counters, Damage, Events, Origin, Packets

from . import words as evt

Kernel = Callable[..., tuple[int, int, int]]
Turn = Callable[[NDArray[Any]], NDArray[Any]]
LINES_MAX = 1 << 16
"""Longest header, in bytes."""
READ = 1 << 20
"""Bytes read at a time."""
FORMS = ("evt2", "evt21", "evt3")


def read_header(file: BinaryIO) -> dict[str, str]:
    """Lines "% key value" up to "% end" or to the first that does not begin so; leaves the file at the data."""
    found: dict[str, str] = {}
    while file.tell() < LINES_MAX:
        start = file.tell()
        line = file.readline(LINES_MAX)
        try:
            text = line.decode("ascii")
        except UnicodeDecodeError:
            text = ""
        if not text.startswith("%") or not text.endswith("\n"):
            file.seek(start)
            break
        key, _, value = text[1:].strip().partition(" ")
        if key == "end":
            found["end"] = ""
            break
        found[key.lower()] = value.strip()
    return found


def _size(header: dict[str, str]) -> tuple[int | None, int | None]:
    fields = dict(part.partition("=")[::2] for part in header.get("format", "").split(";"))
    pairs = [(fields.get("width", ""), fields.get("height", "")), (header.get("width", ""), header.get("height", ""))]
    width, _, height = header.get("geometry", "").partition("x")
    pairs.append((width, height))
    for wide, high in pairs:
        if wide.isdigit() and high.isdigit() and 0 < int(wide) <= 65535 and 0 < int(high) <= 65535:
            return int(wide), int(high)
    return None, None


def _start_us(header: dict[str, str]) -> int:
    """The header's t0, which faery and our writer use for what their words cannot hold."""
    value = header.get("t0", "")
    return int(value) if value.isdigit() and len(value) < 19 else 0


def form_of(header: dict[str, str]) -> str | None:
    """Which words follow, as far as the header of a .raw tells: "evt2", "evt21", "evt3"."""
    named = header.get("format", "").split(";")[0].lower().replace(".", "")
    version = {"20": "evt2", "2": "evt2", "21": "evt21", "30": "evt3", "3": "evt3"}.get(
        header.get("evt", "").replace(".", "")
    )
    return named if named in FORMS else version


def is_swapped(sample: NDArray[np.uint64], legacy: bool = False) -> bool:
    """Whether the halves of EVT2.1 words are swapped: the order under which the type bits make sense, else `legacy`."""
    known = np.zeros(16, bool)
    known[[0, 1, 8, 10, 14, 15]] = True
    right = int(known[(sample >> np.uint64(60)).astype(int)].sum())
    swapped = int(known[((sample >> np.uint64(28)) & np.uint64(15)).astype(int)].sum())
    return legacy if right == swapped else swapped > right


def unswap(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (words >> np.uint64(32)) | (words << np.uint64(32))


def open_raw(path: Path, form: str | None) -> Origin:
    """A .raw file; `form` overrules the header.

    Raises:
        UserError: the header does not name its words.
    """
    with path.open("rb") as file:
        header = read_header(file)
        offset = file.tell()
        form = form or form_of(header)
        if form is None:
            raise UserError(f"{path}: the header does not tell EVT2, EVT2.1 or EVT3; name it with --format evt3")
        sample = np.frombuffer(file.read(8 * 4096), np.uint8)
    if not sample.size and "end" not in header:
        raise UserError(f"{path}: the file ends within its header, at byte {offset}; get a whole copy")
    counters = Counters()
    packets = words_to_packets(path, offset, *_reading(form, sample, header), counters, _start_us(header))
    sensor = " ".join(header[k] for k in ("camera", "sensor_name", "sensor_generation", "generation") if k in header)
    return Origin(form, packets, _size(header), sensor, _start_us(header), counters)


def _reading(form: str, sample: NDArray[np.uint8], header: dict[str, str]) -> tuple[np.dtype[Any], Kernel, Turn | None]:
    """The words of a format, their kernel, and what to do to them first."""
    if form == "evt2":
        return np.dtype("<u4"), evt.evt2, None
    if form == "evt3":
        return np.dtype("<u2"), evt.evt3, None
    swapped = is_swapped(
        sample[: sample.size // 8 * 8].view("<u8"), "endianness=legacy" in header.get("format", "").lower()
    )
    return np.dtype("<u8"), evt.evt21, unswap if swapped else None


def open_dat(path: Path) -> Origin:
    """A .dat file of types 12 (CD) and 0 (2d, as in N-CARS).

    Raises:
        UserError: records of another type or size.
    """
    with path.open("rb") as file:
        header = read_header(file)
        kind = file.read(2)
        offset = file.tell()
    if len(kind) < 2 or kind[0] not in (0, 12) or kind[1] != 8:
        found = f"type {kind[0]} and size {kind[1]}" if len(kind) > 1 else "no type"
        raise UserError(
            f"{path}: DAT records of {found}, expected type 12 (CD) or 0 (2d) of 8 bytes; get a file of events"
        )
    counters = Counters()
    kernel = partial(_dat, kind[0] == 12)
    packets = words_to_packets(path, offset, np.dtype("<u8"), kernel, None, counters, _start_us(header))
    return Origin("dat" if kind[0] else "dat2d", packets, _size(header), "", _start_us(header), counters)


def _dat(wide: bool, words: NDArray[Any], state: Any, out: Any, triggers: Any) -> tuple[int, int, int]:
    used, events, edges = evt.dat(words.view("<u4").reshape(-1, 2), wide, state, out, triggers)
    return int(used), int(events), int(edges)


class WordDecoder:
    """Turns words that come in pieces into packets; what a kernel must remember goes on from piece to piece."""

    def __init__(self, kernel: Kernel, turn: Turn | None = None, start_us: int = 0) -> None:
        self.state = evt.fresh_state()
        self._kernel, self._turn, self._start_us = kernel, turn, np.uint64(start_us)
        self._out: Events = np.empty(PACKET + evt.SLACK, EVENT)
        self._triggers: Events = np.empty(4096, TRIGGER)

    def decode(self, words: NDArray[Any]) -> Packets:
        """Yield what `words` hold."""
        piece = words if self._turn is None else self._turn(words)
        while piece.size:
            used, n, m = self._kernel(piece, self.state, self._out, self._triggers)
            if n or m:
                events, edges = self._out[:n], self._triggers[:m].copy()
                if 2 * n > self._out.size:  # its reader's from now on; a copy would cost as much as decoding
                    self._out = np.empty(PACKET + evt.SLACK, EVENT)
                else:
                    events = events.copy()
                if self._start_us:
                    events["t"] += self._start_us
                    edges["t"] += self._start_us
                yield events, edges
            piece = piece[used:]


def words_to_packets(
    path: Path,
    offset: int,
    word: np.dtype[Any],
    kernel: Kernel,
    turn: Turn | None,
    counters: Counters,
    start_us: int = 0,
) -> Packets:
    """Decode the words of a file from byte `offset` on, a bounded piece at a time; times begin at `start_us`."""
    decoder = WordDecoder(kernel, turn, start_us)
    state = decoder.state
    for words, rest in _pieces(path, offset, word):
        yield from decoder.decode(words)
        if rest:
            counters.dropped += int(state[evt.EARLY])
            end = offset + int(state[evt.SEEN]) * word.itemsize
            raise Damage(f"the last word has {rest} of {word.itemsize} bytes", end, int(state[evt.BAD]))
    early, bad = int(state[evt.EARLY]), int(state[evt.BAD])
    counters.dropped += early
    if early and not state[evt.KNOWN]:
        raise Damage(f"no time in any of {int(state[evt.SEEN])} words, the first", offset)
    if bad:
        first = offset + int(state[evt.FIRST_BAD]) * word.itemsize
        raise Damage(f"{bad} of {int(state[evt.SEEN])} words make no sense and were left out, the first", first, bad)


def _pieces(path: Path, offset: int, word: np.dtype[Any]) -> Iterator[tuple[NDArray[Any], int]]:
    room = bytearray(READ)
    with path.open("rb") as file:
        file.seek(offset)
        while True:
            size = file.readinto(room)
            rest = size % word.itemsize
            if size:
                yield np.frombuffer(room, word, (size - rest) // word.itemsize), rest
            if size < READ:
                return
