"""One trial: an episode in a world under a brain, timed and recorded."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sensors.signals import Brain, Command, Sensed

from . import loop
from .recorder import Recorder
from .task import Schema, TaskWorld
from .trace import Trace


@dataclass(slots=True)
class Timing:
    """What a trial cost.

    wall_s: wall time of all its ticks. tick_us: float32 (ticks,), of each of the brain's steps, in microseconds.
    start_s: from the program's beginning to this trial's first tick. rss_mb: most memory its process ever held.
    """

    wall_s: float
    tick_us: NDArray[np.float32]
    start_s: float
    rss_mb: int


class _Timed:
    """A brain with a stopwatch around `step`; what it returns is the brain's own."""

    def __init__(self, brain: Brain, ticks: int) -> None:
        self.tick_us = np.zeros(ticks, np.float32)
        self._brain = brain
        self._row = 0

    def step(self, sensed: Sensed) -> Command:
        before = time.perf_counter_ns()
        command = self._brain.step(sensed)
        self.tick_us[self._row] = (time.perf_counter_ns() - before) * 1e-3
        self._row += 1
        return command

    def state_hash(self) -> int:
        return self._brain.state_hash()


class Watcher(Protocol):
    """Looks at a trial while it runs."""

    def look(self, world: Any, recorder: Recorder, ticks: int, /) -> None:
        """Called after each of `ticks` ticks; may take its time, and must change nothing."""


def run_trial(
    schema: Schema,
    world: TaskWorld,
    brain: Brain,
    episode: Any,
    began_s: float = 0.0,
    watcher: Watcher | None = None,
) -> tuple[Trace, Timing]:
    """Let `brain`, as it stands, act through `episode`, of the schema's type, in `world`.

    began_s: perf_counter at start. watcher: sees every tick; the time it takes is not counted.
    """
    spec = world.spec
    world.reset(episode)
    ticks = world.ticks
    recorder = Recorder(schema, episode, ticks, spec.tick_us, spec.delay_ms * 1000)
    probe = getattr(brain, "probe", None)
    timed = _Timed(brain, ticks)
    before = brain.state_hash()
    watched_s = 0.0

    def sink(_t_us: int, sensed: Sensed, command: Command) -> None:
        nonlocal watched_s
        recorder(sensed, command, world.truth, probe)
        if watcher is not None:
            since = time.perf_counter()
            watcher.look(world, recorder, ticks)
            watched_s += time.perf_counter() - since

    started = time.perf_counter()
    loop.run(world, timed, ticks, spec.tick_us, sink)
    wall_s = time.perf_counter() - started - watched_s
    trace = recorder.trace()
    trace.brain_before, trace.brain_after = before, brain.state_hash()
    return trace, Timing(wall_s, timed.tick_us, started - began_s, _rss_mb())


def _rss_mb() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, KiB on Linux
    return round(most / (1 << 20 if sys.platform == "darwin" else 1 << 10))
