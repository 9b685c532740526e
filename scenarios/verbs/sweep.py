"""The verb sweep: one scenario in several variants, one table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from . import running
from .common import DONE, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Runs a scenario in several variants on the same episodes and prints a line of figures for each, as a table in Markdown.

A setting with several values, separated by commas, makes a variant of each value; two such settings make every
combination. Without one, the variants that the scenario file names in [variants] are compared: those of grasp are its
ablations (skin or camera alone, learning frozen, neurons dead, senses late).

DIR holds a folder for each variant, as `ganglion run` leaves it (without a report, which `ganglion report` draws), and
sweep.json with all results. What was done before Ctrl-C stays, and --resume goes on from there.
"""
EXAMPLES = """\
examples:
  ganglion sweep grasp --episodes 100                              the ablations
  ganglion sweep grasp --set world.delay_ms=0,5,10,20,40           how late may senses be
  ganglion sweep grasp --set controller.margin=1.2,1.3 --set controller.boost=0,0.1 --seed 3
  ganglion sweep grasp --set world.skin.taxels=4,8 --set world.camera.enabled=false
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    sweep = add_verb(verbs, "sweep", "compare variants of a scenario on the same episodes", TEXT, EXAMPLES)
    sweep.add_argument("scenario", metavar="SCENARIO", help="a name, as grasp, or a file.toml")
    sweep.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE[,VALUE...]", help="a setting; may be repeated"
    )
    running.add_series(sweep, "variant", "sweep")
    sweep.add_argument("--json", action="store_true", help="print all results instead of the table")
    sweep.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Sweep; returns the exit status."""
    from scenarios import sweep
    from scenarios.pool import RunFailedError
    from scenarios.run import StoppedError
    from scenarios.tasks import task_of

    cases = sweep.cases(args.scenario, running.settings(args))
    workers = running.workers(args)
    first = cases[0].scenario
    out = args.out if args.out is not None else Path("out") / f"{first.name}-{first.seed}-sweep"
    if not args.json:
        print(f"{len(cases)} variants of: {task_of(first).opening(first)}\n", flush=True)
    widths: list[int] = []
    told = {}
    try:
        for row in sweep.sweep(cases, out, workers, resume=args.resume):
            told[row.case.name] = {"settings": list(row.case.settings), "result": row.result}
            if args.json:
                continue
            if not widths:
                widths = [max(7, *(len(c.name) for c in cases)), *(max(len(h), 6) for h in row.shown)]
                print(sweep.head(["variant", *row.shown], widths))
            print(sweep.line([row.case.name, *row.shown.values()], widths), flush=True)
    except (StoppedError, RunFailedError) as error:
        return running.end_early(error, f"variants done before are in {out}, and --resume goes on")
    print(json.dumps({"cases": told}) if args.json else f"\nsaved {out}")
    return DONE
