"""From bytes to frames: the framings of serial skins, each a kernel that resynchronises and counts what it must reject.

None of these devices sends a checksum or a counter, so only damage that shows can be found: a frame of the wrong length
or without its end, or a value that the device cannot mean. A flipped bit inside a plausible value passes unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Frames = NDArray[np.float32]
BUFFER = 1 << 17
MOST = 2048
"""Most frames of one `feed`; more remain in the buffer for the next."""

USED, DAMAGED, SKIPPED, SYNCED = range(4)
_T_HIGH = np.uint32(np.float32(125.0).view(np.uint32))
_T_LOW = np.uint32(np.float32(40.0).view(np.uint32))
_FIELD = np.uint32(np.float32(1e5).view(np.uint32))
_EIGHTH = 1 << 20  # of a doubling, in the bits of a float32
_MAGNITUDE, _SIGN = np.uint32(0x7FFFFFFF), np.uint32(0x80000000)


@njit(cache=True)
def _reject(tally, count, nominal):  # type: ignore[no-untyped-def]
    """Book `count` bytes that were no frame; what comes before the first good frame is only half of one."""
    tally[SKIPPED] += count
    if tally[SYNCED] != 0:
        tally[DAMAGED] += max(1, (count + nominal // 2) // nominal)


@njit(cache=True)
def _word(raw, at):  # type: ignore[no-untyped-def]
    return (
        np.uint32(raw[at])
        | (np.uint32(raw[at + 1]) << np.uint32(8))
        | (np.uint32(raw[at + 2]) << np.uint32(16))
        | (np.uint32(raw[at + 3]) << np.uint32(24))
    )


@njit(cache=True)
def _meant(raw, at, size):  # type: ignore[no-untyped-def]
    """Whether `size` bytes from `at` end in CR LF and hold what chips can measure: -40..125 degrees, below 0.1 T.

    Magnitudes of floats are ordered as their bits are, and what is no number lies above all.
    """
    if raw[at + size - 2] != 13 or raw[at + size - 1] != 10:
        return False
    for k in range(0, size - 2, 4):
        word = _word(raw, at + k)
        magnitude = word & _MAGNITUDE
        if k % 16 == 0:
            if magnitude > (_T_LOW if word & _SIGN else _T_HIGH):
                return False
        elif magnitude > _FIELD:
            return False
    return True


@njit(cache=True)
def _alike(raw, at, start, tally, size):  # type: ignore[no-untyped-def]
    """Whether each chip is as warm as in the last good frame, within an eighth.

    It tells a frame from a shifted look at one, where synchrony was lost; after 8 frames without one, any will do.
    """
    if tally[SYNCED] == 0 or at - start > 8 * size:
        return True
    for chip in range(size // 16):
        if abs(np.int64(_word(raw, at + 16 * chip)) - tally[SYNCED + 1 + chip]) > _EIGHTH:
            return False
    return True


@njit(cache=True)
def magnetic(raw, used, out, tally, spare):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """AnySkin and ReSkin: for each chip temperature, x, y, z as float32 little-endian, then CR LF; no header.

    `out` is the bits of float32 (MOST, 3 chips), temperatures left out.
    """
    chips = out.shape[1] // 3
    size = 16 * chips + 2
    kept = start = 0
    while kept < out.shape[0] and start + size <= used:
        at = start
        while at + size <= used and not (
            _meant(raw, at, size) and (at == start or _alike(raw, at, start, tally, size))
        ):
            at += 1
        if at + size > used:
            break
        if at > start:
            _reject(tally, at - start, size)
        for chip in range(chips):
            tally[SYNCED + 1 + chip] = _word(raw, at + 16 * chip)
            for axis in range(3):
                out[kept, 3 * chip + axis] = _word(raw, at + 16 * chip + 4 * axis + 4)
        tally[SYNCED] = 1
        kept += 1
        start = at + size
    tally[USED] = start
    return kept


@njit(cache=True)
def _uncobs(raw, at, end, out):  # type: ignore[no-untyped-def]
    """Undo consistent overhead byte stuffing (Cheshire and Baker 1999); how many bytes, or -1."""
    made = 0
    while at < end:
        code = np.int64(raw[at])
        if at + code > end or made + code > out.size:
            return -1
        for k in range(1, code):
            out[made] = raw[at + k]
            made += 1
        at += code
        if code < 255 and at < end:
            out[made] = 0
            made += 1
    return made


@njit(cache=True)
def _unslip(raw, at, end, out):  # type: ignore[no-untyped-def]
    """Undo the escapes of SLIP (RFC 1055); how many bytes, or -1."""
    made = 0
    while at < end:
        if made == out.size:
            return -1
        byte = raw[at]
        if byte == 0xDB:
            at += 1
            if at == end or (raw[at] != 0xDC and raw[at] != 0xDD):
                return -1
            byte = np.uint8(0xC0 if raw[at] == 0xDC else 0xDB)
        out[made] = byte
        made += 1
        at += 1
    return made


@njit(cache=True)
def _delimited(raw, used, out, tally, mark, cobs, spare):  # type: ignore[no-untyped-def]
    values = out.shape[1]
    kept = start = 0
    for end in range(used):
        if kept == out.shape[0]:
            break
        if raw[end] != mark:
            continue
        if end > start:
            made = _uncobs(raw, start, end, spare) if cobs else _unslip(raw, start, end, spare)
            if made == 2 * values:
                for k in range(values):
                    out[kept, k] = np.int64(spare[2 * k]) | (np.int64(spare[2 * k + 1]) << 8)
                kept += 1
                tally[SYNCED] = 1
            else:
                _reject(tally, end - start, 2 * values + 2)
        start = end + 1
    tally[USED] = start
    return kept


@njit(cache=True)
def cobs(raw, used, out, tally, spare):  # type: ignore[no-untyped-def]
    """Frames of little-endian u16, COBS-stuffed, each ended by a zero byte; more zeros in between do no harm."""
    return _delimited(raw, used, out, tally, 0, True, spare)


@njit(cache=True)
def slip(raw, used, out, tally, spare):  # type: ignore[no-untyped-def]
    """Frames of little-endian u16, escaped as SLIP, each ended by 0xC0; more of them in between do no harm."""
    return _delimited(raw, used, out, tally, 0xC0, False, spare)


@njit(cache=True)
def _number(raw, at, end):  # type: ignore[no-untyped-def]
    """A decimal number from `at` on: (value, where it ends); ends at `at` if there is none."""
    first, sign, value, digits = at, 1.0, 0.0, 0
    if at < end and (raw[at] == 45 or raw[at] == 43):
        sign = -1.0 if raw[at] == 45 else 1.0
        at += 1
    while at < end and 48 <= raw[at] <= 57:
        value = value * 10.0 + (raw[at] - 48)
        at, digits = at + 1, digits + 1
    if at < end and raw[at] == 46:
        at += 1
        scale = 0.1
        while at < end and 48 <= raw[at] <= 57:
            value += scale * (raw[at] - 48)
            scale *= 0.1
            at, digits = at + 1, digits + 1
    if digits > 0 and at + 1 < end and (raw[at] == 101 or raw[at] == 69):
        power, low, sign_e = 0, at + 1, 1
        if raw[low] == 45 or raw[low] == 43:
            sign_e = -1 if raw[low] == 45 else 1
            low += 1
        if low == end or not 48 <= raw[low] <= 57:
            return 0.0, first
        while low < end and 48 <= raw[low] <= 57:
            power = min(power * 10 + (raw[low] - 48), 1000)
            low += 1
        value *= 10.0 ** (sign_e * power)
        at = low
    return (sign * value, at) if digits > 0 else (0.0, first)


@njit(cache=True)
def _blank(byte):  # type: ignore[no-untyped-def]
    return byte in (32, 9, 13)


@njit(cache=True)
def csv(raw, used, out, tally, spare):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Lines of decimal numbers between commas, semicolons or blanks; empty ones and comments (#) are skipped."""
    values = out.shape[1]
    kept = start = 0
    for end in range(used):
        if kept == out.shape[0]:
            break
        if raw[end] != 10:
            continue
        at, found, good = start, 0, True
        while at < end and _blank(raw[at]):
            at += 1
        comment = at == end or raw[at] == 35
        while not comment and at < end:
            value, after = _number(raw, at, end)
            if after == at or found == values:
                good = False
                break
            out[kept, found] = value
            found += 1
            at = after
            while at < end and _blank(raw[at]):
                at += 1
            if at < end and (raw[at] == 44 or raw[at] == 59):
                at += 1
                while at < end and _blank(raw[at]):
                    at += 1
        if not comment:
            if good and found == values:
                kept += 1
                tally[SYNCED] = end + 1 - start
            else:
                _reject(tally, end + 1 - start, max(tally[SYNCED], 1))
        start = end + 1
    tally[USED] = start
    return kept


