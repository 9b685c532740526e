"""NeuTouch recordings: text, one event a line, `polarity taxel time`, as published with VT-SNN (Taunyazov et al. 2020).

Time is in seconds, as one number or as whole seconds and nanoseconds. Polarity is 1 for loading and 0 (or -1) for
unloading. Taxels count from 1: 40 numbers a finger, two fingers, of which 39 each are taxels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import EVENT

TAXELS, FINGERS = 40, 2
EXAMPLE = "a line such as: 1 17 2.345678"


def read_neutouch(path: Path) -> NDArray[np.void]:
    """EVENT (n,) in the order of the file: x = (taxel - 1) % 40, y = finger; t in microseconds from the file's zero, or
    from its first event where the file counts from 1970.

    Raises:
        UserError: the file cannot be read, or a line is no event.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a NeuTouch recording") from None
    rows = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise UserError(f"{path} holds no events; expected {EXAMPLE}")
    width = len(rows[0][1])
    events = np.zeros(len(rows), EVENT)
    whole = 0
    for place, (number, words) in enumerate(rows):
        try:
            if len(words) != width or width not in (3, 4):
                raise ValueError
            polarity, taxel = int(words[0]), int(words[1])
            micros = round(float(words[2]) * 1e6) if width == 3 else int(words[2]) * 1_000_000 + int(words[3]) // 1000
            if polarity not in (-1, 0, 1) or not 1 <= taxel <= TAXELS * FINGERS or micros < 0:
                raise ValueError
        except (ValueError, OverflowError):
            shown = b" ".join(words)[:60].decode("ascii", "replace")
            raise UserError(
                f"{path}: line {number} is {shown!r}; {place} events were read before it; expected {EXAMPLE}"
            ) from None
        if place == 0 and micros > 10**15:
            whole = micros
        finger, number_ = divmod(taxel - 1, TAXELS)
        events[place] = (max(micros - whole, 0), number_, finger, polarity == 1)
    return events
