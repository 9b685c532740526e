"""The verb monitor: how a target is doing, again and again."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .common import DONE, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Tells how a target does: ticks a second, time of a tick, spikes, efforts, ticks without a step, errors of the link.
Asking changes nothing. Keys: f stops and resumes learning, r returns to the state before the first tick, s saves the
learned state, q ends. Ctrl-C ends too.

A serial port has one user. While a run has it, the monitor looks at what the run shows of its target, which costs
neither of them anything; then it only reads. Without a URL it watches the run that goes on.
"""
EXAMPLES = """\
examples:
  ganglion monitor                                      the run that goes on, whatever --brain it has
  ganglion monitor /dev/ttyACM0
  ganglion monitor /dev/ttyACM0 --json --count 10       ten readings for a program, one a line
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    verb = add_verb(verbs, "monitor", "watch a target: rate, tick time, spikes, efforts, link errors", TEXT, EXAMPLES)
    verb.add_argument("url", nargs="?", metavar="URL", help="serial port or URL of the target, or --brain of a run")
    verb.add_argument("--every", type=float, default=0.5, metavar="S", help="seconds between readings (default 0.5)")
    verb.add_argument("--count", type=int, metavar="N", help="end after so many readings")
    verb.add_argument("--json", action="store_true", help="an object a line")
    verb.add_argument("--save", type=Path, default=Path("state.bin"), metavar="FILE", help="where the key s saves to")
    verb.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Watch it; returns the exit status."""
    from scenarios import monitor
    from sensors.errors import UserError

    if not 0.01 <= args.every <= 3600:
        raise UserError(f"--every {args.every:g} is out of range; expected 0.01 to 3600 seconds")
    live = sys.stdout.isatty() and not args.json
    with monitor.watched(args.url) as watch, monitor.Keys() as keys:
        left = args.count
        while left is None or left > 0:
            if key := keys.read(args.every):
                said = watch.obey(key, args.save)
                if said is None:
                    break
                print(f"\r\033[K{said}" if live else said, flush=True)
            reading = watch.read()
            if reading is None:
                print("\nthe run has ended" if live else "the run has ended", file=sys.stderr)
                break
            text = json.dumps(monitor.as_json(reading)) if args.json else monitor.line(reading)
            print(f"\r\033[K{text}" if live else text, end="" if live else "\n", flush=True)
            left = None if left is None else left - 1
    if live:
        print()
    return DONE
