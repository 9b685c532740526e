"""The verb devices: what is connected, and what it needs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import DONE, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Lists the event cameras that are connected, with the URL that opens each, and what is missing where it does not open: a
library (an extra of ganglion), or a udev rule. Then which cameras are supported, and on which of them that was tried.
"""
EXAMPLES = """\
examples:
  ganglion devices
  ganglion devices --json
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    devices = add_verb(verbs, "devices", "list event cameras, and what they need", TEXT, EXAMPLES)
    devices.add_argument("--json", action="store_true", help="print one JSON document")
    devices.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """List them; returns the exit status."""
    from scenarios.recordings.devices import show

    show(args.json)
    return DONE
