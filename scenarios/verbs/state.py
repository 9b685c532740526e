"""The verb state: what a target has learned, off and onto it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import DONE, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Saves the whole state of the brain on a target as a state.bin, as runs leave one, or lets it go on from one, to the bit.
A state that is cut, damaged or of another layout is refused before anything is sent; a load that is broken off leaves
the target empty, never half loaded.
"""
EXAMPLES = """\
examples:
  ganglion state /dev/ttyACM0 save learned.bin
  ganglion state /dev/ttyACM0 load out/grasp-1000/state.bin
  ganglion run grasp --brain-state learned.bin         the learned weights only, in a new run
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    verb = add_verb(verbs, "state", "save or load what a target has learned", TEXT, EXAMPLES)
    verb.add_argument("url", metavar="URL", help="serial port or URL of the target")
    verb.add_argument("what", choices=["save", "load"], help="off the target, or onto it")
    verb.add_argument("file", type=Path, metavar="FILE")
    verb.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Do it; returns the exit status."""
    from scenarios import state

    with state.connected(args.url) as remote:
        print((state.save if args.what == "save" else state.load)(remote, args.file))
    return DONE
