"""Prophesee's raw words: EVT2, EVT2.1 in both word orders, EVT3, and DAT records, to EVENTs and triggers.

Each kernel reads words until they end or its output is nearly full, and carries what goes on to the next words in an
int64 state. A word that is no event, trigger, time or vendor word is skipped and counted, since the next one stands on
its own. Layouts: Prophesee, "Data encoding formats" (EVT 2.0, EVT 2.1, EVT 3.0, DAT).
"""

from __future__ import annotations

import numpy as np
from numba import njit

(HIGH, LAPS, KNOWN, Y, LOW, BASE, ON, BAD, FIRST_BAD, SEEN, EARLY) = range(11)
"""State: time word, its wraps, whether one was seen, row, low time, vector base and polarity, bad words, the first of
them, words seen, and those before the first time, which nobody can date."""
STATE = 11
SLACK = 40
"""Room that one word may need in the output: 32 events of an EVT2.1 vector."""


def fresh_state() -> np.ndarray:
    """State before the first word."""
    state = np.zeros(STATE, np.int64)
    state[FIRST_BAD] = -1
    return state


@njit(cache=True, inline="always")
def _bad(state, i):  # type: ignore[no-untyped-def]
    if not state[KNOWN]:
        state[EARLY] += 1
        return
    state[BAD] += 1
    if state[FIRST_BAD] < 0:
        state[FIRST_BAD] = state[SEEN] + i


@njit(cache=True, inline="always")
def _advance(state, high, bits):  # type: ignore[no-untyped-def]
    """Take a new high time word: a fall by more than half the range began a new lap, a rise by over 7/8 went back one.

    Sensor time may step back a little, also over the end of a lap; a silence of 7/8 of a lap is not told from it.
    """
    if state[KNOWN]:
        step = high - state[HIGH]
        if step < -(1 << (bits - 1)):
            state[LAPS] += 1
        elif step > 7 << (bits - 3) and state[LAPS] > 0:
            state[LAPS] -= 1
    state[HIGH] = high
    state[KNOWN] = 1


@njit(cache=True, inline="always")
def _put(out, n, t, x, y, on):  # type: ignore[no-untyped-def]
    out[n]["t"] = np.uint64(t)
    out[n]["x"] = np.uint16(x)
    out[n]["y"] = np.uint16(y)
    out[n]["p"] = on


@njit(cache=True, inline="always")
def _edge(triggers, m, t, number, on):  # type: ignore[no-untyped-def]
    triggers[m]["t"] = np.uint64(t)
    triggers[m]["id"] = np.uint8(number)
    triggers[m]["on"] = on


@njit(cache=True)
def evt2(words, state, out, triggers):  # type: ignore[no-untyped-def]
    """Decode uint32 words; returns (words used, events, triggers).

    Type in bits 31:28: 0 off, 1 on, 8 upper 28 bits of time, 10 trigger, 14 and 15 vendor. Time low 27:22, x 21:11, y
    10:0.
    """
    n, m, i = 0, 0, 0
    while i < words.size and n < out.size - SLACK and m < triggers.size:
        word = np.int64(words[i])
        kind = word >> 28
        t = (((state[LAPS] << 28) | state[HIGH]) << 6) | ((word >> 22) & 63)
        if kind == 8:
            _advance(state, word & 0xFFFFFFF, 28)
        elif kind <= 1 and state[KNOWN]:
            _put(out, n, t, (word >> 11) & 2047, word & 2047, kind == 1)
            n += 1
        elif kind == 10 and state[KNOWN]:
            _edge(triggers, m, t, (word >> 8) & 31, (word & 1) == 1)
            m += 1
        elif kind < 14:
            _bad(state, i)
        i += 1
    state[SEEN] += i
    return i, n, m


