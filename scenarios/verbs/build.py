"""The verb build: the firmware of a scenario's controller for a board."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import DONE, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Builds what is flashed: the controller in C with its wire, start-up code and drivers, for one board. The firmware starts
empty; a run loads the controller's state over the wire, so one build serves every scenario's settings and every learned
state. Prints flash, RAM, the bound of the stack, and instructions a tick, counted by running the real firmware in QEMU
through a part of an episode, bit for bit as here.

Needs arm-none-eabi-gcc, or the compiler in `pip install ziglang`; the count needs qemu-system-arm.

For an FPGA it builds the bitstream by yosys and nextpnr, of the system or from `pip install 'ganglion[fpga]'`, in some
minutes. Prints cells, block RAMs, the clock that would be possible, and cycles a tick, counted in Verilator.
"""
EXAMPLES = """\
examples:
  ganglion build grasp --for f405
  ganglion build grasp --for mps2-an386
  ganglion build grasp --for ice40-up5k
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    verb = add_verb(verbs, "build", "build the firmware of a controller for a board", TEXT, EXAMPLES)
    verb.add_argument("scenario", metavar="SCENARIO", help="a name, as grasp, or a file.toml")
    verb.add_argument(
        "--for",
        dest="board",
        required=True,
        metavar="BOARD",
        help="mps2-an386, sf2, f405, microbit, ice40-up5k, ice40-hx8k, ecp5-25",
    )
    verb.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting")
    verb.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Build it; returns the exit status."""
    from firmware_bridge.boards import BOARDS
    from firmware_bridge.fpga.build import FPGAS
    from scenarios import bitstream, firmware, load
    from sensors.errors import UserError

    if args.board not in (*BOARDS, *FPGAS):
        raise UserError(f"there is no board {args.board!r}; there are {', '.join((*BOARDS, *FPGAS))}")
    scenario = load.load(args.scenario, tuple(args.set))
    build = bitstream.build if args.board in FPGAS else firmware.build
    for line in build(scenario, args.board):
        print(line, flush=True)
    return DONE
