"""The verb convert: a recording in another format."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import DONE, FAILED, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Writes a recording of an event camera in another format: .raw (EVT3; EVT2 and EVT2.1 by --to), .dat, .aedat4, .es, .csv,
.npz, .npy. Events are the same to the bit, in the same order. What the new format has no place for is said at the end.
Of a damaged recording all that can be read is written, and the damage is said.
"""
EXAMPLES = """\
examples:
  ganglion convert drive.raw drive.aedat4
  ganglion convert drive.bag drive.raw --to evt2
  ganglion convert drive.raw quiet.npz --filter 'background(2000),crop(0,0,320,240)'

Exit status: 0 done, 1 the recording is damaged, 2 a mistake in what was asked.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    from scenarios.recordings.asked import FILTERS, add_source

    convert = add_verb(verbs, "convert", "write a recording in another format", TEXT, EXAMPLES)
    add_source(convert, "source", "a recording")
    convert.add_argument("target", metavar="TARGET", type=Path, help="its ending tells the format")
    convert.add_argument("--to", metavar="F", help="the format, where the ending leaves it open (evt2, evt21, evt3)")
    convert.add_argument("--filter", default="", metavar="CHAIN", help=FILTERS)
    convert.add_argument("--force", action="store_true", help="replace TARGET if it is there")
    convert.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Convert it; returns the exit status."""
    from scenarios.recordings.asked import about, check_target, count, open_source
    from scenarios.recordings.copying import copy
    from sensors.write import form_for

    form = form_for(args.target, args.to)
    check_target(args.target, args.source, args.force)
    stream = open_source(args, args.source)
    print(f"{stream.name}   {about(stream)}   to {form}", flush=True)
    copied = copy(stream, str(args.target), form, args.filter)
    triggers = f", {count(copied.triggers)} triggers" if copied.triggers else ""
    print(f"  {count(copied.events)} events{triggers}   lost: {'; '.join(copied.losses) or 'nothing'}")
    if copied.damage:
        print(f"damage: {copied.damage}")
    if copied.stopped:
        print(f"stopped early: {copied.stopped}")
    print(f"saved {args.target}   {count(args.target.stat().st_size)} bytes")
    return FAILED if copied.damage or copied.stopped else DONE
