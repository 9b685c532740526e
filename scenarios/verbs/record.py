"""The verb record: a live source, or a file at its own pace, into a file or onto the network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import DONE, FAILED, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Writes what a camera sends to a file of any format that is written, until Ctrl-C, or for some seconds. The file is whole
whatever ends the recording: Ctrl-C, SIGTERM, a lost camera, a full disk (256 MB stay free). What was lost on the way is
counted: events that the writer was too slow for, losses that the camera or the sender reported.

sources:
  usb:  usb:SERIAL              EVK4, EVK3 HD, SilkyEvCam, DVXplorer (Samsung sensor), DAVIS346   needs ganglion[usb]
  inivation:  inivation:SERIAL  DVXplorer S and Mini, DAVIS240/346/640, DVS128              needs ganglion[inivation]
  dv://HOST:PORT                a network output of DV                                      needs ganglion[inivation]
  udp://HOST:PORT               listens; ?layout=own, 13 or 8, otherwise told from the first datagram
  FILE                          a recording; --pace 1 hands it on in real time
"""
EXAMPLES = """\
examples:
  ganglion record usb: -o drive.aedat4 --seconds 10
  ganglion record udp://127.0.0.1:3333 -o drive.raw
  ganglion record drive.raw -o udp://127.0.0.1:3333 --pace 1        play a recording to somebody who listens

Exit status: 0 done, 1 the source failed or the disk is full (what came is saved), 2 a mistake in what was asked.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    from scenarios.recordings.asked import FILTERS, add_source

    record = add_verb(verbs, "record", "write what a camera sends to a file", TEXT, EXAMPLES)
    add_source(record, "source", "usb:, inivation:, dv://host:port, udp://host:port, or a recording")
    record.add_argument("-o", "--out", required=True, metavar="TARGET", help="a file, or udp://host:port")
    record.add_argument("--to", metavar="F", help="the format, where the ending leaves it open (evt2, evt21, evt3)")
    record.add_argument("--seconds", type=float, metavar="S", help="how long (default: until Ctrl-C or the end)")
    record.add_argument("--pace", type=float, metavar="X", help="hand a recording on at X times real time")
    record.add_argument("--filter", default="", metavar="CHAIN", help=FILTERS)
    record.add_argument("--no-reconnect", action="store_true", help="a lost camera ends the recording")
    record.add_argument("--force", action="store_true", help="replace TARGET if it is there")
    record.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Record it; returns the exit status."""
    from scenarios.recordings.asked import about, check_target, count, geometry, say_waiting
    from scenarios.recordings.copying import copy
    from sensors.errors import UserError
    from sensors.events import open_events
    from sensors.live.pace import Deadline
    from sensors.write import form_for

    if args.seconds is not None and not args.seconds > 0:
        raise UserError(f"--seconds {args.seconds:g} is out of range; expected more than 0")
    sends = args.out.startswith("udp://")
    form = None if sends else form_for(Path(args.out), args.to)
    if not sends:
        check_target(Path(args.out), args.source, args.force)
    say_waiting(args.source)
    stream = open_events(args.source, args.format, geometry(args.geometry), args.pace, not args.no_reconnect)
    print(f"{stream.name}   {about(stream)}   to {form or args.out}", flush=True)
    deadline = Deadline(args.seconds)
    copied = copy(stream, args.out, form, args.filter, deadline.passed, keep=True)
    c = stream.counters
    print(
        f"  {count(copied.events)} events, {count(copied.triggers)} triggers   dropped {count(c.dropped)}   "
        f"overflow {count(c.overflow)}   out of order {count(c.out_of_order)}   reconnects {c.reconnects}"
    )
    if copied.losses:
        print(f"  lost in writing: {'; '.join(copied.losses)}")
    if copied.damage:
        print(f"ended by: {copied.damage}")
    if copied.stopped:
        print(f"ended: {copied.stopped}")
    print(f"sent to {args.out}" if sends else f"saved {args.out}   {count(Path(args.out).stat().st_size)} bytes")
    full = copied.stopped is not None and "disk" in copied.stopped
    return FAILED if copied.damage or full else DONE
