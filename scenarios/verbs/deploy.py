"""The verb deploy: the firmware on a board, and proof that it is the same controller."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .common import DONE, FAILED, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Builds the firmware, flashes it by pyocd, openocd or dfu-util, whichever is found first, greets the board, loads the
controller's state, and compares 1000 ticks of a simulated grasp with the controller here, learning on, bit for bit.

Exit status 1 if the board computes anything else.
"""
EXAMPLES = """\
examples:
  ganglion deploy grasp --to f405 /dev/ttyACM0
  ganglion deploy grasp --to mps2-an386 /dev/ttyUSB0 --no-flash    its vendor's tool has flashed it
  ganglion deploy grasp --to f405 qemu:f405                        the same firmware, emulated
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    verb = add_verb(verbs, "deploy", "flash a board and compare it with the controller here", TEXT, EXAMPLES)
    verb.add_argument("scenario", metavar="SCENARIO", help="a name, as grasp, or a file.toml")
    verb.add_argument("--to", dest="board", required=True, metavar="BOARD", help="mps2-an386, sf2, f405, microbit")
    verb.add_argument("url", metavar="URL", help="serial port or URL of the board, or qemu:BOARD")
    verb.add_argument("--no-flash", action="store_true", help="the firmware is on the board already")
    verb.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting")
    verb.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Deploy it; returns the exit status."""
    from scenarios import firmware, load

    scenario = load.load(args.scenario, tuple(args.set))
    try:
        for line in firmware.deploy(scenario, args.board, args.url, write=not args.no_flash):
            print(line, flush=True)
    except firmware.ParityError as error:
        print(f"ganglion: {error}", file=sys.stderr)
        return FAILED
    return DONE
