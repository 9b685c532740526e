"""Lines of text (.csv, .txt) of t, x, y and p in any order and unit that is about."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numba import njit

from sensors.errors import UserError
from sensors.stream import Origin

from .pieces import bytes_to_packets

NUMBER = re.compile(rb"^[-+\d.,;\s]+$")
COLUMNS = {"t": 0, "ts": 0, "time": 0, "timestamp": 0, "x": 1, "y": 2, "p": 3, "on": 3, "pol": 3, "polarity": 3}


@njit(cache=True)
def _lines(data, state, out):  # type: ignore[no-untyped-def]  # noqa: PLR0911 - one a fault
    """Lines of four numbers to EVENTs; state: columns of t, x, y, p, and 1 for seconds; returns as `_es`."""
    n, i = 0, 0
    values = np.zeros(4, np.int64)
    while i < data.size and n < out.size:
        start, column, seen, negative, places = i, 0, False, False, -1
        values[:] = 0
        whole = False
        while i < data.size:
            c = data[i]
            if 48 <= c <= 57:
                if places < 6 or not state[4]:  # what is finer than a microsecond is cut off
                    if values[column] > 900_000_000_000_000_000:
                        return start, n, start
                    values[column] = values[column] * 10 + (c - 48)
                    places += places >= 0
                seen = True
            elif c == 45 and not seen and not negative:
                negative = True
            elif c == 46 and column == state[0] and state[4] and places < 0:
                places = 0
            elif c in (44, 59, 32, 9, 10, 13):
                if seen:
                    if column == state[0] and state[4]:
                        if values[column] > 9_000_000_000_000:
                            return start, n, start
                        for _ in range(6 - max(places, 0)):
                            values[column] *= 10
                    if negative and column != state[3]:
                        return start, n, start
                    if negative:
                        values[column] = 0
                    column += 1
                    seen, negative, places = False, False, -1
                elif negative or (c == 44 and column == 0):
                    return start, n, start
                if c == 10:
                    whole = True
                    i += 1
                    break
                if column == 4 and c not in (32, 9, 13):
                    return start, n, start
            else:
                return start, n, start
            if column > 4 or (column == 4 and seen):
                return start, n, start
            i += 1
        if not whole:
            return start, n, -1
        if column == 0:
            continue
        if column != 4:
            return start, n, start
        if values[state[1]] > 65535 or values[state[2]] > 65535 or values[state[3]] > 1:
            return start, n, start
        out[n]["t"] = np.uint64(values[state[0]])
        out[n]["x"] = np.uint16(values[state[1]])
        out[n]["y"] = np.uint16(values[state[2]])
        out[n]["p"] = values[state[3]] == 1
        n += 1
    return i, n, -1


def _is_row(line: bytes) -> bool:
    return bool(NUMBER.match(line)) and len(re.split(rb"[,;\s]+", line.strip())) == 4


def open_text(path: Path) -> Origin:
    """Lines of t, x, y, p in the order that the header names; without one, p last or third (x, y, p, t) by its values.

    Times with a decimal point are seconds, others microseconds. Separators are commas, semicolons, spaces or tabs. A
    line
    "%geometry:640,480" (as Prophesee's tools write) or names x@640 and y@480 (as faery writes) tell the geometry.

    Raises:
        UserError: neither a header nor rows of four numbers that allow one reading.
    """
    order: list[int] | None = None
    width = height = None
    rows: list[list[bytes]] = []
    with path.open("rb") as file:
        offset = 0
        while len(rows) < 1000 and (line := file.readline(4096)):
            text = line.strip()
            if _is_row(text):
                rows.append(re.split(rb"[,;\s]+", text))
            elif rows or not text.isascii():
                break
            else:
                found = re.match(rb"[%#]\s*geometry\D*(\d+)[x,](\d+)", text)
                if found:
                    width, height = int(found[1]), int(found[2])
                names = [n.strip('"%# ').lower() for n in re.split(r"[,;\s]+", text.decode())]
                sizes = {n[0]: int(n[2:]) for n in names if re.match(r"[xy]@\d{1,5}$", n)}
                width, height = sizes.get("x", width), sizes.get("y", height)
                names = [n.partition("@")[0] for n in names]
                columns = [COLUMNS.get(n, -1) for n in names]
                if sorted(columns) == [0, 1, 2, 3]:
                    order = [columns.index(k) for k in range(4)]
                offset += len(line)
    if not rows:
        raise UserError(f"{path}: no rows of t, x, y, p; expected lines of four numbers")
    if order is None:
        signs = [all(row[k] in (b"0", b"1", b"-1") for row in rows) for k in range(4)]
        if not (signs[3] or signs[2]):
            raise UserError(f"{path}: no column of 0 and 1 where polarity should be; give it a first line t,x,y,p")
        order = [0, 1, 2, 3] if signs[3] else [3, 0, 1, 2]
    seconds = any(b"." in row[order[0]] for row in rows)
    state = np.array([*order, seconds], np.int64)
    return Origin("csv", bytes_to_packets(path, offset, _lines, state, "a row of t, x, y, p", b"\n"), (width, height))
