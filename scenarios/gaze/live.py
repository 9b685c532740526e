"""The window of `run gaze --view`: the camera's picture, its events, the addresses, and how far off the object is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.recorder import Recorder
from scenarios.reporting.window import Spectator
from scenarios.spec import Filmed, Gazing
from sensors.signals import EVENT
from sim.camera import picture
from sim.film import FilmWorld
from sim.gaze import HeadWorld

from .animation import draw, error_strip, palette


class GazeSpectator(Spectator):
    """Sees a head follow an object, or a network watch a recording."""

    def __init__(self, scenario: Gazing | Filmed) -> None:
        super().__init__(scenario, palette())
        self._lens = scenario.world.camera
        self._seen: list[NDArray[np.void]] = []

    def begin(self) -> None:
        self._seen.clear()

    def see(self, world: HeadWorld | FilmWorld) -> None:
        self._seen = self._seen[-self.every :]
        self._seen.append(world.events.copy())

    def draw(self, world: HeadWorld | FilmWorld, recorder: Recorder, ticks: int) -> tuple[NDArray[np.uint8], str]:
        trace, row = recorder.trace(), recorder.ticks - 1
        frames = None
        if isinstance(world, HeadWorld):
            frames = np.zeros((1, self._lens.height, self._lens.width), np.uint8)
            picture(world.renderer.luminance, frames[0])
        strip = error_strip(trace, 2 + (frames is not None), ticks)
        events = np.concatenate([np.zeros(0, EVENT), *self._seen])
        shown = draw(trace, self._lens, events, frames, row, self.every, strip)
        which = f"object {trace.episode.index}" if isinstance(world, HeadWorld) else trace.episode.name
        return shown, f"{self.name}, {which}"
