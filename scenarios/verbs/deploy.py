"""The verb deploy: the firmware on a board, and proof that it is the same controller."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .common import DONE, FAILED, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Builds the firmware or bitstream, flashes it by pyocd, openocd, dfu-util, openFPGALoader or iceprog, whichever serves
the board and is found first, greets the board, loads the controller's state, and compares 1000 ticks of a simulated
grasp with the controller here, learning on, bit for bit.

Exit status 1 if the board computes anything else.
"""
EXAMPLES = """\
examples:
  ganglion deploy grasp --to f405 /dev/ttyACM0
  ganglion deploy grasp --to mps2-an386 /dev/ttyUSB0 --no-flash    its vendor's tool has flashed it
  ganglion deploy grasp --to ice40-up5k /dev/ttyUSB1
  ganglion deploy grasp --to f405 qemu:f405                        the same firmware, emulated
  ganglion deploy grasp --to ice40-up5k verilator                  the same Verilog, simulated
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    verb = add_verb(verbs, "deploy", "flash a board and compare it with the controller here", TEXT, EXAMPLES)
    verb.add_argument("scenario", metavar="SCENARIO", help="a name, as grasp, or a file.toml")
    verb.add_argument(
        "--to",
        dest="board",
        required=True,
        metavar="BOARD",
        help="mps2-an386, sf2, f405, microbit, ice40-up5k, ice40-hx8k, ecp5-25",
    )
    verb.add_argument("url", metavar="URL", help="serial port or URL of the board, or qemu:BOARD, or verilator")
    verb.add_argument("--no-flash", action="store_true", help="the firmware is on the board already")
    verb.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting")
    verb.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Deploy it; returns the exit status."""
    from firmware_bridge.boards import BOARDS
    from firmware_bridge.fpga.build import FPGAS
    from scenarios import firmware, load
    from sensors.errors import UserError

    if args.board not in (*BOARDS, *FPGAS):
        raise UserError(f"there is no board {args.board!r}; there are {', '.join((*BOARDS, *FPGAS))}")
    scenario = load.load(args.scenario, tuple(args.set))
    try:
        for line in firmware.deploy(scenario, args.board, args.url, write=not args.no_flash):
            print(line, flush=True)
    except firmware.ParityError as error:
        print(f"ganglion: {error}", file=sys.stderr)
        return FAILED
    return DONE
