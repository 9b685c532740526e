"""The verb view: looks at events, in a file, a window or a terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import DONE, FAILED, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
Shows the events of a recording or a live source: what fired in each window of time, on in orange, off in blue. With
--out a .gif or .mp4 that moves, or one .png of all events on a log scale; without it a window, or the terminal where no
window opens. A recording is shown in real time; --speed 0.1 shows it ten times slower.
"""
EXAMPLES = """\
examples:
  ganglion view drive.raw
  ganglion view drive.raw --out drive.gif --seconds 2 --filter 'background(2000)'
  ganglion view drive.raw --out drive.png
  ganglion view drive.raw --out fast.gif --window-ms 2             2 ms of events a picture: slow motion
  ganglion view usb: --live terminal

Exit status: 0 done, 1 the source is damaged or failed, 2 a mistake in what was asked.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    from scenarios.recordings.asked import FILTERS, add_source

    view = add_verb(verbs, "view", "look at the events of a recording or a camera", TEXT, EXAMPLES)
    add_source(view, "source", "a recording, or usb:, inivation:, dv://host:port, udp://host:port")
    view.add_argument("--filter", default="", metavar="CHAIN", help=FILTERS)
    view.add_argument("--out", type=Path, metavar="FILE", help="a .gif, .mp4 or .png instead of a screen")
    view.add_argument(
        "--live", choices=["auto", "window", "terminal"], default="auto", help="which screen (default auto)"
    )
    view.add_argument("--fps", type=float, default=25.0, metavar="N", help="pictures a second (default 25)")
    view.add_argument("--window-ms", type=float, metavar="MS", help="of events in each picture (default 1000/fps)")
    view.add_argument("--speed", type=float, default=1.0, metavar="X", help="of a recording on a screen (default 1)")
    view.add_argument("--seconds", type=float, metavar="S", help="how much of it (default: to the end)")
    view.add_argument("--force", action="store_true", help="replace FILE if it is there")
    view.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Show it; returns the exit status."""
    from scenarios.recordings.asked import about, check_target, geometry, say_waiting
    from scenarios.recordings.viewing import Look, to_file, to_screen
    from sensors.errors import UserError
    from sensors.events import open_events
    from sensors.live.urls import is_url

    for name, value, least, most in (
        ("--fps", args.fps, 0.1, 100),
        ("--window-ms", args.window_ms, 0.01, 1e6),
        ("--speed", args.speed, 0.001, 1000),
        ("--seconds", args.seconds, 1e-6, 1e9),
    ):
        if value is not None and not least <= value <= most:
            raise UserError(f"{name} {value:g} is out of range; expected {least:g} to {most:g}")
    say_waiting(args.source)
    window_ms = args.window_ms or 1000 / args.fps * (1.0 if args.out else args.speed)
    look = Look(args.fps, max(1, round(window_ms * 1000)), args.seconds)
    if args.out is None:
        pace = None if is_url(args.source) else args.speed
        stream = open_events(args.source, args.format, geometry(args.geometry), pace)
        said = to_screen(stream, args.filter, look, args.live)
        print(said)
        return FAILED if "damage:" in said else DONE
    if args.out.suffix.lower() not in (".png", ".gif", ".mp4"):
        raise UserError(f"{args.out}: no picture of this ending is made; use .png, .gif or .mp4")
    check_target(args.out, args.source, args.force)
    stream = open_events(args.source, args.format, geometry(args.geometry))
    if is_url(args.source) and args.seconds is None:
        raise UserError(f"{args.source} never ends; say how much of it: --seconds 5")
    print(f"{stream.name}   {about(stream)}", flush=True)
    said = to_file(stream, args.out, args.filter, look)
    print(said)
    print(f"saved {args.out}")
    return FAILED if "damage:" in said else DONE
