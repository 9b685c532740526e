"""Where events are looked at as they come: a window, or the characters of a terminal."""

from __future__ import annotations

import shutil
import sys
from typing import IO, Protocol

import numpy as np

from .painting import COLOURS, Picture, scaled

WIDE = 640


class Screen(Protocol):
    @property
    def open(self) -> bool: ...

    def show(self, picture: Picture, title: str) -> None: ...

    def close(self) -> None: ...


class Terminal:
    """Two pixels a character: upper half blocks in 24-bit colour; the picture is made smaller to fit."""

    def __init__(self, out: IO[str] | None = None, size: tuple[int, int] | None = None) -> None:
        self._out, self._size = out or sys.stdout, size
        self.open = True
        self._out.write("\x1b[?25l\x1b[2J")

    def show(self, picture: Picture, title: str) -> None:
        columns, lines = self._size or shutil.get_terminal_size()
        small = shrunk(picture, max(1, columns), max(1, 2 * (lines - 1)))
        if small.shape[0] % 2:
            small = np.vstack([small, np.zeros((1, small.shape[1]), np.uint8)])
        codes = [";".join(str(v) for v in colour) for colour in COLOURS.tolist()]
        rows = []
        for upper, lower in zip(small[::2].tolist(), small[1::2].tolist(), strict=True):
            parts, before = [], (-1, -1)
            for pair in zip(upper, lower, strict=True):
                if pair != before:
                    parts.append(f"\x1b[38;2;{codes[pair[0]]}m\x1b[48;2;{codes[pair[1]]}m")
                    before = pair
                parts.append("\u2580")
            rows.append("".join(parts) + "\x1b[0m")
        self._out.write("\x1b[H" + "\x1b[K\n".join([*rows, title[: max(0, columns - 1)]]) + "\x1b[K")
        self._out.flush()

    def close(self) -> None:
        self._out.write("\x1b[0m\x1b[?25h\n")
        self._out.flush()


def shrunk(picture: Picture, columns: int, rows: int) -> Picture:
    """The picture in at most that many pixels; where several fall together the highest colour number shows."""
    step = max(1, -(-picture.shape[1] // columns), -(-picture.shape[0] // rows))
    tall, wide = -(-picture.shape[0] // step) * step, -(-picture.shape[1] // step) * step
    padded = np.zeros((tall, wide), np.uint8)
    padded[: picture.shape[0], : picture.shape[1]] = picture
    small: Picture = padded.reshape(tall // step, step, wide // step, step).max(axis=(1, 3))
    return small


class Windowed:
    """A window of matplotlib's."""

    def __init__(self, title: str) -> None:
        from scenarios.reporting.window import Window

        self._window = Window(title, COLOURS, "--live window", "use --live terminal, or --out x.gif")

    @property
    def open(self) -> bool:
        return self._window.open

    def show(self, picture: Picture, title: str) -> None:
        self._window.show(scaled(picture, WIDE), title, 0.0)

    def close(self) -> None:
        self._window.close()
