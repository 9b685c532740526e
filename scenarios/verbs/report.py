"""The verb report: the page and the moving picture of a run, drawn anew."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import DONE, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Rewrites report.html and trial.gif of a run from its recording.gang and result.json. The page needs no network and no
other file. Charts are of the recording; what is too large to record (taxels, camera events) is simulated again for the
one trial that is shown with pictures.
"""
EXAMPLES = """\
example:
  ganglion report out/grasp-1000 --trial 3
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    report = add_verb(verbs, "report", "draw the page and the moving picture of a run anew", TEXT, EXAMPLES)
    report.add_argument("out", metavar="OUT", type=Path, help="folder of a run")
    report.add_argument("--trial", type=int, metavar="K", help="object to show with pictures (default: a telling one)")
    report.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Draw it; returns the exit status."""
    from scenarios.publish import publish

    print(f"saved {publish(args.out, args.trial)}")
    return DONE
