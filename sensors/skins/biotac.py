"""BioTac SP fingertips: tables of static grasp readings, as published in the BioTacSp Stability Set v2.

Source: Garcia-Garcia et al. 2019, IJCNN (arXiv 1901.06181). A line is one grasp: the object, whether it slipped when it
was lifted, and 24 electrodes of each of three fingertips, first, middle and thumb, in counts of 12 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .device import Device

FINGERS = ("ff", "mf", "th")
ELECTRODES = 24
BIOTAC = Device("biotac", len(FINGERS), ELECTRODES, unit="count", mn_per_unit=1.0, touch=20.0, rate_hz=100.0)
"""Three fingertips as rows, electrodes as columns. An electrode's count follows the fluid above it."""
HEAD = ["object", "slipped", *(f"{finger}_biotac_{k}" for finger in FINGERS for k in range(1, ELECTRODES + 1))]


@dataclass(frozen=True, slots=True)
class Grasps:
    """Grasps of a table.

    Attributes:
        readings: float32 (n, 72), in the order of `BIOTAC`, 0..4095. slipped: bool (n,). objects: n names.
    """

    readings: NDArray[np.float32]
    slipped: NDArray[np.bool_]
    objects: tuple[str, ...]


def read_grasps(path: Path) -> Grasps:
    """Read one table.

    Raises:
        UserError: the file cannot be read, has other columns, or a line is no grasp.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"{path}: {reason}; name a table of the BioTacSp Stability Set") from None
    if not lines or lines[0].strip().split(",") != HEAD:
        raise UserError(f"{path}: the first line does not name the object, slipped and {len(HEAD) - 2} electrodes")
    readings = np.zeros((len(lines) - 1, len(HEAD) - 2), np.float32)
    slipped = np.zeros(len(lines) - 1, np.bool_)
    objects: list[str] = []
    for row, line in enumerate(lines[1:]):
        words = line.split(",")
        try:
            values = [float(word) for word in words[2:]]
            if len(words) != len(HEAD) or words[1] not in ("0", "1", "0.0", "1.0"):
                raise ValueError
            if not all(0.0 <= value <= 4095.0 for value in values):
                raise ValueError
        except ValueError:
            raise UserError(
                f"{path}: line {row + 2} is no grasp of {len(HEAD)} values, counts of 0 to 4095; get a whole copy"
            ) from None
        readings[row], slipped[row] = values, words[1][0] == "1"
        objects.append(words[0])
    return Grasps(readings, slipped, tuple(objects))


def joined(tables: list[Grasps]) -> Grasps:
    """Several tables as one."""
    return Grasps(
        np.concatenate([t.readings for t in tables]),
        np.concatenate([t.slipped for t in tables]),
        tuple(name for t in tables for name in t.objects),
    )
