"""The command `ganglion`: its verbs, and exit statuses 0 done, 1 the run failed, 2 the user's mistake."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import NoReturn

from . import verbs
from .project import misplaced
from .verbs.common import FAILED, MISTAKE, STOPPED, TERMINATED, Parser

EXAMPLES = """\
examples:
  ganglion run grasp                                    ten objects nobody has met, beside the baselines
  ganglion run grasp --episodes 100 --set world.delay_ms=20
  ganglion run grasp --set controller.learning=false    what learning is worth
  ganglion run grasp --brain-state out/grasp-1000/state.bin --seed 2000
                                                        start from what an earlier run learned
  ganglion replay out/grasp-1000 --assert-identical     the same bits, from recorded senses
  ganglion report out/grasp-1000 --trial 3              the page anew, with the pictures of object 3
  ganglion sweep grasp                                  the ablations, on the same objects
  ganglion damage grasp                                 neurons killed, weight bits flipped: what is held, what recovers
  ganglion run grasp --brain qemu:mps2-an386            the controller's firmware on an emulated board, the same bits
  ganglion info FILE                                    what a recording of an event camera holds
  ganglion bench core                                   how fast, beside the goals
  ganglion check                                        is everything here that is needed
  ganglion check loihi DIR                              are recorded traces of that chip reproduced to the bit

Exit status: 0 done, 1 the run failed or a replay differs, 2 a mistake in what was asked, 130 stopped by Ctrl-C.
"""


def _version() -> str:
    try:
        return version("ganglion")
    except PackageNotFoundError:
        return "(not installed)"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="ganglion",
        description="A spiking controller for robots that learns while it acts, with the same bits on any target.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ganglion {_version()}")
    known = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in verbs.ALL:
        verb.add(known)
    return parser


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(TERMINATED)  # unlike the default, this ends the worker processes on the way out


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command; returns the exit status."""
    wrong = misplaced()
    if wrong:
        print(f"ganglion: {wrong}", file=sys.stderr)
        return MISTAKE
    from sensors.errors import UserError

    args = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = int(args.do(args))
        sys.stdout.flush()
    except UserError as error:
        print(f"ganglion: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("ganglion: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return status


if __name__ == "__main__":
    sys.exit(main())
