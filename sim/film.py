"""FilmWorld: a recording of a real event camera as a world that nothing can be done to (open loop)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import EVENT, Command, Sensed

from .gaze import Eyeball
from .gaze_spec import Film, head_body

MOST_S = 3600.0

REEL_TRUTH = np.dtype([("events", "<u4")])
"""One tick of a film: how many events it holds, before the filters."""


@dataclass(frozen=True, slots=True)
class Reel:
    """What is shown: a file by its name without its folder, its events by number and CRC-32, and for how long.

    index is 0; there is one showing.
    """

    index: int
    name: str
    events: int
    crc32: int
    ticks: int


def read(spec: Film) -> tuple[Reel, NDArray[np.void]]:
    """The reel of a file and its EVENTs, times counted from the first one and in order.

    Raises:
        UserError: the file cannot be read or is damaged, holds no events, or is of another geometry than the camera.
    """
    from sensors.events import open_events  # readers of every format: not needed where there is no film

    stream = open_events(Path(spec.file))
    size = (stream.width, stream.height)
    camera = spec.camera
    if size != (camera.width, camera.height):
        stream.close()
        raise UserError(
            f"{spec.file} is of a {size[0]}x{size[1]} sensor, world.camera is {camera.width}x{camera.height}; "
            f"--set world.camera.width={size[0]} --set world.camera.height={size[1]}"
        )
    until_s = spec.seconds or MOST_S
    packets: list[NDArray[np.void]] = []
    start = None
    for packet in stream:
        if not packet.size:
            continue
        start = int(packet["t"][0]) if start is None else start
        packets.append(packet)
        if int(packet["t"][-1]) - start > until_s * 1e6:
            stream.close()
            break
    events = np.concatenate(packets) if packets else np.zeros(0, EVENT)
    if not events.size:
        raise UserError(f"{spec.file} holds no events; name another recording")
    times = np.maximum.accumulate(events["t"].astype(np.int64) - int(events["t"].min()))
    events = events.copy()
    events["t"] = times
    events = events[: np.searchsorted(times, until_s * 1e6)]
    ticks = int(events["t"][-1]) // spec.tick_us + 1
    return Reel(0, Path(spec.file).name, int(events.size), zlib.crc32(events.tobytes()), ticks), events


class FilmWorld:
    """A head that cannot turn, before a film.

    Attributes:
        body, idle: as of a head. truth: REEL_TRUTH (), of the tick just shown. events: EVENT (n,), that tick's.
    """

    def __init__(self, spec: Film) -> None:
        lens = spec.camera
        self.spec = spec
        self.body = head_body(spec)
        self.idle = self.body.idle()
        self.truth = np.zeros((), REEL_TRUTH)
        self.reel, self._all = read(spec)
        self.events = self._all[:0]
        self._eye = Eyeball(lens)
        self._ends = np.searchsorted(self._all["t"], np.arange(1, self.reel.ticks + 1) * spec.tick_us)
        self._sensed = self.body.empty_sensed()

    @property
    def ticks(self) -> int:
        """Length of the film."""
        return self.reel.ticks

    def reset(self, reel: Reel) -> None:
        """Begin from the start.

        Raises:
            UserError: it is another film.
        """
        if reel != self.reel:
            raise UserError(f"{self.spec.file} is not the film {reel.name} that was asked for; name that one")
        self._eye.reset()

    def advance(self, t_us: int, command: Command) -> Sensed:  # noqa: ARG002 - nothing can be done to a film
        """Show what happened until `t_us`; all angles are 0, as nobody turned the camera."""
        row, sensed = t_us // self.spec.tick_us - 1, self._sensed
        self.events = self._all[self._ends[row - 1] if row else 0 : self._ends[row]]
        sensed.t_us, sensed.count, sensed.overflow = t_us, 0, 0
        sensed.goal[0] = 1
        self._eye.route(self.events, sensed)
        self.truth["events"] = self.events.size
        return sensed

    def close(self) -> None:
        """Let go of the events."""
        self._all = self._all[:0]
