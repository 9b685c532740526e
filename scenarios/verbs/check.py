"""The verb check: is everything here that is needed, and current."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import add_verb

if TYPE_CHECKING:
    from .common import Verbs

LOIHI = "check loihi DIR: exit 0 if every trace is identical, 1 at the first difference, 2 for a bad folder or file."


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    check = add_verb(verbs, "check", "look over installation, scenario files and generated files", examples=LOIHI)
    check.add_argument("what", nargs="?", choices=["loihi"], help="compare with another implementation instead")
    check.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="where its traces are, as .npz files")
    check.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Look; returns the exit status."""
    if args.what == "loihi":
        from scenarios.loihi import check_loihi
        from sensors.errors import UserError

        if args.folder is None:
            raise UserError("check loihi needs a folder of traces; for example: ganglion check loihi traces")
        return check_loihi(args.folder)
    from scenarios.check import check

    return check()
