"""Writing EVENTs to files: what a format cannot hold is refused in one line, or counted and told, before it is lost."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np

from .errors import UserError
from .formats.sinks import FORMATS, sink, start_of
from .stream import NO_TRIGGERS, Events

ENDINGS = {form.ending: name for name, form in reversed(FORMATS.items())} | {".txt": "csv", ".raw": "evt3"}


def form_for(path: Path, form: str | None = None) -> str:
    """The format to write: `form`, or what the ending of the path says.

    Raises:
        UserError: neither names one of FORMATS.
    """
    form = form or ENDINGS.get(path.suffix.lower())
    if form not in FORMATS:
        raise UserError(
            f"{path}: {f'{form} is not a format that is written' if form else 'no format of this ending is written'}; "
            f"use {', '.join(sorted(ENDINGS))}, or --to {', '.join(FORMATS)}"
        )
    return form


class EventWriter:
    """Writes EVENT packets to a file, which appears under its name when it is closed whole.

    Attributes:
        form: one of FORMATS. events, triggers: written. lost_triggers: that the format has no place for.

    Args:
        form: one of FORMATS; without it by the ending of the path. sensor: its name, kept where the format has a place.

    Raises:
        UserError: an unknown format, a sensor that is too large for it, a folder that cannot be written; `write`: an
            event that the format cannot hold.
    """

    def __init__(self, path: Path, width: int, height: int, form: str | None = None, sensor: str = "") -> None:
        self.form = form_for(path, form)
        self._can = FORMATS[self.form]
        if max(width, height) > self._can.most:
            most = self._can.most
            raise UserError(
                f"{path}: {self.form} holds {most} columns and rows, not {width}x{height}; crop, or use .npz"
            )
        if path.is_dir():
            raise UserError(f"{path} is a folder; name a file in it")
        self.events = self.triggers = self.lost_triggers = self._renumbered = 0
        self._path, self._height = path, height
        self._last: int | None = None
        self._part = path.with_name(path.stem + ".unfinished" + path.suffix)
        try:
            self._sink = sink(self._part, self.form, width, height, sensor)
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error.strerror}); choose another place") from None

    @property
    def losses(self) -> list[str]:
        """What of the source is not in the file, in words."""
        found = []
        if self.lost_triggers:
            found.append(f"{self.lost_triggers} triggers")
        if self._renumbered:
            found.append(f"the input of {self._renumbered} triggers (all are 0 now)")
        if not self._can.geometry:
            found.append("the geometry")
        if not self._can.start and start_of(self._sink):
            found.append(f"the start: its time 0 is {start_of(self._sink)} us")
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def write(self, events: Events, triggers: Events = NO_TRIGGERS) -> None:
        """Append EVENT (n,) and TRIGGER (m,)."""
        if not self._can.inputs:
            self._renumbered += int(np.count_nonzero(triggers["id"]))
        if not self._can.triggers:
            self.lost_triggers += triggers.size
            triggers = NO_TRIGGERS
        if triggers.size and self._can.span_us < 1 << 62 and int(triggers["id"].max()) > 15:
            raise UserError(f"{self._path}: trigger input {triggers['id'].max()}, {self.form} counts 0 to 15; use .npz")
        if events.size:
            events = self._fit(events)
        try:
            self._sink.write(events, triggers)
        except OSError as error:
            raise UserError(
                f"{self._path}: cannot be written ({error.strerror}); make room, or choose another"
            ) from None
        self.events += events.size
        self.triggers += triggers.size

    def _fit(self, events: Events) -> Events:
        """Refuse steps in time that the format cannot say; count the rows of .es from the bottom."""
        back, ahead = self._can.back_us, self._can.ahead_us
        if back is not None:
            t = events["t"].astype(np.int64)
            steps = np.diff(t, prepend=t[0] if self._last is None else self._last)
            wrong = np.flatnonzero((steps < -back) | (steps >= (ahead or 1 << 62)))
            floor = start_of(self._sink)
            if not wrong.size and floor:
                wrong = np.flatnonzero(t < floor)
            if wrong.size:
                k = int(wrong[0])
                raise UserError(
                    f"{self._path}: event {self.events + k} at t={t[k]} us is {steps[k]} us after the one before, "
                    f"which {self.form} cannot say; write another format, as .npz"
                )
            self._last = int(t[-1])
        if self.form == "es":
            events = events.copy()
            events["y"] = self._height - 1 - events["y"]
        return events

    def close(self) -> None:
        """Finish the file and give it its name."""
        try:
            self._sink.close()
            os.replace(self._part, self._path)
        except OSError as error:
            self._part.unlink(missing_ok=True)
            raise UserError(
                f"{self._path}: cannot be written ({error.strerror}); make room, or choose another"
            ) from None

    def abandon(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError):  # the disk that could not hold the file may be why it is abandoned
            self._sink.close()
        for part in (self._part, self._part.with_name(self._part.name + ".npy")):
            part.unlink(missing_ok=True)


def write_events(path: Path, packets: Iterable[Events], width: int, height: int, form: str | None = None) -> int:
    """Write all packets to `path`; returns the number of events. Errors as EventWriter."""
    with EventWriter(path, width, height, form) as writer:
        for packet in packets:
            writer.write(packet)
    return writer.events
