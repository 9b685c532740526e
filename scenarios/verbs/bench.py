"""The verb bench: how fast, beside what it is compared with and the goals it has."""

from __future__ import annotations

import argparse
import json
from functools import partial
from typing import TYPE_CHECKING

from .common import DONE, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Measures a suite on this machine and prints the figures beside what they are compared with and the goals. Contestants
take turns, a process each, one thread each, so that a busy machine slows all of them; read CPU time and ratios before
wall time. A goal that is missed is printed as missed; the exit status is 0 all the same.
"""
EXAMPLES = """\
examples:
  ganglion bench core                      the three workloads, how cost grows, start, memory, exactness
  ganglion bench core --peers --only w1    beside Nengo, PyTorch, Norse and snnTorch (needs 'ganglion[peers]')
  ganglion bench grasp                     what a tick of the grasp scenario costs, start and memory
  ganglion bench grasp --json              figures for a program
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    from scenarios.bench.suites import SUITES

    bench = add_verb(verbs, "bench", "measure speed, beside goals and other systems", TEXT, EXAMPLES)
    says = "; ".join(f"{name}: {suite.says}" for name, suite in SUITES.items())
    bench.add_argument("suite", choices=sorted(SUITES), metavar="SUITE", help=says)
    bench.add_argument(
        "--peers", action="store_true", help="measure other systems too; an absent one is skipped and named"
    )
    bench.add_argument(
        "--only", action="append", default=[], metavar="PART", help="a part of the suite; may be repeated"
    )
    bench.add_argument(
        "--seconds", type=float, default=1.0, metavar="S", help="of measuring each contestant (default 1)"
    )
    bench.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    bench.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Measure; returns the exit status."""
    from scenarios.bench.suites import SUITES, Asked
    from scenarios.bench.table import machine
    from sensors.errors import UserError

    suite = SUITES[args.suite]
    for part in args.only:
        if part not in suite.parts:
            known = ", ".join(suite.parts) or "none"
            raise UserError(f"suite {args.suite} has no part {part}; its parts: {known}")
    if not 0.05 <= args.seconds <= 60:
        raise UserError(f"--seconds {args.seconds:g} is out of range; expected 0.05 to 60")
    if not args.json:
        print(f"bench {args.suite}   {machine()}", flush=True)
    tell = None if args.json else partial(print, flush=True)
    result = suite.measure(Asked(args.peers, tuple(args.only), args.seconds, tell))
    print(json.dumps(result.document()) if args.json else "\n" + result.text())
    return DONE
