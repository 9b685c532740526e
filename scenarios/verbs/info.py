"""The verb info: what a recording holds, and whether it is sound."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import DONE, FAILED, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Reads a recording of an event camera from end to end and says what is in it: events, sensor, geometry, duration, rates,
balance of polarity, silences, triggers, and the damage found. The format is found from the content. Reads EVT2, EVT2.1,
EVT3 (.raw), DAT, AEDAT 2.0, 3.1 and 4, Event Stream, text, .npy, .npz, HDF5 of Metavision and DSEC, ROS 1 and 2 bags.
"""
EXAMPLES = """\
examples:
  ganglion info drive.raw
  ganglion info drive.aedat4 --json
  ganglion info words.bin --format evt3 --geometry 640x480     raw words without a header

Exit status: 0 the recording is sound, 1 it is damaged, 2 it cannot be read at all.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    from scenarios.recordings.asked import add_source

    info = add_verb(verbs, "info", "say what a recording of an event camera holds, and if it is sound", TEXT, EXAMPLES)
    add_source(info, "file", "a recording")
    info.add_argument("--gap-ms", type=float, default=100.0, metavar="MS", help="silences to count (default 100)")
    info.add_argument("--json", action="store_true", help="print one JSON document")
    info.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Read it; returns the exit status."""
    from scenarios.recordings.asked import open_source
    from scenarios.recordings.info import show
    from sensors.errors import UserError

    if not 0 < args.gap_ms <= 1e9:
        raise UserError(f"--gap-ms {args.gap_ms:g} is out of range; expected more than 0")
    sound = show(open_source(args, args.file), int(args.gap_ms * 1000), args.json)
    return DONE if sound else FAILED
