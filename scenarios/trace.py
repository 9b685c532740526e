"""What happened in one episode, tick by tick: what recordings store, scores judge and reports draw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.signals import EVENT


@dataclass(slots=True)
class Trace:
    """One episode of T ticks. The first block is what a replay needs; truth, probe and rich are for people.

    Attributes:
        episode: what was drawn from the seed, as the task's schema says.
        tick_us: length of a tick; row k holds tick k + 1.
        delay_us: age of what the brain sees.
        analog, goal, effort: int16 (T, channels), as `Sensed` and `Command` carried them.
        counts, overflow: uint16 (T,), spike addresses sent and cut in each tick; spikes: uint16 (sum(counts),).
        truth: record (T,), the simulator's own. probe: record (T,), the brain's. Their fields are the schema's.
        brain_before, brain_after: state hash of the brain when the episode began and when it ended.
        rich: present only for episodes that are to be shown, else None.
    """

    episode: Any
    tick_us: int
    delay_us: int
    analog: NDArray[np.int16]
    goal: NDArray[np.int16]
    effort: NDArray[np.int16]
    counts: NDArray[np.uint16]
    overflow: NDArray[np.uint16]
    spikes: NDArray[np.uint16]
    truth: NDArray[np.void]
    probe: NDArray[np.void]
    brain_before: int = 0
    brain_after: int = 0
    rich: Rich | None = None


@dataclass(slots=True)
class Rich:
    """What is too large to keep for every episode.

    camera_events: EVENT, x and y in pixels of a `camera_size` (width, height) sensor.
    skin_events: EVENT, x and y in taxels; x of the right pad follows the left's (x >= taxels), see `sensors/taxel.py`.
    taxels: int16 (F, 2, n, n, 3) readings of pad, row v, column u: normal, shear u, shear v in mN, every `frame_us`.
        Frame f is the end of the tick at (f + 1) * frame_us; so are the `frames`.
    frames: uint8 (F, H, W) luminance of the scene from beside the robot, every `frame_us`; bit 0: the object is there.
    """

    frame_us: int
    camera_size: tuple[int, int]
    camera_events: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, EVENT))
    skin_events: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, EVENT))
    taxels: NDArray[np.int16] = field(default_factory=lambda: np.zeros((0, 2, 8, 8, 3), np.int16))
    frames: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 240, 320), np.uint8))
