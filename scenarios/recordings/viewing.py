"""What `ganglion view` does: pictures of a source in a file, a window or a terminal."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sensors.chain import Chain, chain
from sensors.errors import UserError
from sensors.live.pace import Deadline

from .films import film, save_png
from .painting import Painter, surface
from .screens import Screen, Terminal, Windowed

if TYPE_CHECKING:
    from sensors.stream import Stream


@dataclass(frozen=True, slots=True)
class Look:
    """fps: pictures a second. window_us: of events in each. seconds: of them in all, None: to the end."""

    fps: float
    window_us: int
    seconds: float | None


def to_file(stream: Stream, path: Path, filters: str, look: Look) -> str:
    """Paint a source into a file; returns what became of it, in words.

    Raises:
        UserError: no events, an ending that no picture has, or a library that is missing.
    """
    judge = chain(filters, stream.width, stream.height)
    part = path.with_name(path.stem + ".unfinished" + path.suffix)
    try:
        said = (
            _picture(stream, judge, part, look) if path.suffix.lower() == ".png" else _film(stream, judge, part, look)
        )
        part.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from None
    finally:
        stream.close()
        part.unlink(missing_ok=True)
    return said


def _picture(stream: Stream, judge: Chain, path: Path, look: Look) -> str:
    counts = np.zeros((2, judge.out_size[1], judge.out_size[0]), np.int64)
    events, first_us, damage = 0, -1, ""
    try:
        for packet in stream:
            kept = judge(packet)
            if kept.size and first_us < 0:
                first_us = int(kept["t"][0])
            if look.seconds is not None and first_us >= 0:
                kept = kept[kept["t"] < np.uint64(first_us + int(look.seconds * 1e6))]
            np.add.at(counts, (kept["p"].astype(np.int64), kept["y"], kept["x"]), 1)
            events += kept.size
            if look.seconds is not None and packet.size and int(packet["t"][-1]) > first_us + look.seconds * 1e6 > 0:
                break
    except UserError as error:
        damage = f"\ndamage: {error}"
    if not events:
        raise UserError(f"{stream.name}: no events to show{' after the filters' if judge.filters else ''}{damage}")
    save_png(path, surface(counts))
    return f"{events} events in one picture{damage}"


def _film(stream: Stream, judge: Chain, path: Path, look: Look) -> str:
    made = film(path, look.fps)
    painter = Painter(*judge.out_size, look.window_us)
    damage, more = "", True
    try:
        for packet in stream:
            for end_us, picture in painter.add(judge(packet)):
                more = made.add(picture)
                if look.seconds is not None and end_us - painter.first_us >= look.seconds * 1e6:
                    more = False
                if not more:
                    break
            if not more:
                break
    except UserError as error:
        damage = f"\ndamage: {error}"
    if painter.next_us < 0:
        raise UserError(f"{stream.name}: no events to show{' after the filters' if judge.filters else ''}{damage}")
    end_us, picture = painter.rest()
    if more:
        made.add(picture)
    made.close()
    cut = "" if more or look.seconds is not None else ", and there is more: choose a longer --window-ms, or an .mp4"
    return f"{made.frames} pictures of {look.window_us / 1000:g} ms{cut}{damage}"


def screen(kind: str, title: str) -> Screen:
    """A window or a terminal; "auto" takes the window where it opens.

    Raises:
        UserError: there is neither.
    """
    if kind != "terminal":
        try:
            return Windowed(title)
        except UserError:
            if kind == "window":
                raise
    if kind == "auto" and not sys.stdout.isatty():
        raise UserError("there is no window and no terminal to show events in; name a file: --out x.gif")
    return Terminal()


def to_screen(stream: Stream, filters: str, look: Look, kind: str) -> str:
    """Show a source until it ends, its window is closed, or Ctrl-C; returns what passed, in words."""
    judge = chain(filters, stream.width, stream.height)
    painter = Painter(*judge.out_size, look.window_us)
    shown = screen(kind, stream.name)
    deadline = Deadline(look.seconds)
    damage = ""
    try:
        for packet in stream:
            for end_us, picture in painter.add(judge(packet)):
                lost = stream.counters.dropped + stream.counters.overflow
                title = f"{stream.name}   {end_us / 1e6:.2f} s   {stream.counters.events} events"
                shown.show(picture, title + (f"   {lost} lost" if lost else ""))
            if not shown.open or deadline.passed():
                break
        if shown.open and painter.next_us >= 0:
            shown.show(painter.rest()[1], f"{stream.name}   {stream.counters.events} events")
    except UserError as error:
        damage = f"\ndamage: {error}"
    except KeyboardInterrupt:
        pass
    finally:
        stream.close()
        shown.close()
    return f"{stream.counters.events} events shown{damage}"
