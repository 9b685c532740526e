"""The verb replay: every command of a recording computed again, learning included."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import DONE, FAILED, add_verb

if TYPE_CHECKING:
    from .common import Verbs


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    replay = add_verb(verbs, "replay", "recompute every command of a recording, learning included")
    replay.add_argument("out", metavar="OUT", type=Path, help="folder of a run, or its recording")
    replay.add_argument("--assert-identical", action="store_true", help="exit 1 if a single bit differs")
    replay.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Replay it; returns the exit status."""
    from scenarios.replay import replay

    found = replay(args.out)
    print(found.sentence)
    return DONE if found.identical or not args.assert_identical else FAILED
