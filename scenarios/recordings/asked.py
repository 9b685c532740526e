"""What the verbs about recordings let a user ask in common: a source, its format and geometry, filters, a target."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sensors.errors import UserError

if TYPE_CHECKING:
    from sensors.stream import Stream

FILTERS = "filters in the order in which events pass, as 'background(2000),refractory(500)'"


def add_source(parser: argparse.ArgumentParser, name: str, says: str) -> None:
    """A source and what may be said about it."""
    parser.add_argument(name, metavar=name.upper(), help=says)
    parser.add_argument("--format", metavar="F", help="read it as this, whatever its content says (as evt3)")
    parser.add_argument("--geometry", metavar="WxH", help="of the sensor, where the source does not tell or lies")


def geometry(text: str | None) -> tuple[int, int] | None:
    """Width and height of "640x480".

    Raises:
        UserError: it is no such thing.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not found or not (0 < int(found[1]) <= 65535 and 0 < int(found[2]) <= 65535):
        raise UserError(f"--geometry {text} is not width x height; write it as 640x480")
    return int(found[1]), int(found[2])


def say_waiting(source: str) -> None:
    """Where a source may be long in coming, say that it is waited for."""
    if source.startswith("udp://"):
        print(f"listening at {source} for up to a minute; Ctrl-C ends it", flush=True)


def open_source(args: argparse.Namespace, where: str) -> Stream:
    """Open what was asked for."""
    from sensors.events import open_events

    return open_events(where, args.format, geometry(args.geometry))


def check_target(path: Path, source: str, force: bool) -> None:
    """Refuse to write over what is there.

    Raises:
        UserError: the target is the source, or exists and was not to be replaced.
    """
    if path.exists():
        if Path(source).exists() and path.samefile(source):
            raise UserError(f"{path} would be written over itself; give the target another name")
        if not force:
            raise UserError(f"{path} is there already; give another name, or --force")


def about(stream: Stream) -> str:
    """One line of what a stream is."""
    where = {
        "header": "",
        "asked": " (as asked)",
        "coordinates": " (largest coordinates; the sensor may be larger: --geometry)",
    }[stream.geometry_from]
    sensor = f"   {stream.sensor}" if stream.sensor else ""
    return f"{stream.form}   {stream.width}x{stream.height}{where}{sensor}"


def count(value: float) -> str:
    """1234567 as 1 234 567."""
    return f"{value:,.0f}".replace(",", " ")
