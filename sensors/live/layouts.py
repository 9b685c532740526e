"""Events in UDP datagrams: the 13-byte and 8-byte layouts that are about, and our own, which tells what was lost.

* "13": rows of t (u64), x (u16), y (u16), on (u8). "8": t (u32), x (u16), y (upper 15 bits) and on (lowest bit). All
  little-endian, nothing else in the datagram (faery calls them t64_x16_y16_on8 and t32_x16_y15_on1).
* "own": a header of 40 bytes, HEAD, then rows of 8 bytes: dt (i32) from t0, and x (u16), y with on as in "8" for
  events, or number (u8), rising (u8), 0 (u16) for triggers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sensors.signals import EVENT
from sensors.stream import TRIGGER

MAGIC, VERSION = b"GNEV", 1
EVENTS, TRIGGERS, END = 0, 1, 2
"""Kinds of datagrams of our own."""
HEAD = np.dtype(
    [("magic", "S4"), ("version", "u1"), ("kind", "u1"), ("count", "<u2"), ("session", "<u4"), ("sequence", "<u4"),
     ("sent", "<u8"), ("dropped", "<u4"), ("width", "<u2"), ("height", "<u2"), ("t0", "<u8")]
)  # fmt: skip
"""count: of rows. session: drawn by the sender at its start. sequence: of this datagram. sent: events in all datagrams
before.
dropped: events that the sender could not send, so far."""
HEAD_SIZE = HEAD.itemsize
MAGIC_NUMBER = int.from_bytes(MAGIC, "little")
ROW8 = np.dtype([("t", "<u4"), ("x", "<u2"), ("yp", "<u2")])
ROW = np.dtype([("dt", "<i4"), ("x", "<u2"), ("yp", "<u2")])
EDGE = np.dtype([("dt", "<i4"), ("id", "u1"), ("on", "u1"), ("pad", "<u2")])
DATAGRAM = 1440
"""Bytes of a datagram unless asked otherwise: what fits an Ethernet frame."""
WINDOW = 62
"""Datagrams that may overtake one another."""
(SESSION, NEXT, SEEN, SENT, SAID, LOST, TWICE) = range(7)
"""State of `account`: session, next sequence, bits of those seen, events accounted, dropped as said, lost, repeated."""


def guess(datagram: bytes) -> str | None:
    """Which layout a datagram is of, None where it could be more than one."""
    if datagram[:4] == MAGIC:
        return "own"
    size = len(datagram)
    thirteen = size > 0 and size % 13 == 0 and all(on <= 1 for on in datagram[12::13])
    eight = size > 0 and size % 8 == 0
    return None if thirteen == eight else "13" if thirteen else "8"


def fresh_account() -> np.ndarray:
    """State before the first datagram of our own."""
    return np.array([-1, 0, 0, 0, 0, 0, 0], np.int64)


@njit(cache=True)
def account(state, session, sequence, sent, dropped, rows):  # type: ignore[no-untyped-def]
    """Take note of a datagram of our own with `rows` events; returns whether it is new, and counts what is missing.

    Events of a gap count as lost at once, and no longer when their datagram comes late, within WINDOW.
    """
    if session != state[SESSION]:  # a sender that began anew; we may come in midway
        state[SESSION], state[NEXT], state[SEEN], state[SENT], state[SAID] = session, sequence, 0, sent, dropped
    half = np.int64(1) << 31
    ahead = (sequence - state[NEXT] + half) % (2 * half) - half
    if ahead >= 0:
        state[LOST] += sent - state[SENT] + dropped - state[SAID]
        state[SENT], state[SAID] = sent + rows, dropped
        state[SEEN] = ((state[SEEN] << (ahead + 1)) | 1) & ((np.int64(1) << WINDOW) - 1) if ahead < WINDOW else 1
        state[NEXT] = (sequence + 1) % (2 * half)
        return True
    back = -ahead - 1
    if back >= WINDOW or (state[SEEN] >> back) & 1:
        state[TWICE] += 1
        return False
    state[SEEN] |= np.int64(1) << back
    state[LOST] -= rows
    return True


@njit(cache=True)
def _number(data, at, size):  # type: ignore[no-untyped-def]
    value = np.int64(0)
    for k in range(size):
        value |= np.int64(data[at + k]) << (8 * k)
    return value


@njit(cache=True)
def decode_own(data, lengths, state, events, edges):  # type: ignore[no-untyped-def]
    """Datagrams of our own, one behind the other in `data`; returns (events, triggers, malformed datagrams, ended)."""
    at, n, m, malformed, ended = 0, 0, 0, 0, False
    for i in range(lengths.size):
        start, at = at, at + lengths[i]
        if lengths[i] < HEAD_SIZE or _number(data, start, 4) != MAGIC_NUMBER or data[start + 4] != VERSION:
            malformed += 1
            continue
        kind, count = data[start + 5], _number(data, start + 6, 2)
        if kind > END or HEAD_SIZE + 8 * count != lengths[i]:
            malformed += 1
            continue
        sent, dropped = _number(data, start + 16, 8), _number(data, start + 24, 4)
        rows = count if kind == EVENTS else 0
        if not account(state, _number(data, start + 8, 4), _number(data, start + 12, 4), sent, dropped, rows):
            continue
        t0 = _number(data, start + 32, 8)
        for row in range(start + HEAD_SIZE, at, 8):
            dt = _number(data, row, 4)
            t = np.uint64(t0 + (dt - (np.int64(1) << 32) if dt >= (np.int64(1) << 31) else dt))
            if kind == EVENTS:
                yp = _number(data, row + 6, 2)
                events[n]["t"] = t
                events[n]["x"] = np.uint16(_number(data, row + 4, 2))
                events[n]["y"] = np.uint16(yp >> 1)
                events[n]["p"] = (yp & 1) == 1
                n += 1
            else:
                edges[m]["t"] = t
                edges[m]["id"] = data[row + 4]
                edges[m]["on"] = data[row + 5] > 0
                m += 1
        ended |= kind == END
    return n, m, malformed, ended


@njit(cache=True)
def events_to_rows(events, t0, out):  # type: ignore[no-untyped-def]
    """EVENT (n,) to ROW (n,); returns how many, since times further than 31 bits from t0 need a new datagram."""
    n = min(events.size, out.size)
    for i in range(n):
        dt = np.int64(events[i]["t"]) - np.int64(t0)
        if dt > 0x7FFFFFFF or dt < -0x7FFFFFFF:
            return i
        out[i]["dt"] = np.int32(dt)
        out[i]["x"] = events[i]["x"]
        out[i]["yp"] = np.uint16((np.int64(events[i]["y"]) << 1) | (1 if events[i]["p"] else 0))
    return n


@njit(cache=True)
def rows8_to_events(rows, state, out):  # type: ignore[no-untyped-def]
    """ROW8 (n,) to EVENT (n,); state: laps of 2**32 us and the last time."""
    for i in range(rows.size):
        t = np.int64(rows[i]["t"])
        if t < state[1] - (np.int64(1) << 31):
            state[0] += 1
        elif t > state[1] + (np.int64(1) << 31) and state[0] > 0:
            state[0] -= 1
        state[1] = t
        out[i]["t"] = np.uint64((state[0] << 32) | t)
        out[i]["x"] = rows[i]["x"]
        out[i]["y"] = np.uint16(rows[i]["yp"] >> 1)
        out[i]["p"] = (rows[i]["yp"] & 1) == 1


def events_to_bytes(events: np.ndarray, layout: str) -> bytes:
    """EVENT (n,) as rows of layout "13" or "8"."""
    if layout == "13":
        return np.ascontiguousarray(events, EVENT).tobytes()
    rows = np.empty(events.size, ROW8)
    rows["t"] = events["t"] & np.uint64(0xFFFFFFFF)
    rows["x"], rows["yp"] = events["x"], (events["y"] << 1) | events["p"]
    return rows.tobytes()


def warm() -> None:
    """Compile what a receiver runs, before there is a socket that fills meanwhile."""
    nothing = np.zeros(0, np.int64)
    decode_own(np.zeros(0, np.uint8), nothing, fresh_account(), np.zeros(0, EVENT), np.zeros(0, TRIGGER))
    rows8_to_events(np.zeros(0, ROW8), np.zeros(2, np.int64), np.zeros(0, EVENT))
