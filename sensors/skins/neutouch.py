"""NeuTouch recordings: text, one event a line, `polarity taxel time`, as published with VT-SNN (Taunyazov et al. 2020).

Time is in seconds, as one number or as whole seconds and nanoseconds. Polarity is 1 for loading and 0 (or -1) for
unloading. Taxels count from 1: 40 numbers a finger, two fingers, of which 39 each are taxels.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sensors.errors import UserError
from sensors.signals import EVENT
from sensors.stream import NO_TRIGGERS, Damage, Origin, Packets

TAXELS, FINGERS = 40, 2
LINE = re.compile(rb"\s*-?[01][ \t]+[1-9]\d?[ \t]+\d+(\.\d*(e-?\d+)?)?\s*$")
EXAMPLE = "an event such as 1 17 2.345678"


def looks_like(head: bytes) -> bool:
    """Whether a text begins as such a file does: three columns, which no table of t, x, y, p has."""
    return bool(LINE.match(head.lstrip().partition(b"\n")[0]))


def open_neutouch(path: Path) -> Origin:
    """EVENTs of a recording: x = (taxel - 1) % 40, y = finger; t from the file's zero, or from its first event where
    the file counts from 1970 (`Origin.start_us` then says when that was).

    Raises:
        UserError: the first line is no event.
    """
    with path.open("rb") as file:
        first = next((line for line in file if line.strip()), b"")
    try:
        start = _event(first.split())[0]
    except (ValueError, OverflowError):
        shown = first.strip()[:60].decode("ascii", "replace")
        raise UserError(f"{path} begins with {shown!r}; a NeuTouch recording has {EXAMPLE} in each line") from None
    start = start if start > 10**15 else 0
    origin = Origin("neutouch", _packets(path, start, len(first.split())), (TAXELS, FINGERS), "NeuTouch")
    origin.start_us = start
    return origin


def _event(words: list[bytes]) -> tuple[int, int, int, bool]:
    """(t_us, x, y, on) of a line's words; ValueError or OverflowError if it is none."""
    if len(words) not in (3, 4):
        raise ValueError
    polarity, taxel = int(words[0]), int(words[1])
    if polarity not in (-1, 0, 1) or not 1 <= taxel <= TAXELS * FINGERS:
        raise ValueError
    seconds = words[2]
    t_us = round(float(seconds) * 1e6) if len(words) == 3 else int(seconds) * 1_000_000 + int(words[3]) // 1000
    if not 0 <= t_us < 2**63:
        raise ValueError
    finger, x = divmod(taxel - 1, TAXELS)
    return t_us, x, finger, polarity == 1


def _packets(path: Path, start_us: int, width: int) -> Packets:
    made: list[tuple[int, int, int, bool]] = []
    offset = 0
    damage: Damage | None = None
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            try:
                if words:
                    if len(words) != width:
                        raise ValueError
                    t_us, x, y, on = _event(words)
                    made.append((max(t_us - start_us, 0), x, y, on))
            except (ValueError, OverflowError):
                damage = Damage(f"line {number} is not {EXAMPLE}", offset)
                break
            offset += len(line)
            if len(made) == 1 << 16:
                yield np.array(made, EVENT), NO_TRIGGERS
                made = []
    yield np.array(made, EVENT), NO_TRIGGERS
    if damage is not None:
        raise damage