@njit(cache=True)
def evt21(words, state, out, triggers):  # type: ignore[no-untyped-def]
    """Decode uint64 words, the upper half as in EVT2, the lower a mask of 32 pixels from x on; returns as `evt2`."""
    n, m, i = 0, 0, 0
    while i < words.size and n < out.size - SLACK and m < triggers.size:
        word = np.int64(words[i] >> np.uint64(32))
        mask = np.int64(words[i] & np.uint64(0xFFFFFFFF))
        kind = word >> 28
        t = (((state[LAPS] << 28) | state[HIGH]) << 6) | ((word >> 22) & 63)
        if kind == 8:
            _advance(state, word & 0xFFFFFFF, 28)
        elif kind <= 1 and state[KNOWN]:
            x, y = (word >> 11) & 2047, word & 2047
            while mask:
                if mask & 1:
                    _put(out, n, t, x, y, kind == 1)
                    n += 1
                mask >>= 1
                x += 1
        elif kind == 10 and state[KNOWN]:
            _edge(triggers, m, t, (word >> 8) & 31, (word & 1) == 1)
            m += 1
        elif kind < 14:
            _bad(state, i)
        i += 1
    state[SEEN] += i
    return i, n, m


@njit(cache=True)
def evt3(words, state, out, triggers):  # type: ignore[no-untyped-def]
    """Decode uint16 words; returns as `evt2`.

    Type in bits 15:12: 0 row, 2 one event, 3 base of a vector, 4 and 5 vectors of 12 and 8 pixels, 6 lower and 8 upper
    12 bits of time, 10 trigger, 7, 14 and 15 vendor. A time high puts the low bits to 0 until the time low that follows
    it.
    """
    n, m, i = 0, 0, 0
    t = (((state[LAPS] << 12) | state[HIGH]) << 12) | state[LOW]
    while i < words.size and n < out.size - SLACK and m < triggers.size:
        word = np.int64(words[i])
        kind, value = word >> 12, word & 0xFFF
        if kind == 2 and state[KNOWN]:
            _put(out, n, t, word & 2047, state[Y], (word & 2048) != 0)
            n += 1
        elif 4 <= kind <= 5 and state[KNOWN]:
            bits = 12 if kind == 4 else 8
            x, y, on = state[BASE], state[Y], state[ON] == 1
            for k in range(bits):
                if word & (1 << k):
                    _put(out, n, t, x + k, y, on)
                    n += 1
            state[BASE] += bits
        elif kind == 0:
            state[Y] = word & 2047
        elif kind == 3:
            state[BASE] = word & 2047
            state[ON] = (word >> 11) & 1
        elif kind == 6:
            state[LOW] = value
            t = (((state[LAPS] << 12) | state[HIGH]) << 12) | value
        elif kind == 8:
            if value != state[HIGH] or not state[KNOWN]:
                _advance(state, value, 12)
                state[LOW] = 0
                t = ((state[LAPS] << 12) | value) << 12
        elif kind == 10 and state[KNOWN]:
            _edge(triggers, m, t, (word >> 8) & 15, (word & 1) == 1)
            m += 1
        elif kind in (1, 2, 4, 5, 9, 10, 11, 12, 13):
            _bad(state, i)
        i += 1
    state[SEEN] += i
    return i, n, m


@njit(cache=True)
def dat(records, wide, state, out, triggers):  # type: ignore[no-untyped-def]
    """Decode uint32 (n, 2) records of time and address, times on laps of 2**32 us; returns as `evt2`.

    wide: type 12, x 13:0, y 27:14, polarity 31:28; otherwise type 0 (N-CARS), x 8:0, y 16:9, polarity 17.
    """
    n, i = 0, 0
    while i < records.shape[0] and n < out.size - SLACK and triggers.size > 0:
        low, address = np.int64(records[i, 0]), np.int64(records[i, 1])
        _advance(state, low, 32)
        t = (state[LAPS] << 32) | low
        if wide and (address >> 28) <= 1:
            _put(out, n, t, address & 0x3FFF, (address >> 14) & 0x3FFF, (address >> 28) == 1)
            n += 1
        elif not wide and (address >> 18) == 0:
            _put(out, n, t, address & 511, (address >> 9) & 255, (address >> 17) == 1)
            n += 1
        else:
            _bad(state, i)
        i += 1
    state[SEEN] += i
    return i, n, 0
