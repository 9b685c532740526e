"""The loop's sink for one episode: arrays for all its ticks, made before the first, filled in place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.signals import MAX_SPIKES, Command, Sensed

from .task import Schema
from .trace import Trace


class Recorder:
    """Call it once a tick, at most `ticks` times; `trace` is what it then holds. It never grows."""

    def __init__(self, schema: Schema, episode: Any, ticks: int, tick_us: int, delay_us: int) -> None:
        self._ticks = 0
        self._used = 0
        self._trace = Trace(
            episode,
            tick_us,
            delay_us,
            np.zeros((ticks, len(schema.body.analog)), np.int16),
            np.zeros((ticks, len(schema.body.goal)), np.int16),
            np.zeros((ticks, len(schema.body.effort)), np.int16),
            np.zeros(ticks, np.uint16),
            np.zeros(ticks, np.uint16),
            np.zeros(ticks * MAX_SPIKES, np.uint16),
            np.zeros(ticks, schema.truth),
            np.zeros(ticks, schema.probe),
        )

    @property
    def ticks(self) -> int:
        """How many were kept so far."""
        return self._ticks

    @property
    def tick_us(self) -> int:
        """Length of a tick."""
        return self._trace.tick_us

    def __call__(
        self, sensed: Sensed, command: Command, truth: NDArray[np.void], probe: NDArray[np.void] | None
    ) -> None:
        """Keep one tick: truth is a record (), probe a record (1,) or None for a brain that does not show itself."""
        row, trace = self._ticks, self._trace
        trace.analog[row] = sensed.analog
        trace.goal[row] = sensed.goal
        trace.effort[row] = command.effort
        count = sensed.count
        trace.overflow[row] = sensed.overflow
        if count:
            trace.counts[row] = count
            trace.spikes[self._used : self._used + count] = sensed.spikes[:count]
            self._used += count
        trace.truth[row] = truth
        if probe is not None:
            trace.probe[row] = probe.reshape(())  # a record of its own would cost twice as much
        self._ticks = row + 1

    def trace(self) -> Trace:
        """What was recorded so far; but for the spikes, views of the arrays."""
        t, n = self._trace, self._ticks
        return Trace(
            t.episode,
            t.tick_us,
            t.delay_us,
            t.analog[:n],
            t.goal[:n],
            t.effort[:n],
            t.counts[:n],
            t.overflow[:n],
            t.spikes[: self._used].copy(),
            t.truth[:n],
            t.probe[:n],
        )
