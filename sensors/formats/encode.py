"""EVENTs to the words and bytes of files: the inverse of `words.py` and of the readers of text and .es.

Each kernel encodes until what it is given ends or its output is nearly full, returns (events used, triggers used, items
written), and carries what goes on to the next events in an int64 state, -1 where nothing was written yet. Layouts: see
the readers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

(HIGH, LOW, Y) = range(3)
STATE = 3
SLACK = 64
"""Room that one event may need: 20 digits of time and what follows it."""


def fresh_state() -> np.ndarray:
    return np.full(STATE, -1, np.int64)


@njit(cache=True, inline="always")
def _next_high(now, aim, back, ahead):  # type: ignore[no-untyped-def]
    """Next high time to write on the way to `aim`, in steps that no reader of its low bits mistakes for another lap."""
    if now < 0:
        return aim
    return min(max(aim, now - back), now + ahead)


@njit(cache=True, inline="always")
def _edge_next(events, i, triggers, j):  # type: ignore[no-untyped-def]
    return j < triggers.size and (i >= events.size or triggers[j]["t"] < events[i]["t"])


@njit(cache=True)
def evt2(events, triggers, state, out):  # type: ignore[no-untyped-def]
    """EVENTs and TRIGGERs to uint32 words of EVT2."""
    i, j, n = 0, 0, 0
    while (i < events.size or j < triggers.size) and n < out.size - SLACK:
        edge = _edge_next(events, i, triggers, j)
        t = np.int64(triggers[j]["t"]) if edge else np.int64(events[i]["t"])
        if t >> 6 != state[HIGH]:
            state[HIGH] = _next_high(state[HIGH], t >> 6, np.int64(1) << 25, np.int64(1) << 26)
            out[n] = np.uint32((8 << 28) | (state[HIGH] & 0xFFFFFFF))
        elif edge:
            out[n] = np.uint32((10 << 28) | ((t & 63) << 22) | (np.int64(triggers[j]["id"]) << 8) | triggers[j]["on"])
            j += 1
        else:
            on = 1 if events[i]["p"] else 0
            out[n] = np.uint32(
                (on << 28) | ((t & 63) << 22) | (np.int64(events[i]["x"]) << 11) | np.int64(events[i]["y"])
            )
            i += 1
        n += 1
    return i, j, n


@njit(cache=True)
def evt21(events, triggers, state, out):  # type: ignore[no-untyped-def]
    """EVENTs and TRIGGERs to uint64 words of EVT2.1; neighbours of one time, row and polarity share a word."""
    i, j, n = 0, 0, 0
    while (i < events.size or j < triggers.size) and n < out.size - SLACK:
        edge = _edge_next(events, i, triggers, j)
        t = np.int64(triggers[j]["t"]) if edge else np.int64(events[i]["t"])
        if t >> 6 != state[HIGH]:
            state[HIGH] = _next_high(state[HIGH], t >> 6, np.int64(1) << 25, np.int64(1) << 26)
            out[n] = np.uint64((8 << 28) | (state[HIGH] & 0xFFFFFFF)) << np.uint64(32)
            n += 1
            continue
        if edge:
            upper = (10 << 28) | ((t & 63) << 22) | (np.int64(triggers[j]["id"]) << 8) | triggers[j]["on"]
            out[n] = np.uint64(upper) << np.uint64(32)
            j += 1
            n += 1
            continue
        x, y, on = np.int64(events[i]["x"]), np.int64(events[i]["y"]), events[i]["p"]
        base, last, mask = x & ~31, x, np.int64(1) << (x & 31)
        i += 1
        while i < events.size and events[i]["t"] == t and events[i]["y"] == y and events[i]["p"] == on:
            x = np.int64(events[i]["x"])
            if x <= last or x > (base | 31):
                break
            mask |= np.int64(1) << (x & 31)
            last = x
            i += 1
        upper = ((1 if on else 0) << 28) | ((t & 63) << 22) | (base << 11) | y
        out[n] = (np.uint64(upper) << np.uint64(32)) | np.uint64(mask)
        n += 1
    return i, j, n


@njit(cache=True)
def evt3(events, triggers, state, out):  # type: ignore[no-untyped-def]
    """EVENTs and TRIGGERs to uint16 words of EVT3, one word an event where time and row stay; no vectors.

    A silence is filled with every high time in between, as sensors do: readers that count laps by a step from the last
    high time to the first lose count otherwise (faery 0.7.1 and evt3 0.4.1 do).
    """
    i, j, n = 0, 0, 0
    while (i < events.size or j < triggers.size) and n < out.size - SLACK:
        edge = _edge_next(events, i, triggers, j)
        t = np.int64(triggers[j]["t"]) if edge else np.int64(events[i]["t"])
        if t >> 12 != state[HIGH]:
            state[HIGH] = _next_high(state[HIGH], t >> 12, np.int64(512), np.int64(1))
            state[LOW] = 0
            out[n] = np.uint16((8 << 12) | (state[HIGH] & 0xFFF))
            n += 1
            continue
        if t & 0xFFF != state[LOW]:
            state[LOW] = t & 0xFFF
            out[n] = np.uint16((6 << 12) | state[LOW])
            n += 1
        if edge:
            out[n] = np.uint16((10 << 12) | (np.int64(triggers[j]["id"]) << 8) | triggers[j]["on"])
            j += 1
            n += 1
            continue
        y = np.int64(events[i]["y"])
        if y != state[Y]:
            state[Y] = y
            out[n] = np.uint16(y)
            n += 1
        out[n] = np.uint16((2 << 12) | ((1 if events[i]["p"] else 0) << 11) | np.int64(events[i]["x"]))
        n += 1
        i += 1
    return i, j, n


@njit(cache=True)
def dat(events, triggers, _state, out):  # type: ignore[no-untyped-def]
    """EVENTs to uint64 records of DAT type 12, time in the lower half."""
    n = min(events.size, out.size)
    for i in range(n):
        on = 1 if events[i]["p"] else 0
        address = (on << 28) | (np.int64(events[i]["y"]) << 14) | np.int64(events[i]["x"])
        out[i] = (np.uint64(address) << np.uint64(32)) | (events[i]["t"] & np.uint64(0xFFFFFFFF))
    return n, triggers.size, n


@njit(cache=True)
def es(events, triggers, state, out):  # type: ignore[no-untyped-def]
    """EVENTs to bytes of Event Stream type DVS, no place for triggers; rows are already counted from the bottom."""
    i, n = 0, 0
    state[HIGH] = max(state[HIGH], 0)
    while i < events.size and n < out.size - SLACK:
        wait = np.int64(events[i]["t"]) - state[HIGH]
        if wait >= 127:
            out[n] = 0xFF
            n += 1
            state[HIGH] += 127
            continue
        x, y = np.int64(events[i]["x"]), np.int64(events[i]["y"])
        out[n] = np.uint8((wait << 1) | (1 if events[i]["p"] else 0))
        out[n + 1], out[n + 2] = np.uint8(x & 255), np.uint8(x >> 8)
        out[n + 3], out[n + 4] = np.uint8(y & 255), np.uint8(y >> 8)
        state[HIGH] += wait
        n += 5
        i += 1
    return i, triggers.size, n


@njit(cache=True, inline="always")
def _digits(value, out, n):  # type: ignore[no-untyped-def]
    power = np.int64(1)
    while power <= value // 10:
        power *= 10
    while power:
        out[n] = np.uint8(48 + value // power % 10)
        n += 1
        power //= 10
    return n


@njit(cache=True)
def csv(events, triggers, _state, out):  # type: ignore[no-untyped-def]
    """EVENTs to lines "t,x,y,p"."""
    i, n = 0, 0
    while i < events.size and n < out.size - SLACK:
        n = _digits(np.int64(events[i]["t"]), out, n)
        out[n] = 44
        n = _digits(np.int64(events[i]["x"]), out, n + 1)
        out[n] = 44
        n = _digits(np.int64(events[i]["y"]), out, n + 1)
        out[n] = 44
        out[n + 1] = 49 if events[i]["p"] else 48
        out[n + 2] = 10
        n += 3
        i += 1
    return i, triggers.size, n
