"""The window of `run grasp --view`: each trial as it happens, at the pace of real time. Looking changes nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.recorder import Recorder
from scenarios.reporting.window import Spectator
from scenarios.spec import Grasping
from scenarios.trace import Rich, Trace
from sim.bullet import BulletWorld

from . import tables
from .animation import Stage, palette
from .figures import most_force
from .phases import runs
from .showcase import Photographer, camera_size
from .slips import SLIP_BEGINS_M_PER_S


class GraspSpectator(Spectator):
    """Sees what reports show of a trial, while it goes on."""

    def __init__(self, scenario: Grasping) -> None:
        super().__init__(scenario, palette())
        self._photographer = Photographer()
        self._taxels: list[NDArray[np.int16]] = []
        self._seen: list[NDArray[np.void]] = []

    def begin(self) -> None:
        self._taxels.clear()
        self._seen.clear()

    def see(self, world: BulletWorld) -> None:
        self._seen.append(world.camera_events.copy())

    def gather(self, world: BulletWorld) -> None:
        if world.skin is not None:
            self._taxels.append(world.skin.taxels_mn.astype(np.int16))

    def draw(self, world: BulletWorld, recorder: Recorder, ticks: int) -> tuple[NDArray[np.uint8], str]:
        trace, row = recorder.trace(), recorder.ticks - 1
        seen = np.concatenate(self._seen[-self.every :])
        trace.rich = Rich(self.every * trace.tick_us, camera_size(world), seen)
        trace.rich.frames = self._photographer.picture(world)[None]
        if self._taxels:
            trace.rich.taxels = np.array(self._taxels, np.int16)
        stage = Stage(trace, world.body, self.every, ticks, most_force(trace, row + 1), _sliding(trace))
        return stage.picture(row), self._title(trace)

    def _title(self, trace: Trace) -> str:
        e = trace.episode
        what = f"{tables.SHAPE.get(e.shape, 'object')}, {tables.size(e)}, {tables.mass(e.mass_kg)}"
        return f"{self.name}, object {e.index}: {what}, friction {e.friction:.2f}"


def _sliding(trace: Trace) -> list[tuple[int, int]]:
    """Rows in which the lifted object slides: what is known of slips before a trial is over."""
    truth = trace.truth
    sliding = (truth["slip_m_per_s"] > SLIP_BEGINS_M_PER_S) & (truth["contacts"] > 0) & ~truth["on_table"]
    return [(int(a), int(b)) for a, b in runs(sliding)]
