"""The verb damage: how many neurons and weight bits a controller can lose, and whether it learns to do without."""

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
While an object is held up, silences 10 to 50 % of the neurons, or flips a share of 1e-6 to 1e-2 of the weight bits in
the controller's memory, and lets the trial go on: learning goes on, learning ends, or three replicas vote.
Prints how many objects are held, and how long the friction estimate takes to be within 10 % of that of the undamaged
run with the same object again.

DIR holds report.html with the curves, damage.json, and a folder for each run, as `ganglion run` leaves it, which
`ganglion replay` recomputes bit for bit. What was done before Ctrl-C stays, and --resume goes on from there. A trial
takes about a second: 32 runs of 100 objects most of an hour.
"""
EXAMPLES = """\
examples:
  ganglion damage grasp --episodes 100
  ganglion damage grasp --only killed --episodes 20 --set controller.damage.from_tick=2500
  ganglion run grasp --set controller.damage.flipped=1e-4 --set controller.replicas=3     one such run, with its report
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    damage = add_verb(verbs, "damage", "kill neurons, flip weight bits: what is held, what recovers", TEXT, EXAMPLES)
    damage.add_argument("scenario", metavar="SCENARIO", help="a grasp: its name or a file.toml")
    damage.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting; may be repeated")
    damage.add_argument("--only", choices=("killed", "flipped"), help="one kind of damage")
    running.add_series(damage, "run", "damage")
    damage.add_argument("--json", action="store_true", help="print what damage.json holds instead of the table")
    damage.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Study damage; returns the exit status."""
    from scenarios import sweep
    from scenarios.damage import plan, report, study
    from scenarios.grasp.summary import opening
    from scenarios.pool import RunFailedError
    from scenarios.run import StoppedError

    points = plan.plan(args.scenario, running.settings(args), tuple(plan.SHARES) if args.only is None else (args.only,))
    workers = running.workers(args)
    first = points[0].scenario
    out = args.out if args.out is not None else Path("out") / f"{first.name}-{first.seed}-damage"
    measured: list[study.Measured] = []
    if not args.json:
        widths = [max(len(p.what) for p in points), max(map(len, plan.SERIES)), *map(len, report.HEADS[2:])]
        print(f"damage   {len(points)} runs, each: {opening(first)}\n")
        print(sweep.head(report.HEADS, widths), flush=True)
    try:
        for one in study.study(points, out, workers, resume=args.resume):
            measured.append(one)
            if not args.json:
                print(sweep.line(report.cells(one), widths), flush=True)
    except (StoppedError, RunFailedError) as error:
        return running.end_early(error, f"runs done before are in {out}, and --resume goes on")
    print(json.dumps(study.document(measured)) if args.json else f"\nsaved {out}   report {out / study.PAGE}")
    return DONE
