"""Prophesee's event compression (ECF) of HDF5 chunks, decoded here without its plugin, HDF5 filter 36559.

A chunk: u32 = number << 2 | all packed << 1 | columns packed; u64 first time; runs of time; then rows, columns and
polarities, either as runs and masks or packed at 12 or 24 bits an event. Layout: Prophesee, "HDF5 event file format"
and the codec published there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

CHUNK_MAX = 65535
"""Most events of a chunk."""


@njit(cache=True, inline="always")
def _u16(data, i):  # type: ignore[no-untyped-def]
    return np.int64(data[i]) | (np.int64(data[i + 1]) << 8)


@njit(cache=True)
def _ecf_times(data, i, number, out):  # type: ignore[no-untyped-def]
    """Runs: upper nibble a step of 0..14 us, lower the length (15: u16 follows); upper 15 spells a longer step."""
    end = data.size
    if i + 8 > end:
        return -1
    t = np.int64(0)
    for k in range(8):
        t |= np.int64(data[i + k]) << (8 * k)
    i += 8
    n, step, shift = 0, np.int64(0), 0
    while n < number:
        if i >= end:
            return -1
        upper, lower = np.int64(data[i]) >> 4, np.int64(data[i]) & 15
        i += 1
        if upper == 15:
            if shift > 60:
                return -1
            step |= lower << shift
            shift += 4
            continue
        t += step + upper
        step, shift = np.int64(0), 0
        if lower == 15:
            if i + 2 > end:
                return -1
            lower = _u16(data, i)
            i += 2
        if n + lower > number:
            return -1
        for k in range(n, n + lower):
            out[k]["t"] = np.uint64(t)
        n += lower
    return i


@njit(cache=True)
def _ecf_rows(data, i, number, out):  # type: ignore[no-untyped-def]
    n = 0
    while n < number:
        if i + 2 > data.size:
            return -1
        y, run = _u16(data, i) >> 5, _u16(data, i) & 31
        i += 2
        if run == 31:
            if i + 2 > data.size:
                return -1
            run = _u16(data, i)
            i += 2
        if n + run > number:
            return -1
        for k in range(n, n + run):
            out[k]["y"] = np.uint16(y)
        n += run
    return i


@njit(cache=True)
def _ecf_masks(data, i, number, out):  # type: ignore[no-untyped-def]
    """Columns: x in the upper 11 bits and which of the next five fired, the nearest in the highest bit."""
    n = 0
    while n < number:
        if i + 2 > data.size:
            return -1
        word = _u16(data, i)
        i += 2
        out[n]["x"] = np.uint16(word >> 5)
        n += 1
        for k in range(5):
            if word & (16 >> k):
                if n < number:  # the codec leaves arbitrary bits behind the last event
                    out[n]["x"] = np.uint16((word >> 5) + k + 1)
                n += 1
    return i


@njit(cache=True)
def _ecf_signs(data, i, number, out):  # type: ignore[no-untyped-def]
    n = 0
    while n < number:
        if i >= data.size:
            return -1
        on, run = data[i] >> 7 == 1, np.int64(data[i]) & 127
        i += 1
        if run == 127:
            if i + 2 > data.size:
                return -1
            run = _u16(data, i)
            i += 2
        if n + run > number:
            return -1
        for k in range(n, n + run):
            out[k]["p"] = on
        n += run
    return i


@njit(cache=True)
def _ecf_packed(data, i, number, out, bits):  # type: ignore[no-untyped-def]
    """Four values in three words of 16 (12 bits each: x, p) or 32 (24 each: y, x, p), the first value uppermost."""
    wide = 4 if bits == 24 else 2
    for n in range(0, number, 4):
        if i + 3 * wide > data.size:
            return -1
        a, b, c = np.int64(0), np.int64(0), np.int64(0)
        for k in range(wide):
            a |= np.int64(data[i + k]) << (8 * k)
            b |= np.int64(data[i + wide + k]) << (8 * k)
            c |= np.int64(data[i + 2 * wide + k]) << (8 * k)
        i += 3 * wide
        third = bits // 3
        for k in range(min(4, number - n)):
            if k == 0:
                value = a >> third
            elif k == 1:
                value = ((b >> (2 * third)) << third) | (a & ((1 << third) - 1))
            elif k == 2:
                value = ((c >> bits) << (2 * third)) | (b & ((1 << (2 * third)) - 1))
            else:
                value = c & ((1 << bits) - 1)
            out[n + k]["p"] = (value & 1) == 1
            out[n + k]["x"] = np.uint16((value >> 1) & 2047)
            if bits == 24:
                out[n + k]["y"] = np.uint16((value >> 12) & 2047)
    return i


@njit(cache=True)
def ecf_decode(data, out):  # type: ignore[no-untyped-def]
    """Decode one chunk of uint8 into EVENT (CHUNK_MAX,); returns how many events, or -1 if it is damaged."""
    if data.size < 4:
        return -1
    head = _u16(data, 0) | (_u16(data, 2) << 16)
    number = head >> 2
    if number > out.size:
        return -1
    i = _ecf_times(data, 4, number, out)
    if i >= 0 and head & 2:
        i = _ecf_packed(data, i, number, out, 24)
    elif i >= 0:
        i = _ecf_rows(data, i, number, out)
        if i >= 0 and head & 1:
            i = _ecf_packed(data, i, number, out, 12)
        elif i >= 0:
            i = _ecf_masks(data, i, number, out)
            if i >= 0:
                i = _ecf_signs(data, i, number, out)
    return number if i >= 0 else -1
