"""What the verbs that run a scenario share, once or again and again: their arguments, and how they end early."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .common import FAILED, STOPPED


def add_series(verb: argparse.ArgumentParser, each: str, folder: str) -> None:
    """Arguments of a verb that runs a scenario again and again. each: what a run is called; folder: end of its name."""
    verb.add_argument("--episodes", metavar="N", help=f"how many episodes each {each} gets")
    verb.add_argument("--seed", metavar="S", help="which episodes; those below 1000 were used for tuning")
    verb.add_argument("--out", type=Path, metavar="DIR", help=f"where the results go (default out/NAME-SEED-{folder})")
    add_workers(verb)
    verb.add_argument("--resume", action="store_true", help=f"keep the {each}s that are already done in DIR")


def add_workers(verb: argparse.ArgumentParser) -> None:
    """How many processes."""
    verb.add_argument("--workers", type=int, metavar="N", help="processes (default 2); results do not depend on it")


def settings(args: argparse.Namespace) -> tuple[str, ...]:
    """What --set says, then --episodes and --seed, which win."""
    asked = [f"{key}={value}" for key in ("episodes", "seed") if (value := getattr(args, key)) is not None]
    return (*args.set, *asked)


def workers(args: argparse.Namespace) -> int:
    """How many processes are wanted.

    Raises:
        UserError: that is no number of processes.
    """
    from scenarios import run

    return run.default_workers() if args.workers is None else run.check_workers(args.workers)


def end_early(error: Exception, kept: str = "") -> int:
    """Say why runs ended before their time, and what is kept; returns the exit status.

    error: StoppedError or RunFailedError of `scenarios.run`.
    """
    from scenarios.pool import RunFailedError

    if isinstance(error, RunFailedError):
        print(error.details, end="", file=sys.stderr)
    print(f"ganglion: {error}{kept and '; '}{kept}", file=sys.stderr)
    return FAILED if isinstance(error, RunFailedError) else STOPPED
