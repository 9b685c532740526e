"""The command `ganglion`: verbs, their words, and exit statuses 0 done, 1 the run failed, 2 the user's mistake."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NoReturn

from .project import misplaced

if TYPE_CHECKING:
    from .live import Spectator
    from .spec import Scenario

STOPPED, TERMINATED = 130, 143
EXAMPLES = """\
examples:
  ganglion run grasp                                    twenty objects nobody has met, beside the baselines
  ganglion run grasp --episodes 100 --set world.delay_ms=20
  ganglion run grasp --set controller.learning=false    what learning is worth
  ganglion run grasp --brain-state out/grasp-1000/state.bin --seed 2000
                                                        start from what an earlier run learned
  ganglion replay out/grasp-1000 --assert-identical     the same bits, from recorded senses
  ganglion report out/grasp-1000 --trial 3              the page anew, with the pictures of object 3
  ganglion check                                        is everything here that is needed
  ganglion check loihi DIR                              are recorded traces of that chip reproduced to the bit

Exit status: 0 done, 1 the run failed or a replay differs, 2 a mistake in what was asked, 130 stopped by Ctrl-C.
"""
RUN = """\
Runs every episode of a scenario under its controller and under simpler ones, and leaves a folder with report.html (open
it in a browser), trial.gif, result.json, scenario.toml (as run, all defaults written out), recording.gang (see
`ganglion replay`) and state.bin (what was learned). Episode k of seed S is the same object with the same disturbances,
whoever controls it. The folder appears when it is whole; until then, and after Ctrl-C, what was recorded is in
DIR.unfinished.

settings, as in the scenario file, for example:
  --set world.delay_ms=20           --set world.skin.taxels=4        --set world.trial.mass_kg=[0.1,0.5]
  --set controller.learning=false   --set controller.dead=0.2 --set controller.dead_from_ms=3000
"""

CHECK = "check loihi DIR: exit 0 if every trace is identical, 1 at the first difference, 2 for a bad folder or file."

REPORT = """\
Rewrites report.html and trial.gif of a run from its recording.gang and result.json. The page needs no network and no
other file. Charts are of the recording; what is too large to record (taxels, camera events) is simulated again for the
one trial that is shown with pictures.

example:
  ganglion report out/grasp-1000 --trial 3
"""


class _Parser(argparse.ArgumentParser):
    """Answers a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def _version() -> str:
    try:
        return version("ganglion")
    except PackageNotFoundError:
        return "(not installed)"


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="ganglion",
        description="A spiking controller that feels slip and learns while it holds.",
        epilog=EXAMPLES,
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=f"ganglion {_version()}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    run = verbs.add_parser(
        "run", help="run a scenario and compare it with the baselines", description=RUN, formatter_class=raw
    )
    run.add_argument("scenario", metavar="SCENARIO", help="a name, as grasp, or a file.toml")
    run.add_argument("--episodes", metavar="N", help="how many objects")
    run.add_argument("--seed", metavar="S", help="which objects; those below 1000 were used for tuning")
    run.add_argument("--out", type=Path, metavar="DIR", help="where the result goes (default out/NAME-SEED)")
    run.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; may be repeated"
    )
    run.add_argument("--brain-state", type=Path, metavar="FILE", help="start from the state.bin of an earlier run")
    run.add_argument(
        "--view", action="store_true", help="watch each trial in a window, at its own speed, in one process"
    )
    run.add_argument("--workers", type=int, metavar="N", help="processes (default 2); results do not depend on it")
    run.add_argument("--no-baselines", action="store_true", help="the spiking controller alone; three times as quick")
    run.add_argument("--no-report", action="store_true", help="leave report.html and trial.gif out")
    run.add_argument("--json", action="store_true", help="print result.json instead of the summary")
    run.set_defaults(do=_run)
    replay = verbs.add_parser("replay", help="recompute every command of a recording, learning included")
    replay.add_argument("out", metavar="OUT", type=Path, help="folder of a run, or its recording")
    replay.add_argument("--assert-identical", action="store_true", help="exit 1 if a single bit differs")
    replay.set_defaults(do=_replay)
    report = verbs.add_parser(
        "report", help="draw the page and the moving picture of a run anew", description=REPORT, formatter_class=raw
    )
    report.add_argument("out", metavar="OUT", type=Path, help="folder of a run")
    report.add_argument("--trial", type=int, metavar="K", help="object to show with pictures (default: a telling one)")
    report.set_defaults(do=_report)
    check = verbs.add_parser("check", help="look over installation, scenario files and generated files", epilog=CHECK)
    check.add_argument("what", nargs="?", choices=["loihi"], help="compare with another implementation instead")
    check.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="where its traces are, as .npz files")
    check.set_defaults(do=_check)
    return parser


def _run(args: argparse.Namespace) -> int:
    began_s = perf_counter()
    from . import load, summary

    asked = [f"{key}={value}" for key in ("episodes", "seed") if (value := getattr(args, key)) is not None]
    scenario = load.load(args.scenario, (*args.set, *asked))
    spectator = _spectator(args, scenario) if args.view else None
    if not args.json:
        print(summary.opening(scenario), flush=True)
    from . import run
    from .pool import RunFailedError

    workers = run.default_workers() if args.workers is None else run.check_workers(args.workers)
    target = args.out if args.out is not None else run.default_out(scenario)
    try:
        result = run.run(
            scenario,
            target,
            args.brain_state,
            workers,
            compare=not args.no_baselines,
            report=not args.no_report,
            spectator=spectator,
            began_s=began_s,
        )
    except run.StoppedError as stopped:
        print(f"ganglion: {stopped}", file=sys.stderr)
        return STOPPED
    except RunFailedError as failed:
        print(failed.details, end="", file=sys.stderr)
        print(f"ganglion: {failed}", file=sys.stderr)
        return 1
    finally:
        if spectator is not None:
            spectator.close()
    if args.json:
        print(json.dumps(result))
    else:
        print(summary.figures(result))
        page = "" if args.no_report else f"   report {target / 'report.html'}"
        print(f"saved {target}{page}")
    return 0


def _spectator(args: argparse.Namespace, scenario: Scenario) -> Spectator:
    from sensors.errors import UserError

    if args.workers not in (None, 1):
        raise UserError(
            f"--view shows the trials of one process, --workers asks for {args.workers}; leave one of them out"
        )
    from .live import Spectator

    return Spectator(scenario)


def _replay(args: argparse.Namespace) -> int:
    from .replay import replay

    found = replay(args.out)
    print(found.sentence)
    return 0 if found.identical or not args.assert_identical else 1


def _report(args: argparse.Namespace) -> int:
    from .publish import publish

    print(f"saved {publish(args.out, args.trial)}")
    return 0


def _check(args: argparse.Namespace) -> int:
    if args.what == "loihi":
        from sensors.errors import UserError

        from .loihi import check_loihi

        if args.folder is None:
            raise UserError("check loihi needs a folder of traces; for example: ganglion check loihi traces")
        return check_loihi(args.folder)
    from .check import check

    return check()


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(TERMINATED)  # unlike the default, this ends the worker processes on the way out


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command; returns the exit status."""
    wrong = misplaced()
    if wrong:
        print(f"ganglion: {wrong}", file=sys.stderr)
        return 2
    from sensors.errors import UserError

    args = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = int(args.do(args))
        sys.stdout.flush()
    except UserError as error:
        print(f"ganglion: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("ganglion: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
