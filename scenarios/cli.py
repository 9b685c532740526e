"""The command `ganglion`: verbs, their words, and exit statuses 0 done, 1 the run failed, 2 the user's mistake."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from importlib.metadata import version
from pathlib import Path

from sensors.errors import UserError

PACKAGES = ("controller", "sensors", "sim", "firmware_bridge", "scenarios")
EXAMPLES = """\
examples:
  ganglion run grasp                                    twenty objects nobody has met, beside the baselines
  ganglion run grasp --episodes 100 --set world.delay_ms=20
  ganglion run grasp --set controller.learning=false    what learning is worth
  ganglion replay out/grasp-1000 --assert-identical     the same bits, from recorded senses
  ganglion check                                        is everything here that is needed
"""


def _resolve() -> None:
    """The packages have common names; say so plainly if others are found in their place."""
    root = Path(__file__).resolve().parent.parent
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        where = Path(spec.origin).resolve().parent.parent if spec and spec.origin else None
        if where != root:
            raise UserError(
                f"package {name} is found in {where}, not beside this program in {root}; "
                "install ganglion in an environment of its own"
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ganglion",
        description="A spiking controller that feels slip and learns while it holds.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ganglion {version('ganglion')}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    run = verbs.add_parser("run", help="run a scenario and compare it with the baselines")
    run.add_argument("scenario", help="a name, as grasp, or a file.toml")
    run.add_argument("--episodes", type=int, metavar="N", help="how many objects")
    run.add_argument("--seed", type=int, metavar="S", help="which objects; below 1000 were used for tuning")
    run.add_argument("--out", type=Path, metavar="DIR", help="where the result goes (default out/NAME-SEED)")
    run.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of the scenario")
    run.add_argument(
        "--brain-state", type=Path, metavar="FILE", help="start from what an earlier run's state.bin learned"
    )
    run.add_argument("--workers", type=int, metavar="N", help="processes (default 2); results do not depend on it")
    run.add_argument("--json", action="store_true", help="print result.json instead of the summary")
    replay = verbs.add_parser("replay", help="recompute every command of a recording")
    replay.add_argument("out", type=Path, help="folder of a run, or its recording")
    replay.add_argument("--brain-state", type=Path, metavar="FILE", help="the state the run was started with")
    replay.add_argument("--assert-identical", action="store_true", help="exit 1 if a single bit differs")
    verbs.add_parser("check", help="check the installation and the scenario files")
    return parser


def _run(args: argparse.Namespace) -> int:
    from . import load, summary

    settings = list(args.set)
    settings += [f"{key}={value}" for key in ("episodes", "seed") if (value := getattr(args, key)) is not None]
    scenario = load.load(args.scenario, tuple(settings))
    if not args.json:
        print(summary.opening(scenario), flush=True)
    from . import run

    workers = run.default_workers() if args.workers is None else run.check_workers(args.workers)
    target = args.out or Path("out") / f"{scenario.name}-{scenario.seed}"
    try:
        result = run.run(scenario, target, args.brain_state, workers)
    except KeyboardInterrupt:
        kept = target.with_name(target.name + ".unfinished")
        print(f"\nstopped; the episodes finished so far are in {kept / 'recording.gang'}", file=sys.stderr)
        return 130
    if args.json:
        print(json.dumps(result))
    else:
        print(summary.figures(result))
        print(f"saved {target}")
    return 0


def _replay(args: argparse.Namespace) -> int:
    from .replay import replay

    identical, sentence = replay(args.out, args.brain_state)
    print(sentence)
    return 0 if identical or not args.assert_identical else 1


def _check(_args: argparse.Namespace) -> int:
    from .check import check

    return check()


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command; returns the exit status."""
    args = _parser().parse_args(arguments)
    try:
        _resolve()
        return {"run": _run, "replay": _replay, "check": _check}[args.verb](args)
    except UserError as error:
        print(f"ganglion: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