Kernel = Callable[[Any, int, Any, Any, Any], int]


class Framing:
    """Cuts a stream of bytes into frames of `values` numbers; `feed` allocates nothing that grows with the bytes.

    Attributes:
        damaged: frames lost to damage, by the bytes that were no frame. skipped: those bytes.
    """

    request: bytes = b""
    """What the host must send for each frame; empty if the device sends by itself."""

    def __init__(self, kernel: Kernel, values: int) -> None:
        self._kernel = kernel
        self._raw = np.zeros(BUFFER, np.uint8)
        self._frames = np.zeros((MOST, values), np.float32)
        self._out = self._frames.view(np.uint32) if kernel is magnetic else self._frames
        self._tally = np.zeros(4 + values, np.int64)
        self._spare = np.zeros(2 * values + 8, np.uint8)
        self._used = 0

    @property
    def damaged(self) -> int:
        return int(self._tally[DAMAGED])

    @property
    def skipped(self) -> int:
        return int(self._tally[SKIPPED])

    def restart(self) -> None:
        """Forget half a frame, as after the device was unplugged."""
        self._used = 0
        self._tally[SYNCED] = 0

    def feed(self, data: bytes) -> Frames:
        """Take bytes in any portions; return the complete frames, float32 (n, values), valid until the next call."""
        if len(data) > BUFFER - self._used:  # no frame in 128 kB: this is not the device it should be
            self._tally[SKIPPED] += self._used
            self._used = 0
            data = data[-BUFFER:]
        self._raw[self._used : self._used + len(data)] = np.frombuffer(data, np.uint8)
        self._used += len(data)
        kept = int(self._kernel(self._raw, self._used, self._out, self._tally, self._spare))
        done = int(self._tally[USED])
        if done:
            self._raw[: self._used - done] = self._raw[done : self._used]
            self._used -= done
        return self._frames[:kept]


class Asked(Framing):
    """A matrix that answers each 'A' with one byte a taxel and nothing else: what is not exactly that is damage.

    A reply is taken when the line is silent after it or, at the latest, when the next is asked for; `late` tells that
    none came in time.
    """

    request = b"A"

    def __init__(self, values: int) -> None:
        super().__init__(csv, values)

    def feed(self, data: bytes) -> Frames:
        self._raw[self._used : self._used + len(data)] = np.frombuffer(data[: BUFFER - self._used], np.uint8)
        self._used += len(data)
        values = self._frames.shape[1]
        if self._used < values:
            return self._frames[:0]
        good = self._used == values
        if good:
            self._frames[0] = self._raw[:values]
        else:
            self._tally[DAMAGED] += 1
            self._tally[SKIPPED] += self._used
        self._used = 0
        return self._frames[: int(good)]

    def late(self) -> None:
        """Give up the reply that is under way; a device that says nothing at all damages nothing."""
        self._tally[DAMAGED] += self._used > 0
        self._tally[SKIPPED] += self._used
        self._used = 0


FRAMINGS: dict[str, Kernel] = {
    "anyskin": magnetic,
    "reskin": magnetic,
    "matrix+cobs": cobs,
    "matrix+slip": slip,
    "matrix+csv": csv,
}


def framing(name: str, values: int) -> Framing:
    """The framing of a device of `PRESETS`, for frames of that many numbers."""
    return Asked(values) if name == "matrix+raw" else Framing(FRAMINGS[name], values)
